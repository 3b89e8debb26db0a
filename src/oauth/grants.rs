//! A client's own grants (Grant Management for OAuth 2.0): what is in one, and giving it back.
//!
//! What becomes of grants, told whole:
//! - a yes without a wish, or with `create`, makes a grant of its own;
//! - `merge` puts the new consent beside those the grant holds. None of them becomes wider: each keeps its fields,
//!   limits and end. The grant's refresh tokens end, access tokens live on with the consents they were taken on;
//! - `replace` ends every older consent of the grant (`superseded`) and with it every older token;
//! - nothing happens to a grant before the yes; a no leaves it as it was;
//! - a token from an old grant is a new question to the rules, with today's facts;
//! - when the last consent of a grant ends, the grant ends with its refresh tokens;
//! - DELETE ends every consent that stands, all tokens, and the grant.
//!
//! The person reads before her yes which of her consents it ends or joins ([`older`]), and after it which it did.
//!
//! A `grant_id` is no credential: only a service token of the grant's client opens it here. Out of scope: making one
//! (`consent`), and lists of grants, which the draft leaves out on purpose.

use uuid::Uuid;

use super::{Error, backchannel, onward::open, pushed::grant_wish};
use crate::{
    consent::{self, Consent, GrantWish},
    domain::{
        consent::{Act, Actor, Channel, State},
        record::{Facts, Kind},
        subject::Subject,
    },
    engines::Engines,
    ledger::entry::Event,
    protocol::{
        grants::{Grant, GrantedScope, UpdatedBy},
        rar::{self, Basis, GrantedDetail, GrantedSubject},
    },
    registry::Client,
    store::{
        append::{Change, Command, GrantHolds},
        grants::Grant as Row,
    },
    time::Millis,
};

/// How often somebody else may be faster while a grant is given back.
const ATTEMPTS: u32 = 5;

/// What was found under an id.
#[derive(Debug)]
pub enum Found<T> {
    /// Nothing, or a grant that has ended.
    Nothing,
    /// A grant of another client.
    Foreign,
    /// The client's own.
    Own(T),
}

/// What a yes does to consents that the person has given before.
#[derive(Debug)]
pub struct Older {
    /// Whether they end; otherwise they stay and the new one joins them.
    pub ends: bool,
    /// Each, with when it was given; oldest request first.
    pub consents: Vec<(Consent, Millis)>,
    grant: Uuid,
}

impl Older {
    /// What must still be so when the yes is recorded.
    #[must_use]
    pub fn told(&self) -> GrantHolds {
        let consents = self.consents.iter().map(|(older, _)| older.row.id).collect();
        GrantHolds { grant: self.grant, consents }
    }
}

/// What a yes would do, while the question is open, or did. `None` where it makes a grant of its own.
///
/// # Errors
/// [`Error`] when it cannot be read.
pub async fn older(engines: &Engines, consent: &Consent) -> Result<Option<Older>, Error> {
    let (grant, ends) = match wished(engines, consent).await? {
        GrantWish::Create => return Ok(None),
        GrantWish::Merge(grant) => (grant, false),
        GrantWish::Replace(grant) => (grant, true),
    };
    let (open, own) = (consent.state.is_waiting(), consent.row.id);
    let given = if open { None } else { given(&consent::events(engines, consent).await?) };
    let mut consents = Vec::new();
    for older in consent::of_grant(engines, &consent.subject, grant).await? {
        if older.row.id == own {
            continue;
        }
        let events = consent::events(engines, &older).await?;
        let Some(at) = self::given(&events) else { continue };
        let concerned = if open || !ends {
            older.state.is_standing() && given.is_none_or(|given| at <= given)
        } else {
            let note = Some(own.to_string());
            older.state == State::Superseded
                && events.last().is_some_and(|last| last.act == Act::Supersede && last.event.note == note)
        };
        if concerned {
            consents.push((older, at));
        }
    }
    Ok(Some(Older { ends, consents, grant }))
}

/// When a consent was given.
fn given(events: &[consent::Happened]) -> Option<Millis> {
    events.iter().find(|event| event.act == Act::Give).map(|event| event.at)
}

/// What the request behind a consent wanted done with the client's grants.
pub(super) async fn wished(engines: &Engines, consent: &Consent) -> Result<GrantWish, Error> {
    let action = match consent.record.channel {
        Channel::Present => {
            let row = engines.store.pushed_for(consent.row.id).await?;
            row.map(|row| open(engines, &row)).transpose()?.and_then(|request| request.grant)
        }
        Channel::Absent => backchannel::wished(engines, consent).await?,
    };
    Ok(grant_wish(action))
}

