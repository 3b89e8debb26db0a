//! What is asked of which source for a decided request, and what of their answers is passed on.
//!
//! Pure. Out of scope: deciding (`policy`), asking (`outbound`), and the entry that must be committed first (`ledger`).

pub mod answer;
