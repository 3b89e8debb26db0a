//! A step of a notice and its entry in the person's chain, committed together and once.

use std::sync::Arc;

use uuid::Uuid;

use super::Error;
use crate::{
    consent::notice::{Consent, Told},
    domain::{
        record::{Facts, Kind},
        subject::Subject,
    },
    engines::Engines,
    jose::{self, security_event},
    ledger::entry::Event,
    store::{
        append::{Change, Command, Outcome},
        notices::{Notice, Step},
    },
    time::Millis,
    vault::VaultError,
};

/// For how long a step is remembered beside the column that shows it: longer than any two nodes disagree.
const REMEMBERED: std::time::Duration = std::time::Duration::from_hours(24 * 400);

/// A notice opened: what it says, and whose history it belongs to.
pub(super) struct Opened {
    pub(super) notice: Notice,
    pub(super) told: Told,
    /// `None` for a verification, which is about nobody.
    pub(super) subject: Option<Subject>,
}

impl Opened {
    pub(super) async fn open(engines: &Engines, notice: Notice) -> Result<Self, Error> {
        let told = Told::open(&engines.vault, &notice)?;
        let subject = match &told {
            Told::Consent(consent) => {
                let subject = engines.vault.subject(consent.subject).await?;
                Some(subject.ok_or(Error::Inconsistent("subject"))?)
            }
            Told::Stream { .. } => None,
        };
        Ok(Self { notice, told, subject })
    }

    /// As [`Self::open`]; a notice that cannot be opened, because its person's key was destroyed, holds up no other.
    pub(super) async fn open_or_skip(engines: &Engines, notice: Notice) -> Result<Option<Self>, Error> {
        let id = notice.id;
        match Self::open(engines, notice).await {
            Ok(opened) => Ok(Some(opened)),
            Err(
                error @ (Error::Unreadable(_) | Error::Vault(VaultError::Sealed(_)) | Error::Inconsistent(_)),
            ) => {
                tracing::error!(notice = %id, %error, "notices: a notice cannot be opened and is passed over");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The consent, its owner; `None` for a verification.
    pub(super) fn consent(&self) -> Option<(&Consent, &Subject)> {
        match (&self.told, &self.subject) {
            (Told::Consent(consent), Some(subject)) => Some((consent, subject)),
            _ => None,
        }
    }

    /// The SET in compact form, signed with the key in force.
    pub(super) fn sign(&self, engines: &Engines) -> Result<String, Error> {
        let claims = self.told.claims(&engines.addresses.issuer, &self.notice)?;
        Ok(engines.tokens.sign(security_event::TYPE, &claims, engines.now())?)
    }

    /// The step with its entry; `None` where there is nobody to show it to.
    pub(super) fn command(&self, engines: &Engines, kind: Kind, step: Step, more: Facts) -> Option<Command> {
        let (consent, subject) = self.consent()?;
        let facts = Facts {
            agency: Some(consent.agency.clone()),
            client: Some(consent.client_id.clone()),
            consent: Some(consent.consent.to_string()),
            purpose: Some(consent.purpose.clone()),
            target: Some(self.notice.id.to_string()),
            ..more
        };
        let event = Event { id: engines.id(), at: engines.now(), kind, subject: subject.clone(), facts };
        Some(Command {
            // The column says that a step was taken, and this that no two nodes write its entry.
            replays: vec![once(&self.notice, kind)],
            changes: vec![Change::StepNotice(self.notice.id, step)],
            entry: Some(event.draft(Arc::clone(&engines.random))),
            ..Command::default()
        })
    }

    /// The steps of a notice that was just handed over (`sent`), acknowledged, or both; nothing when they were taken.
    pub(super) fn handed_over(&self, engines: &Engines, acknowledged: bool) -> Vec<Command> {
        let mut commands = Vec::new();
        if self.notice.sent_at.is_none() {
            let sent = self.command(engines, Kind::NoticeSent, Step::Sent, Facts::default());
            commands.extend(sent);
        }
        if acknowledged && self.notice.acked_at.is_none() {
            commands.extend(self.command(
                engines,
                Kind::NoticeAcknowledged,
                Step::Acknowledged,
                Facts::default(),
            ));
        }
        commands
    }
}

fn once(notice: &Notice, kind: Kind) -> (Uuid, Millis) {
    let until = Millis(notice.created_at) + REMEMBERED;
    (jose::replay_id("notice", kind.as_str(), &notice.id.to_string(), until), until)
}

/// Runs steps; whether each was taken now (`false`: somebody took it before).
pub(super) async fn run(engines: &Engines, commands: Vec<Command>) -> Result<Vec<bool>, Error> {
    let outcomes = engines.appender.run_all(commands).await?;
    outcomes
        .into_iter()
        .map(|outcome| match outcome {
            Outcome::Done { .. } => Ok(true),
            Outcome::Replayed(_) => Ok(false),
            // A step relies on nothing that could be gone.
            _ => Err(Error::Inconsistent("outcome")),
        })
        .collect()
}
