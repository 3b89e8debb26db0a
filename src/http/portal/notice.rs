//! From a request for consent to the exact text about it: the same record and catalogue give the same bytes, so that what
//! is shown, what is answered and what is kept are one text. Out of scope: whose request it is and what is answered.

use super::{consents::titled, error::Failure, view::Words};
use crate::{
    consent::{self, Consent},
    domain::catalogue::{BasisKind, Confidence},
    engines::Engines,
    http::pages::{
        consent::words,
        consent_notice::{self, ConsentNotice, render_notice},
        parts::{Citation, Field},
    },
    i18n::{self, Lang},
    oauth::grants::{self, Older},
};

/// The text in one language, and what stands around it.
pub(super) struct Text {
    /// What the text says, one by one.
    pub(super) notice: ConsentNotice,
    /// The text: the bytes that are hashed, shown and kept.
    pub(super) html: String,
    /// SHA-256 of the bytes, lower-case hexadecimal.
    pub(super) hash: String,
    /// What the text says a yes does to older consents.
    pub(super) older: Option<Older>,
}

/// The text about a request in a language; and about a consent that waits for the word of one who has come of age, with
/// what was granted then.
///
/// # Errors
/// [`Failure::RequestGone`] when the purpose has changed since it was asked for: what she would read is not what she
/// would answer.
pub(super) async fn text(engines: &Engines, consent: &Consent, lang: Lang) -> Result<Text, Failure> {
    let record = &consent.record;
    let purpose = consent.purpose(engines).ok_or(Failure::RequestGone)?;
    // Where software is to read for her she is told which; elsewhere the agency answers for all of its software.
    let software = match engines.registry.client(&record.client_id).await? {
        Some(client) if !record.scopes.is_empty() => client.name.clone(),
        Some(_) => String::new(),
        None => return Err(Failure::RequestGone),
    };
    let mut words = Words::new(engines, lang);
    // Only a question can end or join what was given before; who confirms what stands does neither.
    let older = if consent.state.is_waiting() { grants::older(engines, consent).await? } else { None };
    let told = told(&mut words, older.as_ref()).await?;
    let said = |text: &Option<String>| text.clone().unwrap_or_default();
    let fields = |required: bool| -> Vec<Field> {
        let these = record.items.iter().filter(|item| item.required == required && consent.asks_for(item));
        these.map(|item| words.item(item)).collect()
    };
    let mut required = fields(true);
    required.extend(record.scopes.iter().filter_map(|scope| words::scope(lang, scope)));
    let citations =
        purpose.basis(BasisKind::Consent).into_iter().flat_map(|basis| &basis.citations).map(|citation| {
            Citation {
                text: words.said(&citation.text),
                href: None,
                verified: citation.confidence == Confidence::Verified,
            }
        });
    let terms = purpose.consent.as_ref();
    let notice = ConsentNotice {
        lang,
        agency: words.agency(Some(&record.agency)),
        agency_code: record.agency.clone(),
        unit: said(&record.unit),
        software,
        contact: words.contact(engines.registry.agency(&record.agency)),
        required,
        optional: fields(false),
        purpose: words.said(&purpose.title),
        reason: words.said(&purpose.reason),
        case: said(&record.case),
        justification: said(&record.justification),
        limits: record.limits.clone(),
        retention: words.said(&record.recipient_retention),
        processors: record.processors.iter().map(|name| words.said(name)).collect(),
        refusing: terms.map_or_else(String::new, |terms| words.said(&terms.refusing)),
        citations: citations.collect(),
        older: told,
    };
    let html = render_notice(&notice)?;
    let (hash, text) = consent::text(lang.tag(), html);
    Ok(Text { notice, html: text.body, hash, older })
}

/// What she is told of older consents: what each is for, in the words of its day, and when it was given. What is hidden
/// from guardians is only said to be there.
async fn told(
    words: &mut Words<'_>,
    older: Option<&Older>,
) -> Result<Option<consent_notice::Older>, Failure> {
    let Some(older) = older.filter(|older| !older.consents.is_empty()) else { return Ok(None) };
    let mut these = Vec::with_capacity(older.consents.len());
    for (one, given) in &older.consents {
        let purpose = words.engines.register.catalogue().purpose(&one.record.purpose);
        these.push(match purpose {
            Some(purpose) if !purpose.guardian_hidden => {
                words::of_day(words.lang, &titled(words, one).await?.title, *given)
            }
            // A guardian may read this text, if not now then where it is kept.
            Some(_) | None => i18n::text(words.lang, "notice-older-other"),
        });
    }
    Ok(Some(consent_notice::Older { ends: older.ends, these }))
}
