//! What an authorization code stands for, and whether whoever brings it may have it.
//!
//! Out of scope: that it is used once and by the client it was given to (both need the database).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    crypto,
    protocol::{
        error::{ErrorCode, OAuthError},
        pkce,
        token::CodeRequest,
    },
    time::Millis,
};

/// How long a code lives, in seconds: FAPI 2.0 §5.3.2.1 item 11 allows no more.
pub const CODE_LIFETIME: i64 = 60;

/// The claims of a code: kept sealed under the code's hash, never in the code itself, which is random.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuedCode {
    /// The client it was given to.
    pub client_id: String,
    /// Of the pushed request.
    pub redirect_uri: String,
    /// Of the pushed request.
    pub code_challenge: String,
    /// The key it is bound to, from `dpop_jkt` or the proof that came with the pushed request (RFC 9449 §10).
    pub dpop_jkt: Option<String>,
    /// The resource server that was asked for.
    pub resource: Option<String>,
    /// The consent it was given on, which knows its grant and who said yes.
    pub consent: Uuid,
    /// The first instant it is over.
    pub expires: Millis,
}

impl IssuedCode {
    /// Whether a request may have what the code stands for; `jkt` is the key of the proof that came with it. All
    /// refusals read alike outside, so that a stolen code tells its thief nothing.
    ///
    /// # Errors
    /// `invalid_grant`; `invalid_target` when another resource is asked for than was agreed to.
    pub fn redeem(
        &self,
        client_id: &str,
        request: &CodeRequest,
        jkt: Option<&str>,
        now: Millis,
    ) -> Result<(), OAuthError> {
        let same = |a: &str, b: &str| crypto::equal(a.as_bytes(), b.as_bytes());
        let reason = if !same(&self.client_id, client_id) {
            "code_unknown"
        } else if self.expires <= now {
            "code_expired"
        } else if !same(&self.redirect_uri, &request.redirect_uri) {
            "code_redirect_uri"
        } else if !pkce::meets(request.code_verifier.expose(), &self.code_challenge) {
            "code_verifier"
        } else if self.dpop_jkt.is_some() && self.dpop_jkt.as_deref() != jkt {
            "code_other_key"
        } else if request.resource.is_some() && request.resource != self.resource {
            let description = "`resource` is not the one that was asked for";
            return Err(OAuthError::new(ErrorCode::InvalidTarget, "code_resource", description));
        } else {
            return Ok(());
        };
        let description = "`code` is unknown, over, used, another client's, or bound to other values";
        Err(OAuthError::new(ErrorCode::InvalidGrant, reason, description))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const NOW: Millis = Millis(1_795_000_000_000);

    fn issued() -> IssuedCode {
        IssuedCode {
            client_id: "agency-a".to_owned(),
            redirect_uri: "https://a.example/cb".to_owned(),
            code_challenge: pkce::challenge(VERIFIER),
            dpop_jkt: Some("key".to_owned()),
            resource: None,
            consent: Uuid::from_u128(1),
            expires: Millis(NOW.0 + 1),
        }
    }

    fn request() -> CodeRequest {
        CodeRequest {
            code: Secret::new("c".to_owned()),
            redirect_uri: "https://a.example/cb".to_owned(),
            code_verifier: Secret::new(VERIFIER.to_owned()),
            resource: None,
            actor_token: None,
        }
    }

    #[test]
    fn a_code_is_for_its_client_with_its_verifier_key_and_address_in_its_time() {
        assert_eq!(issued().redeem("agency-a", &request(), Some("key"), NOW), Ok(()));
        let refused =
            |code: &IssuedCode, request: &CodeRequest, client: &str, jkt: Option<&str>, now: Millis| {
                let error = code.redeem(client, request, jkt, now).unwrap_err();
                (error.error.as_str(), error.reason)
            };
        let with = |change: fn(&mut CodeRequest)| {
            let mut changed = request();
            change(&mut changed);
            refused(&issued(), &changed, "agency-a", Some("key"), NOW)
        };
        let grant = |reason: &str| ("invalid_grant", reason.to_owned());
        assert_eq!(refused(&issued(), &request(), "agency-b", Some("key"), NOW), grant("code_unknown"));
        assert_eq!(
            refused(&issued(), &request(), "agency-a", Some("key"), Millis(NOW.0 + 1)),
            grant("code_expired")
        );
        assert_eq!(refused(&issued(), &request(), "agency-a", Some("other"), NOW), grant("code_other_key"));
        assert_eq!(refused(&issued(), &request(), "agency-a", None, NOW), grant("code_other_key"));
        assert_eq!(with(|r| r.redirect_uri.push('/')), grant("code_redirect_uri"));
        assert_eq!(with(|r| r.code_verifier = Secret::new("a".repeat(43))), grant("code_verifier"));
        let elsewhere = with(|r| r.resource = Some("https://other.example".to_owned()));
        assert_eq!(elsewhere, ("invalid_target", "code_resource".to_owned()));
    }

    #[test]
    fn a_code_that_is_bound_to_no_key_is_taken_with_any_and_survives_being_kept() {
        let free = IssuedCode { dpop_jkt: None, ..issued() };
        assert!(free.redeem("agency-a", &request(), Some("any"), NOW).is_ok());
        let kept = serde_json::to_string(&issued()).unwrap();
        assert_eq!(serde_json::from_str::<IssuedCode>(&kept).unwrap(), issued());
    }
}
