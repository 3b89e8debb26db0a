//! The append path on both databases: every invariant of the batch, alone and in races.

mod consents;

use std::collections::HashSet;

use uuid::Uuid;

use super::{Change, Command, Draft, Outcome, Require, Reserve, Seal, Sealed, Token, run};
use crate::{
    crypto::{Digest, SeededRandom},
    id,
    merkle::{edge::Edge, hash::leaf_hash},
    store::{
        Store,
        clients::Client,
        scratch::{Scratch, store_suite},
    },
    time::Millis,
};

const NOW: Millis = Millis(1_795_000_000_000);

/// A leaf that shows its place, so that chains can be checked from the rows alone.
struct Plain(Uuid);

impl Seal for Plain {
    fn seal(&self, n: i64, previous: &Digest) -> Sealed {
        let mut leaf = self.0.as_bytes().to_vec();
        leaf.extend_from_slice(&n.to_be_bytes());
        leaf.extend_from_slice(previous);
        Sealed { leaf, record: vec![7; 40] }
    }
}

fn entry(random: &SeededRandom, subject: Uuid) -> Command {
    let id = id::new(NOW, random);
    let seal = Box::new(Plain(id));
    let draft = Draft { id, subject, at: NOW, kind: "test.entry", agency: Some("tinh-a".into()), seal };
    Command { entry: Some(draft), ..Command::default() }
}

fn with_token(random: &SeededRandom, subject: Uuid, uses: i64) -> (Uuid, Command) {
    let jti = id::new(NOW, random);
    let token = Token {
        jti,
        client: Uuid::nil(),
        subject,
        entry: Uuid::nil(),
        audience: "https://aud.example".into(),
        expires: NOW,
        uses,
        consent: None,
        grant_id: None,
        status: None,
    };
    (jti, Command { token: Some(token), ..entry(random, subject) })
}

fn reserve(jti: Uuid, key: u128, at: i64) -> Command {
    Command {
        reserve: Some(Reserve { jti, key: Uuid::from_u128(key), at: Millis(NOW.0 + at) }),
        ..Command::default()
    }
}

fn client(random: &SeededRandom) -> Client {
    Client {
        id: id::new(NOW, random),
        client_id: format!("c-{}", id::new(NOW, random).simple()),
        agency: "tinh-a".into(),
        name: "Phần mềm thử".into(),
        jwks: "{\"keys\":[]}".into(),
        purposes: "[]".into(),
        redirect_uris: "[]".into(),
        audience: None,
        actor_issuers: "[]".into(),
        profile: "{}".into(),
        created_at: NOW.0,
        suspended_at: None,
    }
}

/// Indices without gaps, chains unbroken, the edge what the leaves give.
async fn check_everything(store: &Store) -> usize {
    let rows = store.log_entries(0, 1_000_000).await.unwrap();
    let head = store.head().await.unwrap();
    assert_eq!(head.size, i64::try_from(rows.len()).unwrap());
    let mut edge = Edge::new();
    let mut newest: std::collections::HashMap<Uuid, (i64, Digest)> = std::collections::HashMap::new();
    for (i, row) in rows.iter().enumerate() {
        assert_eq!(row.idx, i64::try_from(i).unwrap());
        let (n, previous) = newest.get(&row.subject).copied().unwrap_or((0, [0; 32]));
        assert_eq!(row.n, n + 1, "the chain of {} has a gap", row.subject);
        assert_eq!(row.leaf[24..], previous, "the chain of {} is broken at {}", row.subject, row.n);
        let hash = leaf_hash(&row.leaf);
        newest.insert(row.subject, (row.n, hash));
        edge.push(hash);
    }
    assert_eq!(edge.to_bytes(), head.edge);
    rows.len()
}

fn done(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Done { .. })
}

async fn entries_get_contiguous_places_and_unbroken_chains(s: Scratch) {
    let random = SeededRandom::new(1);
    let people: Vec<Uuid> = (0..5).map(|_| id::new(NOW, &random)).collect();
    for size in [1, 2, 7, 64, 256, 3] {
        let batch: Vec<Command> = (0..size).map(|i| entry(&random, people[i % people.len()])).collect();
        let out = run(&s.store, &batch).await.unwrap();
        assert!(out.iter().all(done));
    }
    assert_eq!(check_everything(&s.store).await, 333);
    let row = &s.store.log_entries(0, 1).await.unwrap()[0];
    assert_eq!((row.kind.as_str(), row.agency.as_deref(), row.at), ("test.entry", Some("tinh-a"), NOW.0));
    assert_eq!(s.store.entry(row.id).await.unwrap().as_ref(), Some(row));
}

