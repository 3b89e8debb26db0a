//! Keys that change, actor tokens, logout tokens.

use std::time::Duration;

use serde_json::{Value, json};

use super::idp::{Idp, Key, NOW};
use crate::{
    crypto::Algorithm,
    login::{LoginError, Provider, verify_actor_token, verify_logout_token},
    time::Millis,
};

fn officials(idp: &Idp) -> Provider {
    idp.provider(
        "authentication = { client_secret_post = { client_secret = \"s\" } }\n\
         role = { official = { agency = \"A01\" } }\nacr = { high = 2 }",
    )
}

fn actor(idp: &Idp) -> Value {
    json!({
        "iss": idp.issuer, "aud": "commune-desk", "sub": "cb-0042", "unit": "Tổ một cửa", "acr": "high",
        "iat": NOW.seconds() - 60, "exp": NOW.seconds() + 300, "auth_time": NOW.seconds() - 3600,
    })
}

fn logout(idp: &Idp) -> Value {
    json!({
        "iss": idp.issuer, "aud": "minhbach", "sub": "s-1", "sid": "session-1", "jti": "j-1",
        "iat": NOW.seconds(), "exp": NOW.seconds() + 120,
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    })
}

fn registered() -> Vec<String> {
    vec!["commune-desk".to_owned(), "gateway".to_owned()]
}

#[tokio::test]
async fn a_new_key_is_fetched_once_and_at_most_every_half_minute() {
    let idp = Idp::start();
    let provider = officials(&idp);
    let old = idp.sign(&actor(&idp));
    assert!(verify_actor_token(&provider, &old, &registered(), NOW).await.is_ok());
    assert_eq!(idp.hits("/jwks"), 1);

    idp.state().keys = vec![Key::new(Algorithm::Es256, "k2")];
    let new = idp.sign(&actor(&idp));
    assert!(verify_actor_token(&provider, &new, &registered(), NOW).await.is_ok());
    assert_eq!(idp.hits("/jwks"), 2);
    assert_eq!(verify_actor_token(&provider, &old, &registered(), NOW).await, Err(LoginError::UnknownKey));

    let strange = Key::new(Algorithm::Es256, "k3").sign(&json!({}), &actor(&idp));
    for _ in 0..5 {
        let refused = verify_actor_token(&provider, &strange, &registered(), NOW).await;
        assert_eq!(refused, Err(LoginError::UnknownKey));
    }
    assert_eq!(idp.hits("/jwks"), 2);
    let later = NOW + Duration::from_secs(31);
    assert!(verify_actor_token(&provider, &strange, &registered(), later).await.is_err());
    assert_eq!(idp.hits("/jwks"), 3);
}

#[tokio::test]
async fn a_key_changed_under_no_name_is_found_too() {
    let idp = Idp::start();
    let provider = officials(&idp);
    idp.state().keys[0].kid = None;
    assert!(verify_actor_token(&provider, &idp.sign(&actor(&idp)), &registered(), NOW).await.is_ok());
    let mut key = Key::new(Algorithm::Es256, "");
    key.kid = None;
    idp.state().keys = vec![key];
    assert!(verify_actor_token(&provider, &idp.sign(&actor(&idp)), &registered(), NOW).await.is_ok());
}

#[tokio::test]
async fn a_forged_signature_is_refused() {
    let idp = Idp::start();
    let provider = officials(&idp);
    let forged = Key::new(Algorithm::Es256, "k1").sign(&json!({}), &actor(&idp));
    assert_eq!(
        verify_actor_token(&provider, &forged, &registered(), NOW).await,
        Err(LoginError::BadSignature)
    );
    let forged = Key::new(Algorithm::Es256, "k1").sign(&json!({}), &logout(&idp));
    assert_eq!(verify_logout_token(&provider, &forged, NOW).await, Err(LoginError::BadSignature));
}

#[tokio::test]
async fn an_issuer_that_is_down_is_asked_again_only_after_a_pause_and_known_keys_go_on() {
    let idp = Idp::start();
    let provider = officials(&idp);
    let document = "/.well-known/openid-configuration";
    idp.state().down = true;
    for _ in 0..3 {
        assert!(matches!(provider.discover(NOW).await, Err(LoginError::Unavailable(_))));
    }
    assert_eq!(idp.hits(document), 1);
    idp.state().down = false;
    assert!(provider.discover(NOW + Duration::from_secs(6)).await.is_ok());
    idp.state().down = true;
    assert!(provider.discover(NOW + Duration::from_hours(1)).await.is_ok());
    assert!(provider.discover(NOW + Duration::from_hours(13)).await.is_err());
}

