//! `POST /oauth/token`: what may be asked, and how everything else is refused.

use std::time::Duration;

use minhbach::{admin, ledger::entry};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    DATA, TestApp,
    detail::{CITIZEN, NOBODY, OTHER, benefit, licence, plain},
    eventually, jws, on_both,
};

on_both! {
    a_token_allows_exactly_what_was_asked_and_names_nobody,
    a_body_that_is_not_a_proper_form_is_refused,
    a_malformed_detail_is_refused_by_its_reason_and_leaves_nothing,
    what_policy_refuses_is_an_entry_and_never_a_token,
    excess_fields_are_named_and_nothing_is_trimmed,
    known_and_unknown_people_are_answered_alike,
    alike_refusals_are_one_entry_in_ten_minutes_with_a_count,
    a_purpose_whose_review_is_overdue_is_refused,
    suspension_of_a_client_is_felt_within_a_second_and_lifted_likewise,
    suspension_of_an_official_is_felt_within_a_second_and_lifted_likewise,
}

async fn a_token_allows_exactly_what_was_asked_and_names_nobody(app: &mut TestApp) {
    let police = app.police();
    let reply = police.token(&licence(CITIZEN, &["person.full_name", "driver.licence_class"])).await.ok();
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!((reply.at("/token_type"), &reply.body["expires_in"]), ("DPoP", &json!(300)));
    assert!(!reply.header("dpop-nonce").is_empty());
    let granted = &reply.body["authorization_details"];
    assert_eq!(granted[0]["datatypes"], json!(["person.full_name", "driver.licence_class"]));
    assert_eq!(granted.as_array().unwrap().len(), 1);
    assert_eq!(granted[0]["uses_left"], 5);

    let token = reply.at("/access_token");
    assert_eq!(
        (jws::header(token)["typ"].as_str(), jws::header(token)["alg"].as_str()),
        (Some("at+jwt"), Some("ES256"))
    );
    let claims = jws::claims(token);
    assert_eq!((claims["aud"].as_str(), claims["sub"].as_str()), (Some(DATA), Some("csgt.giay-phep")));
    assert_eq!(claims["cnf"]["jkt"], police.key.public().thumbprint());
    assert_eq!(&claims["authorization_details"], granted);
    let handle = granted[0]["subject"]["handle"].as_str().unwrap();
    assert!(!claims.to_string().contains(CITIZEN) && handle.len() >= 22);
    assert!(claims["authorization_details"][0].get("case").is_none());

    // The handle is the agency's name for the same person from then on.
    let again = json!({
        "type": "urn:minhbach:personal-data", "purpose": "vehicle.registration", "subject": { "handle": handle },
        "actions": ["read"], "datatypes": ["person.full_name"], "case": "H08.2026.000124",
        "official": { "id": "cb-0043" },
    });
    let again = police.token(&again).await.ok();
    assert_eq!(again.at("/authorization_details/0/subject/handle"), handle);
    // A use of the handle by another agency is no use at all.
    let mut stolen = benefit(CITIZEN, &["person.full_name"]);
    stolen["subject"] = json!({ "handle": handle });
    app.insurance().token(&stolen).await.refused(
        "stolen handle",
        400,
        "invalid_authorization_details",
        "handle_unknown",
    );
}

