//! The token endpoint: its request and its answer, and the client authentication that other endpoints share.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::{
    error::{ErrorCode, OAuthError},
    form::{Form, FormError},
    pkce,
    scope::{self, ServiceScope},
};
use crate::secret::Secret;

/// The one `client_assertion_type` (RFC 7523 §2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The one `actor_token_type`: an ID token of the agency's own sign-in (RFC 8693 §3, DESIGN.md §5).
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
    /// RFC 6749 §4.1.
    AuthorizationCode,
    /// RFC 6749 §6.
    RefreshToken,
    /// CIBA Core §10.1.
    Backchannel,
}

impl GrantType {
    /// The value of `grant_type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client_credentials",
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::Backchannel => "urn:openid:params:grant-type:ciba",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::ClientCredentials, Self::AuthorizationCode, Self::RefreshToken, Self::Backchannel]
            .into_iter()
            .find(|grant| grant.as_str() == text)
    }
}

/// A token request beside its client authentication, which is judged first (DESIGN.md §5): what each grant carries,
/// and nothing that another one would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenRequest {
    /// `client_credentials` with `authorization_details`.
    Details(DetailsRequest),
    /// `client_credentials` with `scope`: a token for this service itself, without personal data.
    Service(Vec<ServiceScope>),
    /// `authorization_code`.
    Code(CodeRequest),
    /// `refresh_token`.
    Refresh(RefreshRequest),
    /// `urn:openid:params:grant-type:ciba`.
    Backchannel(PollRequest),
}

/// A request for one person's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetailsRequest {
    /// The JSON text of `authorization_details`, for [`super::rar`]; it names a person.
    pub authorization_details: Secret<String>,
    /// RFC 8707: the resource server the token is for.
    pub resource: Option<String>,
    /// An ID token that proves the official.
    pub actor_token: Option<Secret<String>>,
    /// An ID token that proves the second official, who approves an emergency access.
    pub approver_token: Option<Secret<String>>,
}

/// The exchange of an authorization code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeRequest {
    /// The code; at most 512 bytes.
    pub code: Secret<String>,
    /// Must be that of the pushed request (RFC 6749 §4.1.3).
    pub redirect_uri: String,
    /// RFC 7636 §4.1: 43 to 128 unreserved characters.
    pub code_verifier: Secret<String>,
    /// RFC 8707: the resource server the token is for.
    pub resource: Option<String>,
    /// An ID token that proves the official.
    pub actor_token: Option<Secret<String>>,
}

/// A new token on an old grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshRequest {
    /// The refresh token; at most 512 bytes.
    pub refresh_token: Secret<String>,
    /// A part of what was granted (RFC 9396 §6); without it, the grant's only detail.
    pub authorization_details: Option<Secret<String>>,
    /// RFC 8707: the resource server the token is for.
    pub resource: Option<String>,
    /// An ID token that proves the official.
    pub actor_token: Option<Secret<String>>,
}

/// The question whether a person has answered (CIBA Core §10.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollRequest {
    /// The `auth_req_id`; at most 512 bytes.
    pub auth_req_id: Secret<String>,
    /// RFC 8707: the resource server the token is for.
    pub resource: Option<String>,
    /// An ID token that proves the official.
    pub actor_token: Option<Secret<String>>,
}

/// The longest code, refresh token or `auth_req_id` that is read, in bytes.
const MAX_CREDENTIAL: usize = 512;

fn bad(reason: &str, description: &str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequest, reason, description)
}

impl TokenRequest {
    /// Takes the request out of a form.
    ///
    /// # Errors
    /// `invalid_request`, `unsupported_grant_type`, `invalid_scope` (data are asked for in `authorization_details`,
    /// never by scope), `invalid_authorization_details` when there are none or where they were fixed before, and
    /// `invalid_grant` for a code, refresh token, `auth_req_id` or verifier that cannot be one.
    pub fn from_form(form: &Form) -> Result<Self, OAuthError> {
        let grant_type =
            form.get("grant_type").ok_or_else(|| bad("grant_type_missing", "`grant_type` is missing"))?;
        let Some(grant_type) = GrantType::parse(grant_type) else { return Err(unsupported_grant_type()) };
        match grant_type {
            GrantType::ClientCredentials => client_credentials(form),
            GrantType::AuthorizationCode => code(form).map(Self::Code),
            GrantType::RefreshToken => {
                no_scope(form)?;
                Ok(Self::Refresh(RefreshRequest {
                    refresh_token: credential(form, "refresh_token", "refresh_token_missing")?,
                    authorization_details: form.get("authorization_details").map(secret),
                    resource: resource(form),
                    actor_token: actor_token(form)?,
                }))
            }
            GrantType::Backchannel => {
                no_scope(form)?;
                no_details(form)?;
                Ok(Self::Backchannel(PollRequest {
                    auth_req_id: credential(form, "auth_req_id", "auth_req_id_missing")?,
                    resource: resource(form),
                    actor_token: actor_token(form)?,
                }))
            }
        }
    }

    /// The grant.
    #[must_use]
    pub const fn grant_type(&self) -> GrantType {
        match self {
            Self::Details(_) | Self::Service(_) => GrantType::ClientCredentials,
            Self::Code(_) => GrantType::AuthorizationCode,
            Self::Refresh(_) => GrantType::RefreshToken,
            Self::Backchannel(_) => GrantType::Backchannel,
        }
    }

