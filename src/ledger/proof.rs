//! What a person takes away to check an entry without us: record, opening, leaf, path and signed checkpoint.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::{
    entry::{self, Fault, Leaf, commitment_with},
    publisher::{CHECKPOINT, Log, PublishError},
    tiles::{self, TreeError},
};
use crate::{
    crypto::Digest,
    domain::{record::Record, subject::Subject},
    merkle::{
        hash::leaf_hash,
        note::{Note, Verifier},
        tlog_proof::TlogProof,
    },
    store::entries::Entry,
};

/// A proof of one entry. The record is readable, so the file is as private as the entry itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryProof {
    /// What this is: `minhbach-entry-proof/1`.
    pub format: String,
    /// The log's verifier key (c2sp.org/signed-note): check it against one you got elsewhere.
    pub log: String,
    /// The entry's index in the log.
    pub index: u64,
    /// The leaf's bytes, as text.
    pub leaf: String,
    /// The record's bytes, as text.
    pub record: String,
    /// The secret that opens this entry's commitment, base64url.
    pub opening: String,
    /// The inclusion proof and the signed checkpoint, as c2sp.org/tlog-proof text.
    pub tlog_proof: String,
}

/// Why there is no proof, or why it does not hold.
#[derive(Debug, thiserror::Error)]
pub enum EntryProofError {
    /// The entry is committed; the next checkpoint will cover it.
    #[error("the entry is not yet under a published checkpoint")]
    NotYetPublished,
    /// The published files cannot be read or trusted.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The tree cannot be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// The entry itself is damaged.
    #[error(transparent)]
    Entry(#[from] Fault),
    /// The file is not of this form.
    #[error("the file is not an entry proof")]
    Malformed,
    /// The path or the checkpoint's signature does not verify.
    #[error("the proof does not lead to the signed checkpoint")]
    Wrong,
}

/// Makes the proof of an entry under the newest published checkpoint.
///
/// # Errors
/// [`EntryProofError`].
pub async fn prove(log: &Log, entry: &Entry, subject: &Subject) -> Result<EntryProof, EntryProofError> {
    let (_, record) = entry::open(entry, subject)?;
    let bytes = log.objects.get(CHECKPOINT).await.map_err(PublishError::from)?;
    let bytes = bytes.ok_or(EntryProofError::NotYetPublished)?;
    let checkpoint = log.open("published checkpoint", &bytes)?;
    let index = entry.idx.unsigned_abs();
    if index >= checkpoint.size() {
        return Err(EntryProofError::NotYetPublished);
    }
    let hashes = tiles::inclusion(&log.objects, index, checkpoint.size()).await?;
    let checkpoint = Note::parse(&bytes).map_err(|_| EntryProofError::Wrong)?;
    let path = TlogProof { extra: None, index, hashes, checkpoint };
    // A proof that does not hold is never handed out: better to say that something is wrong here.
    path.verify(&leaf_hash(&entry.leaf), log.verifier().name(), &[log.verifier()])
        .map_err(|_| EntryProofError::Wrong)?;
    Ok(EntryProof {
        format: "minhbach-entry-proof/1".to_owned(),
        log: log.verifier().to_string(),
        index,
        leaf: String::from_utf8_lossy(&entry.leaf).into_owned(),
        record: String::from_utf8_lossy(&record).into_owned(),
        opening: URL_SAFE_NO_PAD.encode(subject.opening(entry.id)),
        tlog_proof: path.to_string(),
    })
}

impl EntryProof {
    /// Checks everything that can be checked without the service; gives the record it proves. `trusted` is the log's
    /// verifier key from elsewhere; without one the file's own is used, which only shows that the file is consistent.
    ///
    /// # Errors
    /// [`EntryProofError`] when anything does not hold.
    pub fn verify(&self, trusted: Option<&Verifier>) -> Result<Record, EntryProofError> {
        let own = Verifier::parse(&self.log).map_err(|_| EntryProofError::Malformed)?;
        let key = trusted.unwrap_or(&own);
        let path = TlogProof::parse(self.tlog_proof.as_bytes()).map_err(|_| EntryProofError::Malformed)?;
        if self.format != "minhbach-entry-proof/1" || path.index != self.index {
            return Err(EntryProofError::Malformed);
        }
        path.verify(&leaf_hash(self.leaf.as_bytes()), key.name(), &[key])
            .map_err(|_| EntryProofError::Wrong)?;
        let leaf: Leaf = serde_json::from_str(&self.leaf).map_err(|_| EntryProofError::Malformed)?;
        let opening: Digest = URL_SAFE_NO_PAD
            .decode(&self.opening)
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(EntryProofError::Malformed)?;
        let commitment = commitment_with(&opening, self.record.as_bytes());
        if URL_SAFE_NO_PAD.encode(commitment) != leaf.c {
            return Err(Fault::Commitment.into());
        }
        serde_json::from_str(&self.record).map_err(|_| EntryProofError::Malformed)
    }
}
