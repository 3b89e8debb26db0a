//! What can go wrong while somebody signs in, with a stable code for pages, logs and the compliance officer.

use thiserror::Error;

/// Why a sign-in, an actor token or a logout token was refused.
///
/// No variant carries a token, a claim value or a person's id, so that any of them may be logged.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LoginError {
    /// The path to return to is not a path of this service.
    #[error("the address to return to is not a local path")]
    UnsafeReturn,
    /// The callback's `state` is not the one this browser began with (RFC 6749 §10.12).
    #[error("the answer does not belong to this sign-in")]
    StateMismatch,
    /// The sign-in was begun too long ago.
    #[error("the sign-in was begun too long ago")]
    SignInExpired,
    /// The `iss` of the response, or of the token, is another issuer (RFC 9207 §2.4).
    #[error("the answer comes from another issuer")]
    IssuerMismatch,
    /// The response lacks the `iss` that the issuer advertises or the configuration demands (RFC 9207 §2.4).
    #[error("the answer does not name its issuer")]
    IssuerMissing,
    /// The callback has neither `code` nor `error`.
    #[error("the answer holds neither a code nor an error")]
    CallbackMalformed,
    /// The person said no at the issuer (`access_denied`).
    #[error("the sign-in was cancelled at the issuer")]
    Cancelled,
    /// The issuer answered with another error code of RFC 6749 §4.1.2.1 or OpenID Connect Core §3.1.2.6.
    #[error("the issuer refused the sign-in: `{0}`")]
    Refused(String),
    /// Discovery, keys or the token endpoint cannot be reached or answer nonsense.
    #[error("the issuer cannot be reached: {0}")]
    Unavailable(String),
    /// The token endpoint refused the code or this client.
    #[error("the issuer refused the code: `{0}`")]
    CodeRefused(String),
    /// No `id_token`, or one that cannot be read.
    #[error("the token cannot be read")]
    TokenMalformed,
    /// The token's `alg` is not one this issuer is allowed.
    #[error("the token's algorithm is not allowed for this issuer")]
    AlgorithmNotAllowed,
    /// No key of the issuer fits the token, even after fetching its keys again.
    #[error("the token names no key of the issuer")]
    UnknownKey,
    /// The signature is wrong.
    #[error("the token's signature is wrong")]
    BadSignature,
    /// `aud` or `azp` names another client.
    #[error("the token is meant for another client")]
    WrongAudience,
    /// `nonce` is absent or another one.
    #[error("the token does not belong to this sign-in")]
    WrongNonce,
    /// `exp` has passed, or `iat` lies in the future.
    #[error("the token is not valid now")]
    TokenExpired,
    /// `acr` is absent or stands for less than was demanded, or the issuer has nothing that is enough.
    #[error("the sign-in is weaker than was demanded")]
    AssuranceTooLow,
    /// `auth_time` is absent or too long ago for what is asked.
    #[error("the person signed in too long ago")]
    AuthenticationTooOld,
    /// A claim that this issuer's role needs is absent or ill-formed; the claim's name, never its value.
    #[error("the claim `{0}` is missing or ill-formed")]
    ClaimMissing(String),
    /// The token's issuer does not speak for officials.
    #[error("the issuer does not speak for officials")]
    NotAnOfficialIssuer,
    /// A logout token breaks a rule of OpenID Connect Back-Channel Logout 1.0 §2.6, named here.
    #[error("the logout token is refused: {0}")]
    LogoutToken(&'static str),
}

impl LoginError {
    /// A code that never changes: for pages, logs and tests.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnsafeReturn => "login_unsafe_return",
            Self::StateMismatch => "login_state_mismatch",
            Self::SignInExpired => "login_expired",
            Self::IssuerMismatch => "login_issuer_mismatch",
            Self::IssuerMissing => "login_issuer_missing",
            Self::CallbackMalformed => "login_callback_malformed",
            Self::Cancelled => "login_cancelled",
            Self::Refused(_) => "login_refused",
            Self::Unavailable(_) => "login_issuer_unavailable",
            Self::CodeRefused(_) => "login_code_refused",
            Self::TokenMalformed => "login_token_malformed",
            Self::AlgorithmNotAllowed => "login_algorithm_not_allowed",
            Self::UnknownKey => "login_unknown_key",
            Self::BadSignature => "login_bad_signature",
            Self::WrongAudience => "login_wrong_audience",
            Self::WrongNonce => "login_wrong_nonce",
            Self::TokenExpired => "login_token_expired",
            Self::AssuranceTooLow => "login_assurance_too_low",
            Self::AuthenticationTooOld => "login_authentication_too_old",
            Self::ClaimMissing(_) => "login_claim_missing",
            Self::NotAnOfficialIssuer => "login_not_an_official_issuer",
            Self::LogoutToken(_) => "login_logout_token_refused",
        }
    }
}
