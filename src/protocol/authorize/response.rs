//! The authorization response (RFC 6749 §4.1.2, RFC 9207): its parameters, and how they come behind a redirect URI.

use url::form_urlencoded::Serializer;

use crate::{protocol::error::OAuthError, secret::Secret};

/// What the browser takes back to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationResponse {
    /// This service (RFC 9207); in a signed response it is a claim only.
    pub iss: String,
    /// As the request gave it.
    pub state: Option<String>,
    /// How it went.
    pub verdict: Verdict,
}

/// How an authorization request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The person agreed: the code.
    Code(Secret<String>),
    /// She did not, or it could not be asked.
    Error(OAuthError),
}

impl AuthorizationResponse {
    /// The parameters without `iss`: the claims of a signed response beside its own.
    #[must_use]
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = match &self.verdict {
            Verdict::Code(code) => vec![("code", code.expose().clone())],
            Verdict::Error(error) => vec![
                ("error", error.error.as_str().to_owned()),
                ("error_description", error.description().to_owned()),
            ],
        };
        parameters.extend(self.state.as_ref().map(|state| ("state", state.clone())));
        parameters
    }

    /// The address to send the browser to with 303, the parameters in its query; `None` when `redirect_uri` is none.
    #[must_use]
    pub fn location(&self, redirect_uri: &str) -> Option<String> {
        let mut parameters = self.parameters();
        parameters.push(("iss", self.iss.clone()));
        append(redirect_uri, &parameters)
    }
}

/// A redirect URI with more parameters behind it. A query it already has stays as it is (RFC 6749 §3.1.2); `None` when
/// it has a fragment or anything that does not belong in an address, such as a line break in a header.
#[must_use]
pub fn append(redirect_uri: &str, parameters: &[(&str, String)]) -> Option<String> {
    let sound = redirect_uri.bytes().all(|byte| byte.is_ascii_graphic()) && !redirect_uri.contains('#');
    if !sound || redirect_uri.is_empty() {
        return None;
    }
    let mark = match redirect_uri.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    let mut query = Serializer::new(String::new());
    for (name, value) in parameters {
        query.append_pair(name, value);
    }
    Some(format!("{redirect_uri}{mark}{}", query.finish()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;
    use crate::protocol::error::ErrorCode;

    fn response(verdict: Verdict, state: Option<&str>) -> AuthorizationResponse {
        AuthorizationResponse {
            iss: "https://as.example".to_owned(),
            state: state.map(str::to_owned),
            verdict,
        }
    }

    fn pairs(location: &str) -> Vec<(String, String)> {
        Url::parse(location).unwrap().query_pairs().into_owned().collect()
    }

    #[test]
    fn a_code_goes_back_with_state_and_issuer() {
        let granted = response(Verdict::Code(Secret::new("c".to_owned())), Some("a&b= c"));
        let location = granted.location("https://a.example/cb").unwrap();
        assert_eq!(location, "https://a.example/cb?code=c&state=a%26b%3D+c&iss=https%3A%2F%2Fas.example");
        assert!(granted.parameters().iter().all(|(name, _)| *name != "iss"));
        assert!(!format!("{granted:?}").contains("\"c\""));
    }

    #[test]
    fn an_error_goes_back_without_a_code() {
        let error = OAuthError::new(ErrorCode::AccessDenied, "refused", "the person said no");
        let location = response(Verdict::Error(error), None).location("https://a.example/cb").unwrap();
        let names: Vec<String> = pairs(&location).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["error", "error_description", "iss"]);
        assert!(location.contains("error=access_denied"));
    }

    #[test]
    fn a_query_that_is_there_stays_and_what_is_no_address_is_none() {
        let more = [("x", "1".to_owned())];
        for (uri, expected) in [
            ("https://a.example", "https://a.example?x=1"),
            ("https://a.example/?", "https://a.example/?x=1"),
            ("https://a.example/?a=%20b", "https://a.example/?a=%20b&x=1"),
            ("https://a.example/?a=b&", "https://a.example/?a=b&x=1"),
        ] {
            assert_eq!(append(uri, &more).as_deref(), Some(expected));
        }
        for uri in [
            "",
            "https://a.example/#f",
            "https://a.example/\r\nSet-Cookie: a=b",
            "https://a.example/ b",
            "https://é",
        ] {
            assert_eq!(append(uri, &more), None, "{uri}");
        }
    }

    proptest! {
        #[test]
        fn every_state_comes_back_as_it_was(state in "[ -~]{1,200}") {
            let location = response(Verdict::Code(Secret::new("c".to_owned())), Some(&state))
                .location("https://a.example/cb?a=b").unwrap();
            let pairs = pairs(&location);
            prop_assert_eq!(pairs.len(), 4);
            prop_assert!(pairs.contains(&("state".to_owned(), state)));
        }
    }
}
