//! What a person sees of those who were told that she took a consent back: those who answer without acknowledging, those
//! who let the date pass, and those who have others to stop.

use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};
use reqwest::StatusCode;
use uuid::Uuid;

use super::{
    consent::{ANH, BANK, CLIENT, asked, bank_with, given, state},
    world::{Browser, World},
};
use crate::{
    consent,
    domain::{catalogue::Text, client::Profile, consent::State, receipt, record::Kind},
    notices::{Attestation, Poll, attest, deliver::Courier, poll, rules, streams},
    outbound::{http, push::Push},
    store::scratch::{Scratch, store_suite},
};

const TO_ACKNOWLEDGE: Duration = Duration::from_hours(72);

store_suite! {
    a_recipient_that_answers_200_and_never_acknowledges_is_suspended_and_she_sees_it,
    a_recipient_that_lets_the_date_pass_is_marked_and_she_sees_it,
    a_pause_is_followed_up_like_an_end,
    those_who_process_for_the_agency_are_named_and_have_twenty_days,
}

/// Presses the button of a page.
async fn presses(browser: &Browser, id: &str, act: &str) {
    let page = browser.get(&format!("/me/consents/{id}")).await;
    let (csrf, revision) = (page.hidden("csrf"), page.hidden("revision"));
    let form = [("csrf", csrf.as_str()), ("revision", revision.as_str())];
    let done = browser.post(&format!("/me/consents/{id}/{act}"), &form).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
}

