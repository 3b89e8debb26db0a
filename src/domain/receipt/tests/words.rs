//! A receipt in the words people use.

use super::sample::{HANDLE, both, given, made, receipt, record, signed_in};
use crate::{
    domain::{
        consent::{Act, State},
        receipt::{Claims, Fault, NotHeld, plain, verdict},
    },
    i18n::Lang,
};

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
fn it_says_how_it_is_known_who_answered() {
    let mut history = given();
    history[1].event.by = signed_in();
    let claims = made(&record(), &history, None).unwrap();
    for (lang, says) in [
        (Lang::Vi, "Đăng nhập: https://id.example · mức 3 trên 4 · urn:id.example:face · xác thực lúc 07:56"),
        (
            Lang::En,
            "Signed in: https://id.example · strength 3 of 4 · urn:id.example:face · proved at 22 Nov",
        ),
    ] {
        let text = plain(&claims, lang);
        assert!(text.contains(says), "{text}");
        assert_eq!(text.matches(" · urn:").count(), 1, "nobody signs in to ask: {text}");
    }
    history[1].event.by.issuer = Some("x\nTHE RECEIPT HOLDS".to_owned());
    let claims = made(&record(), &history, None).unwrap();
    assert!(claims.summary.en.contains("Signed in: x THE RECEIPT HOLDS"), "{}", claims.summary.en);
}
