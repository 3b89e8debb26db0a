//! What a person was asked and has said yes to: the lists, one consent with all its facts, one agency.
//!
//! INVARIANT (I8): [`own`] is the only place that turns an id from outside into a consent for a citizen, her own or
//! one she may see for another. Out of scope:
//! answering ([`super::asked`]) and changing ([`super::ending`]).

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Path, Query},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    error::Failure,
    progress, review,
    view::Words,
    visit::{Visit, query},
};
use crate::{
    consent::{self, Consent},
    crypto,
    domain::{
        consent::{Actor, Capacity, State},
        record::hex,
        standing::What,
    },
    engines::Engines,
    history::purpose_of,
    http::pages::{
        consent::{
            agency::{AgencyConsents, Stopped},
            detail::{self, Happened, TextRead, Use},
            list::{ConsentRow, Consents, Shown},
            requests::{RequestRow, Requests},
            words,
        },
        parts::{Acting, Field},
    },
    i18n::{Lang, masked_national_id},
    login::session::Session,
    standing,
    store::consents::Use as Used,
    time::Millis,
};

/// Uses shown on the page of a consent.
const USES: i64 = 20;

/// A consent of the reader's own or of the person she acts for, and the reader's session.
pub(super) struct Own<'v> {
    pub(super) session: &'v Session,
    pub(super) consent: Consent,
}

/// The consent with this id, if it is there for the reader. An id that is none, one of nobody and one of somebody else
/// are the same: not found (I8).
pub(super) async fn own<'v>(visit: &'v Visit, id: &str) -> Result<Own<'v>, Failure> {
    let consent = readable(visit, id).await?;
    let (_, session) = visit.signed_in()?;
    Ok(Own { session, consent })
}

/// The same for whoever reads, software with her own token included.
pub(super) async fn readable(visit: &Visit, id: &str) -> Result<Consent, Failure> {
    let reader = visit.person()?;
    let id = Uuid::try_parse(id).map_err(|_| Failure::NotFound)?;
    let consent = consent::by_id(&visit.state.engines, id).await?;
    consent.filter(|consent| visit.sees(reader, consent)).ok_or(Failure::NotFound)
}

/// Where it stands now: what time or a change of the purpose has ended is over, whether or not the clockwork has written
/// it down.
pub(super) fn state_now(engines: &Engines, consent: &Consent) -> State {
    let now = engines.now().0;
    match consent.state {
        state if state.is_waiting() && now >= consent.row.answer_by => State::Unanswered,
        state if state.is_waiting() && consent.is_outdated(engines) => State::Invalidated,
        state if state.is_standing() && now >= consent.row.expires => State::Expired,
        _ if consent.is_overtaken(engines) => State::Invalidated,
        state => state,
    }
}

/// What a consent is for, in words.
pub(super) struct Titled {
    pub(super) title: String,
    pub(super) reason: String,
}

/// The texts of its purpose in the version it names (I10).
pub(super) async fn titled(words: &mut Words<'_>, consent: &Consent) -> Result<Titled, Failure> {
    let record = &consent.record;
    let texts = purpose_of(words.engines, &record.purpose, Some(&record.purpose_version)).await?;
    Ok(match texts {
        Some(texts) => Titled { title: words.said(&texts.title), reason: words.said(&texts.reason) },
        None => Titled { title: record.purpose.clone(), reason: String::new() },
    })
}

/// Who acted for the person, as she knows that person: by a masked number.
pub(super) async fn acting(words: &Words<'_>, by: &Actor) -> Result<Option<Acting>, Failure> {
    let (Capacity::Parent | Capacity::Guardian | Capacity::Attorney, Some(id)) = (by.capacity, by.acting)
    else {
        return Ok(None);
    };
    let vault = &words.engines.vault;
    let number = match vault.subject(id).await? {
        Some(subject) => vault.national_id(&subject).await?,
        None => None,
    };
    let who = number.map_or_else(String::new, |number| masked_national_id(number.expose()));
    Ok(Some(Acting { who, capacity: by.capacity }))
}

/// The fields with this answer.
fn fields(words: &Words<'_>, consent: &Consent, granted: Option<bool>) -> Vec<Field> {
    let items = consent.record.items.iter().filter(|item| item.granted == granted);
    items.map(|item| words.item(item)).collect()
}

/// What the scopes of a citizen's own token open.
fn scopes(words: &Words<'_>, consent: &Consent) -> Vec<Field> {
    consent.record.scopes.iter().filter_map(|scope| words::scope(words.lang, scope)).collect()
}

