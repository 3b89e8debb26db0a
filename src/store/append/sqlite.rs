//! The set statements in SQLite's words: many values as one, both ways (`pack`).

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
    locked::{Locked, LockedRow, locked},
};
use crate::store::{
    Error,
    pack::{Pack, Packed, counted, integers, unpacked},
};

type Lite = Transaction<'static, Sqlite>;

/// Remembers the ids that were not known; those.
pub(super) async fn insert_replays(tx: &mut Lite, ids: &[(Uuid, i64)]) -> Result<HashSet<Uuid>, Error> {
    // The write lock is held: what is not there now is what the second statement inserts.
    const SQL: &str = "SELECT json_group_array(0), CAST(group_concat(r.id, '') AS BLOB) \
           FROM json_each($1) q CROSS JOIN replay r ON r.id = substr($2, q.key * 16 + 1, 16); \
         INSERT INTO replay (id, exp) \
           SELECT substr($2, e.key * 16 + 1, 16), e.value FROM json_each($1) e WHERE true ON CONFLICT DO NOTHING";
    let rows: Vec<Packed> = sqlx::query_as(SQL)
        .bind(integers(ids.iter().map(|row| row.1)))
        .bind(Pack::of(ids.iter().map(|row| &row.0)).0)
        .fetch_all(&mut **tx)
        .await?;
    let mut new: HashSet<Uuid> = ids.iter().map(|row| row.0).collect();
    for row in &rows {
        for known in unpacked(row, |_: i64, cut| cut.id())? {
            new.remove(&known);
        }
    }
    Ok(new)
}

pub(super) async fn lock_tokens(tx: &mut Lite, sorted: &[Uuid]) -> Result<HashMap<Uuid, i64>, Error> {
    // BEGIN IMMEDIATE already holds the one write lock there is.
    const SQL: &str = "SELECT t.jti, t.uses_left FROM json_each($1) q CROSS JOIN tokens t \
         ON t.jti = substr($2, q.key * 16 + 1, 16) WHERE t.revoked_at IS NULL";
    let rows: Vec<(Uuid, i64)> =
        sqlx::query_as(SQL).bind(counted(sorted.len())).bind(Pack::of(sorted).0).fetch_all(&mut **tx).await?;
    Ok(rows.into_iter().collect())
}

