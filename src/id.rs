//! Identifiers: UUID version 7 (RFC 9562) made from the injected clock and randomness, so that rows land at the
//! right edge of their index and tests can foresee them.

use uuid::Uuid;

use crate::{crypto::Random, time::Millis};

/// A fresh, time-ordered identifier with 74 random bits.
#[must_use]
pub fn new(at: Millis, random: &dyn Random) -> Uuid {
    let mut bytes = [0_u8; 10];
    random.fill(&mut bytes);
    uuid::Builder::from_unix_timestamp_millis(at.0.unsigned_abs(), &bytes).into_uuid()
}
