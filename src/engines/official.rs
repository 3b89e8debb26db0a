//! Officials who prove themselves: an issuer of their agency vouches for them, and the first time registers them
//! (DESIGN §5). Whether the official may act is not decided here: a suspended one is given back as she is.

use super::Engines;
use crate::{
    domain::record::{Facts, Kind},
    ledger::{appender::AppendError, entry::Event},
    store::{
        append::{Change, Command},
        officials::Official,
    },
    vault::VaultError,
};

/// A verified sign-in of an official.
#[derive(Clone, Copy, Debug)]
pub struct OfficialSignIn<'a> {
    /// The issuer; with `sub` it is who she is.
    pub issuer: &'a str,
    /// Her subject there.
    pub sub: &'a str,
    /// The agency the issuer speaks for.
    pub agency: &'a str,
    /// Her code there, as the issuer gives it.
    pub code: &'a str,
    /// Her unit, when the issuer names it.
    pub unit: Option<&'a str>,
    /// The strength of the sign-in, 1 to 4.
    pub assurance: u8,
}

/// Why a sign-in is nobody's.
#[derive(Debug, thiserror::Error)]
pub enum OfficialError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// The agency's key cannot be had.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The ledger took no entry, so nobody was registered.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// Her code is registered with another sign-in; the agency must settle it, not whoever comes first.
    #[error("the official's code is registered with another sign-in")]
    Conflict,
}

impl Engines {
    /// The official of a verified sign-in: the registered one, suspended or not; otherwise she is registered now, by
    /// an entry in her agency's history. Officials listed without a sign-in are bound to the first one of their code.
    ///
    /// # Errors
    /// [`OfficialError`]; nobody was registered.
    pub async fn official_signed_in(&self, sign_in: OfficialSignIn<'_>) -> Result<Official, OfficialError> {
        let OfficialSignIn { issuer, sub, agency, code, unit, .. } = sign_in;
        if let Some(known) = self.store.official_by_sign_in(issuer, sub).await? {
            return Ok(known);
        }
        let official = match self.store.official(agency, code).await? {
            Some(known) if known.issuer.is_some() || known.sub.is_some() => {
                return Err(OfficialError::Conflict);
            }
            Some(known) if known.suspended_at.is_some() => return Ok(known),
            Some(known) => Official { unit: unit.map_or(known.unit, str::to_owned), ..known },
            None => Official {
                id: self.id(),
                agency: agency.to_owned(),
                code: code.to_owned(),
                unit: unit.unwrap_or_default().to_owned(),
                issuer: None,
                sub: None,
                created_at: self.now().0,
                suspended_at: None,
            },
        };
        self.register_official(sign_in, official).await?;
        // Read again: when two first sign-ins met, one row won.
        self.store.official_by_sign_in(issuer, sub).await?.ok_or(OfficialError::Conflict)
    }

    async fn register_official(
        &self,
        sign_in: OfficialSignIn<'_>,
        official: Official,
    ) -> Result<(), OfficialError> {
        let official = Official {
            issuer: Some(sign_in.issuer.to_owned()),
            sub: Some(sign_in.sub.to_owned()),
            ..official
        };
        let facts = Facts {
            agency: Some(official.agency.clone()),
            assurance: Some(sign_in.assurance.to_string()),
            official: Some(official.code.clone()),
            official_how: Some("proved".to_owned()),
            target: Some(official.code.clone()),
            unit: Some(official.unit.clone()).filter(|unit| !unit.is_empty()),
            ..Facts::default()
        };
        let event = Event {
            id: self.id(),
            at: self.now(),
            kind: Kind::OfficialRegistered,
            subject: self.vault.agency(&official.agency).await?,
            facts,
        };
        let changes = vec![Change::PutOfficial(Box::new(official))];
        self.record_with(event, Command { changes, ..Command::default() }).await?;
        Ok(())
    }
}
