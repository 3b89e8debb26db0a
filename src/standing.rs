//! A person's own rules: read with each decision about her, changed with an entry in the same transaction.
//!
//! The list is sealed under her key and bound to its revision, so that an older list cannot take the place of a newer
//! one. Who decides names the revision it decided by ([`Rules::require`]); the append path refuses a command whose
//! revision is no longer the newest (I3, I7). Out of scope: what a choice means (`domain::standing`) and what overrides
//! it (`policies/global/standing.cedar`).

use std::sync::Arc;

use uuid::Uuid;

use crate::{
    crypto,
    domain::{
        catalogue::{BasisKind, Purpose},
        consent::{Actor, Channel},
        decision::{Reason, StandingFacts},
        own_token,
        record::{Facts, Kind},
        standing::{self, Choice, Edit, Unfit, What},
        subject::Subject,
    },
    engines::{Engines, Recorded},
    ledger::{appender::AppendError, entry::Event},
    registry::Client,
    store::{
        self,
        append::{Change, Command, Outcome},
        standing::Standing as Row,
    },
    time::Millis,
};

/// How often a change that does not depend on the rest of the list is tried again when somebody else was faster.
const TRIES: usize = 3;

/// One person's rules as they stood when they were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Whose they are: the subject's id.
    pub subject: Uuid,
    /// How often they have changed; 0 for somebody who never made any.
    pub revision: i64,
    /// The choices in force, oldest first.
    pub choices: Vec<Choice>,
}

impl Rules {
    /// What of them meets a request of this agency for this purpose at this instant.
    #[must_use]
    pub fn facts(&self, purpose: &str, agency: &str, at: Millis) -> Option<StandingFacts> {
        standing::facts(&self.choices, purpose, agency, at)
    }

    /// What a command must require that was decided by them: where the basis is one that obeys them.
    #[must_use]
    pub fn require(&self, basis: BasisKind) -> Option<(Uuid, i64)> {
        match basis {
            BasisKind::Consent | BasisKind::Contract => Some((self.subject, self.revision)),
            BasisKind::Statutory | BasisKind::Emergency => None,
        }
    }

    /// Whether they close what was opened on a basis that obeys them: as `policies/global/standing.cedar` has it for
    /// disclosing, for who asks whether a token still counts without asking for data.
    #[must_use]
    pub fn close(&self, basis: BasisKind, purpose: &str, agency: &str, at: Millis) -> bool {
        let facts = self.require(basis).and_then(|_| self.facts(purpose, agency, at));
        facts.is_some_and(|facts| facts.never_purpose || facts.never_agency || facts.outside_hours)
    }

    /// Why a question is not put to her, as a stable code; `None` when it is. Muting is for questions that come while
    /// she is not there: one she brings along herself she wants to answer.
    #[must_use]
    pub fn withholds(&self, purpose: &str, agency: &str, channel: Channel) -> Option<&'static str> {
        let ruled_out = standing::ruled_out(&self.choices, purpose, agency).map(Reason::code);
        let muted = channel == Channel::Absent && self.is_muted(agency);
        ruled_out.or_else(|| muted.then_some("agency_muted"))
    }

    /// Whether she has muted this agency's questions.
    #[must_use]
    pub fn is_muted(&self, agency: &str) -> bool {
        standing::is_muted(&self.choices, agency)
    }
}

/// Why rules are not changed; nothing has happened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// They have changed since they were read.
    #[error("the choices have changed meanwhile")]
    Stale,
    /// The list cannot be changed so.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The purpose does not rest on consent, or the agency is not registered: there is nothing to choose.
    #[error("there is no such purpose or agency to choose about")]
    NothingToChoose,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The ledger could not be written.
    #[error(transparent)]
    Append(#[from] AppendError),
}

/// A person's rules: one indexed read.
///
/// # Errors
/// [`store::Error`] when the database fails or the list does not open; whoever decides must then refuse (I4).
pub async fn load(engines: &Engines, subject: &Subject) -> Result<Rules, store::Error> {
    open(subject, engines.store.standing(subject.id()).await?)
}

