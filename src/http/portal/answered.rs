//! After an answer: what was recorded, what ended with it, and the way back to the agency for the browser it sent here.
//!
//! Whoever answered elsewhere is told where it goes on; the browser that was sent here can go back as soon as nothing is
//! left to answer, whoever said the last word on which device. Out of scope: which browser that is ([`oauth::onward`]).

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    web::{Form, Path},
};
use serde::Deserialize;

use super::{
    asked::{back, earlier, onward},
    consents::{Own, own, state_now, titled},
    error::Failure,
    view::Words,
    visit::{Visit, form},
};
use crate::{
    consent::{self, Consent},
    domain::consent::{Act, Capacity, State},
    http::pages::{
        consent::{
            done::{Answer, RequestDone},
            request::Earlier,
        },
        parts::Field,
    },
    oauth::{self, Onward, grants},
};

/// `GET /requests/{id}/done`: what was recorded, for as long as it is what stands.
pub(super) async fn done(visit: Visit, id: Path<String>) -> HttpResponse {
    let shown = recorded(&visit, &id).await;
    visit.answer(shown)
}

async fn recorded(visit: &Visit, id: &str) -> Result<HttpResponse, Failure> {
    let engines = &visit.state.engines;
    let Own { consent, .. } = own(visit, id).await?;
    let events = consent::events(engines, &consent).await?;
    let last = events.last().ok_or(consent::Error::Inconsistent("consent event"))?;
    let is_own = visit.person()?.mandate.is_none();
    let by_other = is_own != (last.event.by.capacity == Capacity::Own);
    let onward = onward(visit, &consent).await?;
    let answer = match consent.state {
        State::Given if last.act == Act::Give => Answer::Given,
        State::HalfGiven if !by_other => Answer::HalfGiven,
        State::Refused => Answer::Refused,
        State::Deferred => Answer::Deferred,
        State::Requested | State::HalfGiven => {
            return Ok(visit.redirect(&format!("/requests/{}", consent.row.id)));
        }
        _ if onward == Onward::Ready => Answer::Over(state_now(engines, &consent)),
        _ => return Ok(visit.redirect(&format!("/me/consents/{}", consent.row.id))),
    };
    let mut words = Words::new(engines, visit.lang);
    let is_given = answer == Answer::Given;
    let these = |granted: bool| -> Vec<Field> {
        let items = consent.record.items.iter().filter(|item| is_given && item.granted == Some(granted));
        items.map(|item| words.item(item)).collect()
    };
    let (granted, refused) = (these(true), these(false));
    let (ended, joined) = if is_given { changed(visit, &consent).await? } else { (Vec::new(), Vec::new()) };
    let id = consent.row.id.to_string();
    let page = RequestDone {
        page: visit.layout(),
        agency: words.agency(Some(&consent.record.agency)),
        purpose: titled(&mut words, &consent).await?.title,
        answer,
        at: last.at,
        granted,
        refused,
        receipt: match answer {
            Answer::Given | Answer::HalfGiven | Answer::Refused => id.clone(),
            Answer::Deferred | Answer::Over(_) => String::new(),
        },
        id,
        by_other,
        ended,
        joined,
        onward,
    };
    visit.leading_to(StatusCode::OK, &page, &back(visit, &consent).await?)
}

/// The older consents that ended with this one, and those it has joined, as far as they are there for the reader.
async fn changed(visit: &Visit, consent: &Consent) -> Result<(Vec<Earlier>, Vec<Earlier>), Failure> {
    let Some(mut older) = grants::older(&visit.state.engines, consent).await? else {
        return Ok((Vec::new(), Vec::new()));
    };
    let reader = visit.person()?;
    older.consents.retain(|(one, _)| visit.sees(reader, one));
    let links = earlier(visit, visit.lang, &older.consents).await?;
    Ok(if older.ends { (links, Vec::new()) } else { (Vec::new(), links) })
}

/// The form of the button.
#[derive(Deserialize)]
pub(super) struct Button {
    csrf: String,
}

/// `POST /requests/{id}/onward`: the browser that was sent here goes back.
pub(super) async fn go_on(
    visit: Visit,
    id: Path<String>,
    pressed: Result<Form<Button>, actix_web::Error>,
) -> HttpResponse {
    let gone = went(&visit, &id, pressed).await;
    visit.answer(gone)
}

async fn went(
    visit: &Visit,
    id: &str,
    pressed: Result<Form<Button>, actix_web::Error>,
) -> Result<HttpResponse, Failure> {
    let Own { consent, .. } = own(visit, id).await?;
    visit.check_form(&form(pressed)?.csrf)?;
    // Who may only look at another person's requests finishes nothing for her.
    visit.actor(&consent)?;
    let to = oauth::go_on(&visit.state.engines, &consent, visit.arrival.as_deref()).await?;
    Ok(match to {
        // RFC 9700 §4.12: 303, so that no browser sends the form on.
        Some(to) => visit.personal(HttpResponse::SeeOther()).insert_header((header::LOCATION, to)).finish(),
        None => visit.redirect(&format!("/requests/{}/done", consent.row.id)),
    })
}
