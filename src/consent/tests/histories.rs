//! Ten thousand random histories on each database, many at once, each against a reference that is asked what must come
//! of every attempt; afterwards every table and the whole log are read again.
//!
//! `MINHBACH_HISTORY=4711` plays that one again, alone; `MINHBACH_HISTORIES=500` only so many.

mod audit;
mod dice;
mod model;
mod play;

use std::sync::Arc;

use futures_util::{StreamExt as _, stream};

use uuid::Uuid;

use super::{registered, terms};
use crate::{
    engines::scratch::world,
    ledger::verify::verify,
    store::{
        Store,
        scratch::{Scratch, store_suite},
    },
};

const HISTORIES: u64 = 10_000;
/// How many are under way at any time: enough for full batches.
const AT_ONCE: usize = 400;
const PEOPLE: u32 = 64;

#[expect(clippy::disallowed_methods, reason = "said by whoever runs the test")]
fn seeds() -> Vec<u64> {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    match number("MINHBACH_HISTORY") {
        Some(seed) => vec![seed],
        None => (0..number("MINHBACH_HISTORIES").unwrap_or(HISTORIES)).collect(),
    }
}

async fn ten_thousand_random_histories_never_reach_what_must_not_be(s: Scratch) {
    let world = world(s, terms());
    world.scratch.activate(&world.engines.bundle).await;
    let mut nodes = vec![world.engines.clone()];
    // SQLite has one writer; PostgreSQL is shared by two nodes here.
    if matches!(world.engines.store, Store::Postgres { .. }) {
        nodes.push(world.node().await);
    }
    let nodes = Arc::new(nodes);
    let mut people = Vec::new();
    for n in 0..PEOPLE {
        people.push(world.person(n).await);
    }
    // The one representation all of them answer by; whom it is about is for `people` to look at.
    registered(&world.engines, &world.person(PEOPLE).await, Uuid::from_u128(16)).await;
    let clients = [Arc::new(world.client("tinh-a")), Arc::new(world.client("tinh-b"))];
    let played = stream::iter(seeds())
        .map(|seed| {
            let n = usize::try_from(seed).unwrap();
            let (nodes, person) = (nodes.clone(), people[n % people.len()].clone());
            let client = clients[(n / people.len()) % clients.len()].clone();
            let task = tokio::spawn(async move { play::history(&nodes, &person, &client, seed).await });
            async move { (seed, task.await.unwrap()) }
        })
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    let mut wrong: Vec<String> = Vec::new();
    let mut whole = Vec::new();
    for (seed, result) in played {
        match result {
            Ok(history) => whole.push((seed, history)),
            Err(what) => wrong.push(format!("MINHBACH_HISTORY={seed}: {what}")),
        }
    }
    let total = whole.len() + wrong.len();
    assert!(wrong.is_empty(), "{} of {total} went wrong:\n{}", wrong.len(), some(&wrong));
    let wrong = audit::audit(&world.engines.store, &whole).await;
    assert!(wrong.is_empty(), "{} findings:\n{}", wrong.len(), some(&wrong));
    let report = verify(&world.engines.log, &world.engines.vault, &[], |_, _| {}).await.unwrap();
    assert_eq!(report.findings, []);
}

fn some(wrong: &[String]) -> String {
    wrong.iter().take(5).cloned().collect::<Vec<_>>().join("\n")
}

store_suite! { ten_thousand_random_histories_never_reach_what_must_not_be }
