//! Fresh databases: a SQLite file, and a database on the cluster that `MINHBACH_TEST_POSTGRES` names when it is set.

use std::path::Path;

use minhbach::crypto::{Random, SystemRandom};

/// Where a run keeps its entries.
pub(crate) struct Database {
    /// For people.
    pub(crate) name: &'static str,
    /// `sqlite:PATH` or `postgres://…`.
    pub(crate) address: String,
    cluster: Option<(String, String)>,
}

/// One of each kind that there is.
pub(crate) async fn all(folder: &Path) -> anyhow::Result<Vec<Database>> {
    let mut all = vec![Database {
        name: "SQLite",
        address: format!("sqlite:{}", folder.join("minhbach.db").display()),
        cluster: None,
    }];
    #[expect(clippy::disallowed_methods, reason = "configured like the tests")]
    if let Ok(cluster) = std::env::var("MINHBACH_TEST_POSTGRES") {
        let random: &dyn Random = &SystemRandom::default();
        let name = format!("bench_{:x}", u64::from_be_bytes(random.bytes()));
        execute(&cluster, format!("CREATE DATABASE {name}")).await?;
        let mut address = url::Url::parse(&cluster)?;
        address.set_path(&name);
        all.push(Database { name: "PostgreSQL", address: address.into(), cluster: Some((cluster, name)) });
    }
    Ok(all)
}

impl Database {
    /// Drops what is not in the folder; connections that are still open are cut.
    pub(crate) async fn remove(self) -> anyhow::Result<()> {
        match self.cluster {
            Some((cluster, name)) => execute(&cluster, format!("DROP DATABASE {name} WITH (FORCE)")).await,
            None => Ok(()),
        }
    }
}

async fn execute(cluster: &str, sql: String) -> anyhow::Result<()> {
    let pool = sqlx::PgPool::connect(cluster).await?;
    sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&pool).await?;
    pool.close().await;
    Ok(())
}