#[tokio::test]
async fn a_discovery_document_of_another_issuer_or_in_plain_http_is_refused() {
    for lie in [json!({"issuer": "https://id.example"}), json!({"token_endpoint": "http://id.example/token"})]
    {
        let idp = Idp::start();
        idp.state().discovery = lie;
        let refused = officials(&idp).discover(NOW).await;
        assert!(matches!(refused, Err(LoginError::Unavailable(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn an_actor_token_proves_an_official_of_the_issuers_agency() {
    let idp = Idp::start();
    let found =
        verify_actor_token(&officials(&idp), &idp.sign(&actor(&idp)), &registered(), NOW).await.unwrap();
    assert_eq!((found.issuer.as_str(), found.subject.as_str()), (idp.issuer.as_str(), "cb-0042"));
    assert_eq!(
        (found.agency.as_str(), found.unit.as_deref(), found.assurance),
        ("A01", Some("Tổ một cửa"), 2)
    );
    assert_eq!(found.auth_time, Millis::from_seconds(NOW.seconds() - 3600));
}

#[tokio::test]
async fn an_actor_token_that_breaks_one_rule_is_refused_for_that_rule() {
    let idp = Idp::start();
    let provider = officials(&idp);
    let hours = |n: i64| json!(NOW.seconds() - n * 3600 - 1);
    for (name, value, expected) in [
        ("aud", json!("another"), Some(LoginError::WrongAudience)),
        ("aud", json!([]), Some(LoginError::WrongAudience)),
        ("aud", json!(["commune-desk", "another"]), Some(LoginError::WrongAudience)),
        ("aud", json!(["commune-desk", "gateway"]), Some(LoginError::WrongAudience)),
        ("azp", json!("another"), Some(LoginError::WrongAudience)),
        ("azp", json!("gateway"), None),
        ("auth_time", hours(12), Some(LoginError::AuthenticationTooOld)),
        ("auth_time", hours(11), None),
        ("auth_time", json!(null), Some(LoginError::AuthenticationTooOld)),
        ("auth_time", json!(NOW.seconds() + 3600), Some(LoginError::AuthenticationTooOld)),
        ("exp", json!(NOW.seconds()), Some(LoginError::TokenExpired)),
        ("iss", json!("https://id.example"), Some(LoginError::IssuerMismatch)),
        ("events", json!({}), Some(LoginError::TokenMalformed)),
        ("sub", json!(null), Some(LoginError::TokenMalformed)),
    ] {
        let mut claims = actor(&idp);
        claims[name] = value.clone();
        let result = verify_actor_token(&provider, &idp.sign(&claims), &registered(), NOW).await;
        assert_eq!(result.err(), expected, "{name} = {value}");
    }
    assert_eq!(
        verify_actor_token(&provider, &idp.sign(&actor(&idp)), &[], NOW).await,
        Err(LoginError::WrongAudience)
    );
    for rubbish in ["", "a.b", "a.b.c", "....", &"x".repeat(10_000)] {
        assert_eq!(
            verify_actor_token(&provider, rubbish, &registered(), NOW).await,
            Err(LoginError::TokenMalformed)
        );
    }
}

#[tokio::test]
async fn a_citizen_issuer_proves_no_official() {
    let idp = Idp::start();
    let citizens = idp.provider(
        "authentication = { client_secret_post = { client_secret = \"s\" } }\nrole = \"citizen\"\n\
         claims = { national_id = \"national_id\" }",
    );
    let refused = verify_actor_token(&citizens, &idp.sign(&actor(&idp)), &registered(), NOW).await;
    assert_eq!(refused, Err(LoginError::NotAnOfficialIssuer));
}

#[tokio::test]
async fn a_logout_token_names_the_sessions_to_end() {
    let idp = Idp::start();
    let provider = officials(&idp);
    for header in
        [json!({"typ": "logout+jwt"}), json!({"typ": "JWT"}), json!({"typ": "application/logout+jwt"})]
    {
        let token = idp.state().keys[0].sign(&header, &logout(&idp));
        let found = verify_logout_token(&provider, &token, NOW).await.unwrap();
        assert_eq!((found.sub.as_deref(), found.sid.as_deref()), (Some("s-1"), Some("session-1")));
        assert_eq!(found.jti, "j-1");
    }
    let mut only_sid = logout(&idp);
    only_sid["sub"] = json!(null);
    assert!(verify_logout_token(&provider, &idp.sign(&only_sid), NOW).await.is_ok());
}

#[tokio::test]
async fn a_logout_token_that_breaks_one_rule_is_refused() {
    let idp = Idp::start();
    let provider = officials(&idp);
    for (name, value, code) in [
        ("iss", json!("https://id.example"), "login_issuer_mismatch"),
        ("aud", json!("another"), "login_wrong_audience"),
        ("aud", json!(["minhbach", "another"]), "login_wrong_audience"),
        ("iat", json!(null), "login_logout_token_refused"),
        ("iat", json!(NOW.seconds() - 601), "login_token_expired"),
        ("iat", json!(NOW.seconds() + 61), "login_token_expired"),
        ("exp", json!(NOW.seconds()), "login_token_expired"),
        ("exp", json!("tomorrow"), "login_token_expired"),
        ("events", json!(null), "login_logout_token_refused"),
        (
            "events",
            json!({"http://schemas.openid.net/event/backchannel-logout": true}),
            "login_logout_token_refused",
        ),
        ("nonce", json!("n"), "login_logout_token_refused"),
        ("jti", json!(null), "login_logout_token_refused"),
    ] {
        let mut claims = logout(&idp);
        claims[name] = value.clone();
        let refused = verify_logout_token(&provider, &idp.sign(&claims), NOW).await.unwrap_err();
        assert_eq!(refused.code(), code, "{name} = {value}");
    }
    let mut nobody = logout(&idp);
    nobody["sub"] = json!(null);
    nobody["sid"] = json!(null);
    assert!(verify_logout_token(&provider, &idp.sign(&nobody), NOW).await.is_err());
    for header in
        [json!({"typ": "at+jwt"}), json!({"alg": "none"}), json!({"alg": "HS256"}), json!({"crit": ["x"]})]
    {
        let token = idp.state().keys[0].sign(&header, &logout(&idp));
        assert!(verify_logout_token(&provider, &token, NOW).await.is_err(), "{header}");
    }
}
