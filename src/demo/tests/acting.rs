//! Somebody acts for another person in the portal: what she sees and does, and when it is over.

use std::{collections::BTreeSet, time::Duration};

use reqwest::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::{
    consent::{BANK, answer, state},
    world::{Browser, POLICE, Page, World, facts, world_with},
};
use crate::{
    admin::{ClientSpec, register_client},
    consent::{self, Ask},
    crypto::Algorithm,
    domain::{
        catalogue::BasisKind,
        client::Profile,
        consent::{Capacity, Limits, State},
        record::{Facts, Kind},
        representation::{Evidence, Ground, Milestones, Scope},
        subject::NationalId,
    },
    jose::{Jwks, PrivateJwk},
    people::{self, Ending, Registration},
    policy::embedded,
    store::scratch::{Scratch, store_suite},
};

/// A child of fourteen, as far as the representation goes, who comes of age ten minutes into each test.
pub(super) const CHILD: &str = "999000000098";
/// Which of the demonstration's citizens signs in.
pub(super) const AS_CHILD: usize = 8;
pub(super) const MOTHER: &str = "999000000023";
pub(super) const AS_MOTHER: usize = 1;
const STRANGER: &str = "999000000015";
pub(super) const AS_STRANGER: usize = 0;
pub(super) const CLIENT: &str = "ngan-hang.thu";
pub(super) const BACK: &str = "http://127.0.0.1:9/tro-lai";
/// Rests on consent; the representative alone decides for a child.
pub(super) const PLAIN: &str = "private.bank_verification";
/// Opens private life: two must say yes.
pub(super) const JOINT: &str = "health.record_share";
/// Hidden from guardians in these tests.
pub(super) const HIDDEN: &str = "notify.proactive_reminder";
pub(super) const MINUTE: Duration = Duration::from_mins(1);

pub(super) fn id(digits: &str) -> NationalId {
    NationalId::parse(digits.to_owned()).unwrap()
}

/// A world with a child, her mother who acts for her, and a client that may ask for everything here.
pub(super) async fn family(s: Scratch) -> (World, Uuid) {
    let mut files = embedded();
    let path = format!("purposes/{HIDDEN}/purpose.toml");
    let text = files.get(&path).unwrap().replacen("max_uses", "guardian_hidden = true\nmax_uses", 1);
    files.insert(&path, text);
    let w = world_with(s, &files).await;
    let key = PrivateJwk::generate(Algorithm::EdDsa).unwrap();
    let spec = ClientSpec {
        client_id: CLIENT.to_owned(),
        agency: BANK.to_owned(),
        name: "Phần mềm thử".to_owned(),
        jwks: Jwks::parse(&json!({ "keys": [key.public().to_value()] })).unwrap(),
        purposes: [PLAIN, JOINT, HIDDEN].map(str::to_owned).into(),
        redirect_uris: vec![BACK.to_owned()],
        audience: None,
        actor_issuers: Vec::new(),
        profile: Profile { grant_management: true, backchannel: true, ..Profile::default() },
    };
    register_client(&w.engines, &spec).await.unwrap();
    let now = w.engines.now();
    let child = Milestones { joint_from: now.0 - 1, hands_over_at: (now + 10 * MINUTE).0 };
    let registration = Registration {
        ground: Ground::Parent,
        evidence: Evidence { reference: "Giấy khai sinh 12/2012".into(), sha256: Some("0".repeat(64)) },
        scope: Scope { view: true, answer: true, purposes: None },
        from: None,
        until: None,
        child: Some(child),
        office: "UBND xã Mẫu".into(),
    };
    let (bond, _) = people::register(&w.engines, &id(CHILD), &id(MOTHER), registration).await.unwrap();
    (w, bond)
}

/// Asks this person without anybody having been sent here.
pub(super) async fn asked(w: &World, person: &str, purpose: &str) -> String {
    let client = w.engines.registry.client(CLIENT).await.unwrap().unwrap();
    let purpose = w.engines.register.catalogue().purpose(purpose).unwrap();
    let now = w.engines.now();
    let limits = Limits::asked(None, purpose.consent.as_ref().unwrap(), now).unwrap();
    let fields = &purpose.basis(BasisKind::Consent).unwrap().fields;
    let subject = w.person(person).await;
    let plain = Ask::plain(&client, &subject, purpose, fields, limits, now + Duration::from_hours(1));
    let ask = Ask { case: Some("NH.2026.0001".to_owned()), ..plain };
    consent::ask(&w.engines, ask).await.unwrap().row.id.to_string()
}

