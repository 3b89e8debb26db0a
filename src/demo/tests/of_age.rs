//! Come of age she reads the whole text of what was agreed for her and answers it; whoever was looked at in an emergency is
//! told so when she next comes.

use std::time::Duration;

use reqwest::StatusCode;
use uuid::Uuid;

use super::{
    acting::{AS_CHILD, AS_MOTHER, CHILD, HIDDEN, JOINT, MINUTE, PLAIN, act, acting, asked, family},
    consent::{answer, state},
    world::{Browser, Page, World},
};
use crate::{
    consent::{self, Consent},
    crypto::sha256,
    demo::people::CITIZENS,
    domain::{
        consent::{Capacity, State},
        receipt,
        record::{Facts, Kind, hex, unhex},
    },
    people,
    store::scratch::{Scratch, store_suite},
};

const BIRTH: &str = "person.birth_date";
const HOME: &str = "residence.permanent_address";
const FACE: &str = "biometric.match_result";

/// What the mother gave for her child, two optional fields of four, and what waits for the child's own word since.
async fn under_review(s: Scratch) -> (World, Uuid, String) {
    let (w, bond) = family(s).await;
    let mother = acting(&w, bond).await;
    let id = asked(&w, CHILD, PLAIN).await;
    let page = mother.get(&format!("/requests/{id}")).await;
    let given = answer(&mother, &page, &id, "give", &[BIRTH, HOME]).await;
    assert_eq!((given.status, state(&w, &id).await), (StatusCode::SEE_OTHER, State::Given), "{}", given.body);
    w.clock.advance(10 * MINUTE);
    people::hand_over_due(&w.engines).await.unwrap();
    assert_eq!(state(&w, &id).await, State::UnderReview);
    (w, bond, id)
}

async fn read(w: &World, id: &str) -> Consent {
    consent::by_id(&w.engines, Uuid::parse_str(id).unwrap()).await.unwrap().unwrap()
}

/// The form of the page, with one of its values changed.
async fn says(
    browser: &Browser,
    page: &Page,
    id: &str,
    said: &str,
    fields: &[&str],
    changed: (&str, &str),
) -> Page {
    let names = ["csrf", "revision", "notice", "lang"];
    let mut form: Vec<(&str, String)> = names.iter().map(|name| (*name, page.hidden(name))).collect();
    form.push(("answer", said.to_owned()));
    form.extend(fields.iter().map(|field| ("field", (*field).to_owned())));
    for (name, value) in &mut form {
        if *name == changed.0 {
            changed.1.clone_into(value);
        }
    }
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.post(&format!("/me/consents/{id}/confirm"), &form).await
}

const AS_IT_IS: (&str, &str) = ("", "");

