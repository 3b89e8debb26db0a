//! Sessions of this service: who is signed in in which browser, kept on the server's side.
//!
//! The cookie is 256 random bits; the row is found by its SHA-256, and what it says is sealed. A session ends when it
//! is unused for [`IDLE`], after [`LONGEST`] in any case, when its person signs out here or at the issuer, and for an
//! official at the moment of suspension. Out of scope: cookies themselves, and who may open which page (`http`).

mod pending;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{LogoutToken, SignedIn, SignedInRole, logout::is_harmless};
use crate::{
    crypto::{self, Digest},
    domain::{
        consent::{Actor, Authenticated, Capacity},
        subject::{NationalId, Subject},
    },
    engines::{Engines, OfficialError, OfficialSignIn},
    jose,
    ledger::appender::AppendError,
    secret::Secret,
    store::{
        append::{Command, Outcome},
        officials::Official,
        sessions::Session as Row,
    },
    time::Millis,
    vault::VaultError,
};

pub use pending::{keep_pending, take_pending};

/// How long a session may go unused.
pub const IDLE: Duration = Duration::from_mins(15);
/// How long a session lasts at most.
pub const LONGEST: Duration = Duration::from_hours(5);
/// Use is noted at most this often, so that reading a page is not a write.
const NOTED: i64 = 60_000;

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// The person's key cannot be had.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The entry that must be committed first was not.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The official's access is suspended.
    #[error("the official's access is suspended")]
    OfficialSuspended,
    /// The official's code and sign-in are registered, but not together.
    #[error("the official is registered with another sign-in")]
    OfficialConflict,
    /// The issuer's national id is not one.
    #[error("the national id is ill-formed")]
    NationalId,
    /// The sealed part cannot be read back.
    #[error("a session cannot be read back")]
    Sealed,
}

impl From<OfficialError> for SessionError {
    fn from(error: OfficialError) -> Self {
        match error {
            OfficialError::Store(error) => error.into(),
            OfficialError::Vault(error) => error.into(),
            OfficialError::Append(error) => error.into(),
            OfficialError::Conflict => Self::OfficialConflict,
        }
    }
}

/// Who is signed in.
#[derive(Clone, Debug)]
pub enum Who {
    /// A citizen, as herself.
    Citizen {
        /// Whose records she may read.
        subject: Subject,
        /// The last three digits of her national id: all that pages show.
        last_three: String,
    },
    /// An official of an agency.
    Official {
        /// The agency.
        agency: String,
        /// The code within the agency.
        id: String,
        /// The unit; empty when not stated.
        unit: String,
        /// The name to show; empty when not stated.
        name: String,
    },
    /// A compliance officer of an agency.
    Compliance {
        /// The agency.
        agency: String,
        /// The code within the agency.
        id: String,
        /// The name to show; empty when not stated.
        name: String,
    },
}

/// A live session.
#[derive(Clone, Debug)]
pub struct Session {
    /// SHA-256 of the cookie.
    pub id: Digest,
    /// Who it is.
    pub who: Who,
    /// The issuer that said so.
    pub issuer: String,
    /// How surely, 1 to 4.
    pub assurance: u8,
    /// How and when, as far as the issuer said.
    pub authenticated: Authenticated,
    /// What a form must send back (OWASP synchroniser token).
    pub csrf: String,
    /// The issuer's own session, for signing out there.
    pub sid: Option<String>,
    /// The ID token, for signing out there; never kept when it holds anything like a national id.
    pub id_token: Option<Secret<String>>,
    /// When it ends at the latest.
    pub expires: Millis,
}

impl Session {
    /// The one who is signed in, acting for herself.
    #[must_use]
    pub fn herself(&self) -> Actor {
        Actor {
            capacity: Capacity::Own,
            acting: None,
            representation: None,
            issuer: Some(self.issuer.clone()),
            assurance: Some(self.assurance),
            authenticated: self.authenticated.clone(),
        }
    }
}

/// What is sealed in the row.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    role: Role,
    assurance: u8,
    #[serde(default)]
    authenticated: Authenticated,
    csrf: String,
    sid: Option<String>,
    id_token: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Role {
    Citizen { last_three: String },
    Official { agency: String, id: String, unit: String, name: String },
    Compliance { agency: String, id: String, name: String },
}

/// Begins a session for a person whose sign-in was finished; gives the value of the cookie.
///
/// # Errors
/// [`SessionError`]; a first-seen official is registered by an entry first, a suspended one refused.
pub async fn begin_session(engines: &Engines, person: &SignedIn) -> Result<Secret<String>, SessionError> {
    let now = engines.now();
    let name = |name: &Option<Secret<String>>| name.as_ref().map_or_else(String::new, |n| n.expose().clone());
    let (role, subject) = match &person.role {
        SignedInRole::Citizen { national_id } => {
            let id = NationalId::parse(national_id.expose().clone()).ok_or(SessionError::NationalId)?;
            let last_three = id.expose().chars().skip(9).collect();
            (Role::Citizen { last_three }, Some(engines.vault.citizen(&id).await?.id()))
        }
        SignedInRole::Official { agency, id, unit, name: shown } => {
            let official = admit(engines, person, agency, id, unit.as_deref()).await?;
            let Official { agency, code: id, unit, .. } = official;
            (Role::Official { agency, id, unit, name: name(shown) }, None)
        }
        SignedInRole::Compliance { agency, id, name: shown } => {
            (Role::Compliance { agency: agency.clone(), id: id.clone(), name: name(shown) }, None)
        }
    };
    let cookie = engines.random.token();
    let id = crypto::sha256(cookie.as_bytes());
    let kept = Kept {
        role,
        assurance: person.assurance,
        authenticated: Authenticated { acr: person.acr.clone(), at: person.auth_time },
        csrf: engines.random.token(),
        sid: person.sid.clone(),
        id_token: Some(&person.id_token).filter(|token| is_harmless(token)).map(|t| t.expose().clone()),
    };
    let kept = serde_json::to_vec(&kept).map_err(|_| SessionError::Sealed)?;
    let row = Row {
        id: id.to_vec(),
        issuer: person.issuer.clone(),
        sub: by_sub(engines, &person.issuer, &person.subject).to_vec(),
        sid: person.sid.as_ref().map(|sid| by_sid(engines, &person.issuer, sid).to_vec()),
        subject,
        sealed: engines.vault.seal_private(&context(&id), &kept),
        seen_at: now.0,
        expires: (now + LONGEST).0,
    };
    engines.store.insert_session(&row).await?;
    Ok(Secret::new(cookie))
}