/// Everything that was asked for.
fn all(words: &Words<'_>, consent: &Consent) -> Vec<Field> {
    let mut all: Vec<Field> = consent.record.items.iter().map(|item| words.item(item)).collect();
    all.extend(scopes(words, consent));
    all
}

/// `GET /me/requests`.
pub(super) async fn requests(visit: Visit) -> HttpResponse {
    let listed = asked(&visit).await;
    visit.answer(listed)
}

async fn asked(visit: &Visit) -> Result<HttpResponse, Failure> {
    let (engines, reader) = (&visit.state.engines, visit.person()?);
    let mut words = Words::new(engines, visit.lang);
    let rules = standing::load(engines, reader.subject).await?;
    let mut rows = Vec::new();
    for consent in visit.visible(reader, consent::of_subject(engines, reader.subject).await?) {
        rows.push(RequestRow {
            id: consent.row.id.to_string(),
            agency_id: consent.record.agency.clone(),
            agency: words.agency(Some(&consent.record.agency)),
            purpose: titled(&mut words, &consent).await?.title,
            fields: all(&words, &consent),
            asked_at: Millis(consent.row.asked_at),
            answer_by: Millis(consent.row.answer_by),
            state: state_now(engines, &consent),
            muted: reader.mandate.is_none() && rules.is_muted(&consent.record.agency),
        });
    }
    visit.page(&Requests { page: visit.layout(), rows })
}

/// `?state=`.
#[derive(Default, Deserialize)]
pub(super) struct Which {
    state: Option<String>,
}

/// `GET /me/consents`.
pub(super) async fn consents(visit: Visit, which: Result<Query<Which>, actix_web::Error>) -> HttpResponse {
    let listed = list(&visit, which).await;
    visit.answer(listed)
}

async fn list(visit: &Visit, which: Result<Query<Which>, actix_web::Error>) -> Result<HttpResponse, Failure> {
    let (engines, reader) = (&visit.state.engines, visit.person()?);
    let shown = Shown::parse(query(which)?.state.as_deref().unwrap_or_default());
    let consents = visit.visible(reader, consent::of_subject(engines, reader.subject).await?);
    let rows = rows(visit, &consents).await?;
    visit.page(&Consents { page: visit.layout(), rows, shown })
}

async fn rows(visit: &Visit, consents: &[Consent]) -> Result<Vec<ConsentRow>, Failure> {
    let engines = &visit.state.engines;
    let mut words = Words::new(engines, visit.lang);
    let mut rows = Vec::with_capacity(consents.len());
    for consent in consents {
        let (row, state) = (&consent.row, state_now(engines, consent));
        let ended_at = match state {
            State::Expired => Some(row.expires),
            State::Unanswered => Some(row.answer_by),
            state if state.is_over() => engines.store.consent_events(row.id).await?.last().map(|e| e.at),
            _ => None,
        };
        let last_used = engines.store.consent_uses(row.id, 1).await?.first().map(|used| used.at);
        let mut granted = fields(&words, consent, Some(true));
        if granted.is_empty() {
            granted = all(&words, consent);
        }
        rows.push(ConsentRow {
            id: row.id.to_string(),
            agency: words.agency(Some(&consent.record.agency)),
            purpose: titled(&mut words, consent).await?.title,
            fields: granted,
            state,
            expires: Millis(row.expires),
            ended_at: ended_at.map(Millis),
            used: u32::try_from(row.used).unwrap_or(u32::MAX),
            max_uses: consent.record.limits.max_uses,
            last_used: last_used.map(Millis),
        });
    }
    Ok(rows)
}

/// `GET /me/consents/{id}`.
pub(super) async fn consent(visit: Visit, id: Path<String>) -> HttpResponse {
    let shown = one(&visit, &id).await;
    visit.answer(shown)
}

async fn one(visit: &Visit, id: &str) -> Result<HttpResponse, Failure> {
    let Own { consent, .. } = own(visit, id).await?;
    whole(visit, &consent, visit.lang, false).await
}

