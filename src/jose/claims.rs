//! The claims that assertions, proofs and tokens share: `NumericDate`, `jti`, and the rule for clocks that differ.

use std::{fmt, time::Duration};

use serde::{Deserialize, Deserializer, de};

use crate::time::Millis;

/// How far ahead of ours another clock may be: FAPI 2.0 §5.3.2.1 item 13 says that `iat` and `nbf` up to 10 s in the
/// future MUST be accepted and over 60 s MUST be refused; what lies between is ours to choose, and is refused.
pub const CLOCK_SKEW: Duration = Duration::from_secs(10);

/// The longest `jti` that is read, in bytes.
pub const MAX_JTI: usize = 256;

/// The latest `NumericDate` that is read: the last second of the year 9999.
const LATEST: u64 = 253_402_300_799;

/// A `NumericDate` (RFC 7519 §2): a JSON number of seconds, fractions allowed. A number in a string is no date; to
/// skip over such a claim is how CVE-2026-25537 let expired tokens live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NumericDate(pub(super) Millis);

impl NumericDate {
    /// Whether this lies further in the future than two honest clocks explain.
    pub(super) fn is_ahead_of(self, now: Millis) -> bool {
        self.0 > now + CLOCK_SKEW
    }
}

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Seconds)
    }
}

struct Seconds;

impl de::Visitor<'_> for Seconds {
    type Value = NumericDate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of seconds since 1970")
    }

    fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<NumericDate, E> {
        i64::try_from(seconds)
            .ok()
            .filter(|_| seconds <= LATEST)
            .map(|seconds| NumericDate(Millis::from_seconds(seconds)))
            .ok_or_else(|| E::custom("out of range"))
    }

    fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<NumericDate, E> {
        let millis = Duration::try_from_secs_f64(seconds)
            .ok()
            .filter(|since| since.as_secs() <= LATEST)
            .and_then(|since| i64::try_from(since.as_millis()).ok());
        millis.map(|millis| NumericDate(Millis(millis))).ok_or_else(|| E::custom("out of range"))
    }
}

/// Whether a `jti` can be remembered: something, and not more than [`MAX_JTI`] bytes.
pub(super) const fn jti_is_usable(jti: &str) -> bool {
    !jti.is_empty() && jti.len() <= MAX_JTI
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_a_number_and_nothing_else() {
        let read = |text: &str| serde_json::from_str::<NumericDate>(text).ok().map(|date| date.0.0);
        assert_eq!(read("1795000000"), Some(1_795_000_000_000));
        assert_eq!(read("1795000000.25"), Some(1_795_000_000_250));
        assert_eq!(read("0"), Some(0));
        for text in ["\"1795000000\"", "-1", "-0.5", "1e300", "253402300800", "null", "true", "[1]"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
