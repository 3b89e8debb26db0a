//! The set statements in SQLite's words: a JSON array of integers beside one blob that `substr` cuts up.
//!
//! One row a statement costs a thread hop each (append.md §8); these texts do not depend on the size of the batch,
//! so each is prepared once.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
};

use sqlx::{Sqlite, Transaction};
use uuid::Uuid;

use super::{
    Token,
    batch::{Head, Live, Row},
    consent::Spent,
    locked::{Locked, locked},
};
use crate::store::Error;

type Lite = Transaction<'static, Sqlite>;

/// Byte strings end to end; positions are counted from 1, as `substr` does.
#[derive(Default)]
struct Pack(Vec<u8>);

impl Pack {
    fn ids<'a>(ids: impl IntoIterator<Item = &'a Uuid>) -> Self {
        let mut pack = Self::default();
        for id in ids {
            pack.add(id.as_bytes());
        }
        pack
    }

    fn add(&mut self, bytes: &[u8]) -> usize {
        let at = self.0.len() + 1;
        self.0.extend_from_slice(bytes);
        at
    }
}

/// A JSON array as long as `n`; where only the position matters.
fn counted(n: usize) -> String {
    integers((0..n).map(|_| 0_i64))
}

/// A JSON array of numbers.
fn integers(values: impl IntoIterator<Item = i64>) -> String {
    let mut out = String::from("[");
    for value in values {
        if out.len() > 1 {
            out.push(',');
        }
        let _ = write!(out, "{value}");
    }
    out.push(']');
    out
}

