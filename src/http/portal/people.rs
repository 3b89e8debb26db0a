//! `/me/people`: for whom a person acts and who acts for her; switching, giving up, naming somebody; and the list as JSON.
//!
//! Everything here is about the one who signed in, whomever she acts for. Switching is for sessions with a browser only:
//! programs read under what the session has chosen. Out of scope: who may act ([`people`]) and what it reaches to.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Form, Path},
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    error::Failure,
    person::Acting as Now,
    view::said,
    visit::{Visit, form},
};
use crate::{
    domain::{representation::Scope, subject::NationalId},
    http::pages::{
        parts::Choice,
        people::{People, PeopleProblem, Person, Scope as Reach},
    },
    i18n::{day_start, iso_date, masked_national_id},
    login::{ReturnTo, session},
    people::{self, Acting, Ending, Naming},
    time::Millis,
};

const DAY: i64 = 86_400_000;
/// How long somebody can be named for at most.
const LONGEST_DAYS: i64 = 365;
/// What a representation says of its evidence when the person herself, signed in, is all there is.
const NAMED_HERE: &str = "Tự nhờ trên trang này (named in the portal)";

/// A form that only presses a button.
#[derive(Deserialize)]
pub(super) struct Pressed {
    csrf: String,
    return_to: Option<String>,
}

/// The form that names somebody.
#[derive(Deserialize)]
pub(super) struct New {
    csrf: String,
    idempotency_key: String,
    national_id: String,
    scope: Option<String>,
    purpose: Option<String>,
    until: Option<String>,
}

/// `GET /me/people`.
pub(super) async fn show(visit: Visit) -> HttpResponse {
    let shown = page(&visit, None).await;
    visit.answer(shown)
}

async fn page(visit: &Visit, problem: Option<PeopleProblem>) -> Result<HttpResponse, Failure> {
    let engines = &visit.state.engines;
    let (own, _) = visit.signed_in()?;
    let now = engines.now();
    let i_act_for = standing(people::acting(engines, own).await?, now);
    let act_for_me = standing(people::representatives(engines, own).await?, now);
    let purposes = engines.register.catalogue().purposes.values().filter(|purpose| purpose.is_active());
    let page = People {
        page: visit.layout(),
        i_act_for: i_act_for.iter().map(|acting| Person { can_end: true, ..person(visit, acting) }).collect(),
        act_for_me: act_for_me.iter().map(|acting| person(visit, acting)).collect(),
        purposes: purposes
            .map(|purpose| Choice {
                value: purpose.id.clone(),
                label: said(visit.lang, &purpose.title),
                selected: false,
            })
            .collect(),
        earliest: iso_date(Millis(now.0.saturating_add(DAY))),
        latest: iso_date(Millis(now.0.saturating_add(LONGEST_DAYS * DAY))),
        idempotency_key: engines.random.token(),
        problem,
    };
    visit.html(if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }, &page)
}

/// Those that count or will; what is over stands in the history.
fn standing(mut all: Vec<Acting>, now: Millis) -> Vec<Acting> {
    all.retain(|acting| acting.ended_at.is_none() && !acting.representation.is_over(now));
    all
}

fn person(visit: &Visit, acting: &Acting) -> Person {
    let registered = &acting.representation;
    let catalogue = visit.state.engines.register.catalogue();
    let title = |id: &String| {
        catalogue.purpose(id).map_or_else(|| id.clone(), |purpose| said(visit.lang, &purpose.title))
    };
    Person {
        id: registered.id.to_string(),
        who: masked_national_id(&acting.other_ends_with),
        capacity: registered.ground.capacity(),
        scope: Reach {
            answers: registered.scope.answer,
            purposes: registered.scope.purposes.iter().flatten().map(title).collect(),
        },
        from: Millis(registered.from),
        until: registered.until.map(|until| Millis(until.saturating_sub(1))),
        joint_from: registered.child.map(|child| Millis(child.joint_from)),
        hands_over_at: registered.child.map(|child| Millis(child.hands_over_at)),
        can_act: acting.live,
        // What the law or a court decided is not the represented person's to end here.
        can_end: !registered.ground.is_legal(),
    }
}

/// `POST /me/people/{id}/act`: from now on this session acts under that representation.
pub(super) async fn act(
    visit: Visit,
    id: Path<String>,
    pressed: Result<Form<Pressed>, actix_web::Error>,
) -> HttpResponse {
    let switched = switch(&visit, &id, pressed).await;
    visit.answer(switched)
}

async fn switch(
    visit: &Visit,
    id: &str,
    pressed: Result<Form<Pressed>, actix_web::Error>,
) -> Result<HttpResponse, Failure> {
    let (own, session) = visit.signed_in()?;
    let pressed = form(pressed)?;
    visit.check_form(&pressed.csrf)?;
    let back = ReturnTo::parse(pressed.return_to.as_deref().unwrap_or("/me"))?;
    let id = Uuid::try_parse(id).map_err(|_| Failure::NotFound)?;
    // Recorded in the other person's history before the session can show anything of hers.
    people::enter(&visit.state.engines, own, id, &session.id).await?;
    session::act(&visit.state.engines, session, Some(id)).await?;
    Ok(visit.redirect(back.as_str()))
}

/// `POST /me/people/self`: for herself again, also after what she acted under has ended.
pub(super) async fn stop(visit: Visit, pressed: Result<Form<Pressed>, actix_web::Error>) -> HttpResponse {
    let stopped = myself(&visit, pressed).await;
    visit.answer(stopped)
}

