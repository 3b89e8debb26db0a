//! An official's own emergency accesses: which she asked for or approved, what each still owes, and the report
//! (Law 91/2025/QH15, Article 19(1)(a), (b)).
//!
//! INVARIANT: the official comes from the session, never from the request; another one's access is as absent as none.
//! Out of scope by design: opening and approving. The agency's software sends both sign-ins with the token request
//! (`actor_token`, `approver_token`), each fresh and for this one access; a button here would be a second, weaker way.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Form, FormConfig, Path},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    error::Failure,
    view::{Words, shortened},
    visit::{Visit, form},
};
use crate::{
    history::purpose_of,
    http::pages::emergencies::{Emergencies, Emergency, REPORT_MIN, ReportProblem},
    people::{self, Looking, Owed},
    protocol::rar::TextFault,
    store::officials::Official,
};

/// The form of a report.
#[derive(Deserialize)]
pub(super) struct Report {
    csrf: String,
    text: String,
}

/// The longest report is 2,000 characters: of Vietnamese, in a form, up to nine bytes each.
pub(super) fn form_size() -> FormConfig {
    FormConfig::default().limit(32 * 1024)
}

/// `GET /official/emergencies`.
pub(super) async fn show(visit: Visit) -> HttpResponse {
    let shown = list(&visit, Outcome::Nothing).await;
    visit.answer(shown)
}

/// What came of the report just sent.
enum Outcome {
    Nothing,
    /// Too late: both officials are suspended by now, and this page is the last of the session.
    Late,
    /// Not taken.
    Refused(Uuid, ReportProblem, String),
}

/// The registered official of the session.
async fn official(visit: &Visit) -> Result<Official, Failure> {
    let (_, agency, code) = visit.official()?;
    visit.state.engines.store.official(agency, code).await?.ok_or(Failure::WrongRole)
}

async fn list(visit: &Visit, outcome: Outcome) -> Result<HttpResponse, Failure> {
    let (engines, official) = (&visit.state.engines, official(visit).await?);
    let (session, ..) = visit.official()?;
    let by = Looking { official: &official, session: &session.id, assurance: session.assurance };
    let words = Words::new(engines, visit.lang);
    let mut rows = Vec::new();
    for owed in people::emergencies(engines, by).await? {
        rows.push(row(&words, owed).await?);
    }
    // What is due first stands first; what was reported, the newest first.
    rows.sort_by_key(|row| match &row.report {
        None => (false, row.due.0),
        Some((at, _)) => (true, at.0.saturating_neg()),
    });
    let status = match outcome {
        Outcome::Refused(..) => StatusCode::UNPROCESSABLE_ENTITY,
        Outcome::Nothing | Outcome::Late => StatusCode::OK,
    };
    let late = matches!(outcome, Outcome::Late);
    let problem = match outcome {
        Outcome::Refused(id, problem, text) => Some((id.to_string(), problem, text)),
        Outcome::Nothing | Outcome::Late => None,
    };
    let mut page = visit.layout();
    "/official/emergencies".clone_into(&mut page.url);
    let agency = words.agency(Some(&official.agency));
    visit.html(status, &Emergencies { page, agency, rows, late, problem })
}

async fn row(words: &Words<'_>, owed: Owed) -> Result<Emergency, Failure> {
    let said = owed.said;
    let texts = purpose_of(words.engines, &said.purpose, Some(&said.purpose_version)).await?;
    Ok(Emergency {
        id: owed.token.to_string(),
        at: owed.at,
        due: owed.due,
        purpose: texts.map_or(said.purpose, |texts| words.said(&texts.title)),
        person: shortened(&owed.handle),
        case: said.case.unwrap_or_default(),
        justification: said.justification,
        official: said.official,
        approver: said.approver,
        overdue: owed.overdue_at.is_some() || (owed.reported.is_none() && owed.due <= words.engines.now()),
        report: owed.reported,
    })
}

/// `POST /official/emergencies/{id}/report`.
pub(super) async fn report(
    visit: Visit,
    id: Path<String>,
    sent: Result<Form<Report>, actix_web::Error>,
) -> HttpResponse {
    let reported = take(&visit, &id, sent).await;
    visit.answer(reported)
}

async fn take(
    visit: &Visit,
    id: &str,
    sent: Result<Form<Report>, actix_web::Error>,
) -> Result<HttpResponse, Failure> {
    let (engines, official) = (&visit.state.engines, official(visit).await?);
    let sent = form(sent)?;
    visit.check_form(&sent.csrf)?;
    let id = Uuid::try_parse(id).map_err(|_| Failure::NotFound)?;
    match people::report(engines, official.id, id, &sent.text).await {
        Ok(_) => {}
        Err(people::Error::Text(fault)) => {
            let short =
                sent.text.split_whitespace().collect::<Vec<_>>().join(" ").chars().count() < REPORT_MIN;
            let problem = match fault {
                TextFault::Length if short => ReportProblem::TooShort,
                TextFault::Length => ReportProblem::TooLong,
                TextFault::Control | TextFault::Invisible | TextFault::Url | TextFault::IdentityNumber => {
                    ReportProblem::NotPlain
                }
            };
            return list(visit, Outcome::Refused(id, problem, sent.text)).await;
        }
        Err(error) => return Err(error.into()),
    }
    // Read anew: a late report suspended her, and the next request finds no session to say so in.
    let suspended = engines.store.official(&official.agency, &official.code).await?;
    if suspended.is_none_or(|official| official.suspended_at.is_some()) {
        return list(visit, Outcome::Late).await;
    }
    Ok(visit.redirect("/official/emergencies"))
}
