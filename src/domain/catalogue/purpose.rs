//! Purposes: what personal data may be read for, on which legal basis, and under whose eyes.

use jiff::civil::Date;

use super::Text;
use crate::{domain::consent::Frequency, time::Millis};

/// *Căn cứ xử lý*: why processing is lawful. Consent is one basis among several (Law 91/2025/QH15, Articles 9, 19).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BasisKind {
    /// State management as the law prescribes: Article 19(1)(c).
    Statutory,
    /// *Sự đồng ý*: the citizen's own act, for one purpose: Article 9.
    Consent,
    /// Urgent protection of life, health or lawful rights: Article 19(1)(a), (b).
    Emergency,
    /// The citizen's agreement with the body concerned, as the law prescribes: Article 19(1)(d).
    Contract,
}

impl BasisKind {
    /// Every basis, in the order of the vocabulary.
    pub const ALL: [Self; 4] = [Self::Statutory, Self::Consent, Self::Emergency, Self::Contract];

    /// The name on the wire and in the rules.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Statutory => "statutory",
            Self::Consent => "consent",
            Self::Emergency => "emergency",
            Self::Contract => "contract",
        }
    }

    /// The basis of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl std::fmt::Display for BasisKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How sure the authors of the catalogue are of a citation. An honest mark, not a legal opinion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Confidence {
    /// Read in the instrument itself.
    #[serde(rename = "V")]
    Verified,
    /// Read in a source that quotes or cites the instrument.
    #[serde(rename = "S")]
    Secondary,
    /// From memory.
    #[serde(rename = "M")]
    Memory,
    /// Could not be verified.
    #[serde(rename = "U")]
    Unverified,
}

/// An article that a basis rests on.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Citation {
    /// Instrument and article.
    #[serde(flatten)]
    pub text: Text,
    /// How well it was checked.
    pub confidence: Confidence,
}

/// One legal basis of a purpose, with the field set it opens: the minimum (Law 91/2025/QH15, Article 3(2)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    /// Which basis.
    pub kind: BasisKind,
    /// The articles it rests on; at least one.
    pub citations: Vec<Citation>,
    /// Every field that may be asked for, in the order a page shows them.
    pub fields: Vec<String>,
    /// Those of `fields` that the procedure can do without.
    pub optional: Vec<String>,
}

impl Basis {
    /// Those of `asked` that this basis does not open, in the order asked.
    pub fn excess<'a>(&self, asked: &[&'a str]) -> Vec<&'a str> {
        asked.iter().copied().filter(|name| !self.fields.iter().any(|field| field == name)).collect()
    }
}

/// Whether a purpose is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Listed so that it can be read and discussed; refused to everybody.
    Draft,
    /// In force.
    Active,
    /// Was in force once; refused to everybody.
    Retired,
}

impl Status {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }
}

/// What a purpose demands of the official who acts (Decree 356/2025/ND-CP, Article 7(4)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfficialDemand {
    /// A system acts by itself; naming an official is an error.
    None,
    /// The agency names a registered official; one who proved who they are will do too.
    Asserted,
    /// The official must have signed in.
    Proved,
}

impl OfficialDemand {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Asserted => "asserted",
            Self::Proved => "proved",
        }
    }
}

/// The monitoring that processing without consent stands under (Law 91/2025/QH15, Article 19(2)(a) to (d)).
/// This service demands it of purposes that rest on consent too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// (a) The written procedure.
    pub procedure_ref: String,
    /// (a) The unit responsible for it.
    pub responsible_unit: Text,
    /// (b) The day of the last risk assessment, in Hanoi.
    pub last_risk_assessment: Date,
    /// (c) The day of the last compliance check, in Hanoi.
    pub last_compliance_check: Date,
    /// (d) Where complaints are received.
    pub complaint_channel: Text,
    /// The last day on which the review still counts, in Hanoi.
    pub next_review_due: Date,
    /// The first instant after that day.
    pub due: Millis,
}

impl Review {
    /// Whether the review still counts.
    pub fn current(&self, now: Millis) -> bool {
        now < self.due
    }
}

