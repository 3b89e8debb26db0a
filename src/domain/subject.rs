//! Whose records these are, and the key that makes them readable.

use std::sync::Arc;

use uuid::Uuid;
use zeroize::Zeroize as _;

use crate::{
    crypto::{self, Digest},
    time::Millis,
};

/// A national identification number (*số định danh cá nhân*), as requests carry it.
pub use crate::protocol::rar::NationalId;

/// A subject together with the keys derived from its one key: destroy that key and nothing of it can be read.
#[derive(Clone)]
pub struct Subject(Arc<Inner>);

struct Inner {
    id: Uuid,
    record: Digest,
    opening: Digest,
    tag: Digest,
    identity: Digest,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.record.zeroize();
        self.opening.zeroize();
        self.tag.zeroize();
        self.identity.zeroize();
    }
}

impl std::fmt::Debug for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Subject({})", self.0.id)
    }
}

impl Subject {
    /// A subject from its unwrapped key.
    #[must_use]
    pub fn new(id: Uuid, key: &[u8; 32]) -> Self {
        Self(Arc::new(Inner {
            id,
            record: crypto::hkdf(key, b"minhbach/record/1"),
            opening: crypto::hkdf(key, b"minhbach/opening/1"),
            tag: crypto::hkdf(key, b"minhbach/tag/1"),
            identity: crypto::hkdf(key, b"minhbach/identity/1"),
        }))
    }

    /// The internal id.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.0.id
    }

    /// The key that seals records.
    #[must_use]
    pub fn record_key(&self) -> &Digest {
        &self.0.record
    }

    /// The key that seals identity: national ids and handles.
    #[must_use]
    pub fn identity_key(&self) -> &Digest {
        &self.0.identity
    }

    /// The secret that opens one entry's commitment and no other's.
    #[must_use]
    pub fn opening(&self, entry: Uuid) -> Digest {
        crypto::hmac(&self.0.opening, &[b"open", entry.as_bytes()])
    }

    /// A tag that is the same within a calendar month (UTC) and unrelated in the next, so that leaves do not
    /// follow a person for ever.
    #[must_use]
    pub fn tag(&self, at: Millis) -> [u8; 16] {
        let month = jiff::Timestamp::from_millisecond(at.0).map_or_else(
            |_| String::new(),
            |t| t.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m").to_string(),
        );
        let mac = crypto::hmac(&self.0.tag, &[b"tag", month.as_bytes()]);
        let mut out = [0; 16];
        for (to, from) in out.iter_mut().zip(mac) {
            *to = from;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_link_within_a_month_and_not_across_months_or_people() {
        let person = Subject::new(Uuid::from_u128(1), &[1; 32]);
        let other = Subject::new(Uuid::from_u128(2), &[2; 32]);
        let november = Millis::parse_rfc3339("2026-11-01T00:00:00Z").unwrap();
        let later = Millis::parse_rfc3339("2026-11-30T23:59:59Z").unwrap();
        let december = Millis::parse_rfc3339("2026-12-01T00:00:00Z").unwrap();
        assert_eq!(person.tag(november), person.tag(later));
        assert_ne!(person.tag(november), person.tag(december));
        assert_ne!(person.tag(november), other.tag(november));
    }
}
