//! Issuing: one person, one purpose, exactly the fields asked for, or a refusal that says why.
//!
//! The order is that of DESIGN §5: what does not depend on the person first and precisely; then policy, whose
//! refusals are entries ([`judge`]); then the entry and the token in one transaction (`release`); only then the token
//! leaves (I1).

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{
    Authenticated, Error, authorize, client,
    emergency::{self, Emergency},
    official::{self, Acting},
    own_token, poll, refresh,
    release::{self, Grant, Ruling, release},
    request, service,
};
use crate::{
    consent::{self},
    domain::{
        catalogue::BasisKind,
        decision::{Action, ClientFacts, Decision, Facts as PolicyFacts, Reason, StandingFacts},
        record::{Facts, Kind},
        subject::Subject,
    },
    engines::{Engines, Recorded},
    jose::dpop::DpopProof,
    protocol::{
        error::{ErrorCode, OAuthError},
        rar::AuthorizationDetail,
        scope::ServiceScope,
        token::{DetailsRequest, TokenRequest, TokenResponse},
    },
    standing::{self, Rules},
    store::append::{Command, Outcome},
    time::Millis,
};

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
    let grant = match ask.request {
        TokenRequest::Details(asked) => details(engines, &ask, asked).await,
        TokenRequest::Code(asked) => authorize::redeem(engines, &ask, asked).await,
        TokenRequest::Refresh(asked) => refresh::redeem(engines, &ask, asked).await,
        TokenRequest::Backchannel(asked) => poll::redeem(engines, &ask, asked).await,
        TokenRequest::Service(scopes) => {
            return match unregistered(&ask, scopes) {
                Some(refusal) => Err(use_up(engines, &ask, refusal.into()).await?),
                None => service::issue_service(engines, ask.who, ask.proof, scopes).await,
            };
        }
    };
    let grant = match grant {
        Ok(grant) => grant,
        Err(refusal) => return Err(use_up(engines, &ask, refusal).await?),
    };
    let ruling = match judge(engines, &ask, &grant, grant.rules.as_ref(), replays(&ask)).await {
        Ok(ruling) => ruling,
        Err(refusal) => return Err(use_up(engines, &ask, refusal).await?),
    };
    // What the transaction refuses has used the assertion and the proof up already.
    if let Some(token) = release(engines, &ask, &grant, ruling, release::replays(&ask, &grant)).await? {
        return Ok(token);
    }
    // The person changed her own rules in between. What the request could use once is used up, by this very request:
    // so it is decided again here, by the rules as they are now, and not sent back to be asked again.
    let ruling = judge(engines, &ask, &grant, None, Vec::new()).await?;
    release(engines, &ask, &grant, ruling, Vec::new()).await?.ok_or_else(|| {
        let description =
            "the person's own rules are changing at this moment; ask again with everything fresh";
        OAuthError::new(ErrorCode::TemporarilyUnavailable, "standing_changed", description).into()
    })
}

