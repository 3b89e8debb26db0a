//! The running service: engines, jobs and listeners, started in the order that keeps promises and stopped gracefully.
//!
//! The log is compared with everything ever published before anything is served: on disagreement nothing starts (I5).

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use actix_web::{
    App, HttpServer,
    dev::{Server, ServerHandle},
    middleware::{Compress, from_fn},
    web::Data,
};
use tokio::task::JoinHandle;

use super::engines::{self, OpenError, Surroundings};
use crate::{
    admin,
    config::{Config, Tls},
    consent,
    domain::catalogue::Text,
    engines::Engines,
    gateway::data::Gateway,
    history,
    http::{
        self, Publishing, State,
        portal::{CALLBACK, Desk},
    },
    jose::NonceKey,
    ledger::publisher::{PublishError, Publisher},
    limit::Limit,
    login::{Provider, ProviderError},
    notices::{self, deliver::Courier, streams::VERIFICATION_INTERVAL_S},
    oauth,
    outbound::{
        exchange::Exchange,
        http::HttpError,
        push::Push,
        sources::{SetupError, Sources},
    },
    people,
    telemetry::Guard,
};

/// How often due notices are looked for, and how often the rules for silent recipients are applied.
const PUSH_EVERY: Duration = Duration::from_millis(500);
const RULES_EVERY: Duration = Duration::from_secs(15);

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An engine cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The log disagrees with what was published.
    #[error("the ledger is not signed: {0}")]
    Ledger(#[from] PublishError),
    /// The purposes' texts cannot be kept.
    #[error(transparent)]
    History(#[from] history::HistoryError),
    /// Registrations of the configuration cannot be applied.
    #[error(transparent)]
    Admin(#[from] admin::Error),
    /// A source is described wrongly.
    #[error("sources: {}", list(.0))]
    Sources(Vec<SetupError>),
    /// A grantable field has no source that gives it.
    #[error("no source is configured for: {}", .0.join(", "))]
    FieldsWithoutSource(Vec<String>),
    /// An issuer is described wrongly.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// No HTTP client can be made.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The issuer is not a URL.
    #[error("`issuer` is not an address")]
    Issuer,
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// Certificate or key cannot be used.
    #[error("tls: {0}")]
    Tls(String),
}

fn list(errors: &[SetupError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// A service that is listening. Dropping it stops it at once; [`Running::stop`] lets answers finish.
pub struct Running {
    /// Its engines.
    pub engines: Engines,
    /// Where it listens.
    pub address: SocketAddr,
    server: ServerHandle,
    jobs: Vec<JoinHandle<()>>,
}

impl Running {
    /// Stops listening, lets answers finish, and closes the database.
    pub async fn stop(self) {
        self.server.stop(true).await;
        for job in &self.jobs {
            job.abort();
        }
        self.engines.store.close().await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for job in &self.jobs {
            job.abort();
        }
        // The command is sent by the call; the future only waits for its end.
        drop(self.server.stop(false));
    }
}

/// Starts a service. The schema must be up to date and the keys must exist.
///
/// # Errors
/// [`StartError`]; nothing is then listening.
pub async fn start(
    config: &Config,
    around: Surroundings,
    telemetry: Arc<Guard>,
) -> Result<Running, StartError> {
    let engines = engines::open(config, around).await?;
    let publisher = Publisher::start(engines.log.clone(), engines.id()).await?;
    let sources = Sources::open(config.sources.clone(), &config.folder).map_err(StartError::Sources)?;
    every_field_has_a_source(&engines, &sources)?;
    let providers = providers(config)?;
    admin::activate_policies(&engines).await?;
    history::remember_versions(&engines).await?;
    admin::apply(&engines, &config.clients, &config.officials).await?;

    let publishing = Publishing::default();
    publishing.well(engines.now());
    let interval = Duration::from_millis(u64::from(config.log.interval_ms));
    let push = Push::new(crate::outbound::http::client()?);
    let suspend_after = Duration::from_hours(u64::from(config.consent.suspend_after_hours.get()));
    let jobs = vec![
        tokio::spawn(publish(publisher, engines.clone(), publishing.clone(), interval)),
        tokio::spawn(refresh_keys(engines.clone())),
        tokio::spawn(purge(engines.clone())),
        tokio::spawn(Courier::new(engines.clone(), push).run(PUSH_EVERY)),
        tokio::spawn(notices::rules::run(engines.clone(), suspend_after, RULES_EVERY)),
        tokio::spawn(consent_clockwork(engines.clone())),
        tokio::spawn(people_clockwork(engines.clone())),
    ];
    let state = Data::new(State {
        gateway: Gateway::new(engines.clone(), sources, config.limits.no_record_per_hour.get()),
        nonces: NonceKey::new(engines.vault.lookup(&[b"dpop nonce key"])),
        verifications: Limit::new(1, Duration::from_secs(VERIFICATION_INTERVAL_S)),
        refusals: Limit::new(config.limits.token_refusals_per_minute.get(), Duration::from_mins(1)),
        prompting: oauth::Prompting {
            national_id_hints: config.consent.national_id_hints,
            per_citizen_per_day: config.limits.prompts_per_citizen_per_day.get(),
            per_client: Limit::new(config.limits.prompts_per_minute.get(), Duration::from_mins(1)),
        },
        desk: Desk {
            providers,
            secure_cookies: config.issuer.starts_with("https:"),
            service_name: config.portal.service_name.clone(),
            hotline: config.portal.hotline.clone(),
            hours: Text::default(),
            sign_ins: Limit::new(config.limits.sign_ins_per_minute.get(), Duration::from_mins(1)),
            behind_proxy: config.listen.behind_tls_proxy,
            demonstration: config.policies.reviews_relative_to_start,
        },
        auditors: config.auditors.clone(),
        telemetry,
        publishing,
        engines: engines.clone(),
    });
    let (address, server) = listen(config, state)?;
    let handle = server.handle();
    tokio::spawn(server);
    tracing::info!(%address, issuer = %config.issuer, bundle = %engines.bundle, "service.start");
    Ok(Running { engines, address, server: handle, jobs })
}

fn providers(config: &Config) -> Result<Vec<Arc<Provider>>, StartError> {
    let redirect = format!("{}{CALLBACK}", config.issuer).parse().map_err(|_| StartError::Issuer)?;
    let exchange = Exchange::new(crate::outbound::http::client()?);
    let provider = |issuer: &crate::login::IssuerConfig| {
        let redirect: url::Url = url::Url::clone(&redirect);
        Ok(Arc::new(Provider::new(issuer.clone(), redirect, exchange.clone())?))
    };
    config.issuers.iter().map(provider).collect()
}

/// A field that may be granted and that no source gives would only ever come back as missing.
fn every_field_has_a_source(engines: &Engines, sources: &Sources) -> Result<(), StartError> {
    let catalogue = engines.register.catalogue();
    let needed = catalogue
        .purposes
        .values()
        .filter(|purpose| purpose.is_active())
        .flat_map(|purpose| purpose.bases.iter().flat_map(|basis| basis.fields.iter()));
    let mut without: Vec<String> = needed
        .filter(|field| {
            !catalogue.fetched_for(field).is_some_and(|base| sources.offers(&base.source, &base.name))
        })
        .cloned()
        .collect();
    without.sort();
    without.dedup();
    if without.is_empty() { Ok(()) } else { Err(StartError::FieldsWithoutSource(without)) }
}

fn listen(config: &Config, state: Data<State>) -> Result<(SocketAddr, Server), StartError> {
    let wrong = |source| StartError::Listen { address: config.listen.address, source };
    let listener = TcpListener::bind(config.listen.address).map_err(wrong)?;
    let address = listener.local_addr().map_err(wrong)?;
    let mut server = HttpServer::new(move || {
        App::new()
            .app_data(state.clone())
            .configure(http::routes::configure)
            .configure(http::portal::routes)
            .wrap(Compress::default())
            .wrap(from_fn(http::observe::observe))
    })
    .disable_signals()
    .shutdown_timeout(10);
    if let Some(workers) = config.listen.workers {
        server = server.workers(workers.get());
    }
    let server = match &config.listen.tls {
        Some(files) => server.listen_rustls_0_23(listener, tls(files)?).map_err(wrong)?,
        None => server.listen(listener).map_err(wrong)?,
    };
    Ok((address, server.run()))
}

fn tls(files: &Tls) -> Result<rustls::ServerConfig, StartError> {
    use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
    let wrong = |error: &dyn std::fmt::Display| StartError::Tls(error.to_string());
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|e| wrong(&e))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|e| wrong(&e))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| wrong(&e))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|e| wrong(&e))
}

