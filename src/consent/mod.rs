//! Consent as it is asked for, answered, taken back and ended: each step one event, one entry, one transaction.
//!
//! [`ask`] begins one, [`answer()`] takes the person's answer, or, come of age, her own word on what was agreed for her;
//! [`end`] everything she or time does to it afterwards.
//! Which step is lawful is [`State::after`]; that nothing else happened meanwhile is the revision, compared under the
//! lock of the log. Out of scope: who may act for whom (`people`), what tokens come of it (`oauth`), pages.

mod answer;
mod ask;
mod clock;
mod end;
pub mod notice;
pub mod program;
mod read;

pub use answer::{Answer, Answering, Give, GrantWish, answer, answer_within};
pub use ask::{Ask, ask, ask_within};
pub use clock::{end_overtaken, run_due};
pub use end::{end, revoke, stop};
pub use read::{Happened, best, by_id, events, live, of_grant, of_subject, waiting};

use std::sync::Arc;

use uuid::Uuid;

use crate::{
    domain::{
        catalogue::{self, Purpose},
        consent::{Act, Actor, Capacity, Event, IllegalTransition, Item, Record, State},
        decision::{ConsentFacts, Reason},
        own_token,
        record::{Facts, Kind, hex},
        subject::Subject,
    },
    engines::Engines,
    ledger::{appender::AppendError, entry},
    store::{
        self,
        append::{Change, Command, Outcome, Reach},
        consents::{Consent as Row, Step, Text},
    },
    time::Millis,
    vault::VaultError,
};

/// A consent, opened.
#[derive(Clone, Debug)]
pub struct Consent {
    /// As it is stored.
    pub row: Row,
    /// What it says.
    pub record: Record,
    /// Where it stands.
    pub state: State,
    /// Whose it is.
    pub subject: Subject,
}

/// Why a step is not taken; nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The state does not allow it.
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// It has changed since it was read: somebody answered at the same time.
    #[error("the consent has changed meanwhile")]
    Stale,
    /// The time to answer is over.
    #[error("the time to answer is over")]
    TooLate,
    /// A field was answered that was not asked for.
    #[error("a field was answered that was not asked for")]
    FieldNotAsked,
    /// A yes that covers no field: silence in the form of an answer (Law 91/2025/QH15, Article 9(4)).
    #[error("the yes covers no field")]
    NothingGranted,
    /// A yes to what she has ruled out herself: her own rule must go first.
    #[error("the person has ruled this out")]
    RuledOut,
    /// The first of two answered again in place of the second.
    #[error("the other of the two must answer")]
    NeedsTheOther,
    /// The purpose is not what it was when it was asked for: the agency must ask again.
    #[error("the purpose has changed since it was asked for")]
    PurposeChanged,
    /// Somebody answers who is neither the person nor one who acts for her.
    #[error("only the person, or somebody who acts for her, can answer")]
    NotAPerson,
    /// The sign-in is weaker than the purpose demands of an answer.
    #[error("a stronger sign-in is needed")]
    AssuranceTooLow,
    /// The grant to be extended or replaced is not one of this client and person.
    #[error("the grant is not one of this client and person")]
    GrantUnknown,
    /// The client's assertion or proof was used before.
    #[error("an assertion, proof or code was used before")]
    Replayed(Uuid),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A person's key could not be had.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The ledger could not be written.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// Something this service wrote does not read back.
    #[error("`{0}` does not read back")]
    Inconsistent(&'static str),
}

impl Error {
    /// Whether it may go better in a moment: the database or the ledger cannot be reached.
    #[must_use]
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Store(_) | Self::Append(_) | Self::Vault(VaultError::Store(_)))
    }
}

impl Consent {
    /// Opens a stored consent.
    pub(crate) fn open(row: Row, subject: &Subject) -> Result<Self, Error> {
        let sealed = crate::crypto::open(subject.record_key(), &context(row.id), &row.sealed);
        let record = sealed
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or(Error::Inconsistent("consent"))?;
        let state = State::parse(&row.state).ok_or(Error::Inconsistent("consent state"))?;
        Ok(Self { row, record, state, subject: subject.clone() })
    }

