//! Leaving: towards the issuer (OpenID Connect RP-Initiated Logout 1.0), and at its word (Back-Channel Logout 1.0).

use openidconnect::{ClientId, LogoutHint, LogoutRequest, PostLogoutRedirectUrl};
use serde_json::{Map, Value};
use url::Url;

use super::{error::LoginError, jws, provider::Provider};
use crate::{secret::Secret, time::Millis};

/// The member of `events` that makes a JWT a logout token (Back-Channel Logout §2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// The oldest logout token that is believed, in seconds; issuers retry for a moment, not for hours.
const MAX_AGE_SECONDS: i64 = 10 * 60;

/// What a verified logout token says. At least one of `sub` and `sid` is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutToken {
    /// The issuer.
    pub issuer: String,
    /// End every session of this subject, unless `sid` narrows it down.
    pub sub: Option<String>,
    /// End this session of the issuer.
    pub sid: Option<String>,
    /// The token's id; refuse a second one.
    pub jti: String,
    /// From then on the token is too old to be believed anyway.
    pub expires: Millis,
}

/// The address that ends the session at the issuer too, or `None` when the issuer has no such address.
/// `post_logout_redirect` must be registered there.
///
/// The ID token goes along as a hint, so that the issuer need not ask again, unless it holds something like a
/// national id: that must never stand in an address (I6). The issuer's session id goes along as `logout_hint` (§2).
pub async fn logout_url(
    provider: &Provider,
    id_token_hint: Option<&Secret<String>>,
    sid: Option<&str>,
    post_logout_redirect: Url,
    now: Millis,
) -> Result<Option<Url>, LoginError> {
    let known = provider.known(now).await?;
    let Some(endpoint) = known.metadata.additional_metadata().end_session_endpoint.clone() else {
        return Ok(None);
    };
    let mut request = LogoutRequest::from(endpoint)
        .set_client_id(ClientId::new(provider.config.client_id.clone()))
        .set_post_logout_redirect_uri(PostLogoutRedirectUrl::from_url(post_logout_redirect));
    if let Some(token) = id_token_hint
        && is_harmless(token)
    {
        request = request.set_id_token_hint(&jws::read_id_token(token.expose())?);
    }
    if let Some(sid) = sid {
        request = request.set_logout_hint(LogoutHint::new(sid.to_owned()));
    }
    Ok(Some(request.http_get_url()))
}

/// Whether an ID token may be kept and stand in an address: it holds nothing like a national id (I6).
pub(super) fn is_harmless(id_token: &Secret<String>) -> bool {
    jws::claims(id_token.expose()).is_ok_and(|claims| !claims.values().any(may_hold_an_id))
}

/// The issuer a logout token names, unverified: only to choose whose keys to verify it with.
#[must_use]
pub fn claimed_issuer(jwt: &str) -> Option<String> {
    jws::claims(jwt).ok()?.get("iss")?.as_str().map(str::to_owned)
}

/// Whether a claim holds a run of exactly as many digits as a national id (12) or its predecessor (9) has.
fn may_hold_an_id(claim: &Value) -> bool {
    match claim {
        Value::Null | Value::Bool(_) => false,
        Value::Number(number) => matches!(number.to_string().len(), 9 | 12),
        Value::String(text) => {
            text.split(|c: char| !c.is_ascii_digit()).any(|digits| matches!(digits.len(), 9 | 12))
        }
        Value::Array(list) => list.iter().any(may_hold_an_id),
        Value::Object(members) => members.values().any(may_hold_an_id),
    }
}

/// Verifies a logout token by Back-Channel Logout §2.6. `typ` may be `logout+jwt`, `JWT` or absent, because issuers
/// older than the final text send the latter two.
pub async fn verify_logout_token(
    provider: &Provider,
    jwt: &str,
    now: Millis,
) -> Result<LogoutToken, LoginError> {
    let allowed = jws::allowed(&provider.config.algorithms);
    let (header, claims) =
        provider.verify(now, |known| jws::signed_claims(&known.keys, &allowed, jwt)).await?;
    if let Some(typ) = &header.typ {
        let typ = typ.to_ascii_lowercase();
        if !matches!(typ.strip_prefix("application/").unwrap_or(&typ), "logout+jwt" | "jwt") {
            return Err(LoginError::LogoutToken("its `typ` is another kind of token"));
        }
    }
    let text =
        |name: &str| claims.get(name).and_then(Value::as_str).filter(|t| !t.is_empty()).map(str::to_owned);
    if text("iss").as_deref() != Some(provider.config.issuer.as_str()) {
        return Err(LoginError::IssuerMismatch);
    }
    if !is_for(claims.get("aud"), &provider.config.client_id) {
        return Err(LoginError::WrongAudience);
    }
    let issued = check_times(&claims, now)?;
    if !claims.get("events").and_then(|e| e.get(EVENT)).is_some_and(Value::is_object) {
        return Err(LoginError::LogoutToken("it holds no logout event"));
    }
    // §2.4: forbidden, so that no logout token can pass for an ID token, nor an ID token for a logout token.
    if claims.contains_key("nonce") {
        return Err(LoginError::LogoutToken("it holds a `nonce`"));
    }
    let (sub, sid) = (text("sub"), text("sid"));
    if sub.is_none() && sid.is_none() {
        return Err(LoginError::LogoutToken("it names neither `sub` nor `sid`"));
    }
    let jti = text("jti").ok_or(LoginError::LogoutToken("it has no `jti`"))?;
    let life = MAX_AGE_SECONDS + jws::CLOCK_SKEW_SECONDS;
    let expires = Millis::from_seconds(issued.saturating_add(life));
    Ok(LogoutToken { issuer: provider.config.issuer.clone(), sub, sid, jti, expires })
}

fn is_for(aud: Option<&Value>, client_id: &str) -> bool {
    match aud {
        Some(Value::String(one)) => one == client_id,
        Some(Value::Array(list)) => matches!(list.as_slice(), [Value::String(one)] if one == client_id),
        _ => false,
    }
}

/// When it was issued, in seconds.
fn check_times(claims: &Map<String, Value>, now: Millis) -> Result<i64, LoginError> {
    let issued =
        claims.get("iat").and_then(Value::as_i64).ok_or(LoginError::LogoutToken("it has no `iat`"))?;
    let age = now.seconds().saturating_sub(issued);
    let expired = match claims.get("exp") {
        Some(exp) => exp.as_i64().is_none_or(|exp| now.seconds() >= exp),
        None => false,
    };
    if expired || !(-jws::CLOCK_SKEW_SECONDS..=MAX_AGE_SECONDS).contains(&age) {
        return Err(LoginError::TokenExpired);
    }
    Ok(issued)
}
