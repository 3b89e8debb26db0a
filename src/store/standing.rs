//! A person's own rules: one sealed list each, with a revision that decisions rely on.

use uuid::Uuid;

use super::{Error, Store, Tx, on, read};

/// The list of one person.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Standing {
    /// Whose it is.
    pub subject: Uuid,
    /// How often it has changed; nobody's list is revision 0.
    pub revision: i64,
    /// The list, sealed under the person's key.
    pub sealed: Vec<u8>,
}

impl Store {
    /// The list of a person; `None` when she never made one.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn standing(&self, subject: Uuid) -> Result<Option<Standing>, Error> {
        const SQL: &str = "SELECT * FROM standing WHERE subject = $1";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(subject).fetch_optional(pool).await)?)
    }
}

/// Writes a list; the caller has compared the revision under the lock.
pub(super) async fn put(tx: &mut Tx, standing: &Standing) -> Result<(), Error> {
    const SQL: &str = "INSERT INTO standing (subject, revision, sealed) VALUES ($1, $2, $3) \
         ON CONFLICT (subject) DO UPDATE SET revision = excluded.revision, sealed = excluded.sealed";
    on!(tx, |c| {
        sqlx::query(SQL)
            .bind(standing.subject)
            .bind(standing.revision)
            .bind(&standing.sealed)
            .execute(c)
            .await
            .map(drop)
    })?;
    Ok(())
}
