//! The clockwork that ends representations whose time is over, and hands a child's consents over to her when she has
//! come of age: what her representatives agreed to waits for her own word, and its tokens end. It looks at beginnings too,
//! with which the tokens of her own end that only somebody may have who decides alone.
//!
//! Each step is a transaction of its own and can be taken again: consents first, each moved at most once by its
//! revision, the representation last and once only. Killed in between, the next pass goes on where this one ended; two
//! nodes do no harm to each other.

use std::time::Duration;

use super::{Error, open, own_tokens::end_own_tokens, register::finish, subject};
use crate::{
    consent::{self, Consent},
    domain::{
        consent::{Act, Actor, Capacity, State},
        representation::{Bond, Representation},
        subject::Subject,
    },
    engines::Engines,
    store::people::Representation as Row,
    time::Millis,
};

/// Representations looked at in one pass.
const PASS: i64 = 200;
const DAY: i64 = 86_400_000;
/// One that is awake and not over is looked at again tomorrow.
const LOOK_AGAIN: Duration = Duration::from_hours(24);
/// Whoever began to answer before the beginning or the end has finished this much later: only then is nothing left to end
/// or to hand over.
const SETTLE: Duration = Duration::from_secs(30);

/// Ends what is over and hands over what is due. Gives how many representations were ended.
///
/// # Errors
/// [`Error`] when the database or the ledger failed; the rest is for the next pass. A representation that cannot be
/// read, or whose person's consents cannot, is reported and looked at again tomorrow, so that it holds up nobody else.
pub async fn hand_over_due(engines: &Engines) -> Result<usize, Error> {
    let mut ended = 0;
    for row in engines.store.representations_awake(engines.now(), PASS).await? {
        match settle(engines, &row).await {
            Ok(true) => ended += 1,
            // Stale: she kept changing what is to end, and the next pass looks again.
            Ok(false) | Err(Error::Already(_) | Error::Consent(consent::Error::Stale)) => {}
            Err(Error::Unreadable(id)) => {
                tracing::error!(representation = %id, "people.hand_over cannot read a representation");
                engines.store.wake_representation(row.id, engines.now() + LOOK_AGAIN).await?;
            }
            Err(Error::Consent(error)) if !error.is_unavailable() => {
                let id = row.id;
                tracing::error!(representation = %id, error = &error as &dyn std::error::Error, "people.hand_over failed");
                engines.store.wake_representation(id, engines.now() + LOOK_AGAIN).await?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(ended)
}

async fn settle(engines: &Engines, row: &Row) -> Result<bool, Error> {
    let now = engines.now();
    let principal = subject(engines, row.principal).await?;
    let Bond { representation, .. } = open(row, &principal)?;
    if representation.ground.is_legal() {
        end_own_tokens(engines, &principal).await?;
    }
    let Some(end) = representation.ends().filter(|end| *end <= now) else {
        let next = next_look(engines, &representation, Millis(row.created_at));
        engines.store.wake_representation(row.id, next).await?;
        return Ok(false);
    };
    let of_age = representation.is_handed_over(now);
    if of_age {
        review(engines, &principal).await?;
    }
    let settled = end + SETTLE;
    if now < settled {
        engines.store.wake_representation(row.id, settled).await?;
        return Ok(false);
    }
    let why = if of_age { "came_of_age" } else { "time_over" };
    finish(engines, &principal, &representation, why, None).await?;
    Ok(true)
}

/// When to look at one that is not over: where somebody decides for another by law, when it begins and when whoever was
/// saying yes to a token of her own until then has finished; after that when it ends.
pub(super) fn next_look(engines: &Engines, said: &Representation, registered: Millis) -> Millis {
    let (now, end) = (engines.now(), said.ends());
    let begins = Millis(said.from.max(registered.0));
    let beginning = [begins, begins + SETTLE].into_iter().find(|look| now < *look);
    let look = match (beginning.filter(|_| said.ground.is_legal()), coarse(engines, end)) {
        (Some(look), _) => look,
        (None, coarse) if now < coarse => coarse,
        (None, _) => now + LOOK_AGAIN,
    };
    end.map_or(look, |end| look.min(end))
}

/// The month of the end, less up to thirty days, so that no birthday can be read from the column.
fn coarse(engines: &Engines, ends: Option<Millis>) -> Millis {
    let Some(end) = ends else { return Millis(i64::MAX) };
    let month = jiff::Timestamp::from_millisecond(end.0)
        .ok()
        .and_then(|t| t.to_zoned(jiff::tz::TimeZone::UTC).first_of_month().ok())
        .and_then(|t| t.start_of_day().ok())
        .map_or(end.0, |t| t.timestamp().as_millisecond());
    let [random] = engines.random.bytes::<1>();
    Millis(month.saturating_sub(i64::from(random % 31) * DAY))
}

/// Every consent in force that a legal representative gave waits for the person herself.
async fn review(engines: &Engines, principal: &Subject) -> Result<(), Error> {
    for consent in consent::of_subject(engines, principal).await? {
        let stands = matches!(consent.state, State::Given | State::Paused);
        if !stands || !was_given_for_her(engines, &consent).await? {
            continue;
        }
        let note = Some("came_of_age".to_owned());
        match consent::end(engines, &consent, Act::Review, Actor::system(), note).await {
            // Somebody was faster: it was withdrawn, or moved by another node. The pass that ends the representation
            // comes later and looks once more.
            Ok(_) | Err(consent::Error::Stale | consent::Error::Illegal(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Whether a legal representative said yes to it, alone or as one of two, and the person has not confirmed it herself.
async fn was_given_for_her(engines: &Engines, consent: &Consent) -> Result<bool, Error> {
    let mut for_her = false;
    for happened in consent::events(engines, consent).await? {
        match happened.act {
            Act::Give | Act::GiveHalf => {
                let capacity = happened.event.by.capacity;
                for_her |= matches!(capacity, Capacity::Parent | Capacity::Guardian);
            }
            Act::Confirm => for_her = false,
            _ => {}
        }
    }
    Ok(for_her)
}
