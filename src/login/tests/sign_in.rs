use std::time::Duration;

use serde_json::json;

use super::idp::{CALLBACK, CITIZEN, Idp, Key, NOW};
use crate::{
    crypto::{Algorithm, SeededRandom, SigningKey},
    login::{CallbackParams, LoginError, Provider, ReturnTo, SignedInRole, begin, finish, logout_url},
    outbound::{exchange::Exchange, http},
    secret::Secret,
};

const SECRET: &str = "authentication = { client_secret_basic = { client_secret = \"s e:cret\" } }\n";

fn citizens(idp: &Idp) -> Provider {
    idp.provider(&format!(
        "{SECRET}role = \"citizen\"\nclaims = {{ national_id = \"national_id\" }}\nacr = {{ high = 3 }}"
    ))
}

fn officials(idp: &Idp, more: &str) -> Provider {
    idp.provider(&format!("{SECRET}{more}\nrole = {{ official = {{ agency = \"A01\" }} }}"))
}

#[tokio::test]
async fn a_citizen_signs_in() {
    let idp = Idp::start();
    let provider = citizens(&idp);
    let person = idp.sign_in(&provider, |_, _, _| ()).await.unwrap();
    assert_eq!(person.role, SignedInRole::Citizen { national_id: Secret::new(CITIZEN.to_owned()) });
    assert_eq!(
        (person.subject.as_str(), person.sid.as_deref(), person.assurance),
        ("s-1", Some("session-1"), 3)
    );
    assert_eq!(person.auth_time.map(|at| NOW.since(at)), Some(30_000));
    assert!(!format!("{person:?}").contains(CITIZEN));

    let (head, body) = idp.state().asked.clone();
    // RFC 6749 §2.3.1: id and secret are form-encoded first: `minhbach:s+e%3Acret`.
    assert!(head.contains("Basic bWluaGJhY2g6cytlJTNBY3JldA=="), "{head}");
    assert!(body.contains("code_verifier=") && !body.contains("secret"), "{body}");
}

#[tokio::test]
async fn the_browser_is_sent_out_with_state_nonce_and_a_hashed_verifier() {
    let idp = Idp::start();
    let provider = officials(&idp, "scopes = [\"profile\"]\nacr_values = [\"high\"]\nmax_age_seconds = 3600");
    let random = SeededRandom::new(1);
    let (url, pending) =
        begin(&provider, NOW, &random, ReturnTo::parse("/agency").unwrap(), None).await.unwrap();
    let query = |name: &str| url.query_pairs().find(|(k, _)| k == name).map(|(_, v)| v.into_owned());
    assert_eq!(query("response_type").as_deref(), Some("code"));
    assert_eq!(query("redirect_uri").as_deref(), Some(CALLBACK));
    assert_eq!(query("code_challenge_method").as_deref(), Some("S256"));
    assert_eq!(query("scope").as_deref(), Some("openid profile"));
    assert_eq!(query("acr_values").as_deref(), Some("high"));
    assert_eq!(query("max_age").as_deref(), Some("3600"));
    assert_eq!(query("state").as_ref(), Some(pending.state.expose()));
    assert_eq!(query("nonce").as_ref(), Some(pending.nonce.expose()));
    assert!(!url.as_str().contains(pending.pkce_verifier.expose()));

    let stored = serde_json::to_string(&pending).unwrap();
    let again: crate::login::PendingSignIn = serde_json::from_str(&stored).unwrap();
    assert_eq!(again.pkce_verifier, pending.pkce_verifier);
    assert!(!format!("{pending:?}").contains(pending.state.expose()));
    let (other, _) = begin(&provider, NOW, &random, ReturnTo::parse("/").unwrap(), None).await.unwrap();
    assert_ne!(other.query(), url.query());
}

