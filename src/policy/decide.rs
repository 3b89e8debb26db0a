//! One decision.

use cedar_policy::{Authorizer, Response};

use super::Register;
use crate::domain::{
    catalogue::{BasisKind, Purpose},
    decision::{Decision, Facts, Reason, StandingFacts},
};

impl Register {
    /// Decides one request. Whatever cannot be established is a refusal: an unknown purpose or field, a fact that
    /// cannot be put before the rules, a rule that errs. Cedar skips a rule that errs, a prohibition too, so an
    /// error anywhere is a refusal here (I4).
    pub fn decide(&self, facts: &Facts<'_>) -> Decision {
        let Some((purpose, rules)) = self.catalogue.purpose(facts.purpose).zip(self.sets.get(facts.purpose))
        else {
            return self.refuse(None, Reason::PurposeUnknown, Vec::new(), Vec::new());
        };
        let excess = self.excess(purpose, facts);
        let (known, unknown): (Vec<&str>, Vec<&str>) =
            facts.fields.iter().copied().partition(|name| self.vocabulary.has_field(name));
        let Ok((request, entities)) = self.vocabulary.put(facts, &known, purpose) else {
            return self.refuse(Some(purpose), Reason::EvaluationError, Vec::new(), excess);
        };
        let response = Authorizer::new().is_authorized(&request, rules, &entities);
        if response.diagnostics().errors().next().is_some() {
            let erring = response.diagnostics().errors().map(|error| match error {
                cedar_policy::AuthorizationError::PolicyEvaluationError(error) => {
                    error.policy_id().to_string()
                }
            });
            return self.refuse(Some(purpose), Reason::EvaluationError, erring.collect(), excess);
        }
        let permitted = response.decision() == cedar_policy::Decision::Allow;
        // INVARIANT I2, a second time and without Cedar: nothing outside the statutory table is ever allowed.
        if permitted && unknown.is_empty() && excess.is_empty() && purpose.basis(facts.basis).is_some() {
            let mut rules: Vec<String> = response.diagnostics().reason().map(ToString::to_string).collect();
            rules.sort();
            return Decision {
                allowed: true,
                reason: None,
                rules,
                excess,
                overrides: overrides(facts),
                purpose_version: Some(purpose.version.clone()),
                bundle_version: self.bundle_version.clone(),
            };
        }
        let mut found = if permitted { Vec::new() } else { self.prohibitions(&response) };
        if !facts.fields.is_empty() {
            // Cedar saw only the fields it has names for; that none was left is not what is wrong.
            found.retain(|(reason, _)| *reason != Reason::EmptyFieldSet);
        }
        let here = |name: &&str| self.catalogue.field(name).is_some();
        let reason = [
            found.first().map(|(reason, _)| *reason),
            unknown.iter().any(|name| !here(name)).then_some(Reason::FieldUnknown),
            unknown.iter().any(here).then_some(Reason::FieldNeverOffered),
            (permitted && purpose.basis(facts.basis).is_none()).then_some(Reason::BasisNotOffered),
            (permitted && !excess.is_empty()).then_some(Reason::FieldOutsidePurposeMinimum),
        ];
        let reason = reason.into_iter().flatten().min().unwrap_or(Reason::NotPermitted);
        found.sort_by_key(|(one, _)| *one != reason);
        self.refuse(Some(purpose), reason, found.into_iter().map(|(_, id)| id).collect(), excess)
    }

    /// The prohibitions that applied, with their reasons, in order of precedence.
    fn prohibitions(&self, response: &Response) -> Vec<(Reason, String)> {
        let mut found: Vec<(Reason, String)> = response
            .diagnostics()
            .reason()
            .map(|id| {
                let id = id.to_string();
                let reason = self.rule(&id).and_then(|rule| Reason::from_code(&rule.reason));
                (reason.unwrap_or(Reason::EvaluationError), id)
            })
            .collect();
        found.sort();
        found
    }

    /// The fields asked for that the basis does not open; when the purpose has no such basis, those that nobody
    /// could be given.
    fn excess(&self, purpose: &Purpose, facts: &Facts<'_>) -> Vec<String> {
        let excess = match purpose.basis(facts.basis) {
            Some(basis) => basis.excess(facts.fields),
            None => facts.fields.iter().copied().filter(|name| !self.vocabulary.has_field(name)).collect(),
        };
        excess.into_iter().map(str::to_owned).collect()
    }

    fn refuse(
        &self,
        purpose: Option<&Purpose>,
        reason: Reason,
        rules: Vec<String>,
        excess: Vec<String>,
    ) -> Decision {
        Decision {
            allowed: false,
            reason: Some(reason),
            rules,
            excess,
            overrides: Vec::new(),
            purpose_version: purpose.map(|purpose| purpose.version.clone()),
            bundle_version: self.bundle_version.clone(),
        }
    }
}

/// The standing choices that meet an allowed request and did not stop it: those that a named basis overrides. Where the
/// basis obeys them (`global/standing.cedar`), one that is left is one that was kept: she was asked for this request.
fn overrides(facts: &Facts<'_>) -> Vec<&'static str> {
    match facts.basis {
        BasisKind::Statutory | BasisKind::Emergency => facts.standing.map(StandingFacts::codes),
        BasisKind::Consent | BasisKind::Contract => None,
    }
    .unwrap_or_default()
}
