//! What CIBA, RFC 6749, RFC 9396 and Grant Management say must not work once somebody may be asked or has answered: the
//! negatives of those lists that no other module holds. After each table the same request, unbent, works.

use std::time::Duration;

use minhbach::{domain::consent::State, oauth::Said};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    negatives::{and, bent, handle},
    support::{
        TestApp,
        client::{Caller, Form},
        consent::{CIBA, reminder, verification},
        detail::{CITIZEN, NOBODY, OTHER},
        eventually, jws, on_both,
        reply::Reply,
    },
};

on_both! {
    a_backchannel_request_that_is_not_proper_asks_nobody,
    no_credential_serves_in_the_place_of_another,
    a_refresh_token_stays_the_same_and_asks_for_no_more_than_was_granted,
    a_grant_is_of_one_client_and_one_person_and_stands,
}

/// CIBA Core 1.0 §7.1, §13; FAPI-CIBA.
async fn a_backchannel_request_that_is_not_proper_asks_nobody(app: &mut TestApp) {
    let (bank, before) = (app.bank(), app.count().await);
    let hint = handle(app, "ngan-hang-thu-nghiem").await;
    let good = || bank.absent_form(&verification(), ("login_hint", &hint));
    let request = "invalid_request";
    let message = |text: &str| bent(good(), "binding_message", text);
    for (case, form, error, reason) in [
        ("no hint", bent(good(), "login_hint", ""), request, "hint_missing"),
        ("two hints", and(good(), "login_hint_token", "a.b.c"), request, "hints_several"),
        ("a hint twice", and(good(), "login_hint", &hint), request, "duplicate_parameter"),
        ("an ID token", and(good(), "id_token_hint", "a.b.c"), request, "id_token_hint_refused"),
        ("a user code", and(good(), "user_code", "1234"), request, "user_code_refused"),
        ("a request object", and(good(), "request", "a.b.c"), request, "request_object_refused"),
        ("an address", and(good(), "request_uri", "urn:x"), request, "request_uri_refused"),
        (
            "a telephone",
            bent(good(), "login_hint", "+84 90 000 0000"),
            "unknown_user_id",
            "login_hint_malformed",
        ),
        ("scopes", and(good(), "scope", "openid profile"), "invalid_scope", "scope_unsupported"),
        ("no message", message(""), request, "binding_message_missing"),
        ("an address in it", message("xem https://a.example"), "invalid_binding_message", "text_url"),
        ("a number in it", message("số 999000000015"), "invalid_binding_message", "text_identity_number"),
        ("turned around", message("a\u{202e}b"), "invalid_binding_message", "text_invisible_character"),
        ("two lines", message("a\nb"), "invalid_binding_message", "text_control_character"),
        ("too short a time", and(good(), "requested_expiry", "1"), request, "requested_expiry"),
        ("no time at all", and(good(), "requested_expiry", "-60"), request, "requested_expiry"),
        (
            "nothing is asked",
            bent(good(), "authorization_details", ""),
            "invalid_authorization_details",
            "authorization_details_missing",
        ),
        ("elsewhere", and(good(), "resource", "https://x.example/"), "invalid_target", "resource_unknown"),
        ("a grant and no action", and(good(), "grant_id", NOBODY), request, "grant_action_missing"),
    ] {
        let refused = bank.ask_absent(&form).await;
        assert_eq!(refused.body["reason"], reason, "{case}: {}", refused.text());
        refused.refused(case, 400, error, reason);
    }
    assert_eq!((app.count().await, app.waiting().await.is_none()), (before, true));
    // A week as text, with the scope the specification asks for.
    let form = and(and(good(), "requested_expiry", "86400"), "scope", "openid");
    let asked = bank.ask_absent(&form).await.ok();
    let id = asked.at("/auth_req_id");
    assert!(id.len() >= 27, "160 bits and more");
    assert_eq!(asked.body["expires_in"], 86_400);
    // What was fixed when it was asked cannot be bent when it is fetched.
    app.answers(Said::Yes(Vec::new())).await;
    let poll = |more: &[(&'static str, &str)]| {
        let mut form = bank.authentication();
        form.extend([("grant_type", CIBA.to_owned()), ("auth_req_id", id.to_owned())]);
        form.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        form
    };
    let wider = json!([verification()]).to_string();
    let refused = bank.token_form(&poll(&[("authorization_details", &wider)])).await;
    refused.refused("details", 400, "invalid_authorization_details", "authorization_details_fixed");
    bank.token_form(&poll(&[("scope", "openid")])).await.refused(
        "scope",
        400,
        "invalid_scope",
        "scope_unsupported",
    );
    let refused = bank.token_form(&poll(&[("resource", "https://x.example/")])).await;
    refused.refused("resource", 400, "invalid_target", "auth_req_id_resource");
    let mut nameless = bank.authentication();
    nameless.push(("grant_type", CIBA.to_owned()));
    bank.token_form(&nameless).await.refused("nameless", 400, request, "auth_req_id_missing");
    let mut bare = poll(&[]);
    bare.retain(|pair| !pair.0.starts_with("client_assertion"));
    let refused = bank.token_form(&and(bare, "client_id", bank.client_id)).await;
    refused.refused("nobody polls", 401, "invalid_client", "client_authentication_missing");
    let unproved = bank.token_with(&poll(&[]), &[]).await;
    unproved.refused("no proof", 400, "invalid_dpop_proof", "dpop_missing");
    app.pass(Duration::from_mins(1));
    bank.token_form(&poll(&[])).await.ok();
}

async fn exchanged(caller: &Caller<'_>, pairs: &[(&'static str, &str)]) -> Reply {
    let mut form = caller.authentication();
    form.extend(pairs.iter().map(|(name, value)| (*name, (*value).to_owned())));
    caller.token_form(&form).await
}