#[tokio::test]
async fn the_session_at_the_issuer_is_ended_without_a_national_id_in_the_address() {
    let idp = Idp::start();
    let home: url::Url = "http://127.0.0.1:1/".parse().unwrap();
    let citizens = citizens(&idp);
    let citizen = idp.sign_in(&citizens, |_, _, _| ()).await.unwrap();
    let out = logout_url(&citizens, Some(&citizen.id_token), Some("s-9"), home.clone(), NOW)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(out.path(), "/end");
    assert!(out.query_pairs().all(|(k, _)| k != "id_token_hint"), "{out}");
    assert!(out.query_pairs().any(|(k, v)| k == "client_id" && v == "minhbach"), "{out}");

    let officials = officials(&idp, "");
    let plain = idp.sign_in(&officials, |claims, _, _| claims["national_id"] = json!(null)).await.unwrap();
    let out = logout_url(&officials, Some(&plain.id_token), None, home.clone(), NOW).await.unwrap().unwrap();
    assert!(out.query_pairs().any(|(k, v)| k == "id_token_hint" && v == plain.id_token.expose().as_str()));

    idp.state().discovery = json!({"end_session_endpoint": null});
    let without = self::officials(&idp, "");
    assert_eq!(logout_url(&without, Some(&plain.id_token), None, home, NOW).await, Ok(None));
}

#[tokio::test]
async fn an_official_issuer_cannot_establish_a_national_id() {
    let idp = Idp::start();
    let person = idp.sign_in(&officials(&idp, ""), |_, _, _| ()).await.unwrap();
    let SignedInRole::Official { agency, id, unit, name } = &person.role else { panic!("{person:?}") };
    assert_eq!((agency.as_str(), id.as_str(), unit.as_deref()), ("A01", "s-1", Some("Tổ một cửa")));
    assert_eq!(name.as_ref().unwrap().expose(), "Trần Thị Mẫu");
    assert_eq!(person.assurance, 1);

    let compliance = idp.provider(&format!("{SECRET}role = {{ compliance = {{ agency = \"A01\" }} }}"));
    let person = idp.sign_in(&compliance, |_, _, _| ()).await.unwrap();
    assert!(matches!(person.role, SignedInRole::Compliance { .. }));
}

#[tokio::test]
async fn a_citizen_without_a_well_formed_national_id_is_refused() {
    let idp = Idp::start();
    let provider = citizens(&idp);
    for id in [
        json!(null),
        json!("99900000001"),
        json!("99900000001x"),
        json!(999_000_000_015_i64),
        json!("９９９０００００００１５"),
    ] {
        let refused = idp.sign_in(&provider, |claims, _, _| claims["national_id"] = id.clone()).await;
        assert_eq!(refused.unwrap_err(), LoginError::ClaimMissing("national_id".to_owned()), "{id}");
    }
}

#[tokio::test]
async fn a_token_that_breaks_one_rule_is_refused_for_that_rule() {
    let idp = Idp::start();
    let provider = citizens(&idp);
    let claim = |name: &'static str, value: serde_json::Value| (name, value);
    for ((name, value), expected) in [
        (claim("nonce", json!("another")), LoginError::WrongNonce),
        (claim("nonce", json!(null)), LoginError::WrongNonce),
        (claim("aud", json!("another-client")), LoginError::WrongAudience),
        (claim("aud", json!(["minhbach", "another-client"])), LoginError::WrongAudience),
        (claim("azp", json!("another-client")), LoginError::WrongAudience),
        (claim("iss", json!("https://id.example")), LoginError::IssuerMismatch),
        (claim("exp", json!(NOW.seconds())), LoginError::TokenExpired),
        (claim("iat", json!(NOW.seconds() + 3600)), LoginError::TokenExpired),
    ] {
        let refused = idp.sign_in(&provider, |claims, _, _| claims[name] = value.clone()).await;
        assert_eq!(refused.unwrap_err(), expected, "{name} = {value}");
    }
}

