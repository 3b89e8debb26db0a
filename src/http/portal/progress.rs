//! How the end of a consent is carried out: who was told, who stopped and erased, by when the law wants it.

use super::error::Failure;
use crate::{
    consent::Consent,
    domain::{consent::State, receipt::Told},
    engines::Engines,
    http::pages::consent::detail::{Progress, Step},
    store::notices::{EXPIRED, Notice, VERIFICATION, WITHDRAWN},
    time::Millis,
};

async fn notices(engines: &Engines, consent: &Consent) -> Result<Vec<Notice>, Failure> {
    // A pause is to be obeyed as an end is.
    if !consent.state.is_over() && consent.state != State::Paused {
        return Ok(Vec::new());
    }
    let mut notices = engines.store.notices_of(consent.row.id).await?;
    notices.retain(|notice| notice.event != VERIFICATION);
    // What was told while it stood is history; the last one is about the end.
    let newest = |notice: &Notice| {
        let ends = matches!(notice.event.as_str(), WITHDRAWN | EXPIRED);
        (notice.created_at, ends, notice.closed_at.is_none(), notice.id)
    };
    Ok(notices.into_iter().max_by_key(newest).into_iter().collect())
}

/// The steps for the page of a consent, in order; none while it is in force.
pub(super) async fn steps(engines: &Engines, consent: &Consent) -> Result<Vec<Progress>, Failure> {
    let mut steps = Vec::new();
    for notice in notices(engines, consent).await? {
        let mut add = |step, at: Option<i64>, note: &str| {
            steps.extend(at.map(|at| Progress { step, at: Millis(at), note: note.to_owned() }));
        };
        match notice.sent_at {
            Some(at) => add(Step::Told, Some(at), ""),
            None if notice.attempts > 0 => add(Step::NotYetTold, Some(notice.created_at), ""),
            None => {}
        }
        add(Step::Acknowledged, notice.acked_at, "");
        add(Step::Suspended, notice.late_at.filter(|_| notice.acked_at.is_none()), "");
        let last_day = notice.stop_by.map(|by| by.saturating_sub(1));
        let open = last_day.filter(|_| notice.stopped_at.is_none() && notice.overdue_at.is_none());
        match &notice.extended {
            Some(why) => add(Step::Extended, last_day, why),
            None => add(Step::StopBy, open, ""),
        }
        add(Step::Stopped, notice.stopped_at, "");
        add(Step::StopOverdue, notice.overdue_at.filter(|_| notice.stopped_at.is_none()), "");
        add(Step::Erased, notice.erased_at, "");
        add(Step::Closed, notice.closed_at.filter(|_| consent.state.is_over()), "");
    }
    Ok(steps)
}

/// The same for a receipt of the end, and when nothing was owed any more.
pub(super) async fn told(
    engines: &Engines,
    consent: &Consent,
) -> Result<(Vec<Told>, Option<Millis>), Failure> {
    let notices = notices(engines, consent).await?;
    let closed = notices
        .iter()
        .map(|notice| notice.closed_at.filter(|_| notice.acked_at.is_some()))
        .collect::<Option<Vec<_>>>();
    let closed = closed.and_then(|all| all.into_iter().max()).map(Millis);
    let told = notices.into_iter().map(|notice| Told {
        client_id: consent.record.client_id.clone(),
        event: notice.event,
        told_at: Millis(notice.created_at),
        // Polled and acknowledged at once, it was sent then.
        sent_at: notice.sent_at.or(notice.acked_at).map(Millis),
        acknowledged_at: notice.acked_at.map(Millis),
        stop_by: notice.stop_by.map(Millis),
        extended: notice.extended.is_some(),
        stopped_at: notice.stopped_at.map(Millis),
        erased_at: notice.erased_at.map(Millis),
    });
    Ok((told.collect(), closed))
}
