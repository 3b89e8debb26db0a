//! Issuing: one person, one purpose, exactly the fields asked for, or a refusal that says why.
//!
//! The order is that of DESIGN §5: what does not depend on the person first and precisely; then policy, whose
//! refusals are entries; then the entry and the token in one transaction; only then the token leaves (I1).

use std::{collections::BTreeSet, sync::Arc};

use uuid::Uuid;

use super::{Authenticated, Error, client};
use crate::{
    domain::{
        catalogue::{BasisKind, Purpose},
        decision::{Action, ClientFacts, Decision, Facts as PolicyFacts, OfficialFacts, Reason},
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
        rar::{self, AuthorizationDetail, Basis, GrantedDetail, GrantedSubject, Subject as Named},
        token::{TokenRequest, TokenResponse, TokenType},
    },
    registry::Client,
    store::{
        append::{Change, Command, Outcome, Require, Token},
        officials::Official,
    },
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
    let audience = audience(engines, ask.request.resource.as_deref()).await?;
    let purpose = known_purpose(engines, &detail)?;
    let basis = basis(&detail, purpose)?;
    let official = official(engines, client, &detail, ask.actor.as_ref()).await?;
    let subject = subject(engines, client, &detail).await?;

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
    });
    let facts = facts(client, &detail, basis, official.as_ref(), ask.actor.as_ref(), &decision);
    if let Some(reason) = decision.reason {
        return Err(refuse(engines, ask, &subject, facts, reason, &decision).await?);
    }
    Ok((Grant { client, detail, purpose, basis, audience, subject, official }, facts))
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
        basis: wire(grant.basis),
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
    let entry = engines.id();
    let event = Event { id: entry, at: now, kind: Kind::TokenIssued, subject: grant.subject.clone(), facts };
    let outcome = engines
        .appender
        .run(Command {
            replays: replays(ask),
            require: Require {
                client: Some(grant.client.id),
                official: grant.official.as_ref().map(|named| named.official.id).filter(|id| !id.is_nil()),
                token: None,
                bundle: Some(Arc::clone(&engines.bundle)),
            },
            token: Some(Token {
                jti,
                client: grant.client.id,
                subject: grant.subject.id(),
                entry,
                audience: grant.audience,
                expires,
                uses: i64::from(grant.purpose.max_uses),
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
        | Outcome::TokenRevoked => Err(Error::Inconsistent("outcome")),
    }
}

/// An official as the register knows her, or as nobody knows her.
struct Acting {
    official: Official,
    registered: bool,
    proved: bool,
}

impl Acting {
    fn facts(&self) -> OfficialFacts<'_> {
        OfficialFacts {
            id: &self.official.code,
            agency: &self.official.agency,
            registered: self.registered,
            active: self.registered && self.official.suspended_at.is_none(),
            proved: self.proved,
        }
    }
}

async fn official(
    engines: &Engines,
    client: &Client,
    detail: &AuthorizationDetail,
    actor: Option<&Actor>,
) -> Result<Option<Acting>, Error> {
    let unknown = |code: &str| Official {
        id: Uuid::nil(),
        agency: client.agency.as_ref().to_owned(),
        code: code.to_owned(),
        unit: String::new(),
        issuer: None,
        sub: None,
        created_at: 0,
        suspended_at: None,
    };
    match (&detail.official, actor) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => {
            Err(bad("official_named_twice", "name the official by `official` or by `actor_token`, not both")
                .into())
        }
        (Some(named), None) => {
            let found = engines.registry.official(&client.agency, &named.id).await?;
            let registered = found.is_some();
            let official = found.map_or_else(|| unknown(&named.id), |official| official.as_ref().clone());
            Ok(Some(Acting { official, registered, proved: false }))
        }
        (None, Some(actor)) => {
            let official = match engines.registry.official_by_sign_in(&actor.issuer, &actor.sub).await? {
                Some(official) => official,
                None => first_sign_in(engines, client, actor).await?,
            };
            Ok(Some(Acting { official, registered: true, proved: true }))
        }
    }
}

