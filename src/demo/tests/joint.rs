//! A child and her representative both answer; she comes of age; an agency sends one of them here; a person names
//! somebody herself.

use reqwest::StatusCode;
use serde_json::json;

use super::{
    acting::{
        AS_CHILD, AS_MOTHER, AS_STRANGER, BACK, CHILD, CLIENT, HIDDEN, JOINT, MINUTE, MOTHER, PLAIN, act,
        acting, answers, asked, family, press,
    },
    consent::{answer, state},
    world::World,
};
use crate::{
    domain::{catalogue::BasisKind, consent::State, record::Kind},
    i18n::iso_date,
    oauth::{self, Authenticated},
    people,
    protocol::form::Form,
    store::scratch::{Scratch, store_suite},
    time::Millis,
};

async fn child_and_representative_both_say_yes_in_either_order(s: Scratch) {
    let (w, bond) = family(s).await;
    let (child, mother) = (w.citizen(AS_CHILD).await, acting(&w, bond).await);
    for (first, second) in [(&child, &mother), (&mother, &child)] {
        let id = asked(&w, CHILD, JOINT).await;
        for browser in [first, second] {
            let page = browser.get(&format!("/requests/{id}")).await.body;
            assert!(page.contains("Cần cả người đại diện và trẻ cùng đồng ý"), "{page}");
        }
        let half = answers(first, &id, "give").await;
        assert_eq!((half.status, state(&w, &id).await), (StatusCode::SEE_OTHER, State::HalfGiven));
        let done = first.get(&half.location).await;
        assert!(
            done.status == StatusCode::OK && done.body.contains("Còn chờ một người nữa"),
            "{}",
            done.body
        );
        let waiting = first.get(&format!("/requests/{id}")).await.body;
        assert!(waiting.contains("Còn một người nữa") && !waiting.contains("name=\"answer\""), "{waiting}");
        let asks = second.get(&format!("/requests/{id}")).await.body;
        assert!(asks.contains("Cần hai người cùng đồng ý") && asks.contains("value=\"give\""), "{asks}");
        // The same side again is no second half.
        let again = {
            let form = second.get(&format!("/requests/{id}")).await;
            let csrf = first.get("/me").await.hidden("csrf");
            let form = super::world::Page {
                body: form.body.replace(&form.hidden("csrf"), &csrf),
                ..first.get("/log").await
            };
            answer(first, &form, &id, "give", &[]).await
        };
        assert_eq!((again.status, state(&w, &id).await), (StatusCode::CONFLICT, State::HalfGiven));
        let whole = answers(second, &id, "give").await;
        assert_eq!(
            (whole.status, state(&w, &id).await),
            (StatusCode::SEE_OTHER, State::Given),
            "{}",
            whole.body
        );
    }
    let given: Vec<_> =
        w.entries(CHILD, Kind::ConsentGiven).await.into_iter().map(|facts| facts.capacity.unwrap()).collect();
    assert_eq!(given, ["own", "parent"], "newest first");
    let halves: Vec<_> =
        w.entries(CHILD, Kind::ConsentHalfGiven).await.into_iter().map(|f| f.capacity.unwrap()).collect();
    assert_eq!(halves, ["parent", "own"]);
}

async fn eithers_no_is_a_no_and_a_child_does_not_decide_alone(s: Scratch) {
    let (w, bond) = family(s).await;
    let (child, mother) = (w.citizen(AS_CHILD).await, acting(&w, bond).await);
    for (first, second) in [(&child, &mother), (&mother, &child)] {
        let id = asked(&w, CHILD, JOINT).await;
        answers(first, &id, "give").await;
        let no = answers(second, &id, "refuse").await;
        assert_eq!((no.status, state(&w, &id).await), (StatusCode::SEE_OTHER, State::Refused), "{}", no.body);
    }
    // What opens no private life the representative alone decides; the child is told so and sees it.
    let id = asked(&w, CHILD, PLAIN).await;
    let page = child.get(&format!("/requests/{id}")).await;
    assert!(
        page.body.contains("Cha, mẹ hoặc người giám hộ trả lời") && !page.body.contains("value=\"give\"")
    );
    let form = mother.get(&format!("/requests/{id}")).await;
    let csrf = page.hidden("csrf");
    let form = super::world::Page { body: form.body.replace(&form.hidden("csrf"), &csrf), ..page };
    let alone = answer(&child, &form, &id, "give", &[]).await;
    assert_eq!(
        (alone.status, state(&w, &id).await),
        (StatusCode::FORBIDDEN, State::Requested),
        "{}",
        alone.body
    );
    // What one side has stopped, the other does not let go on.
    let both = asked(&w, CHILD, JOINT).await;
    answers(&mother, &both, "give").await;
    answers(&child, &both, "give").await;
    assert_eq!(press(&child, &both, "pause").await.status, StatusCode::SEE_OTHER);
    assert_eq!(press(&mother, &both, "resume").await.status, StatusCode::CONFLICT);
    assert_eq!(state(&w, &both).await, State::Paused);
    assert_eq!(press(&child, &both, "resume").await.status, StatusCode::SEE_OTHER);
    assert_eq!(state(&w, &both).await, State::Given);
}

