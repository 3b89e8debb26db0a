//! Minh Bạch: purpose-bound access to personal data, and a ledger every citizen can read and check.
//!
//! One package, seven floors; imports go down only, rooms on one floor do not know each other.
//! `tests/architecture.rs` holds the plan.

// floor 0: ground
pub mod crypto;
pub mod i18n;
pub mod id;
pub mod limit;
pub mod secret;
pub mod telemetry;
pub mod time;

// floor 1: nouns
pub mod domain;
pub mod jose;
pub mod json;
pub mod merkle;
pub mod protocol;

// floor 2: everything that leaves the process
pub mod keyring;
pub mod objects;
pub mod outbound;
pub mod store;

// floor 3: engines
pub mod ledger;
pub mod policy;
pub mod registry;
pub mod tokens;
pub mod vault;

pub mod engines;

// floor 4: offices
pub mod admin;
pub mod gateway;
pub mod history;
pub mod login;
pub mod oauth;

// floor 5: counters
pub mod http;

// floor 6: doors
pub mod app;
pub mod cli;
pub mod config;
pub mod demo;
