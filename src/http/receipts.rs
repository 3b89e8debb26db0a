//! The keys that verify receipts. Receipts themselves are the portal's pages.

use actix_web::{HttpResponse, http::header, web::Data};

use super::State;

/// `GET /receipts/keys`: every receipt key there ever was, as a JWK Set (RFC 7517). For any origin, so that a page
/// elsewhere can check a receipt; kept for less than the notice a new key is given before it signs.
pub async fn keys(state: Data<State>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .json(state.engines.tokens.receipt_keys())
}
