//! Errors of the OAuth endpoints (RFC 6749 §5.2 and the registrations of its extensions).

use serde::Serialize;
use uuid::Uuid;

/// A registered `error` value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// RFC 6749 §5.2.
    InvalidRequest,
    /// RFC 6749 §5.2.
    InvalidClient,
    /// RFC 6749 §5.2.
    InvalidGrant,
    /// RFC 6749 §5.2.
    UnauthorizedClient,
    /// RFC 6749 §5.2.
    UnsupportedGrantType,
    /// RFC 6749 §5.2.
    InvalidScope,
    /// RFC 8707 §2.
    InvalidTarget,
    /// RFC 9396 §5.
    InvalidAuthorizationDetails,
    /// RFC 6749 §4.1.2.1.
    AccessDenied,
    /// RFC 6749 §4.1.2.1.
    ServerError,
    /// RFC 6749 §4.1.2.1.
    TemporarilyUnavailable,
    /// RFC 9449 §8 and §9.
    UseDpopNonce,
    /// RFC 9449 §5.
    InvalidDpopProof,
    /// RFC 6750 §3.1.
    InvalidToken,
    /// OpenID Connect Core §3.1.2.6; at the token endpoint our documented extension (DESIGN.md §5).
    ConsentRequired,
    /// RFC 6750 §3.1.
    InsufficientScope,
    /// RFC 6749 §4.1.2.1.
    UnsupportedResponseType,
    /// RFC 9101 §7: a `request_uri` that is unknown, over, used, or another client's.
    InvalidRequestUri,
    /// RFC 9101 §7.
    InvalidRequestObject,
    /// Grant Management for OAuth 2.0 §5.4.
    InvalidGrantId,
    /// CIBA Core §11: the person has not answered yet.
    AuthorizationPending,
    /// CIBA Core §11: as `authorization_pending`, and the client must ask less often.
    SlowDown,
    /// CIBA Core §11: the request has ended.
    ExpiredToken,
    /// CIBA Core §13.
    InvalidBindingMessage,
    /// CIBA Core §13.
    UnknownUserId,
    /// RFC 9470 §3.
    InsufficientUserAuthentication,
}

impl ErrorCode {
    /// The value as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidAuthorizationDetails => "invalid_authorization_details",
            Self::AccessDenied => "access_denied",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::UseDpopNonce => "use_dpop_nonce",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::InvalidToken => "invalid_token",
            Self::ConsentRequired => "consent_required",
            Self::InsufficientScope => "insufficient_scope",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidRequestUri => "invalid_request_uri",
            Self::InvalidRequestObject => "invalid_request_object",
            Self::InvalidGrantId => "invalid_grant_id",
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::ExpiredToken => "expired_token",
            Self::InvalidBindingMessage => "invalid_binding_message",
            Self::UnknownUserId => "unknown_user_id",
            Self::InsufficientUserAuthentication => "insufficient_user_authentication",
        }
    }

    /// The HTTP status at an authorization server's own endpoints. A resource server answers `use_dpop_nonce` and
    /// `invalid_dpop_proof` with 401 instead (RFC 9449 §7.1, §9).
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidClient | Self::InvalidToken | Self::InsufficientUserAuthentication => 401,
            Self::AccessDenied | Self::InsufficientScope => 403,
            Self::ServerError => 500,
            Self::TemporarilyUnavailable => 503,
            Self::InvalidRequest
            | Self::InvalidGrant
            | Self::UnauthorizedClient
            | Self::UnsupportedGrantType
            | Self::InvalidScope
            | Self::InvalidTarget
            | Self::InvalidAuthorizationDetails
            | Self::UseDpopNonce
            | Self::InvalidDpopProof
            | Self::ConsentRequired
            | Self::UnsupportedResponseType
            | Self::InvalidRequestUri
            | Self::InvalidRequestObject
            | Self::InvalidGrantId
            | Self::AuthorizationPending
            | Self::SlowDown
            | Self::ExpiredToken
            | Self::InvalidBindingMessage
            | Self::UnknownUserId => 400,
        }
    }

    /// The HTTP status when the token endpoint answers for the person: her "no" to a poll is a 400 there (CIBA Core
    /// §11 with RFC 6749 §5.2), while at the endpoint that takes the request `access_denied` is a 403 (§13).
    #[must_use]
    pub const fn poll_status(self) -> u16 {
        match self {
            Self::AccessDenied => 400,
            other => other.status(),
        }
    }
}

