//! The citizen's own token: software of an agency reads for her what she allowed, each reading stands in her history,
//! and nothing else opens.

use std::time::Duration;

use minhbach::{
    admin,
    domain::{
        consent::{Act, State},
        record::Facts,
        standing::{Edit, What},
    },
    ledger::entry,
    oauth::Arrival,
    standing,
};
use reqwest::Method;
use serde_json::json;

use crate::support::{
    DATA, ISSUER, TestApp,
    client::Caller,
    consent::{herself, reminder},
    detail::{CITIZEN, OTHER, licence},
    eventually, jws, on_both,
    reply::Reply,
};

on_both! {
    what_she_allows_is_read_and_each_reading_stands_in_her_history,
    every_address_demands_its_scope_and_nothing_can_be_done_for_her,
    a_token_opens_its_own_audience_and_no_other,
    what_is_paused_withdrawn_or_ruled_out_opens_nothing_from_the_next_call_on,
    a_suspended_or_shrunk_client_reads_nothing,
    a_token_ends_and_a_refreshed_one_reads_on_until_the_consent_is_over,
    no_reading_gets_past_a_withdrawal_that_is_committed,
    scopes_are_for_software_that_is_registered_for_them_and_for_nothing_else,
    scopes_and_data_never_share_a_grant,
    a_proof_is_of_this_call_once_and_by_the_tokens_key,
    whoever_has_ruled_the_agency_out_is_not_asked,
}

pub(crate) const BOTH: &str = "me.history me.consents";
pub(crate) const ACCESSES: &str = "/api/v1/me/accesses";
const CONSENTS: &str = "/api/v1/me/consents";
const AUDIENCE: &str = "http://127.0.0.1:8080/api/v1/me";
const AGENCY: &str = "ubnd-phuong-mau";

/// What came of a yes.
pub(crate) struct Given {
    pub(crate) token: String,
    pub(crate) refresh: String,
    grant: String,
    pub(crate) consent: uuid::Uuid,
}

/// The whole way: pushed, asked, allowed, exchanged.
pub(crate) async fn allowed(app: &TestApp, scope: &str) -> Given {
    let ward = app.ward();
    let (code, consent) = ward.code(&ward.push_scopes(scope), &[]).await;
    let granted = ward.token_form(&ward.exchange(&code)).await.ok();
    assert_eq!(granted.at("/scope"), scope);
    let said = |member: &str| granted.at(member).to_owned();
    let (token, refresh, grant) = (said("/access_token"), said("/refresh_token"), said("/grant_id"));
    Given { token, refresh, grant, consent: consent.row.id }
}

pub(crate) async fn read(caller: &Caller<'_>, path: &str, token: &str) -> Reply {
    caller.own(Method::GET, path, token).await
}

/// What her history holds of a kind, oldest first.
pub(crate) async fn recorded(app: &TestApp, kind: &str) -> Vec<Facts> {
    let person = app.citizen().await;
    let mut rows = app.engines().store.chain(person.id(), i64::MAX, 1000).await.unwrap();
    rows.reverse();
    let of_kind = rows.into_iter().filter(|row| row.kind == kind);
    of_kind.map(|row| entry::open(&row, &person).unwrap().0.facts).collect()
}

/// It is a refusal for want of a scope (RFC 6750 §3.1).
fn insufficient(reply: &Reply, case: &str, code: &str) {
    reply.problem(case, 403, code);
    let challenge = reply.header("www-authenticate");
    assert!(challenge.starts_with("DPoP error=\"insufficient_scope\""), "{case}: {challenge}");
    assert!(challenge.contains("/.well-known/oauth-protected-resource/api/v1/me\""), "{case}: {challenge}");
}

