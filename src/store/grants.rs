//! Grants and what OAuth hands out on the way to a token: pushed requests, codes, refresh tokens, backchannel requests.
//!
//! Secrets are stored as SHA-256 only; what they carry is sealed. Out of scope: what they mean (`oauth`), and the codes
//! by which people let agencies ask (`hints`).

use std::time::Duration;

use uuid::Uuid;

use super::{
    Error, Store, Tx,
    append::{GrantHolds, Prompts},
    on, read,
};
use crate::time::Millis;

/// A grant (Grant Management for OAuth 2.0).
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Grant {
    /// Its public id.
    pub id: Uuid,
    /// The client it was made for.
    pub client: Uuid,
    /// The person.
    pub subject: Uuid,
    /// When it began, milliseconds.
    pub created_at: i64,
    /// When it last changed, milliseconds.
    pub updated_at: i64,
    /// When it ended, milliseconds.
    pub revoked_at: Option<i64>,
}

/// A refresh token, by its SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Refresh {
    /// SHA-256 of the token.
    pub hash: Vec<u8>,
    /// The grant it belongs to.
    pub grant_id: Uuid,
    /// The client it was issued to.
    pub client: Uuid,
    /// When, milliseconds.
    pub created_at: i64,
    /// When it ended, milliseconds.
    pub revoked_at: Option<i64>,
}

/// An authorization code, by its SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Code {
    /// SHA-256 of the code.
    pub hash: Vec<u8>,
    /// The client it was issued to.
    pub client: Uuid,
    /// The consent behind it.
    pub consent: Uuid,
    /// What it is bound to, sealed.
    pub sealed: Vec<u8>,
    /// When it ends, milliseconds.
    pub expires: i64,
}

/// A pushed authorization request, by the SHA-256 of its `request_uri`.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Pushed {
    /// SHA-256 of the `request_uri`.
    pub hash: Vec<u8>,
    /// The client that pushed it.
    pub client: Uuid,
    /// The consent that was asked for with it, once somebody came.
    pub consent: Option<Uuid>,
    /// SHA-256 of the cookie of the browser that arrived with it: where the answer goes.
    pub browser: Option<Vec<u8>>,
    /// Its parameters, sealed.
    pub sealed: Vec<u8>,
    /// Until when somebody can arrive with it, milliseconds.
    pub expires: i64,
    /// When that browser went back with what became of it, milliseconds.
    pub left_at: Option<i64>,
}

/// A backchannel authentication request, by the SHA-256 of its `auth_req_id`.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Backchannel {
    /// SHA-256 of the `auth_req_id`.
    pub hash: Vec<u8>,
    /// The client.
    pub client: Uuid,
    /// The person.
    pub subject: Uuid,
    /// The consent asked for; `None` when it was withheld from the person.
    pub consent: Option<Uuid>,
    /// Its parameters, sealed.
    pub sealed: Vec<u8>,
    /// When, milliseconds.
    pub asked_at: i64,
    /// When it ends, milliseconds.
    pub expires: i64,
    /// Before this the client polls too fast, milliseconds.
    pub next_poll: i64,
    /// Whether it was asked with a code the person made herself.
    pub invited: bool,
}

/// How many backchannel requests that she had not invited reached a person ($1) after an instant ($2).
const REACHED: &str = "SELECT COUNT(*) FROM backchannel_requests \
     WHERE subject = $1 AND asked_at > $2 AND consent IS NOT NULL AND NOT invited";

