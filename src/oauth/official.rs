//! The official behind a request: named by her agency, or proved by a sign-in there.

use uuid::Uuid;

use super::{Error, issue::Actor, request::bad};
use crate::{
    domain::{
        decision::OfficialFacts,
        record::{Facts, Kind},
    },
    engines::Engines,
    ledger::entry::Event,
    protocol::rar::AuthorizationDetail,
    registry::Client,
    store::{
        append::{Change, Command},
        officials::Official,
    },
};

/// An official as the register knows her, or as nobody knows her.
pub(super) struct Acting {
    pub(super) official: Official,
    registered: bool,
    pub(super) proved: bool,
}

impl Acting {
    /// As policy wants to know her.
    pub(super) fn facts(&self) -> OfficialFacts<'_> {
        OfficialFacts {
            id: &self.official.code,
            agency: &self.official.agency,
            registered: self.registered,
            active: self.registered && self.official.suspended_at.is_none(),
            proved: self.proved,
        }
    }
}

/// Finds the official a request names, if it names one.
pub(super) async fn official(
    engines: &Engines,
    client: &Client,
    detail: &AuthorizationDetail,
    actor: Option<&Actor>,
) -> Result<Option<Acting>, Error> {
    let unknown = |code: &str| Official {
        id: Uuid::nil(),
        agency: client.agency.as_ref().to_owned(),
        code: code.to_owned(),
        unit: String::new(),
        issuer: None,
        sub: None,
        created_at: 0,
        suspended_at: None,
    };
    match (&detail.official, actor) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => {
            Err(bad("official_named_twice", "name the official by `official` or by `actor_token`, not both")
                .into())
        }
        (Some(named), None) => {
            let found = engines.registry.official(&client.agency, &named.id).await?;
            let registered = found.is_some();
            let official = found.map_or_else(|| unknown(&named.id), |official| official.as_ref().clone());
            Ok(Some(Acting { official, registered, proved: false }))
        }
        (None, Some(actor)) => Ok(Some(proved(engines, client, actor).await?)),
    }
}

/// The official who proved her sign-in.
pub(super) async fn proved(engines: &Engines, client: &Client, actor: &Actor) -> Result<Acting, Error> {
    let official = match engines.registry.official_by_sign_in(&actor.issuer, &actor.sub).await? {
        Some(official) => official,
        None => first_sign_in(engines, client, actor).await?,
    };
    Ok(Acting { official, registered: true, proved: true })
}

/// A first proved sign-in registers the official (DESIGN §5): her agency's own issuer vouches for her.
async fn first_sign_in(engines: &Engines, client: &Client, actor: &Actor) -> Result<Official, Error> {
    let official = Official {
        id: engines.id(),
        agency: client.agency.as_ref().to_owned(),
        code: actor.code.clone(),
        unit: actor.unit.clone().unwrap_or_default(),
        issuer: Some(actor.issuer.clone()),
        sub: Some(actor.sub.clone()),
        created_at: engines.now().0,
        suspended_at: None,
    };
    let facts = Facts {
        agency: Some(official.agency.clone()),
        official: Some(official.code.clone()),
        official_how: Some("proved".to_owned()),
        unit: Some(official.unit.clone()),
        ..Facts::default()
    };
    let subject = engines.vault.agency(&official.agency).await?;
    let event = Event { id: engines.id(), at: engines.now(), kind: Kind::OfficialRegistered, subject, facts };
    let changes = vec![Change::PutOfficial(Box::new(official))];
    engines.record_with(event, Command { changes, ..Command::default() }).await?;
    let found = engines.registry.official_by_sign_in(&actor.issuer, &actor.sub).await?;
    found.ok_or(Error::Inconsistent("official"))
}
