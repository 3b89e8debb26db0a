//! A person takes a consent back, stops it for a while, lets it go on; or stops an agency altogether.
//!
//! Taking back asks for no stronger sign-in and takes no more steps than giving (Law 91/2025/QH15, Article 10). Out of
//! scope: what ends with it ([`consent::end`]), and what waits for the word of one who has come of age
//! ([`super::review`]).

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Form, Path},
};
use serde::Deserialize;

use super::{
    asked::step_up,
    consents::{Own, of_agency, own},
    error::Failure,
    view::Words,
    visit::{Visit, form},
};
use crate::{
    consent::{self, Consent},
    domain::{
        calendar::Deadline,
        consent::{Act, State},
    },
    engines::Engines,
    http::pages::consent::{agency::Stopped, done::WithdrawDone, withdraw::Withdraw},
    people, standing,
    time::Millis,
};

/// The form of a button.
#[derive(Deserialize)]
pub(super) struct Button {
    csrf: String,
    revision: i64,
}

/// The form of the button that stops an agency.
#[derive(Deserialize)]
pub(super) struct Stop {
    csrf: String,
}

type Pressed = Result<Form<Button>, actix_web::Error>;

/// The last instant of a deadline's last day, which is the day pages name.
fn last(deadline: Deadline) -> Millis {
    Millis(deadline.ends.0.saturating_sub(1))
}

/// By when the agency must answer, and have stopped, if a consent is taken back at `from`.
fn deadlines(engines: &Engines, consent: &Consent, from: Millis) -> (Millis, Millis) {
    let calendar = &engines.calendar;
    (last(calendar.reply_by(from)), last(calendar.stop_by(from, consent.record.has_processors())))
}

/// `GET /me/consents/{id}/withdraw`.
pub(super) async fn review(visit: Visit, id: Path<String>) -> HttpResponse {
    let shown = before(&visit, &id).await;
    visit.answer(shown)
}

async fn before(visit: &Visit, id: &str) -> Result<HttpResponse, Failure> {
    let engines = &visit.state.engines;
    let Own { consent, .. } = own(visit, id).await?;
    if !consent.state.is_standing() {
        return Ok(visit.redirect(&format!("/me/consents/{}", consent.row.id)));
    }
    visit.actor(&consent)?;
    let (reply_by, stop_by) = deadlines(engines, &consent, engines.now());
    let mut words = Words::new(engines, visit.lang);
    visit.page(&Withdraw {
        page: visit.layout(),
        id: consent.row.id.to_string(),
        revision: consent.row.revision,
        agency: words.agency(Some(&consent.record.agency)),
        purpose: super::consents::titled(&mut words, &consent).await?.title,
        reply_by,
        stop_by,
    })
}

/// `POST /me/consents/{id}/withdraw`.
pub(super) async fn withdraw(visit: Visit, id: Path<String>, pressed: Pressed) -> HttpResponse {
    let done = press(&visit, &id, pressed, Act::Withdraw).await;
    visit.answer(done)
}

/// `POST /me/consents/{id}/pause`.
pub(super) async fn pause(visit: Visit, id: Path<String>, pressed: Pressed) -> HttpResponse {
    let done = press(&visit, &id, pressed, Act::Pause).await;
    visit.answer(done)
}

/// `POST /me/consents/{id}/resume`.
pub(super) async fn resume(visit: Visit, id: Path<String>, pressed: Pressed) -> HttpResponse {
    let done = press(&visit, &id, pressed, Act::Resume).await;
    visit.answer(done)
}

async fn press(visit: &Visit, id: &str, pressed: Pressed, act: Act) -> Result<HttpResponse, Failure> {
    let engines = &visit.state.engines;
    let Own { session, consent } = own(visit, id).await?;
    let pressed = form(pressed)?;
    visit.check_form(&pressed.csrf)?;
    let by = visit.actor(&consent)?;
    if pressed.revision != consent.row.revision {
        return Err(consent::Error::Stale.into());
    }
    let page = format!("/me/consents/{}", consent.row.id);
    // What lets data flow again is as good as a yes.
    let needed = consent.assurance(engines);
    if act == Act::Resume && session.assurance < needed {
        return step_up(visit, &consent, needed, &page, StatusCode::FORBIDDEN).await;
    }
    if act == Act::Resume {
        people::may_go_on(engines, &consent, &by).await?;
    }
    consent::end(engines, &consent, act, by, None).await?;
    Ok(visit.redirect(&if act == Act::Withdraw { format!("{page}/withdrawn") } else { page }))
}

/// Takes a consent back for the one who is signed in, whatever its revision.
pub(super) async fn take_back(visit: &Visit, own: &Own<'_>) -> Result<Consent, Failure> {
    let by = visit.actor(&own.consent)?;
    Ok(consent::end(&visit.state.engines, &own.consent, Act::Withdraw, by, None).await?)
}

/// `GET /me/consents/{id}/withdrawn`.
pub(super) async fn withdrawn(visit: Visit, id: Path<String>) -> HttpResponse {
    let shown = after(&visit, &id).await;
    visit.answer(shown)
}

async fn after(visit: &Visit, id: &str) -> Result<HttpResponse, Failure> {
    let engines = &visit.state.engines;
    let Own { consent, .. } = own(visit, id).await?;
    let events = consent::events(engines, &consent).await?;
    let Some(at) = events.iter().find(|event| event.act == Act::Withdraw).map(|event| event.at) else {
        return Ok(visit.redirect(&format!("/me/consents/{}", consent.row.id)));
    };
    let (reply_by, stop_by) = deadlines(engines, &consent, at);
    let id = consent.row.id.to_string();
    visit.page(&WithdrawDone {
        page: visit.layout(),
        agency: Words::new(engines, visit.lang).agency(Some(&consent.record.agency)),
        at,
        reply_by,
        stop_by,
        receipt: id.clone(),
        id,
    })
}

/// `POST /me/agencies/{id}/stop`: everything that stands or waits, one after the other.
pub(super) async fn stop(
    visit: Visit,
    id: Path<String>,
    pressed: Result<Form<Stop>, actix_web::Error>,
) -> HttpResponse {
    let stopped = stop_all(&visit, &id, pressed).await;
    visit.answer(stopped)
}

async fn stop_all(
    visit: &Visit,
    agency: &str,
    pressed: Result<Form<Stop>, actix_web::Error>,
) -> Result<HttpResponse, Failure> {
    let (engines, reader) = (&visit.state.engines, visit.person()?);
    visit.check_form(&form(pressed)?.csrf)?;
    if engines.registry.agency(agency).is_none() {
        return Err(Failure::NotFound);
    }
    if reader.mandate.is_none() {
        // Her word first: nothing new begins while what stands is being ended. To rule an agency out for ever is hers
        // alone.
        let (_, session) = visit.signed_in()?;
        standing::never_agency(engines, reader.subject, &session.herself(), agency).await?;
    }
    let mut stopped = Stopped::default();
    for consent in visit.visible(reader, consent::of_subject(engines, reader.subject).await?) {
        if consent.record.agency != agency || consent.state.is_over() {
            continue;
        }
        let by = visit.actor(&consent)?;
        match consent::stop(engines, consent, &by, "agency_stopped").await? {
            Some(State::Refused) => stopped.requests += 1,
            Some(_) => stopped.consents += 1,
            None => {}
        }
    }
    of_agency(visit, agency, Some(stopped)).await
}
