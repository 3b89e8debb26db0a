use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    crypto::Algorithm,
    jose::{Jwk, PrivateJwk, jws, jws::JwsError},
    json::JsonError,
};

const ISSUER: &str = "https://as.example";
const CLIENT: &str = "agency-a";
const NOW: Millis = Millis(1_795_000_000_500);

/// A 2048-bit key made for these tests; its private half was thrown away.
const RSA_N: &str = "wneA9Ob6EcqWRVmbhcLWJ31E5lKJ-6t6P7NqlX-x_r_eUuSQvkBvacz2bgH5OvzAQQKAo0EWWr_OKZBTdaUXDbDy\
                     Wnng3x_WTJOFG6JW7elejL3W7hYP71wpxi_cgYnZCcCNO0DYiSjY5gCWUQePAjZd8P1rl02dCDPGF3ySnYtAwggl\
                     FZqlAqlGKyWKBKRHLzlm-eB1OkxRnFSfDPfp4rR5lxRXXH9ntfsjeLCuKaQyJrcgLesDt8rE6VVx2r-6Zle_nM_A\
                     2TualazbIOa6kwkXkKi-P2r-cnY4QrK3MyReYaSHJLfGlUx1OLwg24BGyGKV_CXfCcxkAqYJ1Vjymw";
/// iss and sub agency-a, aud https://as.example, jti ps256-1, iat 1795000000, exp 1795000060.
const PS256: &str = "eyJhbGciOiJQUzI1NiIsImtpZCI6InJzYS0xIn0.eyJpc3MiOiJhZ2VuY3ktYSIsInN1YiI6ImFnZW5jeS1hIiwi\
                     YXVkIjoiaHR0cHM6Ly9hcy5leGFtcGxlIiwianRpIjoicHMyNTYtMSIsImlhdCI6MTc5NTAwMDAwMCwiZXhwIjox\
                     Nzk1MDAwMDYwfQ.KTAewq3xqEGefNFkScW7zkE6oyX4KdJ4KSnvu0kQBLFTpH3BTq_sicphlTxCobRZLK1Iy7pvo\
                     F5fJMYi27lRaqZ_EKrmZX8A0Oojxabbc9O20ja-Bl0-yIKpQ6zcEu0eY0NvB32kkieYzvaBC65MqG7a4rBWAwr8x\
                     qhFY4_w_2YO5ojILnhkuN0BS_GGyMXrvionvugEV4mGUqnktcOfO_Ft4IHyVu7c1lj-dSprX4__ssCCiyqyeDQId\
                     ss9NXcwPBOkTXdMG0o3mH6YLYbqqKIi7L6DbRPyyCypkSLeUfUFq8xyZH3TCiF9o52WBfcTfRRV9q0iprFMcnJhr\
                     F2_kQ";
/// The same by the same key with RS256.
const RS256: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYS0xIn0.eyJpc3MiOiJhZ2VuY3ktYSIsInN1YiI6ImFnZW5jeS1hIiwi\
                     YXVkIjoiaHR0cHM6Ly9hcy5leGFtcGxlIiwianRpIjoicHMyNTYtMSIsImlhdCI6MTc5NTAwMDAwMCwiZXhwIjox\
                     Nzk1MDAwMDYwfQ.Z0rbFI7ICrpsCslU_h7adgTEMAxFgwWxsyJXCIoeeQ1xrK0hEGrP5VCTw1bKtJymAUxXs8L1m\
                     NHpwh7VFZvYbABmeGeipM0CtDVc2FIo0wGuq6NdgQP4FVPP5-hQqXr-kFqKw3oBCrLm3MDq5bwY-VNc0cXUkHaC4\
                     DnapU1cZy4Lf_UkUASR8X7ZVXmWrKiOIgdMyI5F4wpwqE16tjoqiDNRpG0PixxnnnpqUNQ5mGrd5W3eUHiF0I1lI\
                     2nAWTx3i1s4Vs1HHlfkqBemYKgie8_tFYPY8uRFi2vg6wA_zISdcwGPrXjjyrjmWoU3-6wDR3VLZl1QW-P46Bkl2\
                     HgzHA";

fn claims() -> Value {
    json!({"iss": CLIENT, "sub": CLIENT, "aud": ISSUER, "jti": "j-1", "iat": 1_795_000_000, "exp": 1_795_000_060})
}

