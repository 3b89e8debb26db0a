//! How storage fails.

/// A failure of the database, never of the caller's request.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused, timed out or went away.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// The reading that was done for several failed for each of them.
    #[error(transparent)]
    Load(std::sync::Arc<Error>),
    /// A migration could not be applied.
    #[error("a migration failed")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The schema is older or newer than this program.
    #[error("the schema is at version {found}, this program needs {needed}: run `minhbach migrate`")]
    SchemaOutOfDate {
        /// The newest version applied.
        found: i64,
        /// The newest version known here.
        needed: i64,
    },
    /// A row holds what no code of ours writes.
    #[error("row {row} of table {table} is inconsistent")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The row, by its key or position.
        row: String,
    },
    /// The head row moved although it was locked: two writers on one log.
    #[error("the head of the ledger moved under its lock")]
    HeadMoved,
}

impl Error {
    /// Whether the same transaction may simply be tried again: serialisation failure or deadlock (40001, 40P01).
    #[must_use]
    pub fn is_transient(&self) -> bool {
        let Self::Database(sqlx::Error::Database(error)) = self else { return false };
        matches!(error.code().as_deref(), Some("40001" | "40P01"))
    }

    /// Whether a unique constraint refused the row.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(error)) if error.is_unique_violation())
    }
}