async fn what_she_allows_is_read_and_each_reading_stands_in_her_history(app: &mut TestApp) {
    let (ward, police) = (app.ward(), app.police());
    let seen = police.token(&licence(CITIZEN, &["person.full_name"])).await.access_token();
    police.data(&seen).await.ok();
    let before = app.count().await.entries;
    let Given { token, grant, consent, .. } = allowed(app, BOTH).await;
    assert_eq!(app.kinds_since(before).await, ["consent.asked", "consent.given", "token.issued"]);
    let claims = jws::claims(&token);
    assert_eq!((&claims["aud"], &claims["scope"]), (&json!(AUDIENCE), &json!(BOTH)));
    assert_eq!((&claims["grant_id"], &claims["client_id"]), (&json!(grant), &json!("ubnd.cong-dan")));
    assert!(claims.get("authorization_details").is_none() && claims["cnf"]["jkt"].is_string());
    assert_ne!(claims["sub"], claims["client_id"], "its subject is the person, as the agency knows her");
    assert!(!claims.to_string().contains(CITIZEN));

    let before = app.count().await.entries;
    let list = read(&ward, &format!("{ACCESSES}?limit=50"), &token).await.ok();
    assert_eq!(list.header("cache-control"), "no-store");
    let kinds: Vec<&str> = list.body["accesses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|access| access["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds[..4], ["program.read", "token.issued", "consent.given", "consent.asked"]);
    assert!(kinds.contains(&"data.released"));
    let first = &list.body["accesses"][0];
    assert_eq!(first["agency"]["id"], AGENCY);
    assert_eq!(first["purpose"]["title"]["en"], "Let a program read for you");
    let released = list.body["accesses"].as_array().unwrap().iter().find(|a| a["kind"] == "data.released");
    let id = released.unwrap()["id"].as_str().unwrap().to_owned();
    let detail = read(&ward, &format!("{ACCESSES}/{id}"), &token).await.ok();
    assert_eq!(detail.body["fields"], json!(["person.full_name"]));
    read(&ward, "/api/v1/me/summary", &token).await.ok();
    // However often it reads: one entry for the token and the scope, and the first stood there before anything was shown.
    assert_eq!(app.kinds_since(before).await, ["program.read"]);
    let consents = read(&ward, CONSENTS, &token).await.ok();
    let own = &consents.body["consents"][0];
    assert_eq!((&own["id"], &own["scopes"]), (&json!(consent), &json!(["me.history", "me.consents"])));
    let whole = read(&ward, &format!("{CONSENTS}/{consent}"), &token).await.ok();
    assert_eq!(whole.body["state"], "given");
    assert!(whole.body.get("csrf").is_none(), "nothing that a session's forms could be sent with");
    assert_eq!(app.kinds_since(before).await, ["program.read", "program.read"]);
    let facts = recorded(app, "program.read").await;
    let said = |facts: &Facts| (facts.target.clone().unwrap(), facts.client.clone().unwrap());
    let by = |scope: &str| (scope.to_owned(), "ubnd.cong-dan".to_owned());
    assert_eq!(facts.iter().map(said).collect::<Vec<_>>(), [by("me.history"), by("me.consents")]);
    assert!(facts.iter().all(|facts| facts.consent == Some(consent.to_string())));
    assert!(recorded(app, "history.read").await.is_empty(), "it was software that read, and not she");

    let active = ward.introspect(&token).await.ok().body;
    assert_eq!(
        (&active["active"], &active["scope"], &active["aud"]),
        (&json!(true), &json!(BOTH), &json!(AUDIENCE))
    );
    assert_eq!(app.bank().introspect(&token).await.ok().body, json!({ "active": false }));
    let service = ward.service_token("grant_management_query").await.access_token();
    let described = read(&ward, &format!("/oauth/grants/{grant}"), &service).await.ok();
    assert_eq!(described.body["scopes"][0], json!({ "scope": "me.history", "resource": [AUDIENCE] }));
}

