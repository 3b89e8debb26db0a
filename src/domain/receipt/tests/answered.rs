//! Who answered: a representative, and the person herself when she has come of age.

use super::{sample::shown, *};
use crate::{
    domain::consent::{Record, Shown},
    i18n::Lang,
};

/// A parent gave, the child came of age and confirmed it without the blood group.
fn confirmed() -> (Record, Vec<Happened>) {
    let (mut record, mut history) = (record(), given());
    let representation = Some(Uuid::from_u128(0xcafe));
    history[1].event.by =
        Actor { capacity: Capacity::Parent, acting: Some(Uuid::from_u128(1)), representation, ..own() };
    history.push(happened(60, Act::Review, State::UnderReview, Actor::system()));
    let mut confirm = happened(70, Act::Confirm, State::Given, own());
    confirm.event.granted.truncate(1);
    confirm.event.shown = Some(Shown { hash: "cd".repeat(32), ..shown() });
    record.shown.clone_from(&confirm.event.shown);
    record.items[2].granted = Some(false);
    history.push(confirm);
    (record, history)
}

#[test]
fn who_gave_first_and_who_confirmed_stand_in_the_receipt_with_the_text_she_read() {
    let (record, history) = confirmed();
    let claims = made(&record, &history, None).unwrap();
    assert_eq!(claims.processing.notice.as_ref().unwrap().hash, format!("sha256:{}", "cd".repeat(32)));
    assert_eq!((claims.events[1].capacity, claims.events[3].capacity), (Capacity::Parent, Capacity::Own));
    assert_ne!(claims.events[1].notice, claims.events[3].notice);
    for (lang, says) in [
        (Lang::Vi, ["Lúc đầu có người trả lời thay: cha hoặc mẹ", "Chính ông/bà đã tự đồng ý giữ lại, lúc:"]),
        (Lang::En, ["Answered for you at first: by a parent", "You agreed to keep it yourself at:"]),
    ] {
        let text = plain(&claims, lang);
        assert!(says.iter().all(|words| text.contains(words)), "{text}");
    }
    assert!(!receipt().summary.en.contains("at first") && !receipt().summary.en.contains("yourself"));
}

/// A change to what is remembered, and to the confirmation.
type Change = fn(&mut Record, &mut Happened);

#[test]
fn a_confirmation_without_its_text_of_more_or_by_another_has_no_receipt() {
    let wrong: [(Fault, Change); 5] = [
        (Fault::Notice, |_, confirm| confirm.event.shown = None),
        (Fault::Notice, |record, _| record.shown = Some(shown())),
        (Fault::Answers, |record, _| record.items[2].granted = Some(true)),
        (Fault::Answers, |record, confirm| {
            record.items[1].granted = Some(true);
            confirm.event.granted.push("person.birth_date".to_owned());
        }),
        (Fault::Answers, |_, confirm| confirm.event.by.capacity = Capacity::Parent),
    ];
    for (fault, change) in wrong {
        let (mut record, mut history) = confirmed();
        change(&mut record, history.last_mut().unwrap());
        assert_eq!(made(&record, &history, None), Err(fault));
    }
}

#[test]
fn who_confirms_is_told_that_fields_are_sensitive_if_any_is_that_she_is_asked_for() {
    let silent = Some(Shown { hash: "cd".repeat(32), sensitive_notice: false, ..shown() });
    let (mut record, mut history) = confirmed();
    record.shown.clone_from(&silent);
    history[3].event.shown = silent;
    assert_eq!(made(&record, &history, None), Err(Fault::Notice), "the blood group was granted before");
    history[1].event.granted.truncate(1);
    made(&record, &history, None).unwrap();
}

#[test]
fn who_answered_for_the_person_takes_part_by_the_representation_and_by_no_number() {
    let mut history = withdrawn();
    let (parent, representation) = (Uuid::from_u128(0xdead_beef), Uuid::from_u128(0xcafe));
    history[1].event.by = Actor {
        capacity: Capacity::Parent,
        acting: Some(parent),
        representation: Some(representation),
        ..own()
    };
    let mut claims = made(&record(), &history, None).unwrap();
    let party = claims.parties.iter().find(|party| party.role == Role::Representative).unwrap();
    assert_eq!(party.id, representation.urn().to_string());
    assert_eq!((party.capacity, &party.name, &party.contact), (Some(Capacity::Parent), &None, &None));
    assert!(claims.summary.en.contains("Answered for you: by a parent"), "{}", claims.summary.en);
    claims.parties.retain(|party| party.role != Role::Representative);
    assert_eq!(claims.check(), Err(Fault::Parties));
    assert!(receipt().parties.iter().all(|party| party.role != Role::Representative));
}
