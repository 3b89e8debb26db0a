//! Officials who prove that they signed in at their agency: `actor_token`, an ID token of the stand-in provider.

use std::time::Duration;

use minhbach::{
    crypto::Algorithm,
    demo::idp::Realm,
    jose::PrivateJwk,
    ledger::entry,
    protocol::token::ID_TOKEN_TYPE,
    time::{Clock as _, Millis},
};
use serde_json::{Value, json};

use crate::support::{
    TestApp,
    detail::{CITIZEN, licence, passport},
    jws, on_both,
};

on_both! {
    an_official_who_signed_in_is_recorded_as_proved,
    an_actor_token_that_does_not_prove_it_is_refused,
    an_official_seen_for_the_first_time_is_registered_by_her_sign_in,
    consent_as_the_basis_without_consent_is_refused,
}

const POLICE: &str = "csgt-thu-nghiem";
const FIELDS: &[&str] = &["person.full_name", "passport.previous_number"];

fn signed_in(app: &TestApp, agency: &str, login: &str, audience: &str, at: Millis) -> String {
    app.idp.id_token(&Realm::Agency(agency.to_owned()), login, audience, at).unwrap()
}

async fn facts_of_newest(app: &TestApp) -> minhbach::domain::record::Facts {
    let size = app.count().await.entries;
    let row = app.engines().store.log_entries(size - 1, 1).await.unwrap().remove(0);
    let subject = app.engines().vault.subject(row.subject).await.unwrap().unwrap();
    entry::open(&row, &subject).unwrap().0.facts
}

async fn an_official_who_signed_in_is_recorded_as_proved(app: &mut TestApp) {
    let police = app.police();
    let actor = signed_in(app, POLICE, "cb-0042", "csgt.giay-phep", app.clock.now());
    let token = police.token_by(&passport(CITIZEN, FIELDS), &actor).await.access_token();
    let facts = facts_of_newest(app).await;
    assert_eq!((facts.official.as_deref(), facts.official_how.as_deref()), (Some("cb-0042"), Some("proved")));
    assert_eq!(facts.assurance.as_deref(), Some("3"));
    police.data(&token).await.ok();
    // Nearly twelve hours later she is still on the same shift.
    app.pass(Duration::from_mins(12 * 60 - 1));
    let old = signed_in(
        app,
        POLICE,
        "cb-0042",
        "csgt.giay-phep",
        Millis(app.clock.now().0 - (12 * 3600 - 60) * 1000),
    );
    police.token_by(&passport(CITIZEN, FIELDS), &old).await.ok();
}

