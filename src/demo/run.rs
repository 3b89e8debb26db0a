//! `minhbach demo`: everything in one process on the loopback, the story told once, then open for trying things out.

use std::{
    io::Write as _,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use super::{
    agency::Agency,
    consent_walk::ConsentWalk,
    idp::{self, IdentityProvider, Realm},
    people::{CITIZENS, COMPLIANCE, OFFICIALS},
    registers::{Ports, Registers},
    settings::{self, CLIENTS, RELYING_PARTY, Settings},
    sites::Sites,
    walk::{Story, Walk},
};
use crate::{
    app::{
        engines::{Surroundings, open_store},
        serve::{observe, told_to_stop},
        service,
    },
    config::Config,
    crypto::{Random, SystemRandom},
    http::portal::{BACKCHANNEL_LOGOUT, CALLBACK, SIGNED_OUT},
    jose::PrivateJwk,
    keyring::Keyring,
    outbound::exchange::Exchange,
    secret::Secret,
    time::{Clock, SystemClock},
};

/// The client whose purpose rests on consent.
const BANK: &str = "ngan-hang.xac-minh";

/// How the demonstration is started.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// Stop after the walk.
    pub once: bool,
    /// The folder it lives in.
    pub data: PathBuf,
    /// The first port: the service; the identity provider and the registers follow.
    pub port: u16,
}

/// Runs the demonstration.
///
/// # Errors
/// When something cannot start or a step of the walk does not do what it should.
pub async fn run(options: DemoOptions) -> anyhow::Result<ExitCode> {
    let stop = told_to_stop();
    tokio::pin!(stop);
    tokio::select! {
        result = tell(&options) => {
            let stage = result?;
            if options.once {
                stage.running.stop().await;
                return Ok(ExitCode::SUCCESS);
            }
            stop.await;
            stage.running.stop().await;
            Ok(ExitCode::SUCCESS)
        }
        () = &mut stop => bail!("stopped before the walk was over"),
    }
}

/// Everything that listens.
struct Stage {
    running: service::Running,
    _registers: Registers,
    _sites: Sites,
    _idp: IdentityProvider,
}

