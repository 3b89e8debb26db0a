//! The compliance officer's look: for a reason, at the own agency, and seen by those it concerns.

use reqwest::StatusCode;

use super::world::{Browser, POLICE, World, facts, world};
use crate::{
    demo::people::COMPLIANCE,
    domain::record::Kind,
    store::scratch::{Scratch, store_suite},
};

const ANH: &str = "999000000015";
const BINH: &str = "999000000023";
const CHI: &str = "999000000031";
const REASON: &str = "Kiểm tra định kỳ quý bốn theo kế hoạch";

async fn seeded(scratch: Scratch) -> World {
    let w = world(scratch).await;
    for (person, case, agency) in [
        (ANH, "=HYPERLINK(1)", POLICE),
        (BINH, "H08.2", POLICE),
        (ANH, "H08.3", POLICE),
        (CHI, "H08.4", "ubnd-phuong-mau"),
    ] {
        let mut facts = facts(&w.engines, &["person.full_name"]);
        facts.case = Some(case.to_owned());
        facts.agency = Some(agency.to_owned());
        w.happened(person, Kind::DataReleased, facts).await;
    }
    w
}

async fn officer(w: &World, agency: &str) -> Browser {
    let person = COMPLIANCE.iter().find(|officer| officer.agency == agency).unwrap();
    w.signed_in(&format!("compliance-{agency}"), person.login, person.password).await
}

/// States a reason; gives where it leads.
async fn state(browser: &Browser, reason: &str) -> super::world::Page {
    let form = browser.get("/compliance").await;
    assert_eq!(form.status, StatusCode::OK, "{}", form.body);
    let (csrf, key) = (form.hidden("csrf"), form.hidden("idempotency_key"));
    browser.post("/compliance", &[("csrf", &csrf), ("idempotency_key", &key), ("reason", reason)]).await
}

/// I9: each look is an entry in the history of everyone it shows, and of nobody else.
async fn each_look_is_an_entry_for_those_it_shows_with_the_reason(s: Scratch) {
    let w = seeded(s).await;
    let browser = officer(&w, POLICE).await;
    let begun = state(&browser, REASON).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.body);
    assert_eq!(w.entries(ANH, Kind::RecordViewed).await.len(), 0, "nobody was shown yet");

    let page = browser.get(&begun.location).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(page.body.contains("H08.2") && page.body.contains("H08.3") && page.body.contains(REASON));
    assert!(!page.body.contains("H08.4"), "another agency's entries");
    for id in [ANH, BINH, CHI] {
        assert!(!page.body.contains(id), "no national id");
    }
    for person in [ANH, BINH] {
        let seen = w.entries(person, Kind::RecordViewed).await;
        assert_eq!(seen.len(), 1, "one look, one entry a person");
        assert_eq!(seen[0].note.as_deref(), Some(REASON));
        assert_eq!(seen[0].official.as_deref(), Some("bv-0001"));
        assert_eq!(seen[0].agency.as_deref(), Some(POLICE));
    }
    assert_eq!(w.entries(CHI, Kind::RecordViewed).await.len(), 0);

    // Turning pages and filtering go on under the same look; another reason is another look.
    browser.get(&format!("{}&official=cb-0042&result=released&from=2026-11-01", begun.location)).await;
    assert_eq!(w.entries(ANH, Kind::RecordViewed).await.len(), 1);
    let again = state(&browser, "Người dân hỏi về một lượt xem lạ").await;
    browser.get(&again.location).await;
    assert_eq!(w.entries(ANH, Kind::RecordViewed).await.len(), 2);
    // What she did is not itself listed to her, and the citizen reads it.
    let page = browser.get(&again.location).await;
    assert!(!page.body.contains("record.viewed") && !page.body.contains("Người kiểm tra đã xem"));
    let citizen = w.citizen(0).await;
    assert!(citizen.get("/me/history").await.body.contains("Người kiểm tra"));
    let own = citizen.get("/api/v1/me/accesses").await.json();
    let id = own["accesses"][0]["id"].as_str().unwrap();
    let detail = citizen.get(&format!("/me/history/{id}")).await;
    assert!(detail.body.contains("Người dân hỏi về một lượt xem lạ") && detail.body.contains("bv-0001"));
}

