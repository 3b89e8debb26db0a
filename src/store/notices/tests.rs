//! The outbox on both databases: what is due is found once, steps are taken once, nothing is lost.

use std::sync::atomic::{AtomicI64, Ordering};

use super::*;
use crate::{
    crypto::SeededRandom,
    id,
    store::scratch::{Scratch, store_suite},
};

const NOW: Millis = Millis(1_795_000_000_000);
const LATER: Millis = Millis(NOW.0 + 60_000);

fn notice(random: &SeededRandom, client: u128, event: &str) -> Notice {
    // Ids in the order of their making, as a clock that moves gives them.
    static MADE: AtomicI64 = AtomicI64::new(0);
    let made = Millis(NOW.0 + MADE.fetch_add(1, Ordering::Relaxed));
    let consent = id::new(NOW, random);
    Notice::new(id::new(made, random), Uuid::from_u128(client), consent, event, vec![1, 2], NOW)
}

async fn written(store: &Store, notice: &Notice) {
    let mut tx = store.begin().await.unwrap();
    put(&mut tx, notice).await.unwrap();
    tx.commit().await.unwrap();
}

enum Change<'a> {
    Put(&'a Stream),
    Remove(Uuid),
}

async fn streamed(store: &Store, change: Change<'_>) {
    let mut tx = store.begin().await.unwrap();
    match change {
        Change::Put(stream) => put_stream(&mut tx, stream).await.unwrap(),
        Change::Remove(client) => remove_stream(&mut tx, client).await.unwrap(),
    }
    tx.commit().await.unwrap();
}

async fn stepped(store: &Store, id: Uuid, taken: Step, at: Millis) -> Notice {
    let mut tx = store.begin().await.unwrap();
    step(&mut tx, id, &taken, at).await.unwrap();
    tx.commit().await.unwrap();
    store.notice(id).await.unwrap().unwrap()
}

async fn a_notice_is_claimed_by_one_of_many_nodes_and_comes_back_when_its_claim_ends(s: Scratch) {
    let random = SeededRandom::new(1);
    let all: Vec<Notice> = (0..40).map(|_| notice(&random, 1, WITHDRAWN)).collect();
    for each in &all {
        written(&s.store, each).await;
    }
    written(&s.store, &notice(&random, 2, WITHDRAWN)).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = Store::open(&s.address, 2).await.unwrap();
        tasks.spawn(async move { store.claim_notices(Uuid::from_u128(1), NOW, LATER, 10).await.unwrap() });
    }
    let mut claimed: Vec<Uuid> = tasks.join_all().await.into_iter().flatten().map(|n| n.id).collect();
    let many = claimed.len();
    claimed.sort_unstable();
    claimed.dedup();
    assert_eq!(claimed.len(), many, "nobody claims what another has");
    let rest = s.store.claim_notices(Uuid::from_u128(1), NOW, LATER, 100).await.unwrap();
    assert_eq!(claimed.len() + rest.len(), 40);
    assert!(s.store.claim_notices(Uuid::from_u128(1), NOW, LATER, 100).await.unwrap().is_empty());
    let again = s.store.claim_notices(Uuid::from_u128(1), LATER, Millis(LATER.0 + 1), 100).await.unwrap();
    assert_eq!(again.iter().map(|n| n.id).collect::<Vec<_>>(), all.iter().map(|n| n.id).collect::<Vec<_>>());
}

async fn a_failure_is_counted_and_an_acknowledged_notice_is_never_due_again(s: Scratch) {
    let random = SeededRandom::new(2);
    let one = notice(&random, 1, EXPIRED);
    written(&s.store, &one).await;
    s.store.notice_failed(one.id, LATER, "status_500").await.unwrap();
    let row = s.store.notice(one.id).await.unwrap().unwrap();
    assert_eq!((row.attempts, row.next_at, row.fault.as_deref()), (1, Some(LATER.0), Some("status_500")));
    let row = stepped(&s.store, one.id, Step::Acknowledged, LATER).await;
    assert_eq!((row.acked_at, row.next_at, row.closed_at), (Some(LATER.0), None, Some(LATER.0)));
    // A failure that is noted after the acknowledgement does not make it due again.
    s.store.notice_failed(one.id, NOW, "no_answer").await.unwrap();
    assert_eq!(s.store.notice(one.id).await.unwrap().unwrap().next_at, None);
    assert!(s.store.unacknowledged_notices(one.client, 10).await.unwrap().is_empty());
}

