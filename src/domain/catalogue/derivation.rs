//! Derived answers: "over 18: yes" instead of the date of birth.
//!
//! Every parameter is fixed in the catalogue. A caller who could choose it would find the value behind it by
//! halving. The base value never leaves; only what [`Derivation::answer`] returns does.

use jiff::civil::Date;
use serde_json::Value;

use crate::time::Millis;

/// A fixed computation over one base field; every one of them answers yes or no.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
pub enum Derivation {
    /// Whether that many years have passed since the base date, today in Hanoi.
    AgeAtLeast {
        /// The date field it is computed from.
        from: String,
        /// Whole years.
        years: u8,
    },
    /// Whether the base date is today or later, in Hanoi.
    NotPassed {
        /// The date field it is computed from.
        from: String,
    },
    /// Whether the base number is not zero.
    NonZero {
        /// The number field it is computed from.
        from: String,
    },
    /// Whether the base number is zero.
    IsZero {
        /// The number field it is computed from.
        from: String,
    },
    /// Whether the base number is at least `minimum`.
    AtLeast {
        /// The number field it is computed from.
        from: String,
        /// In the unit of the base field.
        minimum: i64,
    },
    /// Whether the base list or text has anything in it.
    NotEmpty {
        /// The list or text field it is computed from.
        from: String,
    },
}

impl Derivation {
    /// The field whose value the answer is computed from.
    pub fn base(&self) -> &str {
        match self {
            Self::AgeAtLeast { from, .. }
            | Self::NotPassed { from }
            | Self::NonZero { from }
            | Self::IsZero { from }
            | Self::AtLeast { from, .. }
            | Self::NotEmpty { from } => from,
        }
    }

    /// Whether a base field of that form can be computed with.
    pub fn takes(&self, shape: super::Shape) -> bool {
        use super::Shape;
        match self {
            Self::AgeAtLeast { .. } | Self::NotPassed { .. } => shape == Shape::Date,
            Self::NonZero { .. } | Self::IsZero { .. } | Self::AtLeast { .. } => shape == Shape::Number,
            Self::NotEmpty { .. } => matches!(shape, Shape::List | Shape::Text),
        }
    }

    /// The answer for a base value, or `None` when the value is not of the form the rule takes or when the record
    /// is too vague to answer honestly (a person born "in 2008" may or may not be 18 in 2026).
    pub fn answer(&self, base: &Value, now: Millis) -> Option<Value> {
        let yes = match self {
            Self::AgeAtLeast { years, .. } => {
                let (earliest, latest) = date_range(base.as_str()?)?;
                let today = today(now)?;
                same(has_passed(earliest, *years, today), has_passed(latest, *years, today))?
            }
            Self::NotPassed { .. } => {
                let (earliest, latest) = date_range(base.as_str()?)?;
                let today = today(now)?;
                same(today <= earliest, today <= latest)?
            }
            Self::NonZero { .. } => !is_zero(base)?,
            Self::IsZero { .. } => is_zero(base)?,
            Self::AtLeast { minimum, .. } => match base.as_i64() {
                Some(number) => number >= *minimum,
                #[expect(clippy::cast_precision_loss, reason = "minima are small whole numbers")]
                None => base.as_f64()? >= *minimum as f64,
            },
            Self::NotEmpty { .. } => match base {
                Value::Array(items) => !items.is_empty(),
                Value::String(text) => !text.trim().is_empty(),
                _ => return None,
            },
        };
        Some(Value::Bool(yes))
    }
}

/// The first and the last day a written date can mean: `2008` is the whole year, `2008-02` the whole month.
pub(super) fn date_range(text: &str) -> Option<(Date, Date)> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next(), parts.next());
    if parts.next().is_some() {
        return None;
    }
    let year: i16 = digits(year, 4)?;
    let (first, last) = match (month, day) {
        (Some(month), Some(day)) => {
            let date = Date::new(year, digits(month, 2)?, digits(day, 2)?).ok()?;
            (date, date)
        }
        (Some(month), None) => {
            let first = Date::new(year, digits(month, 2)?, 1).ok()?;
            (first, first.last_of_month())
        }
        _ => (Date::new(year, 1, 1).ok()?, Date::new(year, 12, 31).ok()?),
    };
    Some((first, last))
}

