//! `private_key_jwt`: a signed assertion at the issuer's token endpoint (RFC 7523 §2.2, OpenID Connect Core §9),
//! which `openidconnect` lacks and takes as extra parameters.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};
use serde_json::json;

use crate::{
    crypto::{Algorithm, BadKey, Random, SigningKey},
    time::Millis,
};

/// The `client_assertion_type` of RFC 7523 §2.2.
pub(super) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Seconds an assertion is valid; it is used at once.
const LIFETIME_SECONDS: i64 = 60;

/// The private key this service proves itself with.
#[derive(Debug)]
pub(super) struct AssertionKey {
    key: SigningKey,
    key_id: Option<String>,
}

impl AssertionKey {
    /// Reads PKCS #8 in PEM: P-256, else Ed25519.
    pub(super) fn from_pem(pem: &[u8], key_id: Option<String>) -> Result<Self, &'static str> {
        let der =
            PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|_| "it holds no PKCS #8 private key in PEM")?;
        let key = SigningKey::from_pkcs8(Algorithm::Es256, der.secret_pkcs8_der())
            .or_else(|_| SigningKey::from_pkcs8(Algorithm::EdDsa, der.secret_pkcs8_der()))
            .map_err(|_| "its key is neither P-256 nor Ed25519")?;
        Ok(Self { key, key_id })
    }

    /// A fresh assertion by `client_id` for `audience`: the issuer identifier, as FAPI 2.0 §5.3.3.1 asks.
    pub(super) fn sign(
        &self,
        client_id: &str,
        audience: &str,
        now: Millis,
        random: &dyn Random,
    ) -> Result<String, BadKey> {
        let algorithm = match self.key.algorithm() {
            Algorithm::Es256 => "ES256",
            Algorithm::EdDsa => "EdDSA",
            Algorithm::Ps256 => return Err(BadKey),
        };
        let mut header = json!({"alg": algorithm, "typ": "JWT"});
        if let (Some(members), Some(key_id)) = (header.as_object_mut(), &self.key_id) {
            members.insert("kid".to_owned(), key_id.as_str().into());
        }
        let claims = json!({
            "iss": client_id, "sub": client_id, "aud": audience, "jti": random.token(),
            "iat": now.seconds(), "exp": now.seconds() + LIFETIME_SECONDS,
        });
        let encode = |part: &serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encode(&header), encode(&claims));
        let signature = self.key.sign(signed.as_bytes())?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
