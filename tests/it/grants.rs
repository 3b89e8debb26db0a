//! Grant Management for OAuth 2.0: create, merge, replace, query, revoke.

use std::time::Duration;

use minhbach::domain::consent::{Act, State};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    TestApp,
    client::Form,
    consent::{reminder, verification},
    jws, on_both,
    reply::Reply,
};

on_both! {
    a_grant_is_read_by_its_client_and_nobody_else,
    to_merge_adds_a_consent_and_widens_none,
    to_replace_ends_everything_older,
    a_grant_given_back_ends_with_all_its_tokens,
    a_service_token_for_grants_is_for_those_who_are_registered,
}

const FIELD: &str = "driver.expiry_date";

fn wish(mut form: Form, action: &str, grant: Option<&str>) -> Form {
    form.push(("grant_management_action", action.to_owned()));
    form.extend(grant.map(|id| ("grant_id", id.to_owned())));
    form
}

async fn state(app: &TestApp, consent: uuid::Uuid) -> State {
    State::parse(&app.engines().store.consent(consent).await.unwrap().unwrap().state).unwrap()
}

async fn a_grant_is_read_by_its_client_and_nobody_else(app: &mut TestApp) {
    let (ward, bank) = (app.ward(), app.bank());
    let (code, consent) = ward.code(&wish(ward.push_form(&reminder(5)), "create", None), &[FIELD]).await;
    let granted = ward.token_form(&ward.exchange(&code)).await.ok();
    let path = format!("/oauth/grants/{}", granted.at("/grant_id"));
    let token = ward.service_token("grant_management_query").await.access_token();
    let grant = ward.own(Method::GET, &path, &token).await.ok();
    assert_eq!(grant.header("cache-control"), "no-cache, no-store");
    let detail = &grant.body["authorization_details"][0];
    assert_eq!((&detail["id"], &detail["datatypes"]), (&json!(consent.row.id.to_string()), &json!([FIELD])));
    assert_eq!((&detail["uses_left"], &grant.body["updated_by"]), (&json!(4), &json!("client")));
    assert!(!grant.text().contains("999000000"));
    app.pass(Duration::from_secs(1));
    app.does(consent.row.id, Act::Pause).await;
    let paused = ward.own(Method::GET, &path, &token).await.ok();
    assert_eq!(paused.body["updated_by"], "authorization_server");
    let delete = ward.own(Method::DELETE, &path, &token).await;
    delete.problem("another scope", 403, "insufficient_scope");
    let bank_token = bank.service_token("grant_management_query").await.access_token();
    let foreign = bank.own(Method::GET, &path, &bank_token).await;
    foreign.problem("another client", 403, "grant_of_another_client");
    for unknown in ["01890000-0000-7000-8000-000000000001", "x", "01890000000070008000000000000001"] {
        let reply = ward.own(Method::GET, &format!("/oauth/grants/{unknown}"), &token).await;
        reply.problem(unknown, 404, "grant_unknown");
    }
    ward.get(&path).await.challenged("no token", "invalid_token", "token_missing");
    let data = granted.at("/access_token");
    ward.own(Method::GET, &path, data).await.challenged("a data token", "invalid_token", "token_audience");
}

async fn to_merge_adds_a_consent_and_widens_none(app: &mut TestApp) {
    let ward = app.ward();
    let (code, first) = ward.code(&ward.push_form(&reminder(5)), &[FIELD]).await;
    let old = ward.token_form(&ward.exchange(&code)).await.ok();
    let id = old.at("/grant_id").to_owned();
    app.pass(Duration::from_secs(1));
    let form = wish(ward.push_form(&reminder(7)), "merge", Some(&id));
    let (code, second) = ward.code(&form, &["passport.expiry_date"]).await;
    let new = ward.token_form(&ward.exchange(&code)).await.ok();
    assert_eq!(new.at("/grant_id"), id);
    assert_eq!(
        (state(app, first.row.id).await, state(app, second.row.id).await),
        (State::Given, State::Given)
    );
    let token = ward.service_token("grant_management_query").await.access_token();
    let grant = ward.own(Method::GET, &format!("/oauth/grants/{id}"), &token).await.ok();
    let fields: Vec<&Value> =
        grant.body["authorization_details"].as_array().unwrap().iter().map(|d| &d["datatypes"]).collect();
    assert_eq!(fields, [&json!([FIELD]), &json!(["passport.expiry_date"])], "two consents, neither wider");
    // The refresh token of before has ended, the access token lives with its consent.
    let stale = ward.refresh(old.at("/refresh_token")).await;
    stale.refused("the old refresh token", 400, "invalid_grant", "refresh_token_unknown");
    assert_eq!(ward.introspect(old.at("/access_token")).await.ok().body["active"], true);
    // The new one reaches both, each in its limits; which one must be said.
    app.pass(Duration::from_hours(7 * 24));
    let both = ward.refresh(new.at("/refresh_token")).await;
    assert_eq!(both.at("/error"), "invalid_authorization_details", "{}", both.text());
    // Once one is taken back, it is the other.
    app.does(first.row.id, Act::Withdraw).await;
    let left = ward.refresh(new.at("/refresh_token")).await.ok();
    assert_eq!(left.body["authorization_details"][0]["datatypes"], json!(["passport.expiry_date"]));
}

