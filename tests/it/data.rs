//! `POST /data`: which tokens it takes, what leaves, and that it is recorded before.

use std::time::Duration;

use minhbach::{crypto::Algorithm, jose::PrivateJwk, ledger::entry};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    TestApp,
    detail::{CITIZEN, LICENCE_FIELDS, NOBODY, licence},
    jws, on_both,
};

on_both! {
    the_granted_fields_leave_with_a_receipt_and_nothing_else_does,
    a_token_that_is_not_good_here_gets_nothing,
    a_bound_token_is_not_taken_as_a_bearer_token_or_from_the_address,
    a_token_ends_at_its_second,
    a_request_that_is_malformed_is_refused_before_anything_happens,
    a_person_in_no_register_is_no_record_and_the_use_comes_back,
}

async fn the_granted_fields_leave_with_a_receipt_and_nothing_else_does(app: &mut TestApp) {
    let police = app.police();
    let token = police.token(&licence(CITIZEN, LICENCE_FIELDS)).await.access_token();
    let before = app.count().await;
    let reply = police.data(&token).await.ok();
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.at("/purpose"), "driver.licence_renewal");
    assert_eq!(reply.at("/subject"), jws::claims(&token)["authorization_details"][0]["subject"]["handle"]);
    let data = reply.body["data"].as_object().unwrap();
    let mut delivered: Vec<&str> = data.keys().map(String::as_str).collect();
    let mut granted = LICENCE_FIELDS.to_vec();
    delivered.sort_unstable();
    granted.sort_unstable();
    assert_eq!(delivered, granted, "{}", reply.body["missing"]);
    assert_eq!(reply.at("/data/person.full_name/value"), "Nguyễn Văn Thử Nghiệm");
    assert_eq!(reply.at("/data/person.full_name/source"), "population");
    for answer in ["driver.has_points_left", "traffic.has_unpaid_fines"] {
        assert!(data[answer]["value"].is_boolean(), "{answer} is a yes or a no");
    }
    for datum in data.values() {
        let mut members: Vec<&str> = datum.as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, ["as_of", "source", "value"]);
    }
    assert_eq!(app.count().await.entries, before.entries + 1);

    // The receipt is signed, names the entry, and the entry says what left and holds no value.
    let receipt = reply.at("/receipt/jws");
    let keys = police.get("/oauth/jwks").await.ok();
    assert_eq!(jws::header(receipt)["kid"], keys.body["keys"][0]["kid"]);
    let claims = jws::claims(receipt);
    assert_eq!(
        (&claims["entry"], &claims["index"]),
        (&reply.body["receipt"]["entry"], &reply.body["receipt"]["index"])
    );
    let row = app
        .engines()
        .store
        .entry(Uuid::parse_str(reply.at("/receipt/entry")).unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(claims["index"], row.idx);
    let subject = app.engines().vault.subject(row.subject).await.unwrap().unwrap();
    let (record, _) = entry::open(&row, &subject).unwrap();
    assert_eq!(record.facts.fields, delivered);
    let told = serde_json::to_string(&record).unwrap();
    for datum in data.values() {
        let value = datum["value"].as_str().filter(|value| value.len() > 5);
        assert!(value.is_none_or(|value| !told.contains(value)), "a value is in the record");
    }
    // A receipt is signed with the same key, and is no access token.
    let reply = police.data_with(&format!("DPoP {receipt}"), &[police.data_proof(receipt)], &[]).await;
    reply.challenged("a receipt", "invalid_token", "token_type");
}

async fn a_token_that_is_not_good_here_gets_nothing(app: &mut TestApp) {
    let police = app.police();
    let detail = licence(CITIZEN, &["person.full_name"]);
    let token = police.token(&detail).await.access_token();
    let revoked = police.token(&detail).await.access_token();
    police.revoke(&revoked).await.ok();
    let before = app.count().await;
    let (header, claims) = (jws::header(&token), jws::claims(&token));
    let stranger = PrivateJwk::generate(Algorithm::Es256).unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let mut more = claims.clone();
    more["authorization_details"][0]["datatypes"] = json!(LICENCE_FIELDS);
    let tampered = format!("{}.{}.{}", parts[0], jws::encode(more.to_string()), parts[2]);
    let forged = |header: &Value| jws::signed(header, &claims, &stranger);
    let mut flipped = token.clone().into_bytes();
    let at = token.len() - 20;
    flipped[at] = if flipped[at] == b'A' { b'B' } else { b'A' };
    for (case, token, code) in [
        ("revoked", revoked.clone(), "token_revoked"),
        ("more fields written in", tampered, "jwt_signature"),
        ("signature changed", String::from_utf8(flipped).unwrap(), "jwt_signature"),
        ("signed by a stranger under our kid", forged(&header), "jwt_signature"),
        ("signed by a stranger", forged(&jws::with(&header, "kid", "x")), "token_unknown_key"),
        ("no kid", forged(&jws::without(&header, "kid")), "token_unknown_key"),
        ("none", jws::unsigned(&header, &claims), "jwt_algorithm"),
        ("another typ", forged(&jws::with(&header, "typ", "JWT")), "token_type"),
        ("a client assertion", police.assertion(), "token_type"),
        ("no jwt", "abc".to_owned(), "jwt_form"),
        ("empty", String::new(), "jwt_form"),
    ] {
        let reply = police.data_with(&format!("DPoP {token}"), &[police.data_proof(&token)], &[]).await;
        // `DPoP ` without a token is no token at all.
        let code = if token.is_empty() { "token_missing" } else { code };
        reply.challenged(case, "invalid_token", code);
    }
    assert_eq!(app.count().await, before);
    assert_eq!(app.registers.asked("population"), 0);
}

