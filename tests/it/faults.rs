//! Sources that fail or lie, and a database that goes away: nothing false and nothing unrecorded leaves.

use std::time::Duration;

use minhbach::demo::registers::Fault;
use serde_json::json;

use crate::support::{
    IMPATIENT, TestApp,
    database::meddle,
    detail::{CITIZEN, LICENCE_FIELDS, OTHER, licence},
    eventually, on_both,
};

on_both! {
    a_source_that_fails_or_lies_is_missing_and_the_others_are_delivered,
    when_every_source_fails_nothing_leaves_and_the_use_comes_back,
    without_an_entry_there_is_no_token_and_nothing_is_used_up,
    without_an_entry_no_data_leaves_although_every_source_answered,
    a_database_that_goes_away_in_mid_request_releases_nothing,
}

const FAULTS: &[(Fault, &str)] = &[
    (Fault::Down, "source_unavailable"),
    (Fault::WrongType, "source_wrong_type"),
    (Fault::AnotherPerson, "source_wrong_person"),
    (Fault::Huge, "source_too_large"),
    (Fault::Redirect, "source_redirected"),
    (Fault::NotJson, "source_bad_answer"),
];

async fn a_source_that_fails_or_lies_is_missing_and_the_others_are_delivered(app: &mut TestApp) {
    let police = app.police();
    let fields = &["person.full_name", "driver.licence_no", "driver.has_points_left"];
    for (fault, reason) in FAULTS {
        app.registers.set_fault("traffic", *fault);
        let token = police.token(&licence(CITIZEN, fields)).await.access_token();
        let reply = police.data(&token).await.ok();
        let delivered: Vec<&String> = reply.body["data"].as_object().unwrap().keys().collect();
        assert_eq!(delivered, ["person.full_name"], "{fault:?}");
        let missing = json!([
            { "field": "driver.has_points_left", "source": "traffic", "reason": reason },
            { "field": "driver.licence_no", "source": "traffic", "reason": reason },
        ]);
        assert_eq!(reply.body["missing"], missing, "{fault:?}");
    }
    app.registers.set_fault(IMPATIENT, Fault::Slow(Duration::from_secs(3)));
    let fields = &["person.full_name", "health.fitness_certificate_result"];
    let token = police.token(&licence(CITIZEN, fields)).await.access_token();
    let reply = police.data(&token).await.ok();
    assert_eq!(reply.body["missing"][0]["reason"], "source_timeout");
    assert!(reply.body["data"].get("health.fitness_certificate_result").is_none());
}

async fn when_every_source_fails_nothing_leaves_and_the_use_comes_back(app: &mut TestApp) {
    let police = app.police();
    let token = police.token(&licence(CITIZEN, LICENCE_FIELDS)).await.access_token();
    for (fault, reason) in FAULTS {
        for (register, _) in app.registers.ports() {
            app.registers.set_fault(register, *fault);
        }
        let before = app.count().await;
        let reply = police.data(&token).await;
        reply.problem(reason, 502, "source_unavailable");
        assert!(reply.at("/detail").contains(reason), "{}", reply.text());
        // Somebody else's record, or a redirect's, was in reach: none of it is in the answer.
        assert!(!reply.text().contains(OTHER) && !reply.text().contains("Minh Họa"));
        assert!(app.count().await.entries - before.entries <= 1, "alike refusals are one entry");
    }
    let live = police.introspect(&token).await.ok();
    assert_eq!(live.body["authorization_details"][0]["uses_left"], 5);
}

/// The database takes everything but entries.
pub(crate) async fn break_entries(app: &TestApp) {
    meddle(
        &app.engines().store,
        "CREATE TRIGGER broken BEFORE INSERT ON entries BEGIN SELECT RAISE(ABORT, 'broken by a test'); END",
        "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION 'broken by a test'; END $$; \
         CREATE TRIGGER broken BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION broken()",
    )
    .await;
}

pub(crate) async fn mend_entries(app: &TestApp) {
    let mend = "DROP TRIGGER broken ON entries; DROP FUNCTION broken()";
    meddle(&app.engines().store, "DROP TRIGGER broken", mend).await;
}

