//! A person lets software of an agency read for her, on the page, and takes it back there.

use reqwest::StatusCode;
use serde_json::json;

use super::world::{Browser, Page, World, world};
use crate::{
    admin::{ClientSpec, register_client},
    crypto::{Algorithm, sha256},
    demo::people::CITIZENS,
    domain::{
        client::{CitizenScope, Profile},
        consent::State,
        own_token, receipt,
        record::{Kind, hex},
        representation::{Evidence, Ground, Milestones, Scope},
        subject::NationalId,
    },
    jose::{Jwks, PrivateJwk, jws::Unverified},
    oauth::{self, Authenticated},
    people::{self, Registration},
    protocol::form::Form,
    store::scratch::{Scratch, store_suite},
    time::Millis,
};

const ANH: &str = "999000000015";
const AGENCY: &str = "ubnd-phuong-mau";
const CLIENT: &str = "ubnd.cong-dan";
const BACK: &str = "http://127.0.0.1:9/tro-lai";

async fn ward(s: Scratch) -> World {
    let w = world(s).await;
    let key = PrivateJwk::generate(Algorithm::EdDsa).unwrap();
    let spec = ClientSpec {
        client_id: CLIENT.to_owned(),
        agency: AGENCY.to_owned(),
        name: "Trang thử của phường".to_owned(),
        jwks: Jwks::parse(&json!({ "keys": [key.public().to_value()] })).unwrap(),
        purposes: [].into(),
        redirect_uris: vec![BACK.to_owned()],
        audience: None,
        actor_issuers: Vec::new(),
        profile: Profile { scopes: CitizenScope::ALL.into(), ..Profile::default() },
    };
    register_client(&w.engines, &spec).await.unwrap();
    w
}

