//! Officials at the door: known and active ones come in, first-seen ones are registered by an entry, others do not.

use super::SessionError;
use crate::{
    domain::record::{Facts, Kind},
    engines::Engines,
    ledger::entry::Event,
    login::SignedIn,
    store::{
        append::{Change, Command},
        officials::Official,
    },
};

/// Lets an official in whom an issuer of her agency vouches for.
pub(super) async fn admit(
    engines: &Engines,
    person: &SignedIn,
    agency: &str,
    code: &str,
    unit: &str,
) -> Result<(), SessionError> {
    let (issuer, sub) = (person.issuer.as_str(), person.subject.as_str());
    let by_sign_in = engines.store.official_by_sign_in(issuer, sub).await?;
    if by_sign_in.is_some_and(|known| known.agency != agency || known.code != code) {
        return Err(SessionError::OfficialConflict);
    }
    match engines.store.official(agency, code).await? {
        Some(known) if known.suspended_at.is_some() => Err(SessionError::OfficialSuspended),
        Some(known) => match (known.issuer.as_deref(), known.sub.as_deref()) {
            (Some(i), Some(s)) if (i, s) == (issuer, sub) => Ok(()),
            // A code that passed to another account must be settled by the agency, not by whoever comes first.
            (Some(_), Some(_)) => Err(SessionError::OfficialConflict),
            _ => register(engines, person, Official { unit: unit.to_owned(), ..known }).await,
        },
        None => {
            let official = Official {
                id: engines.id(),
                agency: agency.to_owned(),
                code: code.to_owned(),
                unit: unit.to_owned(),
                issuer: None,
                sub: None,
                created_at: engines.now().0,
                suspended_at: None,
            };
            register(engines, person, official).await
        }
    }
}

/// Registers her by her proved sign-in (DESIGN §5, Officials); change and entry are one transaction.
async fn register(engines: &Engines, person: &SignedIn, official: Official) -> Result<(), SessionError> {
    let official =
        Official { issuer: Some(person.issuer.clone()), sub: Some(person.subject.clone()), ..official };
    let facts = Facts {
        agency: Some(official.agency.clone()),
        assurance: Some(person.assurance.to_string()),
        official: Some(official.code.clone()),
        official_how: Some("proved".to_owned()),
        target: Some(official.code.clone()),
        unit: Some(official.unit.clone()).filter(|unit| !unit.is_empty()),
        ..Facts::default()
    };
    let event = Event {
        id: engines.id(),
        at: engines.now(),
        kind: Kind::OfficialRegistered,
        subject: engines.vault.agency(&official.agency).await?,
        facts,
    };
    let changes = vec![Change::PutOfficial(Box::new(official))];
    engines.record_with(event, Command { changes, ..Command::default() }).await?;
    Ok(())
}
