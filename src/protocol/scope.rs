//! Scopes: what can be asked for without naming a purpose. Personal data are never behind a scope (DESIGN.md D6).

use serde::{Deserialize, Serialize};

use super::error::{ErrorCode, OAuthError};

/// A scope of a service token: what a client may do about its own grants and streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ServiceScope {
    /// Read its own grants (Grant Management for OAuth 2.0 §6.1).
    #[serde(rename = "grant_management_query")]
    GrantQuery,
    /// Revoke its own grants.
    #[serde(rename = "grant_management_revoke")]
    GrantRevoke,
    /// Read and acknowledge what it must be told, and attest erasure (SSF 1.0).
    #[serde(rename = "ssf.manage")]
    Streams,
}

impl ServiceScope {
    /// Every service scope, for `scopes_supported`.
    pub const ALL: [Self; 3] = [Self::GrantQuery, Self::GrantRevoke, Self::Streams];

    /// The value as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GrantQuery => "grant_management_query",
            Self::GrantRevoke => "grant_management_revoke",
            Self::Streams => "ssf.manage",
        }
    }
}

/// A scope of the citizen's own token (DESIGN.md §5): what a back-end she trusts may read for her.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CitizenScope {
    /// Who read what of hers.
    #[serde(rename = "me.history")]
    History,
    /// What she has consented to.
    #[serde(rename = "me.consents")]
    Consents,
}

impl CitizenScope {
    /// The scope with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }

    /// Every citizen scope, for `scopes_supported`.
    pub const ALL: [Self; 2] = [Self::History, Self::Consents];

    /// The value as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::History => "me.history",
            Self::Consents => "me.consents",
        }
    }
}

/// The value of a `scope` parameter for these scopes.
#[must_use]
pub fn written<'a>(scopes: impl IntoIterator<Item = &'a str>) -> String {
    scopes.into_iter().collect::<Vec<_>>().join(" ")
}

/// Reads a scope value as scopes of a service token.
///
/// # Errors
/// `invalid_scope` for anything else, a scope twice, or none.
pub fn service(text: &str) -> Result<Vec<ServiceScope>, OAuthError> {
    read(text, |name| ServiceScope::ALL.into_iter().find(|scope| scope.as_str() == name))
}

/// Reads a scope value as scopes of the citizen's own token.
///
/// # Errors
/// `invalid_scope` for anything else, a scope twice, or none.
pub fn citizen(text: &str) -> Result<Vec<CitizenScope>, OAuthError> {
    read(text, |name| CitizenScope::ALL.into_iter().find(|scope| scope.as_str() == name))
}

/// RFC 6749 §3.3: names with exactly one space between them. The answer is in the order of the vocabulary.
fn read<S: Copy + Ord>(text: &str, named: impl Fn(&str) -> Option<S>) -> Result<Vec<S>, OAuthError> {
    let mut scopes = Vec::new();
    for name in text.split(' ') {
        let scope = named(name).ok_or_else(|| {
            let description = "`scope` has a value that is not taken here; data are asked for with \
                               `authorization_details`";
            OAuthError::new(ErrorCode::InvalidScope, "scope_unsupported", description)
        })?;
        if scopes.contains(&scope) {
            let description = "`scope` has a value twice";
            return Err(OAuthError::new(ErrorCode::InvalidScope, "scope_repeated", description));
        }
        scopes.push(scope);
    }
    scopes.sort_unstable();
    Ok(scopes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_scopes_are_read_once_each_in_any_order() {
        let both = vec![ServiceScope::GrantQuery, ServiceScope::Streams];
        assert_eq!(service("ssf.manage grant_management_query"), Ok(both));
        assert_eq!(citizen("me.consents"), Ok(vec![CitizenScope::Consents]));
        assert_eq!(written(["me.history", "me.consents"]), "me.history me.consents");
        for scope in ServiceScope::ALL {
            assert_eq!(serde_json::to_value(scope).unwrap(), scope.as_str());
        }
        for scope in CitizenScope::ALL {
            assert_eq!(serde_json::to_value(scope).unwrap(), scope.as_str());
        }
    }

    #[test]
    fn another_scope_a_scope_twice_and_stray_spaces_are_refused() {
        for text in [
            "",
            " ",
            "openid",
            "me.history",
            "ssf.manage  grant_management_query",
            " ssf.manage",
            "SSF.MANAGE",
        ] {
            assert_eq!(service(text).unwrap_err().reason, "scope_unsupported", "{text}");
        }
        assert_eq!(citizen("me.history me.history").unwrap_err().reason, "scope_repeated");
        assert_eq!(citizen("grant_management_query").unwrap_err().error, ErrorCode::InvalidScope);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,60}") {
            let _ = (service(&text), citizen(&text));
        }
    }
}
