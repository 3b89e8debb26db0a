//! The token endpoint: its request and its answer, and the client authentication that other endpoints share.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::{
    error::{ErrorCode, OAuthError},
    form::{Form, FormError},
};
use crate::secret::Secret;

/// The one `client_assertion_type` (RFC 7523 §2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The one `actor_token_type` and `approver_token_type`: an ID token of the agency's own sign-in (RFC 8693 §3, DESIGN.md §5).
pub const ID_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:id_token";

/// What proves who the client is. Neither part is checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientAuthentication {
    /// The `client_id` parameter; optional beside an assertion, which must then be of the same client.
    pub client_id: Option<String>,
    /// The assertion; without one, only a client certificate can prove the client.
    pub assertion: Option<Secret<String>>,
}

impl ClientAuthentication {
    /// Takes the client authentication out of a form.
    ///
    /// # Errors
    /// `invalid_client` for a secret, half an assertion or one of another type, and for a form that names nobody.
    pub fn from_form(form: &Form) -> Result<Self, OAuthError> {
        let refuse =
            |reason: &str, description: &str| OAuthError::new(ErrorCode::InvalidClient, reason, description);
        if form.get("client_secret").is_some() {
            return Err(refuse(
                "client_secret_refused",
                "client secrets are not accepted; use `private_key_jwt`",
            ));
        }
        let assertion = match (form.get("client_assertion_type"), form.get("client_assertion")) {
            (Some(ASSERTION_TYPE), Some(assertion)) => Some(Secret::new(assertion.to_owned())),
            (None, None) => None,
            (Some(_), Some(_)) => {
                return Err(refuse(
                    "client_assertion_type",
                    "`client_assertion_type` is not the JWT bearer type",
                ));
            }
            _ => {
                let description = "`client_assertion` and `client_assertion_type` must come together";
                return Err(refuse("client_assertion_incomplete", description));
            }
        };
        let client_id = form.get("client_id").map(str::to_owned);
        if client_id.is_none() && assertion.is_none() {
            return Err(refuse("client_authentication_missing", "no client authentication"));
        }
        Ok(Self { client_id, assertion })
    }
}

impl From<FormError> for OAuthError {
    fn from(error: FormError) -> Self {
        let reason = match error {
            FormError::TooLarge => "form_too_large",
            FormError::TooMany => "form_too_many_parameters",
            FormError::Duplicate(_) => "duplicate_parameter",
            FormError::Encoding => "form_encoding",
            FormError::Nameless => "form_nameless_parameter",
        };
        Self::new(ErrorCode::InvalidRequest, reason, &error.to_string())
    }
}

/// A grant that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantType {
    /// RFC 6749 §4.4.
    ClientCredentials,
}

impl GrantType {
    /// The value of `grant_type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client_credentials",
        }
    }
}

/// A token request beside its client authentication, which is judged first (DESIGN.md §5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRequest {
    /// The grant.
    pub grant_type: GrantType,
    /// The JSON text of `authorization_details`, for [`super::rar`]; it names a person.
    pub authorization_details: Secret<String>,
    /// RFC 8707: the resource server the token is for.
    pub resource: Option<String>,
    /// An ID token that proves the official.
    pub actor_token: Option<Secret<String>>,
    /// An ID token that proves the second official, who approves an emergency access.
    pub approver_token: Option<Secret<String>>,
}

impl TokenRequest {
    /// Takes the request out of a form.
    ///
    /// # Errors
    /// `invalid_request`, `unsupported_grant_type`, `invalid_scope` (purposes are asked for in
    /// `authorization_details`, never by scope) or `invalid_authorization_details` when there are none.
    pub fn from_form(form: &Form) -> Result<Self, OAuthError> {
        let bad =
            |reason: &str, description: &str| OAuthError::new(ErrorCode::InvalidRequest, reason, description);
        let grant_type = match form.get("grant_type") {
            Some("client_credentials") => GrantType::ClientCredentials,
            None => return Err(bad("grant_type_missing", "`grant_type` is missing")),
            Some(_) => {
                let description = "this `grant_type` is not supported";
                return Err(OAuthError::new(
                    ErrorCode::UnsupportedGrantType,
                    "grant_type_unsupported",
                    description,
                ));
            }
        };
        if form.get("scope").is_some() {
            let description = "`scope` is not used here; ask with `authorization_details`";
            return Err(OAuthError::new(ErrorCode::InvalidScope, "scope_unsupported", description));
        }
        let details = form.get("authorization_details").ok_or_else(|| {
            let description = "`authorization_details` is missing";
            OAuthError::new(
                ErrorCode::InvalidAuthorizationDetails,
                "authorization_details_missing",
                description,
            )
        })?;
        Ok(Self {
            grant_type,
            authorization_details: Secret::new(details.to_owned()),
            resource: form.get("resource").map(str::to_owned),
            actor_token: id_token(form, "actor_token")?,
            approver_token: id_token(form, "approver_token")?,
        })
    }
}

