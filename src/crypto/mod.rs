//! Digests, authentication codes, sealing, signatures and randomness: the only room that names `ring`.
//!
//! In scope: primitives with one safe way to use each. Out of scope: formats (see `jose`, `merkle`) and key storage.

mod digest;
mod random;
mod seal;
mod sign;

pub use digest::{Digest, hkdf, hmac, sha256, sha256_parts};
pub use random::{Random, SeededRandom, SystemRandom};
pub use seal::{SEAL_OVERHEAD, open, seal};
pub use sign::{Algorithm, BadKey, PublicKey, SigningKey, verify};

/// Compares two byte strings in time that depends only on their lengths.
#[must_use]
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    use subtle::ConstantTimeEq as _;
    a.ct_eq(b).into()
}
