//! Issuing: one person, one purpose, exactly the fields asked for, or a refusal that says why.
//!
//! The order is that of DESIGN §5: what does not depend on the person first and precisely; then policy, whose
//! refusals are entries; then the entry and the token in one transaction; only then the token leaves (I1).

use std::{collections::BTreeSet, sync::Arc};

use uuid::Uuid;

use super::{
    Authenticated, Error, client,
    emergency::{self, Emergency},
    official::{self, Acting},
    request,
};
use crate::{
    domain::{
        catalogue::{BasisKind, Purpose},
        decision::{Action, ClientFacts, Decision, Facts as PolicyFacts, Reason},
        record::{Facts, Kind},
        subject::Subject,
    },
    engines::{Engines, Recorded},
    jose::{
        access_token::{self, AccessToken, Confirmation},
        dpop::DpopProof,
    },
    ledger::entry::Event,
    protocol::{
        error::{ErrorCode, OAuthError},
        rar::{self, AuthorizationDetail, GrantedDetail, GrantedSubject},
        token::{TokenRequest, TokenResponse, TokenType},
    },
    registry::Client,
    store::append::{Command, Outcome, Require, Token},
};

/// The longest life of a token, whatever a purpose says (DESIGN D6), in seconds.
const MAX_LIFETIME: i64 = 300;

/// An official who signed in at her agency, as `login` proved it.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The issuer.
    pub issuer: String,
    /// Her subject there.
    pub sub: String,
    /// Her code, when the issuer gives one.
    pub code: String,
    /// Her unit, when the issuer names it.
    pub unit: Option<String>,
    /// The strength of the sign-in, 0 to 4.
    pub assurance: u8,
    /// When she signed in.
    pub auth_time: crate::time::Millis,
}

/// A request whose sender is proved.
pub struct Ask<'a> {
    /// The client.
    pub who: &'a Authenticated,
    /// The proof of possession that came with the request.
    pub proof: &'a DpopProof,
    /// What is asked for.
    pub request: &'a TokenRequest,
    /// The official's sign-in, where it was proved.
    pub actor: Option<Actor>,
    /// The second official's sign-in, who approves an emergency access.
    pub approver: Option<Actor>,
}

/// Decides, records, and only then gives the token.
///
/// # Errors
/// [`Error::Refused`] with a stable reason and, for refusals of policy, the entry that recorded it.
pub async fn issue(engines: &Engines, ask: Ask<'_>) -> Result<TokenResponse, Error> {
    match prepare(engines, &ask).await {
        // What the transaction refuses has used the assertion and the proof up already.
        Ok((grant, facts)) => release(engines, &ask, grant, facts).await,
        Err(refusal) => Err(use_up(engines, &ask, refusal).await?),
    }
}

/// A refusal that is no entry uses the assertion and the proof up all the same.
async fn use_up(engines: &Engines, ask: &Ask<'_>, refusal: Error) -> Result<Error, Error> {
    if let Error::Refused(error) = &refusal
        && error.entry.is_none()
        && error.error != ErrorCode::InvalidClient
        && error.reason != "proof_replayed"
    {
        let replays = replays(ask);
        match engines.appender.run(Command { replays, ..Command::default() }).await? {
            Outcome::Replayed(id) => return Ok(replayed(ask, id)),
            _ => engines.metrics.token_refused("malformed"),
        }
    }
    Ok(refusal)
}

/// Everything up to the transaction: what is granted and what its entry says, or why not.
async fn prepare<'a>(engines: &'a Engines, ask: &'a Ask<'_>) -> Result<(Grant<'a>, Facts), Error> {
    let client = &ask.who.client;
    let detail = AuthorizationDetail::parse_list(ask.request.authorization_details.expose())
        .map_err(OAuthError::from)?;
    let audience = request::audience(engines, ask.request.resource.as_deref()).await?;
    let purpose = request::known_purpose(engines, &detail)?;
    let basis = request::basis(&detail, purpose)?;
    let official = official::official(engines, client, &detail, ask.actor.as_ref()).await?;
    let subject = request::subject(engines, client, &detail).await?;
    let emergency = emergency::gather(engines, ask, basis, &detail, official.as_ref()).await?;

    let fields: Vec<&str> = detail.datatypes.iter().map(String::as_str).collect();
    let decision = engines.register.decide(&PolicyFacts {
        action: Action::IssueToken,
        now: engines.now(),
        client: ClientFacts {
            id: &client.client_id,
            agency: &client.agency,
            purposes: &client.purposes,
            suspended: client.suspended,
        },
        official: official.as_ref().map(Acting::facts),
        purpose: &purpose.id,
        basis,
        fields: &fields,
        has_case: detail.case.is_some(),
        assurance: ask.actor.as_ref().map_or(0, |actor| actor.assurance),
        consent: None,
        standing: None,
        emergency: emergency.as_ref().map(Emergency::facts),
    });
    let mut facts = facts(client, &detail, basis, official.as_ref(), ask.actor.as_ref(), &decision);
    facts.approver = emergency.as_ref().and_then(Emergency::approver_code);
    if let Some(reason) = decision.reason {
        return Err(refuse(engines, ask, &subject, facts, reason, &decision).await?);
    }
    Ok((Grant { client, detail, purpose, basis, audience, subject, official, emergency }, facts))
}

