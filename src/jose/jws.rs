//! Signed texts in compact form (RFC 7515 §7.1) with the narrowing of RFC 8725 and FAPI 2.0 §5.4.
//!
//! Reading has two steps that cannot be swapped: [`Unverified::parse`] looks at the header, which names the key, and
//! [`Unverified::verify`] gives the claims. The signature is checked by `jsonwebtoken` on ring; the header and claims
//! are read here, because the crate ignores `typ`, `crit` and members named twice.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Jwk, algorithm_name, algorithm_named, decode, encode, provider};
use crate::{
    crypto::{Algorithm, PublicKey, SigningKey},
    json,
};

/// The longest compact text that is read, in bytes.
pub const MAX_COMPACT: usize = 16 * 1024;

/// Why a signed text was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// More than [`MAX_COMPACT`] bytes, or than the caller's own limit.
    #[error("the signed text is too long")]
    TooLarge,
    /// Not three parts of base64url.
    #[error("not a signed text in compact form")]
    Form,
    /// The header is not strict JSON, or a member of it has the wrong type.
    #[error("the header is malformed")]
    Header,
    /// `crit`, `b64`, `jku` or `x5u` in the header.
    #[error("the header has `{0}`, which is not accepted")]
    Refused(&'static str),
    /// `alg` is missing or not one of [`super::ALGORITHMS`].
    #[error("`alg` is not one of `ES256`, `EdDSA`, `Ed25519`, `PS256`")]
    Algorithm,
    /// The header's algorithm is not that of the key.
    #[error("`alg` does not fit the key")]
    KeyMismatch,
    /// The signature is not of this key over these bytes.
    #[error("the signature does not verify")]
    Signature,
    /// The payload is not strict JSON of the expected form.
    #[error("the claims are malformed: {0}")]
    Claims(#[from] json::JsonError),
    /// The claims to be signed cannot be written as JSON, or the system gave no randomness.
    #[error("the text could not be signed")]
    Signing,
}

impl JwsError {
    /// The stable code.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::TooLarge => "jwt_too_large",
            Self::Form => "jwt_form",
            Self::Header | Self::Refused(_) => "jwt_header",
            Self::Algorithm => "jwt_algorithm",
            Self::KeyMismatch => "jwt_key_mismatch",
            Self::Signature => "jwt_signature",
            Self::Claims(_) => "jwt_claims",
            Self::Signing => "jwt_signing",
        }
    }
}

/// What a header says that matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The algorithm.
    pub alg: Algorithm,
    /// The media type, as it stands.
    pub typ: Option<String>,
    /// The name of the key.
    pub kid: Option<String>,
    /// The key itself, not yet looked at.
    pub jwk: Option<Value>,
}

/// A compact text whose header was read and whose signature was not checked yet.
#[derive(Clone, Debug)]
pub struct Unverified<'a> {
    header: Header,
    message: &'a str,
    payload: &'a str,
    signature: &'a str,
    limit: usize,
}

/// Header and claims of a text whose signature holds. Nothing is said yet about what the claims mean.
#[derive(Clone, Debug)]
pub struct Verified<C> {
    /// The header.
    pub header: Header,
    /// The claims.
    pub claims: C,
}

impl<'a> Unverified<'a> {
    /// Takes a compact text apart.
    ///
    /// # Errors
    /// See [`JwsError`].
    pub fn parse(compact: &'a str) -> Result<Self, JwsError> {
        Self::parse_within(compact, MAX_COMPACT)
    }

    /// The same with another limit in bytes, for texts that are long by nature: receipts.
    ///
    /// # Errors
    /// See [`JwsError`].
    pub fn parse_within(compact: &'a str, limit: usize) -> Result<Self, JwsError> {
        if compact.len() > limit {
            return Err(JwsError::TooLarge);
        }
        let (message, signature) = compact.rsplit_once('.').ok_or(JwsError::Form)?;
        let (header, payload) = message.split_once('.').ok_or(JwsError::Form)?;
        if header.is_empty() || payload.is_empty() || payload.contains('.') {
            return Err(JwsError::Form);
        }
        let header = read_header(&decode(header).ok_or(JwsError::Form)?)?;
        Ok(Self { header, message, payload, signature, limit })
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The claims before the signature is checked: only to find out whose key to check with.
    ///
    /// # Errors
    /// [`JwsError::Form`] or [`JwsError::Claims`].
    pub fn unverified_claims<C: DeserializeOwned>(&self) -> Result<C, JwsError> {
        let payload = decode(self.payload).ok_or(JwsError::Form)?;
        Ok(json::parse_as(&payload, self.limit)?)
    }

    /// Checks the signature and only then reads the claims.
    ///
    /// # Errors
    /// See [`JwsError`].
    pub fn verify<C: DeserializeOwned>(self, key: &PublicKey) -> Result<Verified<C>, JwsError> {
        if key.algorithm() != self.header.alg {
            return Err(JwsError::KeyMismatch);
        }
        if !provider::verify(key, self.message, self.signature) {
            return Err(JwsError::Signature);
        }
        Ok(Verified { claims: self.unverified_claims()?, header: self.header })
    }
}

fn read_header(bytes: &[u8]) -> Result<Header, JwsError> {
    let Ok(Value::Object(mut members)) = json::parse(bytes, MAX_COMPACT) else {
        return Err(JwsError::Header);
    };
    // RFC 7515 §4.1.11: an extension that is not understood must be refused, and none is understood here.
    for name in ["crit", "b64", "jku", "x5u"] {
        if members.contains_key(name) {
            return Err(JwsError::Refused(name));
        }
    }
    let mut text = |name: &str| match members.remove(name) {
        None => Ok(None),
        Some(Value::String(value)) if value.len() <= 256 => Ok(Some(value)),
        Some(_) => Err(JwsError::Header),
    };
    let alg = text("alg")?.as_deref().and_then(algorithm_named).ok_or(JwsError::Algorithm)?;
    let (typ, kid) = (text("typ")?, text("kid")?);
    Ok(Header { alg, typ, kid, jwk: members.remove("jwk") })
}

/// Signs claims: compact form, `alg` from the key, `typ` always, `kid` and `jwk` (bare) if given.
///
/// # Errors
/// [`JwsError::Signing`].
pub fn sign<C: Serialize + ?Sized>(
    typ: &str,
    kid: Option<&str>,
    jwk: Option<&Jwk>,
    claims: &C,
    key: &SigningKey,
) -> Result<String, JwsError> {
    #[derive(Serialize)]
    struct Written<'a> {
        typ: &'a str,
        alg: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        kid: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        jwk: Option<Value>,
    }
    let header = Written { typ, alg: algorithm_name(key.algorithm()), kid, jwk: jwk.map(Jwk::bare) };
    let header = serde_json::to_vec(&header).map_err(|_| JwsError::Signing)?;
    let claims = serde_json::to_vec(claims).map_err(|_| JwsError::Signing)?;
    let message = format!("{}.{}", encode(&header), encode(&claims));
    let signature = key.sign(message.as_bytes()).map_err(|_| JwsError::Signing)?;
    Ok(format!("{message}.{}", encode(&signature)))
}

#[cfg(test)]
mod tests;