fn with(member: &str, value: impl Into<Value>) -> Value {
    let mut claims = claims();
    claims[member] = value.into();
    claims
}

fn without(member: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(member);
    claims
}

fn check(claims: &Value) -> Result<Assertion, AssertionError> {
    let key = PrivateJwk::generate(Algorithm::Es256).unwrap();
    let compact = jws::sign("JWT", Some(key.kid()), None, claims, key.signing_key()).unwrap();
    verify(&compact, &Jwks::new(vec![key.public().clone()]), CLIENT, ISSUER, NOW)
}

fn is_malformed(result: &Result<Assertion, AssertionError>) -> bool {
    matches!(result, Err(AssertionError::Jws(JwsError::Claims(JsonError::Shape))))
}

#[test]
fn a_good_assertion_names_its_client_jti_and_end() {
    let assertion = check(&claims()).unwrap();
    assert_eq!((assertion.client_id.as_str(), assertion.jti.as_str()), (CLIENT, "j-1"));
    assert_eq!(assertion.exp, Millis::from_seconds(1_795_000_060));
    assert_eq!(assertion.replay_id().as_bytes()[..4], 1_795_000_060_u32.to_be_bytes());
    assert!(check(&without("iat")).is_ok());
}

#[test]
fn the_client_can_be_read_before_the_signature_is_checked() {
    assert_eq!(client_id_of(PS256).unwrap(), CLIENT);
    let key = PrivateJwk::generate(Algorithm::EdDsa).unwrap();
    let sign = |claims: &Value| jws::sign("JWT", None, None, claims, key.signing_key()).unwrap();
    assert_eq!(client_id_of(&sign(&with("iss", "agency-b"))), Err(AssertionError::Client));
    assert_eq!(client_id_of(&sign(&json!({"iss": "", "sub": ""}))), Err(AssertionError::Client));
    assert!(client_id_of(&sign(&without("sub"))).is_err());
    assert!(client_id_of("not a jwt").is_err());
}

#[test]
fn ps256_is_accepted_and_rs256_by_the_same_key_is_not() {
    let key = Jwk::parse(&json!({"kty": "RSA", "n": RSA_N, "e": "AQAB", "kid": "rsa-1"})).unwrap();
    let keys = Jwks::new(vec![key]);
    assert_eq!(verify(PS256, &keys, CLIENT, ISSUER, NOW).unwrap().jti, "ps256-1");
    let refused = verify(RS256, &keys, CLIENT, ISSUER, NOW).unwrap_err();
    assert_eq!(refused, AssertionError::Jws(JwsError::Algorithm));
}

#[test]
fn issuer_and_subject_must_both_be_the_client() {
    assert_eq!(check(&with("iss", "agency-b")), Err(AssertionError::Client));
    assert_eq!(check(&with("sub", "agency-b")), Err(AssertionError::Client));
    assert!(is_malformed(&check(&without("iss"))));
    assert!(is_malformed(&check(&without("sub"))));
}

#[test]
fn the_audience_is_the_issuer_and_nothing_else() {
    for audience in [
        json!("https://as.example/oauth/token"),
        json!("https://as.example/oauth/par"),
        json!("https://as.example/"),
        json!([ISSUER]),
        json!([ISSUER, "https://other.example"]),
        json!(null),
    ] {
        assert_eq!(check(&with("aud", audience.clone())), Err(AssertionError::Audience), "{audience}");
    }
    assert!(is_malformed(&check(&without("aud"))));
}

#[test]
fn the_end_is_a_number_in_the_next_five_minutes() {
    assert_eq!(check(&with("exp", 1_795_000_000)), Err(AssertionError::Expired));
    assert!(check(&with("exp", 1_795_000_001)).is_ok());
    assert!(check(&with("exp", 1_795_000_300)).is_ok());
    assert_eq!(check(&with("exp", 1_795_000_301)), Err(AssertionError::TooLong));
    assert!(is_malformed(&check(&without("exp"))));
    assert!(is_malformed(&check(&with("exp", "1795000060"))));
    assert!(is_malformed(&check(&with("exp", Value::Null))));
}

