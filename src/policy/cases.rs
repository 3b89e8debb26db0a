//! `tests.toml`: cases that say what must come of a request, and how they are run.
//!
//! A case starts from a request with nothing wrong and says only what is different, so that a lawyer can write it.

use std::{collections::BTreeSet, time::Duration};

use serde::Deserialize;

use super::{Register, error::Faults};
use crate::{
    domain::{
        catalogue::{BasisKind, OfficialDemand, Purpose},
        decision::{Action, ClientFacts, ConsentFacts, Decision, Facts, OfficialFacts, Reason},
    },
    time::Millis,
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
    #[serde(default)]
    review: WhichReview,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WhatHappens {
    #[default]
    IssueToken,
    Disclose,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WhoActs {
    None,
    Asserted,
    Proved,
    Unknown,
    Suspended,
    OtherAgency,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WhoAsks {
    #[default]
    Registered,
    Unregistered,
    Suspended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WhatConsent {
    None,
    Live,
    Withdrawn,
    Expired,
    OtherVersion,
    FewerFields,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WhichReview {
    #[default]
    Current,
    Overdue,
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

    fn decide_case(&self, purpose: &Purpose, case: &Case) -> Decision {
        let kind = case.basis.or_else(|| purpose.bases.first().map(|basis| basis.kind));
        let kind = kind.unwrap_or(BasisKind::Statutory);
        let of_basis = || purpose.basis(kind).or(purpose.bases.first()).map(|basis| basis.fields.clone());
        let asked = case.fields.clone().or_else(of_basis).unwrap_or_default();
        let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
        let due = purpose.review.as_ref().map_or(Millis(0), |review| review.due);
        let now = match case.review {
            WhichReview::Current => due - Duration::from_millis(1),
            WhichReview::Overdue => due,
        };
        let mut purposes = BTreeSet::new();
        if case.client != WhoAsks::Unregistered {
            purposes.insert(purpose.id.clone());
        }
        let who = case.official.unwrap_or(match purpose.official {
            OfficialDemand::None => WhoActs::None,
            OfficialDemand::Asserted => WhoActs::Asserted,
            OfficialDemand::Proved => WhoActs::Proved,
        });
        let proved = purpose.official == OfficialDemand::Proved;
        let official = (who != WhoActs::None).then_some(OfficialFacts {
            id: "official",
            agency: if who == WhoActs::OtherAgency { "another-agency" } else { "agency" },
            registered: who != WhoActs::Unknown,
            active: !matches!(who, WhoActs::Suspended | WhoActs::Unknown),
            proved: who == WhoActs::Proved || (proved && who != WhoActs::Asserted),
        });
        let consent = case.consent.unwrap_or(match kind {
            BasisKind::Consent => WhatConsent::Live,
            BasisKind::Statutory | BasisKind::Emergency | BasisKind::Contract => WhatConsent::None,
        });
        let granted: Vec<&str> =
            asked.iter().copied().skip(usize::from(consent == WhatConsent::FewerFields)).collect();
        let consent = (consent != WhatConsent::None).then_some(ConsentFacts {
            granted: &granted,
            purpose_version: if consent == WhatConsent::OtherVersion { "0" } else { &purpose.version },
            expires: if consent == WhatConsent::Expired { now } else { now + Duration::from_secs(1) },
            withdrawn: consent == WhatConsent::Withdrawn,
        });
        self.decide(&Facts {
            action: match case.action {
                WhatHappens::IssueToken => Action::IssueToken,
                WhatHappens::Disclose => Action::Disclose,
            },
            now,
            client: ClientFacts {
                id: "client",
                agency: "agency",
                purposes: &purposes,
                suspended: case.client == WhoAsks::Suspended,
            },
            official,
            purpose: &purpose.id,
            basis: kind,
            fields: &asked,
            has_case: case.dossier.unwrap_or(purpose.case_required),
            assurance: case.assurance.unwrap_or(purpose.assurance),
            consent,
        })
    }
}

impl Case {
    /// What is wrong with a decision, or `None` when it is as expected.
    fn failure(&self, decision: &Decision) -> Option<String> {
        let got = decision.reason.map_or("allow", Reason::code);
        if got != self.expect {
            return Some(format!("expected `{}`, got `{got}` by {:?}", self.expect, decision.rules));
        }
        (self.rule.as_ref() != decision.rules.first())
            .then(|| format!("expected the rule {:?}, decided by {:?}", self.rule, decision.rules))
    }
}
