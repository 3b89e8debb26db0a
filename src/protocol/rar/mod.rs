//! The authorization detail (RFC 9396) exactly as DESIGN.md §5 gives it: one object, one purpose, one person.
//!
//! In scope: its form. Out of scope: whether purpose and fields exist, are granted together, and to whom. An unknown
//! field is named by the caller, by position: the name may carry personal data.

mod limits;
mod text;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::{ErrorCode, OAuthError};
use crate::{
    json::{self, JsonError, shown},
    secret::Secret,
};

pub use limits::{AskedLimits, Frequency, Hours, Per};
pub use text::{TextFault, fault as text_fault};

/// The one `type`.
pub const TYPE: &str = "urn:minhbach:personal-data";

/// The longest JSON text that is read, in bytes.
pub const MAX_DETAIL: usize = 16 * 1024;

/// The most fields one request can name.
pub const MAX_DATATYPES: usize = 100;

const MEMBERS: [&str; 10] = [
    "type",
    "purpose",
    "subject",
    "actions",
    "datatypes",
    "basis",
    "case",
    "official",
    "justification",
    "limits",
];

/// A national id: 12 digits. Never shown, wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct NationalId(Secret<String>);

impl NationalId {
    /// Takes a text of exactly 12 ASCII digits.
    #[must_use]
    pub fn parse(text: String) -> Option<Self> {
        // Wrapped first, so that a text that is refused is wiped too.
        let text = Secret::new(text);
        let fits = text.expose().len() == 12 && text.expose().bytes().all(|byte| byte.is_ascii_digit());
        fits.then_some(Self(text))
    }

    /// The 12 digits; the call is the place to look at in review.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for NationalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[national id]")
    }
}

/// Who the request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// By national id.
    NationalId(NationalId),
    /// By the agency's own pseudonym: 16 to 64 characters of base64url.
    Handle(String),
}

/// The legal basis an agency relies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// A law or decree demands it.
    Statutory,
    /// The citizen agreed.
    Consent,
    /// Life or health is at stake.
    Emergency,
    /// A contract with the citizen.
    Contract,
}

impl Basis {
    /// The value as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Statutory => "statutory",
            Self::Consent => "consent",
            Self::Emergency => "emergency",
            Self::Contract => "contract",
        }
    }

    /// The basis a value names.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Statutory, Self::Consent, Self::Emergency, Self::Contract]
            .into_iter()
            .find(|b| b.as_str() == text)
    }
}

/// The official an agency says is asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssertedOfficial {
    /// The agency's own id of the official; 1 to 128 characters.
    pub id: String,
    /// The unit the official works in; 1 to 128 characters.
    pub unit: Option<String>,
}

/// One request for the data of one person for one purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationDetail {
    /// The id of the purpose; 1 to 128 characters.
    pub purpose: String,
    /// The person.
    pub subject: Subject,
    /// The fields, each once, in the order given; at least one.
    pub datatypes: Vec<String>,
    /// The legal basis, where one was named.
    pub basis: Option<Basis>,
    /// The dossier; 1 to 64 characters.
    pub case: Option<String>,
    /// The official, where one was asserted.
    pub official: Option<AssertedOfficial>,
    /// Words of the agency that the citizen will read; 3 to 300 characters.
    pub justification: Option<String>,
    /// How far the consent that is asked for is to reach. Taken only where the basis is consent; where `basis` is
    /// not named, whoever finds out the basis must refuse it as [`RarError::LimitsNotTaken`].
    pub limits: Option<AskedLimits>,
}

/// What was granted: the object of the token, its introspection and the token answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantedDetail {
    /// [`TYPE`].
    #[serde(rename = "type")]
    pub kind: String,
    /// The name of this grant.
    pub id: String,
    /// The purpose.
    pub purpose: String,
    /// The person, by the agency's handle only.
    pub subject: GrantedSubject,
    /// `["read"]`.
    pub actions: Vec<String>,
    /// The fields.
    pub datatypes: Vec<String>,
    /// The legal basis.
    pub basis: Basis,
    /// When it ends, in seconds.
    pub expires_at: i64,
    /// How often it can still be used.
    pub uses_left: u32,
    /// The consent it rests on, a UUID; only where the basis is consent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<String>,
    /// How far that consent reaches, as it was given; every bound is then written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<AskedLimits>,
}

/// The person of a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantedSubject {
    /// The agency's pseudonym of the citizen.
    pub handle: String,
}

