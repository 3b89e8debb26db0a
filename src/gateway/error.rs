//! How the data endpoint refuses or fails; whatever it is, no value has left.

use uuid::Uuid;

use crate::{consent, domain::decision::Reason, ledger::appender::AppendError, store, vault::VaultError};

/// How the data endpoint refuses or fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The token is unknown, revoked or not what it says.
    #[error("the token is not valid: {0}")]
    Token(&'static str),
    /// The proof was used before.
    #[error("this DPoP proof was used before")]
    ProofReplayed,
    /// Nothing is left of the token.
    #[error("the token has no uses left")]
    UsesExhausted,
    /// Policy refuses today what it allowed when the token was issued.
    #[error("refused: {reason}")]
    Refused {
        /// Why.
        reason: Reason,
        /// The entry that recorded it; none when it happened between decision and entry.
        entry: Option<Uuid>,
    },
    /// No register has a record of this person.
    #[error("no register has a record")]
    NoRecord {
        /// The entry that recorded the attempt.
        entry: Uuid,
    },
    /// The registers gave nothing that may be passed on.
    #[error("no source gave an answer")]
    NothingToDeliver {
        /// Which field is missing from which source and why.
        missing: Vec<super::answer::Missing>,
        /// The entry that recorded the attempt.
        entry: Uuid,
    },
    /// The client has asked too often for people no register knows.
    #[error("too many answers without a record")]
    QuotaExceeded,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A person's key could not be had.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The consent cannot be read.
    #[error(transparent)]
    Consent(#[from] consent::Error),
    /// The ledger could not be written; nothing leaves.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The receipt could not be signed.
    #[error(transparent)]
    Sign(#[from] crate::tokens::SignError),
    /// Something this service wrote does not read back.
    #[error("`{0}` does not read back")]
    Inconsistent(&'static str),
}
