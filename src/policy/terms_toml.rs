//! `[consent]` and `[emergency]` of a `purpose.toml`: the bounds of every consent, and what an emergency must come with.
//! Out of scope: whether a request keeps within them.

use serde::Deserialize;

use super::{catalogue_toml::is_said, error::Faults};
use crate::domain::{
    catalogue::{BasisKind, ConsentTerms, EmergencyTerms, OfficialDemand, Text},
    consent::Frequency,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsentToml {
    validity_days: u32,
    max_uses: u32,
    frequency: Option<Frequency>,
    answer_hours: u32,
    lapse_days: Option<u32>,
    private_life: bool,
    assurance: u8,
    refusing: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EmergencyToml {
    max_minutes: u32,
    #[serde(default = "a_day")]
    report_hours: u32,
}

/// Systems.md (c)29: the report is due within a day.
const fn a_day() -> u32 {
    24
}

/// What of a purpose the terms have to fit.
pub(super) struct Around<'a> {
    /// The file and its text, to name the line of a fault.
    pub(super) file: &'a str,
    pub(super) text: &'a str,
    pub(super) bases: &'a [BasisKind],
    pub(super) official: OfficialDemand,
    pub(super) guardian_hidden: bool,
}

/// The terms of consent; there exactly when consent is a basis.
pub(super) fn consent(
    table: Option<ConsentToml>,
    around: &Around<'_>,
    faults: &mut Faults,
) -> Option<ConsentTerms> {
    let Around { file, text, .. } = around;
    if table.is_some() != around.bases.contains(&BasisKind::Consent) {
        let reason = "`[consent]` must be there exactly when consent is one of the bases";
        faults.at(file, text, "[consent]", reason);
    }
    let table = table?;
    let mut bounded = |key: &str, value: u32, most: u32| {
        if !(1..=most).contains(&value) {
            faults.at(file, text, &format!("{key} ="), format!("`{key}` must lie between 1 and {most}"));
        }
    };
    bounded("validity_days", table.validity_days, 366);
    bounded("answer_hours", table.answer_hours, 720);
    bounded("lapse_days", table.lapse_days.unwrap_or(1), table.validity_days);
    if let Some(frequency) = table.frequency {
        bounded("frequency", frequency.n, table.max_uses);
    }
    // The purpose has keys of these names too, so the line is that of the table.
    let mut fault = |reason: String| faults.at(file, text, "[consent]", reason);
    if !(1..=1000).contains(&table.max_uses) {
        fault("`max_uses` of a consent must lie between 1 and 1000".to_owned());
    }
    if !(1..=4).contains(&table.assurance) {
        fault("`assurance` of a consent goes from 1 to 4 (Decree 69/2024/ND-CP, Article 20)".to_owned());
    }
    if !is_said(&table.refusing) {
        fault("`refusing` needs a text in both languages: refusing must be as easy as consenting".to_owned());
    }
    if table.private_life && around.guardian_hidden {
        let reason = "`private_life` needs the representative's yes (Law 91/2025/QH15, Article 24(2)), so the purpose \
                      cannot be `guardian_hidden`";
        fault(reason.to_owned());
    }
    Some(ConsentTerms {
        validity_days: table.validity_days,
        max_uses: table.max_uses,
        frequency: table.frequency,
        answer_hours: table.answer_hours,
        lapse_days: table.lapse_days,
        private_life: table.private_life,
        assurance: table.assurance,
        refusing: table.refusing,
    })
}

/// The terms of an emergency; there exactly when emergency is a basis.
pub(super) fn emergency(
    table: Option<EmergencyToml>,
    around: &Around<'_>,
    faults: &mut Faults,
) -> Option<EmergencyTerms> {
    let Around { file, text, .. } = around;
    if table.is_some() != around.bases.contains(&BasisKind::Emergency) {
        let reason = "`[emergency]` must be there exactly when emergency is one of the bases";
        faults.at(file, text, "[emergency]", reason);
    }
    let table = table?;
    if around.official != OfficialDemand::Proved {
        let reason = "two officials answer for an emergency, so `official` must be `proved`";
        faults.at(file, text, "official =", reason);
    }
    for (key, value, most) in
        [("max_minutes", table.max_minutes, 720), ("report_hours", table.report_hours, 24)]
    {
        if !(1..=most).contains(&value) {
            faults.at(file, text, key, format!("`{key}` must lie between 1 and {most}"));
        }
    }
    Some(EmergencyTerms { max_minutes: table.max_minutes, report_hours: table.report_hours })
}
