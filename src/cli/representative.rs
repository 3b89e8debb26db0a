//! `minhbach representative add|list|end`. National ids and a child's day of birth come from files or stdin, never from
//! the command line, where every user of the machine could read them; nothing here prints them.

use std::{
    collections::BTreeSet,
    io::{self, BufRead as _, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};
use uuid::Uuid;

use super::{print, session::Deployment};
use crate::{
    crypto,
    domain::{
        record::hex,
        representation::{Evidence, Ground, Milestones, Scope},
        subject::NationalId,
    },
    people::{self, Ending, Registration},
    time::Millis,
};

/// An agency id has no capital letters: these handles are the operator's alone.
const OPERATOR: &str = "OPERATOR";
/// Representations read at a time.
const CHUNK: i64 = 200;

/// Register, list and end people's right to act for others; every change is an entry in both histories
#[derive(Subcommand)]
#[command(after_help = "Examples:
  minhbach representative add --config minhbach.toml --ground parent --principal-id-file child.txt \\
    --representative-id-file mother.txt --evidence birth-certificate.pdf --reference 'Giấy khai sinh 12/2019' \\
    --office 'UBND xã Ví Dụ' --may-view --may-answer        (asks for the child's day of birth)
  minhbach representative list --config minhbach.toml
  minhbach representative end --config minhbach.toml --id 0199… --office 'UBND xã Ví Dụ: quyết định 7/2026'")]
pub(super) enum Verb {
    /// Register somebody's right to act for another person
    Add(Add),
    /// List all, by handles of the operator's own
    List(Deployment),
    /// End one before its time
    End(End),
}

#[derive(Clone, Copy, ValueEnum)]
enum GroundArgument {
    Parent,
    Guardian,
    Attorney,
}

#[derive(Args)]
pub(super) struct Add {
    #[command(flatten)]
    deployment: Deployment,
    /// As what she acts
    #[arg(long, value_enum)]
    ground: GroundArgument,
    /// A file with nothing but the national id of the person who is acted for
    #[arg(long, value_name = "FILE")]
    principal_id_file: PathBuf,
    /// A file with nothing but the national id of the one who acts
    #[arg(long, value_name = "FILE")]
    representative_id_file: PathBuf,
    /// The document that proves it; its SHA-256 is kept, not the document
    #[arg(long, value_name = "FILE")]
    evidence: PathBuf,
    /// What the document is: kind, number, issuing body (no identity numbers)
    #[arg(long)]
    reference: String,
    /// The office that saw it
    #[arg(long)]
    office: String,
    /// She may see the history and the consents
    #[arg(long)]
    may_view: bool,
    /// She may answer requests and withdraw
    #[arg(long)]
    may_answer: bool,
    /// Only for this purpose; may be given several times
    #[arg(long, value_name = "PURPOSE")]
    purpose: Vec<String>,
    /// The first day it counts, YYYY-MM-DD in Vietnam; today when absent
    #[arg(long, value_name = "DATE")]
    from: Option<jiff::civil::Date>,
    /// The last day it counts, YYYY-MM-DD in Vietnam
    #[arg(long, value_name = "DATE")]
    until: Option<jiff::civil::Date>,
    /// A file with nothing but the child's day of birth, YYYY-MM-DD; asked for on stdin when absent. It is not kept
    #[arg(long, value_name = "FILE")]
    born_file: Option<PathBuf>,
    /// The ward is an adult: no day of birth is asked for (guardians only)
    #[arg(long, conflicts_with = "born_file")]
    adult: bool,
}

#[derive(Args)]
pub(super) struct End {
    #[command(flatten)]
    deployment: Deployment,
    /// The representation's id
    #[arg(long)]
    id: Uuid,
    /// The office that ends it, and why
    #[arg(long)]
    office: String,
}

pub(super) fn run(verb: Verb, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Add(arguments) => add(arguments, out)?,
        Verb::List(deployment) => list(&deployment, out)?,
        Verb::End(End { deployment, id, office }) => deployment.with(async |_, engines| {
            let placed = people::end(engines, id, Ending::Office(&office)).await?;
            Ok(writeln!(out, "ended {id}: entry {} at index {}", placed.id, placed.index)?)
        })?,
    }
    Ok(ExitCode::SUCCESS)
}

fn add(arguments: Add, out: &mut dyn Write) -> anyhow::Result<()> {
    let Add {
        deployment,
        ground,
        principal_id_file,
        representative_id_file,
        evidence,
        reference,
        office,
        may_view,
        may_answer,
        purpose,
        from,
        until,
        born_file,
        adult,
    } = arguments;
    let ground = match ground {
        GroundArgument::Parent => Ground::Parent,
        GroundArgument::Guardian => Ground::Guardian,
        GroundArgument::Attorney => Ground::Attorney,
    };
    if adult && ground != Ground::Guardian {
        bail!("`--adult` is for guardians: a parent acts for a child, an attorney always for an adult");
    }
    let principal = national_id(&principal_id_file)?;
    let representative = national_id(&representative_id_file)?;
    let document = std::fs::read(&evidence).with_context(|| format!("`{}`", evidence.display()))?;
    let sha256 = Some(hex(&crypto::sha256(&document)));
    let born = if ground == Ground::Attorney || adult { None } else { Some(born(born_file.as_deref())?) };
    deployment.with(async |config, engines| {
        for id in &purpose {
            if engines.register.catalogue().purpose(id).is_none() {
                bail!("there is no purpose `{id}`");
            }
        }
        let age = config.people.hand_over_age;
        let milestones = |day| Milestones::of(day, age).context("the day of birth is not usable");
        let purposes = (!purpose.is_empty()).then(|| purpose.iter().cloned().collect::<BTreeSet<_>>());
        let registration = Registration {
            ground,
            evidence: Evidence { reference, sha256 },
            scope: Scope { view: may_view, answer: may_answer, purposes },
            from: from.map(begins).transpose()?,
            until: until.map(|last| begins(last.tomorrow()?)).transpose()?,
            child: born.map(milestones).transpose()?,
            office,
        };
        let (id, placed) = people::register(engines, &principal, &representative, registration).await?;
        Ok(writeln!(out, "registered {id}: entry {} at index {}", placed.id, placed.index)?)
    })
}

fn list(deployment: &Deployment, out: &mut dyn Write) -> anyhow::Result<()> {
    deployment.with(async |_, engines| {
        let (mut rows, mut after) = (Vec::new(), Uuid::nil());
        loop {
            let chunk = people::list(engines, after, CHUNK).await?;
            let Some((last, _)) = chunk.last() else { break };
            after = last.id;
            for (row, bond) in chunk {
                let mut handles = Vec::new();
                for id in [row.principal, row.representative] {
                    let person = engines.vault.subject(id).await?.context("a person's record is missing")?;
                    handles.push(engines.vault.handle(OPERATOR, &person).await?.as_ref().to_owned());
                }
                let said = bond.representation;
                let now = engines.now();
                let state = match row.ended_at {
                    Some(at) => format!("ended {}", Millis(at)),
                    None if said.is_over(now) => "over".to_owned(),
                    None if now.0 < said.from => "not begun".to_owned(),
                    None => "counts".to_owned(),
                };
                // A child's milestones would tell her birthday.
                let until = said.until.map_or_else(
                    || if said.child.is_some() { "of age" } else { "-" }.to_owned(),
                    |at| Millis(at).to_string(),
                );
                let [principal, representative] = handles.try_into().unwrap_or_default();
                rows.push([
                    said.id.to_string(),
                    said.ground.as_str().to_owned(),
                    state,
                    until,
                    principal,
                    representative,
                ]);
            }
        }
        let headings = ["ID", "GROUND", "STATE", "UNTIL", "FOR", "BY"];
        Ok(print::table(out, headings, &rows)?)
    })
}

fn national_id(file: &Path) -> anyhow::Result<NationalId> {
    let text = std::fs::read_to_string(file).with_context(|| format!("`{}`", file.display()))?;
    NationalId::parse(text.trim().to_owned())
        .with_context(|| format!("`{}` does not hold a national id of 12 digits", file.display()))
}

/// The child's day of birth, from a file or from stdin.
fn born(file: Option<&Path>) -> anyhow::Result<jiff::civil::Date> {
    let text = if let Some(file) = file {
        std::fs::read_to_string(file).with_context(|| format!("`{}`", file.display()))?
    } else {
        let mut err = io::stderr();
        write!(err, "The child's day of birth (YYYY-MM-DD); it is not kept: ")?;
        err.flush()?;
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        line
    };
    text.trim().parse().ok().context("the day of birth is not a date, YYYY-MM-DD")
}

/// The first instant of a day in Vietnam.
fn begins(day: jiff::civil::Date) -> anyhow::Result<Millis> {
    let midnight = day.to_datetime(jiff::civil::Time::midnight());
    Ok(Millis(jiff::tz::Offset::constant(7).to_timestamp(midnight)?.as_millisecond()))
}
