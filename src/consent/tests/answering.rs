//! Asked and answered: yes, no, later, by two, twice, too late, and what is kept of it.

use super::*;
use crate::{
    consent::{by_id, events, live, of_subject, text, waiting},
    domain::consent::{Act, Authenticated, Item, Named, State},
    store::scratch::store_suite,
};

async fn a_yes_is_remembered_with_who_said_it_how_and_to_which_words(s: Scratch) {
    let o = office(s).await;
    let consent = o.asked(Wanted::default()).await;
    assert_eq!(waiting(o.engines(), &o.person).await.unwrap().len(), 1);
    let give = Answer::Give(Give { optional: vec![BLOOD.to_owned()], grant: GrantWish::Create });
    let given = o.answer(&consent, give).await.unwrap();
    assert_eq!(given.state, State::Given);
    let read = by_id(o.engines(), consent.row.id).await.unwrap().unwrap();
    assert_eq!(read.record.granted(), [NAME, BLOOD], "the other optional field was not said yes to");
    assert_eq!((read.state, read.row.revision), (State::Given, 2));
    assert_eq!(waiting(o.engines(), &o.person).await.unwrap().len(), 0);

    // What ISO/IEC TS 27560 wants of a record is in the record, not in whatever is said today.
    let record = &read.record;
    assert_eq!(record.jurisdiction, "VN");
    assert!([&record.storage, &record.law, &record.withdrawal.how].iter().all(|it| !it.vi.is_empty()));
    assert!(record.withdrawal.address.ends_with(&format!("/me/consents/{}", read.row.id)));
    assert!(record.withdrawal.consequence.is_some());

    let happened = events(o.engines(), &read).await.unwrap();
    assert_eq!(happened.iter().map(|e| e.act).collect::<Vec<_>>(), [Act::Ask, Act::Give]);
    let last = happened.last().unwrap();
    assert_eq!((last.at, last.state, &last.event.by), (NOW, State::Given, &own()));
    assert_eq!(last.event.granted, [NAME, BLOOD]);
    let shown = last.event.shown.clone().unwrap();
    assert_eq!(Some(&shown), read.record.shown.as_ref());
    assert!(shown.sensitive_notice && shown.lang == "vi");
    let entry = o.engines().store.entry(last.entry).await.unwrap().unwrap();
    let record = crate::ledger::entry::open(&entry, &o.person).unwrap().0;
    assert_eq!(record.kind, "consent.given");
    assert_eq!(record.facts.consent, Some(consent.row.id.to_string()));
    assert_eq!(record.facts.shown, Some(shown.hash));
    assert_eq!(
        (record.facts.capacity.as_deref(), record.facts.assurance.as_deref()),
        (Some("own"), Some("3"))
    );
    assert_eq!(record.facts.grant, read.row.grant_id.map(|grant| grant.to_string()));
    let grant = o.engines().store.grant(read.row.grant_id.unwrap()).await.unwrap().unwrap();
    assert_eq!((grant.client, grant.subject, grant.revoked_at), (o.client.id, o.person.id(), None));
}

async fn the_exact_text_is_found_again_by_its_hash_and_stays_when_shown_again(s: Scratch) {
    let o = office(s).await;
    let (first, second) = (o.asked(Wanted::default()).await, o.asked(Wanted::default()).await);
    let words = says(own(), Answer::Refuse).shown.1;
    let (hash, kept) = text("vi", words.clone());
    for consent in [&first, &second] {
        o.answer(consent, Answer::Refuse).await.unwrap();
        let found = o.engines().store.consent_text(&kept.hash).await.unwrap().unwrap();
        assert_eq!((found.body.as_str(), found.lang.as_str()), (words.as_str(), "vi"));
        let event = events(o.engines(), consent).await.unwrap().remove(1).event;
        assert_eq!(event.shown.unwrap().hash, hash);
    }
    let third = o.asked(Wanted::default()).await;
    let other =
        Answering { shown: ("en", "<p>May they?</p>".to_owned(), false), ..says(own(), Answer::Refuse) };
    answer(o.engines(), &third, other).await.unwrap();
    assert_eq!(o.engines().store.consent_text(&kept.hash).await.unwrap().unwrap().body, words);
}

