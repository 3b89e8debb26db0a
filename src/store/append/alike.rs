//! Commands that collapse into one entry: what a batch knows of those recorded already, and what it adds.
//!
//! A command that collapses must satisfy what it requires all the same: a refusal requires nothing, but a reading by
//! software does (I7). Out of scope: what is alike.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use super::{Draft, postgres, sqlite};
use crate::{
    store::{Error, Tx},
    time::Millis,
};

/// Commands that are one entry: the first of them is written, the others are counted (DESIGN §5).
#[derive(Default)]
pub(super) struct Alike {
    /// What they share → the entry that stands for all of them.
    entries: HashMap<Uuid, Uuid>,
    /// What they share → entry, when it was first met in this batch, and how often.
    met: BTreeMap<Uuid, (Uuid, i64, i64)>,
}

impl Alike {
    /// Reads what is recorded already. Whoever records holds the head, as this batch does.
    pub(super) async fn read(tx: &mut Tx, ids: Vec<Uuid>) -> Result<Self, Error> {
        if ids.is_empty() {
            return Ok(Self::default());
        }
        let entries = match tx {
            Tx::Sqlite(tx) => sqlite::collapsed(tx, &ids).await?,
            Tx::Postgres(tx) => postgres::collapsed(tx, &ids).await?,
        };
        Ok(Self { entries, met: BTreeMap::new() })
    }

    /// The entry that records it already: it is counted there.
    pub(super) fn met(&mut self, id: Uuid, at: Millis) -> Option<Uuid> {
        let entry = *self.entries.get(&id)?;
        self.met.entry(id).or_insert((entry, at.0, 0)).2 += 1;
        Some(entry)
    }

    /// The first of its kind gets its place.
    pub(super) fn begin(&mut self, id: Uuid, draft: &Draft) {
        self.entries.insert(id, draft.id);
        self.met.insert(id, (draft.id, draft.at.0, 1));
    }

    pub(super) async fn write(self, tx: &mut Tx) -> Result<(), Error> {
        let rows: Vec<(Uuid, Uuid, i64, i64)> =
            self.met.into_iter().map(|(id, (entry, at, count))| (id, entry, at, count)).collect();
        if rows.is_empty() {
            return Ok(());
        }
        match tx {
            Tx::Sqlite(tx) => sqlite::collapse(tx, &rows).await,
            Tx::Postgres(tx) => postgres::collapse(tx, &rows).await,
        }
    }
}
