use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::{Arc, mpsc},
    time::Duration,
};

use super::*;
use crate::{
    outbound::http,
    telemetry::{self, TelemetryConfig},
};

/// A collector that answers 200 to everything and hands on path and body.
fn collector() -> (String, mpsc::Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (say, arrivals) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut bytes = Vec::new();
            let mut byte = [0_u8];
            while !bytes.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
                bytes.push(byte[0]);
            }
            let head = String::from_utf8(bytes).unwrap();
            let length = head
                .lines()
                .filter_map(|l| l.split_once(": "))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .map_or(0, |(_, value)| value.parse().unwrap());
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            let path = head.split(' ').nth(1).unwrap().to_owned();
            if say.send((path, body)).is_err() {
                return;
            }
        }
    });
    (address, arrivals)
}

fn holds(body: &[u8], text: &str) -> bool {
    body.windows(text.len()).any(|w| w == text.as_bytes())
}

#[test]
fn spans_and_metrics_arrive_at_a_collector_when_the_guard_is_dropped() {
    let (address, arrivals) = collector();
    let config = TelemetryConfig {
        otlp_endpoint: Some(address.parse().unwrap()),
        metrics_interval_seconds: 3600,
        instance: "node-a".to_owned(),
        ..TelemetryConfig::default()
    };
    let transport = OtlpTransport::start(Exchange::new(http::client().unwrap())).unwrap();
    let (subscriber, guard) =
        telemetry::build(&config, Some(Arc::new(transport)), std::io::sink, false).unwrap();
    tracing::subscriber::with_default(subscriber, || {
        tracing::info_span!("ledger.append", entries = 3).in_scope(|| tracing::info!("ledger.committed"));
    });
    guard.metrics().token_issued();
    drop(guard);

    let mut arrived: Vec<(String, Vec<u8>)> = Vec::new();
    while let Ok(request) = arrivals.recv_timeout(Duration::from_millis(500)) {
        arrived.push(request);
    }
    let spans = arrived.iter().find(|(path, _)| path == "/v1/traces").expect("traces");
    assert!(holds(&spans.1, "ledger.append") && holds(&spans.1, "node-a"));
    let counts = arrived.iter().find(|(path, _)| path == "/v1/metrics").expect("metrics");
    assert!(holds(&counts.1, "minhbach.token.issued") && holds(&counts.1, "node-a"));
}

#[test]
fn an_unreachable_collector_does_not_hold_up_the_end_of_the_process() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = TelemetryConfig {
        otlp_endpoint: Some(format!("http://{closed}").parse().unwrap()),
        ..TelemetryConfig::default()
    };
    let transport = OtlpTransport::start(Exchange::new(http::client().unwrap())).unwrap();
    let (subscriber, guard) =
        telemetry::build(&config, Some(Arc::new(transport)), std::io::sink, false).unwrap();
    tracing::subscriber::with_default(subscriber, || tracing::info_span!("token.issue").in_scope(|| ()));
    let (done, wait) = mpsc::channel();
    std::thread::spawn(move || {
        drop(guard);
        done.send(()).unwrap();
    });
    assert!(wait.recv_timeout(Duration::from_secs(20)).is_ok());
}
