//! A set of public keys (RFC 7517 §5) and the choice of the one a signature names.

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::Value;

use super::{Jwk, JwkError};
use crate::crypto::Algorithm;

/// More keys than this in one set are refused: each may cost a signature check.
const MAX_KEYS: usize = 32;

/// Public keys, in the order in which they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jwks(Vec<Jwk>);

/// Why a key set was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwksError {
    /// Not an object with an array `keys`.
    #[error("the key set is not an object with an array `keys`")]
    NotASet,
    /// More than 32 keys.
    #[error("the key set has more than {MAX_KEYS} keys")]
    TooMany,
    /// No key that can verify a signature here.
    #[error("the key set has no usable signature key")]
    Empty,
    /// A key that is broken or dangerous, with its place in the set counted from 0.
    #[error("`keys[{at}]`: {error}")]
    Key {
        /// Place.
        at: usize,
        /// What is wrong with it.
        error: JwkError,
    },
}

/// Why no key was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoKey {
    /// None has this `kid` and algorithm.
    #[error("no key with this `kid` and `alg`")]
    Unknown,
    /// More than one fits, and nothing tells them apart.
    #[error("more than one key fits; name one by `kid`")]
    Ambiguous,
}

impl Jwks {
    /// A set of these keys.
    #[must_use]
    pub const fn new(keys: Vec<Jwk>) -> Self {
        Self(keys)
    }

    /// Reads a key set. Keys for other purposes or of kinds unknown here are passed over (RFC 7517 §5); a broken key,
    /// a private one or one that points elsewhere refuses the whole set.
    ///
    /// # Errors
    /// See [`JwksError`].
    pub fn parse(value: &Value) -> Result<Self, JwksError> {
        let keys = value.get("keys").and_then(Value::as_array).ok_or(JwksError::NotASet)?;
        if keys.len() > MAX_KEYS {
            return Err(JwksError::TooMany);
        }
        let mut usable = Vec::with_capacity(keys.len());
        for (at, key) in keys.iter().enumerate() {
            match Jwk::parse(key) {
                Ok(key) => usable.push(key),
                Err(JwkError::Unsupported(_)) => {}
                Err(error) => return Err(JwksError::Key { at, error }),
            }
        }
        if usable.is_empty() { Err(JwksError::Empty) } else { Ok(Self(usable)) }
    }

    /// The key that a JWS header names. Two keys may share a `kid` if they differ in kind (FAPI 2.0 §5.4.2); without
    /// a `kid` the algorithm must leave exactly one.
    ///
    /// # Errors
    /// See [`NoKey`].
    pub fn find(&self, kid: Option<&str>, alg: Algorithm) -> Result<&Jwk, NoKey> {
        let mut fitting = self.0.iter().filter(|key| key.alg() == alg && (kid.is_none() || key.kid() == kid));
        let first = fitting.next().ok_or(NoKey::Unknown)?;
        if fitting.any(|other| other.thumbprint() != first.thumbprint()) {
            return Err(NoKey::Ambiguous);
        }
        Ok(first)
    }

    /// The keys.
    #[must_use]
    pub fn keys(&self) -> &[Jwk] {
        &self.0
    }
}

impl Serialize for Jwks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("keys", &self.0)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::jose::PrivateJwk;

    fn public(algorithm: Algorithm, kid: Option<&str>) -> Value {
        let mut value = PrivateJwk::generate(algorithm).unwrap().public().bare();
        if let Some(kid) = kid {
            value["kid"] = kid.into();
        }
        value
    }

    #[test]
    fn two_keys_of_one_kid_are_told_apart_by_their_kind() {
        let (ec, ed) = (public(Algorithm::Es256, Some("k")), public(Algorithm::EdDsa, Some("k")));
        let set = Jwks::parse(&json!({"keys": [ec, ed]})).unwrap();
        assert_eq!(set.find(Some("k"), Algorithm::EdDsa).unwrap().bare()["kty"], "OKP");
        assert_eq!(set.find(Some("k"), Algorithm::Es256).unwrap().bare()["kty"], "EC");
        assert_eq!(set.find(Some("k"), Algorithm::Ps256), Err(NoKey::Unknown));
        assert_eq!(set.find(Some("other"), Algorithm::Es256), Err(NoKey::Unknown));
    }

    #[test]
    fn without_a_kid_exactly_one_key_must_fit() {
        let one = Jwks::parse(&json!({"keys": [public(Algorithm::Es256, Some("a"))]})).unwrap();
        assert!(one.find(None, Algorithm::Es256).is_ok());
        let two = [public(Algorithm::Es256, Some("a")), public(Algorithm::Es256, Some("b"))];
        let two = Jwks::parse(&json!({"keys": two})).unwrap();
        assert_eq!(two.find(None, Algorithm::Es256), Err(NoKey::Ambiguous));
        assert!(two.find(Some("b"), Algorithm::Es256).is_ok());
    }

    #[test]
    fn keys_for_other_purposes_are_passed_over_and_broken_ones_refuse_the_set() {
        let mut encryption = public(Algorithm::Es256, Some("enc"));
        encryption["use"] = "enc".into();
        let good = public(Algorithm::EdDsa, Some("sig"));
        let set = Jwks::parse(&json!({"keys": [encryption, {"kty": "quantum"}, good]})).unwrap();
        assert_eq!(set.keys().len(), 1);
        assert_eq!(Jwks::parse(&json!({"keys": [encryption]})), Err(JwksError::Empty));
        let mut private = good.clone();
        private["d"] = "AAAA".into();
        let error = JwksError::Key { at: 1, error: JwkError::Private };
        assert_eq!(Jwks::parse(&json!({"keys": [good, private]})), Err(error));
        assert_eq!(Jwks::parse(&json!([])), Err(JwksError::NotASet));
        assert_eq!(Jwks::parse(&json!({"keys": vec![good; 33]})), Err(JwksError::TooMany));
    }
}