/// The scopes of grant management are for clients that are registered for it; a suspended one is told that first.
fn unregistered(ask: &Ask<'_>, scopes: &[ServiceScope]) -> Option<OAuthError> {
    let client = &ask.who.client;
    let grants = scopes.iter().any(|scope| match scope {
        ServiceScope::GrantQuery | ServiceScope::GrantRevoke => true,
        ServiceScope::Streams => false,
    });
    let description = "this client is not registered for grant management";
    (grants && !client.profile.grant_management && !client.suspended)
        .then(|| OAuthError::new(ErrorCode::InvalidScope, "scope_unregistered", description))
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

/// What `client_credentials` asks for. Where consent is the basis, it rests on one that stands.
async fn details<'a>(
    engines: &'a Engines,
    ask: &'a Ask<'_>,
    asked: &DetailsRequest,
) -> Result<Grant<'a>, Error> {
    let client = &ask.who.client;
    let detail =
        AuthorizationDetail::parse_list(asked.authorization_details.expose()).map_err(OAuthError::from)?;
    let audience = request::audience(engines, asked.resource.as_deref()).await?;
    let purpose = request::known_purpose(engines, &detail)?;
    let basis = request::basis(&detail, purpose)?;
    if detail.limits.is_some() {
        let description = "`limits` belong where consent is asked for: at /oauth/par or /oauth/bc-authorize";
        return Err(request::bad("limits_not_taken", description).into());
    }
    let official = official::official(engines, client, detail.official.as_ref(), ask.actor.as_ref()).await?;
    let subject = request::subject(engines, client, &detail).await?;
    let emergency = emergency::gather(engines, ask, basis, &detail, official.as_ref()).await?;
    let live = match basis {
        BasisKind::Consent => {
            consent::live(engines, client.id, &subject, &purpose.id, detail.case.as_deref()).await?
        }
        BasisKind::Statutory | BasisKind::Emergency | BasisKind::Contract => None,
    };
    let (consent, rules) = live.unzip();
    Ok(Grant {
        client,
        purpose,
        basis,
        audience,
        subject,
        official,
        fields: detail.datatypes,
        case: detail.case,
        justification: detail.justification,
        scopes: Vec::new(),
        consent,
        rules,
        emergency,
        fresh: false,
        refresh: false,
        once: None,
    })
}

/// Puts a grant before the rules, those of the law and her own (`read` already, or read now): what its entry says, or why
/// not. `replays` are used up with a refusal.
async fn judge(
    engines: &Engines,
    ask: &Ask<'_>,
    grant: &Grant<'_>,
    read: Option<&Rules>,
    replays: Vec<(Uuid, Millis)>,
) -> Result<Ruling, Error> {
    let rules = match read {
        Some(rules) => rules,
        None => &standing::load(engines, &grant.subject).await?,
    };
    let met = rules.facts(&grant.purpose.id, &grant.client.agency, engines.now());
    let decision = match own_token::decide(engines, grant, met) {
        Some(decision) => decision,
        None => decide(engines, ask, grant, met).await?,
    };
    let facts = facts(grant, proved_assurance(ask), &decision);
    match decision.reason {
        None => Ok(Ruling {
            facts,
            standing: rules.require(grant.basis),
            each_time: grant.consent.is_some() && met.is_some_and(|met| met.ask_each_time),
        }),
        Some(reason) => Err(refuse(engines, ask, &grant.subject, facts, (reason, &decision), replays).await?),
    }
}

async fn decide(
    engines: &Engines,
    ask: &Ask<'_>,
    grant: &Grant<'_>,
    standing: Option<StandingFacts>,
) -> Result<Decision, Error> {
    let fields: Vec<&str> = grant.fields.iter().map(String::as_str).collect();
    let consent = grant.consent.as_ref();
    let granted = consent.map(|consent| consent.record.granted()).unwrap_or_default();
    let uses = match consent {
        Some(consent) => consent.uses_in_period(engines).await?,
        None => 0,
    };
    // The official's sign-in where she proved herself; else the citizen's, who answered.
    let answered = consent.and_then(|consent| consent.record.answered_by.as_ref()?.assurance);
    let assurance = proved_assurance(ask).or(answered).unwrap_or(0);
    Ok(engines.register.decide(&PolicyFacts {
        action: Action::IssueToken,
        now: engines.now(),
        client: ClientFacts {
            id: &grant.client.client_id,
            agency: &grant.client.agency,
            purposes: &grant.client.purposes,
            suspended: grant.client.suspended,
        },
        official: grant.official.as_ref().map(Acting::facts),
        purpose: &grant.purpose.id,
        basis: grant.basis,
        fields: &fields,
        has_case: grant.case.is_some(),
        assurance,
        consent: consent
            .map(|consent| consent.facts(&granted, &grant.client.profile.processors, uses, grant.fresh)),
        standing,
        emergency: grant.emergency.as_ref().map(Emergency::facts),
    }))
}

