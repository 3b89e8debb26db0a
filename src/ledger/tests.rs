//! The whole ledger on both databases: appended, published, proved, checked, and seen to notice what was changed.

use std::sync::Arc;

use uuid::Uuid;

use super::{
    appender::Appender,
    entry::Event,
    proof::{self, EntryProof, EntryProofError},
    publisher::{CHECKPOINT, Log, PublishError, Publisher},
    verify::{Report, verify},
};
use crate::{
    crypto::{Algorithm, SeededRandom, SigningKey},
    domain::{
        record::{Facts, Kind},
        subject::NationalId,
    },
    id,
    keyring::Keyring,
    objects::Objects,
    store::{
        append::{Command, Outcome},
        scratch::{Scratch, store_suite},
    },
    time::{Clock as _, ManualClock, Millis},
    vault::Vault,
};

struct World {
    log: Log,
    vault: Vault,
    appender: Appender,
    clock: Arc<ManualClock>,
    random: Arc<SeededRandom>,
    folder: tempfile::TempDir,
    scratch: Scratch,
}

fn world(scratch: Scratch) -> World {
    let folder = tempfile::tempdir().unwrap();
    let random = Arc::new(SeededRandom::new(3));
    Keyring::create(&folder.path().join("keys"), random.as_ref(), Millis(0)).unwrap();
    let keys = Keyring::load(&folder.path().join("keys")).unwrap();
    let clock = Arc::new(ManualClock::at(Millis(1_795_000_000_000)));
    let store = scratch.store.clone();
    let vault = Vault::new(store.clone(), &keys, clock.clone(), random.clone());
    let objects = Objects::open(&folder.path().join("log")).unwrap();
    let mirror = Objects::open(&folder.path().join("mirror")).unwrap();
    let log = Log::new("log.example/minhbach", keys.log, store.clone(), objects, Some(mirror), clock.clone())
        .unwrap();
    let appender = Appender::start(store, Arc::new(|_, _| {}));
    World { log, vault, appender, clock, random, folder, scratch }
}

impl World {
    async fn append(&self, count: usize) -> Vec<Uuid> {
        let mut ids = Vec::new();
        let mut commands = Vec::new();
        for i in 0..count {
            let person = NationalId::parse(format!("99900000{:04}", i % 7)).unwrap();
            let subject = self.vault.citizen(&person).await.unwrap();
            let id = id::new(self.clock.now(), self.random.as_ref());
            let token = Uuid::from_u128(i as u128);
            let facts = Facts { token: Some(token.to_string()), ..Facts::default() };
            let event = Event { id, at: self.clock.now(), kind: Kind::TokenIssued, subject, facts };
            commands.push(Command { entry: Some(event.draft(self.random.clone())), ..Command::default() });
            ids.push(id);
        }
        for outcome in self.appender.run_all(commands).await.unwrap() {
            assert!(matches!(outcome, Outcome::Done { .. }));
        }
        ids
    }

    async fn publisher(&self) -> Result<Publisher, PublishError> {
        Publisher::start(self.log.clone(), Uuid::from_u128(1)).await
    }

    async fn check(&self) -> Report {
        verify(&self.log, &self.vault, &[], |_, _| {}).await.unwrap()
    }

