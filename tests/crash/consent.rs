//! Consent between processes: limits that two nodes share, a withdrawal that both obey from its commit on, and notices
//! that survive whoever was to deliver them.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use minhbach::{
    demo::{agency::text, browser::Browser, people::CITIZENS, registers::Fault, walk::sign_in_citizen},
    jose::{Jwks, jws::Unverified},
    store::Store,
};
use opentelemetry_http::Request;
use serde_json::{Value, json};

use crate::{
    database::{Database, number},
    receiver::Receiver,
    stage::{Stage, reminder, verification},
    support::free_ports,
};

const BANK: &str = "ngan-hang.xac-minh";
const WARD: &str = "ubnd.cong-dan";
/// How a call is refused before, in and after the transaction that ends what it rests on.
const OVER: [&str; 3] = ["consent_required", "consent_withdrawn", "token_revoked"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_requests_at_two_processes_for_a_consent_of_one_use_give_one_token() {
    let Some(database) = Database::postgres().await else { return };
    let stage = Stage::set(database, 2).await;
    let processes = [stage.start(0).await, stage.start(1).await];
    let citizen = CITIZENS.first().unwrap();
    let detail = verification(citizen);
    let mut browser = Browser::new(&stage.http);
    sign_in_citizen(&mut browser, &stage.issuer, citizen).await.unwrap();
    for round in 1..=5 {
        stage.given(&mut browser, BANK, &detail).await;
        let nonce = stage.nonce(BANK, &detail).await;
        let answers = join_all((0..50).map(|n| stage.token(n % 2, BANK, &detail, Some(&nonce)))).await;
        let (issued, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert_eq!(issued.len(), 1, "round {round}: {answers:?}");
        assert!(refused.iter().all(|answer| answer.reason() == "consent_used_up"), "{refused:?}");
        let spent = number(&stage.store, "SELECT count(*) FROM consent_uses").await;
        let tokens = number(&stage.store, "SELECT count(*) FROM tokens").await;
        assert_eq!((spent, tokens), (round, round), "what is counted is what was issued");
    }
    for process in processes {
        assert_eq!(process.stop().code(), Some(0));
    }
    stage.strike().await;
}

/// One call of an agency: when it was begun, what it asked for, what came back.
#[derive(Debug)]
struct Call {
    begun: Instant,
    what: &'static str,
    status: u16,
    reason: String,
}

/// What agencies do at one process until they are told to stop: a token, and its data.
async fn calls(
    stage: &Stage,
    node: usize,
    detail: &Value,
    nonce: &str,
    stop: &AtomicBool,
    all: &Mutex<Vec<Call>>,
) {
    while !stop.load(Ordering::Relaxed) {
        let begun = Instant::now();
        let answer = stage.token(node, WARD, detail, Some(nonce)).await;
        let token = text(&answer.body, "/access_token").map(str::to_owned).ok();
        let note = |begun, what, answer: &crate::stage::Answered| {
            let (status, reason) = (answer.status, answer.reason().to_owned());
            all.lock().unwrap().push(Call { begun, what, status, reason });
        };
        note(begun, "token", &answer);
        let Some(token) = token else { continue };
        let begun = Instant::now();
        note(begun, "data", &stage.data(node, WARD, &token).await);
    }
}

/// Entries that opened something after the newest withdrawal, in the order everybody agreed on.
async fn opened_after_the_withdrawal(store: &Store) -> i64 {
    const SQL: &str = "SELECT count(*) FROM entries WHERE kind IN ('token.issued', 'data.released') \
         AND idx > (SELECT max(idx) FROM entries WHERE kind = 'consent.withdrawn')";
    number(store, SQL).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_withdrawal_at_one_process_nothing_gets_through_at_the_other() {
    let Some(database) = Database::postgres().await else { return };
    let stage = Stage::set(database, 2).await;
    let processes = [stage.start(0).await, stage.start(1).await];
    let citizen = CITIZENS.first().unwrap();
    let (asked, detail) = (reminder(citizen, Some(1000)), reminder(citizen, None));
    let mut browser = Browser::new(&stage.http);
    sign_in_citizen(&mut browser, &stage.issuer, citizen).await.unwrap();
    for _ in 0..4 {
        let consent = stage.given(&mut browser, WARD, &asked).await;
        let nonce = stage.nonce(WARD, &detail).await;
        let (stop, all) = (AtomicBool::new(false), Mutex::new(Vec::new()));
        let many = |what: &'static str, since: Option<Instant>, good: bool| {
            let all: std::sync::MutexGuard<'_, Vec<Call>> = all.lock().unwrap();
            let fits = |call: &&Call| {
                call.what == what && (call.status == 200) == good && since.is_none_or(|at| call.begun > at)
            };
            all.iter().filter(fits).count()
        };
        let at_the_other = join_all((0..8).map(|_| calls(&stage, 1, &detail, &nonce, &stop, &all)));
        let at_this = async {
            let last = || format!("{:?}", all.lock().unwrap().last());
            reached(last, || many("data", None, true) >= 30).await;
            stage.withdrawn(&mut browser, &consent).await;
            let after = Instant::now();
            reached(last, || many("token", Some(after), false) >= 30).await;
            stop.store(true, Ordering::Relaxed);
            after
        };
        let (_, after) = tokio::join!(at_the_other, at_this);
        assert_eq!((many("token", Some(after), true), many("data", Some(after), true)), (0, 0));
        assert_eq!(opened_after_the_withdrawal(&stage.store).await, 0);
        let all = all.lock().unwrap();
        let strange: Vec<_> = all
            .iter()
            .filter(|call| call.status != 200)
            .filter(|call| !OVER.contains(&call.reason.as_str()))
            .map(|call| (call.what, call.status, call.reason.as_str()))
            .collect();
        assert!(strange.is_empty(), "{strange:?}");
    }
    in_flight(&stage, &mut browser).await;
    for process in processes {
        assert_eq!(process.stop().code(), Some(0));
    }
    stage.strike().await;
}

/// Data calls that wait for a slow register at one process while she withdraws at the other.
async fn in_flight(stage: &Stage, browser: &mut Browser<'_>) {
    let citizen = CITIZENS.first().unwrap();
    let detail = &reminder(citizen, None);
    let consent = stage.given(browser, WARD, &reminder(citizen, Some(1000))).await;
    let nonce = stage.nonce(WARD, detail).await;
    let mut tokens = Vec::new();
    for _ in 0..5 {
        let answer = stage.token(1, WARD, detail, Some(&nonce)).await;
        tokens.push(text(&answer.body, "/access_token").unwrap().to_owned());
    }
    let before = stage.registers.asked("traffic");
    stage.registers.set_fault("traffic", Fault::Slow(Duration::from_secs(4)));
    let waiting = join_all(tokens.iter().map(|token| stage.data(1, WARD, token)));
    let meanwhile = async {
        reached(|| "the register is not asked".to_owned(), || stage.registers.asked("traffic") >= before + 5)
            .await;
        stage.withdrawn(browser, &consent).await;
    };
    let (answers, ()) = tokio::join!(waiting, meanwhile);
    stage.registers.set_fault("traffic", Fault::None);
    assert_eq!(opened_after_the_withdrawal(&stage.store).await, 0);
    let stopped = answers.iter().filter(|answer| OVER.contains(&answer.reason())).count();
    assert_eq!(stopped, 5, "they were on their way and did not arrive: {answers:?}");
    assert!(answers.iter().all(|answer| answer.body.get("data").is_none()));
}

/// Waits for something calls in this very task bring about.
async fn reached(last: impl Fn() -> String, enough: impl Fn() -> bool) {
    let wait = async {
        let mut tick = tokio::time::interval(Duration::from_millis(10));
        while !enough() {
            tick.tick().await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_mins(1), wait).await.is_ok(), "never: {}", last());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_a_withdrawal_reaches_its_recipient_whoever_is_killed_on_the_way() {
    arrives(Database::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgresql_a_withdrawal_reaches_its_recipient_whoever_is_killed_on_the_way() {
    let Some(database) = Database::postgres().await else { return };
    arrives(database).await;
}

async fn arrives(database: Database) {
    let stage = Stage::set(database, 1).await;
    let citizen = CITIZENS.first().unwrap();
    let mut process = stage.start(0).await;
    let port = free_ports();
    pushed_to(&stage, &format!("http://127.0.0.1:{port}/set")).await;
    let mut browser = Browser::new(&stage.http);
    sign_in_citizen(&mut browser, &stage.issuer, citizen).await.unwrap();
    let consent = stage.given(&mut browser, BANK, &verification(citizen)).await;

    // Committed, and killed before anybody could be told: nobody listens there yet.
    stage.withdrawn(&mut browser, &consent).await;
    process.kill();
    assert_eq!(number(&stage.store, "SELECT count(*) FROM notices WHERE sent_at IS NULL").await, 1);
    let mut receiver = Receiver::at(port).await;
    let mut process = stage.start(0).await;
    let first = receiver.next().await;

    // Handed over, and killed before it was written down: the recipient's 202 goes to nobody.
    process.kill();
    let told = claims(&first.set);
    first.answer(202);
    assert_eq!(number(&stage.store, "SELECT count(*) FROM notices WHERE acked_at IS NULL").await, 1);
    let process = stage.start(0).await;
    let second = receiver.next().await;
    assert_eq!(claims(&second.set), told, "the same event, word for word");
    assert_eq!(told.pointer("/sub_id/format"), Some(&json!("complex")));
    verified(&stage, &second.set).await;
    second.answer(202);
    written(&stage, "SELECT count(*) FROM notices WHERE acked_at IS NOT NULL AND next_at IS NULL").await;

    // Twice delivered, once told: one entry for each step, and she reads of it once.
    for kind in [
        "SELECT count(*) FROM entries WHERE kind = 'consent.withdrawn'",
        "SELECT count(*) FROM entries WHERE kind = 'consent.notice_sent'",
        "SELECT count(*) FROM entries WHERE kind = 'consent.acknowledged'",
    ] {
        assert_eq!(number(&stage.store, kind).await, 1, "{kind}");
    }
    let page = browser.open(&format!("{}/me/consents/{consent}?lang=en", stage.issuer)).await.unwrap();
    assert!(page.text.contains("The agency confirmed on"), "{}", page.text);
    assert!(receiver.is_quiet(), "what is acknowledged is not sent again");
    assert_eq!(process.stop().code(), Some(0));
    stage.strike().await;
}

/// Has the bank told by push.
async fn pushed_to(stage: &Stage, address: &str) {
    let bank = stage.agency(BANK);
    let form = [("grant_type", "client_credentials"), ("scope", "ssf.manage")];
    let token = bank.post("/oauth/token", &form).await.unwrap();
    let token = text(&token.body, "/access_token").unwrap().to_owned();
    let delivery = json!({ "method": "urn:ietf:rfc:8935", "endpoint_url": address });
    let made = bank.json("/ssf/streams", &token, &json!({ "delivery": delivery })).await.unwrap();
    assert_eq!(made.status, 201, "{}", made.body);
}

fn claims(set: &str) -> Value {
    Unverified::parse(set).unwrap().unverified_claims().unwrap()
}

/// The signature holds with the keys that are published.
async fn verified(stage: &Stage, set: &str) {
    let request = Request::get(format!("{}/oauth/jwks", stage.issuer)).body(Vec::new()).unwrap();
    let keys = stage.http.send(request).await.unwrap();
    let keys = Jwks::parse(&serde_json::from_slice(keys.body()).unwrap()).unwrap();
    let unverified = Unverified::parse(set).unwrap();
    let kid = unverified.header().kid.clone();
    let key = keys.keys().iter().find(|key| key.kid() == kid.as_deref()).unwrap();
    unverified.verify::<Value>(key.public_key()).unwrap();
}

/// Waits until one row says so.
async fn written(stage: &Stage, query: &'static str) {
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    let wait = async {
        while number(&stage.store, query).await != 1 {
            tick.tick().await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_mins(1), wait).await.is_ok(), "never: {query}");
}
