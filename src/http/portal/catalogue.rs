//! The public catalogue, as pages and, with `Accept: application/json`, as JSON (DESIGN §5).

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpResponse, web};
use serde_json::{Value, json};

use super::{
    error::Failure,
    terms,
    view::{Words, basis_of, said},
    visit::Visit,
};
use crate::{
    domain::catalogue::{self, Confidence, OfficialDemand as Demand},
    http::pages::{
        catalogue::{
            Agencies, AgencyItem, BasisTerms, DataKind, DataKinds, MinimumField, OfficialDemand, Purpose,
            PurposeItem, Purposes, SourceKinds, Status,
        },
        parts::Citation,
    },
    i18n::{Arg, Lang, text_with},
};

/// `GET /purposes`.
pub(super) async fn purposes(visit: Visit) -> HttpResponse {
    visit.answer(all(&visit).await)
}

async fn all(visit: &Visit) -> Result<HttpResponse, Failure> {
    let purposes = &visit.state.engines.register.catalogue().purposes;
    if visit.wants_json() {
        let agencies = visit.state.engines.registry.agencies_by_purpose().await?;
        let none = BTreeSet::new();
        let each = purposes.values().map(|p| as_json(p, agencies.get(&p.id).unwrap_or(&none)));
        return Ok(visit.public(HttpResponse::Ok()).json(json!({ "purposes": each.collect::<Vec<_>>() })));
    }
    let item = |purpose: &catalogue::Purpose| {
        let mut fields: Vec<&str> =
            purpose.bases.iter().flat_map(|basis| basis.fields.iter().map(String::as_str)).collect();
        fields.sort_unstable();
        fields.dedup();
        PurposeItem {
            href: format!("/purposes/{}", purpose.id),
            title: said(visit.lang, &purpose.title),
            reason: said(visit.lang, &purpose.reason),
            bases: purpose.bases.iter().map(|basis| basis_of(basis.kind)).collect(),
            fields: fields.len(),
            status: status(purpose.status),
        }
    };
    visit.page(&Purposes { page: visit.layout(), purposes: purposes.values().map(item).collect() })
}

/// `GET /purposes/{id}`.
pub(super) async fn purpose(visit: Visit, id: web::Path<String>) -> HttpResponse {
    visit.answer(one(&visit, &id).await)
}

async fn one(visit: &Visit, id: &str) -> Result<HttpResponse, Failure> {
    let engines = &visit.state.engines;
    let purpose = engines.register.catalogue().purpose(id).ok_or(Failure::NotFound)?;
    let agencies = engines.registry.agencies_by_purpose().await?.remove(id).unwrap_or_default();
    if visit.wants_json() {
        return Ok(visit.public(HttpResponse::Ok()).json(as_json(purpose, &agencies)));
    }
    let words = Words::new(engines, visit.lang);
    let cited = |citation: &catalogue::Citation| Citation {
        text: words.said(&citation.text),
        href: None,
        verified: citation.confidence == Confidence::Verified,
    };
    let of_basis = |basis: &catalogue::Basis| BasisTerms {
        basis: basis_of(basis.kind),
        citations: basis.citations.iter().map(cited).collect(),
        fields: basis
            .fields
            .iter()
            .map(|name| {
                let field = words.field(name);
                let optional = basis.optional.contains(name);
                MinimumField { label: field.label, sensitive: field.sensitive, optional }
            })
            .collect(),
        terms: terms::sentences(visit.lang, purpose, basis),
    };
    visit.page(&Purpose {
        page: visit.layout(),
        id: purpose.id.clone(),
        version: purpose.version.clone(),
        title: words.said(&purpose.title),
        reason: words.said(&purpose.reason),
        status: status(purpose.status),
        bases: purpose.bases.iter().map(of_basis).collect(),
        case_required: purpose.case_required,
        official: match purpose.official {
            Demand::None => OfficialDemand::None,
            Demand::Asserted => OfficialDemand::Asserted,
            Demand::Proved => OfficialDemand::Proved,
        },
        retention: words.said(&purpose.retention),
        guardian_hidden: purpose.guardian_hidden,
        max_uses: purpose.max_uses,
        max_minutes: purpose.max_lifetime_s.div_ceil(60),
        agencies: agencies.iter().map(|id| words.agency(Some(id))).collect(),
    })
}

