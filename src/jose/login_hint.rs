//! Login hint tokens (CIBA Core §7.1): a citizen takes one from the portal and gives it to one agency, which can then
//! ask her, and her only, for ten minutes.
//!
//! In scope: the token. Out of scope: that she made it while signed in.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    CLOCK_SKEW,
    claims::jti_is_usable,
    jws::{self, JwsError, Unverified},
    replay_id,
};
use crate::{
    crypto::{PublicKey, SigningKey},
    time::Millis,
};

/// The `typ` of a login hint token.
pub const TYPE: &str = "login-hint+jwt";

/// How long it lives.
pub const LIFETIME: Duration = Duration::from_mins(10);

/// The claims of a login hint token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginHint {
    /// This service.
    pub iss: String,
    /// This service again: nobody else reads it.
    pub aud: String,
    /// The one agency that may use it.
    pub agency: String,
    /// That agency's handle of the citizen.
    pub handle: String,
    /// When it was made, in seconds.
    pub iat: i64,
    /// When it ends, in seconds.
    pub exp: i64,
    /// Its unique name.
    pub jti: String,
}

/// Why a login hint token was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoginHintError {
    /// Not a signed JWT of the expected form, or the signature does not hold.
    #[error("login hint token: {0}")]
    Jws(#[from] JwsError),
    /// `typ` is another.
    #[error("login hint token: `typ` is not `login-hint+jwt`")]
    Type,
    /// The header names no key, or one that is not ours.
    #[error("login hint token: unknown `kid`")]
    UnknownKey,
    /// Not made here for here.
    #[error("login hint token: other `iss` or `aud`")]
    Issuer,
    /// For another agency.
    #[error("login hint token: it was made for another agency")]
    Agency,
    /// `exp` has passed: `expired_login_hint_token`.
    #[error("login hint token: expired")]
    Expired,
    /// `iat` lies in the future, or `exp` more than [`LIFETIME`] after it.
    #[error("login hint token: its times are not ours")]
    Times,
    /// `jti` is empty or too long.
    #[error("login hint token: `jti` must have 1 to 256 bytes")]
    Jti,
}

impl LoginHintError {
    /// The stable code. All but `login_hint_expired` read `unknown_user_id` outside: the hint means nobody this client
    /// may ask.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Jws(error) => error.reason(),
            Self::Type => "login_hint_type",
            Self::UnknownKey => "login_hint_unknown_key",
            Self::Issuer => "login_hint_issuer",
            Self::Agency => "login_hint_agency",
            Self::Expired => "login_hint_expired",
            Self::Times => "login_hint_times",
            Self::Jti => "login_hint_jti",
        }
    }
}

impl LoginHint {
    /// A hint of this issuer for one agency.
    #[must_use]
    pub fn new(issuer: &str, agency: &str, handle: &str, jti: &str, now: Millis) -> Self {
        let iat = now.seconds();
        Self {
            iss: issuer.to_owned(),
            aud: issuer.to_owned(),
            agency: agency.to_owned(),
            handle: handle.to_owned(),
            iat,
            exp: (Millis::from_seconds(iat) + LIFETIME).seconds(),
            jti: jti.to_owned(),
        }
    }

    /// The token in compact form.
    ///
    /// # Errors
    /// [`JwsError::Signing`].
    pub fn sign(&self, kid: &str, key: &SigningKey) -> Result<String, JwsError> {
        jws::sign(TYPE, Some(kid), None, self, key)
    }

    /// The id under which to remember that it was used, until it ends.
    #[must_use]
    pub fn replay_id(&self) -> Uuid {
        replay_id("login_hint", &self.agency, &self.jti, Millis::from_seconds(self.exp))
    }
}

