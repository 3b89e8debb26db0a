//! The command line: one verb, one file. Results go to stdout, logs and progress to stderr.
//!
//! Exit codes: 0 done; 1 the answer is no (problems in a configuration, findings in a ledger, a refused request);
//! 2 it could not be done or found out. Out of scope: everything a verb does beyond reading arguments and printing.

mod client;
mod config;
mod consent;
mod demo;
mod doctor;
mod keys;
mod ledger;
mod migrate;
mod official;
mod print;
mod receipt;
mod representative;
mod serve;
mod session;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

/// The answer is no.
const NO: u8 = 1;
/// It could not be done, or found out.
const FAILED: u8 = 2;

/// Minh Bạch: purpose-bound access to personal data, and a ledger every citizen can read and check.
#[derive(Parser)]
#[command(
    name = "minhbach",
    version,
    arg_required_else_help = true,
    after_help = "Start here:
  minhbach demo                                  the whole story on this machine, with people who do not exist
  minhbach config generate > minhbach.toml       a commented configuration
  minhbach doctor --config minhbach.toml         is everything in order?"
)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Serve(serve::Arguments),
    Demo(demo::Arguments),
    #[command(subcommand)]
    Config(config::Verb),
    Migrate(migrate::Arguments),
    #[command(subcommand)]
    Keys(keys::Verb),
    #[command(subcommand)]
    Client(client::Verb),
    #[command(subcommand)]
    Official(official::Verb),
    #[command(subcommand)]
    Representative(representative::Verb),
    #[command(subcommand)]
    Consent(consent::Verb),
    #[command(subcommand)]
    Ledger(ledger::Verb),
    #[command(subcommand)]
    Receipt(receipt::Verb),
    Doctor(doctor::Arguments),
}

/// Runs the program with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    let out = &mut io::stdout().lock();
    match run(Cli::parse().verb, out).and_then(|code| Ok(out.flush().map(|()| code)?)) {
        Ok(code) => code,
        Err(error) if is_closed(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "minhbach: {error:#}");
            ExitCode::from(FAILED)
        }
    }
}

fn run(verb: Verb, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Serve(arguments) => serve::run(&arguments),
        Verb::Demo(arguments) => demo::run(arguments),
        Verb::Config(verb) => config::run(verb, out),
        Verb::Migrate(arguments) => migrate::run(&arguments, out),
        Verb::Keys(verb) => keys::run(&verb, out),
        Verb::Client(verb) => client::run(verb, out),
        Verb::Official(verb) => official::run(verb, out),
        Verb::Representative(verb) => representative::run(verb, out),
        Verb::Consent(verb) => consent::run(verb, out),
        Verb::Ledger(verb) => ledger::run(&verb, out),
        Verb::Receipt(verb) => receipt::run(&verb, out),
        Verb::Doctor(arguments) => doctor::run(&arguments, out),
    }
}

/// Whether the reader of stdout went away, as `head` does: nobody is left to tell.
fn is_closed(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
