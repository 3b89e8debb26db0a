//! The ledger: entries that are written once, a tree over them, and proofs for anybody.
//!
//! Entries get their place in one transaction with what they record (`store::append`); publishing signed checkpoints
//! is a separate, leased job. Out of scope: who may read what (`history`), and the tree's arithmetic (`merkle`).

pub mod appender;
pub mod entry;
pub mod proof;
pub mod publisher;
pub mod tiles;
pub mod verify;

#[cfg(test)]
mod tests;
