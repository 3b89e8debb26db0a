//! `minhbach demo`.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;

use super::session;
use crate::demo::run::{DemoOptions, run as demonstrate};

/// Show the whole story on this machine: service, stand-in registers, stand-in sign-in, people who do not exist
#[derive(Args)]
#[command(after_help = "Examples:\n  minhbach demo                   walk the story, then keep serving\n  \
    minhbach demo --once            walk the story and stop; exit code 0 if every step did what it should\n  \
    minhbach demo --data var/mine   keep everything in a folder, and go on from it next time")]
pub(super) struct Arguments {
    /// Stop after the walk
    #[arg(long)]
    once: bool,
    /// Where everything is kept; made if absent
    #[arg(long, value_name = "DIR", default_value = "var/demo")]
    data: PathBuf,
    /// The first port; those after it are used too
    #[arg(long, value_name = "N", default_value_t = 8080)]
    port: u16,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { once, data, port } = arguments;
    session::block_on(demonstrate(DemoOptions { once, data, port }))
}
