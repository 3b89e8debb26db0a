//! Representations begin and end: by an office that saw the evidence, by an adult herself, by whoever renounces.

use std::sync::Arc;

use uuid::Uuid;

use super::{Error, guarded, hand_over::next_look, once, open, own_tokens::end_own_tokens, seal, subject};
use crate::{
    domain::{
        record::{Facts, Kind},
        representation::{
            Bond, Evidence, Ground, Guarded, Milestones, Registrar, Representation, SCHEMA, Scope,
        },
        subject::{NationalId, Subject},
    },
    engines::Engines,
    ledger::{appender::AppendError, entry::Event},
    protocol::rar,
    store::{
        append::{Change, Command, Draft, Outcome, Placed},
        people::Representation as Row,
    },
    time::Millis,
};

/// What an office registers.
#[derive(Clone, Debug)]
pub struct Registration {
    /// As what she acts.
    pub ground: Ground,
    /// What proves it.
    pub evidence: Evidence,
    /// In which things.
    pub scope: Scope,
    /// The first instant it counts; the present when absent.
    pub from: Option<Millis>,
    /// The first instant it no longer counts.
    pub until: Option<Millis>,
    /// For a child: her milestones.
    pub child: Option<Milestones>,
    /// The name of the office that saw the evidence.
    pub office: String,
}

/// What an adult says when she names somebody to act for her.
#[derive(Clone, Debug)]
pub struct Naming<'a> {
    /// Whom.
    pub representative: &'a NationalId,
    /// In which things.
    pub scope: Scope,
    /// The first instant it no longer counts.
    pub until: Millis,
    /// What it is for.
    pub reference: &'a str,
    /// What the same wish comes with when it is sent twice.
    pub key: &'a [u8],
}

