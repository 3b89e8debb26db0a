//! What a receipt refuses to be: anything that names a person, contradicts itself or cannot have happened.

use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::sample::{at, given, happened, keys, made, own, receipt, record, shown, signed, withdrawn};
use crate::{
    domain::{
        consent::{Act, Record, Shown, State},
        receipt::{Claims, Fault, Happened, NotHeld, open},
    },
    time::Millis,
};

#[test]
fn a_receipt_that_may_name_a_person_is_not_made() {
    for set in [
        |record: &mut Record| record.case = Some("999000000015".to_owned()),
        |record: &mut Record| record.justification = Some("cho 999000000 nhé".to_owned()),
        |record: &mut Record| record.unit = Some("999000000015.".to_owned()),
    ] {
        let mut record = record();
        set(&mut record);
        assert_eq!(made(&record, &given(), None), Err(Fault::Identity));
    }
    let mut claims = receipt();
    "999000000015999000000015".clone_into(&mut claims.sub);
    claims.header.subject_ref = claims.sub.clone();
    assert_eq!(claims.check(), Err(Fault::Identity));
}

/// A change to a receipt.
type Change = fn(&mut Claims);

#[test]
fn a_receipt_that_contradicts_itself_does_not_hold_even_if_signed() {
    let changes: [(Fault, Change); 31] = [
        (Fault::Form, |it| it.header.schema.push('0')),
        (Fault::Form, |it| it.context = json!({ "given": "dpv:ConsentRefused" })),
        (Fault::Ids, |it| it.jti = Uuid::from_u128(1)),
        (Fault::Ids, |it| it.id.push('0')),
        (Fault::Ids, |it| it.sub.push('0')),
        (Fault::Ids, |it| it.header.supersedes = Some(it.header.record_id)),
        (Fault::Missing("retention"), |it| it.processing.retention.vi.clear()),
        (Fault::Missing("storage"), |it| it.processing.storage.en = " ".to_owned()),
        (Fault::Missing("recipients"), |it| it.processing.recipients.clear()),
        (Fault::Missing("legal_basis"), |it| it.processing.legal_basis = "statutory".to_owned()),
        (Fault::Missing("withdrawal"), |it| it.processing.withdrawal.address.clear()),
        (Fault::Missing("summary"), |it| it.summary.en.clear()),
        (Fault::Dates, |it| it.iat += 1),
        (Fault::Dates, |it| it.events[1].at = at(-1)),
        (Fault::Dates, |it| it.events[1].at = at(200_000)),
        (Fault::Dates, |it| it.processing.validity.valid_to = it.processing.validity.valid_from),
        (Fault::Dates, |it| it.processing.validity.valid_to = at(5)),
        (Fault::Dates, |it| it.processing.validity.max_uses = 0),
        (Fault::Events, |it| it.events.clear()),
        (Fault::Events, |it| drop(it.events.remove(0))),
        (Fault::Events, |it| it.events[1].act = Act::Resume),
        (Fault::Events, |it| it.state = State::Refused),
        (Fault::Events, |it| it.events[1].entry = it.events[0].entry),
        (Fault::Answers, |it| it.processing.data[1].granted = Some(true)),
        (Fault::Answers, |it| it.processing.data[1].granted = None),
        (Fault::Answers, |it| it.events[1].granted.push("person.religion".to_owned())),
        (Fault::Answers, |it| it.processing.data[0].field = "health.blood_type".to_owned()),
        (Fault::Notice, |it| it.processing.notice = None),
        (Fault::Notice, |it| it.processing.notice.as_mut().unwrap().lang = "fr".to_owned()),
        (Fault::Parties, |it| it.parties.truncate(3)),
        (Fault::Ledger, |it| it.ledger.entry = it.events[0].entry),
    ];
    for (fault, change) in changes {
        let mut claims = receipt();
        change(&mut claims);
        assert_eq!(open(&signed(&claims), &keys()), Err(NotHeld::Fault(fault)));
    }
}

#[test]
fn sensitive_data_need_the_notice_that_they_are_and_required_ones_a_yes() {
    let mut record = record();
    let silent = Some(Shown { sensitive_notice: false, ..shown() });
    record.shown.clone_from(&silent);
    assert_eq!(made(&record, &given(), None), Err(Fault::Notice), "not the text of the act");
    let mut history = given();
    history[1].event.shown = silent;
    assert_eq!(made(&record, &history, None), Err(Fault::Notice), "does not say that they are sensitive");
    let mut record = self::record();
    record.items[0].granted = Some(false);
    let mut history = given();
    history[1].event.granted.remove(0);
    assert_eq!(made(&record, &history, None), Err(Fault::Answers));
}

#[test]
fn clocks_of_two_nodes_may_differ_a_little() {
    let mut history = withdrawn();
    history[2].at = Millis(history[1].at.0 - 5_000);
    made(&record(), &history, None).unwrap();
    history[2].at = Millis(history[1].at.0 - 11_000);
    assert_eq!(made(&record(), &history, None), Err(Fault::Dates));
}

/// Walks the table of transitions by any acts; what it refuses does not happen.
fn walked(acts: &[usize]) -> Vec<Happened> {
    let mut state = None;
    let mut history = Vec::new();
    for (minute, act) in acts.iter().enumerate() {
        let act = if state.is_none() { Act::Ask } else { Act::ALL[*act] };
        if let Ok(to) = State::after(state, act) {
            history.push(happened(i64::try_from(minute).unwrap(), act, to, own()));
            state = Some(to);
        }
    }
    history
}

proptest! {
    #[test]
    fn every_history_that_can_be_has_a_receipt_and_its_end_one_too(acts in prop::collection::vec(0..16_usize, 1..40)) {
        let history = walked(&acts);
        let mut record = record();
        if !history.iter().any(|step| step.act == Act::Give) {
            record.items.iter_mut().for_each(|item| item.granted = None);
        }
        let claims = made(&record, &history, None).unwrap();
        prop_assert_eq!(open(&signed(&claims), &keys()).unwrap(), claims);
        let state = history.last().unwrap().state;
        let end = made(&record, &history, Some((Vec::new(), None)));
        prop_assert_eq!(end.is_ok(), state.is_over(), "{:?}", end.err());
    }

    #[test]
    fn a_history_with_a_step_left_out_is_noticed(acts in prop::collection::vec(0..16_usize, 2..40), at in 0..40_usize) {
        let mut history = walked(&acts);
        prop_assume!(history.len() > 1);
        let removed = history.remove(at % (history.len() - 1));
        let legal = {
            let mut state = None;
            history.iter().all(|step| {
                let to = State::after(state, step.act);
                state = to.ok();
                to == Ok(step.state)
            })
        };
        let made = made(&record(), &history, None);
        prop_assert!(legal || made == Err(Fault::Events), "{:?} was left out", removed.act);
    }
}
