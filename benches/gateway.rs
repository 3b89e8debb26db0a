//! What `POST /data` adds to its slowest source: `cargo bench --bench gateway [-- --calls 400]`.
//!
//! Each register is asked directly, then the same fields are asked through the gateway: token and proof checked, decided
//! again, a use reserved, registers asked at once, the entry committed, the receipt signed. One call at a time. Once as
//! the stand-in registers are, and once with one of them taking 20 ms, as a real one would. The budget is 2 ms at p50
//! (DESIGN §8).
#![expect(clippy::print_stdout, reason = "the figures are the product")]

#[expect(dead_code, reason = "shared with the other benchmarks")]
#[path = "support/cpu.rs"]
mod cpu;
#[path = "support/database.rs"]
mod database;
#[path = "support/options.rs"]
mod options;
#[expect(dead_code, reason = "shared with the other benchmarks")]
#[path = "support/print.rs"]
mod print;
#[expect(dead_code, reason = "shared with the other benchmarks")]
#[path = "support/process.rs"]
mod process;
#[path = "support/stage.rs"]
mod stage;
#[expect(dead_code, reason = "shared with the other benchmarks")]
#[path = "support/wire.rs"]
mod wire;

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use minhbach::demo::registers::Fault;
use print::{Latencies, verdict};
use process::Server;
use stage::Stage;
use wire::Connection;

const CITIZEN: &str = "999000000015";
const FIELDS: &[&str] =
    &["person.full_name", "person.birth_date", "driver.licence_class", "driver.has_points_left"];
/// The registers those fields are in.
const REGISTERS: &[&str] = &["population", "traffic"];

fn main() -> anyhow::Result<()> {
    if process::served()? {
        return Ok(());
    }
    let calls: usize = options::number("calls", 400)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let _guard = runtime.enter();
    print::load();
    let probe = Stage::set()?;
    for database in runtime.block_on(database::all(probe.folder()))? {
        let stage = Stage::set()?;
        let server = Server::start("real", &stage.file, &database.address)?;
        println!("\n{:<32} {:>8} {:>8}", database.name, "p50 ms", "p99 ms");
        for (name, fault) in [
            ("registers as they are", Fault::None),
            ("one takes 20 ms", Fault::Slow(Duration::from_millis(20))),
        ] {
            let asked: Vec<(&str, u16)> =
                stage.registers.ports().filter(|(id, _)| REGISTERS.contains(id)).collect();
            ensure!(
                asked.len() == REGISTERS.len(),
                "registers: {:?}",
                stage.registers.ports().collect::<Vec<_>>()
            );
            let slow = asked.last().context("no register")?.0;
            stage.registers.set_fault(slow, fault);
            let mut slowest = 0.0_f64;
            for (id, port) in &asked {
                let body = format!("{{\"soDinhDanh\":\"{CITIZEN}\"}}");
                let address = SocketAddr::from(([127, 0, 0, 1], *port));
                let json = [("content-type", "application/json")];
                let request = wire::post(address, "/tra-cuu", &json, &body);
                let direct = calls_of(address, &vec![request; calls])?;
                show(&format!("{id} directly"), &direct);
                slowest = slowest.max(direct.ms(500));
            }
            let through = calls_of(server.address, &data_requests(&stage, &server, calls)?)?;
            show("through the gateway", &through);
            let added = through.ms(500) - slowest;
            verdict(&format!("{name}: adds {added:.2} ms at p50 (budget 2 ms)"), added <= 2.0);
            stage.registers.set_fault(slow, Fault::None);
        }
        drop(server);
        runtime.block_on(database.remove())?;
    }
    print::load();
    Ok(())
}

/// A token for each call, and the call itself, signed beforehand.
fn data_requests(stage: &Stage, server: &Server, calls: usize) -> anyhow::Result<Vec<Vec<u8>>> {
    let nonce = stage.nonce(server.address)?;
    let people = vec![CITIZEN.to_owned(); calls];
    let requests = stage.token_requests(server.address, &people, FIELDS, &nonce)?;
    let round = wire::drive(server.address, &requests, 16, true)?;
    let sign = |body: Vec<u8>| {
        let answer: serde_json::Value = serde_json::from_slice(&body)?;
        let token = answer.get("access_token").and_then(|token| token.as_str()).context("no token")?;
        stage.data_request(server.address, token)
    };
    round.bodies.into_iter().map(sign).collect()
}

/// One call after another on one connection.
fn calls_of(address: SocketAddr, requests: &[Vec<u8>]) -> anyhow::Result<Latencies> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut connection = Connection::open(address).await?;
        let mut took = Vec::with_capacity(requests.len());
        for request in requests {
            let begun = Instant::now();
            let answer = connection.send(request).await?;
            took.push(begun.elapsed());
            ensure!(answer.status == 200, "{}: {}", answer.status, String::from_utf8_lossy(answer.body));
        }
        Ok(Latencies::new(took))
    })
}

fn show(name: &str, latencies: &Latencies) {
    println!("{name:<32} {:>8.2} {:>8.2}", latencies.ms(500), latencies.ms(990));
}
