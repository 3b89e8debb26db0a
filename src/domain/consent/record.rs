//! What is remembered of a consent: ISO/IEC TS 27560's record, sealed under the person's key.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Limits;
use crate::{
    domain::catalogue::{Catalogue, Text},
    time::Millis,
};

/// The version of this form.
pub const SCHEMA: &str = "minhbach/consent/1";

/// Everything a consent says but its state; written anew with each event that changes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// [`SCHEMA`].
    pub schema: String,
    /// The consent's id, which is also the request's.
    pub id: Uuid,
    /// The agency that asks: controller and recipient.
    pub agency: String,
    /// Its client's `client_id`.
    pub client_id: String,
    /// The unit, where an official of it was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The official's code, where one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub official: Option<String>,
    /// The purpose's id.
    pub purpose: String,
    /// The purpose's version: texts, fields, limits and articles as they were.
    pub purpose_version: String,
    /// Every field asked for, and what was answered.
    pub items: Vec<Item>,
    /// How far it reaches.
    pub limits: Limits,
    /// How long the recipient keeps what it read.
    pub recipient_retention: Text,
    /// Where what was read is kept.
    pub storage: Text,
    /// The law that applies: `VN`.
    pub jurisdiction: String,
    /// The same in words.
    pub law: Text,
    /// How it is taken back, and what follows.
    pub withdrawal: Withdrawal,
    /// Who processes for the agency what it reads, or gets it from it, as it was when it asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processors: Vec<Text>,
    /// The case (dossier code).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// Why, as the agency states it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub justification: Option<String>,
    /// What the citizen compares with the agency's screen (CIBA `binding_message`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding_message: Option<String>,
    /// How it was asked.
    pub channel: Channel,
    /// Whether two must say yes (Law 91/2025/QH15, Article 24(2)).
    #[serde(default)]
    pub joint: bool,
    /// The text that was shown when it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Shown>,
    /// Who said yes, and how that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<Actor>,
    /// The consent it takes the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<Uuid>,
    /// Scopes of the citizen's own token, where that is what is asked for; `items` is then empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
}

impl Record {
    /// The fields the person said yes to.
    #[must_use]
    pub fn granted(&self) -> Vec<&str> {
        self.items.iter().filter(|item| item.granted == Some(true)).map(|item| item.field.as_str()).collect()
    }

    /// Whether others than the agency must stop with it: that takes five days longer (Decree 356/2025/ND-CP,
    /// Article 5(2)).
    #[must_use]
    pub const fn has_processors(&self) -> bool {
        !self.processors.is_empty()
    }

    /// Whether a sensitive field is asked for.
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        self.items.iter().any(|item| item.sensitive)
    }
}

/// How to take a consent back, as it was said when it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {
    /// The page on which it is done.
    pub address: String,
    /// How, in words.
    pub how: Text,
    /// What happens without the consent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consequence: Option<Text>,
}

/// One field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Its catalogue name.
    pub field: String,
    /// Whether it is sensitive (Decree 356/2025/ND-CP, Article 4(1)).
    pub sensitive: bool,
    /// Whether the purpose cannot do without it.
    pub required: bool,
    /// The answer; `None` while there is none.
    pub granted: Option<bool>,
    /// What it was called when it was asked for; older records do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<Named>,
}

/// What a field is called, and the register it comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// What it is called.
    pub label: Text,
    /// The register that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Text>,
}

impl Named {
    /// As the catalogue has it today; `None` for a field it does not know.
    #[must_use]
    pub fn today(catalogue: &Catalogue, field: &str) -> Option<Self> {
        let field = catalogue.field(field)?;
        let source = catalogue.source(&field.source).map(|source| source.name.clone());
        Some(Self { label: field.label.clone(), source })
    }
}

/// How a person is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// In her browser, sent there by the agency (PAR and code).
    Present,
    /// In the portal, when she next looks (CIBA).
    Absent,
}

/// The text a person saw: content-addressed, so it can be shown again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// SHA-256 of the bytes, lower-case hexadecimal.
    pub hash: String,
    /// `vi` or `en`.
    pub lang: String,
    /// Whether it said in words that fields are sensitive (Decree 356/2025/ND-CP, Article 6(4)).
    pub sensitive_notice: bool,
}

/// Something that happened, by whom and how that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Who did it.
    pub by: Actor,
    /// What she had before her eyes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Shown>,
    /// The fields said yes to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub granted: Vec<String>,
    /// A reason: a stable code, or words of the one who acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Event {
    /// The authority that decided, its document and its reason, where an authority acted.
    #[must_use]
    pub fn decision(&self) -> Option<&str> {
        self.note.as_deref().filter(|_| self.by.capacity == Capacity::Authority)
    }
}

/// Who acts on a consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// In which capacity.
    pub capacity: Capacity,
    /// The subject id of the one who acts, when it is not the person herself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acting: Option<Uuid>,
    /// The representation she acts under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub representation: Option<Uuid>,
    /// The issuer of the sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Its strength, 1 to 4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assurance: Option<u8>,
    /// How and when the issuer had her prove herself.
    #[serde(default, skip_serializing_if = "Authenticated::is_unsaid")]
    pub authenticated: Authenticated,
}

/// How somebody proved who she is, in the words of the issuer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authenticated {
    /// The authentication context class (`acr`, OpenID Connect Core §2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// When it was (`auth_time`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Millis>,
}

impl Authenticated {
    /// Whether nothing is known of it.
    #[must_use]
    pub const fn is_unsaid(&self) -> bool {
        self.acr.is_none() && self.at.is_none()
    }
}

impl Actor {
    /// The service's own clockwork.
    #[must_use]
    pub const fn system() -> Self {
        Self {
            capacity: Capacity::System,
            acting: None,
            representation: None,
            issuer: None,
            assurance: None,
            authenticated: Authenticated { acr: None, at: None },
        }
    }

    /// The agency that asks.
    #[must_use]
    pub fn agency() -> Self {
        Self { capacity: Capacity::Agency, ..Self::system() }
    }

    /// A competent authority, which decides by a document of its own (Law 91/2025/QH15, Article 24(3)).
    #[must_use]
    pub fn authority() -> Self {
        Self { capacity: Capacity::Authority, ..Self::system() }
    }
}

/// As what somebody acts (Law 91/2025/QH15, Article 24).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capacity {
    /// For herself.
    Own,
    /// Father or mother.
    Parent,
    /// Guardian appointed by a court or the law.
    Guardian,
    /// Somebody with a written authority.
    Attorney,
    /// The agency.
    Agency,
    /// A competent authority.
    Authority,
    /// The service: time-outs and expiries.
    System,
}

impl Capacity {
    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Parent => "parent",
            Self::Guardian => "guardian",
            Self::Attorney => "attorney",
            Self::Agency => "agency",
            Self::Authority => "authority",
            Self::System => "system",
        }
    }
}