/// A code, an `auth_req_id`, a refresh token, a `request_uri`, an access token: none is another.
async fn no_credential_serves_in_the_place_of_another(app: &mut TestApp) {
    let ward = app.ward();
    let hint = handle(app, "ubnd-phuong-mau").await;
    let absent = ward.ask_absent(&ward.absent_form(&reminder(5), ("login_hint", &hint))).await.ok();
    let polled = absent.at("/auth_req_id").to_owned();
    app.answers(Said::Yes(vec!["driver.expiry_date".to_owned()])).await;
    let pushed = ward.push(&ward.push_form(&reminder(5))).await.at("/request_uri").to_owned();
    let (code, _) = ward.code(&ward.push_form(&reminder(5)), &["driver.expiry_date"]).await;
    let granted = ward.token_form(&ward.exchange(&code)).await.ok();
    let (refresh, access) = (granted.at("/refresh_token").to_owned(), granted.at("/access_token").to_owned());
    let grant_id = granted.at("/grant_id").to_owned();
    app.pass(Duration::from_secs(5));
    let before = app.count().await;
    for (case, credential) in [
        ("an auth_req_id", &polled),
        ("a request_uri", &pushed),
        ("a refresh token", &refresh),
        ("an access token", &access),
        ("a grant_id", &grant_id),
    ] {
        let mut form = ward.exchange(credential);
        form.retain(|pair| pair.0 != "code");
        let refused = ward.token_form(&and(form, "code", credential)).await;
        refused.refused(&format!("{case} as a code"), 400, "invalid_grant", "code_unknown");
        if *credential != refresh {
            let pairs = [("grant_type", "refresh_token"), ("refresh_token", credential.as_str())];
            let refused = exchanged(&ward, &pairs).await;
            refused.refused(&format!("{case} to refresh"), 400, "invalid_grant", "refresh_token_unknown");
        }
        if *credential != polled {
            let pairs = [("grant_type", CIBA), ("auth_req_id", credential.as_str())];
            let refused = exchanged(&ward, &pairs).await;
            refused.refused(&format!("{case} to poll"), 400, "invalid_grant", "auth_req_id_unknown");
        }
        if *credential != access {
            let refused = ward.data(credential).await;
            assert_eq!(refused.status, 401, "{case} at /data: {}", refused.text());
            assert_eq!(ward.introspect(credential).await.ok().body, json!({ "active": false }), "{case}");
        }
    }
    let pairs = [("grant_type", "refresh_token"), ("refresh_token", code.as_str())];
    exchanged(&ward, &pairs).await.refused(
        "a code to refresh",
        400,
        "invalid_grant",
        "refresh_token_unknown",
    );
    let pairs = [("grant_type", CIBA), ("auth_req_id", code.as_str())];
    exchanged(&ward, &pairs).await.refused("a code to poll", 400, "invalid_grant", "auth_req_id_unknown");
    assert_eq!(app.count().await.tokens, before.tokens);
    ward.poll(&polled).await.ok();
}

