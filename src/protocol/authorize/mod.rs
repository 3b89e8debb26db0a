//! The authorization request of a client that is present with the citizen: pushed (RFC 9126), with a code (RFC 6749
//! §4.1) and PKCE S256, as FAPI 2.0 Security Profile (Final) §5.3.2.2 narrows it.
//!
//! In scope: its form, from parameters or from the claims of a signed request object. Out of scope: which redirect URIs
//! are registered, what the client may ask for, signatures (`jose::request_object`). Parameters that nobody here knows
//! are ignored (RFC 6749 §3.1); OpenID Connect's `prompt=none` is refused, because silence is no consent.

mod code;
mod response;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::{Host, Url};

use super::{
    error::{ErrorCode, OAuthError},
    form::Form,
    grants, pkce,
    scope::{self, CitizenScope},
};
use crate::secret::Secret;

pub use code::{CODE_LIFETIME, IssuedCode};
pub use response::{AuthorizationResponse, Verdict, append};

/// What a `request_uri` given out here begins with (RFC 9126 §2.2).
pub const REQUEST_URI_PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// How long a pushed request lives, in seconds; FAPI 2.0 §5.3.2.2 item 12 wants less than 600.
pub const REQUEST_LIFETIME: i64 = 300;

/// The longest `redirect_uri`, `state` or `resource` that is read, in bytes.
const MAX_TEXT: usize = 2048;

/// The longest `nonce` that is read, in bytes; FAPI 2.0 §5.3.2.2 item 14 wants 64 to work.
const MAX_NONCE: usize = 128;

/// Parameters of the authorization request, which beside a request object are out of place (RFC 9126 §3).
const PARAMETERS: [&str; 15] = [
    "response_type",
    "redirect_uri",
    "code_challenge",
    "code_challenge_method",
    "authorization_details",
    "scope",
    "state",
    "nonce",
    "dpop_jkt",
    "response_mode",
    "grant_management_action",
    "grant_id",
    "resource",
    "prompt",
    "acr_values",
];

/// What a client pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// Plain parameters.
    Plain(Box<PushedRequest>),
    /// A request object (RFC 9101) in compact form, whose claims are the parameters; it names a person.
    Signed(Secret<String>),
}

/// An authorization request; serialised only to be sealed, for it names a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushedRequest {
    /// Where the answer goes; must be one the client has registered, character by character.
    pub redirect_uri: String,
    /// RFC 7636, by S256.
    pub code_challenge: String,
    /// What is asked for.
    pub wanted: Wanted,
    /// Given back as it came; visible characters and spaces, at most 2,048.
    pub state: Option<String>,
    /// OpenID Connect's; kept, at most 128 characters.
    pub nonce: Option<String>,
    /// The key the code will be bound to (RFC 9449 §10).
    pub dpop_jkt: Option<String>,
    /// How the answer is written.
    pub response_mode: ResponseMode,
    /// What is to happen to which grant.
    pub grant: Option<grants::Action>,
    /// RFC 8707: the resource server a token will be for.
    pub resource: Option<String>,
}

/// What an authorization request asks for: one of the two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// The JSON text of `authorization_details`, for [`super::rar`]; it names a person.
    Details(#[serde(with = "sealed")] Secret<String>),
    /// Scopes of the citizen's own token.
    Scopes(Vec<CitizenScope>),
}

/// How the authorization response is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// As parameters of the redirect URI.
    Query,
    /// As one signed parameter `response` of it (JARM).
    Jwt,
}

/// The answer to a pushed request: 201 with `Cache-Control: no-cache, no-store` (RFC 9126 §2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PushedResponse {
    /// [`REQUEST_URI_PREFIX`] and at least 128 random bits.
    pub request_uri: String,
    /// [`REQUEST_LIFETIME`].
    pub expires_in: i64,
}

impl PushedResponse {
    /// The answer for a random name in base64url.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { request_uri: format!("{REQUEST_URI_PREFIX}{name}"), expires_in: REQUEST_LIFETIME }
    }
}

/// What a browser brings to the authorization endpoint. RFC 9101 §5: whatever else its address says does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizeQuery {
    /// The client; must be the one that pushed.
    pub client_id: String,
    /// The pushed request, whole, as it was given out.
    pub request_uri: String,
}

fn bad(reason: &str, description: &str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequest, reason, description)
}

impl Pushed {
    /// Takes a pushed request out of a form.
    ///
    /// # Errors
    /// As [`PushedRequest::from_form`]; and `invalid_request` when a parameter stands beside a request object.
    pub fn from_form(form: &Form) -> Result<Self, OAuthError> {
        no_request_uri(form)?;
        let Some(object) = form.get("request") else {
            return Ok(Self::Plain(Box::new(PushedRequest::from_form(form)?)));
        };
        match PARAMETERS.iter().find(|name| form.get(name).is_some()) {
            None => Ok(Self::Signed(Secret::new(object.to_owned()))),
            Some(name) => Err(bad(
                "parameter_outside_request_object",
                &format!("beside `request`, `{name}` must be a claim of it (RFC 9126 section 3)"),
            )),
        }
    }
}

