//! A citizen's newest 50 entries, read, opened and checked, as the log grows:
//! `cargo bench --bench history [-- --upto 1000000 --pages 2000]`; 10,000,000 takes minutes and 15 GB of disk.
//!
//! The budget: p99 ≤ 10 ms, flat as the ledger grows (DESIGN §8). The readers have sealed entries spread over the
//! whole log; the entries in between are filler of the same size.
#![expect(clippy::print_stdout, reason = "the figures are the product")]

#[path = "support/database.rs"]
mod database;
#[path = "support/options.rs"]
mod options;
#[expect(dead_code, reason = "shared with the other benchmarks")]
#[path = "support/print.rs"]
mod print;
#[expect(dead_code, reason = "shared with the other benchmarks")]
#[path = "support/seed.rs"]
mod seed;

use std::{sync::Arc, time::Instant};

use anyhow::ensure;
use minhbach::{
    crypto::{Random, SystemRandom},
    domain::{
        record::{Facts, Kind},
        subject::Subject,
    },
    id,
    ledger::entry::{self, Event},
    store::{
        Store,
        append::{self, Command},
    },
    time::{Clock as _, SystemClock},
};
use print::{Latencies, verdict};
use uuid::Uuid;

/// Citizens whose pages are read.
const READERS: u128 = 400;
/// Entries each of them gets at every size of the log, in as many places.
const EACH: i64 = 60;

fn main() -> anyhow::Result<()> {
    let upto: i64 = options::number("upto", 1_000_000)?;
    let pages: usize = options::number("pages", 2000)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    print::load();
    runtime.block_on(async {
        let folder = tempfile::tempdir()?;
        for database in database::all(folder.path()).await? {
            println!("\n{:<24} {:>8} {:>8}", database.name, "p50 ms", "p99 ms");
            let store = Store::open(&database.address, 8).await?;
            store.migrate().await?;
            let random: Arc<dyn Random> = Arc::new(SystemRandom::default());
            let readers: Vec<Subject> = (0..READERS)
                .map(|k| Subject::new(Uuid::from_u128((0x998 << 116) + k), &random.bytes()))
                .collect();
            let (mut size, mut slowest) = (100_000, 0.0_f64);
            while size <= upto {
                grow(&store, size, &readers, &random).await?;
                seed::settle(&store).await?;
                let latencies = read(&store, &readers, pages).await?;
                println!(
                    "{:<24} {:>8.2} {:>8.2}",
                    format!("{} entries", store.head().await?.size),
                    latencies.ms(500),
                    latencies.ms(990)
                );
                slowest = slowest.max(latencies.ms(990));
                size *= 10;
            }
            verdict(&format!("p99 {slowest:.2} ms at the most (budget 10 ms)"), slowest <= 10.0);
            store.close().await;
            database.remove().await?;
        }
        anyhow::Ok(())
    })?;
    print::load();
    Ok(())
}

/// Filler and the readers' entries in turn.
async fn grow(store: &Store, size: i64, readers: &[Subject], random: &Arc<dyn Random>) -> anyhow::Result<()> {
    let from = store.head().await?.size;
    let mine = i64::try_from(readers.len())?;
    let step = ((size - from) / EACH - mine).max(1);
    for _ in 0..EACH {
        let at = store.head().await?.size + step;
        seed::grow(store, at).await?;
        let commands: Vec<Command> = readers.iter().map(|reader| command(reader, random)).collect();
        append::run(store, &commands).await?;
    }
    Ok(())
}

fn command(subject: &Subject, random: &Arc<dyn Random>) -> Command {
    let now = SystemClock.now();
    let some = |text: &str| Some(text.to_owned());
    let facts = Facts {
        agency: some("csgt-thu-nghiem"),
        basis: some("statutory"),
        case: some("H08.2026.000123"),
        client: some("csgt.giay-phep"),
        decision: some("allow"),
        fields: ["person.full_name", "person.birth_date", "driver.licence_class"].map(str::to_owned).to_vec(),
        justification: some("Gia hạn giấy phép lái xe theo hồ sơ đã nộp"),
        official: some("cb-0042"),
        purpose: some("driver.licence_renewal"),
        unit: some("Đội Cấp đổi giấy phép lái xe"),
        ..Facts::default()
    };
    let id = id::new(now, random.as_ref());
    let event = Event { id, at: now, kind: Kind::DataReleased, subject: subject.clone(), facts };
    Command { entry: Some(event.draft(Arc::clone(random))), ..Command::default() }
}

/// One page after another, of citizens in a scattered order.
async fn read(store: &Store, readers: &[Subject], pages: usize) -> anyhow::Result<Latencies> {
    let mut took = Vec::with_capacity(pages);
    for subject in readers.iter().cycle().step_by(7).take(pages) {
        let begun = Instant::now();
        let entries = store.chain(subject.id(), i64::MAX, 50).await?;
        for one in &entries {
            entry::open(one, subject)?;
        }
        took.push(begun.elapsed());
        ensure!(entries.len() == 50, "{} entries on a page", entries.len());
    }
    Ok(Latencies::new(took))
}
