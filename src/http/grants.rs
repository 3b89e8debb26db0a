//! `GET` and `DELETE /oauth/grants/{id}` (Grant Management for OAuth 2.0 §6) and `GET /oauth/status-lists/{n}` (Token
//! Status List §8.1).

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Path},
};
use uuid::Uuid;

use super::{State, error, service};
use crate::{
    jose::status_list,
    oauth::{
        self,
        grants::{self, Found},
    },
    protocol::{grants::parse_id, problem::Problem, scope::ServiceScope},
    registry::Client,
};

/// `GET /oauth/grants/{id}`.
pub async fn query(state: Data<State>, request: HttpRequest, path: Path<String>) -> HttpResponse {
    let (client, id) = match open(&state, &request, &path, ServiceScope::GrantQuery).await {
        Ok(both) => both,
        Err(refusal) => return refusal,
    };
    match grants::query(&state.engines, &client, id).await {
        Ok(Found::Own(grant)) => {
            HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-cache, no-store")).json(grant)
        }
        Ok(Found::Nothing) => unknown(),
        Ok(Found::Foreign) => foreign(),
        Err(e) => error::office(&e),
    }
}

/// `DELETE /oauth/grants/{id}`.
pub async fn give_back(state: Data<State>, request: HttpRequest, path: Path<String>) -> HttpResponse {
    let (client, id) = match open(&state, &request, &path, ServiceScope::GrantRevoke).await {
        Ok(both) => both,
        Err(refusal) => return refusal,
    };
    match grants::give_back(&state.engines, &client, id).await {
        Ok(Found::Own(())) => {
            HttpResponse::NoContent().insert_header((header::CACHE_CONTROL, "no-store")).finish()
        }
        Ok(Found::Nothing) => unknown(),
        Ok(Found::Foreign) => foreign(),
        Err(e) => error::office(&e),
    }
}

/// The client of the service token, and the grant that is named; the token first.
async fn open(
    state: &State,
    request: &HttpRequest,
    path: &str,
    scope: ServiceScope,
) -> Result<(std::sync::Arc<Client>, Uuid), HttpResponse> {
    let client = service::authorize(state, request, request.path(), scope).await?;
    Ok((client, parse_id(path).ok_or_else(unknown)?))
}

fn unknown() -> HttpResponse {
    error::problem(&Problem::new(404, "grant_unknown", "There is no such grant, or it has ended"))
}

fn foreign() -> HttpResponse {
    error::problem(&Problem::new(403, "grant_of_another_client", "This grant is another client's"))
}

/// `GET /oauth/status-lists` (Token Status List §9.2): for anybody, as the lists are.
pub async fn status_lists(state: Data<State>) -> HttpResponse {
    match oauth::status_lists(&state.engines).await {
        Ok(lists) => HttpResponse::Ok()
            .insert_header((header::CACHE_CONTROL, "public, max-age=5"))
            .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
            .json(serde_json::json!({ "status_lists": lists })),
        Err(e) => error::office(&e),
    }
}

/// `GET /oauth/status-lists/{n}`: for anybody; what it says names nobody.
pub async fn status_list(state: Data<State>, path: Path<String>) -> HttpResponse {
    let nothing =
        || error::problem(&Problem::new(404, "status_list_unknown", "There is no such status list"));
    // One spelling: no sign, no leading zero.
    let Some(list) = path.parse::<i64>().ok().filter(|list| list.to_string() == *path) else {
        return nothing();
    };
    match oauth::status_list(&state.engines, list).await {
        Ok(Some(compact)) => HttpResponse::Ok()
            .content_type(format!("application/{}", status_list::TYPE))
            // The list's own `ttl` bounds how long it is believed; caches on the way add nothing to it.
            .insert_header((header::CACHE_CONTROL, "public, max-age=5"))
            .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
            .body(compact.to_string()),
        Ok(None) => nothing(),
        Err(e) => error::office(&e),
    }
}