/// Why a detail was refused. Positions count from 0. No variant holds a value of the request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RarError {
    /// Not strict JSON.
    #[error("`authorization_details`: {0}")]
    Json(#[from] JsonError),
    /// Not an array of exactly one object.
    #[error("`authorization_details` must be an array of exactly one object")]
    NotOne,
    /// A member nobody here knows, with the object it is in; its name in backticks or "a member".
    #[error("{member} of {within} is not known")]
    UnknownMember {
        /// The object.
        within: &'static str,
        /// The member.
        member: String,
    },
    /// A member that must be there.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A member of another JSON type.
    #[error("`{0}` has the wrong JSON type")]
    WrongType(&'static str),
    /// A member that is empty, too long or has characters it must not have.
    #[error("`{0}` is malformed")]
    Malformed(&'static str),
    /// Another `type`.
    #[error("`type` must be `{TYPE}`")]
    UnknownType,
    /// Actions other than reading.
    #[error("`actions` must be [`read`]")]
    Actions,
    /// Both keys of a subject, or none.
    #[error("`subject` must have exactly one of `national_id` and `handle`")]
    SubjectKeys,
    /// Not 12 digits.
    #[error("`subject.national_id` must be 12 digits")]
    NationalId,
    /// Not a handle.
    #[error("`subject.handle` is not a handle")]
    Handle,
    /// No field.
    #[error("`datatypes` is empty")]
    NoDatatypes,
    /// Too many fields.
    #[error("`datatypes` has more than {MAX_DATATYPES} items")]
    TooManyDatatypes,
    /// A field that is not a text of 1 to 128 characters.
    #[error("`datatypes[{0}]` is malformed")]
    Datatype(usize),
    /// A field twice.
    #[error("`datatypes[{0}]` repeats an earlier item")]
    RepeatedDatatype(usize),
    /// Not one of the four.
    #[error("`basis` must be `statutory`, `consent`, `emergency` or `contract`")]
    Basis,
    /// Limits for something that is not consent.
    #[error("`limits` is taken only with `basis` `consent`")]
    LimitsNotTaken,
    /// A limit that is zero, absurd or turned around.
    #[error("`{0}` is not a limit that makes sense")]
    Limit(&'static str),
    /// A text for people that could do harm.
    #[error("`{member}` {fault}")]
    Text {
        /// The member.
        member: &'static str,
        /// What is wrong with it.
        fault: TextFault,
    },
}

impl RarError {
    /// The stable code.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Json(JsonError::Duplicate(_)) => "duplicate_member",
            Self::Json(JsonError::TooLarge(_)) => "authorization_details_too_large",
            Self::Json(JsonError::TooDeep | JsonError::Syntax { .. } | JsonError::Shape) => "malformed_json",
            Self::NotOne => "not_one_detail",
            Self::UnknownMember { .. } => "unknown_member",
            Self::Missing(_) => "missing_member",
            Self::WrongType(_) => "wrong_member_type",
            Self::Malformed(_) => "malformed_member",
            Self::UnknownType => "unknown_type",
            Self::Actions => "unsupported_action",
            Self::SubjectKeys => "subject_not_one_key",
            Self::NationalId => "malformed_national_id",
            Self::Handle => "malformed_handle",
            Self::NoDatatypes => "datatypes_empty",
            Self::TooManyDatatypes => "datatypes_too_many",
            Self::Datatype(_) => "datatype_malformed",
            Self::RepeatedDatatype(_) => "datatype_repeated",
            Self::Basis => "unknown_basis",
            Self::LimitsNotTaken => "limits_not_taken",
            Self::Limit(_) => "malformed_limit",
            Self::Text { fault, .. } => fault.reason(),
        }
    }
}

impl From<RarError> for OAuthError {
    fn from(error: RarError) -> Self {
        Self::new(ErrorCode::InvalidAuthorizationDetails, error.reason(), &error.to_string())
    }
}

impl AuthorizationDetail {
    /// Reads the value of the parameter: a JSON array of one object.
    ///
    /// # Errors
    /// See [`RarError`].
    pub fn parse_list(list: &str) -> Result<Self, RarError> {
        Self::parse_list_about(list, None)
    }

    /// The same where the request has named a person already: `subject` may be left out, and then it is that one.
    ///
    /// # Errors
    /// See [`RarError`].
    pub fn parse_list_about(list: &str, named: Option<Subject>) -> Result<Self, RarError> {
        match json::parse(list.as_bytes(), MAX_DETAIL)? {
            Value::Array(mut items) if items.len() == 1 => match items.pop() {
                Some(Value::Object(members)) => Self::from_members(members, named),
                _ => Err(RarError::NotOne),
            },
            _ => Err(RarError::NotOne),
        }
    }

    fn from_members(mut members: Map<String, Value>, named: Option<Subject>) -> Result<Self, RarError> {
        only(&members, &MEMBERS, "the detail")?;
        if string(&mut members, "type")?.ok_or(RarError::Missing("type"))? != TYPE {
            return Err(RarError::UnknownType);
        }
        let purpose = string(&mut members, "purpose")?.ok_or(RarError::Missing("purpose"))?;
        let purpose = name(purpose).ok_or(RarError::Malformed("purpose"))?;
        let subject = match (members.remove("subject"), named) {
            (Some(said), _) => subject(said)?,
            (None, Some(named)) => named,
            (None, None) => return Err(RarError::Missing("subject")),
        };
        match members.remove("actions").ok_or(RarError::Missing("actions"))? {
            Value::Array(actions) if actions.len() == 1 && actions.iter().all(|action| action == "read") => {}
            Value::Array(_) => return Err(RarError::Actions),
            _ => return Err(RarError::WrongType("actions")),
        }
        let datatypes = datatypes(members.remove("datatypes").ok_or(RarError::Missing("datatypes"))?)?;
        let basis = string(&mut members, "basis")?.map(|basis| Basis::parse(&basis).ok_or(RarError::Basis));
        let case = string(&mut members, "case")?.map(|case| text::checked("case", case, 1..=64));
        let official = members.remove("official").map(official);
        let justification = string(&mut members, "justification")?
            .map(|words| text::checked("justification", words, 3..=300));
        let basis = basis.transpose()?;
        let limits = members.remove("limits").map(AskedLimits::read).transpose()?;
        if limits.is_some() && basis.is_some_and(|basis| basis != Basis::Consent) {
            return Err(RarError::LimitsNotTaken);
        }
        Ok(Self {
            purpose,
            subject,
            datatypes,
            basis,
            case: case.transpose()?,
            official: official.transpose()?,
            justification: justification.transpose()?,
            limits,
        })
    }
}

fn only(members: &Map<String, Value>, known: &[&str], within: &'static str) -> Result<(), RarError> {
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(RarError::UnknownMember { within, member: shown(name, "a member") }),
        None => Ok(()),
    }
}

