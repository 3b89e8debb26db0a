//! Officials: registered, suspended, restored.

use super::{Done, Error, OfficialSpec, record};
use crate::{
    domain::record::{Facts, Kind},
    engines::Engines,
    store::{append::Change, officials::Official},
};

/// Registers an official, or replaces her unit and sign-in; [`Done::Nothing`] when she is registered exactly so. A
/// suspension stays, and a sign-in that is known is not forgotten by leaving it out.
///
/// # Errors
/// [`Error`]; nothing was changed.
pub async fn register_official(engines: &Engines, spec: &OfficialSpec) -> Result<Done, Error> {
    let problems = spec.problems();
    if !problems.is_empty() {
        return Err(Error::Problems(problems));
    }
    if engines.registry.agency(&spec.agency).is_none() {
        return Err(Error::UnknownAgency(spec.agency.clone()));
    }
    let known = engines.store.official(&spec.agency, &spec.id).await?;
    let (mut issuer, mut sub) = spec.sign_in.clone().unzip();
    if let Some((issuer, sub)) = &spec.sign_in
        && let Some(holder) = engines.store.official_by_sign_in(issuer, sub).await?
        && (&holder.agency, &holder.code) != (&spec.agency, &spec.id)
    {
        return Err(Error::SignInTaken);
    }
    if let Some(known) = &known {
        issuer = issuer.or_else(|| known.issuer.clone());
        sub = sub.or_else(|| known.sub.clone());
    }
    let row = Official {
        id: known.as_ref().map_or_else(|| engines.id(), |known| known.id),
        agency: spec.agency.clone(),
        code: spec.id.clone(),
        unit: spec.unit.clone(),
        issuer,
        sub,
        created_at: known.as_ref().map_or(engines.now().0, |known| known.created_at),
        suspended_at: known.as_ref().and_then(|known| known.suspended_at),
    };
    if known.as_ref() == Some(&row) {
        return Ok(Done::Nothing);
    }
    let note = row.issuer.as_ref().zip(row.sub.as_ref()).map(|(issuer, sub)| format!("{issuer} {sub}"));
    let facts = Facts { note, ..facts(&row) };
    let subject = engines.vault.agency(&row.agency).await?;
    record(engines, Kind::OfficialRegistered, subject, facts, Change::PutOfficial(Box::new(row))).await
}

/// Suspends an official: nothing is issued or released in her name from the entry's place in the log on.
///
/// # Errors
/// [`Error`]; nothing was changed.
pub async fn suspend_official(
    engines: &Engines,
    agency: &str,
    id: &str,
    because: Option<&str>,
) -> Result<Done, Error> {
    set_suspended(engines, (agency, id), true, because).await
}

/// Restores a suspended official.
///
/// # Errors
/// [`Error`]; nothing was changed.
pub async fn restore_official(
    engines: &Engines,
    agency: &str,
    id: &str,
    because: Option<&str>,
) -> Result<Done, Error> {
    set_suspended(engines, (agency, id), false, because).await
}

async fn set_suspended(
    engines: &Engines,
    (agency, id): (&str, &str),
    suspended: bool,
    because: Option<&str>,
) -> Result<Done, Error> {
    let row = engines.store.official(agency, id).await?;
    let row = row.ok_or_else(|| Error::UnknownOfficial { agency: agency.to_owned(), id: id.to_owned() })?;
    if row.suspended_at.is_some() == suspended {
        return Ok(Done::Nothing);
    }
    let kind = if suspended { Kind::OfficialSuspended } else { Kind::OfficialRestored };
    let facts = Facts { note: because.map(str::to_owned), ..facts(&row) };
    let subject = engines.vault.agency(&row.agency).await?;
    record(engines, kind, subject, facts, Change::SuspendOfficial(row.id, suspended)).await
}

fn facts(row: &Official) -> Facts {
    Facts {
        agency: Some(row.agency.clone()),
        official: Some(row.code.clone()),
        target: Some(row.code.clone()),
        unit: Some(row.unit.clone()),
        ..Facts::default()
    }
}
