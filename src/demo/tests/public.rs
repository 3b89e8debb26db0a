//! What anyone may read, and what bad requests are told.

use reqwest::{Method, StatusCode};

use super::world::world;
use crate::{
    demo::people::AGENCIES,
    store::scratch::{Scratch, store_suite},
};

const JSON: [(&str, &str); 1] = [("accept", "application/json")];

async fn the_catalogue_is_there_for_people_and_for_programs(s: Scratch) {
    let w = world(s).await;
    let browser = w.browser();
    for path in [
        "/",
        "/purposes",
        "/purposes/driver.licence_renewal",
        "/agencies",
        "/data-kinds",
        "/log",
        "/sign-in",
        "/signed-out",
    ] {
        for lang in ["vi", "en"] {
            let page = browser.get(&format!("{path}?lang={lang}")).await;
            assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.body);
            assert!(page.body.contains(&format!("<html lang=\"{lang}\"")), "{path}");
            assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
            assert_eq!(page.header("x-content-type-options"), "nosniff");
        }
    }
    // The choice is remembered; a language nobody speaks is not.
    let other = w.browser();
    other.get("/?lang=en").await;
    assert!(other.get("/").await.body.contains("<html lang=\"en\""));
    for hostile in ["%22%3E%3Cscript%3E", "xx", "en&lang=vi", "%0d%0aSet-Cookie:a=b"] {
        let page = w.browser().get(&format!("/?lang={hostile}")).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.body.contains("<script"));
    }
    let purposes = browser.get_with("/purposes", &JSON).await.json();
    let all = purposes["purposes"].as_array().unwrap();
    assert_eq!(all.len(), 17);
    let one = all.iter().find(|p| p["id"] == "driver.licence_renewal").unwrap();
    assert_eq!(one["bases"][0]["kind"], "statutory");
    assert!(one["bases"][0]["fields"].as_array().unwrap().len() == 12 && one["title"]["vi"].is_string());
    assert_eq!((&one["official"], &one["case_required"]), (&"asserted".into(), &true.into()));
    assert_eq!(
        browser.get_with("/agencies", &JSON).await.json()["agencies"].as_array().unwrap().len(),
        AGENCIES.len()
    );
    assert!(browser.get_with("/data-kinds", &JSON).await.json()["data_kinds"].as_array().unwrap().len() > 50);
    assert_eq!(browser.get("/purposes/no.such").await.status, StatusCode::NOT_FOUND);
    w.publish().await;
    assert!(browser.get("/log").await.body.contains("log.example/minhbach"));
}

async fn what_is_wrong_is_said_in_plain_words_with_a_code(s: Scratch) {
    let w = world(s).await;
    let browser = w.browser();
    let nowhere = browser.get("/khong-co").await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    assert!(nowhere.body.contains("1900 0000") && nowhere.body.contains("<h1>"));
    let api = browser.get("/api/v1/me/khong-co").await;
    assert_eq!((api.status, api.header("content-type")), (StatusCode::NOT_FOUND, "application/problem+json"));
    let anonymous = browser.get("/api/v1/me/accesses").await;
    assert_eq!(
        (anonymous.status, anonymous.json()["code"].as_str()),
        (StatusCode::UNAUTHORIZED, Some("not_signed_in"))
    );
    assert_eq!(anonymous.header("cache-control"), "no-store");
    for (method, path, allowed) in [
        (Method::POST, "/me", "GET, HEAD"),
        (Method::DELETE, "/me/history", "GET, HEAD"),
        (Method::GET, "/sign-out", "POST"),
        (Method::PUT, "/sign-in", "GET, HEAD, POST"),
        (Method::POST, "/api/v1/me/accesses", "GET, HEAD"),
    ] {
        let page = browser.send(browser.request(method, path), &[]).await;
        assert_eq!((page.status, page.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, allowed), "{path}");
    }
    let citizen = w.citizen(0).await;
    for bad in [
        "before=x",
        "before=-5",
        "before=99999999999999999999",
        "before=1&before=2",
        "limit=0",
        "limit=101",
        "limit=x",
    ] {
        let page = citizen.get(&format!("/api/v1/me/accesses?{bad}")).await;
        assert_eq!(
            (page.status, page.json()["code"].as_str()),
            (StatusCode::BAD_REQUEST, Some("bad_request")),
            "{bad}"
        );
    }
    // Filters that name nothing find nothing, whatever they say.
    for odd in ["agency=%27%20OR%201%3D1", "field=%00", "period=-1", "agency=%F0%9F%92%A5"] {
        assert_eq!(citizen.get(&format!("/me/history?{odd}")).await.status, StatusCode::OK, "{odd}");
    }
    let big = "x".repeat(100_000);
    let page = citizen.post("/sign-out", &[("csrf", &big)]).await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(citizen.post("/sign-out", &[]).await.status, StatusCode::BAD_REQUEST);
}

async fn style_and_icon_are_served_and_kept(s: Scratch) {
    let w = world(s).await;
    let browser = w.browser();
    let page = browser.get("/").await;
    let css = page.body.split("href=\"/assets/app.").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let css = browser.get(&format!("/assets/app.{css}")).await;
    assert_eq!(css.status, StatusCode::OK);
    assert!(css.header("cache-control").contains("immutable"));
    let etag = css.header("etag").to_owned();
    let again = browser.get_with("/assets/app.css", &[("if-none-match", &etag)]).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    assert_eq!(browser.get("/favicon.ico").await.status, StatusCode::OK);
    assert_eq!(browser.get("/assets/..%2fCargo.toml").await.status, StatusCode::NOT_FOUND);
}

store_suite! {
    the_catalogue_is_there_for_people_and_for_programs,
    what_is_wrong_is_said_in_plain_words_with_a_code,
    style_and_icon_are_served_and_kept,
}