#[test]
fn ten_seconds_ahead_are_accepted_and_more_are_not() {
    for member in ["iat", "nbf"] {
        assert!(check(&with(member, 1_795_000_010)).is_ok(), "{member}");
        for ahead in [11, 60, 61, 3600] {
            let refused = check(&with(member, 1_795_000_000 + ahead));
            assert_eq!(refused, Err(AssertionError::NotYetValid), "{member} {ahead}");
        }
        assert!(is_malformed(&check(&with(member, "1795000000"))), "{member}");
        assert!(is_malformed(&check(&with(member, Value::Null))), "{member}");
    }
}

#[test]
fn a_jti_is_needed_and_fits_the_memory() {
    assert!(is_malformed(&check(&without("jti"))));
    assert_eq!(check(&with("jti", "")), Err(AssertionError::Jti));
    assert!(check(&with("jti", "j".repeat(256))).is_ok());
    assert_eq!(check(&with("jti", "j".repeat(257))), Err(AssertionError::Jti));
    assert!(is_malformed(&check(&with("jti", 7))));
}

#[test]
fn only_a_registered_key_counts() {
    let (registered, other) =
        (PrivateJwk::generate(Algorithm::Es256), PrivateJwk::generate(Algorithm::Es256));
    let (registered, other) = (registered.unwrap(), other.unwrap());
    let keys = Jwks::new(vec![registered.public().clone()]);
    let sign = |kid: Option<&str>, key: &PrivateJwk| {
        jws::sign("JWT", kid, Some(key.public()), &claims(), key.signing_key()).unwrap()
    };
    let check = |compact: &str| verify(compact, &keys, CLIENT, ISSUER, NOW);
    assert!(check(&sign(None, &registered)).is_ok());
    assert_eq!(check(&sign(Some(other.kid()), &other)), Err(AssertionError::Key(NoKey::Unknown)));
    // Another key under the registered name, and carried along in the header.
    let forged = check(&sign(Some(registered.kid()), &other));
    assert_eq!(forged, Err(AssertionError::Jws(JwsError::Signature)));
}

#[test]
fn another_kind_of_jwt_does_not_pass_for_an_assertion() {
    let key = PrivateJwk::generate(Algorithm::EdDsa).unwrap();
    let keys = Jwks::new(vec![key.public().clone()]);
    let check = |typ: &str| {
        let compact = jws::sign(typ, None, None, &claims(), key.signing_key()).unwrap();
        verify(&compact, &keys, CLIENT, ISSUER, NOW)
    };
    assert!(check("jwt").is_ok());
    assert!(check("client-authentication+jwt").is_ok());
    for typ in ["at+jwt", "dpop+jwt", "logout+jwt", "x"] {
        assert_eq!(check(typ), Err(AssertionError::Type), "{typ}");
    }
}

#[test]
fn an_assertion_made_here_is_accepted_here() {
    let key = PrivateJwk::generate(Algorithm::EdDsa).unwrap();
    let compact = sign(CLIENT, ISSUER, "j-2", &key, NOW).unwrap();
    let keys = Jwks::new(vec![key.public().clone()]);
    assert_eq!(verify(&compact, &keys, CLIENT, ISSUER, NOW).unwrap().kid.as_deref(), Some(key.kid()));
}

#[test]
fn time_that_passes_ends_an_assertion() {
    let key = Jwk::parse(&json!({"kty": "RSA", "n": RSA_N, "e": "AQAB"})).unwrap();
    let keys = Jwks::new(vec![key]);
    // The header names `rsa-1`, the set has no names: a name that is given must be found.
    let refused = verify(PS256, &keys, CLIENT, ISSUER, NOW);
    assert_eq!(refused, Err(AssertionError::Key(NoKey::Unknown)));
    let key = Jwk::parse(&json!({"kty": "RSA", "n": RSA_N, "e": "AQAB", "kid": "rsa-1"})).unwrap();
    let keys = Jwks::new(vec![key]);
    let at = |after: u64| {
        verify(PS256, &keys, CLIENT, ISSUER, Millis(1_795_000_000_000) + Duration::from_secs(after))
    };
    assert!(at(59).is_ok());
    assert_eq!(at(60), Err(AssertionError::Expired));
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,120}") {
        let _ = client_id_of(&text);
        let _ = verify(&text, &Jwks::default(), CLIENT, ISSUER, NOW);
    }
}
