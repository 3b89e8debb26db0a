//! `minhbach ledger verify|check-proof`.

mod check_proof;
mod verify;

use std::{io::Write, process::ExitCode};

use clap::Subcommand;

/// Check the ledger, or one proof from it
#[derive(Subcommand)]
pub(super) enum Verb {
    Verify(verify::Arguments),
    CheckProof(check_proof::Arguments),
}

pub(super) fn run(verb: &Verb, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Verify(arguments) => verify::run(arguments, out),
        Verb::CheckProof(arguments) => check_proof::run(arguments, out),
    }
}
