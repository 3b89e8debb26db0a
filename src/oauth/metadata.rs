//! Discovery documents; they advertise what works and nothing else.

use crate::{
    engines::Engines,
    jose::ALGORITHMS,
    protocol::{
        metadata::{AuthorizationServer, ProtectedResource},
        rar,
        scope::ServiceScope,
    },
};

fn list(values: &[&str]) -> Vec<String> {
    values.iter().map(|&value| value.to_owned()).collect()
}

/// `/.well-known/oauth-authorization-server` (RFC 8414).
#[must_use]
pub fn authorization_server(engines: &Engines) -> AuthorizationServer {
    let issuer = &engines.addresses.issuer;
    let at = |path: &str| format!("{issuer}{path}");
    AuthorizationServer {
        issuer: issuer.clone(),
        token_endpoint: at("/oauth/token"),
        scopes_supported: list(&[ServiceScope::Streams.as_str()]),
        jwks_uri: at("/oauth/jwks"),
        introspection_endpoint: Some(at("/oauth/introspect")),
        revocation_endpoint: Some(at("/oauth/revoke")),
        grant_types_supported: list(&["client_credentials"]),
        token_endpoint_auth_methods_supported: list(&["private_key_jwt"]),
        token_endpoint_auth_signing_alg_values_supported: list(&ALGORITHMS),
        introspection_endpoint_auth_methods_supported: list(&["private_key_jwt"]),
        introspection_endpoint_auth_signing_alg_values_supported: list(&ALGORITHMS),
        revocation_endpoint_auth_methods_supported: list(&["private_key_jwt"]),
        revocation_endpoint_auth_signing_alg_values_supported: list(&ALGORITHMS),
        dpop_signing_alg_values_supported: list(&ALGORITHMS),
        authorization_details_types_supported: list(&[rar::TYPE]),
        protected_resources: vec![engines.addresses.data.clone()],
        service_documentation: Some(at("/purposes")),
        ui_locales_supported: list(&["vi", "en"]),
        ..AuthorizationServer::default()
    }
}

/// `/.well-known/oauth-protected-resource` (RFC 9728), for the data endpoint.
#[must_use]
pub fn protected_resource(engines: &Engines) -> ProtectedResource {
    ProtectedResource {
        resource: engines.addresses.data.clone(),
        authorization_servers: vec![engines.addresses.issuer.clone()],
        bearer_methods_supported: list(&["header"]),
        authorization_details_types_supported: list(&[rar::TYPE]),
        dpop_signing_alg_values_supported: list(&ALGORITHMS),
        dpop_bound_access_tokens_required: Some(true),
        ..ProtectedResource::default()
    }
}
