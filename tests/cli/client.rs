//! `minhbach client try`, through the real binary, at a stand-in for the service.

use std::{fs, path::Path};

use minhbach::{crypto::Algorithm, jose::PrivateJwk};

use super::{minhbach, text};

/// A stand-in for the service: it answers as DESIGN §5 says, and remembers what it was sent.
fn stand_in(requests: usize) -> (String, std::thread::JoinHandle<Vec<String>>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let own = address.clone();
    let thread = std::thread::spawn(move || {
        let mut seen: Vec<String> = Vec::new();
        while seen.len() < requests {
            let (stream, _) = listener.accept().unwrap();
            seen.push(answer(stream, &own, &seen));
        }
        seen
    });
    (address, thread)
}

fn answer(mut stream: std::net::TcpStream, own: &str, before: &[String]) -> String {
    use std::io::{Read as _, Write as _};
    let mut request = Vec::new();
    let mut chunk = [0; 8192];
    let whole = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n")?;
        let length =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        (body.len() >= length.unwrap_or(0)).then_some(text)
    };
    let request = loop {
        let read = stream.read(&mut chunk).unwrap();
        request.extend(chunk.iter().take(read));
        if let Some(text) = whole(&request) {
            break text;
        }
    };
    let path = request.split(' ').nth(1).unwrap_or_default();
    let first = !before.iter().any(|earlier| earlier.starts_with(&format!("POST {path} ")));
    let purposes = r#"{"purposes":[{"id":"driver.licence_renewal","case_required":true,"official":"asserted",
        "bases":[{"kind":"statutory","fields":["person.full_name"]}]}]}"#;
    let (status, body) = match path {
        "/.well-known/oauth-authorization-server" => {
            ("200 OK", format!(r#"{{"token_endpoint":"{own}/oauth/token"}}"#))
        }
        "/purposes" => ("200 OK", purposes.to_owned()),
        "/oauth/token" if first => ("400 Bad Request", r#"{"error":"use_dpop_nonce"}"#.to_owned()),
        "/oauth/token" => ("200 OK", r#"{"access_token":"the.access.token"}"#.to_owned()),
        _ => ("200 OK", r#"{"data":{}}"#.to_owned()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ndpop-nonce: n-1\r\ncontent-length: {}",
        body.len()
    );
    stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).unwrap();
    request
}

fn kit(issuer: &str, folder: &Path) -> String {
    let key = PrivateJwk::generate(Algorithm::Es256).unwrap();
    let kit = serde_json::json!({
        "issuer": issuer,
        "data_endpoint": format!("{issuer}/data"),
        "clients": [{ "client_id": "c-1", "agency": "csgt-mau", "private_jwk": key.to_value(),
            "purposes": ["driver.licence_renewal"], "redirect_uris": [] }],
        "citizens": [{ "login": "a", "password": "b", "national_id": "999000000015" }],
        "officials": [{ "id": "cb-0042", "unit": "Đội 1", "agency": "csgt-mau", "login": "a", "password": "b" }],
    });
    let path = folder.join("kit.json");
    fs::write(&path, kit.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_client_is_tried_with_the_nonce_that_is_demanded() {
    let folder = tempfile::tempdir().unwrap();
    let (issuer, server) = stand_in(5);
    let kit = kit(&issuer, folder.path());
    let verb = ["client", "try", "--kit", &kit, "--purpose", "driver.licence_renewal"];
    let tried = minhbach(verb, folder.path());
    assert_eq!(tried.status.code(), Some(0), "{}{}", text(&tried.stdout), text(&tried.stderr));
    let said = text(&tried.stdout);
    assert_eq!(said.matches("curl -sS").count(), 5, "{said}");
    assert!(
        said.contains("use_dpop_nonce") && said.contains("Authorization: DPoP the.access.token"),
        "{said}"
    );
    let seen = server.join().unwrap();
    let token = seen.iter().rfind(|request| request.starts_with("POST /oauth/token")).unwrap();
    for part in ["client_assertion=", "cb-0042", "999000000015", "person.full_name", "H08.2026.000123"] {
        assert!(token.contains(part), "{part} in {token}");
    }
    assert!(
        !seen.iter().any(|request| request.lines().next().unwrap().contains("999000000015")),
        "no id in a URL"
    );
}

#[test]
fn a_printed_request_was_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let (issuer, server) = stand_in(3);
    let kit = kit(&issuer, folder.path());
    let verb = ["client", "try", "--print", "--kit", &kit, "--purpose", "driver.licence_renewal"];
    let printed = minhbach(verb, folder.path());
    assert_eq!(printed.status.code(), Some(0), "{}", text(&printed.stderr));
    let said = text(&printed.stdout);
    let (_, command) = said.split_once("# not sent").unwrap();
    let assertion = command.split("client_assertion=").nth(1).unwrap().split('\'').next().unwrap();
    assert!(!server.join().unwrap().iter().any(|request| request.contains(assertion)));
    let elsewhere = minhbach(["client", "try", "--kit", &kit, "--purpose", "no.such"], folder.path());
    assert!(text(&elsewhere.stderr).contains("driver.licence_renewal"), "the kit's purposes are named");
}
