//! A sign-in that is too weak for a question is made stronger; and a question about what has changed is none any more.

use std::collections::BTreeMap;

use reqwest::StatusCode;
use url::Url;
use uuid::Uuid;

use super::{
    consent::{answer, asked_for, bank, pushed, state},
    world::{Browser, NOW, Page, World},
};
use crate::{
    consent::{self, Consent},
    demo::people::CITIZENS,
    domain::{
        consent::{Act, State},
        record::Kind,
    },
    oauth,
    store::scratch::{Scratch, store_suite},
};

const ANH: &str = "999000000015";
const PURPOSE: &str = "private.bank_verification";
const WEAK: &[(&str, &str)] = &[("weak", "on")];

/// The first citizen, by password alone.
async fn weakly(w: &World) -> Browser {
    let browser = w.browser();
    let csrf = browser.get("/sign-in").await.hidden("csrf");
    let out = browser.post("/sign-in", &[("csrf", &csrf), ("issuer", "citizen")]).await;
    assert!(!out.location.contains("prompt=") && !out.location.contains("acr_values="), "{}", out.location);
    let back = at_issuer(&browser, &out, WEAK).await;
    assert_eq!(browser.get(&back).await.location, "/me");
    browser
}

async fn at_issuer(browser: &Browser, out: &Page, more: &[(&str, &str)]) -> String {
    assert_eq!(out.status, StatusCode::SEE_OTHER, "{}", out.body);
    let (url, person): (Url, _) = (out.location.parse().unwrap(), CITIZENS[0]);
    browser.at_issuer(&url, person.login, person.password, more).await
}