/// The bounds of every consent for a purpose (Law 91/2025/QH15, Article 9; Decree 356/2025/ND-CP, Article 6). A request
/// may ask for less and never for more.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ConsentTerms {
    /// How many days it is valid at most, 1 to 366.
    pub validity_days: u32,
    /// How many tokens, each for one use, may be taken on one consent at most, 1 to 1,000; a request that does not say
    /// asks for one.
    pub max_uses: u32,
    /// How often at most.
    pub frequency: Option<Frequency>,
    /// Hours a request waits for its answer, 1 to 720; after that, silence is a refusal.
    pub answer_hours: u32,
    /// Days without use after which it lapses.
    pub lapse_days: Option<u32>,
    /// Whether it opens private life: of a child of seven or more, both she and her representative must say yes
    /// (Law 91/2025/QH15, Article 24(2)).
    pub private_life: bool,
    /// The lowest assurance of the sign-in that may answer, 1 to 4 (Decree 69/2024/ND-CP, Article 20).
    pub assurance: u8,
    /// What happens on refusal, with the way that is not digital.
    pub refusing: Text,
}

/// What a purpose demands of an emergency (Law 91/2025/QH15, Article 19(1)(a), (b)): two officials, each signed in just
/// now, and a report afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct EmergencyTerms {
    /// How many minutes it lasts at most, 1 to 720, from the earlier of the two officials' sign-ins: no token is issued
    /// later, and none lives longer. Whoever needs more signs in and says why anew, both of them.
    pub max_minutes: u32,
    /// Hours until the report is due, 1 to 24; who does not report in time is suspended.
    pub report_hours: u32,
}

/// *Mục đích xử lý*: one specific, clear purpose (Law 91/2025/QH15, Article 3(2)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purpose {
    /// Dotted id, e.g. `driver.licence_renewal`; stable for ever.
    pub id: String,
    /// 16 hexadecimal digits that change with the statutory table, the rules or the notice, and with nothing else.
    pub version: String,
    /// Whether it is in force.
    pub status: Status,
    /// Why it is only a draft; present exactly for drafts.
    pub draft_because: Option<Text>,
    /// What it is called.
    pub title: Text,
    /// What it is for, in plain words.
    pub reason: Text,
    /// The kind of body that may ask.
    pub requesters: Text,
    /// Whether it is one of the 25 services of Plan 02-KH/BCDTW.
    pub among_the_25_services: bool,
    /// Its legal bases, each with its own field set; at least one, each kind at most once.
    pub bases: Vec<Basis>,
    /// Whether a case (dossier code) must be named; otherwise naming one is an error.
    pub case_required: bool,
    /// What it demands of the official.
    pub official: OfficialDemand,
    /// The lowest assurance of the sign-in behind the request, 0 to 4 on the scale of Decree 69/2024/ND-CP,
    /// Article 20; 0 when nobody has to sign in.
    pub assurance: u8,
    /// How long the agency keeps what it read.
    pub retention: Text,
    /// The longest life of a token, in seconds, 1 to 300.
    pub max_lifetime_s: u32,
    /// How often a token may be used, 1 to 20; one that rests on consent is used once, whatever stands here.
    pub max_uses: u32,
    /// What the citizen is told.
    pub notice: Text,
    /// Whether a representative is never told of it: child protection and the like.
    pub guardian_hidden: bool,
    /// The terms a consent can have; present exactly when consent is one of the bases.
    pub consent: Option<ConsentTerms>,
    /// What an emergency must come with; present exactly when emergency is one of the bases.
    pub emergency: Option<EmergencyTerms>,
    /// The Article 19(2) evidence; always present when in force.
    pub review: Option<Review>,
}

impl Purpose {
    /// Whether it is in force.
    pub fn is_active(&self) -> bool {
        self.status == Status::Active
    }

    /// The basis of that kind, if the purpose has it.
    pub fn basis(&self, kind: BasisKind) -> Option<&Basis> {
        self.bases.iter().find(|basis| basis.kind == kind)
    }

    /// The basis that is meant when a request names none: the only one there is.
    pub fn sole_basis(&self) -> Option<&Basis> {
        match self.bases.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Whether the Article 19(2) review is there and still counts.
    pub fn review_current(&self, now: Millis) -> bool {
        self.review.as_ref().is_some_and(|review| review.current(now))
    }
}
