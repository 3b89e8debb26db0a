//! How far a consent reaches: how often, from when to when, at which hours. One-off unless said otherwise.

use serde::{Deserialize, Serialize};

use crate::{
    domain::catalogue::ConsentTerms,
    protocol::rar::{self, AskedLimits},
    time::Millis,
};

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

/// The member of the asked limits that goes beyond the purpose's terms, as the authorization detail names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` asks for more than this purpose allows; see GET /purposes")]
pub struct BeyondTerms(pub &'static str);

impl Limits {
    /// What is asked for, held against the terms of the purpose: what is not said is one-off and the shortest way to
    /// say nothing; what is said and goes beyond them is refused, never trimmed.
    ///
    /// # Errors
    /// [`BeyondTerms`], with the member.
    pub fn asked(
        asked: Option<&AskedLimits>,
        terms: &ConsentTerms,
        now: Millis,
    ) -> Result<Self, BeyondTerms> {
        const DAY: i64 = 86_400_000;
        let none = AskedLimits::default();
        let asked = asked.unwrap_or(&none);
        let latest = now.0.saturating_add(i64::from(terms.validity_days).saturating_mul(DAY));
        let starts = asked.not_before.map_or(now.0, |s| s.saturating_mul(1000)).max(now.0);
        let expires = asked.not_after.map_or(latest, |s| s.saturating_mul(1000));
        if starts >= latest {
            return Err(BeyondTerms("limits.not_before"));
        }
        if expires > latest || expires <= starts {
            return Err(BeyondTerms("limits.not_after"));
        }
        let max_uses = asked.max_uses.unwrap_or(1);
        if max_uses > terms.max_uses {
            return Err(BeyondTerms("limits.max_uses"));
        }
        let frequency = match (asked.frequency.map(Frequency::from), terms.frequency) {
            (None, bound) => bound,
            (Some(asked), None) => Some(asked),
            // No more at once and not in a shorter time: then no window holds more than the terms allow.
            (Some(asked), Some(bound)) if asked.n <= bound.n && asked.per.millis() >= bound.per.millis() => {
                Some(asked)
            }
            (Some(_), Some(_)) => return Err(BeyondTerms("limits.frequency")),
        };
        let hours = asked.hours.and_then(|hours| Hours::new(hours.from, hours.to));
        Ok(Self { max_uses, frequency, hours, starts, expires })
    }
}

impl From<&Limits> for AskedLimits {
    fn from(limits: &Limits) -> Self {
        let per = |per| match per {
            Per::Hour => rar::Per::Hour,
            Per::Day => rar::Per::Day,
            Per::Week => rar::Per::Week,
            Per::Month => rar::Per::Month,
        };
        Self {
            max_uses: Some(limits.max_uses),
            frequency: limits.frequency.map(|often| rar::Frequency { n: often.n, per: per(often.per) }),
            not_before: Some(limits.starts.div_euclid(1000)),
            not_after: Some(limits.expires.div_euclid(1000)),
            hours: limits.hours.map(|hours| rar::Hours { from: hours.opens, to: hours.closes }),
        }
    }
}

impl From<rar::Frequency> for Frequency {
    fn from(asked: rar::Frequency) -> Self {
        let per = match asked.per {
            rar::Per::Hour => Per::Hour,
            rar::Per::Day => Per::Day,
            rar::Per::Week => Per::Week,
            rar::Per::Month => Per::Month,
        };
        Self { n: asked.n, per }
    }
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

    fn terms() -> ConsentTerms {
        ConsentTerms {
            validity_days: 30,
            max_uses: 5,
            frequency: Some(Frequency { n: 2, per: Per::Day }),
            answer_hours: 72,
            lapse_days: None,
            private_life: false,
            assurance: 2,
            refusing: crate::domain::catalogue::Text { vi: String::new(), en: String::new() },
        }
    }

    #[test]
    fn what_is_not_asked_for_is_one_off_within_the_terms() {
        let now = Millis(1_795_309_200_000);
        let limits = Limits::asked(None, &terms(), now).unwrap();
        assert_eq!((limits.max_uses, limits.starts, limits.expires), (1, now.0, now.0 + 30 * 86_400_000));
        assert_eq!(limits.frequency, terms().frequency);
    }

    #[test]
    fn what_goes_beyond_the_terms_is_refused_by_name() {
        let now = Millis(1_795_309_200_000);
        let seconds = |days: i64| now.0 / 1000 + days * 86_400;
        let often = |n, per| Some(rar::Frequency { n, per });
        let beyond = |limits: AskedLimits| Limits::asked(Some(&limits), &terms(), now).map_err(|e| e.0).err();
        let none = AskedLimits::default;
        assert_eq!(beyond(AskedLimits { max_uses: Some(5), ..none() }), None);
        assert_eq!(beyond(AskedLimits { max_uses: Some(6), ..none() }), Some("limits.max_uses"));
        assert_eq!(beyond(AskedLimits { not_after: Some(seconds(30)), ..none() }), None);
        assert_eq!(
            beyond(AskedLimits { not_after: Some(seconds(30) + 1), ..none() }),
            Some("limits.not_after")
        );
        assert_eq!(beyond(AskedLimits { not_after: Some(seconds(0)), ..none() }), Some("limits.not_after"));
        assert_eq!(
            beyond(AskedLimits { not_before: Some(seconds(30)), ..none() }),
            Some("limits.not_before")
        );
        assert_eq!(beyond(AskedLimits { frequency: often(2, rar::Per::Week), ..none() }), None);
        assert_eq!(
            beyond(AskedLimits { frequency: often(1, rar::Per::Hour), ..none() }),
            Some("limits.frequency")
        );
        assert_eq!(
            beyond(AskedLimits { frequency: often(3, rar::Per::Week), ..none() }),
            Some("limits.frequency")
        );
    }

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
