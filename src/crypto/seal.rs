//! Authenticated encryption: AES-256-GCM with a random 96-bit nonce kept in front of the ciphertext.
//!
//! The nonce is random and not a counter: a batch that is rolled back would use a counter's value twice.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::Random;

/// Bytes that sealing adds: nonce and tag.
pub const SEAL_OVERHEAD: usize = NONCE_LEN + 16;

/// Seals `plain`, bound to `context`: `nonce ‖ ciphertext ‖ tag`.
#[must_use]
pub fn seal(key: &[u8; 32], random: &dyn Random, context: &[u8], plain: &[u8]) -> Vec<u8> {
    let nonce = random.bytes::<NONCE_LEN>();
    let mut out = Vec::with_capacity(plain.len() + SEAL_OVERHEAD);
    out.extend_from_slice(&nonce);
    let mut body = plain.to_vec();
    // A 32-byte key always fits, and only plaintexts over 64 GiB are refused: both cannot happen here.
    if let Ok(key) = UnboundKey::new(&AES_256_GCM, key) {
        let _ = LessSafeKey::new(key).seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(context),
            &mut body,
        );
    }
    out.append(&mut body);
    out
}

/// Opens what [`seal`] made; `None` when the key, the context or any byte differs.
#[must_use]
pub fn open(key: &[u8; 32], context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>()?;
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?);
    let mut body = body.to_vec();
    let plain =
        key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(context), &mut body).ok()?.len();
    body.truncate(plain);
    Some(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::SeededRandom;

    #[test]
    fn what_was_sealed_opens_only_with_the_same_key_context_and_bytes() {
        let random = SeededRandom::new(1);
        let sealed = seal(&[7; 32], &random, b"entry", b"record");
        assert_eq!(sealed.len(), 6 + SEAL_OVERHEAD);
        assert_eq!(open(&[7; 32], b"entry", &sealed).as_deref(), Some(&b"record"[..]));
        assert_eq!(open(&[8; 32], b"entry", &sealed), None);
        assert_eq!(open(&[7; 32], b"other", &sealed), None);
        for i in 0..sealed.len() {
            let mut bent = sealed.clone();
            bent[i] ^= 1;
            assert_eq!(open(&[7; 32], b"entry", &bent), None, "byte {i}");
        }
    }
}
