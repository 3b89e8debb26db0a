//! A compliance officer looks at what her own agency did: for a stated reason, and seen by those it concerns.

use std::{collections::HashSet, ops::RangeInclusive, sync::Arc, time::Duration};

use uuid::Uuid;

use super::access::{Access, HistoryError, collapsing, count, open};
use crate::{
    crypto::Digest,
    domain::{
        record::{Facts, Kind},
        subject::Subject,
    },
    engines::Engines,
    ledger::{appender::AppendError, entry::Event},
    protocol::rar::text_fault,
    store::append::{Command, Outcome},
    time::Millis,
    vault::VaultError,
};

/// How many characters a stated reason has.
pub const REASON: RangeInclusive<usize> = 10..=300;
/// How long a stated reason allows to look.
pub const LOOK_FOR: Duration = Duration::from_mins(30);
/// Rows read from the database at a time.
const CHUNK: u16 = 200;
/// Rows looked through for one page.
const SCAN: usize = 10_000;

/// Who looks.
#[derive(Clone, Debug)]
pub struct Officer {
    /// The agency, and the only one whose entries are shown.
    pub agency: String,
    /// The officer's code.
    pub id: String,
    /// The assurance of the sign-in, 1 to 4.
    pub assurance: u8,
}

/// A look under way.
#[derive(Clone, Debug)]
pub struct Look {
    /// The entry that began it.
    pub id: Uuid,
    /// The stated reason.
    pub reason: String,
    /// Until when it goes on.
    pub until: Millis,
}

/// What the officer wants to see.
#[derive(Clone, Debug, Default)]
pub struct AgencyFilter {
    /// From then on.
    pub from: Option<Millis>,
    /// Before then.
    pub to: Option<Millis>,
    /// Only for this purpose.
    pub purpose: Option<String>,
    /// Only by this official.
    pub official: Option<String>,
    /// Only these kinds; empty for all.
    pub kinds: Vec<Kind>,
}

impl AgencyFilter {
    fn wants(&self, access: &Access) -> bool {
        let fits = |wanted: &Option<String>, found: Option<&String>| {
            wanted.as_ref().is_none_or(|wanted| found == Some(wanted))
        };
        fits(&self.purpose, access.facts.purpose.as_ref())
            && fits(&self.official, access.facts.official.as_ref())
            && (self.kinds.is_empty() || self.kinds.contains(&access.kind))
    }
}

/// An entry with the person as the agency knows her.
#[derive(Clone, Debug)]
pub struct AgencyAccess {
    /// The entry.
    pub access: Access,
    /// The agency's own handle for the person.
    pub handle: Arc<str>,
}

/// Entries of an agency, newest first.
#[derive(Clone, Debug, Default)]
pub struct AgencyPage {
    /// The entries.
    pub accesses: Vec<AgencyAccess>,
    /// Where the next, older page begins.
    pub next: Option<i64>,
}

/// Begins a look: an entry of the agency's own with the officer and the reason; gives its id. The same `key` in the
/// same session means the same look, so that pressing twice makes one.
///
/// # Errors
/// [`HistoryError::Reason`] when the reason is none; others when the entry was not committed.
pub async fn begin_look(
    engines: &Engines,
    officer: &Officer,
    session: &Digest,
    reason: &str,
    key: &str,
) -> Result<Uuid, HistoryError> {
    let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some(fault) = text_fault(&reason, REASON) {
        return Err(HistoryError::Reason(fault));
    }
    let event = Event {
        id: engines.id(),
        at: engines.now(),
        kind: Kind::RecordViewed,
        subject: engines.vault.agency(&officer.agency).await?,
        facts: facts(officer, &reason, None),
    };
    let id = event.id;
    let collapse = engines.vault.lookup(&[b"look", session, key.as_bytes()]);
    match run(engines, vec![command(engines, event, &collapse)]).await?.pop() {
        Some(Some(earlier)) => Ok(earlier),
        Some(None) | None => Ok(id),
    }
}

/// The officer's own look with this id; `None` for anybody else's, and once its time is over.
///
/// # Errors
/// [`HistoryError`] when nobody can say.
pub async fn look(engines: &Engines, officer: &Officer, id: Uuid) -> Result<Option<Look>, HistoryError> {
    let agency = engines.vault.agency(&officer.agency).await?;
    let row = engines.store.entry(id).await?.filter(|row| row.subject == agency.id());
    let Some(row) = row else { return Ok(None) };
    let access = open(&row, &agency)?;
    let until = access.at + LOOK_FOR;
    let own = access.kind == Kind::RecordViewed && access.facts.official.as_ref() == Some(&officer.id);
    let reason = access.facts.note.filter(|_| own && engines.now() < until);
    Ok(reason.map(|reason| Look { id, reason, until }))
}

