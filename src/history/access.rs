//! One entry, opened: plain facts.

use uuid::Uuid;

use crate::{
    crypto::Digest,
    domain::{
        catalogue::BasisKind,
        record::{Facts, Kind},
        subject::Subject,
    },
    engines::Engines,
    ledger::{
        appender::AppendError,
        entry::{self, Fault},
        proof::EntryProofError,
    },
    protocol::rar::TextFault,
    store::entries::Entry,
    vault::VaultError,
};

/// Why nothing is shown.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// A person's key cannot be had.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The reading could not be recorded, so there is no reading.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// An entry is damaged.
    #[error("entry {id} is damaged: {fault}")]
    Damaged {
        /// The entry.
        id: Uuid,
        /// What is wrong with it.
        fault: Fault,
    },
    /// An entry's proof cannot be made.
    #[error(transparent)]
    Proof(#[from] EntryProofError),
    /// The stated reason is no reason.
    #[error("the stated reason {0}")]
    Reason(TextFault),
    /// The remembered text of a purpose cannot be read.
    #[error("the remembered version `{0}` of a purpose cannot be read")]
    Version(String),
}

/// An entry as its reader may know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The entry's id.
    pub id: Uuid,
    /// Its index in the log.
    pub index: u64,
    /// Its number in its person's chain, from 1.
    pub n: i64,
    /// When it happened.
    pub at: crate::time::Millis,
    /// What happened.
    pub kind: Kind,
    /// The facts.
    pub facts: Facts,
    /// How many alike requests it stands for: more than 1 for collapsed refusals.
    pub times: u32,
}

impl Access {
    /// Whether it records a refusal.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        matches!(self.kind, Kind::TokenRefused | Kind::DataRefused)
    }

    /// Whether it allowed an emergency access (Law 91/2025/QH15, Article 19(1)(a), (b)).
    #[must_use]
    pub fn is_emergency(&self) -> bool {
        self.kind == Kind::TokenIssued && self.facts.basis.as_deref() == Some(BasisKind::Emergency.as_str())
    }

    /// Whether data left.
    #[must_use]
    pub fn data_left(&self) -> bool {
        self.kind == Kind::DataReleased && !self.facts.fields.is_empty()
    }
}

/// Opens a row with its person's key; `times` is not yet known.
pub(super) fn open(row: &Entry, subject: &Subject) -> Result<Access, HistoryError> {
    let damaged = |fault| HistoryError::Damaged { id: row.id, fault };
    let (record, _) = entry::open(row, subject).map_err(damaged)?;
    let kind = Kind::parse(&record.kind).ok_or_else(|| damaged(Fault::Record))?;
    Ok(Access {
        id: row.id,
        index: row.idx.unsigned_abs(),
        n: row.n,
        at: crate::time::Millis(row.at),
        kind,
        facts: record.facts,
        times: 1,
    })
}

/// Reads how many alike requests each refusal stands for.
pub(super) async fn count(engines: &Engines, accesses: &mut [Access]) -> Result<(), HistoryError> {
    for access in accesses.iter_mut().filter(|access| access.is_refusal()) {
        let times = engines.store.refusals_of(access.id).await?;
        access.times = u32::try_from(times.max(1)).unwrap_or(u32::MAX);
    }
    Ok(())
}

/// An id made of the first bytes of a keyed digest: what collapses into one entry.
pub(super) fn collapsing(digest: &Digest) -> Uuid {
    let mut id = [0_u8; 16];
    for (to, from) in id.iter_mut().zip(digest) {
        *to = *from;
    }
    Uuid::from_bytes(id)
}
