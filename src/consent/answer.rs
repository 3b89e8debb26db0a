//! The person answers: yes to these fields, no, or later; or yes, now that she is of age, to what was agreed for her.
//! Silence is not here, because silence is not an answer.

use std::sync::Arc;

use uuid::Uuid;

use super::{Consent, Error, commit, events, facts, kind, notice, of_grant, step, text};
use crate::{
    domain::consent::{Act, Actor, Capacity, Channel, Event, Record, Shown, State},
    engines::Engines,
    ledger::entry,
    standing,
    store::{
        append::{Change, Command, Draft, GrantHolds, Require},
        grants::Grant,
    },
    time::Millis,
};

/// What the person says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Yes, to every required field and these optional ones.
    Give(Give),
    /// Yes, of a person who has come of age, to what a representative once agreed to: to every required field and to
    /// these of the optional ones that were granted then. The grant stays; tokens from before stay dead.
    Confirm(Vec<String>),
    /// No.
    Refuse,
    /// Not now.
    Defer,
}

/// A yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Give {
    /// The optional fields said yes to; each must have been asked for.
    pub optional: Vec<String>,
    /// What becomes of grants that exist already.
    pub grant: GrantWish,
}

/// What a client wants done with its grants (Grant Management for OAuth 2.0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantWish {
    /// A new grant.
    Create,
    /// This one gets the consent too; its refresh tokens end, its consents stay as they are.
    Merge(Uuid),
    /// This one keeps nothing but the consent: all older consents and tokens end.
    Replace(Uuid),
}

