//! Minh Bạch: purpose-bound access to personal data, and a ledger every citizen can read and check.
//!
//! # The tour
//! One package, seven floors. Imports go down only; rooms on one floor do not know each other; what they share lies one
//! floor down, what combines them one floor up. `tests/architecture.rs` holds the plan and fails when it is broken.
//!
//! Start where the question starts:
//! - *an agency's software asks for a token*: [`http::routes`] → [`http::oauth`] → [`oauth`] (who asks, for what) →
//!   [`policy`] (may it) → [`store::append`] (entry and token, one transaction) → the token leaves;
//! - *it fetches the data*: [`http::data`] → [`gateway::data`] → [`outbound::sources`] → entry → the answer leaves;
//! - *a citizen is asked, answers, withdraws*: [`http::portal`] → [`consent`] → [`store::append`] (event, entry, tokens,
//!   notice: one transaction);
//! - *a citizen looks who looked*: [`http::portal`] → [`login::session`] → [`history`] → [`ledger::proof`];
//! - *software reads for a citizen, with her own token*: [`http::portal`] → [`history::program`] → entry → what she allowed;
//! - *a checkpoint is signed*: [`app::service`] → [`ledger::publisher`] → [`merkle`] → [`objects`];
//! - *a consent ends*: [`consent::notice`] (committed with it) → [`notices::deliver`] → [`outbound::push`];
//! - *a purpose or rule changes*: `policies/` → [`policy`]; nothing in `src/` knows a purpose by name.
//!
//! # Invariants (DESIGN §7), and where they are kept
//! - No token and no data leave without a committed entry: one match arm each in `oauth::issue` and `gateway::data`.
//! - Nothing outside a purpose's minimum is granted (`policy`, twice: by Cedar and by the statutory table) or passed on
//!   (`gateway::answer`).
//! - Whatever cannot be established is a refusal: every Cedar diagnostic, missing entity or unknown name.
//! - An entry keeps its index and bytes for ever; the service does not sign on disagreement (`ledger::publisher`).
//! - No field value is stored; national ids are stored only under a person's own key (`vault`) and never printed.
//! - Nobody reads another's history; looking at somebody else's records is an entry in hers, first (`history`).
//! - Purposes, notices and rules are content-addressed; each entry names the version that applied.
//!
//! # What is deliberately absent
//! No mock database (SQLite in a temporary file is the fake), no global configuration, no clock or randomness that is
//! not an argument, no SQL outside `store`, no rule in a handler.

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
pub mod standing;

// floor 4: what offices share, and the offices
pub mod consent;

pub mod admin;
pub mod gateway;
pub mod history;
pub mod login;
pub mod notices;
pub mod oauth;
pub mod people;

// floor 5: counters
pub mod http;

// floor 6: doors
pub mod app;
pub mod cli;
pub mod config;
pub mod demo;