async fn publish(mut publisher: Publisher, engines: Engines, publishing: Publishing, every: Duration) {
    let mut tick = tokio::time::interval(every);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let begun = engines.now();
        match publisher.publish().await {
            Ok(published) => {
                publishing.well(begun);
                if let Some(published) = published {
                    let lag = Duration::from_millis(engines.now().since(begun).unsigned_abs());
                    engines.metrics.published(published.size, lag);
                }
            }
            // Disagreement and failure look alike from here: nothing is signed, readiness is lost, people are told.
            Err(error) => {
                publishing.badly();
                tracing::error!(%error, "ledger.publish refused or failed");
            }
        }
    }
}

/// Takes up rotated token keys within a second.
async fn refresh_keys(engines: Engines) {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    loop {
        tick.tick().await;
        let tokens = engines.tokens.clone();
        match tokio::task::spawn_blocking(move || tokens.refresh()).await {
            Ok(Ok(true)) => tracing::info!("tokens.refresh took up changed keys"),
            Ok(Ok(false)) | Err(_) => {}
            Ok(Err(error)) => {
                tracing::error!(%error, "tokens.refresh cannot read the keys; the old ones stay");
            }
        }
    }
}

/// Writes down what time has done to consents; that they open nothing any more does not wait for it.
async fn consent_clockwork(engines: Engines) {
    const MOST: i64 = 200;
    /// After policies have changed a thousand consents a second are looked at, beside everything else.
    const LOOKED_AT: i64 = 1_000;
    const TURNS: usize = 10;
    let holder = engines.id();
    let mut tick = tokio::time::interval(Duration::from_secs(10));
    loop {
        tick.tick().await;
        if let Err(error) = consent::run_due(&engines, MOST).await {
            tracing::warn!(%error, "consent.clock failed; it is tried again in ten seconds");
        }
        for _ in 0..TURNS {
            match consent::end_overtaken(&engines, holder, LOOKED_AT).await {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "consent.overtaken failed; it goes on in ten seconds");
                    break;
                }
            }
        }
    }
}

/// Representations that end, and emergencies whose report is late.
async fn people_clockwork(engines: Engines) {
    let mut tick = tokio::time::interval(Duration::from_mins(1));
    loop {
        tick.tick().await;
        if let Err(error) = people::hand_over_due(&engines).await {
            tracing::warn!(%error, "people.hand_over failed; it is tried again in a minute");
        }
        if let Err(error) = people::emergencies_due(&engines).await {
            tracing::warn!(%error, "people.emergencies failed; it is tried again in a minute");
        }
    }
}

async fn purge(engines: Engines) {
    let mut tick = tokio::time::interval(Duration::from_mins(1));
    loop {
        tick.tick().await;
        if let Err(error) = engines.store.purge(engines.now()).await {
            tracing::warn!(%error, "store.purge failed; it is tried again in a minute");
        }
    }
}
