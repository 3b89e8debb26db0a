//! *Ngày làm việc*: which days are working days in Vietnam, and the days by which the law wants things done.
//!
//! Decree 356/2025/ND-CP, Article 5(2): whoever is told of a withdrawal answers within 2 working days and stops within
//! 15 days, or 20 where a processor or third party has to stop too; once, that may be put off by at most 15 days. Both
//! count from the same day, which is not counted itself, and an end that falls on a day of rest moves to the next
//! working day (Civil Code 2015, Articles 147 and 148: from memory). Only the 2 are working days.
//!
//! Days are days in Hanoi. Out of scope: who is told and what happens to those who are late (`notices`).

mod holidays;

use std::collections::BTreeSet;

use jiff::civil::{Date, Weekday, date};
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::time::Millis;

/// Working days within which a request of a person is answered: Decree 356/2025/ND-CP, Article 5(2).
pub const REPLY_WORKING_DAYS: u32 = 2;
/// Days within which whoever is told of a withdrawal stops: Article 5(2).
pub const STOP_DAYS: i64 = 15;
/// The same where a processor or third party has to stop too: Article 5(2).
pub const STOP_DAYS_THIRD_PARTY: i64 = 20;
/// Days by which that may be put off, once, with a reason: Article 5(2).
pub const EXTENSION_DAYS: i64 = 15;

const DAY: i64 = 86_400_000;
/// Vietnam has kept UTC+7 without daylight saving since 1975.
const HANOI: i64 = 7 * 3_600_000;
const EPOCH: Date = date(1970, 1, 1);

/// The day, in Hanoi, of an instant; the last day there is for instants beyond all days.
#[must_use]
pub fn day_of(at: Millis) -> Date {
    later(EPOCH, at.0.saturating_add(HANOI).div_euclid(DAY))
}

/// The first instant of a day in Hanoi.
#[must_use]
pub fn starts(day: Date) -> Millis {
    let days = EPOCH.until(day).map_or(0, |span| i64::from(span.get_days()));
    Millis(days.saturating_mul(DAY).saturating_sub(HANOI))
}

fn later(day: Date, days: i64) -> Date {
    jiff::Span::new().try_days(days).and_then(|span| day.checked_add(span)).unwrap_or(if days < 0 {
        Date::MIN
    } else {
        Date::MAX
    })
}

/// By when something is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline {
    /// The last day, in Hanoi.
    pub day: Date,
    /// The first instant after that day: what happens from then on is late.
    pub ends: Millis,
}

impl Deadline {
    fn on(day: Date) -> Self {
        Self { day, ends: starts(later(day, 1)) }
    }

    /// Whether an instant is too late.
    #[must_use]
    pub fn is_missed(&self, at: Millis) -> bool {
        at >= self.ends
    }
}

/// `[calendar]`: what the calendar cannot know by itself. The Prime Minister decides each year how Tết and the National
/// Day lie and which Saturdays are worked for it; whatever differs from the built-in table is said here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Adjustments {
    /// Further days of rest, `YYYY-MM-DD`.
    #[serde(deserialize_with = "days")]
    pub holidays: Vec<Date>,
    /// Days that are worked although they fall on a weekend or stand in the table.
    #[serde(deserialize_with = "days")]
    pub working: Vec<Date>,
    /// Years for which Tết and the Hùng Kings' day are said here: they need no place in the table.
    pub years: Vec<i16>,
}

fn days<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Date>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    let day = |text: &String| {
        text.parse()
            .ok()
            .filter(|_| text.len() == 10)
            .ok_or_else(|| D::Error::custom(format!("`{text}` is not a day: write it as \"2026-11-22\"")))
    };
    texts.iter().map(day).collect()
}

/// The working days of Vietnam's public bodies: Monday to Friday without public holidays and their substitutes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    rest: BTreeSet<Date>,
    worked: BTreeSet<Date>,
    years: BTreeSet<i16>,
}

impl Default for Calendar {
    fn default() -> Self {
        Self::new(&Adjustments::default())
    }
}

impl Calendar {
    /// The built-in table as `said` changes it.
    #[must_use]
    pub fn new(said: &Adjustments) -> Self {
        let mut years: BTreeSet<i16> = holidays::YEARS.iter().map(|known| known.number).collect();
        years.extend(&said.years);
        let mut rest = holidays::rest();
        rest.extend(&said.holidays);
        Self { rest, worked: said.working.iter().copied().collect(), years }
    }

    /// Whether public bodies work on that day.
    #[must_use]
    pub fn is_working(&self, day: Date) -> bool {
        if self.worked.contains(&day) {
            return true;
        }
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        !weekend && !self.rest.contains(&day) && !holidays::is_fixed(day)
    }

    /// Whether the days of Tết and of the Hùng Kings are known for that year. Where they are not, deadlines come out
    /// earlier than the law's, never later.
    #[must_use]
    pub fn knows(&self, year: i16) -> bool {
        self.years.contains(&year)
    }

    /// By when a request made at `from` is answered: 2 working days.
    #[must_use]
    pub fn reply_by(&self, from: Millis) -> Deadline {
        let mut day = day_of(from);
        for _ in 0..REPLY_WORKING_DAYS {
            day = self.rolled(later(day, 1));
        }
        Deadline::on(day)
    }

    /// By when whoever is told at `from` has stopped: 15 days, 20 where a third party must stop too.
    #[must_use]
    pub fn stop_by(&self, from: Millis, third_party: bool) -> Deadline {
        self.days_after(from, if third_party { STOP_DAYS_THIRD_PARTY } else { STOP_DAYS })
    }

    /// The same put off by 15 days. It counts from the same `from`, not from the first deadline, so it can neither be
    /// granted twice nor gain by a holiday twice.
    #[must_use]
    pub fn extended(&self, from: Millis, third_party: bool) -> Deadline {
        let days = if third_party { STOP_DAYS_THIRD_PARTY } else { STOP_DAYS };
        self.days_after(from, days + EXTENSION_DAYS)
    }

    fn days_after(&self, from: Millis, days: i64) -> Deadline {
        Deadline::on(self.rolled(later(day_of(from), days)))
    }

    /// The day itself if it is worked, else the next that is.
    fn rolled(&self, mut day: Date) -> Date {
        // Bounded: no configuration may make this run for ever.
        for _ in 0..366 {
            if self.is_working(day) {
                break;
            }
            day = later(day, 1);
        }
        day
    }
}

#[cfg(test)]
mod tests;