#[tokio::test]
async fn an_algorithm_that_is_not_listed_is_refused() {
    let idp = Idp::start();
    let provider = citizens(&idp);
    for alg in ["RS256", "HS256", "none", "ES384"] {
        let refused = idp.sign_in(&provider, |_, header, _| header["alg"] = alg.into()).await;
        assert_eq!(refused.unwrap_err(), LoginError::AlgorithmNotAllowed, "{alg}");
    }
    let only_eddsa = officials(&idp, "algorithms = [\"EdDSA\"]");
    assert_eq!(idp.sign_in(&only_eddsa, |_, _, _| ()).await.unwrap_err(), LoginError::AlgorithmNotAllowed);
    idp.state().keys = vec![Key::new(Algorithm::EdDsa, "ed")];
    assert!(idp.sign_in(&officials(&idp, "algorithms = [\"EdDSA\"]"), |_, _, _| ()).await.is_ok());
}

#[tokio::test]
async fn another_kind_of_token_is_no_id_token() {
    let idp = Idp::start();
    let provider = citizens(&idp);
    for (name, value) in [("typ", json!("at+jwt")), ("typ", json!("logout+jwt")), ("crit", json!(["x"]))] {
        let refused = idp.sign_in(&provider, |_, header, _| header[name] = value.clone()).await;
        assert_eq!(refused.unwrap_err(), LoginError::TokenMalformed, "{name} = {value}");
    }
}

#[tokio::test]
async fn a_response_of_another_issuer_or_of_none_is_refused() {
    let idp = Idp::start();
    let provider = citizens(&idp);
    let other = |_: &mut _, _: &mut _, p: &mut CallbackParams| p.iss = Some("https://id.example".to_owned());
    assert_eq!(idp.sign_in(&provider, other).await.unwrap_err(), LoginError::IssuerMismatch);
    let issuer = idp.issuer.clone();
    assert!(idp.sign_in(&provider, |_, _, p| p.iss = Some(issuer)).await.is_ok());

    let strict = officials(&idp, "require_iss = true");
    assert_eq!(idp.sign_in(&strict, |_, _, _| ()).await.unwrap_err(), LoginError::IssuerMissing);
    idp.state().discovery = json!({"authorization_response_iss_parameter_supported": true});
    let advertised = citizens(&idp);
    assert_eq!(idp.sign_in(&advertised, |_, _, _| ()).await.unwrap_err(), LoginError::IssuerMissing);
    let denied = |_: &mut _, _: &mut _, p: &mut CallbackParams| p.error = Some("access_denied".to_owned());
    assert_eq!(idp.sign_in(&advertised, denied).await.unwrap_err(), LoginError::IssuerMissing);
}

#[tokio::test]
async fn a_callback_that_does_not_fit_the_sign_in_is_refused() {
    let idp = Idp::start();
    let provider = citizens(&idp);
    let refused = idp.sign_in(&provider, |_, _, p| p.state = Some("another".to_owned())).await;
    assert_eq!(refused.unwrap_err(), LoginError::StateMismatch);
    assert_eq!(
        idp.sign_in(&provider, |_, _, p| p.state = None).await.unwrap_err(),
        LoginError::StateMismatch
    );
    assert_eq!(
        idp.sign_in(&provider, |_, _, p| p.code = None).await.unwrap_err(),
        LoginError::CallbackMalformed
    );
    let refused = idp.sign_in(&provider, |_, _, p| p.error = Some("access_denied".to_owned())).await;
    assert_eq!(refused.unwrap_err(), LoginError::Cancelled);
    let refused = idp.sign_in(&provider, |_, _, p| p.error = Some("login_required\r\nx".to_owned())).await;
    assert_eq!(refused.unwrap_err(), LoginError::Refused("login_requiredx".to_owned()));
    assert_eq!(idp.hits("/token"), 0);

    let random = SeededRandom::new(1);
    let (_, mut pending) = begin(&provider, NOW, &random, ReturnTo::parse("/").unwrap(), None).await.unwrap();
    let params = CallbackParams {
        code: Some("c".to_owned()),
        state: Some(pending.state.expose().clone()),
        ..CallbackParams::default()
    };
    let late = finish(&provider, &pending, &params, NOW + Duration::from_secs(601), &random).await;
    assert_eq!(late.unwrap_err(), LoginError::SignInExpired);
    pending.issuer = "https://id.example".to_owned();
    let mixed_up = finish(&provider, &pending, &params, NOW, &random).await;
    assert_eq!(mixed_up.unwrap_err(), LoginError::IssuerMismatch);
}

