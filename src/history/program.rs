//! Software reads for a person, with her own token (DESIGN §5): decided again with today's facts, recorded in her
//! history, and only then given what it may read.
//!
//! INVARIANT (I7): consent, client, token and her own rules are asked again in the transaction of the entry, at every
//! call. INVARIANT (I9): the entry is committed before anything is shown; a token makes one for each scope it is used
//! with, so that nobody can bury an entry under readings. Out of scope: the token's own claims and proof (`http`).

use std::sync::Arc;

use uuid::Uuid;

use super::{
    access::{HistoryError, collapsing},
    citizen::Reader,
};
use crate::{
    consent::{self, Consent, program},
    domain::{
        decision::Reason,
        own_token,
        record::{Facts, Kind},
        subject::Subject,
    },
    engines::{Engines, Recorded},
    jose::{access_token::AccessToken, dpop::DpopProof},
    ledger::{appender::AppendError, entry::Event},
    protocol::scope::CitizenScope,
    registry::Client,
    standing::{self, Rules},
    store::{
        append::{Command, Outcome, Require},
        tokens::Token,
    },
    time::Millis,
};

/// Why software is given nothing.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// The token is unknown, revoked, or not one of these: its stable code.
    #[error("the token is not accepted: {0}")]
    Token(&'static str),
    /// The proof was used before.
    #[error("the proof was used before")]
    ProofReplayed,
    /// It may not, today; the entry says so where there is one.
    #[error("refused: {}", .reason.code())]
    Refused {
        /// Why.
        reason: Reason,
        /// The entry that records it.
        entry: Option<Uuid>,
    },
    /// Nothing can be looked up or recorded.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// A consent cannot be read.
    #[error(transparent)]
    Consent(#[from] consent::Error),
}

impl From<crate::store::Error> for ProgramError {
    fn from(error: crate::store::Error) -> Self {
        Self::History(error.into())
    }
}

impl From<AppendError> for ProgramError {
    fn from(error: AppendError) -> Self {
        Self::History(error.into())
    }
}

/// Somebody's records, opened to software for one call.
#[derive(Debug)]
pub struct Opened {
    subject: Subject,
}

impl Opened {
    /// Who is read about; the reading is recorded.
    #[must_use]
    pub const fn reader(&self) -> Reader<'_> {
        Reader { subject: &self.subject, session: None, mandate: None }
    }
}

/// A token whose claims and proof hold, and what it stands on.
struct Ground {
    row: Token,
    client: Arc<Client>,
    consent: Consent,
}

/// Opens the records of the token's person to one call under `scope`, which its claims name. The proof is used up.
///
/// # Errors
/// [`ProgramError`]; nothing may then be shown.
pub async fn open(
    engines: &Engines,
    token: &AccessToken,
    proof: &DpopProof,
    scope: CitizenScope,
) -> Result<Opened, ProgramError> {
    let ground = ground(engines, token, scope).await?;
    let replays = vec![(proof.replay_id(), proof.expires())];
    // Her own rules may change in between: then it is decided once more, with the proof used up already.
    if !attempt(engines, &ground, scope, replays).await?
        && !attempt(engines, &ground, scope, Vec::new()).await?
    {
        return Err(AppendError::Unavailable(None).into());
    }
    Ok(Opened { subject: ground.consent.subject })
}

async fn ground(engines: &Engines, token: &AccessToken, scope: CitizenScope) -> Result<Ground, ProgramError> {
    let unknown = || ProgramError::Token("token_unknown");
    let jti = Uuid::parse_str(&token.jti).map_err(|_| unknown())?;
    let row = engines.store.token(jti).await?.ok_or_else(unknown)?;
    if row.revoked_at.is_some() {
        return Err(ProgramError::Token("token_revoked"));
    }
    let client = engines.registry.client(&token.client_id).await?;
    let client = client.filter(|client| client.id == row.client).ok_or_else(unknown)?;
    let consent = match row.consent {
        Some(id) => consent::by_id(engines, id).await?,
        None => None,
    };
    let own = |consent: &Consent| {
        consent.row.subject == row.subject
            && consent.row.client == row.client
            && own_token::scopes(&consent.record.scopes).contains(&scope)
    };
    let consent = consent.filter(own).ok_or_else(unknown)?;
    Ok(Ground { row, client, consent })
}

