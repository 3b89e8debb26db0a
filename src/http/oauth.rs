//! The OAuth endpoints: pushed and backchannel requests, token, introspection, revocation, keys, discovery.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderName, HeaderValue},
    web::{Data, Payload},
};

use super::{State, error, request};
use crate::{
    jose::{dpop::NoncePolicy, jws::Unverified, signed_answers::INTROSPECTION_TYPE},
    login::{self, IssuerRole},
    oauth::{self, Actor, Ask, Authenticated, IntrospectionAnswer},
    protocol::{
        error::{ErrorCode, OAuthError},
        token::{GrantType, TokenRequest},
    },
    secret::Secret,
};

/// The header that carries the next nonce (RFC 9449 §8.2).
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// `POST /oauth/token`.
pub async fn token(state: Data<State>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let mut answer = issue(&state, &request, payload).await.unwrap_or_else(|refusal| refusal);
    if let Ok(nonce) = HeaderValue::from_str(&state.nonces.issue(state.engines.now())) {
        answer.headers_mut().insert(DPOP_NONCE, nonce);
    }
    answer
}

async fn issue(state: &State, request: &HttpRequest, payload: Payload) -> Result<HttpResponse, HttpResponse> {
    let engines = &state.engines;
    let form = request::form(request, payload).await.map_err(|e| error::bad_form(&e))?;
    let who = oauth::authenticate(engines, &form).await.map_err(|e| error::office(&e))?;
    if state.refusals.is_reached(&who.client.client_id) {
        return Err(error::slow_down());
    }
    let address = format!("{}/oauth/token", engines.addresses.issuer);
    let nonce = NoncePolicy::Required(&state.nonces);
    let proof = request::proof(request, &address, None, nonce, engines.now())
        .map_err(|e| error::oauth(&request::proof_error(&e)))?;
    let asked = TokenRequest::from_form(&form).map_err(|e| error::oauth(&e))?;
    let proved = async |token: Option<&Secret<String>>, name: &str| match token {
        Some(token) => actor(state, &who, token.expose(), name).await.map(Some).map_err(|e| error::oauth(&e)),
        None => Ok(None),
    };
    let actor = proved(asked.actor_token(), "actor_token").await?;
    let approver = proved(asked.approver_token(), "approver_token").await?;
    let ask = Ask { who: &who, proof: &proof, request: &asked, actor, approver };
    let is_poll = asked.grant_type() == GrantType::Backchannel;
    let granted = oauth::issue(engines, ask).await.map_err(|e| match &e {
        oauth::Error::Refused(refusal) if is_poll => {
            // That she has not answered, or has said no, is no fault of the client.
            if !matches!(
                refusal.error,
                ErrorCode::AuthorizationPending | ErrorCode::ExpiredToken | ErrorCode::AccessDenied
            ) {
                state.refusals.count(&who.client.client_id);
            }
            error::poll(refusal)
        }
        oauth::Error::Refused(_) => {
            state.refusals.count(&who.client.client_id);
            error::office(&e)
        }
        _ => error::office(&e),
    })?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(granted))
}

/// `POST /oauth/bc-authorize` (CIBA Core 1.0 §7).
pub async fn bc_authorize(state: Data<State>, request: HttpRequest, payload: Payload) -> HttpResponse {
    ask_absent(&state, &request, payload).await.unwrap_or_else(|refusal| refusal)
}

async fn ask_absent(
    state: &State,
    request: &HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, HttpResponse> {
    let (engines, prompting) = (&state.engines, &state.prompting);
    let form = request::form(request, payload).await.map_err(|e| error::bad_form(&e))?;
    let who = oauth::authenticate(engines, &form).await.map_err(|e| error::office(&e))?;
    let client_id = &who.client.client_id;
    if state.refusals.is_reached(client_id) {
        return Err(error::slow_down());
    }
    if prompting.per_client.is_reached(client_id) {
        return Err(error::too_many_prompts());
    }
    prompting.per_client.count(client_id);
    let asked = oauth::ask_absent(engines, &who, &form, prompting).await.map_err(|e| {
        if matches!(e, oauth::Error::Refused(_)) {
            state.refusals.count(client_id);
        }
        error::office(&e)
    })?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(asked))
}

/// `POST /oauth/par` (RFC 9126). A DPoP proof is not needed here; where there is one it binds the code.
pub async fn par(state: Data<State>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let mut answer = push(&state, &request, payload).await.unwrap_or_else(|refusal| refusal);
    if let Ok(nonce) = HeaderValue::from_str(&state.nonces.issue(state.engines.now())) {
        answer.headers_mut().insert(DPOP_NONCE, nonce);
    }
    answer
}

async fn push(state: &State, request: &HttpRequest, payload: Payload) -> Result<HttpResponse, HttpResponse> {
    let engines = &state.engines;
    let form = request::form(request, payload).await.map_err(|e| error::bad_form(&e))?;
    let who = oauth::authenticate(engines, &form).await.map_err(|e| error::office(&e))?;
    if state.refusals.is_reached(&who.client.client_id) {
        return Err(error::slow_down());
    }
    let proof = if request.headers().contains_key("DPoP") {
        let address = format!("{}/oauth/par", engines.addresses.issuer);
        let nonce = NoncePolicy::Required(&state.nonces);
        let proof = request::proof(request, &address, None, nonce, engines.now());
        Some(proof.map_err(|e| error::oauth(&request::proof_error(&e)))?)
    } else {
        None
    };
    let pushed = oauth::push(engines, &who, &form, proof.as_ref()).await.map_err(|e| {
        if matches!(e, oauth::Error::Refused(_)) {
            state.refusals.count(&who.client.client_id);
        }
        error::office(&e)
    })?;
    Ok(HttpResponse::Created().insert_header((header::CACHE_CONTROL, "no-cache, no-store")).json(pushed))
}

