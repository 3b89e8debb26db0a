//! Refusals as entries: one for each client, purpose, person and reason in ten minutes, the rest counted.
//!
//! The ten minutes are those of the clock (10:00, 10:10 …), so that "alike" is an id that two nodes agree on without
//! looking.

use uuid::Uuid;

use super::Engines;
use crate::{
    crypto,
    domain::{
        record::{Facts, Kind},
        subject::Subject,
    },
    ledger::{appender::AppendError, entry::Event},
    store::append::{Command, Outcome},
    time::Millis,
};

const TEN_MINUTES: i64 = 600_000;

/// What recording a refusal came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// This entry records it.
    Entry(Uuid),
    /// It was not even a refusal: this assertion or proof was seen before.
    Replayed(Uuid),
}

impl Engines {
    /// Records that policy refused something about `subject`. `replays` are used up with it.
    ///
    /// # Errors
    /// [`AppendError`] when it could not be recorded.
    pub async fn refuse(
        &self,
        kind: Kind,
        subject: &Subject,
        facts: Facts,
        replays: Vec<(Uuid, Millis)>,
    ) -> Result<Recorded, AppendError> {
        let at = self.now();
        let id = self.id();
        let collapse = Some(alike(kind, subject, &facts, at));
        let event = Event { id, at, kind, subject: subject.clone(), facts };
        let entry = Some(event.draft(std::sync::Arc::clone(&self.random)));
        match self.appender.run(Command { replays, collapse, entry, ..Command::default() }).await? {
            Outcome::Done { entry: Some(placed), .. } => Ok(Recorded::Entry(placed.id)),
            Outcome::Collapsed(entry) => Ok(Recorded::Entry(entry)),
            Outcome::Replayed(id) => Ok(Recorded::Replayed(id)),
            // A refusal relies on nothing that could be gone.
            Outcome::Done { entry: None, .. }
            | Outcome::UsesExhausted
            | Outcome::ClientSuspended
            | Outcome::OfficialSuspended
            | Outcome::TokenRevoked
            | Outcome::BundleChanged
            | Outcome::ConsentNotLive(_)
            | Outcome::LimitReached(_)
            | Outcome::Stale => Err(AppendError::Unavailable(None)),
        }
    }
}

fn alike(kind: Kind, subject: &Subject, facts: &Facts, at: Millis) -> Uuid {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let digest = crypto::hmac(
        b"minhbach/refusal/1",
        &[
            kind.as_str().as_bytes(),
            subject.id().as_bytes(),
            text(&facts.client).as_bytes(),
            text(&facts.purpose).as_bytes(),
            text(&facts.reason).as_bytes(),
            &at.0.div_euclid(TEN_MINUTES).to_be_bytes(),
        ],
    );
    Uuid::from_bytes(digest.first_chunk().copied().unwrap_or_default())
}
