use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::*;

const PERSON: &str = "999000000015";
const GOOD: &str = r#"{"id":"999000000015","name":"Nguyễn Văn Thử Nghiệm","other":"không hỏi"}"#;

/// A register that answers every request with the same bytes, and remembers what it was asked.
async fn register(reply: Vec<u8>, then_hang: bool) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, asked) = (listener.local_addr().unwrap().port(), Arc::new(Mutex::new(Vec::new())));
    let seen = Arc::clone(&asked);
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let (reply, seen) = (reply.clone(), Arc::clone(&seen));
            tokio::spawn(async move {
                let mut request = vec![0_u8; 8192];
                let n = socket.read(&mut request).await.unwrap();
                seen.lock().unwrap().push(String::from_utf8_lossy(&request[..n]).into_owned());
                let _ = socket.write_all(&reply).await;
                if then_hang {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    (format!("http://127.0.0.1:{port}/ask"), asked)
}

fn reply(status: &str, kind: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn described(id: &str, url: &str, change: &Value) -> SourceConfig {
    let mut config =
        json!({ "id": id, "url": url, "id_pointer": "/id", "fields": { "name": { "pointer": "/name" } } });
    config.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    serde_json::from_value(config).unwrap()
}

fn sources(configs: Vec<SourceConfig>) -> Sources {
    Sources::open(configs, Path::new(".")).unwrap()
}

async fn ask(url: &str, change: &Value) -> Result<Answer, SourceError> {
    sources(vec![described("population", url, change)]).ask("population", PERSON, &["name".to_owned()]).await
}

#[tokio::test]
async fn the_id_travels_in_the_body_and_only_the_asked_field_comes_back() {
    let (url, asked) = register(reply("200 OK", "application/json; charset=utf-8", GOOD), false).await;
    let answer = ask(&url, &json!({ "body": { "so": "{national_id}", "muc": "{fields}" } })).await.unwrap();
    assert_eq!(answer.values, BTreeMap::from([("name".to_owned(), json!("Nguyễn Văn Thử Nghiệm"))]));
    let asked = asked.lock().unwrap().join("");
    let (head, body) = asked.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /ask HTTP/1.1") && !head.contains(PERSON), "{head}");
    assert_eq!(serde_json::from_str::<Value>(body).unwrap(), json!({ "so": PERSON, "muc": ["name"] }));
}

#[tokio::test]
async fn a_named_get_exception_puts_the_id_into_the_address() {
    let (url, asked) = register(reply("200 OK", "application/json", GOOD), false).await;
    let method = json!({ "method": { "get_explicit": { "exception": "công văn 1/2026 (synthetic)" } } });
    ask(&format!("{url}/{{national_id}}"), &method).await.unwrap();
    assert!(asked.lock().unwrap()[0].starts_with("GET /ask/999000000015 HTTP/1.1"));
}

#[tokio::test]
async fn an_ill_formed_id_is_never_sent() {
    let (url, asked) = register(reply("200 OK", "application/json", GOOD), false).await;
    let sources = sources(vec![described("population", &url, &json!({}))]);
    for id in ["", "99900000001", "9990000000150", "99900000001/", "９９９０"] {
        assert_eq!(sources.ask("population", id, &[]).await.unwrap_err(), SourceError::NoRecord);
    }
    assert!(asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn every_bad_answer_has_its_own_reason() {
    let json = "application/json";
    for (answer, expected) in [
        (reply("503 Service Unavailable", json, "{}"), "source_unavailable"),
        (reply("401 Unauthorized", json, "{}"), "source_unavailable"),
        (reply("302 Found\r\nlocation: http://127.0.0.1:9/", json, GOOD), "source_redirected"),
        (reply("307 Temporary Redirect\r\nlocation: /elsewhere", json, GOOD), "source_redirected"),
        (reply("404 Not Found", json, "{}"), "no_record"),
        (reply("404 Not Found", "text/html", "<p>nginx"), "source_unavailable"),
        (reply("200 OK", "text/html", GOOD), "source_bad_answer"),
        (reply("200 OK", json, "{"), "source_bad_answer"),
        (
            reply("200 OK", json, r#"{"id":"999000000015","id":"999000000015","name":"x"}"#),
            "source_bad_answer",
        ),
        (reply("204 No Content", json, ""), "source_bad_answer"),
        (reply("200 OK", json, &GOOD.replace(PERSON, "999000000023")), "source_wrong_person"),
        (reply("200 OK", json, r#"{"id":"999000000015","name":7}"#), "source_wrong_type"),
        (b"not http at all\r\n\r\n".to_vec(), "source_unavailable"),
        (
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n\r\n{".to_vec(),
            "source_unavailable",
        ),
    ] {
        let text = String::from_utf8_lossy(&answer).into_owned();
        let (url, _) = register(answer, false).await;
        assert_eq!(ask(&url, &json!({})).await.unwrap_err().code(), expected, "{text}");
    }
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert_eq!(ask(&format!("http://{unused}/"), &json!({})).await.unwrap_err(), SourceError::Unavailable);
}

#[tokio::test]
async fn an_answer_beyond_the_limit_is_cut_off_whether_announced_or_not() {
    let limit = json!({ "max_bytes": 1000 });
    let announced =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 10000000\r\n\r\n{".to_vec();
    let (url, _) = register(announced, true).await;
    assert_eq!(ask(&url, &limit).await.unwrap_err(), SourceError::TooLarge);
    let mut endless =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n3e9\r\n"
            .to_vec();
    endless.extend([b' '; 1001]);
    endless.extend(b"\r\n");
    // It never ends: only a limit held while reading can answer before the time-out.
    let (url, _) = register(endless, true).await;
    assert_eq!(ask(&url, &limit).await.unwrap_err(), SourceError::TooLarge);
}

#[tokio::test]
async fn a_slow_source_delays_the_others_no_longer_than_its_own_limit() {
    let (fast, _) = register(reply("200 OK", "application/json", GOOD), false).await;
    let (slow, _) = register(Vec::new(), true).await;
    let (half, _) = register(
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{".to_vec(),
        true,
    )
    .await;
    let limit = || json!({ "timeout_ms": 1000 });
    let sources = sources(vec![
        described("fast", &fast, &json!({})),
        described("half", &half, &limit()),
        described("slow", &slow, &limit()),
    ]);
    let questions: Questions =
        ["fast", "half", "slow", "unknown"].map(|id| (id.to_owned(), vec!["name".to_owned()])).into();
    let began = Instant::now();
    let answers = sources.ask_all(PERSON, &questions).await;
    // Two limits one after the other would be two seconds.
    assert!(began.elapsed() < Duration::from_millis(1900), "{:?}", began.elapsed());
    assert!(answers["fast"].is_ok());
    for late in ["half", "slow"] {
        assert_eq!(answers[late].as_ref().unwrap_err(), &SourceError::Timeout);
    }
    assert_eq!(answers["unknown"].as_ref().unwrap_err(), &SourceError::Unavailable);
}

#[test]
fn every_problem_of_every_source_is_reported_at_once() {
    let problems = Sources::open(
        vec![
            described("land", "https://register.invalid/", &json!({ "tls": { "ca": "no-such-file.pem" } })),
            described(
                "tax",
                "https://register.invalid/",
                &json!({ "timeout_ms": 0, "tls": { "ca": "Cargo.toml" } }),
            ),
            described("traffic", "http://127.0.0.1:1/", &json!({})),
            described("traffic", "http://127.0.0.1:1/", &json!({})),
        ],
        Path::new(env!("CARGO_MANIFEST_DIR")),
    )
    .unwrap_err();
    let text: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(text.len(), 4, "{text:?}");
    assert!(text[0].starts_with("source `land`: ") && text[0].contains("no-such-file.pem"));
    assert!(text[1].contains("timeout_ms") && text[2].contains("trust anchors") && text[3].contains("twice"));
}

#[tokio::test]
async fn nothing_asked_or_answered_reaches_the_log() {
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let quiet = tracing::subscriber::set_default(subscriber);
    let method = json!({ "method": { "get_explicit": { "exception": "công văn 1/2026 (synthetic)" } } });
    for answer in [
        GOOD.to_owned(),
        GOOD.replace("\"name\":", "\"name\":7,\"x\":"),
        GOOD.replace(PERSON, "999000000023"),
    ] {
        let (url, _) = register(reply("200 OK", "application/json", &answer), false).await;
        let _ = ask(&format!("{url}/{{national_id}}"), &method).await;
        let _ = ask(&url, &json!({})).await;
    }
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let _ = ask(&format!("http://{unused}/{{national_id}}"), &method).await;
    drop(quiet);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for reason in ["source_wrong_person", "source_wrong_type", "source_unavailable"] {
        assert!(log.contains(reason), "{log}");
    }
    for secret in [PERSON, "999000000023", "Thử Nghiệm", "không hỏi", "/ask"] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
}
