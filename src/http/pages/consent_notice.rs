//! The exact text a person reads before answering (Law 91/2025/QH15 Art. 9(2); Decree 356/2025/ND-CP Art. 6(1)).
//!
//! A fragment of HTML that stands by itself: nothing in it depends on who reads it, on the hour, or on the session, so
//! that equal data always gives equal bytes. Its SHA-256 is bound to the answer, and the bytes are kept and can be
//! shown again. Out of scope: hashing, storing, and the form around it.

use askama::Template;

use super::{
    consent::words,
    parts::{Citation, Contact, Field},
    sentence::{Part, sentence},
};
use crate::{
    domain::consent::Limits,
    i18n::{Arg, Lang, lower_first, text, text_with},
};

/// Everything the text says.
#[derive(Clone, Debug)]
pub struct ConsentNotice {
    /// The language it is written in.
    pub lang: Lang,
    /// The agency that asks and receives.
    pub agency: String,
    /// The agency's code in the register.
    pub agency_code: String,
    /// The unit; empty when not stated.
    pub unit: String,
    /// The agency's program, where it is to read for the person; empty otherwise.
    pub software: String,
    /// Whom to ask there.
    pub contact: Contact,
    /// The fields the purpose cannot do without; or, for a citizen's own token, what its scopes open.
    pub required: Vec<Field>,
    /// The fields that may be refused one by one.
    pub optional: Vec<Field>,
    /// The purpose's title, from the catalogue.
    pub purpose: String,
    /// The purpose's plain reason, from the catalogue.
    pub reason: String,
    /// The case (dossier) code; empty when there is none.
    pub case: String,
    /// The agency's own words; empty when it gave none.
    pub justification: String,
    /// How far it reaches.
    pub limits: Limits,
    /// How long the agency keeps what it read, in a sentence.
    pub retention: String,
    /// Who processes for the agency what it reads, or gets it from it; nobody but the agency when empty.
    pub processors: Vec<String>,
    /// What happens on refusal, with the way that is not digital.
    pub refusing: String,
    /// The articles.
    pub citations: Vec<Citation>,
    /// What she has allowed the agency before and a yes would change; `None` when it changes nothing.
    pub older: Option<Older>,
}

/// What a yes does to older consents. No link stands here: the text is kept apart from whose it is.
#[derive(Clone, Debug)]
pub struct Older {
    /// Whether they end; otherwise they stay and the new one joins them.
    pub ends: bool,
    /// Each by its purpose's title and the day it was given; where the purpose is hidden from guardians, by neither:
    /// whoever may see the consent reads both beside the text.
    pub these: Vec<String>,
}

/// The texts as the shared parts of templates ask for them.
#[derive(Clone, Copy, Debug)]
struct Speech {
    lang: Lang,
}

impl Speech {
    fn say(self, key: &str) -> String {
        text(self.lang, key)
    }

    fn say_value(self, key: &str, value: &str) -> String {
        text_with(self.lang, key, &[("value", Arg::Text(value))])
    }
}

#[derive(Debug, Template)]
#[template(path = "part/consent_notice.html")]
struct Fragment<'a> {
    page: Speech,
    notice: &'a ConsentNotice,
}

impl Fragment<'_> {
    fn required_for(&self) -> String {
        let purpose = lower_first(&self.notice.purpose);
        sentence(self.page.lang, "notice-required", &[("purpose", Part::Plain(&purpose))])
    }

    fn is_sensitive(&self) -> bool {
        self.notice.is_sensitive()
    }

    fn validity(&self) -> String {
        words::validity(self.page.lang, &self.notice.limits)
    }

    fn limits(&self) -> Vec<String> {
        words::limits(self.page.lang, &self.notice.limits)
    }
}

impl ConsentNotice {
    /// Whether it says in words that fields are sensitive (Decree 356/2025/ND-CP Art. 6(4)).
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        self.required.iter().chain(&self.optional).any(|field| field.sensitive)
    }

    /// How many pieces of information it asks for.
    #[must_use]
    pub fn count(&self) -> u64 {
        (self.required.len() + self.optional.len()) as u64
    }
}

/// The text as HTML; the same bytes for the same data.
///
/// # Errors
/// Only when a value refuses to be written, which none of ours does; answer it as any internal error.
pub fn render_notice(notice: &ConsentNotice) -> Result<String, askama::Error> {
    Fragment { page: Speech { lang: notice.lang }, notice }.render()
}
