//! Signatures: ES256 and Ed25519 to sign, and PS256 besides to verify (FAPI 2.0 §5.4; never RS256, never `none`).

use ring::{
    rand::{SecureRandom as _, SystemRandom},
    signature::{
        self, ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
        Ed25519KeyPair, KeyPair as _, RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
    },
};
use zeroize::Zeroizing;

/// The three signature algorithms FAPI 2.0 admits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256, fixed-length signature (RFC 7518 §3.4).
    Es256,
    /// Ed25519 (RFC 8037).
    EdDsa,
    /// RSASSA-PSS with SHA-256, keys of at least 2048 bits.
    Ps256,
}

/// A key that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key cannot be read")]
pub struct BadKey;

/// A private key held by this service.
pub enum SigningKey {
    /// P-256.
    Es256(Box<EcdsaKeyPair>),
    /// Ed25519.
    EdDsa(Box<Ed25519KeyPair>),
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({:?})", self.algorithm())
    }
}

impl SigningKey {
    /// A new private key as PKCS #8 bytes. Keys are made from the system's generator, whatever is injected elsewhere.
    ///
    /// # Errors
    /// [`BadKey`] when the algorithm cannot be generated here (PS256).
    pub fn generate(algorithm: Algorithm) -> Result<Vec<u8>, BadKey> {
        let random = SystemRandom::new();
        match algorithm {
            Algorithm::Es256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random),
            Algorithm::EdDsa => Ed25519KeyPair::generate_pkcs8(&random),
            Algorithm::Ps256 => return Err(BadKey),
        }
        .map(|document| document.as_ref().to_vec())
        .map_err(|_| BadKey)
    }

    /// Reads PKCS #8 bytes.
    ///
    /// # Errors
    /// [`BadKey`] when the bytes are not a key of that algorithm.
    pub fn from_pkcs8(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, BadKey> {
        match algorithm {
            Algorithm::Es256 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes, &SystemRandom::new())
                    .map(|pair| Self::Es256(Box::new(pair)))
                    .map_err(|_| BadKey)
            }
            Algorithm::EdDsa => Ed25519KeyPair::from_pkcs8_maybe_unchecked(bytes)
                .map(|pair| Self::EdDsa(Box::new(pair)))
                .map_err(|_| BadKey),
            Algorithm::Ps256 => Err(BadKey),
        }
    }

    /// A new private key as its raw scalar (P-256) or seed (Ed25519), 32 bytes, with its public half as in
    /// [`Self::public`]: the two things a private JWK is made of (RFC 7518 §6.2, RFC 8037 §2).
    ///
    /// # Errors
    /// [`BadKey`] when the algorithm cannot be generated here (PS256).
    pub fn generate_raw(algorithm: Algorithm) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), BadKey> {
        /// Where ring's PKCS #8 template for P-256 keeps the scalar; `from_raw` below proves that it was the scalar.
        const P256_SCALAR: std::ops::Range<usize> = 36..68;
        let private = match algorithm {
            Algorithm::Es256 => {
                let document = Zeroizing::new(Self::generate(algorithm)?);
                let scalar = Zeroizing::new(document.get(P256_SCALAR).ok_or(BadKey)?.to_vec());
                let public = Self::from_pkcs8(algorithm, &document)?.public().to_vec();
                Self::from_raw(algorithm, &scalar, &public)?;
                return Ok((scalar, public));
            }
            Algorithm::EdDsa => {
                let mut seed = Zeroizing::new(vec![0_u8; 32]);
                SystemRandom::new().fill(&mut seed).map_err(|_| BadKey)?;
                seed
            }
            Algorithm::Ps256 => return Err(BadKey),
        };
        let public =
            Ed25519KeyPair::from_seed_unchecked(&private).map_err(|_| BadKey)?.public_key().as_ref().to_vec();
        Ok((private, public))
    }

    /// The Ed25519 key of a seed that was derived from another secret (RFC 8032 §5.1.5: any 32 bytes are one).
    ///
    /// # Errors
    /// [`BadKey`] never for 32 bytes; ring's form of the answer.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, BadKey> {
        Ed25519KeyPair::from_seed_unchecked(seed).map(|pair| Self::EdDsa(Box::new(pair))).map_err(|_| BadKey)
    }

    /// Reads a raw private key; the public half must belong to it.
    ///
    /// # Errors
    /// [`BadKey`] when the halves do not belong together or the algorithm is not one we sign with.
    pub fn from_raw(algorithm: Algorithm, private: &[u8], public: &[u8]) -> Result<Self, BadKey> {
        match algorithm {
            Algorithm::Es256 => EcdsaKeyPair::from_private_key_and_public_key(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                private,
                public,
                &SystemRandom::new(),
            )
            .map(|pair| Self::Es256(Box::new(pair)))
            .map_err(|_| BadKey),
            Algorithm::EdDsa => Ed25519KeyPair::from_seed_and_public_key(private, public)
                .map(|pair| Self::EdDsa(Box::new(pair)))
                .map_err(|_| BadKey),
            Algorithm::Ps256 => Err(BadKey),
        }
    }

    /// The public half as a key to verify with.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        match self {
            Self::Es256(_) => PublicKey::Es256(self.public().to_vec()),
            Self::EdDsa(_) => PublicKey::EdDsa(self.public().to_vec()),
        }
    }

    /// The algorithm of this key.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Es256(_) => Algorithm::Es256,
            Self::EdDsa(_) => Algorithm::EdDsa,
        }
    }

    /// The public half: `0x04 ‖ x ‖ y` for P-256, 32 bytes for Ed25519.
    #[must_use]
    pub fn public(&self) -> &[u8] {
        match self {
            Self::Es256(pair) => pair.public_key().as_ref(),
            Self::EdDsa(pair) => pair.public_key().as_ref(),
        }
    }

    /// Signs a message.
    ///
    /// # Errors
    /// [`BadKey`] when the system gives no randomness for ECDSA.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, BadKey> {
        match self {
            Self::Es256(pair) => pair
                .sign(&SystemRandom::new(), message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| BadKey),
            Self::EdDsa(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }
}

