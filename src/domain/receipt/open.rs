//! Opens a signed receipt: the form, the key, the signature, and then whether it agrees with itself.

use super::{Claims, Fault, MAX_RECEIPT, TYP};
use crate::jose::{
    Jwks, NoKey,
    jws::{JwsError, Unverified},
};

/// Why a receipt does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotHeld {
    /// The text is not a signed text, or one of another type.
    #[error("not a receipt: {0}")]
    NotAReceipt(JwsError),
    /// It is a signed text of another type.
    #[error("not a receipt: its type is not `{TYP}`")]
    OtherType,
    /// No key of the set has the name in the header.
    #[error("the keys do not have the one that signed: {0}")]
    NoKey(#[from] NoKey),
    /// The signature is not that key's.
    #[error(transparent)]
    Signature(JwsError),
    /// The claims do not have the form of a receipt.
    #[error("the receipt is of a form this program does not know: {0}")]
    Claims(JwsError),
    /// It contradicts itself.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Reads a receipt, white space around it ignored, and checks it with published keys. It never expires: `exp` has no
/// place in it, and a key once published verifies for good.
///
/// # Errors
/// [`NotHeld`].
pub fn open(receipt: &str, keys: &Jwks) -> Result<Claims, NotHeld> {
    let unverified = Unverified::parse_within(receipt.trim(), MAX_RECEIPT).map_err(NotHeld::NotAReceipt)?;
    let header = unverified.header();
    if header.typ.as_deref() != Some(TYP) {
        return Err(NotHeld::OtherType);
    }
    // A receipt names its key: without a name a set of many keys would be a set of many chances.
    let kid = header.kid.as_deref().ok_or(NoKey::Unknown)?;
    let key = keys.find(Some(kid), header.alg)?;
    let verified = unverified.verify::<Claims>(key.public_key()).map_err(|error| match error {
        JwsError::Claims(_) | JwsError::Form => NotHeld::Claims(error),
        error => NotHeld::Signature(error),
    })?;
    verified.claims.check()?;
    Ok(verified.claims)
}