/// The grant as its client reads it (§6.4).
///
/// # Errors
/// When it cannot be read.
pub async fn query(engines: &Engines, client: &Client, id: Uuid) -> Result<Found<Grant>, Error> {
    let row = match find(engines, client, id).await? {
        Found::Own(row) => row,
        Found::Nothing => return Ok(Found::Nothing),
        Found::Foreign => return Ok(Found::Foreign),
    };
    let subject = person(engines, &row).await?;
    let handle = engines.vault.handle(&client.agency, &subject).await?;
    let (mut details, mut scopes) = (Vec::new(), Vec::new());
    let (mut updated, mut by) = (row.updated_at, UpdatedBy::Client);
    for consent in consent::of_grant(engines, &subject, id).await? {
        // What a consent went through after its yes is none of the client's doing.
        let last = consent::events(engines, &consent).await?.pop();
        if let Some(last) = last.filter(|last| last.act != Act::Give && last.at.0 > updated) {
            (updated, by) = (last.at.0, UpdatedBy::AuthorizationServer);
        }
        if !consent.state.is_standing() {
            continue;
        }
        if consent.record.scopes.is_empty() {
            details.push(detail(&consent, handle.as_ref()));
        } else {
            let resource = vec![engines.addresses.citizen_api()];
            let scope = |scope: &String| GrantedScope { scope: scope.clone(), resource: resource.clone() };
            scopes.extend(consent.record.scopes.iter().map(scope));
        }
    }
    let seconds = |at: i64| at.div_euclid(1000);
    Ok(Found::Own(Grant::new(details, scopes, seconds(row.created_at), seconds(updated), by)))
}

/// The consent as a granted detail; its `id` is the consent's, by which tokens and notices name it.
fn detail(consent: &Consent, handle: &str) -> GrantedDetail {
    let (row, record) = (&consent.row, &consent.record);
    GrantedDetail {
        kind: rar::TYPE.to_owned(),
        id: row.id.to_string(),
        purpose: record.purpose.clone(),
        subject: GrantedSubject { handle: handle.to_owned() },
        actions: vec!["read".to_owned()],
        datatypes: record.granted().into_iter().map(str::to_owned).collect(),
        basis: Basis::Consent,
        expires_at: row.expires.div_euclid(1000),
        uses_left: u32::try_from(row.max_uses.saturating_sub(row.used)).unwrap_or(0),
        consent: Some(row.id.to_string()),
        limits: Some((&record.limits).into()),
    }
}

/// Gives a grant back (§6.5): its consents end one by one, each with its entry and all its tokens; then the grant.
///
/// # Errors
/// When a step cannot be taken; what was ended before stays ended, and asking again goes on from there.
pub async fn give_back(engines: &Engines, client: &Client, id: Uuid) -> Result<Found<()>, Error> {
    let row = match find(engines, client, id).await? {
        Found::Own(row) => row,
        Found::Nothing => return Ok(Found::Nothing),
        Found::Foreign => return Ok(Found::Foreign),
    };
    end(engines, client, &person(engines, &row).await?, id, "grant_revoked").await?;
    Ok(Found::Own(()))
}

/// Ends every consent that stands in a grant, all tokens, and the grant; each entry says why.
pub(super) async fn end(
    engines: &Engines,
    client: &Client,
    subject: &Subject,
    id: Uuid,
    reason: &str,
) -> Result<(), Error> {
    for attempt in 1..=ATTEMPTS {
        let mut standing = consent::of_grant(engines, subject, id).await?;
        standing.retain(|consent| consent.state.is_standing());
        if standing.is_empty() {
            break;
        }
        for consent in standing {
            match consent::end(engines, &consent, Act::Revoke, Actor::agency(), Some(reason.to_owned())).await
            {
                Ok(_) => {}
                // She withdrew or paused at the same moment: look again.
                Err(consent::Error::Stale) if attempt < ATTEMPTS => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    let facts = Facts {
        agency: Some(client.agency.as_ref().to_owned()),
        capacity: Some("agency".to_owned()),
        client: Some(client.client_id.clone()),
        grant: Some(id.to_string()),
        reason: Some(reason.to_owned()),
        ..Facts::default()
    };
    let (event, at) = (engines.id(), engines.now());
    let event = Event { id: event, at, kind: Kind::GrantRevoked, subject: subject.clone(), facts };
    let command = Command { changes: vec![Change::RevokeGrant(id)], ..Command::default() };
    engines.record_with(event, command).await?;
    Ok(())
}

async fn find(engines: &Engines, client: &Client, id: Uuid) -> Result<Found<Row>, Error> {
    Ok(match engines.store.grant(id).await? {
        None => Found::Nothing,
        Some(grant) if grant.client != client.id => Found::Foreign,
        Some(grant) if grant.revoked_at.is_some() => Found::Nothing,
        Some(grant) => Found::Own(grant),
    })
}

async fn person(engines: &Engines, row: &Row) -> Result<Subject, Error> {
    engines.vault.subject(row.subject).await?.ok_or(Error::Inconsistent("subject"))
}
