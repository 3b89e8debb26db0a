//! A service to test: its stand-ins, its clock, its database, and what can be asked of it from inside.

pub(crate) mod browser;
pub(crate) mod client;
pub(crate) mod consent;
pub(crate) mod database;
pub(crate) mod detail;
pub(crate) mod jws;
pub(crate) mod reply;

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
    time::Duration,
};

use minhbach::{
    app::{
        engines::{Surroundings, open_store},
        service::{self, Running},
    },
    config::Config,
    crypto::{Random, SystemRandom},
    demo::{
        idp::{self, IdentityProvider, Realm},
        registers::{Ports, Registers},
        settings::{self, RELYING_PARTY, Settings},
    },
    engines::Engines,
    jose::PrivateJwk,
    keyring::Keyring,
    ledger::verify::verify,
    outbound,
    secret::Secret,
    telemetry::{self, Guard},
    time::{Clock, ManualClock, Millis},
};
use tempfile::TempDir;

use client::Caller;
use database::Database;

/// What clients call the service. It listens elsewhere, on a free port, as a service behind a proxy does.
pub(crate) const ISSUER: &str = "http://127.0.0.1:8080";
/// The data endpoint, as in `aud` and `htu`.
pub(crate) const DATA: &str = "http://127.0.0.1:8080/data";
/// One minute past ten in Hà Nội: the first refusals of a test share their ten minutes.
pub(crate) const START: Millis = Millis(1_795_305_660_000);
/// The register whose answers may not take long; only tests about slowness use its fields.
pub(crate) const IMPATIENT: &str = "health";

/// A service under test.
pub(crate) struct TestApp {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) registers: Registers,
    pub(crate) idp: IdentityProvider,
    pub(crate) keys: BTreeMap<&'static str, PrivateJwk>,
    pub(crate) telemetry: Arc<Guard>,
    pub(crate) config: Config,
    pub(crate) database: Database,
    pub(crate) http: reqwest::Client,
    pub(crate) folder: TempDir,
    node: Option<Running>,
}

/// How much of everything there is; compared to show that nothing half-written remains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) entries: i64,
    pub(crate) tokens: i64,
    pub(crate) uses: i64,
}

impl TestApp {
    /// A service as the demonstration configures it.
    pub(crate) async fn start(database: Database) -> Self {
        Self::start_bent(database, |_, _| {}).await
    }

    /// The same with its configuration bent; `bend` gets the tables and the folder they stand in.
    pub(crate) async fn start_bent(database: Database, bend: impl FnOnce(&mut toml::Table, &Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(START));
        let random: Arc<dyn Random> = Arc::new(SystemRandom::default());
        let registers = Registers::start(Ports::Any).unwrap();
        let secret = "a secret of this test";
        let idp = identity_provider(&folder.path().join("idp"), secret, &clock, &random);
        let keys = settings::client_keys(None).unwrap();
        let path = folder.path().join("minhbach.toml");
        let issuers = Realm::all().into_iter().map(|realm| (realm.clone(), idp.issuer(&realm))).collect();
        let sources = registers.sections().unwrap().remove("sources").unwrap();
        let sites = "http://127.0.0.1:8099";
        Settings { port: 8080, issuers, secret, sites, keys: &keys, sources }.write(&path).unwrap();

        let mut tables: toml::Table = std::fs::read_to_string(&path).unwrap().parse().unwrap();
        tables["listen"]["address"] = "127.0.0.1:0".into();
        tables["database"]["url"] = database.address(folder.path()).into();
        tables["log"].as_table_mut().unwrap().insert("interval_ms".to_owned(), 100.into());
        for source in tables["sources"].as_array_mut().unwrap() {
            let patience = if source["id"].as_str() == Some(IMPATIENT) { 1000 } else { 8000 };
            source.as_table_mut().unwrap().insert("timeout_ms".to_owned(), patience.into());
        }
        bend(&mut tables, folder.path());
        std::fs::write(&path, toml::to_string(&tables).unwrap()).unwrap();
        let config = Config::load_with(&path, None).unwrap();

        Keyring::create(&config.keys, random.as_ref(), clock.now()).unwrap();
        let store = open_store(&config).await.unwrap();
        store.migrate().await.unwrap();
        store.close().await;
        let (_, telemetry) = telemetry::build(&config.telemetry, None, std::io::sink, false).unwrap();
        let options = outbound::http::Options {
            trust: outbound::http::Trust::Nobody,
            read_timeout: Some(Duration::from_secs(30)),
            timeout: Some(Duration::from_mins(1)),
            ..outbound::http::Options::default()
        };
        let http = outbound::http::client_with(&options).unwrap();
        let telemetry = Arc::new(telemetry);
        let mut app = Self {
            clock,
            random,
            registers,
            idp,
            keys,
            telemetry,
            config,
            database,
            http,
            folder,
            node: None,
        };
        app.node = Some(app.another_node().await);
        app
    }

