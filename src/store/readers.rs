//! Reading connections, lent and taken back at once.
//!
//! The driver's own pool asks every connection that comes back whether it is well: a task, and a way to the database and
//! back, as costly as the reading it follows. Here one that has just read well is simply kept; one that failed, or whose
//! reader went away in the middle, goes to the pool, which looks after it. Out of scope: transactions.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sqlx::{Connection as _, Database, Pool, pool::PoolConnection};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Who has not been asked for that long is asked whether it is still there: the server may have been restarted.
pub(super) const STALE: Duration = Duration::from_secs(1);
/// How long a reader waits for a connection; that of the pools.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connections that read well, each with when that was.
type Kept<DB> = Mutex<Vec<(PoolConnection<DB>, Instant)>>;

/// At most so many connections of a pool, kept between readings.
pub struct Readers<DB: Database> {
    pool: Pool<DB>,
    kept: Arc<Kept<DB>>,
    permits: Arc<Semaphore>,
}

impl<DB: Database> Readers<DB> {
    /// Reads with at most `most` connections of that pool; those that are kept are missing there.
    pub(super) fn of(pool: Pool<DB>, most: u32) -> Self {
        let permits = Semaphore::new(usize::try_from(most.max(1)).unwrap_or(1));
        Self { pool, kept: Arc::default(), permits: Arc::new(permits) }
    }

    /// Lends a connection that works.
    ///
    /// # Errors
    /// [`sqlx::Error::PoolTimedOut`] when none comes back in time; others when the database does not answer.
    pub(crate) async fn lend(&self) -> Result<Lent<'_, DB>, sqlx::Error> {
        let permit = match self.permits.try_acquire() {
            Ok(permit) => permit,
            Err(_) => tokio::time::timeout(PATIENCE, self.permits.acquire())
                .await
                .map_err(|_| sqlx::Error::PoolTimedOut)?
                .map_err(|_| sqlx::Error::PoolClosed)?,
        };
        while let Some((mut connection, since)) = self.take() {
            if since.elapsed() < STALE || connection.ping().await.is_ok() {
                return Ok(Lent { connection, readers: self, _permit: permit });
            }
        }
        let connection = self.pool.acquire().await?;
        Ok(Lent { connection, readers: self, _permit: permit })
    }

    fn take(&self) -> Option<(PoolConnection<DB>, Instant)> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Closes the pool, with what is kept.
    pub(super) async fn close(&self) {
        // Marked as closed before the kept ones go: none is kept from then on, and the pool waits for all of them.
        let closing = self.pool.close();
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clear();
        closing.await;
    }
}

impl<DB: Database> Clone for Readers<DB> {
    fn clone(&self) -> Self {
        Self { pool: self.pool.clone(), kept: Arc::clone(&self.kept), permits: Arc::clone(&self.permits) }
    }
}

impl<DB: Database> fmt::Debug for Readers<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readers").field("pool", &self.pool).finish_non_exhaustive()
    }
}

/// A connection for one reading.
pub(crate) struct Lent<'a, DB: Database> {
    pub(crate) connection: PoolConnection<DB>,
    readers: &'a Readers<DB>,
    _permit: SemaphorePermit<'a>,
}

impl<DB: Database> Lent<'_, DB> {
    /// Keeps the connection of a reading that went well. Not called, it goes back to the pool.
    pub(crate) fn keep(self) {
        let mut kept = self.readers.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.readers.pool.is_closed() {
            kept.push((self.connection, Instant::now()));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::store::{
        Store, read,
        scratch::{Scratch, store_suite},
    };

    fn kept(store: &Store) -> usize {
        match store {
            Store::Sqlite { read, .. } => read.kept.lock().unwrap().len(),
            Store::Postgres { read, .. } => read.kept.lock().unwrap().len(),
        }
    }

    async fn reads(store: &Store, sql: &'static str) -> bool {
        read!(store, |c| sqlx::query_as::<_, (i64,)>(sql).fetch_one(c).await).is_ok()
    }

    async fn what_read_well_is_kept_and_what_failed_goes_to_the_pool(s: Scratch) {
        assert!(reads(&s.store, "SELECT count(*) FROM entries").await);
        assert!(reads(&s.store, "SELECT count(*) FROM entries").await);
        assert_eq!(kept(&s.store), 1, "the second reading had the connection of the first");
        assert!(!reads(&s.store, "SELECT count(*) FROM nowhere").await);
        assert_eq!(kept(&s.store), 0, "what failed is looked after by the pool");
        assert!(reads(&s.store, "SELECT count(*) FROM entries").await, "and nobody waits for it");
    }

    async fn more_readers_than_connections_all_read(s: Scratch) {
        let all = (0..64).map(|_| reads(&s.store, "SELECT count(*) FROM entries"));
        assert!(futures_util::future::join_all(all).await.into_iter().all(|well| well));
    }

    async fn closing_takes_what_is_kept_along_and_nothing_is_kept_after(s: Scratch) {
        assert!(reads(&s.store, "SELECT count(*) FROM entries").await);
        s.store.close().await;
        assert_eq!(kept(&s.store), 0);
        assert!(!reads(&s.store, "SELECT count(*) FROM entries").await);
    }

    store_suite! {
        what_read_well_is_kept_and_what_failed_goes_to_the_pool,
        more_readers_than_connections_all_read,
        closing_takes_what_is_kept_along_and_nothing_is_kept_after,
    }
}
