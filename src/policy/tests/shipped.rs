//! The policies that are shipped.

use super::*;
use crate::{
    domain::{
        catalogue::{Field, Status},
        decision::Reason,
    },
    policy::reason_text,
};

#[test]
fn every_case_in_the_shipped_policies_goes_as_expected() {
    let outcomes = shipped().run_cases();
    let failures: Vec<_> = outcomes
        .iter()
        .filter_map(|outcome| Some((&outcome.purpose, &outcome.name, outcome.failure.as_ref()?)))
        .collect();
    assert!(failures.is_empty(), "{failures:#?}");
    assert!(outcomes.len() > 100, "{}", outcomes.len());
}

#[test]
fn every_purpose_in_force_has_a_case_for_allow_excess_and_wrong_basis() {
    let register = shipped();
    for purpose in register.catalogue().purposes.values() {
        let expected: BTreeSet<&str> = register
            .cases()
            .filter(|(id, _)| *id == purpose.id)
            .map(|(_, case)| case.expect.as_str())
            .collect();
        let wanted: &[&str] = match purpose.status {
            Status::Active => &["allow", "field_outside_purpose_minimum", "basis_not_offered"],
            Status::Draft | Status::Retired => &["purpose_not_active"],
        };
        for code in wanted {
            assert!(expected.contains(code), "{} has no case for {code}", purpose.id);
        }
    }
}

#[test]
fn four_purposes_are_covered_to_the_last_reason_that_their_rules_give() {
    let register = shipped();
    for id in [RENEWAL, "passport.issuance", "unemployment.benefit", "health.record_share"] {
        let purpose = register.catalogue().purpose(id).unwrap();
        let expected: BTreeSet<&str> =
            register.cases().filter(|(of, _)| *of == id).map(|(_, case)| case.expect.as_str()).collect();
        let has_consent = purpose.basis(BasisKind::Consent).is_some();
        let has_emergency = purpose.basis(BasisKind::Emergency).is_some();
        for rule in register.rules() {
            let own = rule.id.starts_with(&format!("{id}."));
            let applies = own || (rule.id.starts_with("global.") && rule.reason != "purpose_not_active");
            let on_consent = ["consent_", "standing_"].iter().any(|start| rule.reason.starts_with(start));
            let on_emergency = rule.id.starts_with("global.emergency_");
            let applies = applies && (has_consent || !on_consent) && (has_emergency || !on_emergency);
            if applies && !rule.reason.ends_with("_basis") {
                assert!(expected.contains(rule.reason.as_str()), "{id} has no case for {}", rule.id);
            }
        }
        assert!(expected.contains("field_unknown") && expected.contains("field_never_offered"), "{id}");
    }
}

#[test]
fn every_purpose_with_consent_has_a_case_for_each_reason_that_concerns_consent() {
    let register = shipped();
    let concerned = |code: &str| code.starts_with("consent_") || code.starts_with("standing_");
    let mut found = 0;
    for purpose in register.catalogue().purposes.values() {
        if !purpose.is_active() || purpose.basis(BasisKind::Consent).is_none() {
            continue;
        }
        found += 1;
        let expected: BTreeSet<&str> = register
            .cases()
            .filter(|(of, _)| *of == purpose.id)
            .map(|(_, case)| case.expect.as_str())
            .collect();
        for reason in Reason::ALL.into_iter().filter(|reason| concerned(reason.code())) {
            assert!(expected.contains(reason.code()), "{} has no case for {reason}", purpose.id);
        }
    }
    assert_eq!(found, 5);
}

#[test]
fn the_terms_of_consent_are_one_off_unless_the_purpose_needs_more() {
    let register = shipped();
    for purpose in register.catalogue().purposes.values() {
        assert_eq!(purpose.consent.is_some(), purpose.basis(BasisKind::Consent).is_some(), "{}", purpose.id);
        assert_eq!(
            purpose.emergency.is_some(),
            purpose.basis(BasisKind::Emergency).is_some(),
            "{}",
            purpose.id
        );
        let Some(terms) = &purpose.consent else { continue };
        // Whoever may take more than one says how often.
        assert_eq!(terms.max_uses > 1, terms.frequency.is_some(), "{}", purpose.id);
        let fields = purpose.basis(BasisKind::Consent).unwrap().fields.iter();
        if fields.filter_map(|name| register.catalogue().field(name)).any(Field::is_sensitive) {
            assert!(terms.assurance >= 3, "{} opens sensitive fields to a weak sign-in", purpose.id);
        }
        if purpose.basis(BasisKind::Consent).unwrap().fields.iter().any(|name| name.starts_with("health.")) {
            assert!(terms.private_life, "{}", purpose.id);
        }
    }
    let share = register.catalogue().purpose("health.record_share").unwrap();
    assert_eq!(share.consent.as_ref().unwrap().validity_days, 30);
    let consent: BTreeSet<&String> = share.basis(BasisKind::Consent).unwrap().fields.iter().collect();
    let emergency: BTreeSet<&String> = share.basis(BasisKind::Emergency).unwrap().fields.iter().collect();
    assert!(emergency.is_subset(&consent) && emergency.len() < consent.len());
}

