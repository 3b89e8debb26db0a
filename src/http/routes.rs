//! The table of routes: read this first.

use actix_web::{
    HttpRequest, HttpResponse, Resource,
    http::{Method, header},
    web::{self, ServiceConfig},
};

use super::{data, error, log, oauth, openapi, operations};
use crate::protocol::problem::Problem;

/// Method, path; what a test of every endpoint goes through.
pub const ENDPOINTS: &[(&str, &str)] = &[
    ("GET", "/.well-known/oauth-authorization-server"),
    ("GET", "/.well-known/oauth-protected-resource"),
    ("GET", "/openapi.json"),
    ("GET", "/oauth/jwks"),
    ("POST", "/oauth/token"),
    ("POST", "/oauth/introspect"),
    ("POST", "/oauth/revoke"),
    ("POST", "/data"),
    ("GET", "/log/checkpoint"),
    ("GET", "/log/tile/{path}*"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
];

/// Every route for programs.
pub fn configure(app: &mut ServiceConfig) {
    app.service(
        get("/.well-known/oauth-authorization-server").route(web::get().to(oauth::authorization_server)),
    )
    .service(get("/.well-known/oauth-protected-resource").route(web::get().to(oauth::protected_resource)))
    .service(get("/openapi.json").route(web::get().to(openapi::document)))
    .service(get("/oauth/jwks").route(web::get().to(oauth::jwks)))
    .service(post("/oauth/token").route(web::post().to(oauth::token)))
    .service(post("/oauth/introspect").route(web::post().to(oauth::introspect)))
    .service(post("/oauth/revoke").route(web::post().to(oauth::revoke)))
    .service(post("/data").route(web::post().to(data::data)))
    .service(get("/log/checkpoint").route(web::get().to(log::checkpoint)))
    .service(get("/log/tile/{path:.*}").route(web::get().to(log::tile)))
    .service(get("/healthz").route(web::get().to(operations::healthz)))
    .service(get("/readyz").route(web::get().to(operations::readyz)))
    .service(get("/metrics").route(web::get().to(operations::metrics)));
}

fn get(path: &str) -> Resource {
    web::resource(path)
        .default_service(web::to(async |request: HttpRequest| wrong_method(&request, &Method::GET)))
}

fn post(path: &str) -> Resource {
    web::resource(path)
        .default_service(web::to(async |request: HttpRequest| wrong_method(&request, &Method::POST)))
}

fn wrong_method(request: &HttpRequest, allowed: &Method) -> HttpResponse {
    let detail = format!("`{}` is not possible here; use `{allowed}`.", request.method());
    let mut answer = error::problem(
        &Problem::new(405, "method_not_allowed", "This method is not possible here").with_detail(detail),
    );
    if let Ok(value) = header::HeaderValue::from_str(allowed.as_str()) {
        answer.headers_mut().insert(header::ALLOW, value);
    }
    answer
}
