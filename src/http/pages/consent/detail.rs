//! `GET /me/consents/{id}`: everything about one consent: what was said, the exact text, its uses, its history, and,
//! once taken back, how the agency carries it out.

use askama::Template;

use super::{request::Optional, words};
use crate::{
    domain::consent::{Act, Capacity, Limits, State},
    http::pages::{
        layout::Layout,
        parts::{Acting, Contact, Field, grouped_hash},
        sentence::{Part, sentence},
    },
    i18n::{Arg, date, date_time, iso_date_time, text_with},
    time::Millis,
};

/// One use of the consent.
#[derive(Clone, Debug)]
pub struct Use {
    /// When.
    pub at: Millis,
    /// The page of its entry.
    pub href: String,
}

impl Use {
    /// When, for people.
    #[must_use]
    pub fn when(&self, page: &Layout) -> String {
        date_time(page.lang, self.at)
    }
}

/// One event of its history.
#[derive(Clone, Debug)]
pub struct Happened {
    /// When.
    pub at: Millis,
    /// What.
    pub act: Act,
    /// As what somebody did it.
    pub by: Capacity,
    /// The authority that decided, its document and its reason; empty where no authority did.
    pub decision: String,
    /// Who did it for the person; `None` when it was herself, the agency or the service.
    pub acting: Option<Acting>,
    /// The page of its entry; empty when there is none.
    pub href: String,
}

impl Happened {
    /// What happened, in a few words.
    #[must_use]
    pub fn what(&self, page: &Layout) -> String {
        words::act(page, self.act, self.by)
    }

    /// When, for people.
    #[must_use]
    pub fn when(&self, page: &Layout) -> String {
        date_time(page.lang, self.at)
    }

    /// Who acted for the person.
    #[must_use]
    pub fn actor(&self, page: &Layout) -> Option<String> {
        self.acting.as_ref().map(|acting| page.say_value("row-acting", &acting.label(page)))
    }

    /// When, for `<time datetime>`.
    #[must_use]
    pub fn machine_time(&self) -> String {
        iso_date_time(self.at)
    }
}

/// How an ended consent is carried out at the agency: one thing that has happened or must.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The agency was told.
    Told,
    /// Telling it has not worked yet; it is tried again.
    NotYetTold,
    /// The agency confirmed that it knows.
    Acknowledged,
    /// The agency must have stopped by then.
    StopBy,
    /// The agency took the one extension the law gives.
    Extended,
    /// The agency attested that it stopped.
    Stopped,
    /// It did not stop in time.
    StopOverdue,
    /// The agency attested that it erased.
    Erased,
    /// The agency did not confirm in time and may ask for nothing more.
    Suspended,
    /// Everything is done.
    Closed,
}

/// A step with its date.
#[derive(Clone, Debug)]
pub struct Progress {
    /// What.
    pub step: Step,
    /// When it happened, or by when it must.
    pub at: Millis,
    /// The agency's reason for an extension, in its own words; empty otherwise.
    pub note: String,
}

impl Progress {
    /// In a sentence with its date, as HTML.
    #[must_use]
    pub fn sentence(&self, page: &Layout) -> String {
        let key = match self.step {
            Step::Told => "progress-told",
            Step::NotYetTold => "progress-not-told",
            Step::Acknowledged => "progress-acknowledged",
            Step::StopBy => "progress-stop-by",
            Step::Extended => "progress-extended",
            Step::Stopped => "progress-stopped",
            Step::StopOverdue => "progress-stop-overdue",
            Step::Erased => "progress-erased",
            Step::Suspended => "progress-suspended",
            Step::Closed => "progress-closed",
        };
        let day = date(page.lang, self.at);
        sentence(page.lang, key, &[("date", Part::Strong(&day))])
    }

    /// Whether the agency is late.
    #[must_use]
    pub const fn is_bad(&self) -> bool {
        matches!(self.step, Step::NotYetTold | Step::StopOverdue | Step::Suspended)
    }
}

/// The exact text that was read.
#[derive(Clone, Debug)]
pub struct TextRead {
    /// The bytes as they are kept, checked against their hash by the handler; printed as they are.
    pub html: String,
    /// SHA-256 of the bytes, lower-case hexadecimal.
    pub hash: String,
}

impl TextRead {
    /// The hash in groups of eight.
    #[must_use]
    pub fn grouped(&self) -> String {
        grouped_hash(&self.hash)
    }
}