async fn a_body_that_is_not_a_proper_form_is_refused(app: &mut TestApp) {
    let before = app.count().await;
    let police = app.police();
    let detail = licence(CITIZEN, &["person.full_name"]);
    let good = police.form(&detail);
    for path in ["/oauth/token", "/oauth/introspect", "/oauth/revoke"] {
        let body = serde_urlencoded::to_string(&good).unwrap();
        for kind in ["application/json", "text/plain", "multipart/form-data", ""] {
            let reply = police.post(path, body.clone().into_bytes(), &[("content-type", kind)]).await;
            reply.refused(kind, 415, "invalid_request", "content_type");
        }
        let long = format!("{body}&x={}", "y".repeat(64 * 1024));
        let reply = police
            .post(path, long.into_bytes(), &[("content-type", "application/x-www-form-urlencoded")])
            .await;
        reply.refused("oversized", 413, "invalid_request", "body_too_large");
    }
    let twice = |name: &'static str, value: &str| {
        let mut form = good.clone();
        form.push((name, value.to_owned()));
        form
    };
    for (case, form) in [
        ("two grant types", twice("grant_type", "client_credentials")),
        ("two details", twice("authorization_details", "[]")),
        ("two assertions", twice("client_assertion", "")),
    ] {
        police.token_form(&form).await.refused(case, 400, "invalid_request", "duplicate_parameter");
    }
    let many: Vec<(&str, String)> =
        (0..70).map(|n| (&*Box::leak(format!("p{n}").into_boxed_str()), String::new())).collect();
    police.token_form(&many).await.refused("many", 400, "invalid_request", "form_too_many_parameters");
    for body in ["grant_type=%", "grant_type=%zz", "grant_type=%ff", "a=b c"] {
        let kind = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        let reply = police.post("/oauth/token", body.as_bytes().to_vec(), &[kind]).await;
        reply.refused(body, 400, "invalid_request", "form_encoding");
    }
    for (grant, error, reason) in [
        ("password", "unsupported_grant_type", "grant_type_unsupported"),
        ("authorization_code", "invalid_authorization_details", "authorization_details_fixed"),
        ("refresh_token", "invalid_request", "refresh_token_missing"),
        ("", "invalid_request", "grant_type_missing"),
    ] {
        let mut form = police.form(&detail);
        form.retain(|(name, _)| *name != "grant_type");
        form.push(("grant_type", grant.to_owned()));
        police.token_form(&form).await.refused(grant, 400, error, reason);
    }
    let mut form = police.form(&detail);
    form.push(("scope", "openid".to_owned()));
    police.token_form(&form).await.refused("scope", 400, "invalid_scope", "scope_unsupported");
    let mut form = police.form(&detail);
    form.push(("resource", "https://elsewhere.example/".to_owned()));
    police.token_form(&form).await.refused("resource", 400, "invalid_target", "resource_unknown");
    assert_eq!(app.count().await, before);
}

