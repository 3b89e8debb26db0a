//! Where an answer goes back to: the browser that the agency sent here, whoever answers on which device; once.

use std::time::Duration;

use reqwest::StatusCode;
use uuid::Uuid;

use super::{
    acting::{
        AS_CHILD, AS_MOTHER, AS_STRANGER, BACK, CHILD, JOINT, MOTHER, PLAIN, act, acting, answers, id, press,
    },
    consent::state,
    joint::pushed,
    world::{Browser, Page, World},
};
use crate::{
    demo::people::CITIZENS,
    domain::{
        consent::State,
        representation::{Evidence, Ground, Scope},
    },
    people::{self, Registration},
    store::{
        on,
        scratch::{Scratch, store_suite},
    },
};

/// How many codes were handed out.
async fn codes(w: &World) -> i64 {
    let mut tx = w.scratch.store.begin().await.unwrap();
    let sql = "SELECT COUNT(*) FROM codes";
    let (n,): (i64,) = on!(&mut tx, |c| sqlx::query_as(sql).fetch_one(c).await).unwrap();
    n
}

/// Arrives with a request; gives its id.
async fn arrives(browser: &Browser, url: &str) -> String {
    let page = browser.get(url).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
    page.location.strip_prefix("/requests/").unwrap().to_owned()
}

/// Presses "back to the agency", offered or not.
async fn goes_on(browser: &Browser, id: &str) -> Page {
    let csrf = browser.get("/me").await.hidden("csrf");
    browser.post(&format!("/requests/{id}/onward"), &[("csrf", &csrf)]).await
}

/// Opens the request, is led to the page after it and offered the way back; takes it.
async fn is_led_back(browser: &Browser, id: &str) -> Page {
    let moved = browser.get(&format!("/requests/{id}")).await;
    assert_eq!(moved.location, format!("/requests/{id}/done"), "{}", moved.body);
    let done = browser.get(&moved.location).await;
    assert!(
        done.status == StatusCode::OK && done.body.contains(&format!("/requests/{id}/onward")),
        "{}",
        done.body
    );
    let policy = done.header("content-security-policy");
    assert!(policy.contains(" http://127.0.0.1:9"), "a form may lead there: {policy}");
    let back = goes_on(browser, id).await;
    assert_eq!((back.status, back.header("cache-control")), (StatusCode::SEE_OTHER, "no-store"));
    back
}

fn has_code(page: &Page) -> bool {
    page.location.starts_with(&format!("{BACK}?")) && page.location.contains("code=")
}

/// It says nothing of a way back, and there is none.
async fn is_nowhere(browser: &Browser, id: &str) {
    let done = browser.get(&format!("/requests/{id}/done")).await;
    assert!(!done.body.contains("/onward"), "{}", done.body);
    let tried = goes_on(browser, id).await;
    assert_eq!((tried.status, tried.location), (StatusCode::SEE_OTHER, format!("/requests/{id}/done")));
}

async fn the_second_yes_on_another_device_sends_the_first_browser_back_and_no_other(s: Scratch) {
    let (w, bond) = super::acting::family(s).await;
    let (sent, other) = (acting(&w, bond).await, w.citizen(AS_CHILD).await);
    let url = pushed(&w, CHILD, JOINT).await;
    let id = arrives(&sent, &url).await;
    let half = answers(&sent, &id, "give").await;
    assert_eq!(half.location, format!("/requests/{id}/done"));
    for page in ["", "/done"] {
        let waits = sent.get(&format!("/requests/{id}{page}")).await.body;
        assert!(waits.contains("Xem đã trả lời xong chưa") && !waits.contains("/onward"), "{waits}");
    }
    assert_eq!(
        goes_on(&sent, &id).await.location,
        format!("/requests/{id}/done"),
        "not before it is answered"
    );
    assert_eq!(arrives(&other, &url).await, id, "the same link leads the child there too");
    let whole = answers(&other, &id, "give").await;
    assert_eq!((whole.location, state(&w, &id).await), (format!("/requests/{id}/done"), State::Given));
    let done = other.get(&format!("/requests/{id}/done")).await.body;
    assert!(done.contains("trên thiết bị đã mở trang của cơ quan"), "{done}");
    is_nowhere(&other, &id).await;
    assert_eq!((other.get(&url).await.status, codes(&w).await), (StatusCode::BAD_REQUEST, 0));

    assert_eq!(
        sent.get(&url).await.location,
        format!("/requests/{id}"),
        "her link is good until she went back"
    );
    let back = is_led_back(&sent, &id).await;
    assert!(has_code(&back) && back.location.contains("state=trang-thai-1"), "{}", back.location);
    assert!(back.location.contains("iss="), "{}", back.location);
    is_nowhere(&sent, &id).await;
    assert_eq!((sent.get(&url).await.status, codes(&w).await), (StatusCode::BAD_REQUEST, 1));
}

