//! The official behind a request: named by her agency, or proved by a sign-in there.

use uuid::Uuid;

use super::{Error, issue::Actor, request::bad};
use crate::{
    domain::decision::OfficialFacts,
    engines::{Engines, OfficialError, OfficialSignIn},
    protocol::{
        error::{ErrorCode, OAuthError},
        rar::AssertedOfficial,
    },
    registry::Client,
    store::officials::Official,
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
    named: Option<&AssertedOfficial>,
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
    match (named, actor) {
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

/// The official of a proved sign-in; the first one registers her.
pub(super) async fn proved(engines: &Engines, client: &Client, actor: &Actor) -> Result<Acting, Error> {
    let sign_in = OfficialSignIn {
        issuer: &actor.issuer,
        sub: &actor.sub,
        agency: &client.agency,
        code: &actor.code,
        unit: actor.unit.as_deref(),
        assurance: actor.assurance,
    };
    let official = engines.official_signed_in(sign_in).await.map_err(|error| -> Error {
        match error {
            OfficialError::Store(error) => error.into(),
            OfficialError::Vault(error) => error.into(),
            OfficialError::Append(error) => error.into(),
            OfficialError::Conflict => OAuthError::new(
                ErrorCode::InvalidRequest,
                "official_conflict",
                "the official's code is registered with another sign-in; her agency must settle it",
            )
            .into(),
        }
    })?;
    Ok(Acting { official, registered: true, proved: true })
}