/// The ID token under this name, with its type beside it.
fn id_token(form: &Form, name: &str) -> Result<Option<Secret<String>>, OAuthError> {
    let bad = |reason: &str, what: &str| {
        OAuthError::new(ErrorCode::InvalidRequest, format!("{name}_{reason}"), what)
    };
    match (form.get(&format!("{name}_type")), form.get(name)) {
        (Some(ID_TOKEN_TYPE), Some(token)) => Ok(Some(Secret::new(token.to_owned()))),
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(bad("type", &format!("`{name}_type` must be that of an ID token"))),
        _ => Err(bad("incomplete", &format!("`{name}` and `{name}_type` must come together"))),
    }
}

/// How a token is to be presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum TokenType {
    /// With a proof by the key of `cnf.jkt` (RFC 9449 §5).
    DPoP,
    /// With the certificate of `cnf.x5t#S256` (RFC 8705 §3).
    Bearer,
}

/// The answer to a granted request (RFC 6749 §5.1, RFC 9396 §7).
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct TokenResponse {
    /// The token in compact form.
    pub access_token: String,
    /// How to present it.
    pub token_type: TokenType,
    /// Seconds from now to its end.
    pub expires_in: i64,
    /// What was granted: an array of one [`super::rar::GrantedDetail`].
    pub authorization_details: Value,
}

impl fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenResponse")
            .field("token_type", &self.token_type)
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(body: &str) -> Form {
        Form::parse(body.as_bytes()).unwrap()
    }

    fn refusal(body: &str) -> (&'static str, String) {
        let error = TokenRequest::from_form(&form(body)).unwrap_err();
        (error.error.as_str(), error.reason)
    }

    #[test]
    fn a_token_request_is_read_and_never_shows_its_person() {
        let body = format!(
            "grant_type=client_credentials&authorization_details=%5B%5D999000000015&resource=https%3A%2F%2Fa.example\
             &actor_token=abc&actor_token_type={ID_TOKEN_TYPE}"
        );
        let request = TokenRequest::from_form(&form(&body)).unwrap();
        assert_eq!(request.grant_type.as_str(), "client_credentials");
        assert_eq!(request.resource.as_deref(), Some("https://a.example"));
        assert_eq!(request.actor_token.as_ref().map(|token| token.expose().as_str()), Some("abc"));
        assert!(!format!("{request:?}").contains("999000000015"));
    }

    #[test]
    fn a_request_that_lacks_something_says_what() {
        assert_eq!(refusal(""), ("invalid_request", "grant_type_missing".to_owned()));
        assert_eq!(
            refusal("grant_type=password"),
            ("unsupported_grant_type", "grant_type_unsupported".to_owned())
        );
        let start = "grant_type=client_credentials";
        assert_eq!(refusal(start).1, "authorization_details_missing");
        assert_eq!(refusal(&format!("{start}&scope=openid")).0, "invalid_scope");
        assert_eq!(
            refusal(&format!("{start}&authorization_details=x&actor_token=a")).1,
            "actor_token_incomplete"
        );
        let other = format!("{start}&authorization_details=x&actor_token=a&actor_token_type=jwt");
        assert_eq!(refusal(&other).1, "actor_token_type");
    }

    #[test]
    fn client_authentication_is_whole_or_refused_as_invalid_client() {
        let read = |body: &str| ClientAuthentication::from_form(&form(body));
        let whole = read(&format!("client_assertion_type={ASSERTION_TYPE}&client_assertion=a.b.c")).unwrap();
        assert_eq!((whole.client_id, whole.assertion), (None, Some(Secret::new("a.b.c".to_owned()))));
        assert_eq!(read("client_id=agency-a").unwrap().assertion, None);
        for body in [
            "",
            "client_id=a&client_secret=s",
            "client_assertion=a.b.c",
            "client_assertion_type=saml&client_assertion=a.b.c",
        ] {
            assert_eq!(read(body).unwrap_err().error, ErrorCode::InvalidClient, "{body}");
        }
    }
}