/// Presses the button of the page that asks for a stronger sign-in.
async fn steps_up(browser: &Browser, page: &Page, change: (&str, &str)) -> Page {
    let (_, form) = page.body.split_once("action=\"/sign-in\"").unwrap();
    let names = ["csrf", "issuer", "assurance", "return_to"];
    let value = |name: &str| {
        let (_, rest) = form.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let mut form: BTreeMap<&str, String> = names.into_iter().map(|name| (name, value(name))).collect();
    form.insert(change.0, change.1.to_owned());
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.post("/sign-in", &form).await
}

const AS_IT_IS: (&str, &str) = ("role", "citizen");

async fn asked(w: &World) -> Consent {
    asked_for(w, w.engines.register.catalogue().purpose(PURPOSE).unwrap()).await
}

async fn a_weak_sign_in_is_sent_to_prove_more_and_then_the_answer_counts(s: Scratch) {
    let w = bank(s).await;
    let browser = weakly(&w).await;
    let id = asked(&w).await.row.id.to_string();
    let path = format!("/requests/{id}");
    let page = browser.get(&path).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(!page.body.contains("name=\"answer\"") && page.body.contains("name=\"assurance\" value=\"3\""));
    // Nor does the form of another window help.
    let csrf = browser.get("/me").await.hidden("csrf");
    let form =
        [("csrf", csrf.as_str()), ("revision", "1"), ("notice", "x"), ("lang", "vi"), ("answer", "give")];
    let tried = browser.post(&format!("{path}/answer"), &form).await;
    assert_eq!((tried.status, state(&w, &id).await), (StatusCode::FORBIDDEN, State::Requested));

    let out = steps_up(&browser, &page, AS_IT_IS).await;
    let url: Url = out.location.parse().unwrap();
    let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    assert_eq!((query["acr_values"].as_str(), query["prompt"].as_str()), ("loa3", "login"));
    assert_eq!(query["max_age"], "600");
    // Her session over there is of the weak sign-in: she has to sign in again.
    let there = browser.get(url.as_str()).await;
    assert!(there.status == StatusCode::OK && there.body.contains("type=\"password\""), "{}", there.location);
    let back = at_issuer(&browser, &out, &[]).await;
    let done = browser.get(&back).await;
    assert_eq!(
        (done.status, done.location.as_str()),
        (StatusCode::SEE_OTHER, path.as_str()),
        "{}",
        done.body
    );

    let page = browser.get(&path).await;
    let done = answer(&browser, &page, &id, "give", &[]).await;
    assert_eq!((done.status, state(&w, &id).await), (StatusCode::SEE_OTHER, State::Given), "{}", done.body);
    let given = consent::by_id(&w.engines, Uuid::parse_str(&id).unwrap()).await.unwrap().unwrap();
    let by = given.record.answered_by.unwrap();
    assert_eq!((by.assurance, by.authenticated.acr.as_deref()), (Some(3), Some("loa3")));
    assert_eq!(by.authenticated.at.map(crate::time::Millis::seconds), Some(NOW.seconds()));
}

async fn a_step_up_that_comes_back_weak_is_a_page_and_leads_nowhere(s: Scratch) {
    let w = bank(s).await;
    let browser = weakly(&w).await;
    let id = asked(&w).await.row.id.to_string();
    let path = format!("/requests/{id}");
    let page = browser.get(&path).await;
    let cookie = browser.jar.lock().unwrap()["minhbach_session"].clone();
    let out = steps_up(&browser, &page, AS_IT_IS).await;
    let back = at_issuer(&browser, &out, WEAK).await;
    let refused = browser.get(&back).await;
    assert_eq!((refused.status, refused.location.as_str()), (StatusCode::FORBIDDEN, ""), "no loop");
    assert!(refused.body.contains("chưa đủ mạnh"), "{}", refused.body);
    assert_eq!(browser.jar.lock().unwrap()["minhbach_session"], cookie, "she is still who she was");
    // Asked for less, she gets less, and the question is not for her yet.
    let page = browser.get(&path).await;
    let out = steps_up(&browser, &page, ("assurance", "1")).await;
    let back = at_issuer(&browser, &out, WEAK).await;
    assert_eq!(browser.get(&back).await.location, path);
    let page = browser.get(&path).await;
    assert!(!page.body.contains("name=\"answer\"") && page.body.contains("name=\"assurance\""));
    for beyond in ["0", "5", "256", "x", "-1"] {
        let out = steps_up(&browser, &page, ("assurance", beyond)).await;
        assert_eq!(out.status, StatusCode::BAD_REQUEST, "{beyond}");
    }
    // No issuer of ours is as sure as that: nobody is sent there in vain.
    let out = steps_up(&browser, &page, ("assurance", "4")).await;
    assert_eq!((out.status, out.location.as_str()), (StatusCode::FORBIDDEN, ""));
    assert_eq!(state(&w, &id).await, State::Requested);
}

/// What lets data flow again is as good as a yes; taking back needs nothing more.
async fn to_resume_one_must_prove_as_much_as_to_give_and_to_take_back_nothing(s: Scratch) {
    let w = bank(s).await;
    let strong = w.citizen(0).await;
    let id = asked(&w).await.row.id.to_string();
    let page = strong.get(&format!("/requests/{id}")).await;
    answer(&strong, &page, &id, "give", &[]).await;
    let weak = weakly(&w).await;
    for (act, status, then) in [
        ("pause", StatusCode::SEE_OTHER, State::Paused),
        ("resume", StatusCode::FORBIDDEN, State::Paused),
        ("withdraw", StatusCode::SEE_OTHER, State::Withdrawn),
    ] {
        let page = weak.get(&format!("/me/consents/{id}")).await;
        let csrf = page.hidden("csrf");
        let id_ = Uuid::parse_str(&id).unwrap();
        let revision = consent::by_id(&w.engines, id_).await.unwrap().unwrap().row.revision.to_string();
        let form = [("csrf", csrf.as_str()), ("revision", revision.as_str())];
        let done = weak.post(&format!("/me/consents/{id}/{act}"), &form).await;
        assert_eq!((done.status, state(&w, &id).await), (status, then), "{act}");
    }
}

async fn a_question_about_what_has_changed_is_a_page_that_says_so(s: Scratch) {
    let w = bank(s).await;
    let browser = w.citizen(0).await;
    let url = pushed(&w).await;
    let first = browser.get(&url).await.location;
    let form = browser.get(&first).await;
    assert!(form.body.contains("name=\"answer\""));
    w.clock.advance(std::time::Duration::from_secs(1));
    let mut before = w.engines.register.catalogue().purpose(PURPOSE).unwrap().clone();
    before.version = "0".repeat(64);
    let consent = asked_for(&w, &before).await;
    let id = consent.row.id.to_string();
    // As if the one the bank pushed had been asked for under that version.
    let sql = "UPDATE pushed_requests SET consent = $1";
    let mut tx = w.scratch.store.begin().await.unwrap();
    crate::store::on!(&mut tx, |c| sqlx::query(sql).bind(consent.row.id).execute(c).await.map(drop)).unwrap();
    tx.commit().await.unwrap();
    for written in [false, true] {
        if written {
            let by = crate::domain::consent::Actor::system();
            crate::admin::activate_policies(&w.engines).await.unwrap();
            consent::end(&w.engines, &consent, Act::Invalidate, by, None).await.unwrap();
        }
        assert_eq!(browser.get(&url).await.location, format!("/requests/{id}"));
        let page = browser.get(&format!("/requests/{id}")).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        assert!(page.body.contains("Mục đích đã thay đổi") && !page.body.contains("name=\"answer\""));
        for answered in ["give", "refuse", "defer"] {
            let tried = answer(&browser, &form, &id, answered, &[]).await;
            assert_eq!(tried.status, StatusCode::CONFLICT);
            assert!(tried.body.contains("Mục đích đã thay đổi"), "{}", tried.body);
        }
        assert!(browser.get("/me/requests").await.body.contains("Phải hỏi lại"));
        assert!(browser.get(&format!("/me/consents/{id}")).await.body.contains("Phải hỏi lại"));
        let stranger = w.citizen(1).await;
        assert_eq!(stranger.get(&format!("/requests/{id}")).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(w.entries(ANH, Kind::ConsentInvalidated).await.len(), 1);
    let absent = asked_for(&w, &before).await.row.id;
    let page = browser.get(&format!("/requests/{absent}")).await;
    assert!(
        page.body.contains("Mục đích đã thay đổi") && !page.body.contains("error="),
        "nowhere to go back to"
    );
}

async fn whoever_was_sent_here_is_led_back_and_the_agency_reads_why(s: Scratch) {
    let w = bank(s).await;
    let browser = w.citizen(0).await;
    let url = pushed(&w).await;
    browser.get(&url).await;
    let mut before = w.engines.register.catalogue().purpose(PURPOSE).unwrap().clone();
    before.version = "0".repeat(64);
    let mut consent = asked_for(&w, &before).await;
    consent.record.channel = crate::domain::consent::Channel::Present;
    let sql = "UPDATE pushed_requests SET consent = $1";
    let mut tx = w.scratch.store.begin().await.unwrap();
    crate::store::on!(&mut tx, |c| sqlx::query(sql).bind(consent.row.id).execute(c).await.map(drop)).unwrap();
    tx.commit().await.unwrap();
    let cookie = browser.jar.lock().unwrap()["minhbach_arrival"].clone();
    assert_eq!(oauth::go_on(&w.engines, &consent, None).await.unwrap(), None, "not from anywhere");
    let back = oauth::go_on(&w.engines, &consent, Some(&cookie)).await.unwrap();
    let back: Url = back.unwrap().parse().unwrap();
    let said: BTreeMap<String, String> = back.query_pairs().into_owned().collect();
    assert_eq!(said["error"], "invalid_authorization_details");
    assert!(said["error_description"].contains("purpose has changed") && !said.contains_key("code"));
    assert_eq!((said["state"].as_str(), said["iss"].as_str()), ("trang-thai-1", w.base.as_str()));
}

store_suite! {
    a_weak_sign_in_is_sent_to_prove_more_and_then_the_answer_counts,
    a_step_up_that_comes_back_weak_is_a_page_and_leads_nowhere,
    to_resume_one_must_prove_as_much_as_to_give_and_to_take_back_nothing,
    a_question_about_what_has_changed_is_a_page_that_says_so,
    whoever_was_sent_here_is_led_back_and_the_agency_reads_why,
}
