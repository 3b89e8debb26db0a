//! The authorization endpoint: OpenID Connect Core §3.1.2, PKCE S256 demanded (RFC 7636), `iss` given (RFC 9207).

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderValue},
    web::{Data, Form, Path, Query},
};
use serde::Deserialize;
use url::Url;

use super::{
    ACR, WEAK_ACR,
    accounts::{self, Realm},
    page,
    state::{Code, Session, State},
};
use crate::crypto::equal;

/// The session cookie; ports share cookies, so the name is this provider's own.
const COOKIE: &str = "minhbach_stand_in";

/// The parameters of a request, and of the form that sends them again.
#[derive(Deserialize)]
pub(super) struct Request {
    client_id: String,
    redirect_uri: String,
    response_type: Option<String>,
    scope: Option<String>,
    state: Option<String>,
    nonce: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
    prompt: Option<String>,
    max_age: Option<u64>,
    acr_values: Option<String>,
    /// From the form: by password alone.
    weak: Option<String>,
    /// From the form.
    #[serde(default)]
    login: String,
    /// From the form.
    #[serde(default)]
    password: String,
}

/// `GET`: straight back for a live session, and the form otherwise.
pub(super) async fn show(
    http: HttpRequest,
    state: Data<State>,
    realm: Path<String>,
    request: Query<Request>,
) -> HttpResponse {
    let (realm, request) = match checked(&state, &realm, request.into_inner()) {
        Ok(checked) => checked,
        Err(refusal) => return *refusal,
    };
    let prompt = request.prompt.as_deref().unwrap_or_default();
    let session = cookie(&http)
        .and_then(|cookie| state.session(&realm, cookie))
        .filter(|session| prompt != "login" && is_fresh(&state, session, request.max_age))
        .filter(|session| is_enough(session, request.acr_values.as_deref()));
    match session {
        Some(session) => answer(&state, &realm, &request, session),
        None if prompt == "none" => back(&state, &realm, &request, &[("error", "login_required")]),
        None => form(&realm, &request, false),
    }
}

/// `POST`: the form with name and password.
pub(super) async fn sign_in(state: Data<State>, realm: Path<String>, request: Form<Request>) -> HttpResponse {
    let (realm, request) = match checked(&state, &realm, request.into_inner()) {
        Ok(checked) => checked,
        Err(refusal) => return *refusal,
    };
    let account = accounts::find(&realm, request.login.trim())
        .filter(|account| equal(account.password().as_bytes(), request.password.as_bytes()));
    let acr = if request.weak.is_some() { WEAK_ACR } else { ACR };
    let Some((cookie, session)) = account.and_then(|account| state.open_session(&realm, account, acr)) else {
        return form(&realm, &request, true);
    };
    let mut response = answer(&state, &realm, &request, session);
    let cookie = format!("{COOKIE}={cookie}; Path=/{}; HttpOnly; SameSite=Lax", realm.path());
    // Base64url and a path of known letters: always a header value.
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// The value of the session cookie (RFC 6265 §4.2).
pub(super) fn cookie(http: &HttpRequest) -> Option<&str> {
    let cookies = http.headers().get_all(header::COOKIE).filter_map(|header| header.to_str().ok());
    cookies
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE).then_some(value))
}

/// Checks the request; what is wrong with the client or its address is never answered by a redirect (RFC 6749
/// §4.1.2.1).
fn checked(state: &State, realm: &str, request: Request) -> Result<(Realm, Request), Box<HttpResponse>> {
    let realm = Realm::parse(realm).ok_or_else(|| Box::new(page::unknown()))?;
    let client =
        state.client(&request.client_id).ok_or_else(|| Box::new(page::refused("unknown client_id")))?;
    if !client.redirect_uris.contains(&request.redirect_uri) {
        return Err(Box::new(page::refused("redirect_uri is not registered")));
    }
    let openid = request.scope.as_deref().unwrap_or_default().split(' ').any(|scope| scope == "openid");
    let challenge = request.code_challenge.as_deref().unwrap_or_default();
    let error = if request.response_type.as_deref() != Some("code") {
        Some(("unsupported_response_type", "response_type must be code"))
    } else if !openid {
        Some(("invalid_scope", "scope must contain openid"))
    } else if request.code_challenge_method.as_deref() != Some("S256") || challenge.len() != 43 {
        Some(("invalid_request", "a code_challenge with code_challenge_method S256 is required"))
    } else {
        None
    };
    match error {
        Some((error, why)) => {
            let parameters = [("error", error), ("error_description", why)];
            Err(Box::new(back(state, &realm, &request, &parameters)))
        }
        None => Ok((realm, request)),
    }
}

fn is_fresh(state: &State, session: &Session, max_age: Option<u64>) -> bool {
    max_age.is_none_or(|seconds| session.auth_time + Duration::from_secs(seconds) > state.clock.now())
}

/// Whether a session's sign-in is one of those asked for.
fn is_enough(session: &Session, acr_values: Option<&str>) -> bool {
    acr_values.is_none_or(|values| values.split(' ').any(|value| value == session.acr))
}

fn answer(state: &State, realm: &Realm, request: &Request, session: Session) -> HttpResponse {
    let code = state.issue(Code {
        client_id: request.client_id.clone(),
        redirect_uri: request.redirect_uri.clone(),
        challenge: request.code_challenge.clone().unwrap_or_default(),
        nonce: request.nonce.clone(),
        session,
    });
    match code {
        Some(code) => back(state, realm, request, &[("code", &code)]),
        None => back(state, realm, request, &[("error", "temporarily_unavailable")]),
    }
}

/// Back to the client, with `state` and `iss`.
fn back(state: &State, realm: &Realm, request: &Request, parameters: &[(&str, &str)]) -> HttpResponse {
    let Ok(mut url) = Url::parse(&request.redirect_uri) else {
        return page::refused("redirect_uri is not an address");
    };
    url.query_pairs_mut()
        .extend_pairs(parameters)
        .extend_pairs(request.state.iter().map(|value| ("state", value)))
        .append_pair("iss", &state.issuer(realm));
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, url.as_str()))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}

fn form(realm: &Realm, request: &Request, refused: bool) -> HttpResponse {
    let optional = [
        ("response_type", &request.response_type),
        ("scope", &request.scope),
        ("state", &request.state),
        ("nonce", &request.nonce),
        ("code_challenge", &request.code_challenge),
        ("code_challenge_method", &request.code_challenge_method),
        ("acr_values", &request.acr_values),
    ];
    let hidden: Vec<(&str, &str)> =
        [("client_id", request.client_id.as_str()), ("redirect_uri", request.redirect_uri.as_str())]
            .into_iter()
            .chain(optional.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))))
            .collect();
    page::sign_in(realm, &hidden, refused)
}
