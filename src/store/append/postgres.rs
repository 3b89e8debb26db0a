//! The set statements in PostgreSQL's words: arrays through `unnest`.

use std::collections::{HashMap, HashSet};

use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::{
    Change, Token,
    batch::{Head, Live, Row},
    consent::Spent,
    locked::{Locked, locked},
};
use crate::store::Error;

type Pg = Transaction<'static, Postgres>;

pub(super) async fn insert_replays(tx: &mut Pg, ids: &[(Uuid, i64)]) -> Result<HashSet<Uuid>, Error> {
    const SQL: &str = "INSERT INTO replay (id, exp) SELECT * FROM unnest($1::uuid[], $2::int8[]) \
                       ON CONFLICT DO NOTHING RETURNING id";
    let (id, exp): (Vec<Uuid>, Vec<i64>) = ids.iter().copied().unzip();
    let rows: Vec<(Uuid,)> = sqlx::query_as(SQL).bind(id).bind(exp).fetch_all(&mut **tx).await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

pub(super) async fn lock_tokens(tx: &mut Pg, sorted: &[Uuid]) -> Result<HashMap<Uuid, i64>, Error> {
    const SQL: &str = "SELECT jti, uses_left FROM tokens WHERE jti = ANY($1::uuid[]) AND revoked_at IS NULL \
                       ORDER BY jti FOR UPDATE";
    let rows: Vec<(Uuid, i64)> = sqlx::query_as(SQL).bind(sorted).fetch_all(&mut **tx).await?;
    Ok(rows.into_iter().collect())
}

/// The tokens with these ids, and all that the changes will end: locked in one order. Only the former are of use.
pub(super) async fn lock_tokens_and_ending(
    tx: &mut Pg,
    sorted: &[Uuid],
    ending: &[&Change],
) -> Result<HashMap<Uuid, i64>, Error> {
    const SQL: &str = "SELECT t.jti, t.uses_left FROM tokens t WHERE t.revoked_at IS NULL AND t.jti IN ( \
           SELECT unnest($1::uuid[]) \
           UNION SELECT jti FROM tokens WHERE consent = ANY($2::uuid[]) \
           UNION SELECT s.jti FROM tokens s JOIN consents c ON c.id = s.consent WHERE c.grant_id = ANY($3::uuid[])) \
         ORDER BY t.jti FOR UPDATE OF t";
    let (mut ids, mut consents, mut grants) = (sorted.to_vec(), Vec::new(), Vec::new());
    for change in ending {
        match change {
            Change::RevokeToken(jti) => ids.push(*jti),
            Change::StepConsent(step) => consents.push(step.row.id),
            Change::RevokeGrant(grant) => grants.push(*grant),
            _ => {}
        }
    }
    let rows: Vec<(Uuid, i64)> =
        sqlx::query_as(SQL).bind(ids).bind(consents).bind(grants).fetch_all(&mut **tx).await?;
    Ok(rows.into_iter().collect())
}

pub(super) async fn uses(tx: &mut Pg, tokens: &[Uuid]) -> Result<HashMap<(Uuid, Uuid), i64>, Error> {
    const SQL: &str = "SELECT jti, key, at FROM uses WHERE jti = ANY($1::uuid[])";
    let rows: Vec<(Uuid, Uuid, i64)> = sqlx::query_as(SQL).bind(tokens).fetch_all(&mut **tx).await?;
    Ok(rows.into_iter().map(|(jti, key, at)| ((jti, key), at)).collect())
}

pub(super) async fn write_uses(
    tx: &mut Pg,
    left: &[(Uuid, i64)],
    rows: &[(Uuid, Uuid, i64)],
) -> Result<(), Error> {
    const LEFT: &str = "UPDATE tokens SET uses_left = v.n FROM unnest($1::uuid[], $2::int8[]) AS v (jti, n) \
                        WHERE tokens.jti = v.jti";
    const USES: &str = "INSERT INTO uses (jti, key, at) SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int8[]) \
                        ON CONFLICT (jti, key) DO UPDATE SET at = excluded.at";
    let (jti, n): (Vec<Uuid>, Vec<i64>) = left.iter().copied().unzip();
    sqlx::query(LEFT).bind(jti).bind(n).execute(&mut **tx).await?;
    let jti: Vec<Uuid> = rows.iter().map(|row| row.0).collect();
    let key: Vec<Uuid> = rows.iter().map(|row| row.1).collect();
    let at: Vec<i64> = rows.iter().map(|row| row.2).collect();
    sqlx::query(USES).bind(jti).bind(key).bind(at).execute(&mut **tx).await?;
    Ok(())
}

/// The entries that stand for these already.
pub(super) async fn collapsed(tx: &mut Pg, ids: &[Uuid]) -> Result<HashMap<Uuid, Uuid>, Error> {
    const SQL: &str = "SELECT id, entry FROM refusals WHERE id = ANY($1)";
    let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(SQL).bind(ids).fetch_all(&mut **tx).await?;
    Ok(rows.into_iter().collect())
}

pub(super) async fn collapse(tx: &mut Pg, rows: &[(Uuid, Uuid, i64, i64)]) -> Result<(), Error> {
    const SQL: &str = "INSERT INTO refusals (id, entry, at, count) \
                       SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int8[], $4::int8[]) \
                       ON CONFLICT (id) DO UPDATE SET count = refusals.count + excluded.count";
    let id: Vec<Uuid> = rows.iter().map(|row| row.0).collect();
    let entry: Vec<Uuid> = rows.iter().map(|row| row.1).collect();
    let at: Vec<i64> = rows.iter().map(|row| row.2).collect();
    let count: Vec<i64> = rows.iter().map(|row| row.3).collect();
    sqlx::query(SQL).bind(id).bind(entry).bind(at).bind(count).execute(&mut **tx).await?;
    Ok(())
}

pub(super) async fn lock_head(tx: &mut Pg) -> Result<Head, Error> {
    const SQL: &str = "SELECT size, edge, epoch, bundle FROM head WHERE one = 1 FOR UPDATE";
    let (size, edge, epoch, bundle) = sqlx::query_as(SQL).fetch_one(&mut **tx).await?;
    Ok(Head { size, edge, epoch, bundle })
}

pub(super) async fn live(
    tx: &mut Pg,
    clients: &[Uuid],
    officials: &[Uuid],
    tokens: &[Uuid],
) -> Result<Live, Error> {
    const SQL: &str = "SELECT 1::int8, id FROM clients WHERE id = ANY($1::uuid[]) AND suspended_at IS NULL \
         UNION ALL SELECT 2::int8, id FROM officials WHERE id = ANY($2::uuid[]) AND suspended_at IS NULL \
         UNION ALL SELECT 3::int8, jti FROM tokens WHERE jti = ANY($3::uuid[]) AND revoked_at IS NULL";
    let rows: Vec<(i64, Uuid)> =
        sqlx::query_as(SQL).bind(clients).bind(officials).bind(tokens).fetch_all(&mut **tx).await?;
    Ok(Live::from_rows(&rows))
}

pub(super) async fn consents(tx: &mut Pg, ids: &[(Uuid, i64)]) -> Result<HashMap<Uuid, Locked>, Error> {
    const SQL: &str = "SELECT c.id, c.subject, c.client, c.state, c.revision, c.starts, c.expires, c.max_uses, \
           c.freq_n, c.opens, c.closes, \
           (SELECT COUNT(*) FROM consent_uses u WHERE u.consent = c.id) AS used, \
           (SELECT s.revision FROM standing s WHERE s.subject = c.subject) AS rules, \
           CASE WHEN c.freq_ms IS NULL THEN 0 ELSE (SELECT COUNT(*) FROM consent_uses u \
             WHERE u.consent = c.id AND u.at > v.at - c.freq_ms) END AS recent \
         FROM unnest($1::uuid[], $2::int8[]) AS v (id, at) \
           CROSS JOIN LATERAL (SELECT * FROM consents WHERE id = v.id LIMIT 1) c";
    let (ids, at): (Vec<Uuid>, Vec<i64>) = ids.iter().copied().unzip();
    Ok(locked(sqlx::query_as(SQL).bind(ids).bind(at).fetch_all(&mut **tx).await?))
}

pub(super) async fn rules(tx: &mut Pg, people: &[Uuid]) -> Result<HashMap<Uuid, i64>, Error> {
    const SQL: &str = "SELECT s.subject, s.revision FROM unnest($1::uuid[]) AS q (subject) \
         CROSS JOIN LATERAL (SELECT subject, revision FROM standing WHERE subject = q.subject LIMIT 1) s";
    let rows: Vec<(Uuid, i64)> = sqlx::query_as(SQL).bind(people).fetch_all(&mut **tx).await?;
    Ok(rows.into_iter().collect())
}

pub(super) async fn newest(tx: &mut Pg, subjects: &[Uuid]) -> Result<Vec<(Uuid, i64, Vec<u8>)>, Error> {
    const SQL: &str = "SELECT q.s, e.n, e.leaf FROM unnest($1::uuid[]) AS q (s) CROSS JOIN LATERAL \
         (SELECT n, leaf FROM entries WHERE subject = q.s ORDER BY n DESC LIMIT 1) e";
    Ok(sqlx::query_as(SQL).bind(subjects).fetch_all(&mut **tx).await?)
}

pub(super) async fn write_tokens(tx: &mut Pg, tokens: &[&Token]) -> Result<(), Error> {
    const SQL: &str = "INSERT INTO tokens \
           (jti, client, subject, entry, audience, expires, uses_left, consent, grant_id, status) \
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::int8[], $7::int8[], \
                              $8::uuid[], $9::uuid[], $10::int8[])";
    sqlx::query(SQL)
        .bind(tokens.iter().map(|t| t.jti).collect::<Vec<_>>())
        .bind(tokens.iter().map(|t| t.client).collect::<Vec<_>>())
        .bind(tokens.iter().map(|t| t.subject).collect::<Vec<_>>())
        .bind(tokens.iter().map(|t| t.entry).collect::<Vec<_>>())
        .bind(tokens.iter().map(|t| t.audience.as_str()).collect::<Vec<_>>())
        .bind(tokens.iter().map(|t| t.expires.0).collect::<Vec<_>>())
        .bind(tokens.iter().map(|t| t.uses).collect::<Vec<_>>())
        .bind(tokens.iter().map(|t| t.consent).collect::<Vec<_>>())
        .bind(tokens.iter().map(|t| t.grant_id).collect::<Vec<_>>())
        .bind(tokens.iter().map(|t| t.status).collect::<Vec<_>>())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Entries, tokens, uses of consents, consumed uses and the head; `false` when the head is not where it was locked.
pub(super) async fn write(
    tx: &mut Pg,
    head: &Head,
    rows: &[Row<'_>],
    tokens: &[&Token],
    consumed: &[(Uuid, Uuid)],
    spent: &[Spent],
    edge: &[u8],
) -> Result<bool, Error> {
    const WRITE: &str = "WITH t AS (INSERT INTO tokens \
             (jti, client, subject, entry, audience, expires, uses_left, consent, grant_id, status) \
           SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::int8[], $7::int8[], \
                                $21::uuid[], $22::uuid[], $23::int8[])), \
         s AS (INSERT INTO consent_uses (consent, at, token, entry) \
           SELECT * FROM unnest($24::uuid[], $25::int8[], $26::uuid[], $27::uuid[])), \
         e AS (INSERT INTO entries (idx, id, subject, n, at, kind, agency, leaf, sealed) \
           SELECT * FROM unnest($8::int8[], $9::uuid[], $10::uuid[], $11::int8[], $12::int8[], $13::text[], \
                                $14::text[], $15::bytea[], $16::bytea[])) \
         UPDATE head SET size = $17, edge = $18 WHERE one = 1 AND size = $19 AND epoch = $20";
    const CONSUME: &str = "UPDATE uses SET consumed = 1 FROM unnest($1::uuid[], $2::uuid[]) AS v (jti, key) \
         WHERE uses.jti = v.jti AND uses.key = v.key";
    if !consumed.is_empty() {
        let (jti, key): (Vec<Uuid>, Vec<Uuid>) = consumed.iter().copied().unzip();
        sqlx::query(CONSUME).bind(jti).bind(key).execute(&mut **tx).await?;
    }
    let size = head.size.saturating_add(i64::try_from(rows.len()).unwrap_or(i64::MAX));
    let done = sqlx::query(WRITE)
        .bind(tokens.iter().map(|t| t.jti).collect::<Vec<_>>())
        .bind(tokens.iter().map(|t| t.client).collect::<Vec<_>>())
        .bind(tokens.iter().map(|t| t.subject).collect::<Vec<_>>())
        .bind(tokens.iter().map(|t| t.entry).collect::<Vec<_>>())
        .bind(tokens.iter().map(|t| t.audience.as_str()).collect::<Vec<_>>())
        .bind(tokens.iter().map(|t| t.expires.0).collect::<Vec<_>>())
        .bind(tokens.iter().map(|t| t.uses).collect::<Vec<_>>())
        .bind((head.size..size).collect::<Vec<_>>())
        .bind(rows.iter().map(|r| r.id).collect::<Vec<_>>())
        .bind(rows.iter().map(|r| r.subject).collect::<Vec<_>>())
        .bind(rows.iter().map(|r| r.n).collect::<Vec<_>>())
        .bind(rows.iter().map(|r| r.at).collect::<Vec<_>>())
        .bind(rows.iter().map(|r| r.kind).collect::<Vec<_>>())
        .bind(rows.iter().map(|r| r.agency).collect::<Vec<_>>())
        .bind(rows.iter().map(|r| r.leaf.as_slice()).collect::<Vec<_>>())
        .bind(rows.iter().map(|r| r.record.as_slice()).collect::<Vec<_>>())
        .bind(size)
        .bind(edge)
        .bind(head.size)
        .bind(head.epoch)
        .bind(tokens.iter().map(|t| t.consent).collect::<Vec<_>>())
        .bind(tokens.iter().map(|t| t.grant_id).collect::<Vec<_>>())
        .bind(tokens.iter().map(|t| t.status).collect::<Vec<_>>())
        .bind(spent.iter().map(|row| row.spend.consent).collect::<Vec<_>>())
        .bind(spent.iter().map(|row| row.at).collect::<Vec<_>>())
        .bind(spent.iter().map(|row| row.spend.token).collect::<Vec<_>>())
        .bind(spent.iter().map(|row| row.entry).collect::<Vec<_>>())
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() == 1)
}
