//! An official's proof inside a token request: the ID token of a sign-in at the agency, sent as `actor_token`
//! (RFC 8693 §2.1, type `urn:ietf:params:oauth:token-type:id_token`). It proves "signed in at the agency", no more.

use openidconnect::Nonce;
use serde_json::Value;

use super::{
    claims::{Claims, SignedInRole},
    config::IssuerRole,
    error::LoginError,
    jws,
    provider::Provider,
};
use crate::{secret::Secret, time::Millis};

/// The oldest sign-in that still proves an official: a long shift.
const MAX_AGE_SECONDS: i64 = 12 * 60 * 60;

/// An official whose sign-in at the agency has been verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedActor {
    /// The issuer; with `subject` it is who the official is.
    pub issuer: String,
    /// The issuer's `sub`.
    pub subject: String,
    /// The agency the issuer speaks for.
    pub agency: String,
    /// The id within the agency (the mapped claim, `sub` by default).
    pub id: String,
    /// The unit, if the issuer says it.
    pub unit: Option<String>,
    /// The name, if the issuer says it.
    pub name: Option<Secret<String>>,
    /// 1 (lowest) to 4, from `acr`.
    pub assurance: u8,
    /// When the official signed in.
    pub auth_time: Millis,
}

/// Verifies an `actor_token` of this issuer. `allowed_audiences` are the `aud`/`azp` values registered for the OAuth
/// client that sent it: every audience of the token, and its `azp`, must be among them.
pub async fn verify_actor_token(
    provider: &Provider,
    jwt: &str,
    allowed_audiences: &[String],
    now: Millis,
) -> Result<VerifiedActor, LoginError> {
    if !matches!(provider.config.role, IssuerRole::Official { .. }) {
        return Err(LoginError::NotAnOfficialIssuer);
    }
    let token = jws::read_id_token(jwt)?;
    provider
        .verify(now, |known| {
            // The audience is another client's, so it is checked below and not against our own id.
            let verifier = jws::verifier(provider, known, now).require_audience_match(false);
            token.claims(&verifier, |_: Option<&Nonce>| Ok(())).map(drop).map_err(|e| jws::refusal(&e))
        })
        .await?;
    let claims = jws::claims(jwt)?;
    // A logout token without its `typ` is no sign-in (OpenID Connect Back-Channel Logout §2.4).
    if claims.contains_key("events") {
        return Err(LoginError::TokenMalformed);
    }
    check_audience(claims.get("aud"), claims.get("azp"), allowed_audiences)?;

    let auth_time =
        claims.get("auth_time").and_then(Value::as_i64).ok_or(LoginError::AuthenticationTooOld)?;
    let age = now.seconds().saturating_sub(auth_time);
    if !(-jws::CLOCK_SKEW_SECONDS..=MAX_AGE_SECONDS).contains(&age) {
        return Err(LoginError::AuthenticationTooOld);
    }
    let subject = claims.get("sub").and_then(Value::as_str).ok_or(LoginError::TokenMalformed)?.to_owned();
    match (Claims { id_token: &claims, userinfo: None }).role(&provider.config)? {
        SignedInRole::Official { agency, id, unit, name } => Ok(VerifiedActor {
            issuer: provider.config.issuer.clone(),
            subject,
            agency,
            id,
            unit,
            name,
            assurance: provider.config.assurance(claims.get("acr").and_then(Value::as_str)),
            auth_time: Millis::from_seconds(auth_time),
        }),
        SignedInRole::Citizen { .. } | SignedInRole::Compliance { .. } => {
            Err(LoginError::NotAnOfficialIssuer)
        }
    }
}

fn check_audience(aud: Option<&Value>, azp: Option<&Value>, allowed: &[String]) -> Result<(), LoginError> {
    let registered = |value: &Value| value.as_str().is_some_and(|text| allowed.iter().any(|a| a == text));
    let (audiences_fit, several) = match aud {
        Some(Value::Array(list)) => (!list.is_empty() && list.iter().all(registered), list.len() > 1),
        Some(one) => (registered(one), false),
        None => (false, false),
    };
    // OpenID Connect Core §3.1.3.7 (4): with several audiences `azp` says for whom it was made.
    let party_fits = azp.map_or(!several, registered);
    if audiences_fit && party_fits { Ok(()) } else { Err(LoginError::WrongAudience) }
}
