//! The `[telemetry]` section of the configuration file.

use serde::Deserialize;
use url::Url;

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For a person at a terminal.
    #[default]
    Text,
    /// One JSON object a line, for a collector.
    Json,
}

/// `[telemetry]`: what is said, in which form, and to whom.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TelemetryConfig {
    /// `text` or `json`; lines go to stderr.
    pub log_format: LogFormat,
    /// A filter such as `info` or `info,minhbach=debug`.
    pub level: String,
    /// Base address of an OTLP/HTTP collector, e.g. `http://127.0.0.1:4318`; `/v1/traces` and `/v1/metrics` are
    /// appended. Without it nothing is exported.
    pub otlp_endpoint: Option<Url>,
    /// The share of traces that begin here and are exported, 0 to 1.
    pub trace_ratio: f64,
    /// Seconds between two exports of the metrics.
    pub metrics_interval_seconds: u64,
    /// `service.name` of the OpenTelemetry resource.
    pub service_name: String,
    /// `service.instance.id`: tells the nodes of one service apart.
    pub instance: String,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self {
            log_format: LogFormat::Text,
            level: "info".to_owned(),
            otlp_endpoint: None,
            trace_ratio: 1.0,
            metrics_interval_seconds: 15,
            service_name: "minhbach".to_owned(),
            instance: "1".to_owned(),
        }
    }
}

impl TelemetryConfig {
    /// Every problem of this section, one sentence each; empty when there is none.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if tracing_subscriber::EnvFilter::try_new(&self.level).is_err() {
            problems.push(format!("`telemetry.level`: `{}` is not a log filter", self.level));
        }
        if let Some(url) = &self.otlp_endpoint
            && !matches!(url.scheme(), "http" | "https")
        {
            problems.push(format!("`telemetry.otlp_endpoint`: `{url}` is not an http or https address"));
        }
        if !(0.0..=1.0).contains(&self.trace_ratio) {
            problems.push(format!("`telemetry.trace_ratio`: {} is not between 0 and 1", self.trace_ratio));
        }
        if self.metrics_interval_seconds == 0 {
            problems.push("`telemetry.metrics_interval_seconds` must be at least 1".to_owned());
        }
        if self.service_name.is_empty() {
            problems.push("`telemetry.service_name` is empty".to_owned());
        }
        problems
    }
}
