//! How long one decision takes in process, entity building included: `cargo bench --bench decision`.
//!
//! The budget is 150 µs at p99. Every decision is checked, so a fast wrong answer does not count.
#![expect(clippy::print_stdout, reason = "the figures are the product")]
#![expect(clippy::expect_used, reason = "a benchmark that cannot start has nothing to say")]

use std::{collections::BTreeSet, time::Instant};

use minhbach::{
    domain::decision::{Action, ClientFacts, Facts, OfficialFacts, Reason},
    policy::{Options, Register, embedded},
    time::Millis,
};

const ROUNDS: usize = 50_000;

fn main() {
    let now = Millis(1_795_300_000_000);
    let start = Instant::now();
    let register = Register::load(&embedded(), Options { relative_to: Some(now) }).expect("policies load");
    println!("loading and checking policies/: {:.1} ms", start.elapsed().as_secs_f64() * 1e3);

    let purposes: BTreeSet<String> = register.catalogue().purposes.keys().cloned().collect();
    let purpose = register.catalogue().purpose("driver.licence_renewal").expect("shipped");
    let basis = purpose.sole_basis().expect("one basis");
    let minimum: Vec<&str> = basis.fields.iter().map(String::as_str).collect();
    let mut excess = minimum.clone();
    excess.push("bank.account_no");

    for (name, fields, reason) in [
        ("the whole minimum, 12 fields: allow", &minimum, None),
        ("one field too many: refuse", &excess, Some(Reason::FieldOutsidePurposeMinimum)),
    ] {
        let facts = Facts {
            action: Action::IssueToken,
            now,
            client: ClientFacts { id: "client", agency: "agency", purposes: &purposes, suspended: false },
            official: Some(OfficialFacts {
                id: "cb-0042",
                agency: "agency",
                registered: true,
                active: true,
                proved: false,
            }),
            purpose: &purpose.id,
            basis: basis.kind,
            fields,
            has_case: true,
            assurance: 0,
            consent: None,
            standing: None,
            emergency: None,
        };
        let mut nanos: Vec<u128> = (0..ROUNDS)
            .map(|_| {
                let start = Instant::now();
                let decision = register.decide(&facts);
                let took = start.elapsed().as_nanos();
                assert_eq!(decision.reason, reason);
                took
            })
            .collect();
        nanos.sort_unstable();
        let at = |share: usize| nanos.get(ROUNDS * share / 1000).copied().unwrap_or_default() / 1000;
        println!("{name}: p50 {} µs, p99 {} µs, p99.9 {} µs", at(500), at(990), at(999));
    }
}
