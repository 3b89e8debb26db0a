//! The compliance officer's pages: why, then what the own agency did, as a table and as CSV.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    web::{Form, Query},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    csv as table,
    error::Failure,
    view::{self, Words, shortened},
    visit::{Visit, cursor, form, query},
};
use crate::{
    domain::record::Kind,
    history::{self, AgencyAccess, AgencyFilter, AgencyPage, HistoryError, Look},
    http::pages::{
        compliance::{
            ComplianceAsk, ComplianceEntries, ComplianceRow, Filters, REASON_MIN, ReasonProblem, ResultFilter,
        },
        parts::Choice,
    },
    i18n::day_start,
    protocol::rar::TextFault,
};

/// Entries on one page.
const LIMIT: usize = 50;
/// Entries in one file.
const CSV_LIMIT: usize = 2_000;

/// The form that says why.
#[derive(Deserialize)]
pub(super) struct Why {
    csrf: String,
    idempotency_key: String,
    reason: String,
}

/// A look and its filters.
#[derive(Default, Deserialize)]
pub(super) struct Asked {
    look: Option<String>,
    from: Option<String>,
    to: Option<String>,
    purpose: Option<String>,
    official: Option<String>,
    result: Option<String>,
    before: Option<String>,
}

/// `GET /compliance`.
pub(super) async fn ask(visit: Visit) -> HttpResponse {
    let page = visit.officer().and_then(|_| asked(&visit, String::new(), None));
    visit.answer(page)
}

fn asked(visit: &Visit, reason: String, problem: Option<ReasonProblem>) -> Result<HttpResponse, Failure> {
    let (session, officer) = visit.officer()?;
    let page = ComplianceAsk {
        page: visit.layout(),
        agency: Words::new(&visit.state.engines, visit.lang).agency(Some(&officer.agency)),
        csrf: session.csrf.clone(),
        idempotency_key: visit.state.engines.random.token(),
        reason,
        problem,
    };
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    visit.html(status, &page)
}

/// `POST /compliance`: the reason, recorded before anything is shown.
pub(super) async fn state_reason(visit: Visit, why: Result<Form<Why>, actix_web::Error>) -> HttpResponse {
    let begun = begin(&visit, why).await;
    visit.answer(begun)
}

async fn begin(visit: &Visit, why: Result<Form<Why>, actix_web::Error>) -> Result<HttpResponse, Failure> {
    let (session, officer) = visit.officer()?;
    let why = form(why)?;
    visit.check_form(&why.csrf)?;
    let engines = &visit.state.engines;
    match history::begin_look(engines, &officer, &session.id, &why.reason, &why.idempotency_key).await {
        Ok(look) => Ok(visit.redirect(&format!("/compliance/entries?look={look}"))),
        Err(HistoryError::Reason(fault)) => {
            let short = why.reason.trim().chars().count() < REASON_MIN;
            let problem = match fault {
                TextFault::Length if short => ReasonProblem::TooShort,
                TextFault::Length => ReasonProblem::TooLong,
                TextFault::Control | TextFault::Invisible | TextFault::Url | TextFault::IdentityNumber => {
                    ReasonProblem::NotPlain
                }
            };
            asked(visit, why.reason, Some(problem))
        }
        Err(error) => Err(error.into()),
    }
}

impl Asked {
    fn result(&self) -> ResultFilter {
        ResultFilter::parse(self.result.as_deref().unwrap_or_default())
    }

    fn filter(&self) -> Result<AgencyFilter, Failure> {
        let said = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let day = |text: &Option<String>, later| match said(text) {
            Some(day) => day_start(&day, later).map(Some).ok_or(Failure::Malformed),
            None => Ok(None),
        };
        Ok(AgencyFilter {
            from: day(&self.from, 0)?,
            // The last day is meant whole.
            to: day(&self.to, 1)?,
            purpose: said(&self.purpose),
            official: said(&self.official),
            kinds: match self.result() {
                ResultFilter::All => Vec::new(),
                ResultFilter::Allowed => vec![Kind::TokenIssued],
                ResultFilter::Released => vec![Kind::DataReleased],
                ResultFilter::Refused => vec![Kind::TokenRefused, Kind::DataRefused],
            },
        })
    }