async fn on_one_device_the_second_yes_goes_back_at_once_whoever_is_signed_in(s: Scratch) {
    let (w, bond) = super::acting::family(s).await;
    let browser = w.citizen(AS_CHILD).await;
    let id = arrives(&browser, &pushed(&w, CHILD, JOINT).await).await;
    answers(&browser, &id, "give").await;
    let csrf = browser.get("/me").await.hidden("csrf");
    assert_eq!(browser.post("/sign-out", &[("csrf", &csrf)]).await.status, StatusCode::SEE_OTHER);
    assert!(browser.get(&format!("/requests/{id}")).await.location.starts_with("/sign-in"));
    let mother = CITIZENS[AS_MOTHER];
    browser.sign_in("citizen", mother.login, mother.password, "/me").await;
    assert_eq!(act(&browser, bond).await.status, StatusCode::SEE_OTHER);
    let back = answers(&browser, &id, "give").await;
    assert!(has_code(&back), "{}", back.body);
    assert_eq!((state(&w, &id).await, codes(&w).await), (State::Given, 1));
    is_nowhere(&browser, &id).await;
}

/// The account is not the browser, and the browser not the account.
async fn the_same_person_elsewhere_and_another_person_here_get_no_code(s: Scratch) {
    let (w, _) = super::acting::family(s).await;
    let (sent, other) = (w.citizen(AS_MOTHER).await, w.citizen(AS_MOTHER).await);
    let url = pushed(&w, MOTHER, PLAIN).await;
    let id = arrives(&sent, &url).await;
    assert_eq!(arrives(&other, &url).await, id);
    // Put off here, answered there from the list.
    answers(&sent, &id, "defer").await;
    assert!(sent.get(&format!("/requests/{id}/done")).await.body.contains("Xem đã trả lời xong chưa"));
    assert!(other.get("/me/requests").await.body.contains(&format!("/requests/{id}")));
    let yes = answers(&other, &id, "give").await;
    assert_eq!((yes.location, state(&w, &id).await), (format!("/requests/{id}/done"), State::Given));
    is_nowhere(&other, &id).await;
    let cookie = sent.jar.lock().unwrap()["minhbach_arrival"].clone();
    assert_ne!(other.jar.lock().unwrap()["minhbach_arrival"], cookie);
    let mut forged = cookie.clone();
    forged.replace_range(..1, if cookie.starts_with('A') { "B" } else { "A" });
    for (name, browser) in [("forged", &other), ("none", &w.citizen(AS_MOTHER).await)] {
        if name == "forged" {
            browser.jar.lock().unwrap().insert("minhbach_arrival".to_owned(), forged.clone());
        }
        is_nowhere(browser, &id).await;
    }
    // Somebody else, even with the cookie, finds nothing.
    let stranger = w.citizen(AS_STRANGER).await;
    stranger.jar.lock().unwrap().insert("minhbach_arrival".to_owned(), cookie);
    assert_eq!(goes_on(&stranger, &id).await.status, StatusCode::NOT_FOUND);
    let forged = sent.post(&format!("/requests/{id}/onward"), &[("csrf", "x")]).await;
    assert_eq!((forged.status, codes(&w).await), (StatusCode::FORBIDDEN, 0));
    assert!(has_code(&is_led_back(&sent, &id).await));
}

async fn whoever_may_only_look_finishes_nothing(s: Scratch) {
    let (w, _) = super::acting::family(s).await;
    let scope = Scope { view: true, answer: false, purposes: None };
    let evidence = Evidence { reference: "Quyết định 7/2026".into(), sha256: Some("0".repeat(64)) };
    let until = Some(w.engines.now() + Duration::from_hours(48));
    let (ground, office) = (Ground::Attorney, "UBND xã Mẫu".into());
    let registration = Registration { ground, evidence, scope, from: None, until, child: None, office };
    let aide = CITIZENS[AS_STRANGER];
    let (bond, _) =
        people::register(&w.engines, &id(MOTHER), &id(aide.national_id), registration).await.unwrap();
    let browser = w.citizen(AS_MOTHER).await;
    let id = arrives(&browser, &pushed(&w, MOTHER, PLAIN).await).await;
    let other = w.citizen(AS_MOTHER).await;
    answers(&other, &id, "give").await;
    browser.sign_in("citizen", aide.login, aide.password, "/me").await;
    assert_eq!(act(&browser, bond).await.status, StatusCode::SEE_OTHER);
    assert_eq!(goes_on(&browser, &id).await.status, StatusCode::FORBIDDEN);
    assert_eq!(codes(&w).await, 0);
}

