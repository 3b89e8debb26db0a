//! Offline proofs (c2sp.org/tlog-proof): inclusion proof and signed checkpoint in one text that a stranger can check.
//!
//! Files are named `*.tlog-proof`. Out of scope: the leaf, which the verifier must have (or rebuild, perhaps from the
//! extra data, which nobody vouches for), and how many witnesses are enough.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    checkpoint::{Checkpoint, CheckpointError, decimal},
    hash::{from_base64, to_base64},
    note::{MAX_NOTE, Note, NoteError, Verifier},
    proof::{ProofError, verify_inclusion},
};
use crate::crypto::Digest;

/// The first line of every proof.
const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// Bytes of the largest proof read here: extra data, proof and checkpoint.
pub const MAX_PROOF: usize = 2 * MAX_NOTE;

/// Hashes of the longest inclusion proof: one for each level of a tree counted in 64 bits.
const MAX_HASHES: usize = 64;

/// Why a proof is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofError {
    /// The text is not a proof of this format and version.
    #[error("the proof is malformed")]
    Malformed,
    /// More than [`MAX_PROOF`] bytes or 64 hashes.
    #[error("the proof is too large")]
    TooLarge,
    /// The checkpoint is malformed, of another log or not signed by a known key.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The leaf is not at that index under the checkpoint.
    #[error(transparent)]
    Inclusion(#[from] ProofError),
}

/// A proof that a leaf is in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    /// Data for the application, authenticated by nothing.
    pub extra: Option<Vec<u8>>,
    /// Index of the leaf, from 0.
    pub index: u64,
    /// The inclusion proof, from the leaf's sibling upwards (RFC 6962 §2.1.1).
    pub hashes: Vec<Digest>,
    /// The signed checkpoint, witnesses' lines included.
    pub checkpoint: Note,
}

impl TlogProof {
    /// Reads a proof. That it was read says nothing yet: see [`TlogProof::verify`].
    ///
    /// # Errors
    /// [`TlogProofError::TooLarge`], [`TlogProofError::Malformed`], or [`TlogProofError::Checkpoint`] when the note in it
    /// is malformed or no checkpoint.
    pub fn parse(bytes: &[u8]) -> Result<Self, TlogProofError> {
        if bytes.len() > MAX_PROOF {
            return Err(TlogProofError::TooLarge);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| TlogProofError::Malformed)?;
        // No line before the checkpoint is empty, so the first empty line ends the proof.
        let (head, note) = text.split_once("\n\n").ok_or(TlogProofError::Malformed)?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return Err(TlogProofError::Malformed);
        }
        let extra = match lines.next_if(|line| line.starts_with("extra ")) {
            Some(line) => Some(parse_extra(line).ok_or(TlogProofError::Malformed)?),
            None => None,
        };
        let index = lines.next().and_then(|line| decimal(line.strip_prefix("index ")?));
        let index = index.ok_or(TlogProofError::Malformed)?;
        let mut hashes = Vec::new();
        for line in lines {
            if hashes.len() >= MAX_HASHES {
                return Err(TlogProofError::TooLarge);
            }
            hashes.push(from_base64(line).ok_or(TlogProofError::Malformed)?);
        }
        let checkpoint = Note::parse(note.as_bytes())?;
        Checkpoint::parse(checkpoint.text())?;
        Ok(Self { extra, index, hashes, checkpoint })
    }

    /// Checks that the leaf with this hash is in the log `origin`, under a checkpoint signed by one of its keys, and gives
    /// back that checkpoint. Witnesses are the caller's policy: `proof.checkpoint.verify(witnesses)`.
    ///
    /// # Errors
    /// [`TlogProofError::Checkpoint`] or [`TlogProofError::Inclusion`].
    pub fn verify(
        &self,
        leaf_hash: &Digest,
        origin: &str,
        keys: &[&Verifier],
    ) -> Result<Checkpoint, TlogProofError> {
        let checkpoint = Checkpoint::open(&self.checkpoint, origin, keys)?;
        verify_inclusion(leaf_hash, self.index, checkpoint.size(), &self.hashes, checkpoint.root())?;
        Ok(checkpoint)
    }
}

/// The text of the proof; [`TlogProof::parse`] reads it back.
impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.hashes {
            writeln!(f, "{}", to_base64(hash))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

fn parse_extra(line: &str) -> Option<Vec<u8>> {
    STANDARD.decode(line.strip_prefix("extra ")?).ok()
}

impl From<NoteError> for TlogProofError {
    fn from(error: NoteError) -> Self {
        Self::Checkpoint(CheckpointError::Note(error))
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "sizes of trees in tests are small")]
mod tests;
