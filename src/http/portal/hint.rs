//! `POST /me/agencies/{id}/hint`: a person makes a code that lets one agency ask her, once, without her number.
//!
//! The code is shown on this one answer and kept as a digest; a page loaded again makes another in its place. Out of scope:
//! what it is and what asking with it does (`oauth`).

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Form, Path},
};
use serde::Deserialize;

use super::{
    error::Failure,
    view::Words,
    visit::{Visit, form},
};
use crate::{domain::standing::What, http::pages::consent::hint::Hint, oauth, standing};

/// The form of the button.
#[derive(Deserialize)]
pub(super) struct Button {
    csrf: String,
}

/// `POST /me/agencies/{id}/hint`.
pub(super) async fn make(
    visit: Visit,
    id: Path<String>,
    pressed: Result<Form<Button>, actix_web::Error>,
) -> HttpResponse {
    let made = made(&visit, &id, pressed).await;
    visit.answer(made)
}

async fn made(
    visit: &Visit,
    id: &str,
    pressed: Result<Form<Button>, actix_web::Error>,
) -> Result<HttpResponse, Failure> {
    let (engines, reader) = (&visit.state.engines, visit.citizen()?);
    visit.check_form(&form(pressed)?.csrf)?;
    let agency = engines.registry.agency(id).ok_or(Failure::NotFound)?;
    // A code that could lead to no question would mislead her and whoever she gives it to.
    let never = What::NeverAgency(agency.id.clone());
    let rules = standing::load(engines, reader.subject).await?;
    let ruled_out = rules.choices.iter().any(|choice| choice.what == never);
    let (status, made) = if ruled_out {
        (StatusCode::CONFLICT, None)
    } else {
        (StatusCode::OK, Some(oauth::hint_code(engines, reader.subject, &agency.id).await?))
    };
    let mut page = visit.layout();
    // The code is not in the address: in the other language she makes another one.
    page.url = format!("/me/agencies/{}", agency.id);
    let agency_name = Words::new(engines, visit.lang).said(&agency.name);
    let code = made.map(|made| (made.code, made.until));
    visit.html(status, &Hint { page, id: agency.id.clone(), agency: agency_name, code })
}
