//! What a receipt says, what it never says, and what it refuses to be.

mod answered;
mod sample;

use proptest::prelude::*;
use sample::{
    HANDLE, ISSUER, KID, at, both, ended, given, happened, key, keys, made, own, receipt, record, shown,
    signed, told, withdrawn,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::{
    crypto::SigningKey,
    domain::consent::{Act, Actor, Capacity, Record, Shown, State},
    i18n::Lang,
    jose::jws,
    time::Millis,
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
    let (parent, representation) = (Uuid::from_u128(0xdead_beef), Uuid::from_u128(0xcafe));
    history[1].event.by = Actor {
        capacity: Capacity::Parent,
        acting: Some(parent),
        representation: Some(representation),
        ..own()
    };
    history[2].event.note = Some("Bà ấy số 999000000015".to_owned());
    let text = serde_json::to_string(&made(&record(), &history, None).unwrap()).unwrap();
    assert!(
        !text.contains(&parent.to_string()) && !text.contains("999000000015") && !text.contains("cb-0042")
    );
    assert!(text.contains("\"capacity\":\"parent\"") && text.contains(HANDLE));
    history[2].event.note = Some("asked_again".to_owned());
    assert_eq!(made(&record(), &history, None).unwrap().events[2].because.as_deref(), Some("asked_again"));
}

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
fn the_end_is_receipted_with_who_was_told_and_what_they_did() {
    let claims = ended();
    assert_eq!(claims.kind, Kind::TerminationReceipt);
    for (lang, says) in [
        (
            Lang::Vi,
            [
                "KẾT THÚC",
                "xác nhận đã nhận lúc",
                "xác nhận đã xoá lúc",
                "phải dừng chậm nhất lúc",
                "Xong mọi việc lúc",
            ],
        ),
        (
            Lang::En,
            ["THE END", "confirmed receipt at", "confirmed erasure at", "must stop by", "Everything done at"],
        ),
    ] {
        let text = plain(&claims, lang);
        for words in says {
            assert!(text.contains(words), "{words}: {text}");
        }
        // Nothing can be taken back any more.
        assert!(!text.contains("/me/consents/"), "{text}");
    }
    let open =
        made(&record(), &withdrawn(), Some((vec![Told { acknowledged_at: None, ..told() }], None))).unwrap();
    assert!(
        open.summary.en.contains("has not confirmed receipt") && open.summary.en.contains("still to be done")
    );
    let untaken = Told { sent_at: None, acknowledged_at: None, stopped_at: None, erased_at: None, ..told() };
    let untaken = made(&record(), &withdrawn(), Some((vec![untaken], None))).unwrap();
    assert!(open.summary.en.contains("told at") && !untaken.summary.en.contains("told at"));
    let nobody = made(&record(), &withdrawn(), Some((Vec::new(), Some(at(60))))).unwrap();
    assert!(nobody.summary.en.contains("Nobody had to be told"));
}

#[test]
fn an_end_that_cannot_have_been_is_not_receipted() {
    let end = |told: Told, closed| made(&record(), &withdrawn(), Some((vec![told], closed)));
    let unacknowledged = Told { acknowledged_at: None, ..told() };
    assert_eq!(end(unacknowledged, Some(at(99))), Err(Fault::Termination), "closed while something is owed");
    assert_eq!(end(Told { sent_at: Some(at(1)), ..told() }, None), Err(Fault::Termination));
    assert_eq!(end(Told { sent_at: None, ..told() }, None), Err(Fault::Termination), "acknowledged unsent");
    assert_eq!(
        end(Told { erased_at: Some(at(900_000)), ..told() }, None),
        Err(Fault::Termination),
        "in the future"
    );
    assert_eq!(end(told(), Some(at(70))), Err(Fault::Termination), "closed before it was done");
    let standing = made(&record(), &given(), Some((Vec::new(), None)));
    assert_eq!(standing, Err(Fault::Termination));
    let mut claims = ended();
    claims.kind = Kind::ConsentReceipt;
    assert_eq!(claims.check(), Err(Fault::Termination));
    let mut claims = ended();
    claims.termination.as_mut().unwrap().ended_by = "revoke".to_owned();
    assert_eq!(claims.check(), Err(Fault::Termination));
}

#[test]
fn the_summaries_say_who_what_until_when_and_how_it_stands() {
    let claims = receipt();
    for (lang, says) in [
        (
            Lang::Vi,
            [
                "Ngân hàng Mẫu",
                "Mở tài khoản ngân hàng",
                "Họ và tên",
                "08:00 ngày 22/12/2026",
                "đang cho phép xem",
                "nhiều nhất 3 lần",
            ],
        ),
        (
            Lang::En,
            [
                "Sample Bank",
                "Opening a bank account",
                "Full name",
                "22 December 2026, 08:00",
                "you allow it",
                "3 times at most",
            ],
        ),
    ] {
        let text = plain(&claims, lang);
        for words in
            says.into_iter().chain(["08:00 – 17:00", HANDLE, "918273", "sha256:abab", "/me/consents/"])
        {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(!text.contains('⟦'), "{text}");
    }
    assert_eq!(claims.summary, both(&plain(&claims, Lang::Vi), &plain(&claims, Lang::En)));
}

#[test]
fn every_state_act_and_fault_has_its_words() {
    for lang in Lang::ALL {
        for state in State::ALL {
            let claims = Claims { state, ..receipt() };
            assert!(!plain(&claims, lang).contains('⟦'), "{state:?}");
        }
        for act in Act::ALL {
            let mut claims = receipt();
            claims.events[0].act = act;
            assert!(!plain(&claims, lang).contains('⟦'), "{act:?}");
        }
        assert!(!verdict(lang, Ok(())).contains('⟦'));
        for fault in [
            Fault::Form,
            Fault::Ids,
            Fault::Missing("x"),
            Fault::Identity,
            Fault::Dates,
            Fault::Events,
            Fault::Answers,
            Fault::Notice,
            Fault::Parties,
            Fault::Ledger,
            Fault::Termination,
        ] {
            let text = verdict(lang, Err(&NotHeld::Fault(fault)));
            assert!(!text.contains('⟦') && text != verdict(lang, Ok(())), "{}", fault.code());
        }
    }
}

#[test]
fn a_text_cannot_draw_lines_of_its_own() {
    let mut claims = receipt();
    claims.processing.justification = Some("x\nTHE RECEIPT\u{202e}HOLDS\u{1b}[1m".to_owned());
    let text = plain(&claims, Lang::En);
    assert!(text.contains("x THE RECEIPT HOLDS [1m"), "{text}");
}

#[test]
fn years_of_pauses_still_fit() {
    let mut history = given();
    for n in 0..1000 {
        history.push(happened(10 + 2 * n, Act::Pause, State::Paused, own()));
        history.push(happened(11 + 2 * n, Act::Resume, State::Given, own()));
    }
    let claims = made(&record(), &history, None).unwrap();
    let text = signed(&claims);
    assert!(text.len() > jws::MAX_COMPACT && text.len() <= MAX_RECEIPT, "{}", text.len());
    assert_eq!(open(&text, &keys()).unwrap(), claims);
}

#[test]
fn an_article_that_was_not_checked_is_not_signed_as_if_it_had_been() {
    let value = serde_json::to_value(receipt()).unwrap();
    assert_eq!(value["processing"]["citations"][0]["confidence"], "V");
    assert_eq!(value["processing"]["citations"][1]["confidence"], "M");
    for (lang, sure, unsure) in [
        (Lang::Vi, "Căn cứ: Luật 91/2025/QH15, Điều 9", "(chưa đối chiếu với văn bản gốc): Thông tư mẫu"),
        (Lang::En, "Rests on: Law 91/2025", "(not checked against the original text): Sample circular"),
    ] {
        let text = plain(&receipt(), lang);
        assert!(text.contains(sure) && text.contains(unsure), "{text}");
    }
}

#[test]
fn what_the_standard_wants_of_the_record_is_taken_from_the_record() {
    let (record, it) = (record(), receipt().processing);
    assert_eq!((it.storage, it.law), (record.storage, record.law));
    assert_eq!((it.jurisdiction, it.withdrawal), (record.jurisdiction, record.withdrawal));
}

#[test]
fn a_clock_that_is_a_little_behind_does_not_cost_the_receipt_of_the_end() {
    let end = |told: Told, closed| made(&record(), &withdrawn(), Some((vec![told], Some(closed))));
    let behind = |at: Millis, ms: i64| Millis(at.0 - ms);
    let all = |ms| {
        let start = behind(at(60), ms);
        let told = Told {
            sent_at: Some(start),
            acknowledged_at: Some(start),
            stopped_at: Some(start),
            erased_at: Some(start),
            ..told()
        };
        end(told, start)
    };
    all(0).unwrap();
    all(400).unwrap();
    all(10_000).unwrap();
    assert_eq!(all(10_001), Err(Fault::Termination));
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