async fn every_address_demands_its_scope_and_nothing_can_be_done_for_her(app: &mut TestApp) {
    let ward = app.ward();
    let history = allowed(app, "me.history").await;
    let consents = allowed(app, "me.consents").await;
    let mine = format!("{CONSENTS}/{}", history.consent);
    let before = app.count().await.entries;
    for path in [CONSENTS, &mine] {
        insufficient(&read(&ward, path, &history.token).await, path, "insufficient_scope");
    }
    let refused = read(&ward, ACCESSES, &consents.token).await;
    insufficient(&refused, ACCESSES, "insufficient_scope");
    assert!(refused.header("www-authenticate").contains("scope=\"me.history\""));
    for token in [&history.token, &consents.token] {
        let withdraw = ward.own(Method::POST, &format!("{mine}/withdraw"), token).await;
        insufficient(&withdraw, "withdraw", "program_only_reads");
        insufficient(&read(&ward, "/api/v1/me/choices", token).await, "choices", "program_only_reads");
    }
    assert_eq!(app.count().await.entries, before, "nothing was read, so nothing is recorded");
    read(&ward, ACCESSES, &history.token).await.ok();
    read(&ward, CONSENTS, &consents.token).await.ok();
    // Somebody else's, and none at all, are the same.
    for id in ["01890000-0000-7000-8000-000000000001", "x"] {
        read(&ward, &format!("{CONSENTS}/{id}"), &consents.token).await.problem(id, 404, "not_found");
        read(&ward, &format!("{ACCESSES}/{id}"), &history.token).await.problem(id, 404, "not_found");
    }
    let other = app.police().token(&licence(OTHER, &["person.full_name"])).await.access_token();
    app.police().data(&other).await.ok();
    let theirs = app.engines().store.log_entries(0, 1000).await.unwrap().pop().unwrap().id;
    let reply = read(&ward, &format!("{ACCESSES}/{theirs}"), &history.token).await;
    reply.problem("another person's entry", 404, "not_found");
    // Pages are for people.
    let page = read(&ward, "/me/history", &history.token).await;
    assert_ne!(page.status, 200);
}

async fn a_token_opens_its_own_audience_and_no_other(app: &mut TestApp) {
    let (ward, police) = (app.ward(), app.police());
    let own = allowed(app, BOTH).await.token;
    let audience = ("invalid_token", "token_audience");
    ward.data(&own).await.challenged("at the data", audience.0, audience.1);
    let grants = read(&ward, "/oauth/grants/01890000-0000-7000-8000-000000000001", &own).await;
    grants.challenged("at the grants", audience.0, audience.1);
    read(&ward, "/ssf/streams", &own).await.challenged("at the stream", audience.0, audience.1);
    let data = police.token(&licence(CITIZEN, &["person.full_name"])).await.access_token();
    read(&police, ACCESSES, &data).await.challenged("a data token", audience.0, audience.1);
    let service = ward.service_token("grant_management_query").await.access_token();
    read(&ward, ACCESSES, &service).await.challenged("a service token", audience.0, audience.1);
    read(&ward, ACCESSES, "x").await.challenged("no token", "invalid_token", "jwt_form");
    let document = ward.get("/.well-known/oauth-protected-resource/api/v1/me").await.ok().body;
    assert_eq!(
        (&document["resource"], &document["scopes_supported"]),
        (&json!(AUDIENCE), &json!(["me.history", "me.consents"]))
    );
    let server = ward.get("/.well-known/oauth-authorization-server").await.ok().body;
    assert_eq!(server["protected_resources"], json!([DATA, AUDIENCE]));
    let scopes = server["scopes_supported"].as_array().unwrap();
    assert!(scopes.contains(&json!("me.history")) && scopes.contains(&json!("me.consents")));
}

