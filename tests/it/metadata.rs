//! Discovery and keys: what is advertised works, and keys change without anybody noticing.

use std::time::Duration;

use minhbach::keyring::Keyring;
use minhbach::time::Clock as _;
use serde_json::{Value, json};

use crate::support::{
    DATA, ISSUER, TestApp,
    detail::{CITIZEN, licence},
    eventually, jws, on_both,
};

on_both! {
    discovery_names_what_works_and_nothing_else,
    receipt_keys_are_published_for_anybody_and_for_good,
    a_new_key_is_published_before_it_signs_and_old_tokens_still_verify,
}

async fn discovery_names_what_works_and_nothing_else(app: &mut TestApp) {
    let police = app.police();
    let server = police.get("/.well-known/oauth-authorization-server").await.ok().body;
    assert_eq!(server["issuer"], ISSUER);
    for (member, value) in [
        (
            "grant_types_supported",
            json!([
                "client_credentials",
                "authorization_code",
                "refresh_token",
                "urn:openid:params:grant-type:ciba"
            ]),
        ),
        ("response_types_supported", json!(["code"])),
        ("response_modes_supported", json!(["query", "jwt"])),
        ("code_challenge_methods_supported", json!(["S256"])),
        ("require_pushed_authorization_requests", json!(true)),
        ("authorization_response_iss_parameter_supported", json!(true)),
        ("backchannel_token_delivery_modes_supported", json!(["poll"])),
        ("grant_management_actions_supported", json!(["query", "revoke", "create", "merge", "replace"])),
        ("authorization_endpoint", json!(format!("{ISSUER}/oauth/authorize"))),
        ("grant_management_endpoint", json!(format!("{ISSUER}/oauth/grants"))),
        ("token_endpoint_auth_methods_supported", json!(["private_key_jwt"])),
        ("token_endpoint_auth_signing_alg_values_supported", json!(["ES256", "EdDSA", "Ed25519", "PS256"])),
        ("dpop_signing_alg_values_supported", json!(["ES256", "EdDSA", "Ed25519", "PS256"])),
        ("authorization_details_types_supported", json!(["urn:minhbach:personal-data"])),
    ] {
        assert_eq!(server[member], value, "{member}");
    }
    for absent in ["registration_endpoint", "device_authorization_endpoint", "userinfo_endpoint"] {
        assert!(server.get(absent).is_none(), "{absent}");
    }
    for (member, value) in server.as_object().unwrap() {
        let Some(path) = value.as_str().and_then(|address| address.strip_prefix(ISSUER)) else { continue };
        if member == "grant_management_endpoint" {
            police.get(&format!("{path}/x")).await.challenged(member, "invalid_token", "token_missing");
        } else if member == "authorization_endpoint" {
            // A page for people: the portal's tests go there.
        } else if member == "status_list_aggregation_endpoint" {
            assert!(police.get(path).await.ok().body["status_lists"].is_array());
        } else if member.ends_with("_endpoint") {
            assert_eq!(police.post(path, Vec::new(), &[]).await.status, 415, "{member}");
        } else if member == "jwks_uri" {
            police.get(path).await.ok();
        }
    }
    let resource = police.get("/.well-known/oauth-protected-resource").await.ok().body;
    assert_eq!((&resource["resource"], &resource["authorization_servers"]), (&json!(DATA), &json!([ISSUER])));
    assert_eq!(resource["dpop_bound_access_tokens_required"], true);
    let keys = police.get("/oauth/jwks").await.ok();
    assert!(keys.header("cache-control").contains("max-age"));
    for key in keys.body["keys"].as_array().unwrap() {
        assert!(key.get("d").is_none() && key["alg"] == "ES256" && key["kid"].is_string(), "{key}");
    }
}

async fn receipt_keys_are_published_for_anybody_and_for_good(app: &mut TestApp) {
    let police = app.police();
    let answer = police.get("/receipts/keys").await.ok();
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let keys = answer.body["keys"].as_array().unwrap().clone();
    assert_eq!(keys.len(), 1);
    for key in &keys {
        assert!(key.get("d").is_none() && key["alg"] == "EdDSA" && key["kid"].is_string(), "{key}");
    }
    // A token key is no receipt key, and the other way round.
    let tokens = police.get("/oauth/jwks").await.ok().body;
    assert!(tokens["keys"].as_array().unwrap().iter().all(|key| key["kid"] != keys[0]["kid"]));
    let kid = Keyring::rotate_receipts(&app.config.keys, app.clock.now(), Duration::from_mins(10)).unwrap();
    eventually("the new key is published beside the old one", async || {
        let now = police.get("/receipts/keys").await.ok().body["keys"].as_array().unwrap().clone();
        (now.len() == 2 && now[0] == keys[0] && now[1]["kid"] == kid.as_str()).then_some(())
    })
    .await;
}

async fn a_new_key_is_published_before_it_signs_and_old_tokens_still_verify(app: &mut TestApp) {
    let police = app.police();
    let detail = licence(CITIZEN, &["person.full_name"]);
    let published = async || -> Vec<Value> {
        let keys = police.get("/oauth/jwks").await.ok().body;
        keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].clone()).collect()
    };
    let kid = |token: &str| jws::header(token)["kid"].clone();
    let old = published().await[0].clone();
    let minutes = |n: u64| Duration::from_secs(60 * n);
    let new = Keyring::rotate(&app.config.keys, app.clock.now(), minutes(10), minutes(5)).unwrap();
    eventually("the new key", async || (published().await.len() == 2).then_some(())).await;
    assert_eq!(kid(&police.token(&detail).await.access_token()), old, "published, not yet in force");
    app.pass(minutes(9));
    let last = police.token(&detail).await.access_token();
    assert_eq!(kid(&last), old);
    app.pass(minutes(1));
    let first = police.token(&detail).await.access_token();
    assert_eq!(kid(&first), new);
    for token in [&last, &first] {
        police.data(token).await.ok();
        assert_eq!(police.introspect(token).await.ok().body["active"], true);
    }
    assert_eq!(published().await, [old, json!(new)]);
    app.pass(minutes(5));
    assert_eq!(published().await, [json!(new)], "the old one is gone with its last token");
    assert_eq!(kid(&police.token(&detail).await.access_token()), new);
}