async fn a_replayed_id_drops_its_command_out_alone(s: Scratch) {
    let random = SeededRandom::new(2);
    let person = id::new(NOW, &random);
    let with = |replay: u128| Command {
        replays: vec![(Uuid::from_u128(replay), NOW), (Uuid::from_u128(replay + 1), NOW)],
        ..entry(&random, person)
    };
    let out = run(&s.store, &[with(10), with(20), with(10), with(21)]).await.unwrap();
    assert_eq!(out.iter().map(done).collect::<Vec<_>>(), [true, true, false, false]);
    let out = run(&s.store, &[with(20), with(30)]).await.unwrap();
    assert_eq!(out[0], Outcome::Replayed(Uuid::from_u128(20)));
    assert!(done(&out[1]));
    assert_eq!(check_everything(&s.store).await, 3);
}

async fn a_single_use_is_reserved_once_however_many_ask(s: Scratch) {
    let random = SeededRandom::new(3);
    let (jti, issue) = with_token(&random, id::new(NOW, &random), 1);
    run(&s.store, &[issue]).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for i in 0..50_u128 {
        let store = s.store.clone();
        tasks.spawn(async move { run(&store, &[reserve(jti, 100 + i, 0)]).await.unwrap().remove(0) });
    }
    let out = tasks.join_all().await;
    assert_eq!(out.iter().filter(|o| done(o)).count(), 1);
    assert_eq!(out.iter().filter(|o| **o == Outcome::UsesExhausted).count(), 49);
    let out = run(&s.store, &[reserve(jti, 1, 0), reserve(jti, 2, 0)]).await.unwrap();
    assert_eq!(out, [Outcome::UsesExhausted, Outcome::UsesExhausted]);
}

async fn the_same_key_within_a_minute_is_the_same_use(s: Scratch) {
    let random = SeededRandom::new(4);
    let (jti, issue) = with_token(&random, id::new(NOW, &random), 2);
    run(&s.store, &[issue]).await.unwrap();
    let ask = async |key, at| match &run(&s.store, &[reserve(jti, key, at)]).await.unwrap()[0] {
        Outcome::Done { reserved: Some(r), .. } => Some((r.repeat, r.uses_left)),
        _ => None,
    };
    assert_eq!(ask(1, 0).await, Some((false, 1)));
    assert_eq!(ask(1, 59_999).await, Some((true, 1)));
    assert_eq!(ask(1, 60_000).await, Some((false, 0)));
    assert_eq!(ask(2, 60_000).await, None);
    s.store.give_back(Reserve { jti, key: Uuid::from_u128(1), at: NOW }).await.unwrap();
    s.store.give_back(Reserve { jti, key: Uuid::from_u128(1), at: NOW }).await.unwrap();
    assert_eq!(s.store.token(jti).await.unwrap().unwrap().uses_left, 1);
}

async fn a_consumed_use_is_never_given_back(s: Scratch) {
    let random = SeededRandom::new(5);
    let person = id::new(NOW, &random);
    let (jti, issue) = with_token(&random, person, 1);
    let use_ = Reserve { jti, key: Uuid::from_u128(1), at: NOW };
    run(&s.store, &[issue]).await.unwrap();
    run(&s.store, &[reserve(jti, 1, 0)]).await.unwrap();
    run(&s.store, &[Command { consume: Some(use_), ..entry(&random, person) }]).await.unwrap();
    s.store.give_back(use_).await.unwrap();
    assert_eq!(s.store.token(jti).await.unwrap().unwrap().uses_left, 0);
}

async fn what_is_suspended_or_revoked_earlier_in_the_log_stops_what_comes_later(s: Scratch) {
    let random = SeededRandom::new(6);
    let person = id::new(NOW, &random);
    let c = client(&random);
    let id = c.id;
    let put = Command { changes: vec![Change::PutClient(Box::new(c))], ..entry(&random, person) };
    let needs =
        || Command { require: Require { client: Some(id), ..Require::default() }, ..entry(&random, person) };
    let suspend = |on| Command { changes: vec![Change::SuspendClient(id, on)], ..entry(&random, person) };
    assert_eq!(run(&s.store, &[needs()]).await.unwrap(), [Outcome::ClientSuspended]);
    assert!(run(&s.store, &[put]).await.unwrap().iter().all(done));
    // Also within one batch: sequenced after the suspension is after the suspension.
    let out = run(&s.store, &[needs(), suspend(true), needs()]).await.unwrap();
    assert!(done(&out[0]) && done(&out[1]));
    assert_eq!(out[2], Outcome::ClientSuspended);
    assert_eq!(run(&s.store, &[needs()]).await.unwrap(), [Outcome::ClientSuspended]);
    run(&s.store, &[suspend(false)]).await.unwrap();
    assert!(done(&run(&s.store, &[needs()]).await.unwrap()[0]));

    let (jti, issue) = with_token(&random, person, 3);
    run(&s.store, &[issue]).await.unwrap();
    run(&s.store, &[Command { changes: vec![Change::RevokeToken(jti)], ..entry(&random, person) }])
        .await
        .unwrap();
    let uses =
        Command { require: Require { token: Some(jti), ..Require::default() }, ..entry(&random, person) };
    assert_eq!(
        run(&s.store, &[uses, reserve(jti, 9, 0)]).await.unwrap(),
        [Outcome::TokenRevoked, Outcome::TokenRevoked]
    );
    check_everything(&s.store).await;
}

