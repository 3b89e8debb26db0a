//! The endpoints of Shared Signals (SSF 1.0, RFC 8936) and of what recipients attest.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::{StatusCode, header},
    web::{Data, Payload},
};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::Arc;

use super::{State, error, request, service};
use crate::{
    json,
    notices::{self, Attestation, Poll, streams},
    protocol::{form::Form, problem::Problem, scope::ServiceScope},
    registry::Client,
};

type Refusable = Result<HttpResponse, HttpResponse>;

/// `GET /.well-known/ssf-configuration`.
pub async fn metadata(state: Data<State>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .json(streams::metadata(&state.engines))
}

/// `POST /ssf/poll`.
pub async fn poll(state: Data<State>, request: HttpRequest, payload: Payload) -> HttpResponse {
    with_body::<Poll, _>(&state, &request, payload, "/ssf/poll", async |client, asked| {
        Ok(answer(200, &notices::poll(&state.engines, &client, &asked).await?))
    })
    .await
}

/// `POST /ssf/attestations`.
pub async fn attest(state: Data<State>, request: HttpRequest, payload: Payload) -> HttpResponse {
    with_body::<Attestation, _>(&state, &request, payload, "/ssf/attestations", async |client, said| {
        Ok(answer(200, &notices::attest(&state.engines, &client, &said).await?))
    })
    .await
}

/// `POST /ssf/streams`.
pub async fn create(state: Data<State>, request: HttpRequest, payload: Payload) -> HttpResponse {
    with_body::<streams::Wanted, _>(&state, &request, payload, "/ssf/streams", async |client, wanted| {
        Ok(answer(201, &streams::create(&state.engines, &client, &wanted).await?))
    })
    .await
}

/// `PATCH /ssf/streams`.
pub async fn change(state: Data<State>, request: HttpRequest, payload: Payload) -> HttpResponse {
    with_body::<streams::Wanted, _>(&state, &request, payload, "/ssf/streams", async |client, wanted| {
        Ok(answer(200, &streams::change(&state.engines, &client, &wanted).await?))
    })
    .await
}

/// `GET /ssf/streams`, of one stream with `?stream_id=`.
pub async fn read(state: Data<State>, request: HttpRequest) -> HttpResponse {
    without_body(&state, &request, "/ssf/streams", async |client, id| {
        Ok(answer(200, &streams::read(&state.engines, &client, id).await?))
    })
    .await
}

/// `DELETE /ssf/streams?stream_id=`.
pub async fn remove(state: Data<State>, request: HttpRequest) -> HttpResponse {
    without_body(&state, &request, "/ssf/streams", async |client, id| {
        streams::remove(&state.engines, &client, id).await?;
        Ok(empty(StatusCode::NO_CONTENT))
    })
    .await
}

/// `GET /ssf/status?stream_id=`.
pub async fn status(state: Data<State>, request: HttpRequest) -> HttpResponse {
    without_body(&state, &request, "/ssf/status", async |client, id| {
        Ok(answer(200, &streams::status(&state.engines, &client, id).await?))
    })
    .await
}

/// `POST /ssf/status`.
pub async fn set_status(state: Data<State>, request: HttpRequest, payload: Payload) -> HttpResponse {
    with_body::<streams::StatusWanted, _>(&state, &request, payload, "/ssf/status", async |client, wanted| {
        Ok(answer(200, &streams::set_status(&state.engines, &client, &wanted).await?))
    })
    .await
}

/// `POST /ssf/verify`.
pub async fn verify(state: Data<State>, request: HttpRequest, payload: Payload) -> HttpResponse {
    with_body::<streams::VerificationWanted, _>(
        &state,
        &request,
        payload,
        "/ssf/verify",
        async |client, wanted| {
            streams::verify(&state.engines, &state.verifications, &client, &wanted).await?;
            Ok(empty(StatusCode::NO_CONTENT))
        },
    )
    .await
}

/// Who asks is settled before what is asked is read.
async fn with_body<T: DeserializeOwned, F>(
    state: &State,
    request: &HttpRequest,
    payload: Payload,
    path: &str,
    act: F,
) -> HttpResponse
where
    F: AsyncFnOnce(Arc<Client>, T) -> Result<HttpResponse, notices::Error>,
{
    let read = async || -> Refusable {
        let client = service::authorize(state, request, path, ServiceScope::Streams).await?;
        let asked = body(request, payload).await?;
        act(client, asked).await.map_err(|e| error::notices(&e))
    };
    read().await.unwrap_or_else(|refusal| refusal)
}

async fn without_body<F>(state: &State, request: &HttpRequest, path: &str, act: F) -> HttpResponse
where
    F: AsyncFnOnce(Arc<Client>, Option<&str>) -> Result<HttpResponse, notices::Error>,
{
    let read = async || -> Refusable {
        let client = service::authorize(state, request, path, ServiceScope::Streams).await?;
        let query = Form::parse(request.query_string().as_bytes()).map_err(|e| {
            error::problem(
                &Problem::new(400, "query_malformed", "The query cannot be read").with_detail(e.to_string()),
            )
        })?;
        act(client, query.get("stream_id")).await.map_err(|e| error::notices(&e))
    };
    read().await.unwrap_or_else(|refusal| refusal)
}

/// A JSON body, read strictly.
async fn body<T: DeserializeOwned>(request: &HttpRequest, payload: Payload) -> Result<T, HttpResponse> {
    let is_json = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
    if !is_json {
        return Err(error::problem(
            &Problem::new(415, "content_type", "The body was not read")
                .with_detail("The body must be application/json."),
        ));
    }
    let bytes = request::body(payload).await.map_err(|bad| {
        error::problem(
            &Problem::new(bad.status.as_u16(), bad.reason, "The body was not read")
                .with_detail(bad.description),
        )
    })?;
    json::parse_as(&bytes, request::MAX_BODY).map_err(|e| {
        error::problem(
            &Problem::new(400, "body_malformed", "The body cannot be understood").with_detail(e.to_string()),
        )
    })
}

fn answer<T: Serialize>(status: u16, said: &T) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponseBuilder::new(status).insert_header((header::CACHE_CONTROL, "no-store")).json(said)
}

fn empty(status: StatusCode) -> HttpResponse {
    HttpResponseBuilder::new(status).insert_header((header::CACHE_CONTROL, "no-store")).finish()
}
