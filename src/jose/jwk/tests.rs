use proptest::prelude::*;
use serde_json::json;

use super::*;

/// RFC 7638 §3.1.
const RSA_N: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKR\
                     XjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs\
                     8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_x\
                     BniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
/// RFC 9449 §4.1 and §6.1.
const EC_X: &str = "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs";
const EC_Y: &str = "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA";
/// RFC 8037 appendix A.
const ED_X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
/// 1024 bits, made for this test.
const SHORT_N: &str = "tC6LeknDWGxsc2IZyfIbdtGtAmp1i1lT_ZXJMVRcFtsl0cfe7RBlXU_cNv0fMzlGnhdG87CJxn9-h7yS4Nlo8THVbbTSbML\
                       qTlDjBrlWwMs61KvQ-rT7SdtnhIY7_KB8H9q4x1zTENTSGCHpk-c7pnb-SkNC2oduXFxdYUziLMM";

fn ec() -> Value {
    json!({"kty": "EC", "crv": "P-256", "x": EC_X, "y": EC_Y})
}

fn with(mut key: Value, member: &str, value: impl Into<Value>) -> Result<Jwk, JwkError> {
    key[member] = value.into();
    Jwk::parse(&key)
}

#[test]
fn thumbprints_are_those_of_the_rfcs() {
    let rsa = json!({"kty": "RSA", "n": RSA_N, "e": "AQAB", "kid": "2011-04-29"});
    assert_eq!(Jwk::parse(&rsa).unwrap().thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_eq!(Jwk::parse(&ec()).unwrap().thumbprint(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
    let ed = json!({"kty": "OKP", "crv": "Ed25519", "x": ED_X});
    assert_eq!(Jwk::parse(&ed).unwrap().thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn a_key_survives_its_json() {
    let key = with(ec(), "kid", "k1").unwrap();
    assert_eq!(key.to_value()["alg"], "ES256");
    assert_eq!(Jwk::parse(&key.to_value()).unwrap(), key);
    assert_eq!(key.bare(), ec());
    assert_eq!(serde_json::to_value(&key).unwrap(), key.to_value());
}

#[test]
fn private_and_symmetric_keys_are_refused() {
    for member in PRIVATE_MEMBERS {
        assert_eq!(with(ec(), member, "AAAA"), Err(JwkError::Private), "{member}");
        // Whatever its type: a member that is there was meant.
        assert_eq!(with(ec(), member, Value::Null), Err(JwkError::Private), "{member}");
    }
    assert_eq!(Jwk::parse(&json!({"kty": "oct", "k": "AAAA"})), Err(JwkError::Private));
}

#[test]
fn keys_that_point_elsewhere_are_refused() {
    assert_eq!(with(ec(), "x5u", "https://a.example"), Err(JwkError::Remote));
    assert_eq!(with(ec(), "jku", "https://a.example"), Err(JwkError::Remote));
}

#[test]
fn other_kinds_curves_algorithms_and_uses_are_refused() {
    assert_eq!(with(ec(), "kty", "oct"), Err(JwkError::Unsupported("kty")));
    assert_eq!(with(ec(), "crv", "P-384"), Err(JwkError::Unsupported("crv")));
    assert_eq!(with(ec(), "crv", "secp256k1"), Err(JwkError::Unsupported("crv")));
    assert_eq!(with(ec(), "alg", "ES384"), Err(JwkError::Unsupported("alg")));
    assert_eq!(with(ec(), "alg", "PS256"), Err(JwkError::AlgorithmMismatch));
    assert_eq!(with(ec(), "alg", "EdDSA"), Err(JwkError::AlgorithmMismatch));
    let rsa = json!({"kty": "RSA", "n": RSA_N, "e": "AQAB"});
    assert_eq!(with(rsa, "alg", "RS256"), Err(JwkError::Unsupported("alg")));
    assert_eq!(with(ec(), "use", "enc"), Err(JwkError::Unsupported("use")));
    assert_eq!(with(ec(), "key_ops", json!(["sign"])), Err(JwkError::Unsupported("key_ops")));
    assert!(with(ec(), "key_ops", json!(["verify"])).is_ok());
    let ed = json!({"kty": "OKP", "crv": "Ed25519", "x": ED_X});
    assert!(with(ed.clone(), "alg", "Ed25519").is_ok());
    assert_eq!(with(ed, "crv", "X25519"), Err(JwkError::Unsupported("crv")));
}

#[test]
fn malformed_members_are_named() {
    for x in
        ["", "AAAA", &format!("{EC_X}="), &format!("{EC_X}A"), "l8tFrhx+34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs"]
    {
        assert_eq!(with(ec(), "x", x), Err(JwkError::Malformed("x")), "{x}");
    }
    // The last character carries two bits that must be zero: one key, one spelling.
    assert_eq!(with(ec(), "x", EC_X.replace("WBFs", "WBFt")), Err(JwkError::Malformed("x")));
    assert_eq!(with(ec(), "y", 7), Err(JwkError::Malformed("y")));
    assert_eq!(with(ec(), "kid", 7), Err(JwkError::Malformed("kid")));
    assert_eq!(with(ec(), "kid", "k".repeat(257)), Err(JwkError::Malformed("kid")));
    assert_eq!(Jwk::parse(&json!({"kty": "EC", "crv": "P-256", "x": EC_X})), Err(JwkError::Malformed("y")));
    assert_eq!(Jwk::parse(&json!({})), Err(JwkError::Malformed("kty")));
    assert_eq!(Jwk::parse(&json!("key")), Err(JwkError::NotAnObject));
}

#[test]
fn rsa_keys_have_a_decent_size_and_exponent() {
    let rsa = |n: &str, e: &str| Jwk::parse(&json!({"kty": "RSA", "n": n, "e": e}));
    assert!(rsa(RSA_N, "AQAB").is_ok());
    assert_eq!(rsa(SHORT_N, "AQAB"), Err(JwkError::RsaSize));
    assert_eq!(rsa(&encode(&[0xFF; 513]), "AQAB"), Err(JwkError::RsaSize));
    assert_eq!(rsa(&encode(&[0xFF; 4096]), "AQAB"), Err(JwkError::RsaSize));
    assert_eq!(rsa(RSA_N, "Aw"), Err(JwkError::Malformed("e")));
    assert_eq!(rsa(RSA_N, "AAEAAQ"), Err(JwkError::Malformed("e")));
    assert_eq!(rsa(RSA_N, ""), Err(JwkError::Malformed("e")));
    let padded = [&[0][..], &decode(RSA_N).unwrap()].concat();
    assert_eq!(rsa(&encode(&padded), "AQAB"), Err(JwkError::Malformed("n")));
}

proptest! {
    #[test]
    fn no_members_make_the_reader_panic(kty in "EC|OKP|RSA|oct", crv in "P-256|Ed25519|x", x in ".{0,50}", n in ".{0,50}") {
        let _ = Jwk::parse(&json!({"kty": kty, "crv": crv, "x": x, "y": x, "n": n, "e": x}));
    }
}
