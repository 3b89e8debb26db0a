//! SIGKILL under load on the embedded database: what was released is in the ledger, and the next start goes on.

use std::collections::HashSet;

use minhbach::demo::agency::text;
use uuid::Uuid;

use crate::{
    load::{Load, Tally},
    support::Demo,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_was_released_without_its_entry_when_the_service_is_killed_under_load() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::new(folder.path());
    let mut all = Tally::default();
    let mut entries = 0;
    for round in 1..=3 {
        let mut process = demo.start();
        let kit = demo.kit();
        let load = Load::start(&kit, text(&kit, "/issuer").unwrap());
        // Other sizes each time, so that the kill falls into other moments of publishing.
        load.until(|tally| tally.receipts.len() >= 40 * round).await;
        process.kill();
        let Tally { tokens, receipts, others } = load.end().await;
        all.tokens.extend(tokens);
        all.receipts.extend(receipts);
        let now = demo.verify(&all.tokens);
        assert!(now > entries, "{now} after {entries}");
        entries = now;
        let there = entry_ids(&demo).await;
        let lost: Vec<_> = all.receipts.iter().filter(|entry| !there.contains(entry)).collect();
        assert!(lost.is_empty(), "data left without these entries: {lost:?}");
        assert!(others.is_empty(), "{others:?}");
    }
    let process = demo.start();
    assert_eq!(process.stop().code(), Some(0));
    assert!(demo.verify(&all.tokens) > entries);
}

async fn entry_ids(demo: &Demo) -> HashSet<Uuid> {
    let address = format!("sqlite:{}", demo.folder.join("service/minhbach.db").display());
    let pool = sqlx::SqlitePool::connect(&address).await.unwrap();
    let ids: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM entries").fetch_all(&pool).await.unwrap();
    pool.close().await;
    ids.into_iter().collect()
}
