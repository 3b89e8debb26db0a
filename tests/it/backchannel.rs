//! `POST /oauth/bc-authorize` and the polls that follow (CIBA Core 1.0 §7, §11).

use std::time::Duration;

use futures_util::future::join_all;
use minhbach::{
    consent,
    domain::{
        consent::{Act, Actor, Limits},
        subject::NationalId,
    },
    oauth::{self, Said},
};
use serde_json::json;

use crate::support::{
    TestApp,
    consent::{reminder, verification},
    database::meddle,
    detail::{CITIZEN, OTHER},
    jws, on_both,
    reply::Reply,
};

on_both! {
    a_citizen_who_is_not_there_is_asked_and_her_yes_is_a_token_once,
    a_no_and_a_silence_bring_nothing,
    a_purpose_that_changed_meanwhile_ends_the_request_with_an_error_of_its_own,
    an_answer_fetched_again_is_refused_and_ends_nothing,
    polls_that_come_too_fast_are_slowed_down,
    whoever_was_too_fast_is_answered_again_once_she_slows_down,
    a_hint_means_the_person_of_the_request_or_nobody,
    a_code_of_hers_serves_its_agency_once_for_ten_minutes,
    her_own_invitations_neither_eat_what_she_bears_nor_are_capped,
    beyond_what_one_bears_in_a_day_requests_are_withheld_and_nobody_can_tell,
    what_is_not_a_proper_request_asks_nobody,
}

/// The newest consent becomes the one every backchannel request waits for.
const REBIND: &str =
    "UPDATE backchannel_requests SET consent = (SELECT id FROM consents ORDER BY asked_at DESC LIMIT 1)";

const FIVE: Duration = Duration::from_secs(5);

async fn handle(app: &TestApp, agency: &str, national_id: &str) -> String {
    let engines = app.engines();
    let subject = engines.vault.citizen(&NationalId::parse(national_id.to_owned()).unwrap()).await.unwrap();
    engines.vault.handle(agency, &subject).await.unwrap().to_string()
}

async fn a_citizen_who_is_not_there_is_asked_and_her_yes_is_a_token_once(app: &mut TestApp) {
    let (bank, before) = (app.bank(), app.count().await.entries);
    let hint = handle(app, "ngan-hang-thu-nghiem", CITIZEN).await;
    let asked = bank.ask_absent(&bank.absent_form(&verification(), ("login_hint", &hint))).await.ok();
    assert_eq!((&asked.body["interval"], &asked.body["expires_in"]), (&json!(5), &json!(86_400)));
    assert_eq!(asked.header("cache-control"), "no-store");
    let id = asked.at("/auth_req_id").to_owned();
    bank.poll(&id).await.refused("not yet", 400, "authorization_pending", "authorization_pending");
    let waiting = app.waiting().await.unwrap();
    assert_eq!(waiting.record.binding_message.as_deref(), Some("Quầy 3, phiếu A-17"));
    let answered = app.answers(Said::Yes(vec!["person.birth_date".to_owned()])).await;
    assert_eq!(answered.location, None);
    app.pass(FIVE);
    // Another client of the same agency, with the same id, learns nothing.
    app.ward().poll(&id).await.refused("another client", 400, "invalid_grant", "auth_req_id_unknown");
    let reply = bank.poll(&id).await.ok();
    let claims = jws::claims(reply.at("/access_token"));
    assert_eq!(claims["authorization_details"][0]["consent"], answered.consent.row.id.to_string());
    assert_eq!(claims["grant_id"], reply.body["grant_id"]);
    assert!(reply.body.get("refresh_token").is_none(), "one token is all the consent allows");
    assert_eq!(app.kinds_since(before).await, ["consent.asked", "consent.given", "token.issued"]);
    bank.data(reply.at("/access_token")).await.ok();
    bank.poll(&id).await.refused("again at once", 400, "invalid_grant", "auth_req_id_used");
    let unknown = bank.poll("1c266114-a1be-4252-8ad1-04986c5b9ac1").await;
    unknown.refused("unknown", 400, "invalid_grant", "auth_req_id_unknown");
}

