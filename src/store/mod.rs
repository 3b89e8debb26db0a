//! Storage: the only room that names `sqlx`. SQLite embedded, PostgreSQL for production, one statement for both.
//!
//! A statement is written once and run by [`on!`] on whichever database is behind the [`Store`]; `$1` placeholders,
//! 16-byte ids, integers and byte strings mean the same in both. Only statements about many keys at once differ: those of
//! the append path (`append/sqlite.rs`, `append/postgres.rs`) and readings that are done together (`loader`).
//! Absence is `None`. Out of scope: what rows mean, keys, sealing.

pub mod append;
pub mod clients;
pub mod consents;
pub mod entries;
pub mod grants;
pub mod hints;
pub mod log;
pub mod notices;
pub mod officials;
pub mod people;
pub mod purposes;
pub mod ruled;
pub mod sessions;
pub mod standing;
pub mod subjects;
pub mod tokens;

mod error;
mod loader;
mod migrate;
mod pack;
mod readers;

#[cfg(test)]
pub(crate) mod scratch;

use std::{path::Path, str::FromStr as _, time::Duration};

use sqlx::{
    Connection as _, PgPool, Postgres, Sqlite, SqlitePool, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

pub use error::Error;
pub use readers::Readers;
use uuid::Uuid;

use self::{
    loader::Loader,
    ruled::Ruled,
    standing::Standing,
    subjects::{Handle, Subject},
};
use crate::crypto::Digest;

/// Runs one expression against whichever database is behind a [`Tx`].
macro_rules! on {
    ($tx:expr, |$conn:ident| $body:expr) => {
        match $tx {
            $crate::store::Tx::Sqlite(tx) => {
                let $conn = &mut **tx;
                $body
            }
            $crate::store::Tx::Postgres(tx) => {
                let $conn = &mut **tx;
                $body
            }
        }
    };
}

/// Runs one reading statement on a connection of its own, outside any transaction.
macro_rules! read {
    ($store:expr, |$conn:ident| $body:expr) => {
        match $store {
            $crate::store::Store::Sqlite { read, .. } => $crate::store::lend!(read, |$conn| $body),
            $crate::store::Store::Postgres { read, .. } => $crate::store::lend!(read, |$conn| $body),
        }
    };
}

/// Lends a connection for one statement, and keeps it where that went well.
macro_rules! lend {
    ($readers:expr, |$conn:ident| $body:expr) => {
        match $readers.lend().await {
            Ok(mut lent) => {
                let $conn = &mut *lent.connection;
                let result = $body;
                if result.is_ok() {
                    lent.keep();
                }
                result
            }
            Err(error) => Err(error),
        }
    };
}

pub(crate) use {lend, on, read};

/// A handle on the database; cheap to clone.
#[derive(Clone, Debug)]
pub enum Store {
    /// One file, one writer, many readers.
    Sqlite {
        /// The single writing connection.
        write: SqlitePool,
        /// Reading connections.
        read: Readers<Sqlite>,
        /// Readings that are done together.
        loaders: Loaders,
    },
    /// A PostgreSQL primary.
    Postgres {
        /// All connections.
        pool: PgPool,
        /// Those of them that read.
        read: Readers<Postgres>,
        /// Readings that are done together.
        loaders: Loaders,
    },
}

/// The readings that every request for a token does, each kind of them by one loader.
#[derive(Clone, Debug, Default)]
pub struct Loaders {
    subjects: Loader<Digest, Option<Subject>>,
    handles: Loader<Digest, Option<Handle>>,
    consents: Loader<(Uuid, Uuid), Vec<Ruled>>,
    standing: Loader<Uuid, Option<Standing>>,
}

/// A transaction; it is rolled back unless [`Tx::commit`] is called.
#[derive(Debug)]
pub enum Tx {
    /// On SQLite, begun IMMEDIATE.
    Sqlite(Transaction<'static, Sqlite>),
    /// On PostgreSQL, READ COMMITTED.
    Postgres(Transaction<'static, Postgres>),
}

/// Connections to PostgreSQL that are never kept for reading: for the appender and for what else writes.
const WRITERS: u32 = 2;

impl Store {
    /// Opens `sqlite:PATH` (created if absent) or `postgres://…`.
    ///
    /// # Errors
    /// [`Error`] when the address is of neither kind or the database cannot be reached.
    pub async fn open(address: &str, connections: u32) -> Result<Self, Error> {
        if let Some(path) = address.strip_prefix("sqlite:") {
            return Self::open_sqlite(Path::new(path), connections).await;
        }
        let options = PgConnectOptions::from_str(address)?.application_name("minhbach");
        let most = connections.max(1 + WRITERS);
        let pool = PgPoolOptions::new()
            .max_connections(most)
            .acquire_timeout(Duration::from_secs(5))
            // The driver asks a connection that comes back whether it is well: one that just has is not asked again.
            .test_before_acquire(false)
            .before_acquire(|connection, idle| {
                Box::pin(async move {
                    if idle.idle_for >= readers::STALE {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(options)
            .await?;
        let read = Readers::of(pool.clone(), most - WRITERS);
        Ok(Self::Postgres { pool, read, loaders: Loaders::default() })
    }

    async fn open_sqlite(path: &Path, readers: u32) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5))
            // Checkpoints in line, but rarely: 64 MB of log gave twice the throughput of the default (append.md §6).
            .pragma("wal_autocheckpoint", "16000")
            .pragma("cache_size", "-16000");
        let pool = |max: u32| {
            // A pool never replaces a healthy connection: statements stay prepared, the page cache stays warm.
            SqlitePoolOptions::new()
                .max_connections(max)
                .acquire_timeout(Duration::from_secs(5))
                .idle_timeout(None)
                .max_lifetime(None)
                .test_before_acquire(false)
                // A full disk makes SQLite roll back on its own. The driver's ROLLBACK then fails, and it believes
                // itself in a transaction for ever after: such a connection is replaced.
                .before_acquire(|connection, _| Box::pin(async { Ok(!connection.is_in_transaction()) }))
        };
        let write = pool(1).connect_with(options.clone()).await?;
        // Whoever reads beside a writer loses its pages with each writing, and looks through all it had to lose them.
        let options = options.pragma("cache_size", "-2000");
        let read = Readers::of(pool(readers.max(1)).connect_with(options).await?, readers);
        Ok(Self::Sqlite { write, read, loaders: Loaders::default() })
    }

    const fn loaders(&self) -> &Loaders {
        match self {
            Self::Sqlite { loaders, .. } | Self::Postgres { loaders, .. } => loaders,
        }
    }

    /// Begins a writing transaction.
    ///
    /// # Errors
    /// [`Error`] when no connection can be had.
    pub async fn begin(&self) -> Result<Tx, Error> {
        Ok(match self {
            // Taking the write lock at once avoids an upgrade that can only fail.
            Self::Sqlite { write, .. } => Tx::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres { pool, .. } => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Brings the schema up to date.
    ///
    /// # Errors
    /// [`Error::Migrate`] when a migration fails or an applied one has changed.
    pub async fn migrate(&self) -> Result<(), Error> {
        migrate::run(self).await
    }

    /// Whether the database answers and its schema is the one this program was built for.
    ///
    /// # Errors
    /// [`Error::SchemaOutOfDate`] when `minhbach migrate` is needed; other errors when it does not answer.
    pub async fn check(&self) -> Result<(), Error> {
        migrate::check(self).await
    }

    /// Closes every connection; SQLite folds its log into the file.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { write, read, .. } => {
                read.close().await;
                write.close().await;
            }
            Self::Postgres { read, .. } => read.close().await,
        }
    }
}

impl Tx {
    /// Makes everything done in this transaction durable.
    ///
    /// # Errors
    /// [`Error`] when the database refuses or goes away; the outcome is then unknown to the caller.
    pub async fn commit(self) -> Result<(), Error> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}
