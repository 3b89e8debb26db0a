//! The receipt of the end: who was told, and what cannot have been.

use super::sample::{at, ended, given, made, record, told, withdrawn};
use crate::{
    domain::receipt::{Fault, Kind, Told, plain},
    i18n::Lang,
    time::Millis,
};

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