/// Everything a token is made from.
struct Grant<'a> {
    client: &'a Client,
    detail: AuthorizationDetail,
    purpose: &'a Purpose,
    basis: BasisKind,
    audience: String,
    subject: Subject,
    official: Option<Acting>,
    emergency: Option<Emergency>,
}

async fn release(
    engines: &Engines,
    ask: &Ask<'_>,
    grant: Grant<'_>,
    mut facts: Facts,
) -> Result<TokenResponse, Error> {
    let now = engines.now();
    let lifetime = i64::from(grant.purpose.max_lifetime_s).min(MAX_LIFETIME);
    let exp = now.seconds().saturating_add(lifetime);
    let jti = engines.id();
    let handle = engines.vault.handle(&grant.client.agency, &grant.subject).await?;
    let details = serde_json::to_value([GrantedDetail {
        kind: rar::TYPE.to_owned(),
        id: engines.id().to_string(),
        purpose: grant.purpose.id.clone(),
        subject: GrantedSubject { handle: handle.as_ref().to_owned() },
        actions: vec!["read".to_owned()],
        datatypes: grant.detail.datatypes.clone(),
        basis: request::wire(grant.basis),
        expires_at: exp,
        uses_left: grant.purpose.max_uses,
    }])
    .map_err(|_| Error::Inconsistent("authorization_details"))?;
    let token = AccessToken {
        iss: engines.addresses.issuer.clone(),
        sub: grant.client.client_id.clone(),
        client_id: grant.client.client_id.clone(),
        aud: grant.audience.clone(),
        exp,
        iat: now.seconds(),
        jti: jti.to_string(),
        cnf: Confirmation::Jkt(ask.proof.jkt.clone()),
        authorization_details: details.clone(),
    };
    let access_token = engines.tokens.sign(access_token::TYPE, &token, now)?;

    let expires = crate::time::Millis::from_seconds(exp);
    facts.token = Some(jti.to_string());
    facts.expires = Some(expires.0.to_string());
    let changes = match &grant.emergency {
        Some(emergency) => vec![emergency.owed(engines, &grant.subject, grant.purpose, jti, &facts)?],
        None => Vec::new(),
    };
    let entry = engines.id();
    let event = Event { id: entry, at: now, kind: Kind::TokenIssued, subject: grant.subject.clone(), facts };
    let outcome = engines
        .appender
        .run(Command {
            replays: replays(ask),
            require: Require {
                client: Some(grant.client.id),
                official: grant.official.as_ref().map(|named| named.official.id).filter(|id| !id.is_nil()),
                approver: grant.emergency.as_ref().and_then(Emergency::approver_id),
                bundle: Some(Arc::clone(&engines.bundle)),
                ..Require::default()
            },
            changes,
            token: Some(Token {
                jti,
                client: grant.client.id,
                subject: grant.subject.id(),
                entry,
                audience: grant.audience,
                expires,
                uses: i64::from(grant.purpose.max_uses),
                consent: None,
                grant_id: None,
                status: None,
            }),
            entry: Some(event.draft(Arc::clone(&engines.random))),
            ..Command::default()
        })
        .await?;
    match outcome {
        // INVARIANT I1: this arm is the only way out for a token, and it comes after the commit.
        Outcome::Done { entry: Some(_), .. } => {
            engines.metrics.token_issued();
            Ok(TokenResponse {
                access_token,
                token_type: TokenType::DPoP,
                expires_in: exp - now.seconds(),
                authorization_details: details,
            })
        }
        Outcome::Replayed(id) => Err(replayed(ask, id)),
        Outcome::ClientSuspended => Err(suspended(Reason::ClientSuspended).into()),
        Outcome::OfficialSuspended => Err(suspended(Reason::OfficialSuspended).into()),
        Outcome::BundleChanged => Err(OAuthError::new(
            ErrorCode::TemporarilyUnavailable,
            "policy_changed",
            "this node does not yet have the policies in force; try again",
        )
        .into()),
        Outcome::Done { entry: None, .. }
        | Outcome::UsesExhausted
        | Outcome::Collapsed(_)
        | Outcome::TokenRevoked
        | Outcome::ConsentNotLive(_)
        | Outcome::LimitReached(_)
        | Outcome::Stale => Err(Error::Inconsistent("outcome")),
    }
}