pub(super) async fn uses(tx: &mut Lite, tokens: &[Uuid]) -> Result<HashMap<(Uuid, Uuid), i64>, Error> {
    const SQL: &str = "SELECT u.jti, u.key, u.at FROM json_each($1) q CROSS JOIN uses u \
         ON u.jti = substr($2, q.key * 16 + 1, 16)";
    let rows: Vec<(Uuid, Uuid, i64)> =
        sqlx::query_as(SQL).bind(counted(tokens.len())).bind(Pack::of(tokens).0).fetch_all(&mut **tx).await?;
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
        .bind(Pack::of(left.iter().map(|row| &row.0)).0)
        .execute(&mut **tx)
        .await?;
    sqlx::query(USES)
        .bind(integers(rows.iter().map(|row| row.2)))
        .bind(Pack::of(rows.iter().flat_map(|row| [&row.0, &row.1])).0)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The entries that stand for these already.
pub(super) async fn collapsed(tx: &mut Lite, ids: &[Uuid]) -> Result<HashMap<Uuid, Uuid>, Error> {
    const SQL: &str = "SELECT r.id, r.entry FROM json_each($1) q CROSS JOIN refusals r \
         ON r.id = substr($2, q.key * 16 + 1, 16)";
    let rows: Vec<(Uuid, Uuid)> =
        sqlx::query_as(SQL).bind(counted(ids.len())).bind(Pack::of(ids).0).fetch_all(&mut **tx).await?;
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
        .bind(Pack::of(rows.iter().flat_map(|row| [&row.0, &row.1])).0)
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
    const SQL: &str = "SELECT json_group_array(kind), CAST(group_concat(id, '') AS BLOB) FROM ( \
         SELECT 1 AS kind, c.id FROM json_each($1) q CROSS JOIN clients c \
           ON c.id = substr($2, q.key * 16 + 1, 16) WHERE c.suspended_at IS NULL \
         UNION ALL SELECT 2, o.id FROM json_each($3) q CROSS JOIN officials o \
           ON o.id = substr($4, q.key * 16 + 1, 16) WHERE o.suspended_at IS NULL \
         UNION ALL SELECT 3, t.jti FROM json_each($5) q CROSS JOIN tokens t \
           ON t.jti = substr($6, q.key * 16 + 1, 16) WHERE t.revoked_at IS NULL)";
    let row: Packed = sqlx::query_as(SQL)
        .bind(counted(clients.len()))
        .bind(Pack::of(clients).0)
        .bind(counted(officials.len()))
        .bind(Pack::of(officials).0)
        .bind(counted(tokens.len()))
        .bind(Pack::of(tokens).0)
        .fetch_one(&mut **tx)
        .await?;
    Ok(Live::from_rows(&unpacked(&row, |kind: i64, cut| Some((kind, cut.id()?)))?))
}

pub(super) async fn consents(tx: &mut Lite, ids: &[(Uuid, i64)]) -> Result<HashMap<Uuid, Locked>, Error> {
    const SQL: &str = "SELECT json_group_array(json_array(c.state, c.revision, c.starts, c.expires, c.max_uses, \
           (SELECT COUNT(*) FROM consent_uses u WHERE u.consent = c.id), c.freq_n, c.opens, c.closes, \
           CASE WHEN c.freq_ms IS NULL THEN 0 ELSE (SELECT COUNT(*) FROM consent_uses u \
             WHERE u.consent = c.id AND u.at > q.value - c.freq_ms) END, \
           (SELECT s.revision FROM standing s WHERE s.subject = c.subject))), \
           CAST(group_concat(c.id || c.subject || c.client, '') AS BLOB) \
         FROM json_each($1) q CROSS JOIN consents c ON c.id = substr($2, q.key * 16 + 1, 16)";
    let row: Packed = sqlx::query_as(SQL)
        .bind(integers(ids.iter().map(|row| row.1)))
        .bind(Pack::of(ids.iter().map(|row| &row.0)).0)
        .fetch_one(&mut **tx)
        .await?;
    Ok(locked(unpacked(&row, LockedRow::with_ids)?))
}

pub(super) async fn rules(tx: &mut Lite, people: &[Uuid]) -> Result<HashMap<Uuid, i64>, Error> {
    const SQL: &str = "SELECT s.subject, s.revision FROM json_each($1) q CROSS JOIN standing s \
         ON s.subject = substr($2, q.key * 16 + 1, 16)";
    let rows: Vec<(Uuid, i64)> =
        sqlx::query_as(SQL).bind(counted(people.len())).bind(Pack::of(people).0).fetch_all(&mut **tx).await?;
    Ok(rows.into_iter().collect())
}

pub(super) async fn newest(tx: &mut Lite, subjects: &[Uuid]) -> Result<Vec<(Uuid, i64, Vec<u8>)>, Error> {
    const SQL: &str = "SELECT json_group_array(json_array(s.n, length(s.leaf))), \
           CAST(group_concat(s.subject || s.leaf, '') AS BLOB) \
         FROM json_each($1) q CROSS JOIN entries s ON s.idx = \
         (SELECT idx FROM entries WHERE subject = substr($2, q.key * 16 + 1, 16) ORDER BY n DESC LIMIT 1)";
    let row: Packed = sqlx::query_as(SQL)
        .bind(counted(subjects.len()))
        .bind(Pack::of(subjects).0)
        .fetch_one(&mut **tx)
        .await?;
    unpacked(&row, |(n, len): (i64, usize), cut| Some((cut.id()?, n, cut.bytes(len)?.to_vec())))
}

/// $1 = numbers: [expires, uses, offset of audience, length of audience, has consent, has grant, status or null]; $2 has
/// the ids in front, 96 bytes a token.
macro_rules! insert_tokens {
    () => {
        "INSERT INTO tokens \
           (jti, client, subject, entry, audience, expires, uses_left, consent, grant_id, status) \
         SELECT substr($2, e.key * 96 + 1, 16), substr($2, e.key * 96 + 17, 16), substr($2, e.key * 96 + 33, 16), \
                substr($2, e.key * 96 + 49, 16), \
                CAST(substr($2, e.value ->> 2, e.value ->> 3) AS TEXT), e.value ->> 0, e.value ->> 1, \
                CASE WHEN e.value ->> 4 THEN substr($2, e.key * 96 + 65, 16) END, \
                CASE WHEN e.value ->> 5 THEN substr($2, e.key * 96 + 81, 16) END, e.value ->> 6 \
         FROM json_each($1) e"
    };
}

/// Entries, tokens, uses of consents, consumed uses and the head; `false` when the head is not where it was read.
pub(super) async fn write(
    tx: &mut Lite,
    head: &Head,
    rows: &[Row<'_>],
    tokens: &[&Token],
    consumed: &[(Uuid, Uuid)],
    spent: &[Spent],
    edge: &[u8],
) -> Result<bool, Error> {
    const CONSUME: &str = "UPDATE uses SET consumed = 1 FROM json_each($1) q \
         WHERE uses.jti = substr($2, q.key * 32 + 1, 16) AND uses.key = substr($2, q.key * 32 + 17, 16)";
    // One text: each statement on its own is a way to the writing thread and back. Of entries, $6 has
    // [at, n, kind offset, kind length, agency offset, agency length, leaf offset, leaf length, record length], and $7 the
    // ids in front, 32 bytes an entry; an entry without an agency has length 0.
    const WRITE: &str = concat!(
        insert_tokens!(),
        "; INSERT INTO consent_uses (consent, at, token, entry) \
         SELECT substr($4, e.key * 48 + 1, 16), e.value, substr($4, e.key * 48 + 17, 16), \
                substr($4, e.key * 48 + 33, 16) FROM json_each($3) e; \
         INSERT INTO entries (idx, id, subject, n, at, kind, agency, leaf, sealed) \
         SELECT $5 + e.key, substr($7, e.key * 32 + 1, 16), substr($7, e.key * 32 + 17, 16), e.value ->> 1, \
                e.value ->> 0, CAST(substr($7, e.value ->> 2, e.value ->> 3) AS TEXT), \
                CASE WHEN e.value ->> 5 = 0 THEN NULL \
                     ELSE CAST(substr($7, e.value ->> 4, e.value ->> 5) AS TEXT) END, \
                substr($7, e.value ->> 6, e.value ->> 7), \
                substr($7, (e.value ->> 6) + (e.value ->> 7), e.value ->> 8) \
         FROM json_each($6) e; \
         UPDATE head SET size = $8, edge = $9 WHERE one = 1 AND size = $5 AND epoch = $10",
    );
    if !consumed.is_empty() {
        sqlx::query(CONSUME)
            .bind(counted(consumed.len()))
            .bind(Pack::of(consumed.iter().flat_map(|row| [&row.0, &row.1])).0)
            .execute(&mut **tx)
            .await?;
    }
    let (token_numbers, token_bytes) = packed_tokens(tokens);
    let (entry_numbers, entry_bytes) = packed_entries(rows);
    let size = head.size.saturating_add(i64::try_from(rows.len()).unwrap_or(i64::MAX));
    let done = sqlx::query(WRITE)
        .bind(token_numbers)
        .bind(token_bytes)
        .bind(integers(spent.iter().map(|row| row.at)))
        .bind(Pack::of(spent.iter().flat_map(|row| [&row.spend.consent, &row.spend.token, &row.entry])).0)
        .bind(head.size)
        .bind(entry_numbers)
        .bind(entry_bytes)
        .bind(size)
        .bind(edge)
        .bind(head.epoch)
        .execute(&mut **tx)
        .await?;
    // Every other row is new: only that of the head can be missing.
    let all = tokens.len() + spent.len() + rows.len() + 1;
    Ok(usize::try_from(done.rows_affected()) == Ok(all))
}

pub(super) async fn write_tokens(tx: &mut Lite, tokens: &[&Token]) -> Result<(), Error> {
    let (numbers, bytes) = packed_tokens(tokens);
    sqlx::query(insert_tokens!()).bind(numbers).bind(bytes).execute(&mut **tx).await?;
    Ok(())
}

fn packed_tokens(tokens: &[&Token]) -> (String, Vec<u8>) {
    const NONE: &Uuid = &Uuid::nil();
    let mut pack = Pack::of(tokens.iter().flat_map(|t| {
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
    (numbers, pack.0)
}

fn packed_entries(rows: &[Row<'_>]) -> (String, Vec<u8>) {
    let mut pack = Pack::of(rows.iter().flat_map(|row| [&row.id, &row.subject]));
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
    (numbers, pack.0)
}
