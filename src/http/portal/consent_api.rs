//! The citizen's consents as JSON, by session or read by her own token: `/api/v1/me/consents…` (DESIGN §5).
//!
//! Taking one back needs the session's token in `X-CSRF-Token`; it stands in the answer about the consent, which no
//! other site can read.

use actix_web::{HttpRequest, HttpResponse, web::Path};
use serde_json::{Value, json};

use super::{
    consents::{own, readable, state_now},
    ending::take_back,
    error::Failure,
    visit::Visit,
};
use crate::{
    consent::{self, Consent},
    engines::Engines,
    history::purpose_of,
    time::Millis,
};

/// The header of the session's token.
const TOKEN: &str = "x-csrf-token";

/// `GET /api/v1/me/consents`: `{"consents": […]}`, newest first, requests that wait among them.
pub(super) async fn consents(visit: Visit) -> HttpResponse {
    let listed = list(&visit).await;
    visit.answer(listed)
}

async fn list(visit: &Visit) -> Result<HttpResponse, Failure> {
    let (engines, reader) = (&visit.state.engines, visit.person()?);
    let mut each = Vec::new();
    for consent in visit.visible(reader, consent::of_subject(engines, reader.subject).await?) {
        each.push(short(engines, &consent).await?);
    }
    Ok(visit.personal(HttpResponse::Ok()).json(json!({ "consents": each })))
}

/// `GET /api/v1/me/consents/{id}`.
pub(super) async fn consent(visit: Visit, id: Path<String>) -> HttpResponse {
    let shown = one(&visit, &id).await;
    visit.answer(shown)
}

async fn one(visit: &Visit, id: &str) -> Result<HttpResponse, Failure> {
    let consent = readable(visit, id).await?;
    let body = whole(&visit.state.engines, &consent, visit.token()).await?;
    Ok(visit.personal(HttpResponse::Ok()).json(body))
}

/// `POST /api/v1/me/consents/{id}/withdraw`.
pub(super) async fn withdraw(visit: Visit, request: HttpRequest, id: Path<String>) -> HttpResponse {
    let withdrawn = end(&visit, &request, &id).await;
    visit.answer(withdrawn)
}

async fn end(visit: &Visit, request: &HttpRequest, id: &str) -> Result<HttpResponse, Failure> {
    let own = own(visit, id).await?;
    let token = request.headers().get(TOKEN).and_then(|value| value.to_str().ok());
    visit.check_form(token.ok_or(Failure::FormExpired)?)?;
    let consent = take_back(visit, &own).await?;
    let body = whole(&visit.state.engines, &consent, visit.token()).await?;
    Ok(visit.personal(HttpResponse::Ok()).json(body))
}

/// What a list says of a consent.
async fn short(engines: &Engines, consent: &Consent) -> Result<Value, Failure> {
    let (record, row) = (&consent.record, &consent.row);
    let texts = purpose_of(engines, &record.purpose, Some(&record.purpose_version)).await?;
    let items = record.items.iter().map(|item| {
        json!({
            "field": item.field,
            "sensitive": item.sensitive,
            "required": item.required,
            "granted": item.granted,
        })
    });
    let limits = &record.limits;
    Ok(json!({
        "id": row.id,
        "state": state_now(engines, consent).as_str(),
        "asked_at": Millis(row.asked_at).rfc3339(),
        "answer_by": Millis(row.answer_by).rfc3339(),
        "agency": {
            "id": record.agency,
            "name": engines.registry.agency(&record.agency).map(|agency| &agency.name),
        },
        "purpose": {
            "id": record.purpose,
            "version": record.purpose_version,
            "title": texts.as_ref().map(|texts| &texts.title),
            "reason": texts.as_ref().map(|texts| &texts.reason),
        },
        "items": items.collect::<Vec<_>>(),
        "scopes": record.scopes,
        "limits": {
            "max_uses": limits.max_uses,
            "frequency": limits.frequency,
            "hours": limits.hours,
            "starts": Millis(limits.starts).rfc3339(),
            "expires": Millis(limits.expires).rfc3339(),
        },
        "used": row.used,
    }))
}

/// Everything about a consent; `csrf` is the session's token, which software has none of.
async fn whole(engines: &Engines, consent: &Consent, csrf: Option<&str>) -> Result<Value, Failure> {
    let (record, id) = (&consent.record, consent.row.id);
    let mut body = short(engines, consent).await?;
    let events = consent::events(engines, consent).await?;
    let shown = events.iter().rev().find_map(|event| event.event.shown.as_ref());
    let happened = events.iter().map(|event| {
        json!({
            "at": event.at.rfc3339(),
            "act": event.act.as_str(),
            "state": event.state.as_str(),
            "entry": event.entry,
            "capacity": consent::capacity(event.event.by.capacity),
        })
    });
    let more = json!({
        "case": record.case,
        "justification": record.justification,
        "unit": record.unit,
        "retention": record.recipient_retention,
        "processors": record.processors,
        "joint": record.joint,
        "shown": shown,
        "events": happened.collect::<Vec<_>>(),
    });
    let session = csrf.map(|csrf| {
        let receipt = super::receipt::is_there(&events).then(|| format!("/me/consents/{id}/receipt"));
        json!({ "receipt": receipt, "csrf": csrf })
    });
    for more in [Some(more), session].into_iter().flatten() {
        if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
            body.extend(more);
        }
    }
    Ok(body)
}