/// An error as an endpoint gives it back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {description}", error.as_str())]
pub struct OAuthError {
    /// The registered value.
    pub error: ErrorCode,
    /// For the developer of the client, in English; never a value that came from a person.
    description: String,
    /// A stable code finer than `error`, in snake case.
    pub reason: String,
    /// The ledger entry that recorded the refusal, where there is one.
    pub entry: Option<Uuid>,
}

/// The JSON body of an error.
#[derive(Debug, Serialize)]
pub struct ErrorBody<'a> {
    /// The registered value.
    pub error: &'static str,
    /// See [`OAuthError::description`].
    pub error_description: &'a str,
    /// See [`OAuthError::reason`].
    pub reason: &'a str,
    /// See [`OAuthError::entry`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<Uuid>,
}

impl OAuthError {
    /// An error without an entry. Characters that RFC 6749 §5.2 keeps out of `error_description` are replaced.
    #[must_use]
    pub fn new(error: ErrorCode, reason: impl Into<String>, description: &str) -> Self {
        let description = description
            .chars()
            .map(|c| match c {
                '"' => '\'',
                ' '..='~' if c != '\\' => c,
                _ => '?',
            })
            .collect();
        Self { error, description, reason: reason.into(), entry: None }
    }

    /// The same error, recorded by an entry.
    #[must_use]
    pub fn with_entry(mut self, entry: Uuid) -> Self {
        self.entry = Some(entry);
        self
    }

    /// For the developer of the client, in English and in the characters that RFC 6749 §5.2 allows.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The JSON body.
    #[must_use]
    pub fn body(&self) -> ErrorBody<'_> {
        ErrorBody {
            error: self.error.as_str(),
            error_description: &self.description,
            reason: &self.reason,
            entry: self.entry,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_written_as_the_rfc_says_and_its_description_keeps_to_the_allowed_characters() {
        let error =
            OAuthError::new(ErrorCode::InvalidAuthorizationDetails, "excess_field", "a \"b\" \\ é `c`\n");
        assert_eq!(
            serde_json::to_string(&error.body()).unwrap(),
            r#"{"error":"invalid_authorization_details","error_description":"a 'b' ? ? `c`?","reason":"excess_field"}"#
        );
        let entry = Uuid::from_u128(7);
        let recorded = serde_json::to_value(error.with_entry(entry).body()).unwrap();
        assert_eq!(recorded["entry"], "00000000-0000-0000-0000-000000000007");
    }

    #[test]
    fn the_written_value_and_the_serialised_one_agree() {
        for code in [
            ErrorCode::InvalidClient,
            ErrorCode::UseDpopNonce,
            ErrorCode::InvalidAuthorizationDetails,
            ErrorCode::UnsupportedResponseType,
            ErrorCode::InvalidRequestUri,
            ErrorCode::InvalidRequestObject,
            ErrorCode::InvalidGrantId,
            ErrorCode::AuthorizationPending,
            ErrorCode::SlowDown,
            ErrorCode::ExpiredToken,
            ErrorCode::InvalidBindingMessage,
            ErrorCode::UnknownUserId,
            ErrorCode::InsufficientUserAuthentication,
        ] {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
        assert_eq!(ErrorCode::InvalidClient.status(), 401);
        assert_eq!(ErrorCode::UseDpopNonce.status(), 400);
        assert_eq!(ErrorCode::SlowDown.status(), 400);
        assert_eq!(ErrorCode::InsufficientUserAuthentication.status(), 401);
        assert_eq!((ErrorCode::AccessDenied.status(), ErrorCode::AccessDenied.poll_status()), (403, 400));
    }
}
