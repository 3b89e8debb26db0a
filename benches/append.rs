//! The append path at 1, 64 and 256 callers, and bare entries beside the database's own multi-row insert of the same
//! rows: `cargo bench --bench append [-- --seconds 4 --old 200000]`.
//!
//! A whole token command: two replay ids, client, official and bundle read again, a sealed entry, a token row. The
//! budgets (DESIGN §8): 12,000 a second embedded, 20,000 on PostgreSQL in full batches, and bare entries 60 % of the
//! insert. The rows of the insert are sealed beforehand and go to a twin of the table with the same old rows.
#![expect(clippy::print_stdout, reason = "the figures are the product")]

#[expect(dead_code, reason = "shared with the other benchmarks")]
#[path = "support/cpu.rs"]
mod cpu;
#[path = "support/database.rs"]
mod database;
#[path = "support/options.rs"]
mod options;
#[path = "support/print.rs"]
mod print;
#[path = "support/seed.rs"]
mod seed;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use minhbach::{
    crypto::{Random, SystemRandom},
    domain::{
        record::{Facts, Kind},
        subject::Subject,
    },
    id,
    ledger::{appender::Appender, entry::Event},
    store::{
        Store,
        append::{Change, Command, Draft, Outcome, Require, Token},
        clients::Client,
        officials::Official,
    },
    time::{Clock as _, SystemClock},
};
use print::{Latencies, median, verdict};
use uuid::Uuid;

const BUNDLE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

fn main() -> anyhow::Result<()> {
    let seconds = Duration::from_secs(options::number("seconds", 3)?);
    let old = options::number("old", 200_000)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    print::load();
    println!("{old} old entries of {} people", seed::PEOPLE);
    runtime.block_on(async {
        let folder = tempfile::tempdir()?;
        for database in database::all(folder.path()).await? {
            let store = Store::open(&database.address, 8).await?;
            store.migrate().await?;
            seed::grow(&store, old).await?;
            seed::settle(&store).await?;
            run(&store, database.name, seconds).await?;
            store.close().await;
            database.remove().await?;
        }
        anyhow::Ok(())
    })?;
    print::load();
    Ok(())
}

/// What commands are made from.
struct World {
    people: Vec<Subject>,
    client: Uuid,
    official: Uuid,
    random: Arc<dyn Random>,
    next: AtomicU64,
}

async fn run(store: &Store, name: &str, seconds: Duration) -> anyhow::Result<()> {
    let batches = Arc::new((AtomicU64::new(0), AtomicU64::new(0)));
    let counted = Arc::clone(&batches);
    let appender = Appender::start(
        store.clone(),
        Arc::new(move |commands, _| {
            counted.0.fetch_add(u64::try_from(commands).unwrap_or(0), Ordering::Relaxed);
            counted.1.fetch_add(1, Ordering::Relaxed);
        }),
    );
    let world = Arc::new(World::set(&appender).await?);
    println!(
        "\n{name:<24} {:>10} {:>8} {:>8} {:>7} {:>12}",
        "commands/s", "p50 ms", "p99 ms", "batch", "own CPU µs"
    );
    let budget = if name == "SQLite" { 12_000.0 } else { 20_000.0 };
    let mut full = Vec::new();
    for callers in [1, 64, 256, 256, 256] {
        let before = (batches.0.load(Ordering::Relaxed), batches.1.load(Ordering::Relaxed));
        let busy = cpu::of("/proc/self/stat");
        let (rate, latencies) = load(&appender, &world, callers, seconds, World::token).await?;
        let commands = batches.0.load(Ordering::Relaxed) - before.0;
        let busy = cpu::of("/proc/self/stat").saturating_sub(busy).as_secs_f64() * 1e6
            / f64::from(u32::try_from(commands)?);
        let mean = commands / (batches.1.load(Ordering::Relaxed) - before.1).max(1);
        println!(
            "{:<24} {rate:>10.0} {:>8.2} {:>8.1} {mean:>7} {busy:>12.0}",
            format!("{callers} callers"),
            latencies.ms(500),
            latencies.ms(990)
        );
        if callers == 256 {
            full.push(rate);
        }
    }
    let reached = median(full);
    verdict(&format!("{reached:.0} whole token commands a second (budget {budget:.0})"), reached >= budget);

    twin(store).await?;
    let (mut entries, mut inserts) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        inserts.push(bare(store, &world, seconds / 2).await?);
        entries.push(load(&appender, &world, 256, seconds / 2, World::entry).await?.0);
    }
    let ratio = median(entries.iter().zip(&inserts).map(|(ours, theirs)| ours / theirs).collect());
    println!("bare entries             {:>10.0}", median(entries));
    println!("the database's insert    {:>10.0}  (256 rows a transaction)", median(inserts));
    verdict(&format!("bare entries at {:.0} % of the insert (budget 60 %)", ratio * 100.0), ratio >= 0.6);
    Ok(())
}

