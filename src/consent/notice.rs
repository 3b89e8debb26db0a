//! What a recipient of data is told when a consent ends or changes: one SET for one receiver (RFC 8417, SSF 1.0 §4).
//!
//! Pure but for the pairwise handle: [`of`] makes the row that is committed with the change, [`Told::claims`] the
//! claims that are signed each time it is sent, always the same. There is no standard consent event, so the event types
//! are our own. Nothing is told that the recipient did not know: no name, no number, no words of the person.
//! Out of scope: storing, sending, acknowledging (`notices`).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Error;
use crate::{
    domain::{
        consent::{Act, Capacity, Record, State},
        subject::Subject,
    },
    engines::Engines,
    jose::security_event::{ConsentEvent, ConsentNews, Envelope, SecurityEvent},
    store::{
        append,
        notices::{EXPIRED, MODIFIED, Notice, VERIFICATION, WITHDRAWN},
    },
    time::Millis,
    vault::{Vault, VaultError},
};

/// A change of a consent that its recipient may have to be told of.
pub struct Change<'a> {
    /// The row key of the client that holds the consent.
    pub client: Uuid,
    /// What the consent says.
    pub record: &'a Record,
    /// The grant it belongs to.
    pub grant: Option<Uuid>,
    /// Whose consent it is.
    pub subject: &'a Subject,
    /// Where it stood.
    pub from: State,
    /// What happened.
    pub act: Act,
    /// Where it stands now.
    pub to: State,
    /// As what somebody acted.
    pub by: Capacity,
    /// The entry that records the change.
    pub cause: Uuid,
    /// When it happened.
    pub at: Millis,
}

/// What a step of a consent adds to the transaction it is taken in: the notice to its recipient, if there is one to tell.
///
/// # Errors
/// [`Error`] when the person's handle cannot be had.
pub(super) async fn with(
    engines: &Engines,
    consent: &super::Consent,
    act: Act,
    to: State,
    by: Capacity,
    cause: Uuid,
) -> Result<Option<append::Change>, Error> {
    let change = Change {
        client: consent.row.client,
        record: &consent.record,
        grant: consent.row.grant_id,
        subject: &consent.subject,
        from: consent.state,
        act,
        to,
        by,
        cause,
        at: engines.now(),
    };
    let notice = of(engines, &change).await?;
    Ok(notice.map(|notice| append::Change::PutNotice(Box::new(notice))))
}

/// What a notice says; it is kept sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case", deny_unknown_fields)]
pub enum Told {
    /// A consent.
    Consent(Box<Consent>),
    /// The stream itself (SSF 1.0 §8.1.4).
    Stream {
        /// The receiver's `client_id`.
        client_id: String,
        /// The stream.
        stream: Uuid,
        /// What the receiver wants to see again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        state: Option<String>,
    },
}

/// A consent, as its recipient is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// The person's internal id; it never leaves.
    pub subject: Uuid,
    /// The recipient.
    pub agency: String,
    /// Its client.
    pub client_id: String,
    /// The person as the agency knows her.
    pub handle: String,
    /// The consent.
    pub consent: Uuid,
    /// The grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<Uuid>,
    /// The purpose.
    pub purpose: String,
    /// Where the consent stands now.
    pub state: String,
    /// CAEP's `initiating_entity`: `user`, `admin` or `policy`.
    pub by: String,
    /// The entry that records the change.
    pub cause: Uuid,
    /// When it happened, milliseconds.
    pub at: i64,
    /// By when the recipient must have stopped, milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_by: Option<i64>,
    /// Whether processors or third parties must stop too.
    #[serde(default)]
    pub processors: bool,
}

/// A sealed notice that does not open: its key or its bytes are not ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("notice {0} does not open")]
pub struct Unreadable(pub Uuid);

