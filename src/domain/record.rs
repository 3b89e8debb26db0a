//! The record of one event: every fact a person may want to know later, and never a value of a field.
//!
//! A record is JSON whose values are strings or lists of strings, members in alphabetical order; verifiers hash the
//! stored bytes and never write it anew. It is kept sealed; only a commitment to it is in the log.

mod kind;

pub use kind::Kind;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{crypto::Digest, time::Millis};

/// The facts of an event before it has its place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Facts {
    /// Who acted for the person: the subject id of the representative.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acting: Option<String>,
    /// The agency that acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency: Option<String>,
    /// The code of the second official, who approved an emergency access.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approver: Option<String>,
    /// The assurance of the sign-in behind it, 1 to 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assurance: Option<String>,
    /// The legal basis.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// The policy bundle that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bundle: Option<String>,
    /// As what the person acted: `own`, `parent`, `guardian`, `attorney`, `agency`, `authority`, `system`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<String>,
    /// The case (dossier code).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// The client's `client_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The consent's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<String>,
    /// `allow` or `deny`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
    /// When the token ends, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// Catalogue names of the fields asked for or released.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// The grant's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
    /// Why, as the agency states it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub justification: Option<String>,
    /// Fields that were granted and not delivered, each `name reason`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// A reason stated by somebody who looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The official's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub official: Option<String>,
    /// `asserted` by the agency or `proved` by a sign-in there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub official_how: Option<String>,
    /// The person's own rules that the named law overrode.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<String>,
    /// The purpose's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The purpose's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose_version: Option<String>,
    /// The stable reason of a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `true` when the same use was answered again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat: Option<String>,
    /// The rules that decided.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// SHA-256 of the text the person saw, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shown: Option<String>,
    /// What it was done to: a client, an official, an entry that was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The token's `jti`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The official's unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// A record as it is sealed: the facts and their place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The entry's id.
    pub id: Uuid,
    /// When it happened, milliseconds, as a string.
    pub at: String,
    /// The kind's word.
    pub kind: String,
    /// The number in the subject's chain, from 1, as a string.
    pub n: String,
    /// Hash of the subject's previous leaf, lower-case hexadecimal; zeros for the first.
    pub prev: String,
    /// Version of this form.
    pub v: String,
    /// The facts.
    pub facts: Facts,
}

impl Record {
    /// A record in its place.
    #[must_use]
    pub fn placed(id: Uuid, at: Millis, kind: Kind, n: i64, previous: &Digest, facts: &Facts) -> Vec<u8> {
        #[derive(Serialize)]
        struct Line<'a> {
            at: &'a str,
            facts: &'a Facts,
            id: Uuid,
            kind: &'a str,
            n: &'a str,
            prev: &'a str,
            v: &'a str,
        }
        let line = Line {
            at: &at.0.to_string(),
            facts,
            id,
            kind: kind.as_str(),
            n: &n.to_string(),
            prev: &hex(previous),
            v: "1",
        };
        // Strings and lists of strings only: there is nothing JSON could refuse.
        serde_json::to_vec(&line).unwrap_or_default()
    }
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The bytes of lower-case hexadecimal; `None` for anything else.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_reads_back_and_nothing_else_is_it() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(unhex(&hex(&bytes)), Some(bytes));
        assert!(["0", "AB", "0g", "ạ"].into_iter().all(|text| unhex(text).is_none()));
    }

    #[test]
    fn a_record_reads_back_as_it_was_written() {
        let facts = Facts {
            agency: Some("tinh-a".to_owned()),
            fields: vec!["person.full_name".to_owned()],
            ..Facts::default()
        };
        let id = Uuid::from_u128(5);
        let bytes = Record::placed(id, Millis(7), Kind::TokenIssued, 3, &[1; 32], &facts);
        let record: Record = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(record.facts, facts);
        assert_eq!((record.n.as_str(), record.kind.as_str(), record.id), ("3", "token.issued", id));
    }
}