impl Store {
    /// The grant with this id.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn grant(&self, id: Uuid) -> Result<Option<Grant>, Error> {
        const SQL: &str = "SELECT * FROM grants WHERE id = $1";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(id).fetch_optional(pool).await)?)
    }

    /// The refresh token with this SHA-256.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn refresh_token(&self, hash: &[u8]) -> Result<Option<Refresh>, Error> {
        const SQL: &str = "SELECT * FROM refresh_tokens WHERE hash = $1";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(hash).fetch_optional(pool).await)?)
    }

    /// The code with this SHA-256.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn code(&self, hash: &[u8]) -> Result<Option<Code>, Error> {
        const SQL: &str = "SELECT * FROM codes WHERE hash = $1";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(hash).fetch_optional(pool).await)?)
    }

    /// Whether something that may be used once was used: a code or an `auth_req_id`, by its replay id.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn was_used(&self, id: Uuid) -> Result<bool, Error> {
        const SQL: &str = "SELECT 1 FROM replay WHERE id = $1";
        let found: Option<(i32,)> =
            read!(self, |pool| sqlx::query_as(SQL).bind(id).fetch_optional(pool).await)?;
        Ok(found.is_some())
    }

    /// The pushed request with this SHA-256.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn pushed(&self, hash: &[u8]) -> Result<Option<Pushed>, Error> {
        const SQL: &str = "SELECT * FROM pushed_requests WHERE hash = $1";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(hash).fetch_optional(pool).await)?)
    }

    /// The pushed request behind a consent.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn pushed_for(&self, consent: Uuid) -> Result<Option<Pushed>, Error> {
        const SQL: &str = "SELECT * FROM pushed_requests WHERE consent = $1";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(consent).fetch_optional(pool).await)?)
    }

    /// Lets the browser of a pushed request go back to the agency: `true` the first time only. With a code, which is
    /// kept in the same transaction, only while the consent it was given on is in force.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn leave(&self, pushed: &[u8], code: Option<&Code>, now: Millis) -> Result<bool, Error> {
        const EMPTY: &str = "UPDATE pushed_requests SET left_at = $2 WHERE hash = $1 AND left_at IS NULL";
        const WITH_CODE: &str = "UPDATE pushed_requests SET left_at = $2 WHERE hash = $1 AND left_at IS NULL \
             AND EXISTS (SELECT 1 FROM consents WHERE id = pushed_requests.consent AND state = 'given')";
        let sql = if code.is_some() { WITH_CODE } else { EMPTY };
        let mut tx = self.begin().await?;
        let left = on!(&mut tx, |c| {
            sqlx::query(sql).bind(pushed).bind(now.0).execute(c).await.map(|d| d.rows_affected())
        })?;
        if let (1, Some(code)) = (left, code) {
            put_code(&mut tx, code).await?;
        }
        tx.commit().await?;
        Ok(left == 1)
    }

    /// Keeps a pushed request that nobody has arrived with.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn insert_pushed(&self, pushed: &Pushed) -> Result<(), Error> {
        const SQL: &str =
            "INSERT INTO pushed_requests (hash, client, sealed, expires) VALUES ($1, $2, $3, $4)";
        let mut tx = self.begin().await?;
        on!(&mut tx, |c| {
            sqlx::query(SQL)
                .bind(&pushed.hash)
                .bind(pushed.client)
                .bind(&pushed.sealed)
                .bind(pushed.expires)
                .execute(c)
                .await
                .map(drop)
        })?;
        tx.commit().await
    }

    /// The backchannel request with this SHA-256.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn backchannel(&self, hash: &[u8]) -> Result<Option<Backchannel>, Error> {
        const SQL: &str = "SELECT * FROM backchannel_requests WHERE hash = $1";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(hash).fetch_optional(pool).await)?)
    }

    /// The backchannel request behind a consent.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn backchannel_for(&self, consent: Uuid) -> Result<Option<Backchannel>, Error> {
        const SQL: &str = "SELECT * FROM backchannel_requests WHERE consent = $1";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(consent).fetch_optional(pool).await)?)
    }

    /// How many backchannel requests reached a person since an instant, whoever asked; withheld ones did not, and those
    /// she invited are not counted.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn backchannel_since(&self, subject: Uuid, since: Millis) -> Result<i64, Error> {
        let (n,): (i64,) = read!(self, |pool| {
            sqlx::query_as(REACHED).bind(subject).bind(since.0).fetch_one(pool).await
        })?;
        Ok(n)
    }

    /// Keeps a backchannel request.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn insert_backchannel(&self, request: &Backchannel) -> Result<(), Error> {
        let mut tx = self.begin().await?;
        put_backchannel(&mut tx, request).await?;
        tx.commit().await
    }

    /// Notes a poll: `true` when the client kept its pace of one in `interval`, which then begins anew. One that came
    /// too fast changes nothing: CIBA Core §11 has the client slow down, and a server that slowed down with it would
    /// never again meet a client that lost one of its answers.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn note_poll(&self, hash: &[u8], now: Millis, interval: Duration) -> Result<bool, Error> {
        const SQL: &str =
            "UPDATE backchannel_requests SET next_poll = $3 WHERE hash = $1 AND next_poll <= $2";
        let next = now + interval;
        let mut tx = self.begin().await?;
        let kept = on!(&mut tx, |c| {
            sqlx::query(SQL).bind(hash).bind(now.0).bind(next.0).execute(c).await.map(|d| d.rows_affected())
        })?;
        tx.commit().await?;
        Ok(kept == 1)
    }
}

/// Binds a pushed request to the consent asked for with it, and to the browser that arrived.
pub(super) async fn bind_pushed(
    tx: &mut Tx,
    hash: &[u8],
    consent: Uuid,
    browser: &[u8],
) -> Result<(), Error> {
    const SQL: &str = "UPDATE pushed_requests SET consent = $2, browser = $3 WHERE hash = $1";
    on!(tx, |c| sqlx::query(SQL).bind(hash).bind(consent).bind(browser).execute(c).await.map(drop))?;
    Ok(())
}

/// Keeps a backchannel request.
pub(super) async fn put_backchannel(tx: &mut Tx, request: &Backchannel) -> Result<(), Error> {
    const SQL: &str = "INSERT INTO backchannel_requests \
         (hash, client, subject, consent, sealed, asked_at, expires, next_poll, invited) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    on!(tx, |c| {
        sqlx::query(SQL)
            .bind(&request.hash)
            .bind(request.client)
            .bind(request.subject)
            .bind(request.consent)
            .bind(&request.sealed)
            .bind(request.asked_at)
            .bind(request.expires)
            .bind(request.next_poll)
            .bind(request.invited)
            .execute(c)
            .await
            .map(drop)
    })?;
    Ok(())
}

