//! Rule files: parsing, and what the loader demands of a rule beyond what Cedar does.
//!
//! Every rule has an id, a reason code and a sentence in both languages. Global rules only forbid. A purpose's
//! rules speak of that purpose alone, so deciding with the global rules and one purpose's file is deciding with
//! all of them. The literal minimum in a rule must be the field set of `purpose.toml`, word for word.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr as _,
};

use cedar_policy::{Policy, PolicyId, PolicySet};
use serde_json::{Value, json};

use super::error::{Faults, line_after};
use crate::domain::{
    catalogue::{OfficialDemand, Purpose, Text},
    decision::Reason,
};

/// Whether a rule lets something happen or stops it. A rule that stops outweighs any that lets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It lets a request through unless another rule forbids it.
    Permit,
    /// It stops a request whatever others say.
    Forbid,
}

/// A rule as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its stable id, e.g. `driver.licence_renewal.statutory.minimum`.
    pub id: String,
    /// What it does.
    pub effect: Effect,
    /// Its reason code: a [`Reason`] when it forbids, `<basis>_basis` when it permits.
    pub reason: String,
    /// One plain sentence.
    pub text: Text,
    /// The file it stands in, relative to `policies/`.
    pub file: String,
}

/// A rule with what Cedar made of it.
pub(super) type Parsed = (Rule, Policy);

/// Whose rules a file may hold.
#[derive(Clone, Copy)]
pub(super) enum Scope<'a> {
    /// Rules for every purpose; `about_others` are the fields no purpose in force may have.
    Global { about_others: &'a BTreeSet<&'a str> },
    /// Rules for one purpose.
    Purpose(&'a Purpose),
}

/// Reads one rule file.
pub(super) fn read(file: &str, text: &str, scope: Scope<'_>, faults: &mut Faults) -> Vec<Parsed> {
    let set = match PolicySet::from_str(text) {
        Ok(set) => set,
        Err(error) => {
            let reason = format!("is not a rule Cedar can read: {}", first_line(&error.to_string()));
            match bad_statement(text) {
                Some(line) => faults.line(file, line, reason),
                None => faults.file(file, reason),
            }
            return Vec::new();
        }
    };
    if set.num_of_templates() > 0 {
        faults.file(file, "templates are not allowed: they cannot be proved");
    }
    let mut parsed = Vec::new();
    for policy in set.policies() {
        if let Some(rule) = describe(file, text, policy, faults) {
            let line = id_line(&rule.id);
            for reason in match scope {
                Scope::Global { about_others } => global_faults(&rule, policy, about_others),
                Scope::Purpose(purpose) => purpose_faults(&rule, policy, purpose),
            } {
                faults.at(file, text, &line, reason);
            }
            let policy = policy.new_id(PolicyId::new(&rule.id));
            parsed.push((rule, policy));
        }
    }
    if let Scope::Purpose(purpose) = scope {
        let found: BTreeMap<&str, &str> =
            parsed.iter().map(|(rule, _)| (rule.id.as_str(), rule.reason.as_str())).collect();
        for (id, reason) in demanded(purpose) {
            if found.get(id.as_str()) != Some(&reason.as_str()) {
                faults.file(file, format!("purpose.toml calls for a rule `{id}` with the reason `{reason}`"));
            }
        }
    }
    parsed
}

/// Reads the annotations of a rule.
fn describe(file: &str, text: &str, policy: &Policy, faults: &mut Faults) -> Option<Rule> {
    let mut notes: BTreeMap<&str, &str> = policy.annotations().collect();
    let id = notes.remove("id").unwrap_or_default().to_owned();
    if id.is_empty() {
        faults.file(file, "a rule has no @id");
        return None;
    }
    let line = id_line(&id);
    let mut note = |key: &str| {
        let value = notes.remove(key).unwrap_or_default().trim().to_owned();
        if value.is_empty() {
            faults.at(file, text, &line, format!("the rule `{id}` has no @{key}"));
        }
        value
    };
    let (reason, vi, en) = (note("reason"), note("vi"), note("en"));
    if let Some(key) = notes.keys().next() {
        faults.at(file, text, &line, format!("the rule `{id}` has an annotation nobody reads: @{key}"));
    }
    let effect = match policy.effect() {
        cedar_policy::Effect::Permit => Effect::Permit,
        cedar_policy::Effect::Forbid => Effect::Forbid,
    };
    if effect == Effect::Forbid && !reason.is_empty() && Reason::from_code(&reason).is_none() {
        faults.at(file, text, &line, format!("`{reason}` is not a reason code"));
    }
    Some(Rule { id, effect, reason, text: Text { vi, en }, file: file.to_owned() })
}

fn global_faults(rule: &Rule, policy: &Policy, about_others: &BTreeSet<&str>) -> Vec<String> {
    let mut faults = Vec::new();
    if !rule.id.starts_with("global.") {
        faults.push(format!("the id `{}` must begin with `global.`", rule.id));
    }
    if rule.effect == Effect::Permit {
        faults.push("a rule for every purpose may only forbid".to_owned());
    }
    if rule.reason == Reason::FieldAboutOthers.code() && !names(policy, "MinhBach::Field", about_others) {
        faults.push("does not name exactly the fields that are about_others in fields.toml".to_owned());
    }
    faults
}

