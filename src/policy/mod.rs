//! The policy decision point: reads `policies/`, checks all of it, and decides with Cedar.
//!
//! The only room that names `cedar_policy`. A [`Register`] exists only if every file was good; it never changes.
//! Out of scope: proving properties of the rules, who may change them, and gathering the facts of a request.

mod cases;
mod catalogue_toml;
mod decide;
mod entities;
mod error;
mod files;
mod purpose_toml;
mod register;
mod rules;
mod schema;
mod terms_toml;
mod version;

#[cfg(test)]
mod tests;

pub use cases::{Case, Outcome};
pub use error::LoadError;
pub use files::{Files, embedded};
pub use register::{Options, Register};
pub use rules::{Effect, Rule};

use crate::domain::{catalogue::Text, decision::Reason};

/// What a reason code means, in both languages; `None` for a code that does not exist.
pub fn reason_text(code: &str) -> Option<Text> {
    Reason::from_code(code).map(|reason| Text { vi: reason.vi().to_owned(), en: reason.en().to_owned() })
}
