//! Handing notices out to receivers that ask (RFC 8936). A request acknowledges what it received before, and gets what
//! it has not acknowledged yet, oldest first.
//!
//! Every request is answered at once, whatever `returnImmediately` says: nothing here holds a connection open.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Error,
    steps::{self, Opened},
};
use crate::{engines::Engines, outbound::push::error_code, registry::Client, store::notices::Notice};

/// Events in one answer when the receiver does not say.
const USUAL: i64 = 50;
/// Events in one answer at most.
const MOST: i64 = 100;
/// Ids that one request may acknowledge or complain of.
const MOST_IDS: usize = 1000;

/// A poll request (RFC 8936 §2.2). Members that are not understood are passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Poll {
    /// The most events wanted; 0 for an acknowledgement alone.
    pub max_events: Option<u32>,
    /// Read and not needed: the answer always comes at once.
    pub return_immediately: Option<bool>,
    /// `jti`s received and understood.
    pub ack: Vec<String>,
    /// `jti`s received and not understood.
    pub set_errs: BTreeMap<String, Complaint>,
}

/// Why the receiver could not take an event (RFC 8936 §2.6).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Complaint {
    /// A code of RFC 8935 §2.4.
    pub err: String,
}

/// The answer (RFC 8936 §2.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Polled {
    /// SETs in compact form by `jti`.
    pub sets: BTreeMap<Uuid, String>,
    /// Whether there are more.
    pub more_available: bool,
}

/// Answers a poll of a proved client.
///
/// # Errors
/// [`Error`]; nothing was acknowledged unless an entry says so.
pub async fn poll(engines: &Engines, client: &Client, asked: &Poll) -> Result<Polled, Error> {
    if asked.ack.len().saturating_add(asked.set_errs.len()) > MOST_IDS {
        return Err(Error::refuse(400, "too_many_ids", "Acknowledge at most 1,000 events in one request."));
    }
    acknowledge(engines, client, &asked.ack).await?;
    complain(engines, client, &asked.set_errs).await?;
    let wanted = asked.max_events.map_or(USUAL, i64::from).clamp(0, MOST);
    // One more than is handed out says whether there are more.
    let mut rows = engines.store.unacknowledged_notices(client.id, wanted.saturating_add(1)).await?;
    let wanted = usize::try_from(wanted).unwrap_or_default();
    let more_available = rows.len() > wanted;
    rows.truncate(wanted);
    let (mut sets, mut sent) = (BTreeMap::new(), Vec::new());
    for notice in rows {
        let Some(opened) = Opened::open_or_skip(engines, notice).await? else { continue };
        sets.insert(opened.notice.id, opened.sign(engines)?);
        sent.extend(opened.handed_over(engines, false));
    }
    // Committed before it is handed out: the person sees that it left.
    steps::run(engines, sent).await?;
    Ok(Polled { sets, more_available })
}

/// Ids that are unknown, another client's or acknowledged before change nothing and are no error (RFC 8936 §2.4).
async fn acknowledge(engines: &Engines, client: &Client, ids: &[String]) -> Result<(), Error> {
    let mut commands = Vec::new();
    for id in ids {
        let Some(notice) = own(engines, client, id).await?.filter(|notice| notice.acked_at.is_none()) else {
            continue;
        };
        let opened = Opened::open(engines, notice).await?;
        if opened.subject.is_none() {
            engines.store.acknowledge_verification(opened.notice.id, engines.now()).await?;
        }
        commands.extend(opened.handed_over(engines, true));
    }
    steps::run(engines, commands).await?;
    Ok(())
}

async fn complain(
    engines: &Engines,
    client: &Client,
    complaints: &BTreeMap<String, Complaint>,
) -> Result<(), Error> {
    for (id, complaint) in complaints {
        if let Some(notice) = own(engines, client, id).await? {
            let fault = format!("err_{}", error_code(&complaint.err));
            engines.store.notice_failed(notice.id, engines.now(), &fault).await?;
        }
    }
    Ok(())
}

pub(super) async fn own(engines: &Engines, client: &Client, id: &str) -> Result<Option<Notice>, Error> {
    let Ok(id) = Uuid::parse_str(id) else { return Ok(None) };
    Ok(engines.store.notice(id).await?.filter(|notice| notice.client == client.id))
}
