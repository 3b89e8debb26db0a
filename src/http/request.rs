//! Reading requests strictly: bodies with a limit, one media type, the headers that carry proofs.

use actix_web::{
    HttpRequest,
    http::{StatusCode, header},
    web::{BytesMut, Payload},
};
use futures_util::StreamExt as _;

use crate::{
    jose::dpop::{self, DpopError, DpopProof, NoncePolicy, Proof},
    protocol::{
        error::{ErrorCode, OAuthError},
        form::Form,
    },
    time::Millis,
};

/// The longest body that is read, in bytes.
pub const MAX_BODY: usize = 64 * 1024;

/// A body that is not read, with the status that says so.
#[derive(Debug, thiserror::Error)]
#[error("{description}")]
pub struct BadBody {
    /// The HTTP status.
    pub status: StatusCode,
    /// The stable code.
    pub reason: &'static str,
    /// The sentence.
    pub description: &'static str,
}

/// Reads a body of at most [`MAX_BODY`] bytes.
///
/// # Errors
/// 413 when it is longer, 400 when it breaks off.
pub async fn body(mut payload: Payload) -> Result<BytesMut, BadBody> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| BadBody {
            status: StatusCode::BAD_REQUEST,
            reason: "body_incomplete",
            description: "the body broke off",
        })?;
        if body.len().saturating_add(chunk.len()) > MAX_BODY {
            return Err(BadBody {
                status: StatusCode::PAYLOAD_TOO_LARGE,
                reason: "body_too_large",
                description: "the body is longer than 64 KiB",
            });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Why a form is not read.
#[derive(Debug, thiserror::Error)]
pub enum BadForm {
    /// The body itself.
    #[error(transparent)]
    Body(#[from] BadBody),
    /// What is in it.
    #[error(transparent)]
    Form(#[from] OAuthError),
}

/// Reads a form body.
///
/// # Errors
/// 415 for another media type, 413 when too long, `invalid_request` when it is not a form.
pub async fn form(request: &HttpRequest, payload: Payload) -> Result<Form, BadForm> {
    let is_form = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"));
    if !is_form {
        return Err(BadBody {
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            reason: "content_type",
            description: "the body must be application/x-www-form-urlencoded",
        }
        .into());
    }
    let body = body(payload).await?;
    Ok(Form::parse(&body).map_err(OAuthError::from)?)
}

/// Checks the DPoP proof of a request to `address`.
///
/// # Errors
/// [`DpopError`].
pub fn proof(
    request: &HttpRequest,
    address: &str,
    bound: Option<(&str, &str)>,
    nonce: NoncePolicy<'_>,
    now: Millis,
) -> Result<DpopProof, DpopError> {
    // A header that is not ASCII is a proof that cannot be read, not one that is absent.
    let headers: Vec<&str> =
        request.headers().get_all("DPoP").map(|value| value.to_str().unwrap_or_default()).collect();
    let (access_token, jkt) = bound.unzip();
    dpop::verify(
        &Proof { headers: &headers, htm: request.method().as_str(), htu: address, access_token, jkt, nonce },
        now,
    )
}

/// A proof error in OAuth's words.
#[must_use]
pub fn proof_error(error: &DpopError) -> OAuthError {
    let code = if error.asks_for_nonce() { ErrorCode::UseDpopNonce } else { ErrorCode::InvalidDpopProof };
    OAuthError::new(code, error.reason(), &error.to_string())
}
