//! Answers that are signed so that a client can keep and show them: the authorization response (JARM) and
//! introspection (RFC 9701). Payloads only; `tokens` signs them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::time::Millis;

/// The `typ` of a signed introspection answer, and with `application/` its media type (RFC 9701 §4, §5).
pub const INTROSPECTION_TYPE: &str = "token-introspection+jwt";

/// The `typ` of a signed authorization response; JARM names none, and `JWT` is no type of any other JWT here.
pub const RESPONSE_TYPE: &str = "JWT";

/// How long a signed authorization response lives, in seconds; JARM §2.1 recommends at most ten minutes.
pub const RESPONSE_LIFETIME: i64 = 60;

/// An authorization response as a JWT (JARM §2.1): the one parameter `response` of the redirect.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct SignedResponse<'a> {
    /// This service.
    pub iss: &'a str,
    /// The client.
    pub aud: &'a str,
    /// When it ends, in seconds.
    pub exp: i64,
    /// `code` and `state`, or `error` …; never `iss`, which would be there twice.
    #[serde(flatten)]
    parameters: BTreeMap<&'static str, String>,
}

impl<'a> SignedResponse<'a> {
    /// A response of `iss` to the client `aud` with the parameters of `protocol::authorize`.
    #[must_use]
    pub fn new(iss: &'a str, aud: &'a str, now: Millis, parameters: Vec<(&'static str, String)>) -> Self {
        let own = |name: &str| matches!(name, "iss" | "aud" | "exp");
        let parameters = parameters.into_iter().filter(|(name, _)| !own(name)).collect();
        Self { iss, aud, exp: now.seconds() + RESPONSE_LIFETIME, parameters }
    }
}

/// An introspection answer as a JWT (RFC 9701 §5). It has neither `sub` nor `exp`, so that nobody takes it for an
/// access token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignedIntrospection<'a, A> {
    /// This service.
    pub iss: &'a str,
    /// The resource server or client that asked.
    pub aud: &'a str,
    /// When it was said, in seconds.
    pub iat: i64,
    /// What is said of the token, as in the plain answer.
    pub token_introspection: A,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_signed_response_has_its_own_claims_once_and_ends() {
        let parameters =
            vec![("code", "c".to_owned()), ("state", "s".to_owned()), ("iss", "other".to_owned())];
        let response = SignedResponse::new("https://as.example", "agency-a", Millis(1_000), parameters);
        assert_eq!(
            serde_json::to_value(response).unwrap(),
            json!({"iss": "https://as.example", "aud": "agency-a", "exp": 61, "code": "c", "state": "s"})
        );
    }

    #[test]
    fn a_signed_introspection_cannot_be_taken_for_a_token() {
        let (iss, aud) = ("https://as.example", "https://r.example");
        let answer = SignedIntrospection { iss, aud, iat: 7, token_introspection: json!({"active": false}) };
        let expected = json!({"iss": iss, "aud": aud, "iat": 7, "token_introspection": {"active": false}});
        assert_eq!(serde_json::to_value(answer).unwrap(), expected);
        assert_ne!(INTROSPECTION_TYPE, crate::jose::access_token::TYPE);
    }
}