async fn come_of_age_she_finds_what_was_agreed_for_her_and_decides_and_the_guardian_is_out(s: Scratch) {
    let (w, bond) = family(s).await;
    let (child, mother) = (w.citizen(AS_CHILD).await, acting(&w, bond).await);
    let (kept, dropped) = (asked(&w, CHILD, PLAIN).await, asked(&w, CHILD, PLAIN).await);
    for id in [&kept, &dropped] {
        answers(&mother, id, "give").await;
        assert_eq!(state(&w, id).await, State::Given);
    }
    let later = asked(&w, CHILD, PLAIN).await;
    let form = mother.get(&format!("/requests/{later}")).await;
    assert!(child.get("/me/people").await.body.contains("người này tự quyết định"), "told beforehand");

    w.clock.advance(10 * MINUTE);
    let out = answer(&mother, &form, &later, "give", &[]).await;
    assert_eq!((out.status, state(&w, &later).await), (StatusCode::NOT_FOUND, State::Requested));
    assert!(mother.get("/me").await.body.contains("Việc làm thay không còn hiệu lực"));
    people::hand_over_due(&w.engines).await.unwrap();
    for id in [&kept, &dropped] {
        assert_eq!(state(&w, id).await, State::UnderReview);
        assert_eq!(mother.get(&format!("/me/consents/{id}")).await.status, StatusCode::NOT_FOUND);
    }
    let me = child.get("/me").await.body;
    assert!(me.contains("Có 2 điều người đại diện đã đồng ý trước đây"), "{me}");
    let list = child.get("/me/consents?state=standing").await.body;
    assert!(list.contains(&kept) && list.contains("Chờ xem lại"), "{list}");
    let page = child.get(&format!("/me/consents/{kept}")).await.body;
    assert!(page.contains(&format!("{kept}/confirm")), "{page}");
    for (id, said) in [(&kept, "give"), (&dropped, "refuse")] {
        let page = child.get(&format!("/me/consents/{id}")).await;
        let values = ["csrf", "revision", "notice", "lang"].map(|name| (name, page.hidden(name)));
        let mut form: Vec<(&str, &str)> =
            values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        form.push(("answer", said));
        let done = child.post(&format!("/me/consents/{id}/confirm"), &form).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    }
    assert_eq!((state(&w, &kept).await, state(&w, &dropped).await), (State::Given, State::Withdrawn));
    let hers = answers(&child, &later, "give").await;
    assert_eq!((hers.status, state(&w, &later).await), (StatusCode::SEE_OTHER, State::Given));
    assert!(!child.get("/me").await.body.contains("người đại diện đã đồng ý"));
}

/// Where a browser is sent by the client, which pushed its request before.
pub(super) async fn pushed(w: &World, person: &str, purpose: &str) -> String {
    pushed_with(w, person, purpose, &[]).await
}

