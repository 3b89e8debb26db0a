//! Status lists for resource servers that check tokens offline (Token Status List): which token has a place, and what
//! stands there. A list ends 30 seconds after it was read from the database (I7).
//!
//! Out of scope: who has which place (`tokens::statuses`).

use std::sync::Arc;

use super::Error;
use crate::{
    domain::{
        catalogue::{BasisKind, Field},
        consent::State,
    },
    engines::Engines,
    jose::status_list::{self, Status, StatusList, StatusListToken, StatusReference},
    store::tokens::Ended,
    tokens::statuses::size,
};

/// A place in the lists and how a token says it; `None` for a token that may not be believed offline: one for our own
/// data endpoint, and one that opens sensitive data on consent.
///
/// # Errors
/// [`Error::Store`] when no place can be had.
pub(super) async fn assign(
    engines: &Engines,
    audience: &str,
    basis: BasisKind,
    fields: &[String],
) -> Result<Option<(i64, StatusReference)>, Error> {
    let catalogue = engines.register.catalogue();
    let sensitive = |field: &String| catalogue.field(field).is_none_or(Field::is_sensitive);
    if audience == engines.addresses.data || (basis == BasisKind::Consent && fields.iter().any(sensitive)) {
        return Ok(None);
    }
    let key = engines.vault.lookup(&[b"status list places"]);
    let place = engines.tokens.statuses().next(&engines.store, &key).await?;
    let index = u64::try_from(place.rem_euclid(size())).unwrap_or(0);
    Ok(Some((place, StatusReference::new(index, &address(engines, place.div_euclid(size()))))))
}

/// The addresses of all lists that tokens can be in (Token Status List §9.2), oldest first.
///
/// # Errors
/// [`Error::Store`] when the database fails.
pub async fn status_lists(engines: &Engines) -> Result<Vec<String>, Error> {
    let next = engines.store.next_number("status").await?;
    // Numbers are taken in blocks: a list exists from its first number on.
    let lists = next.max(0).saturating_add(size() - 1).div_euclid(size());
    Ok((0..lists).map(|list| address(engines, list)).collect())
}

fn address(engines: &Engines, list: i64) -> String {
    format!("{}/oauth/status-lists/{list}", engines.addresses.issuer)
}

/// The signed list of this number; `None` when no token can be in it.
///
/// # Errors
/// [`Error`] when it cannot be read or signed: whoever asked must then not believe the token.
pub async fn status_list(engines: &Engines, list: i64) -> Result<Option<Arc<str>>, Error> {
    let (statuses, now) = (engines.tokens.statuses(), engines.now());
    if let Some(kept) = statuses.kept(list, now) {
        return Ok(Some(kept));
    }
    let Some(start) = list.checked_mul(size()).filter(|start| *start >= 0) else { return Ok(None) };
    if start >= engines.store.next_number("status").await? {
        return Ok(None);
    }
    let places = start..start.saturating_add(size());
    let mut bits = StatusList::new();
    for ended in engines.store.not_valid(&places, now.0).await? {
        let index = usize::try_from(ended.status - start).unwrap_or(usize::MAX);
        if !bits.set(index, status(&ended)) {
            return Err(Error::Inconsistent("status"));
        }
    }
    let token = StatusListToken::new(&address(engines, list), &bits, now);
    let token = token.ok_or(Error::Inconsistent("status list"))?;
    let compact: Arc<str> = engines.tokens.sign(status_list::TYPE, &token, now)?.into();
    statuses.keep(list, now, &compact);
    Ok(Some(compact))
}

/// Over for good before stopped for a while; what is not understood is over.
fn status(token: &Ended) -> Status {
    let state = token.state.as_deref().map(State::parse);
    match (token.revoked_at, token.suspended_at, state) {
        (None, _, Some(Some(State::Paused | State::UnderReview)))
        | (None, Some(_), None | Some(Some(State::Given))) => Status::Suspended,
        // Revoked; or in the answer with a state that is none of ours, or without its consent.
        _ => Status::Invalid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_is_invalid_and_what_is_stopped_suspended() {
        let of = |revoked_at, suspended_at, state: Option<&str>| {
            status(&Ended { status: 0, revoked_at, suspended_at, state: state.map(str::to_owned) })
        };
        for state in [None, Some("given"), Some("paused"), Some("withdrawn")] {
            assert_eq!(of(Some(1), None, state), Status::Invalid);
            assert_eq!(of(Some(1), Some(1), state), Status::Invalid);
        }
        for over in ["withdrawn", "revoked", "expired", "superseded", "requested", "x"] {
            assert_eq!(of(None, Some(1), Some(over)), Status::Invalid, "{over}");
        }
        for stopped in ["paused", "under_review"] {
            assert_eq!(of(None, None, Some(stopped)), Status::Suspended, "{stopped}");
            assert_eq!(of(None, Some(1), Some(stopped)), Status::Suspended, "{stopped}");
        }
        assert_eq!(of(None, Some(1), None), Status::Suspended);
        assert_eq!(of(None, Some(1), Some("given")), Status::Suspended);
        assert_eq!(of(None, None, None), Status::Invalid);
    }
}
