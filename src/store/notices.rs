//! What recipients of data must be told, and how each wants to be told: the outbox of consent.
//!
//! A notice is written in the transaction of the change that causes it, and stays due until it is acknowledged or
//! closed. Claiming is a lease on each row (`next_at` moves ahead while it is being sent), so that two nodes never
//! send the same notice at once and a node that dies gives it back by itself. Out of scope: what a notice says.

use uuid::Uuid;

use super::{Error, Store, Tx, on, read};
use crate::time::Millis;

/// The event that ends the recipient's right to keep what it read.
pub const WITHDRAWN: &str = "consent-withdrawn";
/// The event after which the consent stands otherwise than before; a later one says everything it said.
pub const MODIFIED: &str = "consent-modified";
/// The event of a consent whose time is over.
pub const EXPIRED: &str = "consent-expired";
/// SSF 1.0 §8.1.4.2: a test of the stream, about nobody.
pub const VERIFICATION: &str = "verification";

/// A notice as it is stored. Times are milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Notice {
    /// Its id, which is the `jti` of every SET that carries it.
    pub id: Uuid,
    /// The client's row key.
    pub client: Uuid,
    /// The consent; nil for [`VERIFICATION`].
    pub consent: Uuid,
    /// [`WITHDRAWN`], [`MODIFIED`], [`EXPIRED`] or [`VERIFICATION`].
    pub event: String,
    /// What it says and about whom, sealed.
    pub sealed: Vec<u8>,
    /// When the change happened.
    pub created_at: i64,
    /// How often pushing failed.
    pub attempts: i64,
    /// When it is due to be pushed; `None` once it was acknowledged or closed.
    pub next_at: Option<i64>,
    /// How the last attempt failed, a stable code.
    pub fault: Option<String>,
    /// When it first reached the recipient.
    pub sent_at: Option<i64>,
    /// When the recipient acknowledged it.
    pub acked_at: Option<i64>,
    /// When the recipient was found never to have acknowledged it.
    pub late_at: Option<i64>,
    /// When the recipient must have stopped (Decree 356/2025/ND-CP, Article 5(2)).
    pub stop_by: Option<i64>,
    /// Why that date was moved, once; shown to the citizen.
    pub extended: Option<String>,
    /// When the recipient says it stopped.
    pub stopped_at: Option<i64>,
    /// When `stop_by` was found to have passed in silence.
    pub overdue_at: Option<i64>,
    /// When the recipient says it erased.
    pub erased_at: Option<i64>,
    /// When nothing was owed any more.
    pub closed_at: Option<i64>,
}

impl Notice {
    /// A notice of now, due at once.
    #[must_use]
    pub fn new(id: Uuid, client: Uuid, consent: Uuid, event: &str, sealed: Vec<u8>, at: Millis) -> Self {
        Self {
            id,
            client,
            consent,
            event: event.to_owned(),
            sealed,
            created_at: at.0,
            attempts: 0,
            next_at: Some(at.0),
            fault: None,
            sent_at: None,
            acked_at: None,
            late_at: None,
            stop_by: None,
            extended: None,
            stopped_at: None,
            overdue_at: None,
            erased_at: None,
            closed_at: None,
        }
    }
}

/// A step of a notice; each happens once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It reached the recipient for the first time.
    Sent,
    /// The recipient acknowledged it.
    Acknowledged,
    /// The recipient says it stopped, at this time.
    Stopped(Millis),
    /// The recipient says it erased, at this time.
    Erased(Millis),
    /// The recipient needs longer: why, and until when.
    Extended {
        /// Shown to the citizen.
        reason: String,
        /// The new date.
        stop_by: Millis,
    },
    /// It was not acknowledged in the time given.
    Late,
    /// `stop_by` passed and the recipient did not say that it stopped.
    Overdue,
}

