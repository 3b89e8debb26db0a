//! A competent authority ends a consent, by a document of its own (Law 91/2025/QH15, Article 24(3)).
//!
//! Whoever runs the program has seen the document and types what it is: authority, number and reason stand in the event,
//! the entry and the receipt, word for word. Out of scope: what ends with the consent ([`consent::end`]).

use uuid::Uuid;

use super::{Done, Error};
use crate::{
    consent,
    domain::consent::{Act, Actor, State},
    engines::Engines,
    merkle::hash::leaf_hash,
    protocol::rar,
    store::append::Placed,
};

/// How often it is tried again when the person changes the consent at the same moment.
const TRIES: usize = 8;

/// An authority's decision; each text is plain, without addresses and identity numbers, and shown to the citizen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The authority's name, 3 to 200 characters.
    pub authority: String,
    /// The number of its document, 3 to 100 characters.
    pub document: String,
    /// Its reason, 3 to 300 characters.
    pub reason: String,
}

impl Decision {
    /// Everything that is wrong with it.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        [
            ("authority", &self.authority, 3..=200),
            ("document", &self.document, 3..=100),
            ("reason", &self.reason, 3..=300),
        ]
        .into_iter()
        .filter_map(|(name, text, length)| Some(format!("`{name}` {}", rar::text_fault(text, length)?)))
        .collect()
    }

    /// In one line.
    fn line(&self) -> String {
        format!("{} · {} · {}", self.authority, self.document, self.reason)
    }
}

/// Ends a consent that stands, with everything that rests on it; [`Done::Nothing`] when an authority has ended it.
///
/// # Errors
/// [`Error`]; nothing was changed.
pub async fn revoke_consent(engines: &Engines, id: Uuid, decision: &Decision) -> Result<Done, Error> {
    let problems = decision.problems();
    if !problems.is_empty() {
        return Err(Error::Problems(problems));
    }
    for _ in 0..TRIES {
        let consent = consent::by_id(engines, id).await?.ok_or(Error::UnknownConsent(id))?;
        if consent.state == State::Revoked {
            return Ok(Done::Nothing);
        }
        if !consent.state.is_standing() {
            return Err(Error::NotStanding { consent: id, state: consent.state.as_str() });
        }
        match consent::end(engines, &consent, Act::Revoke, Actor::authority(), Some(decision.line())).await {
            Ok(ended) => return recorded(engines, &ended).await,
            Err(consent::Error::Stale) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(consent::Error::Stale.into())
}

/// Where the entry of the end stands.
async fn recorded(engines: &Engines, ended: &consent::Consent) -> Result<Done, Error> {
    let missing = || Error::Consent(consent::Error::Inconsistent("entry"));
    let event = consent::events(engines, ended).await?.pop().ok_or_else(missing)?;
    let entry = engines.store.entry(event.entry).await?.ok_or_else(missing)?;
    let leaf_hash = leaf_hash(&entry.leaf);
    Ok(Done::Recorded(Placed { id: entry.id, index: entry.idx, n: entry.n, leaf_hash }))
}
