//! `minhbach serve`.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;

use super::session;
use crate::app;

/// Run the service
#[derive(Args)]
#[command(after_help = "Example:\n  minhbach serve --config /etc/minhbach/minhbach.toml")]
pub(super) struct Arguments {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = session::load(&arguments.config)?;
    session::block_on(app::serve::serve(config))
}
