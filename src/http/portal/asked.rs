//! A person is asked: she reads, answers, and goes back to the agency's site if she came from there.
//!
//! Nothing is used up and nobody is sent anywhere before the answer. Out of scope: arriving ([`super::arrival`]) and what
//! an answer does ([`oauth`], [`consent`]).

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    web::{Form, Path},
};

use super::{
    consents::{Own, acting, own, state_now},
    error::Failure,
    notice::{self, Text},
    sign_in,
    view::Words,
    visit::{Visit, form},
};
use crate::{
    consent::{self, Consent},
    domain::{
        consent::{Act, Capacity, Channel, State},
        representation::Guarded,
    },
    http::pages::{
        consent::{
            done::{Answer, RequestDone},
            request::{Joint, Optional, Request, RequestChanged, StepUp},
        },
        parts::Field,
    },
    i18n::Lang,
    oauth::{self, Said},
    people,
};

/// `GET /requests/{id}`.
pub(super) async fn request(visit: Visit, id: Path<String>) -> HttpResponse {
    let shown = show(&visit, &id).await;
    visit.answer(shown)
}

async fn show(visit: &Visit, id: &str) -> Result<HttpResponse, Failure> {
    let Own { session, consent } = own(visit, id).await?;
    if consent.is_outdated(&visit.state.engines) || consent.was_outdated() {
        return changed(visit, &consent, StatusCode::OK).await;
    }
    if !consent.state.is_waiting() {
        return Ok(visit.redirect(&format!("/me/consents/{}", consent.row.id)));
    }
    let needed = consent.assurance(&visit.state.engines);
    if session.assurance < needed {
        return step_up(visit, &consent, needed, &format!("/requests/{}", consent.row.id), StatusCode::OK)
            .await;
    }
    question(visit, &consent, visit.lang, None).await
}

/// The page of the question; `changed` when she answered a text that is not the one she would be answering now.
async fn question(
    visit: &Visit,
    consent: &Consent,
    lang: Lang,
    changed: Option<StatusCode>,
) -> Result<HttpResponse, Failure> {
    let engines = &visit.state.engines;
    let Text { notice, html, hash } = notice::text(engines, consent, lang).await?;
    let record = &consent.record;
    let names = record.items.iter().filter(|item| !item.required).map(|item| item.field.clone());
    let optional = names.zip(&notice.optional).map(|(name, field)| Optional {
        name,
        label: field.label.clone(),
        sensitive: field.sensitive,
    });
    let others = visit.visible(visit.person()?, consent::of_subject(engines, &consent.subject).await?);
    let known =
        others.iter().any(|other| other.record.agency == record.agency && other.row.id != consent.row.id);
    let mut layout = visit.layout();
    layout.lang = lang;
    layout.url = format!("/requests/{}", consent.row.id);
    let page = Request {
        page: layout,
        id: consent.row.id.to_string(),
        revision: consent.row.revision,
        agency: notice.agency.clone(),
        count: notice.count(),
        optional: optional.collect(),
        notice: html,
        notice_hash: hash,
        binding_message: record.binding_message.clone().unwrap_or_default(),
        first: !known,
        joint: joint(visit, consent).await?,
        answer_by: crate::time::Millis(consent.row.answer_by),
        state: state_now(engines, consent),
        changed: changed.is_some(),
    };
    visit.leading_to(changed.unwrap_or(StatusCode::OK), &page, &back(visit, consent).await?)
}

/// The page that says that the purpose has changed since it was asked for, with the way back to the agency. The agency
/// asks again; this request can be answered by nobody.
async fn changed(visit: &Visit, consent: &Consent, status: StatusCode) -> Result<HttpResponse, Failure> {
    let engines = &visit.state.engines;
    let mut words = Words::new(engines, visit.lang);
    let page = RequestChanged {
        page: visit.layout(),
        id: consent.row.id.to_string(),
        agency: words.agency(Some(&consent.record.agency)),
        purpose: super::consents::titled(&mut words, consent).await?.title,
        back: oauth::outdated(engines, consent).await?,
    };
    visit.html(status, &page)
}

