//! A yes that ends or joins what was allowed before: told in the text that is read and kept, done as it was told.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::{
    acting::{
        AS_CHILD, AS_MOTHER, BACK, CHILD, CLIENT, HIDDEN, JOINT, MOTHER, PLAIN, acting, answers, asked,
        family,
    },
    consent::{answer, state},
    joint::{pushed, pushed_with},
    world::{Browser, World},
};
use crate::{
    consent::{self, Answer, Answering, Consent, Give, GrantWish},
    demo::people::CITIZENS,
    domain::{
        catalogue::BasisKind,
        consent::{Act, Actor, Capacity, State},
        record::{Kind, unhex},
    },
    limit::Limit,
    oauth::{self, Authenticated, Prompting, Read, Said},
    protocol::form::Form,
    store::scratch::{Scratch, store_suite},
    time::Millis,
};

const ENDS: &str = "những điều đã cho phép cơ quan này sau đây sẽ kết thúc";
const STAYS: &str = "điều này được thêm vào những điều sau đây";

fn herself() -> Actor {
    Actor { capacity: Capacity::Own, assurance: Some(3), ..Actor::system() }
}

async fn by_id(w: &World, id: &str) -> Consent {
    consent::by_id(&w.engines, Uuid::parse_str(id).unwrap()).await.unwrap().unwrap()
}

/// Something the mother has allowed; its id and its grant's.
async fn allowed(w: &World, browser: &Browser) -> (String, String) {
    let asked = browser.get(&pushed(w, MOTHER, PLAIN).await).await.location;
    let id = asked.trim_start_matches("/requests/").to_owned();
    let back = answers(browser, &id, "give").await;
    assert!(back.location.starts_with(BACK), "{}", back.body);
    let grant = by_id(w, &id).await.row.grant_id.unwrap();
    (id, grant.to_string())
}

/// She is asked for more, with this wish about that grant.
async fn asked_about(w: &World, browser: &Browser, action: &str, grant: &str) -> String {
    let more = [("grant_management_action", action), ("grant_id", grant)];
    let url = pushed_with(w, MOTHER, PLAIN, &more).await;
    browser.get(&url).await.location.trim_start_matches("/requests/").to_owned()
}

async fn she_reads_what_ends_before_she_says_yes_and_after_it_what_ended(s: Scratch) {
    let (w, _) = family(s).await;
    let browser = w.citizen(AS_MOTHER).await;
    let (older, grant) = allowed(&w, &browser).await;
    w.clock.advance(Duration::from_hours(48));
    let browser = w.citizen(AS_MOTHER).await;
    for (action, says, stays) in [("merge", STAYS, State::Given), ("replace", ENDS, State::Superseded)] {
        let id = asked_about(&w, &browser, action, &grant).await;
        let page = browser.get(&format!("/requests/{id}")).await;
        let day = crate::i18n::date(crate::i18n::Lang::Vi, Millis(w.engines.now().0 - 48 * 3_600_000));
        assert!(page.body.contains(says) && page.body.contains(&format!("(ngày {day})")), "{}", page.body);
        assert!(page.body.contains(&format!("/me/consents/{older}")), "{}", page.body);
        let english = browser.get(&format!("/requests/{id}?lang=en")).await.body;
        assert!(english.contains("what was allowed"), "{english}");
        let page = browser.get(&format!("/requests/{id}?lang=vi")).await;
        let done = answer(&browser, &page, &id, "give", &[]).await;
        assert_eq!((done.status, state(&w, &older).await), (StatusCode::SEE_OTHER, stays), "{}", done.body);
        // What she read is what is kept; whose it is stands beside it, not in it.
        let kept =
            w.engines.store.consent_text(&unhex(&page.hidden("notice")).unwrap()).await.unwrap().unwrap();
        assert!(kept.body.contains(says) && kept.body.contains(&day) && !kept.body.contains(&older));
        let done = browser.get(&format!("/requests/{id}/done")).await.body;
        let said = if action == "replace" { "Đã kết thúc cùng lúc" } else { "Được thêm vào" };
        assert!(done.contains(said) && done.contains(&format!("/me/consents/{older}")), "{done}");
    }
    // A request that touches nothing speaks of nothing.
    let plain = browser.get(&pushed(&w, MOTHER, PLAIN).await).await.location;
    let page = browser.get(&plain).await.body;
    assert!(!page.contains(ENDS) && !page.contains(STAYS));
}

