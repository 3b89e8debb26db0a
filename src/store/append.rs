//! One transaction for a whole batch of commands: replay ids, uses, entries, tokens, the head (DESIGN D13).
//!
//! The order is the contract, and every step is a handful of set statements:
//! 1. replay ids, in sorted order so that two nodes cannot deadlock; a command whose condition fails drops out alone;
//! 2. the head is locked if there is an entry: from here on this batch is the only one that appends; then the tokens
//!    that are used or will end, all at once and sorted. Never the other way round: a batch that waits for the head
//!    with a token in its hand and one that holds the head and ends that token would wait for each other;
//! 3. **in later statements**, so that they see what was committed before the lock was had, what commands rely on is
//!    read again (client, official, token, consent, policy bundle), and each subject's newest entry;
//! 4. records are sealed with their place in the subject's chain, entries and tokens inserted, the head advanced
//!    from the size it was locked at;
//! 5. commit. Only then does anybody get an answer.
//!
//! Joining 2 and 3 in one statement keeps a snapshot from before the lock and silently breaks chains (append.md §3).
//! Out of scope: gathering commands into batches and what a record says (`ledger`).

mod alike;
mod batch;
mod command;
mod consent;
mod locked;
mod postgres;
mod sqlite;

#[cfg(test)]
mod tests;

pub use batch::run;
pub use command::{
    Change, Command, Draft, GrantHolds, Outcome, Placed, Prompts, Reach, Require, Reserve, Reserved, Seal,
    Sealed, Spend, Token,
};