async fn she_reads_the_whole_text_in_her_language_and_her_yes_is_hers(s: Scratch) {
    let (w, _, id) = Box::pin(under_review(s)).await;
    let (browser, path) = (w.citizen(AS_CHILD).await, format!("/me/consents/{id}"));
    let page = browser.get(&format!("{path}?lang=en")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    for there in
        ["What waits for your decision", "Test Bank", BIRTH, HOME, "value=\"refuse\"", "value=\"give\""]
    {
        assert!(page.body.contains(there), "{there}: {}", page.body);
    }
    assert!(!page.body.contains(" checked"), "nothing is chosen beforehand");
    assert!(!page.body.contains(FACE), "she is not asked for what was refused for her");
    assert_eq!((page.hidden("lang").as_str(), page.body.matches("/withdraw\"").count()), ("en", 0));
    let hash = page.hidden("notice");

    let done = says(&browser, &page, &id, "give", &[BIRTH], AS_IT_IS).await;
    assert_eq!(
        (done.status, done.location.as_str()),
        (StatusCode::SEE_OTHER, path.as_str()),
        "{}",
        done.body
    );
    let consent = read(&w, &id).await;
    assert_eq!(consent.state, State::Given);
    assert_eq!(consent.record.granted(), ["person.id_number", "person.full_name", BIRTH]);
    let by = consent.record.answered_by.as_ref().unwrap();
    assert_eq!((by.capacity, by.acting, by.assurance), (Capacity::Own, None, Some(3)));
    let shown = consent.record.shown.as_ref().unwrap();
    assert_eq!((&shown.hash, shown.lang.as_str()), (&hash, "en"));
    let text = w.engines.store.consent_text(&unhex(&hash).unwrap()).await.unwrap().unwrap();
    assert_eq!(hex(&sha256(text.body.as_bytes())), hash);
    assert!(page.body.contains(&text.body), "what is kept is what she read");
    let facts = w.entries(CHILD, Kind::ConsentConfirmed).await.remove(0);
    assert_eq!((facts.shown.as_ref(), facts.capacity.as_deref()), (Some(&hash), Some("own")));

    let after = browser.get(&format!("{path}?lang=vi")).await.body;
    assert!(after.contains("Đã giữ lại") && after.contains("••• ••• ••• 023"), "{after}");
    assert!(!after.contains("/confirm\"") && after.contains(&text.body));
    let file = browser.get(&format!("{path}/receipt")).await;
    assert_eq!(file.status, StatusCode::OK, "{}", file.body);
    let claims = receipt::open(&file.body, &w.engines.tokens.receipt_keys()).unwrap();
    for there in ["Answered for you at first: by a parent", "You agreed to keep it yourself at:"] {
        assert!(claims.summary.en.contains(there), "{}", claims.summary.en);
    }
    assert_eq!(claims.processing.notice.unwrap().hash, format!("sha256:{hash}"));
}

async fn what_she_has_not_read_or_was_not_asked_is_not_confirmed(s: Scratch) {
    let (w, bond, id) = Box::pin(under_review(s)).await;
    let (browser, path) = (w.citizen(AS_CHILD).await, format!("/me/consents/{id}"));
    let page = browser.get(&path).await;
    let other = says(&browser, &page, &id, "give", &[], ("notice", &"0".repeat(64))).await;
    assert_eq!(other.status, StatusCode::CONFLICT, "{}", other.body);
    assert!(
        other.body.contains("Nội dung đã thay đổi từ lúc") && other.hidden("notice") == page.hidden("notice")
    );
    for (said, fields, changed, status) in [
        ("give", &[FACE][..], AS_IT_IS, StatusCode::BAD_REQUEST),
        ("give", &["person.full_name"], AS_IT_IS, StatusCode::BAD_REQUEST),
        ("defer", &[], AS_IT_IS, StatusCode::BAD_REQUEST),
        ("give", &[], ("lang", "fr"), StatusCode::BAD_REQUEST),
        ("give", &[], ("revision", "1"), StatusCode::CONFLICT),
        ("refuse", &[], ("revision", "1"), StatusCode::CONFLICT),
        ("give", &[], ("csrf", "x"), StatusCode::FORBIDDEN),
    ] {
        let out = says(&browser, &page, &id, said, fields, changed).await;
        assert_eq!(out.status, status, "{said} {fields:?} {changed:?}: {}", out.body);
    }
    // A button of before the text was asked for does nothing.
    let (csrf, revision) = (page.hidden("csrf"), page.hidden("revision"));
    let bare = browser.post(&format!("{path}/confirm"), &[("csrf", &csrf), ("revision", &revision)]).await;
    assert_eq!(bare.status, StatusCode::BAD_REQUEST);
    assert_eq!(state(&w, &id).await, State::UnderReview);
    // Nor does her mother say it for her any more.
    assert_eq!(act(&w.citizen(AS_MOTHER).await, bond).await.status, StatusCode::FORBIDDEN);
    assert!(w.entries(CHILD, Kind::ConsentConfirmed).await.is_empty());
}

async fn her_yes_takes_as_strong_a_sign_in_as_any_and_her_no_takes_one_press(s: Scratch) {
    let (w, _, id) = Box::pin(under_review(s)).await;
    let (browser, person) = (w.browser(), CITIZENS[AS_CHILD]);
    let csrf = browser.get("/sign-in").await.hidden("csrf");
    let out = browser.post("/sign-in", &[("csrf", &csrf), ("issuer", "citizen")]).await;
    let issuer = out.location.parse().unwrap();
    let back = browser.at_issuer(&issuer, person.login, person.password, &[("weak", "on")]).await;
    assert_eq!(browser.get(&back).await.location, "/me");
    let path = format!("/me/consents/{id}");
    let page = browser.get(&path).await;
    let tried = says(&browser, &page, &id, "give", &[], AS_IT_IS).await;
    assert_eq!((tried.status, state(&w, &id).await), (StatusCode::FORBIDDEN, State::UnderReview));
    assert!(tried.body.contains("name=\"assurance\" value=\"3\""), "{}", tried.body);
    assert!(tried.body.contains(&format!("name=\"return_to\" value=\"{path}\"")), "back to the same page");
    let no = says(&browser, &page, &id, "refuse", &[], AS_IT_IS).await;
    assert_eq!((no.status, no.location), (StatusCode::SEE_OTHER, format!("{path}/withdrawn")), "{}", no.body);
    assert_eq!(state(&w, &id).await, State::Withdrawn);
    assert_eq!(browser.get(&format!("{path}/withdrawn")).await.status, StatusCode::OK);
    let late = says(&browser, &page, &id, "give", &[], AS_IT_IS).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
}

/// An emergency access as it is recorded.
fn urgent(w: &World, purpose: &str, why: &str) -> Facts {
    let purpose = w.engines.register.catalogue().purpose(purpose).unwrap();
    Facts {
        agency: Some("benh-vien-mau".to_owned()),
        basis: Some("emergency".to_owned()),
        fields: vec!["health.allergies".to_owned()],
        official: Some("bs-0301".to_owned()),
        official_how: Some("proved".to_owned()),
        approver: Some("bs-0302".to_owned()),
        justification: Some(why.to_owned()),
        purpose: Some(purpose.id.clone()),
        purpose_version: Some(purpose.version.clone()),
        ..Facts::default()
    }
}

async fn an_emergency_stands_at_the_top_of_her_start_page_for_a_month(s: Scratch) {
    let (w, bond) = family(s).await;
    let (child, mother) = (w.citizen(AS_CHILD).await, acting(&w, bond).await);
    assert!(!child.get("/me").await.body.contains("xem khẩn cấp"));
    let refused = Facts { decision: Some("deny".to_owned()), ..urgent(&w, JOINT, "không được") };
    w.happened(CHILD, Kind::TokenRefused, refused).await;
    assert!(!child.get("/me").await.body.contains("Những lần xem khẩn cấp"), "nothing was opened");
    let id = w.happened(CHILD, Kind::TokenIssued, urgent(&w, JOINT, "bất tỉnh sau tai nạn")).await;
    let secret = w.happened(CHILD, Kind::TokenIssued, urgent(&w, HIDDEN, "tin báo bạo hành")).await;

    let me = child.get("/me").await.body;
    let top = me.split("<p class=\"lead\">").next().unwrap();
    for there in [
        "Những lần xem khẩn cấp trong 30 ngày qua",
        "bất tỉnh sau tai nạn",
        "Cán bộ xin xem: bs-0301. Cán bộ xác nhận: bs-0302.",
        &format!("/me/history/{id}"),
        &format!("/me/history/{secret}"),
    ] {
        assert!(top.contains(there), "{there}: {me}");
    }
    let told = child.get("/api/v1/me/summary").await.json()["emergencies"].clone();
    assert_eq!(told, serde_json::json!([secret, id]), "newest first");
    // Who acts for her is told of what she may know.
    let hers = mother.get("/me").await.body;
    assert!(hers.contains("bất tỉnh sau tai nạn") && !hers.contains("bạo hành"), "{hers}");
    assert!(!hers.contains(&secret.to_string()));
    assert_eq!(mother.get("/api/v1/me/summary").await.json()["emergencies"], serde_json::json!([id]));

    // One by one up to five, the others by their number.
    for n in 0..5 {
        w.happened(CHILD, Kind::TokenIssued, urgent(&w, JOINT, &format!("lần {n}"))).await;
    }
    let me = child.get("/me").await.body;
    assert!(me.contains("lần 0") && me.contains("Còn 2 lần nữa") && !me.contains("bất tỉnh"), "{me}");
    w.clock.advance(Duration::from_hours(30 * 24));
    assert!(w.citizen(AS_CHILD).await.get("/me").await.body.contains("Những lần xem khẩn cấp"));
    w.clock.advance(Duration::from_millis(1));
    assert!(!w.citizen(AS_CHILD).await.get("/me").await.body.contains("Những lần xem khẩn cấp"));
}

store_suite! {
    she_reads_the_whole_text_in_her_language_and_her_yes_is_hers,
    what_she_has_not_read_or_was_not_asked_is_not_confirmed,
    her_yes_takes_as_strong_a_sign_in_as_any_and_her_no_takes_one_press,
    an_emergency_stands_at_the_top_of_her_start_page_for_a_month,
}