/// An answer, by whom, and what she had before her eyes.
pub struct Answering {
    /// Who answers.
    pub by: Actor,
    /// What.
    pub answer: Answer,
    /// Language and HTML of the text, exactly as it was shown, and whether it said that fields are sensitive.
    pub shown: (&'static str, String, bool),
    /// What must never have been used before: the pushed request this answers.
    pub replays: Vec<(Uuid, Millis)>,
    /// What happens with a yes.
    pub also: Vec<Change>,
}

/// Takes an answer, whatever becomes of grants.
///
/// # Errors
/// As [`answer_within`].
pub async fn answer(engines: &Engines, consent: &Consent, ask: Answering) -> Result<Consent, Error> {
    answer_within(engines, consent, ask, Require::default()).await
}

/// Takes an answer, where this still holds at the moment it gets its place: `require.grant` is what the person read of
/// the grant that a yes changes, if she read of one. A consent answered twice, too late, by the same one of two, by
/// nobody who can answer for the person, or after a weaker sign-in than it demands is refused, whatever the caller has
/// looked at.
///
/// # Errors
/// [`Error`]; nothing has changed.
pub async fn answer_within(
    engines: &Engines,
    consent: &Consent,
    ask: Answering,
    mut require: Require,
) -> Result<Consent, Error> {
    let now = engines.now();
    if is_late(consent, &ask.answer, now) {
        return Err(Error::TooLate);
    }
    if consent.is_outdated(engines) || consent.is_overtaken(engines) {
        return Err(Error::PurposeChanged);
    }
    check_who(consent, &ask)?;
    if ask.by.assurance.unwrap_or(0) < consent.assurance(engines) {
        return Err(Error::AssuranceTooLow);
    }
    let act = act(engines, consent, &ask).await?;
    let mut next = consent.after(act)?;
    let (lang, body, sensitive_notice) = ask.shown;
    let (hash, text) = text(lang, body);
    let shown = Shown { hash: hash.clone(), lang: lang.to_owned(), sensitive_notice };
    let mut record = consent.record.clone();
    let entry = engines.id();
    let (mut changes, mut also) = (Vec::new(), Vec::new());
    if let Answer::Give(Give { optional, .. }) | Answer::Confirm(optional) = &ask.answer {
        mark(consent, &mut record, optional)?;
        // Her own rule is the newer word, and stays so until the entry has its place.
        let rules = standing::load(engines, &consent.subject).await?;
        if rules.withholds(&record.purpose, &record.agency, Channel::Present).is_some() {
            return Err(Error::RuledOut);
        }
        require.standing = Some((rules.subject, rules.revision));
        // What stands was given by what is in force: whoever looks for what is overtaken need not look twice.
        require.bundle = Some(Arc::clone(&engines.bundle));
        record.shown = Some(shown.clone());
        record.answered_by = Some(ask.by.clone());
    }
    if let (Act::Give, Answer::Give(give)) = (act, &ask.answer) {
        let kept = grant(engines, consent, give.grant, now).await?;
        next.row.grant_id = Some(kept.id);
        next.row.wake = Some(wake(engines, &record, now));
        if require.grant.is_some() && require.grant != kept.require {
            return Err(Error::Stale);
        }
        require.grant = kept.require;
        changes.extend(kept.changes);
        changes.extend(ask.also);
        also = kept.entries;
        record.supersedes = kept.supersedes;
    }
    let granted: Vec<String> = record.granted().into_iter().map(str::to_owned).collect();
    let mut facts = facts(engines, &record, &ask.by);
    facts.shown = Some(hash);
    facts.grant = next.row.grant_id.map(|grant| grant.to_string());
    facts.fields = match ask.answer {
        Answer::Give(_) | Answer::Confirm(_) => granted.clone(),
        Answer::Refuse | Answer::Defer => record.items.iter().map(|item| item.field.clone()).collect(),
    };
    // A representation that was ended while she read carries no answer.
    require.representation = ask.by.representation;
    // Whoever was told that it waits for her word is told that it goes on.
    changes.extend(notice::with(engines, consent, act, next.state, ask.by.capacity, entry).await?);
    let event = Event { by: ask.by, shown: Some(shown), granted, note: None };
    let change = step(engines, &consent.subject, &next, &record, &event, entry, Some(text))?;
    changes.insert(0, change);
    let event = entry::Event { id: entry, at: now, kind: kind(act), subject: consent.subject.clone(), facts };
    commit(engines, event, Command { replays: ask.replays, require, changes, also, ..Command::default() })
        .await?;
    Ok(Consent { row: next.row, record, state: next.state, subject: consent.subject.clone() })
}

/// Whether the time is over in which this could be said.
fn is_late(consent: &Consent, answer: &Answer, now: Millis) -> bool {
    match (answer, consent.state) {
        (Answer::Confirm(_), State::UnderReview) => now.0 >= consent.row.expires,
        (_, state) => state.is_waiting() && now.0 >= consent.row.answer_by,
    }
}

/// INVARIANT I3: an answer is a person's own act: hers, or that of somebody who acts for her under a representation and
/// is not herself. An agency, an authority and the service never answer; what waits for her own word nobody confirms
/// for her.
fn check_who(consent: &Consent, ask: &Answering) -> Result<(), Error> {
    let by = &ask.by;
    let fits = match by.capacity {
        Capacity::Own => by.acting.is_none() && by.representation.is_none(),
        Capacity::Parent | Capacity::Guardian | Capacity::Attorney => {
            !matches!(ask.answer, Answer::Confirm(_))
                && by.representation.is_some()
                && by.acting.is_some_and(|acting| acting != consent.subject.id())
        }
        Capacity::Agency | Capacity::Authority | Capacity::System => false,
    };
    if fits { Ok(()) } else { Err(Error::NotAPerson) }
}

/// Which act the answer is: where two must say yes, the first yes is half of one, and the second another person's.
async fn act(engines: &Engines, consent: &Consent, ask: &Answering) -> Result<Act, Error> {
    match &ask.answer {
        Answer::Confirm(_) => Ok(Act::Confirm),
        Answer::Refuse => Ok(Act::Refuse),
        Answer::Defer => Ok(Act::Defer),
        Answer::Give(_) if !consent.record.joint => Ok(Act::Give),
        Answer::Give(_) if consent.state == State::HalfGiven => {
            let first = events(engines, consent).await?.into_iter().find(|e| e.act == Act::GiveHalf);
            let first = first.ok_or(Error::Inconsistent("consent event"))?.event.by;
            let is_own = |by: &Actor| by.capacity == Capacity::Own;
            if is_own(&first) == is_own(&ask.by) { Err(Error::NeedsTheOther) } else { Ok(Act::Give) }
        }
        Answer::Give(_) => Ok(Act::GiveHalf),
    }
}

/// Writes the answer to each field. Of two, a field is granted that both said yes to; and what is confirmed is never
/// more than what was given.
fn mark(consent: &Consent, record: &mut Record, optional: &[String]) -> Result<(), Error> {
    let asked = |name: &String| {
        record.items.iter().any(|item| !item.required && item.field == *name && consent.asks_for(item))
    };
    if !optional.iter().all(asked) {
        return Err(Error::FieldNotAsked);
    }
    let second = matches!(consent.state, State::HalfGiven | State::UnderReview);
    for item in &mut record.items {
        let yes = item.required || optional.contains(&item.field);
        item.granted = Some(yes && (!second || item.granted == Some(true)));
    }
    let nothing = !record.items.is_empty() && record.granted().is_empty();
    if nothing { Err(Error::NothingGranted) } else { Ok(()) }
}

/// The grant a yes belongs to.
struct Kept {
    id: Uuid,
    /// What was read of it, if it was there before: it must still be so when the entry gets its place.
    require: Option<GrantHolds>,
    /// What becomes of it and of what it held.
    changes: Vec<Change>,
    /// An entry for each consent it held that ends.
    entries: Vec<Draft>,
    /// The newest of those.
    supersedes: Option<Uuid>,
}

/// Finds or makes the grant a yes belongs to.
async fn grant(engines: &Engines, consent: &Consent, wish: GrantWish, now: Millis) -> Result<Kept, Error> {
    let (subject, client) = (consent.row.subject, consent.row.client);
    let fresh = |id, created_at| {
        let grant = Grant { id, client, subject, created_at, updated_at: now.0, revoked_at: None };
        Change::PutGrant(Box::new(grant))
    };
    let (id, replace) = match wish {
        GrantWish::Create => {
            let id = Uuid::from_bytes(engines.random.bytes());
            let changes = vec![fresh(id, now.0)];
            return Ok(Kept { id, require: None, changes, entries: Vec::new(), supersedes: None });
        }
        GrantWish::Merge(id) => (id, false),
        GrantWish::Replace(id) => (id, true),
    };
    let known = engines.store.grant(id).await?;
    let known = known
        .filter(|grant| grant.client == client && grant.subject == subject && grant.revoked_at.is_none());
    let known = known.ok_or(Error::GrantUnknown)?;
    let mut older = of_grant(engines, &consent.subject, id).await?;
    older.retain(|older| older.state.is_standing());
    let require = Some(GrantHolds { grant: id, consents: older.iter().map(|older| older.row.id).collect() });
    // The older consents end before the grant is found to hold one that stands: the step of the new one is first.
    let mut changes = vec![fresh(id, known.created_at), Change::EndRefresh(id)];
    let (mut entries, mut supersedes) = (Vec::new(), None);
    if replace {
        for older in older {
            let (taken, entry) = supersede(engines, &older, consent.row.id, now).await?;
            changes.extend(taken);
            entries.push(entry);
            supersedes = Some(older.row.id);
        }
    }
    Ok(Kept { id, require, changes, entries, supersedes })
}

/// Ends an older consent of a grant in favour of the one that takes its place: what changes, and the entry of its own
/// by which the person finds it.
async fn supersede(
    engines: &Engines,
    older: &Consent,
    newer: Uuid,
    at: Millis,
) -> Result<(Vec<Change>, Draft), Error> {
    let (act, by, entry) = (Act::Supersede, Actor::agency(), engines.id());
    let next = older.after(act)?;
    let note = Some(newer.to_string());
    let mut facts = facts(engines, &older.record, &by);
    facts.fields = older.record.granted().into_iter().map(str::to_owned).collect();
    facts.grant = older.row.grant_id.map(|grant| grant.to_string());
    facts.note.clone_from(&note);
    let event = Event { by, shown: None, granted: Vec::new(), note };
    let mut changes = vec![step(engines, &older.subject, &next, &older.record, &event, entry, None)?];
    changes.extend(notice::with(engines, older, act, next.state, Capacity::Agency, entry).await?);
    let event = entry::Event { id: entry, at, kind: kind(act), subject: older.subject.clone(), facts };
    Ok((changes, event.draft(Arc::clone(&engines.random))))
}

/// When the clockwork has to look: at the end, or where it lapses unused.
fn wake(engines: &Engines, record: &Record, now: Millis) -> i64 {
    const DAY: i64 = 86_400_000;
    let terms = engines.register.catalogue().purpose(&record.purpose).and_then(|p| p.consent.as_ref());
    let since = now.0.max(record.limits.starts);
    let lapse = terms.and_then(|terms| terms.lapse_days).map(|days| since + i64::from(days) * DAY);
    lapse.map_or(record.limits.expires, |lapse| lapse.min(record.limits.expires))
}
