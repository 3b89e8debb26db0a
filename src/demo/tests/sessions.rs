//! Signing in and out, and everything that ends a session.

use std::time::Duration;

use reqwest::StatusCode;

use super::world::{POLICE, World, world};
use crate::{
    demo::people::{CITIZENS, OFFICIALS},
    domain::record::Kind,
    ledger::entry::Event,
    store::{
        append::{Change, Command},
        scratch::{Scratch, store_suite},
    },
};

/// Where `/me` leads: itself, or away to the sign-in.
async fn is_in(browser: &super::world::Browser) -> bool {
    let page = browser.get("/me").await;
    match page.status {
        StatusCode::OK => true,
        StatusCode::SEE_OTHER => {
            assert_eq!(page.location, "/sign-in?return_to=%2Fme");
            assert_eq!(browser.get("/api/v1/me/accesses").await.status, StatusCode::UNAUTHORIZED);
            false
        }
        other => panic!("{other}: {}", page.body),
    }
}

async fn a_session_ends_unused_after_fifteen_minutes_and_in_any_case_after_five_hours(s: Scratch) {
    let w = world(s).await;
    let browser = w.citizen(0).await;
    w.clock.advance(Duration::from_secs(14 * 60 + 59));
    assert!(is_in(&browser).await);
    w.clock.advance(Duration::from_mins(15));
    assert!(!is_in(&browser).await);
    let browser = w.citizen(0).await;
    for _ in 0..29 {
        w.clock.advance(Duration::from_mins(10));
        assert!(is_in(&browser).await);
    }
    w.clock.advance(Duration::from_mins(10));
    assert!(!is_in(&browser).await);
}

async fn signing_out_ends_it_here_and_at_the_issuer(s: Scratch) {
    let w = world(s).await;
    let browser = w.citizen(0).await;
    let cookie = browser.jar.lock().unwrap()["minhbach_session"].clone();
    let csrf = browser.get("/me").await.hidden("csrf");
    let out = browser.post("/sign-out", &[("csrf", &csrf)]).await;
    assert_eq!(out.status, StatusCode::SEE_OTHER);
    assert!(
        out.location.starts_with(w.idp.origin()) && out.location.contains("logout_hint="),
        "{}",
        out.location
    );
    assert!(!out.location.contains("999000000015") && !out.location.contains("id_token_hint"));
    let farewell = browser.get(&out.location).await;
    assert!(farewell.location.starts_with(&format!("{}/signed-out", w.base)), "{}", farewell.location);
    assert_eq!(browser.get("/signed-out").await.status, StatusCode::OK);
    browser.jar.lock().unwrap().insert("minhbach_session".to_owned(), cookie);
    assert!(!is_in(&browser).await, "the old cookie is worth nothing");
}

async fn a_form_without_its_token_or_from_another_site_does_nothing(s: Scratch) {
    let w = world(s).await;
    let browser = w.citizen(0).await;
    let csrf = browser.get("/me").await.hidden("csrf");
    let good: [(&str, &str); 1] = [("csrf", &csrf)];
    for (form, headers) in [
        ([("csrf", "falsch")], [("x-none", "1")]),
        (good, [("sec-fetch-site", "cross-site")]),
        (good, [("sec-fetch-site", "same-site")]),
        (good, [("origin", "https://evil.example")]),
    ] {
        let page = browser.post_with("/sign-out", &form, &headers).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{headers:?}");
        assert!(is_in(&browser).await);
    }
    // The sign-in form is bound to the browser it was given to.
    let (one, other) = (w.browser(), w.browser());
    let csrf = one.get("/sign-in").await.hidden("csrf");
    other.get("/sign-in").await;
    let form = [("csrf", csrf.as_str()), ("issuer", "citizen")];
    assert_eq!(other.post("/sign-in", &form).await.status, StatusCode::FORBIDDEN);
    assert_eq!(w.browser().post("/sign-in", &form).await.status, StatusCode::FORBIDDEN);
    assert_eq!(one.post("/sign-in", &form).await.status, StatusCode::SEE_OTHER);
    // `no-referrer` makes browsers send `Origin: null` with our own forms.
    let headers = [("origin", "null"), ("sec-fetch-site", "same-origin")];
    assert_eq!(browser.post_with("/sign-out", &good, &headers).await.status, StatusCode::SEE_OTHER);
}

async fn an_answer_counts_once_and_only_in_the_browser_that_began(s: Scratch) {
    let w = world(s).await;
    let person = CITIZENS[0];
    let victim = w.browser();
    victim.get("/sign-in").await;
    let mine = w.browser();
    let callback = mine.answered("citizen", person.login, person.password, "/me").await;
    let page = victim.get(&callback).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "login cross-site request forgery");
    assert!(!victim.jar.lock().unwrap().contains_key("minhbach_session"));
    // The attempt used the answer up.
    assert_eq!(mine.get(&callback).await.status, StatusCode::BAD_REQUEST);
    let callback = mine.answered("citizen", person.login, person.password, "/me").await;
    assert_eq!(mine.get(&callback).await.location, "/me");
    assert_eq!(mine.get(&callback).await.status, StatusCode::BAD_REQUEST, "a second time");
    // Too late.
    let callback = w.browser();
    let late = callback.answered("citizen", person.login, person.password, "/me").await;
    w.clock.advance(Duration::from_mins(11));
    assert_eq!(callback.get(&late).await.status, StatusCode::BAD_REQUEST);
    for bad in ["", "?state=x", "?state=a&state=b", "?code=1", "?error=access_denied&state=x"] {
        assert_eq!(
            mine.get(&format!("/sign-in/callback{bad}")).await.status,
            StatusCode::BAD_REQUEST,
            "{bad}"
        );
    }
}

