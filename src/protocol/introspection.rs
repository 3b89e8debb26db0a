//! Introspection (RFC 7662) and revocation (RFC 7009): the token asked about, and what is said of it.

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{
    error::{ErrorCode, OAuthError},
    form::Form,
    token::TokenType,
};
use crate::secret::Secret;

/// The token a request to either endpoint is about. `token_type_hint` is ignored, as both RFCs allow.
///
/// # Errors
/// `invalid_request` when there is none.
pub fn token_of(form: &Form) -> Result<Secret<String>, OAuthError> {
    let missing = || OAuthError::new(ErrorCode::InvalidRequest, "token_missing", "`token` is missing");
    form.get("token").map(|token| Secret::new(token.to_owned())).ok_or_else(missing)
}

/// What is said of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Introspection {
    /// Unknown, over, revoked, or none of the caller's business: the four look alike (RFC 7662 §2.2).
    Inactive,
    /// Live, and the caller may know about it.
    Active(Box<ActiveToken>),
}

/// A live token (RFC 7662 §2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActiveToken {
    /// Issuer.
    pub iss: String,
    /// Subject as in the token.
    pub sub: String,
    /// The client it was issued to.
    pub client_id: String,
    /// The resource server it is for.
    pub aud: String,
    /// When it ends, in seconds.
    pub exp: i64,
    /// When it was issued, in seconds.
    pub iat: i64,
    /// Its unique name.
    pub jti: String,
    /// How it is presented.
    pub token_type: TokenType,
    /// What it is bound to (RFC 9449 §6.2, RFC 8705 §3.2).
    pub cnf: Value,
    /// What was granted (RFC 9396 §9.2). For the audience's resource server its `subject` also has the `national_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_details: Option<Value>,
    /// The scopes of a service or citizen token, separated by spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The grant it belongs to, a UUID, where it rests on consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<String>,
}

impl Serialize for Introspection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Answer<'a> {
            active: bool,
            #[serde(flatten)]
            token: Option<&'a ActiveToken>,
        }
        let token = match self {
            Self::Inactive => None,
            Self::Active(token) => Some(&**token),
        };
        Answer { active: token.is_some(), token }.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_a_token_that_is_not_live_only_that_is_said() {
        assert_eq!(serde_json::to_string(&Introspection::Inactive).unwrap(), r#"{"active":false}"#);
    }

    #[test]
    fn a_live_token_is_described_beside_active() {
        let token = ActiveToken {
            iss: "https://as.example".to_owned(),
            sub: "agency-a".to_owned(),
            client_id: "agency-a".to_owned(),
            aud: "https://as.example/data".to_owned(),
            exp: 2,
            iat: 1,
            jti: "j".to_owned(),
            token_type: TokenType::DPoP,
            cnf: json!({"jkt": "k"}),
            authorization_details: Some(json!([])),
            scope: None,
            grant_id: None,
        };
        let answer = serde_json::to_value(Introspection::Active(Box::new(token))).unwrap();
        assert_eq!((&answer["active"], &answer["token_type"]), (&json!(true), &json!("DPoP")));
        assert_eq!(answer["cnf"]["jkt"], "k");
        assert!(answer.get("scope").is_none() && answer.get("grant_id").is_none());
    }

    #[test]
    fn a_request_without_a_token_is_refused() {
        assert_eq!(token_of(&Form::parse(b"token=").unwrap()).unwrap_err().reason, "token_missing");
        assert_eq!(token_of(&Form::parse(b"token=abc").unwrap()).unwrap().expose(), "abc");
    }
}
