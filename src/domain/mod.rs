//! The nouns of the trade and their rules: pure values, no input or output, no clock of their own.
//!
//! Out of scope: where values come from (`policy` reads the catalogue, `store` the registrations) and how they
//! are written on the wire or on a page.

pub mod calendar;
pub mod catalogue;
pub mod client;
pub mod consent;
pub mod decision;
pub mod emergency;
pub mod own_token;
pub mod receipt;
pub mod record;
pub mod representation;
pub mod standing;
pub mod subject;
