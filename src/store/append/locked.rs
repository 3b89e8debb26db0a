//! Consents as the deciding transaction finds them under the lock of the head. Out of scope: what follows from it
//! ([`super::consent`]) and reading consents for anything else (`store::consents`).

use std::collections::HashMap;

use uuid::Uuid;

use crate::{domain::consent::State, store::pack::Cut};

/// What the deciding transaction knows of a consent, read after the head is locked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Locked {
    pub(super) subject: Uuid,
    pub(super) client: Uuid,
    /// `None` when the stored word is none of ours: nothing is live then.
    pub(super) state: Option<State>,
    pub(super) revision: i64,
    pub(super) starts: i64,
    pub(super) expires: i64,
    pub(super) max_uses: i64,
    pub(super) used: i64,
    pub(super) freq_n: Option<i64>,
    pub(super) opens: Option<i64>,
    pub(super) closes: Option<i64>,
    /// Uses in the period of the frequency, ending now.
    pub(super) recent: i64,
    /// The revision of her own rules; 0 where she never made any.
    pub(super) rules: i64,
}

/// The columns behind [`Locked`], in the order of the statements; SQLite's ids come apart from the rest.
#[derive(sqlx::FromRow, serde::Deserialize)]
pub(super) struct LockedRow {
    #[serde(skip)]
    id: Uuid,
    #[serde(skip)]
    subject: Uuid,
    #[serde(skip)]
    client: Uuid,
    state: String,
    revision: i64,
    starts: i64,
    expires: i64,
    max_uses: i64,
    used: i64,
    freq_n: Option<i64>,
    opens: Option<i64>,
    closes: Option<i64>,
    recent: i64,
    rules: Option<i64>,
}

impl LockedRow {
    /// A row of SQLite's.
    pub(super) fn with_ids(self, cut: &mut Cut<'_>) -> Option<Self> {
        Some(Self { id: cut.id()?, subject: cut.id()?, client: cut.id()?, ..self })
    }
}

/// By id.
pub(super) fn locked(rows: Vec<LockedRow>) -> HashMap<Uuid, Locked> {
    rows.into_iter()
        .map(|row| {
            let locked = Locked {
                subject: row.subject,
                client: row.client,
                state: State::parse(&row.state),
                revision: row.revision,
                starts: row.starts,
                expires: row.expires,
                max_uses: row.max_uses,
                used: row.used,
                freq_n: row.freq_n,
                opens: row.opens,
                closes: row.closes,
                recent: row.recent,
                rules: row.rules.unwrap_or(0),
            };
            (row.id, locked)
        })
        .collect()
}
