//! Entries as rows: read by a person's chain, by agency, by id, or in the order of the log.

use uuid::Uuid;

use super::{Error, Store, read};

/// An entry as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Entry {
    /// Its index in the log.
    pub idx: i64,
    /// Its id.
    pub id: Uuid,
    /// Whose chain it belongs to.
    pub subject: Uuid,
    /// Its number in that chain, from 1.
    pub n: i64,
    /// When it happened, milliseconds.
    pub at: i64,
    /// Its kind.
    pub kind: String,
    /// The agency that acted.
    pub agency: Option<String>,
    /// The leaf's bytes.
    pub leaf: Vec<u8>,
    /// The sealed record.
    pub sealed: Vec<u8>,
}

impl Store {
    /// The entry with this id.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn entry(&self, id: Uuid) -> Result<Option<Entry>, Error> {
        const SQL: &str = "SELECT * FROM entries WHERE id = $1";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(id).fetch_optional(pool).await)?)
    }

    /// A subject's entries with numbers below `before`, newest first.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn chain(&self, subject: Uuid, before: i64, limit: i64) -> Result<Vec<Entry>, Error> {
        const SQL: &str = "SELECT * FROM entries WHERE subject = $1 AND n < $2 ORDER BY n DESC LIMIT $3";
        Ok(read!(self, |pool| {
            sqlx::query_as(SQL).bind(subject).bind(before).bind(limit).fetch_all(pool).await
        })?)
    }

    /// An agency's entries with indices below `before` and times in `[from, to)`, newest first.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn agency_entries(
        &self,
        agency: &str,
        before: i64,
        (from, to): (i64, i64),
        limit: i64,
    ) -> Result<Vec<Entry>, Error> {
        const SQL: &str = "SELECT * FROM entries WHERE agency = $1 AND idx < $2 AND at >= $3 AND at < $4 \
             ORDER BY idx DESC LIMIT $5";
        Ok(read!(self, |pool| {
            sqlx::query_as(SQL)
                .bind(agency)
                .bind(before)
                .bind(from)
                .bind(to)
                .bind(limit)
                .fetch_all(pool)
                .await
        })?)
    }

    /// Entries from index `from` on, in the order of the log.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn log_entries(&self, from: i64, limit: i64) -> Result<Vec<Entry>, Error> {
        const SQL: &str = "SELECT * FROM entries WHERE idx >= $1 ORDER BY idx LIMIT $2";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(from).bind(limit).fetch_all(pool).await)?)
    }

    /// Leaves in `[from, to)`, in the order of the log.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn leaves(&self, from: i64, to: i64) -> Result<Vec<(i64, Vec<u8>)>, Error> {
        const SQL: &str = "SELECT idx, leaf FROM entries WHERE idx >= $1 AND idx < $2 ORDER BY idx";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(from).bind(to).fetch_all(pool).await)?)
    }

    /// The entry that already stands for everything with this collapsing id, once it is committed.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn collapsed(&self, id: Uuid) -> Result<Option<Uuid>, Error> {
        const SQL: &str = "SELECT entry FROM refusals WHERE id = $1";
        let row: Option<(Uuid,)> =
            read!(self, |pool| sqlx::query_as(SQL).bind(id).fetch_optional(pool).await)?;
        Ok(row.map(|row| row.0))
    }

    /// How many further refusals each of these entries stands for.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn refusals_of(&self, entry: Uuid) -> Result<i64, Error> {
        const SQL: &str = "SELECT COALESCE(MAX(count), 1) FROM refusals WHERE entry = $1";
        let row: (i64,) = read!(self, |pool| sqlx::query_as(SQL).bind(entry).fetch_one(pool).await)?;
        Ok(row.0)
    }
}