async fn what_changed_after_she_read_is_read_again_and_nothing_else_ends(s: Scratch) {
    let (w, _) = family(s).await;
    let browser = w.citizen(AS_MOTHER).await;
    let (older, grant) = allowed(&w, &browser).await;
    let other = asked_about(&w, &browser, "merge", &grant).await;
    let id = asked_about(&w, &browser, "replace", &grant).await;
    let page = browser.get(&format!("/requests/{id}")).await;
    // Another window: one more is in the grant by now.
    assert_eq!(answers(&browser, &other, "give").await.status, StatusCode::SEE_OTHER);
    let stale = answer(&browser, &page, &id, "give", &[]).await;
    assert_eq!(stale.status, StatusCode::CONFLICT, "{}", stale.body);
    assert!(stale.body.contains("đọc lại") && stale.body.contains(&format!("/me/consents/{other}")));
    for one in [&older, &other] {
        assert_eq!(state(&w, one).await, State::Given);
    }
    // Between the reading of the text and the entry, too.
    let consent = by_id(&w, &id).await;
    let read = oauth::grants::older(&w.engines, &consent).await.unwrap().unwrap();
    let shown = || ("vi", "<p>đúng những chữ này</p>".to_owned(), true);
    let says = async |told| {
        let read = Read { shown: shown(), told, browser: None };
        oauth::answer(&w.engines, &consent, herself(), Said::Yes(Vec::new()), read).await
    };
    let stale = |result: Result<oauth::Answered, oauth::Error>| {
        assert!(matches!(result, Err(oauth::Error::Consent(consent::Error::Stale))), "{result:?}");
    };
    stale(says(None).await);
    let mut less = read.told();
    less.consents.pop();
    stale(says(Some(less)).await);
    consent::end(&w.engines, &by_id(&w, &older).await, Act::Withdraw, herself(), None).await.unwrap();
    stale(says(Some(read.told())).await);
    assert_eq!((state(&w, &id).await, state(&w, &other).await), (State::Requested, State::Given));
    let now = oauth::grants::older(&w.engines, &consent).await.unwrap().unwrap();
    says(Some(now.told())).await.unwrap();
    assert_eq!((state(&w, &id).await, state(&w, &other).await), (State::Given, State::Superseded));
    assert_eq!(w.entries(MOTHER, Kind::ConsentSuperseded).await.len(), 1);
}

