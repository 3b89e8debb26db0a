//! Come of age: her own word on what was agreed for her is as well founded as any yes, and never says more.

use super::*;
use crate::{
    consent::{by_id, end, events},
    domain::{
        consent::{Act, State},
        standing::{Edit, What},
    },
    standing,
    store::scratch::store_suite,
};

const WORDS: &str = "<p>Nay ông/bà tự quyết định.</p>";

/// What a mother gave, one optional field of two, and what waits for her child's own word since.
async fn under_review(o: &Office) -> Consent {
    let mother = o.world.person(16).await.id();
    registered(o.engines(), &o.person, mother).await;
    let asked = o.asked(Wanted { limits: Limits { max_uses: 5, ..once() }, ..Wanted::default() }).await;
    let give = Answer::Give(Give { optional: vec![BLOOD.to_owned()], grant: GrantWish::Create });
    let given = answer(o.engines(), &asked, says(parent(mother), give)).await.unwrap();
    let note = Some("came_of_age".to_owned());
    end(o.engines(), &given, Act::Review, Actor::system(), note).await.unwrap()
}

fn confirms(by: Actor, optional: &[&str]) -> Answering {
    let optional = optional.iter().map(|name| (*name).to_owned()).collect();
    Answering { shown: ("vi", WORDS.to_owned(), true), ..says(by, Answer::Confirm(optional)) }
}

async fn her_word_keeps_the_text_she_read_and_makes_the_consent_hers(s: Scratch) {
    let o = office(s).await;
    let review = under_review(&o).await;
    assert_eq!(review.record.answered_by.as_ref().unwrap().capacity, Capacity::Parent);
    let confirmed = answer(o.engines(), &review, confirms(own(), &[])).await.unwrap();
    let read = by_id(o.engines(), review.row.id).await.unwrap().unwrap();
    assert_eq!((read.state, read.row.grant_id), (State::Given, review.row.grant_id));
    assert_eq!(read.record, confirmed.record);
    assert_eq!(read.record.answered_by.as_ref(), Some(&own()));
    assert_eq!(read.record.granted(), [NAME], "what she left out is not granted any more");
    assert!(read.record.items.iter().all(|item| item.granted.is_some()));

    let happened = events(o.engines(), &read).await.unwrap();
    let acts: Vec<_> = happened.iter().map(|event| (event.act, event.event.by.capacity)).collect();
    assert_eq!(acts[1], (Act::Give, Capacity::Parent), "who gave first is not forgotten");
    assert_eq!(acts[3], (Act::Confirm, Capacity::Own));
    let last = happened.last().unwrap();
    assert_eq!(last.event.granted, [NAME]);
    let shown = last.event.shown.as_ref().unwrap();
    assert_eq!(Some(shown), read.record.shown.as_ref());
    assert_ne!(Some(shown), happened[1].event.shown.as_ref());
    let key = crate::domain::record::unhex(&shown.hash).unwrap();
    let text = o.engines().store.consent_text(&key).await.unwrap().unwrap();
    assert_eq!((text.body.as_str(), text.lang.as_str()), (WORDS, "vi"));
    let entry = o.engines().store.entry(last.entry).await.unwrap().unwrap();
    let facts = crate::ledger::entry::open(&entry, &o.person).unwrap().0.facts;
    assert_eq!((entry.kind.as_str(), facts.shown.as_ref()), ("consent.confirmed", Some(&shown.hash)));
    assert_eq!((facts.fields, facts.capacity.as_deref()), (vec![NAME.to_owned()], Some("own")));

    // The recipient is told of both: that it had to stop, and that it may go on.
    let told = o.engines().store.notices_of(read.row.id).await.unwrap();
    assert_eq!(told.iter().map(|notice| notice.event.as_str()).collect::<Vec<_>>(), ["consent-modified"; 2]);
}