async fn a_no_elsewhere_and_a_withdrawal_in_between_go_back_without_a_code(s: Scratch) {
    let (w, _) = super::acting::family(s).await;
    let (sent, other) = (w.citizen(AS_MOTHER).await, w.citizen(AS_MOTHER).await);
    let id = arrives(&sent, &pushed(&w, MOTHER, PLAIN).await).await;
    let no = answers(&other, &id, "refuse").await;
    assert_eq!((no.location, state(&w, &id).await), (format!("/requests/{id}/done"), State::Refused));
    let back = is_led_back(&sent, &id).await;
    assert!(
        back.location.starts_with(BACK) && back.location.contains("error=access_denied"),
        "{}",
        back.location
    );
    is_nowhere(&sent, &id).await;

    let id = arrives(&sent, &pushed(&w, MOTHER, PLAIN).await).await;
    answers(&other, &id, "give").await;
    // While she lets it rest nothing goes back; when she takes it back, a no does.
    assert_eq!(press(&other, &id, "pause").await.status, StatusCode::SEE_OTHER);
    is_nowhere(&sent, &id).await;
    assert_eq!(press(&other, &id, "resume").await.status, StatusCode::SEE_OTHER);
    let offered = sent.get(&format!("/requests/{id}/done")).await.body;
    assert!(offered.contains("/onward"), "{offered}");
    let review = other.get(&format!("/me/consents/{id}/withdraw")).await;
    let (csrf, revision) = (review.hidden("csrf"), review.hidden("revision"));
    let form = [("csrf", csrf.as_str()), ("revision", revision.as_str())];
    assert_eq!(other.post(&format!("/me/consents/{id}/withdraw"), &form).await.status, StatusCode::SEE_OTHER);
    let back = is_led_back(&sent, &id).await;
    assert!(
        back.location.starts_with(BACK) && back.location.contains("error=access_denied"),
        "{}",
        back.location
    );
    assert_eq!(codes(&w).await, 0);
}

async fn who_goes_back_twice_at_once_takes_one_code(s: Scratch) {
    let (w, _) = super::acting::family(s).await;
    let (sent, other) = (w.citizen(AS_MOTHER).await, w.citizen(AS_MOTHER).await);
    for round in 1..=5 {
        let id = arrives(&sent, &pushed(&w, MOTHER, PLAIN).await).await;
        answers(&other, &id, "give").await;
        let (one, two) = tokio::join!(goes_on(&sent, &id), goes_on(&sent, &id));
        assert!(has_code(&one) != has_code(&two), "{} {}", one.location, two.location);
        assert_eq!(codes(&w).await, round);
    }
}

async fn nobody_answers_and_it_is_too_late(s: Scratch) {
    let (w, _) = super::acting::family(s).await;
    let browser = w.citizen(AS_MOTHER).await;
    let late = pushed(&w, MOTHER, PLAIN).await;
    let (asked, over) = (pushed(&w, MOTHER, PLAIN).await, pushed(&w, MOTHER, PLAIN).await);
    let (asked, over) = (arrives(&browser, &asked).await, arrives(&browser, &over).await);
    w.clock.advance(Duration::from_mins(5));
    let page = browser.get(&late).await;
    assert_eq!((page.status, page.location.as_str()), (StatusCode::BAD_REQUEST, ""), "nobody arrives late");
    // An hour to think it over, and five minutes to go back after it.
    w.clock.advance(Duration::from_mins(55));
    let mother = CITIZENS[AS_MOTHER];
    browser.sign_in("citizen", mother.login, mother.password, "/me").await;
    let page = browser.get(&format!("/requests/{asked}")).await;
    assert!(page.body.contains("/onward") && !page.body.contains("name=\"answer\""), "{}", page.body);
    let back = goes_on(&browser, &asked).await;
    assert!(
        back.location.starts_with(BACK) && back.location.contains("error=access_denied"),
        "{}",
        back.location
    );
    w.clock.advance(Duration::from_mins(5));
    let page = browser.get(&format!("/requests/{over}")).await;
    assert!(page.status == StatusCode::OK && !page.body.contains("/onward"), "{}", page.body);
    assert_eq!(goes_on(&browser, &over).await.location, format!("/requests/{over}/done"));
    assert_eq!(codes(&w).await, 0);
    assert!(Uuid::parse_str(&over).is_ok());
}

store_suite! {
    the_second_yes_on_another_device_sends_the_first_browser_back_and_no_other,
    on_one_device_the_second_yes_goes_back_at_once_whoever_is_signed_in,
    the_same_person_elsewhere_and_another_person_here_get_no_code,
    whoever_may_only_look_finishes_nothing,
    a_no_elsewhere_and_a_withdrawal_in_between_go_back_without_a_code,
    who_goes_back_twice_at_once_takes_one_code,
    nobody_answers_and_it_is_too_late,
}
