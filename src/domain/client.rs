//! What a client is held to, and what it may do, beside its purposes: its profile, a column of its registration.
//!
//! Absent is always the closed answer: not allowed, or not asked for. Out of scope: keys, redirect URIs, purposes
//! (`store::clients`).

use serde::{Deserialize, Serialize};

use crate::{
    json::{self, JsonError},
    protocol::scope::CitizenScope,
};

/// The longest profile that is read, in bytes.
const MAX_PROFILE: usize = 4096;

/// The profile of a client, as JSON `{"request_object":"required","response_mode":"jwt","introspection":"jwt",
/// "backchannel":true,"scopes":["me.history"],"grant_management":true}`; each member optional, no other allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Whether pushed requests must be signed (RFC 9101); without it they may be.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub request_object: Option<Demand>,
    /// Whether authorization responses must be signed (JARM): a request for another `response_mode` is refused.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub response_mode: Option<SignedForm>,
    /// Whether introspection is always answered signed (RFC 9701); without it, when it is asked for.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub introspection: Option<SignedForm>,
    /// Whether it may ask citizens who are not there (CIBA).
    #[serde(default, skip_serializing_if = "is_false")]
    pub backchannel: bool,
    /// Scopes of the citizen's own token it may ask for; each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<CitizenScope>,
    /// Whether it may query, revoke, merge and replace its grants.
    #[serde(default, skip_serializing_if = "is_false")]
    pub grant_management: bool,
}

/// How strongly something is asked of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Demand {
    /// Without it, a refusal.
    Required,
}

/// The form of an answer that can be kept and shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignedForm {
    /// A JWT.
    Jwt,
}

/// Why a profile was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// Not strict JSON of a profile: an unknown member, `null`, or a value that is not one of those it has.
    #[error("the client's profile: {0}")]
    Json(#[from] JsonError),
    /// A scope twice.
    #[error("the client's profile: `scopes` has a value twice")]
    RepeatedScope,
}

impl Profile {
    /// Reads a profile.
    ///
    /// # Errors
    /// See [`ProfileError`].
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let value = json::parse(text.as_bytes(), MAX_PROFILE)?;
        // To serde, an array of the members' values in order is a struct too.
        if !value.is_object() {
            return Err(JsonError::Shape.into());
        }
        let profile: Self = serde_json::from_value(value).map_err(|_| JsonError::Shape)?;
        let mut once = profile.scopes.clone();
        once.sort_unstable();
        once.dedup();
        if once.len() == profile.scopes.len() { Ok(profile) } else { Err(ProfileError::RepeatedScope) }
    }

    /// Whether a pushed request of it must be a request object.
    #[must_use]
    pub const fn must_sign_requests(&self) -> bool {
        self.request_object.is_some()
    }

    /// Whether it may have the citizen's own token with all these scopes.
    #[must_use]
    pub fn may_have(&self, scopes: &[CitizenScope]) -> bool {
        scopes.iter().all(|scope| self.scopes.contains(scope))
    }
}

/// A member that may be absent, but not `null`.
fn present<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_profile_is_read_whole_and_written_without_what_is_not_there() {
        let text = r#"{"request_object":"required","response_mode":"jwt","introspection":"jwt","backchannel":true,"scopes":["me.history","me.consents"],"grant_management":true}"#;
        let profile = Profile::parse(text).unwrap();
        assert!(profile.must_sign_requests() && profile.backchannel && profile.grant_management);
        assert!(profile.may_have(&CitizenScope::ALL));
        assert_eq!(serde_json::to_string(&profile).unwrap(), text);
        assert_eq!(Profile::parse("{}").unwrap(), Profile::default());
        assert_eq!(serde_json::to_string(&Profile::default()).unwrap(), "{}");
    }

    #[test]
    fn absent_is_the_closed_answer() {
        let none = Profile::default();
        assert!(!none.backchannel && !none.grant_management && !none.must_sign_requests());
        assert!(!none.may_have(&[CitizenScope::History]));
        let history = Profile::parse(r#"{"scopes":["me.history"]}"#).unwrap();
        assert!(history.may_have(&[CitizenScope::History]) && !history.may_have(&CitizenScope::ALL));
    }

    #[test]
    fn what_is_not_a_profile_is_refused() {
        for text in [
            "",
            "[]",
            "null",
            r#"{"ciba":true}"#,
            r#"{"backchannel":null}"#,
            r#"{"backchannel":"true"}"#,
            r#"{"backchannel":true,"backchannel":true}"#,
            r#"{"request_object":"optional"}"#,
            r#"{"request_object":null}"#,
            r#"{"response_mode":"query"}"#,
            r#"{"scopes":["openid"]}"#,
            r#"{"scopes":"me.history"}"#,
        ] {
            assert!(matches!(Profile::parse(text), Err(ProfileError::Json(_))), "{text}");
        }
        let twice = r#"{"scopes":["me.history","me.history"]}"#;
        assert_eq!(Profile::parse(twice), Err(ProfileError::RepeatedScope));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,120}") {
            let _ = Profile::parse(&text);
        }
    }
}
