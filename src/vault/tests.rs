//! People are found again, on both databases, and nothing in the rows says who they are.

use std::sync::Arc;

use super::Vault;
use crate::{
    crypto::SeededRandom,
    domain::subject::NationalId,
    keyring::Keyring,
    store::{
        Store,
        scratch::{Scratch, store_suite},
    },
    time::{ManualClock, Millis},
};

fn keys() -> Keyring {
    let folder = tempfile::tempdir().unwrap();
    Keyring::create(folder.path(), &SeededRandom::new(5), Millis(0)).unwrap();
    Keyring::load(folder.path()).unwrap()
}

fn vault(store: &Store, keys: &Keyring, seed: u64) -> Vault {
    let clock = Arc::new(ManualClock::at(Millis(1_795_000_000_000)));
    Vault::new(store.clone(), keys, clock, Arc::new(SeededRandom::new(seed)))
}

async fn the_same_person_is_found_by_id_and_by_each_agencys_own_handle(s: Scratch) {
    let keys = keys();
    let (here, there) = (vault(&s.store, &keys, 1), vault(&s.store, &keys, 2));
    let id = NationalId::parse("999000000015".to_owned()).unwrap();
    let person = here.citizen(&id).await.unwrap();
    assert_eq!(there.citizen(&id).await.unwrap().id(), person.id());
    assert_eq!(there.national_id(&person).await.unwrap(), Some(id));
    let a = here.handle("tinh-a", &person).await.unwrap();
    let b = here.handle("tinh-b", &person).await.unwrap();
    assert_ne!(a, b);
    assert_eq!(there.handle("tinh-a", &person).await.unwrap(), a);
    assert_eq!(there.by_handle("tinh-a", &a).await.unwrap().unwrap().id(), person.id());
    assert!(there.by_handle("tinh-b", &a).await.unwrap().is_none(), "another agency's handle means nothing");
}

async fn two_nodes_that_first_mention_a_person_at_once_agree(s: Scratch) {
    let keys = keys();
    let mut tasks = tokio::task::JoinSet::new();
    for seed in 0..8 {
        let vault = vault(&s.store, &keys, 10 + seed);
        tasks.spawn(async move {
            let person = vault.citizen(&NationalId::parse("999000000023".to_owned()).unwrap()).await.unwrap();
            (person.id(), vault.handle("tinh-a", &person).await.unwrap())
        });
    }
    let mut found = tasks.join_all().await;
    found.dedup();
    assert_eq!(found.len(), 1);
}

async fn another_master_key_opens_nothing(s: Scratch) {
    let id = NationalId::parse("999000000031".to_owned()).unwrap();
    let ours = keys();
    vault(&s.store, &ours, 1).citizen(&id).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    Keyring::create(folder.path(), &SeededRandom::new(6), Millis(0)).unwrap();
    let mut stolen = Keyring::load(folder.path()).unwrap();
    stolen.index = ours.index.clone();
    assert!(vault(&s.store, &stolen, 2).citizen(&id).await.is_err());
}

store_suite! {
    the_same_person_is_found_by_id_and_by_each_agencys_own_handle,
    two_nodes_that_first_mention_a_person_at_once_agree,
    another_master_key_opens_nothing,
}
