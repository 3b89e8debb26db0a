//! Telling those who relied on a consent that it ended, until they acknowledge it; and what they owe afterwards.
//!
//! A notice is committed with the change that causes it ([`crate::consent::notice`]). Here it is pushed (RFC 8935) or
//! handed out (RFC 8936) until it is acknowledged, the recipient says that it stopped and erased, and whoever does
//! neither in time is suspended or marked, by rule. Each step is an entry in the person's chain. Out of scope: HTTP and
//! who may ask (`http::service`), and the receipt that closes it all.

pub mod deliver;
pub mod rules;
pub mod streams;

mod attest;
mod backoff;
mod endpoint;
mod poll;
mod steps;

#[cfg(test)]
mod tests;

pub use attest::{Attestation, Owed, attest};
pub use poll::{Poll, Polled, poll};

use crate::{
    consent::notice::Unreadable, ledger::appender::AppendError, store, tokens::SignError, vault::VaultError,
};

/// How an endpoint of this office refuses or fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A refusal, as the recipient reads it.
    #[error("{code}: {detail}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The stable code.
        code: &'static str,
        /// What to do about it.
        detail: &'static str,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A person's key could not be had.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The ledger could not be written; nothing was done.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The event could not be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// A stored notice does not open.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// Something this service wrote does not read back.
    #[error("`{0}` does not read back")]
    Inconsistent(&'static str),
}

impl Error {
    const fn refuse(status: u16, code: &'static str, detail: &'static str) -> Self {
        Self::Refused { status, code, detail }
    }
}
