//! The token and its entry, in one transaction; the token leaves only when it is committed (I1).

use std::sync::Arc;

use uuid::Uuid;

use super::{
    Error,
    emergency::Emergency,
    grants,
    issue::{self, Ask, replayed, too_late},
    official::Acting,
    request, status,
};
use crate::{
    consent::{self, Consent},
    crypto,
    domain::{
        catalogue::{BasisKind, Purpose},
        decision::Reason,
        record::{Facts, Kind},
        subject::Subject,
    },
    engines::Engines,
    jose::access_token::{self, AccessToken, Confirmation},
    ledger::entry::Event,
    protocol::{
        error::{ErrorCode, OAuthError},
        rar::{self, GrantedDetail, GrantedSubject},
        token::{TokenResponse, TokenType},
    },
    registry::Client,
    standing::Rules,
    store::{
        append::{Change, Command, Outcome, Require, Spend, Token},
        grants::Refresh,
    },
    time::Millis,
};

/// The longest life of a token, whatever a purpose says (DESIGN D6), in seconds.
const MAX_LIFETIME: i64 = 300;

/// Everything a token is made from.
pub(super) struct Grant<'a> {
    pub(super) client: &'a Client,
    pub(super) purpose: &'a Purpose,
    pub(super) basis: BasisKind,
    pub(super) audience: String,
    pub(super) subject: Subject,
    pub(super) official: Option<Acting>,
    pub(super) fields: Vec<String>,
    pub(super) case: Option<String>,
    pub(super) justification: Option<String>,
    /// The scopes of the person's own token; then there are no fields, and otherwise no scopes.
    pub(super) scopes: Vec<String>,
    /// What it rests on, where that is consent.
    pub(super) consent: Option<Consent>,
    /// The person's own rules, where they were read with the consent.
    pub(super) rules: Option<Rules>,
    /// The circumstances, where that is an emergency.
    pub(super) emergency: Option<Emergency>,
    /// Whether the consent was given for this very request.
    pub(super) fresh: bool,
    /// Whether a refresh token is handed out, when the consent reaches further than this one token.
    pub(super) refresh: bool,
    /// A code or a backchannel request, which is used up with it.
    pub(super) once: Option<Once>,
}

/// What was decided about a grant, and by what.
pub(super) struct Ruling {
    /// What the entry says.
    pub(super) facts: Facts,
    /// The person and the revision of her own rules, where the basis obeys them.
    pub(super) standing: Option<(Uuid, i64)>,
    /// Whether she wants to be asked each time: then a yes is one token of one use.
    pub(super) each_time: bool,
}

/// Something that is exchanged for a token once.
#[derive(Clone, Copy)]
pub(super) struct Once {
    /// What is remembered of it, and until when.
    pub(super) id: Uuid,
    pub(super) expires: Millis,
    /// What a second time means.
    pub(super) again: Again,
}

/// What it means when something that is exchanged once comes a second time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// A code goes through a browser and addresses, where others may read it: it is in two hands.
    IsTheft,
    /// An `auth_req_id` never leaves the client's own connection to us, and is sent again and again by design: the
    /// answer was lost, or two of the client's own processes poll. Nothing may end for that.
    IsALostAnswer,
}

/// What must never have been used before: assertion, proof, and a code or backchannel request.
pub(super) fn replays(ask: &Ask<'_>, grant: &Grant<'_>) -> Vec<(Uuid, Millis)> {
    let mut replays = issue::replays(ask);
    replays.extend(grant.once.map(|once| (once.id, once.expires)));
    replays
}

