//! `GET /me/consents/{id}/receipt`: the signed receipt to take away, of a consent or of its end.
//!
//! It is made anew each time from the record, its events and the log, so it always says how things stand. Out of scope:
//! what a receipt says ([`crate::domain::receipt`]).

use actix_web::{HttpResponse, http::header, web::Path};

use super::{
    consents::{Own, own},
    error::Failure,
    progress,
    visit::Visit,
};
use crate::{
    consent::{self, Consent},
    domain::{
        catalogue::{BasisKind, Citation, Purpose},
        consent::{Act, State},
        receipt::{self, Claims, Contact, Controller, Ledger, Material, Words},
        record::hex,
    },
    engines::Engines,
    history::purpose_of,
    merkle::hash::leaf_hash,
};

/// Whether something was answered, and so there is something to have a receipt of.
pub(super) fn is_there(events: &[consent::Happened]) -> bool {
    events.iter().any(|event| matches!(event.act, Act::Give | Act::GiveHalf | Act::Refuse))
}

/// The handler.
pub(super) async fn receipt(visit: Visit, id: Path<String>) -> HttpResponse {
    let file = file(&visit, &id).await;
    visit.answer(file)
}

async fn file(visit: &Visit, id: &str) -> Result<HttpResponse, Failure> {
    let engines = &visit.state.engines;
    let Own { consent, .. } = own(visit, id).await?;
    let claims = claims(engines, &consent).await?;
    let signed = engines.tokens.sign_receipt(&claims, engines.now())?;
    let name = format!("attachment; filename=\"receipt-{}.jwt\"", consent.row.id);
    let mut response = visit.personal(HttpResponse::Ok());
    response.insert_header((header::CONTENT_DISPOSITION, name));
    Ok(response.content_type("application/jwt").body(signed))
}

async fn claims(engines: &Engines, consent: &Consent) -> Result<Claims, Failure> {
    let record = &consent.record;
    let events = consent::events(engines, consent).await?;
    let last = events.last().filter(|_| is_there(&events)).ok_or(Failure::NotFound)?;
    let entry = engines.store.entry(last.entry).await?.ok_or(consent::Error::Inconsistent("entry"))?;
    let ledger = Ledger {
        entry: entry.id,
        index: entry.idx.unsigned_abs(),
        leaf_hash: hex(&leaf_hash(&entry.leaf)),
        origin: engines.log.verifier().name().to_owned(),
    };
    let agency = engines.registry.agency(&record.agency).ok_or(consent::Error::Inconsistent("agency"))?;
    let contact = &agency.contact;
    let controller = Controller {
        name: agency.name.clone(),
        contact: Contact {
            name: contact.name.clone(),
            phone: contact.phone.clone(),
            email: contact.email.clone(),
        },
    };
    let history: Vec<_> = events
        .iter()
        .map(|it| receipt::Happened {
            at: it.at,
            act: it.act,
            state: it.state,
            entry: it.entry,
            event: it.event.clone(),
        })
        .collect();
    let handle = engines.vault.handle(&record.agency, &consent.subject).await?;
    let words = words(engines, consent).await?;
    let material = Material {
        issuer: &engines.addresses.issuer,
        id: engines.id(),
        at: engines.now(),
        handle: &handle,
        record,
        history: &history,
        controller: &controller,
        words: &words,
        ledger,
    };
    // What was never given has an end nobody has to carry out.
    let ended = consent.state.is_over() && !matches!(consent.state, State::Refused | State::Unanswered);
    Ok(if ended {
        let (told, closed_at) = progress::told(engines, consent).await?;
        Claims::terminated(&material, told, closed_at)?
    } else {
        Claims::new(&material)?
    })
}

/// The texts of the version the record names; of an older one what is remembered (I10).
async fn words(engines: &Engines, consent: &Consent) -> Result<Words, Failure> {
    let (record, catalogue) = (&consent.record, engines.register.catalogue());
    if let Some(purpose) = consent.purpose(engines) {
        return Ok(Words::of(catalogue, purpose));
    }
    let today = catalogue.purpose(&record.purpose).map(|purpose: &Purpose| Words::of(catalogue, purpose));
    let known = purpose_of(engines, &record.purpose, Some(&record.purpose_version)).await?;
    let mut words = today.unwrap_or_default();
    if let Some(known) = known {
        let cited = known.citations.get(BasisKind::Consent.as_str()).into_iter().flatten();
        words.citations =
            cited.map(|it| Citation { text: it.text.clone(), confidence: it.confidence }).collect();
        (words.title, words.reason) = (known.title, known.reason);
    }
    Ok(words)
}