async fn a_malformed_detail_is_refused_by_its_reason_and_leaves_nothing(app: &mut TestApp) {
    let before = app.count().await;
    let good = licence(CITIZEN, &["person.full_name"]);
    let set = |member: &str, value: Value| json!([jws::with(&good, member, value)]).to_string();
    let drop = |member: &str| json!([jws::without(&good, member)]).to_string();
    let text = json!([good]).to_string();
    let cases: Vec<(String, &str)> = vec![
        (String::new(), "authorization_details_missing"),
        ("no json".to_owned(), "malformed_json"),
        (format!("{text} x"), "malformed_json"),
        (good.to_string(), "not_one_detail"),
        ("[]".to_owned(), "not_one_detail"),
        ("[[]]".to_owned(), "not_one_detail"),
        (json!([good, good]).to_string(), "not_one_detail"),
        (text.replacen("\"case\"", "\"basis\":\"statutory\",\"case\"", 1), "duplicate_member"),
        (
            text.replacen("\"national_id\"", "\"national_id\":\"999000000023\",\"national_id\"", 1),
            "duplicate_member",
        ),
        (set("justification", " ".repeat(17_000).into()), "authorization_details_too_large"),
        (set("source", "population".into()), "unknown_member"),
        (set("locations", json!([DATA])), "unknown_member"),
        (set("subject", json!({ "national_id": CITIZEN, "name": "x" })), "unknown_member"),
        (set("official", json!({ "id": "cb-0042", "rank": "x" })), "unknown_member"),
        (set("type", "urn:other".into()), "unknown_type"),
        (drop("type"), "missing_member"),
        (drop("purpose"), "missing_member"),
        (drop("subject"), "missing_member"),
        (drop("actions"), "missing_member"),
        (drop("datatypes"), "missing_member"),
        (set("purpose", 5.into()), "wrong_member_type"),
        (set("purpose", "".into()), "malformed_member"),
        (set("purpose", "no.such_purpose".into()), "purpose_unknown"),
        (set("actions", json!(["write"])), "unsupported_action"),
        (set("actions", json!(["read", "read"])), "unsupported_action"),
        (
            set("subject", json!({ "national_id": CITIZEN, "handle": "aaaaaaaaaaaaaaaaaaaaaa" })),
            "subject_not_one_key",
        ),
        (set("subject", json!({})), "subject_not_one_key"),
        (set("subject", json!({ "national_id": "99900000001" })), "malformed_national_id"),
        (set("subject", json!({ "national_id": "99900000001x" })), "malformed_national_id"),
        (set("subject", json!({ "national_id": "٩٩٩٠٠٠٠٠٠٠١٥" })), "malformed_national_id"),
        (set("subject", json!({ "national_id": 999_000_000_015_u64 })), "wrong_member_type"),
        (set("subject", json!({ "handle": "short" })), "malformed_handle"),
        (set("subject", json!({ "handle": "aaaaaaaaaaaaaaaaaaaaaa" })), "handle_unknown"),
        (set("datatypes", json!([])), "datatypes_empty"),
        (set("datatypes", json!(["person.full_name", "person.full_name"])), "datatype_repeated"),
        (set("datatypes", json!(["person.full_name", "person.salary"])), "field_unknown"),
        (set("datatypes", json!([5])), "datatype_malformed"),
        (set("datatypes", json!(vec!["person.full_name"; 101])), "datatypes_too_many"),
        (set("basis", "habit".into()), "unknown_basis"),
        (set("case", "".into()), "text_length"),
        (set("case", "see https://a.example".into()), "text_url"),
        (set("case", format!("for {OTHER}").into()), "text_identity_number"),
        (set("justification", "no".into()), "text_length"),
        (set("justification", "ab\u{202e}cd".into()), "text_invisible_character"),
        (set("justification", "ab\u{7}cd".into()), "text_control_character"),
    ];
    for (details, reason) in &cases {
        let reply = app.police().token_form(&app.police().form_of(details)).await;
        reply.refused(details, 400, "invalid_authorization_details", reason);
        let said = reply.text();
        assert!(!said.contains("999000") && !said.contains("person.salary"), "{said}");
    }
    let (unknown, _) = cases.iter().find(|(_, reason)| *reason == "field_unknown").unwrap();
    let unknown = app.police().token_form(&app.police().form_of(unknown)).await;
    assert!(unknown.at("/error_description").contains("`datatypes[1]`"), "{}", unknown.text());
    assert_eq!(app.count().await, before, "syntax errors are no entries");
}

async fn what_policy_refuses_is_an_entry_and_never_a_token(app: &mut TestApp) {
    const DETAILS: &str = "invalid_authorization_details";
    let name = &["person.full_name"][..];
    let good = licence(CITIZEN, name);
    let official = |id: &str| jws::with(&good, "official", json!({ "id": id }));
    let police = "csgt.giay-phep";
    let cases = [
        (police, jws::with(&good, "basis", "consent"), 400, DETAILS, "basis_not_offered"),
        (police, jws::with(&good, "basis", "emergency"), 400, DETAILS, "basis_not_offered"),
        (police, jws::without(&good, "case"), 400, DETAILS, "case_required"),
        (police, jws::without(&good, "official"), 400, DETAILS, "official_required"),
        (police, official("cb-9999"), 400, DETAILS, "official_unknown"),
        (police, official("cb-0101"), 400, DETAILS, "official_unknown"),
        (police, plain("passport.issuance", Some("cb-0042"), name), 400, DETAILS, "official_not_proved"),
        (
            police,
            plain("unemployment.benefit", Some("cb-0042"), name),
            400,
            "unauthorized_client",
            "purpose_not_registered",
        ),
        (
            "ubnd.mot-cua",
            plain("civil.death_registration", Some("cb-0101"), name),
            400,
            DETAILS,
            "purpose_not_active",
        ),
        ("bhxh.che-do", plain("tax.registration", Some("cb-0201"), name), 400, DETAILS, "official_not_taken"),
    ];
    for (client, detail, status, error, reason) in cases {
        let before = app.count().await;
        let reply = app.caller(client).token(&detail).await;
        reply.refused(reason, status, error, reason);
        let entry = Uuid::parse_str(reply.at("/entry")).unwrap();
        let row = app.engines().store.entry(entry).await.unwrap().expect("the entry the answer names");
        assert_eq!(row.kind, "token.refused");
        let subject = app.engines().vault.subject(row.subject).await.unwrap().unwrap();
        let (record, _) = entry::open(&row, &subject).unwrap();
        assert_eq!(record.facts.reason.as_deref(), Some(reason));
        assert_eq!((record.facts.decision.as_deref(), record.facts.token), (Some("deny"), None));
        let after = app.count().await;
        assert_eq!(after.tokens, before.tokens);
        // "Another basis" and "of another agency" are the same refusal twice: one entry.
        assert!((0..=1).contains(&(after.entries - before.entries)), "{reason}");
    }
    assert_eq!(app.count().await.tokens, 0);
}

