//! What several pages show: data kinds, legal bases, who acted, citations, contacts, choices in a form.

use super::layout::{Layout, telephone_href};
use crate::domain::consent::Capacity;

/// A kind of data, as the catalogue names it in the page's language.
#[derive(Clone, Debug)]
pub struct Field {
    /// The plain name, e.g. `ngày sinh`.
    pub label: String,
    /// Sensitive under Decree 356/2025 Art. 4: always said in a word, never by colour alone.
    pub sensitive: bool,
}

/// What made the access lawful, or who it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// A statute (Law 91/2025 Art. 19(1)(c)).
    Statutory,
    /// The citizen's consent (Art. 9).
    Consent,
    /// Life, health, emergency (Art. 19(1)(a), (b)).
    Emergency,
    /// An agreement of the citizen's (Art. 19(1)(d)).
    Contract,
}

impl Basis {
    /// The tag of a row.
    #[must_use]
    pub fn tag(self, page: &Layout) -> String {
        page.say(match self {
            Self::Statutory => "basis-statutory",
            Self::Consent => "basis-consent",
            Self::Emergency => "basis-emergency",
            Self::Contract => "basis-contract",
        })
    }

    /// The kind of basis, said of a purpose or a request rather than of something that happened.
    #[must_use]
    pub fn kind(self, page: &Layout) -> String {
        page.say(match self {
            Self::Statutory => "basis-statutory",
            Self::Consent => "basis-consent-kind",
            Self::Emergency => "basis-emergency-kind",
            Self::Contract => "basis-contract",
        })
    }

    /// What must hold before an agency may view under it, in a sentence.
    #[must_use]
    pub fn condition(self, page: &Layout) -> String {
        page.say(match self {
            Self::Statutory => "basis-statutory-condition",
            Self::Consent => "basis-consent-condition",
            Self::Emergency => "basis-emergency-condition",
            Self::Contract => "basis-contract-condition",
        })
    }

    /// What it means of an access, in a sentence.
    #[must_use]
    pub fn explanation(self, page: &Layout) -> String {
        page.say(match self {
            Self::Statutory => "basis-statutory-means",
            Self::Consent => "basis-consent-means",
            Self::Emergency => "basis-emergency-means",
            Self::Contract => "basis-contract-means",
        })
    }
}

/// Who acted for somebody else, on a record.
#[derive(Clone, Debug)]
pub struct Acting {
    /// A name or a masked number, as the reader knows the person.
    pub who: String,
    /// In which capacity.
    pub capacity: Capacity,
}

impl Acting {
    /// `Nguyễn Thị Lan (cha hoặc mẹ)`.
    #[must_use]
    pub fn label(&self, page: &Layout) -> String {
        format!("{} ({})", self.who, capacity(page, self.capacity))
    }
}

/// The word for a capacity.
#[must_use]
pub fn capacity(page: &Layout, capacity: Capacity) -> String {
    page.say(match capacity {
        Capacity::Own => "capacity-own",
        Capacity::Parent => "capacity-parent",
        Capacity::Guardian => "capacity-guardian",
        Capacity::Attorney => "capacity-attorney",
        Capacity::Agency => "capacity-agency",
        Capacity::Authority => "capacity-authority",
        Capacity::System => "capacity-system",
    })
}

/// An article of law.
#[derive(Clone, Debug)]
pub struct Citation {
    /// As it is cited, in the page's language.
    pub text: String,
    /// Where the text can be read; shown as a link only when it is `https`.
    pub href: Option<String>,
    /// Whether the catalogue's authors checked it against the published text; if not, the page says so.
    pub verified: bool,
}

impl Citation {
    /// The address, when it is one that may be a link.
    #[must_use]
    pub fn link(&self) -> Option<&str> {
        self.href.as_deref().filter(|href| href.starts_with("https://"))
    }
}

/// Whom to ask: the agency's data-protection contact (Decree 356/2025 Art. 13).
#[derive(Clone, Debug, Default)]
pub struct Contact {
    /// The agency.
    pub agency: String,
    /// The unit or role that answers.
    pub unit: String,
    /// Telephone; empty when there is none.
    pub phone: String,
    /// E-mail; empty when there is none.
    pub email: String,
    /// Street address; empty when there is none.
    pub address: String,
}

impl Contact {
    /// The telephone number as a link.
    #[must_use]
    pub fn phone_href(&self) -> String {
        telephone_href(&self.phone)
    }

    /// The e-mail as a link, when it looks like one address and nothing else.
    #[must_use]
    pub fn email_href(&self) -> Option<String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "@._-+".contains(c);
        let ok = self.email.matches('@').count() == 1 && self.email.chars().all(plain);
        ok.then(|| format!("mailto:{}", self.email))
    }
}

/// One choice of a list in a form.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What is sent; empty means "all".
    pub value: String,
    /// What is read.
    pub label: String,
    /// Whether it is the present one.
    pub selected: bool,
}

/// A long hash in groups of eight, so that it can be compared by eye.
#[must_use]
pub fn grouped_hash(hash: &str) -> String {
    let characters: Vec<char> = hash.chars().collect();
    characters.chunks(8).map(|chunk| chunk.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_citations_become_links() {
        let cite = |href: &str| Citation { text: String::new(), href: Some(href.to_owned()), verified: true };
        assert!(cite("https://vbpl.example/").link().is_some());
        assert!(cite("javascript:alert(1)").link().is_none());
    }

    #[test]
    fn a_mail_address_with_anything_added_is_not_a_link() {
        let contact = |email: &str| Contact { email: email.to_owned(), ..Contact::default() };
        assert!(contact("hoi@so.example").email_href().is_some());
        assert!(contact("hoi@so.example?cc=x").email_href().is_none());
    }
}
