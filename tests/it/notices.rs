//! Shared Signals over HTTP: service tokens, what they open and what they do not.

use minhbach::admin;
use serde_json::{Value, json};

use crate::support::{
    ISSUER, TestApp,
    client::Caller,
    detail::{CITIZEN, licence},
    jws, on_both,
    reply::Reply,
};

on_both! {
    a_service_token_opens_ones_stream_and_no_data,
    what_is_not_such_a_token_opens_nothing,
    a_suspended_client_still_does_what_it_owes,
    the_configuration_names_what_works,
}

async fn asks_for(caller: &Caller<'_>, scope: &str) -> Reply {
    let mut form = caller.authentication();
    form.push(("grant_type", "client_credentials".to_owned()));
    form.push(("scope", scope.to_owned()));
    caller.token_form(&form).await
}

fn proof(caller: &Caller<'_>, method: &str, path: &str, token: &str) -> String {
    let mut claims = caller.proof_claims(&format!("{ISSUER}{path}"), Some(token), None);
    claims["htm"] = method.into();
    jws::signed(&caller.proof_header(), &claims, caller.key)
}

async fn post(caller: &Caller<'_>, path: &str, token: &str, body: &Value) -> Reply {
    post_with(caller, path, token, &proof(caller, "POST", path, token), body).await
}

async fn post_with(caller: &Caller<'_>, path: &str, token: &str, proof: &str, body: &Value) -> Reply {
    let authorization = format!("DPoP {token}");
    let headers =
        [("authorization", authorization.as_str()), ("dpop", proof), ("content-type", "application/json")];
    caller.post(path, body.to_string().into_bytes(), &headers).await
}

async fn send(caller: &Caller<'_>, method: reqwest::Method, path: &str, query: &str, token: &str) -> Reply {
    let proof = proof(caller, method.as_str(), path, token);
    let request = caller.app.http.request(method, format!("{}{path}{query}", caller.base));
    let request = request.header("authorization", format!("DPoP {token}")).header("dpop", proof);
    Reply::read(request.send().await.unwrap()).await
}

async fn a_service_token_opens_ones_stream_and_no_data(app: &mut TestApp) {
    let police = app.police();
    let before = app.count().await.entries;
    let reply = asks_for(&police, "ssf.manage").await.ok();
    assert_eq!((reply.at("/scope"), reply.at("/token_type")), ("ssf.manage", "DPoP"));
    assert!(reply.body.get("authorization_details").is_none());
    assert_eq!(app.kinds_since(before).await, ["token.issued"]);
    let token = reply.at("/access_token").to_owned();
    police.data(&token).await.challenged("at /data", "invalid_token", "token_audience");

    let push = json!({ "delivery": {
        "method": "urn:ietf:rfc:8935", "endpoint_url": "http://127.0.0.1:9/set", "authorization_header": "x",
    } });
    let made = post(&police, "/ssf/streams", &token, &push).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.at("/stream_id").to_owned();
    let query = format!("?stream_id={id}");
    let get = reqwest::Method::GET;
    assert_eq!(send(&police, get.clone(), "/ssf/streams", &query, &token).await.ok().body, made.body);
    let status = send(&police, get.clone(), "/ssf/status", &query, &token).await.ok();
    assert_eq!(status.body, json!({ "stream_id": id, "status": "enabled" }));
    let paused = json!({ "stream_id": id, "status": "paused" });
    assert_eq!(post(&police, "/ssf/status", &token, &paused).await.ok().body, paused);
    assert_eq!(
        post(&police, "/ssf/verify", &token, &json!({ "stream_id": id, "state": "s" })).await.status,
        204
    );
    let polled = post(&police, "/ssf/poll", &token, &json!({ "maxEvents": 5 })).await.ok();
    assert_eq!(polled.body["sets"].as_object().unwrap().len(), 1);
    let jti = polled.body["sets"].as_object().unwrap().keys().next().unwrap().clone();
    let owed = post(&police, "/ssf/attestations", &token, &json!({ "jti": jti, "done": "stopped" })).await;
    owed.problem("a verification asks for nothing", 404, "notice_unknown");
    let polled = post(&police, "/ssf/poll", &token, &json!({ "ack": [jti] })).await.ok();
    assert_eq!(polled.body, json!({ "sets": {}, "moreAvailable": false }));
    assert_eq!(send(&police, reqwest::Method::DELETE, "/ssf/streams", &query, &token).await.status, 204);
    assert_eq!(send(&police, get, "/ssf/streams", "", &token).await.ok().body, json!([]));
}

