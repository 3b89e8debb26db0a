//! The register: everything in `policies/`, read once and checked whole.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cedar_policy::{PolicySet, Schema, ValidationMode, Validator};

use super::{
    Case, Files, LoadError, Rule, cases, catalogue_toml,
    entities::Vocabulary,
    error::Faults,
    purpose_toml,
    rules::{self, Parsed, Scope},
    schema, version,
};
use crate::{
    domain::{
        catalogue::{Catalogue, Purpose},
        decision::Reason,
    },
    time::Millis,
};

/// How to read the files.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// For demonstrations and tests: reads the review dates as if the newest check had been made on that day
    /// (in Hanoi), all moved alike. `None`, as in production, takes them as they stand.
    pub relative_to: Option<Millis>,
}

/// The catalogue and the rules that are in force, immutable; share it behind an `Arc`.
#[derive(Debug)]
pub struct Register {
    pub(super) catalogue: Catalogue,
    pub(super) rules: BTreeMap<String, Rule>,
    /// For each purpose the global rules and its own: what Cedar looks at grows with one purpose, not with all.
    pub(super) sets: HashMap<String, PolicySet>,
    pub(super) vocabulary: Vocabulary,
    pub(super) cases: BTreeMap<String, Vec<Case>>,
    pub(super) bundle_version: String,
}

impl Register {
    /// Reads and checks every file. On any fault nothing loads, and all faults are named at once.
    pub fn load(files: &Files, options: Options) -> Result<Self, Vec<LoadError>> {
        let mut faults = Faults::default();
        let ids = purpose_ids(files, &mut faults);
        let catalogue = catalogue(files, &ids, options, &mut faults);
        let wanted = schema::generate(&catalogue);
        match files.get(schema::FILE) {
            Some(found) => schema::check(found, &wanted, &mut faults),
            None => faults.file(schema::FILE, "is missing"),
        }
        let parsed = parse_rules(files, &catalogue, &mut faults);
        validate(files, &parsed, &wanted, &mut faults);
        let mut cases = BTreeMap::new();
        for id in &ids {
            let path = format!("purposes/{id}/tests.toml");
            if let Some(text) = files.get(&path) {
                cases.insert(id.clone(), cases::read(&path, text, &mut faults));
            }
        }
        let register =
            Vocabulary::of(&catalogue).ok().zip(sets(&catalogue, &parsed)).map(|(vocabulary, sets)| Self {
                catalogue,
                rules: parsed.into_iter().map(|(rule, _)| (rule.id.clone(), rule)).collect(),
                sets,
                vocabulary,
                cases,
                bundle_version: version::bundle(files),
            });
        if register.is_none() {
            faults.file(schema::FILE, "the rules and vocabularies do not fit together");
        }
        faults.none_or(register)
    }

    /// The same rules over a purpose that was changed: a test's own terms of consent.
    #[cfg(test)]
    pub(crate) fn amended(mut self, purpose: &str, change: impl FnOnce(&mut Purpose)) -> Self {
        change(self.catalogue.purposes.get_mut(purpose).unwrap());
        self
    }

    /// Fields, registers and purposes.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The rule of that id, to say why something was allowed or refused.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.get(id)
    }

    /// Every rule in order of id.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.values()
    }

    /// 64 hexadecimal digits over every file that decides; reviews are left out.
    pub fn bundle_version(&self) -> &str {
        &self.bundle_version
    }
}

/// The purposes that have a folder. Files that have no place are faults: a misspelt name must not be passed over.
fn purpose_ids(files: &Files, faults: &mut Faults) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for (path, _) in files.iter() {
        let parts: Vec<&str> = path.split('/').collect();
        match parts.as_slice() {
            [file]
                if ["README.md", catalogue_toml::FIELDS, catalogue_toml::SOURCES, schema::FILE]
                    .contains(file) => {}
            ["global" | "properties", file] if file.strip_suffix(".cedar").is_some() => {}
            ["purposes", id, "purpose.toml" | "review.toml" | "rules.cedar" | "tests.toml"] => {
                if ids.insert((*id).to_owned()) && !catalogue_toml::is_dotted(id) {
                    faults.file(
                        path,
                        format!("`{id}` is not a purpose id: words of a-z, 0-9 and _ joined by `.`"),
                    );
                }
            }
            _ => faults.file(path, "has no place here; see README.md for what belongs where"),
        }
    }
    if ids.is_empty() {
        faults.file("purposes", "there is no purpose");
    }
    ids
}

