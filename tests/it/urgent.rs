//! The official's own page of emergencies: what she sees, what she reports, and what follows when she is late; all in
//! her browser, on accesses that were opened as agencies open them.

use std::time::Duration;

use minhbach::{
    admin,
    domain::{record::Facts, subject::NationalId},
    ledger::entry,
    store::officials::Official,
};

use crate::{
    emergency::{HOSPITAL, WHAT, open},
    faults::{break_entries, mend_entries},
    support::{TestApp, browser::Browser, detail::CITIZEN, on_both},
};

on_both! {
    both_officials_find_the_access_and_one_of_them_reports_it,
    a_report_that_cannot_be_taken_says_why_and_changes_nothing,
    nobody_else_finds_it_or_reports_it,
    who_reports_late_is_heard_and_out,
    nothing_is_shown_when_the_looking_cannot_be_recorded,
}

const PAGE: &str = "/official/emergencies";

/// Opens an emergency; gives the form's address of its report.
async fn opened(app: &TestApp, browser: &Browser<'_>) -> String {
    open(app).await.ok();
    let page = browser.get(PAGE).await;
    let text = page.text();
    let id = text.split("action=\"/official/emergencies/").nth(1).unwrap().split('/').next().unwrap();
    format!("{PAGE}/{id}/report")
}

/// What a citizen's entries of a kind say, newest first.
async fn said(app: &TestApp, kind: &str) -> Vec<Facts> {
    let engines = app.engines();
    let person = engines.vault.citizen(&NationalId::parse(CITIZEN.to_owned()).unwrap()).await.unwrap();
    let rows = engines.store.chain(person.id(), i64::MAX, 100).await.unwrap();
    let rows = rows.iter().filter(|row| row.kind == kind);
    rows.map(|row| entry::open(row, &person).unwrap().0.facts).collect()
}

async fn registered(app: &TestApp, code: &str) -> Official {
    app.engines().store.official(HOSPITAL, code).await.unwrap().unwrap()
}

async fn both_officials_find_the_access_and_one_of_them_reports_it(app: &mut TestApp) {
    let (asked, approved) =
        (Browser::of_official(app, "bs-0301").await, Browser::of_official(app, "bs-0302").await);
    asked.get(PAGE).await.says(&["Không có lần xem nào còn nợ báo cáo"]);
    let report = opened(app, &asked).await;
    let page = approved.get(PAGE).await.says(&[&report, "bs-0301", "bs-0302", "BV.2026.000001", "bất tỉnh"]);
    assert!(!page.text().contains(CITIZEN) && !page.text().contains("999 000"), "no national id");
    assert_eq!(page.header("cache-control"), "no-store");
    // 17:01 in Hà Nội on the day after.
    page.says(&["Báo cáo chậm nhất"]);
    let looks = said(app, "record.viewed").await;
    let who: Vec<_> = looks.iter().map(|facts| facts.official.as_deref().unwrap()).collect();
    assert_eq!(who, ["bs-0302", "bs-0301"], "each who looked is told to the citizen, once");
    asked.get(PAGE).await;
    assert_eq!(said(app, "record.viewed").await.len(), 2);

    // The longest report, in letters of three bytes.
    let long = format!("{WHAT} {}", "Đã mổ xong. ".repeat(200));
    let long: String = long.chars().take(1999).chain(['ế']).collect();
    let done = approved.press(PAGE, &report, &[("text", &long)]).await;
    assert_eq!((done.status, done.location().as_str()), (303, PAGE), "{}", done.text());
    for browser in [&asked, &approved] {
        let page = browser.get(PAGE).await.says(&[&long, "Đã báo cáo"]);
        assert!(!page.text().contains("<textarea"));
    }
    let again = asked.press(PAGE, &report, &[("text", WHAT)]).await;
    assert_eq!(again.status, 409, "{}", again.text());
    assert_eq!(said(app, "emergency.reported").await.len(), 1);

    // The citizen reads it word for word, and who looked again.
    let citizen = Browser::of_citizen(app, CITIZEN).await;
    let history = citizen.get("/me/history").await.says(&["Cán bộ xem lại việc khẩn cấp"]);
    let entries = citizen.get("/api/v1/me/accesses").await.ok().body;
    let entry = entries["accesses"].as_array().unwrap().iter().find(|e| e["kind"] == "emergency.reported");
    let entry = entry.unwrap()["id"].as_str().unwrap();
    assert!(history.text().contains(entry));
    citizen.get(&format!("/me/history/{entry}")).await.says(&[&long, "bs-0301"]);

    app.pass(Duration::from_hours(30 * 24));
    let later = Browser::of_official(app, "bs-0302").await;
    assert!(!later.get(PAGE).await.says(&["Không có lần xem nào"]).text().contains("Đã mổ xong"));
}