impl World {
    /// Registers a client, an official and a bundle through the append path itself.
    async fn set(appender: &Appender) -> anyhow::Result<Self> {
        let random: Arc<dyn Random> = Arc::new(SystemRandom::default());
        let people = (0..seed::PEOPLE).map(|k| Subject::new(seed::person(k), &random.bytes())).collect();
        let [client, official] = [(); 2].map(|()| id::new(SystemClock.now(), random.as_ref()));
        let world = Self { people, client, official, random, next: AtomicU64::new(1) };
        let changes = [
            Change::PutClient(Box::new(Client {
                id: client,
                client_id: "csgt.giay-phep".to_owned(),
                agency: "csgt-thu-nghiem".to_owned(),
                name: "bench".to_owned(),
                jwks: "{}".to_owned(),
                purposes: "[]".to_owned(),
                redirect_uris: "[]".to_owned(),
                audience: None,
                actor_issuers: "[]".to_owned(),
                profile: "{}".to_owned(),
                created_at: 0,
                suspended_at: None,
            })),
            Change::PutOfficial(Box::new(Official {
                id: official,
                agency: "csgt-thu-nghiem".to_owned(),
                code: "cb-0042".to_owned(),
                unit: String::new(),
                issuer: None,
                sub: None,
                created_at: 0,
                suspended_at: None,
            })),
            Change::ActivateBundle(BUNDLE.into()),
        ];
        for change in changes {
            let command =
                Command { changes: vec![change], entry: Some(world.draft()?.0), ..Command::default() };
            ensure!(matches!(appender.run(command).await?, Outcome::Done { .. }), "not registered");
        }
        Ok(world)
    }

    /// An entry as the token endpoint makes it, about the next person; people are taken in a scattered order.
    fn draft(&self) -> anyhow::Result<(Draft, Uuid)> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed).wrapping_mul(48_271);
        let at = usize::try_from(turn)? % self.people.len();
        let subject = self.people.get(at).context("no person")?.clone();
        let now = SystemClock.now();
        let some = |text: &str| Some(text.to_owned());
        let person = subject.id();
        let fields =
            ["person.full_name", "person.birth_date", "driver.licence_class", "driver.has_points_left"];
        let facts = Facts {
            agency: some("csgt-thu-nghiem"),
            basis: some("statutory"),
            bundle: some(BUNDLE),
            case: some("H08.2026.000123"),
            client: some("csgt.giay-phep"),
            decision: some("allow"),
            expires: Some((now.0 + 300_000).to_string()),
            fields: fields.map(str::to_owned).to_vec(),
            justification: some("Gia hạn giấy phép lái xe theo hồ sơ đã nộp"),
            official: some("cb-0042"),
            official_how: some("asserted"),
            purpose: some("driver.licence_renewal"),
            purpose_version: some(BUNDLE),
            rules: vec!["driver.licence_renewal.statutory".to_owned()],
            token: Some(id::new(now, self.random.as_ref()).to_string()),
            unit: some("Đội Cấp đổi giấy phép lái xe"),
            ..Facts::default()
        };
        let id = id::new(now, self.random.as_ref());
        let event = Event { id, at: now, kind: Kind::TokenIssued, subject, facts };
        Ok((event.draft(Arc::clone(&self.random)), person))
    }

    fn entry(&self) -> anyhow::Result<Command> {
        Ok(Command { entry: Some(self.draft()?.0), ..Command::default() })
    }

    fn token(&self) -> anyhow::Result<Command> {
        let (draft, subject) = self.draft()?;
        let now = SystemClock.now();
        let expires = now + Duration::from_mins(1);
        let replay = || {
            // As `jose::replay_id` makes them: the expiry second first, then a hash.
            let mut id = self.random.bytes::<16>();
            let second = u32::try_from(expires.seconds()).unwrap_or(u32::MAX).to_be_bytes();
            id.iter_mut().zip(second).for_each(|(to, from)| *to = from);
            (Uuid::from_bytes(id), expires)
        };
        Ok(Command {
            replays: vec![replay(), replay()],
            require: Require {
                client: Some(self.client),
                official: Some(self.official),
                token: None,
                bundle: Some(BUNDLE.into()),
                ..Require::default()
            },
            token: Some(Token {
                jti: id::new(now, self.random.as_ref()),
                client: self.client,
                subject,
                entry: draft.id,
                audience: "https://minhbach.example/data".to_owned(),
                expires: now + Duration::from_mins(5),
                uses: 5,
                consent: None,
                grant_id: None,
                status: None,
            }),
            entry: Some(draft),
            ..Command::default()
        })
    }
}

