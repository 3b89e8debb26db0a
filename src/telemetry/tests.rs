use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use super::*;
use crate::secret::Secret;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(buf);
        Ok(buf.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn started(config: &TelemetryConfig) -> (Lines, impl Subscriber + Send + Sync, Guard) {
    let lines = Lines::default();
    let writer = lines.clone();
    let (subscriber, guard) = build(config, None, move || writer.clone(), false).unwrap();
    (lines, subscriber, guard)
}

#[test]
fn everything_counted_is_in_the_prometheus_text_and_the_text_parses() {
    let (_, _, guard) = started(&TelemetryConfig::default());
    let metrics = guard.metrics();
    metrics.token_issued();
    metrics.token_refused("excess_field");
    metrics.data_released();
    metrics.ledger_appended(7, Duration::from_millis(3));
    metrics.http("/oauth/token", 200, Duration::from_millis(2));
    metrics.source("population", SourceOutcome::NoRecord, Duration::from_millis(40));
    metrics.published(7, Duration::from_secs(1));

    let text = guard.prometheus_text().unwrap();
    for line in [
        "minhbach_token_issued_total 1",
        "minhbach_token_refused_total{reason=\"excess_field\"} 1",
        "minhbach_data_released_total 1",
        "minhbach_ledger_appended_total 7",
        "minhbach_ledger_batch_size_bucket{le=\"8\"} 1",
        "minhbach_append_duration_seconds_count 1",
        "minhbach_http_duration_seconds_count{route=\"/oauth/token\",status=\"200\"} 1",
        "minhbach_source_duration_seconds_count{outcome=\"no_record\",source=\"population\"} 1",
        "minhbach_ledger_published_size 7",
        "minhbach_ledger_published_lag_seconds 1",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} is missing in\n{text}");
    }
    for line in text.lines().filter(|l| !l.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok() && !series.is_empty(), "{line}");
    }
}

#[test]
fn a_secret_shows_nothing_in_either_log_format() {
    for log_format in [LogFormat::Text, LogFormat::Json] {
        let (lines, subscriber, _guard) =
            started(&TelemetryConfig { log_format, ..TelemetryConfig::default() });
        let id = Secret::new("999000000015".to_owned());
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("token.issue", subject = ?id);
            let _entered = span.enter();
            tracing::info!(?id, "token.released");
        });
        let text = lines.text();
        assert!(text.contains("token.released") && text.contains("[secret]"), "{text}");
        assert!(!text.contains("999000000015"), "{text}");
        if log_format == LogFormat::Json {
            assert!(text.lines().all(|l| serde_json::from_str::<serde_json::Value>(l).is_ok()), "{text}");
        }
    }
}

#[test]
fn the_level_decides_what_is_written() {
    let config = TelemetryConfig { level: "warn".to_owned(), ..TelemetryConfig::default() };
    let (lines, subscriber, _guard) = started(&config);
    tracing::subscriber::with_default(subscriber, || {
        tracing::info!("unheard");
        tracing::warn!("heard");
    });
    assert!(lines.text().contains("heard") && !lines.text().contains("unheard"));
}

#[test]
fn every_problem_of_the_section_is_named_at_once() {
    let config = TelemetryConfig {
        level: "minhbach=loud".to_owned(),
        otlp_endpoint: Some("ftp://collector.example".parse().unwrap()),
        trace_ratio: 2.0,
        metrics_interval_seconds: 0,
        ..TelemetryConfig::default()
    };
    assert_eq!(config.problems().len(), 4, "{:?}", config.problems());
    assert_eq!(TelemetryConfig::default().problems(), Vec::<String>::new());
    assert!(toml::from_str::<TelemetryConfig>("levle = \"info\"").is_err());
}
