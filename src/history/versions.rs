//! The texts that applied when an entry was made: purposes by version, rules by bundle (I10).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::access::{Access, HistoryError};
use crate::{
    domain::{
        catalogue::{Confidence, Purpose, Text},
        own_token,
    },
    engines::Engines,
    policy,
    store::purposes::PurposeVersion,
};

/// An article as it was cited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredCitation {
    /// Instrument and article.
    pub text: Text,
    /// How well it was checked.
    pub confidence: Confidence,
}

/// What a version of a purpose said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurposeTexts {
    /// What it was called.
    pub title: Text,
    /// What it was for.
    pub reason: Text,
    /// How long the agency keeps what it read.
    pub retention: Text,
    /// Basis → articles.
    pub citations: BTreeMap<String, Vec<StoredCitation>>,
    /// Id of a rule of this purpose → what it says.
    pub rules: BTreeMap<String, Text>,
}

/// The purpose of this id as it is today: one of the catalogue, or the terms of the citizen's own token.
fn today<'a>(engines: &'a Engines, id: &str) -> Option<&'a Purpose> {
    if id == own_token::ID {
        return Some(own_token::terms());
    }
    engines.register.catalogue().purpose(id)
}

fn texts(engines: &Engines, purpose: &Purpose) -> PurposeTexts {
    let citations = purpose.bases.iter().map(|basis| {
        let cited = basis.citations.iter();
        let cited = cited.map(|c| StoredCitation { text: c.text.clone(), confidence: c.confidence });
        (basis.kind.as_str().to_owned(), cited.collect())
    });
    let own = format!("{}.", purpose.id);
    let rules = engines.register.rules().filter(|rule| rule.id.starts_with(&own));
    let rules = rules.map(|rule| (rule.id.clone(), rule.text.clone()));
    let program = (purpose.id == own_token::ID).then(|| (own_token::RULE.to_owned(), own_token::rule()));
    PurposeTexts {
        title: purpose.title.clone(),
        reason: purpose.reason.clone(),
        retention: purpose.retention.clone(),
        citations: citations.collect(),
        rules: rules.chain(program).collect(),
    }
}

/// Remembers every purpose of the register under its version; called whenever a register is put in force.
///
/// # Errors
/// [`HistoryError::Store`] when the database fails; the register must then not be put in force.
pub async fn remember_versions(engines: &Engines) -> Result<(), HistoryError> {
    let since = engines.now().0;
    let mut versions = Vec::new();
    for purpose in engines.register.catalogue().purposes.values().chain([own_token::terms()]) {
        let wrong = |_| HistoryError::Version(purpose.version.clone());
        versions.push(PurposeVersion {
            version: purpose.version.clone(),
            purpose: purpose.id.clone(),
            body: serde_json::to_string(&texts(engines, purpose)).map_err(wrong)?,
            since,
        });
    }
    Ok(engines.store.put_purpose_versions(&versions).await?)
}

/// The texts of the purpose an entry names, in the version it names, or today's where it names none; `None` when that
/// version is not known here.
///
/// # Errors
/// [`HistoryError`] when the database fails.
pub async fn purpose_texts(engines: &Engines, access: &Access) -> Result<Option<PurposeTexts>, HistoryError> {
    let Some(id) = &access.facts.purpose else { return Ok(None) };
    purpose_of(engines, id, access.facts.purpose_version.as_deref()).await
}

/// The texts of a purpose in a version, or today's where none is named; `None` when that version is not known here.
///
/// # Errors
/// [`HistoryError`] when the database fails.
pub async fn purpose_of(
    engines: &Engines,
    id: &str,
    version: Option<&str>,
) -> Result<Option<PurposeTexts>, HistoryError> {
    let Some(version) = version else {
        // A revocation decides nothing and names no version: today's words say which purpose it was.
        return Ok(today(engines, id).map(|purpose| texts(engines, purpose)));
    };
    if let Some(purpose) = today(engines, id)
        && purpose.version == *version
    {
        return Ok(Some(texts(engines, purpose)));
    }
    let row = engines.store.purpose_version(version).await?.filter(|row| row.purpose == *id);
    let wrong = |_| HistoryError::Version(version.to_owned());
    row.map(|row| serde_json::from_str(&row.body).map_err(wrong)).transpose()
}

/// A standing choice that was overridden, by its code ([`StandingFacts::codes`]), in plain words.
///
/// [`StandingFacts::codes`]: crate::domain::decision::StandingFacts::codes
#[must_use]
pub fn choice_text(code: &str) -> Option<Text> {
    policy::reason_text(&format!("standing_{code}"))
}

/// What a rule said when it decided: the rule of the bundle in force if that is the one that decided, the remembered
/// one of the purpose, or, for a global rule of an older bundle, what the reason code means.
#[must_use]
pub fn rule_text(
    engines: &Engines,
    access: &Access,
    purpose: Option<&PurposeTexts>,
    rule: &str,
) -> Option<Text> {
    let facts = &access.facts;
    if facts.bundle.as_deref() == Some(&*engines.bundle)
        && let Some(rule) = engines.register.rule(rule)
    {
        return Some(rule.text.clone());
    }
    purpose
        .and_then(|texts| texts.rules.get(rule).cloned())
        .or_else(|| facts.reason.as_deref().and_then(policy::reason_text))
}
