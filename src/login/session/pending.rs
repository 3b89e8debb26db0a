//! Sign-ins under way: kept sealed under the digest of their `state`, for one answer, from the browser that began.

use serde::{Deserialize, Serialize};

use super::SessionError;
use crate::{
    crypto::{self, Digest},
    engines::Engines,
    login::PendingSignIn,
};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    pending: PendingSignIn,
    browser: Digest,
}

/// Remembers a sign-in until its answer comes; `browser` is the short-lived cookie of the browser that began it.
///
/// # Errors
/// [`SessionError`] when the database fails.
pub async fn keep_pending(
    engines: &Engines,
    pending: &PendingSignIn,
    browser: &str,
) -> Result<(), SessionError> {
    let state = crypto::sha256(pending.state.expose().as_bytes());
    let kept = Kept { pending: pending.clone(), browser: crypto::sha256(browser.as_bytes()) };
    let kept = serde_json::to_vec(&kept).map_err(|_| SessionError::Sealed)?;
    let sealed = engines.vault.seal_private(&context(&state), &kept);
    Ok(engines.store.insert_sign_in(&state, &sealed, pending.expires).await?)
}

/// Takes out the sign-in that a `state` belongs to, so that it counts once; `None` when there is none, when it took
/// too long, or when another browser began it (RFC 6749 §10.12: login cross-site request forgery).
///
/// # Errors
/// [`SessionError`] when the database fails.
pub async fn take_pending(
    engines: &Engines,
    state: &str,
    browser: &str,
) -> Result<Option<PendingSignIn>, SessionError> {
    let state = crypto::sha256(state.as_bytes());
    let Some(sealed) = engines.store.take_sign_in(&state, engines.now()).await? else { return Ok(None) };
    let kept = engines.vault.open_private(&context(&state), &sealed).ok_or(SessionError::Sealed)?;
    let kept: Kept = serde_json::from_slice(&kept).map_err(|_| SessionError::Sealed)?;
    let same = crypto::equal(&crypto::sha256(browser.as_bytes()), &kept.browser);
    Ok(same.then_some(kept.pending))
}

fn context(state: &Digest) -> Vec<u8> {
    [b"sign-in:".as_slice(), state].concat()
}
