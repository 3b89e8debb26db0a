//! A stand-in identity provider: OpenID Connect for the synthetic people, on the loopback only.
//!
//! One issuer a role, as DESIGN §5 binds them: `/citizens` alone asserts national ids, `/agencies/<agency>` speaks for
//! the officials of one agency, `/compliance/<agency>` for its compliance officers. Authorization code flow with PKCE
//! S256 only (RFC 7636), `iss` in the answer (RFC 9207), `client_secret_basic`, ES256, RP-initiated and back-channel
//! logout. Its pages say plainly that it is a stand-in, and work without JavaScript.
//!
//! Out of scope: anything a real provider is trusted for. Passwords are public and sessions live in memory.

mod accounts;
mod authorize;
mod keys;
mod logout;
mod page;
mod state;
mod token;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::Arc,
};

use actix_web::{
    App, HttpResponse, HttpServer,
    dev::ServerHandle,
    web::{self, Data},
};
use serde_json::json;

pub use accounts::Realm;
pub use keys::key_in;
pub(super) use page::escaped;

use crate::{
    crypto::{Random, SigningKey},
    secret::Secret,
    time::{Clock, Millis},
};
use state::State;

/// The `acr` a sign-in here claims: a password at a counter that looks like level 3, and is nothing of the kind.
pub const ACR: &str = "loa3";
/// The `acr` of somebody who chose to sign in by password alone: level 2, too weak for sensitive information. What was
/// asked for changes nothing, so that also a provider that ignores it can be seen.
pub const WEAK_ACR: &str = "loa2";

/// A relying party registered with every issuer of this provider.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its `client_id`.
    pub id: String,
    /// What it proves itself with at the token endpoint (RFC 6749 §2.3.1).
    pub secret: Secret<String>,
    /// Where answers may be sent, compared exactly.
    pub redirect_uris: Vec<String>,
    /// Where a browser may be sent after RP-initiated logout, compared exactly.
    pub post_logout_redirect_uris: Vec<String>,
    /// Where logout tokens are posted (OpenID Connect Back-Channel Logout 1.0).
    pub backchannel_logout_uri: Option<String>,
}

/// What a provider starts with.
#[derive(Debug)]
pub struct Settings {
    /// Where to listen: 127.0.0.1, and 0 for any free port.
    pub address: SocketAddr,
    /// The ES256 key that signs everything; see [`key_in`].
    pub key: SigningKey,
    /// The relying parties.
    pub clients: Vec<Client>,
}

/// The running provider; dropping it stops it.
pub struct IdentityProvider {
    state: Data<State>,
    server: ServerHandle,
}

impl std::fmt::Debug for IdentityProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IdentityProvider({})", self.state.origin)
    }
}

impl IdentityProvider {
    /// Starts listening.
    ///
    /// # Errors
    /// When the address is not 127.0.0.1, the port is taken, or no HTTP client can be made for back-channel logout.
    pub fn start(settings: Settings, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> io::Result<Self> {
        if settings.address.ip() != Ipv4Addr::LOCALHOST {
            let refusal = format!(
                "the stand-in identity provider listens on 127.0.0.1 only, not on {}",
                settings.address
            );
            return Err(io::Error::new(io::ErrorKind::InvalidInput, refusal));
        }
        let listener = TcpListener::bind(settings.address).map_err(|error| {
            io::Error::new(error.kind(), format!("{} for the identity provider: {error}", settings.address))
        })?;
        let origin = format!("http://127.0.0.1:{}", listener.local_addr()?.port());
        let state = Data::new(State::new(origin, settings.key, settings.clients, clock, random)?);
        let shared = state.clone();
        let server = HttpServer::new(move || {
            let realm = "/{realm:citizens|agencies/[a-z0-9-]+|compliance/[a-z0-9-]+}";
            App::new().app_data(shared.clone()).app_data(web::FormConfig::default().limit(16 * 1024)).service(
                web::scope(realm)
                    .route("/.well-known/openid-configuration", web::get().to(discovery))
                    .route("/jwks", web::get().to(jwks))
                    .route("/authorize", web::get().to(authorize::show))
                    .route("/authorize", web::post().to(authorize::sign_in))
                    .route("/token", web::post().to(token::token))
                    .route("/end-session", web::get().to(logout::by_get))
                    .route("/end-session", web::post().to(logout::by_post)),
            )
        })
        .workers(1)
        .disable_signals()
        .listen(listener)?
        .run();
        let handle = server.handle();
        tokio::spawn(server);
        Ok(Self { state, server: handle })
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.state.origin
    }

    /// The issuer identifier of a realm, as in `iss`.
    #[must_use]
    pub fn issuer(&self, realm: &Realm) -> String {
        self.state.issuer(realm)
    }

    /// An id token as a sign-in of `login` for the client `audience` at `auth_time` would give: what an agency's
    /// software sends along as an official's `actor_token`. `None` when nobody of that name belongs to the realm.
    #[must_use]
    pub fn id_token(&self, realm: &Realm, login: &str, audience: &str, auth_time: Millis) -> Option<String> {
        let account = accounts::find(realm, login)?;
        let sid = self.state.random.token();
        let facts = token::Facts { audience, auth_time, sid: &sid, nonce: None, acr: ACR };
        token::id_token(&self.state, realm, &account, &facts)
    }
}

impl Drop for IdentityProvider {
    fn drop(&mut self) {
        // The command is sent by the call; the future only waits for its end.
        drop(self.server.stop(false));
    }
}

/// OpenID Connect Discovery 1.0 §3, with RFC 9207 §3 and the logout specifications' members.
async fn discovery(state: Data<State>, realm: web::Path<String>) -> HttpResponse {
    let Some(realm) = Realm::parse(&realm) else { return page::unknown() };
    let issuer = state.issuer(&realm);
    HttpResponse::Ok().json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
        "end_session_endpoint": format!("{issuer}/end-session"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "profile"],
        "claims_supported": realm.claims(),
        "acr_values_supported": [WEAK_ACR, ACR],
        "ui_locales_supported": ["vi", "en"],
        "authorization_response_iss_parameter_supported": true,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
    }))
}

async fn jwks(state: Data<State>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "keys": [keys::public_jwk(&state.key)] }))
}

#[cfg(test)]
mod tests;
