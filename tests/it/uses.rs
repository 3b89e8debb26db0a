//! Uses: counted atomically, reserved before any source is asked, given back if nothing leaves.

use std::time::Duration;

use futures_util::future::join_all;
use minhbach::demo::registers::Fault;

use crate::support::{
    TestApp,
    detail::{CITIZEN, benefit, licence},
    jws, on_both,
};

on_both! {
    fifty_calls_at_once_on_one_use_get_one_answer_and_ask_the_source_once,
    a_token_gives_as_many_answers_as_it_has_uses,
    an_idempotency_key_repeats_the_same_use_for_a_minute,
    a_use_comes_back_when_no_source_answers,
}

async fn fifty_calls_at_once_on_one_use_get_one_answer_and_ask_the_source_once(app: &mut TestApp) {
    let insurance = app.insurance();
    let token = insurance.token(&benefit(CITIZEN, &["person.full_name"])).await.access_token();
    let before = app.count().await;
    let replies = join_all((0..50).map(|_| insurance.data(&token))).await;
    let (answers, refusals): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 200);
    assert_eq!((answers.len(), refusals.len()), (1, 49));
    for refusal in &refusals {
        refusal.problem("no use left", 403, "uses_exhausted");
    }
    assert_eq!(app.registers.asked("population"), 1);
    assert_eq!(app.kinds_since(before.entries).await, ["data.released"]);
    assert_eq!(app.count().await.uses, before.uses + 1);
}

async fn a_token_gives_as_many_answers_as_it_has_uses(app: &mut TestApp) {
    let police = app.police();
    let token = police.token(&licence(CITIZEN, &["person.full_name"])).await.access_token();
    for left in (0..5).rev() {
        police.data(&token).await.ok();
        let live = police.introspect(&token).await.ok();
        assert_eq!(live.body["authorization_details"][0]["uses_left"], left);
    }
    for _ in 0..2 {
        police.data(&token).await.problem("sixth", 403, "uses_exhausted");
    }
    assert_eq!(app.registers.asked("population"), 5);
}

async fn an_idempotency_key_repeats_the_same_use_for_a_minute(app: &mut TestApp) {
    let insurance = app.insurance();
    let token = insurance.token(&benefit(CITIZEN, &["person.full_name"])).await.access_token();
    let first = insurance.data_again(&token, "one").await.ok();
    app.pass(Duration::from_secs(59));
    let again = insurance.data_again(&token, "one").await.ok();
    assert_eq!(first.body["data"], again.body["data"]);
    assert_ne!(first.at("/receipt/entry"), again.at("/receipt/entry"), "a repeat is an entry of its own");
    assert_eq!(app.registers.asked("population"), 2, "fetched again, nothing is kept");
    insurance.data_again(&token, "two").await.problem("another key", 403, "uses_exhausted");
    insurance.data(&token).await.problem("no key", 403, "uses_exhausted");
    app.pass(Duration::from_secs(2));
    insurance.data_again(&token, "one").await.problem("too late", 403, "uses_exhausted");
    // The key means nothing for another token.
    let detail = jws::with(&benefit(CITIZEN, &["person.full_name"]), "case", "H08.2026.000999");
    let other = insurance.token(&detail).await.access_token();
    insurance.data_again(&other, "one").await.ok();
}

async fn a_use_comes_back_when_no_source_answers(app: &mut TestApp) {
    let insurance = app.insurance();
    let token = insurance.token(&benefit(CITIZEN, &["person.full_name"])).await.access_token();
    app.registers.set_fault("population", Fault::Down);
    for key in [None, Some("one"), Some("one"), None] {
        let reply = match key {
            Some(key) => insurance.data_again(&token, key).await,
            None => insurance.data(&token).await,
        };
        reply.problem("down", 502, "source_unavailable");
        assert!(!reply.at("/entry").is_empty());
    }
    app.registers.set_fault("population", Fault::None);
    insurance.data(&token).await.ok();
    insurance.data(&token).await.problem("used", 403, "uses_exhausted");
}
