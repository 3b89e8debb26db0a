//! Fields and the registers that hold them.

use serde_json::Value;

use super::{Derivation, Text};

/// How the law classes a piece of personal data (Law 91/2025/QH15, Article 2(1)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// *Dữ liệu cá nhân cơ bản*: Decree 356/2025/ND-CP, Article 3.
    Basic,
    /// *Dữ liệu cá nhân nhạy cảm*: Decree 356/2025/ND-CP, Article 4.
    Sensitive,
}

/// The form of the value a register answers with; anything else is a wrong answer and is not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// A string.
    Text,
    /// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`: older civil records know only the year or the month.
    Date,
    /// A JSON number.
    Number,
    /// `true` or `false`.
    YesNo,
    /// An array.
    List,
    /// A picture, base64 in a string.
    Image,
}

impl Shape {
    /// Whether a value that came back is of this form.
    pub fn accepts(self, value: &Value) -> bool {
        match self {
            Self::Text | Self::Image => value.is_string(),
            Self::Date => value.as_str().is_some_and(|text| super::derivation::date_range(text).is_some()),
            Self::Number => value.is_number(),
            Self::YesNo => value.is_boolean(),
            Self::List => value.is_array(),
        }
    }
}

/// One piece of personal data that registers hold or that is computed from what they hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Dotted ASCII name, e.g. `person.birth_date`; stable for ever.
    pub name: String,
    /// What it is called on a page.
    pub label: Text,
    /// Basic or sensitive.
    pub class: Class,
    /// The point of Decree 356/2025/ND-CP that classes it, e.g. `3(2)`; `dd` stands for đ.
    pub decree: String,
    /// Id of the one register that holds it, or holds its base (Decree 278/2025/ND-CP, Article 5: one trusted source).
    pub source: String,
    /// The form of its value.
    pub shape: Shape,
    /// The fixed computation that answers it; `None` when the register answers it itself.
    pub derivation: Option<Derivation>,
    /// Whether it is also about somebody else: such a field is granted for no purpose until the people it is
    /// about get entries of their own.
    pub about_others: bool,
    /// Why it is never offered to anybody; `None` for every field that may be.
    pub never: Option<Text>,
}

impl Field {
    /// Whether the subject must be told that it is sensitive (Decree 356/2025/ND-CP, Article 6(4)).
    pub fn is_sensitive(&self) -> bool {
        self.class == Class::Sensitive
    }

    /// Whether a purpose in force may name it.
    pub fn is_grantable(&self) -> bool {
        !self.about_others && self.never.is_none()
    }
}

/// *Cơ sở dữ liệu*: a register that holds fields (Law 91/2025/QH15, Article 18(2)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Short id, e.g. `population`.
    pub id: String,
    /// Its name.
    pub name: Text,
    /// The body that keeps it.
    pub holder: Text,
    /// The first day it may be asked through this service.
    pub since: jiff::civil::Date,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_of_another_form_is_not_accepted() {
        assert!(Shape::Date.accepts(&json!("1990-02-28")));
        assert!(Shape::Date.accepts(&json!("1990")));
        assert!(!Shape::Date.accepts(&json!("1990-02-30")));
        assert!(!Shape::Text.accepts(&json!({"value": "x"})));
        assert!(!Shape::Number.accepts(&json!("12")));
        assert!(!Shape::YesNo.accepts(&json!("true")));
        assert!(!Shape::List.accepts(&json!("one")));
    }
}
