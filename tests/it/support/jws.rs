//! Signed texts that may be wrong in any way: header and claims are texts, signed as they stand.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use minhbach::{crypto, jose::PrivateJwk};
use serde_json::Value;

/// base64url without padding.
pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A compact text of this header and these claims, signed by `key` whatever the header says.
pub(crate) fn compact(header: &str, claims: &str, key: &PrivateJwk) -> String {
    let message = format!("{}.{}", encode(header), encode(claims));
    let signature = key.signing_key().sign(message.as_bytes()).unwrap();
    format!("{message}.{}", encode(signature))
}

/// The same from values.
pub(crate) fn signed(header: &Value, claims: &Value, key: &PrivateJwk) -> String {
    compact(&header.to_string(), &claims.to_string(), key)
}

/// The text with `alg` `none` and no signature.
pub(crate) fn unsigned(header: &Value, claims: &Value) -> String {
    let header = with(header, "alg", "none");
    format!("{}.{}.", encode(header.to_string()), encode(claims.to_string()))
}

/// The text under HS256 with the public key as the secret: what a careless verifier would take.
pub(crate) fn confused(header: &Value, claims: &Value, key: &PrivateJwk) -> String {
    let header = with(header, "alg", "HS256");
    let message = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
    let code = crypto::hmac(key.signing_key().public(), &[message.as_bytes()]);
    format!("{message}.{}", encode(code))
}

/// The claims of a text, unchecked.
pub(crate) fn claims(compact: &str) -> Value {
    part(compact, 1)
}

/// The header of a text, unchecked.
pub(crate) fn header(compact: &str) -> Value {
    part(compact, 0)
}

fn part(compact: &str, at: usize) -> Value {
    let part = compact.split('.').nth(at).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// A value with one member set.
pub(crate) fn with(value: &Value, member: &str, to: impl Into<Value>) -> Value {
    let mut value = value.clone();
    value[member] = to.into();
    value
}

/// A value without one member.
pub(crate) fn without(value: &Value, member: &str) -> Value {
    let mut value = value.clone();
    value.as_object_mut().unwrap().remove(member).unwrap();
    value
}
