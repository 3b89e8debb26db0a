//! Revocation (RFC 7009): the issuing client ends its own token, and the person can see that it did.

use uuid::Uuid;

use super::{Authenticated, Error, client};
use crate::{
    domain::{
        own_token,
        record::{Facts, Kind},
    },
    engines::Engines,
    ledger::entry::Event,
    protocol::{
        error::{ErrorCode, OAuthError},
        form::Form,
        introspection::token_of,
    },
    store::append::{Change, Command, Outcome},
};

/// Revokes a token of a proved client. A token that is unknown or already over is no error (RFC 7009 §2.2).
///
/// # Errors
/// `unauthorized_client` for another client's token, `invalid_client` for a replayed assertion, or the ledger failed.
pub async fn revoke(engines: &Engines, who: &Authenticated, form: &Form) -> Result<(), Error> {
    let compact = token_of(form)?;
    let replays = vec![who.replay];
    let Some((token, row)) = super::introspect::known(engines, compact.expose()).await? else {
        return client::use_up(engines, who).await;
    };
    if token.client_id != who.client.client_id {
        client::use_up(engines, who).await?;
        let description = "the token was not issued to this client";
        return Err(
            OAuthError::new(ErrorCode::UnauthorizedClient, "token_of_another_client", description).into()
        );
    }
    let jti = Uuid::parse_str(&token.jti).map_err(|_| Error::Inconsistent("jti"))?;
    let subject = engines.vault.subject(row.subject).await?.ok_or(Error::Inconsistent("subject"))?;
    let detail = token.detail();
    let facts = Facts {
        agency: Some(who.client.agency.as_ref().to_owned()),
        client: Some(token.client_id.clone()),
        purpose: detail
            .and_then(|detail| detail.get("purpose")?.as_str())
            .or_else(|| row.consent.map(|_| own_token::ID))
            .map(str::to_owned),
        target: token.scope.clone(),
        token: Some(token.jti.clone()),
        ..Facts::default()
    };
    let event = Event { id: engines.id(), at: engines.now(), kind: Kind::TokenRevoked, subject, facts };
    let entry = Some(event.draft(std::sync::Arc::clone(&engines.random)));
    let changes = vec![Change::RevokeToken(jti)];
    match engines.appender.run(Command { replays, changes, entry, ..Command::default() }).await? {
        Outcome::Replayed(_) => Err(client::replayed().into()),
        _ => Ok(()),
    }
}