fn facts(
    client: &Client,
    detail: &AuthorizationDetail,
    basis: BasisKind,
    official: Option<&Acting>,
    actor: Option<&Actor>,
    decision: &Decision,
) -> Facts {
    Facts {
        agency: Some(client.agency.as_ref().to_owned()),
        assurance: actor.map(|actor| actor.assurance.to_string()),
        basis: Some(basis.as_str().to_owned()),
        bundle: Some(decision.bundle_version.clone()),
        case: detail.case.clone(),
        client: Some(client.client_id.clone()),
        decision: Some(if decision.allowed { "allow" } else { "deny" }.to_owned()),
        fields: detail.datatypes.clone(),
        justification: detail.justification.clone(),
        official: official.map(|named| named.official.code.clone()),
        official_how: official.map(|named| if named.proved { "proved" } else { "asserted" }.to_owned()),
        purpose: Some(detail.purpose.clone()),
        purpose_version: decision.purpose_version.clone(),
        reason: decision.reason.map(|reason| reason.code().to_owned()),
        rules: decision.rules.clone(),
        unit: official.map(|named| named.official.unit.clone()).filter(|unit| !unit.is_empty()),
        ..Facts::default()
    }
}

async fn refuse(
    engines: &Engines,
    ask: &Ask<'_>,
    subject: &Subject,
    facts: Facts,
    reason: Reason,
    decision: &Decision,
) -> Result<Error, Error> {
    engines.metrics.token_refused(reason.code());
    let excess: BTreeSet<&str> = decision.excess.iter().map(String::as_str).collect();
    let description = if excess.is_empty() {
        reason.en().to_owned()
    } else {
        let names: Vec<&str> = excess.into_iter().collect();
        format!("{} Refused: {}.", reason.en(), names.join(", "))
    };
    Ok(match engines.refuse(Kind::TokenRefused, subject, facts, replays(ask)).await? {
        Recorded::Entry(entry) => {
            OAuthError::new(code(reason), reason.code(), &description).with_entry(entry).into()
        }
        Recorded::Replayed(id) => replayed(ask, id),
    })
}

/// The registered error for a reason.
const fn code(reason: Reason) -> ErrorCode {
    match reason {
        Reason::PurposeNotRegistered | Reason::ClientSuspended => ErrorCode::UnauthorizedClient,
        Reason::EvaluationError
        | Reason::ReviewOverdue
        | Reason::NotPermitted
        | Reason::AssuranceTooLow
        | Reason::EmergencySignInStale
        | Reason::EmergencyReportOverdue
        // Asking the citizen again would not help, or she has said that she does not want it.
        | Reason::ConsentUnderReview
        | Reason::ConsentPaused
        | Reason::ConsentNotStarted
        | Reason::ConsentOutsideHours
        | Reason::ConsentFrequency
        | Reason::StandingNeverPurpose
        | Reason::StandingNeverAgency
        | Reason::StandingOutsideHours => ErrorCode::AccessDenied,
        Reason::ConsentRequired
        | Reason::ConsentWithdrawn
        | Reason::ConsentExpired
        | Reason::ConsentForAnotherVersion
        | Reason::ConsentFieldNotCovered
        | Reason::ConsentUsedUp
        | Reason::StandingAskEachTime => ErrorCode::ConsentRequired,
        Reason::PurposeUnknown
        | Reason::PurposeNotActive
        | Reason::OfficialUnknown
        | Reason::OfficialAgencyMismatch
        | Reason::OfficialSuspended
        | Reason::OfficialRequired
        | Reason::OfficialNotTaken
        | Reason::OfficialNotProved
        | Reason::BasisNotOffered
        | Reason::FieldUnknown
        | Reason::FieldNeverOffered
        | Reason::FieldAboutOthers
        | Reason::FieldOutsidePurposeMinimum
        | Reason::EmptyFieldSet
        | Reason::CaseRequired
        | Reason::CaseNotTaken
        | Reason::ApproverRequired
        | Reason::ApproverSamePerson
        | Reason::ApproverUnknown
        | Reason::ApproverAgencyMismatch
        | Reason::ApproverSuspended
        | Reason::ApproverNotProved
        | Reason::EmergencyNotJustified => ErrorCode::InvalidAuthorizationDetails,
    }
}

/// Suspension came between the decision and the entry; the next request records it as a refusal.
fn suspended(reason: Reason) -> OAuthError {
    OAuthError::new(code(reason), reason.code(), reason.en())
}

fn replays(ask: &Ask<'_>) -> Vec<(Uuid, crate::time::Millis)> {
    vec![ask.who.replay, (ask.proof.replay_id(), ask.proof.expires())]
}

fn replayed(ask: &Ask<'_>, id: Uuid) -> Error {
    if id == ask.who.replay.0 {
        return client::replayed().into();
    }
    OAuthError::new(ErrorCode::InvalidDpopProof, "proof_replayed", "this DPoP proof was used before").into()
}
