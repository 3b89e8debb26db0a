//! The parts of a compact JWS that `openidconnect` does not hand out, and its errors in our words.

use std::{
    fmt,
    time::{Duration, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use openidconnect::{
    ClaimsVerificationError, JsonWebKey as _, JsonWebKeyId, JsonWebKeySet, SignatureVerificationError,
    core::{CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKey, CoreJwsSigningAlgorithm},
};
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor},
};
use serde_json::{Map, Value};

use super::{
    config::SigningAlgorithm,
    error::LoginError,
    provider::{Known, Provider},
};
use crate::time::Millis;

/// How far an issuer's clock may run ahead of ours.
pub(super) const CLOCK_SKEW_SECONDS: i64 = 60;

/// The header members that matter. `crit` and `cty` are only looked at to refuse them.
#[derive(Debug, Deserialize)]
pub(super) struct Header {
    pub(super) alg: CoreJwsSigningAlgorithm,
    pub(super) typ: Option<String>,
    kid: Option<JsonWebKeyId>,
    crit: Option<Value>,
    cty: Option<Value>,
}

/// The algorithms an issuer may sign with, in the words of `openidconnect`.
pub(super) fn allowed(algorithms: &[SigningAlgorithm]) -> Vec<CoreJwsSigningAlgorithm> {
    let one = |algorithm: &SigningAlgorithm| match algorithm {
        SigningAlgorithm::Es256 => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        SigningAlgorithm::Ps256 => CoreJwsSigningAlgorithm::RsaSsaPssSha256,
        SigningAlgorithm::EdDsa => CoreJwsSigningAlgorithm::EdDsa,
        SigningAlgorithm::Rs256 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    };
    algorithms.iter().map(one).collect()
}

/// The verifier for ID tokens of this issuer: its keys, its algorithms, our clock. A public client's verifier, so
/// that no shared secret can ever sign a token.
pub(super) fn verifier<'k>(provider: &Provider, known: &Known, now: Millis) -> CoreIdTokenVerifier<'k> {
    let at = UNIX_EPOCH + Duration::from_millis(now.0.unsigned_abs());
    CoreIdTokenVerifier::new_public_client(provider.client_id(), provider.issuer.clone(), known.keys.clone())
        .set_allowed_algs(allowed(&provider.config.algorithms))
        .set_time_fn(move || at.into())
        .set_issue_time_verifier_fn(move |issued| {
            if issued.timestamp() > now.seconds() + CLOCK_SKEW_SECONDS {
                Err("issued in the future".to_owned())
            } else {
                Ok(())
            }
        })
}

/// Reads an ID token without believing it yet.
pub(super) fn read_id_token(jwt: &str) -> Result<CoreIdToken, LoginError> {
    jwt.parse().map_err(|_| LoginError::TokenMalformed)
}

/// The claims of a JWS, whose signature the caller has checked or checks next.
pub(super) fn claims(jwt: &str) -> Result<Map<String, Value>, LoginError> {
    let payload = jwt.split('.').nth(1).ok_or(LoginError::TokenMalformed)?;
    decode(payload).map(|OneOfEach(claims)| claims)
}

/// The header and claims of a JWS signed by a key and with an algorithm of the issuer; no claim is checked. For
/// tokens that are not ID tokens.
pub(super) fn signed_claims(
    keys: &JsonWebKeySet<CoreJsonWebKey>,
    allowed: &[CoreJwsSigningAlgorithm],
    jwt: &str,
) -> Result<(Header, Map<String, Value>), LoginError> {
    let (signed, signature) = jwt.rsplit_once('.').ok_or(LoginError::TokenMalformed)?;
    let (header, payload) = signed.split_once('.').ok_or(LoginError::TokenMalformed)?;
    let header: Header = decode(header)?;
    if header.crit.is_some() || header.cty.is_some() {
        return Err(LoginError::TokenMalformed);
    }
    if !allowed.contains(&header.alg) {
        return Err(LoginError::AlgorithmNotAllowed);
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| LoginError::TokenMalformed)?;
    let mut candidates = keys
        .keys()
        .iter()
        .filter(|key| header.kid.is_none() || header.kid.as_ref() == key.key_id())
        .peekable();
    if candidates.peek().is_none() {
        return Err(LoginError::UnknownKey);
    }
    // `verify_signature` itself refuses a key of another type, curve, `use` or `alg`.
    if !candidates.any(|key| key.verify_signature(&header.alg, signed.as_bytes(), &signature).is_ok()) {
        return Err(LoginError::BadSignature);
    }
    let OneOfEach(claims) = decode(payload)?;
    Ok((header, claims))
}

fn decode<T: serde::de::DeserializeOwned>(part: &str) -> Result<T, LoginError> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| LoginError::TokenMalformed)?;
    serde_json::from_slice(&json).map_err(|_| LoginError::TokenMalformed)
}

/// A JSON object in which no member stands twice (RFC 7519 §4 lets us refuse it), so that nobody reads another value
/// than `openidconnect` checked.
struct OneOfEach(Map<String, Value>);

impl<'de> Deserialize<'de> for OneOfEach {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = OneOfEach;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object whose members differ")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<OneOfEach, A::Error> {
                let mut members = Map::new();
                while let Some((name, value)) = from.next_entry::<String, Value>()? {
                    if members.insert(name, value).is_some() {
                        return Err(de::Error::custom("a member stands twice"));
                    }
                }
                Ok(OneOfEach(members))
            }
        }
        from.deserialize_map(Members)
    }
}

/// `openidconnect`'s refusals in our words. Its texts quote claims and are dropped.
pub(super) fn refusal(error: &ClaimsVerificationError) -> LoginError {
    use SignatureVerificationError as Signature;
    match error {
        ClaimsVerificationError::Expired(_) => LoginError::TokenExpired,
        ClaimsVerificationError::InvalidAudience(_) => LoginError::WrongAudience,
        ClaimsVerificationError::InvalidAuthTime(_) => LoginError::AuthenticationTooOld,
        ClaimsVerificationError::InvalidIssuer(_) => LoginError::IssuerMismatch,
        ClaimsVerificationError::InvalidNonce(_) => LoginError::WrongNonce,
        ClaimsVerificationError::SignatureVerification(signature) => match signature {
            Signature::DisallowedAlg(_) | Signature::UnsupportedAlg(_) | Signature::NoSignature => {
                LoginError::AlgorithmNotAllowed
            }
            Signature::NoMatchingKey | Signature::AmbiguousKeyId(_) | Signature::InvalidKey(_) => {
                LoginError::UnknownKey
            }
            // Non-exhaustive: whatever is added later is a refusal too.
            _ => LoginError::BadSignature,
        },
        // Non-exhaustive as well.
        _ => LoginError::TokenMalformed,
    }
}

#[cfg(test)]
mod tests;