fn no_request_uri(form: &Form) -> Result<(), OAuthError> {
    match form.get("request_uri") {
        None => Ok(()),
        Some(_) => Err(bad("request_uri_refused", "a pushed request must not name another (`request_uri`)")),
    }
}

impl PushedRequest {
    /// Reads plain parameters.
    ///
    /// # Errors
    /// `invalid_request`, `unsupported_response_type`, `invalid_scope`, `invalid_grant_id` or `invalid_target`.
    pub fn from_form(form: &Form) -> Result<Self, OAuthError> {
        no_request_uri(form)?;
        if form.get("request").is_some() {
            return Err(bad("request_object_refused", "`request` is not taken here"));
        }
        Self::read(&|name| Ok(form.get(name).map(str::to_owned)))
    }

    /// Reads the claims of a request object whose signature, issuer, audience and times are checked.
    ///
    /// # Errors
    /// As [`Self::from_form`]; and `invalid_request_object` for a claim of another JSON type, and for `request` or
    /// `request_uri` (RFC 9101 §4).
    pub fn from_claims(claims: &Map<String, Value>) -> Result<Self, OAuthError> {
        let refuse = |reason: &str, description: &str| {
            OAuthError::new(ErrorCode::InvalidRequestObject, reason, description)
        };
        if claims.contains_key("request") || claims.contains_key("request_uri") {
            let description = "a request object must hold neither `request` nor `request_uri`";
            return Err(refuse("request_object_nested", description));
        }
        Self::read(&|name| match (name, claims.get(name)) {
            (_, None) => Ok(None),
            // RFC 9396 §3: in a request object the details are JSON, not JSON in a string.
            ("authorization_details", Some(details @ Value::Array(_))) => Ok(Some(details.to_string())),
            (name, Some(Value::String(text))) if name != "authorization_details" => {
                Ok(Some(text.clone()).filter(|text| !text.is_empty()))
            }
            (name, Some(_)) => Err(refuse(
                "request_object_claim_type",
                &format!("`{name}` of the request object has the wrong JSON type"),
            )),
        })
    }

    fn read(get: &dyn Fn(&str) -> Result<Option<String>, OAuthError>) -> Result<Self, OAuthError> {
        match get("response_type")?.as_deref() {
            Some("code") => {}
            None => return Err(bad("response_type_missing", "`response_type` is missing")),
            Some(_) => {
                let (error, description) =
                    (ErrorCode::UnsupportedResponseType, "`response_type` must be `code`");
                return Err(OAuthError::new(error, "response_type_unsupported", description));
            }
        }
        let redirect_uri =
            get("redirect_uri")?.ok_or_else(|| bad("redirect_uri_missing", "`redirect_uri` is missing"))?;
        if !is_redirect_uri(&redirect_uri) {
            let description = "`redirect_uri` must be an https address without fragment";
            return Err(bad("redirect_uri_malformed", description));
        }
        let code_challenge = code_challenge(get)?;
        let wanted = wanted(get)?;
        let state = text(get, "state", MAX_TEXT, "state_malformed")?;
        let nonce = text(get, "nonce", MAX_NONCE, "nonce_malformed")?;
        let dpop_jkt = get("dpop_jkt")?;
        if dpop_jkt.as_deref().is_some_and(|jkt| !pkce::is_sha256(jkt)) {
            return Err(bad("dpop_jkt_malformed", "`dpop_jkt` is not a SHA-256 thumbprint in base64url"));
        }
        let response_mode = match get("response_mode")?.as_deref() {
            None | Some("query") => ResponseMode::Query,
            // JARM §2.3.4: for a code, `jwt` stands for `query.jwt`.
            Some("jwt" | "query.jwt") => ResponseMode::Jwt,
            Some(_) => {
                return Err(bad("response_mode_unsupported", "`response_mode` must be `query` or `jwt`"));
            }
        };
        if get("prompt")?.is_some_and(|prompt| prompt.split(' ').any(|word| word == "none")) {
            return Err(bad("prompt_none", "consent cannot be had without asking; leave `prompt=none` out"));
        }
        let grant =
            grants::Action::read(get("grant_management_action")?.as_deref(), get("grant_id")?.as_deref())?;
        let resource = get("resource")?;
        if resource.as_deref().is_some_and(|resource| !is_resource(resource)) {
            let description = "`resource` must be an absolute URI without fragment";
            return Err(OAuthError::new(ErrorCode::InvalidTarget, "resource_malformed", description));
        }
        Ok(Self {
            redirect_uri,
            code_challenge,
            wanted,
            state,
            nonce,
            dpop_jkt,
            response_mode,
            grant,
            resource,
        })
    }
}