async fn a_no_and_a_silence_bring_nothing(app: &mut TestApp) {
    let bank = app.bank();
    let hint = handle(app, "ngan-hang-thu-nghiem", CITIZEN).await;
    let mut form = bank.absent_form(&verification(), ("login_hint", &hint));
    form.push(("requested_expiry", "600".to_owned()));
    let id = bank.ask_absent(&form).await.ok().at("/auth_req_id").to_owned();
    app.answers(Said::No).await;
    bank.poll(&id).await.refused("no", 400, "access_denied", "refused");
    let mut form = bank.absent_form(&verification(), ("login_hint", &hint));
    form.push(("requested_expiry", "600".to_owned()));
    let asked = bank.ask_absent(&form).await.ok();
    assert_eq!(asked.body["expires_in"], 600);
    app.pass(Duration::from_secs(599));
    let id = asked.at("/auth_req_id");
    bank.poll(id).await.refused("silence", 400, "authorization_pending", "authorization_pending");
    app.pass(FIVE);
    bank.poll(id).await.refused("over", 400, "expired_token", "expired_token");
    assert!(app.waiting().await.is_none());
}

/// What waits was asked for under a purpose that has changed since.
async fn a_purpose_that_changed_meanwhile_ends_the_request_with_an_error_of_its_own(app: &mut TestApp) {
    let bank = app.bank();
    let hint = handle(app, "ngan-hang-thu-nghiem", CITIZEN).await;
    let asked = bank.ask_absent(&bank.absent_form(&verification(), ("login_hint", &hint))).await.ok();
    let id = asked.at("/auth_req_id");
    app.pass(FIVE);
    let engines = app.engines();
    let client = engines.registry.client("ngan-hang.xac-minh").await.unwrap().unwrap();
    let mut before = engines.register.catalogue().purpose("private.bank_verification").unwrap().clone();
    before.version = "0".repeat(64);
    let (fields, now) = (vec!["person.full_name".to_owned()], engines.now());
    let subject = engines.vault.citizen(&NationalId::parse(CITIZEN.to_owned()).unwrap()).await.unwrap();
    let limits = Limits::asked(None, before.consent.as_ref().unwrap(), now).unwrap();
    let answer_by = now + Duration::from_hours(1);
    let wish = consent::Ask::plain(&client, &subject, &before, &fields, limits, answer_by);
    let older = consent::ask(engines, wish).await.unwrap();
    meddle(&engines.store, REBIND, REBIND).await;
    let changed = bank.poll(id).await;
    changed.refused("not yet written down", 400, "expired_token", "purpose_changed");
    app.pass(FIVE);
    consent::end(engines, &older, Act::Invalidate, Actor::system(), None).await.unwrap();
    bank.poll(id).await.refused("written down", 400, "expired_token", "purpose_changed");
}