pub(super) async fn insert_replays(tx: &mut Lite, ids: &[(Uuid, i64)]) -> Result<HashSet<Uuid>, Error> {
    const SQL: &str = "INSERT INTO replay (id, exp) \
         SELECT substr($2, e.key * 16 + 1, 16), e.value FROM json_each($1) e WHERE true \
         ON CONFLICT DO NOTHING RETURNING id";
    let rows: Vec<(Uuid,)> = sqlx::query_as(SQL)
        .bind(integers(ids.iter().map(|row| row.1)))
        .bind(Pack::ids(ids.iter().map(|row| &row.0)).0)
        .fetch_all(&mut **tx)
        .await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

pub(super) async fn lock_tokens(tx: &mut Lite, sorted: &[Uuid]) -> Result<HashMap<Uuid, i64>, Error> {
    // BEGIN IMMEDIATE already holds the one write lock there is.
    const SQL: &str = "SELECT t.jti, t.uses_left FROM json_each($1) q CROSS JOIN tokens t \
         ON t.jti = substr($2, q.key * 16 + 1, 16) WHERE t.revoked_at IS NULL";
    let rows: Vec<(Uuid, i64)> = sqlx::query_as(SQL)
        .bind(counted(sorted.len()))
        .bind(Pack::ids(sorted).0)
        .fetch_all(&mut **tx)
        .await?;
    Ok(rows.into_iter().collect())
}

pub(super) async fn uses(tx: &mut Lite, tokens: &[Uuid]) -> Result<HashMap<(Uuid, Uuid), i64>, Error> {
    const SQL: &str = "SELECT u.jti, u.key, u.at FROM json_each($1) q CROSS JOIN uses u \
         ON u.jti = substr($2, q.key * 16 + 1, 16)";
    let rows: Vec<(Uuid, Uuid, i64)> = sqlx::query_as(SQL)
        .bind(counted(tokens.len()))
        .bind(Pack::ids(tokens).0)
        .fetch_all(&mut **tx)
        .await?;
    Ok(rows.into_iter().map(|(jti, key, at)| ((jti, key), at)).collect())
}

pub(super) async fn write_uses(
    tx: &mut Lite,
    left: &[(Uuid, i64)],
    rows: &[(Uuid, Uuid, i64)],
) -> Result<(), Error> {
    const LEFT: &str = "UPDATE tokens SET uses_left = q.value FROM json_each($1) q \
         WHERE tokens.jti = substr($2, q.key * 16 + 1, 16)";
    const USES: &str = "INSERT INTO uses (jti, key, at) \
         SELECT substr($2, e.key * 32 + 1, 16), substr($2, e.key * 32 + 17, 16), e.value FROM json_each($1) e \
         WHERE true ON CONFLICT (jti, key) DO UPDATE SET at = excluded.at";
    sqlx::query(LEFT)
        .bind(integers(left.iter().map(|row| row.1)))
        .bind(Pack::ids(left.iter().map(|row| &row.0)).0)
        .execute(&mut **tx)
        .await?;
    sqlx::query(USES)
        .bind(integers(rows.iter().map(|row| row.2)))
        .bind(Pack::ids(rows.iter().flat_map(|row| [&row.0, &row.1])).0)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The entries that stand for these already.
pub(super) async fn collapsed(tx: &mut Lite, ids: &[Uuid]) -> Result<HashMap<Uuid, Uuid>, Error> {
    const SQL: &str = "SELECT r.id, r.entry FROM json_each($1) q CROSS JOIN refusals r \
         ON r.id = substr($2, q.key * 16 + 1, 16)";
    let rows: Vec<(Uuid, Uuid)> =
        sqlx::query_as(SQL).bind(counted(ids.len())).bind(Pack::ids(ids).0).fetch_all(&mut **tx).await?;
    Ok(rows.into_iter().collect())
}

pub(super) async fn collapse(tx: &mut Lite, rows: &[(Uuid, Uuid, i64, i64)]) -> Result<(), Error> {
    const SQL: &str = "INSERT INTO refusals (id, entry, at, count) \
         SELECT substr($2, e.key * 32 + 1, 16), substr($2, e.key * 32 + 17, 16), e.value ->> 0, e.value ->> 1 \
         FROM json_each($1) e WHERE true \
         ON CONFLICT (id) DO UPDATE SET count = refusals.count + excluded.count";
    let pairs: Vec<String> = rows.iter().map(|row| format!("[{},{}]", row.2, row.3)).collect();
    sqlx::query(SQL)
        .bind(format!("[{}]", pairs.join(",")))
        .bind(Pack::ids(rows.iter().flat_map(|row| [&row.0, &row.1])).0)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn lock_head(tx: &mut Lite) -> Result<Head, Error> {
    const SQL: &str = "SELECT size, edge, epoch, bundle FROM head WHERE one = 1";
    let (size, edge, epoch, bundle) = sqlx::query_as(SQL).fetch_one(&mut **tx).await?;
    Ok(Head { size, edge, epoch, bundle })
}

pub(super) async fn live(
    tx: &mut Lite,
    clients: &[Uuid],
    officials: &[Uuid],
    tokens: &[Uuid],
) -> Result<Live, Error> {
    const SQL: &str = "SELECT 1, c.id FROM json_each($1) q CROSS JOIN clients c \
           ON c.id = substr($2, q.key * 16 + 1, 16) WHERE c.suspended_at IS NULL \
         UNION ALL SELECT 2, o.id FROM json_each($3) q CROSS JOIN officials o \
           ON o.id = substr($4, q.key * 16 + 1, 16) WHERE o.suspended_at IS NULL \
         UNION ALL SELECT 3, t.jti FROM json_each($5) q CROSS JOIN tokens t \
           ON t.jti = substr($6, q.key * 16 + 1, 16) WHERE t.revoked_at IS NULL";
    let rows: Vec<(i64, Uuid)> = sqlx::query_as(SQL)
        .bind(counted(clients.len()))
        .bind(Pack::ids(clients).0)
        .bind(counted(officials.len()))
        .bind(Pack::ids(officials).0)
        .bind(counted(tokens.len()))
        .bind(Pack::ids(tokens).0)
        .fetch_all(&mut **tx)
        .await?;
    Ok(Live::from_rows(&rows))
}

pub(super) async fn consents(tx: &mut Lite, ids: &[(Uuid, i64)]) -> Result<HashMap<Uuid, Locked>, Error> {
    const SQL: &str = "SELECT c.id, c.subject, c.client, c.state, c.revision, c.starts, c.expires, c.max_uses, c.freq_n, c.opens, c.closes, \
           (SELECT COUNT(*) FROM consent_uses u WHERE u.consent = c.id) AS used, \
           (SELECT s.revision FROM standing s WHERE s.subject = c.subject) AS rules, CASE WHEN c.freq_ms IS NULL THEN 0 ELSE (SELECT COUNT(*) FROM consent_uses u \
             WHERE u.consent = c.id AND u.at > q.value - c.freq_ms) END AS recent \
         FROM json_each($1) q CROSS JOIN consents c ON c.id = substr($2, q.key * 16 + 1, 16)";
    let rows = sqlx::query_as(SQL)
        .bind(integers(ids.iter().map(|row| row.1)))
        .bind(Pack::ids(ids.iter().map(|row| &row.0)).0)
        .fetch_all(&mut **tx)
        .await?;
    Ok(locked(rows))
}

pub(super) async fn rules(tx: &mut Lite, people: &[Uuid]) -> Result<HashMap<Uuid, i64>, Error> {
    const SQL: &str = "SELECT s.subject, s.revision FROM json_each($1) q CROSS JOIN standing s \
         ON s.subject = substr($2, q.key * 16 + 1, 16)";
    let rows: Vec<(Uuid, i64)> = sqlx::query_as(SQL)
        .bind(counted(people.len()))
        .bind(Pack::ids(people).0)
        .fetch_all(&mut **tx)
        .await?;
    Ok(rows.into_iter().collect())
}

pub(super) async fn write_spent(tx: &mut Lite, spent: &[Spent]) -> Result<(), Error> {
    const SQL: &str = "INSERT INTO consent_uses (consent, at, token, entry) \
         SELECT substr($2, e.key * 48 + 1, 16), e.value, substr($2, e.key * 48 + 17, 16), \
                substr($2, e.key * 48 + 33, 16) FROM json_each($1) e";
    sqlx::query(SQL)
        .bind(integers(spent.iter().map(|row| row.at)))
        .bind(Pack::ids(spent.iter().flat_map(|row| [&row.spend.consent, &row.spend.token, &row.entry])).0)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn newest(tx: &mut Lite, subjects: &[Uuid]) -> Result<Vec<(Uuid, i64, Vec<u8>)>, Error> {
    const SQL: &str = "SELECT s.subject, s.n, s.leaf FROM json_each($1) q CROSS JOIN entries s ON s.idx = \
         (SELECT idx FROM entries WHERE subject = substr($2, q.key * 16 + 1, 16) ORDER BY n DESC LIMIT 1)";
    Ok(sqlx::query_as(SQL)
        .bind(counted(subjects.len()))
        .bind(Pack::ids(subjects).0)
        .fetch_all(&mut **tx)
        .await?)
}

/// Entries, tokens, consumed uses and the head; `false` when the head is not where it was read.
pub(super) async fn write(
    tx: &mut Lite,
    head: &Head,
    rows: &[Row<'_>],
    tokens: &[&Token],
    consumed: &[(Uuid, Uuid)],
    edge: &[u8],
) -> Result<bool, Error> {
    const HEAD: &str = "UPDATE head SET size = $1, edge = $2 WHERE one = 1 AND size = $3 AND epoch = $4";
    const CONSUME: &str = "UPDATE uses SET consumed = 1 FROM json_each($1) q \
         WHERE uses.jti = substr($2, q.key * 32 + 1, 16) AND uses.key = substr($2, q.key * 32 + 17, 16)";
    if !consumed.is_empty() {
        sqlx::query(CONSUME)
            .bind(counted(consumed.len()))
            .bind(Pack::ids(consumed.iter().flat_map(|row| [&row.0, &row.1])).0)
            .execute(&mut **tx)
            .await?;
    }
    if !tokens.is_empty() {
        write_tokens(tx, tokens).await?;
    }
    write_entries(tx, head.size, rows).await?;
    let size = head.size.saturating_add(i64::try_from(rows.len()).unwrap_or(i64::MAX));
    let done =
        sqlx::query(HEAD).bind(size).bind(edge).bind(head.size).bind(head.epoch).execute(&mut **tx).await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn write_tokens(tx: &mut Lite, tokens: &[&Token]) -> Result<(), Error> {
    // value = [expires, uses, offset of audience, length of audience, has consent, has grant, status or null]; ids are
    // at the front of the blob, 96 bytes a token.
    const SQL: &str = "INSERT INTO tokens \
           (jti, client, subject, entry, audience, expires, uses_left, consent, grant_id, status) \
         SELECT substr($2, e.key * 96 + 1, 16), substr($2, e.key * 96 + 17, 16), substr($2, e.key * 96 + 33, 16), \
                substr($2, e.key * 96 + 49, 16), \
                CAST(substr($2, e.value ->> 2, e.value ->> 3) AS TEXT), e.value ->> 0, e.value ->> 1, \
                CASE WHEN e.value ->> 4 THEN substr($2, e.key * 96 + 65, 16) END, \
                CASE WHEN e.value ->> 5 THEN substr($2, e.key * 96 + 81, 16) END, e.value ->> 6 \
         FROM json_each($1) e";
    const NONE: &Uuid = &Uuid::nil();
    let mut pack = Pack::ids(tokens.iter().flat_map(|t| {
        let (consent, grant) = (t.consent.as_ref().unwrap_or(NONE), t.grant_id.as_ref().unwrap_or(NONE));
        [&t.jti, &t.client, &t.subject, &t.entry, consent, grant]
    }));
    let mut numbers = String::from("[");
    for token in tokens {
        let offset = pack.add(token.audience.as_bytes());
        let comma = if numbers.len() > 1 { "," } else { "" };
        let status = token.status.map_or_else(|| "null".to_owned(), |status| status.to_string());
        let _ = write!(
            numbers,
            "{comma}[{},{},{offset},{},{},{},{status}]",
            token.expires.0,
            token.uses,
            token.audience.len(),
            u8::from(token.consent.is_some()),
            u8::from(token.grant_id.is_some()),
        );
    }
    numbers.push(']');
    sqlx::query(SQL).bind(numbers).bind(pack.0).execute(&mut **tx).await?;
    Ok(())
}

async fn write_entries(tx: &mut Lite, size: i64, rows: &[Row<'_>]) -> Result<(), Error> {
    // value = [at, n, kind offset, kind length, agency offset, agency length, leaf offset, leaf length, record length];
    // ids are at the front of the blob, 32 an entry. An entry without an agency has length 0.
    const SQL: &str = "INSERT INTO entries (idx, id, subject, n, at, kind, agency, leaf, sealed) \
         SELECT $1 + e.key, substr($3, e.key * 32 + 1, 16), substr($3, e.key * 32 + 17, 16), e.value ->> 1, \
                e.value ->> 0, CAST(substr($3, e.value ->> 2, e.value ->> 3) AS TEXT), \
                CASE WHEN e.value ->> 5 = 0 THEN NULL \
                     ELSE CAST(substr($3, e.value ->> 4, e.value ->> 5) AS TEXT) END, \
                substr($3, e.value ->> 6, e.value ->> 7), \
                substr($3, (e.value ->> 6) + (e.value ->> 7), e.value ->> 8) \
         FROM json_each($2) e";
    let mut pack = Pack::ids(rows.iter().flat_map(|row| [&row.id, &row.subject]));
    let mut numbers = String::from("[");
    for row in rows {
        let agency = row.agency.unwrap_or_default();
        let kind_at = pack.add(row.kind.as_bytes());
        let agency_at = pack.add(agency.as_bytes());
        let leaf_at = pack.add(&row.leaf);
        pack.add(&row.record);
        let comma = if numbers.len() > 1 { "," } else { "" };
        let _ = write!(
            numbers,
            "{comma}[{},{},{kind_at},{},{agency_at},{},{leaf_at},{},{}]",
            row.at,
            row.n,
            row.kind.len(),
            agency.len(),
            row.leaf.len(),
            row.record.len(),
        );
    }
    numbers.push(']');
    sqlx::query(SQL).bind(size).bind(numbers).bind(pack.0).execute(&mut **tx).await?;
    Ok(())
}
