//! A private key as JSON: for the demonstration's kit, for `client try`, and for tests. The service's own keys are
//! PKCS #8 and never take this form.

use std::{fmt, sync::Arc};

use serde_json::Value;
use zeroize::Zeroizing;

use super::{
    Jwk, JwkError, encode,
    jwk::{PRIVATE_MEMBERS, bytes32},
};
use crate::{
    crypto::{Algorithm, PublicKey, SigningKey},
    secret::Secret,
};

/// A private ES256 or EdDSA key with its `kid`.
#[derive(Clone)]
pub struct PrivateJwk {
    public: Jwk,
    private: Secret<Vec<u8>>,
    key: Arc<SigningKey>,
}

impl fmt::Debug for PrivateJwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateJwk").field("public", &self.public).finish_non_exhaustive()
    }
}

impl PrivateJwk {
    /// A new key from the system's generator; its `kid` is its thumbprint.
    ///
    /// # Errors
    /// [`JwkError::Unsupported`] for PS256, [`JwkError::Mismatch`] when the system could not make a key.
    pub fn generate(algorithm: Algorithm) -> Result<Self, JwkError> {
        if algorithm == Algorithm::Ps256 {
            return Err(JwkError::Unsupported("alg"));
        }
        let (private, public) = SigningKey::generate_raw(algorithm).map_err(|_| JwkError::Mismatch)?;
        Self::assemble(algorithm, &private, &public, None)
    }

    /// Reads a private key: what [`Self::to_value`] writes, or any private EC P-256 or Ed25519 JWK.
    ///
    /// # Errors
    /// See [`JwkError`]; [`JwkError::Mismatch`] when `d` does not belong to the public members.
    pub fn parse(value: &Value) -> Result<Self, JwkError> {
        let mut members = value.as_object().ok_or(JwkError::NotAnObject)?.clone();
        let private = Zeroizing::new(bytes32(&members, "d")?);
        for name in PRIVATE_MEMBERS {
            members.remove(name);
        }
        // Says `sign` here, where the public half says `verify`.
        members.remove("key_ops");
        let public = Jwk::parse(&Value::Object(members))?;
        let (PublicKey::Es256(bytes) | PublicKey::EdDsa(bytes)) = public.public_key() else {
            return Err(JwkError::Unsupported("kty"));
        };
        Self::assemble(public.alg(), &private, bytes, public.kid())
    }

    fn assemble(
        algorithm: Algorithm,
        private: &[u8],
        public: &[u8],
        kid: Option<&str>,
    ) -> Result<Self, JwkError> {
        let key = SigningKey::from_raw(algorithm, private, public).map_err(|_| JwkError::Mismatch)?;
        let bare = Jwk::from_public_key(key.public_key(), None)?;
        let kid = kid.unwrap_or_else(|| bare.thumbprint()).to_owned();
        let public = Jwk::from_public_key(key.public_key(), Some(kid))?;
        Ok(Self { public, private: Secret::new(private.to_vec()), key: Arc::new(key) })
    }

    /// The whole key as a JSON object with `kid` and `alg`. It holds the secret: for a file of the owner only.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut value = self.public.to_value();
        if let Value::Object(members) = &mut value {
            members.insert("d".to_owned(), encode(self.private.expose()).into());
        }
        value
    }

    /// The key to sign with.
    #[must_use]
    pub fn signing_key(&self) -> &SigningKey {
        &self.key
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> &Jwk {
        &self.public
    }

    /// The `kid`; never empty.
    #[must_use]
    pub fn kid(&self) -> &str {
        self.public.kid().unwrap_or_else(|| self.public.thumbprint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_key_survives_its_json_and_never_shows_itself() {
        for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
            let key = PrivateJwk::generate(algorithm).unwrap();
            let value = key.to_value();
            let again = PrivateJwk::parse(&value).unwrap();
            assert_eq!((again.kid(), again.public()), (key.kid(), key.public()));
            assert_eq!(again.to_value(), value);
            assert!(!format!("{key:?}").contains(value["d"].as_str().unwrap()));
            assert_eq!(Jwk::parse(&value), Err(JwkError::Private));
            assert!(key.public().to_value().get("d").is_none());
        }
        assert!(PrivateJwk::generate(Algorithm::Ps256).is_err());
    }

    #[test]
    fn a_private_key_with_another_public_half_is_refused() {
        let mut value = PrivateJwk::generate(Algorithm::EdDsa).unwrap().to_value();
        value["x"] = PrivateJwk::generate(Algorithm::EdDsa).unwrap().to_value()["x"].clone();
        assert_eq!(PrivateJwk::parse(&value).unwrap_err(), JwkError::Mismatch);
    }
}
