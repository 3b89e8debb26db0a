//! *Biên nhận*: what a person keeps of a consent, and of its end; it can be read and checked without this service.
//!
//! The sections and mandatory fields are those of ISO/IEC TS 27560:2023 (header, processing, parties, events), the
//! words those of W3C's Data Privacy Vocabulary by an embedded JSON-LD context, the envelope a JWS ([`TYP`]). The person
//! appears by the agency's handle only: a receipt is shown around. It is not a credential; it opens nothing.
//!
//! A receipt is made from values alone and refused unless it agrees with itself ([`Claims::check`]); whoever reads one
//! years later makes the same check. Out of scope: signing (`tokens`), looking anything up, pages.

mod check;
mod form;
mod make;
mod open;
mod plain;
mod termination;

pub use check::Fault;
pub use form::{
    Claims, Contact, Datum, Header, Kind, Ledger, Notice, Party, Processing, Role, Step, Validity,
};
pub use make::{Controller, Happened, Material, Words};
pub use open::{NotHeld, open};
pub use plain::{plain, verdict};
pub use termination::{Termination, Told};

/// The `typ` of a receipt (RFC 8725 §3.11): no token is taken for one, and it for no token.
pub const TYP: &str = "consent-receipt+jwt";
/// The version of this form.
pub const SCHEMA: &str = "minhbach/consent-receipt/2";
/// Each version that is read with the context it was signed with: a receipt is kept for years. What a later form added
/// to an earlier one may be absent.
const FORMS: [(&str, &str); 2] =
    [(SCHEMA, include_str!("context.json")), ("minhbach/consent-receipt/1", include_str!("context-1.json"))];
/// What it conforms to, as the DPV guide for ISO/IEC TS 27560 names it.
pub const CONFORMS_TO: &str = "https://w3id.org/dpv/schema/dpv-27560#receipt-record";
/// The longest receipt that is read, in bytes: years of pauses and resumptions fit.
pub const MAX_RECEIPT: usize = 2 * 1024 * 1024;

/// The embedded JSON-LD context; never fetched, so it means years later what it means now.
#[must_use]
pub fn context() -> serde_json::Value {
    context_of(SCHEMA).unwrap_or_default()
}

/// The context of one version of the form; `None` for a version that never was.
fn context_of(schema: &str) -> Option<serde_json::Value> {
    let (_, text) = FORMS.iter().find(|(version, _)| *version == schema)?;
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests;
