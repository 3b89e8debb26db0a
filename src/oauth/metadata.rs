//! Discovery documents; they advertise what works and nothing else.

use crate::{
    engines::Engines,
    jose::ALGORITHMS,
    protocol::{
        grants::Action,
        metadata::{AuthorizationServer, ProtectedResource},
        rar,
        scope::{CitizenScope, ServiceScope},
        token::GrantType,
    },
};

/// What our own token keys sign with.
const SIGNED_WITH: [&str; 1] = ["ES256"];

fn list(values: &[&str]) -> Vec<String> {
    values.iter().map(|&value| value.to_owned()).collect()
}

/// `/.well-known/oauth-authorization-server` (RFC 8414).
#[must_use]
pub fn authorization_server(engines: &Engines) -> AuthorizationServer {
    let issuer = &engines.addresses.issuer;
    let at = |path: &str| format!("{issuer}{path}");
    let grants = [
        GrantType::ClientCredentials,
        GrantType::AuthorizationCode,
        GrantType::RefreshToken,
        GrantType::Backchannel,
    ];
    let actions = ["query", "revoke"].into_iter().chain(Action::NAMES);
    AuthorizationServer {
        issuer: issuer.clone(),
        token_endpoint: at("/oauth/token"),
        jwks_uri: at("/oauth/jwks"),
        introspection_endpoint: Some(at("/oauth/introspect")),
        revocation_endpoint: Some(at("/oauth/revoke")),
        authorization_endpoint: Some(at("/oauth/authorize")),
        pushed_authorization_request_endpoint: Some(at("/oauth/par")),
        require_pushed_authorization_requests: Some(true),
        backchannel_authentication_endpoint: Some(at("/oauth/bc-authorize")),
        backchannel_token_delivery_modes_supported: list(&["poll"]),
        backchannel_user_code_parameter_supported: Some(false),
        status_list_aggregation_endpoint: Some(at("/oauth/status-lists")),
        grant_management_endpoint: Some(at("/oauth/grants")),
        grant_management_actions_supported: actions.map(str::to_owned).collect(),
        grant_management_action_required: Some(false),
        scopes_supported: ServiceScope::ALL
            .iter()
            .map(|scope| scope.as_str())
            .chain(citizen_scopes())
            .map(str::to_owned)
            .collect(),
        request_parameter_supported: Some(true),
        request_uri_parameter_supported: Some(false),
        require_signed_request_object: Some(false),
        request_object_signing_alg_values_supported: list(&ALGORITHMS),
        authorization_signing_alg_values_supported: list(&SIGNED_WITH),
        introspection_signing_alg_values_supported: list(&SIGNED_WITH),
        authorization_response_iss_parameter_supported: Some(true),
        response_types_supported: list(&["code"]),
        response_modes_supported: list(&["query", "jwt"]),
        code_challenge_methods_supported: list(&["S256"]),
        grant_types_supported: grants.iter().map(|grant| grant.as_str().to_owned()).collect(),
        token_endpoint_auth_methods_supported: list(&["private_key_jwt"]),
        token_endpoint_auth_signing_alg_values_supported: list(&ALGORITHMS),
        introspection_endpoint_auth_methods_supported: list(&["private_key_jwt"]),
        introspection_endpoint_auth_signing_alg_values_supported: list(&ALGORITHMS),
        revocation_endpoint_auth_methods_supported: list(&["private_key_jwt"]),
        revocation_endpoint_auth_signing_alg_values_supported: list(&ALGORITHMS),
        dpop_signing_alg_values_supported: list(&ALGORITHMS),
        authorization_details_types_supported: list(&[rar::TYPE]),
        protected_resources: vec![engines.addresses.data.clone(), engines.addresses.citizen_api()],
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

fn citizen_scopes() -> impl Iterator<Item = &'static str> {
    CitizenScope::ALL.into_iter().map(CitizenScope::as_str)
}

/// `/.well-known/oauth-protected-resource/api/v1/me` (RFC 9728 §3.1), for the citizen API.
#[must_use]
pub fn citizen_resource(engines: &Engines) -> ProtectedResource {
    ProtectedResource {
        resource: engines.addresses.citizen_api(),
        authorization_servers: vec![engines.addresses.issuer.clone()],
        scopes_supported: citizen_scopes().map(str::to_owned).collect(),
        bearer_methods_supported: list(&["header"]),
        dpop_signing_alg_values_supported: list(&ALGORITHMS),
        dpop_bound_access_tokens_required: Some(true),
        ..ProtectedResource::default()
    }
}
