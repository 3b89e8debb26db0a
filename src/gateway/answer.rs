//! From granted fields to questions, and from answers to the data that leaves.
//!
//! INVARIANT (I2): whatever a source says, only granted fields leave; a derived answer leaves without the value it was
//! derived from.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use crate::{
    outbound::sources::{Answers, Questions},
    time::Millis,
};

/// Reason code of a field that the person's record does not hold.
pub const NOT_RECORDED: &str = "not_recorded";
/// Reason code of a derived answer whose base value allows none.
pub const NOT_DERIVABLE: &str = "not_derivable";
/// Reason code of a source that was never asked.
const NOT_ASKED: &str = "source_unavailable";

/// Where a granted field comes from, as the catalogue says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The register to ask.
    pub source: String,
    /// The field to ask it for: the granted field itself, or the base value of a derived answer.
    pub base: String,
    /// Whether the granted field is an answer computed from `base`.
    pub derived: bool,
}

/// What the gateway needs to know of the catalogue.
pub trait Origins {
    /// Where `field` comes from; `None` for a field the catalogue does not know.
    fn origin(&self, field: &str) -> Option<Origin>;

    /// The answer to the derived `field` given its base value at the instant `now`; `None` when there is none.
    fn derive(&self, field: &str, base: &Value, now: Millis) -> Option<Value>;
}

/// A granted field without an origin: nothing may leave (I4).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the catalogue does not say where `{0}` comes from")]
pub struct UnknownField(pub String);

/// Granted field → where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan(BTreeMap<String, Origin>);

/// One value that leaves.
#[derive(Clone, PartialEq, Serialize)]
pub struct Datum {
    /// The value, or the answer derived from one.
    pub value: Value,
    /// The register it comes from.
    pub source: String,
    /// RFC 3339: when the register last changed the record, or else when it was asked.
    pub as_of: String,
}

/// One granted field that does not leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// The granted field.
    pub field: String,
    /// The register that should have given it.
    pub source: String,
    /// Stable code: one of the source's reasons, [`NOT_RECORDED`] or [`NOT_DERIVABLE`].
    pub reason: &'static str,
}

/// The `data` and `missing` members of an answer of `POST /data`.
#[derive(Clone, PartialEq, Serialize)]
pub struct Delivery {
    /// Granted field → value.
    pub data: BTreeMap<String, Datum>,
    /// Granted fields without a value, by name.
    pub missing: Vec<Missing>,
}

impl std::fmt::Debug for Delivery {
    /// Names, never values (I6).
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Delivery").field("data", &self.data.keys()).field("missing", &self.missing).finish()
    }
}

impl Plan {
    /// A plan for the granted fields; a field named twice counts once.
    pub fn new<'a>(
        granted: impl IntoIterator<Item = &'a str>,
        origins: &dyn Origins,
    ) -> Result<Self, UnknownField> {
        granted
            .into_iter()
            .map(|field| {
                let origin = origins.origin(field).ok_or_else(|| UnknownField(field.to_owned()))?;
                Ok((field.to_owned(), origin))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// What to ask of each source; a base value that serves several granted fields is asked for once.
    #[must_use]
    pub fn questions(&self) -> Questions {
        let mut questions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for origin in self.0.values() {
            questions.entry(origin.source.clone()).or_default().insert(origin.base.clone());
        }
        questions.into_iter().map(|(source, fields)| (source, fields.into_iter().collect())).collect()
    }

    /// What leaves. Every granted field is either in `data` or in `missing`, and nothing else is in either.
    #[must_use]
    pub fn deliver(&self, answers: &Answers, origins: &dyn Origins, now: Millis) -> Delivery {
        let mut delivery = Delivery { data: BTreeMap::new(), missing: Vec::new() };
        for (field, origin) in &self.0 {
            match value(field, origin, answers, origins, now) {
                Ok((value, as_of)) => {
                    let datum = Datum { value, source: origin.source.clone(), as_of: as_of.rfc3339() };
                    delivery.data.insert(field.clone(), datum);
                }
                Err(reason) => delivery.missing.push(Missing {
                    field: field.clone(),
                    source: origin.source.clone(),
                    reason,
                }),
            }
        }
        delivery
    }
}

fn value(
    field: &str,
    origin: &Origin,
    answers: &Answers,
    origins: &dyn Origins,
    now: Millis,
) -> Result<(Value, Millis), &'static str> {
    let answer = answers.get(&origin.source).ok_or(NOT_ASKED)?.as_ref().map_err(|error| error.code())?;
    let base = answer.values.get(&origin.base).ok_or(NOT_RECORDED)?;
    let value = if origin.derived {
        // A derived answer is a yes or a no. Anything wider could carry the base value out with it.
        origins.derive(field, base, now).filter(Value::is_boolean).ok_or(NOT_DERIVABLE)?
    } else {
        base.clone()
    };
    // A register whose clock runs ahead does not know the future.
    Ok((value, answer.as_of.map_or(now, |at| at.min(now))))
}

#[cfg(test)]
mod tests;