async fn tell(options: &DemoOptions) -> anyhow::Result<Stage> {
    let folder = std::path::absolute(&options.data)?;
    for part in ["service", "sources", "idp"] {
        let part = folder.join(part);
        std::fs::create_dir_all(&part).with_context(|| part.display().to_string())?;
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let random: Arc<dyn Random> = Arc::new(SystemRandom::default());
    is_of_port(&folder, options.port)?;
    is_free(options.port)?;

    let earlier = earlier_kit(&folder)?;
    let keys = settings::client_keys(earlier.as_ref())?;
    let next = options.port.checked_add(1).context("the port is too high")?;
    is_free(next)?;
    let registers = next.checked_add(1).context("the port is too high")?;
    let registers = Registers::start(Ports::From(registers)).with_context(|| {
        format!("the registers need the ports from {registers} on; choose another first port with --port")
    })?;
    let after = registers.ports().map(|(_, port)| port).max().and_then(|last| last.checked_add(1));
    let after = after.context("the port is too high")?;
    let sites = Sites::start(after).with_context(|| {
        format!("the agencies' sites need port {after}; choose another first port with --port")
    })?;
    let secret = settings::fresh_secret(random.as_ref());
    let idp = identity_provider(&folder, options.port, next, &secret, &clock, &random)?;
    let issuers = Realm::all().into_iter().map(|realm| (realm.clone(), idp.issuer(&realm))).collect();
    let path = folder.join("service/minhbach.toml");
    let sources = registers.sections()?;
    std::fs::write(folder.join("sources/sources.toml"), toml::to_string(&sources)?)?;
    let sources = sources.get("sources").cloned().context("no sources")?;
    let port = options.port;
    Settings { port, issuers, secret: &secret, sites: sites.origin(), keys: &keys, sources }.write(&path)?;
    let config = Config::load(&path).map_err(|problems| {
        anyhow::anyhow!(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })?;

    if !config.keys.join("master.key").exists() {
        Keyring::create(&config.keys, random.as_ref(), clock.now())?;
    }
    let store = open_store(&config).await?;
    store.migrate().await?;
    store.close().await;
    let telemetry = observe(&config.telemetry)?;
    let around = Surroundings { clock, random, metrics: telemetry.metrics() };
    let running = service::start(&config, around.clone(), telemetry).await?;

    let mut out = std::io::stdout();
    writeln!(out, "Minh Bạch, a demonstration on this machine with people who do not exist.")?;
    let http = Exchange::new(crate::outbound::http::client()?);
    let agency = |client_id: &'static str| -> anyhow::Result<Agency<'_>> {
        Ok(Agency {
            issuer: &config.issuer,
            client_id,
            key: keys.get(client_id).context("no key")?,
            http: &http,
            clock: around.clock.as_ref(),
            random: around.random.as_ref(),
        })
    };
    let police = agency(CLIENTS.first().context("no client")?.client_id)?;
    let bank = CLIENTS.iter().find(|client| client.client_id == BANK).context("no bank")?;
    let citizen = CITIZENS.first().context("nobody to tell the story about")?;
    let mut story = Story(&mut out);
    Walk { agency: police, http: &http, running: &running, story: &mut story }.run().await?;
    let redirect_uri = bank.redirect_uris(sites.origin()).into_iter().next().context("no site")?;
    ConsentWalk { bank: agency(BANK)?, redirect_uri, http: &http, story: &mut story }.run(citizen, 7).await?;
    let police = agency(CLIENTS.first().context("no client")?.client_id)?;
    Walk { agency: police, http: &http, running: &running, story: &mut story }.audit(12).await?;

    let kit = kit(&config.issuer, &idp, &registers, &sites, &keys);
    settings::write_private(&folder.join("kit.json"), &serde_json::to_vec_pretty(&kit)?)?;
    addresses(&mut out, &config.issuer, &idp, &folder, options)?;
    Ok(Stage { running, _registers: registers, _sites: sites, _idp: idp })
}

/// The keys of an earlier start. Its `kit.json` is set aside: while there is one, everything listens.
fn earlier_kit(folder: &Path) -> anyhow::Result<Option<Value>> {
    let (now, before) = (folder.join("kit.json"), folder.join("kit.before.json"));
    if now.exists() {
        std::fs::rename(&now, &before)?;
    }
    match std::fs::read(&before) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes).with_context(|| before.display().to_string())?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| before.display().to_string()),
    }
}

/// The log's name has the port in it and can never change: a folder begun on another port is no use on this one.
fn is_of_port(folder: &Path, port: u16) -> anyhow::Result<()> {
    let checkpoint = std::fs::read_to_string(folder.join("service/log/checkpoint")).unwrap_or_default();
    let begun = checkpoint.lines().next().and_then(|name| name.rsplit_once(':')).map(|(_, port)| port);
    match begun {
        Some(begun) if begun != port.to_string() => bail!(
            "`{}` was begun on port {begun}, and its log bears that name for ever; go on with `--port {begun}`, or \
             begin another folder with `--data`",
            folder.display()
        ),
        _ => Ok(()),
    }
}

/// Says plainly that a port is taken, before anything is started.
fn is_free(port: u16) -> anyhow::Result<()> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map(drop).with_context(|| {
        format!("port {port} is taken; is another demonstration running? Choose another with --port")
    })
}

