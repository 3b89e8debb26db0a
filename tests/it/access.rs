//! Every route with every method: what is not in the table does not exist, and is said so in the same way.

use minhbach::http::routes::ENDPOINTS;
use reqwest::Method;

use crate::support::{TestApp, on_both, reply::Reply};

on_both! { every_route_takes_its_method_and_no_other, what_is_no_route_is_not_found_and_says_nothing }

async fn every_route_takes_its_method_and_no_other(app: &mut TestApp) {
    let before = app.count().await;
    for (_, named) in ENDPOINTS {
        let path = named.replace("{path}*", "0/000.p/1");
        let head = app.http.head(format!("{}{path}", app.base())).send().await.unwrap();
        let gets = ENDPOINTS.iter().any(|it| it.1 == *named && it.0 == "GET");
        assert_eq!(head.status() == 405, !gets, "HEAD goes with GET: {path}");
        assert!(head.bytes().await.unwrap().is_empty());
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "LINK"] {
            let verb = Method::from_bytes(method.as_bytes()).unwrap();
            let request = app.http.request(verb, format!("{}{path}", app.base()));
            let reply = Reply::read(request.send().await.unwrap()).await;
            let rights: Vec<&str> = ENDPOINTS.iter().filter(|it| it.1 == *named).map(|it| it.0).collect();
            if rights.contains(&method) {
                assert_ne!(reply.status, 405, "{method} {path}");
                // Without credentials: public, or refused for want of something, never a failure.
                assert!(matches!(reply.status, 200 | 401 | 404 | 415), "{method} {path}: {}", reply.status);
            } else {
                reply.problem(&format!("{method} {path}"), 405, "method_not_allowed");
                let expected = rights.join(", ").replace("GET", "GET, HEAD");
                assert_eq!(reply.header("allow"), expected);
            }
            assert_eq!(reply.header("x-content-type-options"), "nosniff", "{method} {path}");
            assert_eq!(reply.header("referrer-policy"), "no-referrer", "{method} {path}");
            assert!(reply.headers.get("server").is_none() && reply.headers.get("x-powered-by").is_none());
        }
    }
    assert_eq!(app.count().await, before);
}

async fn what_is_no_route_is_not_found_and_says_nothing(app: &mut TestApp) {
    let police = app.police();
    for path in [
        "/oauth",
        "/oauth/token/",
        "/oauth/par/",
        "/Data",
        "/data/",
        "/log/",
        "/log/entries",
        "/metrics/x",
        "/.git/config",
        "/kit.json",
        "/%2e%2e/etc/passwd",
        "/log/tile/../../keys/master.key",
    ] {
        let reply = police.get(path).await;
        assert_eq!(reply.status, 404, "{path}");
        assert!(!reply.text().contains("minhbach"), "{path}");
    }
}