async fn what_is_paused_withdrawn_or_ruled_out_opens_nothing_from_the_next_call_on(app: &mut TestApp) {
    let ward = app.ward();
    let Given { token, refresh, consent, .. } = allowed(app, BOTH).await;
    app.does(consent, Act::Pause).await;
    let paused = read(&ward, ACCESSES, &token).await;
    paused.problem("paused", 403, "consent_paused");
    assert!(paused.body["entry"].is_string(), "a refusal is an entry");
    assert!(recorded(app, "program.read").await.is_empty());
    assert_eq!(ward.introspect(&token).await.ok().body["active"], false);
    ward.refresh(&refresh).await.refused("paused", 403, "access_denied", "consent_paused");
    app.does(consent, Act::Resume).await;
    // The reading that was refused left nothing behind that would pass for an entry.
    read(&ward, ACCESSES, &token).await.ok();
    assert_eq!(recorded(app, "program.read").await.len(), 1);

    let (engines, person) = (app.engines(), app.citizen().await);
    let never = Edit::Add(What::NeverAgency(AGENCY.to_owned()));
    let rules = standing::change(engines, &person, &herself(), 0, never).await.unwrap();
    read(&ward, ACCESSES, &token).await.problem("ruled out", 403, "standing_never_agency");
    assert_eq!(ward.introspect(&token).await.ok().body["active"], false);
    let remove = Edit::Remove(rules.choices[0].id);
    standing::change(engines, &person, &herself(), rules.revision, remove).await.unwrap();
    read(&ward, ACCESSES, &token).await.ok();

    app.does(consent, Act::Withdraw).await;
    for path in [ACCESSES, CONSENTS, "/api/v1/me/summary"] {
        read(&ward, path, &token).await.challenged(path, "invalid_token", "token_revoked");
    }
    assert_eq!(ward.introspect(&token).await.ok().body, json!({ "active": false }));
    ward.refresh(&refresh).await.refused("withdrawn", 400, "invalid_grant", "refresh_token_unknown");
    let row = engines.store.consent(consent).await.unwrap().unwrap();
    assert_eq!(State::parse(&row.state), Some(State::Withdrawn));
}

async fn a_suspended_or_shrunk_client_reads_nothing(app: &mut TestApp) {
    let ward = app.ward();
    let Given { token, refresh, .. } = allowed(app, BOTH).await;
    let engines = app.engines();
    admin::suspend_client(engines, "ubnd.cong-dan", Some("test")).await.unwrap();
    read(&ward, ACCESSES, &token).await.problem("suspended", 403, "client_suspended");
    eventually("the suspension at the push, which looks twice a second", async || {
        let pushed = ward.push(&ward.push_scopes(BOTH)).await;
        (pushed.body["reason"] == "client_suspended").then_some(())
    })
    .await;
    admin::restore_client(engines, "ubnd.cong-dan", Some("test")).await.unwrap();
    let reads = async || (read(&ward, ACCESSES, &token).await.status == 200).then_some(());
    eventually("that it reads again", reads).await;
    // Registered anew for less: what was allowed before does not open what it may no longer ask for.
    app.reregister("ubnd.cong-dan", |profile| profile["scopes"] = json!(["me.consents"])).await;
    eventually("that the register is read again", async || {
        let shrunk = read(&ward, ACCESSES, &token).await;
        (shrunk.status == 403).then(|| shrunk.problem("shrunk", 403, "purpose_not_registered"))
    })
    .await;
    let refused = ward.refresh(&refresh).await;
    refused.refused("shrunk", 400, "unauthorized_client", "purpose_not_registered");
    ward.push(&ward.push_scopes(BOTH)).await.refused("shrunk", 400, "invalid_scope", "scope_unregistered");
}