/// The event a recipient is told, if it is told at all. Whoever may have relied on a consent learns of everything that
/// takes it away, and of what gives it back.
#[must_use]
pub const fn event(from: State, act: Act) -> Option<&'static str> {
    if !from.is_standing() {
        return None;
    }
    match act {
        Act::Withdraw | Act::Revoke => Some(WITHDRAWN),
        Act::Expire | Act::Lapse | Act::Invalidate => Some(EXPIRED),
        Act::Pause | Act::Resume | Act::Review | Act::Confirm | Act::Supersede => Some(MODIFIED),
        Act::Ask | Act::Defer | Act::Refuse | Act::TimeOut | Act::GiveHalf | Act::Give => None,
    }
}

/// Whether the recipient has statutory days to stop in: withdrawal and restriction (Law 91/2025/QH15, Article 10;
/// Decree 356/2025/ND-CP, Article 5(2)). What merely runs out stops by itself.
const fn must_stop(act: Act) -> bool {
    matches!(act, Act::Withdraw | Act::Revoke | Act::Pause)
}

/// The notice that a change causes, to be committed with it; `None` when there is nobody to tell.
///
/// # Errors
/// [`VaultError`] when the person's handle cannot be had.
pub async fn of(engines: &Engines, change: &Change<'_>) -> Result<Option<Notice>, VaultError> {
    let Some(event) = event(change.from, change.act) else { return Ok(None) };
    let record = change.record;
    let handle = engines.vault.handle(&record.agency, change.subject).await?;
    let stop_by =
        must_stop(change.act).then(|| engines.calendar.stop_by(change.at, record.has_processors()).ends.0);
    let told = Told::Consent(Box::new(Consent {
        subject: change.subject.id(),
        agency: record.agency.clone(),
        client_id: record.client_id.clone(),
        handle: handle.as_ref().to_owned(),
        consent: record.id,
        grant: change.grant,
        purpose: record.purpose.clone(),
        state: change.to.as_str().to_owned(),
        by: initiating_entity(change.by).to_owned(),
        cause: change.cause,
        at: change.at.0,
        stop_by,
        processors: record.has_processors(),
    }));
    let id = engines.id();
    let sealed = told.seal(&engines.vault, id);
    Ok(Some(Notice { stop_by, ..Notice::new(id, change.client, record.id, event, sealed, change.at) }))
}

const fn initiating_entity(by: Capacity) -> &'static str {
    match by {
        Capacity::Own | Capacity::Parent | Capacity::Guardian | Capacity::Attorney => "user",
        Capacity::Authority => "admin",
        // The recipient's own software, which gave it back or replaced it.
        Capacity::Agency => "system",
        Capacity::System => "policy",
    }
}

fn context(id: Uuid) -> [u8; 22] {
    let mut context = *b"notice................";
    for (to, from) in context.iter_mut().skip(6).zip(id.as_bytes()) {
        *to = *from;
    }
    context
}

impl Told {
    /// Seals it for the notice of this id.
    #[must_use]
    pub fn seal(&self, vault: &Vault, id: Uuid) -> Vec<u8> {
        // Strings and numbers only: there is nothing JSON could refuse.
        vault.seal_private(&context(id), &serde_json::to_vec(self).unwrap_or_default())
    }

    /// Opens a notice.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn open(vault: &Vault, notice: &Notice) -> Result<Self, Unreadable> {
        vault
            .open_private(&context(notice.id), &notice.sealed)
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or(Unreadable(notice.id))
    }

    /// The claims of the SET, the same however often it is sent. The same cause has the same `txn`.
    ///
    /// # Errors
    /// [`Unreadable`] when the notice's event is not the one its content is about.
    pub fn claims(&self, issuer: &str, notice: &Notice) -> Result<SecurityEvent, Unreadable> {
        let unreadable = Unreadable(notice.id);
        let envelope = |aud: &str, txn: Option<Uuid>| Envelope {
            iss: issuer.to_owned(),
            aud: aud.to_owned(),
            jti: notice.id.to_string(),
            txn: txn.map(|entry| entry.to_string()),
            at: Millis(notice.created_at),
        };
        match self {
            Self::Consent(told) => {
                let event = ConsentEvent::ALL.into_iter().find(|event| event.as_str() == notice.event);
                let (consent, grant) = (told.consent.to_string(), told.grant.map(|grant| grant.to_string()));
                let at = Millis(told.at).seconds();
                let news = ConsentNews {
                    event_timestamp: at,
                    initiating_entity: &told.by,
                    consent: &consent,
                    grant_id: grant.as_deref(),
                    purpose: &told.purpose,
                    state: &told.state,
                    effective_at: at,
                    stop_by: told.stop_by.map(|at| Millis(at).seconds()),
                };
                let envelope = envelope(&told.client_id, Some(told.cause));
                let event = event.ok_or(unreadable)?;
                SecurityEvent::consent(envelope, event, &told.handle, &told.agency, &news)
                    .map_err(|_| unreadable)
            }
            Self::Stream { .. } if notice.event != VERIFICATION => Err(unreadable),
            Self::Stream { client_id, stream, state } => {
                let envelope = envelope(client_id, None);
                Ok(SecurityEvent::verification(envelope, &stream.to_string(), state.as_deref()))
            }
        }
    }
}

