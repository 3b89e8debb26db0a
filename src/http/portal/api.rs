//! The citizen's history as JSON, by session or by her own token: `/api/v1/me/…` (DESIGN §5). Never kept by anybody in between.

use actix_web::{
    HttpResponse,
    web::{Path, Query},
};
use serde_json::{Value, json};

use super::{
    citizen::{Asked, DAYS, LATEST, days_long, own, proven},
    error::Failure,
    view::split,
    visit::{Visit, query},
};
use crate::{
    engines::Engines,
    history::{self, Access, PurposeTexts, choice_text, purpose_texts, rule_text},
    policy,
};

/// Entries on one page, unless `limit` says otherwise, and at most.
const LIMIT: (usize, usize) = (20, 100);

/// `GET /api/v1/me/accesses`: `{"accesses": […], "next": "…"}`, newest first.
pub(super) async fn accesses(visit: Visit, asked: Result<Query<Asked>, actix_web::Error>) -> HttpResponse {
    visit.answer(list(&visit, asked).await)
}

async fn list(visit: &Visit, asked: Result<Query<Asked>, actix_web::Error>) -> Result<HttpResponse, Failure> {
    let (engines, reader) = (&visit.state.engines, visit.person()?);
    let asked = query(asked)?;
    let limit = match asked.limit.as_deref() {
        None => LIMIT.0,
        Some(text) => text.parse().ok().filter(|n| (1..=LIMIT.1).contains(n)).ok_or(Failure::Malformed)?,
    };
    let page = history::page(engines, reader, &asked.filter(visit), asked.before()?, limit).await?;
    let mut accesses = Vec::with_capacity(page.accesses.len());
    for access in &page.accesses {
        accesses.push(short(engines, access, purpose_texts(engines, access).await?.as_ref()));
    }
    let next = page.next.map(|n| n.to_string());
    Ok(visit.personal(HttpResponse::Ok()).json(json!({ "accesses": accesses, "next": next })))
}

/// `GET /api/v1/me/accesses/{id}`.
pub(super) async fn access(visit: Visit, id: Path<String>) -> HttpResponse {
    visit.answer(one(&visit, &id).await)
}

async fn one(visit: &Visit, id: &str) -> Result<HttpResponse, Failure> {
    let engines = &visit.state.engines;
    let (_, detail) = own(visit, id).await?;
    let access = &detail.access;
    let purpose = purpose_texts(engines, access).await?;
    let mut body = short(engines, access, purpose.as_ref());
    let facts = &access.facts;
    let explained = facts
        .rules
        .iter()
        .map(|rule| json!({ "rule": rule, "text": rule_text(engines, access, purpose.as_ref(), rule) }));
    let agency = engines.registry.agency(facts.agency.as_deref().unwrap_or_default());
    let more = json!({
        "index": access.index,
        "n": access.n,
        "justification": facts.justification,
        "note": facts.note,
        "assurance": facts.assurance,
        "client": facts.client,
        "token": facts.token,
        "target": facts.target,
        "bundle": facts.bundle,
        "rules": explained.collect::<Vec<_>>(),
        "citations": facts.basis.as_ref().and_then(|kind| purpose.as_ref()?.citations.get(kind)),
        "retention": purpose.as_ref().filter(|_| access.data_left()).map(|texts| &texts.retention),
        "contact": agency.map(|agency| &agency.contact),
        "proof": format!("/api/v1/me/accesses/{}/proof", access.id),
    });
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        body.extend(more);
    }
    Ok(visit.personal(HttpResponse::Ok()).json(body))
}

/// `GET /api/v1/me/accesses/{id}/proof`.
pub(super) async fn proof(visit: Visit, id: Path<String>) -> HttpResponse {
    let file = proven(&visit, &id).await;
    visit.answer(file.map(|proven| visit.personal(HttpResponse::Ok()).json(proven.file)))
}

/// `GET /api/v1/me/summary`.
pub(super) async fn summary(visit: Visit) -> HttpResponse {
    visit.answer(counts(&visit).await)
}

async fn counts(visit: &Visit) -> Result<HttpResponse, Failure> {
    let (engines, reader) = (&visit.state.engines, visit.person()?);
    let summary = history::summary(engines, reader, engines.now() - days_long(DAYS), LATEST).await?;
    Ok(visit.personal(HttpResponse::Ok()).json(json!({
        "days": DAYS,
        "agencies": summary.agencies,
        "views": summary.views,
        "refusals": summary.refusals,
        "latest": summary.latest.iter().map(|access| access.id).collect::<Vec<_>>(),
        "emergencies": summary.emergencies.iter().map(|access| access.id).collect::<Vec<_>>(),
    })))
}

/// What a list says of an entry.
fn short(engines: &Engines, access: &Access, purpose: Option<&PurposeTexts>) -> Value {
    let facts = &access.facts;
    // Her own rules that the law went before: `basis` and its articles name by what.
    let overrides =
        facts.overrides.iter().map(|choice| json!({ "choice": choice, "text": choice_text(choice) }));
    let agency = facts
        .agency
        .as_ref()
        .map(|id| json!({ "id": id, "name": engines.registry.agency(id).map(|agency| &agency.name) }));
    let purpose = facts.purpose.as_ref().map(|id| {
        json!({
            "id": id,
            "version": facts.purpose_version,
            "title": purpose.map(|texts| &texts.title),
            "reason": purpose.map(|texts| &texts.reason),
        })
    });
    let missing = facts.missing.iter().map(|missing| {
        let (field, reason) = split(missing);
        json!({ "field": field, "reason": reason })
    });
    let official = facts
        .official
        .as_ref()
        .map(|code| json!({ "code": code, "how": facts.official_how, "unit": facts.unit }));
    json!({
        "id": access.id,
        "at": access.at.rfc3339(),
        "kind": access.kind.as_str(),
        "decision": facts.decision,
        "reason": facts.reason.as_ref().map(|code| json!({ "code": code, "text": policy::reason_text(code) })),
        "agency": agency,
        "official": official,
        "approver": facts.approver.as_ref().map(|code| json!({ "code": code })),
        "purpose": purpose,
        "basis": facts.basis,
        "overrides": overrides.collect::<Vec<_>>(),
        "case": facts.case,
        "fields": facts.fields,
        "missing": missing.collect::<Vec<_>>(),
        "times": access.times,
        "repeat": facts.repeat.is_some(),
    })
}
