//! A person is asked: she reads, answers, and goes back to the agency's site if she came from there.
//!
//! Nothing is used up and nobody is sent anywhere before the answer. Out of scope: arriving ([`super::arrival`]), what an
//! answer does ([`oauth`], [`consent`]), and the pages after it ([`super::answered`]).

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    web::Path,
};

use super::{
    consents::{Own, acting, own, state_now, titled},
    error::Failure,
    filled::{Filled, Sent},
    notice::{self, Text},
    sign_in,
    view::Words,
    visit::Visit,
};
use crate::{
    consent::{self, Consent},
    domain::{
        consent::{Act, Capacity, Channel},
        representation::Guarded,
    },
    http::pages::{
        consent::request::{Earlier, Joint, Optional, Request, RequestChanged, StepUp},
        consent_notice::ConsentNotice,
    },
    i18n::Lang,
    oauth::{self, Onward, Read, Said, grants::Older},
    people,
    time::Millis,
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
        let id = consent.row.id;
        return Ok(match onward(visit, &consent).await? {
            Onward::Ready => visit.redirect(&format!("/requests/{id}/done")),
            Onward::Waits | Onward::Elsewhere | Onward::Nowhere => {
                visit.redirect(&format!("/me/consents/{id}"))
            }
        });
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
    let Text { notice, html, hash, older } = notice::text(engines, consent, lang).await?;
    all_there(visit, older.as_ref())?;
    let record = &consent.record;
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
        optional: optional(consent, &notice),
        notice: html,
        notice_hash: hash,
        binding_message: record.binding_message.clone().unwrap_or_default(),
        first: !known,
        joint: joint(visit, consent).await?,
        answer_by: Millis(consent.row.answer_by),
        state: state_now(engines, consent),
        changed: changed.is_some(),
        older: match &older {
            Some(older) => earlier(visit, lang, &older.consents).await?,
            None => Vec::new(),
        },
        onward: onward(visit, consent).await?,
    };
    visit.leading_to(changed.unwrap_or(StatusCode::OK), &page, &back(visit, consent).await?)
}

/// The fields of a text that may be refused by themselves, as the form sends them.
pub(super) fn optional(consent: &Consent, notice: &ConsentNotice) -> Vec<Optional> {
    let asked = consent.record.items.iter().filter(|item| !item.required && consent.asks_for(item));
    let each = asked.zip(&notice.optional).map(|(item, field)| Optional {
        name: item.field.clone(),
        label: field.label.clone(),
        sensitive: field.sensitive,
    });
    each.collect()
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
        purpose: titled(&mut words, consent).await?.title,
        goes_on: onward(visit, consent).await? == Onward::Ready,
    };
    visit.leading_to(status, &page, &back(visit, consent).await?)
}

/// How things stand with the way back to the agency, in this browser.
pub(super) async fn onward(visit: &Visit, consent: &Consent) -> Result<Onward, Failure> {
    Ok(oauth::onward(&visit.state.engines, consent, visit.arrival.as_deref()).await?)
}

/// Nobody decides about what is hidden from her: what a yes ends or joins must all be there for the reader.
fn all_there(visit: &Visit, older: Option<&Older>) -> Result<(), Failure> {
    let reader = visit.person()?;
    let mut concerned = older.into_iter().flat_map(|older| &older.consents);
    if concerned.all(|(one, _)| visit.sees(reader, one)) { Ok(()) } else { Err(Failure::NotFound) }
}

/// Links to older consents.
pub(super) async fn earlier(
    visit: &Visit,
    lang: Lang,
    consents: &[(Consent, Millis)],
) -> Result<Vec<Earlier>, Failure> {
    let mut words = Words::new(&visit.state.engines, lang);
    let mut links = Vec::with_capacity(consents.len());
    for (one, given) in consents {
        let (href, given) = (format!("/me/consents/{}", one.row.id), *given);
        links.push(Earlier { href, purpose: titled(&mut words, one).await?.title, given });
    }
    Ok(links)
}

/// Where the browser may go after the form: browsers hold redirects after a form to the page's policy too.
pub(super) async fn back(visit: &Visit, consent: &Consent) -> Result<Vec<url::Url>, Failure> {
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
    if !consent.record.scopes.is_empty() {
        let alone = is_own && people::guarded(engines, &consent.subject, true).await? == Guarded::No;
        return Ok((!alone).then_some(Joint::OwnOnly));
    }
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

/// `POST /requests/{id}/answer`.
pub(super) async fn answer(visit: Visit, id: Path<String>, filled: Sent) -> HttpResponse {
    let answered = take(&visit, &id, filled).await;
    visit.answer(answered)
}

async fn take(visit: &Visit, id: &str, filled: Sent) -> Result<HttpResponse, Failure> {
    let engines = &visit.state.engines;
    let Own { session, consent } = own(visit, id).await?;
    let filled = Filled::read(visit, filled)?;
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
    let Some(text) = filled.text(engines, &consent).await? else {
        return question(visit, &consent, filled.lang, Some(StatusCode::CONFLICT)).await;
    };
    all_there(visit, text.older.as_ref())?;
    let read = Read {
        shown: (filled.lang.tag(), text.html, text.notice.is_sensitive()),
        told: text.older.as_ref().map(Older::told),
        browser: visit.arrival.as_deref(),
    };
    let by = visit.actor(&consent)?;
    // For whom a representative must say yes too, hers is half of one (Law 91/2025/QH15, Article 24(2)).
    let consent = match filled.said {
        Said::Yes(_) => people::answering(engines, consent, &by).await?,
        Said::No | Said::Later => consent,
    };
    let answered = oauth::answer(engines, &consent, by, filled.said, read).await?;
    Ok(match answered.location {
        // RFC 9700 §4.12: 303, so that no browser sends the form on.
        Some(location) => {
            visit.personal(HttpResponse::SeeOther()).insert_header((header::LOCATION, location)).finish()
        }
        None => visit.redirect(&format!("{page}/done")),
    })
}
