//! The portal: signing in, the citizen's pages, the compliance officer's pages, the public catalogue.
//!
//! Every handler has one shape: a [`visit::Visit`] says who asks in which language, an office answers, a view is filled,
//! a page or JSON is rendered; what went wrong is said once, in [`error`]. Out of scope: OAuth, the data endpoint and
//! the published log itself.

mod answered;
mod api;
mod arrival;
mod asked;
mod catalogue;
mod choices;
mod citizen;
mod compliance;
mod consent_api;
mod consents;
mod cookies;
mod csv;
mod emergencies;
mod ending;
mod error;
mod filled;
mod hint;
mod notice;
mod people;
mod person;
mod program;
mod progress;
mod public;
mod reading;
mod receipt;
mod review;
mod sign_in;
mod sign_out;
mod terms;
mod view;
mod visit;

use std::sync::Arc;

use actix_web::{
    FromRequest, Handler, Resource, Responder,
    web::{self, ServiceConfig},
};

use crate::{
    domain::catalogue::Text,
    login::{IssuerRole, Provider},
};
use visit::Visit;

/// Where answers to sign-ins arrive; every issuer has it registered as redirect URI.
pub const CALLBACK: &str = "/sign-in/callback";
/// Where browsers arrive after signing out at an issuer; registered there as post-logout redirect URI.
pub const SIGNED_OUT: &str = "/signed-out";
/// Where issuers post logout tokens; `/{slug}` may follow ([`Desk::slug`]).
pub const BACKCHANNEL_LOGOUT: &str = "/logout/backchannel";

/// Method, path: what programs use here, pages apart; described in `openapi.json`.
pub const ENDPOINTS: &[(&str, &str)] = &[
    ("GET", "/purposes"),
    ("GET", "/purposes/{id}"),
    ("GET", "/agencies"),
    ("GET", "/data-kinds"),
    ("GET", "/api/v1/me/accesses"),
    ("GET", "/api/v1/me/accesses/{id}"),
    ("GET", "/api/v1/me/accesses/{id}/proof"),
    ("GET", "/api/v1/me/summary"),
    ("GET", "/api/v1/me/choices"),
    ("GET", "/api/v1/me/people"),
    ("GET", "/api/v1/me/consents"),
    ("GET", "/api/v1/me/consents/{id}"),
    ("POST", "/api/v1/me/consents/{id}/withdraw"),
    ("POST", BACKCHANNEL_LOGOUT),
    ("POST", "/logout/backchannel/{slug}"),
];

/// The portal's settings.
pub struct Desk {
    /// Where people can sign in, in the order shown.
    pub providers: Vec<Arc<Provider>>,
    /// Whether cookies are for https only: everywhere but in the demonstration on the loopback.
    pub secure_cookies: bool,
    /// The organisation that runs the service.
    pub service_name: Text,
    /// The telephone number for people's questions.
    pub hotline: String,
    /// When it is answered; empty when not stated.
    pub hours: Text,
    /// How many sign-ins may begin from one network address in a minute.
    pub sign_ins: crate::limit::Limit,
    /// Whether a proxy in front says which address a request comes from.
    pub behind_proxy: bool,
    /// Whether this is the demonstration, whose people are made up: every page says so.
    pub demonstration: bool,
}

impl Desk {
    /// The short name of each provider in forms and addresses: its role and agency, numbered where that is not enough.
    pub fn slugs(&self) -> impl Iterator<Item = (String, &Arc<Provider>)> {
        let mut seen: Vec<String> = Vec::new();
        self.providers.iter().map(move |provider| {
            let base = match &provider.config().role {
                IssuerRole::Citizen => "citizen".to_owned(),
                IssuerRole::Official { agency } => format!("official-{agency}"),
                IssuerRole::Compliance { agency } => format!("compliance-{agency}"),
            };
            let before = seen.iter().filter(|earlier| **earlier == base).count();
            let slug = if before == 0 { base.clone() } else { format!("{base}-{}", before + 1) };
            seen.push(base);
            (slug, provider)
        })
    }

    /// The provider with this short name.
    #[must_use]
    pub fn by_slug(&self, slug: &str) -> Option<&Arc<Provider>> {
        self.slugs().find(|(own, _)| own == slug).map(|(_, provider)| provider)
    }

    /// The provider of this issuer.
    #[must_use]
    pub fn by_issuer(&self, issuer: &str) -> Option<&Arc<Provider>> {
        self.providers.iter().find(|provider| provider.config().issuer == issuer)
    }
}