/// Exactly `length` ASCII digits, as a number.
fn digits<N: std::str::FromStr>(text: &str, length: usize) -> Option<N> {
    (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// The day in Hanoi; Vietnam has kept UTC+7 without summer time since 1975.
fn today(now: Millis) -> Option<Date> {
    let instant = jiff::Timestamp::from_millisecond(now.0).ok()?;
    Some(jiff::tz::Offset::constant(7).to_datetime(instant).date())
}

/// Whether `years` birthdays lie behind `from`. Somebody born on 29 February comes of age on 1 March.
fn has_passed(from: Date, years: u8, today: Date) -> bool {
    let birthday = (from.year().saturating_add(i16::from(years)), from.month(), from.day());
    birthday <= (today.year(), today.month(), today.day())
}

fn same(one: bool, other: bool) -> Option<bool> {
    (one == other).then_some(one)
}

fn is_zero(value: &Value) -> Option<bool> {
    match value.as_i64() {
        Some(number) => Some(number == 0),
        None => value.as_f64().map(|number| number == 0.0),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(text: &str) -> Millis {
        Millis::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn coming_of_age_is_on_the_birthday_in_hanoi() {
        let adult = Derivation::AgeAtLeast { from: "person.birth_date".into(), years: 18 };
        let born = json!("2008-11-22");
        assert_eq!(adult.answer(&born, at("2026-11-21T16:59:59Z")), Some(json!(false)));
        assert_eq!(adult.answer(&born, at("2026-11-21T17:00:00Z")), Some(json!(true)));
        let leap = json!("2008-02-29");
        assert_eq!(adult.answer(&leap, at("2026-02-28T12:00:00Z")), Some(json!(false)));
        assert_eq!(adult.answer(&leap, at("2026-03-01T12:00:00Z")), Some(json!(true)));
    }

    #[test]
    fn a_record_that_knows_only_the_year_is_answered_only_when_it_is_certain() {
        let adult = Derivation::AgeAtLeast { from: "person.birth_date".into(), years: 18 };
        let now = at("2026-11-22T03:00:00Z");
        assert_eq!(adult.answer(&json!("2007"), now), Some(json!(true)));
        assert_eq!(adult.answer(&json!("2008"), now), None);
        assert_eq!(adult.answer(&json!("2009"), now), Some(json!(false)));
        assert_eq!(adult.answer(&json!("2008-11"), now), None);
        assert_eq!(adult.answer(&json!("2008-10"), now), Some(json!(true)));
    }

    #[test]
    fn a_value_the_rule_does_not_take_has_no_answer() {
        let now = Millis(0);
        let points = Derivation::NonZero { from: "driver.points".into() };
        assert_eq!(points.answer(&json!(12), now), Some(json!(true)));
        assert_eq!(points.answer(&json!(0), now), Some(json!(false)));
        assert_eq!(points.answer(&json!("12"), now), None);
        let fines = Derivation::NotEmpty { from: "traffic.unpaid_fines".into() };
        assert_eq!(fines.answer(&json!([]), now), Some(json!(false)));
        assert_eq!(fines.answer(&json!([{"no": "1"}]), now), Some(json!(true)));
        assert_eq!(fines.answer(&json!(null), now), None);
        let adult = Derivation::AgeAtLeast { from: "person.birth_date".into(), years: 18 };
        for bad in ["", "22/11/2008", "2008-13-01", "2008-11-22T00:00:00Z", "+008-11-22"] {
            assert_eq!(adult.answer(&json!(bad), now), None, "{bad}");
        }
    }

    #[test]
    fn an_amount_is_answered_without_being_told() {
        let paid = Derivation::IsZero { from: "tax.obligation_balance".into() };
        assert_eq!(paid.answer(&json!(0), Millis(0)), Some(json!(true)));
        assert_eq!(paid.answer(&json!(125_000), Millis(0)), Some(json!(false)));
        let year = Derivation::AtLeast { from: "insurance.unemployment_months".into(), minimum: 12 };
        assert_eq!(year.answer(&json!(11), Millis(0)), Some(json!(false)));
        assert_eq!(year.answer(&json!(12), Millis(0)), Some(json!(true)));
        let valid = Derivation::NotPassed { from: "passport.expiry_date".into() };
        assert_eq!(valid.answer(&json!("1970-01-01"), Millis(0)), Some(json!(true)));
        assert_eq!(valid.answer(&json!("1969-12-31"), Millis(0)), Some(json!(false)));
    }
}