/// A person's rules as they are stored; `None` for somebody who never made any.
///
/// # Errors
/// [`store::Error`] when the list does not open; whoever decides must then refuse (I4).
pub fn open(subject: &Subject, row: Option<Row>) -> Result<Rules, store::Error> {
    let id = subject.id();
    let Some(row) = row else {
        return Ok(Rules { subject: id, revision: 0, choices: Vec::new() });
    };
    let plain = crypto::open(subject.record_key(), &context(id, row.revision), &row.sealed);
    let choices = plain.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let choices =
        choices.ok_or_else(|| store::Error::Inconsistent { table: "standing", row: id.to_string() })?;
    Ok(Rules { subject: id, revision: row.revision, choices })
}

/// Changes the rules that `expected` is the revision of; gives them as they are now.
///
/// # Errors
/// [`Error::Stale`] when they have another revision by now: of two changes made at once, one.
pub async fn change(
    engines: &Engines,
    subject: &Subject,
    by: &Actor,
    expected: i64,
    edit: Edit,
) -> Result<Rules, Error> {
    let rules = load(engines, subject).await?;
    if rules.revision != expected {
        return Err(Error::Stale);
    }
    apply(engines, subject, by, rules, edit).await
}

/// "Never this agency", whatever else changes at the same time; one that is there already is left alone.
///
/// # Errors
/// [`Error`] when nothing was changed.
pub async fn never_agency(
    engines: &Engines,
    subject: &Subject,
    by: &Actor,
    agency: &str,
) -> Result<Rules, Error> {
    let never = What::NeverAgency(agency.to_owned());
    settle(engines, subject, by, |_| Some(Edit::Add(never.clone()))).await
}

/// Mutes an agency's questions, or hears them again.
///
/// # Errors
/// [`Error`] when nothing was changed.
pub async fn mute(
    engines: &Engines,
    subject: &Subject,
    by: &Actor,
    agency: &str,
    muted: bool,
) -> Result<Rules, Error> {
    let mute = What::MuteAgency(agency.to_owned());
    settle(engines, subject, by, |rules| {
        let there = rules.choices.iter().find(|choice| choice.what == mute);
        match (muted, there) {
            (true, _) => Some(Edit::Add(mute.clone())),
            (false, Some(choice)) => Some(Edit::Remove(choice.id)),
            (false, None) => None,
        }
    })
    .await
}

/// Makes an edit that is right whatever the rest of the list says.
async fn settle(
    engines: &Engines,
    subject: &Subject,
    by: &Actor,
    edit: impl Fn(&Rules) -> Option<Edit>,
) -> Result<Rules, Error> {
    for _ in 0..TRIES {
        let rules = load(engines, subject).await?;
        let Some(edit) = edit(&rules) else { return Ok(rules) };
        match apply(engines, subject, by, rules.clone(), edit).await {
            Err(Error::Stale) => {}
            Err(Error::Unfit(Unfit::AlreadyThere)) => return Ok(rules),
            settled => return settled,
        }
    }
    Err(Error::Stale)
}

async fn apply(
    engines: &Engines,
    subject: &Subject,
    by: &Actor,
    rules: Rules,
    edit: Edit,
) -> Result<Rules, Error> {
    let added = match &edit {
        Edit::Add(what) => {
            can_be_chosen(engines, what)?;
            true
        }
        Edit::Remove(_) => false,
    };
    let at = engines.now();
    let (choices, choice) = standing::edited(&rules.choices, edit, engines.id(), at)?;
    let rules = Rules { revision: rules.revision.saturating_add(1), choices, ..rules };
    let facts = facts(engines, by, &choice, added);
    let event = Event { id: engines.id(), at, kind: Kind::StandingChanged, subject: subject.clone(), facts };
    let row = seal(engines, subject, &rules)?;
    let command = Command {
        changes: vec![Change::PutStanding(Box::new(row))],
        entry: Some(event.draft(Arc::clone(&engines.random))),
        ..Command::default()
    };
    match engines.appender.run(command).await? {
        Outcome::Done { entry: Some(_), .. } => Ok(rules),
        Outcome::Stale => Err(Error::Stale),
        Outcome::Done { entry: None, .. }
        | Outcome::Replayed(_)
        | Outcome::UsesExhausted
        | Outcome::Collapsed(_)
        | Outcome::ClientSuspended
        | Outcome::OfficialSuspended
        | Outcome::TokenRevoked
        | Outcome::BundleChanged
        | Outcome::ConsentNotLive(_)
        | Outcome::LimitReached(_) => Err(AppendError::Unavailable(None).into()),
    }
}

