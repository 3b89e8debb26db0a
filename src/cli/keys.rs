//! `minhbach keys init|rotate|rotate-receipts`.

use std::{io::Write, process::ExitCode, time::Duration};

use clap::Subcommand;

use super::session::Deployment;
use crate::{
    crypto::SystemRandom,
    keyring::{Keyring, RECEIPT_KEYS},
    merkle::note::NoteKey,
    time::{Clock as _, SystemClock},
};

/// Verifiers may remember the JWK Set this long, so a new key is shown that long before it signs.
const NOTICE: Duration = Duration::from_mins(10);
/// No access token lives longer (DESIGN D6).
const OVERLAP: Duration = Duration::from_mins(5);

/// Make or rotate the keys that live outside the database
#[derive(Subcommand)]
#[command(after_help = "Examples:
  minhbach keys init --config minhbach.toml
  minhbach keys rotate --config minhbach.toml
  minhbach keys rotate-receipts --config minhbach.toml")]
pub(super) enum Verb {
    /// Make a fresh set of keys; never overwrites one. Back the folder up: without it no record can be read again
    Init(Deployment),
    /// Add a token key: published now, signing in 10 minutes; the one before it ends 5 minutes after that
    Rotate(Deployment),
    /// Add a receipt key: published now, signing in 10 minutes; those before it stay published for good
    RotateReceipts(Deployment),
}

pub(super) fn run(verb: &Verb, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let now = SystemClock.now();
    match verb {
        Verb::Init(deployment) => {
            let config = deployment.load()?;
            Keyring::create(&config.keys, &SystemRandom::default(), now)?;
            let log = NoteKey::new(config.origin(), Keyring::load(&config.keys)?.log)?;
            writeln!(out, "made keys in `{}`: back them up, apart from the database", config.keys.display())?;
            writeln!(out, "publish the log's verifier key where others can find it without you:")?;
            writeln!(out, "{}", log.verifier())?;
        }
        Verb::Rotate(deployment) => {
            let config = deployment.load()?;
            let kid = Keyring::rotate(&config.keys, now, NOTICE, OVERLAP)?;
            writeln!(out, "token key `{kid}` is published from now on and signs from {}", now + NOTICE)?;
            writeln!(out, "a running service takes it up by itself")?;
        }
        Verb::RotateReceipts(deployment) => {
            let config = deployment.load()?;
            let kid = Keyring::rotate_receipts(&config.keys, now, NOTICE)?;
            writeln!(out, "receipt key `{kid}` is published from now on and signs from {}", now + NOTICE)?;
            writeln!(
                out,
                "back up `{}`: receipts signed with it can be verified only while its public half is published",
                config.keys.join(RECEIPT_KEYS).display()
            )?;
            writeln!(out, "a running service takes it up by itself; copy the file to the other nodes")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