async fn claims_that_were_not_tried_are_given_back(s: Scratch) {
    let random = SeededRandom::new(3);
    let (one, two) = (notice(&random, 1, EXPIRED), notice(&random, 1, EXPIRED));
    written(&s.store, &one).await;
    written(&s.store, &two).await;
    s.store.claim_notices(one.client, NOW, LATER, 10).await.unwrap();
    s.store.notice_failed(one.id, Millis(NOW.0 + 5), "no_answer").await.unwrap();
    s.store.give_notices_back(one.client, LATER, Millis(NOW.0 + 7)).await.unwrap();
    assert_eq!(s.store.notice(one.id).await.unwrap().unwrap().next_at, Some(NOW.0 + 5));
    let two = s.store.notice(two.id).await.unwrap().unwrap();
    assert_eq!((two.next_at, two.attempts), (Some(NOW.0 + 7), 0));
}

async fn a_withdrawal_is_closed_only_when_acknowledged_stopped_and_erased(s: Scratch) {
    let random = SeededRandom::new(4);
    let one = Notice { stop_by: Some(LATER.0), ..notice(&random, 1, WITHDRAWN) };
    written(&s.store, &one).await;
    let steps = [Step::Sent, Step::Stopped(NOW), Step::Acknowledged, Step::Late, Step::Overdue];
    for taken in steps {
        assert_eq!(stepped(&s.store, one.id, taken, NOW).await.closed_at, None);
    }
    let row = stepped(&s.store, one.id, Step::Erased(NOW), LATER).await;
    assert_eq!((row.erased_at, row.closed_at), (Some(NOW.0), Some(LATER.0)));
    // A step is taken once; the first time stands.
    let row = stepped(&s.store, one.id, Step::Stopped(LATER), LATER).await;
    assert_eq!((row.stopped_at, row.sent_at), (Some(NOW.0), Some(NOW.0)));
}

async fn the_date_is_moved_once_and_what_passes_in_silence_is_found(s: Scratch) {
    let random = SeededRandom::new(5);
    let one = Notice { stop_by: Some(NOW.0), ..notice(&random, 1, WITHDRAWN) };
    written(&s.store, &one).await;
    let extend = |reason: &str, by| Step::Extended { reason: reason.to_owned(), stop_by: Millis(NOW.0 + by) };
    stepped(&s.store, one.id, extend("sao lưu", 10), NOW).await;
    let row = stepped(&s.store, one.id, extend("again", 20), NOW).await;
    assert_eq!((row.stop_by, row.extended.as_deref()), (Some(NOW.0 + 10), Some("sao lưu")));
    assert!(s.store.overdue_notices(Millis(NOW.0 + 10), 10).await.unwrap().is_empty());
    assert_eq!(s.store.overdue_notices(Millis(NOW.0 + 11), 10).await.unwrap(), [row]);
    stepped(&s.store, one.id, Step::Overdue, LATER).await;
    assert!(s.store.overdue_notices(LATER, 10).await.unwrap().is_empty());
    assert!(s.store.late_notices(Millis(NOW.0 - 1), 10).await.unwrap().is_empty());
    assert_eq!(s.store.late_notices(NOW, 10).await.unwrap().len(), 1);
    stepped(&s.store, one.id, Step::Late, LATER).await;
    assert!(s.store.late_notices(LATER, 10).await.unwrap().is_empty());
}

