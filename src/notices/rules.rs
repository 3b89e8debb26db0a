//! What happens to recipients that stay silent. Whoever does not acknowledge in the configured time is suspended, as an
//! entry of its agency; the person sees it in her history. Whoever lets the statutory date pass is marked so.
//!
//! Steps are taken once, whatever two nodes see at the same time; a lease only spares the second the work.

use std::{sync::Arc, time::Duration};

use uuid::Uuid;

use super::{
    Error,
    steps::{self, Opened},
};
use crate::{
    domain::record::{Facts, Kind},
    engines::Engines,
    ledger::entry::Event,
    store::{
        append::{Change, Command},
        notices::{Notice, Step},
    },
};

/// Notices looked at in one go.
const AT_ONCE: i64 = 256;
/// How long one process does this for all.
const LEASE: Duration = Duration::from_secs(30);

/// Why a client is suspended: the reason in its agency's history and in that of the person.
pub const NOT_ACKNOWLEDGED: &str = "notice_not_acknowledged";
/// Why a recipient is marked.
const NOT_STOPPED: &str = "notice_not_stopped";

/// Applies the rules every `every`, for ever. `after` is the time a recipient has to acknowledge.
pub async fn run(engines: Engines, after: Duration, every: Duration) {
    let holder = engines.id();
    let mut tick = tokio::time::interval(every);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Err(error) = turn(&engines, holder, after).await {
            tracing::warn!(%error, "notices.rules failed; they are applied again");
        }
    }
}

/// Applies the rules once; the number of notices that were found late or overdue.
///
/// # Errors
/// [`Error`]; what was not done is done the next time.
pub async fn turn(engines: &Engines, holder: Uuid, after: Duration) -> Result<usize, Error> {
    let now = engines.now();
    if !engines.store.lease("notices.rules", holder, now, now + LEASE).await? {
        return Ok(0);
    }
    let mut found = 0_usize;
    loop {
        let late = engines.store.late_notices(now - after, AT_ONCE).await?;
        let overdue = engines.store.overdue_notices(now, AT_ONCE).await?;
        let marked = mark(engines, late, &Step::Late, NOT_ACKNOWLEDGED)
            .await?
            .saturating_add(mark(engines, overdue, &Step::Overdue, NOT_STOPPED).await?);
        // Also when what is left cannot be opened: it is looked at again the next time.
        if marked == 0 {
            return Ok(found);
        }
        found = found.saturating_add(marked);
    }
}

/// The number that were marked now.
async fn mark(engines: &Engines, notices: Vec<Notice>, step: &Step, reason: &str) -> Result<usize, Error> {
    let mut commands = Vec::with_capacity(notices.len());
    for notice in notices {
        let Some(opened) = Opened::open_or_skip(engines, notice).await? else { continue };
        if let Some((told, _)) = opened.consent()
            && *step == Step::Late
        {
            // The suspension first: a crash in between finds the notice again, and the client suspended already.
            suspend(engines, opened.notice.client, &told.client_id, reason).await?;
        }
        let facts = Facts { reason: Some(reason.to_owned()), ..Facts::default() };
        commands.extend(opened.command(engines, Kind::NoticeOverdue, step.clone(), facts));
    }
    Ok(steps::run(engines, commands).await?.into_iter().filter(|taken| *taken).count())
}

/// Suspends a client unless it is; the entry stands in the history of its agency.
async fn suspend(engines: &Engines, client: Uuid, client_id: &str, reason: &str) -> Result<(), Error> {
    let Some(row) = engines.store.client(client_id).await? else { return Ok(()) };
    if row.id != client || row.suspended_at.is_some() {
        return Ok(());
    }
    let subject = engines.vault.agency(&row.agency).await?;
    let facts = Facts {
        agency: Some(row.agency),
        client: Some(row.client_id.clone()),
        reason: Some(reason.to_owned()),
        target: Some(row.client_id),
        ..Facts::default()
    };
    let event = Event { id: engines.id(), at: engines.now(), kind: Kind::ClientSuspended, subject, facts };
    let command = Command {
        changes: vec![Change::SuspendClient(client, true)],
        entry: Some(event.draft(Arc::clone(&engines.random))),
        ..Command::default()
    };
    steps::run(engines, vec![command]).await?;
    tracing::warn!(client_id, reason, "client.suspended by rule");
    Ok(())
}
