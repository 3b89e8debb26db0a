//! Invariants of deciding: I2, I3, I4, and the order of reasons.

use super::*;
use crate::domain::{
    consent::{Frequency, Hours, Per},
    decision::{Reason, StandingFacts},
};

fn renewal(register: &Register) -> &Purpose {
    register.catalogue().purpose(RENEWAL).unwrap()
}

#[test]
fn no_field_outside_the_minimum_is_granted_for_any_purpose_on_any_basis() {
    let register = shipped();
    for purpose in register.catalogue().purposes.values() {
        for kind in BasisKind::ALL {
            let minimum = purpose.basis(kind).map(|basis| basis.fields.clone()).unwrap_or_default();
            for field in register.catalogue().fields.keys() {
                let decision = decide(&register, purpose, kind, &[field], |_| ());
                let inside = purpose.is_active() && minimum.contains(field);
                assert_eq!(decision.allowed, inside, "{} {kind} {field}: {decision:?}", purpose.id);
                if purpose.is_active() && purpose.basis(kind).is_some() && !inside {
                    assert_eq!(decision.excess, [field.as_str()]);
                    let mut all: Vec<&str> = minimum.iter().map(String::as_str).collect();
                    all.push(field);
                    let decision = decide(&register, purpose, kind, &all, |_| ());
                    assert_eq!(decision.excess, [field.as_str()]);
                    assert!(!decision.allowed);
                }
            }
        }
    }
}

#[test]
fn the_statutory_table_holds_even_if_the_rules_let_more_through() {
    let mut register = shipped();
    let purpose = register.catalogue().purpose("tax.registration").unwrap().clone();
    // What a fault of the loader would look like: the rules of one purpose deciding for a narrower table.
    let narrow = register.catalogue.purposes.get_mut("tax.registration").unwrap();
    narrow.bases[0].fields.retain(|field| field != "contact.phone");
    let decision = decide(&register, &purpose, BasisKind::Statutory, &["contact.phone"], |_| ());
    assert!(!decision.allowed);
    assert_eq!(decision.reason, Some(Reason::FieldOutsidePurposeMinimum));
    register.catalogue.purposes.get_mut("tax.registration").unwrap().bases.clear();
    let decision = decide(&register, &purpose, BasisKind::Statutory, &["person.full_name"], |_| ());
    assert_eq!(decision.reason, Some(Reason::BasisNotOffered));
}

#[test]
fn a_rule_that_errs_refuses_even_where_a_permit_applies() {
    let fields = ["person.full_name"];
    let erring = [
        ("an overflow", "context.assurance + 9223372036854775807 + 1 > 0"),
        ("an entity that is not there", "MinhBach::Official::\"nobody\".active"),
    ];
    for (what, condition) in erring {
        let mut files = embedded();
        files.insert(
            "global/erring.cedar",
            format!(
                "@id(\"global.erring\") @reason(\"client_suspended\") @vi(\"a\") @en(\"b\")\n\
                 forbid (principal, action, resource) when {{ {condition} }};"
            ),
        );
        let register = load(&files).unwrap_or_else(|faults| panic!("{what}: {}", said(&faults)));
        let decision = decide(&register, renewal(&register), BasisKind::Statutory, &fields, |_| ());
        assert_eq!((decision.allowed, decision.reason), (false, Some(Reason::EvaluationError)), "{what}");
        assert_eq!(decision.rules, ["global.erring"]);
    }
}

#[test]
fn what_the_catalogue_does_not_know_is_refused() {
    let register = shipped();
    let known = renewal(&register);
    let decision = decide(&register, known, BasisKind::Statutory, &["person.full_name"], |facts| {
        facts.purpose = "driver.licence_theft";
    });
    assert_eq!((decision.reason, decision.purpose_version), (Some(Reason::PurposeUnknown), None));
    for (fields, reason) in [
        (vec!["person.full_name", "person.shoe_size"], Reason::FieldUnknown),
        (vec!["person.shoe_size"], Reason::FieldUnknown),
        (vec!["person.religion", "person.full_name"], Reason::FieldNeverOffered),
        (vec!["person.full_name\" , \"x"], Reason::FieldUnknown),
        (vec![""], Reason::FieldUnknown),
        (vec![], Reason::EmptyFieldSet),
    ] {
        let decision = decide(&register, known, BasisKind::Statutory, &fields, |_| ());
        assert_eq!((decision.allowed, decision.reason), (false, Some(reason)), "{fields:?}");
    }
}

