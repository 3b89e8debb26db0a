//! Rows about people on both databases.

use super::*;
use crate::store::scratch::{Scratch, store_suite};

store_suite! {
    a_representation_is_found_from_both_sides_and_woken_until_it_ends,
    an_emergency_is_closed_by_its_first_report,
    who_owes_a_report_is_known_for_both_officials,
}

const NOW: i64 = 1_795_000_000_000;

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn bond(n: u128, wake: i64) -> Representation {
    Representation {
        id: id(n),
        principal: id(100),
        representative: id(200 + n),
        created_at: NOW,
        wake,
        ended_at: None,
        sealed: vec![1; 40],
    }
}

fn emergency(token: u128, due: i64) -> Emergency {
    Emergency {
        token: id(token),
        subject: id(100),
        agency: "bv-mau".into(),
        official: id(1),
        approver: id(2),
        at: NOW,
        due,
        reported_at: None,
        overdue_at: None,
        sealed: vec![2; 40],
    }
}

async fn in_one(store: &Store, work: impl AsyncFnOnce(&mut Tx) -> Result<(), Error>) {
    let mut tx = store.begin().await.unwrap();
    work(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
}

async fn a_representation_is_found_from_both_sides_and_woken_until_it_ends(s: Scratch) {
    let (early, late) = (bond(1, NOW), bond(2, NOW + 1));
    in_one(&s.store, async |tx| {
        put_representation(tx, &late).await?;
        put_representation(tx, &early).await
    })
    .await;
    assert_eq!(s.store.representation(early.id).await.unwrap().as_ref(), Some(&early));
    assert_eq!(s.store.representations_of(id(100)).await.unwrap(), [early.clone(), late.clone()]);
    assert_eq!(s.store.representations_by(id(202)).await.unwrap().as_slice(), std::slice::from_ref(&late));
    assert_eq!(s.store.representations(early.id, 10).await.unwrap().as_slice(), std::slice::from_ref(&late));

    let awake = async |at: i64| s.store.representations_awake(Millis(at), 10).await.unwrap().len();
    assert_eq!((awake(NOW - 1).await, awake(NOW).await, awake(NOW + 1).await), (0, 1, 2));
    s.store.wake_representation(early.id, Millis(NOW + 5)).await.unwrap();
    assert_eq!((awake(NOW).await, awake(NOW + 5).await), (0, 2));
    in_one(&s.store, async |tx| end_representation(tx, late.id, Millis(NOW + 7)).await).await;
    in_one(&s.store, async |tx| end_representation(tx, late.id, Millis(NOW + 9)).await).await;
    assert_eq!(awake(NOW + 10).await, 1);
    assert_eq!(s.store.representation(late.id).await.unwrap().unwrap().ended_at, Some(NOW + 7));
}

async fn an_emergency_is_closed_by_its_first_report(s: Scratch) {
    let (one, two) = (emergency(10, NOW + 5), emergency(11, NOW + 6));
    in_one(&s.store, async |tx| {
        put_emergency(tx, &one).await?;
        put_emergency(tx, &two).await
    })
    .await;
    assert_eq!(s.store.emergency(one.token).await.unwrap(), Some(one.clone()));
    let listed = async |since: i64| s.store.emergencies_of(id(1), Millis(since), 10).await.unwrap().len();
    assert_eq!(listed(i64::MAX).await, 2);
    let overdue = async |at: i64| s.store.emergencies_overdue(Millis(at), 10).await.unwrap().len();
    assert_eq!((overdue(NOW + 4).await, overdue(NOW + 5).await, overdue(NOW + 6).await), (0, 1, 2));
    in_one(&s.store, async |tx| report_emergency(tx, one.token, Millis(NOW + 1)).await).await;
    in_one(&s.store, async |tx| report_emergency(tx, one.token, Millis(NOW + 2)).await).await;
    in_one(&s.store, async |tx| mark_overdue(tx, two.token, Millis(NOW + 8)).await).await;
    assert_eq!(overdue(NOW + 9).await, 0);
    assert_eq!((listed(NOW).await, listed(NOW + 1).await), (2, 1), "what is reported falls off in time");
    assert_eq!(s.store.emergency(one.token).await.unwrap().unwrap().reported_at, Some(NOW + 1));
    assert_eq!(s.store.emergency(two.token).await.unwrap().unwrap().overdue_at, Some(NOW + 8));
}

async fn who_owes_a_report_is_known_for_both_officials(s: Scratch) {
    in_one(&s.store, async |tx| put_emergency(tx, &emergency(10, NOW + 5)).await).await;
    let owes = async |one: u128, two: u128, at: i64| {
        s.store.owes_report([id(one), id(two)], Millis(at)).await.unwrap()
    };
    assert!(!owes(1, 2, NOW + 4).await, "it is not late yet");
    assert!(owes(1, 9, NOW + 5).await && owes(9, 2, NOW + 5).await && !owes(8, 9, NOW + 5).await);
    in_one(&s.store, async |tx| mark_overdue(tx, id(10), Millis(NOW + 6)).await).await;
    assert!(owes(1, 9, NOW + 7).await, "being suspended for it does not write the report");
    in_one(&s.store, async |tx| report_emergency(tx, id(10), Millis(NOW + 8)).await).await;
    assert!(!owes(1, 2, NOW + 9).await);
}
