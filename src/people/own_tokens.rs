//! The person's own token is for somebody who decides alone (DESIGN §5): what she allowed software to read for her ends
//! when a guardianship begins, whoever registered it and whenever it counts.
//!
//! Out of scope: that she cannot say yes to a new one ([`super::answering()`]), and what ends with a consent
//! ([`consent::end`]).

use super::{Error, guarded};
use crate::{
    consent,
    domain::{consent::Actor, representation::Guarded, subject::Subject},
    engines::Engines,
};

/// Why such a consent ended: a stable code in its event, its entry and its receipt.
const GUARDIANSHIP_BEGAN: &str = "guardianship_began";

/// Ends every consent to a token of her own, if somebody decides for this person or with her; nothing otherwise. Done
/// twice, or by two nodes at once, it is done once.
///
/// # Errors
/// [`Error`] when one could not be read or ended; the clockwork tries again.
pub(super) async fn end_own_tokens(engines: &Engines, person: &Subject) -> Result<(), Error> {
    if guarded(engines, person, true).await? == Guarded::No {
        return Ok(());
    }
    for consent in consent::of_subject(engines, person).await? {
        if !consent.record.scopes.is_empty() {
            consent::revoke(engines, consent, &Actor::system(), GUARDIANSHIP_BEGAN).await?;
        }
    }
    Ok(())
}
