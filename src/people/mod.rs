//! People who act for others (Law 91/2025/QH15, Article 24), and what officials owe after an emergency (Article 19(1)).
//!
//! In scope: registering, naming and ending representatives; who may do what in whose name; whose yes a consent needs;
//! handing over to a child who has come of age; ending what only somebody may have who decides alone; reports of
//! emergency accesses and what follows when they are late. Every beginning and end is an entry in the histories of both
//! people, and every act one in that of the person acted for. Out of scope: the rules themselves (`domain::representation`), issuing (`oauth`), pages (`http`).

mod acting;
mod answering;
mod emergencies;
mod hand_over;
mod own_tokens;
mod register;

#[cfg(test)]
mod tests;

pub use acting::{Acting, Acts, acting, enter, mandated, representatives};
pub use answering::{answering, guarded, may_go_on, whose};
pub use emergencies::{Looking, Owed, emergencies, emergencies_due, report};
pub use hand_over::hand_over_due;
pub use register::{Ending, Naming, Registration, authorise, end, list, register};

use uuid::Uuid;

use crate::{
    consent,
    crypto::{self, Digest},
    domain::{
        representation::{AnswerError, Bond, Denied, Flaw, Representation},
        subject::Subject,
    },
    engines::Engines,
    ledger::appender::AppendError,
    protocol::rar::TextFault,
    store::{self, people::Representation as Row},
    vault::VaultError,
};

/// How this office refuses or fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A person's key cannot be had.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The ledger took no entry, so nothing was changed.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// A consent could not be read or changed.
    #[error(transparent)]
    Consent(#[from] consent::Error),
    /// There is nothing of the kind, or it is not for this person to know (I8).
    #[error("there is nothing here for you to see or change")]
    Unknown,
    /// The representation contradicts itself.
    #[error(transparent)]
    Flaw(#[from] Flaw),
    /// The representative may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The yes is not this person's to give, or not alone.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// Somebody acts for this person by law: she cannot authorise others herself.
    #[error("a parent or guardian decides for this person, who cannot authorise anybody")]
    Represented,
    /// What an office registered by law is ended by an office.
    #[error("this representation rests on the law; an office ends it")]
    OnlyAnOffice,
    /// A report or a reference breaks the rules for texts that citizens read.
    #[error("the text {0}")]
    Text(TextFault),
    /// It was done before; this entry records it.
    #[error("this was done before")]
    Already(Uuid),
    /// A stored representation or emergency does not open or read back.
    #[error("`{0}` does not read back")]
    Unreadable(Uuid),
}

impl Error {
    /// The stable reason; `None` when the service failed rather than refused.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Unknown => Some("not_found"),
            Self::Flaw(flaw) => Some(flaw.code()),
            Self::Denied(denied) => Some(denied.code()),
            Self::Answer(error) => Some(error.code()),
            Self::Represented => Some("represented_by_law"),
            Self::OnlyAnOffice => Some("ended_by_an_office"),
            Self::Text(_) => Some("text_refused"),
            Self::Already(_) => Some("done_before"),
            Self::Store(_) | Self::Vault(_) | Self::Append(_) | Self::Consent(_) | Self::Unreadable(_) => {
                None
            }
        }
    }
}

/// The additional data under which a representation is sealed.
fn context(id: Uuid) -> Vec<u8> {
    [b"representation".as_slice(), id.as_bytes()].concat()
}

/// A representation as a row, sealed under the key of the person it is about.
fn seal(engines: &Engines, principal: &Subject, said: &Representation, wake: i64) -> Row {
    // A plain value of strings, numbers and lists: there is nothing JSON could refuse.
    let bytes = serde_json::to_vec(said).unwrap_or_default();
    Row {
        id: said.id,
        principal: said.principal,
        representative: said.representative,
        created_at: engines.now().0,
        wake,
        ended_at: None,
        sealed: crypto::seal(principal.record_key(), engines.random.as_ref(), &context(said.id), &bytes),
    }
}

/// Opens a row; what disagrees with its row is not read.
fn open(row: &Row, principal: &Subject) -> Result<Bond, Error> {
    let unreadable = || Error::Unreadable(row.id);
    let bytes = crypto::open(principal.record_key(), &context(row.id), &row.sealed).ok_or_else(unreadable)?;
    let said: Representation = serde_json::from_slice(&bytes).map_err(|_| unreadable())?;
    let agrees = (said.id, said.principal, said.representative)
        == (row.id, row.principal, row.representative)
        && said.principal == principal.id();
    if !agrees {
        return Err(unreadable());
    }
    Ok(Bond { representation: said, ended: row.ended_at.is_some() })
}

/// Everything registered about a person, ended ones included.
async fn bonds(engines: &Engines, principal: &Subject) -> Result<Vec<Bond>, Error> {
    let rows = engines.store.representations_of(principal.id()).await?;
    rows.iter().map(|row| open(row, principal)).collect()
}

/// The subject behind an id that stands in one of our rows.
async fn subject(engines: &Engines, id: Uuid) -> Result<Subject, Error> {
    engines.vault.subject(id).await?.ok_or(Error::Unreadable(id))
}

/// An id made of the first bytes of a keyed digest: what happens once only.
fn once(engines: &Engines, parts: &[&[u8]]) -> Uuid {
    let digest: Digest = engines.vault.lookup(parts);
    let mut id = [0_u8; 16];
    for (to, from) in id.iter_mut().zip(digest) {
        *to = from;
    }
    Uuid::from_bytes(id)
}
