//! After an answer (`/requests/{id}/done`) and after taking a consent back: what was recorded, the receipt, what comes
//! next and where to go. Both can be bookmarked.

use askama::Template;

use super::{request::Earlier, words};
use crate::{
    domain::consent::State,
    http::pages::{
        layout::Layout,
        parts::Field,
        sentence::{Part, sentence},
    },
    i18n::{Arg, clock_time, date, date_time, text_with},
    oauth::Onward,
    time::Millis,
};

/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Given,
    /// Yes, and another person is still to say so.
    HalfGiven,
    /// No.
    Refused,
    /// Later.
    Deferred,
    /// Nothing, or what was answered has ended since: where it stands.
    Over(State),
}

/// The page after an answer.
#[derive(Clone, Debug, Template)]
#[template(path = "consent/request_done.html")]
pub struct RequestDone {
    /// The frame.
    pub page: Layout,
    /// The consent's id.
    pub id: String,
    /// The agency.
    pub agency: String,
    /// The purpose's title.
    pub purpose: String,
    /// What was answered.
    pub answer: Answer,
    /// When.
    pub at: Millis,
    /// The fields said yes to.
    pub granted: Vec<Field>,
    /// The fields said no to.
    pub refused: Vec<Field>,
    /// The receipt's number; empty when there is none (an answer put off).
    pub receipt: String,
    /// Whether it was another person's answer: of a child and her representative, the other one's.
    pub by_other: bool,
    /// The older consents that ended with a yes.
    pub ended: Vec<Earlier>,
    /// The older consents that a yes has joined.
    pub joined: Vec<Earlier>,
    /// Which browser goes back to the agency.
    pub onward: Onward,
}

impl RequestDone {
    /// What was answered, as a heading.
    #[must_use]
    pub fn heading(&self) -> String {
        let key = match self.answer {
            Answer::Given if self.by_other => "request-done-given-other",
            Answer::Given => "request-done-given",
            Answer::HalfGiven => "request-done-half",
            Answer::Refused if self.by_other => "request-done-refused-other",
            Answer::Refused => "request-done-refused",
            Answer::Deferred => "request-done-deferred",
            Answer::Over(_) => "request-done-over",
        };
        text_with(self.page.lang, key, &[("agency", Arg::Text(&self.agency))])
    }

    /// What comes next, in a sentence.
    #[must_use]
    pub fn next(&self) -> String {
        self.page.say(match self.answer {
            Answer::Given => "request-next-given",
            Answer::HalfGiven => "request-next-half",
            Answer::Refused => "request-next-refused",
            Answer::Deferred => "request-next-deferred",
            Answer::Over(state) => return words::state_means(&self.page, state, None),
        })
    }

    /// When it was recorded.
    #[must_use]
    pub fn recorded(&self) -> String {
        self.page.say_value("done-recorded", &date_time(self.page.lang, self.at))
    }

    /// Whether there is now something to take back.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.answer == Answer::Given
    }

    /// Whether another browser can.
    #[must_use]
    pub fn elsewhere(&self) -> bool {
        self.onward == Onward::Elsewhere && matches!(self.answer, Answer::Given | Answer::Refused)
    }
}

/// The page after a withdrawal.
#[derive(Clone, Debug, Template)]
#[template(path = "consent/withdraw_done.html")]
pub struct WithdrawDone {
    /// The frame.
    pub page: Layout,
    /// The consent's id.
    pub id: String,
    /// The agency.
    pub agency: String,
    /// When it was taken back.
    pub at: Millis,
    /// By when the agency must answer (two working days).
    pub reply_by: Millis,
    /// By when the agency must have stopped.
    pub stop_by: Millis,
    /// The receipt's number.
    pub receipt: String,
}

impl WithdrawDone {
    /// "Stopped at 09:41 on 22 November 2026."
    #[must_use]
    pub fn recorded(&self) -> String {
        let (time, day) = (clock_time(self.at), date(self.page.lang, self.at));
        let parts = [("time", Part::Strong(&time)), ("date", Part::Strong(&day))];
        sentence(self.page.lang, "withdraw-recorded", &parts)
    }

    /// What the agency must do, and by when.
    #[must_use]
    pub fn deadlines(&self) -> String {
        let (reply, stop) = (date(self.page.lang, self.reply_by), date(self.page.lang, self.stop_by));
        let parts = [
            ("agency", Part::Plain(&self.agency)),
            ("reply", Part::Strong(&reply)),
            ("stop", Part::Strong(&stop)),
        ];
        sentence(self.page.lang, "withdraw-deadlines", &parts)
    }
}
