//! The citizen's own token (DESIGN §5): whether software may ask for it, what a yes is exchanged for, and the decision
//! each time. What it is about is [`crate::domain::own_token`]; everything else is as for any consent.

use super::{Error, issue::Ask, release::Grant};
use crate::{
    consent::{Consent, program},
    domain::{
        catalogue::BasisKind,
        decision::{Decision, Reason, StandingFacts},
        own_token,
    },
    engines::Engines,
    protocol::{
        authorize::PushedRequest,
        error::{ErrorCode, OAuthError},
        grants::Action,
        scope::CitizenScope,
    },
    registry::Client,
};

/// Checks a pushed request for scopes.
///
/// # Errors
/// `invalid_scope` for what the client is not registered for, `invalid_target` for another resource,
/// `invalid_request` where a grant is to be made larger, `unauthorized_client` while it is suspended.
pub(super) fn check(
    engines: &Engines,
    client: &Client,
    request: &PushedRequest,
    scopes: &[CitizenScope],
) -> Result<(), OAuthError> {
    check_scopes(client, scopes)?;
    audience(engines, request.resource.as_deref())?;
    let refuse = |reason, description| Err(OAuthError::new(ErrorCode::InvalidRequest, reason, description));
    match request.grant {
        None => Ok(()),
        Some(Action::Create) if client.profile.grant_management => Ok(()),
        Some(Action::Create) => {
            refuse("grant_management_unregistered", "this client is not registered for grant management")
        }
        Some(Action::Merge(_) | Action::Replace(_)) => refuse(
            "grant_of_scopes",
            "scopes have a grant of their own, which is neither extended nor replaced; ask for a new one",
        ),
    }
}

/// Whether a client may ask for these scopes now.
///
/// # Errors
/// `unauthorized_client` while it is suspended, `invalid_scope` for what it is not registered for.
pub(super) fn check_scopes(client: &Client, scopes: &[CitizenScope]) -> Result<(), OAuthError> {
    if client.suspended {
        let reason = Reason::ClientSuspended;
        return Err(OAuthError::new(ErrorCode::UnauthorizedClient, reason.code(), reason.en()));
    }
    if scopes.iter().all(|scope| client.profile.scopes.contains(scope)) {
        return Ok(());
    }
    let description = "this client is not registered for these scopes";
    Err(OAuthError::new(ErrorCode::InvalidScope, "scope_unregistered", description))
}

/// The one audience of such a token.
fn audience(engines: &Engines, resource: Option<&str>) -> Result<String, OAuthError> {
    let own = engines.addresses.citizen_api();
    if resource.is_none_or(|resource| resource == own) {
        return Ok(own);
    }
    let description = "scopes are for the citizen API alone; leave `resource` out or name that";
    Err(OAuthError::new(ErrorCode::InvalidTarget, "resource_unknown", description))
}

/// What a consent to scopes is exchanged for.
///
/// # Errors
/// `invalid_request` where an official is named, `invalid_target` for another resource.
pub(super) fn resume<'a>(
    engines: &'a Engines,
    ask: &'a Ask<'_>,
    consent: Consent,
    resource: Option<&str>,
) -> Result<Grant<'a>, Error> {
    if ask.actor.is_some() {
        let description = "a citizen's own token names no official";
        return Err(OAuthError::new(ErrorCode::InvalidRequest, "actor_token_refused", description).into());
    }
    Ok(Grant {
        client: &ask.who.client,
        purpose: own_token::terms(),
        basis: BasisKind::Consent,
        audience: audience(engines, resource)?,
        subject: consent.subject.clone(),
        official: None,
        fields: Vec::new(),
        case: None,
        justification: None,
        scopes: consent.record.scopes.clone(),
        rules: None,
        emergency: None,
        fresh: false,
        refresh: false,
        once: None,
        consent: Some(consent),
    })
}

/// The decision about such a token; `None` where the grant is of data, which `policies/` decide.
pub(super) fn decide(
    engines: &Engines,
    grant: &Grant<'_>,
    standing: Option<StandingFacts>,
) -> Option<Decision> {
    let consent = grant.consent.as_ref().filter(|_| !grant.scopes.is_empty())?;
    let step = if grant.fresh { program::Step::First } else { program::Step::Another };
    let reason = program::refusal(grant.client, consent, standing, step, engines.now());
    Some(Decision {
        allowed: reason.is_none(),
        reason,
        rules: reason.is_none().then(|| own_token::RULE.to_owned()).into_iter().collect(),
        excess: Vec::new(),
        overrides: Vec::new(),
        purpose_version: Some(consent.record.purpose_version.clone()),
        bundle_version: engines.bundle.as_ref().to_owned(),
    })
}
