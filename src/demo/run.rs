//! `minhbach demo`: everything in one process on the loopback, the story told once, then open for trying things out.

use std::{
    collections::BTreeMap,
    io::Write as _,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context as _, bail};

use super::{
    idp::{self, IdentityProvider, Realm},
    kit::{self, Kit},
    people::{CITIZENS, COMPLIANCE},
    registers::{Ports, Registers},
    settings::{self, CLIENTS, RELYING_PARTY, Settings},
    sites::Sites,
    walk::{Scene, Story},
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
    keyring::Keyring,
    outbound::exchange::Exchange,
    secret::Secret,
    time::{Clock, SystemClock},
};

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

    let earlier = kit::earlier(&folder)?;
    let keys = settings::client_keys(earlier.as_ref())?;
    let next = options.port.checked_add(1).context("the port is too high")?;
    is_free(next)?;
    let registers = next.checked_add(1).context("the port is too high")?;
    let registers = Registers::start(Ports::From(registers)).with_context(|| {
        format!("the registers need the ports from {registers} on; choose another first port with --port")
    })?;
    let after = registers.ports().map(|(_, port)| port).max().and_then(|last| last.checked_add(1));
    let after = after.context("the port is too high")?;
    let http = Exchange::new(crate::outbound::http::client()?);
    let issuer = format!("http://127.0.0.1:{}", options.port);
    let sites = Sites::start(after, &issuer, http.clone()).with_context(|| {
        format!("the agencies' sites need port {after}; choose another first port with --port")
    })?;
    let secret = settings::fresh_secret(random.as_ref());
    let secrets = settings::sign_in_secrets(earlier.as_ref(), random.as_ref());
    let parties = relying_parties(&issuer, &secret, sites.origin(), &secrets);
    let idp = identity_provider(&folder, next, parties, &clock, &random)?;
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
    let scene = Scene {
        issuer: &config.issuer,
        keys: &keys,
        secrets: &secrets,
        http: &http,
        clock: around.clock.as_ref(),
        random: around.random.as_ref(),
        sites: &sites,
        idp: &idp,
        hand_over_age: config.people.hand_over_age,
        running: &running,
    };
    scene.walk(&mut Story::new(&mut out)).await?;

    let kit = Kit {
        issuer: &config.issuer,
        idp: &idp,
        registers: &registers,
        sites: &sites,
        keys: &keys,
        secrets: &secrets,
    };
    settings::write_private(&folder.join("kit.json"), &serde_json::to_vec_pretty(&kit.to_value())?)?;
    addresses(&mut out, &kit, &folder, options)?;
    Ok(Stage { running, _registers: registers, _sites: sites, _idp: idp })
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

/// Who sends people to the identity provider: the service, and the agencies' software when officials sign in there.
fn relying_parties(
    service: &str,
    secret: &str,
    sites: &str,
    secrets: &BTreeMap<&'static str, String>,
) -> Vec<idp::Client> {
    let service = idp::Client {
        id: RELYING_PARTY.to_owned(),
        secret: Secret::new(secret.to_owned()),
        redirect_uris: vec![format!("{service}{CALLBACK}")],
        post_logout_redirect_uris: vec![format!("{service}{SIGNED_OUT}")],
        backchannel_logout_uri: Some(format!("{service}{BACKCHANNEL_LOGOUT}")),
    };
    let software = CLIENTS.iter().filter_map(|client| {
        Some(idp::Client {
            id: client.client_id.to_owned(),
            secret: Secret::new(secrets.get(client.client_id)?.clone()),
            redirect_uris: client.redirect_uris(sites),
            post_logout_redirect_uris: Vec::new(),
            backchannel_logout_uri: None,
        })
    });
    std::iter::once(service).chain(software).collect()
}

fn identity_provider(
    folder: &Path,
    port: u16,
    clients: Vec<idp::Client>,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> anyhow::Result<IdentityProvider> {
    let settings = idp::Settings {
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        key: idp::key_in(&folder.join("idp"))?,
        clients,
    };
    Ok(IdentityProvider::start(settings, Arc::clone(clock), Arc::clone(random))?)
}

fn addresses(
    out: &mut impl std::io::Write,
    kit: &Kit<'_>,
    folder: &Path,
    options: &DemoOptions,
) -> anyhow::Result<()> {
    writeln!(out, "\nEvery step did what it should.")?;
    if options.once {
        return Ok(());
    }
    writeln!(out, "\nNow try it yourself. Open {} and sign in as", kit.issuer)?;
    for citizen in CITIZENS.iter().take(3) {
        writeln!(out, "   citizen             {:<12} {}", citizen.login, citizen.password)?;
    }
    for officer in COMPLIANCE.iter().take(1) {
        writeln!(out, "   compliance officer  {:<12} {}", officer.login, officer.password)?;
    }
    writeln!(out, "\n   service             {}", kit.issuer)?;
    writeln!(out, "   sign-in (stand-in)  {}", kit.idp.origin())?;
    writeln!(out, "   agencies' sites     {}/benh-vien-mau/su-kien", kit.sites.origin())?;
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
