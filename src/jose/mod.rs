//! JSON Web Keys, Signatures and Tokens (RFC 7515, 7517, 7519, 7638) and what OAuth builds from them: client
//! assertions (RFC 7523 as FAPI 2.0 narrows it), DPoP proofs (RFC 9449), access tokens (RFC 9068), request objects
//! (RFC 9101), signed answers (JARM, RFC 9701), status lists and security events (RFC 8417).
//!
//! In scope: reading, checking and writing these texts; everything is decided from the arguments, `now` among them.
//! Out of scope: storing keys, remembering `jti`s ([`replay_id`] only names them), HTTP, and encryption (RFC 7516).
//! The only room that names `jsonwebtoken`.

pub mod access_token;
pub mod assertion;
pub mod dpop;
pub mod jws;
pub mod request_object;
pub mod security_event;
pub mod signed_answers;
pub mod status_list;

mod claims;
mod jwk;
mod jwks;
mod nonce;
mod private_jwk;
mod provider;

pub use claims::{CLOCK_SKEW, MAX_JTI};
pub use jwk::{Jwk, JwkError};
pub use jwks::{Jwks, JwksError, NoKey};
pub use nonce::NonceKey;
pub use private_jwk::PrivateJwk;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::{
    crypto::{self, Algorithm},
    time::Millis,
};

/// The `alg` values read here, for the `*_signing_alg_values_supported` of metadata (FAPI 2.0 §5.4.1; `Ed25519` is
/// RFC 9864's exact name for what `EdDSA` means here).
pub const ALGORITHMS: [&str; 4] = ["ES256", "EdDSA", "Ed25519", "PS256"];

/// The `alg` value written for an algorithm.
#[must_use]
pub const fn algorithm_name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Es256 => "ES256",
        Algorithm::EdDsa => "EdDSA",
        Algorithm::Ps256 => "PS256",
    }
}

/// The algorithm an `alg` value stands for; `None` for everything FAPI 2.0 does not admit, `none` and RS256 included.
#[must_use]
pub fn algorithm_named(alg: &str) -> Option<Algorithm> {
    match alg {
        "ES256" => Some(Algorithm::Es256),
        "EdDSA" | "Ed25519" => Some(Algorithm::EdDsa),
        "PS256" => Some(Algorithm::Ps256),
        _ => None,
    }
}

/// The id under which a `jti` is remembered until it expires: the expiry second (4 bytes, big-endian), then 12 bytes
/// of a SHA-256 over `kind` (what sort of JWT), `scope` (client id or key thumbprint) and `jti`.
///
/// Ids that expire later sort later, so they are inserted at one end of the index and purged as a range.
/// `expires` must come from signed content, or a caller could choose where rows land.
#[must_use]
pub fn replay_id(kind: &str, scope: &str, jti: &str, expires: Millis) -> Uuid {
    let mut message = Vec::with_capacity(kind.len() + scope.len() + jti.len() + 24);
    for part in [kind, scope, jti] {
        // Lengths first: ("a", "bc") and ("ab", "c") are different things to remember.
        message.extend_from_slice(&(part.len() as u64).to_be_bytes());
        message.extend_from_slice(part.as_bytes());
    }
    // Saturates in 2106.
    let second = u32::try_from(expires.seconds().max(0)).unwrap_or(u32::MAX);
    let mut id = [0_u8; 16];
    let digest = crypto::sha256(&message);
    for (to, from) in id.iter_mut().zip(second.to_be_bytes().into_iter().chain(digest)) {
        *to = from;
    }
    Uuid::from_bytes(id)
}

/// base64url without padding (RFC 7515 §2).
fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads base64url; padding, other alphabets and stray bits at the end are refused, so one value has one spelling.
fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_id_begins_with_its_expiry_second_and_tells_kind_scope_and_jti_apart() {
        let at = Millis::from_seconds(0x6AFD_0102);
        let id = replay_id("dpop", "key", "one", at);
        assert_eq!(id.as_bytes()[..4], [0x6A, 0xFD, 0x01, 0x02]);
        assert_eq!(id, replay_id("dpop", "key", "one", at));
        for other in [
            replay_id("assertion", "key", "one", at),
            replay_id("dpop", "keyo", "ne", at),
            replay_id("dpop", "key", "two", at),
        ] {
            assert_ne!(id.as_bytes()[4..], other.as_bytes()[4..]);
        }
        assert!(id < replay_id("dpop", "key", "one", at + std::time::Duration::from_secs(1)));
        assert_eq!(replay_id("dpop", "k", "j", Millis(i64::MAX)).as_bytes()[..4], [0xFF; 4]);
    }

    #[test]
    fn only_the_algorithms_of_the_profile_have_a_name() {
        for alg in ALGORITHMS {
            assert!(algorithm_named(alg).is_some());
        }
        for alg in ["none", "None", "RS256", "HS256", "ES384", "PS512", "es256", "ES256 ", "Ed448", ""] {
            assert_eq!(algorithm_named(alg), None, "{alg}");
        }
    }
}