    /// Changes rows behind everybody's back, as a database administrator could.
    async fn meddle(&self, sql: &'static str) {
        let mut tx = self.scratch.store.begin().await.unwrap();
        crate::store::on!(&mut tx, |c| sqlx::query(sql).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
    }
}

async fn what_is_published_is_clean_and_provable_at_every_size(s: Scratch) {
    let w = world(s);
    let mut publisher = w.publisher().await.unwrap();
    for count in [1, 1, 3, 250, 1, 257, 40] {
        let ids = w.append(count).await;
        let unpublished = w.check().await;
        assert_eq!(unpublished.findings, [], "committed and not yet published is clean");
        let published = publisher.publish().await.unwrap().unwrap();
        assert!(publisher.publish().await.unwrap().is_none(), "nothing new, nothing signed");
        let report = w.check().await;
        assert_eq!(report.findings, []);
        assert_eq!((report.entries, report.published), (published.size, published.size));
        for id in [ids.first().unwrap(), ids.last().unwrap()] {
            let row = w.log.store.entry(*id).await.unwrap().unwrap();
            let subject = w.vault.subject(row.subject).await.unwrap().unwrap();
            let proof = proof::prove(&w.log, &row, &subject).await.unwrap();
            let text = serde_json::to_string(&proof).unwrap();
            let read: EntryProof = serde_json::from_str(&text).unwrap();
            assert_eq!(read.verify(Some(w.log.verifier())).unwrap().id, *id);
        }
    }
}

async fn a_proof_that_was_touched_does_not_hold(s: Scratch) {
    let w = world(s);
    let id = w.append(9).await[4];
    let row = w.log.store.entry(id).await.unwrap().unwrap();
    let subject = w.vault.subject(row.subject).await.unwrap().unwrap();
    let early = proof::prove(&w.log, &row, &subject).await;
    assert!(matches!(early, Err(EntryProofError::NotYetPublished)));
    w.publisher().await.unwrap().publish().await.unwrap();
    let good = proof::prove(&w.log, &row, &subject).await.unwrap();
    let bend = |f: fn(&mut EntryProof)| {
        let mut proof = good.clone();
        f(&mut proof);
        proof.verify(Some(w.log.verifier())).is_err()
    };
    assert!(bend(|p| p.record = p.record.replace("token.issued", "token.refused")));
    assert!(bend(|p| p.leaf = p.leaf.replace("token.issued", "token.refused")));
    assert!(bend(|p| p.index += 1));
    assert!(bend(|p| p.opening = p.opening.replace(|c: char| c.is_ascii_lowercase(), "A")));
    assert!(bend(|p| p.tlog_proof = p.tlog_proof.replacen("index 4", "index 5", 1)));
    let stranger = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let stranger = SigningKey::from_pkcs8(Algorithm::EdDsa, &stranger).unwrap();
    let stranger = crate::merkle::note::NoteKey::new("log.example/minhbach", stranger).unwrap();
    assert!(good.verify(Some(stranger.verifier())).is_err());
}

async fn a_crash_between_any_two_steps_of_publishing_is_repaired(s: Scratch) {
    let w = world(s);
    w.append(300).await;
    w.publisher().await.unwrap().publish().await.unwrap();
    let before = w.log.objects.get(CHECKPOINT).await.unwrap().unwrap();
    w.append(10).await;
    w.publisher().await.unwrap().publish().await.unwrap();
    // The row was written, the file was not.
    w.log.objects.replace(CHECKPOINT, before).await.unwrap();
    w.publisher().await.unwrap().publish().await.unwrap();
    assert_eq!(w.check().await.findings, []);
    assert_eq!(w.check().await.published, 310);
    // The tiles are lost altogether.
    std::fs::remove_dir_all(w.folder.path().join("log/tile")).unwrap();
    assert!(w.check().await.findings.iter().any(|f| f.what == "is missing"));
    w.publisher().await.unwrap();
    assert_eq!(w.check().await.findings, []);
}

async fn a_publication_that_failed_half_way_is_made_good_by_the_next(s: Scratch) {
    let w = world(s);
    w.append(300).await;
    let mut publisher = w.publisher().await.unwrap();
    // Where the folder of tiles should be there is a file: nothing below it can be written.
    let tiles = w.folder.path().join("log/tile");
    std::fs::write(&tiles, b"").unwrap();
    assert!(publisher.publish().await.is_err());
    std::fs::remove_file(&tiles).unwrap();
    assert_eq!(publisher.publish().await.unwrap().unwrap().size, 300);
    assert_eq!(w.check().await.findings, []);
}

async fn a_database_that_was_rolled_back_is_not_signed(s: Scratch) {
    let w = world(s);
    w.append(5).await;
    w.publisher().await.unwrap().publish().await.unwrap();
    w.meddle("DELETE FROM checkpoints").await;
    w.meddle("DELETE FROM entries").await;
    w.meddle("UPDATE head SET size = 0, edge = (SELECT edge FROM head WHERE 1 = 0 UNION ALL SELECT substr(edge, 1, 0) FROM head)").await;
    assert!(matches!(w.publisher().await, Err(PublishError::RolledBack { head: 0, size: 5, .. })));
    assert!(!w.check().await.findings.is_empty());
    // Grown again past the published size, with other entries.
    w.append(8).await;
    assert!(matches!(w.publisher().await, Err(PublishError::Head { .. } | PublishError::Rewritten { .. })));
    assert!(!w.check().await.findings.is_empty());
    // Only the mirror remembers.
    std::fs::remove_dir_all(w.folder.path().join("log")).unwrap();
    std::fs::create_dir_all(w.folder.path().join("log")).unwrap();
    assert!(matches!(w.publisher().await, Err(PublishError::Rewritten { .. })));
}

async fn meddling_with_rows_is_found_and_its_place_is_named(s: Scratch) {
    let w = world(s);
    w.append(20).await;
    w.publisher().await.unwrap().publish().await.unwrap();
    let place = |report: &Report| report.findings.first().map(|f| f.place.clone()).unwrap_or_default();
    w.meddle("UPDATE entries SET at = at + 1 WHERE idx = 3").await;
    assert_eq!(place(&w.check().await), "entry 3");
    w.meddle("UPDATE entries SET at = at - 1 WHERE idx = 3").await;
    assert_eq!(w.check().await.findings, []);
    w.meddle("UPDATE entries SET sealed = (SELECT sealed FROM entries WHERE idx = 5) WHERE idx = 12").await;
    assert_eq!(place(&w.check().await), "entry 12");
    w.meddle("DELETE FROM entries WHERE idx = 7").await;
    assert_eq!(place(&w.check().await), "entry 7");
}

async fn a_token_released_without_its_entry_is_named(s: Scratch) {
    let w = world(s);
    w.append(3).await;
    let expected = [Uuid::from_u128(1), Uuid::from_u128(99)];
    let report = verify(&w.log, &w.vault, &expected, |_, _| {}).await.unwrap();
    assert_eq!(report.findings.len(), 1);
    assert_eq!(report.findings[0].place, format!("token {}", Uuid::from_u128(99)));
}

async fn only_the_holder_of_the_lease_signs_and_another_takes_over(s: Scratch) {
    let w = world(s);
    let mut first = w.publisher().await.unwrap();
    let mut second = Publisher::start(w.log.clone(), Uuid::from_u128(2)).await.unwrap();
    w.append(300).await;
    assert_eq!(first.publish().await.unwrap().unwrap().size, 300);
    w.append(5).await;
    assert!(second.publish().await.unwrap().is_none());
    w.clock.advance(std::time::Duration::from_secs(6));
    assert_eq!(second.publish().await.unwrap().unwrap().size, 305);
    w.append(5).await;
    assert!(first.publish().await.unwrap().is_none());
    w.clock.advance(std::time::Duration::from_secs(6));
    assert_eq!(first.publish().await.unwrap().unwrap().size, 310);
    assert_eq!(w.check().await.findings, []);
}

store_suite! {
    what_is_published_is_clean_and_provable_at_every_size,
    a_proof_that_was_touched_does_not_hold,
    a_crash_between_any_two_steps_of_publishing_is_repaired,
    a_publication_that_failed_half_way_is_made_good_by_the_next,
    a_database_that_was_rolled_back_is_not_signed,
    meddling_with_rows_is_found_and_its_place_is_named,
    a_token_released_without_its_entry_is_named,
    only_the_holder_of_the_lease_signs_and_another_takes_over,
}