/// How a recipient wants to be told: a stream of SSF 1.0, one for each client.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Stream {
    /// The client's row key.
    pub client: Uuid,
    /// The stream's own id.
    pub id: Uuid,
    /// `push` or `poll`.
    pub method: String,
    /// Where to push.
    pub endpoint: Option<String>,
    /// The recipient's own settings, the `Authorization` header among them, sealed.
    pub sealed: Option<Vec<u8>>,
    /// `enabled`, `paused` or `disabled`.
    pub status: String,
    /// When it last changed, milliseconds.
    pub updated_at: i64,
}

impl Store {
    /// One notice.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn notice(&self, id: Uuid) -> Result<Option<Notice>, Error> {
        const SQL: &str = "SELECT * FROM notices WHERE id = $1";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(id).fetch_optional(pool).await)?)
    }

    /// Everything that was told about a consent, oldest first.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn notices_of(&self, consent: Uuid) -> Result<Vec<Notice>, Error> {
        const SQL: &str = "SELECT * FROM notices WHERE consent = $1 ORDER BY id";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(consent).fetch_all(pool).await)?)
    }

    /// The oldest notices a client has not acknowledged.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn unacknowledged_notices(&self, client: Uuid, limit: i64) -> Result<Vec<Notice>, Error> {
        const SQL: &str = "SELECT * FROM notices WHERE client = $1 AND acked_at IS NULL AND closed_at IS NULL \
             ORDER BY id LIMIT $2";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(client).bind(limit).fetch_all(pool).await)?)
    }

    /// Notices of before `before` that nobody acknowledged and that were not found late yet; oldest first.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn late_notices(&self, before: Millis, limit: i64) -> Result<Vec<Notice>, Error> {
        const SQL: &str = "SELECT * FROM notices WHERE acked_at IS NULL AND late_at IS NULL AND closed_at IS NULL \
             AND event <> 'verification' AND created_at <= $1 ORDER BY created_at LIMIT $2";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(before.0).bind(limit).fetch_all(pool).await)?)
    }

    /// Notices whose `stop_by` has passed in silence and that were not found overdue yet; oldest first.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn overdue_notices(&self, now: Millis, limit: i64) -> Result<Vec<Notice>, Error> {
        const SQL: &str = "SELECT * FROM notices \
             WHERE stopped_at IS NULL AND overdue_at IS NULL AND closed_at IS NULL AND stop_by < $1 \
             ORDER BY stop_by LIMIT $2";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(now.0).bind(limit).fetch_all(pool).await)?)
    }

    /// Takes a client's due notices for oneself until `until`, oldest first.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn claim_notices(
        &self,
        client: Uuid,
        now: Millis,
        until: Millis,
        limit: i64,
    ) -> Result<Vec<Notice>, Error> {
        // The last condition is read again after the wait for another node's lock: its claims are not ours too.
        const SQL: &str = "UPDATE notices SET next_at = $3 WHERE id IN \
             (SELECT id FROM notices WHERE client = $1 AND next_at <= $2 ORDER BY next_at, id LIMIT $4) \
             AND next_at <= $2 RETURNING *";
        // Most of the time there is nothing; looking does not take SQLite's one write lock.
        const ANY: &str = "SELECT id FROM notices WHERE client = $1 AND next_at <= $2 LIMIT 1";
        let any: Option<(Uuid,)> =
            read!(self, |pool| sqlx::query_as(ANY).bind(client).bind(now.0).fetch_optional(pool).await)?;
        if any.is_none() {
            return Ok(Vec::new());
        }
        let mut tx = self.begin().await?;
        let mut claimed: Vec<Notice> = on!(&mut tx, |c| {
            sqlx::query_as(SQL).bind(client).bind(now.0).bind(until.0).bind(limit).fetch_all(c).await
        })?;
        tx.commit().await?;
        claimed.sort_unstable_by_key(|notice| notice.id);
        Ok(claimed)
    }

    /// Notes that a claimed notice could not be delivered, and when to try again. One that was acknowledged
    /// meanwhile stays so.
    ///
    /// # Errors
    /// [`Error`] when the database fails; the claim then ends by itself.
    pub async fn notice_failed(&self, id: Uuid, next: Millis, fault: &str) -> Result<(), Error> {
        const SQL: &str = "UPDATE notices SET attempts = attempts + 1, next_at = $2, fault = $3 \
             WHERE id = $1 AND next_at IS NOT NULL";
        let mut tx = self.begin().await?;
        on!(&mut tx, |c| sqlx::query(SQL).bind(id).bind(next.0).bind(fault).execute(c).await.map(drop))?;
        tx.commit().await
    }

    /// Gives a client's claimed notices back untried, due at `next`; `claim` is the end of the claim.
    ///
    /// # Errors
    /// [`Error`] when the database fails; the claims then end by themselves.
    pub async fn give_notices_back(&self, client: Uuid, claim: Millis, next: Millis) -> Result<(), Error> {
        const SQL: &str = "UPDATE notices SET next_at = $3 WHERE client = $1 AND next_at = $2";
        let mut tx = self.begin().await?;
        on!(&mut tx, |c| {
            sqlx::query(SQL).bind(client).bind(claim.0).bind(next.0).execute(c).await.map(drop)
        })?;
        tx.commit().await
    }

    /// Writes a notice that no entry causes: a verification. Earlier ones of the client that wait are closed.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn insert_verification(&self, notice: &Notice) -> Result<(), Error> {
        const OLDER: &str = "UPDATE notices SET closed_at = $2, next_at = NULL \
             WHERE client = $1 AND acked_at IS NULL AND closed_at IS NULL AND event = 'verification'";
        let mut tx = self.begin().await?;
        on!(&mut tx, |c| {
            sqlx::query(OLDER).bind(notice.client).bind(notice.created_at).execute(c).await.map(drop)
        })?;
        insert(&mut tx, notice).await?;
        tx.commit().await
    }

    /// Acknowledges a notice that no entry belongs to: a verification.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn acknowledge_verification(&self, id: Uuid, at: Millis) -> Result<(), Error> {
        let mut tx = self.begin().await?;
        step(&mut tx, id, &Step::Acknowledged, at).await?;
        tx.commit().await
    }

    /// The stream of a client.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn stream(&self, client: Uuid) -> Result<Option<Stream>, Error> {
        const SQL: &str = "SELECT * FROM streams WHERE client = $1";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(client).fetch_optional(pool).await)?)
    }

    /// Streams that are pushed to and have something due; one look into the index for each stream, however much waits.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn due_streams(&self, now: Millis) -> Result<Vec<Stream>, Error> {
        const SQL: &str = "SELECT s.* FROM streams s WHERE s.method = 'push' AND s.status = 'enabled' \
             AND EXISTS (SELECT 1 FROM notices n WHERE n.client = s.client AND n.next_at <= $1) ORDER BY s.client";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(now.0).fetch_all(pool).await)?)
    }
}

