//! What an agency's software is allowed beyond asking by itself, and what it binds itself to.
//!
//! Everything here is off unless its registration says so. Out of scope: who the client is, its keys, purposes and
//! redirect URIs (`registry`).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::catalogue::Text;
pub use crate::protocol::scope::CitizenScope;

/// A client's profile: the JSON of `clients.profile`, members that are absent left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Profile {
    /// Whether it sends every pushed request as a signed request object (RFC 9101).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_object: Option<RequestObject>,
    /// Whether answers at its redirect URI are signed (JARM, `response_mode=jwt`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_mode: Option<Signed>,
    /// Whether it is answered about tokens with a signed JWT (RFC 9701).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection: Option<Signed>,
    /// Whether it may ask a citizen who is not there (CIBA, poll).
    #[serde(skip_serializing_if = "is_false")]
    pub backchannel: bool,
    /// What of her own a citizen may let it read.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub scopes: BTreeSet<CitizenScope>,
    /// Whether it may query and revoke its grants, and name one in a request (Grant Management for OAuth 2.0).
    #[serde(skip_serializing_if = "is_false")]
    pub grant_management: bool,
    /// Whoever processes for the agency what it reads (*bên xử lý*, Law 91/2025/QH15, Article 2) or gets it from it, by
    /// name: whoever is asked for consent reads who they are, and they must stop with the agency.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub processors: Vec<Text>,
}

/// How a request object is demanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RequestObject {
    /// A pushed request without one is refused.
    Required,
}

/// The form of a signed answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Signed {
    /// A JWT signed by this service.
    Jwt,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_says_only_what_is_allowed_or_demanded() {
        assert_eq!(serde_json::to_string(&Profile::default()).unwrap(), "{}");
        let text = r#"{"request_object":"required","response_mode":"jwt","introspection":"jwt","backchannel":true,"scopes":["me.history","me.consents"],"grant_management":true,"processors":[{"vi":"Trung tâm","en":"Centre"}]}"#;
        let profile: Profile = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&profile).unwrap(), text);
        assert!(CitizenScope::ALL.into_iter().all(|scope| {
            CitizenScope::parse(scope.as_str()) == Some(scope)
                && serde_json::to_value(scope).unwrap() == scope.as_str()
        }));
    }

    #[test]
    fn what_a_profile_does_not_know_is_no_profile() {
        for wrong in [
            r#"{"colour":1}"#,
            r#"{"request_object":"maybe"}"#,
            r#"{"scopes":["me.everything"]}"#,
            r#"{"backchannel":"yes"}"#,
        ] {
            assert!(serde_json::from_str::<Profile>(wrong).is_err(), "{wrong}");
        }
    }
}
