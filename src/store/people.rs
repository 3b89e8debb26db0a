//! Who may act for whom, and emergency accesses that owe a report. What rows say about people is sealed.

use uuid::Uuid;

use super::{Error, Store, Tx, on, read};
use crate::time::Millis;

/// A representation as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Representation {
    /// Its id.
    pub id: Uuid,
    /// Whom it is about: she is acted for, and her key seals it.
    pub principal: Uuid,
    /// Who acts.
    pub representative: Uuid,
    /// When it was registered, milliseconds.
    pub created_at: i64,
    /// When to look again, milliseconds: coarse, so that no birthday can be read from it.
    pub wake: i64,
    /// When it was ended, milliseconds.
    pub ended_at: Option<i64>,
    /// `domain::representation::Representation` under the principal's key.
    pub sealed: Vec<u8>,
}

/// An emergency access as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Emergency {
    /// The token's `jti`.
    pub token: Uuid,
    /// Whose data it opened.
    pub subject: Uuid,
    /// The agency.
    pub agency: String,
    /// The official who asked.
    pub official: Uuid,
    /// The official who approved.
    pub approver: Uuid,
    /// When the token was issued, milliseconds.
    pub at: i64,
    /// The first instant at which the report is late, milliseconds.
    pub due: i64,
    /// When it was reported, milliseconds.
    pub reported_at: Option<i64>,
    /// When both officials were suspended for want of it, milliseconds.
    pub overdue_at: Option<i64>,
    /// What was asked for, under the person's key.
    pub sealed: Vec<u8>,
}

impl Store {
    /// The representation with this id, ended ones included.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn representation(&self, id: Uuid) -> Result<Option<Representation>, Error> {
        const SQL: &str = "SELECT * FROM representations WHERE id = $1";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(id).fetch_optional(pool).await)?)
    }

    /// Everybody who acts or acted for a person, oldest first.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn representations_of(&self, principal: Uuid) -> Result<Vec<Representation>, Error> {
        const SQL: &str = "SELECT * FROM representations WHERE principal = $1 ORDER BY created_at, id";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(principal).fetch_all(pool).await)?)
    }

    /// Everybody a person acts or acted for, oldest first.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn representations_by(&self, representative: Uuid) -> Result<Vec<Representation>, Error> {
        const SQL: &str = "SELECT * FROM representations WHERE representative = $1 ORDER BY created_at, id";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(representative).fetch_all(pool).await)?)
    }

    /// Representations registered after `after`, in order of their ids.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn representations(&self, after: Uuid, limit: i64) -> Result<Vec<Representation>, Error> {
        const SQL: &str = "SELECT * FROM representations WHERE id > $1 ORDER BY id LIMIT $2";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(after).bind(limit).fetch_all(pool).await)?)
    }

    /// Those not ended that are to be looked at by now, longest waiting first.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn representations_awake(&self, now: Millis, limit: i64) -> Result<Vec<Representation>, Error> {
        const SQL: &str = "SELECT * FROM representations WHERE ended_at IS NULL AND wake <= $1 \
             ORDER BY wake, id LIMIT $2";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(now.0).bind(limit).fetch_all(pool).await)?)
    }

    /// Puts off looking at a representation again.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn wake_representation(&self, id: Uuid, wake: Millis) -> Result<(), Error> {
        const SQL: &str = "UPDATE representations SET wake = $2 WHERE id = $1 AND ended_at IS NULL";
        let mut tx = self.begin().await?;
        on!(&mut tx, |c| sqlx::query(SQL).bind(id).bind(wake.0).execute(c).await.map(drop))?;
        tx.commit().await
    }

    /// The emergency access of this token.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn emergency(&self, token: Uuid) -> Result<Option<Emergency>, Error> {
        const SQL: &str = "SELECT * FROM emergencies WHERE token = $1";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(token).fetch_optional(pool).await)?)
    }

    /// The emergency accesses that an official asked for or approved and that owe their report, or were reported
    /// after `since`; newest first.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn emergencies_of(
        &self,
        official: Uuid,
        since: Millis,
        limit: i64,
    ) -> Result<Vec<Emergency>, Error> {
        const SQL: &str = "SELECT * FROM emergencies WHERE (official = $1 OR approver = $1) \
             AND (reported_at IS NULL OR reported_at > $2) ORDER BY at DESC, token LIMIT $3";
        Ok(read!(self, |pool| {
            sqlx::query_as(SQL).bind(official).bind(since.0).bind(limit).fetch_all(pool).await
        })?)
    }

    /// Emergency accesses whose report is late by now and for which nobody was suspended yet.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn emergencies_overdue(&self, now: Millis, limit: i64) -> Result<Vec<Emergency>, Error> {
        const SQL: &str = "SELECT * FROM emergencies WHERE reported_at IS NULL AND overdue_at IS NULL \
             AND due <= $1 ORDER BY due, token LIMIT $2";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(now.0).bind(limit).fetch_all(pool).await)?)
    }

    /// Whether one of these officials asked for or approved an access whose report is late and still missing.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn owes_report(&self, officials: [Uuid; 2], now: Millis) -> Result<bool, Error> {
        const SQL: &str = "SELECT COUNT(*) FROM emergencies WHERE reported_at IS NULL AND due <= $3 \
             AND (official IN ($1, $2) OR approver IN ($1, $2))";
        let [one, two] = officials;
        let row: (i64,) =
            read!(self, |pool| sqlx::query_as(SQL).bind(one).bind(two).bind(now.0).fetch_one(pool).await)?;
        Ok(row.0 > 0)
    }
}