/// Where the browser may go after the form: browsers hold redirects after a form to the page's policy too.
async fn back(visit: &Visit, consent: &Consent) -> Result<Vec<url::Url>, Failure> {
    if consent.record.channel == Channel::Absent {
        return Ok(Vec::new());
    }
    let client = visit.state.engines.registry.client(&consent.record.client_id).await?;
    Ok(client.map_or_else(Vec::new, |client| client.redirect_uris.clone()))
}

/// Whose yes it needs beside the reader's, and who has said it: as things stand now, as the answer will be taken.
async fn joint(visit: &Visit, consent: &Consent) -> Result<Option<Joint>, Failure> {
    let engines = &visit.state.engines;
    let is_own = visit.person()?.mandate.is_none();
    match people::whose(engines, consent).await? {
        Guarded::Joint => {}
        Guarded::Represented if is_own => {
            let hidden = engines.register.catalogue().purpose(&consent.record.purpose);
            let hidden = hidden.is_some_and(|purpose| purpose.guardian_hidden);
            return Ok(Some(if hidden { Joint::Unanswerable } else { Joint::Representative }));
        }
        Guarded::Represented | Guarded::No => return Ok(None),
    }
    let first = consent::events(engines, consent).await?.into_iter().find(|event| event.act == Act::GiveHalf);
    let Some(first) = first else { return Ok(Some(Joint::Nobody)) };
    if is_own == (first.event.by.capacity == Capacity::Own) {
        return Ok(Some(Joint::Reader));
    }
    let who = match acting(&Words::new(engines, visit.lang), &first.event.by).await? {
        Some(acting) => acting.label(&visit.layout()),
        None => visit.layout().say("request-joint-person"),
    };
    Ok(Some(Joint::Other { who }))
}

/// The page that asks for a stronger sign-in.
pub(super) async fn step_up(
    visit: &Visit,
    consent: &Consent,
    assurance: u8,
    return_to: &str,
    status: StatusCode,
) -> Result<HttpResponse, Failure> {
    let (browser, new) = sign_in::prepare(visit).await;
    let page = StepUp {
        page: visit.layout(),
        csrf: visit.browser_token(&browser),
        agency: Words::new(&visit.state.engines, visit.lang).agency(Some(&consent.record.agency)),
        sensitive: consent.record.is_sensitive(),
        assurance,
        return_to: return_to.to_owned(),
        issuers: sign_in::citizen_issuers(visit, assurance),
    };
    sign_in::with_browser(visit, status, &page, &browser, new)
}

/// What the form says.
struct Filled {
    revision: i64,
    notice: String,
    lang: Lang,
    said: Said,
}

impl Filled {
    /// Reads the form: `field` any number of times, everything else once.
    fn read(visit: &Visit, pairs: Vec<(String, String)>) -> Result<Self, Failure> {
        let (fields, others): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(name, _)| name == "field");
        let fields: Vec<String> = fields.into_iter().map(|(_, field)| field).collect();
        let one = |wanted: &str| {
            let mut found = others.iter().filter(|(name, _)| name == wanted);
            match (found.next(), found.next()) {
                (Some((_, value)), None) => Ok(value.as_str()),
                _ => Err(Failure::Malformed),
            }
        };
        visit.check_form(one("csrf")?)?;
        let said = match one("answer")? {
            "give" => Said::Yes(fields),
            "refuse" => Said::No,
            "defer" => Said::Later,
            _ => return Err(Failure::Malformed),
        };
        let tag = one("lang")?;
        let lang = Lang::ALL.into_iter().find(|lang| lang.tag() == tag).ok_or(Failure::Malformed)?;
        Ok(Self {
            revision: one("revision")?.parse().map_err(|_| Failure::Malformed)?,
            notice: one("notice")?.to_owned(),
            lang,
            said,
        })
    }
}

/// `POST /requests/{id}/answer`.
pub(super) async fn answer(
    visit: Visit,
    id: Path<String>,
    filled: Result<Form<Vec<(String, String)>>, actix_web::Error>,
) -> HttpResponse {
    let answered = take(&visit, &id, filled).await;
    visit.answer(answered)
}