/// Lets an official in whom an issuer of her agency vouches for; a first-seen one is registered.
async fn admit(
    engines: &Engines,
    person: &SignedIn,
    agency: &str,
    code: &str,
    unit: Option<&str>,
) -> Result<Official, SessionError> {
    let SignedIn { issuer, subject: sub, assurance, .. } = person;
    let sign_in = OfficialSignIn { issuer, sub, agency, code, unit, assurance: *assurance };
    let official = engines.official_signed_in(sign_in).await?;
    if official.agency != agency {
        return Err(SessionError::OfficialConflict);
    }
    if official.suspended_at.is_some() {
        return Err(SessionError::OfficialSuspended);
    }
    Ok(official)
}

/// The live session of a cookie, and notes that it is in use.
///
/// # Errors
/// [`SessionError`] when nobody can say.
pub async fn current(engines: &Engines, cookie: &str) -> Result<Option<Session>, SessionError> {
    let now = engines.now();
    let id = crypto::sha256(cookie.as_bytes());
    let Some(row) = engines.store.session(&id, now).await? else { return Ok(None) };
    let unused = now.since(Millis(row.seen_at));
    if i128::from(unused) >= i128::try_from(IDLE.as_millis()).unwrap_or(0) {
        engines.store.end_session(&id).await?;
        return Ok(None);
    }
    let kept = engines.vault.open_private(&context(&id), &row.sealed).ok_or(SessionError::Sealed)?;
    let kept: Kept = serde_json::from_slice(&kept).map_err(|_| SessionError::Sealed)?;
    let Some(who) = who(engines, kept.role, row.subject).await? else {
        engines.store.end_session(&id).await?;
        return Ok(None);
    };
    if unused >= NOTED {
        engines.store.touch_session(&id, now).await?;
    }
    Ok(Some(Session {
        id,
        who,
        issuer: row.issuer,
        assurance: kept.assurance,
        authenticated: kept.authenticated,
        csrf: kept.csrf,
        sid: kept.sid,
        id_token: kept.id_token.map(Secret::new),
        expires: Millis(row.expires),
    }))
}

/// The person as she stands now; `None` when she may no longer be signed in.
async fn who(engines: &Engines, role: Role, subject: Option<Uuid>) -> Result<Option<Who>, SessionError> {
    match (role, subject) {
        (Role::Citizen { last_three }, Some(subject)) => {
            let subject = engines.vault.subject(subject).await?;
            Ok(subject.map(|subject| Who::Citizen { subject, last_three }))
        }
        (Role::Official { agency, id, unit, name }, None) => {
            // Read anew: suspension takes effect on the next request.
            let known = engines.store.official(&agency, &id).await?;
            let suspended = known.is_some_and(|official| official.suspended_at.is_some());
            Ok((!suspended).then_some(Who::Official { agency, id, unit, name }))
        }
        (Role::Compliance { agency, id, name }, None) => Ok(Some(Who::Compliance { agency, id, name })),
        (Role::Citizen { .. }, None) | (Role::Official { .. } | Role::Compliance { .. }, Some(_)) => {
            Err(SessionError::Sealed)
        }
    }
}

/// Ends the session of a cookie, if there is one.
///
/// # Errors
/// [`SessionError::Store`] when the database fails; the session then still lives.
pub async fn end(engines: &Engines, cookie: &str) -> Result<(), SessionError> {
    Ok(engines.store.end_session(&crypto::sha256(cookie.as_bytes())).await?)
}

/// Ends what a verified logout token names (OpenID Connect Back-Channel Logout 1.0 §2.7); `false` when the same token
/// was here before, on any node.
///
/// # Errors
/// [`SessionError`] when the database fails.
pub async fn end_by_logout_token(engines: &Engines, token: &LogoutToken) -> Result<bool, SessionError> {
    let id = jose::replay_id("logout_token", &token.issuer, &token.jti, token.expires);
    let command = Command { replays: vec![(id, token.expires)], ..Command::default() };
    if matches!(engines.appender.run(command).await?, Outcome::Replayed(_)) {
        return Ok(false);
    }
    let sub = token.sub.as_ref().map(|sub| by_sub(engines, &token.issuer, sub));
    let sid = token.sid.as_ref().map(|sid| by_sid(engines, &token.issuer, sid));
    engines.store.end_sessions_of(&token.issuer, sub.as_ref(), sid.as_ref()).await?;
    Ok(true)
}

fn by_sub(engines: &Engines, issuer: &str, sub: &str) -> Digest {
    engines.vault.lookup(&[b"session-sub", issuer.as_bytes(), sub.as_bytes()])
}

fn by_sid(engines: &Engines, issuer: &str, sid: &str) -> Digest {
    engines.vault.lookup(&[b"session-sid", issuer.as_bytes(), sid.as_bytes()])
}

/// Binds the sealed part to its row.
fn context(id: &Digest) -> Vec<u8> {
    [b"session:".as_slice(), id].concat()
}