/// Writes the entry with the token, and only then gives the token. `None`: the person's own rules are no longer those
/// it was decided by, and `replays` are used up.
///
/// # Errors
/// [`Error::Refused`] for what changed since the decision.
pub(super) async fn release(
    engines: &Engines,
    ask: &Ask<'_>,
    grant: &Grant<'_>,
    ruling: Ruling,
    replays: Vec<(Uuid, Millis)>,
) -> Result<Option<TokenResponse>, Error> {
    let Ruling { mut facts, standing, each_time } = ruling;
    let now = engines.now();
    let lifetime = i64::from(grant.purpose.max_lifetime_s).min(MAX_LIFETIME);
    let row = grant.consent.as_ref().map(|consent| &consent.row);
    let end = now.seconds().saturating_add(lifetime);
    // Rounded down: no token outlives the consent, or the emergency, that it rests on.
    let ends = [row.map(|row| row.expires), grant.emergency.as_ref().map(|it| it.ends(grant.purpose))];
    let exp = ends.into_iter().flatten().fold(end, |exp, at| exp.min(at.div_euclid(1000)));
    // What she read counts views ("once only"), and a consent counts tokens: so each opens the data once.
    let uses = if grant.consent.is_some() { 1.min(grant.purpose.max_uses) } else { grant.purpose.max_uses };
    let jti = engines.id();
    let (token, place) = token(engines, ask, grant, jti, (exp, uses)).await?;
    let grant_id = row.and_then(|row| row.grant_id);
    let access_token = engines.tokens.sign(access_token::TYPE, &token, now)?;
    let refresh = if each_time { None } else { refresh_token(engines, grant, now) };

    let expires = Millis::from_seconds(exp);
    facts.token = Some(jti.to_string());
    facts.expires = Some(expires.0.to_string());
    let mut changes: Vec<Change> =
        refresh.iter().map(|(_, row)| Change::PutRefresh(Box::new(row.clone()))).collect();
    if let Some(emergency) = &grant.emergency {
        changes.push(emergency.owed(engines, &grant.subject, grant.purpose, jti, &facts)?);
    }
    let entry = engines.id();
    let event = Event { id: entry, at: now, kind: Kind::TokenIssued, subject: grant.subject.clone(), facts };
    let command = Command {
        replays,
        require: Require {
            client: Some(grant.client.id),
            official: grant.official.as_ref().map(|named| named.official.id).filter(|id| !id.is_nil()),
            approver: grant.emergency.as_ref().and_then(Emergency::approver_id),
            consent: row.map(|row| row.id),
            standing,
            bundle: Some(Arc::clone(&engines.bundle)),
            ..Require::default()
        },
        spend: row.map(|row| Spend { consent: row.id, token: jti }),
        token: Some(Token {
            jti,
            client: grant.client.id,
            subject: grant.subject.id(),
            entry,
            audience: token.aud,
            expires,
            uses: i64::from(uses),
            consent: row.map(|row| row.id),
            grant_id,
            status: place,
        }),
        changes,
        entry: Some(event.draft(Arc::clone(&engines.random))),
        ..Command::default()
    };
    match engines.appender.run(command).await? {
        // INVARIANT I1: this arm is the only way out for a token, and it comes after the commit.
        Outcome::Done { entry: Some(_), .. } => {
            engines.metrics.token_issued();
            Ok(Some(TokenResponse {
                access_token,
                token_type: TokenType::DPoP,
                expires_in: exp - now.seconds(),
                authorization_details: token.authorization_details,
                refresh_token: refresh.map(|(token, _)| token),
                scope: token.scope,
                grant_id: token.grant_id,
            }))
        }
        Outcome::Stale => Ok(None),
        outcome => Err(changed(engines, ask, grant, outcome).await?),
    }
}

/// Why nothing was issued: what changed between the decision and the commit.
async fn changed(
    engines: &Engines,
    ask: &Ask<'_>,
    grant: &Grant<'_>,
    outcome: Outcome,
) -> Result<Error, Error> {
    match outcome {
        Outcome::Replayed(id) => match grant.once.filter(|once| once.id == id).map(|once| once.again) {
            None => Ok(replayed(ask, id)),
            Some(Again::IsALostAnswer) => Ok(fetched().into()),
            Some(Again::IsTheft) => used_again(engines, grant).await,
        },
        Outcome::ClientSuspended => Ok(too_late(Reason::ClientSuspended)),
        Outcome::OfficialSuspended => Ok(too_late(Reason::OfficialSuspended)),
        Outcome::ConsentNotLive(state) => Ok(too_late(consent::not_live(state))),
        Outcome::LimitReached(reach) => Ok(too_late(consent::out_of_reach(reach))),
        Outcome::BundleChanged => Ok(OAuthError::new(
            ErrorCode::TemporarilyUnavailable,
            "policy_changed",
            "this node does not yet have the policies in force; try again",
        )
        .into()),
        Outcome::Done { .. }
        | Outcome::Stale
        | Outcome::UsesExhausted
        | Outcome::Collapsed(_)
        | Outcome::TokenRevoked => Err(Error::Inconsistent("outcome")),
    }
}

