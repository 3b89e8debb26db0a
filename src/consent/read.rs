//! Reading consents back.

use uuid::Uuid;

use super::{Consent, Error, event_context};
use crate::{
    domain::{
        consent::{Act, Event, State},
        subject::Subject,
    },
    engines::Engines,
    standing::{self, Rules},
    store::ruled::Ruled,
    time::Millis,
};

/// An event, opened.
#[derive(Clone, Debug)]
pub struct Happened {
    /// When.
    pub at: Millis,
    /// What.
    pub act: Act,
    /// Where it led.
    pub state: State,
    /// The entry that recorded it.
    pub entry: Uuid,
    /// By whom and how.
    pub event: Event,
}

/// The consent with this id, whoever's it is.
///
/// # Errors
/// [`Error`] when it cannot be read.
pub async fn by_id(engines: &Engines, id: Uuid) -> Result<Option<Consent>, Error> {
    let Some(row) = engines.store.consent(id).await? else { return Ok(None) };
    let subject = engines.vault.subject(row.subject).await?.ok_or(Error::Inconsistent("subject"))?;
    Consent::open(row, &subject).map(Some)
}

/// All consents of a person, newest first.
///
/// # Errors
/// [`Error`] when one cannot be read.
pub async fn of_subject(engines: &Engines, subject: &Subject) -> Result<Vec<Consent>, Error> {
    let rows = engines.store.consents_of(subject.id()).await?;
    rows.into_iter().map(|row| Consent::open(row, subject)).collect()
}

/// What a person is asked and has not answered, newest first; what is past its time, or about what has changed since, is
/// not waiting any more.
///
/// # Errors
/// [`Error`] when one cannot be read.
pub async fn waiting(engines: &Engines, subject: &Subject) -> Result<Vec<Consent>, Error> {
    let now = engines.now();
    let mut all = of_subject(engines, subject).await?;
    all.retain(|consent| {
        consent.state.is_waiting() && now.0 < consent.row.answer_by && !consent.is_outdated(engines)
    });
    Ok(all)
}

/// The consents of a grant of this person, oldest first.
///
/// # Errors
/// [`Error`] when one cannot be read.
pub async fn of_grant(engines: &Engines, subject: &Subject, grant: Uuid) -> Result<Vec<Consent>, Error> {
    let rows = engines.store.consents_of_grant(grant).await?;
    let own = rows.into_iter().filter(|row| row.subject == subject.id());
    own.map(|row| Consent::open(row, subject)).collect()
}

/// The consent a client would rest a request on, with the person's own rules as they were read with it: one for this
/// purpose and this case, which she read when she said yes. Of several, [`best`].
///
/// # Errors
/// [`Error`] when one cannot be read.
pub async fn live(
    engines: &Engines,
    client: Uuid,
    subject: &Subject,
    purpose: &str,
    case: Option<&str>,
) -> Result<Option<(Consent, Rules)>, Error> {
    let rows = engines.store.consents_with(client, subject.id()).await?;
    // One statement read them all: they bear the same rules.
    let rules = rows.first().and_then(Ruled::rules);
    let mut same: Vec<Consent> =
        rows.into_iter().map(|row| Consent::open(row.consent, subject)).collect::<Result<_, _>>()?;
    same.retain(|consent| {
        let record = &consent.record;
        record.purpose == purpose && record.case.as_deref() == case && record.scopes.is_empty()
    });
    let Some(best) = best(same, engines.now()) else { return Ok(None) };
    Ok(Some((best, standing::open(subject, rules)?)))
}

/// Of consents to the same thing: given before paused before one under review, one with uses left before one used up,
/// one in its time before one that is not; of equals, the first. Whether it is in force is for policy and the
/// transaction to say.
#[must_use]
pub fn best(consents: Vec<Consent>, now: Millis) -> Option<Consent> {
    let usable = |c: &Consent| {
        let in_time = c.row.starts <= now.0 && now.0 < c.row.expires;
        (c.state == State::Given, c.row.used < c.row.max_uses, in_time)
    };
    consents.into_iter().reduce(|best, next| if usable(&next) > usable(&best) { next } else { best })
}

/// Everything that happened to a consent, in order.
///
/// # Errors
/// [`Error`] when it cannot be read.
pub async fn events(engines: &Engines, consent: &Consent) -> Result<Vec<Happened>, Error> {
    let wrong = || Error::Inconsistent("consent event");
    let rows = engines.store.consent_events(consent.row.id).await?;
    let open = |row: crate::store::consents::Event| {
        let context = event_context(row.consent, row.seq);
        let bytes =
            crate::crypto::open(consent.subject.record_key(), &context, &row.sealed).ok_or_else(wrong)?;
        Ok(Happened {
            at: Millis(row.at),
            act: Act::parse(&row.act).ok_or_else(wrong)?,
            state: State::parse(&row.state).ok_or_else(wrong)?,
            entry: row.entry,
            event: serde_json::from_slice(&bytes).map_err(|_| wrong())?,
        })
    };
    rows.into_iter().map(open).collect()
}