/// A page of the agency's entries about people. Before it is given out, each of these people has an entry that says
/// who looked and why (I9).
///
/// # Errors
/// [`HistoryError`]; nothing may then be shown.
pub async fn entries(
    engines: &Engines,
    officer: &Officer,
    look: &Look,
    filter: &AgencyFilter,
    before: Option<i64>,
    limit: usize,
) -> Result<AgencyPage, HistoryError> {
    let (found, next) = scan(engines, officer, filter, before, limit).await?;
    // INVARIANT I9: committed for every one of them, or nobody is shown anything.
    note_looking(engines, officer, look, &found).await?;
    let (mut accesses, mut handles) = (Vec::new(), Vec::new());
    for (access, subject) in found {
        handles.push(engines.vault.handle(&officer.agency, &subject).await?);
        accesses.push(access);
    }
    count(engines, &mut accesses).await?;
    let accesses = accesses.into_iter().zip(handles);
    Ok(AgencyPage {
        accesses: accesses.map(|(access, handle)| AgencyAccess { access, handle }).collect(),
        next,
    })
}

async fn note_looking(
    engines: &Engines,
    officer: &Officer,
    look: &Look,
    found: &[(Access, Subject)],
) -> Result<(), HistoryError> {
    let mut seen = HashSet::new();
    let mut commands = Vec::new();
    for (access, subject) in found {
        let person = subject.id();
        if !seen.insert(person) {
            continue;
        }
        let event = Event {
            id: engines.id(),
            at: engines.now(),
            kind: Kind::RecordViewed,
            subject: subject.clone(),
            facts: facts(officer, &look.reason, Some(access.id)),
        };
        // One entry a person for one look: turning pages is not another one.
        let parts: [&[u8]; 3] = [b"record.viewed", look.id.as_bytes(), person.as_bytes()];
        commands.push(command(engines, event, &engines.vault.lookup(&parts)));
    }
    run(engines, commands).await.map(drop)
}

fn facts(officer: &Officer, reason: &str, target: Option<Uuid>) -> Facts {
    Facts {
        agency: Some(officer.agency.clone()),
        assurance: Some(officer.assurance.to_string()),
        note: Some(reason.to_owned()),
        official: Some(officer.id.clone()),
        official_how: Some("proved".to_owned()),
        target: target.map(|id| id.to_string()),
        ..Facts::default()
    }
}

fn command(engines: &Engines, event: Event, collapse: &Digest) -> Command {
    let entry = Some(event.draft(Arc::clone(&engines.random)));
    Command { entry, collapse: Some(collapsing(collapse)), ..Command::default() }
}

/// Runs commands that all must end in a committed entry: their own (`None`) or the earlier one they collapsed into.
async fn run(engines: &Engines, commands: Vec<Command>) -> Result<Vec<Option<Uuid>>, HistoryError> {
    let outcomes = engines.appender.run_all(commands).await?;
    let entry = |outcome| match outcome {
        Outcome::Done { entry: Some(_), .. } => Ok(None),
        Outcome::Collapsed(earlier) => Ok(Some(earlier)),
        _ => Err(AppendError::Unavailable(None).into()),
    };
    outcomes.into_iter().map(entry).collect()
}

/// Whether an officer may see entries of this kind: what the agency did with people's data, not who read the ledger.
fn is_listed(kind: &str) -> bool {
    matches!(
        Kind::parse(kind),
        Some(
            Kind::TokenIssued
                | Kind::TokenRefused
                | Kind::TokenRevoked
                | Kind::DataReleased
                | Kind::DataRefused
        )
    )
}

async fn scan(
    engines: &Engines,
    officer: &Officer,
    filter: &AgencyFilter,
    before: Option<i64>,
    limit: usize,
) -> Result<(Vec<(Access, Subject)>, Option<i64>), HistoryError> {
    let times = (filter.from.map_or(i64::MIN, |from| from.0), filter.to.map_or(i64::MAX, |to| to.0));
    let mut before = before.unwrap_or(i64::MAX);
    let mut found = Vec::new();
    let mut scanned = 0;
    loop {
        // The agency comes from the session, never from the request.
        let rows = engines.store.agency_entries(&officer.agency, before, times, CHUNK.into()).await?;
        let last = rows.len() < usize::from(CHUNK);
        for row in &rows {
            if is_listed(&row.kind) {
                match engines.vault.subject(row.subject).await {
                    Ok(Some(subject)) => {
                        let access = open(row, &subject)?;
                        if filter.wants(&access) {
                            if found.len() == limit {
                                return Ok((found, Some(before)));
                            }
                            found.push((access, subject));
                        }
                    }
                    // Her key was destroyed: what was recorded about her can be read by nobody.
                    Ok(None) | Err(VaultError::Sealed(_)) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            before = row.idx;
        }
        scanned += rows.len();
        if last {
            return Ok((found, None));
        }
        if scanned >= SCAN {
            return Ok((found, Some(before)));
        }
    }
}