fn as_json(purpose: &catalogue::Purpose, agencies: &BTreeSet<String>) -> Value {
    let bases = purpose.bases.iter().map(|basis| {
        json!({
            "kind": basis.kind,
            "citations": basis.citations,
            "fields": basis.fields,
            "optional": basis.optional,
        })
    });
    json!({
        "id": purpose.id,
        "version": purpose.version,
        "status": purpose.status,
        "draft_because": purpose.draft_because,
        "title": purpose.title,
        "reason": purpose.reason,
        "requesters": purpose.requesters,
        "notice": purpose.notice,
        "bases": bases.collect::<Vec<_>>(),
        "case_required": purpose.case_required,
        "official": purpose.official,
        "assurance": purpose.assurance,
        "max_uses": purpose.max_uses,
        "max_lifetime_s": purpose.max_lifetime_s,
        "retention": purpose.retention,
        "guardian_hidden": purpose.guardian_hidden,
        "consent": purpose.consent,
        "emergency": purpose.emergency,
        "agencies": agencies,
    })
}

const fn status(status: catalogue::Status) -> Status {
    match status {
        catalogue::Status::Draft => Status::Draft,
        catalogue::Status::Active => Status::Active,
        catalogue::Status::Retired => Status::Retired,
    }
}

/// `GET /agencies`.
pub(super) async fn agencies(visit: Visit) -> HttpResponse {
    visit.answer(all_agencies(&visit).await)
}

async fn all_agencies(visit: &Visit) -> Result<HttpResponse, Failure> {
    let engines = &visit.state.engines;
    let mut purposes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (purpose, agencies) in engines.registry.agencies_by_purpose().await? {
        for agency in agencies {
            purposes.entry(agency).or_default().push(purpose.clone());
        }
    }
    let mut registered = |id: &str| purposes.remove(id).unwrap_or_default();
    if visit.wants_json() {
        let each = engines.registry.agencies().map(|agency| {
            json!({
                "id": agency.id,
                "name": agency.name,
                "contact": agency.contact,
                "purposes": registered(&agency.id),
            })
        });
        return Ok(visit.public(HttpResponse::Ok()).json(json!({ "agencies": each.collect::<Vec<_>>() })));
    }
    let words = Words::new(engines, visit.lang);
    let title = |id: &String| {
        engines.register.catalogue().purpose(id).map_or_else(|| id.clone(), |p| words.said(&p.title))
    };
    let is_active = |id: &str| {
        let purpose = engines.register.catalogue().purpose(id);
        purpose.is_some_and(|purpose| purpose.status == catalogue::Status::Active)
    };
    let item = |agency: &crate::registry::Agency| AgencyItem {
        id: agency.id.clone(),
        name: words.said(&agency.name),
        contact: words.contact(Some(agency)),
        purposes: registered(&agency.id).iter().filter(|id| is_active(id)).map(title).collect(),
    };
    visit.page(&Agencies { page: visit.layout(), agencies: engines.registry.agencies().map(item).collect() })
}

/// `GET /data-kinds`.
pub(super) async fn data_kinds(visit: Visit) -> HttpResponse {
    let catalogue = visit.state.engines.register.catalogue();
    if visit.wants_json() {
        let kinds = catalogue.fields.values().map(|field| {
            json!({
                "name": field.name,
                "label": field.label,
                "class": field.class,
                "decree": field.decree,
                "source": field.source,
                "about_others": field.about_others,
                "derived": field.derivation.is_some(),
                "never": field.never,
            })
        });
        let sources = catalogue.sources.values().map(|source| {
            json!({
                "id": source.id,
                "name": source.name,
                "holder": source.holder,
                "since": source.since.to_string(),
            })
        });
        let body = json!({
            "data_kinds": kinds.collect::<Vec<_>>(),
            "sources": sources.collect::<Vec<_>>(),
        });
        return visit.public(HttpResponse::Ok()).json(body);
    }
    let lang = visit.lang;
    let of = |source: &catalogue::Source| SourceKinds {
        source: said(lang, &source.name),
        holder: said(lang, &source.holder),
        kinds: catalogue
            .fields
            .values()
            .filter(|field| field.source == source.id && field.never.is_none())
            .map(|field| DataKind {
                name: field.name.clone(),
                label: said(lang, &field.label),
                sensitive: field.is_sensitive(),
                decree: decree(lang, &field.decree),
                about_others: field.about_others,
            })
            .collect(),
    };
    let never = catalogue.fields.values().filter(|field| field.never.is_some());
    let page = DataKinds {
        page: visit.layout(),
        sources: catalogue.sources.values().map(of).filter(|source| !source.kinds.is_empty()).collect(),
        never: never.map(|field| said(lang, &field.label)).collect(),
    };
    visit.answer(visit.page(&page))
}

/// `4(1)(dd)` as the decree writes it, where `dd` stands for đ.
fn decree(lang: Lang, point: &str) -> String {
    text_with(lang, "data-kind-decree", &[("value", Arg::Text(&point.replace("dd", "đ")))])
}