async fn a_node_with_another_policy_bundle_appends_nothing(s: Scratch) {
    let random = SeededRandom::new(7);
    let person = id::new(NOW, &random);
    let with = |bundle: &str| Command {
        require: Require { bundle: Some(bundle.into()), ..Require::default() },
        ..entry(&random, person)
    };
    let activate = Command { changes: vec![Change::ActivateBundle("b2".into())], ..entry(&random, person) };
    run(&s.store, &[activate]).await.unwrap();
    let out = run(&s.store, &[with("b1"), with("b2")]).await.unwrap();
    assert_eq!(out[0], Outcome::BundleChanged);
    assert!(done(&out[1]));
}

async fn refusals_alike_are_one_entry_and_a_count(s: Scratch) {
    let random = SeededRandom::new(8);
    let person = id::new(NOW, &random);
    let refuse = || Command { collapse: Some(Uuid::from_u128(77)), ..entry(&random, person) };
    let out = run(&s.store, &[refuse(), refuse()]).await.unwrap();
    let Outcome::Done { entry: Some(first), .. } = &out[0] else { panic!("{out:?}") };
    assert_eq!(out[1], Outcome::Collapsed(first.id));
    assert_eq!(run(&s.store, &[refuse()]).await.unwrap(), [Outcome::Collapsed(first.id)]);
    assert_eq!(s.store.refusals_of(first.id).await.unwrap(), 3);
    assert_eq!(check_everything(&s.store).await, 1);
}

async fn a_batch_of_nothing_but_dropped_commands_appends_nothing(s: Scratch) {
    let random = SeededRandom::new(9);
    let dead = Command {
        require: Require { official: Some(Uuid::from_u128(4)), ..Require::default() },
        ..entry(&random, id::new(NOW, &random))
    };
    assert_eq!(run(&s.store, &[dead]).await.unwrap(), [Outcome::OfficialSuspended]);
    assert_eq!(run(&s.store, &[]).await.unwrap(), []);
    assert_eq!(check_everything(&s.store).await, 0);
}

async fn writers_racing_on_the_same_people_keep_every_chain_whole(s: Scratch) {
    let people: Vec<Uuid> = (1..=3).map(Uuid::from_u128).collect();
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..4_u64 {
        // A second handle on the same database, as another node would have.
        let store = Store::open(&s.address, 2).await.unwrap();
        let people = people.clone();
        tasks.spawn(async move {
            let random = SeededRandom::new(100 + writer);
            for round in 0..20_u128 {
                let batch: Vec<Command> = (0..8_u128)
                    .map(|i| Command {
                        // Every writer sends the same replay ids, in another order.
                        replays: vec![(
                            Uuid::from_u128(1000 + round * 8 + (i + u128::from(writer)) % 8),
                            NOW,
                        )],
                        ..entry(&random, people[usize::try_from(i).unwrap() % 3])
                    })
                    .collect();
                run(&store, &batch).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(check_everything(&s.store).await, 160, "every id was admitted once");
    let ids: HashSet<Uuid> = s.store.log_entries(0, 1000).await.unwrap().iter().map(|e| e.id).collect();
    assert_eq!(ids.len(), 160);
}

store_suite! {
    entries_get_contiguous_places_and_unbroken_chains,
    a_replayed_id_drops_its_command_out_alone,
    a_single_use_is_reserved_once_however_many_ask,
    the_same_key_within_a_minute_is_the_same_use,
    a_consumed_use_is_never_given_back,
    what_is_suspended_or_revoked_earlier_in_the_log_stops_what_comes_later,
    a_node_with_another_policy_bundle_appends_nothing,
    refusals_alike_are_one_entry_and_a_count,
    a_batch_of_nothing_but_dropped_commands_appends_nothing,
    writers_racing_on_the_same_people_keep_every_chain_whole,
}
