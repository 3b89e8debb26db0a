//! The rules to the millisecond: ages, ends, scopes, and whose yes counts.

use super::*;
use crate::domain::{
    catalogue::{OfficialDemand, Status, Text},
    consent::{Act, State},
};

const NOW: Millis = Millis(1_795_309_200_000);
const DAY: i64 = 86_400_000;

fn purpose(id: &str, guardian_hidden: bool) -> Purpose {
    Purpose {
        id: id.to_owned(),
        guardian_hidden,
        version: String::new(),
        status: Status::Active,
        draft_because: None,
        title: Text::default(),
        reason: Text::default(),
        requesters: Text::default(),
        among_the_25_services: false,
        bases: Vec::new(),
        case_required: false,
        official: OfficialDemand::None,
        assurance: 0,
        retention: Text::default(),
        max_lifetime_s: 60,
        max_uses: 1,
        notice: Text::default(),
        consent: None,
        emergency: None,
        review: None,
    }
}

fn mother() -> Representation {
    Representation {
        schema: SCHEMA.to_owned(),
        id: Uuid::from_u128(1),
        principal: Uuid::from_u128(2),
        representative: Uuid::from_u128(3),
        ground: Ground::Parent,
        evidence: Evidence { reference: "Giấy khai sinh 01/2020".to_owned(), sha256: None },
        scope: Scope { view: true, answer: true, purposes: None },
        from: NOW.0 - DAY,
        until: None,
        child: Some(Milestones { joint_from: NOW.0, hands_over_at: NOW.0 + 9 * 365 * DAY }),
        registered_by: Registrar::Office("ubnd-mau".to_owned()),
    }
}

fn attorney() -> Representation {
    Representation { ground: Ground::Attorney, child: None, until: Some(NOW.0 + DAY), ..mother() }
}

fn bond(representation: Representation) -> Bond {
    Bond { representation, ended: false }
}

fn own() -> Actor {
    Actor { capacity: Capacity::Own, ..Actor::system() }
}

#[test]
fn birthdays_begin_at_midnight_in_vietnam() {
    let child = Milestones::of("2019-11-22".parse().unwrap(), 16).unwrap();
    assert_eq!(Millis(child.joint_from).rfc3339(), "2026-11-21T17:00:00.000Z");
    assert_eq!(Millis(child.hands_over_at).rfc3339(), "2035-11-21T17:00:00.000Z");
    let leap = Milestones::of("2020-02-29".parse().unwrap(), 16).unwrap();
    assert_eq!(Millis(leap.joint_from).rfc3339(), "2027-02-27T17:00:00.000Z");
    assert_eq!(Millis(leap.hands_over_at).rfc3339(), "2036-02-28T17:00:00.000Z");
    assert_eq!(Milestones::of("2020-02-29".parse().unwrap(), 6), None);
}

#[test]
fn a_child_has_a_say_from_the_millisecond_she_turns_seven_until_she_is_of_age() {
    let mother = mother();
    let child = mother.child.unwrap();
    let at =
        |ms: i64| (mother.needs_joint(true, Millis(ms)), guarded(&[bond(mother.clone())], true, Millis(ms)));
    assert_eq!(at(child.joint_from - 1), (false, Guarded::Represented), "six");
    assert_eq!(at(child.joint_from), (true, Guarded::Joint), "seven");
    assert_eq!(at(child.hands_over_at - 1), (true, Guarded::Joint), "fifteen");
    assert_eq!(at(child.hands_over_at), (false, Guarded::No), "sixteen");
    assert!(!mother.needs_joint(false, NOW), "only where private life is opened");
    assert!(!mother.is_over(Millis(child.hands_over_at - 1)) && mother.is_over(Millis(child.hands_over_at)));
}

#[test]
fn nothing_is_allowed_before_the_start_or_from_the_end_on() {
    let purpose = purpose("a.b", false);
    let attorney = attorney();
    let may = |ms: i64| attorney.may(Doing::Answer(&purpose), Millis(ms));
    assert_eq!(may(attorney.from - 1), Err(Denied::NotBegun));
    assert_eq!(may(attorney.from), Ok(()));
    let end = attorney.until.unwrap();
    assert_eq!((may(end - 1), may(end)), (Ok(()), Err(Denied::Over)));
    let mother = mother();
    let grown = Millis(mother.child.unwrap().hands_over_at);
    assert_eq!(mother.may(Doing::View(None), grown), Err(Denied::Over));
}

#[test]
fn nothing_outside_the_scope_is_allowed() {
    let (listed, other) = (purpose("a.b", false), purpose("c.d", false));
    let only = Scope { view: true, answer: false, purposes: Some(BTreeSet::from(["a.b".to_owned()])) };
    let viewer = Representation { scope: only, ..attorney() };
    assert_eq!(viewer.may(Doing::View(Some(&listed)), NOW), Ok(()));
    assert_eq!(viewer.may(Doing::View(Some(&other)), NOW), Err(Denied::OutOfScope));
    assert_eq!(viewer.may(Doing::View(None), NOW), Err(Denied::OutOfScope));
    assert_eq!(viewer.may(Doing::Answer(&listed), NOW), Err(Denied::OutOfScope));
}

