//! Whose yes a consent needs, from everything registered about the person.

use super::{Error, bonds};
use crate::{
    consent::{self, Consent},
    domain::{
        consent::{Act, Actor, Capacity, State},
        representation::{self, AnswerError, Guarded},
        subject::Subject,
    },
    engines::Engines,
};

/// Whether a person decides alone, and whether she and her representative decide together where private life is opened.
///
/// # Errors
/// [`Error`] when what is registered about her cannot be read: nobody may then answer.
pub async fn guarded(engines: &Engines, person: &Subject, private_life: bool) -> Result<Guarded, Error> {
    Ok(representation::guarded(&bonds(engines, person).await?, private_life, engines.now()))
}

/// A consent as it is to be answered with yes by this person, whose right to answer [`super::check`] has found when she
/// acts for another: `record.joint` says whether hers is half of a yes, as things stand now and not when it was asked.
///
/// # Errors
/// [`Error::Answer`] when the yes is not hers to give, or she was the first of two already.
pub async fn answering(engines: &Engines, mut consent: Consent, by: &Actor) -> Result<Consent, Error> {
    // Her own token is for somebody who decides alone, by her own word: nobody else may hand out the key to her page.
    if !consent.record.scopes.is_empty()
        && (by.capacity != Capacity::Own || guarded(engines, &consent.subject, true).await? != Guarded::No)
    {
        return Err(AnswerError::OwnOnly.into());
    }
    let guarded = whose(engines, &consent).await?;
    let first = if consent.state == State::HalfGiven {
        let events = consent::events(engines, &consent).await?;
        events.into_iter().rev().find(|event| event.act == Act::GiveHalf).map(|event| event.event.by)
    } else {
        None
    };
    let act = representation::answer(guarded, consent.state, first.as_ref(), by)?;
    consent.record.joint = guarded == Guarded::Joint;
    match act {
        Act::Give | Act::GiveHalf => Ok(consent),
        _ => Err(AnswerError::NotWaiting.into()),
    }
}

/// Whose word a consent needs, as things stand now.
///
/// # Errors
/// [`Error`] when what is registered about the person cannot be read.
pub async fn whose(engines: &Engines, consent: &Consent) -> Result<Guarded, Error> {
    // A purpose that is not in the catalogue any more is taken for the stricter kind.
    let purpose = engines.register.catalogue().purpose(&consent.record.purpose);
    let private_life =
        purpose.is_none_or(|purpose| purpose.consent.as_ref().is_none_or(|terms| terms.private_life));
    guarded(engines, &consent.subject, private_life).await
}

/// Whether a consent that is paused or under review may be let go on by this person, whose right to act has been found.
///
/// # Errors
/// [`Error::Answer`] when it is not hers to say.
pub async fn may_go_on(engines: &Engines, consent: &Consent, by: &Actor) -> Result<(), Error> {
    let guarded = whose(engines, consent).await?;
    let mut events = consent::events(engines, consent).await?.into_iter().rev();
    let stopped = events.find(|event| event.act == Act::Pause).map(|event| event.event.by);
    Ok(representation::let_go_on(guarded, consent.state, stopped.as_ref(), by)?)
}
