//! From a request for consent to the exact text about it: the same record and catalogue give the same bytes, so that what
//! is shown, what is answered and what is kept are one text. Out of scope: whose request it is and what is answered.

use super::{error::Failure, view::Words};
use crate::{
    consent::{self, Consent},
    domain::catalogue::{BasisKind, Confidence},
    engines::Engines,
    http::pages::{
        consent::words,
        consent_notice::{ConsentNotice, render_notice},
        parts::{Citation, Field},
    },
    i18n::Lang,
};

/// The text in one language, and what stands around it.
pub(super) struct Text {
    /// What the text says, one by one.
    pub(super) notice: ConsentNotice,
    /// The text: the bytes that are hashed, shown and kept.
    pub(super) html: String,
    /// SHA-256 of the bytes, lower-case hexadecimal.
    pub(super) hash: String,
}

/// The text about a request in a language.
///
/// # Errors
/// [`Failure::RequestGone`] when the purpose has changed since it was asked for: what she would read is not what she
/// would answer.
pub(super) async fn text(engines: &Engines, consent: &Consent, lang: Lang) -> Result<Text, Failure> {
    let record = &consent.record;
    let today = consent.purpose(engines);
    if consent.is_outdated(engines) {
        return Err(Failure::RequestGone);
    }
    // Where software is to read for her she is told which; elsewhere the agency answers for all of its software.
    let software = match engines.registry.client(&record.client_id).await? {
        Some(client) if !record.scopes.is_empty() => client.name.clone(),
        Some(_) => String::new(),
        None => return Err(Failure::RequestGone),
    };
    let words = Words::new(engines, lang);
    let said = |text: &Option<String>| text.clone().unwrap_or_default();
    let fields = |required: bool| -> Vec<Field> {
        let these = record.items.iter().filter(|item| item.required == required);
        these.map(|item| words.item(item)).collect()
    };
    let mut required = fields(true);
    required.extend(record.scopes.iter().filter_map(|scope| words::scope(lang, scope)));
    let cited = today.and_then(|purpose| purpose.basis(BasisKind::Consent));
    let citations = cited.into_iter().flat_map(|basis| &basis.citations).map(|citation| Citation {
        text: words.said(&citation.text),
        href: None,
        verified: citation.confidence == Confidence::Verified,
    });
    let terms = today.and_then(|purpose| purpose.consent.as_ref());
    let notice = ConsentNotice {
        lang,
        agency: words.agency(Some(&record.agency)),
        agency_code: record.agency.clone(),
        unit: said(&record.unit),
        software,
        contact: words.contact(engines.registry.agency(&record.agency)),
        required,
        optional: fields(false),
        purpose: today.map_or_else(|| record.purpose.clone(), |purpose| words.said(&purpose.title)),
        reason: today.map_or_else(String::new, |purpose| words.said(&purpose.reason)),
        case: said(&record.case),
        justification: said(&record.justification),
        limits: record.limits.clone(),
        retention: words.said(&record.recipient_retention),
        processors: record.processors.iter().map(|name| words.said(name)).collect(),
        refusing: terms.map_or_else(String::new, |terms| words.said(&terms.refusing)),
        citations: citations.collect(),
    };
    let html = render_notice(&notice)?;
    let (hash, text) = consent::text(lang.tag(), html);
    Ok(Text { notice, html: text.body, hash })
}
