//! A public key as JSON (RFC 7517, 7518 §6, 8037) and its thumbprint (RFC 7638).

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::{algorithm_name, algorithm_named, decode, encode};
use crate::crypto::{self, Algorithm, PublicKey};

/// Members that only a private or symmetric key has (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
pub(super) const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Bits an RSA modulus may have: FAPI 2.0 §5.4.1 sets the lower bound, the cost of a check the upper one.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// A public key of one of the three algorithms, checked and ready to verify with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwk {
    key: PublicKey,
    kid: Option<String>,
    thumbprint: String,
}

/// Why a JWK was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// Not a JSON object.
    #[error("the key is not a JSON object")]
    NotAnObject,
    /// A private or symmetric key: it must not be used, because it was shown.
    #[error("the key holds a private member")]
    Private,
    /// `x5u` or `jku`: keys are given, never fetched from an address the key itself names (FAPI 2.0 §5.4.1).
    #[error("the key names an address to fetch (`x5u` or `jku`)")]
    Remote,
    /// A `kty`, `crv`, `alg`, `use` or `key_ops` other than the profile's three kinds of signature key.
    #[error("`{0}` is not one of a supported signature key")]
    Unsupported(&'static str),
    /// `alg` names an algorithm of another kind of key.
    #[error("`alg` does not fit the key")]
    AlgorithmMismatch,
    /// A member that is missing, of the wrong type or of the wrong length.
    #[error("`{0}` is missing or malformed")]
    Malformed(&'static str),
    /// An RSA modulus outside 2048 to 4096 bits.
    #[error("an RSA key needs 2048 to 4096 bits")]
    RsaSize,
    /// A private key that does not belong to its public half, or that could not be made.
    #[error("the private key does not belong to the public key")]
    Mismatch,
}

impl Jwk {
    /// Reads a public key. Members nobody here knows are ignored (RFC 7517 §4), dangerous ones are refused.
    ///
    /// # Errors
    /// See [`JwkError`].
    pub fn parse(value: &Value) -> Result<Self, JwkError> {
        let members = value.as_object().ok_or(JwkError::NotAnObject)?;
        if PRIVATE_MEMBERS.iter().any(|name| members.contains_key(*name)) {
            return Err(JwkError::Private);
        }
        if members.contains_key("x5u") || members.contains_key("jku") {
            return Err(JwkError::Remote);
        }
        let key = match text(members, "kty")?.ok_or(JwkError::Malformed("kty"))? {
            "EC" => ec(members)?,
            "OKP" => okp(members)?,
            "RSA" => rsa(members)?,
            _ => return Err(JwkError::Unsupported("kty")),
        };
        if let Some(alg) = text(members, "alg")? {
            let named = algorithm_named(alg).ok_or(JwkError::Unsupported("alg"))?;
            if named != key.algorithm() {
                return Err(JwkError::AlgorithmMismatch);
            }
        }
        if text(members, "use")?.is_some_and(|usage| usage != "sig") {
            return Err(JwkError::Unsupported("use"));
        }
        if let Some(operations) = members.get("key_ops") {
            let operations = operations.as_array().ok_or(JwkError::Malformed("key_ops"))?;
            if !operations.iter().any(|operation| operation == "verify") {
                return Err(JwkError::Unsupported("key_ops"));
            }
        }
        let kid = text(members, "kid")?;
        if kid.is_some_and(|kid| kid.is_empty() || kid.len() > 256) {
            return Err(JwkError::Malformed("kid"));
        }
        Self::from_public_key(key, kid.map(str::to_owned))
    }

    /// A JWK of a key that is already at hand, e.g. of one of our own signing keys.
    ///
    /// # Errors
    /// [`JwkError::Malformed`] when the bytes do not have the length of their kind.
    pub fn from_public_key(key: PublicKey, kid: Option<String>) -> Result<Self, JwkError> {
        let required = required_members(&key)?;
        // RFC 7638 §3.2: the required members only, in lexicographic order, without white space. Every value is
        // base64url or a fixed name, so nothing needs escaping.
        let canonical: Vec<String> =
            required.iter().map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
        let thumbprint = encode(&crypto::sha256(format!("{{{}}}", canonical.join(",")).as_bytes()));
        Ok(Self { key, kid, thumbprint })
    }

    /// The key to verify with.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.key
    }

    /// The `kid`, if the key has one.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The one algorithm this key is for.
    #[must_use]
    pub const fn alg(&self) -> Algorithm {
        self.key.algorithm()
    }

    /// The SHA-256 thumbprint (RFC 7638) in base64url: the `jkt` of RFC 9449 §6.1.
    #[must_use]
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// The members that make the key, and no others: what a DPoP proof carries.
    #[must_use]
    pub fn bare(&self) -> Value {
        let members = required_members(&self.key).unwrap_or_default();
        Value::Object(
            members.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect(),
        )
    }

    /// The key as a member of a key set: with `alg`, `use` and, if it has one, `kid`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut value = self.bare();
        if let Value::Object(members) = &mut value {
            members.insert("alg".to_owned(), algorithm_name(self.alg()).into());
            members.insert("use".to_owned(), "sig".into());
            if let Some(kid) = &self.kid {
                members.insert("kid".to_owned(), kid.as_str().into());
            }
        }
        value
    }
}