fn string(members: &mut Map<String, Value>, name: &'static str) -> Result<Option<String>, RarError> {
    match members.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(RarError::WrongType(name)),
    }
}

/// A text of 1 to 128 characters that can be shown: ids and names that are looked up, never free text.
fn name(text: String) -> Option<String> {
    let fits =
        !text.is_empty() && text.chars().count() <= 128 && text::is_showable(&text) && text.trim() == text;
    fits.then_some(text)
}

fn subject(value: Value) -> Result<Subject, RarError> {
    let Value::Object(mut members) = value else { return Err(RarError::WrongType("subject")) };
    only(&members, &["national_id", "handle"], "`subject`")?;
    match (members.remove("national_id"), members.remove("handle")) {
        (Some(Value::String(id)), None) => {
            NationalId::parse(id).map(Subject::NationalId).ok_or(RarError::NationalId)
        }
        (None, Some(Value::String(handle))) => {
            if is_handle(&handle) {
                Ok(Subject::Handle(handle))
            } else {
                Err(RarError::Handle)
            }
        }
        (Some(_), None) => Err(RarError::WrongType("subject.national_id")),
        (None, Some(_)) => Err(RarError::WrongType("subject.handle")),
        (Some(_), Some(_)) | (None, None) => Err(RarError::SubjectKeys),
    }
}

/// Whether a text has the form of a handle: 16 to 64 characters of base64url.
pub(in crate::protocol) fn is_handle(text: &str) -> bool {
    (16..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn datatypes(value: Value) -> Result<Vec<String>, RarError> {
    let Value::Array(items) = value else { return Err(RarError::WrongType("datatypes")) };
    if items.is_empty() {
        return Err(RarError::NoDatatypes);
    }
    if items.len() > MAX_DATATYPES {
        return Err(RarError::TooManyDatatypes);
    }
    let mut fields: Vec<String> = Vec::with_capacity(items.len());
    for (at, item) in items.into_iter().enumerate() {
        let Value::String(field) = item else { return Err(RarError::Datatype(at)) };
        let field = name(field).ok_or(RarError::Datatype(at))?;
        if fields.contains(&field) {
            return Err(RarError::RepeatedDatatype(at));
        }
        fields.push(field);
    }
    Ok(fields)
}

fn official(value: Value) -> Result<AssertedOfficial, RarError> {
    let Value::Object(mut members) = value else { return Err(RarError::WrongType("official")) };
    only(&members, &["id", "unit"], "`official`")?;
    let (id, unit) = (members.remove("id"), members.remove("unit"));
    let id = match id.ok_or(RarError::Missing("official.id"))? {
        Value::String(id) => name(id).ok_or(RarError::Malformed("official.id"))?,
        _ => return Err(RarError::WrongType("official.id")),
    };
    let unit = match unit {
        None => None,
        Some(Value::String(unit)) => Some(name(unit).ok_or(RarError::Malformed("official.unit"))?),
        Some(_) => return Err(RarError::WrongType("official.unit")),
    };
    Ok(AssertedOfficial { id, unit })
}

#[cfg(test)]
mod tests;
