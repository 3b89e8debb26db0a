//! How a recipient wants to be told: one stream for each client (SSF 1.0 §7 and §8), pushed to it or polled by it.
//!
//! Without a stream, notices wait to be polled. A stream chooses how, never whether: every event is always delivered,
//! and pausing a stream stops no clock. Subjects are neither added nor removed: whoever a client holds a consent of is
//! in its stream. Every change is an entry in the history of the client's agency, committed with it: whoever reads it
//! sees where events went and since when.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Error, endpoint::delivered};
use crate::{
    consent::notice::{Told, events_supported},
    domain::record::{Facts, Kind},
    engines::Engines,
    ledger::entry::Event,
    limit::Limit,
    registry::Client,
    secret::Secret,
    store::{
        append::{Change, Command, Outcome, Require},
        notices::{Notice, Stream, VERIFICATION},
    },
    vault::Vault,
};

/// RFC 8935.
pub(super) const PUSH: &str = "urn:ietf:rfc:8935";
/// RFC 8936.
pub(super) const POLL: &str = "urn:ietf:rfc:8936";
/// Seconds between two verifications of one stream.
pub const VERIFICATION_INTERVAL_S: u64 = 60;
/// The longest text of a receiver's own.
pub(super) const MOST: usize = 2000;

/// What a receiver may say about its stream (SSF 1.0 §8.1.1); members that are the transmitter's are passed over.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    /// The stream, where there is one already.
    pub stream_id: Option<String>,
    /// How to deliver.
    pub delivery: Option<Delivery>,
    /// Event types asked for; kept and shown, and no reason to leave one out.
    pub events_requested: Option<Vec<String>>,
    /// The receiver's own note.
    pub description: Option<String>,
}

/// A delivery method (SSF 1.0 §10.3).
#[derive(Clone, Debug, Deserialize)]
pub struct Delivery {
    /// The method's URN.
    pub method: String,
    /// Where to push; for polling the transmitter says where.
    #[serde(default)]
    pub endpoint_url: Option<String>,
    /// The value of `Authorization` when pushing.
    #[serde(default)]
    pub authorization_header: Option<String>,
}

/// A receiver's settings that are nobody else's business, as they are sealed.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The value of `Authorization` when pushing.
    pub authorization_header: Option<Secret<String>>,
    description: Option<String>,
    events_requested: Vec<String>,
}

#[derive(Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Sealed {
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_header: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    events_requested: Vec<String>,
}

fn context(client: Uuid) -> Vec<u8> {
    [b"stream", client.as_bytes().as_slice()].concat()
}

impl Settings {
    /// Opens the settings of a stream.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] when they do not open.
    pub fn open(vault: &Vault, stream: &Stream) -> Result<Self, Error> {
        let Some(sealed) = &stream.sealed else { return Ok(Self::default()) };
        let sealed: Sealed = vault
            .open_private(&context(stream.client), sealed)
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or(Error::Inconsistent("stream"))?;
        Ok(Self {
            authorization_header: sealed.authorization_header.map(Secret::new),
            description: sealed.description,
            events_requested: sealed.events_requested,
        })
    }

    fn plain(&self) -> Sealed {
        Sealed {
            authorization_header: self.authorization_header.as_ref().map(|value| value.expose().clone()),
            description: self.description.clone(),
            events_requested: self.events_requested.clone(),
        }
    }

    fn seal(&self, vault: &Vault, client: Uuid) -> Vec<u8> {
        vault.seal_private(&context(client), &serde_json::to_vec(&self.plain()).unwrap_or_default())
    }
}

/// `/.well-known/ssf-configuration` (SSF 1.0 §7.1).
#[must_use]
pub fn metadata(engines: &Engines) -> Value {
    let issuer = &engines.addresses.issuer;
    json!({
        "spec_version": "1_0",
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/oauth/jwks"),
        "delivery_methods_supported": [PUSH, POLL],
        "configuration_endpoint": format!("{issuer}/ssf/streams"),
        "status_endpoint": format!("{issuer}/ssf/status"),
        "verification_endpoint": format!("{issuer}/ssf/verify"),
        "authorization_schemes": [{ "spec_urn": "urn:ietf:rfc:6749" }],
        "default_subjects": "ALL",
    })
}

/// Begins the stream of a client.
///
/// # Errors
/// [`Error::Refused`] when there is one or `wanted` cannot be had.
pub async fn create(engines: &Engines, client: &Client, wanted: &Wanted) -> Result<Value, Error> {
    let exists = || Error::refuse(409, "stream_exists", "A client has one stream; change or delete it.");
    if engines.store.stream(client.id).await?.is_some() {
        return Err(exists());
    }
    let blank = Stream {
        client: client.id,
        id: engines.id(),
        method: "poll".to_owned(),
        endpoint: None,
        sealed: None,
        status: "enabled".to_owned(),
        updated_at: engines.now().0,
    };
    let stream = changed(engines, &blank, wanted)?;
    if !write(engines, client, None, Some(&stream)).await? {
        return Err(exists());
    }
    shown(engines, client, &stream)
}

