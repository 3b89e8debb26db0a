//! The public catalogue: purposes, agencies, kinds of data. For anyone, without signing in.

use askama::Template;

use super::{
    layout::Layout,
    parts::{Basis, Citation, Contact},
};
use crate::i18n::{Arg, list, lower_first, text_with};

/// Whether a purpose is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Agencies may ask under it.
    Active,
    /// Written, not in force: every request is refused.
    Draft,
    /// No longer in force.
    Retired,
}

impl Status {
    /// The tag, where it is not active.
    #[must_use]
    pub fn tag(self, page: &Layout) -> Option<String> {
        match self {
            Self::Active => None,
            Self::Draft => Some(page.say("purpose-draft")),
            Self::Retired => Some(page.say("purpose-retired")),
        }
    }
}

/// A purpose in the list.
#[derive(Clone, Debug)]
pub struct PurposeItem {
    /// Where it is described.
    pub href: String,
    /// Its title.
    pub title: String,
    /// Why it is done, in a sentence.
    pub reason: String,
    /// Its bases.
    pub bases: Vec<Basis>,
    /// How many kinds of data it may need at most.
    pub fields: usize,
    /// Whether it is in use.
    pub status: Status,
}

impl PurposeItem {
    /// "At most 9 kinds of data".
    #[must_use]
    pub fn size(&self, page: &Layout) -> String {
        text_with(page.lang, "purpose-fields-at-most", &[("count", Arg::Number(self.fields as u64))])
    }
}

/// `GET /purposes`.
#[derive(Clone, Debug, Template)]
#[template(path = "purposes.html")]
pub struct Purposes {
    /// The frame.
    pub page: Layout,
    /// All purposes.
    pub purposes: Vec<PurposeItem>,
}

/// A kind of data in a purpose's minimum.
#[derive(Clone, Debug)]
pub struct MinimumField {
    /// The plain name.
    pub label: String,
    /// Sensitive under Decree 356/2025 Art. 4.
    pub sensitive: bool,
    /// Not needed in every case.
    pub optional: bool,
}

/// One basis of a purpose with its own field set.
#[derive(Clone, Debug)]
pub struct BasisTerms {
    /// The basis.
    pub basis: Basis,
    /// Its articles.
    pub citations: Vec<Citation>,
    /// The kinds of data, and nothing else.
    pub fields: Vec<MinimumField>,
    /// What else binds it, in sentences: how long a consent counts, who answers for an emergency.
    pub terms: Vec<String>,
}

/// How the official must be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfficialDemand {
    /// No official is named.
    None,
    /// The agency names a registered official.
    Asserted,
    /// The official has signed in at the agency.
    Proved,
}

impl OfficialDemand {
    /// In a sentence.
    #[must_use]
    pub fn explanation(self, page: &Layout) -> String {
        page.say(match self {
            Self::None => "purpose-official-none",
            Self::Asserted => "purpose-official-asserted",
            Self::Proved => "purpose-official-proved",
        })
    }
}

/// `GET /purposes/{id}`.
#[derive(Clone, Debug, Template)]
#[template(path = "purpose.html")]
pub struct Purpose {
    /// The frame.
    pub page: Layout,
    /// Its id, e.g. `driver.licence_renewal`.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Its title.
    pub title: String,
    /// Why it is done, in a sentence.
    pub reason: String,
    /// Whether it is in use.
    pub status: Status,
    /// Its bases.
    pub bases: Vec<BasisTerms>,
    /// Whether a case code is demanded.
    pub case_required: bool,
    /// How the official must be known.
    pub official: OfficialDemand,
    /// How long the agency may keep the data, in a sentence.
    pub retention: String,
    /// Whether representatives are never told of it.
    pub guardian_hidden: bool,
    /// How many times one permission may be used.
    pub max_uses: u32,
    /// How many minutes one permission lasts at most.
    pub max_minutes: u32,
    /// The agencies registered for it.
    pub agencies: Vec<String>,
}

impl Purpose {
    /// "One permission can be used once, within 5 minutes".
    #[must_use]
    pub fn limits(&self) -> String {
        let args = [
            ("uses", Arg::Number(u64::from(self.max_uses))),
            ("minutes", Arg::Number(u64::from(self.max_minutes))),
        ];
        text_with(self.page.lang, "purpose-limits-are", &args)
    }
}

/// An agency in the list.
#[derive(Clone, Debug)]
pub struct AgencyItem {
    /// Its id in the register.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whom to ask about personal data.
    pub contact: Contact,
    /// The titles of the purposes it may ask under.
    pub purposes: Vec<String>,
}

impl AgencyItem {
    /// The purposes in one sentence.
    #[must_use]
    pub fn purposes_sentence(&self, page: &Layout) -> String {
        if self.purposes.is_empty() {
            return page.say("agency-purposes-none");
        }
        let titles: Vec<String> = self.purposes.iter().map(|title| lower_first(title)).collect();
        let titles = list(page.lang, &titles);
        text_with(page.lang, "agency-purposes-are", &[("list", Arg::Text(&titles))])
    }
}

/// `GET /agencies`.
#[derive(Clone, Debug, Template)]
#[template(path = "agencies.html")]
pub struct Agencies {
    /// The frame.
    pub page: Layout,
    /// All agencies.
    pub agencies: Vec<AgencyItem>,
}

/// A kind of data in the list.
#[derive(Clone, Debug)]
pub struct DataKind {
    /// Its dotted name, e.g. `person.birth_date`.
    pub name: String,
    /// The plain name.
    pub label: String,
    /// Sensitive under Decree 356/2025 Art. 4.
    pub sensitive: bool,
    /// The point of the decree, e.g. `Nghị định 356/2025, điều 3 khoản 2`.
    pub decree: String,
    /// Whether it says something about other people too, and so is given to nobody for now.
    pub about_others: bool,
}

/// The kinds of data of one register.
#[derive(Clone, Debug)]
pub struct SourceKinds {
    /// The register's name.
    pub source: String,
    /// Who holds it.
    pub holder: String,
    /// Its kinds of data.
    pub kinds: Vec<DataKind>,
}

/// `GET /data-kinds`.
#[derive(Clone, Debug, Template)]
#[template(path = "data_kinds.html")]
pub struct DataKinds {
    /// The frame.
    pub page: Layout,
    /// Registers with their kinds of data.
    pub sources: Vec<SourceKinds>,
    /// Kinds never offered to anyone, by plain name.
    pub never: Vec<String>,
}
