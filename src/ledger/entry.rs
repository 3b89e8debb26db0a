//! An entry's two byte strings: the leaf that anyone may hash, and the record that only its subject's key opens.
//!
//! ```text
//! leaf    {"c":"<commitment>","k":"<kind>","s":"<tag>","t":"<milliseconds>","v":"1"}
//! opening HMAC(subject's opening key, entry id)          c = HMAC(opening, record)
//! sealed  AES-256-GCM(subject's record key, record), entry id as additional data
//! ```
//! A plain hash of the record would be guessable; one opening shows one entry and no other (ledger.md §3).

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    crypto::{self, Digest, Random},
    domain::{
        record::{Facts, Kind, Record, hex},
        subject::Subject,
    },
    store::append::{Draft, Seal, Sealed},
    time::Millis,
};

/// An event on its way into the log.
pub struct Event {
    /// The entry's id.
    pub id: Uuid,
    /// When it happened.
    pub at: Millis,
    /// What happened.
    pub kind: Kind,
    /// Whose history it belongs to.
    pub subject: Subject,
    /// The facts.
    pub facts: Facts,
}

impl Event {
    /// The entry to be appended.
    #[must_use]
    pub fn draft(self, random: Arc<dyn Random>) -> Draft {
        Draft {
            id: self.id,
            subject: self.subject.id(),
            at: self.at,
            kind: self.kind.as_str(),
            agency: self.facts.agency.as_deref().map(Arc::from),
            seal: Box::new(Sealing { event: self, random }),
        }
    }
}

struct Sealing {
    event: Event,
    random: Arc<dyn Random>,
}

impl Seal for Sealing {
    fn seal(&self, n: i64, previous: &Digest) -> Sealed {
        let Event { id, at, kind, subject, facts } = &self.event;
        let record = Record::placed(*id, *at, *kind, n, previous, facts);
        let leaf = leaf(&commitment(subject, *id, &record), *kind, &subject.tag(*at), *at);
        let record = crypto::seal(subject.record_key(), self.random.as_ref(), id.as_bytes(), &record);
        Sealed { leaf, record }
    }
}

/// The commitment to a record.
#[must_use]
pub fn commitment(subject: &Subject, id: Uuid, record: &[u8]) -> Digest {
    commitment_with(&subject.opening(id), record)
}

/// The commitment to a record, from its opening alone.
#[must_use]
pub fn commitment_with(opening: &Digest, record: &[u8]) -> Digest {
    crypto::hmac(opening, &[record])
}

fn leaf(commitment: &Digest, kind: Kind, tag: &[u8; 16], at: Millis) -> Vec<u8> {
    format!(
        "{{\"c\":\"{}\",\"k\":\"{}\",\"s\":\"{}\",\"t\":\"{}\",\"v\":\"1\"}}",
        URL_SAFE_NO_PAD.encode(commitment),
        kind.as_str(),
        URL_SAFE_NO_PAD.encode(tag),
        at.0
    )
    .into_bytes()
}

/// A leaf as it is read back.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaf {
    /// The commitment, base64url.
    pub c: String,
    /// The kind.
    pub k: String,
    /// The monthly tag, base64url.
    pub s: String,
    /// Milliseconds.
    pub t: String,
    /// Version of the form.
    pub v: String,
}

/// What is wrong with an entry's bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The leaf is not of this service's form.
    #[error("the leaf cannot be read")]
    Leaf,
    /// The record does not open under its subject's key.
    #[error("the record cannot be opened")]
    Sealed,
    /// The opened record is not of this service's form.
    #[error("the record cannot be read")]
    Record,
    /// Record and leaf disagree.
    #[error("the record is not the one the leaf commits to")]
    Commitment,
    /// The record names another id, time, kind or place than its row.
    #[error("the record's `{0}` differs from its row")]
    Row(&'static str),
}

