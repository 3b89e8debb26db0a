//! `GET /requests/{id}`: an agency asks; the person answers in one form with two answers of equal rank.

use askama::Template;

use super::words;
use crate::{
    domain::consent::State,
    http::pages::{layout::Layout, signing::Issuer},
    i18n::{Arg, date_time, iso_date_time, text_with},
    oauth::Onward,
    time::Millis,
};

/// A field that may be refused by itself.
#[derive(Clone, Debug)]
pub struct Optional {
    /// Its catalogue name, which the form sends.
    pub name: String,
    /// Its plain name.
    pub label: String,
    /// Whether it is sensitive.
    pub sensitive: bool,
}

/// An older consent that a yes ends or joins.
#[derive(Clone, Debug)]
pub struct Earlier {
    /// Its page.
    pub href: String,
    /// Its purpose's title.
    pub purpose: String,
    /// When it was given.
    pub given: Millis,
}

impl Earlier {
    /// What the link to it says.
    #[must_use]
    pub fn label(&self, page: &Layout) -> String {
        words::of_day(page.lang, &self.purpose, self.given)
    }
}

/// Two people must both say yes (Law 91/2025/QH15 Art. 24(2)).
#[derive(Clone, Debug)]
pub enum Joint {
    /// Nobody has said yes yet.
    Nobody,
    /// The other one has; the reader is still to answer.
    Other {
        /// Who it was, as the reader knows the person.
        who: String,
    },
    /// The reader has; the other one is still to answer.
    Reader,
    /// The reader cannot answer: a parent or guardian decides for her.
    Representative,
    /// Nobody can: a parent or guardian would decide, and the purpose is hidden from them.
    Unanswerable,
    /// Nobody can say yes, as nobody else can for her: it is for somebody who decides alone, which she does not yet. She
    /// can say no.
    OwnOnly,
}

/// The page. Its form posts to `/requests/{id}/answer`: `csrf`, `revision`, `notice` (hash), `lang` (of the text),
/// `field` once for each optional field ticked, and `answer` = `refuse`, `give` or `defer`.
#[derive(Clone, Debug, Template)]
#[template(path = "consent/request.html")]
pub struct Request {
    /// The frame.
    pub page: Layout,
    /// The consent's id.
    pub id: String,
    /// The consent's revision: an answer to an older one is refused.
    pub revision: i64,
    /// The agency that asks.
    pub agency: String,
    /// How many pieces of information it asks for.
    pub count: u64,
    /// The exact text, as `consent_notice::render_notice` wrote it; printed as it is.
    pub notice: String,
    /// SHA-256 of the text, lower-case hexadecimal.
    pub notice_hash: String,
    /// The fields that may be refused by themselves.
    pub optional: Vec<Optional>,
    /// What to compare with the agency's screen; empty when there is nothing.
    pub binding_message: String,
    /// Whether this agency asks this person for the first time.
    pub first: bool,
    /// Whether two must say yes, and who has.
    pub joint: Option<Joint>,
    /// When the request ends without an answer.
    pub answer_by: Millis,
    /// Where it stands.
    pub state: State,
    /// Whether an answer was not taken because the text is no longer the one that was read.
    pub changed: bool,
    /// The older consents the text speaks of.
    pub older: Vec<Earlier>,
    /// Whether this browser goes back to the agency.
    pub onward: Onward,
}

impl Request {
    /// "X asks to see 2 pieces of your information".
    #[must_use]
    pub fn heading(&self) -> String {
        heading(&self.page, &self.agency, self.count)
    }

    /// Whether the reader can still answer.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let other = matches!(self.joint, Some(Joint::Reader | Joint::Representative | Joint::Unanswerable));
        self.state.is_waiting() && !other && self.page.may_answer()
    }

    /// Whether the reader can say yes, and not only no.
    #[must_use]
    pub fn can_give(&self) -> bool {
        !matches!(self.joint, Some(Joint::OwnOnly))
    }

    /// Whether the answer can be put off (once, and not when the other one waits).
    #[must_use]
    pub fn can_defer(&self) -> bool {
        self.state == State::Requested && self.can_give()
    }

    /// Where it stands, in a few words.
    #[must_use]
    pub fn state_tag(&self) -> String {
        words::state(&self.page, self.state)
    }

    /// Where it stands, in a sentence.
    #[must_use]
    pub fn state_sentence(&self) -> String {
        words::state_means(&self.page, self.state, None)
    }

    /// Until when one can answer.
    #[must_use]
    pub fn answer_by_sentence(&self) -> String {
        self.page.say_value("request-answer-by", &date_time(self.page.lang, self.answer_by))
    }

    /// The same for `<time datetime>`.
    #[must_use]
    pub fn answer_by_machine(&self) -> String {
        iso_date_time(self.answer_by)
    }

    /// That two must say yes, and who has.
    #[must_use]
    pub fn joint_sentence(&self) -> Option<String> {
        self.joint.as_ref().map(|joint| match joint {
            Joint::Nobody => self.page.say("request-joint"),
            Joint::Other { who } => self.page.say_value("request-joint-other", who),
            Joint::Reader => self.page.say("request-joint-reader"),
            Joint::Representative => self.page.say("request-joint-representative"),
            Joint::Unanswerable => self.page.say("request-unanswerable"),
            Joint::OwnOnly => self.page.say("request-own-only"),
        })
    }
}

/// The heading of a request, also while somebody acts for another.
pub(super) fn heading(page: &Layout, agency: &str, count: u64) -> String {
    let mut args = vec![("agency", Arg::Text(agency)), ("count", Arg::Number(count))];
    match page.acting_for() {
        Some(name) => {
            args.push(("name", Arg::Text(name)));
            text_with(page.lang, "request-h1-for", &args)
        }
        None => text_with(page.lang, "request-h1", &args),
    }
}

/// The page instead of it, when the purpose is no longer what it was when the agency asked.
#[derive(Clone, Debug, Template)]
#[template(path = "consent/changed.html")]
pub struct RequestChanged {
    /// The frame.
    pub page: Layout,
    /// The consent's id.
    pub id: String,
    /// The agency that asks.
    pub agency: String,
    /// What it is for, as it was asked for.
    pub purpose: String,
    /// Whether this browser can go back to the agency, which is told that it must ask again.
    pub goes_on: bool,
}

/// The page before it, when a stronger sign-in is needed for either answer. Each choice posts `csrf`, `role`
/// (`citizen`), `issuer`, `assurance` and `return_to` to `/sign-in`.
#[derive(Clone, Debug, Template)]
#[template(path = "consent/step_up.html")]
pub struct StepUp {
    /// The frame.
    pub page: Layout,
    /// The token against cross-site requests, as the sign-in page has it.
    pub csrf: String,
    /// The agency that asks.
    pub agency: String,
    /// Whether it is because the information is sensitive.
    pub sensitive: bool,
    /// The assurance needed, 1 to 4.
    pub assurance: u8,
    /// The page to come back to; the handler checks that it is on this site.
    pub return_to: String,
    /// The providers that can do it.
    pub issuers: Vec<Issuer>,
}
