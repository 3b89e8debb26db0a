//! How far an agency asks a consent to reach: how often, from when to when, at which hours (contract of the wire).
//!
//! In scope: the form, and what no purpose could ever allow. Out of scope: what a purpose allows (`domain::catalogue`).
//! More than it allows is an error there, never a silent trim.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{RarError, only};

/// The most uses, or uses in a period, that are read.
const MAX_USES: u64 = 10_000;

/// The latest instant that is read: the last second of the year 9999.
const LATEST: i64 = 253_402_300_799;

/// `limits` of the detail; what is absent is left to the purpose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Value", try_from = "Value")]
pub struct AskedLimits {
    /// How many tokens altogether, 1 to 10,000.
    pub max_uses: Option<u32>,
    /// Not more than so many in a period.
    pub frequency: Option<Frequency>,
    /// The first instant, in seconds since 1970.
    pub not_before: Option<i64>,
    /// The first instant no longer, in seconds since 1970.
    pub not_after: Option<i64>,
    /// Only at these hours of the day, Vietnam time.
    pub hours: Option<Hours>,
}

/// `n` in any period of this length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frequency {
    /// How many, 1 to 10,000.
    pub n: u32,
    /// The length of the period.
    pub per: Per,
}

/// A length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Month];

    /// The value as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

/// Hours of the day in Vietnam, in minutes after midnight; `from < to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// The first minute, 0 to 1,439.
    pub from: u16,
    /// The first minute no longer, 1 to 1,440.
    pub to: u16,
}

impl AskedLimits {
    /// Reads the member.
    pub(super) fn read(value: Value) -> Result<Self, RarError> {
        let Value::Object(members) = value else { return Err(RarError::WrongType("limits")) };
        only(&members, &["max_uses", "frequency", "not_before", "not_after", "hours"], "`limits`")?;
        let limits = Self {
            max_uses: number(&members, "max_uses", "limits.max_uses")?,
            frequency: members.get("frequency").map(frequency).transpose()?,
            not_before: instant(&members, "not_before", "limits.not_before")?,
            not_after: instant(&members, "not_after", "limits.not_after")?,
            hours: members.get("hours").map(hours).transpose()?,
        };
        match (limits.not_before, limits.not_after) {
            (Some(from), Some(to)) if from >= to => Err(RarError::Limit("limits.not_after")),
            _ => Ok(limits),
        }
    }
}

impl TryFrom<Value> for AskedLimits {
    type Error = RarError;

    fn try_from(value: Value) -> Result<Self, RarError> {
        Self::read(value)
    }
}

impl From<AskedLimits> for Value {
    fn from(limits: AskedLimits) -> Self {
        let mut members = Map::new();
        let mut put = |name: &str, value: Option<Self>| {
            if let Some(value) = value {
                members.insert(name.to_owned(), value);
            }
        };
        put("max_uses", limits.max_uses.map(Self::from));
        put("frequency", limits.frequency.map(|f| json!({ "n": f.n, "per": f.per.as_str() })));
        put("not_before", limits.not_before.map(Self::from));
        put("not_after", limits.not_after.map(Self::from));
        put("hours", limits.hours.map(|h| json!({ "from": clock(h.from), "to": clock(h.to) })));
        Self::Object(members)
    }
}

/// A whole number from 1 to [`MAX_USES`].
fn number(members: &Map<String, Value>, name: &str, shown: &'static str) -> Result<Option<u32>, RarError> {
    let Some(value) = members.get(name) else { return Ok(None) };
    if !value.is_number() {
        return Err(RarError::WrongType(shown));
    }
    let number = value.as_u64().filter(|number| (1..=MAX_USES).contains(number));
    Ok(Some(number.and_then(|number| u32::try_from(number).ok()).ok_or(RarError::Limit(shown))?))
}

fn instant(members: &Map<String, Value>, name: &str, shown: &'static str) -> Result<Option<i64>, RarError> {
    let Some(value) = members.get(name) else { return Ok(None) };
    if !value.is_number() {
        return Err(RarError::WrongType(shown));
    }
    let instant = value.as_i64().filter(|seconds| (0..=LATEST).contains(seconds));
    Ok(Some(instant.ok_or(RarError::Limit(shown))?))
}

fn frequency(value: &Value) -> Result<Frequency, RarError> {
    let members = value.as_object().ok_or(RarError::WrongType("limits.frequency"))?;
    only(members, &["n", "per"], "`limits.frequency`")?;
    let n = number(members, "n", "limits.frequency.n")?.ok_or(RarError::Missing("limits.frequency.n"))?;
    let per = match members.get("per").ok_or(RarError::Missing("limits.frequency.per"))? {
        Value::String(word) => Per::ALL.into_iter().find(|per| per.as_str() == word),
        _ => return Err(RarError::WrongType("limits.frequency.per")),
    };
    Ok(Frequency { n, per: per.ok_or(RarError::Limit("limits.frequency.per"))? })
}

