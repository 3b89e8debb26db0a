//! The log's head, its signed checkpoints, the leases of jobs that one process does for all, and how far the one of them
//! has come that goes through everything.

use uuid::Uuid;

use super::{Error, Store, Tx, on, read};
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

/// How far the look for consents that another policy bundle has overtaken has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Sweep {
    /// Which look it is: each activation of a bundle begins one.
    pub round: i64,
    /// The last consent looked at, in the order of ids; `None` when nothing is left to look at.
    pub reached: Option<Uuid>,
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

    /// How far the look for overtaken consents has come.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn sweep(&self) -> Result<Sweep, Error> {
        const SQL: &str = "SELECT round, reached FROM consent_sweep WHERE one = 1";
        Ok(read!(self, |pool| sqlx::query_as(SQL).fetch_one(pool).await)?)
    }

    /// Writes down how far it has come from `from`, unless another look has begun or somebody else was faster: it never
    /// goes back, and what was looked at by another bundle does not count.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn advance_sweep(&self, from: Sweep, reached: Option<Uuid>) -> Result<(), Error> {
        const SQL: &str =
            "UPDATE consent_sweep SET reached = $3 WHERE one = 1 AND round = $1 AND reached = $2";
        let mut tx = self.begin().await?;
        on!(&mut tx, |c| {
            sqlx::query(SQL).bind(from.round).bind(from.reached).bind(reached).execute(c).await.map(drop)
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

/// Begins the look for overtaken consents anew: for the transaction in which another bundle becomes the active one.
pub(super) async fn begin_sweep(tx: &mut Tx) -> Result<(), Error> {
    const SQL: &str = "UPDATE consent_sweep SET round = round + 1, reached = $1 WHERE one = 1";
    on!(tx, |c| sqlx::query(SQL).bind(Uuid::nil()).execute(c).await.map(drop))?;
    Ok(())
}
