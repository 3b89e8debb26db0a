//! Break-glass: two different officials who answer for it, or nothing.

use super::*;
use crate::domain::decision::Reason;

fn record_share(register: &Register) -> &Purpose {
    register.catalogue().purpose("health.record_share").unwrap()
}

/// Every combination of what can be wrong, one bit each.
#[test]
fn an_emergency_opens_nothing_unless_four_eyes_a_reason_and_no_debt_stand_behind_it() {
    let register = shipped();
    let purpose = record_share(&register);
    for action in [Action::IssueToken, Action::Disclose] {
        for bits in 0_u32..1 << 10 {
            let bit = |number: u32| bits & (1 << number) != 0;
            let decision = decide(&register, purpose, BasisKind::Emergency, &["health.allergies"], |facts| {
                facts.action = action;
                let emergency = facts.emergency.as_mut().unwrap();
                let approver = emergency.approver.as_mut().unwrap();
                approver.registered = !bit(0);
                approver.active = !bit(1);
                approver.proved = !bit(2);
                approver.agency = if bit(3) { "another-agency" } else { "agency" };
                approver.id = if bit(4) { "cb-0042" } else { "cb-0043" };
                emergency.same_person = bit(5);
                emergency.justified = !bit(6);
                emergency.oldest_sign_in = Some(Millis(NOW.0 + 1 - 15 * 60_000 - i64::from(bit(7))));
                emergency.report_overdue = bit(8);
                facts.official.as_mut().unwrap().proved = !bit(9);
            });
            let stale = 1 << 7;
            let wanted = bits == 0 || (bits == stale && action == Action::Disclose);
            assert_eq!(decision.allowed, wanted, "{bits:010b} {action:?}: {decision:?}");
        }
    }
}

#[test]
fn an_emergency_without_its_circumstances_is_refused() {
    let register = shipped();
    let purpose = record_share(&register);
    let with = |change: fn(&mut Facts<'_>)| {
        decide(&register, purpose, BasisKind::Emergency, &["health.allergies"], change).reason
    };
    assert_eq!(with(|facts| facts.emergency = None), Some(Reason::ApproverRequired));
    assert_eq!(with(|facts| facts.official = None), Some(Reason::OfficialRequired));
    assert_eq!(with(|facts| facts.assurance = 2), Some(Reason::AssuranceTooLow));
    let unknown = with(|facts| facts.emergency.as_mut().unwrap().oldest_sign_in = None);
    assert_eq!(unknown, Some(Reason::EmergencySignInStale));
    // A time so far back that the difference cannot be computed is an error, and an error is a refusal (I4).
    let absurd = with(|facts| facts.emergency.as_mut().unwrap().oldest_sign_in = Some(Millis(i64::MIN)));
    assert_eq!(absurd, Some(Reason::EvaluationError));
}

#[test]
fn an_official_of_another_agency_with_the_same_code_is_another_person_and_refused_as_such() {
    let register = shipped();
    let fields = ["health.allergies"];
    let decision = decide(&register, record_share(&register), BasisKind::Emergency, &fields, |facts| {
        let approver = facts.emergency.as_mut().unwrap().approver.as_mut().unwrap();
        (approver.id, approver.agency) = ("cb-0042", "another-agency");
    });
    assert_eq!(decision.reason, Some(Reason::ApproverAgencyMismatch));
    assert_eq!(decision.rules, ["global.emergency_approver_of_the_same_agency"]);
}

#[test]
fn circumstances_of_an_emergency_open_nothing_on_another_basis() {
    let register = shipped();
    let fields = ["health.allergies"];
    let decision = decide(&register, record_share(&register), BasisKind::Emergency, &fields, |facts| {
        facts.basis = BasisKind::Consent;
    });
    assert_eq!(decision.reason, Some(Reason::ConsentRequired));
}