/// A public key in the form its algorithm verifies with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// `0x04 ‖ x ‖ y`.
    Es256(Vec<u8>),
    /// 32 bytes.
    EdDsa(Vec<u8>),
    /// Modulus and exponent, big-endian.
    Ps256 {
        /// Modulus.
        n: Vec<u8>,
        /// Public exponent.
        e: Vec<u8>,
    },
}

impl PublicKey {
    /// The one algorithm this key verifies.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Es256(_) => Algorithm::Es256,
            Self::EdDsa(_) => Algorithm::EdDsa,
            Self::Ps256 { .. } => Algorithm::Ps256,
        }
    }
}

/// Whether `signature` over `message` was made with the private half of `key`.
#[must_use]
pub fn verify(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    fn with(
        algorithm: &'static dyn signature::VerificationAlgorithm,
        key: &[u8],
        m: &[u8],
        s: &[u8],
    ) -> bool {
        UnparsedPublicKey::new(algorithm, key).verify(m, s).is_ok()
    }
    match key {
        PublicKey::Es256(point) => with(&ECDSA_P256_SHA256_FIXED, point, message, signature),
        PublicKey::EdDsa(bytes) => with(&ED25519, bytes, message, signature),
        PublicKey::Ps256 { n, e } => {
            RsaPublicKeyComponents { n, e }.verify(&RSA_PSS_2048_8192_SHA256, message, signature).is_ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raw_key_signs_as_its_public_half_says_and_does_not_take_another_half() {
        for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
            let (private, public) = SigningKey::generate_raw(algorithm).unwrap();
            assert_eq!(private.len(), 32);
            let key = SigningKey::from_raw(algorithm, &private, &public).unwrap();
            let signature = key.sign(b"message").unwrap();
            assert!(verify(&key.public_key(), b"message", &signature));
            assert!(!verify(&key.public_key(), b"other", &signature));
            let (_, other) = SigningKey::generate_raw(algorithm).unwrap();
            assert!(SigningKey::from_raw(algorithm, &private, &other).is_err());
        }
        assert!(SigningKey::generate_raw(Algorithm::Ps256).is_err());
    }
}
