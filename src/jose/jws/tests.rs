use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::jose::PrivateJwk;

fn key() -> PrivateJwk {
    PrivateJwk::generate(Algorithm::Es256).unwrap()
}

/// A text with any header and claims, truly signed.
fn raw(key: &PrivateJwk, header: &str, claims: &str) -> String {
    let message = format!("{}.{}", encode(header.as_bytes()), encode(claims.as_bytes()));
    let signature = key.signing_key().sign(message.as_bytes()).unwrap();
    format!("{message}.{}", encode(&signature))
}

fn refusal(compact: &str) -> JwsError {
    Unverified::parse(compact).unwrap_err()
}

#[test]
fn what_was_signed_verifies_with_its_own_key_only() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        let key = PrivateJwk::generate(algorithm).unwrap();
        let compact = sign("x", Some("k"), Some(key.public()), &json!({"a": 1}), key.signing_key()).unwrap();
        let read = Unverified::parse(&compact).unwrap();
        assert_eq!((read.header().typ.as_deref(), read.header().kid.as_deref()), (Some("x"), Some("k")));
        assert_eq!(read.header().jwk, Some(key.public().bare()));
        let verified = read.clone().verify::<Value>(key.public().public_key()).unwrap();
        assert_eq!((verified.claims, verified.header.alg), (json!({"a": 1}), algorithm));
        let other = PrivateJwk::generate(algorithm).unwrap();
        let refused = read.verify::<Value>(other.public().public_key()).unwrap_err();
        assert_eq!(refused, JwsError::Signature);
    }
}

#[test]
fn a_key_of_another_algorithm_is_not_even_tried() {
    let compact = sign("x", None, None, &json!({}), key().signing_key()).unwrap();
    let other = PrivateJwk::generate(Algorithm::EdDsa).unwrap();
    let refused =
        Unverified::parse(&compact).unwrap().verify::<Value>(other.public().public_key()).unwrap_err();
    assert_eq!(refused, JwsError::KeyMismatch);
}

#[test]
fn every_changed_character_is_noticed() {
    let key = key();
    let compact = sign("x", None, None, &json!({"sub": "agency-a"}), key.signing_key()).unwrap();
    for (at, c) in compact.char_indices() {
        let mut bent = compact.clone();
        bent.replace_range(at..=at, if c == 'A' { "B" } else { "A" });
        let accepted =
            Unverified::parse(&bent).and_then(|read| read.verify::<Value>(key.public().public_key()));
        assert!(accepted.is_err(), "character {at}");
    }
}

#[test]
fn the_name_ed25519_means_the_same_as_eddsa() {
    let key = PrivateJwk::generate(Algorithm::EdDsa).unwrap();
    let compact = raw(&key, r#"{"alg":"Ed25519"}"#, "{}");
    assert!(Unverified::parse(&compact).unwrap().verify::<Value>(key.public().public_key()).is_ok());
}

#[test]
fn algorithms_outside_the_profile_are_refused() {
    for alg in ["none", "RS256", "HS256", "ES384", "PS384", ""] {
        let header = json!({"alg": alg}).to_string();
        assert_eq!(refusal(&raw(&key(), &header, "{}")), JwsError::Algorithm, "{alg}");
    }
    assert_eq!(refusal(&raw(&key(), "{}", "{}")), JwsError::Algorithm);
    let unsigned = format!("{}.{}.", encode(br#"{"alg":"none"}"#), encode(b"{}"));
    assert_eq!(refusal(&unsigned), JwsError::Algorithm);
}

#[test]
fn extensions_and_addresses_in_the_header_are_refused() {
    for (member, value) in
        [("crit", "[]"), ("b64", "false"), ("jku", "\"https://a\""), ("x5u", "\"https://a\"")]
    {
        let header = format!(r#"{{"alg":"ES256","{member}":{value}}}"#);
        assert_eq!(refusal(&raw(&key(), &header, "{}")), JwsError::Refused(member), "{member}");
    }
}

#[test]
fn members_twice_are_refused_in_header_and_claims() {
    let key = key();
    assert_eq!(refusal(&raw(&key, r#"{"alg":"ES256","alg":"ES256"}"#, "{}")), JwsError::Header);
    let header = r#"{"alg":"ES256","jwk":{"kty":"EC","kty":"EC"}}"#;
    assert_eq!(refusal(&raw(&key, header, "{}")), JwsError::Header);
    let compact = raw(&key, r#"{"alg":"ES256"}"#, r#"{"aud":"a","aud":"b"}"#);
    let refused =
        Unverified::parse(&compact).unwrap().verify::<Value>(key.public().public_key()).unwrap_err();
    assert!(matches!(refused, JwsError::Claims(json::JsonError::Duplicate(_))), "{refused}");
}

#[test]
fn the_compact_form_is_strict() {
    let good = sign("x", None, None, &json!({}), key().signing_key()).unwrap();
    for compact in
        ["", ".", "..", "a.b", "a.b.c.d", &format!("{good}.x"), &format!(" {good}"), &format!(".{good}")]
    {
        assert!(Unverified::parse(compact).is_err(), "{compact}");
    }
    let key = key();
    let good = sign("x", None, None, &json!({}), key.signing_key()).unwrap();
    for bent in [format!("{good}="), format!("{good}\n"), good.replacen('.', "=.", 1)] {
        let accepted =
            Unverified::parse(&bent).and_then(|read| read.verify::<Value>(key.public().public_key()));
        assert!(accepted.is_err(), "{bent}");
    }
    assert_eq!(refusal(&"a".repeat(MAX_COMPACT + 1)), JwsError::TooLarge);
    assert_eq!(refusal(&raw(&key, r#"{"alg":"ES256","kid":7}"#, "{}")), JwsError::Header);
    assert_eq!(refusal(&raw(&key, "[]", "{}")), JwsError::Header);
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "[A-Za-z0-9_.-]{0,120}") {
        let _ = Unverified::parse(&text).map(|read| read.unverified_claims::<Value>());
    }

    #[test]
    fn no_header_makes_the_reader_panic(header in ".{0,80}") {
        let _ = Unverified::parse(&format!("{}.e30.AAAA", encode(header.as_bytes())));
    }
}
