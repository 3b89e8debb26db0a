//! The application: opens what the configuration names and puts it together.
//!
//! Out of scope: reading the configuration (`config`), the demonstration (`demo`), commands (`cli`).

pub mod engines;

use std::process::ExitCode;

use crate::config::Config;

/// Serves until it is told to stop.
///
/// # Errors
/// When it cannot start.
#[expect(clippy::unused_async, reason = "the integrator fills it in")]
pub async fn serve(_config: Config) -> anyhow::Result<ExitCode> {
    anyhow::bail!("`serve` is not wired yet")
}
