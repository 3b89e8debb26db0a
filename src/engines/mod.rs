//! The engines of one process, composed: what every office works with.
//!
//! Offices receive [`Engines`]; they never build one. Out of scope: any rule.

mod official;
mod refusal;
#[cfg(test)]
pub(crate) mod scratch;

use std::sync::Arc;

pub use official::{OfficialError, OfficialSignIn};
pub use refusal::Recorded;
use uuid::Uuid;

use crate::{
    crypto::Random,
    domain::calendar::Calendar,
    id,
    ledger::{
        appender::{AppendError, Appender},
        entry::Event,
        publisher::Log,
    },
    policy::Register,
    registry::Registry,
    store::{
        Store,
        append::{Command, Outcome, Placed},
    },
    telemetry::Metrics,
    time::{Clock, Millis},
    tokens::Tokens,
    vault::Vault,
};

/// Addresses the service is known by.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// The issuer: an https address without a trailing slash (http on loopback for the demonstration).
    pub issuer: String,
    /// The data endpoint, which is also the default audience of tokens.
    pub data: String,
}

impl Addresses {
    /// The citizen API: the audience of a citizen's own token, and of no other (DESIGN §5).
    #[must_use]
    pub fn citizen_api(&self) -> String {
        format!("{}/api/v1/me", self.issuer)
    }
}

/// What every office works with; cheap to clone.
#[derive(Clone)]
pub struct Engines {
    /// Addresses.
    pub addresses: Arc<Addresses>,
    /// Storage.
    pub store: Store,
    /// People and keys.
    pub vault: Vault,
    /// The append path.
    pub appender: Appender,
    /// The published log.
    pub log: Log,
    /// Purposes and rules.
    pub register: Arc<Register>,
    /// The digest of the rules in force here.
    pub bundle: Arc<str>,
    /// Clients, officials, agencies.
    pub registry: Registry,
    /// Token keys.
    pub tokens: Tokens,
    /// Working days and statutory deadlines.
    pub calendar: Arc<Calendar>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
}

impl Engines {
    /// The present.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    /// A fresh id.
    #[must_use]
    pub fn id(&self) -> Uuid {
        id::new(self.clock.now(), self.random.as_ref())
    }

    /// Appends an event on its own.
    ///
    /// # Errors
    /// [`AppendError`] when it has no place; nothing may be shown or released.
    pub async fn record(&self, event: Event) -> Result<Placed, AppendError> {
        self.record_with(event, Command::default()).await
    }

    /// Appends an event together with what a command without an entry does.
    ///
    /// # Errors
    /// [`AppendError`] when it has no place. A command whose conditions fail has no place either: use
    /// [`Appender::run`] where those are expected.
    pub async fn record_with(&self, event: Event, command: Command) -> Result<Placed, AppendError> {
        let entry = Some(event.draft(Arc::clone(&self.random)));
        match self.appender.run(Command { entry, ..command }).await? {
            Outcome::Done { entry: Some(placed), .. } => Ok(placed),
            _ => Err(AppendError::Unavailable(None)),
        }
    }
}
