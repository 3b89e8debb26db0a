//! Around every request: a span, a duration, and the headers that every answer carries.
//!
//! The span and the metric know the route's pattern, never the address itself (I6).

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderName, HeaderValue, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS},
    middleware::Next,
    web::Data,
};
use tracing::Instrument as _;

use super::State;

/// The middleware.
///
/// # Errors
/// Those of the service inside.
pub async fn observe<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let begun = std::time::Instant::now();
    let state = request.app_data::<Data<State>>().cloned();
    let route = request.match_pattern().unwrap_or_else(|| "unmatched".to_owned());
    let span = tracing::info_span!(
        "http.request",
        otel.kind = "server",
        http.route = %route,
        http.method = %request.method(),
        http.status = tracing::field::Empty
    );
    let mut answer = next.call(request).instrument(span.clone()).await?;
    let status = answer.status().as_u16();
    span.record("http.status", status);
    if let Some(state) = state {
        state.engines.metrics.http(&route, status, begun.elapsed());
        let headers = answer.headers_mut();
        if state.engines.addresses.issuer.starts_with("https:") {
            let value = HeaderValue::from_static("max-age=63072000; includeSubDomains");
            headers.insert(STRICT_TRANSPORT_SECURITY, value);
        }
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        let referrer = HeaderName::from_static("referrer-policy");
        headers.insert(referrer, HeaderValue::from_static("no-referrer"));
    }
    Ok(answer)
}
