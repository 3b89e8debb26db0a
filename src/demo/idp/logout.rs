//! Ending a session: RP-initiated (OpenID Connect RP-Initiated Logout 1.0), with a logout token to every client that
//! was told of the session (Back-Channel Logout 1.0).

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Form, Path, Query},
};
use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{
    Realm,
    authorize::cookie,
    keys, page,
    state::{Session, State},
};

#[derive(Deserialize)]
pub(super) struct Request {
    id_token_hint: Option<String>,
    /// A session's `sid`: the way for a client that keeps id tokens, and the national ids in them, out of addresses.
    logout_hint: Option<String>,
    client_id: Option<String>,
    post_logout_redirect_uri: Option<String>,
    state: Option<String>,
}

/// Whose session ends, and for which client.
struct Hint {
    sid: String,
    client_id: String,
}

/// `GET`: with a hint the session it names ends; without one the person is asked first.
pub(super) async fn by_get(state: Data<State>, realm: Path<String>, request: Query<Request>) -> HttpResponse {
    let Some(realm) = Realm::parse(&realm) else { return page::unknown() };
    match hint(&state, &realm, &request) {
        Some(hint) => end(&state, &realm, &request, &hint).await,
        None => page::confirm_sign_out(),
    }
}

/// `POST`: the same with the parameters in the body; without a hint the person said yes, and the cookie's session ends.
pub(super) async fn by_post(
    http: HttpRequest,
    state: Data<State>,
    realm: Path<String>,
    request: Form<Request>,
) -> HttpResponse {
    let Some(realm) = Realm::parse(&realm) else { return page::unknown() };
    if let Some(hint) = hint(&state, &realm, &request) {
        return end(&state, &realm, &request, &hint).await;
    }
    let ended = cookie(&http).and_then(|cookie| state.end_by_cookie(&realm, cookie));
    if let Some((session, clients)) = ended {
        tell(&state, &session, &clients).await;
    }
    page::signed_out()
}

/// An id token of this issuer, however old, or a client with a `sid`, which nobody guesses.
fn hint(state: &State, realm: &Realm, request: &Request) -> Option<Hint> {
    if let Some(token) = &request.id_token_hint {
        let claims = keys::opened(&state.key, token)?;
        let claim = |name| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        let ours = claim("iss")? == state.issuer(realm);
        return ours.then_some(Hint { sid: claim("sid")?, client_id: claim("aud")? });
    }
    Some(Hint { sid: request.logout_hint.clone()?, client_id: request.client_id.clone()? })
}

async fn end(state: &State, realm: &Realm, request: &Request, hint: &Hint) -> HttpResponse {
    if let Some((session, clients)) = state.end_by_sid(realm, &hint.sid) {
        tell(state, &session, &clients).await;
    }
    let target = request.post_logout_redirect_uri.as_ref().filter(|uri| {
        state.client(&hint.client_id).is_some_and(|client| client.post_logout_redirect_uris.contains(uri))
    });
    match target.and_then(|uri| Url::parse(uri).ok()) {
        Some(mut url) => {
            if let Some(value) = &request.state {
                url.query_pairs_mut().append_pair("state", value);
            }
            HttpResponse::SeeOther().insert_header((header::LOCATION, url.as_str())).finish()
        }
        None => page::signed_out(),
    }
}

/// Posts a logout token to each client that has an address for it; all at once, two seconds each.
async fn tell(state: &State, session: &Session, clients: &[String]) {
    join_all(clients.iter().filter_map(|id| state.client(id)).map(async |client| {
        let (Some(address), Some(token)) =
            (&client.backchannel_logout_uri, logout_token(state, session, &client.id))
        else {
            return;
        };
        let sent = state.http.post(address).form(&[("logout_token", token)]).send().await;
        if !sent.is_ok_and(|response| response.status().is_success()) {
            tracing::warn!(client.id = %client.id, "a client did not take the logout token");
        }
    }))
    .await;
}

/// Back-Channel Logout 1.0 §2.4: never a nonce, so that it cannot pass for an id token.
fn logout_token(state: &State, session: &Session, audience: &str) -> Option<String> {
    let now = state.clock.now().seconds();
    let claims = json!({
        "iss": state.issuer(&session.realm),
        "sub": session.account.subject(),
        "aud": audience,
        "iat": now,
        "exp": now + 120,
        "jti": state.random.token(),
        "sid": session.sid,
        "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
    });
    keys::signed(&state.key, "logout+jwt", &claims)
}