async fn without_an_entry_there_is_no_token_and_nothing_is_used_up(app: &mut TestApp) {
    let police = app.police();
    let form = police.form(&licence(CITIZEN, &["person.full_name"]));
    let excess = police.form(&licence(CITIZEN, &["person.sex"]));
    let nonce = police.nonce().await;
    let proofs = [police.proof(&nonce), police.proof(&nonce)];
    let before = app.count().await;
    break_entries(app).await;
    for (form, proof) in [(&form, &proofs[0]), (&excess, &proofs[1])] {
        let reply = police.token_with(form, std::slice::from_ref(proof)).await;
        reply.refused("broken", 503, "temporarily_unavailable", "ledger_unavailable");
        assert_eq!(reply.header("retry-after"), "1");
        assert!(reply.body.get("access_token").is_none() && reply.body.get("entry").is_none());
    }
    assert_eq!(app.count().await, before);
    mend_entries(app).await;
    // Nothing was half written: the very same requests go through now.
    police.token_with(&form, &proofs[..1]).await.ok();
    let reply = police.token_with(&excess, &proofs[1..]).await;
    reply.refused("mended", 400, "invalid_authorization_details", "field_outside_purpose_minimum");
}

async fn without_an_entry_no_data_leaves_although_every_source_answered(app: &mut TestApp) {
    let police = app.police();
    let token = police.token(&licence(CITIZEN, &["person.full_name"])).await.access_token();
    let before = app.count().await;
    break_entries(app).await;
    let reply = police.data(&token).await;
    reply.problem("broken", 503, "ledger_unavailable");
    assert_eq!(app.registers.asked("population"), 1, "the source did answer");
    assert!(!reply.text().contains("Thử Nghiệm"));
    assert_eq!(app.count().await.entries, before.entries);
    mend_entries(app).await;
    let live = police.introspect(&token).await.ok();
    assert_eq!(live.body["authorization_details"][0]["uses_left"], 5, "the use came back");
    police.data(&token).await.ok();
}

async fn a_database_that_goes_away_in_mid_request_releases_nothing(app: &mut TestApp) {
    let token = app.police().token(&licence(CITIZEN, &["person.full_name"])).await.access_token();
    let before = app.count().await;
    app.registers.set_fault("population", Fault::Slow(Duration::from_millis(700)));
    {
        let police = app.police();
        let gone = async {
            let asked = async || (app.registers.asked("population") > 0).then_some(());
            eventually("the question to the source", asked).await;
            app.engines().store.close().await;
        };
        let (reply, ()) = tokio::join!(police.data(&token), gone);
        reply.problem("gone", 503, "ledger_unavailable");
        assert!(!reply.text().contains("Thử Nghiệm"));
        let reply = police.token(&licence(CITIZEN, &["person.full_name"])).await;
        reply.refused("gone", 503, "temporarily_unavailable", "ledger_unavailable");
        assert_eq!(police.get("/readyz").await.status, 503);
        assert_eq!(police.get("/healthz").await.status, 200);
    }
    app.registers.set_fault("population", Fault::None);
    app.restart().await;
    assert_eq!(app.count().await.entries, before.entries);
    assert_eq!(app.count().await.tokens, before.tokens);
    app.police().token(&licence(CITIZEN, &["person.full_name"])).await.ok();
}

mod disk {
    use super::{CITIZEN, TestApp, licence, meddle};
    use crate::support::database::Database;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_full_disk_releases_nothing_and_is_got_over() {
        let app = TestApp::start(Database::sqlite()).await;
        app.police().token(&licence(CITIZEN, &["person.full_name"])).await.ok();
        // SQLite's own way to say that there is no more room: the limit is below what the file already has.
        meddle(&app.engines().store, "PRAGMA max_page_count = 1", "").await;
        let mut refused = None;
        for _ in 0..60 {
            let before = app.count().await;
            let reply = app.police().token(&licence(CITIZEN, &["person.full_name"])).await;
            if reply.status != 200 {
                assert_eq!(app.count().await, before);
                refused = Some(reply);
                break;
            }
        }
        let refused = refused.expect("the disk to be full");
        refused.refused("full", 503, "temporarily_unavailable", "ledger_unavailable");
        meddle(&app.engines().store, "PRAGMA max_page_count = 1000000", "").await;
        app.police().token(&licence(CITIZEN, &["person.full_name"])).await.ok();
        app.finish().await;
    }
}