/// The same where she is asked while she is not there (CIBA).
async fn who_is_asked_while_she_is_away_is_told_the_same(s: Scratch) {
    let (w, _) = family(s).await;
    let browser = w.citizen(AS_MOTHER).await;
    let (older, grant) = allowed(&w, &browser).await;
    let client = w.engines.registry.client(CLIENT).await.unwrap().unwrap();
    let mother = w.person(MOTHER).await;
    let handle = w.engines.vault.handle(&client.agency, &mother).await.unwrap();
    let purpose = w.engines.register.catalogue().purpose(PLAIN).unwrap();
    let detail = json!([{
        "type": "urn:minhbach:personal-data", "purpose": PLAIN, "subject": { "national_id": MOTHER },
        "actions": ["read"], "datatypes": purpose.basis(BasisKind::Consent).unwrap().fields,
        "basis": "consent", "case": "NH.2026.0003",
    }]);
    let details = detail.to_string();
    let form = [
        ("login_hint", handle.as_ref()),
        ("binding_message", "HOA-7312"),
        ("authorization_details", &details),
        ("grant_management_action", "replace"),
        ("grant_id", &grant),
    ];
    let form = serde_urlencoded::to_string(form).unwrap();
    let who = Authenticated { client, replay: (w.engines.id(), Millis(w.engines.now().0 + 60_000)) };
    let prompting = Prompting {
        national_id_hints: false,
        per_citizen_per_day: 10,
        per_client: Limit::new(10, Duration::from_mins(1)),
    };
    oauth::ask_absent(&w.engines, &who, &Form::parse(form.as_bytes()).unwrap(), &prompting).await.unwrap();
    let waiting = consent::waiting(&w.engines, &mother).await.unwrap();
    let id = waiting[0].row.id.to_string();
    let page = browser.get(&format!("/requests/{id}")).await.body;
    assert!(page.contains(ENDS) && page.contains(&format!("/me/consents/{older}")), "{page}");
    let done = answers(&browser, &id, "give").await;
    assert_eq!((done.location, state(&w, &older).await), (format!("/requests/{id}/done"), State::Superseded));
    let done = browser.get(&format!("/requests/{id}/done")).await.body;
    assert!(done.contains("Đã kết thúc cùng lúc") && !done.contains("thiết bị đã mở trang"), "{done}");
}

/// Nobody decides about what is hidden from her.
async fn a_guardian_learns_nothing_of_an_older_consent_that_is_hidden_from_her(s: Scratch) {
    let (w, bond) = family(s).await;
    let hidden = by_id(&w, &asked(&w, CHILD, HIDDEN).await).await;
    let answering = Answering {
        by: herself(),
        answer: Answer::Give(Give {
            optional: hidden.record.items.iter().filter(|i| !i.required).map(|i| i.field.clone()).collect(),
            grant: GrantWish::Create,
        }),
        shown: ("vi", "<p>đúng những chữ này</p>".to_owned(), true),
        replays: Vec::new(),
        also: Vec::new(),
    };
    let grant =
        consent::answer(&w.engines, &hidden, answering).await.unwrap().row.grant_id.unwrap().to_string();
    let more = [("grant_management_action", "merge"), ("grant_id", grant.as_str())];
    let url = pushed_with(&w, CHILD, JOINT, &more).await;
    let (child, mother) = (w.citizen(AS_CHILD).await, acting(&w, bond).await);
    let asked = child.get(&url).await.location;
    let page = child.get(&asked).await;
    assert!(page.status == StatusCode::OK && page.body.contains(STAYS), "{}", page.body);
    // The text itself, which a guardian may read where it is kept, does not name it; the link beside it does.
    let hidden_title = &w.engines.register.catalogue().purpose(HIDDEN).unwrap().title.vi;
    let (text, beside) = page.body.split_once("Xem lại những điều đã cho phép trước đây").unwrap();
    assert!(!text.contains(hidden_title) && beside.contains(hidden_title), "{}", page.body);
    let hers = mother.get(&asked).await;
    assert_eq!(hers.status, StatusCode::NOT_FOUND, "{}", hers.body);
    assert!(!hers.body.contains(&hidden.row.id.to_string()));
    let form = super::world::Page {
        body: page.body.replace(&page.hidden("csrf"), &mother.get("/me").await.hidden("csrf")),
        ..page
    };
    let id = asked.trim_start_matches("/requests/");
    let tried = answer(&mother, &form, id, "give", &[]).await;
    assert_eq!((tried.status, state(&w, id).await), (StatusCode::NOT_FOUND, State::Requested));
    assert_eq!(CITIZENS[AS_CHILD].national_id, CHILD);
}

store_suite! {
    she_reads_what_ends_before_she_says_yes_and_after_it_what_ended,
    what_changed_after_she_read_is_read_again_and_nothing_else_ends,
    who_is_asked_while_she_is_away_is_told_the_same,
    a_guardian_learns_nothing_of_an_older_consent_that_is_hidden_from_her,
}