/// Callers that each wait for their answer before asking again.
async fn load(
    appender: &Appender,
    world: &Arc<World>,
    callers: usize,
    seconds: Duration,
    make: fn(&World) -> anyhow::Result<Command>,
) -> anyhow::Result<(f64, Latencies)> {
    let begun = Instant::now();
    let calling: Vec<_> = (0..callers)
        .map(|_| {
            let (appender, world) = (appender.clone(), Arc::clone(world));
            tokio::spawn(async move {
                let mut took = Vec::new();
                while begun.elapsed() < seconds {
                    let command = make(&world)?;
                    let begun = Instant::now();
                    let outcome = appender.run(command).await?;
                    took.push(begun.elapsed());
                    ensure!(matches!(outcome, Outcome::Done { entry: Some(_), .. }), "{outcome:?}");
                }
                anyhow::Ok(took)
            })
        })
        .collect();
    let mut all = Vec::new();
    for caller in calling {
        all.extend(caller.await??);
    }
    let rate = f64::from(u32::try_from(all.len())?) / begun.elapsed().as_secs_f64();
    Ok((rate, Latencies::new(all)))
}

/// A table like `entries`, with its rows and indexes.
async fn twin(store: &Store) -> anyhow::Result<()> {
    const INDEXES: [&str; 4] = [
        "INSERT INTO twin SELECT * FROM entries",
        "CREATE UNIQUE INDEX twin_id ON twin (id)",
        "CREATE UNIQUE INDEX twin_subject ON twin (subject, n)",
        "CREATE INDEX twin_agency ON twin (agency, idx) WHERE agency IS NOT NULL",
    ];
    const SQLITE: &str = "CREATE TABLE twin (idx INTEGER PRIMARY KEY, id BLOB NOT NULL, subject BLOB NOT NULL, \
         n INTEGER NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL, agency TEXT, leaf BLOB NOT NULL, \
         sealed BLOB NOT NULL)";
    const POSTGRES: &str = "CREATE TABLE twin (idx BIGINT PRIMARY KEY, id UUID NOT NULL, subject UUID NOT NULL, \
         n BIGINT NOT NULL, at BIGINT NOT NULL, kind TEXT NOT NULL, agency TEXT, leaf BYTEA NOT NULL, \
         sealed BYTEA NOT NULL)";
    match store {
        Store::Sqlite { write, .. } => {
            sqlx::query(SQLITE).execute(write).await?;
            for sql in INDEXES {
                sqlx::query(sql).execute(write).await?;
            }
        }
        Store::Postgres { pool, .. } => {
            sqlx::query(POSTGRES).execute(pool).await?;
            for sql in INDEXES {
                sqlx::query(sql).execute(pool).await?;
            }
            sqlx::query("CHECKPOINT").execute(pool).await?;
        }
    }
    Ok(())
}