#[test]
fn names_cannot_smuggle_anything_into_a_rule() {
    let register = shipped();
    let strange = "x\"} || true || {\"";
    let decision =
        decide(&register, renewal(&register), BasisKind::Statutory, &["person.full_name"], |facts| {
            facts.client.id = strange;
            facts.official.as_mut().unwrap().id = strange;
            facts.official.as_mut().unwrap().agency = strange;
        });
    assert_eq!(decision.reason, Some(Reason::OfficialAgencyMismatch));
}

#[test]
fn a_client_and_an_official_of_one_name_are_two() {
    let register = shipped();
    let decision =
        decide(&register, renewal(&register), BasisKind::Statutory, &["person.full_name"], |facts| {
            facts.official.as_mut().unwrap().id = facts.client.id;
        });
    assert!(decision.allowed, "{decision:?}");
}

#[test]
fn of_several_reasons_the_first_in_order_is_given_and_every_rule_is_named() {
    let register = shipped();
    let purpose = renewal(&register);
    let decision =
        decide(&register, purpose, BasisKind::Statutory, &["person.full_name", "bank.account_no"], |facts| {
            facts.client.suspended = true;
            facts.official = None;
            facts.has_case = false;
        });
    assert_eq!(decision.reason, Some(Reason::ClientSuspended));
    assert_eq!(
        decision.rules,
        [
            "global.client_in_good_standing",
            "driver.licence_renewal.official",
            "driver.licence_renewal.statutory.minimum",
            "driver.licence_renewal.case",
        ]
    );
    assert_eq!(decision.excess, ["bank.account_no"]);
}

#[test]
fn a_decision_names_the_versions_it_was_made_under_and_a_review_makes_no_new_one() {
    let register = shipped();
    let decision = decide(&register, renewal(&register), BasisKind::Statutory, &["person.full_name"], |_| ());
    assert_eq!(decision.rules, ["driver.licence_renewal.statutory"]);
    assert_eq!(decision.bundle_version, register.bundle_version());
    let version = decision.purpose_version.unwrap();
    assert_eq!(version.len(), 16);
    let changed = |file: &str, from: &str, to: &str| {
        let mut files = embedded();
        let path = format!("purposes/{RENEWAL}/{file}");
        let text = files.get(&path).unwrap().replace(from, to);
        assert_ne!(files.get(&path), Some(text.as_str()));
        files.insert(path, text);
        let register = load(&files).unwrap_or_else(|faults| panic!("{}", said(&faults)));
        (renewal(&register).version.clone(), register.bundle_version().to_owned())
    };
    let same = changed("review.toml", "2026-10-25", "2026-10-26");
    assert_eq!(same, (version.clone(), register.bundle_version().to_owned()));
    for (file, from, to) in [
        ("purpose.toml", "max_uses = 5", "max_uses = 4"),
        ("purpose.toml", "and complain.", "or complain."),
        ("rules.cedar", "// Each rule", "// Every rule"),
    ] {
        let other = changed(file, from, to);
        assert_ne!(other.0, version);
        assert_ne!(other.1, register.bundle_version());
    }
}

/// A value for every member a consent's limits can have.
static EVERY_LIMIT: Limits = Limits {
    max_uses: 1,
    frequency: Some(Frequency { n: 1, per: Per::Day }),
    hours: Hours::new(0, 1),
    starts: 0,
    expires: 1,
};

#[test]
fn what_is_put_before_the_rules_is_what_the_schema_says() {
    use cedar_policy::{Entities, Request, Schema};
    let (schema, _) = Schema::from_cedarschema_str(embedded().get("schema.cedarschema").unwrap()).unwrap();
    let register = shipped();
    let bases = [(RENEWAL, 0), ("health.record_share", 0), ("health.record_share", 1)];
    for (id, basis) in bases.into_iter().chain([("civil.death_registration", 0)]) {
        let purpose = register.catalogue().purpose(id).unwrap();
        let basis = &purpose.bases[basis];
        let fields: Vec<&str> = basis.fields.iter().map(String::as_str).collect();
        decide(&register, purpose, basis.kind, &fields, |facts| {
            facts.standing = Some(StandingFacts::default());
            if let Some(consent) = facts.consent.as_mut() {
                consent.limits = &EVERY_LIMIT;
            }
            let (request, entities) = register.vocabulary.put(facts, &fields, purpose).unwrap();
            let (context, part) =
                (request.context().unwrap().clone(), |uid: Option<&_>| Clone::clone(uid.unwrap()));
            let (principal, action) = (part(request.principal()), part(request.action()));
            Request::new(principal, action, part(request.resource()), context, Some(&schema)).unwrap();
            Entities::from_entities(entities.iter().cloned(), Some(&schema)).unwrap();
        });
    }
}