/// Proves an official's sign-in, sent under `name`: by an issuer registered for this client and bound to its agency.
async fn actor(state: &State, who: &Authenticated, token: &str, name: &str) -> Result<Actor, OAuthError> {
    #[derive(serde::Deserialize)]
    struct Issuer {
        iss: String,
    }
    let refuse =
        |reason: &str, description: &str| OAuthError::new(ErrorCode::InvalidRequest, reason, description);
    let malformed = || refuse(&format!("{name}_malformed"), &format!("`{name}` is not a signed ID token"));
    let unverified = Unverified::parse(token).map_err(|_| malformed())?;
    let Issuer { iss } = unverified.unverified_claims().map_err(|_| malformed())?;
    let unbound = || {
        let description = format!("the issuer of `{name}` is not registered for this client's agency");
        refuse(&format!("{name}_issuer"), &description)
    };
    let bound = who.client.actor_issuers.iter().find(|bound| bound.issuer == iss).ok_or_else(unbound)?;
    let speaks_for = |role: &IssuerRole| match role {
        IssuerRole::Official { agency } => agency.as_str() == who.client.agency.as_ref(),
        IssuerRole::Citizen | IssuerRole::Compliance { .. } => false,
    };
    let provider = state
        .desk
        .providers
        .iter()
        .find(|provider| provider.config().issuer == iss && speaks_for(&provider.config().role))
        .map(Arc::clone)
        .ok_or_else(unbound)?;
    let now = state.engines.now();
    let verified = login::verify_actor_token(&provider, token, &bound.audiences, now)
        .await
        .map_err(|e| refuse(e.code(), &e.to_string()))?;
    Ok(Actor {
        issuer: verified.issuer,
        sub: verified.subject,
        code: verified.id,
        unit: verified.unit,
        assurance: verified.assurance,
        auth_time: verified.auth_time,
    })
}

/// `POST /oauth/introspect`.
pub async fn introspect(state: Data<State>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let engines = &state.engines;
    let form = match request::form(&request, payload).await {
        Ok(form) => form,
        Err(e) => return error::bad_form(&e),
    };
    let answer = match oauth::authenticate(engines, &form).await {
        Ok(who) => oauth::introspect(engines, &who, &form, wants_signed(&request)).await,
        Err(e) => Err(e),
    };
    match answer {
        Ok(IntrospectionAnswer::Plain(said)) => {
            HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(said)
        }
        Ok(IntrospectionAnswer::Signed(jwt)) => HttpResponse::Ok()
            .content_type(format!("application/{INTROSPECTION_TYPE}"))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .body(jwt),
        Err(e) => error::office(&e),
    }
}

/// RFC 9701 §4: the caller asks for a signed answer by its media type.
fn wants_signed(request: &HttpRequest) -> bool {
    let kinds = request.headers().get_all(header::ACCEPT).filter_map(|value| value.to_str().ok());
    let mut kinds = kinds.flat_map(|value| value.split(',')).filter_map(|kind| kind.split(';').next());
    kinds.any(|kind| {
        let kind = kind.trim().to_ascii_lowercase();
        kind.strip_prefix("application/").is_some_and(|kind| kind == INTROSPECTION_TYPE)
    })
}

/// `POST /oauth/revoke`.
pub async fn revoke(state: Data<State>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let engines = &state.engines;
    let form = match request::form(&request, payload).await {
        Ok(form) => form,
        Err(e) => return error::bad_form(&e),
    };
    let done = match oauth::authenticate(engines, &form).await {
        Ok(who) => oauth::revoke(engines, &who, &form).await,
        Err(e) => Err(e),
    };
    match done {
        Ok(()) => HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).finish(),
        Err(e) => error::office(&e),
    }
}

/// `GET /oauth/jwks`. Kept for less than the notice a new key is given before it signs.
pub async fn jwks(state: Data<State>) -> HttpResponse {
    let keys = state.engines.tokens.jwks(state.engines.now());
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "public, max-age=300")).json(keys)
}

/// `GET /.well-known/oauth-authorization-server`.
pub async fn authorization_server(state: Data<State>) -> HttpResponse {
    let document = oauth::authorization_server(&state.engines);
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "public, max-age=300")).json(document)
}

/// `GET /.well-known/oauth-protected-resource`.
pub async fn protected_resource(state: Data<State>) -> HttpResponse {
    let document = oauth::protected_resource(&state.engines);
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "public, max-age=300")).json(document)
}

/// `GET /.well-known/oauth-protected-resource/api/v1/me`.
pub async fn citizen_resource(state: Data<State>) -> HttpResponse {
    let document = oauth::citizen_resource(&state.engines);
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "public, max-age=300")).json(document)
}