async fn nobody_is_led_elsewhere_after_signing_in(s: Scratch) {
    let w = world(s).await;
    let person = CITIZENS[0];
    for hostile in
        ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "\n//x", ""]
    {
        let page = w.browser().sign_in("citizen", person.login, person.password, hostile).await;
        assert_eq!(page.location, "/me", "{hostile}");
    }
}

async fn the_issuers_word_ends_the_session_once(s: Scratch) {
    let w = world(s).await;
    let (browser, other) = (w.citizen(0).await, w.citizen(1).await);
    assert!(is_in(&browser).await);
    let end = format!("{}/citizens/end-session", w.idp.origin());
    assert_eq!(browser.post(&end, &[]).await.status, StatusCode::OK);
    assert!(!is_in(&browser).await, "back-channel logout");
    assert!(is_in(&other).await, "and nobody else's session");
    for bad in ["", "x", "a.b.c"] {
        for path in ["/logout/backchannel", "/logout/backchannel/citizen", "/logout/backchannel/nobody"] {
            let page = other.post(path, &[("logout_token", bad)]).await;
            assert_eq!(page.status, StatusCode::BAD_REQUEST);
            assert_eq!(page.header("cache-control"), "no-store");
        }
    }
    // An ID token is no logout token.
    let now = crate::time::Clock::now(w.clock.as_ref());
    let token =
        w.idp.id_token(&crate::demo::idp::Realm::Citizens, CITIZENS[1].login, "minhbach", now).unwrap();
    let page = other.post("/logout/backchannel", &[("logout_token", &token)]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(is_in(&other).await);
}

async fn a_logout_token_is_believed_once(s: Scratch) {
    let w = world(s).await;
    let token = crate::login::LogoutToken {
        issuer: w.idp.issuer(&crate::demo::idp::Realm::Citizens),
        sub: Some(CITIZENS[0].login.to_owned()),
        sid: None,
        jti: "jti-1".to_owned(),
        expires: super::world::NOW + Duration::from_mins(10),
    };
    let browser = w.citizen(0).await;
    assert!(crate::login::session::end_by_logout_token(&w.engines, &token).await.unwrap());
    assert!(!is_in(&browser).await);
    let browser = w.citizen(0).await;
    assert!(!crate::login::session::end_by_logout_token(&w.engines, &token).await.unwrap());
    assert!(is_in(&browser).await, "a token seen before ends nothing");
}

async fn registered(w: &World) -> usize {
    let agency = w.engines.vault.agency(POLICE).await.unwrap();
    let rows = w.engines.store.chain(agency.id(), i64::MAX, 100).await.unwrap();
    rows.iter().filter(|row| row.kind == Kind::OfficialRegistered.as_str()).count()
}

async fn an_official_is_registered_at_the_first_sign_in_and_put_out_when_suspended(s: Scratch) {
    let w = world(s).await;
    let person = OFFICIALS[0];
    let slug = format!("official-{POLICE}");
    let browser = w.signed_in(&slug, person.login, person.password).await;
    w.signed_in(&slug, person.login, person.password).await;
    assert_eq!(registered(&w).await, 1);
    let known = w.engines.store.official(POLICE, person.id).await.unwrap().unwrap();
    assert_eq!((known.unit.as_str(), known.sub.as_deref()), (person.unit, Some(person.id)));

    // Signed in, but not as a citizen or a compliance officer.
    for path in ["/me", "/me/history", "/compliance", "/compliance/entries", "/api/v1/me/accesses"] {
        assert_eq!(browser.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(w.citizen(0).await.get("/compliance").await.status, StatusCode::FORBIDDEN);

    let event = Event {
        id: w.engines.id(),
        at: w.engines.now(),
        kind: Kind::OfficialSuspended,
        subject: w.engines.vault.agency(POLICE).await.unwrap(),
        facts: crate::domain::record::Facts { agency: Some(POLICE.to_owned()), ..Default::default() },
    };
    let changes = vec![Change::SuspendOfficial(known.id, true)];
    w.engines.record_with(event, Command { changes, ..Command::default() }).await.unwrap();
    assert_eq!(browser.get("/me").await.status, StatusCode::SEE_OTHER, "the session has ended");
    let late = w.browser();
    let refused = late.sign_in(&slug, person.login, person.password, "/").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(!late.jar.lock().unwrap().contains_key("minhbach_session"));
}

async fn no_official_comes_in_when_the_registration_cannot_be_recorded(s: Scratch) {
    let w = world(s).await;
    w.break_ledger(true).await;
    let browser = w.browser();
    let refused = browser.sign_in(&format!("official-{POLICE}"), "cb-0042", "can-bo-42", "/").await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(w.engines.store.official(POLICE, "cb-0042").await.unwrap().is_none());
}

store_suite! {
    a_session_ends_unused_after_fifteen_minutes_and_in_any_case_after_five_hours,
    signing_out_ends_it_here_and_at_the_issuer,
    a_form_without_its_token_or_from_another_site_does_nothing,
    an_answer_counts_once_and_only_in_the_browser_that_began,
    nobody_is_led_elsewhere_after_signing_in,
    the_issuers_word_ends_the_session_once,
    a_logout_token_is_believed_once,
    an_official_is_registered_at_the_first_sign_in_and_put_out_when_suspended,
    no_official_comes_in_when_the_registration_cannot_be_recorded,
}
