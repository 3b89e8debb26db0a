//! Browser sessions and sign-ins under way, on the server's side; the cookie is only a random name for them.

use uuid::Uuid;

use super::{Error, Store, on, read};
use crate::{crypto::Digest, time::Millis};

/// A session as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Session {
    /// SHA-256 of the cookie.
    pub id: Vec<u8>,
    /// The issuer that signed the person in.
    pub issuer: String,
    /// Keyed digest of the person's subject at that issuer: what back-channel logout finds the session by.
    pub sub: Vec<u8>,
    /// Keyed digest of the issuer's own session id.
    pub sid: Option<Vec<u8>>,
    /// The citizen, when it is one.
    pub subject: Option<Uuid>,
    /// Who signed in and how, sealed.
    pub sealed: Vec<u8>,
    /// When it was last used, milliseconds.
    pub seen_at: i64,
    /// When it ends, milliseconds.
    pub expires: i64,
}

impl Store {
    /// Keeps what a sign-in under way must remember, under the digest of its `state`.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn insert_sign_in(&self, state: &Digest, sealed: &[u8], expires: Millis) -> Result<(), Error> {
        const SQL: &str = "INSERT INTO sign_ins (state, sealed, expires) VALUES ($1, $2, $3)";
        let mut tx = self.begin().await?;
        on!(&mut tx, |c| {
            sqlx::query(SQL).bind(state.as_slice()).bind(sealed).bind(expires.0).execute(c).await.map(drop)
        })?;
        tx.commit().await
    }

    /// Takes a sign-in out, so that its `state` works once.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn take_sign_in(&self, state: &Digest, now: Millis) -> Result<Option<Vec<u8>>, Error> {
        const SQL: &str = "DELETE FROM sign_ins WHERE state = $1 RETURNING sealed, expires";
        let mut tx = self.begin().await?;
        let row: Option<(Vec<u8>, i64)> =
            on!(&mut tx, |c| sqlx::query_as(SQL).bind(state.as_slice()).fetch_optional(c).await)?;
        tx.commit().await?;
        Ok(row.filter(|(_, expires)| *expires > now.0).map(|(sealed, _)| sealed))
    }

    /// Begins a session.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn insert_session(&self, session: &Session) -> Result<(), Error> {
        const SQL: &str = "INSERT INTO sessions (id, issuer, sub, sid, subject, sealed, seen_at, expires) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let mut tx = self.begin().await?;
        on!(&mut tx, |c| {
            sqlx::query(SQL)
                .bind(&session.id)
                .bind(&session.issuer)
                .bind(&session.sub)
                .bind(&session.sid)
                .bind(session.subject)
                .bind(&session.sealed)
                .bind(session.seen_at)
                .bind(session.expires)
                .execute(c)
                .await
                .map(drop)
        })?;
        tx.commit().await
    }

    /// The session under this digest, unless it has ended.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn session(&self, id: &Digest, now: Millis) -> Result<Option<Session>, Error> {
        const SQL: &str = "SELECT id, issuer, sub, sid, subject, sealed, seen_at, expires FROM sessions \
             WHERE id = $1 AND expires > $2";
        Ok(read!(self, |pool| {
            sqlx::query_as(SQL).bind(id.as_slice()).bind(now.0).fetch_optional(pool).await
        })?)
    }

    /// Notes that a session is in use.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn touch_session(&self, id: &Digest, now: Millis) -> Result<(), Error> {
        const SQL: &str = "UPDATE sessions SET seen_at = $2 WHERE id = $1";
        let mut tx = self.begin().await?;
        on!(&mut tx, |c| sqlx::query(SQL).bind(id.as_slice()).bind(now.0).execute(c).await.map(drop))?;
        tx.commit().await
    }

    /// Writes what is sealed in a session anew.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn seal_session(&self, id: &Digest, sealed: &[u8]) -> Result<(), Error> {
        const SQL: &str = "UPDATE sessions SET sealed = $2 WHERE id = $1";
        let mut tx = self.begin().await?;
        on!(&mut tx, |c| sqlx::query(SQL).bind(id.as_slice()).bind(sealed).execute(c).await.map(drop))?;
        tx.commit().await
    }

    /// Ends one session.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn end_session(&self, id: &Digest) -> Result<(), Error> {
        const SQL: &str = "DELETE FROM sessions WHERE id = $1";
        let mut tx = self.begin().await?;
        on!(&mut tx, |c| sqlx::query(SQL).bind(id.as_slice()).execute(c).await.map(drop))?;
        tx.commit().await
    }

    /// Ends every session of a person at an issuer, or only the one with that `sid` (OIDC Back-Channel Logout §2.7).
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn end_sessions_of(
        &self,
        issuer: &str,
        sub: Option<&Digest>,
        sid: Option<&Digest>,
    ) -> Result<u64, Error> {
        const BY_SID: &str = "DELETE FROM sessions WHERE issuer = $1 AND sid = $2";
        const BY_SUB: &str = "DELETE FROM sessions WHERE issuer = $1 AND sub = $2";
        let (sql, key) = match (sub, sid) {
            (_, Some(sid)) => (BY_SID, sid),
            (Some(sub), None) => (BY_SUB, sub),
            (None, None) => return Ok(0),
        };
        let mut tx = self.begin().await?;
        let ended = on!(&mut tx, |c| {
            sqlx::query(sql)
                .bind(issuer)
                .bind(key.as_slice())
                .execute(c)
                .await
                .map(|done| done.rows_affected())
        })?;
        tx.commit().await?;
        Ok(ended)
    }
}
