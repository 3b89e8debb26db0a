//! Consents, their events, their uses and the texts people saw.
//!
//! A row is the projection of its events and changes only together with one, in the transaction of an entry
//! (`append`). Out of scope: what is sealed inside, and which act is lawful (`domain::consent`).

use uuid::Uuid;

use super::{Error, Store, Tx, on, read};
use crate::{
    domain::consent::{Act, State},
    time::Millis,
};

/// A consent as it stands.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Consent {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub subject: Uuid,
    /// The client that asked.
    pub client: Uuid,
    /// The grant that came of it.
    pub grant_id: Option<Uuid>,
    /// The word of its [`State`].
    pub state: String,
    /// How many events it has; what a change must know.
    pub revision: i64,
    /// When it was asked for, milliseconds.
    pub asked_at: i64,
    /// Until when it may be answered, milliseconds.
    pub answer_by: i64,
    /// The first instant it counts, milliseconds.
    pub starts: i64,
    /// The first instant it no longer counts, milliseconds.
    pub expires: i64,
    /// Tokens that may be taken on it.
    pub max_uses: i64,
    /// Tokens that were, counted as it was read.
    pub used: i64,
    /// When the last of them was, milliseconds.
    pub last_use: Option<i64>,
    /// Not more than so many …
    pub freq_n: Option<i64>,
    /// … in so many milliseconds.
    pub freq_ms: Option<i64>,
    /// From this minute of the day in Vietnam …
    pub opens: Option<i64>,
    /// … to before this one.
    pub closes: Option<i64>,
    /// When the clockwork looks at it next, milliseconds; `None` when nothing more can happen by itself.
    pub wake: Option<i64>,
    /// The record, sealed under the person's key.
    pub sealed: Vec<u8>,
}

/// An event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Event {
    /// The consent.
    pub consent: Uuid,
    /// Its number, from 1.
    pub seq: i64,
    /// When, milliseconds.
    pub at: i64,
    /// The word of its [`Act`].
    pub act: String,
    /// The word of the state it led to.
    pub state: String,
    /// The ledger entry that recorded it.
    pub entry: Uuid,
    /// Who and how, sealed under the person's key.
    pub sealed: Vec<u8>,
}

/// A consent begins.
#[derive(Clone, Debug)]
pub struct Begin {
    /// The row, with revision 1.
    pub row: Consent,
    /// The entry that records it.
    pub entry: Uuid,
    /// Its first event, sealed.
    pub event: Vec<u8>,
}

/// A consent goes from one state to the next.
#[derive(Clone, Debug)]
pub struct Step {
    /// The row as it shall be; its revision is one more than the one it was computed from.
    pub row: Consent,
    /// What happened.
    pub act: Act,
    /// The state it leads to.
    pub state: State,
    /// The entry that records it.
    pub entry: Uuid,
    /// The event, sealed.
    pub event: Vec<u8>,
    /// The text that was shown.
    pub text: Option<Text>,
}

/// A text as people saw it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Text {
    /// SHA-256 of `body`.
    pub hash: Vec<u8>,
    /// `vi` or `en`.
    pub lang: String,
    /// The HTML fragment.
    pub body: String,
}

/// A token that was issued on a consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Use {
    /// When, milliseconds.
    pub at: i64,
    /// The token's `jti`.
    pub token: Uuid,
    /// The entry that recorded its issue; it outlives the token.
    pub entry: Uuid,
}

impl Store {
    /// The consent with this id.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn consent(&self, id: Uuid) -> Result<Option<Consent>, Error> {
        const SQL: &str = "SELECT * FROM consents_now WHERE id = $1";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(id).fetch_optional(pool).await)?)
    }

    /// All consents of a person, newest first.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn consents_of(&self, subject: Uuid) -> Result<Vec<Consent>, Error> {
        const SQL: &str = "SELECT * FROM consents_now WHERE subject = $1 ORDER BY id DESC";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(subject).fetch_all(pool).await)?)
    }

    /// The consents of a grant, oldest first.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn consents_of_grant(&self, grant: Uuid) -> Result<Vec<Consent>, Error> {
        const SQL: &str = "SELECT * FROM consents_now WHERE grant_id = $1 ORDER BY id";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(grant).fetch_all(pool).await)?)
    }

    /// Consents that stand, by id, after one. What each is for is sealed under her key, purpose and version too: no index
    /// finds those of another version, and whoever looks for them opens each.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn consents_standing(&self, after: Uuid, most: i64) -> Result<Vec<Consent>, Error> {
        const SQL: &str = "SELECT * FROM consents_now \
             WHERE id > $1 AND state IN ('given', 'paused', 'under_review') ORDER BY id LIMIT $2";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(after).bind(most).fetch_all(pool).await)?)
    }

    /// Consents the clockwork must look at, the longest overdue first.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn consents_awake(&self, now: Millis, most: i64) -> Result<Vec<Consent>, Error> {
        const SQL: &str = "SELECT * FROM consents_now WHERE wake <= $1 ORDER BY wake LIMIT $2";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(now.0).bind(most).fetch_all(pool).await)?)
    }

    /// Sets when the clockwork looks at a consent next, milliseconds; no event, nothing else changes.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn wake_consent(&self, id: Uuid, wake: i64) -> Result<(), Error> {
        const SQL: &str = "UPDATE consents SET wake = $2 WHERE id = $1 AND wake IS NOT NULL";
        let mut tx = self.begin().await?;
        on!(&mut tx, |c| sqlx::query(SQL).bind(id).bind(wake).execute(c).await.map(drop))?;
        tx.commit().await
    }

    /// The events of a consent, in order.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn consent_events(&self, consent: Uuid) -> Result<Vec<Event>, Error> {
        const SQL: &str = "SELECT * FROM consent_events WHERE consent = $1 ORDER BY seq";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(consent).fetch_all(pool).await)?)
    }

    /// The newest `most` uses of a consent, newest first.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn consent_uses(&self, consent: Uuid, most: i64) -> Result<Vec<Use>, Error> {
        const SQL: &str =
            "SELECT at, token, entry FROM consent_uses WHERE consent = $1 ORDER BY at DESC, token LIMIT $2";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(consent).bind(most).fetch_all(pool).await)?)
    }

    /// How many tokens were issued on a consent after an instant.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn consent_uses_since(&self, consent: Uuid, after: Millis) -> Result<i64, Error> {
        const SQL: &str = "SELECT COUNT(*) FROM consent_uses WHERE consent = $1 AND at > $2";
        let (n,): (i64,) =
            read!(self, |pool| sqlx::query_as(SQL).bind(consent).bind(after.0).fetch_one(pool).await)?;
        Ok(n)
    }

    /// A text people saw, by its SHA-256.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn consent_text(&self, hash: &[u8]) -> Result<Option<Text>, Error> {
        const SQL: &str = "SELECT * FROM consent_texts WHERE hash = $1";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(hash).fetch_optional(pool).await)?)
    }
}

