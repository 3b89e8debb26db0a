//! Vietnam's public holidays (Labour Code 2019, Articles 111(3) and 112(1)): the fixed days by rule, the lunar ones by
//! year.
//!
//! From memory (M); the lunar days were checked against computed new moons at UTC+7, the choices of the Prime Minister
//! were not checked against his decisions. The Day of Vietnamese Culture (24 November) is not here: whether a law makes
//! it a day of rest could not be verified, and leaving it out only makes deadlines earlier. `[calendar]` in the
//! configuration corrects all of this.

use std::collections::BTreeSet;

use jiff::civil::{Date, Weekday, date};

/// What the lunar calendar and the Prime Minister's decision say of a year.
pub(super) struct Year {
    /// The year.
    pub(super) number: i16,
    /// The first day of the first lunar month.
    tet: Date,
    /// The tenth day of the third lunar month.
    hung_kings: Date,
    /// The day of rest next to the National Day: 1 or 3 September.
    beside_national_day: Date,
}

/// The years the table knows.
pub(super) const YEARS: [Year; 3] = [
    Year {
        number: 2026,
        tet: date(2026, 2, 17),
        hung_kings: date(2026, 4, 26),
        beside_national_day: date(2026, 9, 1),
    },
    Year {
        number: 2027,
        tet: date(2027, 2, 6),
        hung_kings: date(2027, 4, 16),
        beside_national_day: date(2027, 9, 3),
    },
    Year {
        number: 2028,
        tet: date(2028, 1, 26),
        hung_kings: date(2028, 4, 4),
        beside_national_day: date(2028, 9, 1),
    },
];

/// Tết is five days: the eve and the first four days of the year.
const TET: std::ops::RangeInclusive<i64> = -1..=3;

/// Whether a day is a holiday in every year: 1 January, 30 April, 1 May, 2 September.
pub(super) fn is_fixed(day: Date) -> bool {
    matches!((day.month(), day.day()), (1 | 5, 1) | (4, 30) | (9, 2))
}

/// The holidays of the known years that are not fixed, and the days on which those that fall on a weekend are made up
/// for: the next working day each (Labour Code 2019, Article 111(3)).
pub(super) fn rest() -> BTreeSet<Date> {
    let mut holidays: BTreeSet<Date> = BTreeSet::new();
    for year in &YEARS {
        holidays.extend(TET.map(|days| super::later(year.tet, days)));
        holidays.extend([year.hung_kings, year.beside_national_day]);
        holidays.extend([(1, 1), (4, 30), (5, 1), (9, 2)].map(|(month, day)| date(year.number, month, day)));
    }
    let weekend = |day: Date| matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    let mut rest = holidays.clone();
    for holiday in holidays.into_iter().filter(|day| weekend(*day)) {
        let mut day = holiday;
        while weekend(day) || rest.contains(&day) {
            day = super::later(day, 1);
        }
        rest.insert(day);
    }
    rest
}
