//! A person's own rules: the list, adding, removing, and muting an agency's questions; and the list as JSON.

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
    view::{Words, said},
    visit::{Visit, form},
};
use crate::{
    domain::{
        catalogue::BasisKind,
        consent::{Actor, Capacity, Hours},
        standing::{Choice, Edit, Unfit, What},
        subject::Subject,
    },
    http::pages::{
        choices::{ChoiceProblem, ChoiceRow, Choices, StandingChoice},
        parts::Choice as Offered,
    },
    login::ReturnTo,
    standing::{self, Rules},
};

/// The form of a new choice.
#[derive(Deserialize)]
pub(super) struct New {
    csrf: String,
    revision: i64,
    kind: String,
    purpose: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

/// The form that takes a choice back.
#[derive(Deserialize)]
pub(super) struct Old {
    csrf: String,
    revision: i64,
    id: Uuid,
}

/// The form that mutes an agency.
#[derive(Deserialize)]
pub(super) struct Muting {
    csrf: String,
    muted: String,
    return_to: Option<String>,
}

/// `GET /me/choices`.
pub(super) async fn show(visit: Visit) -> HttpResponse {
    let page = shown(&visit, None).await;
    visit.answer(page)
}

async fn shown(visit: &Visit, problem: Option<ChoiceProblem>) -> Result<HttpResponse, Failure> {
    let engines = &visit.state.engines;
    let rules = standing::load(engines, visit.citizen()?.subject).await?;
    let words = Words::new(engines, visit.lang);
    let rows = rules
        .choices
        .iter()
        .map(|choice| ChoiceRow { id: choice.id.to_string(), choice: in_words(visit, &words, &choice.what) });
    let chosen =
        |id: &str| rules.choices.iter().any(|c| matches!(&c.what, What::NeverPurpose(own) if own == id));
    let purposes = engines.register.catalogue().purposes.values().filter(|purpose| {
        purpose.is_active() && purpose.basis(BasisKind::Consent).is_some() && !chosen(&purpose.id)
    });
    let purposes = purposes.map(|purpose| Offered {
        value: purpose.id.clone(),
        label: said(visit.lang, &purpose.title),
        selected: false,
    });
    let page = Choices {
        page: visit.layout(),
        revision: rules.revision,
        rows: rows.collect(),
        purposes: purposes.collect(),
        problem,
    };
    let status = match problem {
        None => StatusCode::OK,
        Some(ChoiceProblem::Changed) => StatusCode::CONFLICT,
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    visit.html(status, &page)
}

fn in_words(visit: &Visit, words: &Words<'_>, what: &What) -> StandingChoice {
    let purpose = |id: &String| {
        let purpose = visit.state.engines.register.catalogue().purpose(id);
        purpose.map_or_else(|| id.clone(), |purpose| said(visit.lang, &purpose.title))
    };
    let agency = |id: &String| words.agency(Some(id));
    match what {
        What::NeverPurpose(id) => StandingChoice::Never { purpose: purpose(id) },
        What::NeverAgency(id) => StandingChoice::NeverAgency { agency: agency(id) },
        What::AskEachTime(None) => StandingChoice::AskEachTime,
        What::AskEachTime(Some(id)) => StandingChoice::AskFor { purpose: purpose(id) },
        What::OfficeHours(hours) => StandingChoice::Within { hours: *hours },
        What::MuteAgency(id) => StandingChoice::Muted { agency: agency(id) },
    }
}

/// `POST /me/choices`.
pub(super) async fn add(visit: Visit, new: Result<Form<New>, actix_web::Error>) -> HttpResponse {
    let added = added(&visit, new).await;
    visit.answer(added)
}

async fn added(visit: &Visit, new: Result<Form<New>, actix_web::Error>) -> Result<HttpResponse, Failure> {
    let subject = visit.citizen()?.subject;
    let new = form(new)?;
    visit.check_form(&new.csrf)?;
    match new.what() {
        Ok(what) => changed(visit, subject, new.revision, Edit::Add(what)).await,
        Err(Some(problem)) => shown(visit, Some(problem)).await,
        Err(None) => Err(Failure::Malformed),
    }
}

impl New {
    fn what(&self) -> Result<What, Option<ChoiceProblem>> {
        let purpose = self.purpose.clone().filter(|id| !id.is_empty());
        match self.kind.as_str() {
            "never" => purpose.map(What::NeverPurpose).ok_or(Some(ChoiceProblem::NoPurpose)),
            "ask" => Ok(What::AskEachTime(purpose)),
            "hours" => {
                let minute = |text: &Option<String>| text.as_deref().and_then(minute);
                let hours = minute(&self.from).zip(minute(&self.to));
                let hours = hours.and_then(|(from, to)| Hours::new(from, to));
                hours.map(What::OfficeHours).ok_or(Some(ChoiceProblem::BadHours))
            }
            _ => Err(None),
        }
    }
}

/// `POST /me/choices/remove`.
pub(super) async fn remove(visit: Visit, old: Result<Form<Old>, actix_web::Error>) -> HttpResponse {
    let removed = removed(&visit, old).await;
    visit.answer(removed)
}

async fn removed(visit: &Visit, old: Result<Form<Old>, actix_web::Error>) -> Result<HttpResponse, Failure> {
    let subject = visit.citizen()?.subject;
    let old = form(old)?;
    visit.check_form(&old.csrf)?;
    changed(visit, subject, old.revision, Edit::Remove(old.id)).await
}

/// Changes the list and shows it, or shows it with what was wrong.
async fn changed(visit: &Visit, subject: &Subject, from: i64, edit: Edit) -> Result<HttpResponse, Failure> {
    let problem = match standing::change(&visit.state.engines, subject, &own(visit), from, edit).await {
        Ok(_) => return Ok(visit.redirect("/me/choices")),
        Err(standing::Error::Stale) => ChoiceProblem::Changed,
        Err(standing::Error::Unfit(Unfit::AlreadyThere)) => ChoiceProblem::AlreadyThere,
        Err(standing::Error::Unfit(Unfit::TooMany)) => ChoiceProblem::TooMany,
        Err(standing::Error::Unfit(Unfit::NotThere)) => return Err(Failure::NotFound),
        Err(standing::Error::NothingToChoose) => ChoiceProblem::NoPurpose,
        Err(error) => return Err(error.into()),
    };
    shown(visit, Some(problem)).await
}

/// `POST /me/agencies/{id}/mute`.
pub(super) async fn mute(
    visit: Visit,
    id: Path<String>,
    muting: Result<Form<Muting>, actix_web::Error>,
) -> HttpResponse {
    let muted = muted(&visit, &id, muting).await;
    visit.answer(muted)
}

async fn muted(
    visit: &Visit,
    agency: &str,
    muting: Result<Form<Muting>, actix_web::Error>,
) -> Result<HttpResponse, Failure> {
    let subject = visit.citizen()?.subject;
    let muting = form(muting)?;
    visit.check_form(&muting.csrf)?;
    let muted = match muting.muted.as_str() {
        "yes" => true,
        "no" => false,
        _ => return Err(Failure::Malformed),
    };
    if visit.state.engines.registry.agency(agency).is_none() {
        return Err(Failure::NotFound);
    }
    let back = ReturnTo::parse(muting.return_to.as_deref().unwrap_or("/me/choices"))?;
    standing::mute(&visit.state.engines, subject, &own(visit), agency, muted).await?;
    Ok(visit.redirect(back.as_str()))
}

/// `GET /api/v1/me/choices`.
pub(super) async fn list(visit: Visit) -> HttpResponse {
    let listed = listed(&visit).await;
    visit.answer(listed)
}

async fn listed(visit: &Visit) -> Result<HttpResponse, Failure> {
    let Rules { revision, choices, .. } =
        standing::load(&visit.state.engines, visit.citizen()?.subject).await?;
    let choices: Vec<Value> = choices.iter().map(|choice| in_json(visit, choice)).collect();
    Ok(visit.personal(HttpResponse::Ok()).json(json!({ "revision": revision, "choices": choices })))
}

fn in_json(visit: &Visit, choice: &Choice) -> Value {
    let engines = &visit.state.engines;
    let purpose = choice.what.purpose().map(|id| {
        let known = engines.register.catalogue().purpose(id);
        json!({ "id": id, "title": known.map(|purpose| &purpose.title) })
    });
    let agency = choice
        .what
        .agency()
        .map(|id| json!({ "id": id, "name": engines.registry.agency(id).map(|agency| &agency.name) }));
    let hours = match &choice.what {
        What::OfficeHours(hours) => Some(json!({ "from": clock(hours.opens), "to": clock(hours.closes) })),
        _ => None,
    };
    json!({
        "id": choice.id,
        "made_at": choice.made_at.rfc3339(),
        "kind": choice.what.code(),
        "purpose": purpose,
        "agency": agency,
        "hours": hours,
    })
}

/// She herself, as she signed in.
fn own(visit: &Visit) -> Actor {
    let session = visit.session.as_ref();
    Actor {
        capacity: Capacity::Own,
        acting: None,
        representation: None,
        issuer: session.map(|session| session.issuer.clone()),
        assurance: session.map(|session| session.assurance),
        authenticated: session.map(|session| session.authenticated.clone()).unwrap_or_default(),
    }
}

/// The minute of the day of `08:00`, as `<input type="time">` sends it; `24:00` is the day's end.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u16>().ok()).flatten()
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    (minute < 60 && hour * 60 + minute <= 1440).then_some(hour * 60 + minute)
}

fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}
