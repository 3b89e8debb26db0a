//! A person is asked in her browser, answers, and takes it back.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::world::{Browser, Page, World, world};
use crate::{
    admin::{ClientSpec, register_client},
    consent::{self, Ask, Consent},
    crypto::{Algorithm, sha256},
    domain::{
        catalogue::{BasisKind, Purpose},
        client::Profile,
        consent::{Limits, State},
        receipt,
        record::{Kind, hex},
    },
    jose::{Jwks, PrivateJwk},
    oauth::{self, Authenticated},
    protocol::form::Form,
    store::scratch::{Scratch, store_suite},
    time::Millis,
};

pub(super) const ANH: &str = "999000000015";
pub(super) const BANK: &str = "ngan-hang-thu-nghiem";
pub(super) const CLIENT: &str = "ngan-hang.xac-minh";
const BACK: &str = "http://127.0.0.1:9/tro-lai";
pub(super) const PURPOSE: &str = "private.bank_verification";
const OPTIONAL: &str = "person.birth_date";

pub(super) async fn bank(s: Scratch) -> World {
    bank_with(s, Profile::default()).await
}

pub(super) async fn bank_with(s: Scratch, profile: Profile) -> World {
    let w = world(s).await;
    let key = PrivateJwk::generate(Algorithm::EdDsa).unwrap();
    let spec = ClientSpec {
        client_id: CLIENT.to_owned(),
        agency: BANK.to_owned(),
        name: "Phần mềm thử".to_owned(),
        jwks: Jwks::parse(&json!({ "keys": [key.public().to_value()] })).unwrap(),
        purposes: [PURPOSE.to_owned()].into(),
        redirect_uris: vec![BACK.to_owned()],
        audience: None,
        actor_issuers: Vec::new(),
        profile,
    };
    register_client(&w.engines, &spec).await.unwrap();
    w
}

/// Asks without anybody having been sent here.
pub(super) async fn asked(w: &World) -> Consent {
    asked_for(w, w.engines.register.catalogue().purpose(PURPOSE).unwrap()).await
}

pub(super) async fn asked_for(w: &World, purpose: &Purpose) -> Consent {
    let client = w.engines.registry.client(CLIENT).await.unwrap().unwrap();
    let terms = purpose.consent.as_ref().unwrap();
    let now = w.engines.now();
    let limits = Limits::asked(None, terms, now).unwrap();
    let fields = &purpose.basis(BasisKind::Consent).unwrap().fields;
    let subject = w.person(ANH).await;
    let ask = Ask {
        case: Some("NH.2026.0001".to_owned()),
        binding_message: Some("HOA-7312".to_owned()),
        ..Ask::plain(&client, &subject, purpose, fields, limits, now + Duration::from_hours(1))
    };
    consent::ask(&w.engines, ask).await.unwrap()
}

