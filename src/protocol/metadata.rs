//! Discovery documents: the authorization server's (RFC 8414) and those of its resources (RFC 9728).
//!
//! Every member is optional or a list, and what is empty is not written: each document advertises only what works.

use serde::Serialize;

/// `/.well-known/oauth-authorization-server`. Members are named and defined in RFC 8414 §2 unless said otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AuthorizationServer {
    /// The issuer identifier; the `aud` of client assertions.
    pub issuer: String,
    /// URL of the authorization endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_endpoint: Option<String>,
    /// URL of the token endpoint.
    pub token_endpoint: String,
    /// URL of our key set.
    pub jwks_uri: String,
    /// URL for introspection (RFC 7662).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_endpoint: Option<String>,
    /// URL for revocation (RFC 7009).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<String>,
    /// RFC 9126 §5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pushed_authorization_request_endpoint: Option<String>,
    /// RFC 9126 §5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_pushed_authorization_requests: Option<bool>,
    /// CIBA Core §4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_authentication_endpoint: Option<String>,
    /// CIBA Core §4.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub backchannel_token_delivery_modes_supported: Vec<String>,
    /// CIBA Core §4; said where it is `false`, because its absence means the same less plainly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_user_code_parameter_supported: Option<bool>,
    /// Grant Management §7.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_management_endpoint: Option<String>,
    /// Grant Management §7.1: `query`, `revoke`, and the actions of `protocol::grants`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub grant_management_actions_supported: Vec<String>,
    /// Grant Management §7.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_management_action_required: Option<bool>,
    /// Scopes of service and citizen tokens.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes_supported: Vec<String>,
    /// OpenID Connect Discovery §3, for JAR: whether `request` is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_parameter_supported: Option<bool>,
    /// OpenID Connect Discovery §3: whether a `request_uri` of the client's own is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_uri_parameter_supported: Option<bool>,
    /// RFC 9101 §10.5: whether every client must sign its requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_signed_request_object: Option<bool>,
    /// `alg` values of request objects.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub request_object_signing_alg_values_supported: Vec<String>,
    /// JARM §3: `alg` values of signed authorization responses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_signing_alg_values_supported: Vec<String>,
    /// RFC 9701 §7: `alg` values of signed introspection answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub introspection_signing_alg_values_supported: Vec<String>,
    /// Token Status List §9.1: where all status lists are named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_list_aggregation_endpoint: Option<String>,
    /// Strengths of sign-in that purposes may demand of the citizen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub acr_values_supported: Vec<String>,
    /// Required by RFC 8414 even where it is empty.
    pub response_types_supported: Vec<String>,
    /// Response modes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub response_modes_supported: Vec<String>,
    /// Grant types.
    pub grant_types_supported: Vec<String>,
    /// RFC 7636 methods.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub code_challenge_methods_supported: Vec<String>,
    /// Client authentication at the token endpoint.
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// `alg` values of client assertions at the token endpoint.
    pub token_endpoint_auth_signing_alg_values_supported: Vec<String>,
    /// Client authentication at introspection.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub introspection_endpoint_auth_methods_supported: Vec<String>,
    /// `alg` values of client assertions at introspection.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub introspection_endpoint_auth_signing_alg_values_supported: Vec<String>,
    /// Client authentication at revocation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub revocation_endpoint_auth_methods_supported: Vec<String>,
    /// `alg` values of client assertions at revocation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub revocation_endpoint_auth_signing_alg_values_supported: Vec<String>,
    /// RFC 9449 §5.1.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dpop_signing_alg_values_supported: Vec<String>,
    /// RFC 8705 §3.3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_certificate_bound_access_tokens: Option<bool>,
    /// RFC 9396 §10.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_details_types_supported: Vec<String>,
    /// RFC 9207 §3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_response_iss_parameter_supported: Option<bool>,
    /// RFC 9728 §4: the resources whose tokens are issued here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub protected_resources: Vec<String>,
    /// Documentation for developers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_documentation: Option<String>,
    /// Languages of the pages, as BCP 47 tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ui_locales_supported: Vec<String>,
}

/// `/.well-known/oauth-protected-resource`. Members are named and defined in RFC 9728 §2.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ProtectedResource {
    /// The resource identifier: the `aud` of tokens for it.
    pub resource: String,
    /// Issuers whose tokens are taken.
    pub authorization_servers: Vec<String>,
    /// Scopes of tokens for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes_supported: Vec<String>,
    /// Only `header`: FAPI 2.0 §5.3.4 keeps tokens out of queries and bodies.
    pub bearer_methods_supported: Vec<String>,
    /// RAR types.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_details_types_supported: Vec<String>,
    /// `alg` values of DPoP proofs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dpop_signing_alg_values_supported: Vec<String>,
    /// Whether a token must be bound to a DPoP key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dpop_bound_access_tokens_required: Option<bool>,
    /// Whether a token may be bound to a client certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_certificate_bound_access_tokens: Option<bool>,
    /// A name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<String>,
    /// Documentation for developers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_documentation: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_work_is_not_advertised() {
        let document = serde_json::to_value(AuthorizationServer::default()).unwrap();
        let names: Vec<&String> = document.as_object().unwrap().keys().collect();
        for part in ["pushed", "backchannel", "grant_management", "request_", "signing_alg", "status_list"] {
            let stray = names.iter().find(|name| name.contains(part) && !name.starts_with("token_endpoint_"));
            assert_eq!(stray, None);
        }
        assert_eq!(document["response_types_supported"], serde_json::json!([]));
    }
}