async fn no_is_an_end_and_opens_nothing(s: Scratch) {
    let o = office(s).await;
    let consent = o.asked(Wanted::default()).await;
    let refused = o.answer(&consent, Answer::Refuse).await.unwrap();
    assert_eq!((refused.state, refused.row.wake), (State::Refused, None));
    assert!(matches!(o.answer(&refused, yes(GrantWish::Create)).await, Err(Error::Illegal(_))));
    let out = o.run(token(o.engines(), &refused, Vec::new()).1).await;
    assert_eq!(out, Outcome::ConsentNotLive(Some(State::Refused)));
    assert!(live(o.engines(), o.client.id, &o.person, PURPOSE, CASE).await.unwrap().is_none());
    assert_eq!(of_subject(o.engines(), &o.person).await.unwrap().len(), 1, "a refusal is a record too");
}

async fn later_is_no_answer_and_a_yes_may_follow(s: Scratch) {
    let o = office(s).await;
    let consent = o.asked(Wanted::default()).await;
    let deferred = o.answer(&consent, Answer::Defer).await.unwrap();
    assert_eq!(deferred.state, State::Deferred);
    assert_eq!(waiting(o.engines(), &o.person).await.unwrap().len(), 1);
    let out = o.run(token(o.engines(), &deferred, Vec::new()).1).await;
    assert_eq!(out, Outcome::ConsentNotLive(Some(State::Deferred)));
    assert!(matches!(o.answer(&deferred, Answer::Defer).await, Err(Error::Illegal(_))));
    assert_eq!(o.answer(&deferred, yes(GrantWish::Create)).await.unwrap().state, State::Given);
}

async fn answered_twice_the_second_is_told_and_changes_nothing(s: Scratch) {
    let o = office(s).await;
    let consent = o.asked(Wanted::default()).await;
    let given = o.answer(&consent, yes(GrantWish::Create)).await.unwrap();
    // From the same page, still open in another tab: what it was made from is no longer so.
    assert!(matches!(o.answer(&consent, Answer::Refuse).await, Err(Error::Stale)));
    assert!(matches!(o.answer(&consent, yes(GrantWish::Create)).await, Err(Error::Stale)));
    assert!(matches!(o.answer(&given, Answer::Refuse).await, Err(Error::Illegal(_))));
    assert_eq!(events(o.engines(), &consent).await.unwrap().len(), 2);
    assert_eq!(o.engines().store.head().await.unwrap().size, 2, "no entry for what did not happen");
}

async fn of_many_answers_at_once_one_counts(s: Scratch) {
    let o = office(s).await;
    let consent = o.asked(Wanted::default()).await;
    let kinds = [yes(GrantWish::Create), Answer::Refuse, Answer::Defer];
    let all = kinds.iter().cycle().take(12).map(|kind| o.answer(&consent, kind.clone()));
    let out = futures_util::future::join_all(all).await;
    assert_eq!(out.iter().filter(|result| result.is_ok()).count(), 1);
    assert_eq!(out.iter().filter(|result| matches!(result, Err(Error::Stale))).count(), 11);
    assert_eq!(events(o.engines(), &consent).await.unwrap().len(), 2);
}

