//! A person's own rules in the portal: chosen, read, taken back, and changed by nobody else.

use reqwest::StatusCode;

use super::world::{Browser, POLICE, World, world};
use crate::{
    domain::record::Kind,
    store::scratch::{Scratch, store_suite},
};

const ANH: &str = "999000000015";
const PURPOSE: &str = "notify.proactive_reminder";

async fn signed_in(s: Scratch) -> (World, Browser, String) {
    let w = world(s).await;
    let browser = w.citizen(0).await;
    let csrf = browser.get("/me/choices").await.hidden("csrf");
    (w, browser, csrf)
}

async fn a_choice_is_made_read_and_taken_back(s: Scratch) {
    let (w, browser, csrf) = signed_in(s).await;
    let empty = browser.get("/api/v1/me/choices").await.json();
    assert_eq!(empty, serde_json::json!({ "revision": 0, "choices": [] }));
    let forms: [&[(&str, &str)]; 3] = [
        &[("kind", "never"), ("purpose", PURPOSE)],
        &[("kind", "ask")],
        &[("kind", "hours"), ("from", "08:00"), ("to", "17:00")],
    ];
    for (revision, form) in forms.into_iter().enumerate() {
        let revision = revision.to_string();
        let form = [&[("csrf", csrf.as_str()), ("revision", &revision)], form].concat();
        let done = browser.post("/me/choices", &form).await;
        assert_eq!(
            (done.status, done.location.as_str()),
            (StatusCode::SEE_OTHER, "/me/choices"),
            "{}",
            done.body
        );
    }
    let list = browser.get("/api/v1/me/choices").await.json();
    let kinds: Vec<_> =
        list["choices"].as_array().unwrap().iter().map(|choice| choice["kind"].clone()).collect();
    assert_eq!(kinds, ["never_purpose", "ask_each_time", "office_hours"]);
    assert_eq!(list["choices"][0]["purpose"]["id"], PURPOSE);
    assert_eq!(list["choices"][2]["hours"], serde_json::json!({ "from": "08:00", "to": "17:00" }));
    let page = browser.get("/me/choices?lang=en").await;
    assert_eq!((page.status, page.header("cache-control")), (StatusCode::OK, "no-store"));
    assert!(page.body.contains("proactive reminders") && page.body.contains("08:00"), "{}", page.body);
    assert_eq!(page.hidden("revision"), "3");

    let id = list["choices"][0]["id"].as_str().unwrap();
    let form = [("csrf", csrf.as_str()), ("revision", "3"), ("id", id)];
    assert_eq!(browser.post("/me/choices/remove", &form).await.status, StatusCode::SEE_OTHER);
    let left = browser.get("/api/v1/me/choices").await.json();
    assert_eq!((left["revision"].as_i64(), left["choices"].as_array().unwrap().len()), (Some(4), 2));
    let entries = w.entries(ANH, Kind::StandingChanged).await;
    let said: Vec<_> =
        entries.iter().map(|facts| (facts.decision.as_deref(), facts.reason.as_deref())).collect();
    assert_eq!(
        said,
        [
            (Some("remove"), Some("never_purpose")),
            (Some("add"), Some("office_hours")),
            (Some("add"), Some("ask_each_time")),
            (Some("add"), Some("never_purpose")),
        ]
    );
}

