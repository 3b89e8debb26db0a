//! DPoP proofs (RFC 9449): the twelve checks of §4.3 but one; that a `jti` is used only once needs a memory, see
//! [`DpopProof::replay_id`].

use std::time::Duration;

use serde::Deserialize;
use url::Url;
use uuid::Uuid;

use super::{
    Jwk, JwkError, NonceKey, PrivateJwk,
    assertion::present,
    claims::{NumericDate, jti_is_usable},
    encode,
    jws::{self, JwsError, Unverified},
    replay_id,
};
use crate::{crypto, time::Millis};

/// How old a proof may be, whether or not it carries a valid nonce.
pub const MAX_AGE: Duration = Duration::from_mins(1);

/// What a proof must prove.
#[derive(Clone, Copy, Debug)]
pub struct Proof<'a> {
    /// Every value of the `DPoP` header of the request, in order.
    pub headers: &'a [&'a str],
    /// The method of the request.
    pub htm: &'a str,
    /// The address of the request as clients know it; its query and fragment do not count.
    pub htu: &'a str,
    /// The access token that came with it, where one did.
    pub access_token: Option<&'a str>,
    /// The thumbprint of the key the proof must be made with, where one is known (`cnf.jkt`, `dpop_jkt`).
    pub jkt: Option<&'a str>,
    /// What is asked of the nonce.
    pub nonce: NoncePolicy<'a>,
}

/// What is asked of the `nonce` claim.
#[derive(Clone, Copy, Debug)]
pub enum NoncePolicy<'a> {
    /// There must be one of ours.
    Required(&'a NonceKey),
    /// There may be none; if there is one, it must be ours.
    Optional(&'a NonceKey),
    /// It is not looked at.
    Ignored,
}

/// What remains of a proof once everything is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DpopProof {
    /// The thumbprint of its key (RFC 7638, base64url).
    pub jkt: String,
    /// Its unique name; 1 to 256 bytes.
    pub jti: String,
    /// When it was made.
    pub iat: Millis,
}

impl DpopProof {
    /// The first instant at which the proof is too old anyway.
    #[must_use]
    pub fn expires(&self) -> Millis {
        self.iat + MAX_AGE + Duration::from_secs(1)
    }

    /// The id under which to remember that it was used, until [`Self::expires`].
    #[must_use]
    pub fn replay_id(&self) -> Uuid {
        replay_id("dpop", &self.jkt, &self.jti, self.expires())
    }
}

/// Why a proof was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DpopError {
    /// The request has no `DPoP` header.
    #[error("no DPoP proof")]
    Missing,
    /// The request has more than one.
    #[error("more than one DPoP proof")]
    Several,
    /// Not a signed JWT, a claim is missing or malformed, or the signature does not hold.
    #[error("DPoP proof: {0}")]
    Jws(#[from] JwsError),
    /// `typ` is not `dpop+jwt`.
    #[error("DPoP proof: `typ` is not `dpop+jwt`")]
    Type,
    /// `jwk` is missing.
    #[error("DPoP proof: no `jwk`")]
    NoKey,
    /// `jwk` is not a usable public key.
    #[error("DPoP proof: `jwk`: {0}")]
    Key(#[from] JwkError),
    /// `htm` is another method.
    #[error("DPoP proof: `htm` is not the method of the request")]
    Method,
    /// `htu` is another address.
    #[error("DPoP proof: `htu` is not the address of the request")]
    Address,
    /// `iat` lies outside the 60 s before and 10 s after now, or `exp` or `nbf` excludes now.
    #[error("DPoP proof: made too early or too late")]
    Time,
    /// `jti` is empty or too long.
    #[error("DPoP proof: `jti` must have 1 to 256 bytes")]
    Jti,
    /// `ath` is missing or of another token.
    #[error("DPoP proof: `ath` is not the hash of the access token")]
    Token,
    /// The proof is made with another key than the token, code or request is bound to.
    #[error("DPoP proof: made with another key")]
    OtherKey,
    /// A nonce is asked for and there is none (`use_dpop_nonce`).
    #[error("DPoP proof: a `nonce` is needed")]
    NonceMissing,
    /// The nonce is not one of ours, or no longer (`use_dpop_nonce`).
    #[error("DPoP proof: the `nonce` is not current")]
    NonceStale,
}

impl DpopError {
    /// The stable code.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Missing => "dpop_missing",
            Self::Several => "dpop_several",
            Self::Jws(error) => error.reason(),
            Self::Type => "dpop_type",
            Self::NoKey | Self::Key(_) => "dpop_key",
            Self::Method => "dpop_htm",
            Self::Address => "dpop_htu",
            Self::Time => "dpop_time",
            Self::Jti => "dpop_jti",
            Self::Token => "dpop_ath",
            Self::OtherKey => "dpop_other_key",
            Self::NonceMissing => "dpop_nonce_missing",
            Self::NonceStale => "dpop_nonce_stale",
        }
    }

    /// Whether the answer is `use_dpop_nonce` with a fresh nonce rather than `invalid_dpop_proof`. The nonce is looked
    /// at last, so everything else about such a proof was right.
    #[must_use]
    pub const fn asks_for_nonce(&self) -> bool {
        matches!(self, Self::NonceMissing | Self::NonceStale)
    }
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: NumericDate,
    #[serde(default, deserialize_with = "present")]
    exp: Option<NumericDate>,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<NumericDate>,
    #[serde(default, deserialize_with = "present")]
    ath: Option<String>,
    #[serde(default, deserialize_with = "present")]
    nonce: Option<String>,
}