async fn a_newer_notice_closes_the_modifications_before_it_and_nothing_else(s: Scratch) {
    let random = SeededRandom::new(6);
    let paused = notice(&random, 1, MODIFIED);
    let other = notice(&random, 1, MODIFIED);
    let withdrawn = Notice { consent: paused.consent, ..notice(&random, 1, WITHDRAWN) };
    let after = Notice { consent: paused.consent, ..notice(&random, 1, EXPIRED) };
    for each in [&paused, &other, &withdrawn, &after] {
        written(&s.store, each).await;
    }
    let open = s.store.unacknowledged_notices(Uuid::from_u128(1), 10).await.unwrap();
    assert_eq!(open.iter().map(|n| n.id).collect::<Vec<_>>(), [other.id, withdrawn.id, after.id]);
    assert_eq!(s.store.notices_of(paused.consent).await.unwrap().len(), 3);
}

async fn a_client_has_one_stream_and_only_enabled_pushes_are_served(s: Scratch) {
    let stream = Stream {
        client: Uuid::from_u128(1),
        id: Uuid::from_u128(10),
        method: "push".to_owned(),
        endpoint: Some("https://a.example/ssf".to_owned()),
        sealed: Some(vec![1]),
        status: "enabled".to_owned(),
        updated_at: NOW.0,
    };
    streamed(&s.store, Change::Put(&stream)).await;
    assert!(s.store.due_streams(NOW).await.unwrap().is_empty(), "nothing is due");
    written(&s.store, &notice(&SeededRandom::new(7), 1, WITHDRAWN)).await;
    assert_eq!(s.store.due_streams(NOW).await.unwrap(), *std::slice::from_ref(&stream));
    assert!(s.store.due_streams(Millis(NOW.0 - 1)).await.unwrap().is_empty());
    let paused = Stream { status: "paused".to_owned(), ..stream.clone() };
    streamed(&s.store, Change::Put(&paused)).await;
    assert!(s.store.due_streams(NOW).await.unwrap().is_empty());
    assert_eq!(s.store.stream(stream.client).await.unwrap(), Some(paused.clone()));
    let mut tx = s.store.begin().await.unwrap();
    assert!(stream_is(&mut tx, stream.client, Some(&paused)).await.unwrap());
    assert!(!stream_is(&mut tx, stream.client, Some(&stream)).await.unwrap());
    assert!(!stream_is(&mut tx, stream.client, None).await.unwrap());
    assert!(stream_is(&mut tx, Uuid::nil(), None).await.unwrap());
    tx.commit().await.unwrap();
    streamed(&s.store, Change::Remove(stream.client)).await;
    assert_eq!(s.store.stream(stream.client).await.unwrap(), None);
}

async fn a_verification_takes_the_place_of_the_one_before(s: Scratch) {
    let random = SeededRandom::new(8);
    let (one, two) = (notice(&random, 1, VERIFICATION), notice(&random, 1, VERIFICATION));
    let told = notice(&random, 1, WITHDRAWN);
    written(&s.store, &told).await;
    s.store.insert_verification(&one).await.unwrap();
    s.store.insert_verification(&two).await.unwrap();
    let open = s.store.unacknowledged_notices(Uuid::from_u128(1), 10).await.unwrap();
    assert_eq!(open.iter().map(|n| n.id).collect::<Vec<_>>(), [two.id, told.id]);
    s.store.acknowledge_verification(two.id, LATER).await.unwrap();
    assert_eq!(s.store.notice(two.id).await.unwrap().unwrap().closed_at, Some(LATER.0));
}

store_suite! {
    a_notice_is_claimed_by_one_of_many_nodes_and_comes_back_when_its_claim_ends,
    a_failure_is_counted_and_an_acknowledged_notice_is_never_due_again,
    claims_that_were_not_tried_are_given_back,
    a_withdrawal_is_closed_only_when_acknowledged_stopped_and_erased,
    the_date_is_moved_once_and_what_passes_in_silence_is_found,
    a_newer_notice_closes_the_modifications_before_it_and_nothing_else,
    a_client_has_one_stream_and_only_enabled_pushes_are_served,
    a_verification_takes_the_place_of_the_one_before,
}