type Get<'a> = &'a dyn Fn(&str) -> Result<Option<String>, OAuthError>;

fn code_challenge(get: Get<'_>) -> Result<String, OAuthError> {
    let challenge = get("code_challenge")?
        .ok_or_else(|| bad("code_challenge_missing", "`code_challenge` is missing (PKCE)"))?;
    // RFC 7636 §4.3: a method that is left out means `plain`, which is not taken.
    if get("code_challenge_method")?.as_deref() != Some(pkce::METHOD) {
        return Err(bad("code_challenge_method", "`code_challenge_method` must be `S256`"));
    }
    if !pkce::is_sha256(&challenge) {
        let description = "`code_challenge` must be the SHA-256 of the verifier, 43 characters of base64url";
        return Err(bad("code_challenge_malformed", description));
    }
    Ok(challenge)
}

fn wanted(get: Get<'_>) -> Result<Wanted, OAuthError> {
    match (get("authorization_details")?, get("scope")?) {
        (Some(details), None) => Ok(Wanted::Details(Secret::new(details))),
        (None, Some(scopes)) => Ok(Wanted::Scopes(scope::citizen(&scopes)?)),
        (Some(_), Some(_)) => {
            let description = "`scope` is not used beside `authorization_details`";
            Err(OAuthError::new(ErrorCode::InvalidScope, "scope_and_details", description))
        }
        (None, None) => {
            let (error, reason) = (ErrorCode::InvalidAuthorizationDetails, "authorization_details_missing");
            Err(OAuthError::new(error, reason, "`authorization_details` is missing"))
        }
    }
}

/// A text that is given back or kept: RFC 6749 Appendix A.5 has visible characters and spaces.
fn text(get: Get<'_>, name: &str, most: usize, reason: &str) -> Result<Option<String>, OAuthError> {
    match get(name)? {
        Some(text) if text.len() > most || !text.bytes().all(|byte| (0x20..=0x7E).contains(&byte)) => {
            Err(bad(reason, &format!("`{name}` must be at most {most} visible ASCII characters")))
        }
        text => Ok(text),
    }
}

/// An address a browser may be sent to (FAPI 2.0 §5.3.2.2 item 8): https, or this machine, without fragment and
/// without a name and password. Which of them is the client's is decided elsewhere, by comparing texts.
fn is_redirect_uri(text: &str) -> bool {
    let Some(url) = absolute(text) else { return false };
    let here = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    let bare = url.username().is_empty() && url.password().is_none();
    bare && (url.scheme() == "https" || (url.scheme() == "http" && here))
}

/// RFC 8707 §2.
fn is_resource(text: &str) -> bool {
    absolute(text).is_some()
}

fn absolute(text: &str) -> Option<Url> {
    let fits = text.len() <= MAX_TEXT && text.bytes().all(|byte| byte.is_ascii_graphic());
    (fits && !text.contains('#')).then(|| Url::parse(text).ok())?
}

impl AuthorizeQuery {
    /// Reads the query of the address, as [`Form::parse`] took it apart.
    ///
    /// # Errors
    /// `invalid_request` without a client, and for a request that was not pushed (FAPI 2.0 §5.3.2.2 item 3);
    /// `invalid_request_uri` for an address that was never given out here. None of them may be answered by redirect.
    pub fn from_form(form: &Form) -> Result<Self, OAuthError> {
        let client_id =
            form.get("client_id").ok_or_else(|| bad("client_id_missing", "`client_id` is missing"))?;
        let request_uri = form
            .get("request_uri")
            .ok_or_else(|| bad("request_not_pushed", "push the request first; `request_uri` is missing"))?;
        if client_id.len() > 256 || !client_id.bytes().all(|byte| (0x20..=0x7E).contains(&byte)) {
            return Err(bad("client_id_malformed", "`client_id` is not one"));
        }
        let given_out = request_uri.strip_prefix(REQUEST_URI_PREFIX).is_some_and(|name| {
            (22..=128).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        });
        if !given_out {
            let description = "`request_uri` is unknown, over, used, or another client's";
            return Err(OAuthError::new(ErrorCode::InvalidRequestUri, "request_uri_unknown", description));
        }
        Ok(Self { client_id: client_id.to_owned(), request_uri: request_uri.to_owned() })
    }
}

/// A secret as text, for a record that is sealed as a whole.
mod sealed {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::secret::Secret;

    pub(super) fn serialize<S: Serializer>(secret: &Secret<String>, to: S) -> Result<S::Ok, S::Error> {
        secret.expose().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Secret<String>, D::Error> {
        String::deserialize(from).map(Secret::new)
    }
}

#[cfg(test)]
mod tests;
