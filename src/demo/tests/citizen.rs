//! What a citizen reads, and what nobody else does.

use reqwest::StatusCode;
use uuid::Uuid;

use super::world::{POLICE, World, facts, world};
use crate::{
    domain::record::{Facts, Kind},
    history::remember_versions,
    ledger::proof::EntryProof,
    store::{
        purposes::PurposeVersion,
        scratch::{Scratch, store_suite},
    },
};

const ANH: &str = "999000000015";
const BINH: &str = "999000000023";

async fn seeded(scratch: Scratch) -> (World, Uuid, Uuid) {
    let w = world(scratch).await;
    let fields = ["person.full_name", "person.birth_date"];
    let released = w.happened(ANH, Kind::DataReleased, facts(&w.engines, &fields)).await;
    let refused = Facts {
        decision: Some("deny".to_owned()),
        reason: Some("field_outside_purpose_minimum".to_owned()),
        rules: vec!["driver.licence_renewal.statutory.minimum".to_owned()],
        ..facts(&w.engines, &["tax.obligation_balance"])
    };
    w.happened(ANH, Kind::TokenRefused, refused).await;
    let others = w.happened(BINH, Kind::DataReleased, facts(&w.engines, &fields)).await;
    (w, released, others)
}

async fn a_citizen_reads_who_viewed_what_under_which_article_and_checks_the_proof(s: Scratch) {
    let (w, id, _) = seeded(s).await;
    let browser = w.citizen(0).await;
    let list = browser.get("/me/history").await;
    assert_eq!(list.status, StatusCode::OK, "{}", list.body);
    assert_eq!(list.header("cache-control"), "no-store");
    assert!(list.body.contains("Phòng Cảnh sát giao thông Thử Nghiệm"));
    assert!(list.body.contains("Đổi, cấp lại giấy phép lái xe") && list.body.contains("bị từ chối"));
    assert!(list.body.contains("••• ••• ••• 015") && !list.body.contains(ANH));

    let page = browser.get(&format!("/me/history/{id}?lang=en")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    for words in
        ["Test Traffic Police", "cb-0042", "Art. 19(1)(c)", "H08.2026.000123", "hoi@thu-nghiem.example"]
    {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert!(page.body.contains("Allowed because"), "{}", page.body);
    let waiting = browser.get(&format!("/me/history/{id}/proof.json")).await;
    assert_eq!(waiting.status, StatusCode::SERVICE_UNAVAILABLE, "no checkpoint covers it yet");

    w.publish().await;
    let page = browser.get(&format!("/me/history/{id}")).await;
    assert!(page.body.contains("Match") || page.body.contains("class=\"good\""), "{}", page.body);
    let file = browser.get(&format!("/me/history/{id}/proof.json")).await;
    let proof: EntryProof = serde_json::from_str(&file.body).unwrap();
    assert_eq!(proof.verify(Some(w.engines.log.verifier())).unwrap().id, id);
    let tlog = browser.get(&format!("/me/history/{id}/proof.tlog")).await;
    assert_eq!(tlog.body, proof.tlog_proof);

    let overview = browser.get("/me").await;
    assert_eq!(overview.status, StatusCode::OK);
    let counts = browser.get("/api/v1/me/summary").await.json();
    assert_eq!(
        (counts["agencies"].as_u64(), counts["views"].as_u64(), counts["refusals"].as_u64()),
        (Some(1), Some(1), Some(1))
    );
    let json = browser.get("/api/v1/me/accesses").await.json();
    assert_eq!(json["accesses"].as_array().unwrap().len(), 2);
    assert_eq!(json["accesses"][1]["agency"]["id"], POLICE);
    let one = browser.get(&format!("/api/v1/me/accesses/{id}")).await.json();
    assert_eq!(one["rules"][0]["rule"], "driver.licence_renewal.statutory");
    assert!(one["rules"][0]["text"]["en"].is_string());
    let same = browser.get(&format!("/api/v1/me/accesses/{id}/proof")).await;
    assert_eq!(same.json()["index"], proof.index);
}

/// I8: an entry of somebody else's is told apart from none by nothing.
async fn another_persons_entry_is_answered_exactly_as_one_that_does_not_exist(s: Scratch) {
    let (w, _, others) = seeded(s).await;
    w.publish().await;
    let browser = w.citizen(0).await;
    let unknown = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0001);
    let neutral = |body: &str, id: &str| {
        let body = body.replace(id, "ID");
        match body.split_once("<span class=\"code\">") {
            Some((before, _)) => before.to_owned(),
            None => body.split("support code").next().unwrap().to_owned(),
        }
    };
    for (before, after) in [
        ("/me/history/", ""),
        ("/me/history/", "/proof.json"),
        ("/me/history/", "/proof.tlog"),
        ("/api/v1/me/accesses/", ""),
        ("/api/v1/me/accesses/", "/proof"),
    ] {
        let theirs = browser.get(&format!("{before}{others}{after}")).await;
        let nobodys = browser.get(&format!("{before}{unknown}{after}")).await;
        let ill_formed = browser.get(&format!("{before}not-an-id{after}")).await;
        assert_eq!(theirs.status, StatusCode::NOT_FOUND, "{before}{after}");
        assert_eq!((nobodys.status, ill_formed.status), (theirs.status, theirs.status));
        assert_eq!(neutral(&theirs.body, &others.to_string()), neutral(&nobodys.body, &unknown.to_string()));
        assert!(!theirs.body.contains("csgt") && !theirs.body.contains("Cảnh sát"));
    }
    // Nor does a look at what is not one's own leave a trace in the other's history.
    assert_eq!(w.entries(BINH, Kind::HistoryRead).await.len(), 0);
    let own = browser.get("/me/history?period=all").await;
    assert!(!own.body.contains(&others.to_string()));
}

async fn ones_own_reading_is_one_entry_a_session_and_not_in_the_list(s: Scratch) {
    let (w, id, _) = seeded(s).await;
    let browser = w.citizen(0).await;
    assert_eq!(w.entries(ANH, Kind::HistoryRead).await.len(), 0, "signing in is not reading");
    for path in ["/me", "/me/history", "/api/v1/me/accesses", "/me/history?period=7"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.body.contains("history.read") && !page.body.contains("Ông/bà đã xem trang"), "{path}");
    }
    browser.get(&format!("/me/history/{id}")).await;
    assert_eq!(w.entries(ANH, Kind::HistoryRead).await.len(), 1);
    w.citizen(0).await.get("/me").await;
    assert_eq!(w.entries(ANH, Kind::HistoryRead).await.len(), 2, "another session, another entry");
}

