//! Registering clients and officials, suspending and restoring them, putting another set of policies in force, and
//! ending a consent for an authority.
//!
//! Every change is an entry in the history of the agency it concerns (of the service, for policies), committed in one
//! transaction with the change itself. What changes nothing makes no entry. Out of scope: who may do so (whoever can
//! run the program with its configuration) and how it was asked for (`cli`, `config`).

mod clients;
mod consents;
mod officials;
mod policies;
mod spec;

#[cfg(test)]
mod tests;

pub use clients::{register_client, restore_client, suspend_client};
pub use consents::{Decision, revoke_consent};
pub use officials::{register_official, restore_official, suspend_official};
pub use policies::activate_policies;
pub use spec::{ClientSpec, OfficialSpec};

use crate::{
    consent,
    domain::{
        record::{Facts, Kind},
        subject::Subject,
    },
    engines::Engines,
    ledger::{appender::AppendError, entry::Event},
    store::append::{Change, Command, Placed},
    vault::VaultError,
};

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// The agency's key cannot be had.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The ledger took no entry, so nothing was changed.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// A specification contradicts itself; every problem, one a line.
    #[error("{}", .0.join("\n"))]
    Problems(Vec<String>),
    /// There is no such agency in the configuration.
    #[error("there is no agency `{0}`")]
    UnknownAgency(String),
    /// There is no such purpose in the catalogue.
    #[error("there is no purpose `{0}`")]
    UnknownPurpose(String),
    /// There is no such client.
    #[error("there is no client `{0}`")]
    UnknownClient(String),
    /// The agency has no such official.
    #[error("`{agency}` has no official `{id}`")]
    UnknownOfficial {
        /// The agency.
        agency: String,
        /// The code that was given.
        id: String,
    },
    /// A client cannot move: the handles it holds are those of its agency.
    #[error("client `{client}` belongs to `{agency}` for good; register another one")]
    OtherAgency {
        /// The client.
        client: String,
        /// Its agency.
        agency: String,
    },
    /// Another client answers for the audience.
    #[error("the audience `{0}` belongs to another client")]
    AudienceTaken(String),
    /// There is no such consent.
    #[error("there is no consent {0}")]
    UnknownConsent(uuid::Uuid),
    /// Only what stands can be ended.
    #[error("consent {consent} is `{state}`: nothing stands that could be ended")]
    NotStanding {
        /// The consent.
        consent: uuid::Uuid,
        /// The word of its state.
        state: &'static str,
    },
    /// The consent could not be read or ended.
    #[error(transparent)]
    Consent(#[from] consent::Error),
    /// Another official has this sign-in.
    #[error("this issuer and subject belong to another official")]
    SignInTaken,
}

/// What came of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// It was made, and this entry records it.
    Recorded(Placed),
    /// Everything was so already; there is no entry.
    Nothing,
}

/// Registers what a configuration lists, at start: only what differs makes an entry. What the configuration does not
/// list stays as it is, and so does every suspension. Gives the number of entries.
///
/// # Errors
/// [`Error`] on the first that cannot be registered; those before it are.
pub async fn apply(
    engines: &Engines,
    clients: &[ClientSpec],
    officials: &[OfficialSpec],
) -> Result<usize, Error> {
    let mut entries = 0;
    for client in clients {
        entries += usize::from(register_client(engines, client).await? != Done::Nothing);
    }
    for official in officials {
        entries += usize::from(register_official(engines, official).await? != Done::Nothing);
    }
    Ok(entries)
}

/// One change and its entry, done together or not at all.
async fn record(
    engines: &Engines,
    kind: Kind,
    subject: Subject,
    facts: Facts,
    change: Change,
) -> Result<Done, Error> {
    let event = Event { id: engines.id(), at: engines.now(), kind, subject, facts };
    let command = Command { changes: vec![change], ..Command::default() };
    Ok(Done::Recorded(engines.record_with(event, command).await?))
}