async fn nothing_is_shown_when_the_look_cannot_be_recorded(s: Scratch) {
    let w = seeded(s).await;
    let browser = officer(&w, POLICE).await;
    let begun = state(&browser, REASON).await;
    w.break_ledger(true).await;
    for path in [begun.location.clone(), begun.location.replace("/entries", "/entries.csv")] {
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(!page.body.contains("H08.2"), "{}", page.body);
    }
    assert_eq!(state(&browser, REASON).await.status, StatusCode::SERVICE_UNAVAILABLE);
    w.break_ledger(false).await;
    assert_eq!(browser.get(&begun.location).await.status, StatusCode::OK);
}

async fn without_a_proper_reason_of_ones_own_there_is_no_list(s: Scratch) {
    let w = seeded(s).await;
    let browser = officer(&w, POLICE).await;
    let long = "x".repeat(301);
    for bad in [
        "",
        "ngắn quá",
        long.as_str(),
        "Xem hồ sơ của 999000000015",
        "Theo https://evil.example/abc nhé",
        "Kiểm tra \u{202E}ngược lại",
    ] {
        let page = state(&browser, bad).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
    for path in [
        "/compliance/entries",
        "/compliance/entries?look=x",
        "/compliance/entries.csv?look=0199aa2f-6c1e-7d03-9a55-1f2e3d4c5b6a",
    ] {
        let page = browser.get(path).await;
        assert_eq!((page.status, page.location.as_str()), (StatusCode::SEE_OTHER, "/compliance"));
    }
    let begun = state(&browser, REASON).await;
    let other = officer(&w, "ubnd-phuong-mau").await;
    assert_eq!(other.get(&begun.location).await.location, "/compliance", "somebody else's look");
    // A look ends; the session by then is another one.
    w.clock.advance(std::time::Duration::from_mins(14));
    browser.get("/compliance").await;
    w.clock.advance(std::time::Duration::from_mins(14));
    assert_eq!(browser.get(&begun.location).await.status, StatusCode::OK);
    w.clock.advance(std::time::Duration::from_mins(3));
    assert_eq!(browser.get(&begun.location).await.location, "/compliance");
    // Pressing twice makes one look.
    let form = browser.get("/compliance").await;
    let (csrf, key) = (form.hidden("csrf"), form.hidden("idempotency_key"));
    let fields = [("csrf", csrf.as_str()), ("idempotency_key", &key), ("reason", REASON)];
    let (first, second) =
        (browser.post("/compliance", &fields).await, browser.post("/compliance", &fields).await);
    assert_eq!(first.location, second.location);
    for bad in ["from=2026-13-01", "before=x", "before=-1", "look=a&look=b", "to=hôm%20nay"] {
        let page = browser.get(&format!("{}&{bad}", first.location)).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{bad}");
    }
}

async fn the_file_opens_in_a_spreadsheet_and_starts_no_formula(s: Scratch) {
    let w = seeded(s).await;
    let browser = officer(&w, POLICE).await;
    let begun = state(&browser, REASON).await;
    let file = browser.get(&begun.location.replace("/entries", "/entries.csv")).await;
    assert_eq!(file.status, StatusCode::OK, "{}", file.body);
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    assert!(file.body.starts_with('\u{FEFF}'));
    assert!(file.body.contains("'=HYPERLINK(1)") && !file.body.contains(",=HYPERLINK"));
    assert_eq!(file.body.lines().count(), 4, "a heading and three entries: {}", file.body);
    assert_eq!(w.entries(BINH, Kind::RecordViewed).await.len(), 1);
}

store_suite! {
    each_look_is_an_entry_for_those_it_shows_with_the_reason,
    nothing_is_shown_when_the_look_cannot_be_recorded,
    without_a_proper_reason_of_ones_own_there_is_no_list,
    the_file_opens_in_a_spreadsheet_and_starts_no_formula,
}
