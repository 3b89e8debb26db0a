//! Client assertions, `private_key_jwt`: RFC 7523 §3 as FAPI 2.0 Security Profile (Final) §5.3.2.1 narrows it.
//!
//! A refusal here always reads `invalid_client` outside. Out of scope: that a `jti` is used only once, which needs a
//! memory; see [`super::replay_id`].

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::{
    Jwks, NoKey, PrivateJwk,
    claims::{NumericDate, jti_is_usable},
    jws::{self, JwsError, Unverified},
    replay_id,
};
use crate::time::Millis;

/// The longest time from now to `exp`, and so the longest time a `jti` must be remembered.
pub const MAX_LIFETIME: Duration = Duration::from_mins(5);

/// The longest client id, in bytes.
const MAX_CLIENT_ID: usize = 256;

/// What remains of an assertion once everything is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// The client, which is issuer and subject.
    pub client_id: String,
    /// Its unique name; 1 to 256 bytes.
    pub jti: String,
    /// When it ends.
    pub exp: Millis,
    /// The `kid` of the key that signed it, if the header named one.
    pub kid: Option<String>,
}

impl Assertion {
    /// The id under which to remember that it was used, until [`Self::exp`].
    #[must_use]
    pub fn replay_id(&self) -> Uuid {
        replay_id("client_assertion", &self.client_id, &self.jti, self.exp)
    }
}

/// Why an assertion was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssertionError {
    /// Not a signed JWT, or the signature does not hold.
    #[error("client assertion: {0}")]
    Jws(#[from] JwsError),
    /// The header's `typ` is that of another kind of JWT (RFC 8725 §3.11).
    #[error("client assertion: `typ` is not `JWT` or `client-authentication+jwt`")]
    Type,
    /// No registered key fits.
    #[error("client assertion: {0}")]
    Key(#[from] NoKey),
    /// `iss` or `sub` is not the client.
    #[error("client assertion: `iss` and `sub` must both be the client id")]
    Client,
    /// `aud` is not exactly the issuer as one string.
    #[error("client assertion: `aud` must be the issuer identifier as a single string")]
    Audience,
    /// `exp` has passed.
    #[error("client assertion: expired")]
    Expired,
    /// `exp` lies further ahead than [`MAX_LIFETIME`].
    #[error("client assertion: `exp` lies more than 300 seconds ahead")]
    TooLong,
    /// `iat` or `nbf` lies more than [`super::CLOCK_SKEW`] ahead.
    #[error("client assertion: `iat` or `nbf` lies in the future")]
    NotYetValid,
    /// `jti` is empty or too long.
    #[error("client assertion: `jti` must have 1 to 256 bytes")]
    Jti,
}

impl AssertionError {
    /// The stable code.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Jws(error) => error.reason(),
            Self::Type => "assertion_type",
            Self::Key(NoKey::Unknown) => "assertion_unknown_key",
            Self::Key(NoKey::Ambiguous) => "assertion_ambiguous_key",
            Self::Client => "assertion_client",
            Self::Audience => "assertion_audience",
            Self::Expired => "assertion_expired",
            Self::TooLong => "assertion_too_long",
            Self::NotYetValid => "assertion_not_yet_valid",
            Self::Jti => "assertion_jti",
        }
    }
}

/// Makes an assertion that lives for a minute: for `client try`, the demonstration and tests, which are clients.
///
/// # Errors
/// [`JwsError::Signing`].
pub fn sign(
    client_id: &str,
    issuer: &str,
    jti: &str,
    key: &PrivateJwk,
    now: Millis,
) -> Result<String, JwsError> {
    let claims = serde_json::json!({
        "iss": client_id,
        "sub": client_id,
        "aud": issuer,
        "jti": jti,
        "iat": now.seconds(),
        "exp": now.seconds() + 60,
    });
    jws::sign("client-authentication+jwt", Some(key.kid()), None, &claims, key.signing_key())
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Value,
    exp: NumericDate,
    jti: String,
    #[serde(default, deserialize_with = "present")]
    iat: Option<NumericDate>,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<NumericDate>,
}

/// A claim that may be absent, but not `null`.
pub(super) fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// The client an assertion claims to come from, before anything is proved: only to look up that client's keys.
///
/// # Errors
/// [`AssertionError::Jws`], or [`AssertionError::Client`] when `iss` and `sub` differ or are no possible client id.
pub fn client_id_of(compact: &str) -> Result<String, AssertionError> {
    #[derive(Deserialize)]
    struct Who {
        iss: String,
        sub: String,
    }
    let who: Who = Unverified::parse(compact)?.unverified_claims()?;
    if who.iss != who.sub || who.sub.is_empty() || who.sub.len() > MAX_CLIENT_ID {
        return Err(AssertionError::Client);
    }
    Ok(who.sub)
}

/// Checks an assertion of `client_id`, whose registered keys are `keys`, made for `issuer`.
///
/// # Errors
/// See [`AssertionError`].
pub fn verify(
    compact: &str,
    keys: &Jwks,
    client_id: &str,
    issuer: &str,
    now: Millis,
) -> Result<Assertion, AssertionError> {
    let unverified = Unverified::parse(compact)?;
    let header = unverified.header();
    let plain = header.typ.as_deref().is_none_or(|typ| {
        typ.eq_ignore_ascii_case("JWT") || typ.eq_ignore_ascii_case("client-authentication+jwt")
    });
    if !plain {
        return Err(AssertionError::Type);
    }
    let kid = header.kid.clone();
    let key = keys.find(kid.as_deref(), header.alg)?;
    let claims: Claims = unverified.verify(key.public_key())?.claims;
    if claims.iss != client_id || claims.sub != client_id {
        return Err(AssertionError::Client);
    }
    // An array would let one assertion be used at two servers (FAPI 2.0 §5.3.2.1 item 8).
    if claims.aud.as_str() != Some(issuer) {
        return Err(AssertionError::Audience);
    }
    if claims.exp.0 <= now {
        return Err(AssertionError::Expired);
    }
    if claims.exp.0 > now + MAX_LIFETIME {
        return Err(AssertionError::TooLong);
    }
    if [claims.iat, claims.nbf].into_iter().flatten().any(|date| date.is_ahead_of(now)) {
        return Err(AssertionError::NotYetValid);
    }
    if !jti_is_usable(&claims.jti) {
        return Err(AssertionError::Jti);
    }
    Ok(Assertion { client_id: claims.sub, jti: claims.jti, exp: claims.exp.0, kid })
}

#[cfg(test)]
mod tests;
