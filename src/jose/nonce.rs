//! DPoP nonces without a memory (RFC 9449 §8): a code over the minute, so that every node that shares the key accepts
//! what any of them gave out.

use super::encode;
use crate::{
    crypto::{self, Digest},
    secret::Secret,
    time::Millis,
};

/// Milliseconds for which one nonce is handed out; it is accepted for one more such time.
const BUCKET: i64 = 60_000;

/// The key of the nonces, shared by all nodes.
#[derive(Clone, Debug)]
pub struct NonceKey(Secret<Digest>);

impl NonceKey {
    /// A key of 32 random or derived bytes.
    #[must_use]
    pub const fn new(key: Digest) -> Self {
        Self(Secret::new(key))
    }

    /// The nonce of this minute: 22 characters of base64url.
    #[must_use]
    pub fn issue(&self, now: Millis) -> String {
        self.of(now.0.div_euclid(BUCKET))
    }

    /// Whether a nonce was given out in this minute or the one before.
    #[must_use]
    pub fn check(&self, nonce: &str, now: Millis) -> bool {
        let bucket = now.0.div_euclid(BUCKET);
        [bucket, bucket.saturating_sub(1)]
            .into_iter()
            .any(|bucket| crypto::equal(self.of(bucket).as_bytes(), nonce.as_bytes()))
    }

    fn of(&self, bucket: i64) -> String {
        let code = crypto::hmac(self.0.expose(), &[b"dpop nonce", &bucket.to_be_bytes()]);
        // 128 of 256 bits (RFC 2104 §5).
        encode(code.first_chunk::<16>().map_or(&code[..], |half| &half[..]))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_nonce_lives_for_its_minute_and_the_next() {
        let key = NonceKey::new([7; 32]);
        let start = Millis(1_795_000_020_000);
        let nonce = key.issue(start);
        assert_eq!(nonce.len(), 22);
        assert!(key.check(&nonce, start));
        assert!(key.check(&nonce, start + Duration::from_mins(1)));
        assert!(!key.check(&nonce, start + Duration::from_mins(2)));
        assert!(!key.check(&nonce, start - Duration::from_mins(1)));
    }

    #[test]
    fn another_key_makes_other_nonces() {
        let now = Millis(1_795_000_000_000);
        assert!(!NonceKey::new([8; 32]).check(&NonceKey::new([7; 32]).issue(now), now));
        assert!(!NonceKey::new([7; 32]).check("", now));
    }
}