/// The portal's routes. Also answers every path nobody else does.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(get("/", public::home))
        .service(get("/log", public::log))
        .service(get("/assets/{name}", public::asset))
        .service(get("/favicon.ico", public::favicon))
        .service(get("/purposes", catalogue::purposes))
        .service(get("/purposes/{id}", catalogue::purpose))
        .service(get("/agencies", catalogue::agencies))
        .service(get("/data-kinds", catalogue::data_kinds))
        .service(both("/sign-in", sign_in::choose, sign_in::begin_one))
        .service(get(CALLBACK, sign_in::callback))
        .service(post("/sign-out", sign_out::sign_out))
        .service(get(SIGNED_OUT, sign_out::signed_out))
        .service(post(BACKCHANNEL_LOGOUT, sign_out::backchannel))
        .service(post("/logout/backchannel/{slug}", sign_out::backchannel))
        .service(get("/me", citizen::me))
        .service(get("/me/history", citizen::history))
        .service(get("/me/history/{id}", citizen::access))
        .service(get("/me/history/{id}/proof.json", citizen::proof_json))
        .service(get("/me/history/{id}/proof.tlog", citizen::proof_tlog))
        .service(both("/me/choices", choices::show, choices::add))
        .service(post("/me/choices/remove", choices::remove))
        .service(post("/me/agencies/{id}/mute", choices::mute))
        .service(get("/oauth/authorize", arrival::authorize))
        .service(get("/requests/{id}", asked::request))
        .service(post("/requests/{id}/answer", asked::answer))
        .service(get("/requests/{id}/done", answered::done))
        .service(post("/requests/{id}/onward", answered::go_on))
        .service(get("/me/requests", consents::requests))
        .service(get("/me/consents", consents::consents))
        .service(get("/me/consents/{id}", consents::consent))
        .service(both("/me/consents/{id}/withdraw", ending::review, ending::withdraw))
        .service(get("/me/consents/{id}/withdrawn", ending::withdrawn))
        .service(post("/me/consents/{id}/pause", ending::pause))
        .service(post("/me/consents/{id}/resume", ending::resume))
        .service(post("/me/consents/{id}/confirm", review::confirm))
        .service(get("/me/consents/{id}/receipt", receipt::receipt))
        .service(get("/me/agencies/{id}", consents::agency))
        .service(post("/me/agencies/{id}/stop", ending::stop))
        .service(both("/me/people", people::show, people::name))
        .service(post("/me/people/self", people::stop))
        .service(post("/me/people/{id}/act", people::act))
        .service(post("/me/people/{id}/end", people::end))
        .service(post("/me/agencies/{id}/hint", hint::make))
        .service(get("/official/emergencies", emergencies::show))
        .service(
            post("/official/emergencies/{id}/report", emergencies::report).app_data(emergencies::form_size()),
        )
        .service(both("/compliance", compliance::ask, compliance::state_reason))
        .service(get("/compliance/entries", compliance::entries))
        .service(get("/compliance/entries.csv", compliance::csv))
        .service(get("/api/v1/me/accesses", api::accesses))
        .service(get("/api/v1/me/accesses/{id}", api::access))
        .service(get("/api/v1/me/accesses/{id}/proof", api::proof))
        .service(get("/api/v1/me/summary", api::summary))
        .service(get("/api/v1/me/choices", choices::list))
        .service(get("/api/v1/me/people", people::list))
        .service(get("/api/v1/me/consents", consent_api::consents))
        .service(get("/api/v1/me/consents/{id}", consent_api::consent))
        .service(post("/api/v1/me/consents/{id}/withdraw", consent_api::withdraw))
        .default_service(web::to(error::not_found));
}

fn get<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(web::to(|visit: Visit| async move { error::wrong_method(&visit, "GET, HEAD") }))
}

fn post<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::post().to(handler))
        .default_service(web::to(|visit: Visit| async move { error::wrong_method(&visit, "POST") }))
}

fn both<F, A, G, B>(path: &str, shown: F, posted: G) -> Resource
where
    F: Handler<A>,
    A: FromRequest + 'static,
    F::Output: Responder + 'static,
    G: Handler<B>,
    B: FromRequest + 'static,
    G::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::get().to(shown.clone()))
        .route(web::head().to(shown))
        .route(web::post().to(posted))
        .default_service(web::to(
            |visit: Visit| async move { error::wrong_method(&visit, "GET, HEAD, POST") },
        ))
}