#[tokio::test]
async fn a_code_the_issuer_refuses_is_named_by_its_error_code() {
    let idp = Idp::start();
    idp.state().token_error =
        Some(json!({"error": "invalid_grant", "error_description": "person 999000000015"}));
    let refused = idp.sign_in(&citizens(&idp), |_, _, _| ()).await.unwrap_err();
    assert_eq!(refused, LoginError::CodeRefused("invalid_grant".to_owned()));
}

#[tokio::test]
async fn a_sign_in_older_than_max_age_is_refused() {
    let idp = Idp::start();
    let provider = officials(&idp, "max_age_seconds = 600");
    let old = idp.sign_in(&provider, |claims, _, _| claims["auth_time"] = (NOW.seconds() - 700).into()).await;
    assert_eq!(old.unwrap_err(), LoginError::AuthenticationTooOld);
    let silent = idp.sign_in(&provider, |claims, _, _| claims["auth_time"] = json!(null)).await;
    assert_eq!(silent.unwrap_err(), LoginError::AuthenticationTooOld);
    assert!(idp.sign_in(&provider, |_, _, _| ()).await.is_ok());
}

#[tokio::test]
async fn a_stronger_sign_in_is_asked_for_anew_by_the_values_that_are_enough() {
    let idp = Idp::start();
    let levels = "acr = { low = 1, mid = 2, high = 3, chip = 4 }\nacr_values = [\"low\", \"chip\"]";
    for (more, max_age) in
        [("", "600"), ("\nmax_age_seconds = 60", "60"), ("\nmax_age_seconds = 3600", "600")]
    {
        let provider = officials(&idp, &format!("{levels}{more}"));
        let random = SeededRandom::new(1);
        let back = ReturnTo::parse("/requests/1").unwrap();
        let (url, pending) = begin(&provider, NOW, &random, back.clone(), Some(3)).await.unwrap();
        let query = |name: &str| url.query_pairs().find(|(k, _)| k == name).map(|(_, v)| v.into_owned());
        assert_eq!(query("acr_values").as_deref(), Some("chip high"));
        assert_eq!((query("prompt").as_deref(), query("max_age").as_deref()), (Some("login"), Some(max_age)));
        let kept: crate::login::PendingSignIn =
            serde_json::from_str(&serde_json::to_string(&pending).unwrap()).unwrap();
        assert_eq!(kept.step_up, pending.step_up);
        let (usual, pending) = begin(&provider, NOW, &random, back, None).await.unwrap();
        assert!(!usual.as_str().contains("prompt=") && pending.step_up.is_none());
    }
    let weak = officials(&idp, "acr = { low = 1 }");
    let nowhere = begin(&weak, NOW, &SeededRandom::new(1), ReturnTo::parse("/").unwrap(), Some(3)).await;
    assert_eq!(nowhere.unwrap_err(), LoginError::AssuranceTooLow, "nobody is sent there in vain");
}

