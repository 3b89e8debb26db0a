//! The published log: checkpoint, hash tiles, entry bundles (c2sp.org/tlog-tiles).

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Path},
};

use super::{State, error};
use crate::{crypto, ledger::publisher::CHECKPOINT, merkle::tile::Resource, protocol::problem::Problem};

/// `GET /log/checkpoint`.
pub async fn checkpoint(state: Data<State>) -> HttpResponse {
    serve(&state, CHECKPOINT, "text/plain; charset=utf-8", "no-cache").await
}

/// `GET /log/tile/…`: hash tiles for everybody, entry bundles for auditors.
pub async fn tile(state: Data<State>, path: Path<String>, request: HttpRequest) -> HttpResponse {
    let path = format!("tile/{}", path.into_inner());
    match Resource::parse(&path) {
        None => not_found("There is no such tile; the form is that of c2sp.org/tlog-tiles."),
        Some(Resource::Entries(_)) if !is_auditor(&state, &request) => {
            let problem = Problem::new(403, "auditors_only", "Entry bundles are for auditors");
            let detail =
                "Hash tiles and the checkpoint are public. Auditors send `Authorization: Bearer <token>`.";
            error::problem(&problem.with_detail(detail))
        }
        Some(Resource::Hashes(_)) => serve(&state, &path, OCTETS, "public, max-age=604800, immutable").await,
        Some(Resource::Entries(_)) => {
            serve(&state, &path, OCTETS, "private, max-age=604800, immutable").await
        }
    }
}

const OCTETS: &str = "application/octet-stream";

fn is_auditor(state: &State, request: &HttpRequest) -> bool {
    let token = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let digest = crypto::sha256(token.unwrap_or_default().as_bytes());
    token.is_some() && state.auditors.iter().any(|known| crypto::equal(known, &digest))
}

async fn serve(state: &State, path: &str, kind: &str, cache: &str) -> HttpResponse {
    match state.engines.log.objects.get(path).await {
        Ok(Some(bytes)) => HttpResponse::Ok()
            .content_type(kind)
            .insert_header((header::CACHE_CONTROL, cache))
            .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
            .body(bytes),
        Ok(None) => not_found("It is not published (yet); see /log/checkpoint for the size of the log."),
        Err(e) => {
            tracing::warn!(error = %e, "log.serve failed");
            error::problem(&Problem::new(503, "log_unavailable", "The log cannot be read now"))
        }
    }
}

fn not_found(detail: &str) -> HttpResponse {
    error::problem(&Problem::new(404, "not_found", "Not found").with_detail(detail))
}
