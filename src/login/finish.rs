//! The way back: from the issuer's answer to a signed-in person, or a refusal.

use openidconnect::{
    AccessToken, AuthorizationCode, Nonce, OAuth2TokenResponse as _, PkceCodeVerifier, RequestTokenError,
    TokenResponse as _,
    core::{CoreClient, CoreTokenResponse},
    http,
};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    begin::PendingSignIn,
    claims::{Claims, SignedInRole},
    client_assertion::ASSERTION_TYPE,
    error::LoginError,
    jws,
    provider::{Credential, Known, Provider, unavailable},
};
use crate::{
    crypto::{self, Random},
    secret::Secret,
    time::Millis,
};

/// The query of the callback (RFC 6749 §4.1.2, RFC 9207 §2). Members nobody knows are ignored, as §4.1.2 asks.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct CallbackParams {
    /// The authorization code.
    pub code: Option<String>,
    /// The `state` that was sent.
    pub state: Option<String>,
    /// The issuer that answers.
    pub iss: Option<String>,
    /// An error code instead of a code.
    pub error: Option<String>,
}

/// A person who has signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The issuer identifier.
    pub issuer: String,
    /// The issuer's `sub`.
    pub subject: String,
    /// The issuer's session, which a logout token may name.
    pub sid: Option<String>,
    /// Who it is.
    pub role: SignedInRole,
    /// 1 (lowest) to 4, from `acr`.
    pub assurance: u8,
    /// How the person proved themselves, in the issuer's own word; `None` when it says nothing fit to keep.
    pub acr: Option<String>,
    /// When the person proved themselves to the issuer, if it says so.
    pub auth_time: Option<Millis>,
    /// The ID token, for [`super::logout_url`] only.
    pub id_token: Secret<String>,
}

/// Finishes the sign-in that `pending` began. The caller has made sure that `pending` belongs to this browser and has
/// destroyed it: an answer counts once.
pub async fn finish(
    provider: &Provider,
    pending: &PendingSignIn,
    params: &CallbackParams,
    now: Millis,
    random: &dyn Random,
) -> Result<SignedIn, LoginError> {
    if pending.issuer != provider.config.issuer {
        return Err(LoginError::IssuerMismatch);
    }
    let state = params.state.as_deref().unwrap_or_default();
    if !crypto::equal(state.as_bytes(), pending.state.expose().as_bytes()) {
        return Err(LoginError::StateMismatch);
    }
    if now >= pending.expires {
        return Err(LoginError::SignInExpired);
    }
    let known = provider.known(now).await?;
    check_response_issuer(provider, &known, params.iss.as_deref())?;
    match params.error.as_deref() {
        None => {}
        Some("access_denied") => return Err(LoginError::Cancelled),
        // OpenID Connect Core Error Code unmet_authentication_requirements 1.0.
        Some("unmet_authentication_requirements") => return Err(LoginError::AssuranceTooLow),
        Some(error) => return Err(LoginError::Refused(error_code(error))),
    }
    let code = params.code.clone().ok_or(LoginError::CallbackMalformed)?;
    let tokens = exchange(provider, &known, pending, code, now, random).await?;
    let id_token = tokens.id_token().ok_or(LoginError::TokenMalformed)?;

    let nonce = Nonce::new(pending.nonce.expose().clone());
    provider
        .verify(now, |known| {
            let verifier = jws::verifier(provider, known, now);
            id_token.claims(&verifier, &nonce).map(drop).map_err(|e| jws::refusal(&e))
        })
        .await?;
    let id_token = id_token.to_string();
    let claims = jws::claims(&id_token)?;
    // OpenID Connect Core §3.1.3.7 (5), which `openidconnect` leaves to the caller.
    if claims.get("azp").is_some_and(|azp| azp.as_str() != Some(provider.config.client_id.as_str())) {
        return Err(LoginError::WrongAudience);
    }
    let auth_time = claims.get("auth_time").and_then(Value::as_i64).map(Millis::from_seconds);
    check_age(provider.config.max_age_seconds, auth_time, now)?;
    let assurance = provider.config.assurance(claims.get("acr").and_then(Value::as_str));
    if let Some(step_up) = pending.step_up {
        step_up.check(assurance, auth_time, now)?;
    }

    let subject = claims.get("sub").and_then(Value::as_str).ok_or(LoginError::TokenMalformed)?.to_owned();
    let userinfo = if provider.config.userinfo {
        Some(userinfo(provider, &known, tokens.access_token(), &subject).await?)
    } else {
        None
    };
    let read = Claims { id_token: &claims, userinfo: userinfo.as_ref() };
    Ok(SignedIn {
        issuer: provider.config.issuer.clone(),
        sid: read.text("sid"),
        role: read.role(&provider.config)?,
        assurance,
        // Only the ID token's: what it was asked for is answered there.
        acr: (Claims { id_token: &claims, userinfo: None }).text("acr"),
        auth_time,
        id_token: Secret::new(id_token),
        subject,
    })
}

