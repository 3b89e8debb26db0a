//! Request objects, JAR: RFC 9101 as FAPI 2.0 Message Signing §5.3.1 narrows it.
//!
//! In scope: signature, `typ`, issuer, audience and times. Out of scope: what is asked for; the claims go on as
//! parameters to `protocol::authorize::PushedRequest::from_claims`. A `jti` is not needed: the object comes with client
//! authentication whose own `jti` is used once.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    Jwks, NoKey, PrivateJwk,
    claims::NumericDate,
    jws::{self, JwsError, Unverified},
};
use crate::time::Millis;

/// The `typ` of a request object (RFC 9101 §10.8).
pub const TYPE: &str = "oauth-authz-req+jwt";

/// How old `nbf` may be, and how far after it `exp` may lie.
pub const MAX_LIFETIME: Duration = Duration::from_hours(1);

/// Claims of the JWT itself, which are no parameters.
const OWN: [&str; 8] = ["iss", "aud", "exp", "nbf", "iat", "jti", "sub", "client_id"];

/// Why a request object was refused; outside each reads `invalid_request_object`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestObjectError {
    /// Not a signed JWT, or the signature does not hold.
    #[error("request object: {0}")]
    Jws(#[from] JwsError),
    /// `typ` is another, or there is none.
    #[error("request object: `typ` is not `oauth-authz-req+jwt`")]
    Type,
    /// No registered key fits.
    #[error("request object: {0}")]
    Key(#[from] NoKey),
    /// A claim that must be there is missing or has the wrong JSON type.
    #[error("request object: `{0}` is missing or malformed")]
    Claim(&'static str),
    /// `iss` or `client_id` is not the client that sent it.
    #[error("request object: `iss` and `client_id` must both be the client that pushes it")]
    Client,
    /// `aud` is neither the issuer nor an array that names it.
    #[error("request object: `aud` must be the issuer identifier")]
    Audience,
    /// `exp` has passed, or `nbf` lies more than an hour back.
    #[error("request object: too old")]
    Expired,
    /// `exp` lies more than an hour after `nbf`.
    #[error("request object: `exp` lies more than 3600 seconds after `nbf`")]
    TooLong,
    /// `nbf` or `iat` lies more than [`super::CLOCK_SKEW`] ahead.
    #[error("request object: `nbf` or `iat` lies in the future")]
    NotYetValid,
}

impl RequestObjectError {
    /// The stable code.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Jws(error) => error.reason(),
            Self::Type => "request_object_type",
            Self::Key(NoKey::Unknown) => "request_object_unknown_key",
            Self::Key(NoKey::Ambiguous) => "request_object_ambiguous_key",
            Self::Claim(_) => "request_object_claim",
            Self::Client => "request_object_client",
            Self::Audience => "request_object_audience",
            Self::Expired => "request_object_expired",
            Self::TooLong => "request_object_too_long",
            Self::NotYetValid => "request_object_not_yet_valid",
        }
    }
}

/// Checks a request object that `client_id`, whose registered keys are `keys`, pushed to `issuer`; its parameters,
/// without the JWT's own claims.
///
/// # Errors
/// See [`RequestObjectError`].
pub fn verify(
    compact: &str,
    keys: &Jwks,
    client_id: &str,
    issuer: &str,
    now: Millis,
) -> Result<Map<String, Value>, RequestObjectError> {
    let unverified = Unverified::parse(compact)?;
    let header = unverified.header();
    let typ = header.typ.as_deref().unwrap_or_default();
    let named = typ.strip_prefix("application/").unwrap_or(typ);
    if !named.eq_ignore_ascii_case(TYPE) {
        return Err(RequestObjectError::Type);
    }
    let key = keys.find(header.kid.as_deref(), header.alg)?;
    let mut claims: Map<String, Value> = unverified.verify(key.public_key())?.claims;
    if [claims.get("iss"), claims.get("client_id")]
        .into_iter()
        .any(|named| named.and_then(Value::as_str) != Some(client_id))
    {
        return Err(RequestObjectError::Client);
    }
    let meant = match claims.get("aud") {
        Some(Value::String(one)) => one == issuer,
        Some(Value::Array(several)) => {
            several.iter().all(Value::is_string) && several.iter().any(|one| one == issuer)
        }
        _ => false,
    };
    if !meant {
        return Err(RequestObjectError::Audience);
    }
    let nbf = date(&claims, "nbf")?.ok_or(RequestObjectError::Claim("nbf"))?;
    let exp = date(&claims, "exp")?.ok_or(RequestObjectError::Claim("exp"))?;
    if nbf.is_ahead_of(now) || date(&claims, "iat")?.is_some_and(|iat| iat.is_ahead_of(now)) {
        return Err(RequestObjectError::NotYetValid);
    }
    if exp.0 <= now || nbf.0 < now - MAX_LIFETIME {
        return Err(RequestObjectError::Expired);
    }
    if exp.0 > nbf.0 + MAX_LIFETIME {
        return Err(RequestObjectError::TooLong);
    }
    for name in OWN {
        claims.remove(name);
    }
    Ok(claims)
}

fn date(claims: &Map<String, Value>, name: &'static str) -> Result<Option<NumericDate>, RequestObjectError> {
    let read = |value| NumericDate::deserialize(value).map_err(|_| RequestObjectError::Claim(name));
    claims.get(name).map(read).transpose()
}