    /// The purpose it is about, as long as it is the version that was asked for (I10).
    #[must_use]
    pub fn purpose<'a>(&self, engines: &'a Engines) -> Option<&'a Purpose> {
        let purpose = if self.record.scopes.is_empty() {
            engines.register.catalogue().purpose(&self.record.purpose)
        } else {
            Some(own_token::terms())
        };
        purpose.filter(|purpose| purpose.version == self.record.purpose_version)
    }

    /// Whether it waits for an answer to what is no longer asked: purpose or notice have changed since. Whoever answered
    /// would not answer what she read, so nobody can; the clockwork ends it.
    #[must_use]
    pub fn is_outdated(&self, engines: &Engines) -> bool {
        self.state.is_waiting() && self.purpose(engines).is_none()
    }

    /// Whether it stands for what is not the same any more: purpose or notice have changed since the yes, so it opens
    /// nothing and the agency must ask again; [`end_overtaken`] writes that down.
    #[must_use]
    pub fn is_overtaken(&self, engines: &Engines) -> bool {
        self.state.is_standing() && self.purpose(engines).is_none()
    }

    /// Whether an answer to it now is about this field of its record: who has come of age is not asked for what was
    /// refused for her.
    #[must_use]
    pub fn asks_for(&self, item: &Item) -> bool {
        self.state != State::UnderReview || item.granted == Some(true)
    }

    /// Whether it ended because it was, and was never given.
    #[must_use]
    pub fn was_outdated(&self) -> bool {
        self.state == State::Invalidated && self.row.grant_id.is_none()
    }

    /// The lowest assurance of the sign-in that may answer it, or let it go on.
    #[must_use]
    pub fn assurance(&self, engines: &Engines) -> u8 {
        /// How a person uses services, and every sensitive field (Decree 69/2024/ND-CP, Article 20).
        const SENSITIVE: u8 = 3;
        let purpose = engines.register.catalogue().purpose(&self.record.purpose);
        let terms = purpose.and_then(|purpose| purpose.consent.as_ref()).map_or(0, |terms| terms.assurance);
        let sensitive = self.record.is_sensitive() || !self.record.scopes.is_empty();
        terms.max(if sensitive { SENSITIVE } else { 0 })
    }

    /// How often it was used in the period of its frequency that ends now; 0 where it has none.
    ///
    /// # Errors
    /// [`Error::Store`] when the database fails.
    pub async fn uses_in_period(&self, engines: &Engines) -> Result<u32, Error> {
        let Some(frequency) = self.record.limits.frequency else { return Ok(0) };
        let since = Millis(engines.now().0.saturating_sub(frequency.per.millis()));
        // Mostly there is none, and nothing to count: the transaction counts again.
        if self.row.last_use.is_none_or(|last| last <= since.0) {
            return Ok(0);
        }
        let uses = engines.store.consent_uses_since(self.row.id, since).await?;
        Ok(u32::try_from(uses).unwrap_or(u32::MAX))
    }

    /// As policy wants to know it; `granted` is [`Record::granted`], `processors` those the client has now: one whom
    /// the person was not told of changes what she said yes to as much as another version of the purpose does.
    #[must_use]
    pub fn facts<'a>(
        &'a self,
        granted: &'a [&'a str],
        processors: &[catalogue::Text],
        uses_in_period: u32,
        fresh: bool,
    ) -> ConsentFacts<'a> {
        let told = processors.iter().all(|processor| self.record.processors.contains(processor));
        ConsentFacts {
            state: self.state,
            granted,
            purpose_version: if told { &self.record.purpose_version } else { "" },
            limits: &self.record.limits,
            uses: u32::try_from(self.row.used).unwrap_or(u32::MAX),
            uses_in_period,
            for_this_request: fresh,
        }
    }

    /// What it looks like one step on, without having taken it.
    fn after(&self, act: Act) -> Result<Next, Error> {
        let state = State::after(Some(self.state), act)?;
        let revision = self.row.revision.saturating_add(1);
        let wake = if state.is_over() { None } else { self.row.wake };
        Ok(Next {
            act,
            state,
            row: Row { state: state.as_str().to_owned(), revision, wake, ..self.row.clone() },
        })
    }
}

/// A step that is about to be taken.
struct Next {
    act: Act,
    state: State,
    row: Row,
}

/// The step as the transaction takes it, with the event sealed.
fn step(
    engines: &Engines,
    subject: &Subject,
    next: &Next,
    record: &Record,
    event: &Event,
    entry: Uuid,
    text: Option<Text>,
) -> Result<Change, Error> {
    let (act, state, mut row) = (next.act, next.state, next.row.clone());
    row.sealed = seal(engines, subject, &context(row.id), record)?;
    let event = seal(engines, subject, &event_context(row.id, row.revision), event)?;
    Ok(Change::StepConsent(Box::new(Step { row, act, state, entry, event, text })))
}

/// Appends the entry with what the command does beside it, or says why not.
async fn commit(engines: &Engines, event: entry::Event, command: Command) -> Result<(), Error> {
    let entry = Some(event.draft(Arc::clone(&engines.random)));
    match engines.appender.run(Command { entry, ..command }).await? {
        Outcome::Done { entry: Some(_), .. } => Ok(()),
        // Another policy set is in force than the one this was decided by: read again, by a node that has it.
        Outcome::Stale | Outcome::BundleChanged | Outcome::LimitReached(Reach::Prompts) => Err(Error::Stale),
        Outcome::Replayed(id) => Err(Error::Replayed(id)),
        Outcome::Done { entry: None, .. }
        | Outcome::UsesExhausted
        | Outcome::Collapsed(_)
        | Outcome::ClientSuspended
        | Outcome::OfficialSuspended
        | Outcome::TokenRevoked
        | Outcome::ConsentNotLive(_)
        | Outcome::LimitReached(Reach::Uses | Reach::Frequency | Reach::Hours) => {
            Err(Error::Inconsistent("outcome"))
        }
    }
}

