//! The schema's history: the same names and columns in `migrations/sqlite` and `migrations/postgres`.

use sqlx::{
    SqlSafeStr as _,
    migrate::{Migration, MigrationType, Migrator},
};

use super::{Error, Store, read};

/// Version, name, SQLite text, PostgreSQL text.
const MIGRATIONS: &[(i64, &str, &str, &str)] = &[
    (
        1,
        "foundation",
        include_str!("../../migrations/sqlite/0001_foundation.sql"),
        include_str!("../../migrations/postgres/0001_foundation.sql"),
    ),
    (
        2,
        "consent",
        include_str!("../../migrations/sqlite/0002_consent.sql"),
        include_str!("../../migrations/postgres/0002_consent.sql"),
    ),
];

fn migrator(postgres: bool) -> Migrator {
    Migrator::with_migrations(
        MIGRATIONS
            .iter()
            .map(|&(version, name, sqlite, pg)| {
                let text = if postgres { pg } else { sqlite };
                Migration::new(version, name.into(), MigrationType::Simple, text.into_sql_str(), false)
            })
            .collect(),
    )
}

pub(super) async fn run(store: &Store) -> Result<(), Error> {
    match store {
        Store::Sqlite { write, .. } => migrator(false).run(write).await?,
        Store::Postgres { pool, .. } => migrator(true).run(pool).await?,
    }
    Ok(())
}

pub(super) async fn check(store: &Store) -> Result<(), Error> {
    const SQL: &str = "SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations";
    let needed = MIGRATIONS.last().map_or(0, |migration| migration.0);
    let found: Result<(i64,), sqlx::Error> = read!(store, |pool| sqlx::query_as(SQL).fetch_one(pool).await);
    let found = match found {
        Ok((version,)) => version,
        // The table itself is missing: a database nobody has migrated yet.
        Err(sqlx::Error::Database(_)) => 0,
        Err(error) => return Err(error.into()),
    };
    if found == needed { Ok(()) } else { Err(Error::SchemaOutOfDate { found, needed }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(sql: &str) -> Vec<String> {
        sql.lines()
            .map(|line| line.split("--").next().unwrap_or_default().trim())
            .filter(|line| !line.is_empty() && !line.starts_with(&[')'][..]) && !line.starts_with("ANALYZE"))
            .map(|line| line.split_whitespace().next().unwrap_or_default().trim_matches(',').to_owned())
            .collect()
    }

    #[test]
    fn both_databases_have_the_same_tables_and_columns() {
        for (_, name, sqlite, postgres) in MIGRATIONS {
            assert_eq!(columns(sqlite), columns(postgres), "{name}");
        }
    }
}