/// Makes a request object that lives for a minute: for tests and the demonstration, which are clients.
///
/// # Errors
/// [`JwsError::Signing`].
pub fn sign(
    client_id: &str,
    issuer: &str,
    parameters: &Map<String, Value>,
    key: &PrivateJwk,
    now: Millis,
) -> Result<String, JwsError> {
    let mut claims = parameters.clone();
    for (name, value) in [
        ("iss", Value::from(client_id)),
        ("client_id", client_id.into()),
        ("aud", issuer.into()),
        ("nbf", now.seconds().into()),
        ("exp", (now.seconds() + 60).into()),
    ] {
        claims.insert(name.to_owned(), value);
    }
    jws::sign(TYPE, Some(key.kid()), None, &claims, key.signing_key())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::crypto::Algorithm;

    const ISSUER: &str = "https://as.example";
    const CLIENT: &str = "agency-a";
    const NOW: Millis = Millis(1_795_000_000_000);

    fn check_as(
        typ: &str,
        algorithm: Algorithm,
        claims: &Value,
    ) -> Result<Map<String, Value>, RequestObjectError> {
        let key = PrivateJwk::generate(algorithm).unwrap();
        let compact = jws::sign(typ, Some(key.kid()), None, claims, key.signing_key()).unwrap();
        verify(&compact, &Jwks::new(vec![key.public().clone()]), CLIENT, ISSUER, NOW)
    }

    fn with(name: &str, value: Value) -> Result<Map<String, Value>, RequestObjectError> {
        let mut claims = json!({
            "iss": CLIENT, "client_id": CLIENT, "aud": ISSUER, "nbf": 1_795_000_000, "exp": 1_795_000_060,
            "response_type": "code", "state": "s"
        });
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value,
        }
        check_as(TYPE, Algorithm::Es256, &claims)
    }

    #[test]
    fn an_object_made_here_gives_its_parameters_and_nothing_else() {
        for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
            let key = PrivateJwk::generate(algorithm).unwrap();
            let parameters = json!({"response_type": "code", "authorization_details": [{"a": 1}]});
            let parameters = parameters.as_object().unwrap();
            let compact = sign(CLIENT, ISSUER, parameters, &key, NOW).unwrap();
            let keys = Jwks::new(vec![key.public().clone()]);
            assert_eq!(verify(&compact, &keys, CLIENT, ISSUER, NOW).as_ref(), Ok(parameters));
            let later = NOW + Duration::from_mins(1);
            assert_eq!(verify(&compact, &keys, CLIENT, ISSUER, later), Err(RequestObjectError::Expired));
            let stranger = Jwks::new(vec![PrivateJwk::generate(algorithm).unwrap().public().clone()]);
            let unknown = Err(RequestObjectError::Key(NoKey::Unknown));
            assert_eq!(verify(&compact, &stranger, CLIENT, ISSUER, NOW), unknown);
        }
    }

    #[test]
    fn it_comes_from_the_client_that_pushes_it() {
        for name in ["iss", "client_id"] {
            for value in [json!("agency-b"), json!(null), json!([CLIENT])] {
                assert_eq!(with(name, value.clone()), Err(RequestObjectError::Client), "{name} {value}");
            }
        }
    }

    #[test]
    fn it_is_for_this_issuer_alone_or_among_others() {
        assert!(with("aud", json!([ISSUER])).is_ok());
        assert!(with("aud", json!(["https://other.example", ISSUER])).is_ok());
        for aud in [
            json!(null),
            json!("https://as.example/oauth/par"),
            json!("https://as.example/"),
            json!([]),
            json!(["https://other.example"]),
            json!([ISSUER, 7]),
            json!({"iss": ISSUER}),
        ] {
            assert_eq!(with("aud", aud.clone()), Err(RequestObjectError::Audience), "{aud}");
        }
    }

    #[test]
    fn its_times_are_there_and_within_an_hour() {
        let second = |offset: i64| json!(1_795_000_000 + offset);
        for name in ["nbf", "exp"] {
            for value in [json!(null), json!("1795000000"), json!(-1)] {
                assert_eq!(with(name, value), Err(RequestObjectError::Claim(name)));
            }
        }
        assert!(with("nbf", second(10)).is_ok());
        for ahead in [11, 60, 61, 3600] {
            assert_eq!(with("nbf", second(ahead)), Err(RequestObjectError::NotYetValid), "{ahead}");
        }
        assert_eq!(with("iat", second(11)), Err(RequestObjectError::NotYetValid));
        assert_eq!(with("iat", json!("x")), Err(RequestObjectError::Claim("iat")));
        assert!(with("iat", second(-5)).is_ok());
        assert_eq!(with("exp", second(0)), Err(RequestObjectError::Expired));
        assert!(with("exp", second(3600)).is_ok());
        assert_eq!(with("exp", second(3601)), Err(RequestObjectError::TooLong));
        assert_eq!(with("nbf", second(-3600)), Err(RequestObjectError::TooLong));
        assert_eq!(with("nbf", second(-3601)), Err(RequestObjectError::Expired));
    }

    #[test]
    fn another_kind_of_jwt_does_not_pass_for_a_request_object() {
        let claims = json!({
            "iss": CLIENT, "client_id": CLIENT, "aud": ISSUER, "nbf": 1_795_000_000, "exp": 1_795_000_060
        });
        for typ in [TYPE, "application/oauth-authz-req+jwt", "OAuth-Authz-Req+JWT"] {
            assert!(check_as(typ, Algorithm::EdDsa, &claims).is_ok(), "{typ}");
        }
        for typ in ["JWT", "client-authentication+jwt", "dpop+jwt", "at+jwt", ""] {
            assert_eq!(check_as(typ, Algorithm::EdDsa, &claims), Err(RequestObjectError::Type), "{typ}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,120}") {
            let _ = verify(&text, &Jwks::default(), CLIENT, ISSUER, NOW);
        }
    }
}