/// Has the clockwork look at every request that waits for an answer: what it asks for may have changed.
pub(super) async fn wake_waiting(tx: &mut Tx, at: Millis) -> Result<(), Error> {
    const SQL: &str =
        "UPDATE consents SET wake = $1 WHERE wake > $1 AND state IN ('requested', 'deferred', 'half_given')";
    on!(tx, |c| sqlx::query(SQL).bind(at.0).execute(c).await.map(drop))?;
    Ok(())
}

/// Inserts a consent with its first event.
pub(super) async fn begin(tx: &mut Tx, begin: &Begin, at: Millis) -> Result<(), Error> {
    const SQL: &str = "INSERT INTO consents (id, subject, client, grant_id, state, revision, asked_at, answer_by, \
           starts, expires, max_uses, freq_n, freq_ms, opens, closes, wake, sealed) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    let row = &begin.row;
    on!(tx, |c| {
        sqlx::query(SQL)
            .bind(row.id)
            .bind(row.subject)
            .bind(row.client)
            .bind(row.grant_id)
            .bind(&row.state)
            .bind(row.revision)
            .bind(row.asked_at)
            .bind(row.answer_by)
            .bind(row.starts)
            .bind(row.expires)
            .bind(row.max_uses)
            .bind(row.freq_n)
            .bind(row.freq_ms)
            .bind(row.opens)
            .bind(row.closes)
            .bind(row.wake)
            .bind(&row.sealed)
            .execute(c)
            .await
            .map(drop)
    })?;
    insert_event(tx, row, at, Act::Ask, begin.entry, &begin.event).await
}

/// Takes a consent one step on; the caller has compared its revision under the lock.
pub(super) async fn step(tx: &mut Tx, step: &Step, at: Millis) -> Result<(), Error> {
    const SQL: &str = "UPDATE consents SET grant_id = $2, state = $3, revision = $4, starts = $5, expires = $6, \
           max_uses = $7, freq_n = $8, freq_ms = $9, opens = $10, closes = $11, wake = $12, sealed = $13 \
         WHERE id = $1";
    const TEXT: &str =
        "INSERT INTO consent_texts (hash, lang, body) VALUES ($1, $2, $3) ON CONFLICT (hash) DO NOTHING";
    const TOKENS: &str = "UPDATE tokens SET revoked_at = $2 WHERE consent = $1 AND revoked_at IS NULL";
    let row = &step.row;
    on!(tx, |c| {
        sqlx::query(SQL)
            .bind(row.id)
            .bind(row.grant_id)
            .bind(&row.state)
            .bind(row.revision)
            .bind(row.starts)
            .bind(row.expires)
            .bind(row.max_uses)
            .bind(row.freq_n)
            .bind(row.freq_ms)
            .bind(row.opens)
            .bind(row.closes)
            .bind(row.wake)
            .bind(&row.sealed)
            .execute(c)
            .await
            .map(drop)
    })?;
    insert_event(tx, row, at, step.act, step.entry, &step.event).await?;
    if let Some(text) = &step.text {
        on!(tx, |c| {
            sqlx::query(TEXT).bind(&text.hash).bind(&text.lang).bind(&text.body).execute(c).await.map(drop)
        })?;
    }
    // A pause keeps tokens, and they are dead only while it lasts; everything else that takes away ends them.
    if step.act.takes_away() && step.act != Act::Pause {
        on!(tx, |c| sqlx::query(TOKENS).bind(row.id).bind(at.0).execute(c).await.map(drop))?;
        if let (Some(grant), true) = (row.grant_id, step.state.is_over()) {
            super::grants::end_if_empty(tx, grant, at).await?;
        }
    }
    Ok(())
}

async fn insert_event(
    tx: &mut Tx,
    row: &Consent,
    at: Millis,
    act: Act,
    entry: Uuid,
    sealed: &[u8],
) -> Result<(), Error> {
    const SQL: &str = "INSERT INTO consent_events (consent, seq, at, act, state, entry, sealed) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)";
    on!(tx, |c| {
        sqlx::query(SQL)
            .bind(row.id)
            .bind(row.revision)
            .bind(at.0)
            .bind(act.as_str())
            .bind(&row.state)
            .bind(entry)
            .bind(sealed)
            .execute(c)
            .await
            .map(drop)
    })?;
    Ok(())
}
