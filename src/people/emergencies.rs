//! What is owed after an emergency access (Law 91/2025/QH15, Article 19(1)(a), (b)): a report in time, or neither
//! official acts any more until an office restores them.
//!
//! Opening and approving are not here: the two sign-ins of a token request are the one way (`oauth::emergency`).

use std::time::Duration;

use uuid::Uuid;

use super::{
    Error, once,
    register::{draft, placed},
    subject,
};
use crate::{
    crypto::{self, Digest},
    domain::{
        emergency::Emergency as Said,
        record::{Facts, Kind},
        subject::Subject,
    },
    engines::Engines,
    ledger::{appender::AppendError, entry},
    protocol::rar,
    store::{
        append::{Change, Command, Outcome, Placed},
        officials::Official,
        people::Emergency as Row,
    },
    time::Millis,
};

/// Emergencies looked at in one pass of the clockwork.
const PASS: i64 = 100;
/// An official's own list is not longer.
const LISTED: i64 = 200;
/// How long one that was reported stays in it: nobody needs it there, and each reading is told to the citizen.
const REPORTED_FOR: Duration = Duration::from_hours(30 * 24);

/// An emergency access, as the officials who made it may see it. It names nobody.
#[derive(Clone, Debug)]
pub struct Owed {
    /// The token's `jti`, by which it is reported.
    pub token: Uuid,
    /// The person, as the agency knows her.
    pub handle: String,
    /// When the token was issued.
    pub at: Millis,
    /// The first instant at which the report is late.
    pub due: Millis,
    /// When it was reported, and what.
    pub reported: Option<(Millis, String)>,
    /// When both officials were suspended for want of the report.
    pub overdue_at: Option<Millis>,
    /// What was asked for and why.
    pub said: Said,
}

/// An official who looks at what she did herself.
#[derive(Clone, Copy, Debug)]
pub struct Looking<'a> {
    /// Who she is.
    pub official: &'a Official,
    /// Her session: one session makes one entry for each access.
    pub session: &'a Digest,
    /// The strength of its sign-in, 1 to 4.
    pub assurance: u8,
}

/// The emergency accesses that an official asked for or approved, newest first: those that owe their report, and those
/// reported in the last thirty days. Before they are given out, an entry in the history of each person says so (I9).
///
/// # Errors
/// [`Error`] when one cannot be opened or the reading cannot be recorded; nothing may then be shown.
pub async fn emergencies(engines: &Engines, by: Looking<'_>) -> Result<Vec<Owed>, Error> {
    let since = engines.now() - REPORTED_FOR;
    let mut found = Vec::new();
    for row in engines.store.emergencies_of(by.official.id, since, LISTED).await? {
        let (person, said) = opened(engines, &row).await?;
        found.push((row, person, said));
    }
    note_looking(engines, by, &found).await?;
    let mut owed = Vec::with_capacity(found.len());
    for (row, person, said) in found {
        owed.push(Owed {
            token: row.token,
            handle: engines.vault.handle(&row.agency, &person).await?.to_string(),
            at: Millis(row.at),
            due: Millis(row.due),
            reported: reported(engines, &row, &person).await?,
            overdue_at: row.overdue_at.map(Millis),
            said,
        });
    }
    Ok(owed)
}

/// INVARIANT I9: each of these people can read that it was looked at again, or nobody is shown anything.
async fn note_looking(
    engines: &Engines,
    by: Looking<'_>,
    found: &[(Row, Subject, Said)],
) -> Result<(), Error> {
    let mut commands = Vec::new();
    for (row, person, said) in found {
        let collapse = once(engines, &[b"emergency.read", by.session, row.token.as_bytes()]);
        // Row and entry were one transaction, so this is as good as the entry.
        if engines.store.collapsed(collapse).await?.is_some() {
            continue;
        }
        let facts = Facts {
            agency: Some(by.official.agency.clone()),
            assurance: Some(by.assurance.to_string()),
            official: Some(by.official.code.clone()),
            official_how: Some("proved".to_owned()),
            purpose: Some(said.purpose.clone()),
            purpose_version: Some(said.purpose_version.clone()),
            token: Some(row.token.to_string()),
            ..Facts::default()
        };
        let entry = Some(draft(engines, Kind::RecordViewed, person, facts));
        commands.push(Command { entry, collapse: Some(collapse), ..Command::default() });
    }
    for outcome in engines.appender.run_all(commands).await? {
        match outcome {
            Outcome::Done { entry: Some(_), .. } | Outcome::Collapsed(_) => {}
            _ => return Err(AppendError::Unavailable(None).into()),
        }
    }
    Ok(())
}

