//! `tests.toml`: cases that say what must come of a request, and how they are run.
//!
//! A case starts from a request with nothing wrong and says only what is different, so that a lawyer can write it.

mod situation;

use serde::Deserialize;
use situation::{
    WhatConsent, WhatEmergency, WhatHappens, WhatStanding, WhichReview, WhoActs, WhoApproves, WhoAsks,
};

use super::{Register, error::Faults};
use crate::domain::{
    catalogue::BasisKind,
    decision::{Decision, Reason},
};

/// One case: what is different from a request with nothing wrong, and what must come of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// A sentence.
    pub name: String,
    /// `allow`, or the reason code of the refusal.
    pub expect: String,
    /// The rule that must have decided; needed unless the request is refused before any rule.
    pub rule: Option<String>,
    #[serde(default)]
    action: WhatHappens,
    /// The first basis of the purpose, unless given.
    basis: Option<BasisKind>,
    /// Every field of the basis, unless given.
    fields: Option<Vec<String>>,
    /// As the purpose demands, unless given.
    #[serde(rename = "case")]
    dossier: Option<bool>,
    /// As the purpose demands, unless given.
    assurance: Option<u8>,
    /// As the purpose demands, unless given.
    official: Option<WhoActs>,
    #[serde(default)]
    client: WhoAsks,
    /// Live where consent is the basis, unless given.
    consent: Option<WhatConsent>,
    /// What the person decided ahead of time: nothing, unless given.
    #[serde(default)]
    standing: Vec<WhatStanding>,
    /// Another registered official who signed in where emergency is the basis, unless given.
    #[serde(default)]
    approver: WhoApproves,
    /// Justified and nothing owed where emergency is the basis, unless given.
    emergency: Option<WhatEmergency>,
    #[serde(default)]
    review: WhichReview,
    /// The standing choices that the basis must have overridden.
    #[serde(default)]
    overrides: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CasesToml {
    case: Vec<Case>,
}

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Id of the purpose.
    pub purpose: String,
    /// The case.
    pub name: String,
    /// What was wrong; `None` when it went as expected.
    pub failure: Option<String>,
}

/// Reads the cases of one purpose.
pub(super) fn read(file: &str, text: &str, faults: &mut Faults) -> Vec<Case> {
    let cases = faults.toml::<CasesToml>(file, text).map(|table| table.case).unwrap_or_default();
    for case in &cases {
        if case.expect != "allow" && Reason::from_code(&case.expect).is_none() {
            let reason = format!("`{}` is neither `allow` nor a reason code", case.expect);
            faults.at(file, text, &format!("expect = \"{}\"", case.expect), reason);
        }
    }
    cases
}

impl Register {
    /// The cases of every purpose.
    pub fn cases(&self) -> impl Iterator<Item = (&str, &Case)> {
        self.cases.iter().flat_map(|(id, cases)| cases.iter().map(move |case| (id.as_str(), case)))
    }

    /// Runs every case.
    pub fn run_cases(&self) -> Vec<Outcome> {
        self.cases()
            .filter_map(|(id, case)| {
                let decision = self.decide_case(self.catalogue.purpose(id)?, case);
                let failure = case.failure(&decision);
                Some(Outcome { purpose: id.to_owned(), name: case.name.clone(), failure })
            })
            .collect()
    }
}

impl Case {
    /// What is wrong with a decision, or `None` when it is as expected.
    fn failure(&self, decision: &Decision) -> Option<String> {
        let got = decision.reason.map_or("allow", Reason::code);
        if got != self.expect {
            return Some(format!("expected `{}`, got `{got}` by {:?}", self.expect, decision.rules));
        }
        if decision.overrides != self.overrides {
            return Some(format!("expected {:?} to be overridden: {:?}", self.overrides, decision.overrides));
        }
        (self.rule.as_ref() != decision.rules.first())
            .then(|| format!("expected the rule {:?}, decided by {:?}", self.rule, decision.rules))
    }
}