    /// The ID token that proves an official, whatever the grant.
    #[must_use]
    pub const fn actor_token(&self) -> Option<&Secret<String>> {
        match self {
            Self::Details(request) => request.actor_token.as_ref(),
            Self::Code(request) => request.actor_token.as_ref(),
            Self::Refresh(request) => request.actor_token.as_ref(),
            Self::Backchannel(request) => request.actor_token.as_ref(),
            Self::Service(_) => None,
        }
    }

    /// The ID token that proves who approves an emergency access.
    #[must_use]
    pub const fn approver_token(&self) -> Option<&Secret<String>> {
        match self {
            Self::Details(request) => request.approver_token.as_ref(),
            Self::Code(_) | Self::Refresh(_) | Self::Backchannel(_) | Self::Service(_) => None,
        }
    }
}

/// The refusal of a grant that is unknown, or that this service does not offer.
#[must_use]
pub fn unsupported_grant_type() -> OAuthError {
    let description = "this `grant_type` is not supported";
    OAuthError::new(ErrorCode::UnsupportedGrantType, "grant_type_unsupported", description)
}

fn client_credentials(form: &Form) -> Result<TokenRequest, OAuthError> {
    match (form.get("scope"), form.get("authorization_details")) {
        (Some(scope), None) => {
            let scopes = scope::service(scope)?;
            if form.get("resource").is_some() {
                let description = "a service token is for this service; leave `resource` out";
                return Err(OAuthError::new(ErrorCode::InvalidTarget, "resource_refused", description));
            }
            if actor_token(form)?.is_some() {
                return Err(bad("actor_token_refused", "a service token names no official"));
            }
            Ok(TokenRequest::Service(scopes))
        }
        (_, Some(details)) => {
            no_scope(form)?;
            Ok(TokenRequest::Details(DetailsRequest {
                authorization_details: secret(details),
                resource: resource(form),
                actor_token: actor_token(form)?,
                approver_token: id_token(form, "approver_token")?,
            }))
        }
        (None, None) => {
            let description = "`authorization_details` is missing";
            let reason = "authorization_details_missing";
            Err(OAuthError::new(ErrorCode::InvalidAuthorizationDetails, reason, description))
        }
    }
}

fn code(form: &Form) -> Result<CodeRequest, OAuthError> {
    no_scope(form)?;
    no_details(form)?;
    let code = credential(form, "code", "code_missing")?;
    let redirect_uri =
        form.get("redirect_uri").ok_or_else(|| bad("redirect_uri_missing", "`redirect_uri` is missing"))?;
    let verifier = form
        .get("code_verifier")
        .ok_or_else(|| bad("code_verifier_missing", "`code_verifier` is missing"))?;
    if !pkce::is_verifier(verifier) {
        let description = "`code_verifier` must be 43 to 128 unreserved characters";
        return Err(OAuthError::new(ErrorCode::InvalidGrant, "code_verifier_malformed", description));
    }
    Ok(CodeRequest {
        code,
        redirect_uri: redirect_uri.to_owned(),
        code_verifier: secret(verifier),
        resource: resource(form),
        actor_token: actor_token(form)?,
    })
}

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

fn resource(form: &Form) -> Option<String> {
    form.get("resource").map(str::to_owned)
}

/// A text that only who was given it can know. One that cannot be ours is like one that is unknown.
fn credential(form: &Form, name: &str, missing: &str) -> Result<Secret<String>, OAuthError> {
    let text = form.get(name).ok_or_else(|| bad(missing, &format!("`{name}` is missing")))?;
    if text.len() > MAX_CREDENTIAL || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        let description = format!("`{name}` is unknown, over, or another client's");
        return Err(OAuthError::new(ErrorCode::InvalidGrant, format!("{name}_unknown"), &description));
    }
    Ok(secret(text))
}

/// What was granted is fixed; a narrower wish is not passed over in silence.
fn no_scope(form: &Form) -> Result<(), OAuthError> {
    if form.get("scope").is_none() {
        return Ok(());
    }
    let description = "`scope` is not used here; ask with `authorization_details`";
    Err(OAuthError::new(ErrorCode::InvalidScope, "scope_unsupported", description))
}

/// As [`no_scope`], for a code and a backchannel request, whose one detail the person has answered.
fn no_details(form: &Form) -> Result<(), OAuthError> {
    if form.get("authorization_details").is_none() {
        return Ok(());
    }
    let description = "`authorization_details` was fixed when the person was asked; leave it out";
    Err(OAuthError::new(ErrorCode::InvalidAuthorizationDetails, "authorization_details_fixed", description))
}

fn actor_token(form: &Form) -> Result<Option<Secret<String>>, OAuthError> {
    id_token(form, "actor_token")
}

/// The ID token under this name, with its type beside it.
fn id_token(form: &Form, name: &str) -> Result<Option<Secret<String>>, OAuthError> {
    match (form.get(&format!("{name}_type")), form.get(name)) {
        (Some(ID_TOKEN_TYPE), Some(token)) => Ok(Some(secret(token))),
        (None, None) => Ok(None),
        (Some(_), Some(_)) => {
            Err(bad(&format!("{name}_type"), &format!("`{name}_type` must be that of an ID token")))
        }
        _ => {
            Err(bad(&format!("{name}_incomplete"), &format!("`{name}` and `{name}_type` must come together")))
        }
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
    /// What was granted: an array of one [`super::rar::GrantedDetail`]; none for a service or citizen token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_details: Option<Value>,
    /// For later tokens on the same grant; not rotated (FAPI 2.0 §5.3.2.1 item 9).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// The scopes of a service or citizen token, separated by spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The grant it belongs to (Grant Management §5.3), a UUID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<String>,
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
mod tests;