/// Switches as a person does, on the page.
pub(super) async fn act(browser: &Browser, bond: Uuid) -> Page {
    let csrf = browser.get("/me/people").await.hidden("csrf");
    browser.post(&format!("/me/people/{bond}/act"), &[("csrf", &csrf)]).await
}

/// The mother, acting for the child.
pub(super) async fn acting(w: &World, bond: Uuid) -> Browser {
    let browser = w.citizen(AS_MOTHER).await;
    let done = act(&browser, bond).await;
    assert_eq!((done.status, done.location.as_str()), (StatusCode::SEE_OTHER, "/me"), "{}", done.body);
    browser
}

/// Reads the question and answers it.
pub(super) async fn answers(browser: &Browser, id: &str, said: &str) -> Page {
    let page = browser.get(&format!("/requests/{id}")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    answer(browser, &page, id, said, &[]).await
}

pub(super) async fn press(browser: &Browser, id: &str, act: &str) -> Page {
    let page = browser.get(&format!("/me/consents/{id}")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let (csrf, revision) = (page.hidden("csrf"), page.hidden("revision"));
    let form = [("csrf", csrf.as_str()), ("revision", revision.as_str())];
    browser.post(&format!("/me/consents/{id}/{act}"), &form).await
}

async fn a_mother_answers_for_her_child_and_the_child_sees_that_it_was_she(s: Scratch) {
    let (w, bond) = family(s).await;
    let (hers, mothers) = (asked(&w, CHILD, PLAIN).await, asked(&w, MOTHER, PLAIN).await);
    let browser = w.citizen(AS_MOTHER).await;
    let people = browser.get("/me/people").await;
    assert!(people.body.contains("••• ••• ••• 098") && !people.body.contains(CHILD), "{}", people.body);
    assert_eq!(browser.get(&format!("/requests/{hers}")).await.status, StatusCode::NOT_FOUND);
    let looked = w.entries(CHILD, Kind::RecordViewed).await.len();
    assert_eq!(act(&browser, bond).await.status, StatusCode::SEE_OTHER);
    assert_eq!(w.entries(CHILD, Kind::RecordViewed).await.len(), looked + 1, "before anything is shown");
    for path in ["/me", "/me/requests", "/me/consents", "/me/history", "/me/people", "/purposes"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.body.contains("Ông/bà đang thay mặt: ••• ••• ••• 098"), "{path}");
    }
    let list = browser.get("/me/requests").await.body;
    assert!(list.contains(&hers) && !list.contains(&mothers), "{list}");
    assert_eq!(browser.get(&format!("/requests/{mothers}")).await.status, StatusCode::NOT_FOUND);
    // The same person in another browser acts for nobody.
    let elsewhere = w.citizen(AS_MOTHER).await;
    assert!(elsewhere.get("/me/requests").await.body.contains(&mothers));

    let done = answers(&browser, &hers, "give").await;
    assert_eq!((done.status, state(&w, &hers).await), (StatusCode::SEE_OTHER, State::Given), "{}", done.body);
    assert_eq!(browser.get(&done.location).await.status, StatusCode::OK);
    let given = w.entries(CHILD, Kind::ConsentGiven).await.remove(0);
    let mother = w.person(MOTHER).await.id();
    assert_eq!(given.acting, Some(mother.to_string()));
    assert_eq!(given.capacity.as_deref(), Some("parent"));
    let consent = consent::by_id(&w.engines, Uuid::parse_str(&hers).unwrap()).await.unwrap().unwrap();
    let by = consent.record.answered_by.unwrap();
    assert_eq!((by.acting, by.representation, by.capacity), (Some(mother), Some(bond), Capacity::Parent));

    let child = w.citizen(AS_CHILD).await;
    let history = child.get("/me/history").await.body;
    assert!(history.contains("Người làm thay: ••• ••• ••• 023") && history.contains("Người làm thay đã xem"));
    let detail = child.get(&format!("/me/consents/{hers}")).await.body;
    assert!(detail.contains("••• ••• ••• 023") && !detail.contains(MOTHER), "{detail}");
    for (act, now) in [("pause", State::Paused), ("resume", State::Given), ("withdraw", State::Withdrawn)] {
        let done = press(&browser, &hers, act).await;
        assert_eq!((done.status, state(&w, &hers).await), (StatusCode::SEE_OTHER, now), "{}", done.body);
    }
    assert_eq!(w.entries(CHILD, Kind::ConsentWithdrawn).await[0].acting, Some(mother.to_string()));
    assert_eq!(browser.get(&format!("/me/consents/{hers}/withdrawn")).await.status, StatusCode::OK);
    assert!(w.entries(MOTHER, Kind::ConsentGiven).await.is_empty());
}

async fn what_is_hidden_from_guardians_is_nowhere_and_counted_nowhere(s: Scratch) {
    let (w, bond) = family(s).await;
    let (plain, hidden) = (asked(&w, CHILD, PLAIN).await, asked(&w, CHILD, HIDDEN).await);
    let purpose = w.engines.register.catalogue().purpose(HIDDEN).unwrap();
    let secret = Facts {
        purpose: Some(purpose.id.clone()),
        purpose_version: Some(purpose.version.clone()),
        ..facts(&w.engines, &["person.full_name"])
    };
    let released = w.happened(CHILD, Kind::DataReleased, secret).await;
    let open = w.happened(CHILD, Kind::DataReleased, facts(&w.engines, &["person.full_name"])).await;
    let unjudged = Facts { purpose: None, purpose_version: None, ..facts(&w.engines, &[]) };
    let unjudged = w.happened(CHILD, Kind::TokenRefused, unjudged).await;
    let (child, mother) = (w.citizen(AS_CHILD).await, acting(&w, bond).await);
    let everything = child.get("/me/requests").await.body;
    assert!(everything.contains(&hidden) && everything.contains(&plain));
    assert_eq!(child.get("/api/v1/me/summary").await.json()["views"], 2);
    assert!(child.get("/me").await.body.contains("Có 2 yêu cầu"));

    assert_eq!(mother.get("/api/v1/me/summary").await.json()["views"], 1);
    assert!(mother.get("/me").await.body.contains("Có 1 yêu cầu"));
    let agency = format!("/me/agencies/{BANK}");
    for path in [
        "/me",
        "/me/requests",
        "/me/consents",
        "/me/history",
        "/api/v1/me/consents",
        "/api/v1/me/accesses",
        &agency,
    ] {
        let page = mother.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        for what in [&hidden, &released.to_string(), &unjudged.to_string(), &"Nhắc việc".to_owned()] {
            assert!(!page.body.contains(what.as_str()), "{path} says {what}: {}", page.body);
        }
    }
    assert!(mother.get("/me/history").await.body.contains(&open.to_string()));
    let csrf = mother.get("/me").await.hidden("csrf");
    for path in [
        format!("/requests/{hidden}"),
        format!("/requests/{hidden}/done"),
        format!("/me/consents/{hidden}"),
        format!("/me/consents/{hidden}/withdraw"),
        format!("/me/consents/{hidden}/receipt"),
        format!("/api/v1/me/consents/{hidden}"),
        format!("/me/history/{released}"),
        format!("/me/history/{released}/proof.json"),
        format!("/api/v1/me/accesses/{released}"),
        format!("/me/history/{unjudged}"),
    ] {
        assert_eq!(mother.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let form = mother.get(&format!("/requests/{plain}")).await;
    assert_eq!(answer(&mother, &form, &hidden, "give", &[]).await.status, StatusCode::NOT_FOUND);
    // Who alone could answer may not see it: until the child is of age it opens nothing, and she reads so.
    let page = child.get(&format!("/requests/{hidden}")).await.body;
    assert!(page.contains("Hiện không ai trả lời được") && !page.contains("name=\"answer\""), "{page}");
    let stopped = mother.post(&format!("{agency}/stop"), &[("csrf", &csrf)]).await;
    assert_eq!(stopped.status, StatusCode::OK, "{}", stopped.body);
    assert_eq!(state(&w, &hidden).await, State::Requested);
}

/// An authority in writing to look at one purpose, and nothing else.
async fn who_may_only_look_at_one_purpose_does_no_more(s: Scratch) {
    let (w, _) = family(s).await;
    let registration = Registration {
        ground: Ground::Attorney,
        evidence: Evidence { reference: "Giấy nhờ 3/2026".into(), sha256: Some("0".repeat(64)) },
        scope: Scope { view: true, answer: false, purposes: Some(BTreeSet::from([PLAIN.to_owned()])) },
        from: None,
        until: Some(w.engines.now() + 5 * MINUTE),
        child: None,
        office: "UBND xã Mẫu".into(),
    };
    let (bond, _) = people::register(&w.engines, &id(STRANGER), &id(MOTHER), registration).await.unwrap();
    let (plain, other) = (asked(&w, STRANGER, PLAIN).await, asked(&w, STRANGER, JOINT).await);
    let own = w.citizen(AS_STRANGER).await;
    let given = asked(&w, STRANGER, PLAIN).await;
    assert_eq!(answers(&own, &given, "give").await.status, StatusCode::SEE_OTHER);
    let entry = w.happened(STRANGER, Kind::DataReleased, facts(&w.engines, &["person.full_name"])).await;

    let browser = acting(&w, bond).await;
    let list = browser.get("/me/requests").await.body;
    assert!(list.contains(&plain) && !list.contains(&other), "{list}");
    let page = browser.get(&format!("/requests/{plain}")).await;
    assert!(page.status == StatusCode::OK && !page.body.contains("name=\"answer\""), "{}", page.body);
    let detail = browser.get(&format!("/me/consents/{given}")).await;
    assert!(detail.status == StatusCode::OK && !detail.body.contains("/withdraw"), "{}", detail.body);
    for path in
        [format!("/requests/{other}"), format!("/me/consents/{other}"), format!("/me/history/{entry}")]
    {
        assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert!(!browser.get("/me/history").await.body.contains(&entry.to_string()));
    assert_eq!(browser.get(&format!("/me/consents/{given}/withdraw")).await.status, StatusCode::FORBIDDEN);
    let csrf = browser.get("/me").await.hidden("csrf");
    let revision = own.get(&format!("/me/consents/{given}")).await.hidden("revision");
    for act in ["withdraw", "pause"] {
        let form = [("csrf", csrf.as_str()), ("revision", revision.as_str())];
        let tried = browser.post(&format!("/me/consents/{given}/{act}"), &form).await;
        assert_eq!(tried.status, StatusCode::FORBIDDEN, "{}", tried.body);
    }
    let token = [("x-csrf-token", csrf.as_str())];
    let tried = browser.post_with(&format!("/api/v1/me/consents/{given}/withdraw"), &[], &token).await;
    assert_eq!(
        (tried.status, &tried.json()["code"]),
        (StatusCode::FORBIDDEN, &json!("representation_out_of_scope"))
    );
    let stopped = browser.post(&format!("/me/agencies/{BANK}/stop"), &[("csrf", &csrf)]).await;
    assert_eq!(stopped.status, StatusCode::FORBIDDEN);
    let page = own.get(&format!("/requests/{plain}")).await;
    let form = Page { body: page.body.replace(&page.hidden("csrf"), &csrf), ..browser.get("/log").await };
    for said in ["give", "refuse", "defer"] {
        let tried = answer(&browser, &form, &plain, said, &[]).await;
        assert_eq!((tried.status, state(&w, &plain).await), (StatusCode::FORBIDDEN, State::Requested));
    }
    assert_eq!(state(&w, &given).await, State::Given);

    // Out of date: at the first instant it no longer counts.
    w.clock.advance(5 * MINUTE);
    let page = browser.get("/me/requests").await;
    assert!(page.body.contains("không còn hiệu lực") && !page.body.contains(&plain), "{}", page.body);
    assert_eq!(browser.get(&format!("/requests/{plain}")).await.status, StatusCode::NOT_FOUND);
    let again = act(&browser, bond).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN, "{}", again.body);
}

async fn what_ends_while_acting_ends_at_the_next_request(s: Scratch) {
    let (w, bond) = family(s).await;
    let (hers, mothers) = (asked(&w, CHILD, PLAIN).await, asked(&w, MOTHER, PLAIN).await);
    let browser = acting(&w, bond).await;
    let page = browser.get(&format!("/requests/{hers}")).await;
    people::end(&w.engines, bond, Ending::Office("Tòa án Mẫu: quyết định 7/2026")).await.unwrap();

    let answered = answer(&browser, &page, &hers, "give", &[]).await;
    assert_eq!((answered.status, state(&w, &hers).await), (StatusCode::NOT_FOUND, State::Requested));
    assert!(answered.body.contains("Việc làm thay không còn hiệu lực"), "{}", answered.body);
    let list = browser.get("/me/requests").await.body;
    assert!(list.contains("Việc làm thay không còn hiệu lực") && !list.contains("đang thay mặt"), "{list}");
    assert!(list.contains(&mothers) && !list.contains(&hers), "her own pages again");
    let program = browser.get("/api/v1/me/consents").await;
    assert_eq!(
        (program.status, &program.json()["code"]),
        (StatusCode::FORBIDDEN, &json!("representation_over")),
        "a program is not given another person's things than it asked about"
    );
    // A form of the child's page does nothing to her own.
    let own = browser.get(&format!("/requests/{mothers}")).await;
    let old = Page {
        body: own.body.replace(&own.hidden("csrf"), &page.hidden("csrf")),
        ..browser.get("/log").await
    };
    assert_eq!(answer(&browser, &old, &mothers, "give", &[]).await.status, StatusCode::FORBIDDEN);
    let csrf = page.hidden("csrf");
    let stop = browser.post(&format!("/me/agencies/{BANK}/stop"), &[("csrf", &csrf)]).await;
    assert_eq!((stop.status, state(&w, &mothers).await), (StatusCode::FORBIDDEN, State::Requested));

    let understood = browser.post("/me/people/self", &[("csrf", &own.hidden("csrf"))]).await;
    assert_eq!(understood.status, StatusCode::SEE_OTHER);
    let list = browser.get("/me/requests").await.body;
    assert!(!list.contains("không còn hiệu lực") && list.contains(&mothers));
    assert_eq!(browser.get("/api/v1/me/consents").await.status, StatusCode::OK);
    assert_eq!(act(&browser, bond).await.status, StatusCode::FORBIDDEN);
}

/// Between the look at the representation and the commit, the representation itself is looked at once more.
async fn an_answer_in_flight_does_not_outlive_the_representation(s: Scratch) {
    let (w, bond) = family(s).await;
    let hers = asked(&w, CHILD, PLAIN).await;
    let consent = consent::by_id(&w.engines, Uuid::parse_str(&hers).unwrap()).await.unwrap().unwrap();
    let mother = w.person(MOTHER).await;
    let acts = people::enter(&w.engines, &mother, bond, &[7; 32]).await.unwrap();
    let by = acts.mandate.actor(None, Some(3));
    people::end(&w.engines, bond, Ending::Party(&mother)).await.unwrap();
    let answering = consent::Answering {
        by,
        answer: consent::Answer::Refuse,
        shown: ("vi", "<p>mẫu</p>".to_owned(), false),
        replays: Vec::new(),
        also: Vec::new(),
    };
    let late = consent::answer(&w.engines, &consent, answering).await;
    assert!(matches!(late, Err(consent::Error::Stale)), "{late:?}");
    assert_eq!(state(&w, &hers).await, State::Requested);
}

async fn a_representation_of_others_is_nobodys_to_use_or_end(s: Scratch) {
    let (w, bond) = family(s).await;
    let (stranger, child) = (w.citizen(AS_STRANGER).await, w.citizen(AS_CHILD).await);
    for browser in [&stranger, &child] {
        let csrf = browser.get("/me/people").await.hidden("csrf");
        assert_eq!(act(browser, bond).await.status, StatusCode::NOT_FOUND);
        let forged = browser.post(&format!("/me/people/{bond}/act"), &[("csrf", "x")]).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN);
        assert!(!browser.get("/me").await.body.contains("đang thay mặt"));
        let ended = browser.post(&format!("/me/people/{bond}/end"), &[("csrf", &csrf)]).await;
        assert!([StatusCode::NOT_FOUND, StatusCode::FORBIDDEN].contains(&ended.status), "{}", ended.body);
    }
    for wrong in ["x", "0199ac2f-6c1e-7d03-9a55-1f2e3d4c5b6a"] {
        let csrf = stranger.get("/me/people").await.hidden("csrf");
        for what in ["act", "end"] {
            let tried = stranger.post(&format!("/me/people/{wrong}/{what}"), &[("csrf", &csrf)]).await;
            assert_eq!(tried.status, StatusCode::NOT_FOUND);
        }
    }
    let officials = w.signed_in("official-csgt-thu-nghiem", "cb-0042", "can-bo-42").await;
    assert_eq!(officials.get("/me/people").await.status, StatusCode::FORBIDDEN, "{POLICE}");
    assert!(w.browser().get("/me/people").await.location.starts_with("/sign-in"));

    // The mother gives it up herself, and is told nothing she knows.
    let browser = acting(&w, bond).await;
    let csrf = browser.get("/me").await.hidden("csrf");
    let done = browser.post(&format!("/me/people/{bond}/end"), &[("csrf", &csrf)]).await;
    assert_eq!((done.status, done.location.as_str()), (StatusCode::SEE_OTHER, "/me/people"));
    let page = browser.get("/me/people").await.body;
    assert!(!page.contains("không còn hiệu lực") && !page.contains("098"), "{page}");
}

store_suite! {
    a_mother_answers_for_her_child_and_the_child_sees_that_it_was_she,
    what_is_hidden_from_guardians_is_nowhere_and_counted_nowhere,
    who_may_only_look_at_one_purpose_does_no_more,
    what_ends_while_acting_ends_at_the_next_request,
    an_answer_in_flight_does_not_outlive_the_representation,
    a_representation_of_others_is_nobodys_to_use_or_end,
}
