//! `minhbach official add|list|suspend|restore`.

use std::{io::Write, process::ExitCode};

use anyhow::bail;
use clap::{Args, Subcommand};

use super::{print, session::Deployment};
use crate::{
    admin::{self, OfficialSpec},
    time::Millis,
};

/// Register, list, suspend and restore officials; a running service takes a change within a second
#[derive(Subcommand)]
#[command(after_help = "Examples:
  minhbach official add --config minhbach.toml --agency csgt-vi-du --id cb-0042 --unit 'Đội 1'
  minhbach official suspend --config minhbach.toml --agency csgt-vi-du --id cb-0042 --because 'nghỉ việc'
  minhbach official list --config minhbach.toml")]
pub(super) enum Verb {
    /// Register an official, or replace her unit and sign-in
    Add(Add),
    /// List all officials
    List(Deployment),
    /// Suspend an official at once
    Suspend(One),
    /// Restore a suspended official
    Restore(One),
}

#[derive(Args)]
pub(super) struct Add {
    #[command(flatten)]
    deployment: Deployment,
    /// The agency she works for
    #[arg(long)]
    agency: String,
    /// Her code there
    #[arg(long)]
    id: String,
    /// Her unit
    #[arg(long)]
    unit: String,
    /// The issuer she signs in at
    #[arg(long, requires = "sub")]
    issuer: Option<String>,
    /// Her subject at that issuer
    #[arg(long, requires = "issuer")]
    sub: Option<String>,
}

#[derive(Args)]
pub(super) struct One {
    #[command(flatten)]
    deployment: Deployment,
    /// The agency she works for
    #[arg(long)]
    agency: String,
    /// Her code there
    #[arg(long)]
    id: String,
    /// Why; recorded in the entry
    #[arg(long, value_name = "TEXT")]
    because: Option<String>,
}

pub(super) fn run(verb: Verb, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Add(Add { deployment, agency, id, unit, issuer, sub }) => {
            deployment.with(async |config, engines| {
                if let Some(issuer) = &issuer
                    && !config.issuers.iter().any(|known| known.issuer == *issuer)
                {
                    bail!("the configuration has no issuer `{issuer}`");
                }
                let spec = OfficialSpec { agency, id, unit, sign_in: issuer.zip(sub) };
                let done = admin::register_official(engines, &spec).await?;
                Ok(print::done(out, &format!("registered `{}`", spec.id), &done)?)
            })?;
        }
        Verb::List(deployment) => {
            deployment.with(async |_, engines| {
                let rows: Vec<_> = engines
                    .store
                    .officials()
                    .await?
                    .into_iter()
                    .map(|official| {
                        let sign_in = official.issuer.zip(official.sub);
                        let how = sign_in.map_or_else(
                            || "asserted only".to_owned(),
                            |(issuer, sub)| format!("{sub} at {issuer}"),
                        );
                        let state = official
                            .suspended_at
                            .map_or_else(|| "active".to_owned(), |at| format!("suspended {}", Millis(at)));
                        [official.agency, official.code, state, official.unit, how]
                    })
                    .collect();
                Ok(print::table(out, ["AGENCY", "ID", "STATE", "UNIT", "SIGN-IN"], &rows)?)
            })?;
        }
        Verb::Suspend(One { deployment, agency, id, because }) => {
            deployment.with(async |_, engines| {
                let done = admin::suspend_official(engines, &agency, &id, because.as_deref()).await?;
                Ok(print::done(out, &format!("suspended `{id}`"), &done)?)
            })?;
        }
        Verb::Restore(One { deployment, agency, id, because }) => {
            deployment.with(async |_, engines| {
                let done = admin::restore_official(engines, &agency, &id, because.as_deref()).await?;
                Ok(print::done(out, &format!("restored `{id}`"), &done)?)
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
