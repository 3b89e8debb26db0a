//! After an answer (`/requests/{id}/done`) and after taking a consent back: what was recorded, the receipt, what comes
//! next and where to go. Both can be bookmarked.

use askama::Template;

use crate::{
    http::pages::{
        layout::Layout,
        parts::Field,
        sentence::{Part, sentence},
    },
    i18n::{Arg, clock_time, date, date_time, text_with},
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
    /// Where it began, when it began at the agency: the address to go back to.
    pub back: Option<String>,
}

impl RequestDone {
    /// What was answered, as a heading.
    #[must_use]
    pub fn heading(&self) -> String {
        let key = match self.answer {
            Answer::Given => "request-done-given",
            Answer::HalfGiven => "request-done-half",
            Answer::Refused => "request-done-refused",
            Answer::Deferred => "request-done-deferred",
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

    /// The address of the agency, when it is a web address.
    #[must_use]
    pub fn back_href(&self) -> Option<&str> {
        web_address(self.back.as_deref())
    }
}

fn web_address(address: Option<&str>) -> Option<&str> {
    address.filter(|href| href.starts_with("https://") || href.starts_with("http://"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_web_address_leads_back() {
        assert!(web_address(Some("https://agency.example/cb?code=1")).is_some());
        assert!(web_address(Some("javascript:alert(1)")).is_none());
        assert!(web_address(None).is_none());
    }
}