async fn the_time_to_answer_ends_to_the_millisecond(s: Scratch) {
    let o = office(s).await;
    let in_time = || Wanted { answer_by: Millis(NOW.0 + 1000), ..Wanted::default() };
    let (first, second) = (o.asked(in_time()).await, o.asked(in_time()).await);
    o.at(999);
    assert_eq!(waiting(o.engines(), &o.person).await.unwrap().len(), 2);
    assert_eq!(o.answer(&first, yes(GrantWish::Create)).await.unwrap().state, State::Given);
    o.at(1000);
    for late in [yes(GrantWish::Create), Answer::Refuse, Answer::Defer] {
        assert!(matches!(o.answer(&second, late).await, Err(Error::TooLate)));
    }
    assert_eq!(waiting(o.engines(), &o.person).await.unwrap().len(), 0);
    let out = o.run(token(o.engines(), &second, Vec::new()).1).await;
    assert_eq!(out, Outcome::ConsentNotLive(Some(State::Requested)));
}

async fn what_would_be_over_at_once_cannot_be_given_any_more(s: Scratch) {
    let o = office(s).await;
    let limits = Limits { expires: NOW.0 + HOUR, ..once() };
    let consent = o.asked(Wanted { limits, ..Wanted::default() }).await;
    o.at(HOUR);
    assert!(matches!(o.answer(&consent, yes(GrantWish::Create)).await, Err(Error::TooLate)));
}

async fn a_field_that_was_not_asked_for_or_must_be_given_cannot_be_answered(s: Scratch) {
    let o = office(s).await;
    let fields = vec![NAME.to_owned(), BLOOD.to_owned()];
    let consent = o.asked(Wanted { fields, ..Wanted::default() }).await;
    for stray in [CARD, NAME, "person.sex", ""] {
        let give = Give { optional: vec![BLOOD.to_owned(), stray.to_owned()], grant: GrantWish::Create };
        let out = o.answer(&consent, Answer::Give(give)).await;
        assert!(matches!(out, Err(Error::FieldNotAsked)), "{stray}");
    }
    assert_eq!(events(o.engines(), &consent).await.unwrap().len(), 1);
}

async fn a_yes_to_nothing_is_none(s: Scratch) {
    let o = office(s).await;
    let fields = vec![BLOOD.to_owned(), CARD.to_owned()];
    let consent = o.asked(Wanted { fields, ..Wanted::default() }).await;
    assert!(matches!(o.answer(&consent, yes(GrantWish::Create)).await, Err(Error::NothingGranted)));
    let give = Answer::Give(Give { optional: vec![CARD.to_owned()], grant: GrantWish::Create });
    assert_eq!(o.answer(&consent, give).await.unwrap().record.granted(), [CARD]);
}

