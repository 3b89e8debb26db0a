//! An emergency access: what two officials asked for, kept until it has been reported (Law 91/2025/QH15, Article 19(1)).
//!
//! Out of scope: who may (`policy`), the token (`oauth`), the report (`people`).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What an emergency access was for; sealed under the key of the person whose data it opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Emergency {
    /// Code of the official who asked.
    pub official: String,
    /// Code of the official who approved.
    pub approver: String,
    /// The purpose.
    pub purpose: String,
    /// Its version.
    pub purpose_version: String,
    /// The fields asked for.
    pub fields: Vec<String>,
    /// Why, as the agency stated it.
    pub justification: String,
    /// The case (dossier code).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
}

impl Emergency {
    /// The additional data it is sealed under.
    #[must_use]
    pub fn context(token: Uuid) -> Vec<u8> {
        [b"emergency".as_slice(), token.as_bytes()].concat()
    }

    /// Its bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings and lists of strings only: there is nothing JSON could refuse.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// From its bytes; `None` when they are of another form.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}