/// The facts every entry about a consent has.
fn facts(engines: &Engines, record: &Record, by: &Actor) -> Facts {
    Facts {
        acting: by.acting.map(|id| id.to_string()),
        agency: Some(record.agency.clone()),
        assurance: by.assurance.map(|level| level.to_string()),
        basis: Some("consent".to_owned()),
        bundle: Some(engines.bundle.as_ref().to_owned()),
        capacity: Some(capacity(by.capacity).to_owned()),
        case: record.case.clone(),
        client: Some(record.client_id.clone()),
        consent: Some(record.id.to_string()),
        purpose: Some(record.purpose.clone()),
        purpose_version: Some(record.purpose_version.clone()),
        target: own_token::target(&record.scopes),
        ..Facts::default()
    }
}

/// The word of a capacity.
#[must_use]
pub const fn capacity(capacity: Capacity) -> &'static str {
    capacity.as_str()
}

/// Why a consent that was found not to be live does not carry a request.
#[must_use]
pub const fn not_live(state: Option<State>) -> Reason {
    match state {
        None
        | Some(
            State::Requested
            | State::Deferred
            | State::HalfGiven
            | State::Refused
            | State::Unanswered
            | State::Revoked
            | State::Superseded,
        ) => Reason::ConsentRequired,
        // Given, and its time has not come or is over.
        Some(State::Given | State::Expired | State::LapsedUnused) => Reason::ConsentExpired,
        Some(State::Invalidated) => Reason::ConsentForAnotherVersion,
        Some(State::Paused) => Reason::ConsentPaused,
        Some(State::UnderReview) => Reason::ConsentUnderReview,
        Some(State::Withdrawn) => Reason::ConsentWithdrawn,
    }
}

/// Why a limit of a consent does not let a request through.
#[must_use]
pub const fn out_of_reach(reach: Reach) -> Reason {
    match reach {
        Reach::Uses => Reason::ConsentUsedUp,
        Reach::Frequency => Reason::ConsentFrequency,
        // Nothing that a token is asked for with: the person would only have to be asked.
        Reach::Prompts => Reason::ConsentRequired,
        Reach::Hours => Reason::ConsentOutsideHours,
    }
}

/// The kind of entry an act makes.
const fn kind(act: Act) -> Kind {
    match act {
        Act::Ask => Kind::ConsentAsked,
        Act::Defer => Kind::ConsentDeferred,
        Act::Refuse => Kind::ConsentRefused,
        Act::TimeOut => Kind::ConsentUnanswered,
        Act::GiveHalf => Kind::ConsentHalfGiven,
        Act::Give => Kind::ConsentGiven,
        Act::Pause => Kind::ConsentPaused,
        Act::Resume => Kind::ConsentResumed,
        Act::Withdraw => Kind::ConsentWithdrawn,
        Act::Revoke => Kind::ConsentRevoked,
        Act::Expire => Kind::ConsentExpired,
        Act::Invalidate => Kind::ConsentInvalidated,
        Act::Lapse => Kind::ConsentLapsed,
        Act::Supersede => Kind::ConsentSuperseded,
        Act::Review => Kind::ConsentReviewed,
        Act::Confirm => Kind::ConsentConfirmed,
    }
}

fn seal<T: serde::Serialize>(
    engines: &Engines,
    subject: &Subject,
    context: &[u8],
    value: &T,
) -> Result<Vec<u8>, Error> {
    let plain = serde_json::to_vec(value).map_err(|_| Error::Inconsistent("consent"))?;
    Ok(crate::crypto::seal(subject.record_key(), engines.random.as_ref(), context, &plain))
}

fn context(id: Uuid) -> Vec<u8> {
    [b"consent:".as_slice(), id.as_bytes()].concat()
}

fn event_context(id: Uuid, seq: i64) -> Vec<u8> {
    [b"consent-event:".as_slice(), id.as_bytes(), &seq.to_be_bytes()].concat()
}

/// The text as it is kept, by its SHA-256.
#[must_use]
pub fn text(lang: &str, body: String) -> (String, Text) {
    let hash = crate::crypto::sha256(body.as_bytes());
    (hex(&hash), Text { hash: hash.to_vec(), lang: lang.to_owned(), body })
}

#[cfg(test)]
mod tests;
