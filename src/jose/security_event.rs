//! Security Event Tokens (RFC 8417) as SSF 1.0 §4.1 narrows them: what a recipient of data is told about a consent.
//!
//! In scope: the claims, and reading them as a receiver does. Out of scope: delivery. An event says as little as it can:
//! no field, no value, the person only by the recipient's own handle.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    claims::jti_is_usable,
    jws::{self, JwsError, Unverified},
};
use crate::{
    crypto::{PublicKey, SigningKey},
    json::JsonError,
    time::Millis,
};

/// The `typ` of a SET, and with `application/` the media type of its delivery (RFC 8417 §2.2).
pub const TYPE: &str = "secevent+jwt";

/// SSF 1.0 §8.1.4.1: does the stream work?
pub const VERIFICATION: &str = "https://schemas.openid.net/secevent/ssf/event-type/verification";

/// SSF 1.0 §8.1.5: the stream was paused, enabled or disabled.
pub const STREAM_UPDATED: &str = "https://schemas.openid.net/secevent/ssf/event-type/stream-updated";

/// What can happen to a consent that its recipient must know. There is no registered type; these are our own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConsentEvent {
    /// Taken back, or ended by an authority: nothing may be used on it or kept.
    Withdrawn,
    /// Paused, resumed, or superseded: `state` says which.
    Modified,
    /// Its time is over.
    Expired,
}

impl ConsentEvent {
    /// Every type.
    pub const ALL: [Self; 3] = [Self::Withdrawn, Self::Modified, Self::Expired];

    /// The name at the end of the type's URI.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Withdrawn => "consent-withdrawn",
            Self::Modified => "consent-modified",
            Self::Expired => "consent-expired",
        }
    }

    /// The type's URI at an issuer.
    #[must_use]
    pub fn uri(self, issuer: &str) -> String {
        format!("{issuer}/secevent/consent/event-type/{}", self.as_str())
    }
}

/// The claims of a SET. There is no `sub` and no `exp`: with them it could be taken for another JWT, and it tells what
/// was, which does not end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecurityEvent {
    /// This service.
    pub iss: String,
    /// The one receiver; several would learn of each other.
    pub aud: String,
    /// When it was made, in seconds; the same each time it is sent.
    pub iat: i64,
    /// Its unique name; the same each time it is sent.
    pub jti: String,
    /// What caused it: the ledger entry. Several events of one cause share it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub txn: Option<String>,
    /// Whom or what it is about.
    pub sub_id: SubjectId,
    /// The one event by its type's URI.
    pub events: BTreeMap<String, Value>,
}

/// A subject identifier (RFC 9493, SSF 1.0 §3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "format", rename_all = "snake_case", deny_unknown_fields)]
pub enum SubjectId {
    /// A person at an agency.
    Complex {
        /// The person.
        user: SimpleId,
        /// The agency.
        tenant: SimpleId,
    },
    /// A name without structure: of a stream.
    Opaque {
        /// The name.
        id: String,
    },
}

/// A subject identifier inside another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "format", rename_all = "snake_case", deny_unknown_fields)]
pub enum SimpleId {
    /// Somebody by the name an issuer gave.
    IssSub {
        /// The issuer.
        iss: String,
        /// The agency's handle of the person.
        sub: String,
    },
    /// A name without structure.
    Opaque {
        /// The name.
        id: String,
    },
}

/// What is said of a consent (oauth.md §B.7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConsentNews<'a> {
    /// When it happened, in seconds.
    pub event_timestamp: i64,
    /// Who did it: `user`, `admin`, `policy` or `system` (CAEP §2).
    pub initiating_entity: &'a str,
    /// The consent's id.
    pub consent: &'a str,
    /// The grant's id, where it came of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<&'a str>,
    /// The purpose's id.
    pub purpose: &'a str,
    /// The state it came to, by its stable word.
    pub state: &'a str,
    /// From when it counts, in seconds.
    pub effective_at: i64,
    /// By when the recipient must have stopped, in seconds (Decree 356/2025/ND-CP, Article 5(2)).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_by: Option<i64>,
}

/// Who tells whom, and when: what every SET has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// This service.
    pub iss: String,
    /// The receiver.
    pub aud: String,
    /// The event's own name.
    pub jti: String,
    /// The ledger entry that caused it.
    pub txn: Option<String>,
    /// When.
    pub at: Millis,
}

impl SecurityEvent {
    /// An event about one person's consent to one agency, the person by the agency's handle.
    ///
    /// # Errors
    /// [`JwsError::Signing`] when the news cannot be written as JSON.
    pub fn consent(
        envelope: Envelope,
        event: ConsentEvent,
        handle: &str,
        agency: &str,
        news: &ConsentNews<'_>,
    ) -> Result<Self, JwsError> {
        let user = SimpleId::IssSub { iss: envelope.iss.clone(), sub: handle.to_owned() };
        let tenant = SimpleId::Opaque { id: agency.to_owned() };
        let uri = event.uri(&envelope.iss);
        let news = serde_json::to_value(news).map_err(|_| JwsError::Signing)?;
        Ok(Self::new(envelope, SubjectId::Complex { user, tenant }, uri, news))
    }

