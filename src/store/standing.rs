//! A person's own rules: one sealed list each, with a revision that decisions rely on.

use std::collections::HashMap;

use uuid::Uuid;

use super::{
    Error, Store, Tx, lend, on,
    pack::{Pack, counted},
};

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
        let store = self.clone();
        self.loaders().standing.load(subject, move |people| all(store.clone(), people)).await
    }
}

async fn all(store: Store, people: Vec<Uuid>) -> Result<HashMap<Uuid, Option<Standing>>, Error> {
    const SQLITE: &str = "SELECT s.* FROM json_each($1) q CROSS JOIN standing s \
         ON s.subject = substr($2, q.key * 16 + 1, 16)";
    const POSTGRES: &str = "SELECT s.* FROM unnest($1::uuid[]) AS q (subject) \
         CROSS JOIN LATERAL (SELECT * FROM standing WHERE subject = q.subject LIMIT 1) s";
    let rows: Vec<Standing> = match &store {
        Store::Sqlite { read, .. } => lend!(read, |c| {
            let (n, ids) = (counted(people.len()), Pack::of(&people).0);
            sqlx::query_as(SQLITE).bind(n).bind(ids).fetch_all(c).await
        }),
        Store::Postgres { read, .. } => {
            lend!(read, |c| sqlx::query_as(POSTGRES).bind(people).fetch_all(c).await)
        }
    }?;
    Ok(rows.into_iter().map(|row| (row.subject, Some(row))).collect())
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
