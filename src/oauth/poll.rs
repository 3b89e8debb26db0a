//! The poll of a backchannel request (CIBA Core 1.0 §10.1, §11): not yet, too often, no, over, or a token, once.

use std::time::Duration;

use super::{
    Error,
    authorize::once,
    backchannel::open,
    issue::Ask,
    onward::purpose_changed,
    pushed::hash,
    refresh::resume,
    release::{Again, Grant, fetched},
};
use crate::{
    consent,
    domain::consent::State,
    engines::Engines,
    protocol::{
        ciba::INTERVAL,
        error::{ErrorCode, OAuthError},
        token::PollRequest,
    },
    time::Millis,
};

/// What an `auth_req_id` stands for now.
///
/// # Errors
/// [`Error::Refused`]: `authorization_pending`, `slow_down`, `expired_token`, `access_denied`, or `invalid_grant` for
/// one that is unknown or another client's.
pub(super) async fn redeem<'a>(
    engines: &'a Engines,
    ask: &'a Ask<'_>,
    asked: &PollRequest,
) -> Result<Grant<'a>, Error> {
    let (name, now) = (asked.auth_req_id.expose(), engines.now());
    let hash = hash(name);
    let known = engines.store.backchannel(&hash).await?.filter(|row| row.client == ask.who.client.id);
    let row = known.ok_or_else(|| {
        let description = "`auth_req_id` is unknown, used, or another client's";
        OAuthError::new(ErrorCode::InvalidGrant, "auth_req_id_unknown", description)
    })?;
    // Before everything else: what was fetched stays fetched, however soon or late somebody asks again.
    let once = once(name, Millis(row.expires), Again::IsALostAnswer);
    if engines.store.was_used(once.id).await? {
        return Err(fetched().into());
    }
    if now.0 >= row.expires {
        return Err(over().into());
    }
    if !engines.store.note_poll(&hash, now, Duration::from_secs(u64::from(INTERVAL))).await? {
        let description = "too soon; wait five seconds more between polls than before";
        return Err(OAuthError::new(ErrorCode::SlowDown, "slow_down", description).into());
    }
    // Withheld: the client waits as if she had not looked.
    let Some(id) = row.consent else { return Err(pending().into()) };
    let consent = consent::by_id(engines, id).await?.ok_or(Error::Inconsistent("consent"))?;
    match consent.state {
        _ if consent.is_outdated(engines) || consent.was_outdated() => {
            return Err(purpose_changed(ErrorCode::ExpiredToken).into());
        }
        State::Requested | State::Deferred | State::HalfGiven => return Err(pending().into()),
        State::Unanswered => return Err(over().into()),
        State::Refused => {
            let description = "the person said no";
            return Err(OAuthError::new(ErrorCode::AccessDenied, "refused", description).into());
        }
        // What became of a yes is for the rules and the transaction to say.
        State::Given
        | State::Paused
        | State::UnderReview
        | State::Withdrawn
        | State::Revoked
        | State::Expired
        | State::Invalidated
        | State::LapsedUnused
        | State::Superseded => {}
    }
    let kept = open(engines, &row)?;
    if asked.resource.is_some() && asked.resource != kept.resource {
        let description = "`resource` is not the one that was asked for";
        return Err(OAuthError::new(ErrorCode::InvalidTarget, "auth_req_id_resource", description).into());
    }
    let mut grant = resume(engines, ask, consent, None, kept.resource.as_deref()).await?;
    grant.fresh = true;
    grant.refresh = true;
    grant.once = Some(once);
    Ok(grant)
}

fn pending() -> OAuthError {
    let description = "the person has not answered yet";
    OAuthError::new(ErrorCode::AuthorizationPending, "authorization_pending", description)
}

fn over() -> OAuthError {
    let description = "nobody answered in time; that is not consent";
    OAuthError::new(ErrorCode::ExpiredToken, "expired_token", description)
}
