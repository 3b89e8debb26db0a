//! The citizen's pages: overview, history, one entry with its proof.

use std::time::Duration;

use actix_web::{
    HttpResponse,
    http::header,
    web::{Path, Query},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    consents::state_now,
    error::Failure,
    view::{self, Words, event},
    visit::{Visit, cursor, query},
};
use crate::{
    consent::{self, Consent},
    domain::{
        consent::State,
        record::{Kind, hex},
    },
    history::{self, Access, Detail, Filter, HistoryError, Proven, Reader},
    http::pages::{
        access,
        history::{History, Period, Row},
        me::{Emergency, Me},
        parts::Choice,
        proof::{Facts, Proof},
    },
    ledger::proof::EntryProofError,
};

/// Entries on one page.
const LIMIT: usize = 20;
/// Days the overview counts, and tells of emergency accesses: whoever was unconscious then has had time to come home and
/// look; and as both are read from the same entries, telling costs no query of its own.
pub(super) const DAYS: u32 = 30;
/// Emergency accesses the overview tells of one by one: a stay in hospital may have many.
const EMERGENCIES: usize = 5;
/// Entries the overview shows.
pub(super) const LATEST: usize = 3;

/// The filters of a list.
#[derive(Default, Deserialize)]
pub(super) struct Asked {
    agency: Option<String>,
    period: Option<String>,
    field: Option<String>,
    before: Option<String>,
    pub(super) limit: Option<String>,
}

impl Asked {
    pub(super) fn period(&self) -> Period {
        Period::parse(self.period.as_deref().unwrap_or_default())
    }

    pub(super) fn before(&self) -> Result<Option<i64>, Failure> {
        cursor(self.before.as_deref())
    }

    pub(super) fn filter(&self, visit: &Visit) -> Filter {
        let said = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        Filter {
            agency: said(&self.agency),
            since: self.period().days().map(|days| visit.state.engines.now() - days_long(days)),
            field: said(&self.field),
        }
    }
}

pub(super) fn days_long(days: u32) -> Duration {
    Duration::from_hours(24 * u64::from(days))
}

/// `GET /me`.
pub(super) async fn me(visit: Visit) -> HttpResponse {
    visit.answer(overview(&visit).await)
}

async fn overview(visit: &Visit) -> Result<HttpResponse, Failure> {
    let (engines, reader) = (&visit.state.engines, visit.person()?);
    let summary = history::summary(engines, reader, engines.now() - days_long(DAYS), LATEST).await?;
    let latest = rows(visit, &summary.latest).await?;
    let all = visit.visible(reader, consent::of_subject(engines, reader.subject).await?);
    let stands = |consent: &Consent| state_now(engines, consent);
    let reviews = all.iter().filter(|consent| stands(consent) == State::UnderReview).count() as u64;
    let waiting = all.iter().filter(|consent| stands(consent).is_waiting()).count() as u64;
    let told = summary.emergencies.iter().take(EMERGENCIES);
    let mut emergencies = Vec::new();
    for access in told {
        emergencies.push(emergency(visit, access).await?);
    }
    visit.page(&Me {
        page: visit.layout(),
        more_emergencies: summary.emergencies.len().saturating_sub(EMERGENCIES) as u64,
        emergencies,
        days: DAYS,
        agencies: summary.agencies,
        views: summary.views,
        refusals: summary.refusals,
        waiting,
        reviews,
        latest,
    })
}

/// What she is told of an emergency access: who, when, why.
async fn emergency(visit: &Visit, access: &Access) -> Result<Emergency, Failure> {
    let mut words = Words::new(&visit.state.engines, visit.lang);
    let (purpose, facts) = (words.purpose(access).await?, &access.facts);
    let said = |text: &Option<String>| text.clone().unwrap_or_default();
    Ok(Emergency {
        at: access.at,
        agency: words.agency(facts.agency.as_deref()),
        official: said(&facts.official),
        approver: said(&facts.approver),
        fields: words.fields(access),
        purpose: purpose.as_ref().map_or_else(|| said(&facts.purpose), |texts| words.said(&texts.title)),
        justification: said(&facts.justification),
        href: format!("/me/history/{}", access.id),
    })
}

/// `GET /me/history`.
pub(super) async fn history(visit: Visit, asked: Result<Query<Asked>, actix_web::Error>) -> HttpResponse {
    visit.answer(list(&visit, asked).await)
}

async fn list(visit: &Visit, asked: Result<Query<Asked>, actix_web::Error>) -> Result<HttpResponse, Failure> {
    let (engines, reader) = (&visit.state.engines, visit.person()?);
    let asked = query(asked)?;
    let filter = asked.filter(visit);
    let found = history::page(engines, reader, &filter, asked.before()?, LIMIT).await?;
    let chosen = filter.agency.as_deref();
    let words = Words::new(engines, visit.lang);
    let agencies = engines.registry.agencies().map(|agency| Choice {
        value: agency.id.clone(),
        label: words.said(&agency.name),
        selected: chosen == Some(&*agency.id),
    });
    visit.page(&History {
        page: visit.layout(),
        rows: rows(visit, &found.accesses).await?,
        agencies: agencies.collect(),
        period: asked.period(),
        next: found.next.map(|n| n.to_string()),
    })
}

async fn rows(visit: &Visit, accesses: &[Access]) -> Result<Vec<Row>, Failure> {
    let mut words = Words::new(&visit.state.engines, visit.lang);
    let mut rows = Vec::with_capacity(accesses.len());
    for access in accesses {
        rows.extend(words.row(access, Some(format!("/me/history/{}", access.id))).await?);
    }
    Ok(rows)
}

