//! `minhbach serve`: telemetry, the service, and a stop that lets answers finish.

use std::{process::ExitCode, sync::Arc};

use anyhow::Context as _;

use super::{engines::Surroundings, service};
use crate::{
    config::Config,
    crypto::SystemRandom,
    outbound::{self, exchange::Exchange, otlp::OtlpTransport},
    telemetry::{self, Guard, TelemetryConfig},
    time::SystemClock,
};

/// Starts logs, spans and metrics for this process.
///
/// # Errors
/// When the telemetry section cannot be followed.
pub fn observe(config: &TelemetryConfig) -> anyhow::Result<Arc<Guard>> {
    let transport: Option<Arc<dyn opentelemetry_http::HttpClient>> = match &config.otlp_endpoint {
        Some(_) => {
            let exchange = Exchange::new(outbound::http::client()?);
            Some(Arc::new(OtlpTransport::start(exchange).context("telemetry transport")?))
        }
        None => None,
    };
    Ok(Arc::new(telemetry::init(config, transport)?))
}

/// Serves until it is told to stop (SIGTERM or Ctrl-C).
///
/// # Errors
/// When it cannot start: the sentence says what to do.
pub async fn serve(config: Config) -> anyhow::Result<ExitCode> {
    let telemetry = observe(&config.telemetry)?;
    let around = Surroundings {
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom::default()),
        metrics: telemetry.metrics(),
    };
    let running = service::start(&config, around, Arc::clone(&telemetry)).await?;
    told_to_stop().await;
    tracing::info!("service.stop");
    running.stop().await;
    tokio::task::spawn_blocking(move || telemetry.flush()).await?;
    Ok(ExitCode::SUCCESS)
}

/// Waits for SIGTERM or Ctrl-C.
pub async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = terminate => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