/// The answer may have been lost on its way: asking for it again is no theft.
async fn an_answer_fetched_again_is_refused_and_ends_nothing(app: &mut TestApp) {
    let ward = app.ward();
    let hint = handle(app, "ubnd-phuong-mau", CITIZEN).await;
    let asked = ward.ask_absent(&ward.absent_form(&reminder(3), ("login_hint", &hint))).await.ok();
    let id = asked.at("/auth_req_id").to_owned();
    app.answers(Said::Yes(vec!["driver.expiry_date".to_owned()])).await;
    let first = ward.poll(&id).await.ok();
    for wait in [Duration::ZERO, FIVE] {
        app.pass(wait);
        ward.poll(&id).await.refused("again", 400, "invalid_grant", "auth_req_id_used");
    }
    ward.data(first.at("/access_token")).await.ok();
    let grant = first.at("/grant_id").parse().unwrap();
    assert_eq!(app.engines().store.grant(grant).await.unwrap().unwrap().revoked_at, None);
    assert!(!app.kinds_since(0).await.contains(&"grant.revoked".to_owned()));
    // Two polls at the same moment: one token, and it lives.
    let asked = ward.ask_absent(&ward.absent_form(&reminder(3), ("login_hint", &hint))).await.ok();
    let id = asked.at("/auth_req_id").to_owned();
    app.answers(Said::Yes(vec!["driver.expiry_date".to_owned()])).await;
    let both = join_all([ward.poll(&id), ward.poll(&id)]).await;
    let (given, refused): (Vec<_>, Vec<_>) = both.into_iter().partition(|reply| reply.status == 200);
    assert_eq!((given.len(), refused.len()), (1, 1));
    assert!(["slow_down", "invalid_grant"].contains(&refused[0].at("/error")), "{}", refused[0].text());
    ward.data(given[0].at("/access_token")).await.ok();
}

async fn polls_that_come_too_fast_are_slowed_down(app: &mut TestApp) {
    let bank = app.bank();
    let hint = handle(app, "ngan-hang-thu-nghiem", CITIZEN).await;
    let asked = bank.ask_absent(&bank.absent_form(&verification(), ("login_hint", &hint))).await.ok();
    let id = asked.at("/auth_req_id");
    let pending = "authorization_pending";
    bank.poll(id).await.refused("the first", 400, pending, pending);
    app.pass(Duration::from_secs(4));
    bank.poll(id).await.refused("too soon", 400, "slow_down", "slow_down");
    app.pass(Duration::from_secs(1));
    bank.poll(id).await.refused("five after the last that counted", 400, pending, pending);
    app.pass(FIVE);
    bank.poll(id).await.refused("five kept", 400, pending, pending);
}

/// What one step of disagreement about the pace must not become is for ever.
async fn whoever_was_too_fast_is_answered_again_once_she_slows_down(app: &mut TestApp) {
    let bank = app.bank();
    let hint = handle(app, "ngan-hang-thu-nghiem", CITIZEN).await;
    let asked = bank.ask_absent(&bank.absent_form(&verification(), ("login_hint", &hint))).await.ok();
    let (id, mut at) = (asked.at("/auth_req_id"), 0);
    // A second process of the agency polls at 1 and 2 s; the first one at 5 s, and, told to, ten seconds later, its own
    // slow_down at 2 s never having reached it.
    for (when, answer) in [
        (1, "authorization_pending"),
        (2, "slow_down"),
        (5, "slow_down"),
        (15, "authorization_pending"),
        (25, "authorization_pending"),
    ] {
        app.pass(Duration::from_secs(when - at));
        at = when;
        bank.poll(id).await.refused(&format!("after {when} s"), 400, answer, answer);
    }
    // Somebody who never slows down is told so each time, and answered at the pace all the same.
    let mut answered = 0;
    for _ in 0..20 {
        app.pass(Duration::from_secs(1));
        answered += i32::from(bank.poll(id).await.at("/error") == "authorization_pending");
    }
    assert_eq!(answered, 4);
}

async fn a_hint_means_the_person_of_the_request_or_nobody(app: &mut TestApp) {
    let (bank, before) = (app.bank(), app.count().await);
    let nobody = "unknown_user_id";
    let own = handle(app, "ngan-hang-thu-nghiem", OTHER).await;
    let other = bank.ask_absent(&bank.absent_form(&verification(), ("login_hint", &own))).await;
    other.refused("another person", 400, nobody, "login_hint_mismatch");
    let foreign = handle(app, "ubnd-phuong-mau", CITIZEN).await;
    let foreign = bank.ask_absent(&bank.absent_form(&verification(), ("login_hint", &foreign))).await;
    foreign.refused("another agency's handle", 400, nobody, "handle_unknown");
    let number = bank.ask_absent(&bank.absent_form(&verification(), ("login_hint", CITIZEN))).await;
    number.refused("a national id", 400, nobody, "national_id_hint");
    assert_eq!(app.count().await, before);
    assert!(app.waiting().await.is_none());
}

