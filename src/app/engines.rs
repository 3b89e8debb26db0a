//! From a configuration to the engines: the database, the keys, the vault, the log, the register, the registry.
//!
//! The service, the demonstration and the commands that need a database all open them here. Out of scope: migrating,
//! publishing, listening.

use std::sync::Arc;

use crate::{
    config::Config,
    crypto::Random,
    domain::calendar::Calendar,
    engines::{Addresses, Engines},
    keyring::{Keyring, KeyringError},
    ledger::{
        appender::Appender,
        publisher::{Log, PublishError},
    },
    objects::{ObjectError, Objects},
    policy::LoadError,
    registry::Registry,
    store::Store,
    telemetry::Metrics,
    time::Clock,
    tokens::Tokens,
    vault::Vault,
};

/// Why the engines cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database cannot be reached, or its schema is not this program's.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// The keys cannot be read.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The folder of published files cannot be opened.
    #[error(transparent)]
    Objects(#[from] ObjectError),
    /// The log cannot be named.
    #[error(transparent)]
    Log(#[from] PublishError),
    /// The policies do not load; every fault.
    #[error("the policies do not load:\n{}", lines(.0))]
    Policies(Vec<LoadError>),
}

fn lines(faults: &[LoadError]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// What the engines are opened with besides the configuration.
#[derive(Clone)]
pub struct Surroundings {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// Where things are counted.
    pub metrics: Arc<Metrics>,
}

/// Opens the database alone, its schema unchecked.
///
/// # Errors
/// [`OpenError::Store`] when it cannot be reached.
pub async fn open_store(config: &Config) -> Result<Store, OpenError> {
    Ok(Store::open(config.database.url.expose(), config.database.connections.get()).await?)
}

/// Opens everything. The schema must be up to date (`Store::migrate`) and the keys must exist (`Keyring::create`).
/// Starts the writer of the append path, so a tokio runtime must be running.
///
/// # Errors
/// [`OpenError`] says which part.
pub async fn open(config: &Config, around: Surroundings) -> Result<Engines, OpenError> {
    let store = open_store(config).await?;
    store.check().await?;
    open_on(config, store, around)
}

/// The same on a database that is open and checked.
///
/// # Errors
/// [`OpenError`] says which part.
pub fn open_on(config: &Config, store: Store, around: Surroundings) -> Result<Engines, OpenError> {
    let Surroundings { clock, random, metrics } = around;
    let register = config.register(clock.now()).map_err(OpenError::Policies)?;
    let keys = Keyring::load(&config.keys)?;
    let vault = Vault::new(store.clone(), &keys, Arc::clone(&clock), Arc::clone(&random));
    let objects = Objects::open(&config.log.folder)?;
    let mirror = config.log.mirror.as_deref().map(Objects::open).transpose()?;
    let log = Log::new(config.origin(), keys.log, store.clone(), objects, mirror, Arc::clone(&clock))?;
    let counters = Arc::clone(&metrics);
    let appender = Appender::start(
        store.clone(),
        Arc::new(move |entries, took| {
            counters.ledger_appended(u64::try_from(entries).unwrap_or(u64::MAX), took);
        }),
    );
    let issuer = config.issuer.clone();
    Ok(Engines {
        addresses: Arc::new(Addresses { data: format!("{issuer}/data"), issuer: issuer.clone() }),
        registry: Registry::new(store.clone(), config.agencies.iter().cloned()),
        tokens: Tokens::new(&issuer, config.keys.clone(), keys.tokens, keys.receipts),
        calendar: Arc::new(Calendar::new(&config.calendar)),
        bundle: register.bundle_version().into(),
        store,
        vault,
        appender,
        log,
        register,
        metrics,
        clock,
        random,
    })
}