/// I9: what cannot be recorded is not shown.
async fn nothing_is_shown_when_the_reading_cannot_be_recorded(s: Scratch) {
    let (w, id, _) = seeded(s).await;
    let browser = w.citizen(0).await;
    w.break_ledger(true).await;
    for path in [
        "/me",
        "/me/history",
        &format!("/me/history/{id}"),
        "/me/requests",
        "/me/consents",
        "/me/choices",
        &format!("/me/agencies/{POLICE}"),
        "/api/v1/me/accesses",
        "/api/v1/me/summary",
        "/api/v1/me/consents",
        "/api/v1/me/choices",
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        // It says nothing but the address it was asked at.
        let body = page.body.replace(path, "");
        assert!(!body.contains("Cảnh sát") && !body.contains(POLICE), "{path}");
    }
    w.break_ledger(false).await;
    assert_eq!(browser.get("/me/history").await.status, StatusCode::OK);
}

/// I9: her consents, requests and choices are her records as much as her history is.
async fn whichever_page_comes_first_is_the_one_entry_of_the_session(s: Scratch) {
    let w = world(s).await;
    let public = w.citizen(0).await;
    for path in ["/", "/purposes", "/log", "/mexico"] {
        public.get(path).await;
    }
    assert_eq!(w.entries(ANH, Kind::HistoryRead).await.len(), 0, "nothing of hers was read");
    let agency = format!("/me/agencies/{POLICE}?lang=en");
    for (i, first) in ["/me/consents", "/me/requests", &agency, "/api/v1/me/choices"].into_iter().enumerate()
    {
        let browser = w.citizen(0).await;
        assert_eq!(browser.get(first).await.status, StatusCode::OK, "{first}");
        browser.get("/me/history").await;
        browser.get(first).await;
        assert_eq!(w.entries(ANH, Kind::HistoryRead).await.len(), i + 1, "{first}");
    }
    let listed = w.citizen(0).await.get("/api/v1/me/accesses").await.json();
    assert_eq!(listed["accesses"], serde_json::json!([]), "off the list");
}