/// The reader's own entry. An id that is none, one of nobody and one of somebody else are the same: not found (I8).
pub(super) async fn own<'v>(visit: &'v Visit, id: &str) -> Result<(Reader<'v>, Detail), Failure> {
    let reader = visit.person()?;
    let id = Uuid::try_parse(id).map_err(|_| Failure::NotFound)?;
    let detail = history::entry(&visit.state.engines, reader, id).await?.ok_or(Failure::NotFound)?;
    Ok((reader, detail))
}

/// `GET /me/history/{id}`.
pub(super) async fn access(visit: Visit, id: Path<String>) -> HttpResponse {
    visit.answer(detail(&visit, &id).await)
}

async fn detail(visit: &Visit, id: &str) -> Result<HttpResponse, Failure> {
    let engines = &visit.state.engines;
    let (reader, detail) = own(visit, id).await?;
    let access = &detail.access;
    let event = event(access).ok_or(Failure::NotFound)?;
    let mut words = Words::new(engines, visit.lang);
    let purpose = words.purpose(access).await?;
    let facts = &access.facts;
    let said = |text: &Option<String>| text.clone().unwrap_or_default();
    let client = match &facts.client {
        Some(id) => engines.registry.client(id).await?.map_or_else(|| id.clone(), |c| c.name.clone()),
        None => String::new(),
    };
    let listed = facts.purpose.as_deref().filter(|id| engines.register.catalogue().purpose(id).is_some());
    // What somebody who looked gave as reason, and what an official reported, in their own words.
    let stated = matches!(access.kind, Kind::RecordViewed | Kind::EmergencyReported);
    visit.page(&access::Access {
        page: visit.layout(),
        id: access.id.to_string(),
        at: access.at,
        event,
        agency: words.agency(facts.agency.as_deref()),
        client,
        unit: said(&facts.unit),
        official: view::official(access),
        approver: said(&facts.approver),
        fields: words.fields(access),
        missing: words.missing(access),
        purpose: purpose.as_ref().map_or_else(|| said(&facts.purpose), |texts| words.said(&texts.title)),
        purpose_href: listed.map_or_else(String::new, |id| format!("/purposes/{id}")),
        reason: purpose.as_ref().map_or_else(String::new, |texts| words.said(&texts.reason)),
        basis: view::basis(access),
        citations: words.citations(access, purpose.as_ref()),
        case: said(&facts.case),
        justification: if stated { said(&facts.note) } else { said(&facts.justification) },
        rules: words.rules(access, purpose.as_ref()),
        policy_version: said(&facts.bundle),
        retention: match &purpose {
            Some(texts) if access.data_left() => words.said(&texts.retention),
            _ => String::new(),
        },
        repeat: facts.repeat.is_some(),
        times: access.times,
        acting: words.acting(access).await?,
        overridden: words.overridden(access),
        consent_href: facts.consent.as_ref().map_or_else(String::new, |id| format!("/me/consents/{id}")),
        contact: words.contact(engines.registry.agency(facts.agency.as_deref().unwrap_or_default())),
        proof: proof(visit, reader, &detail).await?,
    })
}

async fn proof(visit: &Visit, reader: Reader<'_>, detail: &Detail) -> Result<Proof, Failure> {
    let engines = &visit.state.engines;
    let facts = |leaf_hash: &[u8], size, published_at| Facts {
        leaf_hash: hex(leaf_hash),
        index: detail.access.index,
        size,
        published_at,
        origin: engines.log.verifier().name().to_owned(),
        json_href: format!("/me/history/{}/proof.json", detail.access.id),
        tlog_href: format!("/me/history/{}/proof.tlog", detail.access.id),
    };
    match history::proof(engines, reader, detail).await {
        Ok(None) => Ok(Proof::Waiting),
        Ok(Some(Proven { leaf_hash, size, published_at, .. })) => {
            Ok(Proof::Holds(facts(&leaf_hash, size, published_at)))
        }
        Err(HistoryError::Proof(error)) => {
            let entry = detail.access.id;
            tracing::error!(%entry, error = &error as &dyn std::error::Error, "portal.proof failed");
            Ok(match error {
                EntryProofError::Wrong | EntryProofError::Entry(_) | EntryProofError::Malformed => {
                    Proof::Fails(facts(&[], 0, detail.access.at))
                }
                // The published files cannot be read now: nothing is known against the entry.
                EntryProofError::NotYetPublished | EntryProofError::Publish(_) | EntryProofError::Tree(_) => {
                    Proof::Waiting
                }
            })
        }
        Err(error) => Err(error.into()),
    }
}

/// The proof to take away; until a checkpoint covers the entry there is none.
pub(super) async fn proven(visit: &Visit, id: &str) -> Result<Proven, Failure> {
    let (reader, detail) = own(visit, id).await?;
    let proof = history::proof(&visit.state.engines, reader, &detail).await?;
    proof.ok_or(Failure::NotYetPublished)
}

/// `GET /me/history/{id}/proof.json`.
pub(super) async fn proof_json(visit: Visit, id: Path<String>) -> HttpResponse {
    let file = proven(&visit, &id).await.map(|proven| {
        let mut response = visit.personal(HttpResponse::Ok());
        response.insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"proof.json\""));
        response.json(proven.file)
    });
    visit.answer(file)
}

/// `GET /me/history/{id}/proof.tlog` (c2sp.org/tlog-proof).
pub(super) async fn proof_tlog(visit: Visit, id: Path<String>) -> HttpResponse {
    let file = proven(&visit, &id).await.map(|proven| {
        let mut response = visit.personal(HttpResponse::Ok());
        response.insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"proof.tlog\""));
        response.content_type("text/plain; charset=utf-8").body(proven.file.tlog_proof)
    });
    visit.answer(file)
}
