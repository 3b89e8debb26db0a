//! The token endpoint (OpenID Connect Core §3.1.3) and the tokens it gives.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Form, Path},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Client, Realm,
    accounts::Account,
    keys,
    state::{Code, State},
};
use crate::{
    crypto::{equal, sha256},
    time::Millis,
};

const LIFETIME_S: i64 = 300;

#[derive(Deserialize)]
pub(super) struct Request {
    grant_type: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    redirect_uri: String,
    #[serde(default)]
    code_verifier: String,
}

/// What an id token says besides who it is.
pub(super) struct Facts<'a> {
    pub(super) audience: &'a str,
    pub(super) auth_time: Millis,
    pub(super) sid: &'a str,
    pub(super) nonce: Option<&'a str>,
    pub(super) acr: &'a str,
}

/// An id token of this provider; `None` only when the system gives no randomness to sign with.
pub(super) fn id_token(state: &State, realm: &Realm, account: &Account, facts: &Facts<'_>) -> Option<String> {
    let now = state.clock.now().seconds();
    let mut claims = account.claims();
    for (name, value) in [
        ("iss", json!(state.issuer(realm))),
        ("sub", json!(account.subject())),
        ("aud", json!(facts.audience)),
        ("iat", json!(now)),
        ("exp", json!(now + LIFETIME_S)),
        ("auth_time", json!(facts.auth_time.seconds())),
        ("acr", json!(facts.acr)),
        ("sid", json!(facts.sid)),
    ] {
        claims.insert(name.to_owned(), value);
    }
    if let Some(nonce) = facts.nonce {
        claims.insert("nonce".to_owned(), json!(nonce));
    }
    keys::signed(&state.key, "JWT", &Value::Object(claims))
}

/// Redeems a code.
pub(super) async fn token(
    http: HttpRequest,
    state: Data<State>,
    realm: Path<String>,
    request: Form<Request>,
) -> HttpResponse {
    let Some(client) = authenticated(&http, &state) else {
        return HttpResponse::Unauthorized()
            .insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"stand-in\", charset=\"UTF-8\""))
            .json(json!({ "error": "invalid_client" }));
    };
    if request.grant_type != "authorization_code" {
        return refused("unsupported_grant_type");
    }
    // Gone at the first attempt, right or wrong: a code is redeemed once (RFC 6749 §4.1.2).
    let code = state.redeem(&request.code).filter(|code| fits(code, client, &realm, &request));
    let Some(Code { session, nonce, .. }) = code else { return refused("invalid_grant") };
    let facts = Facts {
        audience: &client.id,
        auth_time: session.auth_time,
        sid: &session.sid,
        nonce: nonce.as_deref(),
        acr: session.acr,
    };
    let Some(id_token) = id_token(&state, &session.realm, &session.account, &facts) else {
        return HttpResponse::InternalServerError().json(json!({ "error": "server_error" }));
    };
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(json!({
        // There is no UserInfo endpoint; the protocol wants an access token all the same.
        "access_token": state.random.token(),
        "token_type": "Bearer",
        "expires_in": LIFETIME_S,
        "id_token": id_token,
    }))
}

fn fits(code: &Code, client: &Client, realm: &str, request: &Request) -> bool {
    let verified = URL_SAFE_NO_PAD.encode(sha256(request.code_verifier.as_bytes()));
    code.client_id == client.id
        && code.session.realm.path() == realm
        && code.redirect_uri == request.redirect_uri
        && equal(code.challenge.as_bytes(), verified.as_bytes())
}

/// `client_secret_basic`: both halves form-encoded before they are joined (RFC 6749 §2.3.1).
fn authenticated<'a>(http: &HttpRequest, state: &'a State) -> Option<&'a Client> {
    let given = http.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = given.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(credentials).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decoded = |half: &str| {
        let (half, _) = url::form_urlencoded::parse(half.as_bytes()).next()?;
        Some(half.into_owned())
    };
    let (id, secret) = (decoded(id)?, decoded(secret)?);
    state.client(&id).filter(|client| equal(client.secret.expose().as_bytes(), secret.as_bytes()))
}

fn refused(error: &str) -> HttpResponse {
    HttpResponse::BadRequest()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(json!({ "error": error }))
}
