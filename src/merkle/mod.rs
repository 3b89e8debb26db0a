//! An RFC 6962 Merkle tree and the C2SP texts around it: tiles, signed notes, checkpoints and offline proofs.
//!
//! In scope: hashing, the right edge of a growing tree, tile coordinates and contents, inclusion and consistency
//! proofs (made and checked), and the formats a stranger's verifier reads. Everything here is pure: whoever does the
//! I/O asks which tiles are needed ([`tile_set`]), fetches them, and comes back.
//! Out of scope: storage, HTTP, clocks, what a leaf means, and the witness protocol (signatures of unknown keys are
//! kept, so cosignatures survive).
//!
//! Written as if it were a crate: it imports the standard library, `crypto`, `base64` and `thiserror` only.

pub mod hash;

pub mod edge;
pub mod proof;

pub mod tile;
pub mod tile_edge;
pub mod tile_set;

pub mod bundle;
pub mod checkpoint;
pub mod note;
pub mod tlog_proof;

#[cfg(test)]
mod oracle;
