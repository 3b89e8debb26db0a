//! Who may look at and do what in whose name; and that a representative looked is an entry before anything is shown.

use std::sync::Arc;

use super::{Error, bonds, once, open, subject};
use crate::{
    crypto::Digest,
    domain::{
        catalogue::Catalogue,
        consent::Actor,
        record::{Facts, Kind},
        representation::{Bond, Denied, Doing, Representation},
        subject::Subject,
    },
    engines::Engines,
    ledger::{appender::AppendError, entry::Event},
    store::append::{Command, Outcome},
    time::Millis,
};

/// How the one who acts signed in.
#[derive(Clone, Copy, Debug, Default)]
pub struct By<'a> {
    /// The issuer of the sign-in.
    pub issuer: Option<&'a str>,
    /// Its strength, 1 to 4.
    pub assurance: Option<u8>,
}

/// One representation as either of the two people may see it.
#[derive(Clone, Debug)]
pub struct Acting {
    /// What was registered.
    pub representation: Representation,
    /// Whether it counts now.
    pub live: bool,
    /// When it was ended before its time.
    pub ended_at: Option<Millis>,
    /// The last four digits of the other person's national id, to tell several people apart.
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
    let digits = id.map(|id| id.expose().chars().rev().take(4).collect::<Vec<_>>()).unwrap_or_default();
    Ok(Acting {
        live: bond.is_live(engines.now()),
        representation: bond.representation,
        ended_at: ended_at.map(Millis),
        other_ends_with: digits.into_iter().rev().collect(),
    })
}

/// Whether one person may do this for another now, and as whom her act is recorded.
///
/// # Errors
/// [`Error::Unknown`] when she does not act for that person at all; [`Error::Denied`].
pub async fn check(
    engines: &Engines,
    representative: &Subject,
    principal: &Subject,
    doing: Doing<'_>,
    by: By<'_>,
) -> Result<Actor, Error> {
    let now = engines.now();
    let mut refusal = Error::Unknown;
    for bond in bonds_between(engines, representative, principal).await? {
        let said = &bond.representation;
        match if bond.ended { Err(Denied::Over) } else { said.may(doing, now) } {
            Ok(()) => return Ok(said.actor(by.issuer.map(str::to_owned), by.assurance)),
            Err(denied) => refusal = denied.into(),
        }
    }
    Err(refusal)
}

/// What a representative sees of another person's pages.
#[derive(Clone, Debug)]
pub struct View {
    bonds: Vec<Representation>,
    now: Millis,
}

impl View {
    /// Whether what concerns this purpose is shown. A purpose that the catalogue no longer knows could have been
    /// hidden, so it is hidden from legal representatives.
    #[must_use]
    pub fn shows_purpose(&self, catalogue: &Catalogue, purpose: Option<&str>) -> bool {
        self.bonds.iter().any(|said| match (purpose, purpose.and_then(|id| catalogue.purpose(id))) {
            (_, Some(known)) => said.may(Doing::View(Some(known)), self.now).is_ok(),
            (None, None) => said.may(Doing::View(None), self.now).is_ok(),
            (Some(id), None) => {
                let listed = said.scope.purposes.as_ref().is_none_or(|purposes| purposes.contains(id));
                !said.ground.is_legal() && said.scope.view && listed && said.is_live(self.now)
            }
        })
    }

    /// Whether an entry is shown. One of an agency that names no purpose cannot be judged: legal representatives do not
    /// see it.
    #[must_use]
    pub fn shows_entry(&self, catalogue: &Catalogue, facts: &Facts) -> bool {
        let unjudged = facts.purpose.is_none() && facts.agency.is_some();
        if unjudged && self.bonds.iter().all(|said| said.ground.is_legal()) {
            return false;
        }
        self.shows_purpose(catalogue, facts.purpose.as_deref())
    }
}

/// A representative begins to look at another person's pages: one entry a session in that person's history, committed
/// before anything is shown (I9).
///
/// # Errors
/// [`Error::Unknown`] and [`Error::Denied`] when she may not look; or the entry could not be written.
pub async fn enter(
    engines: &Engines,
    representative: &Subject,
    principal: &Subject,
    session: &Digest,
) -> Result<View, Error> {
    let now = engines.now();
    let found = bonds_between(engines, representative, principal).await?;
    let (mut bonds, mut refusal) = (Vec::new(), Error::Unknown);
    for bond in found {
        let said = bond.representation;
        if bond.ended || said.is_over(now) {
            refusal = Denied::Over.into();
        } else if now.0 < said.from {
            refusal = Denied::NotBegun.into();
        } else if !said.scope.view {
            refusal = Denied::OutOfScope.into();
        } else {
            bonds.push(said);
        }
    }
    let Some(first) = bonds.first() else { return Err(refusal) };
    let collapse = once(engines, &[b"representative.read", session, principal.id().as_bytes()]);
    if engines.store.collapsed(collapse).await?.is_none() {
        let facts = Facts {
            acting: Some(representative.id().to_string()),
            capacity: Some(first.ground.as_str().to_owned()),
            target: Some(first.id.to_string()),
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
    Ok(View { bonds, now })
}

async fn bonds_between(
    engines: &Engines,
    representative: &Subject,
    principal: &Subject,
) -> Result<Vec<Bond>, Error> {
    let mut found = bonds(engines, principal).await?;
    found.retain(|bond| bond.representation.representative == representative.id());
    Ok(found)
}
