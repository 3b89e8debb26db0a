//! Reading the asked fields, and nothing else, out of a register's answer. Pure: bytes in, values out.

use std::{collections::BTreeMap, fmt};

use serde_json::Value;

use super::{FieldType, SourceConfig, SourceError, at, json};
use crate::time::Millis;

/// What a source said about one person, for the asked fields only.
#[derive(Clone, PartialEq)]
pub struct Answer {
    /// Field name → value, of the type its description promises.
    pub values: BTreeMap<String, Value>,
    /// Asked fields that the record does not hold.
    pub absent: Vec<String>,
    /// When the record was last changed, where the source says so.
    pub as_of: Option<Millis>,
}

impl fmt::Debug for Answer {
    /// Names, never values (I6).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("fields", &self.values.keys())
            .field("absent", &self.absent)
            .finish_non_exhaustive()
    }
}

/// Reads `body` as an answer about `national_id`.
pub(super) fn read(
    config: &SourceConfig,
    national_id: &str,
    fields: &[String],
    body: &[u8],
) -> Result<Answer, SourceError> {
    let record = json::parse(body).ok_or(SourceError::BadAnswer)?;
    match at(&record, &config.id_pointer) {
        Some(Value::String(id)) if id == national_id => {}
        Some(Value::String(_)) => return Err(SourceError::WrongPerson),
        _ => return Err(SourceError::BadAnswer),
    }
    let mut answer = Answer { values: BTreeMap::new(), absent: Vec::new(), as_of: None };
    for field in fields {
        let place = config.fields.get(field);
        match place.and_then(|place| Some((at(&record, &place.pointer)?, place.kind))) {
            None => answer.absent.push(field.clone()),
            Some((value, kind)) if fits(value, kind) => {
                answer.values.insert(field.clone(), value.clone());
            }
            Some(_) => return Err(SourceError::WrongType),
        }
    }
    answer.as_of =
        config.as_of_pointer.as_deref().and_then(|pointer| at(&record, pointer)?.as_str()).and_then(moment);
    Ok(answer)
}

fn fits(value: &Value, kind: FieldType) -> bool {
    match kind {
        FieldType::Text => value.is_string(),
        FieldType::Date => value.as_str().is_some_and(|text| day(text).is_some()),
        FieldType::Integer => value.is_i64() || value.is_u64(),
        FieldType::Number => value.is_number(),
        FieldType::Boolean => value.is_boolean(),
        FieldType::Texts => value.as_array().is_some_and(|items| items.iter().all(Value::is_string)),
    }
}

fn day(text: &str) -> Option<jiff::civil::Date> {
    let date: jiff::civil::Date = text.parse().ok()?;
    // The parser also takes other ISO 8601 spellings; registers are promised to use one.
    (date.to_string() == text).then_some(date)
}

/// RFC 3339, or a day in Vietnam, which begins at 00:00 +07:00.
fn moment(text: &str) -> Option<Millis> {
    Millis::parse_rfc3339(text).or_else(|| Millis::parse_rfc3339(&format!("{}T00:00:00+07:00", day(text)?)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ask(body: &Value, fields: &[&str]) -> Result<Answer, SourceError> {
        let config: SourceConfig = serde_json::from_value(json!({
            "id": "population", "url": "https://register.invalid", "id_pointer": "/r/id", "as_of_pointer": "/r/at",
            "fields": {
                "name": { "pointer": "/r/name" }, "born": { "pointer": "/r/born", "type": "date" },
                "points": { "pointer": "/r/points", "type": "integer" }, "fee": { "pointer": "/r/fee", "type": "number" },
                "alive": { "pointer": "/r/alive", "type": "boolean" }, "notes": { "pointer": "/r/notes", "type": "texts" },
            }
        }))
        .unwrap();
        let fields: Vec<String> = fields.iter().map(|&f| f.to_owned()).collect();
        read(&config, "999000000015", &fields, body.to_string().as_bytes())
    }

    fn record(extra: &Value) -> Value {
        let mut record = json!({ "id": "999000000015", "name": "Thử", "secret": "not asked" });
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({ "r": record })
    }

    #[test]
    fn only_what_was_asked_is_read() {
        let answer = ask(&record(&json!({ "born": 5, "at": "2026-11-20" })), &["name", "fee"]).unwrap();
        assert_eq!(answer.values, BTreeMap::from([("name".to_owned(), json!("Thử"))]));
        assert_eq!(answer.absent, ["fee"]);
        assert_eq!(answer.as_of, Millis::parse_rfc3339("2026-11-19T17:00:00Z"));
    }

    #[test]
    fn another_persons_record_is_refused_before_anything_is_read() {
        let other = record(&json!({ "id": "999000000023", "born": 5 }));
        assert_eq!(ask(&other, &["name", "born"]).unwrap_err(), SourceError::WrongPerson);
        for id in [json!(999_000_000_015_i64), Value::Null, json!(["999000000015"])] {
            assert_eq!(ask(&record(&json!({ "id": id })), &["name"]).unwrap_err(), SourceError::BadAnswer);
        }
        assert_eq!(ask(&json!([]), &["name"]).unwrap_err(), SourceError::BadAnswer);
    }

    #[test]
    fn each_type_is_held_to() {
        for (field, good, bad) in [
            ("name", json!("x"), json!({ "full": "x" })),
            ("born", json!("1990-02-28"), json!("1990-02-30")),
            ("born", json!("1990-02-28"), json!("19900228")),
            ("points", json!(12), json!(12.5)),
            ("fee", json!(12.5), json!("12.5")),
            ("alive", json!(true), json!("true")),
            ("notes", json!(["a", "b"]), json!(["a", { "b": 1 }])),
        ] {
            let answer = ask(&record(&json!({ field: good })), &[field]).unwrap();
            assert_eq!(answer.values.get(field), Some(&good));
            assert_eq!(
                ask(&record(&json!({ field: bad })), &[field]).unwrap_err(),
                SourceError::WrongType,
                "{bad}"
            );
        }
    }

    #[test]
    fn an_answer_shows_no_value_when_printed() {
        let printed = format!("{:?}", ask(&record(&json!({})), &["name"]));
        assert!(printed.contains("name") && !printed.contains("Thử"));
    }
}