/// The URIs of our own event types.
#[must_use]
pub fn events_supported(issuer: &str) -> Vec<String> {
    ConsentEvent::ALL.iter().map(|event| event.uri(issuer)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told() -> Consent {
        Consent {
            subject: Uuid::from_u128(7),
            agency: "benh-vien-mau".to_owned(),
            client_id: "benh-vien.ho-so".to_owned(),
            handle: "zN0iclbtkFRzBGC7sVuGKQ".to_owned(),
            consent: Uuid::from_u128(8),
            grant: Some(Uuid::from_u128(9)),
            purpose: "health.record_share".to_owned(),
            state: "withdrawn".to_owned(),
            by: "user".to_owned(),
            cause: Uuid::from_u128(10),
            at: 1_795_000_000_123,
            stop_by: Some(1_796_300_000_000),
            processors: false,
        }
    }

    #[test]
    fn a_set_says_what_ssf_asks_for_and_nothing_it_forbids() {
        let notice = Notice::new(
            Uuid::from_u128(11),
            Uuid::from_u128(1),
            Uuid::from_u128(8),
            WITHDRAWN,
            Vec::new(),
            Millis(1_795_000_000_123),
        );
        let claims = Told::Consent(Box::new(told())).claims("https://as.example", &notice).unwrap();
        let claims = serde_json::to_value(claims).unwrap();
        assert!(claims.get("sub").is_none() && claims.get("exp").is_none());
        assert_eq!(claims["aud"], "benh-vien.ho-so");
        assert_eq!(claims["iat"], 1_795_000_000);
        assert_eq!(claims["jti"], Uuid::from_u128(11).to_string());
        assert_eq!(claims["txn"], Uuid::from_u128(10).to_string());
        assert_eq!(claims["sub_id"]["user"]["sub"], "zN0iclbtkFRzBGC7sVuGKQ");
        let events = claims["events"].as_object().unwrap();
        assert_eq!(events.len(), 1);
        let event = &events["https://as.example/secevent/consent/event-type/consent-withdrawn"];
        assert_eq!(event["grant_id"], Uuid::from_u128(9).to_string());
        assert_eq!(
            (event["stop_by"].as_i64(), event["state"].as_str()),
            (Some(1_796_300_000), Some("withdrawn"))
        );
        // The internal id of the person is in no claim.
        assert!(!claims.to_string().contains(&Uuid::from_u128(7).to_string()));
    }

    #[test]
    fn whatever_takes_a_standing_consent_away_is_told_and_nothing_is_told_of_one_that_never_stood() {
        for from in State::ALL {
            for act in Act::ALL.into_iter().filter(|act| State::after(Some(from), *act).is_ok()) {
                let told = event(from, act).is_some();
                assert_eq!(told, from.is_standing(), "{from:?} {act:?}");
                if must_stop(act) {
                    assert!(told && act.takes_away(), "{from:?} {act:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_sealed_reads_back_strictly() {
        let stream = Told::Stream { client_id: "a".to_owned(), stream: Uuid::from_u128(3), state: None };
        for told in [Told::Consent(Box::new(told())), stream] {
            let bytes = serde_json::to_vec(&told).unwrap();
            assert_eq!(serde_json::from_slice::<Told>(&bytes).unwrap(), told);
        }
    }
}