    /// The same list elsewhere: its address with the filters, from `before` on.
    fn address(&self, path: &str, before: Option<i64>) -> String {
        let mut address = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("look", &self.look),
            ("from", &self.from),
            ("to", &self.to),
            ("purpose", &self.purpose),
            ("official", &self.official),
            ("result", &self.result),
        ] {
            if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
                address.append_pair(name, value);
            }
        }
        if let Some(before) = before {
            address.append_pair("before", &before.to_string());
        }
        format!("{path}?{}", address.finish())
    }
}

/// What a look shows; `None` when there is no such look of this officer, or its time is over.
async fn found(visit: &Visit, asked: &Asked, limit: usize) -> Result<Option<(Look, AgencyPage)>, Failure> {
    let (_, officer) = visit.officer()?;
    let engines = &visit.state.engines;
    let id = asked.look.as_deref().and_then(|id| Uuid::try_parse(id).ok());
    let look = match id {
        Some(id) => history::look(engines, &officer, id).await?,
        None => None,
    };
    let Some(look) = look else { return Ok(None) };
    let (filter, before) = (asked.filter()?, cursor(asked.before.as_deref())?);
    let page = history::entries(engines, &officer, &look, &filter, before, limit).await?;
    Ok(Some((look, page)))
}

/// `GET /compliance/entries`.
pub(super) async fn entries(visit: Visit, asked: Result<Query<Asked>, actix_web::Error>) -> HttpResponse {
    let listed = list(&visit, asked).await;
    visit.answer(listed)
}

async fn list(visit: &Visit, asked: Result<Query<Asked>, actix_web::Error>) -> Result<HttpResponse, Failure> {
    let (_, officer) = visit.officer()?;
    let asked = query(asked)?;
    let Some((look, page)) = found(visit, &asked, LIMIT).await? else {
        return Ok(visit.redirect("/compliance"));
    };
    let mut words = Words::new(&visit.state.engines, visit.lang);
    let mut rows = Vec::new();
    for entry in &page.accesses {
        rows.extend(row(&mut words, entry).await?);
    }
    let chosen = asked.purpose.as_deref().unwrap_or_default();
    let purposes = visit.state.engines.register.catalogue().purposes.values().map(|purpose| Choice {
        value: purpose.id.clone(),
        label: words.said(&purpose.title),
        selected: purpose.id == chosen,
    });
    visit.page(&ComplianceEntries {
        page: visit.layout(),
        agency: words.agency(Some(&officer.agency)),
        reason: look.reason,
        look: look.id.to_string(),
        look_until: look.until,
        filters: Filters {
            from: asked.from.clone().unwrap_or_default(),
            to: asked.to.clone().unwrap_or_default(),
            purposes: purposes.collect(),
            official: asked.official.clone().unwrap_or_default(),
            result: asked.result(),
        },
        rows,
        csv_href: asked.address("/compliance/entries.csv", None),
        next_href: page.next.map(|next| asked.address("/compliance/entries", Some(next))),
    })
}

async fn row(words: &mut Words<'_>, entry: &AgencyAccess) -> Result<Option<ComplianceRow>, Failure> {
    let access = &entry.access;
    let row = words.row(access, None).await?;
    Ok(row.map(|row| ComplianceRow {
        row,
        official: view::official(access),
        unit: access.facts.unit.clone().unwrap_or_default(),
        person: shortened(&entry.handle),
        case: access.facts.case.clone().unwrap_or_default(),
        id: access.id.to_string(),
    }))
}

/// `GET /compliance/entries.csv`.
pub(super) async fn csv(visit: Visit, asked: Result<Query<Asked>, actix_web::Error>) -> HttpResponse {
    let file = file(&visit, asked).await;
    visit.answer(file)
}

async fn file(visit: &Visit, asked: Result<Query<Asked>, actix_web::Error>) -> Result<HttpResponse, Failure> {
    visit.officer()?;
    let asked = query(asked)?;
    let Some((_, page)) = found(visit, &asked, CSV_LIMIT).await? else {
        return Ok(visit.redirect("/compliance"));
    };
    let mut words = Words::new(&visit.state.engines, visit.lang);
    let bytes = table::written(&mut words, &visit.layout(), &page).await?;
    let mut response = visit.personal(HttpResponse::Ok());
    response.insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"entries.csv\""));
    Ok(response.content_type("text/csv; charset=utf-8").body(bytes))
}
