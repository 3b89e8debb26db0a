//! I2 and I4 over real HTTP: never a field too many, whatever is asked; and what cannot be decided is a deny.

use std::{collections::BTreeSet, fs, path::Path};

use minhbach::{
    crypto::{Random, SeededRandom},
    demo::registers::Fault,
    policy,
};
use serde_json::Value;

use crate::support::{
    TestApp,
    detail::{CITIZEN, LICENCE_FIELDS, licence},
    on_both,
};

on_both! { whatever_is_asked_exactly_that_or_nothing_is_granted_and_delivered }

/// A number below `n`.
fn below(random: &SeededRandom, n: usize) -> usize {
    let mut bytes = [0; 8];
    random.fill(&mut bytes);
    usize::try_from(u64::from_le_bytes(bytes) % n as u64).unwrap()
}

fn names(list: &Value) -> BTreeSet<&str> {
    list.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
}

async fn whatever_is_asked_exactly_that_or_nothing_is_granted_and_delivered(app: &mut TestApp) {
    let random = SeededRandom::new(2026);
    let minimum: BTreeSet<&str> = LICENCE_FIELDS.iter().copied().collect();
    let catalogue = app.engines().register.catalogue();
    let others: Vec<&str> =
        catalogue.fields.keys().map(String::as_str).filter(|name| !minimum.contains(name)).collect();
    let faults = [Fault::None, Fault::None, Fault::Down, Fault::WrongType, Fault::NotJson];
    let (mut granted, mut refused) = (0, 0);
    for _ in 0..60 {
        let mut asked: Vec<&str> =
            LICENCE_FIELDS.iter().copied().filter(|_| below(&random, 2) == 0).collect();
        for _ in 0..below(&random, 3).saturating_sub(1) * 2 {
            let other = others[below(&random, others.len())];
            if !asked.contains(&other) {
                asked.insert(below(&random, asked.len() + 1), other);
            }
        }
        if asked.is_empty() {
            continue;
        }
        let excess: Vec<&str> = asked.iter().copied().filter(|name| !minimum.contains(name)).collect();
        let reply = app.police().token(&licence(CITIZEN, &asked)).await;
        if !excess.is_empty() {
            assert_eq!(reply.status, 400, "{asked:?}: {}", reply.text());
            assert!(reply.body.get("access_token").is_none());
            refused += 1;
            continue;
        }
        let reply = reply.ok();
        let asked: BTreeSet<&str> = asked.into_iter().collect();
        assert_eq!(names(&reply.body["authorization_details"][0]["datatypes"]), asked);
        for (register, _) in app.registers.ports() {
            app.registers.set_fault(register, faults[below(&random, faults.len())]);
        }
        let answer = app.police().data(reply.at("/access_token")).await;
        if answer.status == 200 {
            let delivered: BTreeSet<&str> =
                answer.body["data"].as_object().unwrap().keys().map(String::as_str).collect();
            let missing: BTreeSet<&str> = answer.body["missing"]
                .as_array()
                .unwrap()
                .iter()
                .map(|missing| missing["field"].as_str().unwrap())
                .collect();
            assert!(delivered.is_subset(&asked), "{delivered:?} of {asked:?}");
            assert!(delivered.is_disjoint(&missing));
            assert_eq!(&delivered | &missing, asked, "each is either there or said to be missing");
        } else {
            answer.problem("every source failed", 502, "source_unavailable");
        }
        granted += 1;
    }
    assert!(granted > 10 && refused > 10, "{granted} granted, {refused} refused");
}

mod undecidable {
    use super::{CITIZEN, Path, TestApp, fs, licence, policy};
    use crate::{nodes::copy, support::on_both};

    on_both! { with super::with_a_rule_that_fails; a_rule_that_cannot_be_evaluated_is_a_deny }

    /// A service whose licence rules count past the largest number: valid, and impossible to evaluate.
    async fn with_a_rule_that_fails(database: crate::support::database::Database) -> TestApp {
        TestApp::start_bent(database, |tables, folder| {
            let policies = folder.join("policies");
            copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"), &policies);
            let rules = policies.join("purposes/driver.licence_renewal/rules.cedar");
            let failing = "\n@id(\"driver.licence_renewal.failing\")\n@reason(\"not_permitted\")\n@vi(\"Thử.\")\n\
                @en(\"Test.\")\nforbid (principal, action, resource)\nwhen { resource.purpose == \
                MinhBach::Purpose::\"driver.licence_renewal\" && context.now + 9223372036854775807 < 0 };\n";
            fs::write(&rules, fs::read_to_string(&rules).unwrap() + failing).unwrap();
            tables["policies"].as_table_mut().unwrap().insert("folder".to_owned(), "policies".into());
            // It loads: nothing but evaluating it shows that it fails.
            let files = policy::Files::from_dir(&policies).unwrap();
            policy::Register::load(&files, policy::Options::default()).map(drop).unwrap();
        })
        .await
    }

    async fn a_rule_that_cannot_be_evaluated_is_a_deny(app: &mut TestApp) {
        let reply = app.police().token(&licence(CITIZEN, &["person.full_name"])).await;
        reply.refused("failing", 403, "access_denied", "evaluation_error");
        assert!(!reply.at("/entry").is_empty());
        assert_eq!(app.count().await.tokens, 0);
    }
}