#[test]
fn a_purpose_can_be_hidden_from_representatives_and_only_its_own_version_changes() {
    let plain = shipped();
    let mut files = embedded();
    let path = "purposes/unemployment.benefit/purpose.toml";
    let text = files.get(path).unwrap().replace("max_uses", "guardian_hidden = true\nmax_uses");
    files.insert(path, text);
    let hidden = load(&files).unwrap_or_else(|faults| panic!("{}", said(&faults)));
    for (id, purpose) in &hidden.catalogue().purposes {
        let before = &plain.catalogue().purposes[id];
        let changed = id == "unemployment.benefit";
        assert_eq!((purpose.guardian_hidden, purpose.version != before.version), (changed, changed), "{id}");
    }
}

#[test]
fn the_catalogue_holds_the_purposes_it_is_meant_to() {
    let register = shipped();
    let purposes = &register.catalogue().purposes;
    assert_eq!(purposes.len(), 17);
    assert!(purposes.values().filter(|purpose| purpose.is_active()).count() >= 8);
    let renewal = &purposes[RENEWAL];
    assert_eq!(renewal.official, OfficialDemand::Asserted);
    assert!(renewal.is_active() && renewal.case_required && renewal.max_uses == 5);
    assert_eq!(renewal.sole_basis().unwrap().kind, BasisKind::Statutory);
    for demand in [OfficialDemand::None, OfficialDemand::Proved] {
        assert!(purposes.values().any(|purpose| purpose.is_active() && purpose.official == demand));
    }
    assert!(purposes.values().any(|purpose| purpose.is_active() && purpose.max_uses == 1));
    for purpose in purposes.values().filter(|purpose| purpose.is_active()) {
        assert!(purpose.review_current(NOW), "{}", purpose.id);
        for field in purpose.bases.iter().flat_map(|basis| &basis.fields) {
            assert!(register.catalogue().field(field).unwrap().is_grantable(), "{field}");
            assert!(register.catalogue().fetched_for(field).unwrap().derivation.is_none(), "{field}");
        }
    }
}

#[test]
fn the_folder_and_what_is_built_in_are_the_same() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    assert_eq!(Files::from_dir(&folder).unwrap(), embedded());
}

#[test]
fn every_rule_and_every_reason_can_be_said_in_both_languages() {
    for rule in shipped().rules() {
        assert!(rule.text.vi != rule.text.en && !rule.text.vi.is_empty(), "{}", rule.id);
        assert!(rule.reason.ends_with("_basis") || reason_text(&rule.reason).is_some(), "{}", rule.id);
    }
    assert_eq!(reason_text("because"), None);
}

#[test]
fn a_review_is_current_to_the_end_of_its_last_day_in_hanoi_and_moves_only_when_told() {
    let dates = |options| {
        let register = Register::load(&embedded(), options).unwrap();
        register.catalogue().purpose(RENEWAL).unwrap().review.clone().unwrap()
    };
    let plain = dates(Options::default());
    assert_eq!(plain.next_review_due.to_string(), "2027-05-31");
    assert_eq!(plain.due.rfc3339(), "2027-05-31T17:00:00.000Z");
    assert!(plain.current(plain.due - std::time::Duration::from_millis(1)) && !plain.current(plain.due));
    let start = Millis::parse_rfc3339("2031-01-01T00:00:00Z").unwrap();
    let moved = dates(Options { relative_to: Some(start) });
    assert!(moved.current(start));
    assert_eq!(
        moved.next_review_due.duration_since(moved.last_compliance_check),
        plain.next_review_due.duration_since(plain.last_compliance_check)
    );
}
