//! The card that says whether an entry is proved to stand in the log, and how to check that oneself.

use super::{layout::Layout, parts::grouped_hash};
use crate::{
    i18n::{Arg, clock_seconds, date, group_digits, text_with},
    time::Millis,
};

/// Where an entry's proof stands.
#[derive(Clone, Debug)]
pub enum Proof {
    /// Committed, but not yet under a published checkpoint (a matter of seconds).
    Waiting,
    /// This server checked the inclusion proof against the published checkpoint, and it holds.
    Holds(Facts),
    /// It does not hold: the reader is asked to report it.
    Fails(Facts),
}

/// What the proof consists of.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The leaf's hash, hexadecimal.
    pub leaf_hash: String,
    /// The leaf's index, from 0.
    pub index: u64,
    /// The size of the tree under the checkpoint.
    pub size: u64,
    /// When the checkpoint was published.
    pub published_at: Millis,
    /// The log's origin line.
    pub origin: String,
    /// Path of `proof.json`.
    pub json_href: String,
    /// Path of the same as a C2SP `tlog-proof` text.
    pub tlog_href: String,
}

impl Facts {
    /// "Entry 918.274 of 1.234.567, as published at …".
    #[must_use]
    pub fn place(&self, page: &Layout) -> String {
        let (day, time) = (date(page.lang, self.published_at), clock_seconds(self.published_at));
        let args = [
            // People count from one.
            ("number", Arg::Number(self.index.saturating_add(1))),
            ("size", Arg::Number(self.size)),
            ("date", Arg::Text(&day)),
            ("time", Arg::Text(&time)),
        ];
        text_with(page.lang, "proof-place", &args)
    }

    /// The hash in groups of eight.
    #[must_use]
    pub fn grouped(&self) -> String {
        grouped_hash(&self.leaf_hash)
    }

    /// The index, as the log counts.
    #[must_use]
    pub fn index_digits(&self, page: &Layout) -> String {
        group_digits(page.lang, self.index)
    }

    /// The tree's size.
    #[must_use]
    pub fn size_digits(&self, page: &Layout) -> String {
        group_digits(page.lang, self.size)
    }
}