impl Serialize for Jwk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

/// A string member; `None` when absent.
pub(super) fn text<'a>(
    members: &'a Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'a str>, JwkError> {
    members.get(name).map(|value| value.as_str().ok_or(JwkError::Malformed(name))).transpose()
}

fn bytes(members: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, JwkError> {
    text(members, name)?.and_then(decode).ok_or(JwkError::Malformed(name))
}

/// A member of exactly 32 bytes (RFC 7518 §6.2.1.2: leading zeros are kept).
pub(super) fn bytes32(members: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, JwkError> {
    Some(bytes(members, name)?).filter(|value| value.len() == 32).ok_or(JwkError::Malformed(name))
}

fn ec(members: &Map<String, Value>) -> Result<PublicKey, JwkError> {
    if text(members, "crv")?.ok_or(JwkError::Malformed("crv"))? != "P-256" {
        return Err(JwkError::Unsupported("crv"));
    }
    // That the point lies on the curve is ring's check, at each verification.
    let mut point = vec![4];
    point.append(&mut bytes32(members, "x")?);
    point.append(&mut bytes32(members, "y")?);
    Ok(PublicKey::Es256(point))
}

fn okp(members: &Map<String, Value>) -> Result<PublicKey, JwkError> {
    if text(members, "crv")?.ok_or(JwkError::Malformed("crv"))? != "Ed25519" {
        return Err(JwkError::Unsupported("crv"));
    }
    Ok(PublicKey::EdDsa(bytes32(members, "x")?))
}

fn rsa(members: &Map<String, Value>) -> Result<PublicKey, JwkError> {
    let n = bytes(members, "n")?;
    let e = bytes(members, "e")?;
    // Base64urlUInt (RFC 7518 §2) has no leading zero, so the thumbprint of a key is one.
    let Some(first) = n.first().filter(|first| **first != 0) else { return Err(JwkError::Malformed("n")) };
    if n.len() > 1024 {
        return Err(JwkError::RsaSize);
    }
    let bits = n.len() * 8 - first.leading_zeros() as usize;
    if !RSA_BITS.contains(&bits) {
        return Err(JwkError::RsaSize);
    }
    let odd = |value: &[u8]| value.last().is_some_and(|last| last & 1 == 1);
    // FIPS 186-5 §5.4: 2^16 < e; above 2^33 ring refuses.
    if !odd(&n) || !odd(&e) || !(3..=4).contains(&e.len()) || e.first() == Some(&0) {
        return Err(JwkError::Malformed(if odd(&n) { "e" } else { "n" }));
    }
    Ok(PublicKey::Ps256 { n, e })
}

/// The members of RFC 7638 §3.2 in lexicographic order.
fn required_members(key: &PublicKey) -> Result<Vec<(&'static str, String)>, JwkError> {
    match key {
        PublicKey::Es256(point) => {
            let (Some(4), Some(x), Some(y), 65) =
                (point.first(), point.get(1..33), point.get(33..65), point.len())
            else {
                return Err(JwkError::Malformed("x"));
            };
            let (crv, kty) = ("P-256".to_owned(), "EC".to_owned());
            Ok(vec![("crv", crv), ("kty", kty), ("x", encode(x)), ("y", encode(y))])
        }
        PublicKey::EdDsa(x) if x.len() == 32 => {
            Ok(vec![("crv", "Ed25519".to_owned()), ("kty", "OKP".to_owned()), ("x", encode(x))])
        }
        PublicKey::EdDsa(_) => Err(JwkError::Malformed("x")),
        PublicKey::Ps256 { n, e } => Ok(vec![("e", encode(e)), ("kty", "RSA".to_owned()), ("n", encode(n))]),
    }
}

#[cfg(test)]
mod tests;
