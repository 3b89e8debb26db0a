//! `POST /data`.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderName, HeaderValue},
    web::{Data, Payload},
};

use super::{State, error, request};
use crate::{
    gateway::data::Ask,
    jose::{
        access_token::{AccessToken, Confirmation},
        dpop::{DpopProof, NoncePolicy},
    },
    protocol::problem::Problem,
};

/// `POST /data`: the token in `Authorization: DPoP`, its proof in `DPoP`, optionally an `Idempotency-Key`. The body
/// is not used; one over 64 KiB is refused all the same.
pub async fn data(state: Data<State>, request: HttpRequest, payload: Payload) -> HttpResponse {
    if let Err(bad) = request::body(payload).await {
        let status = bad.status.as_u16();
        return error::problem(
            &Problem::new(status, bad.reason, "The body was not read").with_detail(bad.description),
        );
    }
    let (token, proof) = match authorize(&state, &request) {
        Ok(both) => both,
        Err(refusal) => return refusal,
    };
    let idempotency_key = match idempotency_key(&request) {
        Ok(key) => key,
        Err(refusal) => return refusal,
    };
    let ask = Ask { token: &token, proof: &proof, idempotency_key };
    match state.gateway.data(&ask).await {
        Ok(answer) => HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(answer),
        Err(refused) => error::data(&state.engines.addresses.issuer, &refused),
    }
}

fn authorize(state: &State, request: &HttpRequest) -> Result<(AccessToken, DpopProof), HttpResponse> {
    let engines = &state.engines;
    let issuer = &engines.addresses.issuer;
    let now = engines.now();
    let compact = bearer(request).ok_or_else(|| {
        let detail = "Send the access token as `Authorization: DPoP <token>`, with a proof in `DPoP`.";
        error::challenge(issuer, "invalid_token", "token_missing", detail)
    })?;
    let token = engines
        .tokens
        .verify(compact, &engines.addresses.data, now)
        .map_err(|e| error::challenge(issuer, "invalid_token", e.reason(), &e.to_string()))?;
    let Confirmation::Jkt(jkt) = &token.cnf else {
        let detail = "This endpoint takes tokens bound to a DPoP key.";
        return Err(error::challenge(issuer, "invalid_token", "token_confirmation", detail));
    };
    let nonce = NoncePolicy::Optional(&state.nonces);
    let address = &engines.addresses.data;
    match request::proof(request, address, Some((compact, jkt)), nonce, now) {
        Ok(proof) => Ok((token, proof)),
        Err(e) => {
            let refused = request::proof_error(&e);
            let mut answer = error::challenge(issuer, refused.error.as_str(), e.reason(), &e.to_string());
            if e.asks_for_nonce()
                && let Ok(nonce) = HeaderValue::from_str(&state.nonces.issue(now))
            {
                answer.headers_mut().insert(HeaderName::from_static("dpop-nonce"), nonce);
            }
            Err(answer)
        }
    }
}

/// The token of the one `Authorization: DPoP` header; as `Bearer` a bound token is refused (RFC 9449 §7.1).
pub(super) fn bearer(request: &HttpRequest) -> Option<&str> {
    let mut headers = request.headers().get_all(header::AUTHORIZATION);
    let (only, None) = (headers.next()?, headers.next()) else { return None };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("DPoP").then_some(token.trim())
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<&str>, HttpResponse> {
    let mut keys = request.headers().get_all("Idempotency-Key");
    let key = keys.next().map(|value| value.to_str().unwrap_or_default());
    let fits = |key: &str| (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
    if keys.next().is_some() || key.is_some_and(|key| !fits(key)) {
        let problem = Problem::new(400, "idempotency_key_malformed", "The Idempotency-Key cannot be used");
        return Err(error::problem(&problem.with_detail("Send one, of 1 to 255 visible ASCII characters.")));
    }
    Ok(key)
}