async fn a_form_that_is_old_wrong_or_foreign_changes_nothing(s: Scratch) {
    let (w, browser, csrf) = signed_in(s).await;
    let ask = [("csrf", csrf.as_str()), ("revision", "0"), ("kind", "ask")];
    assert_eq!(browser.post("/me/choices", &ask).await.status, StatusCode::SEE_OTHER);
    let good = |revision, kind, more: &[(&'static str, &'static str)]| {
        [
            &[("csrf", csrf.clone()), ("revision", String::from(revision)), ("kind", String::from(kind))],
            more.iter().map(|(name, value)| (*name, (*value).to_owned())).collect::<Vec<_>>().as_slice(),
        ]
        .concat()
    };
    for (form, status) in [
        (good("0", "hours", &[("from", "08:00"), ("to", "17:00")]), StatusCode::CONFLICT),
        (good("1", "ask", &[]), StatusCode::UNPROCESSABLE_ENTITY),
        (good("1", "never", &[("purpose", "")]), StatusCode::UNPROCESSABLE_ENTITY),
        // Not hers to rule out: it rests on the law alone.
        (good("1", "never", &[("purpose", "driver.licence_renewal")]), StatusCode::UNPROCESSABLE_ENTITY),
        (good("1", "hours", &[("from", "17:00"), ("to", "08:00")]), StatusCode::UNPROCESSABLE_ENTITY),
        (good("1", "hours", &[("from", "8h"), ("to", "08:60")]), StatusCode::UNPROCESSABLE_ENTITY),
        (good("1", "everything", &[]), StatusCode::BAD_REQUEST),
    ] {
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let page = browser.post("/me/choices", &form).await;
        assert_eq!(page.status, status, "{form:?}: {}", page.body);
    }
    let hours = [("revision", "1"), ("kind", "hours"), ("from", "08:00"), ("to", "17:00")];
    let forged = [&[("csrf", "falsch")], hours.as_slice()].concat();
    assert_eq!(browser.post("/me/choices", &forged).await.status, StatusCode::FORBIDDEN);
    let own = [&[("csrf", csrf.as_str())], hours.as_slice()].concat();
    let foreign = browser.post_with("/me/choices", &own, &[("origin", "https://evil.example")]).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    let unknown =
        [("csrf", csrf.as_str()), ("revision", "1"), ("id", "01a201e5-70c8-7181-a414-b617407de58c")];
    assert_eq!(browser.post("/me/choices/remove", &unknown).await.status, StatusCode::NOT_FOUND);
    // Another citizen has a list of her own, nobody else has any.
    let other = w.citizen(1).await;
    assert_eq!(other.get("/api/v1/me/choices").await.json()["revision"], 0);
    assert_eq!(w.browser().get("/api/v1/me/choices").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(w.entries(ANH, Kind::StandingChanged).await.len(), 1);
}

async fn an_agency_is_muted_and_heard_again(s: Scratch) {
    let (w, browser, csrf) = signed_in(s).await;
    let path = format!("/me/agencies/{POLICE}/mute");
    let form = |muted, back| [("csrf", csrf.as_str()), ("muted", muted), ("return_to", back)];
    for _ in 0..2 {
        let done = browser.post(&path, &form("yes", "/me/agencies/x")).await;
        assert_eq!((done.status, done.location.as_str()), (StatusCode::SEE_OTHER, "/me/agencies/x"));
    }
    let list = browser.get("/api/v1/me/choices").await.json();
    assert_eq!((&list["choices"][0]["kind"], &list["revision"]), (&"mute_agency".into(), &1.into()));
    assert_eq!(list["choices"][0]["agency"]["id"], POLICE);
    assert!(browser.get("/me/choices?lang=en").await.body.contains("Test Traffic Police"));
    // Neither the agency nor its compliance officer is told: the entry is not one of the agency's.
    assert_eq!(w.entries(ANH, Kind::StandingChanged).await[0].agency, None);
    assert_eq!(browser.post(&path, &form("no", "/me")).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get("/api/v1/me/choices").await.json()["choices"], serde_json::json!([]));
    assert_eq!(
        browser.post("/me/agencies/nobody/mute", &form("yes", "/me")).await.status,
        StatusCode::NOT_FOUND
    );
    let away = browser.post(&path, &form("yes", "//evil.example")).await;
    assert_ne!(away.status, StatusCode::SEE_OTHER, "{}", away.location);
}

store_suite! {
    a_choice_is_made_read_and_taken_back,
    a_form_that_is_old_wrong_or_foreign_changes_nothing,
    an_agency_is_muted_and_heard_again,
}
