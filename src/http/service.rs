//! Who may use this service's own endpoints: a service token, bound to a DPoP key, with the scope that the endpoint
//! asks for (RFC 6750 §3, RFC 9449 §7).

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{HeaderName, HeaderValue},
};
use uuid::Uuid;

use super::{State, data::bearer, error, request};
use crate::{
    jose::{access_token::Confirmation, dpop::NoncePolicy},
    protocol::{problem::Problem, scope::ServiceScope},
    registry::Client,
    store::append::{Command, Outcome},
};

/// Checks token and proof of a request to `path` and uses the proof up; the client it was issued to.
///
/// The token must be ours, for this service, alive, unrevoked and hold `scope`; its client must be in good standing,
/// except for its stream, where it does what it owes.
///
/// # Errors
/// The answer: 401 with a challenge, 403 for another scope or a suspended client, 503 when nothing can be looked up.
pub(super) async fn authorize(
    state: &State,
    request: &HttpRequest,
    path: &str,
    scope: ServiceScope,
) -> Result<Arc<Client>, HttpResponse> {
    let engines = &state.engines;
    let issuer = &engines.addresses.issuer;
    let now = engines.now();
    let invalid = |code: &str, detail: &str| error::challenge(issuer, "invalid_token", code, detail);
    let compact = bearer(request).ok_or_else(|| {
        invalid(
            "token_missing",
            "Send a service token as `Authorization: DPoP <token>`, with a proof in `DPoP`.",
        )
    })?;
    let token =
        engines.tokens.verify(compact, issuer, now).map_err(|e| invalid(e.reason(), &e.to_string()))?;
    let Confirmation::Jkt(jkt) = &token.cnf else {
        return Err(invalid("token_confirmation", "This endpoint takes tokens bound to a DPoP key."));
    };
    let nonce = NoncePolicy::Optional(&state.nonces);
    let address = format!("{issuer}{path}");
    let proof = request::proof(request, &address, Some((compact, jkt)), nonce, now).map_err(|e| {
        let refused = request::proof_error(&e);
        let mut answer = error::challenge(issuer, refused.error.as_str(), e.reason(), &e.to_string());
        if e.asks_for_nonce()
            && let Ok(nonce) = HeaderValue::from_str(&state.nonces.issue(now))
        {
            answer.headers_mut().insert(HeaderName::from_static("dpop-nonce"), nonce);
        }
        answer
    })?;
    if !token.scope.as_deref().is_some_and(|scopes| scopes.split(' ').any(|held| held == scope.as_str())) {
        let detail = format!("Ask for a service token with the scope `{}`.", scope.as_str());
        return Err(error::problem(
            &Problem::new(403, "insufficient_scope", "The token does not reach this").with_detail(detail),
        ));
    }
    let unavailable = |error: &dyn std::error::Error| error::unavailable("service", error);
    let unknown = || invalid("token_unknown", "Ask for a new token.");
    let jti = Uuid::parse_str(&token.jti).map_err(|_| unknown())?;
    let row = engines.store.token(jti).await.map_err(|e| unavailable(&e))?.ok_or_else(unknown)?;
    if row.revoked_at.is_some() {
        return Err(invalid("token_revoked", "Ask for a new token."));
    }
    let client = engines.registry.client(&token.client_id).await.map_err(|e| unavailable(&e))?;
    let client = client.filter(|client| client.id == row.client).ok_or_else(unknown)?;
    if client.suspended && scope != ServiceScope::Streams {
        return Err(error::problem(
            &Problem::new(403, "client_suspended", "Refused").with_detail("The client is suspended."),
        ));
    }
    let replays = vec![(proof.replay_id(), proof.expires())];
    match engines.appender.run(Command { replays, ..Command::default() }).await {
        Ok(Outcome::Replayed(_)) => Err(error::challenge(
            issuer,
            "invalid_dpop_proof",
            "proof_replayed",
            "This DPoP proof was used before; make a fresh one for every request.",
        )),
        Ok(_) => Ok(client),
        Err(e) => Err(unavailable(&e)),
    }
}
