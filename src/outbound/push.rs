//! Pushing a Security Event Token to its receiver (RFC 8935), and reading no more of the answer than it needs.
//!
//! Out of scope: what the answer means for the notice, and when to try again (`notices`).

use opentelemetry_http::Request;
use serde::Deserialize;

use super::{
    exchange::{Exchange, ExchangeError},
    http::Client,
};
use crate::secret::Secret;

/// The most of an answer that is read, in bytes: an error is a small JSON object (RFC 8935 §2.3).
const ANSWER_LIMIT: usize = 16 * 1024;

/// The error codes of RFC 8935 §2.4; others are not repeated, they may hold anything.
const CODES: [&str; 6] = [
    "invalid_request",
    "invalid_key",
    "invalid_issuer",
    "invalid_audience",
    "authentication_failed",
    "access_denied",
];

/// What a receiver answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status; only 202 acknowledges (RFC 8935 §2.2).
    pub status: u16,
    /// The receiver's `err` beside a 400 (§2.3): one of the registered codes, or `other`.
    pub err: Option<&'static str>,
}

/// The registered code of this name; `other` for any other.
#[must_use]
pub fn error_code(name: &str) -> &'static str {
    CODES.into_iter().find(|code| *code == name).unwrap_or("other")
}

/// Pushes events. Redirects are answers and are not followed.
#[derive(Clone, Debug)]
pub struct Push(Exchange);

impl Push {
    /// Pushes over `client`.
    #[must_use]
    pub const fn new(client: Client) -> Self {
        Self(Exchange::with_limit(client, ANSWER_LIMIT))
    }

    /// Sends one SET in compact form and reads the answer.
    ///
    /// # Errors
    /// [`ExchangeError`] when there is no answer.
    pub async fn deliver(
        &self,
        endpoint: &str,
        authorization: Option<&Secret<String>>,
        set: String,
    ) -> Result<Answer, ExchangeError> {
        #[derive(Deserialize)]
        struct Refusal {
            err: String,
        }
        let mut request = Request::post(endpoint)
            .header("content-type", "application/secevent+jwt")
            .header("accept", "application/json");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization.expose());
        }
        let request = request.body(set.into_bytes()).map_err(|_| ExchangeError::Unsendable)?;
        let answer = self.0.send(request).await?;
        let status = answer.status().as_u16();
        let err = (status == 400)
            .then(|| serde_json::from_slice::<Refusal>(answer.body()).ok())
            .flatten()
            .map(|refusal| error_code(&refusal.err));
        Ok(Answer { status, err })
    }
}
