//! Issued tokens: what revocation, introspection and the data endpoint need to know beside the token itself.

use std::ops::Range;

use uuid::Uuid;

use super::{Error, Store, append::Reserve, on, read};

/// A token's state.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Token {
    /// Its `jti`.
    pub jti: Uuid,
    /// The client it was issued to.
    pub client: Uuid,
    /// The person it is about.
    pub subject: Uuid,
    /// The entry that recorded its issue.
    pub entry: Uuid,
    /// Its audience.
    pub audience: String,
    /// When it ends, milliseconds.
    pub expires: i64,
    /// Uses that remain.
    pub uses_left: i64,
    /// When it was revoked, milliseconds.
    pub revoked_at: Option<i64>,
    /// The consent it rests on.
    pub consent: Option<Uuid>,
    /// The grant it was taken from.
    pub grant_id: Option<Uuid>,
    /// Its place in the status lists.
    pub status: Option<i64>,
}

/// A token that does not simply stand, as a status list tells it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Ended {
    /// Its place in the status lists.
    pub status: i64,
    /// When it was revoked, milliseconds.
    pub revoked_at: Option<i64>,
    /// Since when its client is suspended, milliseconds.
    pub suspended_at: Option<i64>,
    /// The word of the state of the consent it rests on.
    pub state: Option<String>,
}

impl Store {
    /// The tokens with a place in this range that have not ended and are not simply valid.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn not_valid(&self, places: &Range<i64>, now: i64) -> Result<Vec<Ended>, Error> {
        const SQL: &str = "SELECT t.status, t.revoked_at, k.suspended_at, c.state FROM tokens t \
             JOIN clients k ON k.id = t.client LEFT JOIN consents c ON c.id = t.consent \
             WHERE t.status >= $1 AND t.status < $2 AND t.expires > $3 \
               AND (t.revoked_at IS NOT NULL OR k.suspended_at IS NOT NULL \
                 OR (t.consent IS NOT NULL AND (c.state IS NULL OR c.state <> 'given')))";
        Ok(read!(self, |pool| {
            sqlx::query_as(SQL).bind(places.start).bind(places.end).bind(now).fetch_all(pool).await
        })?)
    }

    /// Takes the next `n` numbers of a counter.
    ///
    /// # Errors
    /// [`Error`] when the database fails or has no such counter.
    pub async fn take_numbers(&self, name: &'static str, n: i64) -> Result<Range<i64>, Error> {
        const SQL: &str = "UPDATE counters SET next = next + $2 WHERE name = $1 RETURNING next";
        let mut tx = self.begin().await?;
        let row: Option<(i64,)> =
            on!(&mut tx, |c| sqlx::query_as(SQL).bind(name).bind(n).fetch_optional(c).await)?;
        tx.commit().await?;
        let (next,) = row.ok_or(Error::Inconsistent { table: "counters", row: name.to_owned() })?;
        Ok(next.saturating_sub(n)..next)
    }

    /// The first number of a counter that nobody has taken.
    ///
    /// # Errors
    /// [`Error`] when the database fails or has no such counter.
    pub async fn next_number(&self, name: &'static str) -> Result<i64, Error> {
        const SQL: &str = "SELECT next FROM counters WHERE name = $1";
        let row: Option<(i64,)> =
            read!(self, |pool| sqlx::query_as(SQL).bind(name).fetch_optional(pool).await)?;
        row.map(|row| row.0).ok_or(Error::Inconsistent { table: "counters", row: name.to_owned() })
    }

    /// The token with this `jti`.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn token(&self, jti: Uuid) -> Result<Option<Token>, Error> {
        const SQL: &str = "SELECT * FROM tokens WHERE jti = $1";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(jti).fetch_optional(pool).await)?)
    }

    /// Gives a reserved use back, unless an entry has consumed it meanwhile.
    ///
    /// # Errors
    /// [`Error`] when the database fails; the use is then lost, never doubled.
    pub async fn give_back(&self, use_: Reserve) -> Result<(), Error> {
        const LOCK: &str = "UPDATE tokens SET uses_left = uses_left WHERE jti = $1";
        const GONE: &str = "DELETE FROM uses WHERE jti = $1 AND key = $2 AND consumed = 0";
        const BACK: &str = "UPDATE tokens SET uses_left = uses_left + 1 WHERE jti = $1";
        let mut tx = self.begin().await?;
        // The token's row first: the order in which every batch takes its locks.
        on!(&mut tx, |c| sqlx::query(LOCK).bind(use_.jti).execute(c).await.map(drop))?;
        let gone = on!(&mut tx, |c| {
            sqlx::query(GONE).bind(use_.jti).bind(use_.key).execute(c).await.map(|d| d.rows_affected())
        })?;
        if gone == 1 {
            on!(&mut tx, |c| sqlx::query(BACK).bind(use_.jti).execute(c).await.map(drop))?;
        }
        tx.commit().await
    }
}