    /// The event that proves a stream works; `state` is what the receiver asked to be told.
    #[must_use]
    pub fn verification(envelope: Envelope, stream: &str, state: Option<&str>) -> Self {
        let said = state.map_or_else(|| json!({}), |state| json!({ "state": state }));
        Self::new(envelope, SubjectId::Opaque { id: stream.to_owned() }, VERIFICATION.to_owned(), said)
    }

    /// The event that says a stream's status changed: `enabled`, `paused` or `disabled`.
    #[must_use]
    pub fn stream_updated(envelope: Envelope, stream: &str, status: &str, reason: &str) -> Self {
        let said = json!({ "status": status, "reason": reason });
        Self::new(envelope, SubjectId::Opaque { id: stream.to_owned() }, STREAM_UPDATED.to_owned(), said)
    }

    fn new(envelope: Envelope, sub_id: SubjectId, uri: String, said: Value) -> Self {
        let Envelope { iss, aud, jti, txn, at } = envelope;
        Self { iss, aud, iat: at.seconds(), jti, txn, sub_id, events: BTreeMap::from([(uri, said)]) }
    }

    /// The type's URI and what is said, of the one event.
    #[must_use]
    pub fn event(&self) -> Option<(&str, &Value)> {
        self.events.first_key_value().map(|(uri, said)| (uri.as_str(), said))
    }

    /// The SET in compact form.
    ///
    /// # Errors
    /// [`JwsError::Signing`].
    pub fn sign(&self, kid: &str, key: &SigningKey) -> Result<String, JwsError> {
        jws::sign(TYPE, Some(kid), None, self, key)
    }
}

/// Why a SET was refused; [`Self::code`] is what a receiver answers (RFC 8935 §2.4).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecurityEventError {
    /// Not a signed JWT of the expected form, or the signature does not hold.
    #[error("security event: {0}")]
    Jws(#[from] JwsError),
    /// `typ` is not `secevent+jwt`.
    #[error("security event: `typ` is not `secevent+jwt`")]
    Type,
    /// The header names no key, or one that is not the issuer's.
    #[error("security event: unknown `kid`")]
    UnknownKey,
    /// From another issuer.
    #[error("security event: other `iss`")]
    Issuer,
    /// For another receiver, or for several.
    #[error("security event: other `aud`")]
    Audience,
    /// A claim that must not be there.
    #[error("security event: it must not have `{0}`")]
    Forbidden(&'static str),
    /// Not exactly one event.
    #[error("security event: there must be exactly one event")]
    NotOne,
    /// `jti` is empty or too long.
    #[error("security event: `jti` must have 1 to 256 bytes")]
    Jti,
}

impl SecurityEventError {
    /// The registered code of RFC 8935 §2.4.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownKey | Self::Jws(JwsError::Signature | JwsError::KeyMismatch) => "invalid_key",
            Self::Issuer => "invalid_issuer",
            Self::Audience => "invalid_audience",
            Self::Jws(_) | Self::Type | Self::Forbidden(_) | Self::NotOne | Self::Jti => "invalid_request",
        }
    }
}

/// Checks a SET as the receiver `audience` of `issuer` does: for `client`, the demonstration and tests.
///
/// # Errors
/// See [`SecurityEventError`].
pub fn verify(
    compact: &str,
    keys: &dyn Fn(&str) -> Option<PublicKey>,
    issuer: &str,
    audience: &str,
) -> Result<SecurityEvent, SecurityEventError> {
    let unverified = Unverified::parse(compact)?;
    let typ = unverified.header().typ.as_deref().unwrap_or_default();
    if !(typ.eq_ignore_ascii_case(TYPE) || typ.eq_ignore_ascii_case("application/secevent+jwt")) {
        return Err(SecurityEventError::Type);
    }
    let key = unverified.header().kid.as_deref().and_then(keys).ok_or(SecurityEventError::UnknownKey)?;
    let claims: Map<String, Value> = unverified.verify(&key)?.claims;
    if let Some(name) = ["sub", "exp"].into_iter().find(|name| claims.contains_key(*name)) {
        return Err(SecurityEventError::Forbidden(name));
    }
    if claims.get("iss").and_then(Value::as_str) != Some(issuer) {
        return Err(SecurityEventError::Issuer);
    }
    if claims.get("aud").and_then(Value::as_str) != Some(audience) {
        return Err(SecurityEventError::Audience);
    }
    let event: SecurityEvent =
        serde_json::from_value(Value::Object(claims)).map_err(|_| JwsError::Claims(JsonError::Shape))?;
    if event.events.len() != 1 {
        return Err(SecurityEventError::NotOne);
    }
    if !jti_is_usable(&event.jti) {
        return Err(SecurityEventError::Jti);
    }
    Ok(event)
}

#[cfg(test)]
mod tests;