async fn an_actor_token_that_does_not_prove_it_is_refused(app: &mut TestApp) {
    let before = app.count().await;
    let police = app.police();
    let now = app.clock.now();
    let good = signed_in(app, POLICE, "cb-0042", "csgt.giay-phep", now);
    let (header, claims) = (jws::header(&good), jws::claims(&good));
    let stranger = PrivateJwk::generate(Algorithm::Es256).unwrap();
    let forged = |claims: &Value| jws::signed(&header, claims, &stranger);
    let hours = |n: i64| Millis(now.0 - n * 3_600_000);
    let citizens = app.idp.id_token(&Realm::Citizens, "congdan01", "csgt.giay-phep", now).unwrap();
    let compliance = Realm::Compliance(POLICE.to_owned());
    let compliance = app.idp.id_token(&compliance, "bv-0001", "csgt.giay-phep", now).unwrap();
    for (case, token, reason) in [
        ("for another client", signed_in(app, POLICE, "cb-0042", "bhxh.che-do", now), "login_wrong_audience"),
        (
            "for the service itself",
            signed_in(app, POLICE, "cb-0042", "minhbach", now),
            "login_wrong_audience",
        ),
        (
            "thirteen hours old",
            signed_in(app, POLICE, "cb-0042", "csgt.giay-phep", hours(13)),
            "login_authentication_too_old",
        ),
        (
            "of another agency",
            signed_in(app, "bhxh-thu-nghiem", "cb-0201", "csgt.giay-phep", now),
            "actor_token_issuer",
        ),
        ("of a citizen", citizens, "actor_token_issuer"),
        ("of a compliance officer", compliance, "actor_token_issuer"),
        ("of a stranger", forged(&jws::with(&claims, "iss", "https://id.example")), "actor_token_issuer"),
        ("forged", forged(&claims), "login_bad_signature"),
        ("no jwt", "abc".to_owned(), "actor_token_malformed"),
        ("without issuer", forged(&jws::without(&claims, "iss")), "actor_token_malformed"),
    ] {
        let reply = police.token_by(&passport(CITIZEN, FIELDS), &token).await;
        reply.refused(case, 400, "invalid_request", reason);
        assert!(!reply.text().contains("cb-0"), "{case}: {}", reply.text());
    }
    let unsigned = police.token_by(&passport(CITIZEN, FIELDS), &jws::unsigned(&header, &claims)).await;
    assert_eq!((unsigned.status, unsigned.at("/error")), (400, "invalid_request"), "{}", unsigned.text());

    let and = |extra: &[(&'static str, &str)]| {
        let mut form = police.form(&passport(CITIZEN, FIELDS));
        form.extend(extra.iter().map(|(name, value)| (*name, (*value).to_owned())));
        form
    };
    let jwt = "urn:ietf:params:oauth:token-type:jwt";
    for (case, form, reason) in [
        ("no type", and(&[("actor_token", &good)]), "actor_token_incomplete"),
        ("no token", and(&[("actor_token_type", ID_TOKEN_TYPE)]), "actor_token_incomplete"),
        ("another type", and(&[("actor_token", &good), ("actor_token_type", jwt)]), "actor_token_type"),
    ] {
        police.token_form(&form).await.refused(case, 400, "invalid_request", reason);
    }
    let both = jws::with(&passport(CITIZEN, FIELDS), "official", json!({ "id": "cb-0042" }));
    let reply = police.token_by(&both, &good).await;
    reply.refused("named twice", 400, "invalid_authorization_details", "official_named_twice");
    assert_eq!(app.count().await, before);
    police.token_by(&passport(CITIZEN, FIELDS), &good).await.ok();
}

async fn an_official_seen_for_the_first_time_is_registered_by_her_sign_in(app: &mut TestApp) {
    let hospital = app.caller("benh-vien.ho-so");
    let known =
        crate::support::database::number(&app.engines().store, "SELECT count(*) FROM officials").await;
    // The register forgets the doctor, as if she had never been there.
    let forget = "DELETE FROM officials WHERE code = 'bs-0301'";
    crate::support::database::meddle(&app.engines().store, forget, forget).await;
    let before = app.count().await;
    let actor = signed_in(app, "benh-vien-mau", "bs-0301", "benh-vien.ho-so", app.clock.now());
    let mut detail = crate::support::detail::plain("health.record_share", None, &["person.full_name"]);
    detail["basis"] = "consent".into();
    for _ in 0..2 {
        let reply = hospital.token_by(&detail, &actor).await;
        reply.refused("no consent", 400, "consent_required", "consent_required");
    }
    assert_eq!(app.kinds_since(before.entries).await, ["official.registered", "token.refused"]);
    let now = crate::support::database::number(&app.engines().store, "SELECT count(*) FROM officials").await;
    assert_eq!(now, known, "she is registered once");
}

async fn consent_as_the_basis_without_consent_is_refused(app: &mut TestApp) {
    let hospital = app.caller("benh-vien.ho-so");
    let actor = signed_in(app, "benh-vien-mau", "bs-0301", "benh-vien.ho-so", app.clock.now());
    let mut detail = crate::support::detail::plain("health.record_share", None, &["health.allergies"]);
    detail["basis"] = "consent".into();
    for id in [CITIZEN, crate::support::detail::NOBODY] {
        detail["subject"] = json!({ "national_id": id });
        let reply = hospital.token_by(&detail, &actor).await;
        reply.refused("no consent", 400, "consent_required", "consent_required");
    }
    // Claiming the law instead of consent does not help, nor does a purpose that has no such basis.
    detail["basis"] = "statutory".into();
    let reply = hospital.token_by(&detail, &actor).await;
    reply.refused("law", 400, "invalid_authorization_details", "basis_not_offered");
    let mut other = licence(CITIZEN, &["person.full_name"]);
    other["basis"] = "consent".into();
    app.police().token(&other).await.refused(
        "licence",
        400,
        "invalid_authorization_details",
        "basis_not_offered",
    );
    assert_eq!(app.count().await.tokens, 0);
}