/// Only where she may say no is there anything to choose; a choice that could never count would mislead.
fn can_be_chosen(engines: &Engines, what: &What) -> Result<(), Error> {
    let purpose = what.purpose().is_none_or(|id| {
        let purpose = engines.register.catalogue().purpose(id);
        purpose.is_some_and(|purpose| purpose.basis(BasisKind::Consent).is_some())
    });
    let agency = what.agency().is_none_or(|id| engines.registry.agency(id).is_some());
    if purpose && agency { Ok(()) } else { Err(Error::NothingToChoose) }
}

/// What her history says of it. Not under `agency`, which would put her choice before that agency's own readers.
fn facts(engines: &Engines, by: &Actor, choice: &Choice, added: bool) -> Facts {
    let what = &choice.what;
    Facts {
        acting: by.acting.map(|id| id.to_string()),
        assurance: by.assurance.map(|level| level.to_string()),
        bundle: Some(engines.bundle.as_ref().to_owned()),
        capacity: Some(by.capacity.as_str().to_owned()),
        decision: Some(if added { "add" } else { "remove" }.to_owned()),
        purpose: what.purpose().map(str::to_owned),
        purpose_version: what
            .purpose()
            .and_then(|id| engines.register.catalogue().purpose(id).map(|purpose| purpose.version.clone())),
        reason: Some(what.code().to_owned()),
        target: what.agency().map(str::to_owned),
        ..Facts::default()
    }
}

/// A question that is not put to her.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Whose it is.
    pub client: &'a Client,
    /// For what.
    pub purpose: &'a Purpose,
    /// Which fields.
    pub fields: &'a [String],
    /// Which scopes of her own token, where that is what is asked for.
    pub scopes: &'a [String],
    /// The case.
    pub case: Option<&'a str>,
    /// Why, as the agency states it.
    pub justification: Option<&'a str>,
}

/// Records that a question was not put to her, and why ([`Rules::withholds`]); alike ones of ten minutes are one entry.
/// The agency must not be able to tell it from a refusal or from silence.
///
/// # Errors
/// [`AppendError`] when it could not be recorded.
pub async fn withhold(
    engines: &Engines,
    subject: &Subject,
    question: Question<'_>,
    why: &'static str,
    replays: Vec<(Uuid, Millis)>,
) -> Result<Recorded, AppendError> {
    let facts = Facts {
        agency: Some(question.client.agency.as_ref().to_owned()),
        basis: Some(BasisKind::Consent.as_str().to_owned()),
        bundle: Some(engines.bundle.as_ref().to_owned()),
        case: question.case.map(str::to_owned),
        client: Some(question.client.client_id.clone()),
        decision: Some("deny".to_owned()),
        fields: question.fields.to_vec(),
        justification: question.justification.map(str::to_owned),
        purpose: Some(question.purpose.id.clone()),
        purpose_version: Some(question.purpose.version.clone()),
        reason: Some(why.to_owned()),
        target: own_token::target(question.scopes),
        ..Facts::default()
    };
    engines.refuse(Kind::ConsentWithheld, subject, facts, replays).await
}

fn seal(engines: &Engines, subject: &Subject, rules: &Rules) -> Result<Row, Error> {
    let inconsistent = || store::Error::Inconsistent { table: "standing", row: rules.subject.to_string() };
    let plain = serde_json::to_vec(&rules.choices).map_err(|_| inconsistent())?;
    let context = context(rules.subject, rules.revision);
    let sealed = crypto::seal(subject.record_key(), engines.random.as_ref(), &context, &plain);
    Ok(Row { subject: rules.subject, revision: rules.revision, sealed })
}

fn context(subject: Uuid, revision: i64) -> Vec<u8> {
    [b"standing:".as_slice(), subject.as_bytes(), &revision.to_be_bytes()].concat()
}