/// A first proved sign-in registers the official (DESIGN §5): her agency's own issuer vouches for her.
async fn first_sign_in(engines: &Engines, client: &Client, actor: &Actor) -> Result<Official, Error> {
    let official = Official {
        id: engines.id(),
        agency: client.agency.as_ref().to_owned(),
        code: actor.code.clone(),
        unit: actor.unit.clone().unwrap_or_default(),
        issuer: Some(actor.issuer.clone()),
        sub: Some(actor.sub.clone()),
        created_at: engines.now().0,
        suspended_at: None,
    };
    let facts = Facts {
        agency: Some(official.agency.clone()),
        official: Some(official.code.clone()),
        official_how: Some("proved".to_owned()),
        unit: Some(official.unit.clone()),
        ..Facts::default()
    };
    let subject = engines.vault.agency(&official.agency).await?;
    let event = Event { id: engines.id(), at: engines.now(), kind: Kind::OfficialRegistered, subject, facts };
    let change = Some(Change::PutOfficial(Box::new(official)));
    engines.record_with(event, Command { change, ..Command::default() }).await?;
    let found = engines.registry.official_by_sign_in(&actor.issuer, &actor.sub).await?;
    found.ok_or(Error::Inconsistent("official"))
}

async fn subject(engines: &Engines, client: &Client, detail: &AuthorizationDetail) -> Result<Subject, Error> {
    match &detail.subject {
        Named::NationalId(id) => Ok(engines.vault.citizen(id).await?),
        Named::Handle(handle) => {
            let found = engines.vault.by_handle(&client.agency, handle).await?;
            Ok(found.ok_or_else(|| {
                bad("handle_unknown", "`subject.handle` is not a handle this agency was given")
            })?)
        }
    }
}

async fn audience(engines: &Engines, resource: Option<&str>) -> Result<String, Error> {
    match resource {
        None => Ok(engines.addresses.data.clone()),
        Some(resource) if resource == engines.addresses.data => Ok(resource.to_owned()),
        Some(resource) => match engines.registry.resource_server(resource).await? {
            Some(server) if !server.suspended => Ok(resource.to_owned()),
            Some(_) | None => {
                let description = "`resource` is not a resource server of this service";
                Err(OAuthError::new(ErrorCode::InvalidTarget, "resource_unknown", description).into())
            }
        },
    }
}

/// Names outside the catalogue cannot be put before the rules: they are refused here, by position.
fn known_purpose<'a>(engines: &'a Engines, detail: &AuthorizationDetail) -> Result<&'a Purpose, OAuthError> {
    let catalogue = engines.register.catalogue();
    let purpose = catalogue
        .purpose(&detail.purpose)
        .ok_or_else(|| bad("purpose_unknown", "`purpose` is not in the catalogue; see GET /purposes"))?;
    match detail.datatypes.iter().position(|name| catalogue.field(name).is_none()) {
        Some(at) => Err(bad(
            "field_unknown",
            &format!("`datatypes[{at}]` is not in the catalogue; see GET /data-kinds"),
        )),
        None => Ok(purpose),
    }
}

fn basis(detail: &AuthorizationDetail, purpose: &Purpose) -> Result<BasisKind, OAuthError> {
    match detail.basis {
        Some(Basis::Statutory) => Ok(BasisKind::Statutory),
        Some(Basis::Consent) => Ok(BasisKind::Consent),
        Some(Basis::Emergency) => Ok(BasisKind::Emergency),
        Some(Basis::Contract) => Ok(BasisKind::Contract),
        None => purpose
            .sole_basis()
            .map(|basis| basis.kind)
            .ok_or_else(|| bad("basis_missing", "this purpose has several bases; `basis` must name one")),
    }
}

const fn wire(basis: BasisKind) -> Basis {
    match basis {
        BasisKind::Statutory => Basis::Statutory,
        BasisKind::Consent => Basis::Consent,
        BasisKind::Emergency => Basis::Emergency,
        BasisKind::Contract => Basis::Contract,
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
        Reason::EvaluationError | Reason::ReviewOverdue | Reason::NotPermitted | Reason::AssuranceTooLow => {
            ErrorCode::AccessDenied
        }
        Reason::ConsentRequired
        | Reason::ConsentWithdrawn
        | Reason::ConsentExpired
        | Reason::ConsentForAnotherVersion
        | Reason::ConsentFieldNotCovered => ErrorCode::ConsentRequired,
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
        | Reason::CaseNotTaken => ErrorCode::InvalidAuthorizationDetails,
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

fn bad(reason: &str, description: &str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidAuthorizationDetails, reason, description)
}