/// Keeps a code.
async fn put_code(tx: &mut Tx, code: &Code) -> Result<(), Error> {
    const SQL: &str =
        "INSERT INTO codes (hash, client, consent, sealed, expires) VALUES ($1, $2, $3, $4, $5)";
    on!(tx, |c| {
        sqlx::query(SQL)
            .bind(&code.hash)
            .bind(code.client)
            .bind(code.consent)
            .bind(&code.sealed)
            .bind(code.expires)
            .execute(c)
            .await
            .map(drop)
    })?;
    Ok(())
}

/// Makes a grant, or notes that it changed.
pub(super) async fn put(tx: &mut Tx, grant: &Grant) -> Result<(), Error> {
    const SQL: &str = "INSERT INTO grants (id, client, subject, created_at, updated_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (id) DO UPDATE SET updated_at = excluded.updated_at";
    on!(tx, |c| {
        sqlx::query(SQL)
            .bind(grant.id)
            .bind(grant.client)
            .bind(grant.subject)
            .bind(grant.created_at)
            .bind(grant.updated_at)
            .execute(c)
            .await
            .map(drop)
    })?;
    Ok(())
}

/// Whether one more question may reach a person; the caller holds the head.
pub(super) async fn bears(tx: &mut Tx, prompts: Prompts) -> Result<bool, Error> {
    let Prompts { subject, since, most } = prompts;
    let (reached,): (i64,) =
        on!(tx, |c| sqlx::query_as(REACHED).bind(subject).bind(since.0).fetch_one(c).await)?;
    Ok(reached < most)
}

/// Whether a grant has not ended and exactly these consents stand in it; the caller holds the head.
pub(super) async fn holds(tx: &mut Tx, wanted: &GrantHolds) -> Result<bool, Error> {
    const SQL: &str = "SELECT g.id, c.id FROM grants g LEFT JOIN consents c \
           ON c.grant_id = g.id AND c.state IN ('given', 'paused', 'under_review') \
         WHERE g.id = $1 AND g.revoked_at IS NULL ORDER BY c.id";
    let rows: Vec<(Uuid, Option<Uuid>)> =
        on!(tx, |c| sqlx::query_as(SQL).bind(wanted.grant).fetch_all(c).await)?;
    Ok(!rows.is_empty() && rows.into_iter().filter_map(|row| row.1).eq(wanted.consents.iter().copied()))
}

/// Keeps a refresh token.
pub(super) async fn put_refresh(tx: &mut Tx, refresh: &Refresh) -> Result<(), Error> {
    const SQL: &str =
        "INSERT INTO refresh_tokens (hash, grant_id, client, created_at) VALUES ($1, $2, $3, $4)";
    on!(tx, |c| {
        sqlx::query(SQL)
            .bind(&refresh.hash)
            .bind(refresh.grant_id)
            .bind(refresh.client)
            .bind(refresh.created_at)
            .execute(c)
            .await
            .map(drop)
    })?;
    Ok(())
}

/// Ends the refresh tokens of a grant, and nothing else (Grant Management: merge and replace).
pub(super) async fn end_refresh(tx: &mut Tx, grant: Uuid, at: Millis) -> Result<(), Error> {
    const SQL: &str = "UPDATE refresh_tokens SET revoked_at = $2 WHERE grant_id = $1 AND revoked_at IS NULL";
    on!(tx, |c| sqlx::query(SQL).bind(grant).bind(at.0).execute(c).await.map(drop))?;
    Ok(())
}

/// Ends the access and refresh tokens of a grant; its consents are ended by their own steps.
pub(super) async fn revoke(tx: &mut Tx, grant: Uuid, at: Millis) -> Result<(), Error> {
    const GRANT: &str =
        "UPDATE grants SET revoked_at = $2, updated_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    const TOKENS: &str = "UPDATE tokens SET revoked_at = $2 WHERE revoked_at IS NULL \
         AND consent IN (SELECT id FROM consents WHERE grant_id = $1)";
    on!(tx, |c| sqlx::query(GRANT).bind(grant).bind(at.0).execute(c).await.map(drop))?;
    on!(tx, |c| sqlx::query(TOKENS).bind(grant).bind(at.0).execute(c).await.map(drop))?;
    end_refresh(tx, grant, at).await
}

/// Ends a grant and its refresh tokens when none of its consents stands any more.
pub(super) async fn end_if_empty(tx: &mut Tx, grant: Uuid, at: Millis) -> Result<(), Error> {
    const SQL: &str = "UPDATE grants SET revoked_at = $2, updated_at = $2 WHERE id = $1 AND revoked_at IS NULL \
         AND NOT EXISTS (SELECT 1 FROM consents WHERE grant_id = $1 AND state IN ('given', 'paused', 'under_review'))";
    let ended =
        on!(tx, |c| sqlx::query(SQL).bind(grant).bind(at.0).execute(c).await.map(|d| d.rows_affected()))?;
    if ended == 1 { end_refresh(tx, grant, at).await } else { Ok(()) }
}