async fn a_token_ends_and_a_refreshed_one_reads_on_until_the_consent_is_over(app: &mut TestApp) {
    let ward = app.ward();
    let Given { token, refresh, consent, .. } = allowed(app, "me.history").await;
    app.pass(Duration::from_mins(5));
    read(&ward, ACCESSES, &token).await.challenged("over", "invalid_token", "token_expired");
    let second = ward.refresh(&refresh).await.ok();
    assert_eq!((second.at("/scope"), second.body.get("authorization_details")), ("me.history", None));
    read(&ward, ACCESSES, second.at("/access_token")).await.ok();
    app.bank().refresh(&refresh).await.refused("another's", 400, "invalid_grant", "refresh_token_unknown");
    let revoked = second.at("/access_token").to_owned();
    ward.revoke(&revoked).await.ok();
    read(&ward, ACCESSES, &revoked).await.challenged("revoked", "invalid_token", "token_revoked");
    let row = app.engines().store.consent(consent).await.unwrap().unwrap();
    assert_eq!(row.used, 2, "every token counts");
    app.pass(Duration::from_hours(24 * 90));
    let over = ward.refresh(&refresh).await;
    assert!(over.status >= 400 && over.body.get("access_token").is_none(), "{}", over.text());
}

async fn no_reading_gets_past_a_withdrawal_that_is_committed(app: &mut TestApp) {
    let ward = app.ward();
    let Given { token, consent, .. } = allowed(app, "me.history").await;
    read(&ward, ACCESSES, &token).await.ok();
    let readings = async {
        let mut answers = Vec::new();
        for _ in 0..12 {
            let began = app.engines().store.consent(consent).await.unwrap().unwrap().state;
            answers.push((began, read(&ward, ACCESSES, &token).await.status));
        }
        answers
    };
    let withdrawal = async {
        tokio::task::yield_now().await;
        app.does(consent, Act::Withdraw).await;
    };
    let (answers, ()) = tokio::join!(readings, withdrawal);
    for (began, status) in answers {
        assert!(began == "given" || status == 401, "{began} {status}");
    }
    read(&ward, ACCESSES, &token).await.challenged("after", "invalid_token", "token_revoked");
}

async fn scopes_are_for_software_that_is_registered_for_them_and_for_nothing_else(app: &mut TestApp) {
    let (ward, bank) = (app.ward(), app.bank());
    let scope = "invalid_scope";
    bank.push(&bank.push_scopes(BOTH)).await.refused("unregistered", 400, scope, "scope_unregistered");
    let mut mixed = ward.push_form(&reminder(5));
    mixed.push(("scope", "me.history".to_owned()));
    ward.push(&mixed).await.refused("with details", 400, scope, "scope_and_details");
    for other in ["openid", "me.everything", "me.history grant_management_query", "me.consents.manage"] {
        ward.push(&ward.push_scopes(other)).await.refused(other, 400, scope, "scope_unsupported");
    }
    let mut elsewhere = ward.push_scopes(BOTH);
    elsewhere.push(("resource", DATA.to_owned()));
    ward.push(&elsewhere).await.refused("elsewhere", 400, "invalid_target", "resource_unknown");
    let mut here = ward.push_scopes(BOTH);
    here.push(("resource", AUDIENCE.to_owned()));
    assert_eq!(ward.push(&here).await.status, 201);
    // Software that cannot prove who it is asks nobody anything.
    let mut public = ward.push_scopes(BOTH);
    public.retain(|pair| !pair.0.starts_with("client_assertion"));
    public.push(("client_id", "ubnd.cong-dan".to_owned()));
    ward.push(&public).await.refused("public", 401, "invalid_client", "client_authentication_missing");
    ward.service_token("me.history").await.refused("by itself", 400, scope, "scope_unsupported");
    let mut absent = ward.absent_form(&reminder(5), ("login_hint", "x"));
    absent.push(("scope", "me.history".to_owned()));
    ward.ask_absent(&absent).await.refused("not there", 400, scope, "scope_unsupported");
    let mut data = licence(CITIZEN, &["person.full_name"]);
    data["purpose"] = "me.access".into();
    let named = app.police().token(&data).await;
    named.refused("as a purpose", 400, "invalid_authorization_details", "purpose_unknown");
    let mut resource = app.police().form(&licence(CITIZEN, &["person.full_name"]));
    resource.push(("resource", AUDIENCE.to_owned()));
    app.police().token_form(&resource).await.refused("data", 400, "invalid_target", "resource_unknown");
    assert!(app.waiting().await.is_none(), "nobody was asked");
    assert!(recorded(app, "token.issued").await.is_empty());
}