async fn myself(
    visit: &Visit,
    pressed: Result<Form<Pressed>, actix_web::Error>,
) -> Result<HttpResponse, Failure> {
    let (_, session) = visit.signed_in()?;
    let pressed = form(pressed)?;
    visit.check_form(&pressed.csrf)?;
    let back = ReturnTo::parse(pressed.return_to.as_deref().unwrap_or("/me/people"))?;
    session::act(&visit.state.engines, session, None).await?;
    Ok(visit.redirect(back.as_str()))
}

/// `POST /me/people/{id}/end`: whoever acts gives it up, and whom a person named herself, she dismisses.
pub(super) async fn end(
    visit: Visit,
    id: Path<String>,
    pressed: Result<Form<Pressed>, actix_web::Error>,
) -> HttpResponse {
    let ended = ended(&visit, &id, pressed).await;
    visit.answer(ended)
}

async fn ended(
    visit: &Visit,
    id: &str,
    pressed: Result<Form<Pressed>, actix_web::Error>,
) -> Result<HttpResponse, Failure> {
    let engines = &visit.state.engines;
    let (own, session) = visit.signed_in()?;
    visit.check_form(&form(pressed)?.csrf)?;
    let id = Uuid::try_parse(id).map_err(|_| Failure::NotFound)?;
    match people::end(engines, id, Ending::Party(own)).await {
        // Pressed twice, or by both at once: it is over.
        Ok(_) | Err(people::Error::Already(_)) => {}
        Err(error) => return Err(error.into()),
    }
    // She knows: nothing needs to tell her.
    if session.acting == Some(id) {
        session::act(engines, session, None).await?;
    }
    Ok(visit.redirect("/me/people"))
}

/// `POST /me/people`.
pub(super) async fn name(visit: Visit, new: Result<Form<New>, actix_web::Error>) -> HttpResponse {
    let named = named(&visit, new).await;
    visit.answer(named)
}

async fn named(visit: &Visit, new: Result<Form<New>, actix_web::Error>) -> Result<HttpResponse, Failure> {
    let engines = &visit.state.engines;
    let own = visit.citizen()?.subject;
    let new = form(new)?;
    visit.check_form(&new.csrf)?;
    let read = new.read(visit)?;
    let (representative, scope, until) = match read {
        Ok(read) => read,
        Err(problem) => return page(visit, Some(problem)).await,
    };
    if engines.vault.citizen(&representative).await?.id() == own.id() {
        return page(visit, Some(PeopleProblem::Oneself)).await;
    }
    let key = new.idempotency_key.as_bytes();
    let naming = Naming { representative: &representative, scope, until, reference: NAMED_HERE, key };
    match people::authorise(engines, own, naming).await {
        Ok(_) | Err(people::Error::Already(_)) => Ok(visit.redirect("/me/people")),
        Err(people::Error::Represented) => page(visit, Some(PeopleProblem::Represented)).await,
        Err(error) => Err(error.into()),
    }
}

impl New {
    /// What was filled in, or what was wrong with it.
    fn read(&self, visit: &Visit) -> Result<Result<(NationalId, Scope, Millis), PeopleProblem>, Failure> {
        let engines = &visit.state.engines;
        let digits: String = self.national_id.chars().filter(|c| !c.is_whitespace()).collect();
        let Some(representative) = NationalId::parse(digits) else {
            return Ok(Err(PeopleProblem::BadNumber));
        };
        let answer = match self.scope.as_deref() {
            Some("view") => false,
            Some("answer") => true,
            None | Some("") => return Ok(Err(PeopleProblem::NoScope)),
            Some(_) => return Err(Failure::Malformed),
        };
        let purposes = match self.purpose.as_deref() {
            Some("all") => None,
            None | Some("") => return Ok(Err(PeopleProblem::NoPurpose)),
            Some(id) if engines.register.catalogue().purpose(id).is_some() => Some([id.to_owned()].into()),
            Some(_) => return Err(Failure::Malformed),
        };
        // The day chosen is the last one it counts.
        let until = self.until.as_deref().and_then(|day| day_start(day, 1));
        let most = engines.now().0.saturating_add((LONGEST_DAYS + 1) * DAY);
        let until = until.filter(|until| engines.now().0.saturating_add(DAY) < until.0 && until.0 <= most);
        Ok(match until {
            Some(until) => Ok((representative, Scope { view: true, answer, purposes }, until)),
            None => Err(PeopleProblem::BadDate),
        })
    }
}

/// `GET /api/v1/me/people`.
pub(super) async fn list(visit: Visit) -> HttpResponse {
    let listed = listed(&visit).await;
    visit.answer(listed)
}

async fn listed(visit: &Visit) -> Result<HttpResponse, Failure> {
    let engines = &visit.state.engines;
    let (own, _) = visit.signed_in()?;
    let now = engines.now();
    let in_json = |all: Vec<Acting>| standing(all, now).iter().map(in_json).collect::<Vec<_>>();
    let acting = match &visit.acting {
        Now::For(other) => Some(other.acts.mandate.representation().id),
        Now::No | Now::Over => None,
    };
    Ok(visit.personal(HttpResponse::Ok()).json(json!({
        "acting": acting,
        "i_act_for": in_json(people::acting(engines, own).await?),
        "act_for_me": in_json(people::representatives(engines, own).await?),
    })))
}

fn in_json(acting: &Acting) -> Value {
    let registered = &acting.representation;
    json!({
        "id": registered.id,
        "ends_with": acting.other_ends_with,
        "capacity": registered.ground.as_str(),
        "counts": acting.live,
        "scope": registered.scope,
        "from": Millis(registered.from).rfc3339(),
        "until": registered.ends().map(Millis::rfc3339),
        "joint_from": registered.child.map(|child| Millis(child.joint_from).rfc3339()),
    })
}