/// FAPI 2.0 §5.3.2.1 item 9; RFC 9396 §6.
async fn a_refresh_token_stays_the_same_and_asks_for_no_more_than_was_granted(app: &mut TestApp) {
    let ward = app.ward();
    let (code, _) = ward.code(&ward.push_form(&reminder(5)), &["driver.expiry_date"]).await;
    let refresh = ward.token_form(&ward.exchange(&code)).await.ok().at("/refresh_token").to_owned();
    app.pass(Duration::from_hours(7 * 24));
    let part = json!({
        "type": "urn:minhbach:personal-data", "purpose": "notify.proactive_reminder",
        "subject": { "national_id": CITIZEN }, "actions": ["read"], "datatypes": ["driver.expiry_date"],
    });
    let asked = async |detail: &Value| {
        let details = json!([detail]).to_string();
        let pairs = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.as_str()),
            ("authorization_details", details.as_str()),
        ];
        exchanged(&ward, &pairs).await
    };
    let details = "invalid_authorization_details";
    for (case, member, value) in [
        ("a field she refused", "datatypes", json!(["driver.expiry_date", "passport.expiry_date"])),
        ("a field nobody asked for", "datatypes", json!(["person.full_name"])),
        ("another person", "subject", json!({ "national_id": OTHER })),
        ("another purpose", "purpose", json!("private.bank_verification")),
        ("another case", "case", json!("H08.2026.000999")),
        ("another basis", "basis", json!("statutory")),
        ("other limits", "limits", json!({ "max_uses": 50 })),
    ] {
        let mut bent = jws::with(&part, member, value);
        if member == "limits" {
            bent["basis"] = "consent".into();
        }
        asked(&bent).await.refused(case, 400, details, "beyond_grant");
    }
    let pairs = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str()), ("scope", "openid")];
    exchanged(&ward, &pairs).await.refused("scope", 400, "invalid_scope", "scope_unsupported");
    let mut bare: Form = vec![("grant_type", "refresh_token".to_owned()), ("refresh_token", refresh.clone())];
    bare.push(("client_id", ward.client_id.to_owned()));
    let refused = ward.token_form(&bare).await;
    refused.refused("nobody", 401, "invalid_client", "client_authentication_missing");
    for _ in 0..2 {
        let again = asked(&part).await.ok();
        assert!(
            again.body.get("refresh_token").is_none_or(|same| *same == json!(refresh)),
            "{}",
            again.text()
        );
        app.pass(Duration::from_hours(7 * 24));
    }
}

/// Grant Management §5, §6.
async fn a_grant_is_of_one_client_and_one_person_and_stands(app: &mut TestApp) {
    let ward = app.ward();
    let (code, consent) = ward.code(&ward.push_form(&reminder(5)), &["driver.expiry_date"]).await;
    let id = ward.token_form(&ward.exchange(&code)).await.ok().at("/grant_id").to_owned();
    let wish = |form: Form, action: &str, id: &str| {
        and(and(form, "grant_management_action", action), "grant_id", id)
    };
    let mut others = reminder(5);
    others["subject"] = json!({ "national_id": OTHER });
    let hint = handle(app, "ubnd-phuong-mau").await;
    for action in ["merge", "replace"] {
        let form = wish(ward.push_form(&others), action, &id);
        ward.push(&form).await.refused("another person's", 400, "invalid_grant_id", "grant_unknown");
        for odd in ["x", &id.to_uppercase(), &id.replace('-', "")] {
            let form = wish(ward.push_form(&reminder(5)), action, odd);
            ward.push(&form).await.refused(odd, 400, "invalid_grant_id", "grant_id_unknown");
        }
        let bank = app.bank();
        let form =
            bank.absent_form(&verification(), ("login_hint", &handle(app, "ngan-hang-thu-nghiem").await));
        let foreign = bank.ask_absent(&wish(form, action, &id)).await;
        foreign.refused("another client's", 400, "invalid_grant_id", "grant_unknown");
    }
    // A request that was pushed while the grant stood, answered when it has ended, extends nothing.
    let key = ward.service_token("grant_management_revoke").await.access_token();
    let waiting = ward.push(&wish(ward.push_form(&reminder(7)), "merge", &id)).await;
    assert_eq!(waiting.status, 201, "{}", waiting.text());
    ward.arrives(waiting.at("/request_uri")).await.unwrap();
    let gone = ward.own(Method::DELETE, &format!("/oauth/grants/{id}"), &key).await;
    assert_eq!(gone.status, 204, "{}", gone.text());
    let asked = app.waiting().await.unwrap();
    let shown = ("vi", "<p>đúng những chữ này</p>".to_owned(), false);
    let said = Said::Yes(vec!["driver.expiry_date".to_owned()]);
    let by = crate::support::consent::herself();
    let read = app.reads(&asked, shown).await;
    let answered = minhbach::oauth::answer(app.engines(), &asked, by, said, read).await;
    assert!(answered.is_err(), "the grant is gone");
    for action in ["merge", "replace"] {
        let form = wish(ward.push_form(&reminder(5)), action, &id);
        ward.push(&form).await.refused("ended", 400, "invalid_grant_id", "grant_unknown");
        let form = wish(ward.absent_form(&reminder(5), ("login_hint", &hint)), action, &id);
        ward.ask_absent(&form).await.refused("ended", 400, "invalid_grant_id", "grant_unknown");
    }
    let state = app.engines().store.consent(consent.row.id).await.unwrap().unwrap().state;
    assert_eq!(State::parse(&state), Some(State::Revoked));
    // Who is not registered for grant management names none.
    app.reregister("ngan-hang.xac-minh", |profile| profile["grant_management"] = json!(false)).await;
    let bank = app.bank();
    eventually("that the register is read again", async || {
        let form = and(bank.push_form(&verification()), "grant_management_action", "create");
        let refused = bank.push(&form).await;
        (refused.status == 400).then(|| {
            refused.refused("unregistered", 400, "invalid_request", "grant_management_unregistered");
        })
    })
    .await;
}
