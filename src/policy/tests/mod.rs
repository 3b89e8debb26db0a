//! What the shipped policies say, what a broken file leads to, and what the engine may never do.

mod consent;
mod decisions;
mod emergency;
mod loading;
mod shipped;

use std::collections::BTreeSet;

use super::{Files, LoadError, Options, Register, embedded};
use crate::{
    domain::{
        catalogue::{BasisKind, OfficialDemand, Purpose},
        consent::{Limits, State},
        decision::{Action, ClientFacts, ConsentFacts, Decision, EmergencyFacts, Facts, OfficialFacts},
    },
    time::Millis,
};

const NOW: Millis = Millis(1_795_300_000_000);
const RENEWAL: &str = "driver.licence_renewal";

fn shipped() -> Register {
    load(&embedded()).unwrap_or_else(|faults| panic!("{}", said(&faults)))
}

fn load(files: &Files) -> Result<Register, Vec<LoadError>> {
    Register::load(files, Options { relative_to: Some(NOW) })
}

fn said(faults: &[LoadError]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Decides a request with nothing wrong, but for the fields and what `change` does to it.
fn decide(
    register: &Register,
    purpose: &Purpose,
    basis: BasisKind,
    fields: &[&str],
    change: impl FnOnce(&mut Facts<'_>),
) -> Decision {
    let purposes = BTreeSet::from([purpose.id.clone()]);
    let official = OfficialFacts {
        id: "cb-0042",
        agency: "agency",
        registered: true,
        active: true,
        proved: purpose.official == OfficialDemand::Proved,
    };
    let limits = Limits { max_uses: 1, frequency: None, hours: None, starts: NOW.0, expires: NOW.0 + 1 };
    let mut facts = Facts {
        action: Action::IssueToken,
        now: NOW,
        client: ClientFacts { id: "client", agency: "agency", purposes: &purposes, suspended: false },
        official: (purpose.official != OfficialDemand::None).then_some(official),
        purpose: &purpose.id,
        basis,
        fields,
        has_case: purpose.case_required,
        assurance: purpose.assurance,
        consent: (basis == BasisKind::Consent).then_some(ConsentFacts {
            state: State::Given,
            granted: fields,
            purpose_version: &purpose.version,
            limits: &limits,
            uses: 0,
            uses_in_period: 0,
            for_this_request: true,
        }),
        standing: None,
        emergency: (basis == BasisKind::Emergency).then_some(EmergencyFacts {
            approver: Some(OfficialFacts { id: "cb-0043", ..official }),
            same_person: false,
            justified: true,
            oldest_sign_in: Some(NOW),
            report_overdue: false,
        }),
    };
    change(&mut facts);
    register.decide(&facts)
}
