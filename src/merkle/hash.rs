//! The hashes of RFC 6962 §2.1: a leaf and an inner node can never be mistaken for one another.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::crypto::{Digest, sha256_parts};

/// Bytes of one hash.
pub const HASH_SIZE: usize = 32;

/// The root of the tree without leaves: SHA-256 of nothing (RFC 6962 §2.1).
pub const EMPTY_ROOT: Digest = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, //
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// The hash of a leaf: `SHA-256(0x00 ‖ leaf)` (RFC 6962 §2.1).
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Digest {
    sha256_parts(&[&[0x00], leaf])
}

/// The hash of an inner node: `SHA-256(0x01 ‖ left ‖ right)` (RFC 6962 §2.1).
#[must_use]
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    sha256_parts(&[&[0x01], left, right])
}

/// A hash as the C2SP texts write it: standard base64 with padding (RFC 4648 §4).
#[must_use]
pub fn to_base64(hash: &Digest) -> String {
    STANDARD.encode(hash)
}

/// Reads what [`to_base64`] writes; `None` for anything else, a second spelling of the same bytes included.
#[must_use]
pub fn from_base64(text: &str) -> Option<Digest> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::sha256;

    fn hex(hash: &Digest) -> String {
        use std::fmt::Write as _;
        hash.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    }

    #[test]
    fn the_empty_root_is_the_hash_of_nothing() {
        assert_eq!(EMPTY_ROOT, sha256(b""));
    }

    #[test]
    fn hashes_are_those_of_the_certificate_transparency_vectors() {
        assert_eq!(hex(&leaf_hash(b"")), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        let two = node_hash(&leaf_hash(b""), &leaf_hash(&[0x00]));
        assert_eq!(hex(&two), "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
    }

    #[test]
    fn a_leaf_made_of_two_hashes_is_not_their_parent() {
        let (a, b) = (leaf_hash(b"a"), leaf_hash(b"b"));
        assert_ne!(leaf_hash(&[a, b].concat()), node_hash(&a, &b));
    }

    #[test]
    fn base64_has_one_spelling() {
        let text = to_base64(&EMPTY_ROOT);
        assert_eq!(from_base64(&text), Some(EMPTY_ROOT));
        assert_eq!(from_base64(text.trim_end_matches('=')), None);
        assert_eq!(from_base64(&text.replace("FU=", "FV=")), None);
        assert_eq!(from_base64("AAAA"), None);
    }
}
