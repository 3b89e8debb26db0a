use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    crypto::Algorithm,
    jose::{PrivateJwk, jws},
    json::JsonError,
};

const HTU: &str = "https://as.example/oauth/token";
const NOW: Millis = Millis(1_795_000_000_000);

/// RFC 9449 §4.1, figure 2.
const RFC_TOKEN_PROOF: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR\
                               0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG\
                               10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRt\
                               IjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE\
                               2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT\
                               3Lg";
/// RFC 9449 §7.1, figure 12, with its token.
const RFC_RESOURCE_PROOF: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgt\
                                  MzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VO\
                                  SmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUV\
                                  CIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXN\
                                  vdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUl\
                                  pS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy\
                                  1dqd-jfxSYoMxhAJpLjA";
const RFC_TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
const RFC_JKT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

fn key() -> PrivateJwk {
    PrivateJwk::generate(Algorithm::Es256).unwrap()
}

fn claims() -> Value {
    json!({"jti": "p-1", "htm": "POST", "htu": HTU, "iat": 1_795_000_000})
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

fn signed(claims: &Value) -> String {
    let key = key();
    jws::sign("dpop+jwt", None, Some(key.public()), claims, key.signing_key()).unwrap()
}

/// A proof with any header, truly signed by `key`.
fn raw(key: &PrivateJwk, header: &Value, claims: &Value) -> String {
    let message =
        format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
    let signature = key.signing_key().sign(message.as_bytes()).unwrap();
    format!("{message}.{}", encode(&signature))
}

fn asked<'a>(headers: &'a [&'a str]) -> Proof<'a> {
    Proof { headers, htm: "POST", htu: HTU, access_token: None, jkt: None, nonce: NoncePolicy::Ignored }
}

fn check(compact: &str) -> Result<DpopProof, DpopError> {
    verify(&asked(&[compact]), NOW)
}

fn is_malformed(result: &Result<DpopProof, DpopError>) -> bool {
    matches!(result, Err(DpopError::Jws(JwsError::Claims(JsonError::Shape))))
}

#[test]
fn the_proofs_of_the_rfc_verify() {
    let at = |seconds| Millis::from_seconds(seconds);
    let token = Proof { htu: "https://server.example.com/token", ..asked(&[RFC_TOKEN_PROOF]) };
    let proof = verify(&token, at(1_562_262_616)).unwrap();
    assert_eq!((proof.jkt.as_str(), proof.jti.as_str()), (RFC_JKT, "-BwC3ESc6acc2lTc"));
    let resource = Proof {
        htm: "GET",
        htu: "https://resource.example.org/protectedresource",
        access_token: Some(RFC_TOKEN),
        jkt: Some(RFC_JKT),
        ..asked(&[RFC_RESOURCE_PROOF])
    };
    assert_eq!(verify(&resource, at(1_562_262_618)).unwrap().jti, "e1j3V_bKic8-LAEB");
    assert_eq!(
        verify(&Proof { jkt: Some("other"), ..resource }, at(1_562_262_618)),
        Err(DpopError::OtherKey)
    );
    assert_eq!(
        verify(&Proof { access_token: Some("other"), ..resource }, at(1_562_262_618)),
        Err(DpopError::Token)
    );
}

#[test]
fn a_good_proof_names_its_key_and_its_memory() {
    let key = key();
    let compact = jws::sign("dpop+jwt", None, Some(key.public()), &claims(), key.signing_key()).unwrap();
    let proof = check(&compact).unwrap();
    assert_eq!(
        proof,
        DpopProof { jkt: key.public().thumbprint().to_owned(), jti: "p-1".to_owned(), iat: NOW }
    );
    // Remembered for longer than it is accepted.
    assert!(verify(&asked(&[&compact]), proof.expires()).is_err());
    assert_eq!(proof.replay_id().as_bytes()[..4], 1_795_000_061_u32.to_be_bytes());
}

#[test]
fn a_proof_made_here_is_accepted_here() {
    let (key, nonces) = (key(), NonceKey::new([7; 32]));
    let nonce = nonces.issue(NOW);
    let new =
        NewProof { htm: "POST", htu: HTU, jti: "p-2", access_token: Some("token"), nonce: Some(&nonce) };
    let compact = sign(&new, &key, NOW).unwrap();
    let headers = [compact.as_str()];
    let asked =
        Proof { access_token: Some("token"), nonce: NoncePolicy::Required(&nonces), ..asked(&headers) };
    assert_eq!(verify(&asked, NOW).unwrap().jkt, key.public().thumbprint());
}

#[test]
fn there_is_exactly_one_proof() {
    let compact = signed(&claims());
    assert_eq!(verify(&asked(&[]), NOW), Err(DpopError::Missing));
    assert_eq!(verify(&asked(&[&compact, &compact]), NOW), Err(DpopError::Several));
    assert_eq!(check(&format!("{compact}, {compact}")), Err(DpopError::Several));
    assert!(check(&format!(" {compact} ")).is_ok());
    assert_eq!(check("nonsense"), Err(DpopError::Jws(JwsError::Form)));
    assert_eq!(check(""), Err(DpopError::Jws(JwsError::Form)));
}

#[test]
fn the_header_has_type_algorithm_and_public_key() {
    let key = key();
    let jwk = key.public().bare();
    let check = |header: Value| check(&raw(&key, &header, &claims()));
    assert!(check(json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk})).is_ok());
    for header in [
        json!({"alg": "ES256", "jwk": jwk}),
        json!({"typ": "JWT", "alg": "ES256", "jwk": jwk}),
        json!({"typ": "application/dpop+jwt", "alg": "ES256", "jwk": jwk}),
    ] {
        assert_eq!(check(header.clone()), Err(DpopError::Type), "{header}");
    }
    for header in [
        json!({"typ": "dpop+jwt", "jwk": jwk}),
        json!({"typ": "dpop+jwt", "alg": "none", "jwk": jwk}),
        json!({"typ": "dpop+jwt", "alg": "RS256", "jwk": jwk}),
        json!({"typ": "dpop+jwt", "alg": "HS256", "jwk": {"kty": "oct", "k": "AAAA"}}),
    ] {
        assert_eq!(check(header.clone()), Err(DpopError::Jws(JwsError::Algorithm)), "{header}");
    }
    assert_eq!(check(json!({"typ": "dpop+jwt", "alg": "ES256"})), Err(DpopError::NoKey));
    let private = check(json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": key.to_value()}));
    assert_eq!(private, Err(DpopError::Key(JwkError::Private)));
    let mismatch = check(json!({"typ": "dpop+jwt", "alg": "EdDSA", "jwk": jwk}));
    assert_eq!(mismatch, Err(DpopError::Jws(JwsError::KeyMismatch)));
}

#[test]
fn a_proof_signed_with_another_key_than_it_carries_is_refused() {
    let (carried, used) = (key(), key());
    let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": carried.public().bare()});
    assert_eq!(check(&raw(&used, &header, &claims())), Err(DpopError::Jws(JwsError::Signature)));
}

#[test]
fn every_claim_is_needed_and_of_its_type() {
    for member in ["jti", "htm", "htu", "iat"] {
        assert!(is_malformed(&check(&signed(&without(member)))), "{member}");
        assert!(is_malformed(&check(&signed(&with(member, Value::Null)))), "{member}");
    }
    assert!(is_malformed(&check(&signed(&with("iat", "1795000000")))));
    assert!(is_malformed(&check(&signed(&with("jti", 7)))));
    assert!(is_malformed(&check(&signed(&with("nonce", 7)))));
    assert_eq!(check(&signed(&with("jti", ""))), Err(DpopError::Jti));
    assert_eq!(check(&signed(&with("jti", "j".repeat(257)))), Err(DpopError::Jti));
    assert!(check(&signed(&with("jti", "j".repeat(256)))).is_ok());
}

#[test]
fn a_proof_for_another_method_is_refused() {
    for method in ["GET", "post", "POST ", ""] {
        assert_eq!(check(&signed(&with("htm", method))), Err(DpopError::Method), "{method}");
    }
}

#[test]
fn a_proof_for_another_url_is_refused() {
    for url in [
        "https://as.example/oauth/par",
        "https://as.example/oauth/token/",
        "https://as.example/OAUTH/token",
        "http://as.example/oauth/token",
        "https://as.example:8443/oauth/token",
        "https://other.example/oauth/token",
        "https://as.example@other.example/oauth/token",
        "https://user@as.example/oauth/token",
        "https://as.example/oauth%2Ftoken",
        "/oauth/token",
        "oauth/token",
        "",
    ] {
        assert_eq!(check(&signed(&with("htu", url))), Err(DpopError::Address), "{url}");
    }
}

#[test]
fn spellings_of_the_same_url_are_accepted() {
    for url in [
        "https://as.example/oauth/token?a=b#c",
        "https://as.example/oauth/token#c",
        "HTTPS://AS.EXAMPLE:443/oauth/token",
        "https://as.example/x/../oauth/token",
        "https://as.example/oauth/t%6Fken",
    ] {
        assert!(check(&signed(&with("htu", url))).is_ok(), "{url}");
    }
    assert!(same_address("https://a.example/%c3%a9", "https://a.example/é?x"));
    assert!(!same_address("https://a.example/%2f", "https://a.example//"));
}

#[test]
fn the_time_counts_with_or_without_a_nonce() {
    let key = NonceKey::new([7; 32]);
    let nonce = key.issue(NOW);
    for policy in [NoncePolicy::Ignored, NoncePolicy::Required(&key), NoncePolicy::Optional(&key)] {
        let at = |offset: i64| {
            let mut claims = with("iat", 1_795_000_000 + offset);
            claims["nonce"] = nonce.clone().into();
            verify(&Proof { nonce: policy, ..asked(&[&signed(&claims)]) }, NOW)
        };
        for offset in [-60, -59, 0, 9, 10] {
            assert!(at(offset).is_ok(), "{policy:?} {offset}");
        }
        for offset in [-3600, -61, 11, 60, 3600] {
            assert_eq!(at(offset), Err(DpopError::Time), "{policy:?} {offset}");
        }
    }
}

#[test]
fn exp_and_nbf_count_where_they_are_given() {
    assert!(check(&signed(&with("exp", 1_795_000_001))).is_ok());
    assert_eq!(check(&signed(&with("exp", 1_795_000_000))), Err(DpopError::Time));
    assert!(is_malformed(&check(&signed(&with("exp", "1795000001")))));
    assert!(check(&signed(&with("nbf", 1_795_000_010))).is_ok());
    assert_eq!(check(&signed(&with("nbf", 1_795_000_011))), Err(DpopError::Time));
}

#[test]
fn a_proof_beside_a_token_is_for_that_token_and_that_key() {
    let token = "token";
    let key = key();
    let hash = encode(&crypto::sha256(token.as_bytes()));
    let compact =
        jws::sign("dpop+jwt", None, Some(key.public()), &with("ath", hash), key.signing_key()).unwrap();
    let proof = Proof { access_token: Some(token), jkt: Some(key.public().thumbprint()), ..asked(&[]) };
    assert!(verify(&Proof { headers: &[&compact], ..proof }, NOW).is_ok());
    let other = encode(&crypto::sha256(b"other"));
    for claims in [claims(), with("ath", other), with("ath", "")] {
        assert_eq!(
            verify(&Proof { headers: &[&signed(&claims)], ..proof }, NOW),
            Err(DpopError::Token),
            "{claims}"
        );
    }
    let stranger = signed(&with("ath", encode(&crypto::sha256(token.as_bytes()))));
    assert_eq!(verify(&Proof { headers: &[&stranger], ..proof }, NOW), Err(DpopError::OtherKey));
}

#[test]
fn a_nonce_that_is_missing_or_stale_is_told_apart_from_a_bad_proof() {
    let key = NonceKey::new([7; 32]);
    let required = |claims: &Value| {
        verify(&Proof { nonce: NoncePolicy::Required(&key), ..asked(&[&signed(claims)]) }, NOW)
    };
    let optional = |claims: &Value| {
        verify(&Proof { nonce: NoncePolicy::Optional(&key), ..asked(&[&signed(claims)]) }, NOW)
    };
    assert!(required(&with("nonce", key.issue(NOW))).is_ok());
    assert_eq!(required(&claims()), Err(DpopError::NonceMissing));
    assert!(optional(&claims()).is_ok());
    let stale = with("nonce", key.issue(NOW - Duration::from_mins(3)));
    assert_eq!(required(&stale), Err(DpopError::NonceStale));
    assert_eq!(optional(&stale), Err(DpopError::NonceStale));
    assert!(required(&claims()).unwrap_err().asks_for_nonce());
    // A proof that is bad besides is a bad proof.
    let refused = required(&with("htm", "GET")).unwrap_err();
    assert!(!refused.asks_for_nonce(), "{refused}");
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,120}") {
        let _ = check(&text);
    }

    #[test]
    fn no_address_makes_the_comparison_panic(a in ".{0,60}", path in "[%0-9a-fA-Fé/]{0,20}") {
        let _ = same_address(&a, HTU);
        let _ = normal_path(&path);
        let _ = same_address(&format!("https://a.example/{path}"), HTU);
    }
}