/// What the consent's page says in English, to somebody who signed in just now.
async fn page(w: &World, id: &str) -> String {
    let page = w.citizen(0).await.get(&format!("/me/consents/{id}?lang=en")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    page.body
}

async fn polled(w: &World, ack: &[Uuid]) -> Vec<Uuid> {
    let client = w.engines.registry.client(CLIENT).await.unwrap().unwrap();
    let asked = Poll { ack: ack.iter().map(Uuid::to_string).collect(), ..Poll::default() };
    poll(&w.engines, &client, &asked).await.unwrap().sets.into_keys().collect()
}

async fn rules_applied(w: &World) {
    rules::turn(&w.engines, Uuid::from_u128(1), TO_ACKNOWLEDGE).await.unwrap();
}

async fn a_recipient_that_answers_200_and_never_acknowledges_is_suspended_and_she_sees_it(s: Scratch) {
    let w = bank_with(s, Profile::default()).await;
    let server = HttpServer::new(|| App::new().default_service(web::to(HttpResponse::Ok)))
        .workers(1)
        .disable_signals()
        .bind("127.0.0.1:0")
        .unwrap();
    let address = format!("http://{}/set", server.addrs()[0]);
    tokio::spawn(server.run());
    let client = w.engines.registry.client(CLIENT).await.unwrap().unwrap();
    let delivery = serde_json::json!({ "method": "urn:ietf:rfc:8935", "endpoint_url": address });
    let wanted = serde_json::from_value(serde_json::json!({ "delivery": delivery })).unwrap();
    streams::create(&w.engines, &client, &wanted).await.unwrap();
    let trust = http::Options { trust: http::Trust::Nobody, ..http::Options::default() };
    let courier = Courier::new(w.engines.clone(), Push::new(http::client_with(&trust).unwrap()));

    let browser = w.citizen(0).await;
    let id = given(&w, &browser, &[]).await;
    presses(&browser, &id, "withdraw").await;
    courier.turn().await;
    let told = page(&w, &id).await;
    // A 200 is not what a recipient says that has taken it (RFC 8935, section 2.2): nobody was told.
    for word in ["We told the agency on", "The agency confirmed on"] {
        assert!(!told.contains(word), "{told}");
    }
    assert!(told.contains("We have kept trying since"), "{told}");
    assert!(w.engines.store.client(CLIENT).await.unwrap().unwrap().suspended_at.is_none());

    w.clock.advance(TO_ACKNOWLEDGE);
    courier.turn().await;
    rules_applied(&w).await;
    assert!(w.engines.store.client(CLIENT).await.unwrap().unwrap().suspended_at.is_some());
    let late = page(&w, &id).await;
    assert!(late.contains("The agency did not confirm in time"), "{late}");
    let history = w.citizen(0).await.get("/me/history?lang=en").await.body;
    assert!(history.contains("</strong> did not confirm our notice in time"), "{history}");
    assert_eq!(w.entries(ANH, Kind::NoticeOverdue).await.len(), 1);

    // It still can, and must, do what it owes.
    let ids: Vec<Uuid> = polled(&w, &[]).await;
    assert_eq!(ids.len(), 1);
    assert!(polled(&w, &ids).await.is_empty());
    assert!(page(&w, &id).await.contains("The agency confirmed on"));
}

async fn a_recipient_that_lets_the_date_pass_is_marked_and_she_sees_it(s: Scratch) {
    let w = bank_with(s, Profile::default()).await;
    let browser = w.citizen(0).await;
    let id = given(&w, &browser, &[]).await;
    presses(&browser, &id, "withdraw").await;
    let ids = polled(&w, &[]).await;
    polled(&w, &ids).await;
    assert!(page(&w, &id).await.contains("The agency must stop using the information by"));
    w.clock.advance(Duration::from_hours(24 * 30));
    rules_applied(&w).await;
    let overdue = page(&w, &id).await;
    assert!(overdue.contains("has not reported it"), "{overdue}");
    let history = w.citizen(0).await.get("/me/history?lang=en").await.body;
    assert!(history.contains("</strong> has not said that it stopped"), "{history}");
    assert!(w.engines.store.client(CLIENT).await.unwrap().unwrap().suspended_at.is_none());
}

async fn a_pause_is_followed_up_like_an_end(s: Scratch) {
    let w = bank_with(s, Profile::default()).await;
    let browser = w.citizen(0).await;
    let id = given(&w, &browser, &[]).await;
    presses(&browser, &id, "pause").await;
    let ids = polled(&w, &[]).await;
    polled(&w, &ids).await;
    let paused = page(&w, &id).await;
    for line in ["The agency confirmed on", "The agency must stop using the information by"] {
        assert!(paused.contains(line), "{paused}");
    }
    let client = w.engines.registry.client(CLIENT).await.unwrap().unwrap();
    let said = serde_json::json!({ "jti": ids[0], "done": "stopped" });
    let said: Attestation = serde_json::from_value(said).unwrap();
    assert!(attest(&w.engines, &client, &said).await.unwrap().closed_at.is_some());
    let stopped = page(&w, &id).await;
    assert!(
        stopped.contains("The agency reported that it stopped on") && !stopped.contains("closing receipt")
    );
    presses(&browser, &id, "resume").await;
    assert!(!page(&w, &id).await.contains("The agency confirmed on"), "nothing to follow up any more");
}

async fn those_who_process_for_the_agency_are_named_and_have_twenty_days(s: Scratch) {
    let name = |vi: &str, en: &str| Text { vi: vi.to_owned(), en: en.to_owned() };
    let centre = name("Trung tâm dữ liệu thử", "Test data centre");
    let w = bank_with(s, Profile { processors: vec![centre.clone()], ..Profile::default() }).await;
    let browser = w.citizen(0).await;
    let waiting = asked(&w).await.row.id.to_string();
    let question = browser.get(&format!("/requests/{waiting}?lang=en")).await.body;
    assert!(
        question.contains("Test data centre") && !question.contains("Only this agency receives"),
        "{question}"
    );
    let id = given(&w, &browser, &[]).await;
    let receipt = browser.get(&format!("/me/consents/{id}/receipt")).await.body;
    let receipt = receipt::open(&receipt, &w.engines.tokens.receipt_keys()).unwrap();
    assert_eq!(receipt.processing.recipients, [BANK, "processor-1"]);
    assert!(receipt.summary.en.contains("Test data centre"), "{}", receipt.summary.en);
    let whole = browser.get(&format!("/api/v1/me/consents/{id}")).await.json();
    assert_eq!(whole["processors"][0]["en"], "Test data centre");

    // One whom she was not told of is not covered by what she said.
    let consent = consent::by_id(&w.engines, id.parse().unwrap()).await.unwrap().unwrap();
    let version = |processors: &[Text]| consent.facts(&[], processors, 0, false).purpose_version.to_owned();
    assert_eq!(version(&[]), consent.record.purpose_version);
    assert_eq!(version(std::slice::from_ref(&centre)), consent.record.purpose_version);
    assert_eq!(version(&[centre, name("Bên khác", "Somebody else")]), "");

    presses(&browser, &id, "withdraw").await;
    assert_eq!(state(&w, &id).await, State::Withdrawn);
    let notice = w.engines.store.notices_of(id.parse().unwrap()).await.unwrap().remove(0);
    let (calendar, at) = (&w.engines.calendar, crate::time::Millis(notice.created_at));
    assert_eq!(notice.stop_by, Some(calendar.stop_by(at, true).ends.0));
    let day = |third: bool| {
        let last = crate::time::Millis(calendar.stop_by(at, third).ends.0 - 1);
        crate::i18n::date(crate::i18n::Lang::En, last)
    };
    let done = browser.get(&format!("/me/consents/{id}/withdrawn?lang=en")).await.body;
    assert!(done.contains(&day(true)) && !done.contains(&day(false)), "{done}");
}
