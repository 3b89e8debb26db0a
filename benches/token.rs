//! Tokens a second beside a bare handler that only verifies the assertion, verifies the proof and signs:
//! `cargo bench --bench token [-- --rounds 5 --requests 10000 --connections 64]`.
//!
//! Both are processes of their own with two workers, loaded in turn by the same requests, signed beforehand. The
//! budget is half of what the bare handler attains (DESIGN §8); memory is that of the service's process.
#![expect(clippy::print_stdout, reason = "the figures are the product")]

#[path = "support/cpu.rs"]
mod cpu;
#[path = "support/database.rs"]
mod database;
#[path = "support/load.rs"]
mod load;
#[path = "support/options.rs"]
mod options;
#[path = "support/print.rs"]
mod print;
#[path = "support/process.rs"]
mod process;
#[expect(dead_code, reason = "shared with the other benchmarks")]
#[path = "support/stage.rs"]
mod stage;
#[expect(dead_code, reason = "shared with the other benchmarks")]
#[path = "support/wire.rs"]
mod wire;

use std::time::Duration;

use load::Load;
use print::{median, verdict};
use process::Server;
use stage::Stage;

const FIELDS: &[&str] =
    &["person.full_name", "person.birth_date", "driver.licence_class", "driver.has_points_left"];

fn main() -> anyhow::Result<()> {
    if process::served()? {
        return Ok(());
    }
    let Load { rounds, requests, connections } = Load::from_options(5, 10_000)?;
    let runtime = load::runtime(1)?;
    let _guard = runtime.enter();

    let probe = Stage::set()?;
    for database in runtime.block_on(database::all(probe.folder()))? {
        let stage = Stage::set()?;
        // The same file would be the same port; the reference has a stage of its own with the same kinds of key.
        let reference = Stage::set()?;
        let bare = Server::start("bare", &reference.file, "sqlite:none")?;
        let real = Server::start("real", &stage.file, &database.address)?;
        std::thread::sleep(Duration::from_secs(2));
        let idle = real.resident()?;

        // Citizens become known at their first mention, which writes two rows more: that round is shown apart.
        let people: Vec<String> = (0..requests).map(|k| format!("9990{:08}", k % 20_000)).collect();
        let first = round(&stage, &real, &people, connections)?;
        let before = batches(&real)?;
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            theirs.push(round(&reference, &bare, &people, connections)?);
            ours.push(round(&stage, &real, &people, connections)?);
        }
        let rates = |rounds: &[Figures]| median(rounds.iter().map(|f| f.rate).collect());
        let ratio = median(ours.iter().zip(&theirs).map(|(o, t)| o.rate / t.rate).collect());
        println!(
            "\n{:<28} {:>9} {:>8} {:>8} {:>14} {:>13} {:>15}",
            database.name, "tokens/s", "p50 ms", "p99 ms", "server CPU µs", "client CPU µs", "machine CPU µs"
        );
        show("bare handler", &theirs);
        show("service", &ours);
        show("service, first mentions", std::slice::from_ref(&first));
        let (o, t) = (rates(&ours), rates(&theirs));
        let cpu = |rounds: &[Figures], pick: fn(&Figures) -> f64| median(rounds.iter().map(pick).collect());
        let without = cpu(&theirs, |f| f.server) / cpu(&ours, |f| f.server);
        verdict(
            &format!("{:.0} % of the bare handler ({o:.0} of {t:.0}; budget 50 %)", ratio * 100.0),
            ratio >= 0.5,
        );
        println!(
            "     {:.0} % by processor time of the servers alone (PostgreSQL's own not counted)",
            without * 100.0
        );
        let after = batches(&real)?;
        println!("     {:.0} commands a batch on average", (after.0 - before.0) / (after.1 - before.1));
        let busy = real.resident()?;
        verdict(&format!("idle {idle:.0} MiB resident (budget 60)"), idle <= 60.0);
        verdict(&format!("under load {busy:.0} MiB resident (budget 250)"), busy <= 250.0);
        drop((bare, real));
        runtime.block_on(database.remove())?;
    }
    print::load();
    Ok(())
}

/// One round; processor times in microseconds a request.
struct Figures {
    rate: f64,
    p50: f64,
    p99: f64,
    server: f64,
    client: f64,
    machine: f64,
}

fn round(stage: &Stage, server: &Server, people: &[String], connections: usize) -> anyhow::Result<Figures> {
    // The bare handler has no nonce; any one will do there, as it does not look.
    let nonce = stage.nonce(server.address).unwrap_or_else(|_| "0123456789abcdefghijkl".to_owned());
    let requests = stage.token_requests(server.address, people, FIELDS, &nonce)?;
    let n = f64::from(u32::try_from(requests.len())?);
    let (own, machine) = (server.cpu(), cpu::of_machine());
    let round = wire::drive(server.address, &requests, connections, false)?;
    let each = |took: Duration| took.as_secs_f64() * 1e6 / n;
    Ok(Figures {
        rate: round.rate,
        p50: round.latencies.ms(500),
        p99: round.latencies.ms(990),
        server: each(server.cpu().saturating_sub(own)),
        client: round.generator.as_secs_f64() * 1e6,
        machine: each(cpu::of_machine().saturating_sub(machine)),
    })
}

/// Entries and batches so far, as the service counts them.
fn batches(server: &Server) -> anyhow::Result<(f64, f64)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let text = runtime.block_on(async {
        let mut connection = wire::Connection::open(server.address).await?;
        let request = b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n";
        anyhow::Ok(String::from_utf8_lossy(connection.send(request).await?.body).into_owned())
    })?;
    let value = |suffix: &str| {
        let line = |line: &&str| line.starts_with("minhbach_ledger_batch_size") && line.contains(suffix);
        let line = text.lines().find(line).and_then(|line| line.rsplit(' ').next());
        line.and_then(|value| value.parse().ok()).unwrap_or(f64::NAN)
    };
    Ok((value("_sum"), value("_count")))
}

fn show(name: &str, rounds: &[Figures]) {
    let of = |pick: fn(&Figures) -> f64| median(rounds.iter().map(pick).collect());
    println!(
        "{name:<28} {:>9.0} {:>8.1} {:>8.1} {:>14.0} {:>13.0} {:>15.0}",
        of(|f| f.rate),
        of(|f| f.p50),
        of(|f| f.p99),
        of(|f| f.server),
        of(|f| f.client),
        of(|f| f.machine)
    );
}