/// A provider that asks for more than it was, or says nothing of it, is believed no more than it says.
#[tokio::test]
async fn a_step_up_that_comes_back_weak_or_old_is_refused() {
    let idp = Idp::start();
    let provider = citizens(&idp);
    let with = async |assurance, name: &'static str, value: serde_json::Value| {
        idp.step_up(&provider, assurance, |claims, _, _| claims[name] = value)
            .await
            .map(|person| (person.assurance, person.acr, person.auth_time.map(crate::time::Millis::seconds)))
    };
    let now = NOW.seconds();
    let high = Some("high".to_owned());
    assert_eq!(with(Some(3), "acr", json!("high")).await.unwrap(), (3, high.clone(), Some(now - 30)));
    for acr in [json!("low"), json!(null), json!("HIGH"), json!("high ")] {
        assert_eq!(
            with(Some(3), "acr", acr.clone()).await.unwrap_err(),
            LoginError::AssuranceTooLow,
            "{acr}"
        );
        assert_eq!(with(None, "acr", acr).await.unwrap().0, 1, "for a plain sign-in it is enough");
    }
    // The same skew as everywhere; a session from before the demand is none from after it.
    assert!(with(Some(3), "auth_time", json!(now - 60)).await.is_ok());
    for old in [json!(now - 61), json!(now + 61), json!(null)] {
        let refused = with(Some(3), "auth_time", old.clone()).await.unwrap_err();
        assert_eq!(refused, LoginError::AuthenticationTooOld, "{old}");
        assert!(with(None, "auth_time", old).await.is_ok());
    }
    let unmet = "unmet_authentication_requirements";
    let refused = idp.step_up(&provider, Some(3), |_, _, p| p.error = Some(unmet.to_owned())).await;
    assert_eq!(refused.unwrap_err(), LoginError::AssuranceTooLow);
    // What the person is called elsewhere does not count.
    idp.state().userinfo = json!({"sub": "s-1", "acr": "high"});
    let elsewhere = idp.provider(&format!(
        "{SECRET}role = \"citizen\"\nuserinfo = true\nacr = {{ high = 3 }}\nclaims = {{ national_id = \"national_id\" }}"
    ));
    let refused = idp.step_up(&elsewhere, Some(3), |claims, _, _| claims["acr"] = json!(null)).await;
    assert_eq!(refused.unwrap_err(), LoginError::AssuranceTooLow);
}

#[tokio::test]
async fn claims_can_come_from_userinfo_of_the_same_subject() {
    let idp = Idp::start();
    let provider = idp.provider(&format!(
        "{SECRET}role = \"citizen\"\nuserinfo = true\nclaims = {{ national_id = \"cccd\" }}"
    ));
    idp.state().userinfo = json!({"sub": "s-1", "cccd": CITIZEN});
    let person = idp.sign_in(&provider, |_, _, _| ()).await.unwrap();
    assert_eq!(person.role, SignedInRole::Citizen { national_id: Secret::new(CITIZEN.to_owned()) });
    idp.state().userinfo = json!({"sub": "s-2", "cccd": CITIZEN});
    assert_eq!(idp.sign_in(&provider, |_, _, _| ()).await.unwrap_err(), LoginError::TokenMalformed);
}

#[tokio::test]
async fn a_key_can_prove_the_client_instead_of_a_secret() {
    let idp = Idp::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("client.pem");
    let pkcs8 = SigningKey::generate(Algorithm::Es256).unwrap();
    let pem = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &pkcs8);
    std::fs::write(&file, format!("-----BEGIN PRIVATE KEY-----\n{pem}\n-----END PRIVATE KEY-----\n"))
        .unwrap();
    let more = format!(
        "role = {{ official = {{ agency = \"A01\" }} }}\nauthentication = {{ private_key_jwt = {{ key_file = \"{}\", \
         key_id = \"c1\" }} }}",
        file.display()
    );
    assert!(idp.sign_in(&idp.provider(&more), |_, _, _| ()).await.is_ok());
    let (head, body) = idp.state().asked.clone();
    assert!(!head.to_lowercase().contains("authorization:"));
    let form: std::collections::BTreeMap<String, String> = serde_urlencoded::from_str(&body).unwrap();
    assert_eq!(form["client_id"], "minhbach");
    assert_eq!(form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    let claims = crate::login::jws::claims(&form["client_assertion"]).unwrap();
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!("minhbach"), &json!(idp.issuer)));

    std::fs::write(&file, "no key").unwrap();
    let exchange = Exchange::new(http::client().unwrap());
    let refused = Provider::new(idp.config(&more), CALLBACK.parse().unwrap(), exchange).unwrap_err();
    assert!(refused.to_string().contains("client.pem"), "{refused}");
}