/// The token itself, and its place in the status lists: a detail where it opens data, scopes where it is the person's
/// own. It ends at `exp` and can be used `uses` times at the data endpoint.
async fn token(
    engines: &Engines,
    ask: &Ask<'_>,
    grant: &Grant<'_>,
    jti: Uuid,
    (exp, uses): (i64, u32),
) -> Result<(AccessToken, Option<i64>), Error> {
    let handle = engines.vault.handle(&grant.client.agency, &grant.subject).await?;
    let row = grant.consent.as_ref().map(|consent| &consent.row);
    let client_id = &grant.client.client_id;
    let mut token = AccessToken {
        iss: engines.addresses.issuer.clone(),
        sub: client_id.clone(),
        client_id: client_id.clone(),
        aud: grant.audience.clone(),
        exp,
        iat: engines.now().seconds(),
        jti: jti.to_string(),
        cnf: Confirmation::Jkt(ask.proof.jkt.clone()),
        authorization_details: None,
        scope: crate::domain::own_token::target(&grant.scopes),
        grant_id: row.and_then(|row| row.grant_id).map(|id| id.to_string()),
        status: None,
        auth_time: None,
        acr: None,
    };
    if token.scope.is_some() {
        // RFC 9068 §2.2: whoever allowed it herself is its subject; here as the agency knows her.
        handle.as_ref().clone_into(&mut token.sub);
        return Ok((token, None));
    }
    let details = serde_json::to_value([GrantedDetail {
        kind: rar::TYPE.to_owned(),
        id: engines.id().to_string(),
        purpose: grant.purpose.id.clone(),
        subject: GrantedSubject { handle: handle.as_ref().to_owned() },
        actions: vec!["read".to_owned()],
        datatypes: grant.fields.clone(),
        basis: request::wire(grant.basis),
        expires_at: exp,
        uses_left: uses,
        consent: row.map(|row| row.id.to_string()),
        limits: grant.consent.as_ref().map(|consent| (&consent.record.limits).into()),
    }])
    .map_err(|_| Error::Inconsistent("authorization_details"))?;
    token.authorization_details = Some(details);
    let status = status::assign(engines, &grant.audience, grant.basis, &grant.fields).await?;
    let (place, status) = status.unzip();
    token.status = status;
    Ok((token, place))
}

/// A refresh token where the consent allows more than this one token; never rotated (FAPI 2.0 §5.3.2.1 item 9).
fn refresh_token(engines: &Engines, grant: &Grant<'_>, now: Millis) -> Option<(String, Refresh)> {
    let row = &grant.consent.as_ref()?.row;
    if !grant.refresh || row.used.saturating_add(1) >= row.max_uses {
        return None;
    }
    let token = engines.random.token();
    let refresh = Refresh {
        hash: crypto::sha256(token.as_bytes()).to_vec(),
        grant_id: row.grant_id?,
        client: grant.client.id,
        created_at: now.0,
        revoked_at: None,
    };
    Some((token, refresh))
}

/// The answer to a backchannel request was fetched before; what was issued on it stands.
pub(super) fn fetched() -> OAuthError {
    let description = "the answer was fetched before; ask the person again if it was lost";
    OAuthError::new(ErrorCode::InvalidGrant, "auth_req_id_used", description)
}

/// A code that comes a second time may be in two hands: what was issued on it ends (RFC 6749 §4.1.2, §10.5).
pub(super) async fn used_again(engines: &Engines, grant: &Grant<'_>) -> Result<Error, Error> {
    let reason = "code_replayed";
    if let Some(id) = grant.consent.as_ref().and_then(|consent| consent.row.grant_id)
        && engines.store.grant(id).await?.is_some_and(|grant| grant.revoked_at.is_none())
    {
        // Rare, and large: kept out of the future of every request for a token.
        Box::pin(grants::end(engines, grant.client, &grant.subject, id, reason)).await?;
    }
    let description = "this was used before; everything that was issued on it has ended";
    Ok(OAuthError::new(ErrorCode::InvalidGrant, reason, description).into())
}