async fn a_bound_token_is_not_taken_as_a_bearer_token_or_from_the_address(app: &mut TestApp) {
    let police = app.police();
    let token = police.token(&licence(CITIZEN, &["person.full_name"])).await.access_token();
    let proof = || police.data_proof(&token);
    for authorization in
        [format!("Bearer {token}"), token.clone(), "DPoP".to_owned(), "Basic eDp5".to_owned()]
    {
        let reply = police.data_with(&authorization, &[proof()], &[]).await;
        reply.challenged("scheme", "invalid_token", "token_missing");
    }
    let two = [("authorization", format!("DPoP {token}")), ("authorization", format!("DPoP {token}"))];
    let two: Vec<(&str, &str)> = two.iter().map(|(name, value)| (*name, value.as_str())).collect();
    police.post("/data", Vec::new(), &[&two[..], &[("dpop", &proof())]].concat()).await.challenged(
        "twice",
        "invalid_token",
        "token_missing",
    );
    let query = format!("/data?access_token={token}");
    police.post(&query, Vec::new(), &[("dpop", &proof())]).await.challenged(
        "address",
        "invalid_token",
        "token_missing",
    );
    let body = format!("access_token={token}").into_bytes();
    let form = ("content-type", "application/x-www-form-urlencoded");
    police.post("/data", body, &[("dpop", &proof()), form]).await.challenged(
        "body",
        "invalid_token",
        "token_missing",
    );
    // The scheme's name in any case (RFC 9110 §11.1).
    police.data_with(&format!("dpop {token}"), &[proof()], &[]).await.ok();
}

async fn a_token_ends_at_its_second(app: &mut TestApp) {
    let police = app.police();
    let token = police.token(&licence(CITIZEN, &["person.full_name"])).await.access_token();
    app.pass(Duration::from_millis(299_999));
    police.data(&token).await.ok();
    app.pass(Duration::from_millis(1));
    police.data(&token).await.challenged("expired", "invalid_token", "token_expired");
    assert_eq!(police.introspect(&token).await.ok().body, json!({ "active": false }));
}

async fn a_request_that_is_malformed_is_refused_before_anything_happens(app: &mut TestApp) {
    let police = app.police();
    let token = police.token(&licence(CITIZEN, &["person.full_name"])).await.access_token();
    let before = app.count().await;
    let authorization = format!("DPoP {token}");
    let headers = [("authorization", authorization.as_str()), ("dpop", &police.data_proof(&token))];
    police.post("/data", vec![b'x'; 64 * 1024 + 1], &headers).await.problem(
        "oversized",
        413,
        "body_too_large",
    );
    for keys in [&["", ""][1..], &["a b"], &["k", "k"]] {
        let headers: Vec<(&str, &str)> = keys.iter().map(|key| ("idempotency-key", *key)).collect();
        let reply = police.data_with(&authorization, &[police.data_proof(&token)], &headers).await;
        reply.problem("key", 400, "idempotency_key_malformed");
    }
    let long = "k".repeat(256);
    police.data_again(&token, &long).await.problem("long key", 400, "idempotency_key_malformed");
    assert_eq!(app.count().await, before);
    assert_eq!(app.registers.asked("population"), 0);
}

async fn a_person_in_no_register_is_no_record_and_the_use_comes_back(app: &mut TestApp) {
    let police = app.police();
    let token =
        police.token(&licence(NOBODY, &["person.full_name", "driver.licence_no"])).await.access_token();
    for _ in 0..7 {
        let reply = police.data(&token).await;
        reply.problem("nobody", 404, "no_record");
        assert!(Uuid::parse_str(reply.at("/entry")).is_ok());
        assert!(!reply.text().contains(NOBODY));
    }
    let live = police.introspect(&token).await.ok();
    assert_eq!(live.body["authorization_details"][0]["uses_left"], 5);
}
