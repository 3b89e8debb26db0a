//! Real tasks on handles of their own, as several nodes are: a limit of one, and withdrawal against everything at once.

use tokio::task::JoinSet;

use super::*;
use crate::{
    consent::{end, events},
    domain::consent::{Act, State},
    store::{
        Store,
        append::{Reach, Reserve},
        scratch::store_suite,
    },
};

/// Several nodes on PostgreSQL; SQLite belongs to one process, whose writers would only starve each other.
async fn nodes(o: &Office, n: usize) -> Vec<Engines> {
    let mut nodes = vec![o.engines().clone(); n];
    if matches!(o.engines().store, Store::Postgres { .. }) {
        for node in &mut nodes {
            *node = o.world.node().await;
        }
    }
    nodes
}

async fn of_fifty_who_ask_at_once_on_four_nodes_one_gets_the_one_token(s: Scratch) {
    let o = office(s).await;
    let given = o.given(Wanted::default(), GrantWish::Create).await;
    let nodes = nodes(&o, 4).await;
    let mut tasks = JoinSet::new();
    for i in 0..50_usize {
        let (node, given) = (nodes[i % nodes.len()].clone(), given.clone());
        tasks.spawn(async move { node.appender.run(token(&node, &given, Vec::new()).1).await.unwrap() });
    }
    let out = tasks.join_all().await;
    assert_eq!(out.iter().filter(|outcome| done(outcome)).count(), 1);
    let refused = Outcome::LimitReached(Reach::Uses);
    assert_eq!(out.iter().filter(|outcome| **outcome == refused).count(), 49);
    assert_eq!(o.engines().store.consent(given.row.id).await.unwrap().unwrap().used, 1);
    assert_eq!(o.engines().store.consent_uses(given.row.id, 9).await.unwrap().len(), 1);
}

/// Takes tokens and reads with them until it is told that the consent is gone; the tokens it took.
async fn keeps_asking(node: Engines, given: Consent) -> Vec<Uuid> {
    let mut taken = Vec::new();
    loop {
        let (jti, issue) = token(&node, &given, Vec::new());
        let reserve = Reserve { jti: taken.last().copied().unwrap_or(jti), key: jti, at: node.now() };
        let (issued, read, reserved) = tokio::join!(
            node.appender.run(issue),
            node.appender.run(release(&node, &given, reserve.jti)),
            node.appender.run(Command { reserve: Some(reserve), ..Command::default() }),
        );
        let issued = issued.unwrap();
        read.unwrap();
        if done(&reserved.unwrap()) {
            node.store.give_back(reserve).await.unwrap();
        }
        match issued {
            Outcome::Done { .. } => taken.push(jti),
            Outcome::ConsentNotLive(Some(State::Withdrawn)) => {
                let last = node.appender.run(release(&node, &given, reserve.jti)).await.unwrap();
                assert!(!done(&last), "after a refusal for withdrawal nothing is released");
                return taken;
            }
            other => panic!("{other:?}"),
        }
    }
}

async fn after_the_entry_of_a_withdrawal_nothing_is_issued_or_released(s: Scratch) {
    let o = office(s).await;
    let nodes = nodes(&o, 3).await;
    for round in 0..15_usize {
        let limits = Limits { max_uses: 100_000, ..once() };
        let given = o.given(Wanted { limits, ..Wanted::default() }, GrantWish::Create).await;
        let before = o.engines().store.head().await.unwrap().size;
        let mut tasks = JoinSet::new();
        for node in nodes.iter().chain(&nodes) {
            tasks.spawn(keeps_asking(node.clone(), given.clone()));
        }
        // Some rounds it comes at once, in others when much is under way.
        while o.engines().store.head().await.unwrap().size < before + i64::try_from(round * 10).unwrap() {
            tokio::task::yield_now().await;
        }
        let withdrawn = end(o.engines(), &given, Act::Withdraw, own(), None).await.unwrap();
        let taken: Vec<Uuid> = tasks.join_all().await.into_iter().flatten().collect();

        let entry = events(o.engines(), &withdrawn).await.unwrap().pop().unwrap().entry;
        let place = o.engines().store.entry(entry).await.unwrap().unwrap().idx;
        let later = o.engines().store.log_entries(place + 1, 10_000).await.unwrap();
        let opened =
            later.iter().filter(|row| ["token.issued", "data.released"].contains(&row.kind.as_str()));
        assert_eq!(opened.count(), 0, "of round {round}");
        for jti in &taken {
            let row = o.engines().store.token(*jti).await.unwrap().unwrap();
            assert!(row.revoked_at.is_some(), "a token outlived the consent in round {round}");
        }
        let row = o.engines().store.consent(given.row.id).await.unwrap().unwrap();
        assert_eq!(usize::try_from(row.used).unwrap(), taken.len());
    }
    if let Store::Postgres { pool, .. } = &o.engines().store {
        let sql = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
        let (deadlocks,): (i64,) = sqlx::query_as(sql).fetch_one(pool).await.unwrap();
        assert_eq!(deadlocks, 0, "locks were taken in another order than everybody else's");
    }
    let report = crate::ledger::verify::verify(&o.engines().log, &o.engines().vault, &[], |_, _| {}).await;
    assert_eq!(report.unwrap().findings, []);
}

store_suite! {
    of_fifty_who_ask_at_once_on_four_nodes_one_gets_the_one_token,
    after_the_entry_of_a_withdrawal_nothing_is_issued_or_released,
}
