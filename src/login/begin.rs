//! The way out: the address to send the browser to, and what must be remembered until it comes back.

use std::time::Duration;

use openidconnect::{
    AuthenticationContextClass, AuthenticationFlow, CsrfToken, Nonce, PkceCodeChallenge, PkceCodeVerifier,
    Scope,
    core::{CoreAuthPrompt, CoreClient, CoreResponseType},
};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{error::LoginError, provider::Provider, step_up::StepUp};
use crate::{crypto::Random, secret::Secret, time::Millis};

/// How long a person may take at the issuer.
const PENDING: Duration = Duration::from_mins(10);

/// A path of this service to go back to after the sign-in: never another site (RFC 9700 §4.11.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReturnTo(String);

impl ReturnTo {
    /// Reads a path with an optional query, such as `/me?page=2`.
    pub fn parse(text: &str) -> Result<Self, LoginError> {
        // `//host` and `/\host` name another site to a browser, which also drops tabs and line breaks.
        let local = text.starts_with('/')
            && !text.starts_with("//")
            && !text.contains('\\')
            && !text.chars().any(|c| c.is_control() || c.is_whitespace())
            && text.len() <= 512;
        if local { Ok(Self(text.to_owned())) } else { Err(LoginError::UnsafeReturn) }
    }

    /// The path and query.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ReturnTo {
    type Error = LoginError;
    fn try_from(text: String) -> Result<Self, LoginError> {
        Self::parse(&text)
    }
}

impl From<ReturnTo> for String {
    fn from(path: ReturnTo) -> Self {
        path.0
    }
}

/// A sign-in under way. It holds secrets: keep it sealed, or on this side, bound to the browser that began.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PendingSignIn {
    /// The `state` that must come back; 256 random bits.
    #[serde(with = "exposed")]
    pub state: Secret<String>,
    /// The `nonce` that must stand in the ID token; 256 random bits.
    #[serde(with = "exposed")]
    pub nonce: Secret<String>,
    /// The PKCE `code_verifier` (RFC 7636 §4.1).
    #[serde(with = "exposed")]
    pub pkce_verifier: Secret<String>,
    /// The issuer the browser was sent to (mix-up defence, RFC 9700 §4.4).
    pub issuer: String,
    /// Where to go afterwards.
    pub return_to: ReturnTo,
    /// From then on the answer comes too late.
    pub expires: Millis,
    /// What the answer must prove beside who it is.
    #[serde(default)]
    pub step_up: Option<StepUp>,
}

/// Begins a sign-in: the address of the issuer's authorization endpoint, and what [`super::finish`] will need. With an
/// `assurance` (1 to 4) the person must prove herself anew and at least so surely.
///
/// # Errors
/// [`LoginError::Unavailable`], or [`LoginError::AssuranceTooLow`] when this issuer cannot do it.
pub async fn begin(
    provider: &Provider,
    now: Millis,
    random: &dyn Random,
    return_to: ReturnTo,
    assurance: Option<u8>,
) -> Result<(Url, PendingSignIn), LoginError> {
    let config = &provider.config;
    let step_up = assurance.map(|assurance| StepUp::new(assurance, now));
    let acr_values: Vec<&str> = match step_up {
        Some(step_up) => step_up.acr_values(config)?,
        None => config.acr_values.iter().map(String::as_str).collect(),
    };
    let known = provider.known(now).await?;
    let (state, nonce, verifier) = (random.token(), random.token(), random.token());
    let pending = PendingSignIn {
        state: Secret::new(state.clone()),
        nonce: Secret::new(nonce.clone()),
        pkce_verifier: Secret::new(verifier.clone()),
        issuer: config.issuer.clone(),
        return_to,
        expires: now + PENDING,
        step_up,
    };
    let client = CoreClient::from_provider_metadata(known.metadata.clone(), provider.client_id(), None)
        .set_redirect_uri(provider.redirect.clone());
    let mut request = client
        .authorize_url(
            AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
            move || CsrfToken::new(state),
            move || Nonce::new(nonce),
        )
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier)))
        .add_scopes(config.scopes.iter().cloned().map(Scope::new));
    for acr in acr_values {
        request = request.add_auth_context_value(AuthenticationContextClass::new(acr.to_owned()));
    }
    let usual = config.max_age_seconds.map(|seconds| Duration::from_secs(seconds.into()));
    if step_up.is_some() {
        // A session over there may be one of a weaker sign-in: only a new one can be stronger. With `max_age` the ID
        // token must say when it was (OpenID Connect Core §2); no sign-in under way is older than that.
        request = request.add_prompt(CoreAuthPrompt::Login);
        request = request.set_max_age(usual.map_or(PENDING, |usual| usual.min(PENDING)));
    } else if let Some(usual) = usual {
        request = request.set_max_age(usual);
    }
    let (url, _, _) = request.url();
    Ok((url, pending))
}

/// Secrets in the open, for whoever stores a [`PendingSignIn`] sealed.
mod exposed {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::secret::Secret;

    pub(super) fn serialize<S: Serializer>(secret: &Secret<String>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(secret.expose())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Secret<String>, D::Error> {
        String::deserialize(from).map(Secret::new)
    }
}

#[cfg(test)]
mod tests {
    use super::ReturnTo;

    #[test]
    fn only_a_path_of_this_service_can_be_returned_to() {
        for path in ["/", "/me", "/me/accesses?page=2&q=a%20b#top"] {
            assert_eq!(ReturnTo::parse(path).unwrap().as_str(), path);
        }
        for elsewhere in [
            "",
            "me",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/\t/evil.example",
            "/a b",
            "javascript:alert(1)",
            "/\n/evil.example",
            "\\\\evil.example",
        ] {
            assert!(ReturnTo::parse(elsewhere).is_err(), "{elsewhere}");
        }
        assert!(ReturnTo::parse(&format!("/{}", "a".repeat(512))).is_err());
    }
}