    /// One more process of the same service: same database, keys and files, memory of its own.
    pub(crate) async fn another_node(&self) -> Running {
        self.node_with(&self.config).await.unwrap()
    }

    /// A process with another configuration on the same clock.
    pub(crate) async fn node_with(&self, config: &Config) -> Result<Running, service::StartError> {
        let around = Surroundings {
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            random: Arc::clone(&self.random),
            metrics: self.telemetry.metrics(),
        };
        service::start(config, around, Arc::clone(&self.telemetry)).await
    }

    /// Stops the service and starts it again on what it left.
    pub(crate) async fn restart(&mut self) {
        self.node.take().unwrap().stop().await;
        // Past the publishing lease of the process that is gone.
        self.clock.advance(Duration::from_secs(6));
        self.node = Some(self.another_node().await);
    }

    pub(crate) fn engines(&self) -> &Engines {
        &self.node.as_ref().unwrap().engines
    }

    /// Where the service really listens.
    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.node.as_ref().unwrap().address)
    }

    /// The software of an agency, with the key it is registered with.
    pub(crate) fn caller(&self, client_id: &'static str) -> Caller<'_> {
        Caller { app: self, client_id, key: &self.keys[client_id], base: self.base() }
    }

    /// The traffic police's software: licences, vehicles and passports.
    pub(crate) fn police(&self) -> Caller<'_> {
        self.caller("csgt.giay-phep")
    }

    /// The social insurance's software: single-use purposes.
    pub(crate) fn insurance(&self) -> Caller<'_> {
        self.caller("bhxh.che-do")
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    pub(crate) async fn count(&self) -> Count {
        let store = &self.engines().store;
        Count {
            entries: store.head().await.unwrap().size,
            tokens: database::number(store, "SELECT count(*) FROM tokens").await,
            uses: database::number(store, "SELECT count(*) FROM uses").await,
        }
    }

    /// The kinds of the entries from a size on.
    pub(crate) async fn kinds_since(&self, from: i64) -> Vec<String> {
        let rows = self.engines().store.log_entries(from, 1000).await.unwrap();
        rows.into_iter().map(|row| row.kind).collect()
    }

    /// Everything the ledger promises still holds.
    async fn check_everything(&self) {
        let engines = self.engines();
        let report = verify(&engines.log, &engines.vault, &[], |_, _| {}).await.unwrap();
        assert!(report.findings.is_empty(), "{:#?}", report.findings);
        assert_eq!(report.entries, self.count().await.entries.unsigned_abs());
    }

    /// The end of every test: the ledger is checked, the service stopped, the database taken away.
    pub(crate) async fn finish(mut self) {
        self.check_everything().await;
        self.node.take().unwrap().stop().await;
        self.database.drop().await;
    }
}

fn identity_provider(
    folder: &Path,
    secret: &str,
    clock: &Arc<ManualClock>,
    random: &Arc<dyn Random>,
) -> IdentityProvider {
    let client = idp::Client {
        id: RELYING_PARTY.to_owned(),
        secret: Secret::new(secret.to_owned()),
        redirect_uris: vec![format!("{ISSUER}/sign-in/callback")],
        post_logout_redirect_uris: Vec::new(),
        backchannel_logout_uri: None,
    };
    let settings = idp::Settings {
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        key: idp::key_in(folder).unwrap(),
        clients: vec![client],
    };
    IdentityProvider::start(settings, Arc::clone(clock) as Arc<dyn Clock>, Arc::clone(random)).unwrap()
}

/// Asks again until there is an answer: for what jobs of the service do at their own pace.
pub(crate) async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..400 {
        if let Some(found) = ask().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{what} did not happen within ten seconds");
}

/// Stamps tests (async functions over `&mut TestApp`) over both databases; each ends with a check of the ledger.
macro_rules! on_both {
    ($($test:ident),* $(,)?) => {
        $crate::support::on_both! { with $crate::support::TestApp::start; $($test),* }
    };
    (with $start:path; $($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let mut app = $start($crate::support::database::Database::sqlite()).await;
                super::$test(&mut app).await;
                app.finish().await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let Some(database) = $crate::support::database::Database::postgres().await else { return };
                let mut app = $start(database).await;
                super::$test(&mut app).await;
                app.finish().await;
            })*
        }
    };
}
pub(crate) use on_both;
