//! Every version of a purpose that ever applied, so that an old entry is explained by the text of its day (I10).

use super::{Error, Store, on, read};

/// A version of a purpose as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PurposeVersion {
    /// The version: a digest of the text.
    pub version: String,
    /// The purpose's id.
    pub purpose: String,
    /// Its texts, JSON.
    pub body: String,
    /// Since when it is known here, milliseconds.
    pub since: i64,
}

impl Store {
    /// Remembers versions; one that is known stays as it was first written.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn put_purpose_versions(&self, versions: &[PurposeVersion]) -> Result<(), Error> {
        const SQL: &str = "INSERT INTO purpose_versions (version, purpose, body, since) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (version) DO NOTHING";
        let mut tx = self.begin().await?;
        for row in versions {
            on!(&mut tx, |c| {
                sqlx::query(SQL)
                    .bind(&row.version)
                    .bind(&row.purpose)
                    .bind(&row.body)
                    .bind(row.since)
                    .execute(c)
                    .await
                    .map(drop)
            })?;
        }
        tx.commit().await
    }

    /// A version of a purpose, as it was remembered.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn purpose_version(&self, version: &str) -> Result<Option<PurposeVersion>, Error> {
        const SQL: &str = "SELECT version, purpose, body, since FROM purpose_versions WHERE version = $1";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(version).fetch_optional(pool).await)?)
    }
}
