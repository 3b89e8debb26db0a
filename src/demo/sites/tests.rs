//! A browser comes back to an agency.

use super::*;
use crate::outbound::http;

fn sites() -> Sites {
    let _ = crate::outbound::http::provider();
    let options = http::Options { trust: http::Trust::Nobody, ..http::Options::default() };
    Sites::start(0, "http://127.0.0.1:9", Exchange::new(http::client_with(&options).unwrap())).unwrap()
}

async fn get(url: &str) -> (u16, String) {
    let answer = reqwest::get(url).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn a_citizen_comes_back_to_the_agency_with_what_she_was_given() {
    let sites = sites();
    for agency in AGENCIES {
        let back = redirect_uri(sites.origin(), agency.id);
        let (status, page) = get(&format!("{back}?code=abc&state=s&iss=http%3A%2F%2F127.0.0.1&evil=1")).await;
        assert_eq!(status, 200);
        assert!(
            page.contains("<code id=\"code\">abc</code>") && page.contains(&escaped(agency.en)),
            "{page}"
        );
        assert!(!page.contains("evil"));
    }
    let back = redirect_uri(sites.origin(), "benh-vien-mau");
    let (_, page) = get(&format!("{back}?error=access_denied&error_description=%3Cscript%3E")).await;
    assert!(page.contains("access_denied") && page.contains("&lt;script&gt;"), "{page}");
    assert_eq!(get(&redirect_uri(sites.origin(), "nobody")).await.0, 404);
    assert_eq!(get(sites.origin()).await.0, 404);
}
