//! The same on PostgreSQL: the service killed, and its connections killed under it.

use std::{collections::HashSet, fs, path::PathBuf};

use minhbach::demo::agency::text;
use uuid::Uuid;

use crate::{
    database::Database,
    load::{Load, Tally, readiness},
    support::{Demo, Process, free_ports, minhbach, said, verify},
};

/// A service of its own beside a demonstration that lends it registers and clients.
struct Deployment {
    config: PathBuf,
    issuer: String,
    database: Database,
    pool: sqlx::PgPool,
}

impl Deployment {
    async fn beside(demo: &Demo, folder: PathBuf, database: Database) -> Self {
        let address = database.address(&folder);
        let (theirs, ours) = (format!("127.0.0.1:{}", demo.port), format!("127.0.0.1:{}", free_ports()));
        let text = fs::read_to_string(demo.config()).unwrap();
        let text = text.replace(&theirs, &ours).replace("sqlite:minhbach.db", &address);
        let config = folder.join("minhbach.toml");
        fs::write(&config, text).unwrap();
        for verb in [&["migrate"][..], &["keys", "init"]] {
            let ran = minhbach(&[verb, &["--config", config.to_str().unwrap()]].concat());
            assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
        }
        let pool = sqlx::PgPool::connect(&address).await.unwrap();
        Self { config, issuer: format!("http://{ours}"), database, pool }
    }

    async fn start(&self) -> Process {
        let process = Process::start(&["serve", "--config", self.config.to_str().unwrap()]);
        readiness(&self.issuer, 200).await;
        process
    }

    /// Ends every connection the service has, as a failing primary does.
    async fn cut(&self) -> usize {
        const CUT: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'minhbach'";
        let cut: Vec<bool> = sqlx::query_scalar(CUT).fetch_all(&self.pool).await.unwrap();
        cut.len()
    }

    async fn check(&self, all: &Tally) {
        verify(&self.config, &all.tokens);
        let ids: Vec<Uuid> =
            sqlx::query_scalar("SELECT id FROM entries").fetch_all(&self.pool).await.unwrap();
        let there: HashSet<Uuid> = ids.into_iter().collect();
        let lost: Vec<_> = all.receipts.iter().filter(|entry| !there.contains(entry)).collect();
        assert!(lost.is_empty(), "data left without these entries: {lost:?}");
    }

    async fn remove(self) {
        self.pool.close().await;
        self.database.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgresql_nothing_is_released_without_its_entry_whoever_is_killed() {
    let Some(database) = Database::postgres().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::new(&folder.path().join("demo"));
    let _stand_ins = demo.start();
    let own = folder.path().join("own");
    fs::create_dir(&own).unwrap();
    let it = Deployment::beside(&demo, own, database).await;
    let kit = demo.kit();
    assert_ne!(text(&kit, "/issuer").unwrap(), it.issuer);
    let mut all = Tally::default();

    // The service is killed, twice.
    for round in 1..=2 {
        let mut process = it.start().await;
        let load = Load::start(&kit, &it.issuer);
        load.until(|tally| tally.receipts.len() >= 40 * round).await;
        process.kill();
        let tally = load.end().await;
        tally.only(&[]);
        all.tokens.extend(tally.tokens);
        all.receipts.extend(tally.receipts);
        it.check(&all).await;
    }

    // Its connections are killed, again and again; it goes on by itself.
    let process = it.start().await;
    let load = Load::start(&kit, &it.issuer);
    for _ in 0..5 {
        let before = load.tally().receipts.len();
        load.until(|tally| tally.receipts.len() >= before + 20).await;
        assert!(it.cut().await > 0, "there was nothing to cut");
    }
    let before = load.tally().receipts.len();
    load.until(|tally| tally.receipts.len() >= before + 40).await;
    let tally = load.end().await;
    tally.only(&["503 ledger_unavailable"]);
    all.tokens.extend(tally.tokens);
    all.receipts.extend(tally.receipts);
    readiness(&it.issuer, 200).await;
    it.check(&all).await;
    assert_eq!(process.stop().code(), Some(0));
    it.remove().await;
}
