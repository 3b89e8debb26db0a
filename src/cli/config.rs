//! `minhbach config generate|check`.

use std::{io::Write, path::PathBuf, process::ExitCode};

use clap::Subcommand;

use super::NO;
use crate::config::{Config, sample};

/// Write or check a configuration
#[derive(Subcommand)]
#[command(
    after_help = "Examples:\n  minhbach config generate > minhbach.toml\n  minhbach config check --config minhbach.toml"
)]
pub(super) enum Verb {
    /// Print a commented configuration to start from
    Generate,
    /// Name every problem of a configuration at once; exit code 1 if there is one
    Check {
        /// The configuration file
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
}

pub(super) fn run(verb: Verb, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Generate => {
            out.write_all(sample().as_bytes())?;
            Ok(ExitCode::SUCCESS)
        }
        Verb::Check { config: path } => match Config::load(&path) {
            Ok(config) => {
                writeln!(
                    out,
                    "no problems: {} agencies, {} clients, {} officials, {} sources, {} issuers",
                    config.agencies.len(),
                    config.clients.len(),
                    config.officials.len(),
                    config.sources.len(),
                    config.issuers.len()
                )?;
                Ok(ExitCode::SUCCESS)
            }
            Err(problems) => {
                for problem in &problems {
                    writeln!(out, "{problem}")?;
                }
                Ok(ExitCode::from(NO))
            }
        },
    }
}