/// What a representative agreed to, put to the person who decides alone now. Its form posts to
/// `/me/consents/{id}/confirm`: `csrf`, `revision`, `notice` (hash), `lang` (of the text), `field` once for each optional
/// field ticked, and `answer` = `refuse` or `give`.
#[derive(Clone, Debug)]
pub struct Review {
    /// The exact text, as `consent_notice::render_notice` wrote it; printed as it is.
    pub notice: String,
    /// SHA-256 of the text, lower-case hexadecimal.
    pub notice_hash: String,
    /// Of the fields that were granted, those that may be refused by themselves.
    pub optional: Vec<Optional>,
    /// Whether an answer was not taken because the text is no longer the one that was read.
    pub changed: bool,
}

/// The page. Its buttons post `csrf` and `revision` to `/me/consents/{id}/pause` and `/resume`.
#[derive(Clone, Debug, Template)]
#[template(path = "consent/consent.html")]
pub struct Consent {
    /// The frame.
    pub page: Layout,
    /// The consent's id, which is also the receipt's number.
    pub id: String,
    /// Its revision.
    pub revision: i64,
    /// Where it stands.
    pub state: State,
    /// The agency's id.
    pub agency_id: String,
    /// The agency's name.
    pub agency: String,
    /// The unit; empty when not stated.
    pub unit: String,
    /// The purpose's title.
    pub purpose: String,
    /// Where the purpose is described; empty where there is none.
    pub purpose_href: String,
    /// The purpose's plain reason.
    pub reason: String,
    /// The case (dossier) code; empty when there is none.
    pub case: String,
    /// The agency's own words; empty when it gave none.
    pub justification: String,
    /// The fields asked for and not yet answered.
    pub asked: Vec<Field>,
    /// The fields said yes to.
    pub granted: Vec<Field>,
    /// The fields said no to.
    pub refused: Vec<Field>,
    /// How far it reaches.
    pub limits: Limits,
    /// How many times it has been used.
    pub used: u32,
    /// The latest uses.
    pub uses: Vec<Use>,
    /// How long the agency keeps what it read.
    pub retention: String,
    /// What happened to it, oldest first.
    pub events: Vec<Happened>,
    /// The text that was read when it was answered.
    pub text: Option<TextRead>,
    /// Whether there is a receipt.
    pub receipt: bool,
    /// How its end is carried out, in order; empty while it stands.
    pub progress: Vec<Progress>,
    /// Whom to ask.
    pub contact: Contact,
    /// The question to the reader, where it waits for her own word.
    pub review: Option<Review>,
}

impl Consent {
    /// The heading: state and agency.
    #[must_use]
    pub fn heading(&self) -> String {
        let args = [("state", Arg::Text(&self.state_tag())), ("agency", Arg::Text(&self.agency))];
        text_with(self.page.lang, "consent-h1", &args)
    }

    /// The state, in a few words.
    #[must_use]
    pub fn state_tag(&self) -> String {
        words::state(&self.page, self.state)
    }

    /// What the state means.
    #[must_use]
    pub fn state_sentence(&self) -> String {
        let ended = self.events.iter().rfind(|event| event.act == Act::Revoke);
        words::state_means(&self.page, self.state, ended.map(|event| event.by))
    }

    /// From when until when.
    #[must_use]
    pub fn validity(&self) -> String {
        words::validity(self.page.lang, &self.limits)
    }

    /// The limits, a sentence each.
    #[must_use]
    pub fn limit_sentences(&self) -> Vec<String> {
        words::limits(self.page.lang, &self.limits)
    }

    /// "Used 2 of 5 times".
    #[must_use]
    pub fn used_sentence(&self) -> String {
        if self.used == 0 {
            return self.page.say("consents-unused");
        }
        let args = [
            ("used", Arg::Number(u64::from(self.used))),
            ("max", Arg::Number(u64::from(self.limits.max_uses))),
        ];
        text_with(self.page.lang, "consents-used", &args)
    }

    /// Whether it is in force: it can be paused.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.state == State::Given
    }

    /// Whether it is paused: it can go on.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.state == State::Paused
    }

    /// Whether some of the information is sensitive.
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        [&self.asked, &self.granted, &self.refused].into_iter().flatten().any(|field| field.sensitive)
    }
}
