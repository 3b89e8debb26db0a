//! A long queue of withdrawals: how fast their recipients are told, and whether tokens and further withdrawals go on
//! meanwhile: `cargo bench --bench notices [-- --queued 100000 --connections 16]`.
//!
//! Every withdrawal is a real one: asked for, given and taken back while the service is down. Then the service starts
//! and pushes them to three recipients that acknowledge at once. The last quarter must drain at half the rate of the
//! first or better: a rate that falls with the length of the queue would be quadratic.
#![expect(clippy::print_stdout, reason = "the figures are the product")]

#[path = "support/consents.rs"]
mod consents;
#[expect(dead_code, reason = "shared with the other benchmarks")]
#[path = "support/cpu.rs"]
mod cpu;
#[path = "support/database.rs"]
mod database;
#[path = "support/options.rs"]
mod options;
#[path = "support/print.rs"]
mod print;
#[path = "support/process.rs"]
mod process;
#[path = "support/receiver.rs"]
mod receiver;
#[expect(dead_code, reason = "shared with the other benchmarks")]
#[path = "support/stage.rs"]
mod stage;
#[expect(dead_code, reason = "shared with the other benchmarks")]
#[path = "support/wire.rs"]
mod wire;

use std::{
    sync::Arc,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use futures_util::{StreamExt as _, stream};
use minhbach::{
    consent::{self, Consent},
    domain::consent::Act,
    engines::Engines,
    notices::streams,
    store::Store,
};
use print::{Latencies, median, verdict};
use process::Server;
use receiver::Receiver;
use stage::Stage;

/// The clients that hold consents, and for what.
const HOLDERS: [(&str, &str); 3] = [
    ("ngan-hang.xac-minh", "private.bank_verification"),
    ("ngan-hang.ky-so", "private.bank_verification"),
    ("ubnd.cong-dan", "notify.proactive_reminder"),
];
/// Consents taken back one by one while the queue drains.
const FURTHER: usize = 300;
const LAW: &[&str] = &["person.full_name", "person.birth_date", "driver.licence_class"];
/// Requests for tokens in one round of load.
const ROUND: usize = 400;

fn main() -> anyhow::Result<()> {
    if process::served()? {
        return Ok(());
    }
    let queued: usize = options::number("queued", 100_000)?;
    let connections = options::number("connections", 16)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let _guard = runtime.enter();
    print::load();
    let probe = Stage::set()?;
    for database in runtime.block_on(database::all(probe.folder()))? {
        println!("\n{}", database.name);
        let stage = Stage::set()?;
        let engines = runtime.block_on(consents::engines(&stage.file, &database.address))?;
        let receivers = runtime.block_on(listening(&engines))?;
        let begun = Instant::now();
        let further = runtime.block_on(fill(&engines, queued))?;
        let took = begun.elapsed().as_secs_f64();
        println!("{queued} asked for, given and taken back in {took:.0} s");
        let server = Server::start("real", &stage.file, &database.address)?;
        let done = Arc::new(AtomicBool::new(false));
        let draining = runtime.spawn(drain(engines.store.clone(), queued, Arc::clone(&done)));
        let withdrawing = runtime.spawn(withdraw(engines.clone(), further));
        let (busy, cpu) = load(&stage, &server, connections, &done)?;
        let memory = server.resident()?;
        let drained = runtime.block_on(draining)??;
        let withdrawn = runtime.block_on(withdrawing)??;
        done.store(false, Ordering::Relaxed);
        let (alone, _) = load_once(&stage, &server, connections)?;
        report(queued, &drained, &withdrawn, (busy, alone), (memory, cpu));
        let taken: usize = receivers.iter().map(Receiver::taken).sum();
        verdict(&format!("{taken} deliveries of {}", queued + FURTHER), taken == queued + FURTHER);
        drop(server);
        runtime.block_on(engines.store.close());
        runtime.block_on(database.remove())?;
    }
    print::load();
    Ok(())
}

/// A receiver for each holder, and the stream that pushes to it.
async fn listening(engines: &Engines) -> anyhow::Result<Vec<Receiver>> {
    let mut receivers = Vec::new();
    for (client, _) in HOLDERS {
        let receiver = Receiver::start().await?;
        let client = engines.registry.client(client).await?.context("no client")?;
        let delivery =
            serde_json::json!({ "method": "urn:ietf:rfc:8935", "endpoint_url": receiver.url.as_str() });
        let wanted = serde_json::from_value(serde_json::json!({ "delivery": delivery }))?;
        streams::create(engines, &client, &wanted).await?;
        receivers.push(receiver);
    }
    Ok(receivers)
}

/// Queues the withdrawals; further consents, which stand.
async fn fill(engines: &Engines, queued: usize) -> anyhow::Result<Vec<Consent>> {
    let people: Vec<String> = (0..queued + FURTHER).map(|k| format!("9990{k:08}")).collect();
    let mut all = Vec::with_capacity(people.len());
    for (n, part) in people.chunks(people.len().div_ceil(HOLDERS.len())).enumerate() {
        let holder = HOLDERS.get(n).copied().context("no holder")?;
        let fields = consents::fields(engines, holder.1, 4)?;
        all.extend(consents::given(engines, holder, &fields, part).await?);
    }
    let further = all.split_off(queued);
    let end = |consent: Consent| async move {
        consent::end(engines, &consent, Act::Withdraw, consents::herself(), None).await
    };
    let done: Vec<Result<_, _>> = stream::iter(all).map(end).buffer_unordered(64).collect().await;
    done.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(further)
}

/// Takes consents back, one after the other; how long each took until it was committed.
async fn withdraw(engines: Engines, consents: Vec<Consent>) -> anyhow::Result<Latencies> {
    let mut took = Vec::with_capacity(consents.len());
    for consent in consents {
        let begun = Instant::now();
        consent::end(&engines, &consent, Act::Withdraw, consents::herself(), None).await?;
        took.push(begun.elapsed());
    }
    Ok(Latencies::new(took))
}

/// Looks twice a second how many nobody has acknowledged: seconds since the start, and how many.
async fn drain(store: Store, queued: usize, done: Arc<AtomicBool>) -> anyhow::Result<Vec<(f64, usize)>> {
    const OPEN: &str = "SELECT count(*) FROM notices WHERE acked_at IS NULL AND closed_at IS NULL";
    let begun = Instant::now();
    let mut seen = vec![(0.0, queued)];
    let mut tick = tokio::time::interval(Duration::from_millis(500));
    loop {
        tick.tick().await;
        let (open,): (i64,) = match &store {
            Store::Sqlite { write, .. } => sqlx::query_as(OPEN).fetch_one(write).await?,
            Store::Postgres { pool, .. } => sqlx::query_as(OPEN).fetch_one(pool).await?,
        };
        seen.push((begun.elapsed().as_secs_f64(), usize::try_from(open)?));
        if open == 0 {
            done.store(true, Ordering::Relaxed);
            return Ok(seen);
        }
    }
}

/// Asks for tokens until the queue is empty: tokens a second of each round, and the server's processor time.
fn load(
    stage: &Stage,
    server: &Server,
    connections: usize,
    done: &AtomicBool,
) -> anyhow::Result<(Vec<f64>, Duration)> {
    let (before, mut rates) = (server.cpu(), Vec::new());
    while !done.load(Ordering::Relaxed) {
        rates.extend(load_once(stage, server, connections)?.0);
    }
    Ok((rates, server.cpu().saturating_sub(before)))
}

fn load_once(stage: &Stage, server: &Server, connections: usize) -> anyhow::Result<(Vec<f64>, Latencies)> {
    let people: Vec<String> = (0..ROUND).map(|k| format!("9991{k:08}")).collect();
    let requests = stage.token_requests(server.address, &people, LAW, &stage.nonce(server.address)?)?;
    let round = wire::drive(server.address, &requests, connections, false)?;
    Ok((vec![round.rate], round.latencies))
}

/// Seconds until so many were still open.
fn at(drained: &[(f64, usize)], open: usize) -> f64 {
    drained.iter().find(|seen| seen.1 <= open).map_or(f64::NAN, |seen| seen.0)
}

fn report(
    queued: usize,
    drained: &[(f64, usize)],
    withdrawn: &Latencies,
    (busy, alone): (Vec<f64>, Vec<f64>),
    (memory, cpu): (f64, Duration),
) {
    let count = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    let whole = drained.last().map_or(f64::NAN, |seen| seen.0);
    let quarter = queued / 4;
    let first = count(quarter) / at(drained, queued - quarter);
    let last = count(quarter) / (whole - at(drained, quarter));
    println!("told and acknowledged in {whole:.0} s: {:.0} a second", count(queued) / whole);
    println!("the first quarter {first:.0}, the last quarter {last:.0} a second");
    let (busy, alone) = (median(busy), median(alone));
    println!("tokens a second meanwhile {busy:.0}, afterwards {alone:.0}");
    println!(
        "{FURTHER} more withdrawals meanwhile: p50 {:.1} ms, p99 {:.1} ms",
        withdrawn.ms(500),
        withdrawn.ms(990)
    );
    println!("memory of the service {memory:.0} MiB, its processor time {:.0} s", cpu.as_secs_f64());
    verdict("the last quarter drains at half the rate of the first or better", last >= first / 2.0);
    verdict("memory within 250 MiB", memory <= 250.0);
}
