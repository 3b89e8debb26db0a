//! The demonstration from start to end.

use std::{path::PathBuf, process::ExitCode};

/// What `minhbach demo` was asked for.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// Stop after the walk.
    pub once: bool,
    /// Where everything is kept.
    pub data: PathBuf,
    /// The first port.
    pub port: u16,
}

/// Starts everything on the loopback, walks the story, and keeps serving unless told otherwise.
///
/// # Errors
/// When it cannot start.
pub async fn run(_options: DemoOptions) -> anyhow::Result<ExitCode> {
    anyhow::bail!("`demo` is not wired yet")
}