/// The same, with more parameters.
pub(super) async fn pushed_with(w: &World, person: &str, purpose: &str, more: &[(&str, &str)]) -> String {
    let client = w.engines.registry.client(CLIENT).await.unwrap().unwrap();
    let known = w.engines.register.catalogue().purpose(purpose).unwrap();
    let mut detail = json!({
        "type": "urn:minhbach:personal-data", "purpose": purpose, "subject": { "national_id": person },
        "actions": ["read"], "datatypes": known.basis(BasisKind::Consent).unwrap().fields, "basis": "consent",
    });
    if known.case_required {
        detail["case"] = json!("NH.2026.0002");
    }
    let details = json!([detail]).to_string();
    let mut form = vec![
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", BACK),
        ("state", "trang-thai-1"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
        ("authorization_details", &details),
    ];
    form.extend_from_slice(more);
    let form = serde_urlencoded::to_string(form).unwrap();
    let who = Authenticated { client, replay: (w.engines.id(), Millis(w.engines.now().0 + 60_000)) };
    let answer = oauth::push(&w.engines, &who, &Form::parse(form.as_bytes()).unwrap(), None).await.unwrap();
    let query = [("client_id", CLIENT), ("request_uri", &answer.request_uri)];
    format!("/oauth/authorize?{}", serde_urlencoded::to_string(query).unwrap())
}

async fn sent_here_with_a_request_about_her_child_a_mother_switches_and_answers(s: Scratch) {
    let (w, bond) = family(s).await;
    let url = pushed(&w, CHILD, PLAIN).await;
    let stranger = w.citizen(AS_STRANGER).await.get(&url).await;
    assert!(stranger.status == StatusCode::FORBIDDEN && !stranger.body.contains("098"), "{}", stranger.body);
    let mother = w.citizen(AS_MOTHER).await;
    let secret = mother.get(&pushed(&w, CHILD, HIDDEN).await).await;
    assert!(secret.status == StatusCode::FORBIDDEN && !secret.body.contains("098"), "as to a stranger");
    let asks = mother.get(&url).await;
    assert!(asks.status == StatusCode::OK && asks.body.contains("••• ••• ••• 098"), "{}", asks.body);
    assert!(w.entries(CHILD, Kind::ConsentAsked).await.is_empty(), "nothing is asked before she acts");
    let form = [("csrf", asks.hidden("csrf")), ("return_to", asks.hidden("return_to").replace("&amp;", "&"))];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let switched = mother.post(&format!("/me/people/{bond}/act"), &form).await;
    assert_eq!((switched.status, switched.location.as_str()), (StatusCode::SEE_OTHER, url.as_str()));
    let asked = mother.get(&switched.location).await.location;
    let id = asked.trim_start_matches("/requests/").to_owned();
    let back = answers(&mother, &id, "give").await;
    assert!(back.location.starts_with(BACK) && back.location.contains("code="), "{}", back.body);
    assert_eq!(state(&w, &id).await, State::Given);

    // While she acts for the child, a request about herself asks her to stop first.
    let own = mother.get(&pushed(&w, MOTHER, PLAIN).await).await;
    assert!(own.status == StatusCode::OK && own.body.contains("/me/people/self"), "{}", own.body);
    assert_eq!(mother.get(&pushed(&w, CHILD, HIDDEN).await).await.status, StatusCode::FORBIDDEN);

    // Two must say yes: who says the second yes elsewhere gets no code (`onward` is about where it goes).
    let url = pushed(&w, CHILD, JOINT).await;
    let id = mother.get(&url).await.location.trim_start_matches("/requests/").to_owned();
    let half = answers(&mother, &id, "give").await;
    assert_eq!(half.location, format!("/requests/{id}/done"), "{}", half.body);
    let child = w.citizen(AS_CHILD).await;
    assert_eq!(
        child.get(&url).await.location,
        format!("/requests/{id}"),
        "the same link leads her there too"
    );
    let whole = answers(&child, &id, "give").await;
    assert_eq!(whole.location, format!("/requests/{id}/done"), "{}", whole.body);
    assert_eq!(state(&w, &id).await, State::Given);
}

async fn what_is_the_persons_own_is_not_done_for_her_and_a_stronger_sign_in_keeps_acting(s: Scratch) {
    let (w, bond) = family(s).await;
    let mother = acting(&w, bond).await;
    let csrf = mother.get("/me").await.hidden("csrf");
    for path in ["/me/choices", "/api/v1/me/choices"] {
        assert_eq!(mother.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let rule = [("csrf", csrf.as_str()), ("revision", "0"), ("kind", "ask")];
    assert_eq!(mother.post("/me/choices", &rule).await.status, StatusCode::FORBIDDEN);
    let mute = [("csrf", csrf.as_str()), ("muted", "yes")];
    assert_eq!(
        mother.post("/me/agencies/ngan-hang-thu-nghiem/mute", &mute).await.status,
        StatusCode::FORBIDDEN
    );
    let stopped = mother.post("/me/agencies/ngan-hang-thu-nghiem/stop", &[("csrf", &csrf)]).await;
    assert_eq!(stopped.status, StatusCode::OK, "{}", stopped.body);
    assert!(w.entries(CHILD, Kind::StandingChanged).await.is_empty(), "to rule out is the child's own");
    let list = mother.get("/api/v1/me/people").await.json();
    assert_eq!((&list["acting"], &list["i_act_for"][0]["ends_with"]), (&json!(bond), &json!("098")));

    let person = crate::demo::people::CITIZENS[AS_MOTHER];
    mother.sign_in("citizen", person.login, person.password, "/me").await;
    assert!(mother.get("/me").await.body.contains("đang thay mặt: ••• ••• ••• 098"));
    assert_eq!(w.entries(CHILD, Kind::RecordViewed).await.len(), 2, "a new session is a new look");
    let stranger = crate::demo::people::CITIZENS[AS_STRANGER];
    mother.sign_in("citizen", stranger.login, stranger.password, "/me").await;
    assert!(!mother.get("/me").await.body.contains("đang thay mặt"), "somebody else acts for nobody");
}

async fn an_adult_names_somebody_in_the_portal_and_either_ends_it(s: Scratch) {
    let (w, _) = family(s).await;
    let (own, other) = (w.citizen(AS_STRANGER).await, w.citizen(AS_MOTHER).await);
    let last = iso_date(Millis(w.engines.now().0 + 40 * 86_400_000));
    let page = own.get("/me/people").await;
    let (csrf, key) = (page.hidden("csrf"), page.hidden("idempotency_key"));
    let form = |national_id: &str, scope: &str, purpose: &str, until: &str| -> Vec<(&'static str, String)> {
        vec![
            ("csrf", csrf.clone()),
            ("idempotency_key", key.clone()),
            ("national_id", national_id.to_owned()),
            ("scope", scope.to_owned()),
            ("purpose", purpose.to_owned()),
            ("until", until.to_owned()),
        ]
    };
    let send = async |form: Vec<(&'static str, String)>| {
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        own.post("/me/people", &form).await
    };
    let today = iso_date(w.engines.now());
    for (wrong, says) in [
        (form("12345", "view", "all", &last), "phải có 12 chữ số"),
        (form("999 000 000 015", "view", "all", &last), "của chính ông/bà"),
        (form(MOTHER, "", "all", &last), "được làm gì"),
        (form(MOTHER, "view", "", &last), "chọn một việc"),
        (form(MOTHER, "view", "all", &today), "một ngày sau hôm nay"),
        (form(MOTHER, "view", "all", "2028-01-01"), "một ngày sau hôm nay"),
    ] {
        let page = send(wrong).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{says}: {}", page.body);
        assert!(page.body.contains(says) && page.body.contains("role=\"alert\""), "{says}: {}", page.body);
    }
    assert_eq!(send(form(MOTHER, "all", "all", &last)).await.status, StatusCode::BAD_REQUEST);
    for _ in 0..2 {
        let done = send(form(MOTHER, "answer", "all", &last)).await;
        assert_eq!((done.status, done.location.as_str()), (StatusCode::SEE_OTHER, "/me/people"));
    }
    let list = own.get("/api/v1/me/people").await.json();
    assert_eq!(list["act_for_me"].as_array().unwrap().len(), 1, "pressed twice, named once");
    let bond = list["act_for_me"][0]["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(act(&other, bond).await.status, StatusCode::SEE_OTHER);
    let csrf = own.get("/me/people").await.hidden("csrf");
    let ended = own.post(&format!("/me/people/{bond}/end"), &[("csrf", &csrf)]).await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER, "{}", ended.body);
    assert!(other.get("/me").await.body.contains("Việc làm thay không còn hiệu lực"));
    for person in [MOTHER, "999000000015"] {
        assert_eq!(w.entries(person, Kind::RepresentationEnded).await.len(), 1);
    }
    // A child names nobody.
    let child = w.citizen(AS_CHILD).await;
    let page = child.get("/me/people").await;
    let mut form = form("999000000031", "view", "all", &last);
    form[0].1 = page.hidden("csrf");
    form[1].1 = page.hidden("idempotency_key");
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let refused = child.post("/me/people", &form).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
}

store_suite! {
    child_and_representative_both_say_yes_in_either_order,
    eithers_no_is_a_no_and_a_child_does_not_decide_alone,
    come_of_age_she_finds_what_was_agreed_for_her_and_decides_and_the_guardian_is_out,
    sent_here_with_a_request_about_her_child_a_mother_switches_and_answers,
    what_is_the_persons_own_is_not_done_for_her_and_a_stronger_sign_in_keeps_acting,
    an_adult_names_somebody_in_the_portal_and_either_ends_it,
}
