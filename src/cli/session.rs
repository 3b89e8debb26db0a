//! What most verbs need first: the configuration, a runtime, the engines.

use std::{
    future::Future,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, bail};
use clap::Args;

use crate::{
    app::engines::{self, Surroundings},
    config::{Config, Problem},
    crypto::SystemRandom,
    engines::Engines,
    store::Store,
    telemetry::{self, Guard, TelemetryConfig},
    time::SystemClock,
};

/// Which deployment a verb is about.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(super) struct Deployment {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder of a demonstration
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl Deployment {
    /// Its configuration.
    pub(super) fn load(&self) -> anyhow::Result<Config> {
        match (&self.config, &self.data) {
            (Some(file), _) => load(file),
            (None, Some(folder)) => load(&folder.join("service").join("minhbach.toml")),
            (None, None) => bail!("give `--config FILE` or `--data DIR`"),
        }
    }

    /// Runs `work` on its engines and closes the database afterwards.
    pub(super) fn with<T>(
        &self,
        work: impl AsyncFnOnce(&Config, &Engines) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let config = self.load()?;
        block_on(async {
            let (engines, _telemetry) = open(&config).await?;
            let result = work(&config, &engines).await;
            engines.store.close().await;
            result
        })
    }
}

/// Reads a configuration; all its problems make one error.
pub(super) fn load(path: &Path) -> anyhow::Result<Config> {
    Config::load(path).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
        anyhow::anyhow!("the configuration `{}` cannot be used:\n{}", path.display(), lines.join("\n"))
    })
}

/// Runs one future to its end on a runtime of its own.
pub(super) fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no event loop")?.block_on(work)
}

/// Opens the database alone. An SQLite file that is not there is not made: it would look like an empty ledger.
pub(super) async fn open_store(config: &Config) -> anyhow::Result<Store> {
    if let Some(path) = config.database.url.expose().strip_prefix("sqlite:")
        && !Path::new(path).exists()
    {
        bail!("there is no database at `{path}`: run `minhbach migrate` first");
    }
    Ok(engines::open_store(config).await?)
}

/// Opens the engines; the guard keeps warnings coming to stderr. Nothing is exported from a command.
pub(super) async fn open(config: &Config) -> anyhow::Result<(Engines, Guard)> {
    let store = open_store(config).await?;
    store.check().await?;
    let quiet = TelemetryConfig { level: "warn".to_owned(), otlp_endpoint: None, ..config.telemetry.clone() };
    let guard = telemetry::init(&quiet, None)?;
    let around = Surroundings {
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom::default()),
        metrics: guard.metrics(),
    };
    Ok((engines::open_on(config, store, around)?, guard))
}