/// RFC 9207 §2.4: checked before anything of the response is used, errors included.
fn check_response_issuer(provider: &Provider, known: &Known, iss: Option<&str>) -> Result<(), LoginError> {
    let demanded = provider.config.require_iss
        || known.metadata.additional_metadata().authorization_response_iss_parameter_supported;
    match iss {
        Some(iss) if iss == provider.config.issuer => Ok(()),
        Some(_) => Err(LoginError::IssuerMismatch),
        None if demanded => Err(LoginError::IssuerMissing),
        None => Ok(()),
    }
}

/// `max_age` of OpenID Connect Core §3.1.2.1: asked for, so `auth_time` must be there and young enough.
fn check_age(max_age: Option<u32>, auth_time: Option<Millis>, now: Millis) -> Result<(), LoginError> {
    let Some(max_age) = max_age else { return Ok(()) };
    let age = auth_time.map(|at| now.since(at) / 1000).ok_or(LoginError::AuthenticationTooOld)?;
    let limit = i64::from(max_age) + jws::CLOCK_SKEW_SECONDS;
    if (-jws::CLOCK_SKEW_SECONDS..=limit).contains(&age) {
        Ok(())
    } else {
        Err(LoginError::AuthenticationTooOld)
    }
}

async fn exchange(
    provider: &Provider,
    known: &Known,
    pending: &PendingSignIn,
    code: String,
    now: Millis,
    random: &dyn Random,
) -> Result<CoreTokenResponse, LoginError> {
    let (secret, auth_type) = provider.shared_secret();
    let client = CoreClient::from_provider_metadata(known.metadata.clone(), provider.client_id(), secret)
        .set_auth_type(auth_type)
        .set_redirect_uri(provider.redirect.clone());
    let mut request = client
        .exchange_code(AuthorizationCode::new(code))
        .map_err(|_| LoginError::Unavailable("its discovery document names no token endpoint".to_owned()))?
        .set_pkce_verifier(PkceCodeVerifier::new(pending.pkce_verifier.expose().clone()));
    if let Credential::Assertion(key) = &provider.credential {
        let config = &provider.config;
        let assertion = key
            .sign(&config.client_id, &config.issuer, now, random)
            .map_err(|_| LoginError::Unavailable("the client key cannot sign".to_owned()))?;
        request = request
            .add_extra_param("client_assertion_type", ASSERTION_TYPE)
            .add_extra_param("client_assertion", assertion);
    }
    let http = |request| provider.http.send(request);
    request.request_async(&http).await.map_err(|error| match error {
        RequestTokenError::ServerResponse(answer) => {
            LoginError::CodeRefused(error_code(answer.error().as_ref()))
        }
        RequestTokenError::Request(error) => unavailable(error),
        RequestTokenError::Parse(..) => LoginError::TokenMalformed,
        RequestTokenError::Other(text) => LoginError::Unavailable(text),
    })
}

/// UserInfo as plain JSON (OpenID Connect Core §5.3); it must speak of the same subject (§5.3.2).
async fn userinfo(
    provider: &Provider,
    known: &Known,
    token: &AccessToken,
    subject: &str,
) -> Result<Map<String, Value>, LoginError> {
    let endpoint = known.metadata.userinfo_endpoint().ok_or_else(|| {
        LoginError::Unavailable("its discovery document names no UserInfo endpoint".to_owned())
    })?;
    let request = http::Request::get(endpoint.as_str())
        .header("accept", "application/json")
        .header("authorization", format!("Bearer {}", token.secret()))
        .body(Vec::new())
        .map_err(|_| LoginError::TokenMalformed)?;
    let answer = provider.http.send(request).await.map_err(unavailable)?;
    if answer.status() != http::StatusCode::OK {
        return Err(LoginError::Unavailable(format!("UserInfo answered {}", answer.status())));
    }
    let claims: Map<String, Value> = serde_json::from_slice(answer.body())
        .map_err(|_| LoginError::Unavailable("UserInfo did not answer with JSON".to_owned()))?;
    if claims.get("sub").and_then(Value::as_str) == Some(subject) {
        Ok(claims)
    } else {
        Err(LoginError::TokenMalformed)
    }
}

/// An error code as RFC 6749 §5.2 spells them, cut to what is safe to log.
fn error_code(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')).take(64).collect()
}
