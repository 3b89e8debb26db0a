//! Strict JSON: the one reader for JSON that comes from outside (requests, JWTs, key sets, sources).
//!
//! What serde_json lets pass and we refuse: a member named twice at any depth (RFC 8259 §4 leaves its meaning open,
//! and two readers that choose differently is how a check is walked around) and nesting deeper than [`MAX_DEPTH`].
//! Out of scope: canonical writing, and JSON that this service wrote itself.

use std::{cell::RefCell, fmt};

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Levels of arrays and objects inside each other that are still read.
pub const MAX_DEPTH: usize = 16;

/// Why a text was refused. No variant holds any value of the text; a member's name only if it looks like a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// More bytes than the caller allows; the limit.
    #[error("the JSON text is longer than {0} bytes")]
    TooLarge(usize),
    /// Deeper than [`MAX_DEPTH`].
    #[error("the JSON text is nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// A member twice in one object; its name in backticks, or "a member" if the name is not fit to be shown.
    #[error("the JSON text has {0} twice in one object")]
    Duplicate(String),
    /// Not JSON, with the place counted from 1.
    #[error("the text is not JSON (line {line}, column {column})")]
    Syntax {
        /// Line.
        line: usize,
        /// Column in bytes.
        column: usize,
    },
    /// JSON, but not of the form that is asked for.
    #[error("the JSON text does not have the expected form")]
    Shape,
}

/// Reads one JSON value of at most `limit` bytes.
///
/// # Errors
/// See [`JsonError`].
pub fn parse(text: &[u8], limit: usize) -> Result<Value, JsonError> {
    if text.len() > limit {
        return Err(JsonError::TooLarge(limit));
    }
    let refused = RefCell::new(None);
    let mut reader = serde_json::Deserializer::from_slice(text);
    Strict { depth: 0, refused: &refused }
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|error| {
            let place = JsonError::Syntax { line: error.line(), column: error.column() };
            refused.borrow_mut().take().unwrap_or(place)
        })
}

/// Reads one JSON value of at most `limit` bytes into a type.
///
/// # Errors
/// See [`JsonError`]; [`JsonError::Shape`] when the type does not take the value.
pub fn parse_as<T: DeserializeOwned>(text: &[u8], limit: usize) -> Result<T, JsonError> {
    serde_json::from_value(parse(text, limit)?).map_err(|_| JsonError::Shape)
}

/// A name from outside as it may be shown in an error: in backticks if it looks like a member or parameter name,
/// otherwise `instead`. Names may carry personal data or markup just as values may.
#[must_use]
pub fn shown(name: &str, instead: &str) -> String {
    let plain = !name.is_empty()
        && name.len() <= 40
        && name.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b'_' | b'-' | b'.' | b'#'));
    if plain { format!("`{name}`") } else { instead.to_owned() }
}

#[derive(Clone, Copy)]
struct Strict<'a> {
    depth: usize,
    refused: &'a RefCell<Option<JsonError>>,
}

impl Strict<'_> {
    fn refuse<E: serde::de::Error>(self, why: JsonError) -> E {
        *self.refused.borrow_mut() = Some(why);
        E::custom("refused")
    }

    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(self.refuse(JsonError::TooDeep));
        }
        Ok(Self { depth: self.depth + 1, refused: self.refused })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut out = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            out.push(item);
        }
        Ok(Value::Array(out))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut out = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if out.contains_key(&name) {
                return Err(self.refuse(JsonError::Duplicate(shown(&name, "a member"))));
            }
            let value = members.next_value_seed(inner)?;
            out.insert(name, value);
        }
        Ok(Value::Object(out))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn ordinary_json_is_read_as_it_stands() {
        let text = br#" {"a":[1,-2,3.5,true,null,"\u00e9"],"b":{"a":{}}} "#;
        assert_eq!(parse(text, 100), Ok(json!({"a": [1, -2, 3.5, true, null, "é"], "b": {"a": {}}})));
    }

    #[test]
    fn a_member_twice_is_refused_at_any_depth() {
        assert_eq!(parse(br#"{"a":1,"a":1}"#, 100), Err(JsonError::Duplicate("`a`".to_owned())));
        assert_eq!(
            parse(br#"[{"b":[{"aud":1,"aud":2}]}]"#, 100),
            Err(JsonError::Duplicate("`aud`".to_owned()))
        );
        // Escapes do not hide a repetition.
        assert_eq!(parse(br#"{"a":1,"\u0061":2}"#, 100), Err(JsonError::Duplicate("`a`".to_owned())));
    }

    #[test]
    fn a_name_that_could_be_personal_data_is_not_shown() {
        let error = parse(br#"{"999000000015":1,"999000000015":1}"#, 100).unwrap_err();
        assert_eq!(error, JsonError::Duplicate("a member".to_owned()));
    }

    #[test]
    fn depth_and_size_have_limits() {
        let nested = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
        assert!(parse(nested(MAX_DEPTH).as_bytes(), 100).is_ok());
        assert_eq!(parse(nested(MAX_DEPTH + 1).as_bytes(), 100), Err(JsonError::TooDeep));
        assert_eq!(parse(b"[1,2]", 4), Err(JsonError::TooLarge(4)));
    }

    #[test]
    fn what_is_not_json_is_named_by_place() {
        for text in ["", "{", "{} {}", "{'a':1}", "[1,]", "nul", "\u{feff}{}", "NaN", r#""\ud800""#, "1e999"]
        {
            assert!(matches!(parse(text.as_bytes(), 100), Err(JsonError::Syntax { .. })), "{text}");
        }
        assert!(matches!(parse(b"\"\xff\"", 100), Err(JsonError::Syntax { .. })));
    }

    #[test]
    fn a_type_takes_only_its_own_form() {
        assert_eq!(parse_as::<u8>(b"7", 10), Ok(7));
        assert_eq!(parse_as::<u8>(b"\"7\"", 10), Err(JsonError::Shape));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&text, 1000);
        }
    }
}
