//! One HTTP exchange in the vocabulary of the `http` crate, its answer bounded while it is read.
//!
//! Libraries that bring no HTTP stack of their own (`openidconnect`, `opentelemetry-otlp`) speak through it.

use opentelemetry_http::{Request, Response};

/// The most an identity provider or a telemetry collector is listened to, in bytes.
pub const ANSWER_LIMIT: usize = 1024 * 1024;

/// Why there is no answer. The address is left out: it may carry what must not be logged.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The request has no valid address, method or header.
    #[error("the request is not valid HTTP")]
    Unsendable,
    /// The connection, the handshake or a time-out failed.
    #[error("no answer: {0}")]
    NoAnswer(String),
    /// The body grew over the limit and was dropped.
    #[error("the answer is over {0} bytes")]
    TooLarge(usize),
}

/// A client and the limit on what it reads.
#[derive(Clone, Debug)]
pub struct Exchange {
    client: reqwest::Client,
    limit: usize,
}

impl Exchange {
    /// Exchanges over `client`, which must not follow redirects (RFC 9700 §4.11: an identity provider's answer
    /// must not lead the server elsewhere).
    #[must_use]
    pub const fn new(client: reqwest::Client) -> Self {
        Self { client, limit: ANSWER_LIMIT }
    }

    /// Sends one request and reads the whole answer, whatever its status.
    pub async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, ExchangeError> {
        let request = reqwest::Request::try_from(request).map_err(|_| ExchangeError::Unsendable)?;
        let mut answer = self.client.execute(request).await.map_err(|e| no_answer(&e))?;
        let mut reply = Response::new(Vec::new());
        *reply.status_mut() = answer.status();
        std::mem::swap(reply.headers_mut(), answer.headers_mut());
        while let Some(chunk) = answer.chunk().await.map_err(|e| no_answer(&e))? {
            if reply.body().len().saturating_add(chunk.len()) > self.limit {
                return Err(ExchangeError::TooLarge(self.limit));
            }
            reply.body_mut().extend_from_slice(&chunk);
        }
        Ok(reply)
    }
}

fn no_answer(error: &reqwest::Error) -> ExchangeError {
    let kind = if error.is_timeout() {
        "timed out"
    } else if error.is_connect() {
        "cannot connect"
    } else {
        "connection broke"
    };
    ExchangeError::NoAnswer(kind.to_owned())
}
