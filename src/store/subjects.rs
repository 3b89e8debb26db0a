//! Whose records these are: citizens, agencies and the service itself, each with a wrapped key.
//!
//! A person is found by the keyed digest of a national id, and an agency's handle by the keyed digest of the handle;
//! neither is in the database in clear.

use std::collections::HashMap;

use uuid::Uuid;

use super::{
    Error, Store, lend, on,
    pack::{Pack, Packed, counted, unpacked},
    read,
};
use crate::{crypto::Digest, time::Millis};

/// A subject of records.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Subject {
    /// The internal id.
    pub id: Uuid,
    /// `citizen`, `agency` or `system`.
    pub kind: String,
    /// The subject's key under the master key; `None` once it was destroyed.
    pub wrapped_key: Option<Vec<u8>>,
    /// What identifies a citizen, under the subject's key.
    pub identity: Option<Vec<u8>>,
    /// When the subject was first mentioned, milliseconds.
    pub created_at: i64,
}

/// An agency's handle for a person.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Handle {
    /// Keyed digest of agency and subject.
    pub owner: Vec<u8>,
    /// Keyed digest of agency and handle.
    pub lookup: Vec<u8>,
    /// The person.
    pub subject: Uuid,
    /// The handle under the person's key.
    pub sealed: Vec<u8>,
}

impl Store {
    /// The subject that this keyed digest leads to.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn subject_by_lookup(&self, lookup: &Digest) -> Result<Option<Subject>, Error> {
        let store = self.clone();
        self.loaders().subjects.load(*lookup, move |all| subjects(store.clone(), all)).await
    }

    /// The subject with this id.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn subject(&self, id: Uuid) -> Result<Option<Subject>, Error> {
        const SQL: &str = "SELECT id, kind, wrapped_key, identity, created_at FROM subjects WHERE id = $1";
        Ok(read!(self, |pool| sqlx::query_as(SQL).bind(id).fetch_optional(pool).await)?)
    }

    /// Records a subject at its first mention; `false` when another process was quicker and `lookup` is taken.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn insert_subject(&self, subject: &Subject, lookup: &Digest) -> Result<bool, Error> {
        const LOOKUP: &str =
            "INSERT INTO identities (lookup, subject) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        const SUBJECT: &str = "INSERT INTO subjects (id, kind, wrapped_key, identity, created_at) \
             VALUES ($1, $2, $3, $4, $5)";
        let mut tx = self.begin().await?;
        let new = on!(&mut tx, |c| {
            sqlx::query(LOOKUP)
                .bind(lookup.as_slice())
                .bind(subject.id)
                .execute(c)
                .await
                .map(|done| done.rows_affected())
        })?;
        if new == 0 {
            return Ok(false);
        }
        on!(&mut tx, |c| {
            sqlx::query(SUBJECT)
                .bind(subject.id)
                .bind(&subject.kind)
                .bind(&subject.wrapped_key)
                .bind(&subject.identity)
                .bind(subject.created_at)
                .execute(c)
                .await
                .map(drop)
        })?;
        tx.commit().await?;
        Ok(true)
    }

    /// The handle an agency has for a person, by the keyed digest of both.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn handle_by_owner(&self, owner: &Digest) -> Result<Option<Handle>, Error> {
        let store = self.clone();
        self.loaders().handles.load(*owner, move |all| handles(store.clone(), all)).await
    }

    /// The person behind a handle, by the keyed digest of agency and handle.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn subject_by_handle(&self, lookup: &Digest) -> Result<Option<Uuid>, Error> {
        const SQL: &str = "SELECT subject FROM handles WHERE lookup = $1";
        let row: Option<(Uuid,)> =
            read!(self, |pool| sqlx::query_as(SQL).bind(lookup.as_slice()).fetch_optional(pool).await)?;
        Ok(row.map(|row| row.0))
    }

    /// Records a handle; `false` when the agency already has one for that person.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn insert_handle(&self, handle: &Handle) -> Result<bool, Error> {
        const SQL: &str = "INSERT INTO handles (owner, lookup, subject, sealed) VALUES ($1, $2, $3, $4) \
             ON CONFLICT DO NOTHING";
        let mut tx = self.begin().await?;
        let rows = on!(&mut tx, |c| {
            sqlx::query(SQL)
                .bind(&handle.owner)
                .bind(&handle.lookup)
                .bind(handle.subject)
                .bind(&handle.sealed)
                .execute(c)
                .await
                .map(|done| done.rows_affected())
        })?;
        tx.commit().await?;
        Ok(rows == 1)
    }

    /// Removes what can no longer matter: replay ids, tokens and sign-ins that ended, refusals nobody adds to.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn purge(&self, now: Millis) -> Result<(), Error> {
        const DAY: i64 = 86_400_000;
        const STATEMENTS: [(&str, i64); 9] = [
            ("DELETE FROM replay WHERE exp < $1", 120_000),
            ("DELETE FROM uses WHERE at < $1", DAY),
            ("DELETE FROM tokens WHERE expires < $1", DAY),
            ("DELETE FROM codes WHERE expires < $1", DAY),
            ("DELETE FROM pushed_requests WHERE expires < $1", DAY),
            ("DELETE FROM backchannel_requests WHERE expires < $1", DAY),
            ("DELETE FROM hint_codes WHERE expires < $1", 0),
            ("DELETE FROM sign_ins WHERE expires < $1", 0),
            ("DELETE FROM sessions WHERE expires < $1", 0),
        ];
        for (sql, margin) in STATEMENTS {
            let before = now.0.saturating_sub(margin);
            let mut tx = self.begin().await?;
            on!(&mut tx, |c| sqlx::query(sql).bind(before).execute(c).await.map(drop))?;
            tx.commit().await?;
        }
        Ok(())
    }
}

