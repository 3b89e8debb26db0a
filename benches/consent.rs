//! Tokens that rest on consent beside tokens that rest on the law, from the same service in the same run:
//! `cargo bench --bench consent [-- --rounds 4 --requests 4000 --connections 64]`.
//!
//! The budget is 80 % of the statutory rate. Both sides are one agency and the same people; only what a token rests on
//! differs. A consent is used once a round: its limit is counted in the same transaction, so every request has a consent
//! of its own, asked for and given before the service starts. The agency has met each person in a round of statutory
//! tokens that is not counted: what a first mention or a first reading costs is on neither side. Which side begins
//! changes with each round.
#![expect(clippy::print_stdout, reason = "the figures are the product")]

#[path = "support/consents.rs"]
mod consents;
#[expect(dead_code, reason = "shared with the other benchmarks")]
#[path = "support/cpu.rs"]
mod cpu;
#[path = "support/database.rs"]
mod database;
#[path = "support/load.rs"]
mod load;
#[path = "support/options.rs"]
mod options;
#[expect(dead_code, reason = "shared with the other benchmarks")]
#[path = "support/print.rs"]
mod print;
#[expect(dead_code, reason = "shared with the other benchmarks")]
#[path = "support/process.rs"]
mod process;
#[expect(dead_code, reason = "shared with the other benchmarks")]
#[path = "support/stage.rs"]
mod stage;
#[expect(dead_code, reason = "shared with the other benchmarks")]
#[path = "support/wire.rs"]
mod wire;

use std::path::Path;

use anyhow::Context as _;
use futures_util::{StreamExt as _, stream};
use load::Load;
use minhbach::{domain::subject::NationalId, engines::Engines};
use print::{median, verdict};
use process::Server;
use serde_json::{Value, json};
use stage::Stage;

/// Of both clients.
const AGENCY: &str = "ubnd-phuong-mau";
const CLIENT: &str = "ubnd.cong-dan";
const PURPOSE: &str = "notify.proactive_reminder";
const STATUTORY_CLIENT: &str = "ubnd.mot-cua";

fn main() -> anyhow::Result<()> {
    if process::served()? {
        return Ok(());
    }
    let Load { rounds, requests, connections } = Load::from_options(4, 4_000)?;
    let runtime = load::runtime(2)?;
    let _guard = runtime.enter();

    let probe = Stage::set()?;
    for database in runtime.block_on(database::all(probe.folder()))? {
        let stage = Stage::set()?;
        // One round more than is counted: the first warms both paths up.
        let people: Vec<String> = (0..requests * (rounds + 1)).map(|k| format!("9990{k:08}")).collect();
        let fields = runtime.block_on(give(&stage.file, &database.address, &people))?;
        let server = Server::start("real", &stage.file, &database.address)?;
        let (mut law, mut asked) = (Vec::new(), Vec::new());
        for (n, part) in people.chunks(requests).enumerate() {
            let by_law: Vec<Value> = part.iter().map(|id| statutory(id)).collect();
            let consented: Vec<Value> = part.iter().map(|id| detail(id, &fields)).collect();
            let resting_on_law = || round(&stage, &server, STATUTORY_CLIENT, &by_law, connections);
            let resting_on_consent = || round(&stage, &server, CLIENT, &consented, connections);
            resting_on_law()?;
            let (one, other) = if n % 2 == 0 {
                (resting_on_law()?, resting_on_consent()?)
            } else {
                let other = resting_on_consent()?;
                (resting_on_law()?, other)
            };
            if n > 0 {
                law.push(one);
                asked.push(other);
            }
        }
        let ratio = median(asked.iter().zip(&law).map(|(a, l)| a.0 / l.0).collect());
        let of =
            |rounds: &[(f64, f64)], pick: fn(&(f64, f64)) -> f64| median(rounds.iter().map(pick).collect());
        println!("\n{:<28} {:>9} {:>14}", database.name, "tokens/s", "server CPU µs");
        println!("{:<28} {:>9.0} {:>14.0}", "resting on the law", of(&law, |f| f.0), of(&law, |f| f.1));
        println!("{:<28} {:>9.0} {:>14.0}", "resting on consent", of(&asked, |f| f.0), of(&asked, |f| f.1));
        verdict(&format!("{:.0} % of the statutory rate (budget 80 %)", ratio * 100.0), ratio >= 0.8);
        drop(server);
        runtime.block_on(database.remove())?;
    }
    print::load();
    Ok(())
}

/// As many fields as the consents have, for an official.
fn statutory(national_id: &str) -> Value {
    json!({
        "type": "urn:minhbach:personal-data",
        "purpose": "civil.birth_registration",
        "subject": { "national_id": national_id },
        "actions": ["read"],
        "datatypes": ["person.full_name", "person.birth_date", "person.nationality", "residence.permanent_address"],
        "basis": "statutory",
        "case": "H08.2026.000123",
        "official": { "id": "cb-0101" },
        "justification": "Đăng ký khai sinh theo hồ sơ đã nộp",
    })
}

fn detail(national_id: &str, fields: &[String]) -> Value {
    json!({
        "type": "urn:minhbach:personal-data",
        "purpose": PURPOSE,
        "subject": { "national_id": national_id },
        "actions": ["read"],
        "datatypes": fields,
        "basis": "consent",
    })
}

/// Tokens a second, and the server's processor time for each in microseconds.
fn round(
    stage: &Stage,
    server: &Server,
    client: &'static str,
    details: &[Value],
    connections: usize,
) -> anyhow::Result<(f64, f64)> {
    let requests = stage.requests(server.address, client, details, &stage.nonce(server.address)?)?;
    let before = server.cpu();
    let round = wire::drive(server.address, &requests, connections, false)?;
    let n = f64::from(u32::try_from(requests.len())?);
    Ok((round.rate, server.cpu().saturating_sub(before).as_secs_f64() * 1e6 / n))
}

/// Has every person known, asked and saying yes; the fields they said yes to.
async fn give(file: &Path, database: &str, people: &[String]) -> anyhow::Result<Vec<String>> {
    let engines = consents::engines(file, database).await?;
    let met: Vec<anyhow::Result<()>> =
        stream::iter(people).map(|id| known(&engines, id)).buffer_unordered(64).collect().await;
    met.into_iter().collect::<anyhow::Result<()>>()?;
    let fields = consents::fields(&engines, PURPOSE, 4)?;
    consents::given(&engines, (CLIENT, PURPOSE), &fields, people).await?;
    engines.store.close().await;
    Ok(fields)
}

/// Makes a person's handle for the agency.
async fn known(engines: &Engines, id: &str) -> anyhow::Result<()> {
    let national_id = NationalId::parse(id.to_owned()).context("not a national id")?;
    let subject = engines.vault.citizen(&national_id).await?;
    engines.vault.handle(AGENCY, &subject).await?;
    Ok(())
}