/// Records a representation.
pub(super) async fn put_representation(tx: &mut Tx, row: &Representation) -> Result<(), Error> {
    const SQL: &str = "INSERT INTO representations \
         (id, principal, representative, created_at, wake, ended_at, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    on!(tx, |c| {
        sqlx::query(SQL)
            .bind(row.id)
            .bind(row.principal)
            .bind(row.representative)
            .bind(row.created_at)
            .bind(row.wake)
            .bind(row.ended_at)
            .bind(&row.sealed)
            .execute(c)
            .await
            .map(drop)
    })?;
    Ok(())
}

/// Ends a representation; one that was ended keeps its time.
pub(super) async fn end_representation(tx: &mut Tx, id: Uuid, at: Millis) -> Result<(), Error> {
    const SQL: &str = "UPDATE representations SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
    on!(tx, |c| sqlx::query(SQL).bind(id).bind(at.0).execute(c).await.map(drop))?;
    Ok(())
}

/// Records an emergency access, with the token that opens it.
pub(super) async fn put_emergency(tx: &mut Tx, row: &Emergency) -> Result<(), Error> {
    const SQL: &str = "INSERT INTO emergencies \
         (token, subject, agency, official, approver, at, due, reported_at, overdue_at, sealed) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    on!(tx, |c| {
        sqlx::query(SQL)
            .bind(row.token)
            .bind(row.subject)
            .bind(&row.agency)
            .bind(row.official)
            .bind(row.approver)
            .bind(row.at)
            .bind(row.due)
            .bind(row.reported_at)
            .bind(row.overdue_at)
            .bind(&row.sealed)
            .execute(c)
            .await
            .map(drop)
    })?;
    Ok(())
}

/// Records that an emergency access was reported; the first report counts.
pub(super) async fn report_emergency(tx: &mut Tx, token: Uuid, at: Millis) -> Result<(), Error> {
    const SQL: &str = "UPDATE emergencies SET reported_at = $2 WHERE token = $1 AND reported_at IS NULL";
    on!(tx, |c| sqlx::query(SQL).bind(token).bind(at.0).execute(c).await.map(drop))?;
    Ok(())
}

/// Records that the report of an emergency access is late.
pub(super) async fn mark_overdue(tx: &mut Tx, token: Uuid, at: Millis) -> Result<(), Error> {
    const SQL: &str = "UPDATE emergencies SET overdue_at = $2 WHERE token = $1 AND overdue_at IS NULL";
    on!(tx, |c| sqlx::query(SQL).bind(token).bind(at.0).execute(c).await.map(drop))?;
    Ok(())
}

#[cfg(test)]
mod tests;