async fn subjects(store: Store, lookups: Vec<Digest>) -> Result<HashMap<Digest, Option<Subject>>, Error> {
    const SQLITE: &str = "SELECT json_group_array(json_array(s.kind, length(s.wrapped_key), length(s.identity), \
             s.created_at)), \
           CAST(group_concat(i.lookup || s.id || ifnull(s.wrapped_key, '') || ifnull(s.identity, ''), '') AS BLOB) \
         FROM json_each($1) q CROSS JOIN identities i ON i.lookup = substr($2, q.key * 32 + 1, 32) \
           JOIN subjects s ON s.id = i.subject";
    const POSTGRES: &str = "SELECT q.lookup, s.* FROM unnest($1::bytea[]) AS q (lookup) CROSS JOIN LATERAL \
         (SELECT s.* FROM identities i JOIN subjects s ON s.id = i.subject WHERE i.lookup = q.lookup LIMIT 1) s";
    let found: Vec<(Digest, Subject)> = match &store {
        Store::Sqlite { read, .. } => {
            let (n, bytes) = (counted(lookups.len()), Pack::of(&lookups).0);
            let row: Packed = lend!(read, |c| sqlx::query_as(SQLITE).bind(n).bind(bytes).fetch_one(c).await)?;
            unpacked(&row, |(kind, key, identity, created_at): Lengths, cut| {
                let lookup = cut.digest()?;
                let id = cut.id()?;
                let (wrapped_key, identity) = (cut.optional(key)?, cut.optional(identity)?);
                Some((lookup, Subject { id, kind, wrapped_key, identity, created_at }))
            })?
        }
        Store::Postgres { read, .. } => {
            let keys: Vec<&[u8]> = lookups.iter().map(Digest::as_slice).collect();
            let rows: Vec<Found> = lend!(read, |c| sqlx::query_as(POSTGRES).bind(keys).fetch_all(c).await)?;
            rows.into_iter().filter_map(|row| Some((row.lookup.try_into().ok()?, row.subject))).collect()
        }
    };
    Ok(found.into_iter().map(|(lookup, subject)| (lookup, Some(subject))).collect())
}

/// Kind, lengths of key and identity, and since when.
type Lengths = (String, Option<usize>, Option<usize>, i64);

#[derive(sqlx::FromRow)]
struct Found {
    lookup: Vec<u8>,
    #[sqlx(flatten)]
    subject: Subject,
}

async fn handles(store: Store, owners: Vec<Digest>) -> Result<HashMap<Digest, Option<Handle>>, Error> {
    const SQLITE: &str = "SELECT json_group_array(length(h.sealed)), \
           CAST(group_concat(h.owner || h.lookup || h.subject || h.sealed, '') AS BLOB) \
         FROM json_each($1) q CROSS JOIN handles h ON h.owner = substr($2, q.key * 32 + 1, 32)";
    const POSTGRES: &str = "SELECT h.* FROM unnest($1::bytea[]) AS q (owner) \
         CROSS JOIN LATERAL (SELECT * FROM handles WHERE owner = q.owner LIMIT 1) h";
    let found: Vec<Handle> = match &store {
        Store::Sqlite { read, .. } => {
            let (n, bytes) = (counted(owners.len()), Pack::of(&owners).0);
            let row: Packed = lend!(read, |c| sqlx::query_as(SQLITE).bind(n).bind(bytes).fetch_one(c).await)?;
            unpacked(&row, |sealed: usize, cut| {
                let (owner, lookup) = (cut.digest()?.to_vec(), cut.digest()?.to_vec());
                Some(Handle { owner, lookup, subject: cut.id()?, sealed: cut.bytes(sealed)?.to_vec() })
            })?
        }
        Store::Postgres { read, .. } => {
            let keys: Vec<&[u8]> = owners.iter().map(Digest::as_slice).collect();
            lend!(read, |c| sqlx::query_as(POSTGRES).bind(keys).fetch_all(c).await)?
        }
    };
    let by_owner = |handle: Handle| Some((handle.owner.as_slice().try_into().ok()?, Some(handle)));
    Ok(found.into_iter().filter_map(by_owner).collect())
}