/// Opens a stored entry and checks it against its leaf and its row.
///
/// # Errors
/// [`Fault`] says what disagrees first.
pub fn open(entry: &crate::store::entries::Entry, subject: &Subject) -> Result<(Record, Vec<u8>), Fault> {
    let leaf: Leaf = serde_json::from_slice(&entry.leaf).map_err(|_| Fault::Leaf)?;
    let bytes =
        crypto::open(subject.record_key(), entry.id.as_bytes(), &entry.sealed).ok_or(Fault::Sealed)?;
    let record: Record = serde_json::from_slice(&bytes).map_err(|_| Fault::Record)?;
    let expected = URL_SAFE_NO_PAD.encode(commitment(subject, entry.id, &bytes));
    if !crypto::equal(expected.as_bytes(), leaf.c.as_bytes()) {
        return Err(Fault::Commitment);
    }
    let at = entry.at.to_string();
    let agreements = [
        ("id", record.id == entry.id),
        ("subject", subject.id() == entry.subject),
        ("at", record.at == at && leaf.t == at),
        ("kind", record.kind == entry.kind && leaf.k == entry.kind),
        ("n", record.n == entry.n.to_string()),
        ("agency", record.facts.agency == entry.agency),
        ("tag", leaf.s == URL_SAFE_NO_PAD.encode(subject.tag(Millis(entry.at)))),
    ];
    match agreements.into_iter().find(|(_, agrees)| !agrees) {
        Some((name, _)) => Err(Fault::Row(name)),
        None => Ok((record, bytes)),
    }
}

/// Whether a record follows the leaf with this hash in its subject's chain.
#[must_use]
pub fn follows(record: &Record, previous: &Digest) -> bool {
    record.prev == hex(previous)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{crypto::SeededRandom, store::entries::Entry};

    fn stored() -> (Entry, Subject) {
        let subject = Subject::new(Uuid::from_u128(1), &[9; 32]);
        let facts = Facts { agency: Some("tinh-a".into()), case: Some("H08.1".into()), ..Facts::default() };
        let event = Event {
            id: Uuid::from_u128(2),
            at: Millis(1_795_000_000_000),
            kind: Kind::DataReleased,
            subject: subject.clone(),
            facts,
        };
        let draft = event.draft(Arc::new(SeededRandom::new(1)));
        let sealed = draft.seal.seal(4, &[3; 32]);
        let entry = Entry {
            idx: 0,
            id: draft.id,
            subject: draft.subject,
            n: 4,
            at: draft.at.0,
            kind: draft.kind.into(),
            agency: draft.agency.map(|a| a.to_string()),
            leaf: sealed.leaf,
            sealed: sealed.record,
        };
        (entry, subject)
    }

    #[test]
    fn an_entry_opens_and_agrees_with_its_row() {
        let (entry, subject) = stored();
        let (record, _) = open(&entry, &subject).unwrap();
        assert_eq!(record.facts.case.as_deref(), Some("H08.1"));
        assert!(follows(&record, &[3; 32]));
    }

    #[test]
    fn the_leaf_shows_neither_agency_nor_case() {
        let (entry, _) = stored();
        let leaf = String::from_utf8(entry.leaf).unwrap();
        assert!(!leaf.contains("tinh-a") && !leaf.contains("H08"), "{leaf}");
    }

    #[test]
    fn any_change_of_a_row_is_found() {
        let change = |f: fn(&mut Entry)| {
            let (mut entry, subject) = stored();
            f(&mut entry);
            open(&entry, &subject).unwrap_err()
        };
        assert_eq!(change(|e| e.n = 5), Fault::Row("n"));
        assert_eq!(change(|e| e.at += 1), Fault::Row("at"));
        assert_eq!(change(|e| e.kind = "token.issued".into()), Fault::Row("kind"));
        assert_eq!(change(|e| e.agency = None), Fault::Row("agency"));
        assert_eq!(change(|e| e.id = Uuid::from_u128(9)), Fault::Sealed);
        assert_eq!(change(|e| e.sealed[20] ^= 1), Fault::Sealed);
        assert_eq!(change(|e| e.leaf[8] ^= 1), Fault::Commitment);
        assert_eq!(change(|e| e.leaf.truncate(10)), Fault::Leaf);
    }
}
