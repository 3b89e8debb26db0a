//! `minhbach migrate`.

use std::{io::Write, process::ExitCode};

use clap::Args;

use super::session::{self, Deployment};
use crate::app::engines;

/// Bring the database's schema up to date; an SQLite file is made if absent
#[derive(Args)]
#[command(after_help = "Example:\n  minhbach migrate --config minhbach.toml")]
pub(super) struct Arguments {
    #[command(flatten)]
    deployment: Deployment,
}

pub(super) fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let config = arguments.deployment.load()?;
    session::block_on(async {
        let store = engines::open_store(&config).await?;
        let result = store.migrate().await;
        store.close().await;
        Ok(result?)
    })?;
    writeln!(out, "the schema is up to date")?;
    Ok(ExitCode::SUCCESS)
}
