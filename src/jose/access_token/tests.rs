use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{crypto::Algorithm, jose::PrivateJwk};

const ISSUER: &str = "https://as.example";
const AUDIENCE: &str = "https://as.example/data";
const NOW: Millis = Millis(1_795_000_000_000);

fn token() -> AccessToken {
    AccessToken {
        iss: ISSUER.to_owned(),
        sub: "agency-a".to_owned(),
        client_id: "agency-a".to_owned(),
        aud: AUDIENCE.to_owned(),
        exp: 1_795_000_300,
        iat: 1_795_000_000,
        jti: "t-1".to_owned(),
        cnf: Confirmation::Jkt("thumbprint".to_owned()),
        authorization_details: Some(json!([{"type": "urn:minhbach:personal-data"}])),
        scope: None,
        grant_id: None,
        status: None,
        auth_time: None,
        acr: None,
    }
}

fn key() -> PrivateJwk {
    PrivateJwk::generate(Algorithm::Es256).unwrap()
}

fn check_signed(key: &PrivateJwk, compact: &str, now: Millis) -> Result<AccessToken, AccessTokenError> {
    let keys = |kid: &str| (kid == key.kid()).then(|| key.public().public_key().clone());
    verify(compact, &keys, ISSUER, AUDIENCE, now)
}

fn check(claims: &impl Serialize) -> Result<AccessToken, AccessTokenError> {
    let key = key();
    let compact = jws::sign(TYPE, Some(key.kid()), None, claims, key.signing_key()).unwrap();
    check_signed(&key, &compact, NOW)
}

#[test]
fn a_token_survives_its_compact_form() {
    let key = key();
    let compact = token().sign(key.kid(), key.signing_key()).unwrap();
    assert_eq!(check_signed(&key, &compact, NOW).unwrap(), token());
    let bound = AccessToken { cnf: Confirmation::Certificate("hash".to_owned()), ..token() };
    assert_eq!(serde_json::to_value(&bound).unwrap()["cnf"], json!({"x5t#S256": "hash"}));
    assert_eq!(check(&bound).unwrap(), bound);
}

#[test]
fn a_token_may_have_a_grant_a_status_a_sign_in_and_scopes_but_never_null_for_them() {
    let full = AccessToken {
        grant_id: Some("g".to_owned()),
        status: Some(StatusReference::new(41, "https://as.example/oauth/status-lists/7")),
        auth_time: Some(1_794_999_000),
        acr: Some("2".to_owned()),
        ..token()
    };
    assert_eq!(check(&full).unwrap(), full);
    let service =
        AccessToken { authorization_details: None, scope: Some("ssf.manage".to_owned()), ..token() };
    let written = serde_json::to_value(&service).unwrap();
    assert!(written.get("authorization_details").is_none() && written.get("grant_id").is_none());
    let read = check(&service).unwrap();
    assert_eq!((read.detail(), &read), (None, &service));
    assert_eq!(token().detail().unwrap()["type"], "urn:minhbach:personal-data");
    for member in ["authorization_details", "scope", "grant_id", "status", "auth_time", "acr"] {
        let mut null = serde_json::to_value(token()).unwrap();
        null[member] = Value::Null;
        assert!(check(&null).is_err(), "{member}");
    }
}

#[test]
fn a_token_ends_at_its_second_without_leeway() {
    let key = key();
    let compact = token().sign(key.kid(), key.signing_key()).unwrap();
    assert!(check_signed(&key, &compact, Millis(1_795_000_299_999)).is_ok());
    assert_eq!(check_signed(&key, &compact, Millis(1_795_000_300_000)), Err(AccessTokenError::Expired));
}

#[test]
fn a_token_for_or_from_somebody_else_is_refused() {
    let other = |change: fn(&mut AccessToken)| {
        let mut token = token();
        change(&mut token);
        check(&token)
    };
    assert_eq!(other(|t| t.aud = "https://other.example".to_owned()), Err(AccessTokenError::Audience));
    assert_eq!(other(|t| t.iss = "https://other.example".to_owned()), Err(AccessTokenError::Issuer));
    assert_eq!(other(|t| t.iat += 11), Err(AccessTokenError::NotYetValid));
    assert!(other(|t| t.iat += 10).is_ok());
    assert_eq!(other(|t| t.jti.clear()), Err(AccessTokenError::Jti));
}

#[test]
fn a_token_that_is_bound_to_nothing_or_to_two_things_is_none() {
    let value = serde_json::to_value(token()).unwrap();
    let with = |member: &str, to: Value| {
        let mut value = value.clone();
        value[member] = to;
        check(&value)
    };
    for cnf in [json!(null), json!({}), json!({"jkt": "a", "x5t#S256": "b"}), json!({"kid": "a"})] {
        assert!(with("cnf", cnf.clone()).is_err(), "{cnf}");
    }
    assert!(with("aud", json!([AUDIENCE])).is_err());
    assert!(with("exp", json!("1795000300")).is_err());
}

#[test]
fn only_an_access_token_passes_for_one() {
    let key = key();
    let sign = |typ: &str, kid: Option<&str>| jws::sign(typ, kid, None, &token(), key.signing_key()).unwrap();
    let check = |compact: &str| check_signed(&key, compact, NOW);
    for typ in ["at+jwt", "application/at+jwt", "AT+JWT"] {
        assert!(check(&sign(typ, Some(key.kid()))).is_ok(), "{typ}");
    }
    for typ in ["JWT", "dpop+jwt", "", "receipt+jwt"] {
        assert_eq!(check(&sign(typ, Some(key.kid()))), Err(AccessTokenError::Type), "{typ}");
    }
    assert_eq!(check(&sign(TYPE, None)), Err(AccessTokenError::UnknownKey));
    assert_eq!(check(&sign(TYPE, Some("other"))), Err(AccessTokenError::UnknownKey));
}

#[test]
fn a_token_signed_by_another_key_under_our_name_is_refused() {
    let (ours, theirs) = (key(), key());
    let forged = token().sign(ours.kid(), theirs.signing_key()).unwrap();
    assert_eq!(check_signed(&ours, &forged, NOW), Err(AccessTokenError::Jws(JwsError::Signature)));
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,120}") {
        let _ = verify(&text, &|_| None, ISSUER, AUDIENCE, NOW);
    }
}
