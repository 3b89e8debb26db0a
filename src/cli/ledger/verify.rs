//! `minhbach ledger verify`.

use std::{
    fs,
    io::{self, IsTerminal as _, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::Args;
use uuid::Uuid;

use crate::{
    cli::{NO, session::Deployment},
    ledger::verify::verify,
};

/// Check every entry, chain, checkpoint and published file again; appends nothing
#[derive(Args)]
#[command(after_help = "Findings are printed one a line, `place: what`.
Exit codes: 0 clean, 1 findings, 2 it could not be checked.

Examples:
  minhbach ledger verify --data var/demo
  minhbach ledger verify --config minhbach.toml --expect released-tokens.json")]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    deployment: Deployment,
    /// A JSON array of token ids (`jti`) that must each have the entry that released them
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let expected = arguments.expect.as_deref().map(tokens).transpose()?.unwrap_or_default();
    let report = arguments.deployment.with(async |_, engines| {
        let report = verify(&engines.log, &engines.vault, &expected, progress()).await?;
        Ok(report)
    })?;
    for finding in &report.findings {
        writeln!(out, "{}: {}", finding.place, finding.what)?;
    }
    let verdict = match report.findings.len() {
        0 => "clean".to_owned(),
        1 => "1 finding".to_owned(),
        many => format!("{many} findings"),
    };
    writeln!(
        out,
        "{} entries, {} of them under a checkpoint, {} checkpoints, {} expected tokens: {verdict}",
        report.entries,
        report.published,
        report.checkpoints,
        expected.len()
    )?;
    Ok(if report.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(NO) })
}

fn tokens(path: &Path) -> anyhow::Result<Vec<Uuid>> {
    let name = || format!("`{}` is not a JSON array of token ids", path.display());
    let text = fs::read_to_string(path).with_context(|| format!("`{}`", path.display()))?;
    serde_json::from_str(&text).with_context(name)
}

/// Counts along on a terminal, and is silent elsewhere.
fn progress() -> impl Fn(u64, u64) {
    let shown = io::stderr().is_terminal();
    move |read, of| {
        if shown {
            let end = if read == of { "\n" } else { "" };
            let _ = write!(io::stderr(), "\r{read} of {of} entries{end}");
        }
    }
}