/// Who ends a representation.
#[derive(Clone, Copy, Debug)]
pub enum Ending<'a> {
    /// The person who is acted for, or the one who acts.
    Party(&'a Subject),
    /// An office, by its name, and why.
    Office(&'a str),
}

/// Registers a representative: an entry for each of the two, and the representation, in one transaction. What only
/// somebody may have who decides alone ends at once.
///
/// # Errors
/// [`Error::Flaw`], [`Error::Text`], or nothing could be written.
pub async fn register(
    engines: &Engines,
    principal: &NationalId,
    representative: &NationalId,
    registration: Registration,
) -> Result<(Uuid, Placed), Error> {
    let principal = engines.vault.citizen(principal).await?;
    let representative = engines.vault.citizen(representative).await?;
    let Registration { ground, evidence, scope, from, until, child, office } = registration;
    let said = Representation {
        schema: SCHEMA.to_owned(),
        id: engines.id(),
        principal: principal.id(),
        representative: representative.id(),
        ground,
        evidence,
        scope,
        from: from.unwrap_or_else(|| engines.now()).0,
        until: until.map(|until| until.0),
        child,
        registered_by: Registrar::Office(office),
    };
    let registered = begin(engines, &principal, &representative, said, None).await?;
    if ground.is_legal()
        && let Err(error) = end_own_tokens(engines, &principal).await
    {
        // It is registered, and the clockwork looks at it anyway.
        let id = registered.0;
        tracing::error!(representation = %id, error = &error as &dyn std::error::Error, "people.own_tokens failed");
    }
    Ok(registered)
}

/// An adult names somebody to act for her until a day; sent twice, it is done once.
///
/// # Errors
/// [`Error::Represented`] when the law has somebody else decide for her, [`Error::Flaw`], [`Error::Text`],
/// [`Error::Already`].
pub async fn authorise(
    engines: &Engines,
    principal: &Subject,
    naming: Naming<'_>,
) -> Result<(Uuid, Placed), Error> {
    if guarded(engines, principal, true).await? != Guarded::No {
        return Err(Error::Represented);
    }
    let representative = engines.vault.citizen(naming.representative).await?;
    let said = Representation {
        schema: SCHEMA.to_owned(),
        id: engines.id(),
        principal: principal.id(),
        representative: representative.id(),
        ground: Ground::Attorney,
        evidence: Evidence { reference: naming.reference.to_owned(), sha256: None },
        scope: naming.scope,
        from: engines.now().0,
        until: Some(naming.until.0),
        child: None,
        registered_by: Registrar::Principal,
    };
    let once = once(engines, &[b"authorise", principal.id().as_bytes(), naming.key]);
    begin(engines, principal, &representative, said, Some(once)).await
}

async fn begin(
    engines: &Engines,
    principal: &Subject,
    representative: &Subject,
    said: Representation,
    collapse: Option<Uuid>,
) -> Result<(Uuid, Placed), Error> {
    said.check(engines.now())?;
    if let Some(fault) = rar::text_fault(&said.evidence.reference, 3..=200) {
        return Err(Error::Text(fault));
    }
    let wake = next_look(engines, &said, engines.now());
    let row = seal(engines, principal, &said, wake.0);
    let office = match &said.registered_by {
        Registrar::Office(office) => Some(office.as_str()),
        Registrar::Principal => None,
    };
    let facts = facts(&said, office, None);
    let command = Command {
        changes: vec![Change::PutRepresentation(Box::new(row))],
        entry: Some(draft(engines, Kind::RepresentationBegun, principal, facts.clone())),
        also: vec![draft(engines, Kind::RepresentationBegun, representative, facts)],
        collapse,
        ..Command::default()
    };
    Ok((said.id, placed(engines, command).await?))
}

/// Ends a representation before its time, with an entry for each of the two. Those who act by law are ended by an
/// office or renounce; whom a person authorised herself, she dismisses herself.
///
/// # Errors
/// [`Error::Unknown`] for anybody who is not a party, [`Error::OnlyAnOffice`], [`Error::Already`].
pub async fn end(engines: &Engines, id: Uuid, by: Ending<'_>) -> Result<Placed, Error> {
    let row = engines.store.representation(id).await?.ok_or(Error::Unknown)?;
    if let Ending::Party(person) = by
        && ![row.principal, row.representative].contains(&person.id())
    {
        return Err(Error::Unknown);
    }
    let principal = subject(engines, row.principal).await?;
    let Bond { representation, .. } = open(&row, &principal)?;
    if let Ending::Party(person) = by
        && person.id() == row.principal
        && representation.ground.is_legal()
    {
        return Err(Error::OnlyAnOffice);
    }
    let (why, note) = match by {
        Ending::Party(person) if person.id() == row.principal => ("ended_by_the_person", None),
        Ending::Party(_) => ("ended_by_the_representative", None),
        Ending::Office(office) => ("ended_by_an_office", Some(office)),
    };
    finish(engines, &principal, &representation, why, note).await
}

/// Writes the end; once only, whoever comes first.
pub(super) async fn finish(
    engines: &Engines,
    principal: &Subject,
    said: &Representation,
    why: &str,
    note: Option<&str>,
) -> Result<Placed, Error> {
    let representative = subject(engines, said.representative).await?;
    let facts = facts(said, note, Some(why));
    let command = Command {
        changes: vec![Change::EndRepresentation(said.id)],
        collapse: Some(once(engines, &[b"representation.ended", said.id.as_bytes()])),
        entry: Some(draft(engines, Kind::RepresentationEnded, principal, facts.clone())),
        also: vec![draft(engines, Kind::RepresentationEnded, &representative, facts)],
        ..Command::default()
    };
    placed(engines, command).await
}

/// Representations from an id on, for an operator: what is needed to find one, and nobody's name or number.
///
/// # Errors
/// [`Error`] when one cannot be opened.
pub async fn list(engines: &Engines, after: Uuid, limit: i64) -> Result<Vec<(Row, Bond)>, Error> {
    let mut found = Vec::new();
    for row in engines.store.representations(after, limit).await? {
        let principal = subject(engines, row.principal).await?;
        let bond = open(&row, &principal)?;
        found.push((row, bond));
    }
    Ok(found)
}

/// What both histories say: who acts (by internal id), as what, under which representation.
fn facts(said: &Representation, note: Option<&str>, why: Option<&str>) -> Facts {
    Facts {
        acting: Some(said.representative.to_string()),
        capacity: Some(said.ground.as_str().to_owned()),
        note: note.map(str::to_owned),
        reason: why.map(str::to_owned),
        target: Some(said.id.to_string()),
        ..Facts::default()
    }
}

pub(super) fn draft(engines: &Engines, kind: Kind, subject: &Subject, facts: Facts) -> Draft {
    let event = Event { id: engines.id(), at: engines.now(), kind, subject: subject.clone(), facts };
    event.draft(Arc::clone(&engines.random))
}

/// Runs a command whose entry must be committed.
pub(super) async fn placed(engines: &Engines, command: Command) -> Result<Placed, Error> {
    match engines.appender.run(command).await? {
        Outcome::Done { entry: Some(placed), .. } => Ok(placed),
        Outcome::Collapsed(entry) => Err(Error::Already(entry)),
        _ => Err(AppendError::Unavailable(None).into()),
    }
}