fn hours(value: &Value) -> Result<Hours, RarError> {
    let members = value.as_object().ok_or(RarError::WrongType("limits.hours"))?;
    only(members, &["from", "to"], "`limits.hours`")?;
    let minute = |name: &str, shown: &'static str| match members.get(name) {
        None => Err(RarError::Missing(shown)),
        Some(Value::String(text)) => minute(text).ok_or(RarError::Limit(shown)),
        Some(_) => Err(RarError::WrongType(shown)),
    };
    let (from, to) = (minute("from", "limits.hours.from")?, minute("to", "limits.hours.to")?);
    // Hours over midnight would be two spans to a reader and none to a program.
    if from < to { Ok(Hours { from, to }) } else { Err(RarError::Limit("limits.hours.to")) }
}

/// `HH:MM` from 00:00 to 24:00, in minutes after midnight.
fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |digits: &str| -> Option<u16> {
        (digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| digits.parse().ok())?
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    let of_day = hours * 60 + minutes;
    (minutes < 60 && of_day <= 1440).then_some(of_day)
}

fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(limits: Value) -> Result<AskedLimits, RarError> {
        AskedLimits::read(limits)
    }

    #[test]
    fn limits_survive_their_written_form_and_may_each_be_absent() {
        let written = json!({
            "max_uses": 12,
            "frequency": {"n": 1, "per": "month"},
            "not_before": 1_795_000_000,
            "not_after": 1_800_000_000,
            "hours": {"from": "08:00", "to": "24:00"}
        });
        let limits = read(written.clone()).unwrap();
        assert_eq!(limits.hours, Some(Hours { from: 480, to: 1440 }));
        assert_eq!(limits.frequency, Some(Frequency { n: 1, per: Per::Month }));
        assert_eq!(serde_json::to_value(&limits).unwrap(), written);
        assert_eq!(read(json!({})), Ok(AskedLimits::default()));
        for member in written.as_object().unwrap().keys() {
            let mut some = written.clone();
            some.as_object_mut().unwrap().remove(member);
            assert_eq!(serde_json::to_value(read(some.clone()).unwrap()).unwrap(), some, "{member}");
        }
    }

    #[test]
    fn zero_and_absurd_limits_are_refused() {
        for limits in [
            json!({"max_uses": 0}),
            json!({"max_uses": -1}),
            json!({"max_uses": 1.5}),
            json!({"max_uses": 10_001}),
            json!({"max_uses": 4_294_967_297_u64}),
            json!({"frequency": {"n": 0, "per": "day"}}),
            json!({"frequency": {"n": 1, "per": "year"}}),
            json!({"not_before": -1}),
            json!({"not_after": 253_402_300_800_i64}),
            json!({"not_before": 2, "not_after": 2}),
            json!({"not_before": 3, "not_after": 2}),
            json!({"hours": {"from": "17:00", "to": "08:00"}}),
            json!({"hours": {"from": "08:00", "to": "08:00"}}),
            json!({"hours": {"from": "8:00", "to": "17:00"}}),
            json!({"hours": {"from": "08:60", "to": "17:00"}}),
            json!({"hours": {"from": "08:00", "to": "24:01"}}),
            json!({"hours": {"from": "08:00", "to": "1٧:00"}}),
        ] {
            assert_eq!(read(limits.clone()).unwrap_err().reason(), "malformed_limit", "{limits}");
        }
    }

    #[test]
    fn unknown_missing_and_mistyped_members_are_refused() {
        for (limits, reason) in [
            (json!({"uses": 1}), "unknown_member"),
            (json!({"frequency": {"n": 1, "per": "day", "x": 1}}), "unknown_member"),
            (json!({"hours": {"from": "08:00", "to": "09:00", "zone": "UTC"}}), "unknown_member"),
            (json!({"frequency": {"n": 1}}), "missing_member"),
            (json!({"frequency": {"per": "day"}}), "missing_member"),
            (json!({"hours": {"from": "08:00"}}), "missing_member"),
            (json!([]), "wrong_member_type"),
            (json!(null), "wrong_member_type"),
            (json!({"max_uses": "1"}), "wrong_member_type"),
            (json!({"max_uses": null}), "wrong_member_type"),
            (json!({"not_after": "1795000000"}), "wrong_member_type"),
            (json!({"hours": ["08:00", "09:00"]}), "wrong_member_type"),
            (json!({"hours": {"from": 8, "to": "09:00"}}), "wrong_member_type"),
        ] {
            assert_eq!(read(limits.clone()).unwrap_err().reason(), reason, "{limits}");
        }
    }

    proptest! {
        #[test]
        fn no_text_as_an_hour_makes_the_reader_panic(text in ".{0,12}") {
            let _ = minute(&text);
        }

        #[test]
        fn every_minute_of_the_day_is_read_as_it_is_written(at in 0_u16..=1440) {
            prop_assert_eq!(minute(&clock(at)), Some(at));
        }
    }
}
