//! Service tokens: a client's key to this service's own endpoints (its grants, its stream of events). They open no
//! personal data: there is no authorization detail in them, and their audience is the issuer.

use std::sync::Arc;

use super::{Authenticated, Error, client};
use crate::{
    domain::{
        decision::Reason,
        record::{Facts, Kind},
    },
    engines::Engines,
    jose::{
        access_token::{self, AccessToken, Confirmation},
        dpop::DpopProof,
    },
    ledger::entry::Event,
    protocol::{
        error::{ErrorCode, OAuthError},
        scope::{self, ServiceScope},
        token::{TokenResponse, TokenType},
    },
    store::append::{Command, Outcome, Require, Token},
    time::Millis,
};

/// How long a service token lives, in seconds (DESIGN D6).
const LIFETIME: i64 = 300;

/// Issues a service token; its entry stands in the chain of the client's agency.
///
/// A suspended client still gets one for its stream: it could not do what it owes otherwise.
///
/// # Errors
/// [`Error::Refused`] for a suspended client and for a replayed assertion or proof, or the ledger failed.
pub(super) async fn issue_service(
    engines: &Engines,
    who: &Authenticated,
    proof: &DpopProof,
    scopes: &[ServiceScope],
) -> Result<TokenResponse, Error> {
    let client = &who.client;
    let only_owes = scopes == [ServiceScope::Streams];
    if client.suspended && !only_owes {
        client::use_up(engines, who).await?;
        return Err(suspended().into());
    }
    let now = engines.now();
    let expires = Millis::from_seconds(now.seconds().saturating_add(LIFETIME));
    let jti = engines.id();
    let scope = scope::written(scopes.iter().map(|scope| scope.as_str()));
    let token = AccessToken {
        iss: engines.addresses.issuer.clone(),
        sub: client.client_id.clone(),
        client_id: client.client_id.clone(),
        aud: engines.addresses.issuer.clone(),
        exp: expires.seconds(),
        iat: now.seconds(),
        jti: jti.to_string(),
        cnf: Confirmation::Jkt(proof.jkt.clone()),
        authorization_details: None,
        scope: Some(scope.clone()),
        grant_id: None,
        status: None,
        auth_time: None,
        acr: None,
    };
    let access_token = engines.tokens.sign(access_token::TYPE, &token, now)?;
    let subject = engines.vault.agency(&client.agency).await?;
    let facts = Facts {
        agency: Some(client.agency.as_ref().to_owned()),
        client: Some(client.client_id.clone()),
        decision: Some("allow".to_owned()),
        expires: Some(expires.0.to_string()),
        target: Some(scope.clone()),
        token: Some(jti.to_string()),
        ..Facts::default()
    };
    let entry = engines.id();
    let subject_id = subject.id();
    let event = Event { id: entry, at: now, kind: Kind::TokenIssued, subject, facts };
    let command = Command {
        replays: vec![who.replay, (proof.replay_id(), proof.expires())],
        require: Require { client: (!only_owes).then_some(client.id), ..Require::default() },
        token: Some(Token {
            jti,
            client: client.id,
            subject: subject_id,
            entry,
            audience: engines.addresses.issuer.clone(),
            expires,
            uses: 0,
            consent: None,
            grant_id: None,
            status: None,
        }),
        entry: Some(event.draft(Arc::clone(&engines.random))),
        ..Command::default()
    };
    match engines.appender.run(command).await? {
        // INVARIANT I1: as for every token, the entry first.
        Outcome::Done { entry: Some(_), .. } => Ok(TokenResponse {
            access_token,
            token_type: TokenType::DPoP,
            expires_in: LIFETIME,
            authorization_details: None,
            refresh_token: None,
            scope: Some(scope),
            grant_id: None,
        }),
        Outcome::Replayed(id) if id == who.replay.0 => Err(client::replayed().into()),
        Outcome::Replayed(_) => {
            let description = "this DPoP proof was used before";
            Err(OAuthError::new(ErrorCode::InvalidDpopProof, "proof_replayed", description).into())
        }
        Outcome::ClientSuspended => Err(suspended().into()),
        _ => Err(Error::Inconsistent("outcome")),
    }
}

fn suspended() -> OAuthError {
    let reason = Reason::ClientSuspended;
    OAuthError::new(ErrorCode::UnauthorizedClient, reason.code(), reason.en())
}
