//! `/log/…` as a stranger reads it: a signed checkpoint, public hash tiles, and proofs worked out from them.

use minhbach::{
    crypto::Digest,
    keyring::Keyring,
    merkle::{
        checkpoint::Checkpoint,
        note::{Note, NoteKey, Verifier},
        proof::{consistency_proof, inclusion_proof, root_at, verify_consistency, verify_inclusion},
        tile::{Tile, all_tiles},
        tile_set::TileSet,
    },
};
use serde_json::Value;
use uuid::Uuid;

use crate::support::{
    ISSUER, TestApp,
    detail::{CITIZEN, licence},
    eventually, jws, on_both,
};

on_both! {
    a_stranger_proves_an_entry_from_the_checkpoint_and_public_tiles,
    a_later_checkpoint_extends_an_earlier_one_across_a_restart,
    entry_bundles_are_not_for_everybody_and_odd_paths_are_nothing,
}

/// The log's public key, as an operator would hand it out on paper.
fn verifier(app: &TestApp) -> Verifier {
    let name = ISSUER.split_once("://").unwrap().1;
    NoteKey::new(name, Keyring::load(&app.config.keys).unwrap().log).unwrap().verifier().clone()
}

/// The published checkpoint once it covers `size` entries.
async fn checkpoint(app: &TestApp, size: u64) -> Checkpoint {
    let (police, key) = (app.police(), verifier(app));
    eventually("a checkpoint", async || {
        let reply = police.get("/log/checkpoint").await;
        if reply.status != 200 {
            return None;
        }
        assert!(reply.header("content-type").starts_with("text/plain"));
        assert_eq!(reply.header("cache-control"), "no-cache");
        let note = Note::parse(&reply.bytes).unwrap();
        let checkpoint = Checkpoint::open(&note, key.name(), &[&key]).expect("a good signature");
        (checkpoint.size() >= size).then_some(checkpoint)
    })
    .await
}

async fn fetch(app: &TestApp, tile: &Tile) -> Vec<u8> {
    let reply = app.police().get(&format!("/log/{}", tile.path())).await;
    // A partial tile gives way to the full one.
    assert_eq!(reply.status, 200, "{}", tile.path());
    assert!(reply.header("cache-control").contains("immutable"));
    reply.bytes
}

async fn tiles(app: &TestApp, size: u64) -> TileSet {
    let mut set = TileSet::new();
    for tile in all_tiles(size) {
        let bytes = fetch(app, &tile).await;
        set.insert(tile, bytes).unwrap();
    }
    set
}

fn hex(text: &str) -> Digest {
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    let bytes: Vec<u8> = (0..64).step_by(2).map(byte).collect();
    bytes.try_into().unwrap()
}

async fn a_stranger_proves_an_entry_from_the_checkpoint_and_public_tiles(app: &mut TestApp) {
    let police = app.police();
    let token = police.token(&licence(CITIZEN, &["person.full_name"])).await.access_token();
    let reply = police.data(&token).await.ok();
    let receipt: Value = jws::claims(reply.at("/receipt/jws"));
    let (index, leaf) = (receipt["index"].as_u64().unwrap(), hex(receipt["leaf_hash"].as_str().unwrap()));
    for _ in 0..3 {
        police.token(&licence(CITIZEN, &["person.full_name"])).await.ok();
    }
    let checkpoint = checkpoint(app, index + 3).await;
    let (size, tiles) = (checkpoint.size(), tiles(app, checkpoint.size()).await);
    assert_eq!(&root_at(size, &tiles).unwrap(), checkpoint.root());
    let proof = inclusion_proof(index, size, &tiles).unwrap();
    verify_inclusion(&leaf, index, size, &proof, checkpoint.root()).unwrap();
    // The proof is of this entry at this place only.
    assert!(verify_inclusion(&leaf, index + 1, size, &proof, checkpoint.root()).is_err());
    let mut other = leaf;
    other[0] ^= 1;
    assert!(verify_inclusion(&other, index, size, &proof, checkpoint.root()).is_err());
    // The leaf is nothing but commitments.
    let entry = Uuid::parse_str(receipt["entry"].as_str().unwrap()).unwrap();
    let row = app.engines().store.entry(entry).await.unwrap().unwrap();
    let text = String::from_utf8(row.leaf).unwrap();
    for told in [CITIZEN, "csgt", "driver.licence", "cb-0042", "person.full_name"] {
        assert!(!text.contains(told), "{text}");
    }
    // Another log's key does not open it.
    let reply = police.get("/log/checkpoint").await.ok();
    let stranger =
        Keyring::create(&app.folder.path().join("other"), app.random.as_ref(), crate::support::START);
    stranger.unwrap();
    let key = Keyring::load(&app.folder.path().join("other")).unwrap().log;
    let key = NoteKey::new("127.0.0.1:8080", key).unwrap();
    assert!(
        Checkpoint::open(&Note::parse(&reply.bytes).unwrap(), "127.0.0.1:8080", &[key.verifier()]).is_err()
    );
}

async fn a_later_checkpoint_extends_an_earlier_one_across_a_restart(app: &mut TestApp) {
    app.police().token(&licence(CITIZEN, &["person.full_name"])).await.ok();
    let size = app.count().await.entries.unsigned_abs();
    let first = checkpoint(app, size).await;
    app.restart().await;
    for _ in 0..5 {
        app.police().token(&licence(CITIZEN, &["person.full_name"])).await.ok();
    }
    let second = checkpoint(app, first.size() + 5).await;
    let tiles = tiles(app, second.size()).await;
    let proof = consistency_proof(first.size(), second.size(), &tiles).unwrap();
    verify_consistency(first.size(), first.root(), second.size(), second.root(), &proof).unwrap();
}

async fn entry_bundles_are_not_for_everybody_and_odd_paths_are_nothing(app: &mut TestApp) {
    let police = app.police();
    police.token(&licence(CITIZEN, &["person.full_name"])).await.ok();
    let size = checkpoint(app, 1).await.size();
    let bundle = format!("/log/tile/entries/000.p/{size}");
    police.get(&bundle).await.problem("no token", 403, "auditors_only");
    let request = app.http.get(format!("{}{bundle}", app.base())).header("authorization", "Bearer guess");
    let reply = crate::support::reply::Reply::read(request.send().await.unwrap()).await;
    reply.problem("a guess", 403, "auditors_only");
    for path in [
        "0/000.p/0",
        "0/000.p/256",
        "0/0",
        "0/x000",
        "64/000",
        "0/000/",
        "x/y",
        "0/000.p/1/../../../checkpoint",
    ] {
        let reply = police.get(&format!("/log/tile/{path}")).await;
        assert_eq!(reply.status, 404, "{path}: {}", reply.text());
    }
    police.get("/log/tile/0/x999/x999/999").await.problem("not there", 404, "not_found");
}