async fn two_must_say_yes_and_to_the_same_fields(s: Scratch) {
    let o = office(s).await;
    let mother = o.world.person(16).await.id();
    registered(o.engines(), &o.person, mother).await;
    let consent = o.asked(Wanted { joint: true, ..Wanted::default() }).await;
    let both = vec![BLOOD.to_owned(), CARD.to_owned()];
    let first = Answer::Give(Give { optional: both, grant: GrantWish::Create });
    let half = answer(o.engines(), &consent, says(parent(mother), first.clone())).await.unwrap();
    assert_eq!((half.state, half.row.grant_id), (State::HalfGiven, None));
    let out = o.run(token(o.engines(), &half, Vec::new()).1).await;
    assert_eq!(out, Outcome::ConsentNotLive(Some(State::HalfGiven)));
    let again = answer(o.engines(), &half, says(parent(mother), first)).await;
    assert!(matches!(again, Err(Error::NeedsTheOther)));
    let second = Answer::Give(Give { optional: vec![CARD.to_owned()], grant: GrantWish::Create });
    let given = answer(o.engines(), &half, says(own(), second)).await.unwrap();
    assert_eq!((given.state, given.record.granted()), (State::Given, vec![NAME, CARD]));
    // And when it is the second who says yes to more.
    let other = o.asked(Wanted { joint: true, ..Wanted::default() }).await;
    let say = |optional: &[&str]| {
        let optional = optional.iter().map(|&field| field.to_owned()).collect();
        Answer::Give(Give { optional, grant: GrantWish::Create })
    };
    let half = answer(o.engines(), &other, says(parent(mother), say(&[CARD]))).await.unwrap();
    let whole = answer(o.engines(), &half, says(own(), say(&[BLOOD, CARD]))).await.unwrap();
    assert_eq!(whole.record.granted(), [NAME, CARD]);
    let happened = events(o.engines(), &given).await.unwrap();
    let who: Vec<_> = happened.iter().map(|e| (e.act, e.event.by.capacity, e.event.by.acting)).collect();
    assert_eq!(
        who,
        [
            (Act::Ask, Capacity::Agency, None),
            (Act::GiveHalf, Capacity::Parent, Some(mother)),
            (Act::Give, Capacity::Own, None)
        ]
    );
    let entry = o.engines().store.entry(happened[1].entry).await.unwrap().unwrap();
    let facts = crate::ledger::entry::open(&entry, &o.person).unwrap().0.facts;
    assert_eq!((facts.capacity.as_deref(), facts.acting), (Some("parent"), Some(mother.to_string())));

    let consent = o.asked(Wanted { joint: true, ..Wanted::default() }).await;
    let half = o.answer(&consent, yes(GrantWish::Create)).await.unwrap();
    assert!(matches!(o.answer(&half, yes(GrantWish::Create)).await, Err(Error::NeedsTheOther)));
    let no = answer(o.engines(), &half, says(parent(mother), Answer::Refuse)).await.unwrap();
    assert_eq!(no.state, State::Refused, "the no of one is enough");
}

/// I3: whoever calls, only the person or somebody who acts for her under a representation answers.
async fn nobody_but_the_person_or_who_acts_for_her_answers(s: Scratch) {
    let o = office(s).await;
    let consent = o.asked(Wanted::default()).await;
    let (mother, herself) = (o.world.person(16).await.id(), o.person.id());
    registered(o.engines(), &o.person, mother).await;
    let as_ = |capacity| Actor { capacity, ..own() };
    let nobody = [
        Actor::system(),
        Actor::agency(),
        as_(Capacity::Agency),
        as_(Capacity::Authority),
        as_(Capacity::System),
        Actor { acting: Some(mother), ..own() },
        Actor { representation: Some(Uuid::from_u128(8)), ..own() },
        as_(Capacity::Parent),
        Actor { representation: None, ..parent(mother) },
        Actor { acting: None, ..parent(mother) },
        parent(herself),
        Actor { capacity: Capacity::Attorney, ..parent(herself) },
    ];
    for by in nobody {
        for what in [yes(GrantWish::Create), Answer::Refuse, Answer::Defer] {
            let out = answer(o.engines(), &consent, says(by.clone(), what)).await;
            assert!(matches!(out, Err(Error::NotAPerson)), "{by:?}");
        }
    }
    // The purpose demands 2, and sensitive fields 3.
    for assurance in [None, Some(0), Some(2)] {
        for what in [yes(GrantWish::Create), Answer::Refuse, Answer::Defer] {
            let out = answer(o.engines(), &consent, says(Actor { assurance, ..own() }, what)).await;
            assert!(matches!(out, Err(Error::AssuranceTooLow)), "{assurance:?}");
        }
    }
    assert_eq!(events(o.engines(), &consent).await.unwrap().len(), 1);
    let plain = o.asked(Wanted { fields: vec![NAME.to_owned()], ..Wanted::default() }).await;
    let weak = |level| Actor { assurance: Some(level), ..own() };
    let out = answer(o.engines(), &plain, says(weak(1), Answer::Refuse)).await;
    assert!(matches!(out, Err(Error::AssuranceTooLow)));
    answer(o.engines(), &plain, says(weak(2), Answer::Refuse)).await.unwrap();
    for capacity in [Capacity::Parent, Capacity::Guardian, Capacity::Attorney] {
        let consent = o.asked(Wanted::default()).await;
        let by = Actor { capacity, ..parent(mother) };
        let given = answer(o.engines(), &consent, says(by.clone(), yes(GrantWish::Create))).await.unwrap();
        assert_eq!(given.record.answered_by, Some(by));
    }
}

