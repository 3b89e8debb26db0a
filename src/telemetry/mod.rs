//! What the running service says about itself: log lines on stderr, spans and metrics by OTLP, Prometheus text.
//!
//! In scope: where it goes and in which form, and the closed list of metrics. Out of scope: deciding what happened.
//! INVARIANT: no national id, name, token or field value is ever handed to this room (I6). It helps by accepting
//! only bounded labels ([`Metrics`]) and through `secret::Secret`, whose `Debug` shows nothing.

mod config;
mod metrics;

pub use config::{LogFormat, TelemetryConfig};
pub use metrics::{Metrics, SourceOutcome};

use std::{io::IsTerminal as _, sync::Arc, time::Duration};

use opentelemetry::{KeyValue, metrics::MeterProvider as _, trace::TracerProvider as _};
use opentelemetry_http::HttpClient;
use opentelemetry_otlp::{MetricExporter, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::{
    Resource,
    metrics::{PeriodicReader, SdkMeterProvider},
    trace::{Sampler, SdkTracerProvider},
};
use tracing::Subscriber;
use tracing_subscriber::{EnvFilter, Layer as _, fmt::MakeWriter, layer::SubscriberExt as _};

/// Why telemetry cannot start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The `level` of the configuration is not a filter.
    #[error("`{0}` is not a log filter")]
    Filter(String),
    /// The exporter refuses its endpoint.
    #[error("the telemetry endpoint cannot be used: {0}")]
    Endpoint(String),
    /// The Prometheus registry refuses the reader.
    #[error("the metrics registry cannot be built: {0}")]
    Registry(String),
    /// An endpoint is configured and no transport was handed over.
    #[error("a telemetry endpoint is configured without a transport")]
    NoTransport,
    /// Another subscriber is already installed in this process.
    #[error("telemetry has already been started")]
    AlreadyStarted,
}

/// Keeps telemetry alive; dropping it flushes what is still buffered.
#[derive(Debug)]
pub struct Guard {
    spans: Option<SdkTracerProvider>,
    meters: SdkMeterProvider,
    registry: prometheus::Registry,
    metrics: Arc<Metrics>,
}

/// Starts telemetry for the whole process: logs on stderr, and spans and metrics to `config.otlp_endpoint` over
/// `transport`, which the composition root takes from `outbound` (this floor opens no connection of its own).
pub fn init(
    config: &TelemetryConfig,
    transport: Option<Arc<dyn HttpClient>>,
) -> Result<Guard, TelemetryError> {
    let (subscriber, guard) = build(config, transport, std::io::stderr, std::io::stderr().is_terminal())?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| TelemetryError::AlreadyStarted)?;
    Ok(guard)
}

/// The same without touching the process: a subscriber writing to `writer`, and its guard.
pub fn build<W>(
    config: &TelemetryConfig,
    transport: Option<Arc<dyn HttpClient>>,
    writer: W,
    colours: bool,
) -> Result<(impl Subscriber + Send + Sync + use<W>, Guard), TelemetryError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter =
        EnvFilter::try_new(&config.level).map_err(|_| TelemetryError::Filter(config.level.clone()))?;
    let resource = Resource::builder_empty()
        .with_service_name(config.service_name.clone())
        .with_attribute(KeyValue::new("service.instance.id", config.instance.clone()))
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();

    let registry = prometheus::Registry::new();
    let scrape = opentelemetry_prometheus::exporter()
        .with_registry(registry.clone())
        .scope_info_enabled(false)
        .build()
        .map_err(|e| TelemetryError::Registry(e.to_string()))?;
    let mut meters = SdkMeterProvider::builder().with_resource(resource.clone()).with_reader(scrape);
    let mut spans = None;
    if let Some(endpoint) = &config.otlp_endpoint {
        let transport = transport.ok_or(TelemetryError::NoTransport)?;
        let base = endpoint.as_str().trim_end_matches('/');
        let exporter = SpanExporter::builder()
            .with_http()
            .with_shared_http_client(Arc::clone(&transport))
            .with_endpoint(format!("{base}/v1/traces"))
            .build()
            .map_err(|e| TelemetryError::Endpoint(e.to_string()))?;
        spans = Some(
            SdkTracerProvider::builder()
                .with_resource(resource)
                .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.trace_ratio))))
                .with_batch_exporter(exporter)
                .build(),
        );
        let exporter = MetricExporter::builder()
            .with_http()
            .with_shared_http_client(transport)
            .with_endpoint(format!("{base}/v1/metrics"))
            .build()
            .map_err(|e| TelemetryError::Endpoint(e.to_string()))?;
        let every = Duration::from_secs(config.metrics_interval_seconds);
        meters = meters.with_reader(PeriodicReader::builder(exporter).with_interval(every).build());
    }
    let meters = meters.build();
    let metrics = Arc::new(Metrics::new(&meters.meter("minhbach")));

    let lines = match config.log_format {
        LogFormat::Text => tracing_subscriber::fmt::layer().with_ansi(colours).with_writer(writer).boxed(),
        LogFormat::Json => tracing_subscriber::fmt::layer().json().with_writer(writer).boxed(),
    };
    let exported = spans.as_ref().map(|provider| {
        tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("minhbach"))
            .with_location(false)
            .with_threads(false)
    });
    let subscriber = tracing_subscriber::registry().with(filter).with(lines).with(exported);
    Ok((subscriber, Guard { spans, meters, registry, metrics }))
}

impl Guard {
    /// The instruments, to hand to whoever counts.
    #[must_use]
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }

    /// Everything counted so far in the Prometheus text format 0.0.4, for `/metrics`.
    pub fn prometheus_text(&self) -> Result<String, TelemetryError> {
        prometheus::TextEncoder::new()
            .encode_to_string(&self.registry.gather())
            .map_err(|e| TelemetryError::Registry(e.to_string()))
    }

    /// Sends what is buffered now; blocks until it is sent or the exporter gives up. An unreachable collector is
    /// not an error of the service: it is logged and dropped.
    pub fn flush(&self) {
        if let Some(spans) = &self.spans
            && let Err(error) = spans.force_flush()
        {
            tracing::warn!(%error, "spans were not exported");
        }
        if let Err(error) = self.meters.force_flush() {
            tracing::warn!(%error, "metrics were not exported");
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let grace = Duration::from_secs(3);
        if let Some(spans) = &self.spans {
            let _ = spans.shutdown_with_timeout(grace);
        }
        let _ = self.meters.shutdown_with_timeout(grace);
    }
}

#[cfg(test)]
mod tests;
