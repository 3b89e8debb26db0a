//! The authorization server: who asks, for what, and the token that allows exactly that (FAPI 2.0, DESIGN §5).
//!
//! In scope: client authentication, issuing, introspection, revocation, discovery documents. Out of scope: HTTP, the
//! rules themselves (`policy`), and proving an official's sign-in (`login`; the result is an argument here).

mod authorize;
mod backchannel;
mod client;
mod emergency;
/// A client's own grants.
pub mod grants;
mod hint;
mod introspect;
mod issue;
mod metadata;
mod official;
mod onward;
mod own_token;
mod poll;
mod pushed;
mod refresh;
mod release;
mod request;
mod revoke;
mod service;
mod status;

pub use authorize::{Answered, Arrival, Read, Said, answer, arrive};
pub use backchannel::{Prompting, ask_absent};
pub use client::{Authenticated, authenticate};
pub use hint::{HintCode, hint_code};
pub use introspect::{Answer as IntrospectionAnswer, introspect};
pub use issue::{Actor, Ask, issue};
pub use metadata::{authorization_server, citizen_resource, protected_resource};
pub use onward::{Onward, go_on, onward};
pub use pushed::push;
pub use revoke::revoke;
pub use status::{status_list, status_lists};

use crate::{
    consent,
    ledger::appender::AppendError,
    protocol::error::{ErrorCode, OAuthError},
    store,
    vault::VaultError,
};

/// How an endpoint of this office refuses or fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A refusal, as the client reads it.
    #[error(transparent)]
    Refused(#[from] OAuthError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A person's key could not be had.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The ledger could not be written; nothing is released.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// A consent could not be read or changed.
    #[error(transparent)]
    Consent(#[from] consent::Error),
    /// The token could not be signed.
    #[error(transparent)]
    Sign(#[from] crate::tokens::SignError),
    /// An entry or token that this service wrote does not read back.
    #[error("`{0}` does not read back")]
    Inconsistent(&'static str),
}

impl Error {
    /// The error as the client reads it; what failed inside stays inside.
    #[must_use]
    pub fn public(&self) -> OAuthError {
        match self {
            Self::Refused(error) => error.clone(),
            Self::Consent(error) if !error.is_unavailable() => internal(),
            Self::Store(_)
            | Self::Consent(_)
            | Self::Vault(VaultError::Store(_))
            | Self::Append(AppendError::Unavailable(_)) => OAuthError::new(
                ErrorCode::TemporarilyUnavailable,
                "ledger_unavailable",
                "the ledger cannot be written now, so nothing was released; try again later",
            ),
            Self::Append(AppendError::Overloaded) => OAuthError::new(
                ErrorCode::TemporarilyUnavailable,
                "overloaded",
                "too many requests are waiting; nothing was released; try again later",
            ),
            Self::Vault(VaultError::Sealed(_)) | Self::Sign(_) | Self::Inconsistent(_) => internal(),
        }
    }
}

fn internal() -> OAuthError {
    let description = "the service cannot answer this request; its operators have been told";
    OAuthError::new(ErrorCode::ServerError, "internal_error", description)
}