async fn how_and_when_she_signed_in_is_remembered_with_the_answer(s: Scratch) {
    let o = office(s).await;
    let consent = o.asked(Wanted::default()).await;
    let authenticated = Authenticated { acr: Some("loa3".to_owned()), at: Some(NOW) };
    let by = Actor { authenticated, ..own() };
    answer(o.engines(), &consent, says(by.clone(), yes(GrantWish::Create))).await.unwrap();
    let read = by_id(o.engines(), consent.row.id).await.unwrap().unwrap();
    assert_eq!(read.record.answered_by.as_ref(), Some(&by));
    assert_eq!(events(o.engines(), &read).await.unwrap().pop().unwrap().event.by, by);
    // Records from before say nothing of it, and read back.
    let plain = serde_json::to_value(own()).unwrap();
    assert!(plain.get("authenticated").is_none());
    assert_eq!(serde_json::from_value::<Actor>(plain).unwrap(), own());
}

async fn what_fields_are_called_is_kept_from_the_day_they_are_asked_for(s: Scratch) {
    let o = office(s).await;
    let consent = o.asked(Wanted::default()).await;
    let catalogue = o.engines().register.catalogue();
    let read = by_id(o.engines(), consent.row.id).await.unwrap().unwrap();
    for item in &read.record.items {
        assert!(item.named.as_ref().unwrap().source.is_some(), "{}", item.field);
        assert_eq!(item.named, Named::today(catalogue, &item.field));
        // Records from before do not say it, and read back.
        let mut before = serde_json::to_value(item).unwrap();
        before.as_object_mut().unwrap().remove("named");
        assert_eq!(serde_json::from_value::<Item>(before).unwrap().named, None);
    }
}

async fn what_an_answer_uses_up_is_used_up_once_and_only_with_it(s: Scratch) {
    let o = office(s).await;
    let (one, other) = (o.asked(Wanted::default()).await, o.asked(Wanted::default()).await);
    let using = |what| Answering { replays: vec![(Uuid::from_u128(77), NOW)], ..says(own(), what) };
    let stray = Answer::Give(Give { optional: vec!["x".to_owned()], grant: GrantWish::Create });
    assert!(answer(o.engines(), &one, using(stray)).await.is_err());
    answer(o.engines(), &one, using(Answer::Refuse)).await.unwrap();
    let again = answer(o.engines(), &other, using(Answer::Refuse)).await;
    assert!(matches!(again, Err(Error::Replayed(id)) if id == Uuid::from_u128(77)));
    assert_eq!(by_id(o.engines(), other.row.id).await.unwrap().unwrap().state, State::Requested);
}

store_suite! {
    a_yes_is_remembered_with_who_said_it_how_and_to_which_words,
    the_exact_text_is_found_again_by_its_hash_and_stays_when_shown_again,
    no_is_an_end_and_opens_nothing,
    later_is_no_answer_and_a_yes_may_follow,
    answered_twice_the_second_is_told_and_changes_nothing,
    of_many_answers_at_once_one_counts,
    the_time_to_answer_ends_to_the_millisecond,
    what_would_be_over_at_once_cannot_be_given_any_more,
    a_field_that_was_not_asked_for_or_must_be_given_cannot_be_answered,
    a_yes_to_nothing_is_none,
    two_must_say_yes_and_to_the_same_fields,
    nobody_but_the_person_or_who_acts_for_her_answers,
    how_and_when_she_signed_in_is_remembered_with_the_answer,
    what_fields_are_called_is_kept_from_the_day_they_are_asked_for,
    what_an_answer_uses_up_is_used_up_once_and_only_with_it,
}
