//! `minhbach consent revoke`.

use std::{io::Write, process::ExitCode};

use clap::{Args, Subcommand};
use uuid::Uuid;

use super::{print, session::Deployment};
use crate::admin::{self, Decision};

/// End a consent by decision of a competent authority (Law 91/2025/QH15, Article 24(3)); it is an entry in the history
/// of the person, who reads authority, document and reason
#[derive(Subcommand)]
#[command(after_help = "Examples:
  minhbach consent revoke 0199… --config minhbach.toml --authority 'Sở Mẫu' --document '12/QĐ-SM' \\
    --reason 'việc đồng ý không đúng người đại diện'")]
pub(super) enum Verb {
    /// End one that stands, with its grant, its tokens, and a notice to the agency
    Revoke(Revoke),
}

#[derive(Args)]
pub(super) struct Revoke {
    #[command(flatten)]
    deployment: Deployment,
    /// The consent's id, which is also the number of its receipt
    id: Uuid,
    /// The authority that decided
    #[arg(long, value_name = "NAME")]
    authority: String,
    /// The number of its document
    #[arg(long, value_name = "NO")]
    document: String,
    /// Why, as the document says (no addresses, no identity numbers)
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

pub(super) fn run(verb: Verb, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let Verb::Revoke(Revoke { deployment, id, authority, document, reason }) = verb;
    deployment.with(async |_, engines| {
        let decision = Decision { authority, document, reason };
        let done = admin::revoke_consent(engines, id, &decision).await?;
        Ok(print::done(out, &format!("ended `{id}`"), &done)?)
    })?;
    Ok(ExitCode::SUCCESS)
}