/// Where a browser is sent by the bank, which pushed its request before.
pub(super) async fn pushed(w: &World) -> String {
    let client = w.engines.registry.client(CLIENT).await.unwrap().unwrap();
    let purpose = w.engines.register.catalogue().purpose(PURPOSE).unwrap();
    let details = json!([{
        "type": "urn:minhbach:personal-data", "purpose": PURPOSE, "subject": { "national_id": ANH },
        "actions": ["read"], "datatypes": purpose.basis(BasisKind::Consent).unwrap().fields,
        "basis": "consent", "case": "NH.2026.0002",
    }]);
    let form = [
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", BACK),
        ("state", "trang-thai-1"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
        ("authorization_details", &details.to_string()),
    ];
    let form = serde_urlencoded::to_string(form).unwrap();
    let who = Authenticated { client, replay: (w.engines.id(), Millis(w.engines.now().0 + 60_000)) };
    let answer = oauth::push(&w.engines, &who, &Form::parse(form.as_bytes()).unwrap(), None).await.unwrap();
    let query = [("client_id", CLIENT), ("request_uri", &answer.request_uri), ("scope", "ignored")];
    format!("/oauth/authorize?{}", serde_urlencoded::to_string(query).unwrap())
}

/// Sends the form of the question as a browser would.
pub(super) async fn answer(browser: &Browser, page: &Page, id: &str, answer: &str, fields: &[&str]) -> Page {
    let (csrf, revision) = (page.hidden("csrf"), page.hidden("revision"));
    let (notice, lang) = (page.hidden("notice"), page.hidden("lang"));
    let mut form = vec![
        ("csrf", csrf.as_str()),
        ("revision", revision.as_str()),
        ("notice", notice.as_str()),
        ("lang", lang.as_str()),
        ("answer", answer),
    ];
    form.extend(fields.iter().map(|field| ("field", *field)));
    browser.post(&format!("/requests/{id}/answer"), &form).await
}

pub(super) async fn state(w: &World, id: &str) -> State {
    consent::by_id(&w.engines, Uuid::parse_str(id).unwrap()).await.unwrap().unwrap().state
}

pub(super) async fn given(w: &World, browser: &Browser, fields: &[&str]) -> String {
    let id = asked(w).await.row.id.to_string();
    let page = browser.get(&format!("/requests/{id}")).await;
    let done = answer(browser, &page, &id, "give", fields).await;
    assert_eq!((done.status, done.location), (StatusCode::SEE_OTHER, format!("/requests/{id}/done")));
    id
}

async fn a_person_reads_and_gives_what_she_ticks_and_the_text_she_read_is_kept_byte_for_byte(s: Scratch) {
    let w = bank(s).await;
    let browser = w.citizen(0).await;
    let id = asked(&w).await.row.id.to_string();
    let list = browser.get("/me/requests").await;
    assert!(list.body.contains(&format!("/requests/{id}")), "{}", list.body);
    assert!(browser.get("/me").await.body.contains("/me/requests"));
    let page = browser.get(&format!("/requests/{id}")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(!page.body.contains(" checked") && page.body.contains("HOA-7312") && !page.body.contains(ANH));
    assert!(page.body.contains("value=\"refuse\"") && page.body.contains("value=\"give\""));
    let hash = page.hidden("notice");

    let done = answer(&browser, &page, &id, "give", &[OPTIONAL]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let done = browser.get(&done.location).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    assert!(done.body.contains("Ngân hàng Thử Nghiệm") && done.body.contains(&id));
    let consent = consent::by_id(&w.engines, Uuid::parse_str(&id).unwrap()).await.unwrap().unwrap();
    let granted = consent.record.granted();
    assert_eq!(granted, ["person.id_number", "person.full_name", OPTIONAL]);

    let detail = browser.get(&format!("/me/consents/{id}")).await;
    assert_eq!(detail.status, StatusCode::OK, "{}", detail.body);
    let kept =
        w.engines.store.consent_text(&crate::domain::record::unhex(&hash).unwrap()).await.unwrap().unwrap();
    assert!(detail.body.contains(&kept.body) && page.body.contains(&kept.body));
    assert_eq!(hex(&sha256(kept.body.as_bytes())), hash);
    assert_eq!(w.entries(ANH, Kind::ConsentGiven).await[0].shown.as_deref(), Some(hash.as_str()));
    let history = browser.get("/me/history?lang=en").await;
    assert!(history.body.contains("Test Bank"), "{}", history.body);
    let entry = browser.get("/api/v1/me/accesses").await.json()["accesses"][0]["id"].clone();
    let entry = browser.get(&format!("/me/history/{}", entry.as_str().unwrap())).await;
    assert!(entry.body.contains(&format!("/me/consents/{id}")), "{}", entry.body);

    // A text that is not the one with its hash is not shown as what she read.
    let mut tx = w.scratch.store.begin().await.unwrap();
    let sql = "UPDATE consent_texts SET body = body || ' '";
    crate::store::on!(&mut tx, |c| sqlx::query(sql).execute(c).await.map(drop)).unwrap();
    tx.commit().await.unwrap();
    let damaged = browser.get(&format!("/me/consents/{id}")).await;
    assert_eq!(damaged.status, StatusCode::INTERNAL_SERVER_ERROR);
}

async fn an_answer_counts_once_and_a_refusal_stays_one(s: Scratch) {
    let w = bank(s).await;
    let browser = w.citizen(0).await;
    let id = asked(&w).await.row.id.to_string();
    let page = browser.get(&format!("/requests/{id}")).await;
    let later = answer(&browser, &page, &id, "defer", &[]).await;
    assert_eq!(later.status, StatusCode::SEE_OTHER, "{}", later.body);
    assert_eq!(browser.get(&later.location).await.status, StatusCode::OK);
    let stale = answer(&browser, &page, &id, "give", &[]).await;
    assert_eq!((stale.status, state(&w, &id).await), (StatusCode::CONFLICT, State::Deferred));
    let page = browser.get(&format!("/requests/{id}")).await;
    let no = answer(&browser, &page, &id, "refuse", &[]).await;
    assert_eq!(browser.get(&no.location).await.status, StatusCode::OK);
    let again = answer(&browser, &page, &id, "give", &[]).await;
    assert_eq!((again.status, state(&w, &id).await), (StatusCode::CONFLICT, State::Refused));
    let closed = browser.get(&format!("/requests/{id}")).await;
    assert_eq!(closed.location, format!("/me/consents/{id}"));
    assert_eq!(browser.get(&closed.location).await.status, StatusCode::OK);
}

async fn what_was_not_asked_or_not_shown_or_comes_too_late_is_not_answered(s: Scratch) {
    let w = bank(s).await;
    let browser = w.citizen(0).await;
    let id = asked(&w).await.row.id.to_string();
    let page = browser.get(&format!("/requests/{id}")).await;
    let bent = answer(&browser, &page, &id, "give", &["health.conditions"]).await;
    assert_eq!((bent.status, state(&w, &id).await), (StatusCode::BAD_REQUEST, State::Requested));

    let hash = page.hidden("notice");
    let other = Page { body: page.body.replace(&hash, &"0".repeat(64)), ..browser.get("/log").await };
    let changed = answer(&browser, &other, &id, "give", &[]).await;
    assert_eq!((changed.status, state(&w, &id).await), (StatusCode::CONFLICT, State::Requested));
    assert_eq!(changed.hidden("notice"), hash, "she reads the text again and can answer");
    assert!(changed.body.contains("đọc lại") && !changed.body.contains(" checked"));
    // The other language is another text.
    let english = Page {
        body: page.body.replace("name=\"lang\" value=\"vi\"", "name=\"lang\" value=\"en\""),
        ..browser.get("/log").await
    };
    assert_eq!(answer(&browser, &english, &id, "give", &[]).await.status, StatusCode::CONFLICT);
    let forged = Page { body: page.body.replace(&page.hidden("csrf"), "x"), ..browser.get("/log").await };
    assert_eq!(answer(&browser, &forged, &id, "give", &[]).await.status, StatusCode::FORBIDDEN);

    w.clock.advance(Duration::from_hours(1));
    let browser = w.citizen(0).await;
    let late = browser.get(&format!("/requests/{id}")).await;
    assert!(late.status == StatusCode::OK && !late.body.contains("name=\"answer\""), "{}", late.body);
    let mut form = late;
    form.body = page.body.replace(&page.hidden("csrf"), &form.hidden("csrf"));
    let late = answer(&browser, &form, &id, "give", &[]).await;
    assert_eq!((late.status, state(&w, &id).await), (StatusCode::GONE, State::Requested));
}

/// I8: somebody else's consent is told apart from none by nothing.
async fn another_person_finds_nothing_and_can_do_nothing(s: Scratch) {
    let w = bank(s).await;
    let (hers, stranger) = (w.citizen(0).await, w.citizen(1).await);
    let waiting = asked(&w).await.row.id.to_string();
    let standing = given(&w, &hers, &[]).await;
    let page = hers.get(&format!("/requests/{waiting}")).await;
    let csrf = stranger.get("/me").await.hidden("csrf");
    for id in [waiting.as_str(), standing.as_str(), "0199ac2f-6c1e-7d03-9a55-1f2e3d4c5b6a", "x"] {
        for path in [
            format!("/requests/{id}"),
            format!("/requests/{id}/done"),
            format!("/me/consents/{id}"),
            format!("/me/consents/{id}/withdraw"),
            format!("/me/consents/{id}/withdrawn"),
            format!("/me/consents/{id}/receipt"),
            format!("/api/v1/me/consents/{id}"),
        ] {
            let found = stranger.get(&path).await;
            assert_eq!(found.status, StatusCode::NOT_FOUND, "{path}");
            assert!(!found.body.contains("Ngân hàng"), "{path}");
        }
        for act in ["withdraw", "pause", "resume", "confirm"] {
            let form = [("csrf", csrf.as_str()), ("revision", "2")];
            let tried = stranger.post(&format!("/me/consents/{id}/{act}"), &form).await;
            assert_eq!(tried.status, StatusCode::NOT_FOUND, "{act}");
        }
        let token = [("x-csrf-token", csrf.as_str())];
        let tried = stranger.post_with(&format!("/api/v1/me/consents/{id}/withdraw"), &[], &token).await;
        assert_eq!(tried.status, StatusCode::NOT_FOUND);
    }
    let own = Page { body: page.body.replace(&page.hidden("csrf"), &csrf), ..stranger.get("/log").await };
    assert_eq!(answer(&stranger, &own, &waiting, "refuse", &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!((state(&w, &waiting).await, state(&w, &standing).await), (State::Requested, State::Given));
    for path in ["/me/requests", "/me/consents", &format!("/me/agencies/{BANK}")] {
        let list = stranger.get(path).await;
        assert!(list.status == StatusCode::OK && !list.body.contains(&standing), "{path}");
    }
}

async fn taking_back_takes_no_more_steps_than_giving_and_the_receipts_hold(s: Scratch) {
    let w = bank(s).await;
    let browser = w.citizen(0).await;
    let id = given(&w, &browser, &[OPTIONAL]).await;
    let receipt = |page: Page| {
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        assert!(page.header("content-disposition").contains(&format!("receipt-{id}.jwt")));
        receipt::open(&page.body, &w.engines.tokens.receipt_keys()).unwrap()
    };
    let file = format!("/me/consents/{id}/receipt");
    let first = receipt(browser.get(&file).await);
    assert_eq!((first.state, first.header.record_id.to_string()), (State::Given, id.clone()));

    for (act, now) in [("pause", State::Paused), ("resume", State::Given)] {
        let page = browser.get(&format!("/me/consents/{id}")).await;
        let (csrf, revision) = (page.hidden("csrf"), page.hidden("revision"));
        let before = state(&w, &id).await;
        for other in ["pause", "resume", "withdraw"] {
            let forged = [("csrf", "x"), ("revision", revision.as_str())];
            let forged = browser.post(&format!("/me/consents/{id}/{other}"), &forged).await;
            assert_eq!((forged.status, state(&w, &id).await), (StatusCode::FORBIDDEN, before), "{other}");
        }
        let form = [("csrf", csrf.as_str()), ("revision", revision.as_str())];
        let done = browser.post(&format!("/me/consents/{id}/{act}"), &form).await;
        assert_eq!((done.status, state(&w, &id).await), (StatusCode::SEE_OTHER, now), "{}", done.body);
        assert_eq!(
            browser.post(&format!("/me/consents/{id}/{act}"), &form).await.status,
            StatusCode::CONFLICT
        );
    }
    // Giving: open, answer. Taking back: open, press.
    let review = browser.get(&format!("/me/consents/{id}/withdraw")).await;
    let (csrf, revision) = (review.hidden("csrf"), review.hidden("revision"));
    let form = [("csrf", csrf.as_str()), ("revision", revision.as_str())];
    let done = browser.post(&format!("/me/consents/{id}/withdraw"), &form).await;
    assert_eq!((done.status, state(&w, &id).await), (StatusCode::SEE_OTHER, State::Withdrawn));
    let done = browser.get(&done.location).await;
    assert!(done.status == StatusCode::OK && done.body.contains(&id), "{}", done.body);
    let detail = browser.get(&format!("/me/consents/{id}")).await;
    assert!(detail.status == StatusCode::OK && !detail.body.contains("/pause"), "{}", detail.body);
    let last = receipt(browser.get(&file).await);
    assert_eq!(last.termination.unwrap().ended_by, "withdraw");
    assert_eq!(browser.get("/me/consents?state=over").await.status, StatusCode::OK);
}

async fn an_agency_is_stopped_altogether_and_it_is_said_how_much(s: Scratch) {
    let w = bank(s).await;
    let browser = w.citizen(0).await;
    let (one, two) = (given(&w, &browser, &[]).await, given(&w, &browser, &[OPTIONAL]).await);
    let page = browser.get(&format!("/me/agencies/{BANK}?lang=en")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let stopped = browser.post(&format!("/me/agencies/{BANK}/stop"), &[("csrf", &page.hidden("csrf"))]).await;
    assert!(stopped.status == StatusCode::OK && stopped.body.contains('2'), "{}", stopped.body);
    assert!(stopped.body.contains("2 times"), "{}", stopped.body);
    assert_eq!((state(&w, &one).await, state(&w, &two).await), (State::Withdrawn, State::Withdrawn));
    assert_eq!(
        browser.post(&format!("/me/agencies/{BANK}/stop"), &[("csrf", "x")]).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(browser.get("/me/agencies/khong-co").await.status, StatusCode::NOT_FOUND);
}

async fn programs_read_and_withdraw_with_the_sessions_token(s: Scratch) {
    let w = bank(s).await;
    let browser = w.citizen(0).await;
    let id = given(&w, &browser, &[]).await;
    let list = browser.get("/api/v1/me/consents").await.json();
    assert_eq!((&list["consents"][0]["id"], &list["consents"][0]["state"]), (&json!(id), &json!("given")));
    let one = browser.get(&format!("/api/v1/me/consents/{id}")).await.json();
    assert_eq!(one["events"][1]["act"], "give");
    let path = format!("/api/v1/me/consents/{id}/withdraw");
    assert_eq!(browser.post(&path, &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.post_with(&path, &[], &[("x-csrf-token", "x")]).await.status, StatusCode::FORBIDDEN);
    let token = [("x-csrf-token", one["csrf"].as_str().unwrap())];
    let done = browser.post_with(&path, &[], &token).await;
    assert_eq!((done.status, &done.json()["state"]), (StatusCode::OK, &json!("withdrawn")));
    let again = browser.post_with(&path, &[], &token).await;
    assert_eq!((again.status, &again.json()["code"]), (StatusCode::CONFLICT, &json!("consent_changed")));
}

async fn somebody_an_agency_sent_here_answers_and_goes_back_with_a_code(s: Scratch) {
    let w = bank(s).await;
    let url = pushed(&w).await;
    let nobody = w.browser();
    assert!(nobody.get(&url).await.location.starts_with("/sign-in?return_to=%2Foauth%2Fauthorize"));
    let stranger = w.citizen(1).await.get(&url).await;
    assert!(stranger.status == StatusCode::FORBIDDEN && !stranger.body.contains("Ngân hàng"));
    let browser = w.citizen(0).await;
    let asked = browser.get(&url).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.body);
    assert_eq!(browser.get(&url).await.location, asked.location, "asked once, however often it is opened");
    let id = asked.location.trim_start_matches("/requests/").to_owned();
    let page = browser.get(&asked.location).await;
    assert!(
        page.header("content-security-policy").contains(" http://127.0.0.1:9;"),
        "{}",
        page.header("content-security-policy")
    );
    let back = answer(&browser, &page, &id, "give", &[]).await;
    assert_eq!((back.status, back.header("cache-control")), (StatusCode::SEE_OTHER, "no-store"));
    assert!(
        back.location.starts_with(&format!("{BACK}?")) && back.location.contains("code="),
        "{}",
        back.location
    );
    assert!(back.location.contains("state=trang-thai-1") && back.location.contains("iss="));
    let over = browser.get(&url).await;
    assert!(over.status == StatusCode::BAD_REQUEST && over.location.is_empty(), "no redirect to anywhere");

    let url = pushed(&w).await;
    let asked = browser.get(&url).await.location;
    let page = browser.get(&asked).await;
    let id = asked.trim_start_matches("/requests/").to_owned();
    let back = answer(&browser, &page, &id, "refuse", &[]).await;
    assert!(back.location.starts_with(BACK) && back.location.contains("error=access_denied"));
    for wrong in ["/oauth/authorize", "/oauth/authorize?client_id=x&redirect_uri=https%3A%2F%2Fevil.example"]
    {
        let page = browser.get(wrong).await;
        assert!(page.status == StatusCode::BAD_REQUEST && page.location.is_empty(), "{wrong}");
    }
}

store_suite! {
    a_person_reads_and_gives_what_she_ticks_and_the_text_she_read_is_kept_byte_for_byte,
    an_answer_counts_once_and_a_refusal_stays_one,
    what_was_not_asked_or_not_shown_or_comes_too_late_is_not_answered,
    another_person_finds_nothing_and_can_do_nothing,
    taking_back_takes_no_more_steps_than_giving_and_the_receipts_hold,
    an_agency_is_stopped_altogether_and_it_is_said_how_much,
    programs_read_and_withdraw_with_the_sessions_token,
    somebody_an_agency_sent_here_answers_and_goes_back_with_a_code,
}