/// What cannot be used reads alike, whatever the reason.
async fn a_code_of_hers_serves_its_agency_once_for_ten_minutes(app: &mut TestApp) {
    let (bank, ward, engines) = (app.bank(), app.ward(), app.engines().clone());
    let subject = app.citizen().await;
    let code = async || oauth::hint_code(&engines, &subject, "ngan-hang-thu-nghiem").await.unwrap().code;
    let ask = async |code: &str| {
        bank.ask_absent(&bank.absent_form(&verification(), ("login_hint_token", code))).await
    };
    let refused = |reply: Reply, why: &str| {
        reply.refused(why, 400, "unknown_user_id", "hint_code_unknown");
        assert_eq!(reply.at("/error_description"), "the hint means nobody this client may ask", "{why}");
    };
    let older = code().await;
    let first = code().await;
    refused(ask(&older).await, "a newer one took its place");
    let stolen = ward.absent_form(&reminder(1), ("login_hint_token", &first));
    refused(ward.ask_absent(&stolen).await, "another agency");
    refused(ask("7KQ2-M8XN-40TC").await, "guessed");
    for odd in ["a.b.c", "7KQ2-M8XN-40T", &"0".repeat(5000)] {
        refused(ask(odd).await, "not a code");
    }
    // As somebody writes down what was read out.
    ask(&first.to_lowercase().replace('-', " ").replace('0', "o")).await.ok();
    refused(ask(&first).await, "twice");
    let late = code().await;
    app.pass(Duration::from_mins(10) - Duration::from_millis(1));
    let row = async || engines.store.purge(engines.now()).await.unwrap();
    row().await;
    ask(&late).await.ok();
    let later = code().await;
    app.pass(Duration::from_mins(10));
    refused(ask(&later).await, "late");
}

/// What she brings along herself takes nothing from what protects her.
async fn her_own_invitations_neither_eat_what_she_bears_nor_are_capped(app: &mut TestApp) {
    app.config.limits.prompts_per_citizen_per_day = std::num::NonZeroU32::new(2).unwrap();
    app.restart().await;
    let (bank, engines) = (app.bank(), app.engines());
    let subject = app.citizen().await;
    let hint = handle(app, "ngan-hang-thu-nghiem", CITIZEN).await;
    let invited = async || {
        let code = oauth::hint_code(engines, &subject, "ngan-hang-thu-nghiem").await.unwrap().code;
        bank.ask_absent(&bank.absent_form(&verification(), ("login_hint_token", &code))).await.ok();
    };
    let plain = async || {
        bank.ask_absent(&bank.absent_form(&verification(), ("login_hint", &hint))).await.ok();
    };
    let waiting = async || consent::waiting(engines, &subject).await.unwrap().len();
    let since = engines.now();
    app.pass(Duration::from_secs(1));
    for round in 1..=3 {
        invited().await;
        assert_eq!(waiting().await, round);
    }
    assert_eq!(engines.store.backchannel_since(subject.id(), since).await.unwrap(), 0);
    plain().await;
    plain().await;
    assert_eq!(
        (waiting().await, engines.store.backchannel_since(subject.id(), since).await.unwrap()),
        (5, 2)
    );
    plain().await;
    assert_eq!(waiting().await, 5, "two reached her that she had not invited");
    invited().await;
    assert_eq!(
        (waiting().await, engines.store.backchannel_since(subject.id(), since).await.unwrap()),
        (6, 2)
    );
}

