//! Officials: the people at agencies in whose name software asks.

use uuid::Uuid;

use super::{Error, Store, Tx, on, read};
use crate::time::Millis;

/// An official as registered, by an agency's list or by a first proved sign-in.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Official {
    /// The row's own key.
    pub id: Uuid,
    /// The agency she works for.
    pub agency: String,
    /// Her code within the agency.
    pub code: String,
    /// Her unit.
    pub unit: String,
    /// The issuer her sign-in comes from, when it is known.
    pub issuer: Option<String>,
    /// Her subject at that issuer.
    pub sub: Option<String>,
    /// When she was registered, milliseconds.
    pub created_at: i64,
    /// When she was suspended, milliseconds.
    pub suspended_at: Option<i64>,
}

impl Store {
    /// The official with this code at this agency.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn official(&self, agency: &str, code: &str) -> Result<Option<Official>, Error> {
        const SQL: &str = "SELECT * FROM officials WHERE agency = $1 AND code = $2";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(agency).bind(code).fetch_optional(pool).await)?)
    }

    /// The official with this subject at this issuer.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn official_by_sign_in(&self, issuer: &str, sub: &str) -> Result<Option<Official>, Error> {
        const SQL: &str = "SELECT * FROM officials WHERE issuer = $1 AND sub = $2";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(issuer).bind(sub).fetch_optional(pool).await)?)
    }

    /// All officials, by agency and code.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn officials(&self) -> Result<Vec<Official>, Error> {
        const SQL: &str = "SELECT * FROM officials ORDER BY agency, code";
        Ok(read!(self, |pool| sqlx::query_as(SQL).fetch_all(pool).await)?)
    }
}

/// Registers an official, or replaces unit and sign-in of the one with the same code.
pub(super) async fn put(tx: &mut Tx, official: &Official) -> Result<(), Error> {
    const SQL: &str = "INSERT INTO officials (id, agency, code, unit, issuer, sub, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (agency, code) DO UPDATE SET unit = excluded.unit, \
           issuer = COALESCE(excluded.issuer, officials.issuer), sub = COALESCE(excluded.sub, officials.sub)";
    on!(tx, |c| {
        sqlx::query(SQL)
            .bind(official.id)
            .bind(&official.agency)
            .bind(&official.code)
            .bind(&official.unit)
            .bind(&official.issuer)
            .bind(&official.sub)
            .bind(official.created_at)
            .execute(c)
            .await
            .map(drop)
    })?;
    Ok(())
}

/// Suspends an official from `at`, or restores her.
pub(super) async fn suspend(tx: &mut Tx, id: Uuid, at: Option<Millis>) -> Result<(), Error> {
    const SQL: &str = "UPDATE officials SET suspended_at = $2 WHERE id = $1";
    on!(tx, |c| sqlx::query(SQL).bind(id).bind(at.map(|at| at.0)).execute(c).await.map(drop))?;
    Ok(())
}
