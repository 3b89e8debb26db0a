//! `POST /oauth/introspect` (RFC 7662): the three views of one token.

use minhbach::{
    admin::{self, ClientSpec},
    crypto::Algorithm,
    domain::client::Profile,
    jose::{Jwks, PrivateJwk},
};
use serde_json::json;

use crate::support::{
    DATA, TestApp,
    client::Caller,
    detail::{CITIZEN, licence},
    jws, on_both,
};

on_both! {
    each_sees_of_a_token_what_is_hers_to_see,
    what_is_no_live_token_is_inactive_and_nothing_else_is_said,
}

const AUDIENCE: &str = "https://holder.example/records";

/// Registers a data holder that enforces for itself.
async fn holder(app: &TestApp) -> PrivateJwk {
    let key = PrivateJwk::generate(Algorithm::EdDsa).unwrap();
    let spec = ClientSpec {
        client_id: "holder".to_owned(),
        agency: "benh-vien-mau".to_owned(),
        name: "Kho hồ sơ (giả lập)".to_owned(),
        jwks: Jwks::new(vec![key.public().clone()]),
        purposes: [].into(),
        redirect_uris: Vec::new(),
        audience: Some(AUDIENCE.to_owned()),
        actor_issuers: Vec::new(),
        profile: Profile::default(),
    };
    admin::register_client(app.engines(), &spec).await.unwrap();
    key
}

/// Introspection by a client whose key is Ed25519.
async fn introspect_as(caller: &Caller<'_>, token: &str) -> serde_json::Value {
    let header = jws::with(&caller.assertion_header(), "alg", "EdDSA");
    let mut form = caller.authentication();
    form[1].1 = jws::signed(&header, &caller.assertion_claims(), caller.key);
    form.push(("token", token.to_owned()));
    caller.post_form("/oauth/introspect", &form, &[]).await.ok().body
}

async fn each_sees_of_a_token_what_is_hers_to_see(app: &mut TestApp) {
    let key = holder(app).await;
    let holder = Caller { client_id: "holder", ..app.police().with_key(&key) };
    let police = app.police();
    let mut form = police.form(&licence(CITIZEN, &["person.full_name"]));
    form.push(("resource", AUDIENCE.to_owned()));
    let token = police.token_form(&form).await.access_token();
    assert_eq!(jws::claims(&token)["aud"], AUDIENCE);

    let own = police.introspect(&token).await.ok();
    assert_eq!(own.header("cache-control"), "no-store");
    assert_eq!((&own.body["active"], own.at("/token_type")), (&json!(true), "DPoP"));
    assert_eq!(own.body["cnf"]["jkt"], police.key.public().thumbprint());
    assert_eq!(
        own.body["authorization_details"][0]["subject"],
        jws::claims(&token)["authorization_details"][0]["subject"]
    );
    assert!(!own.text().contains(CITIZEN));

    let its = introspect_as(&holder, &token).await;
    assert_eq!(its["authorization_details"][0]["subject"]["national_id"], CITIZEN);
    assert_eq!((&its["active"], &its["client_id"]), (&json!(true), &json!("csgt.giay-phep")));
    // Anybody else, and the same holder about a token for another audience.
    assert_eq!(app.insurance().introspect(&token).await.ok().body, json!({ "active": false }));
    let elsewhere = police.token(&licence(CITIZEN, &["person.full_name"])).await.access_token();
    assert_eq!(introspect_as(&holder, &elsewhere).await, json!({ "active": false }));
    // The data endpoint is another audience.
    police.data(&token).await.challenged("another audience", "invalid_token", "token_audience");
    assert_eq!(jws::claims(&elsewhere)["aud"], DATA);
    // Revoked, it is over for the holder too.
    police.revoke(&token).await.ok();
    assert_eq!(introspect_as(&holder, &token).await, json!({ "active": false }));
}

async fn what_is_no_live_token_is_inactive_and_nothing_else_is_said(app: &mut TestApp) {
    let police = app.police();
    let token = police.token(&licence(CITIZEN, &["person.full_name"])).await.access_token();
    let before = app.count().await;
    let stranger = PrivateJwk::generate(Algorithm::Es256).unwrap();
    let forged = jws::signed(&jws::header(&token), &jws::claims(&token), &stranger);
    for no_token in ["x", "a.b.c", &forged, &police.assertion(), &token[..token.len() - 1]] {
        let reply = police.introspect(no_token).await.ok();
        assert_eq!(reply.body, json!({ "active": false }));
        police.revoke(no_token).await.ok();
    }
    let without = police.authentication();
    police.post_form("/oauth/introspect", &without, &[]).await.refused(
        "no token",
        400,
        "invalid_request",
        "token_missing",
    );
    let mut hinted = police.authentication();
    hinted.push(("token", token.clone()));
    hinted.push(("token_type_hint", "refresh_token".to_owned()));
    assert_eq!(
        police.post_form("/oauth/introspect", &hinted, &[]).await.ok().body["active"],
        true,
        "a hint is only a hint"
    );
    assert_eq!(app.count().await, before, "reading a token's state is no entry");
}
