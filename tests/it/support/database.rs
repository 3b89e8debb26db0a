//! A database for one test: a fresh SQLite file, or a fresh database on the cluster the test command started.

use std::{path::Path, pin::Pin, sync::Once, time::Duration};

use minhbach::{
    crypto::{Random, SystemRandom},
    store::{Store, Tx},
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

/// Where a test keeps its entries.
pub(crate) enum Database {
    /// A file in the test's folder.
    Sqlite,
    /// A database of its own.
    Postgres {
        /// The cluster's own address.
        cluster: String,
        /// The database's name.
        name: String,
    },
}

impl Database {
    pub(crate) const fn sqlite() -> Self {
        Self::Sqlite
    }

    /// A fresh database on the cluster of `MINHBACH_TEST_POSTGRES`; `None` without one, and the suite says so once.
    #[expect(
        clippy::disallowed_methods,
        clippy::print_stderr,
        reason = "configured by, and speaking to, the test command"
    )]
    pub(crate) async fn postgres() -> Option<Self> {
        static SAID: Once = Once::new();
        let Ok(cluster) = std::env::var("MINHBACH_TEST_POSTGRES") else {
            SAID.call_once(|| eprintln!("skipped on PostgreSQL: MINHBACH_TEST_POSTGRES is not set"));
            return None;
        };
        let bytes: [u8; 16] = <dyn Random>::bytes(&SystemRandom::default());
        let name = format!("it{}", uuid::Uuid::from_bytes(bytes).simple());
        let database = Self::Postgres { cluster, name };
        let Self::Postgres { name, .. } = &database else { return None };
        database.as_superuser(&format!("CREATE DATABASE {name}")).await;
        Some(database)
    }

    /// The address for the configuration.
    pub(crate) fn address(&self, folder: &Path) -> String {
        match self {
            Self::Sqlite => format!("sqlite:{}", folder.join("minhbach.db").display()),
            Self::Postgres { cluster, name } => {
                let mut address = url::Url::parse(cluster).unwrap();
                address.set_path(name);
                address.into()
            }
        }
    }

    /// Takes the database away again; a file goes with its folder.
    pub(crate) async fn drop(self) {
        if let Self::Postgres { name, .. } = &self {
            self.as_superuser(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }

    /// Runs a statement beside the service, on the cluster's own database.
    async fn as_superuser(&self, statement: &str) {
        let Self::Postgres { cluster, .. } = self else { panic!("SQLite has no superuser") };
        let mut connection = PgConnection::connect(cluster).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

/// One number.
pub(crate) async fn number(store: &Store, query: &'static str) -> i64 {
    match store {
        Store::Sqlite { write, .. } => sqlx::query(query).fetch_one(write).await.unwrap().get(0),
        Store::Postgres { pool, .. } => sqlx::query(query).fetch_one(pool).await.unwrap().get(0),
    }
}

/// Does something to the database behind the service's back.
pub(crate) async fn meddle(store: &Store, on_sqlite: &'static str, on_postgres: &'static str) {
    match store {
        Store::Sqlite { write, .. } => drop(sqlx::raw_sql(on_sqlite).execute(write).await.unwrap()),
        Store::Postgres { pool, .. } => drop(sqlx::raw_sql(on_postgres).execute(pool).await.unwrap()),
    }
}

/// Has what two nodes append sequenced in this order, on PostgreSQL: nobody gets the head before both wait for it.
pub(crate) fn in_this_order<'a, A: 'a, B: 'a>(
    store: &'a Store,
    first: impl Future<Output = A> + 'a,
    second: impl Future<Output = B> + 'a,
) -> Pin<Box<dyn Future<Output = (A, B)> + 'a>> {
    Box::pin(async move {
        let mut held = store.begin().await.unwrap();
        let Tx::Postgres(tx) = &mut held else { panic!("SQLite has one node") };
        sqlx::query("SELECT size FROM head FOR UPDATE").execute(&mut **tx).await.unwrap();
        let second = async {
            waiting(store, 1).await;
            second.await
        };
        let release = async {
            waiting(store, 2).await;
            held.commit().await.unwrap();
        };
        let (first, second, ()) = tokio::join!(first, second, release);
        (first, second)
    })
}

/// Until so many wait for the head, or for one that waits for it with the same replay id.
async fn waiting(store: &Store, wanted: i64) {
    const SQL: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
         AND wait_event_type = 'Lock' AND (query LIKE '%FROM head%FOR UPDATE%' OR query LIKE '%INTO replay%')";
    let all = async {
        let mut tick = tokio::time::interval(Duration::from_millis(5));
        while number(store, SQL).await < wanted {
            tick.tick().await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(20), all).await.is_ok(), "{wanted} never wait");
}