fn catalogue(files: &Files, ids: &BTreeSet<String>, options: Options, faults: &mut Faults) -> Catalogue {
    let sources = catalogue_toml::sources(need(files, catalogue_toml::SOURCES, faults), faults);
    let fields = catalogue_toml::fields(need(files, catalogue_toml::FIELDS, faults), &sources, faults);
    let mut purposes = BTreeMap::new();
    for id in ids {
        let table = format!("purposes/{id}/purpose.toml");
        let Some(text) = files.get(&table) else {
            faults.file(&table, "is missing");
            continue;
        };
        let Some(mut purpose) = purpose_toml::purpose(id, text, &fields, faults) else { continue };
        let rules = need(files, &format!("purposes/{id}/rules.cedar"), faults);
        purpose.version = version::purpose(id, text, rules);
        let review = format!("purposes/{id}/review.toml");
        match files.get(&review) {
            Some(text) => purpose.review = purpose_toml::review(id, text, faults),
            None if purpose.is_active() => {
                faults.file(&review, "is missing: a purpose in force needs its Article 19(2) review");
            }
            None => {}
        }
        purposes.insert(id.clone(), purpose);
    }
    purpose_toml::settle(&mut purposes, options.relative_to);
    Catalogue { fields, sources, purposes }
}

/// The text of a file that must be there; empty, and a fault, if it is not.
fn need<'a>(files: &'a Files, path: &str, faults: &mut Faults) -> &'a str {
    files.get(path).unwrap_or_else(|| {
        faults.file(path, "is missing");
        ""
    })
}

fn parse_rules(files: &Files, catalogue: &Catalogue, faults: &mut Faults) -> Vec<Parsed> {
    let about_others: BTreeSet<&str> = catalogue
        .fields
        .values()
        .filter(|field| field.about_others && field.never.is_none())
        .map(|field| field.name.as_str())
        .collect();
    let mut parsed = Vec::new();
    for (path, text) in files.iter().filter(|(path, _)| path.starts_with("global/")) {
        parsed.extend(rules::read(path, text, Scope::Global { about_others: &about_others }, faults));
    }
    if !about_others.is_empty() && !parsed.iter().any(|(rule, _)| rule.reason == "field_about_others") {
        faults.file("global", "no rule refuses the fields that are about_others in fields.toml");
    }
    for reason in Reason::ALL.into_iter().filter(|reason| reason.is_global()) {
        if !parsed.iter().any(|(rule, _)| rule.reason == reason.code()) {
            faults.file("global", format!("no rule for every purpose gives the reason `{reason}`"));
        }
    }
    for purpose in catalogue.purposes.values() {
        let path = format!("purposes/{}/rules.cedar", purpose.id);
        if let Some(text) = files.get(&path) {
            parsed.extend(rules::read(&path, text, Scope::Purpose(purpose), faults));
        }
    }
    let mut seen = BTreeSet::new();
    for (rule, _) in &parsed {
        if !seen.insert(&rule.id) {
            let text = files.get(&rule.file).unwrap_or_default();
            let reason = format!("the id `{}` is given twice", rule.id);
            faults.at(&rule.file, text, &rules::id_line(&rule.id), reason);
        }
    }
    parsed
}

/// Strict validation of every rule against the schema; warnings count.
fn validate(files: &Files, parsed: &[Parsed], schema: &str, faults: &mut Faults) {
    let schema = match Schema::from_cedarschema_str(schema) {
        Ok((schema, _)) => schema,
        Err(error) => return faults.file(schema::FILE, rules::first_line(&error.to_string())),
    };
    let Some(set) = set(parsed.iter()) else { return };
    let result = Validator::new(schema).validate(&set, ValidationMode::Strict);
    let errors = result.validation_errors().map(|error| (error.policy_id(), error.to_string()));
    let warnings = result.validation_warnings().map(|warning| (warning.policy_id(), warning.to_string()));
    for (id, reason) in errors.chain(warnings) {
        let id = id.to_string();
        if let Some((rule, _)) = parsed.iter().find(|(rule, _)| rule.id == id) {
            let text = files.get(&rule.file).unwrap_or_default();
            faults.at(&rule.file, text, &rules::id_line(&id), rules::first_line(&reason));
        }
    }
}

/// One set of rules a purpose.
fn sets(catalogue: &Catalogue, parsed: &[Parsed]) -> Option<HashMap<String, PolicySet>> {
    let rules_of = |purpose: &Purpose| {
        let own = format!("purposes/{}/rules.cedar", purpose.id);
        set(parsed.iter().filter(|(rule, _)| rule.file.starts_with("global/") || rule.file == own))
    };
    catalogue.purposes.values().map(|purpose| Some((purpose.id.clone(), rules_of(purpose)?))).collect()
}

/// The rules as Cedar takes them; `None` when two have one id, which is noted elsewhere.
fn set<'a>(parsed: impl Iterator<Item = &'a Parsed>) -> Option<PolicySet> {
    PolicySet::from_policies(parsed.map(|(_, policy)| policy.clone())).ok()
}
