//! The form of a receipt, as it is signed: each member is one field of ISO/IEC TS 27560, or says why it is there.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::Termination;
use crate::{
    domain::{
        catalogue::{Citation, Text},
        consent::{Act, Capacity, Frequency, Hours, State, Withdrawal},
    },
    time::Millis,
};

/// The claims of a receipt: a JWT (RFC 7519) and a JSON-LD document at once. It never expires.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// Who signed it: the issuer of this service.
    pub iss: String,
    /// When, in seconds.
    pub iat: i64,
    /// The receipt's id.
    pub jti: Uuid,
    /// The agency's handle of the person.
    pub sub: String,
    /// What the members mean: [`super::context`].
    #[serde(rename = "@context")]
    pub context: Value,
    /// The receipt's name: `urn:uuid:` and its id.
    #[serde(rename = "@id")]
    pub id: String,
    /// Of what it is a receipt.
    #[serde(rename = "@type")]
    pub kind: Kind,
    /// What identifies it.
    pub header: Header,
    /// Where the consent stood when the receipt was made.
    #[serde(with = "state")]
    pub state: State,
    /// What was asked, for what, how far it reaches.
    pub processing: Processing,
    /// Who takes part.
    pub parties: Vec<Party>,
    /// Everything that happened, in order.
    pub events: Vec<Step>,
    /// Where the last event stands in the public log.
    pub ledger: Ledger,
    /// How it ended; present exactly in a termination receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub termination: Option<Termination>,
    /// The same in words.
    pub summary: Text,
}

/// Of what a receipt is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Of a consent as it stands.
    ConsentReceipt,
    /// Of a consent that is over, and of what became of what was read.
    TerminationReceipt,
}

/// What identifies a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`super::SCHEMA`].
    pub schema: String,
    /// [`super::CONFORMS_TO`].
    pub conforms_to: String,
    /// The receipt's id.
    pub receipt_id: Uuid,
    /// The consent's id.
    pub record_id: Uuid,
    /// The form of the record it was made from.
    pub record_schema: String,
    /// The agency's handle of the person.
    pub subject_ref: String,
    /// When it was made.
    #[serde(with = "instant")]
    pub issued_at: Millis,
    /// The languages of its texts.
    pub languages: Vec<String>,
    /// The consent this one took the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<Uuid>,
}

/// What was asked, for what, and how far it reaches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Processing {
    /// The purpose's id.
    pub purpose: String,
    /// Its version: texts, fields, limits and articles as they were.
    pub purpose_version: String,
    /// What the purpose is called.
    pub title: Text,
    /// What it is for.
    pub reason: Text,
    /// `consent`: a receipt is of nothing else.
    pub legal_basis: String,
    /// The articles it rests on.
    pub citations: Vec<Citation>,
    /// The fields asked for, with the answers.
    pub data: Vec<Datum>,
    /// Scopes of the person's own token, where that was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// How data are processed through this service: `read`.
    pub method: String,
    /// From when to when, how often, at which hours.
    pub validity: Validity,
    /// How long the recipient keeps what it read.
    pub retention: Text,
    /// Where it is kept.
    pub storage: Text,
    /// `VN`.
    pub jurisdiction: String,
    /// The law of personal data protection that applies.
    pub law: Text,
    /// The agency that decides on the processing: an id among the parties.
    pub controller: String,
    /// Everybody who receives the data: ids among the parties. Nobody else may.
    pub recipients: Vec<String>,
    /// The software that asked, its OAuth `client_id`.
    pub client_id: String,
    /// The unit that asked, where one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The case (dossier code).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// Why, as the agency stated it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub justification: Option<String>,
    /// Whether two had to say yes (Law 91/2025/QH15, Article 24(2)).
    pub joint: bool,
    /// The exact text that was shown at the newest yes; absent only if it was never given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Notice>,
    /// How to take it back.
    pub withdrawal: Withdrawal,
}

/// One field and the answer to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Datum {
    /// Its catalogue name.
    pub field: String,
    /// What it was called when it was asked for.
    pub label: Text,
    /// Whether it is sensitive (Decree 356/2025/ND-CP, Article 4(1)).
    pub sensitive: bool,
    /// Whether the purpose cannot do without it.
    pub required: bool,
    /// The answer; absent while there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted: Option<bool>,
    /// The register it came from then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Text>,
}

