//! What happens to a consent after the answer: withdrawn, paused, resumed, ended by time, law or a newer one.
//!
//! What rested on it ends in the same transaction: access tokens, the grant and its refresh tokens, and the notice to
//! the recipient waits in the outbox (Law 91/2025/QH15, Article 10; I7). Withdrawal is not retroactive (10(4)).

use std::sync::Arc;

use super::{Consent, Error, by_id, commit, facts, kind, notice, step};
use crate::{
    domain::consent::{Act, Actor, Event, IllegalTransition, State},
    engines::Engines,
    ledger::entry,
    store::append::{Command, Require},
};

/// How often a consent that changes meanwhile is read again before it is given up.
const TRIES: usize = 8;

/// Ends what the person wants to be over, however it changes meanwhile: what stands is withdrawn, what waits is refused.
/// What became of it, or `None` when it was over without her; a request nobody can answer any more is over.
///
/// # Errors
/// [`Error::Stale`] when others kept changing it: it may still stand, and she must be told so.
pub async fn stop(
    engines: &Engines,
    consent: Consent,
    by: &Actor,
    note: &str,
) -> Result<Option<State>, Error> {
    let fits = |consent: &Consent| match consent.state {
        state if state.is_standing() => Some(Act::Withdraw),
        state if state.is_waiting() && engines.now().0 < consent.row.answer_by => Some(Act::Refuse),
        _ => None,
    };
    persist(engines, consent, by, note, fits).await
}

/// Ends a consent that stands, whatever the person does to it meanwhile. What became of it, or `None` when it does not
/// stand.
///
/// # Errors
/// [`Error::Stale`] when others kept changing it: it may still stand.
pub async fn revoke(
    engines: &Engines,
    consent: Consent,
    by: &Actor,
    note: &str,
) -> Result<Option<State>, Error> {
    let fits = |consent: &Consent| consent.state.is_standing().then_some(Act::Revoke);
    persist(engines, consent, by, note, fits).await
}

/// Does what fits how the consent stands, read again as often as somebody was faster.
async fn persist(
    engines: &Engines,
    mut consent: Consent,
    by: &Actor,
    note: &str,
    fits: impl Fn(&Consent) -> Option<Act>,
) -> Result<Option<State>, Error> {
    for _ in 0..TRIES {
        let Some(act) = fits(&consent) else { return Ok(None) };
        match end(engines, &consent, act, by.clone(), Some(note.to_owned())).await {
            Ok(ended) => return Ok(Some(ended.state)),
            // A pause, a resumption or an answer was faster: that is no end.
            Err(Error::Stale) => {
                consent = by_id(engines, consent.row.id).await?.ok_or(Error::Inconsistent("consent"))?;
            }
            Err(error) => return Err(error),
        }
    }
    Err(Error::Stale)
}

/// Takes a consent one step on by anything but an answer.
///
/// # Errors
/// [`Error::Illegal`] where the state does not allow it, [`Error::Stale`] where somebody was faster.
pub async fn end(
    engines: &Engines,
    consent: &Consent,
    act: Act,
    by: Actor,
    note: Option<String>,
) -> Result<Consent, Error> {
    // INVARIANT I3: only an answer gives, or confirms what was given for her; it is the one place that keeps what the
    // person had before her eyes.
    if act.is_yes() {
        return Err(IllegalTransition { from: Some(consent.state), act }.into());
    }
    let next = consent.after(act)?;
    let entry = engines.id();
    let mut facts = facts(engines, &consent.record, &by);
    facts.fields = match act {
        // What was refused is what was asked for.
        Act::Refuse => consent.record.items.iter().map(|item| item.field.clone()).collect(),
        _ => consent.record.granted().into_iter().map(str::to_owned).collect(),
    };
    facts.grant = next.row.grant_id.map(|grant| grant.to_string());
    facts.note.clone_from(&note);
    let capacity = by.capacity;
    let representation = by.representation;
    let event = Event { by, shown: None, granted: Vec::new(), note };
    // That a purpose has changed is for those nodes to say that have the one in force.
    let changed = consent.is_outdated(engines) || consent.is_overtaken(engines);
    let bundle = (act == Act::Invalidate && changed).then(|| Arc::clone(&engines.bundle));
    let require = Require { representation, bundle, ..Require::default() };
    let change = step(engines, &consent.subject, &next, &consent.record, &event, entry, None)?;
    let mut changes = vec![change];
    changes.extend(notice::with(engines, consent, act, next.state, capacity, entry).await?);
    let at = engines.now();
    let event = entry::Event { id: entry, at, kind: kind(act), subject: consent.subject.clone(), facts };
    commit(engines, event, Command { require, changes, ..Command::default() }).await?;
    Ok(Consent { row: next.row, state: next.state, ..consent.clone() })
}