fn purpose_faults(rule: &Rule, policy: &Policy, purpose: &Purpose) -> Vec<String> {
    let mut faults = Vec::new();
    let id = &purpose.id;
    if !rule.id.starts_with(&format!("{id}.")) {
        faults.push(format!("the id `{}` must begin with `{id}.`", rule.id));
    }
    let conditions = policy.to_json().unwrap_or_default();
    if !guarded(&conditions, "purpose", "MinhBach::Purpose", id)
        || !names(policy, "MinhBach::Purpose", &BTreeSet::from([id.as_str()]))
    {
        faults.push(format!("the rule `{}` must say `when {{ resource.purpose == … }}` of `{id}`", rule.id));
    }
    if rule.effect == Effect::Permit {
        let basis = purpose.bases.iter().find(|basis| rule.id == format!("{id}.{}", basis.kind));
        if !basis.is_some_and(|basis| {
            guarded(&conditions, "basis", "MinhBach::Basis", basis.kind.as_str())
                && rule.reason == format!("{}_basis", basis.kind)
        }) {
            faults.push(format!("`{}` permits, but not as one basis of purpose.toml", rule.id));
        }
    }
    for basis in &purpose.bases {
        let fields: BTreeSet<&str> = basis.fields.iter().map(String::as_str).collect();
        if rule.id == format!("{id}.{}.minimum", basis.kind) && !names(policy, "MinhBach::Field", &fields) {
            faults
                .push(format!("the fields differ from those of the basis `{}` in purpose.toml", basis.kind));
        }
    }
    faults
}

/// The rules, by id and reason, that a statutory table calls for.
fn demanded(purpose: &Purpose) -> Vec<(String, String)> {
    let id = &purpose.id;
    let mut demanded = Vec::new();
    for basis in &purpose.bases {
        let kind = basis.kind;
        demanded.push((format!("{id}.{kind}"), format!("{kind}_basis")));
        let minimum = Reason::FieldOutsidePurposeMinimum.code().to_owned();
        demanded.push((format!("{id}.{kind}.minimum"), minimum));
    }
    let mut demand = |what: &str, reason: Reason| {
        demanded.push((format!("{id}.{what}"), reason.code().to_owned()));
    };
    demand("basis", Reason::BasisNotOffered);
    demand("case", if purpose.case_required { Reason::CaseRequired } else { Reason::CaseNotTaken });
    match purpose.official {
        OfficialDemand::None => demand("official", Reason::OfficialNotTaken),
        OfficialDemand::Asserted => demand("official", Reason::OfficialRequired),
        OfficialDemand::Proved => {
            demand("official", Reason::OfficialRequired);
            demand("proof", Reason::OfficialNotProved);
        }
    }
    if purpose.assurance > 0 {
        demand("assurance", Reason::AssuranceTooLow);
    }
    demanded
}

/// Whether the entities of that type that a rule names are exactly these.
fn names(policy: &Policy, kind: &str, wanted: &BTreeSet<&str>) -> bool {
    let literals = policy.entity_literals();
    let found: BTreeSet<&str> = literals
        .iter()
        .filter(|literal| literal.type_name().to_string() == kind)
        .map(|literal| literal.id().unescaped())
        .collect();
    &found == wanted
}

/// Whether a rule applies only when `resource.<attribute>` is that entity: the equality is one of the conjuncts of
/// a `when`, so nothing beside it can widen the rule.
fn guarded(policy: &Value, attribute: &str, kind: &str, id: &str) -> bool {
    let wanted = json!({ "==": {
        "left": { ".": { "left": { "Var": "resource" }, "attr": attribute } },
        "right": { "Value": { "__entity": { "type": kind, "id": id } } },
    } });
    let conditions = policy.get("conditions").and_then(Value::as_array);
    conditions
        .into_iter()
        .flatten()
        .filter(|condition| condition.get("kind").and_then(Value::as_str) == Some("when"))
        .filter_map(|condition| condition.get("body"))
        .any(|body| has_conjunct(body, &wanted))
}

fn has_conjunct(body: &Value, wanted: &Value) -> bool {
    body == wanted
        || body.get("&&").is_some_and(|and| {
            ["left", "right"]
                .into_iter()
                .filter_map(|side| and.get(side))
                .any(|side| has_conjunct(side, wanted))
        })
}

/// The line of the first statement that cannot be read by itself; statements begin with their `@id`.
fn bad_statement(text: &str) -> Option<usize> {
    let mut starts: Vec<usize> = text.match_indices("@id(").map(|(at, _)| at).collect();
    starts.push(text.len());
    starts.windows(2).find_map(|pair| match pair {
        [from, to] if PolicySet::from_str(text.get(*from..*to)?).is_err() => {
            Some(line_after(text.get(..*from)?))
        }
        _ => None,
    })
}

pub(super) fn id_line(id: &str) -> String {
    format!("@id(\"{id}\")")
}

pub(super) fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
