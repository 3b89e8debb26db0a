//! Codes by which people let agencies ask them. A row names nobody but the person herself: agency and code stand in it as
//! keyed digests only. Out of scope: what a code looks like and that it counts once (`oauth`).

use uuid::Uuid;

use super::{Error, Store, on, read};
use crate::{crypto::Digest, time::Millis};

impl Store {
    /// Keeps a person's code for an agency in place of the one before. `owner` is the digest of both of them, `code` that
    /// of agency and code.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn put_hint_code(
        &self,
        owner: &Digest,
        code: &Digest,
        subject: Uuid,
        expires: Millis,
    ) -> Result<(), Error> {
        const SQL: &str = "INSERT INTO hint_codes (owner, code, subject, expires) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (owner) DO UPDATE SET code = excluded.code, expires = excluded.expires";
        let mut tx = self.begin().await?;
        on!(&mut tx, |c| {
            sqlx::query(SQL)
                .bind(owner.as_slice())
                .bind(code.as_slice())
                .bind(subject)
                .bind(expires.0)
                .execute(c)
                .await
                .map(drop)
        })?;
        tx.commit().await
    }

    /// Whose code this is and when it ends; nothing once it has.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn hint_code(&self, code: &Digest, now: Millis) -> Result<Option<(Uuid, Millis)>, Error> {
        const SQL: &str = "SELECT subject, expires FROM hint_codes WHERE code = $1 AND expires > $2";
        let row: Option<(Uuid, i64)> = read!(self, |pool| {
            sqlx::query_as(SQL).bind(code.as_slice()).bind(now.0).fetch_optional(pool).await
        })?;
        Ok(row.map(|(subject, expires)| (subject, Millis(expires))))
    }
}
