//! Databases for tests: a fresh SQLite file, or a fresh PostgreSQL database on the cluster the test command started.

use super::Store;

/// A migrated store of its own for one test, and what must outlive it.
pub(crate) struct Scratch {
    /// The store.
    pub store: Store,
    /// Its address, for a second connection or process.
    pub address: String,
    _folder: tempfile::TempDir,
}

impl Scratch {
    /// Has a policy bundle in force, as every service has that serves; without the entry that says so.
    pub(crate) async fn activate(&self, bundle: &str) {
        let mut tx = self.store.begin().await.unwrap();
        let sql = "UPDATE head SET bundle = $1 WHERE one = 1";
        super::on!(&mut tx, |c| sqlx::query(sql).bind(bundle).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
    }
}

/// A fresh SQLite file.
pub(crate) async fn sqlite() -> Option<Scratch> {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", folder.path().join("test.db").display());
    open(address, folder).await
}

/// A fresh database on the cluster that `MINHBACH_TEST_POSTGRES` names; `None` without one, and the test says so.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "configured by, and speaking to, the test command"
)]
pub(crate) async fn postgres() -> Option<Scratch> {
    let Ok(cluster) = std::env::var("MINHBACH_TEST_POSTGRES") else {
        eprintln!("skipped on PostgreSQL: MINHBACH_TEST_POSTGRES is not set");
        return None;
    };
    let name = format!(
        "t{}",
        uuid::Uuid::from_bytes(<dyn crate::crypto::Random>::bytes(&crate::crypto::SystemRandom::default()))
            .simple()
    );
    let admin = sqlx::PgPool::connect(&cluster).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&admin).await.unwrap();
    admin.close().await;
    let mut address = url::Url::parse(&cluster).unwrap();
    address.set_path(&name);
    open(address.into(), tempfile::tempdir().unwrap()).await
}

async fn open(address: String, folder: tempfile::TempDir) -> Option<Scratch> {
    let store = Store::open(&address, 8).await.unwrap();
    store.migrate().await.unwrap();
    store.check().await.unwrap();
    Some(Scratch { store, address, _folder: folder })
}

/// Stamps one behavioural suite over both databases: `store_suite! { name_of_async_fn, … }`.
macro_rules! store_suite {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                if let Some(scratch) = $crate::store::scratch::sqlite().await { super::$test(scratch).await; }
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                if let Some(scratch) = $crate::store::scratch::postgres().await { super::$test(scratch).await; }
            })*
        }
    };
}
pub(crate) use store_suite;
