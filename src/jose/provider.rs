//! The cryptography of `jsonwebtoken`: our own primitives, which are ring's.
//!
//! The crate is built without a backend and panics at first use if none was installed; therefore the one function
//! that calls it installs this one first, and nothing else in the service can reach the crate.

use std::sync::Once;

use jsonwebtoken::{
    Algorithm as Alg, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{ErrorKind, Result},
    jwk::{EllipticCurve, ThumbprintHash},
    signature::{Error as SignatureError, Verifier},
};

use crate::crypto::{self, PublicKey};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory,
    verifier_factory,
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |_| Err(ErrorKind::UnsupportedAlgorithm.into()),
        rsa_pub_components_from_public_key: |_| Err(ErrorKind::UnsupportedAlgorithm.into()),
        ec_pub_components_from_private_key,
        ed_pub_components_from_private_key,
        compute_digest,
    },
};

/// Whether `signature` (base64url) over `message` was made with the private half of `key`.
pub(super) fn verify(key: &PublicKey, message: &str, signature: &str) -> bool {
    static INSTALLED: Once = Once::new();
    // A second installation is refused by the crate and harmless: only this room can have made the first.
    INSTALLED.call_once(|| {
        let _ = PROVIDER.install_default();
    });
    let (key, algorithm) = match key {
        PublicKey::Es256(point) => (DecodingKey::from_ec_der(point), Alg::ES256),
        PublicKey::EdDsa(bytes) => (DecodingKey::from_ed_der(bytes), Alg::EdDSA),
        PublicKey::Ps256 { n, e } => (DecodingKey::from_rsa_raw_components(n, e), Alg::PS256),
    };
    matches!(jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, algorithm), Ok(true))
}

struct RingVerifier {
    algorithm: Alg,
    key: PublicKey,
}

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), SignatureError> {
        if crypto::verify(&self.key, message, signature) { Ok(()) } else { Err(SignatureError::new()) }
    }
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Alg {
        self.algorithm
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the crate's signature")]
fn verifier_factory(algorithm: &Alg, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    let prepared = match (algorithm, key.family(), key.kind()) {
        (Alg::ES256, AlgorithmFamily::Ec, DecodingKeyKind::SecretOrDer(point)) => {
            PublicKey::Es256(point.clone())
        }
        (Alg::EdDSA, AlgorithmFamily::Ed, DecodingKeyKind::SecretOrDer(bytes)) => {
            PublicKey::EdDsa(bytes.clone())
        }
        (Alg::PS256, AlgorithmFamily::Rsa, DecodingKeyKind::RsaModulusExponent { n, e }) => {
            PublicKey::Ps256 { n: n.clone(), e: e.clone() }
        }
        _ => return Err(ErrorKind::UnsupportedAlgorithm.into()),
    };
    Ok(Box::new(RingVerifier { algorithm: *algorithm, key: prepared }))
}

/// We sign with keys that were read once (`jws::sign`); the crate would read the PKCS #8 text again for each token.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the crate's signature")]
fn signer_factory(_: &Alg, _: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    Err(ErrorKind::UnsupportedAlgorithm.into())
}

fn ec_pub_components_from_private_key(_: &[u8], _: Alg) -> Result<(EllipticCurve, Vec<u8>, Vec<u8>)> {
    Err(ErrorKind::UnsupportedAlgorithm.into())
}

fn ed_pub_components_from_private_key(_: &[u8], _: &EllipticCurve) -> Result<Vec<u8>> {
    Err(ErrorKind::UnsupportedAlgorithm.into())
}

#[expect(clippy::needless_pass_by_value, reason = "the crate's signature")]
fn compute_digest(data: &[u8], hash: ThumbprintHash) -> Result<Vec<u8>> {
    match hash {
        ThumbprintHash::SHA256 => Ok(crypto::sha256(data).to_vec()),
        _ => Err(ErrorKind::UnsupportedAlgorithm.into()),
    }
}
