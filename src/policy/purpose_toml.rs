//! `purpose.toml` and `review.toml`: the statutory table of one purpose, and the evidence of its monitoring.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, civil::Date};
use serde::Deserialize;

use super::{
    catalogue_toml::is_said,
    error::Faults,
    terms_toml::{self, Around, ConsentToml, EmergencyToml},
};
use crate::{
    domain::catalogue::{
        Basis, BasisKind, Citation, Confidence, Field, OfficialDemand, Purpose, Review, Status, Text,
    },
    time::Millis,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PurposeToml {
    status: Status,
    draft_because: Option<Text>,
    title: Text,
    reason: Text,
    requesters: Text,
    among_the_25_services: bool,
    case_required: bool,
    official: OfficialDemand,
    assurance: u8,
    max_lifetime_s: u32,
    max_uses: u32,
    retention: Text,
    notice: Text,
    #[serde(default)]
    guardian_hidden: bool,
    consent: Option<ConsentToml>,
    emergency: Option<EmergencyToml>,
    #[serde(default)]
    basis: Vec<BasisToml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BasisToml {
    kind: BasisKind,
    citations: Vec<CitationToml>,
    fields: Vec<String>,
    #[serde(default)]
    optional: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CitationToml {
    vi: String,
    en: String,
    confidence: Confidence,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReviewToml {
    procedure_ref: String,
    responsible_unit: Text,
    last_risk_assessment: String,
    last_compliance_check: String,
    complaint_channel: Text,
    next_review_due: String,
}

/// Reads one `purpose.toml`; the version is for the caller to fill in, and the review too.
pub(super) fn purpose(
    id: &str,
    text: &str,
    known: &BTreeMap<String, Field>,
    faults: &mut Faults,
) -> Option<Purpose> {
    let file = format!("purposes/{id}/purpose.toml");
    let table: PurposeToml = faults.toml(&file, text)?;
    let texts = [
        ("title", &table.title),
        ("reason", &table.reason),
        ("requesters", &table.requesters),
        ("retention", &table.retention),
        ("notice", &table.notice),
    ];
    for (key, said) in texts {
        if !is_said(said) {
            faults.at(&file, text, key, format!("`{key}` needs a text in both languages"));
        }
    }
    if (table.status == Status::Draft) != table.draft_because.is_some() {
        faults.at(&file, text, "status", "a draft, and only a draft, says in `draft_because` why it is one");
    }
    if !(1..=300).contains(&table.max_lifetime_s) {
        faults.at(&file, text, "max_lifetime_s", "`max_lifetime_s` must lie between 1 and 300 seconds");
    }
    if !(1..=20).contains(&table.max_uses) {
        faults.at(&file, text, "max_uses", "`max_uses` must lie between 1 and 20");
    }
    if table.assurance > 4 {
        faults.at(
            &file,
            text,
            "assurance",
            "`assurance` goes from 0 to 4 (Decree 69/2024/ND-CP, Article 20)",
        );
    }
    let somebody_signs_in = table.official == OfficialDemand::Proved
        || table.basis.iter().all(|basis| basis.kind == BasisKind::Consent);
    if table.assurance > 0 && !somebody_signs_in {
        faults.at(&file, text, "assurance", "nobody signs in for this purpose, so `assurance` must be 0");
    }
    if table.basis.is_empty() {
        faults.file(&file, "a purpose needs at least one `[[basis]]`");
    }
    let mut kinds = BTreeSet::new();
    let mut bases: Vec<Basis> = Vec::new();
    for basis in table.basis {
        if !kinds.insert(basis.kind) {
            faults.at(&file, text, "[[basis]]", format!("the basis `{}` is given twice", basis.kind));
        }
        check_fields(&file, text, &basis, table.status, known, faults);
        let sure = |citation: &CitationToml| {
            matches!(citation.confidence, Confidence::Verified | Confidence::Secondary)
        };
        if !basis.citations.iter().any(sure) {
            let reason = format!("the basis `{}` needs a citation marked V or S", basis.kind);
            faults.at(&file, text, "[[basis]]", reason);
        }
        let cite = |citation: CitationToml| Citation {
            text: Text { vi: citation.vi, en: citation.en },
            confidence: citation.confidence,
        };
        bases.push(Basis {
            kind: basis.kind,
            citations: basis.citations.into_iter().map(cite).collect(),
            fields: basis.fields,
            optional: basis.optional,
        });
    }
    let kinds: Vec<BasisKind> = bases.iter().map(|basis| basis.kind).collect();
    let around = Around {
        file: &file,
        text,
        bases: &kinds,
        official: table.official,
        guardian_hidden: table.guardian_hidden,
    };
    let consent = terms_toml::consent(table.consent, &around, faults);
    let emergency = terms_toml::emergency(table.emergency, &around, faults);
    Some(Purpose {
        id: id.to_owned(),
        version: String::new(),
        status: table.status,
        draft_because: table.draft_because,
        title: table.title,
        reason: table.reason,
        requesters: table.requesters,
        among_the_25_services: table.among_the_25_services,
        bases,
        case_required: table.case_required,
        official: table.official,
        assurance: table.assurance,
        retention: table.retention,
        max_lifetime_s: table.max_lifetime_s,
        max_uses: table.max_uses,
        notice: table.notice,
        guardian_hidden: table.guardian_hidden,
        consent,
        emergency,
        review: None,
    })
}

fn check_fields(
    file: &str,
    text: &str,
    basis: &BasisToml,
    status: Status,
    known: &BTreeMap<String, Field>,
    faults: &mut Faults,
) {
    let mut seen = BTreeSet::new();
    if basis.fields.is_empty() {
        faults.at(file, text, "[[basis]]", format!("the basis `{}` opens no field", basis.kind));
    }
    for name in &basis.fields {
        let mut fault = |reason: String| faults.at(file, text, &format!("\"{name}\""), reason);
        match known.get(name) {
            None => fault(format!("`{name}` is not in fields.toml")),
            Some(field) if field.never.is_some() => fault(format!("`{name}` is never offered to anybody")),
            Some(field) if field.about_others && status == Status::Active => {
                fault(format!("`{name}` is about other people, so the purpose can only be a draft"));
            }
            Some(_) => {}
        }
        if !seen.insert(name) {
            fault(format!("`{name}` is named twice for the basis `{}`", basis.kind));
        }
    }
    for name in &basis.optional {
        if !basis.fields.contains(name) {
            faults.at(file, text, "optional", format!("`{name}` is optional but not among the fields"));
        }
    }
}

/// Reads one `review.toml`. `due` still has to be set, by [`settle`], once all reviews are read.
pub(super) fn review(id: &str, text: &str, faults: &mut Faults) -> Option<Review> {
    let file = format!("purposes/{id}/review.toml");
    let table: ReviewToml = faults.toml(&file, text)?;
    for said in [&table.responsible_unit, &table.complaint_channel] {
        if !is_said(said) {
            faults.file(&file, "the unit and the complaint channel need a text in both languages");
        }
    }
    if table.procedure_ref.trim().is_empty() {
        faults.at(&file, text, "procedure_ref", "`procedure_ref` is empty");
    }
    let mut date = |key: &str, value: &str| -> Option<Date> {
        let date = value.parse().ok();
        if date.is_none() {
            faults.at(&file, text, key, format!("`{value}` is not a date, YYYY-MM-DD"));
        }
        date
    };
    let last_risk_assessment = date("last_risk_assessment", &table.last_risk_assessment);
    let last_compliance_check = date("last_compliance_check", &table.last_compliance_check);
    let next_review_due = date("next_review_due", &table.next_review_due)?;
    let (last_risk_assessment, last_compliance_check) = (last_risk_assessment?, last_compliance_check?);
    if next_review_due < last_risk_assessment.max(last_compliance_check) {
        faults.at(&file, text, "next_review_due", "the next review is due before the last one was made");
    }
    Some(Review {
        procedure_ref: table.procedure_ref,
        responsible_unit: table.responsible_unit,
        last_risk_assessment,
        last_compliance_check,
        complaint_channel: table.complaint_channel,
        next_review_due,
        due: Millis(0),
    })
}

/// Settles the review dates. Without `relative_to` they are what the files say. With it, all move by the same
/// number of days, so that the newest compliance check was made on that day: what was overdue stays overdue,
/// what was current stays current, and a demonstration does not go stale on the shelf.
pub(super) fn settle(purposes: &mut BTreeMap<String, Purpose>, relative_to: Option<Millis>) {
    let reviews = || purposes.values().filter_map(|purpose| purpose.review.as_ref());
    let newest = reviews().map(|review| review.last_compliance_check).max();
    let days = match (relative_to.and_then(hanoi_date), newest) {
        (Some(start), Some(newest)) => start.duration_since(newest),
        _ => SignedDuration::ZERO,
    };
    for review in purposes.values_mut().filter_map(|purpose| purpose.review.as_mut()) {
        for date in
            [&mut review.last_risk_assessment, &mut review.last_compliance_check, &mut review.next_review_due]
        {
            *date = date.saturating_add(days);
        }
        let end = review.next_review_due.tomorrow().ok().and_then(|day| {
            jiff::tz::Offset::constant(7).to_timestamp(day.to_datetime(jiff::civil::Time::midnight())).ok()
        });
        // A date without a morrow (31 December 9999) is a mistake in the file: it counts as overdue.
        review.due = end.map_or(Millis(i64::MIN), |instant| Millis(instant.as_millisecond()));
    }
}

fn hanoi_date(at: Millis) -> Option<Date> {
    let instant = jiff::Timestamp::from_millisecond(at.0).ok()?;
    Some(jiff::tz::Offset::constant(7).to_datetime(instant).date())
}
