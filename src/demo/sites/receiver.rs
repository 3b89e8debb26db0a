//! Where an agency is told of what became of consents: a receiver of security events (RFC 8935) as a careful developer
//! writes it, and the page on which it shows what it took.
//!
//! It believes nobody: type, signature, issuer and audience are checked before 202, which is the acknowledgement. Out of
//! scope: what an agency does next (to stop, to erase, to attest it).

use std::{
    collections::VecDeque,
    fmt::Write as _,
    sync::{Mutex, MutexGuard, PoisonError},
};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Bytes, Data, Path},
};
use opentelemetry_http::Request;
use serde_json::{Value, json};

use super::{nowhere, page};
use crate::{
    demo::{idp::escaped, people::AGENCIES, settings::CLIENTS},
    jose::{
        Jwks,
        security_event::{self, SecurityEvent, TYPE},
    },
    outbound::exchange::Exchange,
};

/// Events remembered, in memory, the oldest forgotten first.
const REMEMBERED: usize = 200;

/// An event that was acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The client it was for.
    pub client_id: String,
    /// Its name, by which the agency attests later what it did.
    pub jti: String,
    /// The end of its type's URI: `consent-withdrawn` and so on.
    pub event: String,
    /// The consent's id; empty for an event about the stream.
    pub consent: String,
}

/// What all agencies' receivers share.
pub(super) struct Receiver {
    issuer: String,
    http: Exchange,
    taken: Mutex<VecDeque<Taken>>,
}

impl Receiver {
    pub(super) fn new(issuer: &str, http: Exchange) -> Self {
        Self { issuer: issuer.to_owned(), http, taken: Mutex::default() }
    }

    pub(super) fn taken(&self) -> Vec<Taken> {
        self.lock().iter().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Taken>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The service's keys as they are now; events are rare, so nothing is remembered.
    async fn keys(&self) -> Option<Jwks> {
        let request = Request::get(format!("{}/oauth/jwks", self.issuer)).body(Vec::new()).ok()?;
        let answer = self.http.send(request).await.ok()?;
        Jwks::parse(&serde_json::from_slice(answer.body()).ok()?).ok()
    }

    /// Remembers it; the same event again is no other one.
    fn remember(&self, event: &SecurityEvent) {
        let (kind, said) = event.event().unwrap_or(("", &Value::Null));
        let taken = Taken {
            client_id: event.aud.clone(),
            jti: event.jti.clone(),
            event: kind.rsplit('/').next().unwrap_or_default().to_owned(),
            consent: said.get("consent").and_then(Value::as_str).unwrap_or_default().to_owned(),
        };
        let mut all = self.lock();
        if all.contains(&taken) {
            return;
        }
        if all.len() >= REMEMBERED {
            all.pop_front();
        }
        all.push_back(taken);
    }
}

/// `POST /{agency}/su-kien/{client_id}`.
pub(super) async fn take(
    receiver: Data<Receiver>,
    path: Path<(String, String)>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    let (agency, client_id) = path.into_inner();
    if !CLIENTS.iter().any(|client| client.client_id == client_id && client.agency == agency) {
        return nowhere();
    }
    let refuse = |err: &str, why: &str| {
        HttpResponse::BadRequest()
            .insert_header((header::CONTENT_LANGUAGE, "en"))
            .json(json!({ "err": err, "description": why }))
    };
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if kind.and_then(|kind| kind.strip_prefix("application/")) != Some(TYPE) {
        return refuse("invalid_request", "the body is not application/secevent+jwt");
    }
    let Some(keys) = receiver.keys().await else { return HttpResponse::ServiceUnavailable().finish() };
    let key = |kid: &str| {
        let jwk = keys.keys().iter().find(|jwk| jwk.kid() == Some(kid));
        jwk.map(|jwk| jwk.public_key().clone())
    };
    let compact = String::from_utf8_lossy(&body);
    match security_event::verify(compact.trim(), &key, &receiver.issuer, &client_id) {
        Ok(event) => {
            receiver.remember(&event);
            HttpResponse::Accepted().finish()
        }
        Err(error) => refuse(error.code(), &error.to_string()),
    }
}

/// `GET /{agency}/su-kien`: what this agency's receivers took, newest first.
pub(super) async fn list(receiver: Data<Receiver>, agency: Path<String>) -> HttpResponse {
    let Some(agency) = AGENCIES.iter().find(|known| known.id == agency.as_str()) else { return nowhere() };
    let own = |taken: &Taken| {
        CLIENTS.iter().any(|client| client.client_id == taken.client_id && client.agency == agency.id)
    };
    let mut main = format!(
        "<h1>Thông báo {} đã nhận <span lang=\"en\">/ Events {} has taken</span></h1><ol>",
        escaped(agency.vi),
        escaped(agency.en)
    );
    for taken in receiver.taken().iter().rev().filter(|taken| own(taken)) {
        let _ = write!(
            main,
            "<li><code>{}</code>: <code>{}</code></li>",
            escaped(&taken.event),
            escaped(&taken.consent)
        );
    }
    main.push_str("</ol>");
    page(StatusCode::OK, agency.vi, &main)
}