async fn to_replace_ends_everything_older(app: &mut TestApp) {
    let ward = app.ward();
    let (code, first) = ward.code(&ward.push_form(&reminder(5)), &[FIELD]).await;
    let old = ward.token_form(&ward.exchange(&code)).await.ok();
    let id = old.at("/grant_id").to_owned();
    let form = wish(ward.push_form(&reminder(7)), "replace", Some(&id));
    let (code, second) = ward.code(&form, &["passport.expiry_date"]).await;
    assert_eq!(
        (state(app, first.row.id).await, state(app, second.row.id).await),
        (State::Superseded, State::Given)
    );
    assert_eq!(ward.introspect(old.at("/access_token")).await.ok().body["active"], false);
    let stale = ward.refresh(old.at("/refresh_token")).await;
    stale.refused("the old refresh token", 400, "invalid_grant", "refresh_token_unknown");
    let new = ward.token_form(&ward.exchange(&code)).await.ok();
    assert_eq!(new.at("/grant_id"), id);
    assert_eq!(new.body["authorization_details"][0]["datatypes"], json!(["passport.expiry_date"]));
    // A grant of another client, and one that is none, can be neither extended nor replaced.
    let bank = app.bank();
    for (action, grant) in [("merge", id.as_str()), ("replace", "01890000-0000-7000-8000-000000000001")] {
        let refused = bank.push(&wish(bank.push_form(&verification()), action, Some(grant))).await;
        refused.refused(action, 400, "invalid_grant_id", "grant_unknown");
    }
}

async fn a_grant_given_back_ends_with_all_its_tokens(app: &mut TestApp) {
    let ward = app.ward();
    let (code, first) = ward.code(&ward.push_form(&reminder(5)), &[FIELD]).await;
    let id = ward.token_form(&ward.exchange(&code)).await.ok().at("/grant_id").to_owned();
    let (code, second) = ward.code(&wish(ward.push_form(&reminder(7)), "merge", Some(&id)), &[FIELD]).await;
    let granted = ward.token_form(&ward.exchange(&code)).await.ok();
    let (token, refresh) = (granted.at("/access_token"), granted.at("/refresh_token"));
    let path = format!("/oauth/grants/{id}");
    let key = ward.service_token("grant_management_query grant_management_revoke").await.access_token();
    let bank_key = app.bank().service_token("grant_management_revoke").await.access_token();
    let foreign: Reply = app.bank().own(Method::DELETE, &path, &bank_key).await;
    foreign.problem("another client", 403, "grant_of_another_client");
    let before = app.count().await.entries;
    let gone = ward.own(Method::DELETE, &path, &key).await;
    assert_eq!((gone.status, gone.bytes.len()), (204, 0), "{}", gone.text());
    assert_eq!(app.kinds_since(before).await, ["consent.revoked", "consent.revoked", "grant.revoked"]);
    for consent in [first.row.id, second.row.id] {
        assert_eq!(state(app, consent).await, State::Revoked);
    }
    assert_eq!(ward.introspect(token).await.ok().body["active"], false);
    ward.data(token).await.challenged("at /data", "invalid_token", "token_revoked");
    ward.refresh(refresh).await.refused("refresh", 400, "invalid_grant", "refresh_token_unknown");
    ward.own(Method::GET, &path, &key).await.problem("query", 404, "grant_unknown");
    ward.own(Method::DELETE, &path, &key).await.problem("twice", 404, "grant_unknown");
    assert_eq!(app.count().await.entries, before + 3);
    // The consents are over for every other way, too.
    app.pass(Duration::from_hours(7 * 24));
    let again = ward.token(&jws::without(&reminder(5), "limits")).await;
    assert_eq!(again.at("/error"), "consent_required", "{}", again.text());
}

async fn a_service_token_for_grants_is_for_those_who_are_registered(app: &mut TestApp) {
    let (police, ward) = (app.police(), app.ward());
    let before = app.count().await.entries;
    for scope in ["grant_management_query", "grant_management_revoke", "grant_management_query ssf.manage"] {
        police.service_token(scope).await.refused(scope, 400, "invalid_scope", "scope_unregistered");
    }
    let token = police.service_token("ssf.manage").await.access_token();
    assert_eq!(app.kinds_since(before).await, ["token.issued"]);
    police.data(&token).await.challenged("no personal data", "invalid_token", "token_audience");
    let both = ward.service_token("grant_management_revoke grant_management_query").await.ok();
    assert_eq!(both.at("/scope"), "grant_management_query grant_management_revoke");
    assert_eq!(jws::claims(both.at("/access_token"))["aud"], crate::support::ISSUER);
    assert!(both.body.get("authorization_details").is_none());
}
