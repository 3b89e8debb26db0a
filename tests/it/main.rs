//! The integration suite: the service over real HTTP, on SQLite and on PostgreSQL, with stand-in registers and a
//! stand-in identity provider. One binary; the modules follow `src/http/routes.rs`.
//!
//! Every test has a service, a database and a clock of its own, and ends with a check of the whole ledger. Out of
//! scope: pages and browsers (`tests/clients`), processes that are killed, and what one room can test alone.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking, in its helpers too"
)]

mod support;

mod access;
mod authentication;
mod backchannel;
mod choices;
mod consent;
mod data;
mod dpop;
mod emergency;
mod faults;
mod grants;
mod guardianship;
mod in_flight;
mod introspect;
mod invariants;
mod log;
mod me;
mod metadata;
mod misuse;
mod negatives;
mod nodes;
mod notices;
mod officials;
mod prompts;
mod revoke;
mod secrets;
mod token;
mod urgent;
mod uses;
