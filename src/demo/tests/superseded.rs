//! A consent that another takes the place of: its end is an entry of its own, and its receipt says so.

use reqwest::StatusCode;

use super::{
    consent::{asked_for, bank},
    world::World,
};
use crate::{
    consent::{self, Answer, Answering, Consent, Give, GrantWish},
    demo::people::CITIZENS,
    domain::{
        consent::{Actor, Capacity, State},
        receipt,
        record::Kind,
    },
    store::scratch::{Scratch, store_suite},
};

const PURPOSE: &str = "private.bank_verification";

async fn given(w: &World, grant: GrantWish) -> Consent {
    let asked = asked_for(w, w.engines.register.catalogue().purpose(PURPOSE).unwrap()).await;
    let answering = Answering {
        by: Actor { capacity: Capacity::Own, assurance: Some(3), ..Actor::system() },
        answer: Answer::Give(Give { optional: Vec::new(), grant }),
        shown: ("vi", "<p>đúng những chữ này</p>".to_owned(), true),
        replays: Vec::new(),
        also: Vec::new(),
    };
    consent::answer(&w.engines, &asked, answering).await.unwrap()
}

async fn its_end_is_an_entry_of_its_own_and_both_receipts_hold(s: Scratch) {
    let w = bank(s).await;
    let browser = w.citizen(0).await;
    let older = given(&w, GrantWish::Create).await;
    w.clock.advance(std::time::Duration::from_secs(1));
    let newer = given(&w, GrantWish::Replace(older.row.grant_id.unwrap())).await;

    let entries = w.entries(CITIZENS[0].national_id, Kind::ConsentSuperseded).await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].consent, Some(older.row.id.to_string()));
    assert_eq!(entries[0].note, Some(newer.row.id.to_string()));
    let read = consent::by_id(&w.engines, older.row.id).await.unwrap().unwrap();
    let last = consent::events(&w.engines, &read).await.unwrap().pop().unwrap();

    // She finds it in her history and on the page of the consent.
    let history = browser.get("/me/history").await;
    assert!(history.body.contains("thay bản cũ"), "{}", history.body);
    let entry = browser.get(&format!("/me/history/{}", last.entry)).await;
    assert_eq!(entry.status, StatusCode::OK, "{}", entry.body);
    assert!(entry.body.contains(&format!("/me/consents/{}", older.row.id)), "{}", entry.body);
    let page = browser.get(&format!("/me/consents/{}", older.row.id)).await;
    assert!(page.body.contains(&format!("/me/history/{}", last.entry)), "{}", page.body);

    let receipt = async |consent: &Consent| {
        let file = browser.get(&format!("/me/consents/{}/receipt", consent.row.id)).await;
        assert_eq!(file.status, StatusCode::OK, "{}", file.body);
        receipt::open(&file.body, &w.engines.tokens.receipt_keys()).unwrap()
    };
    let ended = receipt(&older).await;
    assert_eq!((ended.state, ended.ledger.entry), (State::Superseded, last.entry));
    assert_eq!(ended.termination.unwrap().ended_by, "supersede");
    let stands = receipt(&newer).await;
    assert_eq!((stands.state, stands.header.supersedes), (State::Given, Some(older.row.id)));
    assert!(stands.ledger.entry != last.entry && stands.termination.is_none());
}

store_suite! {
    its_end_is_an_entry_of_its_own_and_both_receipts_hold,
}