#[test]
fn what_is_hidden_from_guardians_is_hidden_and_does_not_show_to_be() {
    let hidden = purpose("child.protection", true);
    let guardian = Representation { ground: Ground::Guardian, ..mother() };
    for legal in [mother(), guardian] {
        assert_eq!(legal.may(Doing::View(Some(&hidden)), NOW), Err(Denied::Hidden));
        assert_eq!(legal.may(Doing::Answer(&hidden), NOW), Err(Denied::Hidden));
    }
    assert_eq!(Denied::Hidden.code(), Denied::OutOfScope.code());
    assert_eq!(attorney().may(Doing::View(Some(&hidden)), NOW), Ok(()));
}

#[test]
fn both_sides_of_a_joint_consent_must_say_yes_and_nobody_twice() {
    let (child, mother) = (own(), mother().actor(None, None));
    let father = Actor { acting: Some(Uuid::from_u128(9)), ..mother.clone() };
    for (first, second) in [(&child, &mother), (&mother, &child)] {
        assert_eq!(answer(Guarded::Joint, State::Requested, None, first), Ok(Act::GiveHalf));
        assert_eq!(answer(Guarded::Joint, State::HalfGiven, Some(first), second), Ok(Act::Give));
        let again = answer(Guarded::Joint, State::HalfGiven, Some(first), first);
        assert_eq!(again, Err(AnswerError::JointNeedsTheOther));
    }
    let parents = answer(Guarded::Joint, State::HalfGiven, Some(&mother), &father);
    assert_eq!(parents, Err(AnswerError::JointNeedsTheOther), "two parents are still one side");
    let nobody = answer(Guarded::Joint, State::HalfGiven, None, &child);
    assert_eq!(nobody, Err(AnswerError::JointNeedsTheOther));
}

#[test]
fn a_child_alone_and_her_attorney_give_nothing() {
    let (child, attorney) = (own(), attorney().actor(None, None));
    assert_eq!(
        answer(Guarded::Represented, State::Requested, None, &child),
        Err(AnswerError::RepresentativeNeeded)
    );
    for guarded in [Guarded::Represented, Guarded::Joint] {
        let said = answer(guarded, State::Requested, None, &attorney);
        assert_eq!(said, Err(AnswerError::RepresentativeNeeded));
    }
    assert_eq!(answer(Guarded::No, State::Requested, None, &attorney), Ok(Act::Give));
    assert_eq!(answer(Guarded::No, State::Given, None, &child), Err(AnswerError::NotWaiting));
    assert_eq!(answer(Guarded::No, State::Requested, None, &Actor::system()), Err(AnswerError::NotAPerson));
}

#[test]
fn ending_a_parents_representation_does_not_make_the_child_grow_up() {
    let ended = [Bond { representation: mother(), ended: true }];
    assert_eq!(guarded(&ended, false, NOW), Guarded::Represented);
    let ward = Representation { ground: Ground::Guardian, child: None, ..mother() };
    assert_eq!(guarded(&[bond(ward.clone())], true, NOW), Guarded::Represented);
    assert_eq!(guarded(&[Bond { representation: ward, ended: true }], true, NOW), Guarded::No);
    assert_eq!(guarded(&[bond(attorney())], true, NOW), Guarded::No);
}

#[test]
fn what_contradicts_itself_is_not_registered() {
    assert_eq!((mother().check(NOW), attorney().check(NOW)), (Ok(()), Ok(())));
    let flaw = |change: fn(&mut Representation)| {
        let mut of = mother();
        change(&mut of);
        of.check(NOW).unwrap_err()
    };
    assert_eq!(flaw(|r| r.representative = r.principal), Flaw::Same);
    assert_eq!(flaw(|r| r.until = Some(NOW.0)), Flaw::Empty);
    assert_eq!(flaw(|r| r.until = Some(r.from)), Flaw::Empty);
    assert_eq!(flaw(|r| (r.scope.view, r.scope.answer) = (false, false)), Flaw::Nothing);
    assert_eq!(flaw(|r| r.scope.purposes = Some(BTreeSet::new())), Flaw::Nothing);
    assert_eq!(flaw(|r| r.child = None), Flaw::ChildMissing);
    assert_eq!(flaw(|r| r.ground = Ground::Attorney), Flaw::ChildOfAttorney);
    assert_eq!(flaw(|r| r.evidence.reference = " x ".to_owned()), Flaw::Evidence);
    assert_eq!(Representation { until: None, ..attorney() }.check(NOW), Err(Flaw::EndMissing));
}

#[test]
fn the_sealed_form_reads_back_and_takes_nothing_it_does_not_know() {
    let text = serde_json::to_string(&mother()).unwrap();
    assert_eq!(serde_json::from_str::<Representation>(&text).unwrap(), mother());
    let more = text.replacen('{', "{\"born\":\"2019-11-22\",", 1);
    assert!(serde_json::from_str::<Representation>(&more).is_err());
}