async fn beyond_what_one_bears_in_a_day_requests_are_withheld_and_nobody_can_tell(app: &mut TestApp) {
    app.config.limits.prompts_per_citizen_per_day = std::num::NonZeroU32::new(2).unwrap();
    app.restart().await;
    let (bank, ward) = (app.bank(), app.ward());
    let hint = handle(app, "ngan-hang-thu-nghiem", CITIZEN).await;
    let wards = handle(app, "ubnd-phuong-mau", CITIZEN).await;
    let asked = bank.ask_absent(&bank.absent_form(&verification(), ("login_hint", &hint))).await.ok();
    ward.ask_absent(&ward.absent_form(&reminder(1), ("login_hint", &wards))).await.ok();
    let before = app.count().await.entries;
    let withheld = bank.ask_absent(&bank.absent_form(&verification(), ("login_hint", &hint))).await.ok();
    let more = bank.ask_absent(&bank.absent_form(&verification(), ("login_hint", &hint))).await.ok();
    assert_eq!(app.kinds_since(before).await, ["consent.withheld"], "once in ten minutes");
    let members = |body: &serde_json::Value| body.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(members(&asked.body), members(&withheld.body));
    assert_eq!(asked.body["expires_in"], withheld.body["expires_in"]);
    for reply in [&asked, &withheld, &more] {
        let poll = bank.poll(reply.at("/auth_req_id")).await;
        poll.refused("alike", 400, "authorization_pending", "authorization_pending");
    }
    let engines = app.engines();
    let subject = engines.vault.citizen(&NationalId::parse(CITIZEN.to_owned()).unwrap()).await.unwrap();
    assert_eq!(consent::waiting(engines, &subject).await.unwrap().len(), 2);
    app.pass(Duration::from_hours(24));
    bank.poll(withheld.at("/auth_req_id")).await.refused("over", 400, "expired_token", "expired_token");
    bank.poll(asked.at("/auth_req_id")).await.refused("over", 400, "expired_token", "expired_token");
}

async fn what_is_not_a_proper_request_asks_nobody(app: &mut TestApp) {
    let (bank, police) = (app.bank(), app.police());
    let hint = handle(app, "ngan-hang-thu-nghiem", CITIZEN).await;
    let good = |detail: &serde_json::Value| bank.absent_form(detail, ("login_hint", &hint));
    let plain = police.absent_form(&verification(), ("login_hint", &hint));
    let plain = police.ask_absent(&plain).await;
    plain.refused("not registered", 400, "unauthorized_client", "backchannel_unregistered");
    let details = "invalid_authorization_details";
    let more = jws::with(&verification(), "limits", json!({ "max_uses": 2 }));
    bank.ask_absent(&good(&more)).await.refused("more", 400, details, "limits_beyond_terms");
    let statutory = jws::with(&verification(), "basis", "statutory");
    bank.ask_absent(&good(&statutory)).await.refused("by law", 400, details, "consent_not_the_basis");
    let excess =
        jws::with(&verification(), "datatypes", json!(["person.full_name", "tax.obligation_balance"]));
    bank.ask_absent(&good(&excess)).await.refused("excess", 400, details, "field_outside_purpose_minimum");
    let mut long = good(&verification());
    long.retain(|(name, _)| *name != "binding_message");
    long.push(("binding_message", "x".repeat(65)));
    bank.ask_absent(&long).await.refused("long", 400, "invalid_binding_message", "text_length");
    let mut grant = good(&verification());
    grant.push(("grant_management_action", "merge".to_owned()));
    grant.push(("grant_id", "01890000-0000-7000-8000-000000000001".to_owned()));
    bank.ask_absent(&grant).await.refused("a grant nobody has", 400, "invalid_grant_id", "grant_unknown");
    let once = good(&verification());
    bank.ask_absent(&once).await.ok();
    bank.ask_absent(&once).await.refused("twice", 401, "invalid_client", "assertion_replayed");
    let waiting = app.waiting().await.unwrap();
    app.answers(Said::Yes(Vec::new())).await;
    app.does(waiting.row.id, Act::Withdraw).await;
    assert!(app.waiting().await.is_none(), "one request was one question");
}