/// Begins or changes the stream of a client.
pub(super) async fn put_stream(tx: &mut Tx, stream: &Stream) -> Result<(), Error> {
    const SQL: &str = "INSERT INTO streams (client, id, method, endpoint, sealed, status, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (client) DO UPDATE SET id = excluded.id, \
         method = excluded.method, endpoint = excluded.endpoint, sealed = excluded.sealed, \
         status = excluded.status, updated_at = excluded.updated_at";
    on!(tx, |c| {
        sqlx::query(SQL)
            .bind(stream.client)
            .bind(stream.id)
            .bind(&stream.method)
            .bind(&stream.endpoint)
            .bind(&stream.sealed)
            .bind(&stream.status)
            .bind(stream.updated_at)
            .execute(c)
            .await
            .map(drop)
    })?;
    Ok(())
}

/// Ends the stream of a client. What it was owed waits to be polled.
pub(super) async fn remove_stream(tx: &mut Tx, client: Uuid) -> Result<(), Error> {
    const SQL: &str = "DELETE FROM streams WHERE client = $1";
    on!(tx, |c| sqlx::query(SQL).bind(client).execute(c).await.map(drop))?;
    Ok(())
}

/// Whether the stream of a client still is as it was read.
pub(super) async fn stream_is(tx: &mut Tx, client: Uuid, read: Option<&Stream>) -> Result<bool, Error> {
    const SQL: &str = "SELECT * FROM streams WHERE client = $1";
    let now: Option<Stream> = on!(tx, |c| sqlx::query_as(SQL).bind(client).fetch_optional(c).await)?;
    Ok(now.as_ref() == read)
}