/// The page of a consent; `changed` when she confirmed a text that is not the one she would be confirming now.
pub(super) async fn whole(
    visit: &Visit,
    consent: &Consent,
    lang: Lang,
    changed: bool,
) -> Result<HttpResponse, Failure> {
    let engines = &visit.state.engines;
    let (record, row, state) = (&consent.record, &consent.row, state_now(engines, consent));
    let mut words = Words::new(engines, lang);
    let titled = titled(&mut words, consent).await?;
    let said = |text: &Option<String>| text.clone().unwrap_or_default();
    let happened = consent::events(engines, consent).await?;
    let mut events = Vec::with_capacity(happened.len());
    for event in &happened {
        events.push(Happened {
            at: event.at,
            act: event.act,
            by: event.event.by.capacity,
            decision: event.event.decision().unwrap_or_default().to_owned(),
            acting: acting(&words, &event.event.by).await?,
            href: format!("/me/history/{}", event.entry),
        });
    }
    let uses = engines.store.consent_uses(row.id, USES).await?;
    let shown = |used: &Used| Use { at: Millis(used.at), href: format!("/me/history/{}", used.entry) };
    let uses = uses.iter().map(shown).collect();
    let listed = engines.register.catalogue().purpose(&record.purpose);
    let answered = !matches!(state, State::Requested | State::Deferred | State::HalfGiven);
    let was_given = record.answered_by.is_some() && answered;
    let mut granted = fields(&words, consent, Some(true));
    let mut pending = fields(&words, consent, None);
    let scopes = scopes(&words, consent);
    if was_given {
        granted.extend(scopes);
    } else {
        pending.extend(scopes);
    }
    let mut layout = visit.layout();
    layout.lang = lang;
    layout.url = format!("/me/consents/{}", row.id);
    let page = detail::Consent {
        page: layout,
        id: row.id.to_string(),
        revision: row.revision,
        state,
        agency_id: record.agency.clone(),
        agency: words.agency(Some(&record.agency)),
        unit: said(&record.unit),
        purpose: titled.title,
        purpose_href: listed.map_or_else(String::new, |purpose| format!("/purposes/{}", purpose.id)),
        reason: titled.reason,
        case: said(&record.case),
        justification: said(&record.justification),
        asked: pending,
        granted,
        refused: fields(&words, consent, Some(false)),
        limits: record.limits.clone(),
        used: u32::try_from(row.used).unwrap_or(u32::MAX),
        uses,
        retention: words.said(&record.recipient_retention),
        events,
        text: text_read(engines, &happened).await?,
        receipt: super::receipt::is_there(&happened),
        progress: progress::steps(engines, consent).await?,
        contact: words.contact(engines.registry.agency(&record.agency)),
        review: review::question(visit, consent, lang, changed).await?,
    };
    visit.html(if changed { StatusCode::CONFLICT } else { StatusCode::OK }, &page)
}

/// The text that was read at the last answer, if it still is the one with that hash.
async fn text_read(engines: &Engines, events: &[consent::Happened]) -> Result<Option<TextRead>, Failure> {
    let Some(shown) = events.iter().rev().find_map(|event| event.event.shown.as_ref()) else {
        return Ok(None);
    };
    let key = crate::domain::record::unhex(&shown.hash).ok_or(Failure::TextDamaged)?;
    let text = engines.store.consent_text(&key).await?.ok_or(Failure::TextDamaged)?;
    // The database is not believed: only the bytes she answered are shown as those.
    if hex(&crypto::sha256(text.body.as_bytes())) != shown.hash {
        return Err(Failure::TextDamaged);
    }
    Ok(Some(TextRead { html: text.body, hash: shown.hash.clone() }))
}

/// `GET /me/agencies/{id}`.
pub(super) async fn agency(visit: Visit, id: Path<String>) -> HttpResponse {
    let shown = of_agency(&visit, &id, None).await;
    visit.answer(shown)
}

/// The page of an agency; `stopped` says what was ended just now.
pub(super) async fn of_agency(
    visit: &Visit,
    id: &str,
    stopped: Option<Stopped>,
) -> Result<HttpResponse, Failure> {
    let (engines, reader) = (&visit.state.engines, visit.person()?);
    let agency = engines.registry.agency(id).ok_or(Failure::NotFound)?;
    let mut consents = visit.visible(reader, consent::of_subject(engines, reader.subject).await?);
    consents.retain(|consent| consent.record.agency == agency.id);
    let (rules, never) =
        (standing::load(engines, reader.subject).await?, What::NeverAgency(agency.id.clone()));
    let words = Words::new(engines, visit.lang);
    let mut page = visit.layout();
    page.url = format!("/me/agencies/{}", agency.id);
    visit.page(&AgencyConsents {
        page,
        id: agency.id.clone(),
        agency: words.said(&agency.name),
        rows: rows(visit, &consents).await?,
        // Her own rules are nobody else's to read.
        muted: reader.mandate.is_none() && rules.is_muted(&agency.id),
        never: reader.mandate.is_none() && rules.choices.iter().any(|choice| choice.what == never),
        stopped,
        contact: words.contact(Some(agency)),
    })
}