/// Where a browser is sent, and the page she then reads.
async fn asked(w: &World, browser: &Browser) -> (String, Page) {
    let client = w.engines.registry.client(CLIENT).await.unwrap().unwrap();
    let form = [
        ("response_type", "code"),
        ("redirect_uri", BACK),
        ("state", "trang-thai-1"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
        ("scope", "me.history me.consents"),
    ];
    let form = Form::parse(serde_urlencoded::to_string(form).unwrap().as_bytes()).unwrap();
    let who = Authenticated { client, replay: (w.engines.id(), Millis(w.engines.now().0 + 60_000)) };
    let answer = oauth::push(&w.engines, &who, &form, None).await.unwrap();
    let query = [("client_id", CLIENT), ("request_uri", &answer.request_uri)];
    let arrived =
        browser.get(&format!("/oauth/authorize?{}", serde_urlencoded::to_string(query).unwrap())).await;
    assert_eq!(arrived.status, StatusCode::SEE_OTHER, "{}", arrived.body);
    let page = browser.get(&arrived.location).await;
    (arrived.location, page)
}

async fn answer(browser: &Browser, (path, page): &(String, Page), said: &str) -> Page {
    let (csrf, revision) = (page.hidden("csrf"), page.hidden("revision"));
    let (notice, lang) = (page.hidden("notice"), page.hidden("lang"));
    let form = [
        ("csrf", csrf.as_str()),
        ("revision", &revision),
        ("notice", &notice),
        ("lang", &lang),
        ("answer", said),
    ];
    browser.post(&format!("{path}/answer"), &form).await
}

async fn the_page_says_which_software_reads_what_and_a_yes_is_kept_and_taken_back_like_any_other(s: Scratch) {
    let w = ward(s).await;
    let browser = w.citizen(0).await;
    let question = asked(&w, &browser).await;
    let page = &question.1;
    assert_eq!(page.status, StatusCode::OK);
    for said in [
        "Phần mềm: Trang thử của phường",
        "Cho phần mềm xem thay ông/bà",
        "Nó không trả lời, không cho phép và không rút lại thay ông/bà được.",
        "danh sách những lần cơ quan xem thông tin của ông/bà",
        "danh sách những điều ông/bà được hỏi và câu trả lời",
        "1.000 lần",
    ] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    // One decision: nothing to tick, and a yes that looks like the no.
    assert!(!page.body.contains("type=\"checkbox\""));
    let button = |value: &str| {
        let form = format!("<button class=\"answer\" type=\"submit\" name=\"answer\" value=\"{value}\">");
        page.body.contains(&form)
    };
    assert!(button("give") && button("refuse"));
    let hash = page.hidden("notice");

    let done = answer(&browser, &question, "give").await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert!(done.location.starts_with(BACK) && done.location.contains("code="), "{}", done.location);
    let id = question.0.rsplit('/').next().unwrap().to_owned();
    let consent = crate::consent::by_id(&w.engines, id.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(consent.state, State::Given);
    assert_eq!(consent.record.scopes, ["me.history", "me.consents"]);
    assert_eq!(consent.record.purpose_version, own_token::terms().version);
    assert_eq!(consent.record.shown.as_ref().unwrap().hash, hash);
    let text =
        w.engines.store.consent_text(&crate::domain::record::unhex(&hash).unwrap()).await.unwrap().unwrap();
    assert_eq!(hex(&sha256(text.body.as_bytes())), hash, "the text is kept as it was read");
    let given = w.entries(ANH, Kind::ConsentGiven).await;
    assert_eq!(given[0].target.as_deref(), Some("me.history me.consents"));

    let list = browser.get("/me/consents").await;
    assert!(list.body.contains("Cho phần mềm xem thay ông/bà") && list.body.contains(&id), "{}", list.body);
    let history = browser.get("/me/history").await;
    assert!(history.body.contains("danh sách những lần cơ quan xem"), "{}", history.body);
    let signed = browser.get(&format!("/me/consents/{id}/receipt")).await;
    assert_eq!(signed.status, StatusCode::OK, "{}", signed.body);
    let claims: receipt::Claims = Unverified::parse(&signed.body).unwrap().unverified_claims().unwrap();
    assert_eq!(claims.processing.scopes, ["me.history", "me.consents"]);
    assert!(claims.summary.en.contains("history of who viewed your information"), "{}", claims.summary.en);

    let review = browser.get(&format!("/me/consents/{id}/withdraw")).await;
    let form = [("csrf", review.hidden("csrf")), ("revision", review.hidden("revision"))];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let done = browser.post(&format!("/me/consents/{id}/withdraw"), &form).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let consent = crate::consent::by_id(&w.engines, id.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(consent.state, State::Withdrawn);
}

/// A court has put her under guardianship, or she is a child who is asked beside her parent.
async fn guard(w: &World, whom: &str, child: Option<Milestones>) {
    let id = |digits: &str| NationalId::parse(digits.to_owned()).unwrap();
    let registration = Registration {
        ground: if child.is_some() { Ground::Parent } else { Ground::Guardian },
        evidence: Evidence { reference: "Quyết định 7/2026".to_owned(), sha256: Some("0".repeat(64)) },
        scope: Scope { view: true, answer: true, purposes: None },
        from: None,
        until: None,
        child,
        office: "Tòa án Mẫu".to_owned(),
    };
    people::register(&w.engines, &id(whom), &id("999000000102"), registration).await.unwrap();
}

async fn a_no_goes_back_and_another_person_cannot_answer(s: Scratch) {
    let w = ward(s).await;
    let browser = w.citizen(0).await;
    let question = asked(&w, &browser).await;
    let other = w.citizen(1).await;
    assert_eq!(other.get(&question.0).await.status, StatusCode::NOT_FOUND);
    let back = answer(&browser, &question, "refuse").await;
    assert!(back.location.starts_with(BACK) && back.location.contains("error=access_denied"));
    assert_eq!(answer(&browser, &question, "give").await.status, StatusCode::CONFLICT, "answered twice");
    assert!(w.entries(ANH, Kind::ConsentGiven).await.is_empty());
}

async fn who_does_not_decide_alone_can_say_no_only(s: Scratch) {
    let w = ward(s).await;
    let now = w.engines.now().0;
    let asked_too = Milestones { joint_from: now - 1, hands_over_at: now + 1_000_000_000 };
    for (n, child) in [(0, None), (1, Some(asked_too))] {
        let (browser, whom) = (w.citizen(n).await, CITIZENS[n].national_id);
        let question = asked(&w, &browser).await;
        guard(&w, whom, child).await;
        let refused = answer(&browser, &question, "give").await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);
        for said in ["Ông/bà chưa tự cho phép việc này được", "hoặc chờ đến khi tự quyết định"]
        {
            assert!(refused.body.contains(said), "{}", refused.body);
        }
        for given in [Kind::ConsentGiven, Kind::ConsentHalfGiven] {
            assert!(w.entries(whom, given).await.is_empty(), "not even half of a yes");
        }
        // Asked again, she reads so before she presses anything.
        let again = browser.get(&question.0).await;
        assert!(again.body.contains("Chỉ người tự quyết định một mình"), "{}", again.body);
        assert!(!again.body.contains("value=\"give\"") && again.body.contains("value=\"refuse\""));
        let back = answer(&browser, &question, "refuse").await;
        assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
    }
}

async fn a_guardianship_ends_it_and_her_pages_and_receipt_say_why(s: Scratch) {
    let w = ward(s).await;
    let browser = w.citizen(0).await;
    let question = asked(&w, &browser).await;
    answer(&browser, &question, "give").await;
    let id = question.0.rsplit('/').next().unwrap().to_owned();
    guard(&w, ANH, None).await;
    let consent = crate::consent::by_id(&w.engines, id.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(consent.state, State::Revoked);
    let page = browser.get(&format!("/me/consents/{id}")).await.body;
    assert!(page.contains("Vì vậy phần mềm không được xem thay nữa"), "{page}");
    let history = browser.get("/me/history").await.body;
    assert!(history.contains("hết được xem thay ông/bà lúc"), "{history}");
    let ended = w.entries(ANH, Kind::ConsentRevoked).await.remove(0);
    assert_eq!(ended.note.as_deref(), Some("guardianship_began"));
    let signed = browser.get(&format!("/me/consents/{id}/receipt")).await;
    let signed = Unverified::parse_within(&signed.body, receipt::MAX_RECEIPT).unwrap();
    let claims: receipt::Claims = signed.unverified_claims().unwrap();
    assert!(claims.summary.en.contains("because a representative decides with you"), "{}", claims.summary.en);
    let last = claims.events.last().unwrap();
    assert_eq!(last.because.as_deref(), Some("guardianship_began"));
}

store_suite! {
    a_guardianship_ends_it_and_her_pages_and_receipt_say_why,
    the_page_says_which_software_reads_what_and_a_yes_is_kept_and_taken_back_like_any_other,
    a_no_goes_back_and_another_person_cannot_answer,
    who_does_not_decide_alone_can_say_no_only,
}