/// Writes a notice, and closes those about the same consent that it makes pointless: a recipient that is told "it was
/// withdrawn" need not first acknowledge "it is paused".
pub(super) async fn put(tx: &mut Tx, notice: &Notice) -> Result<(), Error> {
    const OLDER: &str = "UPDATE notices SET closed_at = $2, next_at = NULL \
         WHERE consent = $1 AND closed_at IS NULL AND event = 'consent-modified'";
    on!(tx, |c| sqlx::query(OLDER).bind(notice.consent).bind(notice.created_at).execute(c).await.map(drop))?;
    insert(tx, notice).await
}

async fn insert(tx: &mut Tx, notice: &Notice) -> Result<(), Error> {
    const SQL: &str = "INSERT INTO notices \
         (id, client, consent, event, sealed, created_at, attempts, next_at, stop_by) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    on!(tx, |c| {
        sqlx::query(SQL)
            .bind(notice.id)
            .bind(notice.client)
            .bind(notice.consent)
            .bind(&notice.event)
            .bind(&notice.sealed)
            .bind(notice.created_at)
            .bind(notice.attempts)
            .bind(notice.next_at)
            .bind(notice.stop_by)
            .execute(c)
            .await
            .map(drop)
    })?;
    Ok(())
}

/// Takes a notice one step further. A step that was taken before changes nothing: the append path sees to it that
/// its entry is written once. With the last step that is owed the notice is closed.
pub(super) async fn step(tx: &mut Tx, id: Uuid, step: &Step, at: Millis) -> Result<(), Error> {
    const SENT: &str = "UPDATE notices SET sent_at = $2 WHERE id = $1 AND sent_at IS NULL";
    const ACKED: &str = "UPDATE notices SET acked_at = $2, next_at = NULL, fault = NULL \
         WHERE id = $1 AND acked_at IS NULL";
    const STOPPED: &str = "UPDATE notices SET stopped_at = $2 WHERE id = $1 AND stopped_at IS NULL";
    const ERASED: &str = "UPDATE notices SET erased_at = $2 WHERE id = $1 AND erased_at IS NULL";
    const LATE: &str = "UPDATE notices SET late_at = $2 WHERE id = $1 AND late_at IS NULL";
    const OVERDUE: &str = "UPDATE notices SET overdue_at = $2 WHERE id = $1 AND overdue_at IS NULL";
    const EXTENDED: &str =
        "UPDATE notices SET stop_by = $2, extended = $3 WHERE id = $1 AND extended IS NULL";
    const CLOSE: &str = "UPDATE notices SET closed_at = $2 WHERE id = $1 AND closed_at IS NULL \
         AND acked_at IS NOT NULL AND (stop_by IS NULL OR stopped_at IS NOT NULL) \
         AND (event <> 'consent-withdrawn' OR erased_at IS NOT NULL)";
    let (sql, when) = match step {
        Step::Sent => (SENT, at),
        Step::Acknowledged => (ACKED, at),
        Step::Stopped(when) => (STOPPED, *when),
        Step::Erased(when) => (ERASED, *when),
        Step::Late => (LATE, at),
        Step::Overdue => (OVERDUE, at),
        Step::Extended { reason, stop_by } => {
            on!(tx, |c| {
                sqlx::query(EXTENDED).bind(id).bind(stop_by.0).bind(reason).execute(c).await.map(drop)
            })?;
            return Ok(());
        }
    };
    on!(tx, |c| sqlx::query(sql).bind(id).bind(when.0).execute(c).await.map(drop))?;
    if matches!(step, Step::Acknowledged | Step::Stopped(_) | Step::Erased(_)) {
        on!(tx, |c| sqlx::query(CLOSE).bind(id).bind(at.0).execute(c).await.map(drop))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
