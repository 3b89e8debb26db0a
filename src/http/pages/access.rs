//! `GET /me/history/{id}`: every fact of one entry, why it was allowed or refused, its proof, and whom to ask.

use askama::Template;

use super::{
    event::Event,
    layout::Layout,
    parts::{Acting, Basis, Citation, Contact, Field, grouped_hash},
    proof::Proof,
};
use crate::{
    i18n::{Arg, clock_seconds, date, day_heading, iso_date_time, text_with},
    time::Millis,
};

/// The official behind a request, and how the service knows.
#[derive(Clone, Debug)]
pub enum Official {
    /// A system acted by itself; no official was named.
    None,
    /// The agency's software named a registered official.
    Asserted {
        /// The code the official is registered under; never a name.
        code: String,
    },
    /// The official had signed in at the agency.
    Proved {
        /// The code the official is registered under; never a name.
        code: String,
    },
}

impl Official {
    /// The code, when an official was named.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::Asserted { code } | Self::Proved { code } => Some(code),
        }
    }

    /// How the service knows, in a sentence.
    #[must_use]
    pub fn evidence(&self, page: &Layout) -> String {
        page.say(match self {
            Self::None => "official-none",
            Self::Asserted { .. } => "official-asserted",
            Self::Proved { .. } => "official-proved",
        })
    }
}

/// A field that was granted and did not come.
#[derive(Clone, Debug)]
pub struct Missing {
    /// The kind of data.
    pub field: Field,
    /// The register that should have had it.
    pub source: String,
    /// Why it did not come.
    pub reason: MissingReason,
}

/// Why a granted field did not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingReason {
    /// The register did not answer in time, or answered nonsense.
    SourceUnavailable,
    /// The register knows no such person.
    NoRecord,
    /// The register has the person, but not this.
    NoValue,
}

impl MissingReason {
    /// In a sentence.
    #[must_use]
    pub fn explanation(self, page: &Layout) -> String {
        page.say(match self {
            Self::SourceUnavailable => "missing-source-unavailable",
            Self::NoRecord => "missing-no-record",
            Self::NoValue => "missing-no-value",
        })
    }
}

/// A rule that decided.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its stable id, for those who look it up.
    pub id: String,
    /// What it says, continuing "Được phép vì …" / "Allowed because …": no capital, no final period.
    pub because: String,
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "access.html")]
pub struct Access {
    /// The frame.
    pub page: Layout,
    /// The entry's id.
    pub id: String,
    /// When.
    pub at: Millis,
    /// What it records.
    pub event: Event,
    /// The agency's name.
    pub agency: String,
    /// The software that asked, as registered; empty where none did.
    pub client: String,
    /// The unit; empty when not stated.
    pub unit: String,
    /// The official.
    pub official: Official,
    /// The code of the second official, who approved; empty where none had to.
    pub approver: String,
    /// The kinds of data asked for or released.
    pub fields: Vec<Field>,
    /// Granted, but not delivered.
    pub missing: Vec<Missing>,
    /// The purpose's title; empty where there is none.
    pub purpose: String,
    /// Where the purpose is described; empty where there is none.
    pub purpose_href: String,
    /// The purpose's plain reason.
    pub reason: String,
    /// The legal basis, where one was named.
    pub basis: Option<Basis>,
    /// The articles.
    pub citations: Vec<Citation>,
    /// The case (dossier) code; empty when the purpose takes none.
    pub case: String,
    /// The agency's own words; empty when it gave none.
    pub justification: String,
    /// The rules that decided.
    pub rules: Vec<Rule>,
    /// The policy version that decided (hexadecimal hash).
    pub policy_version: String,
    /// How long the agency may keep what it got, in a sentence; empty when it got nothing.
    pub retention: String,
    /// Whether the same answer was sent once more.
    pub repeat: bool,
    /// How many alike requests stand behind this entry (collapsed refusals).
    pub times: u32,
    /// Who acted for the person; `None` when she acted herself, or nobody had to.
    pub acting: Option<Acting>,
    /// The standing choice of hers that the law went before, in words; empty when there was none.
    pub overridden: String,
    /// The consent it rests on or is about: its page; empty where there is none.
    pub consent_href: String,
    /// Whom to ask.
    pub contact: Contact,
    /// The proof.
    pub proof: Proof,
}

impl Access {
    /// The heading: the agency and what it did.
    #[must_use]
    pub fn heading(&self) -> String {
        let event = self.event.tag(&self.page);
        let args = [("agency", Arg::Text(&self.agency)), ("event", Arg::Text(&event))];
        text_with(self.page.lang, self.event.heading_key(), &args)
    }

    /// `09:23:05, Chủ nhật, 22/11/2026 (giờ Việt Nam)`.
    #[must_use]
    pub fn when(&self) -> String {
        let (day, time) = (day_heading(self.page.lang, self.at), clock_seconds(self.at));
        text_with(self.page.lang, "access-when-is", &[("day", Arg::Text(&day)), ("time", Arg::Text(&time))])
    }

    /// The day, for the page's title.
    #[must_use]
    pub fn day(&self) -> String {
        date(self.page.lang, self.at)
    }

    /// For `<time datetime>`.
    #[must_use]
    pub fn machine_time(&self) -> String {
        iso_date_time(self.at)
    }

    /// The label of the list of fields: viewed, or only asked for.
    #[must_use]
    pub fn fields_label(&self) -> String {
        self.page.say(match self.event {
            event if event.data_left() => "access-fields-released",
            event if event.allows() => "access-fields-allowed",
            _ => "access-fields-asked",
        })
    }

    /// One rule as a whole sentence.
    #[must_use]
    pub fn rule_sentence(&self, rule: &Rule) -> String {
        let key = if self.event.is_refusal() { "access-refused-because" } else { "access-allowed-because" };
        text_with(self.page.lang, key, &[("because", Arg::Text(&rule.because))])
    }

    /// "3 times within 10 minutes", when more than once.
    #[must_use]
    pub fn count(&self) -> Option<String> {
        let args = [("count", Arg::Number(u64::from(self.times)))];
        (self.times > 1).then(|| text_with(self.page.lang, "access-times", &args))
    }

    /// The basis that made the access lawful.
    #[must_use]
    pub fn shown_basis(&self) -> Option<Basis> {
        self.basis.filter(|_| !self.event.is_refusal())
    }

    /// The basis a refused request named, which gave it nothing.
    #[must_use]
    pub fn claimed_basis(&self) -> Option<Basis> {
        self.basis.filter(|_| self.event.is_refusal())
    }

    /// Whether some of the data is sensitive.
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        self.fields.iter().any(|field| field.sensitive)
    }

    /// The policy version in groups of eight.
    #[must_use]
    pub fn grouped_version(&self) -> String {
        grouped_hash(&self.policy_version)
    }
}
