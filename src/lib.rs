//! Minh Bạch: purpose-bound access to personal data, and a ledger every citizen can read and check.
//!
//! One package, seven floors; imports go down only, rooms on one floor do not know each other.
//! `tests/architecture.rs` holds the plan.

pub mod crypto;
pub mod id;
pub mod login;
pub mod outbound;
pub mod secret;
pub mod telemetry;
pub mod time;