async fn a_report_that_cannot_be_taken_says_why_and_changes_nothing(app: &mut TestApp) {
    let browser = Browser::of_official(app, "bs-0301").await;
    let report = opened(app, &browser).await;
    let before = app.count().await.entries;
    let (long, address) = ("dài ".repeat(501), format!("{WHAT} Xem https://a.example"));
    for (text, sentence) in [
        ("", "ít nhất 20 ký tự"),
        ("quá ngắn", "ít nhất 20 ký tự"),
        (long.as_str(), "nhiều nhất 2.000 ký tự"),
        (address.as_str(), ""),
        ("Bệnh nhân số 999000000015 bất tỉnh trong phòng mổ", ""),
    ] {
        let page = browser.press(PAGE, &report, &[("text", text)]).await;
        assert_eq!(page.status, 422, "{text}");
        assert!(page.text().contains(sentence) && page.text().contains("role=\"alert\""), "{}", page.text());
        assert!(
            page.text().contains(&text.replace('/', "&#47;")) || page.text().contains(text),
            "kept: {text}"
        );
    }
    let endless = browser.press(PAGE, &report, &[("text", &"x".repeat(40_000))]).await;
    assert_eq!(endless.status, 413);
    let csrf = browser.get(PAGE).await.hidden("csrf");
    assert_eq!(browser.post(&report, &[("csrf", "x"), ("text", WHAT)]).await.status, 403);
    assert_eq!(browser.post(&report, &[("text", WHAT)]).await.status, 400);
    let forged = browser.request(&report, &[("csrf", &csrf), ("text", WHAT)]);
    let forged = forged.header("sec-fetch-site", "cross-site");
    assert_eq!(browser.send(forged).await.status, 403);
    assert_eq!(browser.get(&report).await.status, 405);
    assert_eq!(app.count().await.entries, before);
    assert_eq!(browser.press(PAGE, &report, &[("text", WHAT)]).await.status, 303);
}

/// Another agency's official finds nothing; who is no official has no such page.
async fn nobody_else_finds_it_or_reports_it(app: &mut TestApp) {
    let own = Browser::of_official(app, "bs-0301").await;
    let report = opened(app, &own).await;
    let before = app.count().await.entries;
    let stranger = Browser::of_official(app, "cb-0042").await;
    let page = stranger.get(PAGE).await.says(&["Không có lần xem nào còn nợ báo cáo"]);
    assert!(!page.text().contains("BV.2026.000001"));
    let csrf = page.hidden("csrf");
    let unknown = format!("{PAGE}/01a201e5-70c8-7181-a414-b617407de58c/report");
    for path in [report.as_str(), &unknown, "/official/emergencies/x/report"] {
        let tried = stranger.post(path, &[("csrf", &csrf), ("text", WHAT)]).await;
        assert_eq!(tried.status, 404, "{path}: {}", tried.text());
    }
    let citizen = Browser::of_citizen(app, CITIZEN).await;
    let officer = Browser::of_compliance(app, HOSPITAL).await;
    for (who, browser, home) in [("citizen", &citizen, "/me"), ("compliance", &officer, "/compliance")] {
        assert_eq!(browser.get(PAGE).await.status, 403, "{who}");
        assert!(!browser.get(home).await.text().contains("href=\"/official"), "{who}");
        let tried = browser.press(home, &report, &[("text", WHAT)]).await;
        assert_eq!(tried.status, 403, "{who}");
    }
    let nobody = Browser::new(app);
    assert_eq!(nobody.get(PAGE).await.location(), "/sign-in?return_to=%2Fofficial%2Femergencies");
    assert_eq!(nobody.post(&report, &[("csrf", "x"), ("text", WHAT)]).await.status, 401);
    // An official reads nobody's consents or history, and that nobody read them is no entry.
    for path in ["/me", "/me/history", "/me/requests", "/me/consents", "/me/choices", "/compliance"] {
        assert_eq!(own.get(path).await.status, 403, "{path}");
    }
    assert!(said(app, "emergency.reported").await.is_empty());
    let kinds = app.kinds_since(before).await;
    assert!(kinds.iter().all(|kind| kind == "official.registered" || kind == "history.read"), "{kinds:?}");
}

async fn who_reports_late_is_heard_and_out(app: &mut TestApp) {
    let report = opened(app, &Browser::of_official(app, "bs-0301").await).await;
    // Signed in while there is time, and sent when there is none: before the clockwork comes round again.
    app.pass(Duration::from_mins(24 * 60 - 5));
    let browser = Browser::of_official(app, "bs-0301").await;
    let csrf = browser.get(PAGE).await.says(&["Báo cáo chậm nhất"]).hidden("csrf");
    app.pass(Duration::from_mins(5));
    browser.get(PAGE).await.says(&["Đã quá hạn"]);
    let late = browser.post(&report, &[("csrf", &csrf), ("text", WHAT)]).await.says(&[WHAT, "trễ hạn"]);
    assert!(!late.text().contains("<textarea"));
    for code in ["bs-0301", "bs-0302"] {
        assert!(registered(app, code).await.suspended_at.is_some(), "{code}");
    }
    assert_eq!(browser.get(PAGE).await.status, 303, "the session has ended");
    let refused = Browser::new(app).sign_in("official-benh-vien-mau", "bs-0302", "bac-si-302").await;
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("đang bị dừng"), "{}", refused.text());
    assert_eq!(open(app).await.body["reason"], "official_suspended");
    assert_eq!(said(app, "emergency.reported").await[0].reason.as_deref(), Some("late"));
    for code in ["bs-0301", "bs-0302"] {
        admin::restore_official(app.engines(), HOSPITAL, code, Some("đã kiểm điểm")).await.unwrap();
    }
    open(app).await.ok();
    let page = Browser::of_official(app, "bs-0302").await.get(PAGE).await;
    page.says(&["Còn nợ báo cáo", "Đã báo cáo", "Đã quá hạn", WHAT]);
}

/// I9: no entry, no page.
async fn nothing_is_shown_when_the_looking_cannot_be_recorded(app: &mut TestApp) {
    open(app).await.ok();
    let browser = Browser::of_official(app, "bs-0301").await;
    break_entries(app).await;
    let page = browser.get(PAGE).await;
    assert_eq!(page.status, 503);
    assert!(!page.text().contains("BV.2026.000001"), "{}", page.text());
    mend_entries(app).await;
    browser.get(PAGE).await.says(&["BV.2026.000001"]);
}
