//! Another bundle becomes active: each consent that stands is looked at once, by one node, and where it died by the next.

use super::*;
use crate::{
    consent::{by_id, commit, end_overtaken, entry, events, run_due, step},
    domain::consent::{Act, State},
    store::scratch::store_suite,
};

/// A little longer than a node that died keeps the others waiting.
const LEASE: Duration = Duration::from_millis(60_001);

async fn state(o: &Office, consent: &Consent) -> State {
    by_id(o.engines(), consent.row.id).await.unwrap().unwrap().state
}

async fn given(o: &Office) -> Consent {
    o.given(Wanted::default(), GrantWish::Create).await
}

/// As if the purpose had been another when she said yes.
async fn overtake(o: &Office, given: &Consent) -> Consent {
    let mut record = given.record.clone();
    record.purpose_version = "0".repeat(64);
    let next = given.after(Act::Pause).unwrap();
    let (entry, at) = (o.engines().id(), o.engines().now());
    let event = crate::domain::consent::Event { by: own(), shown: None, granted: Vec::new(), note: None };
    let change = step(o.engines(), &o.person, &next, &record, &event, entry, None).unwrap();
    let subject = o.person.clone();
    let event = entry::Event { id: entry, at, kind: Kind::ConsentPaused, subject, facts: Facts::default() };
    commit(o.engines(), event, Command { changes: vec![change], ..Command::default() }).await.unwrap();
    by_id(o.engines(), given.row.id).await.unwrap().unwrap()
}

async fn a_consent_to_what_has_changed_since_ends_and_its_recipient_is_told(s: Scratch) {
    let o = office(s).await;
    let (same, changed) = (given(&o).await, given(&o).await);
    let before = overtake(&o, &changed).await;
    assert!(before.is_overtaken(o.engines()) && !same.is_overtaken(o.engines()));
    let holder = o.engines().id();
    o.activate("of another node").await;
    assert_eq!(end_overtaken(o.engines(), holder, 10).await.unwrap(), 0, "not for this node to say");
    assert_eq!(state(&o, &changed).await, State::Paused);
    o.activate(&o.engines().bundle).await;
    assert_eq!(end_overtaken(o.engines(), holder, 10).await.unwrap(), 2);
    assert_eq!((state(&o, &same).await, state(&o, &changed).await), (State::Given, State::Invalidated));
    let last = events(o.engines(), &before).await.unwrap().pop().unwrap();
    assert_eq!((last.act, last.event.note.as_deref()), (Act::Invalidate, Some("purpose_changed")));
    let told = o.engines().store.unacknowledged_notices(o.client.id, 10).await.unwrap();
    assert_eq!(told.iter().filter(|notice| notice.consent == changed.row.id).count(), 1);
}

async fn a_second_start_looks_at_none_and_another_bundle_at_all(s: Scratch) {
    let o = office(s).await;
    let (one, two) = (given(&o).await, given(&o).await);
    o.activate(&o.engines().bundle).await;
    let holder = o.engines().id();
    assert_eq!(end_overtaken(o.engines(), holder, 10).await.unwrap(), 2, "the first start");
    overtake(&o, &one).await;
    let again = o.world.node().await;
    o.world.clock.advance(LEASE);
    assert_eq!(end_overtaken(&again, again.id(), 10).await.unwrap(), 0, "the second");
    assert_eq!(state(&o, &one).await, State::Paused, "nothing has changed since: nobody looks");
    o.activate("of another node").await;
    o.activate(&o.engines().bundle).await;
    o.world.clock.advance(LEASE);
    assert_eq!(end_overtaken(&again, again.id(), 10).await.unwrap(), 2);
    assert_eq!((state(&o, &one).await, state(&o, &two).await), (State::Invalidated, State::Given));
}

async fn where_a_node_died_the_next_goes_on_and_meanwhile_nobody_else_does(s: Scratch) {
    let o = office(s).await;
    let mut all = Vec::new();
    for _ in 0..5 {
        all.push(given(&o).await);
    }
    // The others stand on: nothing but what was written down says that they have been looked at.
    let last = all.iter().max_by_key(|consent| consent.row.id).unwrap();
    overtake(&o, last).await;
    o.activate(&o.engines().bundle).await;
    assert_eq!(end_overtaken(o.engines(), o.engines().id(), 2).await.unwrap(), 2);
    let other = o.world.node().await;
    let holder = other.id();
    assert_eq!(end_overtaken(&other, holder, 2).await.unwrap(), 0, "one node does it for all");
    o.world.clock.advance(LEASE);
    let mut looks = Vec::new();
    for _ in 0..3 {
        looks.push(end_overtaken(&other, holder, 2).await.unwrap());
    }
    assert_eq!(looks, [2, 1, 0], "what was looked at before is not looked at again");
    for consent in &all {
        let wanted = if consent.row.id == last.row.id { State::Invalidated } else { State::Given };
        assert_eq!(state(&o, consent).await, wanted);
    }
}

async fn what_was_looked_at_before_another_bundle_became_active_does_not_count(s: Scratch) {
    let o = office(s).await;
    let store = &o.engines().store;
    let (one, other) = (overtake(&o, &given(&o).await).await, given(&o).await);
    let slow = store.sweep().await.unwrap();
    o.activate(&o.engines().bundle).await;
    for reached in [Some(one.row.id.max(other.row.id)), None] {
        store.advance_sweep(slow, reached).await.unwrap();
    }
    let now = store.sweep().await.unwrap();
    assert_eq!((now.round, now.reached), (slow.round + 1, Some(Uuid::nil())));
    assert_eq!(end_overtaken(o.engines(), o.engines().id(), 10).await.unwrap(), 2);
    assert_eq!(state(&o, &one).await, State::Invalidated);
    // And of one round: whoever is slower does not take it back.
    let end = store.sweep().await.unwrap();
    store.advance_sweep(now, Some(one.row.id)).await.unwrap();
    assert_eq!((store.sweep().await.unwrap(), end.reached), (end, None));
}

async fn a_yes_is_taken_only_by_a_node_whose_policies_are_in_force(s: Scratch) {
    let o = office(s).await;
    let asked = o.asked(Wanted::default()).await;
    o.activate("of another node").await;
    assert!(matches!(o.answer(&asked, yes(GrantWish::Create)).await, Err(Error::Stale)));
    assert_eq!(state(&o, &asked).await, State::Requested);
    o.activate(&o.engines().bundle).await;
    assert_eq!(o.answer(&asked, yes(GrantWish::Create)).await.unwrap().state, State::Given);
}

async fn what_is_overtaken_when_its_time_comes_ends_as_overtaken(s: Scratch) {
    let o = office(s).await;
    let before = given(&o).await;
    overtake(&o, &before).await;
    o.activate(&o.engines().bundle).await;
    o.at(LAPSE);
    assert_eq!(run_due(o.engines(), 10).await.unwrap(), 1);
    assert_eq!(state(&o, &before).await, State::Invalidated, "not: nobody used it");
}

store_suite! {
    what_is_overtaken_when_its_time_comes_ends_as_overtaken,
    a_consent_to_what_has_changed_since_ends_and_its_recipient_is_told,
    a_second_start_looks_at_none_and_another_bundle_at_all,
    where_a_node_died_the_next_goes_on_and_meanwhile_nobody_else_does,
    what_was_looked_at_before_another_bundle_became_active_does_not_count,
    a_yes_is_taken_only_by_a_node_whose_policies_are_in_force,
}
