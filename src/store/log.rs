//! The log's head, its signed checkpoints, and the leases of jobs that one process does for all.

use uuid::Uuid;

use super::{Error, Store, on, read};
use crate::{crypto::Digest, time::Millis};

/// The head row: how large the tree is and its right edge.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Head {
    /// Number of entries.
    pub size: i64,
    /// Roots of the perfect subtrees, largest first, 32 bytes each.
    pub edge: Vec<u8>,
    /// The policy bundle in force.
    pub bundle: Option<String>,
}

/// A signed checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Checkpoint {
    /// Tree size.
    pub size: i64,
    /// Root hash.
    pub root: Vec<u8>,
    /// The signed note.
    pub note: String,
    /// When it was signed, milliseconds.
    pub at: i64,
}

impl Store {
    /// The head as it is now.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn head(&self) -> Result<Head, Error> {
        const SQL: &str = "SELECT size, edge, bundle FROM head WHERE one = 1";
        Ok(read!(self, |pool| sqlx::query_as(SQL).fetch_one(pool).await)?)
    }

    /// The newest checkpoint.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn newest_checkpoint(&self) -> Result<Option<Checkpoint>, Error> {
        const SQL: &str = "SELECT size, root, note, at FROM checkpoints ORDER BY size DESC LIMIT 1";
        Ok(read!(self, |pool| sqlx::query_as(SQL).fetch_optional(pool).await)?)
    }

    /// Every checkpoint from `from` on, by size.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn checkpoints(&self, from: i64, limit: i64) -> Result<Vec<Checkpoint>, Error> {
        const SQL: &str =
            "SELECT size, root, note, at FROM checkpoints WHERE size >= $1 ORDER BY size LIMIT $2";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(from).bind(limit).fetch_all(pool).await)?)
    }

    /// Records a checkpoint; its size is the key, so two roots for one size cannot both be signed.
    ///
    /// # Errors
    /// [`Error`] when a checkpoint of this size exists or the database fails.
    pub async fn insert_checkpoint(
        &self,
        size: i64,
        root: &Digest,
        note: &str,
        at: Millis,
    ) -> Result<(), Error> {
        const SQL: &str = "INSERT INTO checkpoints (size, root, note, at) VALUES ($1, $2, $3, $4)";
        let mut tx = self.begin().await?;
        on!(&mut tx, |c| {
            sqlx::query(SQL).bind(size).bind(root.as_slice()).bind(note).bind(at.0).execute(c).await.map(drop)
        })?;
        tx.commit().await
    }

    /// Takes or keeps a lease until `until`; `false` while somebody else holds it.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn lease(&self, name: &str, holder: Uuid, now: Millis, until: Millis) -> Result<bool, Error> {
        const SQL: &str = "INSERT INTO leases (name, holder, until) VALUES ($1, $2, $3) \
             ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until \
             WHERE leases.holder = excluded.holder OR leases.until < $4";
        let mut tx = self.begin().await?;
        let rows = on!(&mut tx, |c| {
            sqlx::query(SQL)
                .bind(name)
                .bind(holder)
                .bind(until.0)
                .bind(now.0)
                .execute(c)
                .await
                .map(|done| done.rows_affected())
        })?;
        tx.commit().await?;
        Ok(rows == 1)
    }
}