/// The report as it stands in the person's history.
async fn reported(engines: &Engines, row: &Row, person: &Subject) -> Result<Option<(Millis, String)>, Error> {
    let Some(at) = row.reported_at else { return Ok(None) };
    for part in [SETTLED, LATE] {
        let Some(id) = engines.store.collapsed(once(engines, &[part, row.token.as_bytes()])).await? else {
            continue;
        };
        let stored = engines.store.entry(id).await?.ok_or(Error::Unreadable(id))?;
        // What settled it may also be that nobody reported in time.
        if Kind::parse(&stored.kind) == Some(Kind::EmergencyReported) {
            let (record, _) = entry::open(&stored, person).map_err(|_| Error::Unreadable(id))?;
            return Ok(Some((Millis(at), record.facts.note.unwrap_or_default())));
        }
    }
    Err(Error::Unreadable(row.token))
}

/// One of the two officials says what happened: 20 to 2,000 characters, shown to the citizen as stated. A late report
/// is taken too, and says that it is late; it restores nobody.
///
/// # Errors
/// [`Error::Unknown`] for an access that is not hers, [`Error::Text`], [`Error::Already`].
pub async fn report(engines: &Engines, official: Uuid, token: Uuid, text: &str) -> Result<Placed, Error> {
    let own = |row: &Row| [row.official, row.approver].contains(&official);
    let row = engines.store.emergency(token).await?.filter(own).ok_or(Error::Unknown)?;
    // A form's line breaks are spaces here: an entry's text is one line.
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some(fault) = rar::text_fault(&text, 20..=2000) {
        return Err(Error::Text(fault));
    }
    if row.reported_at.is_some() {
        let first = engines.store.collapsed(once(engines, &[SETTLED, token.as_bytes()])).await?;
        return Err(Error::Already(first.unwrap_or(token)));
    }
    let late = row.due <= engines.now().0 || row.overdue_at.is_some();
    if late && row.overdue_at.is_none() {
        // Being quicker than the clockwork does not make a late report one in time.
        match overdue(engines, &row).await {
            Ok(()) | Err(Error::Already(_)) => {}
            Err(error) => return Err(error),
        }
    }
    let (person, said) = opened(engines, &row).await?;
    let facts = Facts { note: Some(text), reason: late.then(|| "late".to_owned()), ..facts(&row, &said) };
    // In time, the report and its missing are one event that happens once: whichever is first.
    let parts: [&[u8]; 2] = [if late { LATE } else { SETTLED }, token.as_bytes()];
    let command = Command {
        changes: vec![Change::ReportEmergency(token)],
        collapse: Some(once(engines, &parts)),
        entry: Some(draft(engines, Kind::EmergencyReported, &person, facts)),
        ..Command::default()
    };
    placed(engines, command).await
}

const SETTLED: &[u8] = b"emergency.settled";
const LATE: &[u8] = b"emergency.reported late";

/// The clockwork: whoever has not reported in time is suspended, and the official who approved it too. The entry in the
/// citizen's history, those in the agency's, and both suspensions are one transaction. Gives how many there were.
///
/// # Errors
/// [`Error`] when nothing more could be written; the rest is for the next pass.
pub async fn emergencies_due(engines: &Engines) -> Result<usize, Error> {
    let mut done = 0;
    for row in engines.store.emergencies_overdue(engines.now(), PASS).await? {
        match overdue(engines, &row).await {
            Ok(()) => done += 1,
            // Reported in the last moment, or another node was quicker.
            Err(Error::Already(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

pub(super) async fn overdue(engines: &Engines, row: &Row) -> Result<(), Error> {
    let (person, said) = opened(engines, row).await?;
    let agency = engines.vault.agency(&row.agency).await?;
    let suspended = |code: &str| {
        let facts = Facts {
            agency: Some(row.agency.clone()),
            official: Some(code.to_owned()),
            reason: Some("emergency_report_overdue".to_owned()),
            target: Some(code.to_owned()),
            token: Some(row.token.to_string()),
            ..Facts::default()
        };
        draft(engines, Kind::OfficialSuspended, &agency, facts)
    };
    let command = Command {
        changes: vec![
            Change::EmergencyOverdue(row.token),
            Change::SuspendOfficial(row.official, true),
            Change::SuspendOfficial(row.approver, true),
        ],
        collapse: Some(once(engines, &[SETTLED, row.token.as_bytes()])),
        entry: Some(draft(engines, Kind::EmergencyOverdue, &person, facts(row, &said))),
        also: vec![suspended(&said.official), suspended(&said.approver)],
        ..Command::default()
    };
    placed(engines, command).await.map(drop)
}

fn facts(row: &Row, said: &Said) -> Facts {
    Facts {
        agency: Some(row.agency.clone()),
        approver: Some(said.approver.clone()),
        basis: Some("emergency".to_owned()),
        case: said.case.clone(),
        official: Some(said.official.clone()),
        purpose: Some(said.purpose.clone()),
        purpose_version: Some(said.purpose_version.clone()),
        token: Some(row.token.to_string()),
        ..Facts::default()
    }
}

async fn opened(engines: &Engines, row: &Row) -> Result<(Subject, Said), Error> {
    let person = subject(engines, row.subject).await?;
    let bytes = crypto::open(person.record_key(), &Said::context(row.token), &row.sealed);
    let said = bytes.as_deref().and_then(Said::parse).ok_or(Error::Unreadable(row.token))?;
    Ok((person, said))
}