type Row = (i64, Uuid, Uuid, i64, i64, String, String, Vec<u8>, Vec<u8>);

/// Rows a second by the database's own means: one transaction with one statement of 256 sealed rows at a time.
async fn bare(store: &Store, world: &World, seconds: Duration) -> anyhow::Result<f64> {
    const NEXT: &str = "SELECT COALESCE(MAX(idx), 0) + 1 FROM twin";
    let (mut next,): (i64,) = match store {
        Store::Sqlite { write, .. } => sqlx::query_as(NEXT).fetch_one(write).await?,
        Store::Postgres { pool, .. } => sqlx::query_as(NEXT).fetch_one(pool).await?,
    };
    let (mut rows, mut busy) = (0_u32, Duration::ZERO);
    while busy < seconds {
        let mut batch: Vec<Row> = Vec::with_capacity(256);
        for _ in 0..256 {
            let (draft, subject) = world.draft()?;
            // Numbers of their own, past those of every chain.
            let n = next + 1_000_000;
            let sealed = draft.seal.seal(n, &[7; 32]);
            let (kind, agency) = (draft.kind.to_owned(), "csgt-thu-nghiem".to_owned());
            batch.push((next, draft.id, subject, n, draft.at.0, kind, agency, sealed.leaf, sealed.record));
            next += 1;
        }
        let begun = Instant::now();
        insert(store, batch).await?;
        busy += begun.elapsed();
        rows += 256;
    }
    Ok(f64::from(rows) / busy.as_secs_f64())
}

/// The quickest form of each driver (append.md §1): VALUES on SQLite, arrays on PostgreSQL.
async fn insert(store: &Store, batch: Vec<Row>) -> anyhow::Result<()> {
    const POSTGRES: &str = "INSERT INTO twin (idx, id, subject, n, at, kind, agency, leaf, sealed) \
         SELECT * FROM unnest($1::int8[], $2::uuid[], $3::uuid[], $4::int8[], $5::int8[], $6::text[], $7::text[], \
                              $8::bytea[], $9::bytea[])";
    match store {
        Store::Sqlite { write, .. } => {
            let mut query = sqlx::QueryBuilder::<sqlx::Sqlite>::new(
                "INSERT INTO twin (idx, id, subject, n, at, kind, agency, leaf, sealed) ",
            );
            query.push_values(batch, |mut row, r| {
                row.push_bind(r.0).push_bind(r.1).push_bind(r.2).push_bind(r.3).push_bind(r.4);
                row.push_bind(r.5).push_bind(r.6).push_bind(r.7).push_bind(r.8);
            });
            let mut tx = write.begin_with("BEGIN IMMEDIATE").await?;
            query.build().execute(&mut *tx).await?;
            tx.commit().await?;
        }
        Store::Postgres { pool, .. } => {
            let mut tx = pool.begin().await?;
            sqlx::query(POSTGRES)
                .bind(batch.iter().map(|r| r.0).collect::<Vec<_>>())
                .bind(batch.iter().map(|r| r.1).collect::<Vec<_>>())
                .bind(batch.iter().map(|r| r.2).collect::<Vec<_>>())
                .bind(batch.iter().map(|r| r.3).collect::<Vec<_>>())
                .bind(batch.iter().map(|r| r.4).collect::<Vec<_>>())
                .bind(batch.iter().map(|r| r.5.as_str()).collect::<Vec<_>>())
                .bind(batch.iter().map(|r| r.6.as_str()).collect::<Vec<_>>())
                .bind(batch.iter().map(|r| r.7.as_slice()).collect::<Vec<_>>())
                .bind(batch.iter().map(|r| r.8.as_slice()).collect::<Vec<_>>())
                .execute(&mut *tx)
                .await?;
            tx.commit().await?;
        }
    }
    Ok(())
}