/// Decides and records; `false` when her rules changed in between.
async fn attempt(
    engines: &Engines,
    ground: &Ground,
    scope: CitizenScope,
    replays: Vec<(Uuid, Millis)>,
) -> Result<bool, ProgramError> {
    let Ground { row, client, consent } = ground;
    let (subject, now) = (&consent.subject, engines.now());
    let rules: Rules = standing::load(engines, subject).await?;
    let met = rules.facts(own_token::ID, &client.agency, now);
    let facts = facts(engines, ground, scope);
    if let Some(reason) = program::refusal(client, consent, met, program::Step::Use, now) {
        let facts = Facts {
            decision: Some("deny".to_owned()),
            reason: Some(reason.code().to_owned()),
            rules: Vec::new(),
            ..facts
        };
        return Err(match engines.refuse(Kind::DataRefused, subject, facts, replays).await? {
            Recorded::Entry(entry) => ProgramError::Refused { reason, entry: Some(entry) },
            Recorded::Replayed(_) => ProgramError::ProofReplayed,
        });
    }
    let once = engines.vault.lookup(&[b"program.read", row.jti.as_bytes(), scope.as_str().as_bytes()]);
    let event = Event { id: engines.id(), at: now, kind: Kind::ProgramRead, subject: subject.clone(), facts };
    let command = Command {
        replays,
        collapse: Some(collapsing(&once)),
        require: Require {
            client: Some(client.id),
            token: Some(row.jti),
            consent: Some(consent.row.id),
            standing: Some((rules.subject, rules.revision)),
            ..Require::default()
        },
        entry: Some(event.draft(Arc::clone(&engines.random))),
        ..Command::default()
    };
    let refused = |reason| Err(ProgramError::Refused { reason, entry: None });
    match engines.appender.run(command).await? {
        // INVARIANT I7, I9: these two arms are the only way on, and they come after the commit.
        Outcome::Done { entry: Some(_), .. } | Outcome::Collapsed(_) => Ok(true),
        Outcome::Stale => Ok(false),
        Outcome::Replayed(_) => Err(ProgramError::ProofReplayed),
        Outcome::TokenRevoked => Err(ProgramError::Token("token_revoked")),
        Outcome::ClientSuspended => refused(Reason::ClientSuspended),
        Outcome::ConsentNotLive(state) => refused(consent::not_live(state)),
        Outcome::Done { entry: None, .. }
        | Outcome::UsesExhausted
        | Outcome::OfficialSuspended
        | Outcome::BundleChanged
        | Outcome::LimitReached(_) => Err(AppendError::Unavailable(None).into()),
    }
}

fn facts(engines: &Engines, ground: &Ground, scope: CitizenScope) -> Facts {
    let Ground { row, client, consent } = ground;
    Facts {
        agency: Some(client.agency.as_ref().to_owned()),
        basis: Some("consent".to_owned()),
        bundle: Some(engines.bundle.as_ref().to_owned()),
        client: Some(client.client_id.clone()),
        consent: Some(consent.row.id.to_string()),
        decision: Some("allow".to_owned()),
        grant: row.grant_id.map(|id| id.to_string()),
        purpose: Some(own_token::ID.to_owned()),
        purpose_version: Some(consent.record.purpose_version.clone()),
        rules: vec![own_token::RULE.to_owned()],
        target: Some(scope.as_str().to_owned()),
        token: Some(row.jti.to_string()),
        ..Facts::default()
    }
}