fn identity_provider(
    folder: &Path,
    service: u16,
    port: u16,
    secret: &str,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> anyhow::Result<IdentityProvider> {
    let origin = format!("http://127.0.0.1:{service}");
    let client = idp::Client {
        id: RELYING_PARTY.to_owned(),
        secret: Secret::new(secret.to_owned()),
        redirect_uris: vec![format!("{origin}{CALLBACK}")],
        post_logout_redirect_uris: vec![format!("{origin}{SIGNED_OUT}")],
        backchannel_logout_uri: Some(format!("{origin}{BACKCHANNEL_LOGOUT}")),
    };
    let settings = idp::Settings {
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        key: idp::key_in(&folder.join("idp"))?,
        clients: vec![client],
    };
    Ok(IdentityProvider::start(settings, Arc::clone(clock), Arc::clone(random))?)
}

fn kit(
    issuer: &str,
    idp: &IdentityProvider,
    registers: &Registers,
    sites: &Sites,
    keys: &std::collections::BTreeMap<&'static str, PrivateJwk>,
) -> Value {
    let clients: Vec<Value> = CLIENTS
        .iter()
        .map(|c| {
            json!({
                "client_id": c.client_id, "agency": c.agency, "purposes": c.purposes,
                "private_jwk": keys.get(c.client_id).map(PrivateJwk::to_value), "redirect_uris": c.redirect_uris(sites.origin()), "profile": (c.profile)(),
            })
        })
        .collect();
    let citizens: Vec<Value> = CITIZENS
        .iter()
        .map(|c| json!({ "login": c.login, "password": c.password, "national_id": c.national_id }))
        .collect();
    let officials: Vec<Value> = OFFICIALS
        .iter()
        .map(|o| json!({ "id": o.id, "unit": o.unit, "agency": o.agency, "login": o.login, "password": o.password }))
        .collect();
    let compliance: Vec<Value> = COMPLIANCE
        .iter()
        .map(|o| json!({ "login": o.login, "password": o.password, "agency": o.agency }))
        .collect();
    let sources: Vec<Value> = registers
        .ports()
        .map(|(id, port)| json!({ "id": id, "url": format!("http://127.0.0.1:{port}/tra-cuu") }))
        .collect();
    json!({
        "issuer": issuer, "data_endpoint": format!("{issuer}/data"), "idp": idp.origin(),
        "clients": clients, "citizens": citizens, "officials": officials, "compliance": compliance,
        "sources": sources,
    })
}

fn addresses(
    out: &mut impl std::io::Write,
    issuer: &str,
    idp: &IdentityProvider,
    folder: &Path,
    options: &DemoOptions,
) -> anyhow::Result<()> {
    writeln!(out, "\nEvery step did what it should.")?;
    if options.once {
        return Ok(());
    }
    writeln!(out, "\nNow try it yourself. Open {issuer} and sign in as")?;
    for citizen in CITIZENS.iter().take(3) {
        writeln!(out, "   citizen             {:<12} {}", citizen.login, citizen.password)?;
    }
    for officer in COMPLIANCE.iter().take(1) {
        writeln!(out, "   compliance officer  {:<12} {}", officer.login, officer.password)?;
    }
    writeln!(out, "\n   service             {issuer}")?;
    writeln!(out, "   sign-in (stand-in)  {}", idp.origin())?;
    writeln!(out, "   keys and addresses  {}", folder.join("kit.json").display())?;
    writeln!(out, "   check the ledger    minhbach ledger verify --data {}", folder.display())?;
    writeln!(out, "\nCtrl-C stops everything.")?;
    out.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_begun_on_another_port_is_a_clear_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(is_of_port(folder.path(), 8080).is_ok(), "an empty folder is of any port");
        std::fs::create_dir_all(folder.path().join("service/log")).unwrap();
        std::fs::write(folder.path().join("service/log/checkpoint"), "127.0.0.1:8080\n1\n").unwrap();
        assert!(is_of_port(folder.path(), 8080).is_ok());
        let refused = is_of_port(folder.path(), 9090).unwrap_err().to_string();
        assert!(refused.contains("--port 8080") && refused.contains("--data"), "{refused}");
    }
}