/// The strength of the officials' sign-ins: of two, the weaker.
fn proved_assurance(ask: &Ask<'_>) -> Option<u8> {
    [ask.actor.as_ref(), ask.approver.as_ref()].into_iter().flatten().map(|actor| actor.assurance).min()
}

fn facts(grant: &Grant<'_>, proved: Option<u8>, decision: &Decision) -> Facts {
    let official = grant.official.as_ref();
    let consent = grant.consent.as_ref();
    let answered = consent.and_then(|consent| consent.record.answered_by.as_ref()?.assurance);
    Facts {
        agency: Some(grant.client.agency.as_ref().to_owned()),
        approver: grant.emergency.as_ref().and_then(Emergency::approver_code),
        assurance: proved.or(answered).map(|assurance| assurance.to_string()),
        basis: Some(grant.basis.as_str().to_owned()),
        bundle: Some(decision.bundle_version.clone()),
        case: grant.case.clone(),
        client: Some(grant.client.client_id.clone()),
        consent: consent.map(|consent| consent.row.id.to_string()),
        decision: Some(if decision.allowed { "allow" } else { "deny" }.to_owned()),
        fields: grant.fields.clone(),
        grant: consent.and_then(|consent| consent.row.grant_id).map(|id| id.to_string()),
        justification: grant.justification.clone(),
        official: official.map(|named| named.official.code.clone()),
        official_how: official.map(|named| if named.proved { "proved" } else { "asserted" }.to_owned()),
        overrides: decision.overrides.iter().map(|&code| code.to_owned()).collect(),
        purpose: Some(grant.purpose.id.clone()),
        purpose_version: decision.purpose_version.clone(),
        reason: decision.reason.map(|reason| reason.code().to_owned()),
        rules: decision.rules.clone(),
        target: crate::domain::own_token::target(&grant.scopes),
        unit: official.map(|named| named.official.unit.clone()).filter(|unit| !unit.is_empty()),
        ..Facts::default()
    }
}

async fn refuse(
    engines: &Engines,
    ask: &Ask<'_>,
    subject: &Subject,
    facts: Facts,
    (reason, decision): (Reason, &Decision),
    replays: Vec<(Uuid, Millis)>,
) -> Result<Error, Error> {
    engines.metrics.token_refused(reason.code());
    let description = sentence(reason, decision);
    Ok(match engines.refuse(Kind::TokenRefused, subject, facts, replays).await? {
        Recorded::Entry(entry) => {
            OAuthError::new(code(reason), reason.code(), &description).with_entry(entry).into()
        }
        Recorded::Replayed(id) => replayed(ask, id),
    })
}

/// What the client reads of a refusal, with the fields that are too many.
pub(super) fn sentence(reason: Reason, decision: &Decision) -> String {
    let excess: BTreeSet<&str> = decision.excess.iter().map(String::as_str).collect();
    if excess.is_empty() {
        return reason.en().to_owned();
    }
    let names: Vec<&str> = excess.into_iter().collect();
    format!("{} Refused: {}.", reason.en(), names.join(", "))
}

/// The registered error for a reason.
pub(super) const fn code(reason: Reason) -> ErrorCode {
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

/// What was found in the transaction and not before it: the next request records it as a refusal.
pub(super) fn too_late(reason: Reason) -> Error {
    OAuthError::new(code(reason), reason.code(), reason.en()).into()
}

pub(super) fn replays(ask: &Ask<'_>) -> Vec<(Uuid, Millis)> {
    vec![ask.who.replay, (ask.proof.replay_id(), ask.proof.expires())]
}

pub(super) fn replayed(ask: &Ask<'_>, id: Uuid) -> Error {
    if id == ask.who.replay.0 {
        return client::replayed().into();
    }
    OAuthError::new(ErrorCode::InvalidDpopProof, "proof_replayed", "this DPoP proof was used before").into()
}
