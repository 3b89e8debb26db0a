//! How far a consent reaches: how often, from when to when, at which hours. One-off unless said otherwise.

use serde::{Deserialize, Serialize};

use crate::time::Millis;

/// Limits of a consent; enforced where tokens are issued, in the deciding transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// How many tokens may be taken on it altogether, 1 or more.
    pub max_uses: u32,
    /// Not more than so many in a period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency: Option<Frequency>,
    /// Only at these hours of the day, Vietnam time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// The first instant it counts, milliseconds.
    pub starts: i64,
    /// The first instant it no longer counts, milliseconds.
    pub expires: i64,
}

/// `n` in any period of this length, the period ending now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frequency {
    /// How many, 1 or more.
    pub n: u32,
    /// The length of the period.
    pub per: Per,
}

/// A length of time, as frequencies use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Per {
    /// 60 minutes.
    Hour,
    /// 24 hours.
    Day,
    /// 7 days.
    Week,
    /// 30 days.
    Month,
}

impl Per {
    /// In milliseconds.
    #[must_use]
    pub const fn millis(self) -> i64 {
        const HOUR: i64 = 3_600_000;
        match self {
            Self::Hour => HOUR,
            Self::Day => 24 * HOUR,
            Self::Week => 7 * 24 * HOUR,
            Self::Month => 30 * 24 * HOUR,
        }
    }

    /// The length with so many milliseconds.
    #[must_use]
    pub fn of_millis(millis: i64) -> Option<Self> {
        [Self::Hour, Self::Day, Self::Week, Self::Month].into_iter().find(|per| per.millis() == millis)
    }
}

/// Hours of the day in Vietnam (UTC+7, no summer time), in minutes after midnight; `opens < closes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// The first minute, 0 to 1,439.
    pub opens: u16,
    /// The first minute no longer, 1 to 1,440.
    pub closes: u16,
}

impl Hours {
    /// Hours that make sense, or `None`.
    #[must_use]
    pub const fn new(opens: u16, closes: u16) -> Option<Self> {
        if opens < closes && closes <= 1440 { Some(Self { opens, closes }) } else { None }
    }

    /// Whether an instant lies in them.
    #[must_use]
    pub fn contains(self, at: Millis) -> bool {
        let minute = minute_of_day(at);
        i64::from(self.opens) <= minute && minute < i64::from(self.closes)
    }
}

/// The minute of the day in Vietnam, 0 to 1,439.
#[must_use]
pub fn minute_of_day(at: Millis) -> i64 {
    const DAY: i64 = 86_400_000;
    (at.0 + 7 * 3_600_000).rem_euclid(DAY) / 60_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_those_of_vietnam_and_end_before_they_close() {
        let office = Hours::new(8 * 60, 17 * 60).unwrap();
        // 2026-11-22T01:00:00Z is 08:00 in Hanoi.
        let eight = Millis(1_795_309_200_000);
        assert_eq!(minute_of_day(eight), 8 * 60);
        assert!(office.contains(eight) && !office.contains(Millis(eight.0 - 1)));
        let five = Millis(eight.0 + 9 * 3_600_000);
        assert!(!office.contains(five) && office.contains(Millis(five.0 - 1)));
        assert_eq!((Hours::new(600, 600), Hours::new(0, 1441)), (None, None));
    }
}