async fn take(
    visit: &Visit,
    id: &str,
    filled: Result<Form<Vec<(String, String)>>, actix_web::Error>,
) -> Result<HttpResponse, Failure> {
    let engines = &visit.state.engines;
    let Own { session, consent } = own(visit, id).await?;
    let filled = Filled::read(visit, form(filled)?)?;
    if consent.is_outdated(engines) || consent.was_outdated() {
        return changed(visit, &consent, StatusCode::CONFLICT).await;
    }
    if !consent.state.is_waiting() || filled.revision != consent.row.revision {
        return Err(consent::Error::Stale.into());
    }
    if state_now(engines, &consent).is_over() {
        return Err(consent::Error::TooLate.into());
    }
    let needed = consent.assurance(engines);
    let page = format!("/requests/{}", consent.row.id);
    if session.assurance < needed {
        return step_up(visit, &consent, needed, &page, StatusCode::FORBIDDEN).await;
    }
    // INVARIANT: what is answered is what was shown (Law 91/2025/QH15, Article 9(2)): the same bytes, or not at all.
    let text = notice::text(engines, &consent, filled.lang).await?;
    if !crate::crypto::equal(text.hash.as_bytes(), filled.notice.as_bytes()) {
        return question(visit, &consent, filled.lang, Some(StatusCode::CONFLICT)).await;
    }
    let shown = (filled.lang.tag(), text.html, text.notice.is_sensitive());
    let by = visit.actor(&consent)?;
    // For whom a representative must say yes too, hers is half of one (Law 91/2025/QH15, Article 24(2)).
    let consent = match filled.said {
        Said::Yes(_) => people::answering(engines, consent, &by).await?,
        Said::No | Said::Later => consent,
    };
    let answered = oauth::answer(engines, &consent, by, filled.said, shown).await?;
    Ok(match answered.location {
        // RFC 9700 §4.12: 303, so that no browser sends the form on.
        Some(location) => {
            visit.personal(HttpResponse::SeeOther()).insert_header((header::LOCATION, location)).finish()
        }
        None => visit.redirect(&format!("{page}/done")),
    })
}

/// `GET /requests/{id}/done`: what was recorded, for as long as it is what stands.
pub(super) async fn done(visit: Visit, id: Path<String>) -> HttpResponse {
    let shown = recorded(&visit, &id).await;
    visit.answer(shown)
}

async fn recorded(visit: &Visit, id: &str) -> Result<HttpResponse, Failure> {
    let engines = &visit.state.engines;
    let Own { consent, .. } = own(visit, id).await?;
    let events = consent::events(engines, &consent).await?;
    let is_own = visit.person()?.mandate.is_none();
    let last = events.last().ok_or(consent::Error::Inconsistent("consent event"))?;
    let answer = match consent.state {
        State::Given if last.act == Act::Give => Answer::Given,
        State::HalfGiven if is_own == (last.event.by.capacity == Capacity::Own) => Answer::HalfGiven,
        State::Refused => Answer::Refused,
        State::Deferred => Answer::Deferred,
        State::Requested | State::HalfGiven => {
            return Ok(visit.redirect(&format!("/requests/{}", consent.row.id)));
        }
        _ => return Ok(visit.redirect(&format!("/me/consents/{}", consent.row.id))),
    };
    let mut words = Words::new(engines, visit.lang);
    let is_given = answer == Answer::Given;
    let these = |granted: bool| -> Vec<Field> {
        let items = consent.record.items.iter().filter(|item| is_given && item.granted == Some(granted));
        items.map(|item| words.item(item)).collect()
    };
    let (granted, refused) = (these(true), these(false));
    let id = consent.row.id.to_string();
    visit.page(&RequestDone {
        page: visit.layout(),
        agency: words.agency(Some(&consent.record.agency)),
        purpose: super::consents::titled(&mut words, &consent).await?.title,
        answer,
        at: last.at,
        granted,
        refused,
        receipt: if answer == Answer::Deferred { String::new() } else { id.clone() },
        id,
        back: None,
    })
}
