//! Client authentication: `private_key_jwt` alone (FAPI 2.0 §5.3.2.1). Absent or wrong, it always reads the same:
//! 401 `invalid_client`, whether or not such a client exists.

use std::sync::Arc;

use uuid::Uuid;

use super::Error;
use crate::{
    engines::Engines,
    jose::assertion,
    protocol::{
        error::{ErrorCode, OAuthError},
        form::Form,
        token::ClientAuthentication,
    },
    registry::Client,
    store::append::{Command, Outcome},
    time::Millis,
};

/// A client that proved who it is, and the assertion that must not be used again.
#[derive(Clone, Debug)]
pub struct Authenticated {
    /// The client; it may be suspended.
    pub client: Arc<Client>,
    /// The assertion's id and end, to be remembered with whatever comes of the request.
    pub replay: (Uuid, Millis),
}

/// Finds and checks the client of a form.
///
/// # Errors
/// `invalid_client`, or the database failed.
pub async fn authenticate(engines: &Engines, form: &Form) -> Result<Authenticated, Error> {
    let given = ClientAuthentication::from_form(form)?;
    let assertion = given.assertion.ok_or_else(|| invalid("client_authentication_missing"))?;
    let compact = assertion.expose();
    let client_id = assertion::client_id_of(compact).map_err(|e| invalid(e.reason()))?;
    if given.client_id.is_some_and(|named| named != client_id) {
        return Err(invalid("assertion_client").into());
    }
    let client =
        engines.registry.client(&client_id).await?.ok_or_else(|| invalid("assertion_unknown_key"))?;
    let now = engines.now();
    let proved = assertion::verify(compact, &client.jwks, &client_id, &engines.addresses.issuer, now)
        .map_err(|e| invalid(e.reason()))?;
    Ok(Authenticated { client, replay: (proved.replay_id(), proved.exp) })
}

/// Uses an assertion up where the request itself writes no entry.
///
/// # Errors
/// `invalid_client` when it was seen before, or the ledger cannot be written.
pub(super) async fn use_up(engines: &Engines, who: &Authenticated) -> Result<(), Error> {
    match engines.appender.run(Command { replays: vec![who.replay], ..Command::default() }).await? {
        Outcome::Replayed(_) => Err(replayed().into()),
        _ => Ok(()),
    }
}

/// The refusal of an assertion that was seen before.
pub(super) fn replayed() -> OAuthError {
    invalid("assertion_replayed")
}

/// The one face of every failure; `reason` says to the developer what was wrong with her own assertion.
fn invalid(reason: &str) -> OAuthError {
    // Whether a client exists must not show: an unknown client reads like an unknown key.
    OAuthError::new(ErrorCode::InvalidClient, reason, "client authentication failed")
}