/// Checks the proof of a request.
///
/// # Errors
/// See [`DpopError`].
pub fn verify(proof: &Proof<'_>, now: Millis) -> Result<DpopProof, DpopError> {
    let compact = match proof.headers {
        [] => return Err(DpopError::Missing),
        [one] => one.trim_matches([' ', '\t']),
        _ => return Err(DpopError::Several),
    };
    // Two header lines may arrive joined by a comma (RFC 9110 §5.3); a comma is no base64url, so that is two.
    if compact.contains(',') {
        return Err(DpopError::Several);
    }
    let unverified = Unverified::parse(compact)?;
    if unverified.header().typ.as_deref() != Some("dpop+jwt") {
        return Err(DpopError::Type);
    }
    let jwk = Jwk::parse(unverified.header().jwk.as_ref().ok_or(DpopError::NoKey)?)?;
    let claims: Claims = unverified.verify(jwk.public_key())?.claims;

    if claims.htm != proof.htm {
        return Err(DpopError::Method);
    }
    if !same_address(&claims.htu, proof.htu) {
        return Err(DpopError::Address);
    }
    let old = claims.iat.0 < now - MAX_AGE;
    let early = claims.iat.is_ahead_of(now) || claims.nbf.is_some_and(|nbf| nbf.is_ahead_of(now));
    if old || early || claims.exp.is_some_and(|exp| exp.0 <= now) {
        return Err(DpopError::Time);
    }
    if !jti_is_usable(&claims.jti) {
        return Err(DpopError::Jti);
    }
    if let Some(token) = proof.access_token {
        let hash = encode(&crypto::sha256(token.as_bytes()));
        if claims.ath.as_deref() != Some(hash.as_str()) {
            return Err(DpopError::Token);
        }
    }
    if proof.jkt.is_some_and(|jkt| jkt != jwk.thumbprint()) {
        return Err(DpopError::OtherKey);
    }
    check_nonce(proof.nonce, claims.nonce.as_deref(), now)?;
    Ok(DpopProof { jkt: jwk.thumbprint().to_owned(), jti: claims.jti, iat: claims.iat.0 })
}

/// What a client says in a proof it makes.
#[derive(Clone, Copy, Debug)]
pub struct NewProof<'a> {
    /// The method.
    pub htm: &'a str,
    /// The address, without query and fragment.
    pub htu: &'a str,
    /// A name no other proof of this key has.
    pub jti: &'a str,
    /// The access token that goes with it.
    pub access_token: Option<&'a str>,
    /// The nonce the server gave last.
    pub nonce: Option<&'a str>,
}

/// Makes a proof: for `client try`, the demonstration and tests, which are clients.
///
/// # Errors
/// [`JwsError::Signing`].
pub fn sign(proof: &NewProof<'_>, key: &PrivateJwk, now: Millis) -> Result<String, JwsError> {
    let mut claims = serde_json::json!({
        "htm": proof.htm,
        "htu": proof.htu,
        "jti": proof.jti,
        "iat": now.seconds(),
    });
    if let Some(members) = claims.as_object_mut() {
        if let Some(token) = proof.access_token {
            members.insert("ath".to_owned(), encode(&crypto::sha256(token.as_bytes())).into());
        }
        if let Some(nonce) = proof.nonce {
            members.insert("nonce".to_owned(), nonce.into());
        }
    }
    jws::sign("dpop+jwt", None, Some(key.public()), &claims, key.signing_key())
}

fn check_nonce(policy: NoncePolicy<'_>, nonce: Option<&str>, now: Millis) -> Result<(), DpopError> {
    match (policy, nonce) {
        (NoncePolicy::Ignored, _) | (NoncePolicy::Optional(_), None) => Ok(()),
        (NoncePolicy::Required(_), None) => Err(DpopError::NonceMissing),
        (NoncePolicy::Required(key) | NoncePolicy::Optional(key), Some(nonce)) => {
            if key.check(nonce, now) {
                Ok(())
            } else {
                Err(DpopError::NonceStale)
            }
        }
    }
}

/// Whether two addresses are the same after the normalisation of RFC 3986 §6.2.2 and §6.2.3, without their query and
/// fragment (RFC 9449 §4.3 item 9).
fn same_address(claimed: &str, requested: &str) -> bool {
    let (Some(claimed), Some(requested)) = (normal(claimed), normal(requested)) else { return false };
    claimed == requested
}

fn normal(address: &str) -> Option<String> {
    let mut url = Url::parse(address).ok()?;
    let web = matches!(url.scheme(), "https" | "http");
    if !web || !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    url.set_query(None);
    url.set_fragment(None);
    let path = normal_path(url.path());
    Some(format!("{}{path}", url.origin().ascii_serialization()))
}

/// Escapes of unreserved characters undone, the others in capitals (RFC 3986 §6.2.2.1, §6.2.2.2). What is no escape
/// stays as it is.
fn normal_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut pieces = path.split('%');
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let escape = piece.get(..2).filter(|hex| hex.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let byte = escape.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (byte, piece.get(2..)) {
            (Some(byte), Some(rest)) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                out.push(char::from(byte));
                out.push_str(rest);
            }
            (Some(_), Some(rest)) => {
                out.push('%');
                out.extend(piece.chars().take(2).map(|digit| digit.to_ascii_uppercase()));
                out.push_str(rest);
            }
            _ => {
                out.push('%');
                out.push_str(piece);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests;