async fn she_is_never_asked_for_more_than_was_given_for_her(s: Scratch) {
    let o = office(s).await;
    let review = under_review(&o).await;
    for stray in [&[CARD][..], &[BLOOD, CARD], &[NAME], &["person.religion"]] {
        let out = answer(o.engines(), &review, confirms(own(), stray)).await;
        assert!(matches!(out, Err(Error::FieldNotAsked)), "{stray:?}");
    }
    let whole = answer(o.engines(), &review, confirms(own(), &[BLOOD])).await.unwrap();
    assert_eq!(whole.record.granted(), [NAME, BLOOD]);
}

async fn nobody_says_it_for_her_and_not_weakly_signed_in(s: Scratch) {
    let o = office(s).await;
    let review = under_review(&o).await;
    let mother = o.world.person(16).await.id();
    for by in [
        parent(mother),
        Actor { capacity: Capacity::Attorney, ..parent(mother) },
        Actor { acting: Some(mother), ..own() },
        Actor::agency(),
        Actor::authority(),
        Actor::system(),
    ] {
        let out = answer(o.engines(), &review, confirms(by.clone(), &[])).await;
        assert!(matches!(out, Err(Error::NotAPerson)), "{by:?}");
    }
    for assurance in [None, Some(2)] {
        let out = answer(o.engines(), &review, confirms(Actor { assurance, ..own() }, &[])).await;
        assert!(matches!(out, Err(Error::AssuranceTooLow)), "{assurance:?}");
    }
    assert_eq!(events(o.engines(), &review).await.unwrap().len(), 3);
    // Her no asks for nothing of the kind.
    let weak = Actor { assurance: Some(1), ..own() };
    let ended = end(o.engines(), &review, Act::Withdraw, weak, None).await.unwrap();
    assert_eq!(ended.state, State::Withdrawn);
}

async fn it_is_said_once_in_time_and_where_it_waits_for_her(s: Scratch) {
    let o = office(s).await;
    let review = under_review(&o).await;
    let asked = o.asked(Wanted::default()).await;
    let out = answer(o.engines(), &asked, confirms(own(), &[])).await;
    assert!(matches!(out, Err(Error::Illegal(_))), "a question is given and not confirmed");
    o.at(10 * DAY);
    let late = answer(o.engines(), &review, confirms(own(), &[])).await;
    assert!(matches!(late, Err(Error::TooLate)));
    o.at(10 * DAY - 1);
    let confirmed = answer(o.engines(), &review, confirms(own(), &[])).await.unwrap();
    let twice = answer(o.engines(), &review, confirms(own(), &[])).await;
    assert!(matches!(twice, Err(Error::Stale)));
    let paused = end(o.engines(), &confirmed, Act::Pause, own(), None).await.unwrap();
    for consent in [&confirmed, &paused] {
        let out = answer(o.engines(), consent, confirms(own(), &[])).await;
        assert!(matches!(out, Err(Error::Illegal(_))), "{:?}", consent.state);
    }
    let given = answer(o.engines(), &review, says(own(), yes(GrantWish::Create))).await;
    assert!(matches!(given, Err(Error::Illegal(_))), "what was given once is not given again");
}

async fn what_she_has_ruled_out_herself_she_does_not_confirm(s: Scratch) {
    let o = office(s).await;
    let review = under_review(&o).await;
    let never = Edit::Add(What::NeverAgency(review.record.agency.clone()));
    let rules = standing::change(o.engines(), &o.person, &own(), 0, never).await.unwrap();
    let out = answer(o.engines(), &review, confirms(own(), &[])).await;
    assert!(matches!(out, Err(Error::RuledOut)));
    let remove = Edit::Remove(rules.choices[0].id);
    standing::change(o.engines(), &o.person, &own(), rules.revision, remove).await.unwrap();
    answer(o.engines(), &review, confirms(own(), &[])).await.unwrap();
}

store_suite! {
    her_word_keeps_the_text_she_read_and_makes_the_consent_hers,
    she_is_never_asked_for_more_than_was_given_for_her,
    nobody_says_it_for_her_and_not_weakly_signed_in,
    it_is_said_once_in_time_and_where_it_waits_for_her,
    what_she_has_ruled_out_herself_she_does_not_confirm,
}
