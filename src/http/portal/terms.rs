//! The terms of consent and of emergencies in sentences, as the page of a purpose shows them.

use super::view;
use crate::{
    domain::{
        catalogue::{Basis, BasisKind, ConsentTerms, EmergencyTerms, Purpose},
        consent::{Frequency, Per},
    },
    i18n::{Arg, Lang, text, text_with},
};

/// What a basis of a purpose is bound to beside its fields, a sentence or two a term; nothing for a statutory basis.
pub(super) fn sentences(lang: Lang, purpose: &Purpose, basis: &Basis) -> Vec<String> {
    match basis.kind {
        BasisKind::Consent => purpose.consent.as_ref().map(|terms| consent(lang, terms)),
        BasisKind::Emergency => purpose.emergency.map(|terms| emergency(lang, terms)),
        BasisKind::Statutory | BasisKind::Contract => None,
    }
    .unwrap_or_default()
}

fn consent(lang: Lang, terms: &ConsentTerms) -> Vec<String> {
    let mut said = vec![
        counted(lang, "purpose-consent-days", terms.validity_days),
        counted(lang, "purpose-consent-uses", terms.max_uses),
    ];
    if let Some(Frequency { n, per }) = terms.frequency {
        let key = match per {
            Per::Hour => "purpose-consent-an-hour",
            Per::Day => "purpose-consent-a-day",
            Per::Week => "purpose-consent-a-week",
            Per::Month => "purpose-consent-a-month",
        };
        said.push(counted(lang, key, n));
    }
    said.push(counted(lang, "purpose-consent-answer", terms.answer_hours));
    if let Some(days) = terms.lapse_days {
        said.push(counted(lang, "purpose-consent-lapse", days));
    }
    if terms.private_life {
        said.push(text(lang, "purpose-consent-child"));
    }
    said.push(view::said(lang, &terms.refusing));
    said
}

fn emergency(lang: Lang, terms: EmergencyTerms) -> Vec<String> {
    vec![
        counted(lang, "purpose-emergency-officials", terms.max_minutes),
        counted(lang, "purpose-emergency-report", terms.report_hours),
    ]
}

fn counted(lang: Lang, key: &str, count: u32) -> String {
    text_with(lang, key, &[("count", Arg::Number(u64::from(count)))])
}