/// The stream of a client; all of them, which is none or one, when no id is given.
///
/// # Errors
/// [`Error::Refused`] when there is none of this id.
pub async fn read(engines: &Engines, client: &Client, id: Option<&str>) -> Result<Value, Error> {
    if id.is_some() {
        let stream = found(engines, client, id).await?;
        return shown(engines, client, &stream);
    }
    let streams = engines.store.stream(client.id).await?;
    let streams: Vec<Value> =
        streams.iter().map(|stream| shown(engines, client, stream)).collect::<Result<_, _>>()?;
    Ok(Value::Array(streams))
}

/// Changes what `wanted` names and leaves the rest.
///
/// # Errors
/// [`Error::Refused`] when there is no such stream or `wanted` cannot be had.
pub async fn change(engines: &Engines, client: &Client, wanted: &Wanted) -> Result<Value, Error> {
    let before = found(engines, client, wanted.stream_id.as_deref()).await?;
    let stream = changed(engines, &before, wanted)?;
    replace(engines, client, before, &stream).await?;
    shown(engines, client, &stream)
}

/// Ends a stream. What is owed waits to be polled.
///
/// # Errors
/// [`Error::Refused`] when there is none of this id.
pub async fn remove(engines: &Engines, client: &Client, id: Option<&str>) -> Result<(), Error> {
    let stream = found(engines, client, id).await?;
    if write(engines, client, Some(stream), None).await? { Ok(()) } else { Err(stale()) }
}

/// Whether a stream delivers (SSF 1.0 §8.1.2).
///
/// # Errors
/// [`Error::Refused`] when there is none of this id.
pub async fn status(engines: &Engines, client: &Client, id: Option<&str>) -> Result<Value, Error> {
    let stream = found(engines, client, id).await?;
    Ok(json!({ "stream_id": stream.id, "status": stream.status }))
}

/// What a receiver may say about the status of its stream.
#[derive(Clone, Debug, Deserialize)]
pub struct StatusWanted {
    /// The stream.
    pub stream_id: String,
    /// `enabled`, `paused` or `disabled`.
    pub status: String,
}

/// Lets a stream deliver, or stops it. What is owed is kept, and its time to be acknowledged runs on.
///
/// # Errors
/// [`Error::Refused`] when there is no such stream or status.
pub async fn set_status(engines: &Engines, client: &Client, wanted: &StatusWanted) -> Result<Value, Error> {
    let before = found(engines, client, Some(&wanted.stream_id)).await?;
    if !matches!(wanted.status.as_str(), "enabled" | "paused" | "disabled") {
        return Err(Error::refuse(400, "stream_status", "`status` is enabled, paused or disabled."));
    }
    let stream = Stream { status: wanted.status.clone(), ..before.clone() };
    replace(engines, client, before, &stream).await?;
    Ok(json!({ "stream_id": stream.id, "status": stream.status }))
}

/// What a receiver asks for to see that its stream works (SSF 1.0 §8.1.4.2).
#[derive(Clone, Debug, Deserialize)]
pub struct VerificationWanted {
    /// The stream.
    pub stream_id: String,
    /// What it wants to see again.
    #[serde(default)]
    pub state: Option<String>,
}

/// Puts a verification event into a stream, once a minute at most.
///
/// # Errors
/// [`Error::Refused`] when there is no such stream, or too often.
pub async fn verify(
    engines: &Engines,
    limit: &Limit,
    client: &Client,
    wanted: &VerificationWanted,
) -> Result<(), Error> {
    let stream = found(engines, client, Some(&wanted.stream_id)).await?;
    if wanted.state.as_ref().is_some_and(|state| state.is_empty() || state.len() > MOST) {
        return Err(Error::refuse(400, "verification_state", "`state` has 1 to 2,000 characters."));
    }
    if limit.is_reached(&client.client_id) {
        return Err(Error::refuse(429, "verification_too_often", "A stream is verified once a minute."));
    }
    limit.count(&client.client_id);
    let told =
        Told::Stream { client_id: client.client_id.clone(), stream: stream.id, state: wanted.state.clone() };
    let id = engines.id();
    let sealed = told.seal(&engines.vault, id);
    let notice = Notice::new(id, client.id, Uuid::nil(), VERIFICATION, sealed, engines.now());
    Ok(engines.store.insert_verification(&notice).await?)
}

