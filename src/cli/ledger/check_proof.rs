//! `minhbach ledger check-proof`: without a network, a database or a key.

use std::{fs, io::Write, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::Args;

use crate::{
    cli::NO, domain::record::Record, ledger::proof::EntryProof, merkle::note::Verifier, time::Millis,
};

/// Check an entry's proof offline, and say what it proves
#[derive(Args)]
#[command(after_help = "Exit codes: 0 it holds, 1 it does not, 2 it could not be read.

Example:
  minhbach ledger check-proof proof.json --key 'minhbach.example+1a2b3c4d+AVeryLongKey='")]
pub(in crate::cli) struct Arguments {
    /// The file a citizen downloaded
    file: PathBuf,
    /// The log's verifier key, from somewhere else than the file
    #[arg(long, value_name = "VERIFIER")]
    key: Option<String>,
}

pub(super) fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let name = || format!("`{}`", arguments.file.display());
    let text = fs::read_to_string(&arguments.file).with_context(name)?;
    let proof: EntryProof =
        serde_json::from_str(&text).with_context(|| format!("{} is not an entry proof", name()))?;
    let key = arguments.key.as_deref().map(Verifier::parse).transpose().context("`--key`")?;
    let record = match proof.verify(key.as_ref()) {
        Ok(record) => record,
        Err(error) => {
            writeln!(out, "the proof does NOT hold: {error}")?;
            return Ok(ExitCode::from(NO));
        }
    };
    writeln!(out, "the proof holds\n")?;
    facts(out, &record)?;
    writeln!(
        out,
        "\nIt proves: the entry stands at index {} of the log `{}`, in exactly these words, under the",
        proof.index,
        origin(&proof)
    )?;
    writeln!(
        out,
        "checkpoint in the file. It cannot be changed or taken out without breaking every later checkpoint."
    )?;
    if key.is_some() {
        writeln!(out, "The checkpoint is signed with the key you gave.")?;
    } else {
        writeln!(
            out,
            "\nThe key is the file's own: this shows only that the file agrees with itself. Get the log's verifier"
        )?;
        writeln!(out, "key elsewhere, and check again with `--key`. The file says it is\n{}", proof.log)?;
    }
    writeln!(
        out,
        "\nIt does not prove: that what the agency stated is true, that everybody is shown the same log (compare"
    )?;
    writeln!(out, "checkpoints with others), or that there is no entry about you that you were not shown.")?;
    Ok(ExitCode::SUCCESS)
}

fn origin(proof: &EntryProof) -> &str {
    proof.log.split('+').next().unwrap_or_default()
}

/// The record's facts, one a line.
fn facts(out: &mut dyn Write, record: &Record) -> anyhow::Result<()> {
    writeln!(out, "{:18} {}", "entry", record.id)?;
    let at = record.at.parse().map_or_else(|_| record.at.clone(), |at| Millis(at).rfc3339());
    writeln!(out, "{:18} {at}", "at")?;
    writeln!(out, "{:18} {}", "kind", record.kind)?;
    writeln!(out, "{:18} {}", "your entry number", record.n)?;
    let serde_json::Value::Object(facts) = serde_json::to_value(&record.facts)? else { return Ok(()) };
    for (name, value) in facts {
        let text = match value {
            serde_json::Value::String(text) => text,
            serde_json::Value::Array(items) => {
                items.iter().filter_map(serde_json::Value::as_str).collect::<Vec<_>>().join(", ")
            }
            other => other.to_string(),
        };
        writeln!(out, "{name:18} {text}")?;
    }
    Ok(())
}
