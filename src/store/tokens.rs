//! Issued tokens: what revocation, introspection and the data endpoint need to know beside the token itself.

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

impl Store {
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
