//! What a receipt says and what it never says; that it opens with the published key and no other.

mod answered;
mod ending;
mod faults;
mod sample;
mod words;

use proptest::prelude::*;
use sample::{
    HANDLE, ISSUER, KID, PARENT, both, by_parent, ended, given, happened, key, keys, made, own, receipt,
    record, signed, signed_in, withdrawn,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::{
    crypto::SigningKey,
    domain::consent::{Act, Actor, Capacity, Named, State},
    jose::jws,
};

#[test]
fn every_mandatory_member_of_the_standard_is_there() {
    let value = serde_json::to_value(receipt()).unwrap();
    for pointer in [
        "/header/schema",
        "/header/record_id",
        "/header/receipt_id",
        "/header/subject_ref",
        "/processing/controller",
        "/processing/recipients/0",
        "/processing/purpose",
        "/processing/purpose_version",
        "/processing/data/0/field",
        "/processing/validity/valid_from",
        "/processing/validity/valid_to",
        "/processing/retention/vi",
        "/processing/storage/en",
        "/processing/jurisdiction",
        "/processing/notice/hash",
        "/processing/notice/lang",
        "/processing/withdrawal/address",
        "/parties/3/name/vi",
        "/events/1/at",
        "/events/1/act",
        "/events/1/state",
        "/ledger/leaf_hash",
    ] {
        let member = value.pointer(pointer);
        assert!(member.is_some_and(|it| !it.is_null() && *it != json!("")), "{pointer}: {value:#}");
    }
    assert_eq!(value["processing"]["jurisdiction"], "VN");
    assert_eq!(
        value["processing"]["withdrawal"]["address"],
        format!("{ISSUER}/me/consents/{}", Uuid::from_u128(7))
    );
    assert_eq!(value["state"], "given");
    assert_eq!(value["events"][1]["at"], "2026-11-22T01:05:00.000Z");
}

#[test]
fn the_embedded_context_says_what_every_member_means() {
    let context = context();
    let known = context.as_object().unwrap();
    assert!(known.len() > 40);
    assert_eq!(context["given"], "dpv:ConsentGiven");
    assert_eq!(receipt().context, context);
    // No address that a reader would have to fetch.
    assert!(context.as_object().unwrap().keys().all(|key| key != "@import"));
}

#[test]
fn a_signed_receipt_opens_with_the_published_key_and_says_what_was_signed() {
    for claims in [receipt(), ended()] {
        let text = signed(&claims);
        assert_eq!(open(&text, &keys()).unwrap(), claims);
        assert_eq!(open(&format!("\n{text} \n"), &keys()).unwrap(), claims);
    }
}

#[test]
fn a_receipt_of_another_key_type_or_name_does_not_hold() {
    let claims = receipt();
    let other = SigningKey::from_seed(&[8; 32]).unwrap();
    let forged = jws::sign(TYP, Some(KID), None, &claims, &other).unwrap();
    assert!(matches!(open(&forged, &keys()), Err(NotHeld::Signature(_))));
    let token = jws::sign("at+jwt", Some(KID), None, &claims, &key()).unwrap();
    assert_eq!(open(&token, &keys()), Err(NotHeld::OtherType));
    let nameless = jws::sign(TYP, None, None, &claims, &key()).unwrap();
    assert!(matches!(open(&nameless, &keys()), Err(NotHeld::NoKey(_))));
    let unknown = jws::sign(TYP, Some("r-2"), None, &claims, &key()).unwrap();
    assert!(matches!(open(&unknown, &keys()), Err(NotHeld::NoKey(_))));
    let more = jws::sign(TYP, Some(KID), None, &json!({ "more": true }), &key()).unwrap();
    assert!(matches!(open(&more, &keys()), Err(NotHeld::Claims(_))));
    assert!(matches!(open("no receipt", &keys()), Err(NotHeld::NotAReceipt(_))));
}

#[test]
fn nobody_is_named_who_should_not_be() {
    let mut history = withdrawn();
    history[1].event.by = by_parent();
    history[2].event.note = Some("Bà ấy số 999000000015".to_owned());
    let text = serde_json::to_string(&made(&record(), &history, None).unwrap()).unwrap();
    assert!(
        !text.contains(&PARENT.to_string()) && !text.contains("999000000015") && !text.contains("cb-0042")
    );
    assert!(text.contains("\"capacity\":\"parent\"") && text.contains(HANDLE));
    history[2].event.note = Some("asked_again".to_owned());
    assert_eq!(made(&record(), &history, None).unwrap().events[2].because.as_deref(), Some("asked_again"));
}

#[test]
fn a_refusal_has_a_receipt_too_and_opens_nothing() {
    let mut record = record();
    record.shown = None;
    for item in &mut record.items {
        item.granted = None;
    }
    let history = [
        happened(0, Act::Ask, State::Requested, Actor::agency()),
        happened(5, Act::Refuse, State::Refused, own()),
    ];
    let claims = made(&record, &history, None).unwrap();
    assert!(claims.summary.en.contains("you said no") && !claims.summary.en.contains("What you allowed"));
    record.items[0].granted = Some(true);
    assert_eq!(made(&record, &history, None), Err(Fault::Answers));
}

#[test]
fn a_receipt_of_the_first_form_still_holds_with_what_its_members_meant_then() {
    let mut first = receipt();
    "minhbach/consent-receipt/1".clone_into(&mut first.header.schema);
    assert_eq!(open(&signed(&first), &keys()), Err(NotHeld::Fault(Fault::Form)), "of another form's context");
    first.context = context_of(&first.header.schema).unwrap();
    assert_ne!(first.context, context());
    assert_eq!(open(&signed(&first), &keys()).unwrap(), first);
    "minhbach/consent-receipt/3".clone_into(&mut first.header.schema);
    assert_eq!(open(&signed(&first), &keys()), Err(NotHeld::Fault(Fault::Form)), "of a form yet to come");
}

#[test]
fn each_step_says_how_and_when_she_proved_herself_as_far_as_the_issuer_said() {
    let mut history = given();
    history[1].event.by = signed_in();
    let claims = made(&record(), &history, None).unwrap();
    let value = serde_json::to_value(&claims).unwrap();
    assert_eq!(value["events"][1]["acr"], "urn:id.example:face");
    assert_eq!(value["events"][1]["auth_time"], "2026-11-22T00:56:00.000Z");
    assert_eq!(value["@context"]["auth_time"]["@type"], "xsd:dateTime");
    assert_eq!(open(&signed(&claims), &keys()).unwrap(), claims);
    for pointer in ["/events/0/acr", "/events/0/auth_time"] {
        assert_eq!(value.pointer(pointer), None, "{pointer}: nobody signed in");
    }
    let silent = serde_json::to_value(receipt()).unwrap();
    assert_eq!(silent.pointer("/events/1/acr"), None, "an issuer that did not say");
}

#[test]
fn a_field_is_called_what_it_was_called_when_it_was_asked_for() {
    let mut record = record();
    let label = both("Họ, chữ đệm và tên", "Full name as on the card");
    let source = Some(both("Sổ cũ", "The old register"));
    record.items[0].named = Some(Named { label: label.clone(), source: source.clone() });
    let claims = made(&record, &given(), None).unwrap();
    assert_eq!((&claims.processing.data[0].label, &claims.processing.data[0].source), (&label, &source));
    assert!(claims.summary.en.contains("Full name as on the card"), "{}", claims.summary.en);
    assert_eq!(
        claims.processing.data[1].label,
        both("Ngày sinh", "Date of birth"),
        "an older record: today's"
    );
    let unknown = &claims.processing.data[2];
    assert_eq!((unknown.label.vi.as_str(), &unknown.source), ("health.blood_type", &None));
}

#[test]
fn years_of_pauses_still_fit() {
    let mut history = given();
    for n in 0..1000 {
        history.push(happened(10 + 2 * n, Act::Pause, State::Paused, signed_in()));
        history.push(happened(11 + 2 * n, Act::Resume, State::Given, signed_in()));
    }
    let claims = made(&record(), &history, None).unwrap();
    let text = signed(&claims);
    assert!(text.len() > jws::MAX_COMPACT && text.len() <= MAX_RECEIPT, "{}", text.len());
    assert_eq!(open(&text, &keys()).unwrap(), claims);
}

#[test]
fn what_the_standard_wants_of_the_record_is_taken_from_the_record() {
    let (record, it) = (record(), receipt().processing);
    assert_eq!((it.storage, it.law), (record.storage, record.law));
    assert_eq!((it.jurisdiction, it.withdrawal), (record.jurisdiction, record.withdrawal));
}

proptest! {
    #[test]
    fn no_byte_of_a_receipt_can_be_changed(at in 0..100_000_usize, to in "[A-Za-z0-9_-]") {
        let text = signed(&receipt());
        let mut bytes = text.clone().into_bytes();
        let at = at % bytes.len();
        bytes[at] = to.as_bytes()[0];
        let changed = String::from_utf8(bytes).unwrap();
        prop_assume!(changed != text);
        prop_assert!(open(&changed, &keys()).is_err());
    }

    #[test]
    fn any_json_is_refused_without_a_panic(text in "\\PC{0,200}") {
        prop_assert!(open(&text, &keys()).is_err());
        let value: Value = json!({ "header": text, "events": [] });
        prop_assert!(open(&jws::sign(TYP, Some(KID), None, &value, &key()).unwrap(), &keys()).is_err());
    }
}