async fn excess_fields_are_named_and_nothing_is_trimmed(app: &mut TestApp) {
    for (fields, reason, named) in [
        (&["person.full_name", "person.sex"][..], "field_outside_purpose_minimum", &["person.sex"][..]),
        (
            &["contact.phone", "person.full_name", "tax.tax_code"],
            "field_outside_purpose_minimum",
            &["contact.phone", "tax.tax_code"],
        ),
        // What only the answer of is granted, asked for itself.
        (&["driver.points"], "field_outside_purpose_minimum", &["driver.points"]),
        (&["person.full_name", "person.religion"], "field_never_offered", &["person.religion"]),
        (&["person.full_name", "family.father"], "field_about_others", &["family.father"]),
    ] {
        let reply = app.police().token(&licence(CITIZEN, fields)).await;
        reply.refused(reason, 400, "invalid_authorization_details", reason);
        let said = reply.at("/error_description");
        for field in named {
            assert!(said.contains(field), "{field}: {said}");
        }
        assert!(!said.contains("person.full_name"), "only what is too much is named: {said}");
        assert!(reply.body.get("access_token").is_none());
    }
    assert_eq!(app.count().await.tokens, 0);
}

async fn known_and_unknown_people_are_answered_alike(app: &mut TestApp) {
    let shape = |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    let good = |id: &str| licence(id, &["person.full_name", "driver.licence_no"]);
    let before = app.count().await;
    let known = app.police().token(&good(CITIZEN)).await.ok();
    let unknown = app.police().token(&good(NOBODY)).await.ok();
    assert_eq!(app.kinds_since(before.entries).await, ["token.issued", "token.issued"]);
    assert_eq!(shape(&known.body), shape(&unknown.body));
    let detail = |reply: &Value| reply["authorization_details"][0].clone();
    assert_eq!(shape(&detail(&known.body)), shape(&detail(&unknown.body)));
    assert_eq!(known.bytes.len(), unknown.bytes.len());
    let names = |headers: &reqwest::header::HeaderMap| -> Vec<String> {
        let mut names: Vec<String> = headers.keys().map(ToString::to_string).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(names(&known.headers), names(&unknown.headers));

    // Refused likewise, on the first mention of a person and on a later one.
    let excess = |id: &str| licence(id, &["person.sex"]);
    let said = |body: &Value| jws::without(body, "entry");
    let third = "999000000000";
    let replies = [
        app.police().token(&excess(CITIZEN)).await,
        app.police().token(&excess(NOBODY)).await,
        app.police().token(&excess(third)).await,
    ];
    for reply in &replies {
        reply.refused("excess", 400, "invalid_authorization_details", "field_outside_purpose_minimum");
        assert_eq!(said(&reply.body), said(&replies[0].body));
    }
    assert_eq!(app.count().await.entries, before.entries + 5);
}

async fn alike_refusals_are_one_entry_in_ten_minutes_with_a_count(app: &mut TestApp) {
    let before = app.count().await;
    let excess = licence(CITIZEN, &["person.sex"]);
    let mut entries = Vec::new();
    for _ in 0..5 {
        entries.push(app.police().token(&excess).await.at("/entry").to_owned());
        app.pass(Duration::from_mins(1));
    }
    entries.dedup();
    assert_eq!(entries.len(), 1, "all five name the same entry");
    assert_eq!(app.count().await.entries, before.entries + 1);
    let entry = Uuid::parse_str(&entries[0]).unwrap();
    assert_eq!(app.engines().store.refusals_of(entry).await.unwrap(), 5);
    // Another person, another reason, another purpose: entries of their own.
    let others = [
        licence(OTHER, &["person.sex"]),
        jws::without(&licence(CITIZEN, &["person.full_name"]), "case"),
        plain("vehicle.registration", Some("cb-0043"), &["person.sex"]),
    ];
    for other in &others {
        assert_ne!(app.police().token(other).await.at("/entry"), entries[0]);
    }
    app.pass(Duration::from_mins(5));
    let later = app.police().token(&excess).await;
    assert_ne!(later.at("/entry"), entries[0], "ten minutes later it is said again");
    assert_eq!(app.count().await.entries, before.entries + 5);
}

async fn a_purpose_whose_review_is_overdue_is_refused(app: &mut TestApp) {
    let detail = licence(CITIZEN, &["person.full_name"]);
    let token = app.police().token(&detail).await.access_token();
    app.pass(Duration::from_hours(400 * 24));
    let reply = app.police().token(&detail).await;
    reply.refused("overdue", 403, "access_denied", "review_overdue");
    assert!(!reply.at("/entry").is_empty());
    app.police().data(&token).await.challenged("its old token", "invalid_token", "token_expired");
}

async fn suspension_of_a_client_is_felt_within_a_second_and_lifted_likewise(app: &mut TestApp) {
    let detail = licence(CITIZEN, &["person.full_name"]);
    let token = app.police().token(&detail).await.access_token();
    admin::suspend_client(app.engines(), "csgt.giay-phep", Some("a test")).await.unwrap();
    let before = app.count().await.tokens;
    // From the very next request on no token: what a cache still says is read again in the entry's transaction.
    let reply = app.police().token(&detail).await;
    reply.refused("at once", 400, "unauthorized_client", "client_suspended");
    let reply = app.police().data(&token).await;
    assert_eq!((reply.status, reply.at("/code")), (403, "client_suspended"), "{}", reply.text());
    eventually("an entry that says so", async || {
        app.police().token(&detail).await.body.get("entry").map(drop)
    })
    .await;
    assert_eq!(app.count().await.tokens, before);
    assert_eq!(app.police().introspect(&token).await.ok().body, json!({ "active": false }));
    admin::restore_client(app.engines(), "csgt.giay-phep", None).await.unwrap();
    eventually("a token again", async || (app.police().token(&detail).await.status == 200).then_some(()))
        .await;
    app.police().data(&token).await.ok();
}

async fn suspension_of_an_official_is_felt_within_a_second_and_lifted_likewise(app: &mut TestApp) {
    let detail = licence(CITIZEN, &["person.full_name"]);
    let token = app.police().token(&detail).await.access_token();
    admin::suspend_official(app.engines(), "csgt-thu-nghiem", "cb-0042", None).await.unwrap();
    let before = app.count().await.tokens;
    let reply = app.police().token(&detail).await;
    reply.refused("at once", 400, "invalid_authorization_details", "official_suspended");
    let reply = app.police().data(&token).await;
    assert_eq!((reply.status, reply.at("/code")), (403, "official_suspended"), "{}", reply.text());
    assert_eq!(app.count().await.tokens, before);
    // Her colleague goes on.
    app.police().token(&jws::with(&detail, "official", json!({ "id": "cb-0043" }))).await.ok();
    admin::restore_official(app.engines(), "csgt-thu-nghiem", "cb-0042", None).await.unwrap();
    eventually("a token again", async || (app.police().token(&detail).await.status == 200).then_some(()))
        .await;
}