/// Checks a hint that `agency` brings; `keys` gives our public key of a `kid`.
///
/// # Errors
/// See [`LoginHintError`].
pub fn verify(
    compact: &str,
    keys: &dyn Fn(&str) -> Option<PublicKey>,
    issuer: &str,
    agency: &str,
    now: Millis,
) -> Result<LoginHint, LoginHintError> {
    let unverified = Unverified::parse(compact)?;
    if unverified.header().typ.as_deref() != Some(TYPE) {
        return Err(LoginHintError::Type);
    }
    let key = unverified.header().kid.as_deref().and_then(keys).ok_or(LoginHintError::UnknownKey)?;
    let hint: LoginHint = unverified.verify(&key)?.claims;
    if hint.iss != issuer || hint.aud != issuer {
        return Err(LoginHintError::Issuer);
    }
    if hint.agency != agency {
        return Err(LoginHintError::Agency);
    }
    let (iat, exp) = (Millis::from_seconds(hint.iat), Millis::from_seconds(hint.exp));
    if iat > now + CLOCK_SKEW || exp > iat + LIFETIME {
        return Err(LoginHintError::Times);
    }
    if exp <= now {
        return Err(LoginHintError::Expired);
    }
    if !jti_is_usable(&hint.jti) {
        return Err(LoginHintError::Jti);
    }
    Ok(hint)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{crypto::Algorithm, jose::PrivateJwk};

    const ISSUER: &str = "https://as.example";
    const NOW: Millis = Millis(1_795_000_000_500);

    fn hint() -> LoginHint {
        LoginHint::new(ISSUER, "agency-a", "AbCdEfGhIjKlMnOpQrStUv", "h-1", NOW)
    }

    fn check(typ: &str, hint: &LoginHint, now: Millis) -> Result<LoginHint, LoginHintError> {
        let key = PrivateJwk::generate(Algorithm::Es256).unwrap();
        let compact = jws::sign(typ, Some(key.kid()), None, hint, key.signing_key()).unwrap();
        let keys = |kid: &str| (kid == key.kid()).then(|| key.public().public_key().clone());
        verify(&compact, &keys, ISSUER, "agency-a", now)
    }

    #[test]
    fn a_hint_serves_its_agency_for_ten_minutes() {
        assert_eq!(check(TYPE, &hint(), NOW), Ok(hint()));
        assert!(check(TYPE, &hint(), Millis(1_795_000_599_999)).is_ok());
        assert_eq!(check(TYPE, &hint(), Millis(1_795_000_600_000)), Err(LoginHintError::Expired));
        let other = LoginHint { agency: "agency-b".to_owned(), ..hint() };
        assert_eq!(check(TYPE, &other, NOW), Err(LoginHintError::Agency));
        assert_ne!(hint().replay_id(), other.replay_id());
    }

    #[test]
    fn a_hint_of_others_or_with_other_times_is_refused() {
        for (hint, error) in [
            (LoginHint { iss: "https://b.example".to_owned(), ..hint() }, LoginHintError::Issuer),
            (LoginHint { aud: "https://b.example".to_owned(), ..hint() }, LoginHintError::Issuer),
            (LoginHint { exp: hint().exp + 1, ..hint() }, LoginHintError::Times),
            (LoginHint { iat: hint().iat + 11, ..hint() }, LoginHintError::Times),
            (LoginHint { jti: String::new(), ..hint() }, LoginHintError::Jti),
        ] {
            assert_eq!(check(TYPE, &hint, NOW), Err(error));
        }
        for typ in ["JWT", "at+jwt", ""] {
            assert_eq!(check(typ, &hint(), NOW), Err(LoginHintError::Type), "{typ}");
        }
        let key = PrivateJwk::generate(Algorithm::Es256).unwrap();
        let compact = hint().sign(key.kid(), key.signing_key()).unwrap();
        let refused = verify(&compact, &|_| None, ISSUER, "agency-a", NOW);
        assert_eq!(refused, Err(LoginHintError::UnknownKey));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,120}") {
            let _ = verify(&text, &|_| None, ISSUER, "agency-a", NOW);
        }
    }
}
