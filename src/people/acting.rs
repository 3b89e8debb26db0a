//! Who may look at and do what in whose name; and that a representative looked is an entry before anything is shown.

use std::sync::Arc;

use uuid::Uuid;

use super::{Error, bonds, once, open, subject};
use crate::{
    crypto::Digest,
    domain::{
        record::{Facts, Kind},
        representation::{Bond, Doing, Mandate, Representation},
        subject::Subject,
    },
    engines::Engines,
    ledger::{appender::AppendError, entry::Event},
    store::append::{Command, Outcome},
    time::Millis,
};

/// One representation as either of the two people may see it.
#[derive(Clone, Debug)]
pub struct Acting {
    /// What was registered.
    pub representation: Representation,
    /// Whether it counts now.
    pub live: bool,
    /// When it was ended before its time.
    pub ended_at: Option<Millis>,
    /// The last three digits of the other person's national id, to tell several people apart.
    pub other_ends_with: String,
}

/// Everybody this person acts for, and acted for.
///
/// # Errors
/// [`Error`] when one cannot be opened.
pub async fn acting(engines: &Engines, representative: &Subject) -> Result<Vec<Acting>, Error> {
    let mut found = Vec::new();
    for row in engines.store.representations_by(representative.id()).await? {
        let principal = subject(engines, row.principal).await?;
        let bond = open(&row, &principal)?;
        found.push(shown(engines, bond, row.ended_at, &principal).await?);
    }
    Ok(found)
}

/// Everybody who acts, and acted, for this person.
///
/// # Errors
/// [`Error`] when one cannot be opened.
pub async fn representatives(engines: &Engines, principal: &Subject) -> Result<Vec<Acting>, Error> {
    let mut found = Vec::new();
    for row in engines.store.representations_of(principal.id()).await? {
        let representative = subject(engines, row.representative).await?;
        let bond = open(&row, principal)?;
        found.push(shown(engines, bond, row.ended_at, &representative).await?);
    }
    Ok(found)
}

async fn shown(
    engines: &Engines,
    bond: Bond,
    ended_at: Option<i64>,
    other: &Subject,
) -> Result<Acting, Error> {
    let id = engines.vault.national_id(other).await?;
    let digits = id.map(|id| id.expose().chars().rev().take(3).collect::<Vec<_>>()).unwrap_or_default();
    Ok(Acting {
        live: bond.is_live(engines.now()),
        representation: bond.representation,
        ended_at: ended_at.map(Millis),
        other_ends_with: digits.into_iter().rev().collect(),
    })
}

/// The first of what one person may do for another that reaches to this; whoever acts for nobody gets nothing.
///
/// # Errors
/// [`Error::Unknown`] when she does not act for that person at all; [`Error::Denied`].
pub async fn mandated(
    engines: &Engines,
    representative: &Subject,
    principal: &Subject,
    doing: Doing<'_>,
) -> Result<Mandate, Error> {
    let now = engines.now();
    let mut refusal = Error::Unknown;
    for bond in bonds(engines, principal).await? {
        if bond.representation.representative != representative.id() {
            continue;
        }
        let found = Mandate::of(bond, now).and_then(|found| {
            found.representation().may(doing, now)?;
            Ok(found)
        });
        match found {
            Ok(found) => return Ok(found),
            Err(denied) => refusal = denied.into(),
        }
    }
    Err(refusal)
}

/// Somebody acting for somebody.
#[derive(Clone, Debug)]
pub struct Acts {
    /// The person who is acted for.
    pub principal: Subject,
    /// What may be seen and done in her name.
    pub mandate: Mandate,
}

/// A representative acts under the representation with this id, as it stands now; asked anew at every request. That she
/// looks at another person's pages is one entry a session in that person's history, committed before anything is shown
/// (I9).
///
/// # Errors
/// [`Error::Unknown`] when there is none or it is somebody else's, [`Error::Denied`] when it does not count; or the
/// entry could not be written.
pub async fn enter(
    engines: &Engines,
    representative: &Subject,
    representation: Uuid,
    session: &Digest,
) -> Result<Acts, Error> {
    let row = engines.store.representation(representation).await?;
    let row = row.filter(|row| row.representative == representative.id()).ok_or(Error::Unknown)?;
    let principal = subject(engines, row.principal).await?;
    let now = engines.now();
    let mandate = Mandate::of(open(&row, &principal)?, now)?;
    let collapse = once(engines, &[b"representative.read", session, row.id.as_bytes()]);
    if engines.store.collapsed(collapse).await?.is_none() {
        let facts = Facts {
            acting: Some(representative.id().to_string()),
            capacity: Some(mandate.representation().ground.as_str().to_owned()),
            target: Some(row.id.to_string()),
            ..Facts::default()
        };
        let event =
            Event { id: engines.id(), at: now, kind: Kind::RecordViewed, subject: principal.clone(), facts };
        let entry = Some(event.draft(Arc::clone(&engines.random)));
        let command = Command { entry, collapse: Some(collapse), ..Command::default() };
        match engines.appender.run(command).await? {
            Outcome::Done { entry: Some(_), .. } | Outcome::Collapsed(_) => {}
            _ => return Err(AppendError::Unavailable(None).into()),
        }
    }
    Ok(Acts { principal, mandate })
}