async fn what_is_not_such_a_token_opens_nothing(app: &mut TestApp) {
    let police = app.police();
    let poll = json!({});
    let bare = police.post("/ssf/poll", b"{}".to_vec(), &[("content-type", "application/json")]).await;
    bare.challenged("no token", "invalid_token", "token_missing");
    let data = police.token(&licence(CITIZEN, &["person.full_name"])).await.access_token();
    post(&police, "/ssf/poll", &data, &poll).await.challenged("for data", "invalid_token", "token_audience");
    let bank = app.caller("ngan-hang.xac-minh");
    let query = asks_for(&bank, "grant_management_query").await.access_token();
    post(&bank, "/ssf/poll", &query, &poll).await.problem("another scope", 403, "insufficient_scope");
    let token = asks_for(&bank, "ssf.manage grant_management_query").await.access_token();
    let once = proof(&bank, "POST", "/ssf/poll", &token);
    post_with(&bank, "/ssf/poll", &token, &once, &poll).await.ok();
    let again = post_with(&bank, "/ssf/poll", &token, &once, &poll).await;
    again.challenged("a proof twice", "invalid_dpop_proof", "proof_replayed");
    let elsewhere = proof(&bank, "POST", "/ssf/verify", &token);
    let moved = post_with(&bank, "/ssf/poll", &token, &elsewhere, &poll).await;
    moved.challenged("a proof for elsewhere", "invalid_dpop_proof", "dpop_htu");
    let insurance = app.insurance();
    let stolen = proof(&insurance, "POST", "/ssf/poll", &token);
    let other = post_with(&bank, "/ssf/poll", &token, &stolen, &poll).await;
    other.challenged("another's key", "invalid_dpop_proof", "dpop_other_key");
    let form = post(&bank, "/ssf/poll", &token, &json!({ "ack": "all" })).await;
    form.problem("not a list", 400, "body_malformed");
    bank.revoke(&token).await.ok();
    post(&bank, "/ssf/poll", &token, &poll).await.challenged("revoked", "invalid_token", "token_revoked");
    let unknown = asks_for(&bank, "ssf.manage openid").await;
    unknown.refused("unknown scope", 400, "invalid_scope", "scope_unsupported");
}

async fn a_suspended_client_still_does_what_it_owes(app: &mut TestApp) {
    let engines = app.engines().clone();
    admin::suspend_client(&engines, "csgt.giay-phep", None).await.unwrap();
    // The registry remembers for half a second of real time: a fresh node knows at once.
    app.restart().await;
    let police = app.police();
    let token = asks_for(&police, "ssf.manage").await.access_token();
    post(&police, "/ssf/poll", &token, &json!({})).await.ok();
    for scope in ["grant_management_query", "grant_management_revoke ssf.manage"] {
        let refused = asks_for(&police, scope).await;
        refused.refused(scope, 400, "unauthorized_client", "client_suspended");
    }
}

async fn the_configuration_names_what_works(app: &mut TestApp) {
    let police = app.police();
    let found = police.get("/.well-known/ssf-configuration").await.ok();
    assert_eq!((found.at("/spec_version"), found.at("/issuer")), ("1_0", ISSUER));
    for name in ["configuration_endpoint", "status_endpoint", "verification_endpoint"] {
        let address = found.at(&format!("/{name}"));
        let path = address.strip_prefix(ISSUER).unwrap();
        police.post(path, Vec::new(), &[]).await.challenged(name, "invalid_token", "token_missing");
    }
}
