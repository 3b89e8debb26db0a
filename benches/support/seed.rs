//! Old entries, put in by the database itself: their sizes, keys and order are those of real ones, their contents and
//! the tree's edge are not. Whoever is read or appended to in a benchmark has real entries on top.

use minhbach::store::Store;
use uuid::Uuid;

/// People the old entries are about.
pub(crate) const PEOPLE: i64 = 100_000;

/// The `k`-th of [`PEOPLE`].
pub(crate) fn person(k: i64) -> Uuid {
    Uuid::from_u128(0x9990_0000_0000_0000_0000_0000_0000_0000 + u128::from(k.unsigned_abs()))
}

/// Grows the log to `size` entries.
pub(crate) async fn grow(store: &Store, size: i64) -> anyhow::Result<()> {
    const SQLITE: &str = "WITH RECURSIVE k (k) AS (SELECT $1 UNION ALL SELECT k + 1 FROM k WHERE k + 1 < $2) \
         INSERT INTO entries (idx, id, subject, n, at, kind, agency, leaf, sealed) \
         SELECT k, unhex(printf('0188%028x', k)), unhex(printf('999%029x', k % 100000)), k / 100000 + 1, \
                1795000000000 + k, 'token.issued', 'csgt-thu-nghiem', randomblob(138), randomblob(900) FROM k";
    const POSTGRES: &str = "INSERT INTO entries (idx, id, subject, n, at, kind, agency, leaf, sealed) \
         SELECT k, ('0188' || lpad(to_hex(k), 28, '0'))::uuid, ('999' || lpad(to_hex(k % 100000), 29, '0'))::uuid, \
                k / 100000 + 1, 1795000000000 + k, 'token.issued', 'csgt-thu-nghiem', \
                decode(repeat(md5(k::text), 9), 'hex'), decode(repeat(md5(k::text), 56), 'hex') \
         FROM generate_series($1, $2 - 1) k";
    const HEAD: &str = "UPDATE head SET size = $1, edge = $2 WHERE one = 1";
    let from = store.head().await?.size;
    // A tree of this size has as many perfect subtrees as its size has ones (RFC 6962 §2.1).
    let edge = vec![0_u8; usize::try_from(size.count_ones())? * 32];
    match store {
        Store::Sqlite { write, .. } => {
            sqlx::query(SQLITE).bind(from).bind(size).execute(write).await?;
            sqlx::query(HEAD).bind(size).bind(&edge).execute(write).await?;
        }
        Store::Postgres { pool, .. } => {
            sqlx::query(POSTGRES).bind(from).bind(size).execute(pool).await?;
            sqlx::query(HEAD).bind(size).bind(&edge).execute(pool).await?;
        }
    }
    Ok(())
}

/// Leaves the database as a day's work would: statistics taken, nothing waiting to be written back.
pub(crate) async fn settle(store: &Store) -> anyhow::Result<()> {
    match store {
        Store::Sqlite { write, .. } => {
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(write).await.map(drop)?;
        }
        Store::Postgres { pool, .. } => {
            sqlx::query("ANALYZE entries").execute(pool).await?;
            sqlx::query("CHECKPOINT").execute(pool).await?;
        }
    }
    Ok(())
}
