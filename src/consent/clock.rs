//! What time does: requests nobody answered, consents whose time is over, consents nobody used; and requests and
//! consents about a purpose that has changed since.
//!
//! The clockwork only writes down what is already so: an expired consent opens nothing whether or not it has run.

use std::time::Duration;

use uuid::Uuid;

use super::{Consent, Error, by_id, end};
use crate::{
    domain::consent::{Act, Actor},
    engines::Engines,
    store::consents::Consent as Row,
    time::Millis,
};

const DAY: i64 = 86_400_000;
/// The lease of the node that looks for overtaken consents, and how long it has it beyond its last look.
const SWEEP: (&str, Duration) = ("consents.overtaken", Duration::from_mins(1));
/// How often one is tried again that changes while it is looked at.
const TRIES: usize = 3;
/// Why a request ended, in its event and its entry.
const PURPOSE_CHANGED: &str = "purpose_changed";

/// Ends at most `most` of those that are due; how many it looked at. Two nodes may do it at once: one of them finds
/// each already done.
///
/// # Errors
/// [`Error`] when the database or the ledger fails; the rest is done next time.
pub async fn run_due(engines: &Engines, most: i64) -> Result<usize, Error> {
    if !speaks(engines).await? {
        return Ok(0);
    }
    let rows = engines.store.consents_awake(engines.now(), most).await?;
    let found = rows.len();
    for row in rows {
        let id = row.id;
        match one(engines, row).await {
            Ok(()) | Err(Error::Stale | Error::Illegal(_)) => {}
            Err(error) if error.is_unavailable() => return Err(error),
            // Its key was destroyed, or it does not read back: that must not hold up all the others.
            Err(error) => {
                tracing::error!(consent = %id, error = &error as &dyn std::error::Error, "consent.due failed");
                engines.store.wake_consent(id, engines.now().0.saturating_add(DAY)).await?;
            }
        }
    }
    Ok(found)
}

/// Ends those of the next `most` standing consents whose purpose or notice has changed since the yes (I10); how many it
/// looked at. They open nothing whether or not this has run; it tells the person, and the recipient what it must stop.
///
/// Each activation of a bundle has every consent looked at once: how far that has come stands in the database, so that
/// a start finds nothing to do where nothing has changed, and goes on where a node died. One node does it (`holder`),
/// the others look at none. What is given meanwhile is given by a node with that bundle (see [`super::answer()`]).
///
/// # Errors
/// [`Error`] when the database or the ledger fails; what was done stays done, and these are looked at again.
pub async fn end_overtaken(engines: &Engines, holder: Uuid, most: i64) -> Result<usize, Error> {
    // Before the bundle: where another becomes active after this was read, nothing that is found counts.
    let sweep = engines.store.sweep().await?;
    let Some(after) = sweep.reached else { return Ok(0) };
    let now = engines.now();
    if !speaks(engines).await? || !engines.store.lease(SWEEP.0, holder, now, now + SWEEP.1).await? {
        return Ok(0);
    }
    let rows = engines.store.consents_standing(after, most).await?;
    let found = rows.len();
    let last = rows.last().map(|row| row.id);
    for row in rows {
        let id = row.id;
        match overtaken(engines, row).await {
            Ok(()) => {}
            Err(error) if error.is_unavailable() || matches!(error, Error::Stale) => return Err(error),
            Err(error) => {
                tracing::error!(consent = %id, error = &error as &dyn std::error::Error, "consent.overtaken failed");
            }
        }
    }
    let more = i64::try_from(found).is_ok_and(|found| found >= most);
    engines.store.advance_sweep(sweep, last.filter(|_| more)).await?;
    if !more {
        // Given back: the next change of policies does not wait for it, whichever node sees it first.
        engines.store.lease(SWEEP.0, holder, now, Millis(now.0.saturating_sub(1))).await?;
    }
    Ok(found)
}

async fn overtaken(engines: &Engines, row: Row) -> Result<(), Error> {
    let subject = engines.vault.subject(row.subject).await?.ok_or(Error::Inconsistent("subject"))?;
    let mut consent = Consent::open(row, &subject)?;
    for _ in 0..TRIES {
        if !consent.is_overtaken(engines) {
            return Ok(());
        }
        let note = Some(PURPOSE_CHANGED.to_owned());
        match end(engines, &consent, Act::Invalidate, Actor::system(), note).await {
            // She paused it or let it go on meanwhile: it is as overtaken as before.
            Err(Error::Stale) => {}
            ended => return ended.map(drop),
        }
        consent = by_id(engines, consent.row.id).await?.ok_or(Error::Inconsistent("consent"))?;
    }
    Err(Error::Stale)
}

/// What has changed, and how long a consent may lie unused, is for nodes to say that have the policies in force.
async fn speaks(engines: &Engines) -> Result<bool, Error> {
    let active = engines.store.head().await?.bundle;
    Ok(active.is_none_or(|active| active == *engines.bundle))
}

/// Does what is due of one.
async fn one(engines: &Engines, row: Row) -> Result<(), Error> {
    let now = engines.now().0;
    let subject = engines.vault.subject(row.subject).await?.ok_or(Error::Inconsistent("subject"))?;
    let consent = Consent::open(row, &subject)?;
    let row = &consent.row;
    let act = if consent.state.is_waiting() && row.answer_by <= now {
        Some(Act::TimeOut)
    } else if consent.is_outdated(engines) || consent.is_overtaken(engines) {
        Some(Act::Invalidate)
    } else if consent.state.is_waiting() {
        engines.store.wake_consent(row.id, row.answer_by).await?;
        None
    } else if row.expires <= now {
        Some(Act::Expire)
    } else {
        let last = engines.store.consent_uses(row.id, 1).await?.first().map(|used| used.at);
        let days = engines.register.catalogue().purpose(&consent.record.purpose);
        let days = days.and_then(|purpose| purpose.consent.as_ref()?.lapse_days);
        let since = last.unwrap_or(row.asked_at).max(row.starts);
        let lapse = days.map(|days| since.saturating_add(i64::from(days) * DAY));
        match lapse {
            Some(lapse) if lapse <= now => Some(Act::Lapse),
            // Used meanwhile: look again when it would lapse from then.
            Some(lapse) => {
                engines.store.wake_consent(row.id, lapse.min(row.expires)).await?;
                None
            }
            None => {
                engines.store.wake_consent(row.id, row.expires).await?;
                None
            }
        }
    };
    match act {
        Some(act) => {
            let note = (act == Act::Invalidate).then(|| PURPOSE_CHANGED.to_owned());
            end(engines, &consent, act, Actor::system(), note).await.map(drop)
        }
        None => Ok(()),
    }
}
