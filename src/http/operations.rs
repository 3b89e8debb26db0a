//! For operators: is it alive, is it ready, how is it doing.

use actix_web::{HttpRequest, HttpResponse, web::Data};

use super::{State, error};
use crate::protocol::problem::Problem;

/// `GET /healthz`: the process answers.
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain").body("ok\n")
}

/// `GET /readyz`: the database answers and checkpoints are being published.
pub async fn readyz(state: Data<State>) -> HttpResponse {
    let not_ready =
        |code: &str, detail: &str| error::problem(&Problem::new(503, code, "Not ready").with_detail(detail));
    if let Err(e) = state.engines.store.check().await {
        tracing::warn!(error = %e, "readyz database");
        return not_ready("database", "The database does not answer, or needs `minhbach migrate`.");
    }
    if !state.publishing.is_well(state.engines.now()) {
        return not_ready("publishing", "Checkpoints are not being published; see the service's log.");
    }
    HttpResponse::Ok().content_type("text/plain").body("ready\n")
}

/// `GET /metrics`: Prometheus text, to callers on this machine that came through no proxy.
pub async fn metrics(state: Data<State>, request: HttpRequest) -> HttpResponse {
    let is_local = request.peer_addr().is_some_and(|peer| peer.ip().is_loopback());
    let came_directly =
        ["forwarded", "x-forwarded-for", "via"].iter().all(|h| !request.headers().contains_key(*h));
    if !(is_local && came_directly) {
        return error::problem(&Problem::new(404, "not_found", "Not found"));
    }
    match state.telemetry.prometheus_text() {
        Ok(text) => HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text),
        Err(e) => {
            tracing::warn!(error = %e, "metrics");
            error::problem(&Problem::new(500, "internal_error", "Metrics cannot be read"))
        }
    }
}