/// How far a consent reaches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validity {
    /// The first instant it counts.
    #[serde(with = "instant")]
    pub valid_from: Millis,
    /// The first instant it no longer counts.
    #[serde(with = "instant")]
    pub valid_to: Millis,
    /// How often altogether.
    pub max_uses: u32,
    /// Not more than so many in a period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency: Option<Frequency>,
    /// Only at these hours, minutes after midnight in Vietnam.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
}

/// The text a person saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// `sha256:` and the digest of its bytes, lower-case hexadecimal.
    pub hash: String,
    /// `vi` or `en`.
    pub lang: String,
    /// Whether it said in words that fields are sensitive (Decree 356/2025/ND-CP, Article 6(4)).
    pub sensitive_notice: bool,
}

/// Somebody who takes part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// An id that other members refer to.
    pub id: String,
    /// As what it takes part.
    pub role: Role,
    /// Its name; the person has none here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// Whom to ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
    /// As what a representative answered; nobody else has one here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Capacity>,
}

/// As what somebody takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The person the data are about.
    DataSubject,
    /// The agency that decides on the processing and receives the data.
    DataController,
    /// Who answered for the person (Law 91/2025/QH15, Article 24): named by the representation's id, never by a number.
    Representative,
    /// Who processes for the controller what it reads, or gets it from it.
    DataProcessor,
    /// Whoever keeps the record and signs: this service.
    RecordKeeper,
    /// The authority that receives complaints.
    Authority,
}

/// Whom to ask (Law 91/2025/QH15, Article 33(2)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// The unit or person.
    pub name: String,
    /// A telephone number.
    pub phone: String,
    /// An e-mail address.
    pub email: String,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// When.
    #[serde(with = "instant")]
    pub at: Millis,
    /// What.
    #[serde(with = "act")]
    pub act: Act,
    /// Where it led.
    #[serde(with = "state")]
    pub state: State,
    /// The ledger entry that records it.
    pub entry: Uuid,
    /// As what the one who acted did so. Representatives have no name here: they are other people.
    pub capacity: Capacity,
    /// The issuer of her sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Its strength, 1 to 4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assurance: Option<u8>,
    /// How she proved herself, in the issuer's words (`acr`, OpenID Connect Core §2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// When that was (`auth_time`).
    #[serde(default, skip_serializing_if = "Option::is_none", with = "moment")]
    pub auth_time: Option<Millis>,
    /// The authority that decided, its document and its reason, where an authority acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
    /// The fields said yes to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub granted: Vec<String>,
    /// What she had before her eyes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Notice>,
    /// A stable code. Words somebody wrote stay in the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// Where the last event stands in the public log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// The entry's id.
    pub entry: Uuid,
    /// Its place, from 0.
    pub index: u64,
    /// Its leaf hash (RFC 6962 §2.1), lower-case hexadecimal.
    pub leaf_hash: String,
    /// The log's name, the first line of its checkpoints.
    pub origin: String,
}

/// Instants as RFC 3339.
pub(super) mod instant {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::time::Millis;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's form")]
    pub(in crate::domain::receipt) fn serialize<S: Serializer>(
        at: &Millis,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(&at.rfc3339())
    }

    pub(in crate::domain::receipt) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Millis, D::Error> {
        let text = String::deserialize(from)?;
        Millis::parse_rfc3339(&text).ok_or_else(|| D::Error::custom("not a date and time"))
    }
}

/// Instants that may be missing.
pub(super) mod moment {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::time::Millis;

    #[expect(clippy::ref_option, reason = "serde's form")]
    pub(in crate::domain::receipt) fn serialize<S: Serializer>(
        at: &Option<Millis>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => to.serialize_str(&at.rfc3339()),
            None => to.serialize_none(),
        }
    }

    pub(in crate::domain::receipt) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Millis>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        let read = |text: String| {
            Millis::parse_rfc3339(&text).ok_or_else(|| D::Error::custom("not a date and time"))
        };
        text.map(read).transpose()
    }
}

macro_rules! word {
    ($module:ident, $type:ty) => {
        mod $module {
            use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

            pub(super) fn serialize<S: Serializer>(it: &$type, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(it.as_str())
            }

            pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<$type, D::Error> {
                let word = String::deserialize(from)?;
                <$type>::parse(&word).ok_or_else(|| D::Error::custom("an unknown word"))
            }
        }
    };
}
word!(state, crate::domain::consent::State);
word!(act, crate::domain::consent::Act);
