//! What survives violence: real processes, real HTTP, SIGKILL, a full disk, a database that goes away or is rolled back.
//!
//! Nothing here looks inside a process; what is asked is what an operator would ask: the exit code, the sentence on
//! stderr, `ledger verify`. Out of scope: what the answers mean when nothing is broken.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so by panicking"
)]

mod consent;
#[expect(dead_code, reason = "shared with the integration suite")]
#[path = "../it/support/database.rs"]
mod database;
mod disk;
mod killed;
mod load;
mod postgres;
mod processes;
mod receiver;
mod refusals;
mod stage;
mod support;
