//! The table of routes: read this first.

use actix_web::{
    FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder,
    http::header,
    web::{self, ServiceConfig},
};

use super::{data, error, grants, log, notices, oauth, openapi, operations, receipts};
use crate::protocol::problem::Problem;

/// Method, path; what a test of every endpoint goes through.
pub const ENDPOINTS: &[(&str, &str)] = &[
    ("GET", "/.well-known/oauth-authorization-server"),
    ("GET", "/.well-known/oauth-protected-resource"),
    ("GET", "/.well-known/oauth-protected-resource/api/v1/me"),
    ("GET", "/openapi.json"),
    ("GET", "/oauth/jwks"),
    ("POST", "/oauth/par"),
    ("POST", "/oauth/bc-authorize"),
    ("POST", "/oauth/token"),
    ("POST", "/oauth/introspect"),
    ("POST", "/oauth/revoke"),
    ("GET", "/oauth/grants/{id}"),
    ("DELETE", "/oauth/grants/{id}"),
    ("GET", "/oauth/status-lists"),
    ("GET", "/oauth/status-lists/{n}"),
    ("POST", "/data"),
    ("GET", "/receipts/keys"),
    ("GET", "/.well-known/ssf-configuration"),
    ("GET", "/ssf/streams"),
    ("POST", "/ssf/streams"),
    ("PATCH", "/ssf/streams"),
    ("DELETE", "/ssf/streams"),
    ("GET", "/ssf/status"),
    ("POST", "/ssf/status"),
    ("POST", "/ssf/verify"),
    ("POST", "/ssf/poll"),
    ("POST", "/ssf/attestations"),
    ("GET", "/log/checkpoint"),
    ("GET", "/log/tile/{path}*"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
];

/// Every route for programs.
pub fn configure(app: &mut ServiceConfig) {
    app.service(get("/.well-known/oauth-authorization-server", oauth::authorization_server))
        .service(get("/.well-known/oauth-protected-resource", oauth::protected_resource))
        .service(get("/.well-known/oauth-protected-resource/api/v1/me", oauth::citizen_resource))
        .service(get("/openapi.json", openapi::document))
        .service(get("/oauth/jwks", oauth::jwks))
        .service(post("/oauth/par").route(web::post().to(oauth::par)))
        .service(post("/oauth/bc-authorize").route(web::post().to(oauth::bc_authorize)))
        .service(post("/oauth/token").route(web::post().to(oauth::token)))
        .service(post("/oauth/introspect").route(web::post().to(oauth::introspect)))
        .service(post("/oauth/revoke").route(web::post().to(oauth::revoke)))
        .service(
            several("/oauth/grants/{id}", "GET, HEAD, DELETE")
                .route(web::get().to(grants::query))
                .route(web::head().to(grants::query))
                .route(web::delete().to(grants::give_back)),
        )
        .service(get("/oauth/status-lists", grants::status_lists))
        .service(get("/oauth/status-lists/{n}", grants::status_list))
        .service(post("/data").route(web::post().to(data::data)))
        .service(get("/receipts/keys", receipts::keys))
        .service(get("/.well-known/ssf-configuration", notices::metadata))
        .service(
            several("/ssf/streams", "GET, HEAD, POST, PATCH, DELETE")
                .route(web::get().to(notices::read))
                .route(web::head().to(notices::read))
                .route(web::post().to(notices::create))
                .route(web::patch().to(notices::change))
                .route(web::delete().to(notices::remove)),
        )
        .service(
            several("/ssf/status", "GET, HEAD, POST")
                .route(web::get().to(notices::status))
                .route(web::head().to(notices::status))
                .route(web::post().to(notices::set_status)),
        )
        .service(post("/ssf/verify").route(web::post().to(notices::verify)))
        .service(post("/ssf/poll").route(web::post().to(notices::poll)))
        .service(post("/ssf/attestations").route(web::post().to(notices::attest)))
        .service(get("/log/checkpoint", log::checkpoint))
        .service(get("/log/tile/{path:.*}", log::tile))
        .service(get("/healthz", operations::healthz))
        .service(get("/readyz", operations::readyz))
        .service(get("/metrics", operations::metrics));
}

/// GET, and HEAD with it (RFC 9110 §9.3.2).
fn get<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(web::to(async |request: HttpRequest| wrong_method(&request, "GET, HEAD")))
}

fn post(path: &str) -> Resource {
    several(path, "POST")
}

/// A path with these methods, each routed by the caller.
fn several(path: &str, methods: &'static str) -> Resource {
    let refuse = move |request: HttpRequest| {
        let answer = wrong_method(&request, methods);
        async move { answer }
    };
    web::resource(path).default_service(web::to(refuse))
}

fn wrong_method(request: &HttpRequest, allowed: &'static str) -> HttpResponse {
    let detail = format!("`{}` is not possible here; use `{allowed}`.", request.method());
    let mut answer = error::problem(
        &Problem::new(405, "method_not_allowed", "This method is not possible here").with_detail(detail),
    );
    answer.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static(allowed));
    answer
}
