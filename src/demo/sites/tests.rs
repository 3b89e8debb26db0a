//! A browser comes back to an agency, and an event reaches it.

use serde_json::json;

use super::*;
use crate::{
    crypto::{Algorithm, SigningKey},
    jose::{
        Jwk,
        security_event::{ConsentEvent, ConsentNews, Envelope, SecurityEvent},
    },
    outbound::http,
    time::Millis,
};

const HOSPITAL: &str = "benh-vien-mau";
const CLIENT: &str = "benh-vien.ho-so";

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

/// A stand-in for the service: its keys, and nothing else.
fn service(keys: serde_json::Value) -> (String, ServerHandle) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let keys = Data::new(keys);
    let server = HttpServer::new(move || {
        let answer = async |keys: Data<serde_json::Value>| HttpResponse::Ok().json(keys.get_ref());
        App::new().app_data(keys.clone()).route("/oauth/jwks", web::get().to(answer))
    });
    let server = server.workers(1).disable_signals().listen(listener).unwrap().run();
    let handle = server.handle();
    tokio::spawn(server);
    (origin, handle)
}

#[tokio::test]
async fn an_event_is_acknowledged_when_it_holds_and_remembered_once() {
    let _ = crate::outbound::http::provider();
    let pkcs8 = SigningKey::generate(Algorithm::Es256).unwrap();
    let (key, other) = (
        SigningKey::from_pkcs8(Algorithm::Es256, &pkcs8).unwrap(),
        SigningKey::from_pkcs8(Algorithm::Es256, &SigningKey::generate(Algorithm::Es256).unwrap()).unwrap(),
    );
    let jwk = Jwk::from_public_key(key.public_key(), Some("k1".to_owned())).unwrap();
    let (issuer, server) = service(json!({ "keys": [jwk.to_value()] }));
    let options = http::Options { trust: http::Trust::Nobody, ..http::Options::default() };
    let sender = http::client_with(&options).unwrap();
    let sites = Sites::start(0, &issuer, Exchange::new(sender.clone())).unwrap();
    let set = |iss: &str, aud: &str, key: &SigningKey| {
        let (iss, aud) = (iss.to_owned(), aud.to_owned());
        let envelope =
            Envelope { iss, aud, jti: "su-kien-1".to_owned(), txn: None, at: Millis(1_795_300_000_000) };
        let news = ConsentNews {
            event_timestamp: 1_795_300_000,
            initiating_entity: "user",
            consent: "0199ac2f-6c1e-7d03-9a55-1f2e3d4c5b6a",
            grant_id: None,
            purpose: "health.record_share",
            state: "withdrawn",
            effective_at: 1_795_300_000,
            stop_by: None,
        };
        let event = ConsentEvent::Withdrawn;
        SecurityEvent::consent(envelope, event, "tay-nam", HOSPITAL, &news).unwrap().sign("k1", key).unwrap()
    };
    let post = async |client: &str, kind: &str, set: String| {
        let address = sites.events_uri(HOSPITAL, client);
        let request = sender.post(address).header("content-type", kind).body(set);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let kind = "application/secevent+jwt";
    let good = || set(&issuer, CLIENT, &key);
    for (case, client, kind, set, status, err) in [
        ("another issuer", CLIENT, kind, set("http://elsewhere", CLIENT, &key), 400, "invalid_issuer"),
        (
            "for somebody else",
            CLIENT,
            kind,
            set(&issuer, "ngan-hang.xac-minh", &key),
            400,
            "invalid_audience",
        ),
        ("signed by somebody else", CLIENT, kind, set(&issuer, CLIENT, &other), 400, "invalid_key"),
        ("another type", CLIENT, "application/jwt", good(), 400, "invalid_request"),
        ("no event", CLIENT, kind, "a.b.c".to_owned(), 400, "invalid_request"),
        ("software of another agency", "ngan-hang.xac-minh", kind, good(), 404, ""),
    ] {
        let answer = post(client, kind, set).await;
        assert!(answer.0 == status && answer.1.contains(err), "{case}: {answer:?}");
    }
    assert_eq!(sites.taken(), []);
    for _ in 0..2 {
        assert_eq!(post(CLIENT, kind, good()).await, (202, String::new()));
    }
    let taken = sites.taken();
    assert_eq!((taken.len(), taken[0].event.as_str()), (1, "consent-withdrawn"));
    let list = |agency: &str| format!("{}/{agency}/su-kien", sites.origin());
    assert!(get(&list(HOSPITAL)).await.1.contains(&taken[0].consent));
    assert!(!get(&list("ngan-hang-thu-nghiem")).await.1.contains(&taken[0].consent));
    assert_eq!(get(&list("nobody")).await.0, 404);
    // Without the service's keys nothing is believed, and it comes again.
    server.stop(false).await;
    assert_eq!(post(CLIENT, kind, good()).await.0, 503);
}
