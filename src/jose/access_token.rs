//! Access tokens as JWTs (RFC 9068), bound to a key or certificate (RFC 9449 §6.1, RFC 8705 §3.1).
//!
//! In scope: what can be decided from the token alone. Out of scope: revocation, uses left, and the proof that comes
//! with it. The token never holds a national id (DESIGN.md §5).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    CLOCK_SKEW,
    assertion::present,
    claims::jti_is_usable,
    jws::{self, JwsError, Unverified},
    status_list::StatusReference,
};
use crate::{
    crypto::{PublicKey, SigningKey},
    time::Millis,
};

/// The `typ` of an access token (RFC 9068 §2.1).
pub const TYPE: &str = "at+jwt";

/// The claims of an access token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    /// This service.
    pub iss: String,
    /// The client itself under `client_credentials`, otherwise the agency's handle of the citizen.
    pub sub: String,
    /// The client it was issued to.
    pub client_id: String,
    /// The one resource server it is for.
    pub aud: String,
    /// When it ends, in seconds; there is no leeway.
    pub exp: i64,
    /// When it was issued, in seconds.
    pub iat: i64,
    /// Its unique name.
    pub jti: String,
    /// What it is bound to; a token without is none of ours.
    pub cnf: Confirmation,
    /// What was granted (RFC 9396 §9.1), as JSON: its form is the business of `protocol`. A service or citizen token has
    /// none, and opens no personal data at `/data`.
    #[serde(default, deserialize_with = "array", skip_serializing_if = "Option::is_none")]
    pub authorization_details: Option<Value>,
    /// The scopes of a service or citizen token, separated by spaces (RFC 9068 §2.2.3).
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The grant it belongs to, a UUID, where it rests on consent.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<String>,
    /// Where a resource server that checks offline finds out whether it still counts.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusReference>,
    /// When the citizen signed in, in seconds (RFC 9068 §2.2.1), where she did for this.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// How strongly she signed in, as her identity provider says.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
}

/// What a token is bound to (RFC 7800 §3.1): exactly one of the two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Confirmation {
    /// The thumbprint of a DPoP key.
    #[serde(rename = "jkt")]
    Jkt(String),
    /// The SHA-256 of a client certificate in DER, base64url.
    #[serde(rename = "x5t#S256")]
    Certificate(String),
}

/// A claim that may be absent, but is nothing else than an array.
fn array<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Vec::deserialize(from).map(|items| Some(Value::Array(items)))
}

/// Why an access token was refused; outside each reads `invalid_token`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessTokenError {
    /// Not a signed JWT of the expected form, or the signature does not hold.
    #[error("access token: {0}")]
    Jws(#[from] JwsError),
    /// `typ` is not `at+jwt`.
    #[error("access token: `typ` is not `at+jwt`")]
    Type,
    /// The header names no key, or one that is not ours.
    #[error("access token: unknown `kid`")]
    UnknownKey,
    /// From another issuer.
    #[error("access token: other `iss`")]
    Issuer,
    /// For another resource server.
    #[error("access token: other `aud`")]
    Audience,
    /// `exp` has passed.
    #[error("access token: expired")]
    Expired,
    /// `iat` lies in the future.
    #[error("access token: `iat` lies in the future")]
    NotYetValid,
    /// `jti` is empty or too long.
    #[error("access token: `jti` must have 1 to 256 bytes")]
    Jti,
}

impl AccessTokenError {
    /// The stable code.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Jws(error) => error.reason(),
            Self::Type => "token_type",
            Self::UnknownKey => "token_unknown_key",
            Self::Issuer => "token_issuer",
            Self::Audience => "token_audience",
            Self::Expired => "token_expired",
            Self::NotYetValid => "token_not_yet_valid",
            Self::Jti => "token_jti",
        }
    }
}

impl AccessToken {
    /// The one object of [`Self::authorization_details`]; `None` for a token that has none.
    #[must_use]
    pub fn detail(&self) -> Option<&Value> {
        self.authorization_details.as_ref().and_then(|details| details.get(0))
    }

    /// The token in compact form, signed with the key named `kid`.
    ///
    /// # Errors
    /// [`JwsError::Signing`].
    pub fn sign(&self, kid: &str, key: &SigningKey) -> Result<String, JwsError> {
        jws::sign(TYPE, Some(kid), None, self, key)
    }
}

/// Checks a token of `issuer` for `audience`; `keys` gives our public key of a `kid`, old ones included.
///
/// # Errors
/// See [`AccessTokenError`].
pub fn verify(
    compact: &str,
    keys: &dyn Fn(&str) -> Option<PublicKey>,
    issuer: &str,
    audience: &str,
    now: Millis,
) -> Result<AccessToken, AccessTokenError> {
    let token = verify_any_audience(compact, keys, issuer, now)?;
    if token.aud == audience { Ok(token) } else { Err(AccessTokenError::Audience) }
}

/// As [`verify`], for introspection, where the caller's right to the token is decided after it was read.
///
/// # Errors
/// See [`AccessTokenError`].
pub fn verify_any_audience(
    compact: &str,
    keys: &dyn Fn(&str) -> Option<PublicKey>,
    issuer: &str,
    now: Millis,
) -> Result<AccessToken, AccessTokenError> {
    let unverified = Unverified::parse(compact)?;
    // RFC 9068 §4: with or without `application/`; without this, any JWT of ours would pass as a token.
    let typ = unverified.header().typ.as_deref().unwrap_or_default();
    if !(typ.eq_ignore_ascii_case(TYPE) || typ.eq_ignore_ascii_case("application/at+jwt")) {
        return Err(AccessTokenError::Type);
    }
    let key = unverified.header().kid.as_deref().and_then(keys).ok_or(AccessTokenError::UnknownKey)?;
    let token: AccessToken = unverified.verify(&key)?.claims;
    if token.iss != issuer {
        return Err(AccessTokenError::Issuer);
    }
    if Millis::from_seconds(token.exp) <= now {
        return Err(AccessTokenError::Expired);
    }
    // Another node of ours may have issued it, with a clock of its own.
    if Millis::from_seconds(token.iat) > now + CLOCK_SKEW {
        return Err(AccessTokenError::NotYetValid);
    }
    if !jti_is_usable(&token.jti) {
        return Err(AccessTokenError::Jti);
    }
    Ok(token)
}

#[cfg(test)]
mod tests;