async fn replace(engines: &Engines, client: &Client, before: Stream, stream: &Stream) -> Result<(), Error> {
    // What changes nothing makes no entry.
    if before == *stream || write(engines, client, Some(before), Some(stream)).await? {
        Ok(())
    } else {
        Err(stale())
    }
}

/// Writes a change and its entry; `false` when the stream is no longer as it was read.
async fn write(
    engines: &Engines,
    client: &Client,
    before: Option<Stream>,
    after: Option<&Stream>,
) -> Result<bool, Error> {
    let at = engines.now();
    let named = after.or(before.as_ref()).map(|stream| stream.id.to_string());
    let facts = Facts {
        agency: Some(client.agency.as_ref().to_owned()),
        client: Some(client.client_id.clone()),
        target: named,
        note: after.map(terms),
        ..Facts::default()
    };
    let (kind, change) = match after {
        Some(stream) => {
            let stream = Stream { updated_at: at.0, ..stream.clone() };
            (Kind::StreamSet, Change::PutStream(Box::new(stream)))
        }
        None => (Kind::StreamRemoved, Change::RemoveStream(client.id)),
    };
    let subject = engines.vault.agency(&client.agency).await?;
    let event = Event { id: engines.id(), at, kind, subject, facts };
    let command = Command {
        require: Require { stream: Some((client.id, before)), ..Require::default() },
        changes: vec![change],
        entry: Some(event.draft(Arc::clone(&engines.random))),
        ..Command::default()
    };
    match engines.appender.run(command).await? {
        Outcome::Done { .. } => Ok(true),
        Outcome::Stale => Ok(false),
        _ => Err(Error::Inconsistent("outcome")),
    }
}

/// What a stream does from here on, for the entry; what proves us to the receiver is not in it.
fn terms(stream: &Stream) -> String {
    json!({ "endpoint": stream.endpoint, "method": stream.method, "status": stream.status }).to_string()
}

fn stale() -> Error {
    Error::refuse(409, "stream_changed", "The stream was changed meanwhile: read it and try again.")
}

fn unknown() -> Error {
    Error::refuse(404, "stream_unknown", "This client has no such stream.")
}

async fn found(engines: &Engines, client: &Client, id: Option<&str>) -> Result<Stream, Error> {
    let id = id.ok_or_else(|| Error::refuse(400, "stream_id_missing", "Name the stream by `stream_id`."))?;
    let stream = engines.store.stream(client.id).await?.ok_or_else(unknown)?;
    if stream.id.to_string() == id { Ok(stream) } else { Err(unknown()) }
}

/// The stream as `wanted` makes it; the same bytes where that is how it is.
fn changed(engines: &Engines, stream: &Stream, wanted: &Wanted) -> Result<Stream, Error> {
    let mut settings = Settings::open(&engines.vault, stream)?;
    let before = settings.plain();
    let (mut method, mut endpoint) = (stream.method.clone(), stream.endpoint.clone());
    if let Some(description) = &wanted.description {
        if description.len() > MOST {
            return Err(Error::refuse(400, "stream_description", "`description` is over 2,000 bytes."));
        }
        settings.description = Some(description.clone());
    }
    if let Some(events) = &wanted.events_requested {
        if events.len() > 32 || events.iter().any(|event| event.len() > MOST) {
            return Err(Error::refuse(400, "stream_events", "`events_requested` holds at most 32 types."));
        }
        settings.events_requested.clone_from(events);
    }
    if let Some(delivery) = &wanted.delivery {
        (method, endpoint, settings.authorization_header) = delivered(&engines.addresses.issuer, delivery)?;
    }
    let sealed = match &stream.sealed {
        Some(sealed) if settings.plain() == before => sealed.clone(),
        _ => settings.seal(&engines.vault, stream.client),
    };
    Ok(Stream { method, endpoint, sealed: Some(sealed), ..stream.clone() })
}

fn shown(engines: &Engines, client: &Client, stream: &Stream) -> Result<Value, Error> {
    let issuer = &engines.addresses.issuer;
    let settings = Settings::open(&engines.vault, stream)?;
    let delivery = match &stream.endpoint {
        // What proves us to the receiver is not shown again.
        Some(endpoint) => json!({ "method": PUSH, "endpoint_url": endpoint }),
        None => json!({ "method": POLL, "endpoint_url": format!("{issuer}/ssf/poll") }),
    };
    let mut shown = json!({
        "stream_id": stream.id,
        "iss": issuer,
        "aud": client.client_id,
        "events_supported": events_supported(issuer),
        "events_requested": settings.events_requested,
        "events_delivered": events_supported(issuer),
        "delivery": delivery,
        "min_verification_interval": VERIFICATION_INTERVAL_S,
    });
    if let (Some(members), Some(description)) = (shown.as_object_mut(), settings.description) {
        members.insert("description".to_owned(), description.into());
    }
    Ok(shown)
}