async fn scopes_and_data_never_share_a_grant(app: &mut TestApp) {
    let ward = app.ward();
    let Given { grant, refresh, .. } = allowed(app, BOTH).await;
    for action in ["merge", "replace"] {
        let wish = |mut form: crate::support::client::Form| {
            form.push(("grant_management_action", action.to_owned()));
            form.push(("grant_id", grant.clone()));
            form
        };
        let into = ward.push(&wish(ward.push_form(&reminder(5)))).await;
        into.refused(action, 400, "invalid_grant_id", "grant_unknown");
        let from = ward.push(&wish(ward.push_scopes(BOTH))).await;
        from.refused(action, 400, "invalid_request", "grant_of_scopes");
    }
    let mut form = ward.authentication();
    form.push(("grant_type", "refresh_token".to_owned()));
    form.push(("refresh_token", refresh.clone()));
    form.push(("authorization_details", json!([reminder(5)]).to_string()));
    let beyond = ward.token_form(&form).await;
    assert_eq!(beyond.at("/error"), "invalid_authorization_details", "{}", beyond.text());
    ward.refresh(&refresh).await.ok();
    let service = ward.service_token("grant_management_revoke").await.access_token();
    assert_eq!(ward.own(Method::DELETE, &format!("/oauth/grants/{grant}"), &service).await.status, 204);
    ward.refresh(&refresh).await.refused("given back", 400, "invalid_grant", "refresh_token_unknown");
}

async fn a_proof_is_of_this_call_once_and_by_the_tokens_key(app: &mut TestApp) {
    let (ward, bank) = (app.ward(), app.bank());
    let token = allowed(app, BOTH).await.token;
    let stolen = bank.own(Method::GET, ACCESSES, &token).await;
    stolen.challenged("another key", "invalid_dpop_proof", "dpop_other_key");
    let mut claims = ward.proof_claims(&format!("{ISSUER}{ACCESSES}"), Some(&token), None);
    claims["htm"] = "GET".into();
    let proof = jws::signed(&ward.proof_header(), &claims, ward.key);
    let send = async |scheme: &str, path: &str| {
        let request = app.http.get(format!("{}{path}", ward.base));
        let request = request.header("authorization", format!("{scheme} {token}")).header("dpop", &proof);
        Reply::read(request.send().await.unwrap()).await
    };
    send("Bearer", ACCESSES).await.challenged("as a bearer token", "invalid_token", "token_missing");
    assert_eq!(send("DPoP", CONSENTS).await.status, 401, "another address");
    send("DPoP", ACCESSES).await.ok();
    send("DPoP", ACCESSES).await.challenged("again", "invalid_dpop_proof", "proof_replayed");
    let bare = ward.get(ACCESSES).await;
    assert_eq!((bare.status, bare.at("/code")), (401, "not_signed_in"));
}

async fn whoever_has_ruled_the_agency_out_is_not_asked(app: &mut TestApp) {
    let (ward, person) = (app.ward(), app.citizen().await);
    let never = Edit::Add(What::NeverAgency(AGENCY.to_owned()));
    standing::change(app.engines(), &person, &herself(), 0, never).await.unwrap();
    let pushed = ward.push(&ward.push_scopes(BOTH)).await;
    assert_eq!(pushed.status, 201, "{}", pushed.text());
    let arrival = ward.arrives(pushed.at("/request_uri")).await.unwrap();
    let Arrival::RuledOut(location) = arrival else { panic!("{arrival:?}") };
    assert!(location.contains("error=access_denied"), "{location}");
    assert!(app.waiting().await.is_none());
    let withheld = recorded(app, "consent.withheld").await;
    assert_eq!(withheld[0].target.as_deref(), Some(BOTH));
}
