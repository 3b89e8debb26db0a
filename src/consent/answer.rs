//! The person answers: yes to these fields, no, or later. Silence is not here, because silence is not an answer.

use uuid::Uuid;

use super::{Consent, Error, commit, events, facts, kind, notice, of_grant, step, text};
use crate::{
    domain::consent::{Act, Actor, Capacity, Channel, Event, Record, Shown, State},
    engines::Engines,
    ledger::entry,
    standing,
    store::{
        append::{Change, Command, GrantHolds, Require},
        grants::Grant,
    },
    time::Millis,
};

/// What the person says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Yes, to every required field and these optional ones.
    Give(Give),
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
    /// What happens with a yes: the code that is handed out.
    pub also: Vec<Change>,
}

/// Takes an answer. A consent answered twice, too late or by the same one of two is refused.
///
/// # Errors
/// [`Error`]; nothing has changed.
pub async fn answer(engines: &Engines, consent: &Consent, ask: Answering) -> Result<Consent, Error> {
    let now = engines.now();
    if consent.state.is_waiting() && now.0 >= consent.row.answer_by {
        return Err(Error::TooLate);
    }
    let act = act(engines, consent, &ask).await?;
    let mut next = consent.after(act)?;
    let (lang, body, sensitive_notice) = ask.shown;
    let (hash, text) = text(lang, body);
    let shown = Shown { hash: hash.clone(), lang: lang.to_owned(), sensitive_notice };
    let mut record = consent.record.clone();
    let entry = engines.id();
    let (mut changes, mut require) = (Vec::new(), Require::default());
    if let Answer::Give(give) = &ask.answer {
        mark(&mut record, give, consent.state == State::HalfGiven)?;
        // Her own rule is the newer word, and stays so until the entry has its place.
        let rules = standing::load(engines, &consent.subject).await?;
        if rules.withholds(&record.purpose, &record.agency, Channel::Present).is_some() {
            return Err(Error::RuledOut);
        }
        require.standing = Some((rules.subject, rules.revision));
        record.shown = Some(shown.clone());
        record.answered_by = Some(ask.by.clone());
        if act == Act::Give {
            let kept = grant(engines, consent, give.grant, entry, now).await?;
            next.row.grant_id = Some(kept.id);
            next.row.wake = Some(wake(engines, &record, now));
            require.grant = kept.require;
            changes.extend(kept.changes);
            changes.extend(ask.also);
        }
    }
    let granted: Vec<String> = record.granted().into_iter().map(str::to_owned).collect();
    let mut facts = facts(engines, &record, &ask.by);
    facts.shown = Some(hash);
    facts.grant = next.row.grant_id.map(|grant| grant.to_string());
    facts.fields = match ask.answer {
        Answer::Give(_) => granted.clone(),
        Answer::Refuse | Answer::Defer => record.items.iter().map(|item| item.field.clone()).collect(),
    };
    let event = Event { by: ask.by, shown: Some(shown), granted, note: None };
    let change = step(engines, &consent.subject, &next, &record, &event, entry, Some(text))?;
    changes.insert(0, change);
    let event = entry::Event { id: entry, at: now, kind: kind(act), subject: consent.subject.clone(), facts };
    commit(engines, event, Command { replays: ask.replays, require, changes, ..Command::default() }).await?;
    Ok(Consent { row: next.row, record, state: next.state, subject: consent.subject.clone() })
}

/// Which act the answer is: where two must say yes, the first yes is half of one, and the second another person's.
async fn act(engines: &Engines, consent: &Consent, ask: &Answering) -> Result<Act, Error> {
    match &ask.answer {
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

/// Writes the answer to each field. Of two, a field is granted that both said yes to.
fn mark(record: &mut Record, give: &Give, second: bool) -> Result<(), Error> {
    let asked = |name: &String| record.items.iter().any(|item| !item.required && item.field == *name);
    if !give.optional.iter().all(asked) {
        return Err(Error::FieldNotAsked);
    }
    for item in &mut record.items {
        let yes = item.required || give.optional.contains(&item.field);
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
}

/// Finds or makes the grant a yes belongs to.
async fn grant(
    engines: &Engines,
    consent: &Consent,
    wish: GrantWish,
    entry: Uuid,
    now: Millis,
) -> Result<Kept, Error> {
    let (subject, client) = (consent.row.subject, consent.row.client);
    let fresh = |id, created_at| {
        let grant = Grant { id, client, subject, created_at, updated_at: now.0, revoked_at: None };
        Change::PutGrant(Box::new(grant))
    };
    let (id, replace) = match wish {
        GrantWish::Create => {
            let id = Uuid::from_bytes(engines.random.bytes());
            return Ok(Kept { id, require: None, changes: vec![fresh(id, now.0)] });
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
    if replace {
        for older in older {
            let next = older.after(Act::Supersede)?;
            let note = Some(consent.row.id.to_string());
            let event = Event { by: Actor::agency(), shown: None, granted: Vec::new(), note };
            changes.push(step(engines, &consent.subject, &next, &older.record, &event, entry, None)?);
            let told = notice::with(engines, &older, Act::Supersede, next.state, Capacity::Agency, entry);
            changes.extend(told.await?);
        }
    }
    Ok(Kept { id, require, changes })
}

/// When the clockwork has to look: at the end, or where it lapses unused.
fn wake(engines: &Engines, record: &Record, now: Millis) -> i64 {
    const DAY: i64 = 86_400_000;
    let terms = engines.register.catalogue().purpose(&record.purpose).and_then(|p| p.consent.as_ref());
    let since = now.0.max(record.limits.starts);
    let lapse = terms.and_then(|terms| terms.lapse_days).map(|days| since + i64::from(days) * DAY);
    lapse.map_or(record.limits.expires, |lapse| lapse.min(record.limits.expires))
}