async fn pages_follow_each_other_without_gap_and_filters_hold(s: Scratch) {
    let w = world(s).await;
    for i in 0..45 {
        let mut facts = facts(&w.engines, &["person.full_name"]);
        facts.case = Some(format!("H08.{i}"));
        if i % 3 == 0 {
            facts.agency = Some("ubnd-phuong-mau".to_owned());
        }
        w.happened(ANH, Kind::DataReleased, facts).await;
    }
    let browser = w.citizen(0).await;
    let mut seen = Vec::new();
    let mut path = "/api/v1/me/accesses?limit=7".to_owned();
    loop {
        let page = browser.get(&path).await.json();
        seen.extend(
            page["accesses"].as_array().unwrap().iter().map(|a| a["case"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/me/accesses?limit=7&before={next}");
    }
    let expected: Vec<String> = (0..45).rev().map(|i| format!("H08.{i}")).collect();
    assert_eq!(seen, expected);
    let ward = browser.get("/api/v1/me/accesses?limit=100&agency=ubnd-phuong-mau").await.json();
    assert_eq!(ward["accesses"].as_array().unwrap().len(), 15);
    let none = browser.get("/api/v1/me/accesses?field=tax.obligation_balance").await.json();
    assert_eq!(none["accesses"].as_array().unwrap().len(), 0);
    let html = browser.get("/me/history?agency=ubnd-phuong-mau").await;
    assert!(html.body.contains("Ủy ban nhân dân phường Mẫu"));
    w.clock.advance(std::time::Duration::from_hours(24 * 8));
    let browser = w.citizen(0).await;
    let week = browser.get("/api/v1/me/accesses?period=7").await.json();
    assert_eq!(week["accesses"].as_array().unwrap().len(), 0);
    assert_eq!(browser.get("/me/history?period=7").await.status, StatusCode::OK);
}

/// I10: an entry is explained by the text of its day.
async fn an_old_entry_is_explained_by_the_version_it_names(s: Scratch) {
    let w = world(s).await;
    remember_versions(&w.engines).await.unwrap();
    let purpose = w.engines.register.catalogue().purpose("driver.licence_renewal").unwrap();
    let now = w.engines.store.purpose_version(&purpose.version).await.unwrap().unwrap();
    let old = PurposeVersion {
        version: "0123456789abcdef".to_owned(),
        body: now.body.replace(&purpose.title.vi, "Tên cũ của thủ tục"),
        ..now
    };
    w.engines.store.put_purpose_versions(&[old]).await.unwrap();
    let mut facts = facts(&w.engines, &["person.full_name"]);
    facts.purpose_version = Some("0123456789abcdef".to_owned());
    let known = w.happened(ANH, Kind::DataReleased, facts.clone()).await;
    facts.purpose_version = Some("fedcba9876543210".to_owned());
    let unknown = w.happened(ANH, Kind::DataReleased, facts).await;
    let browser = w.citizen(0).await;
    let page = browser.get(&format!("/me/history/{known}")).await;
    assert!(page.body.contains("Tên cũ của thủ tục") && !page.body.contains(&purpose.title.vi));
    let page = browser.get(&format!("/me/history/{unknown}")).await;
    assert!(page.body.contains("driver.licence_renewal") && !page.body.contains(&purpose.title.vi));
}

store_suite! {
    a_citizen_reads_who_viewed_what_under_which_article_and_checks_the_proof,
    another_persons_entry_is_answered_exactly_as_one_that_does_not_exist,
    ones_own_reading_is_one_entry_a_session_and_not_in_the_list,
    nothing_is_shown_when_the_reading_cannot_be_recorded,
    whichever_page_comes_first_is_the_one_entry_of_the_session,
    pages_follow_each_other_without_gap_and_filters_hold,
    an_old_entry_is_explained_by_the_version_it_names,
}
