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
        Self::with_limit(client, ANSWER_LIMIT)
    }

    /// The same, reading at most `limit` bytes of each answer.
    #[must_use]
    pub const fn with_limit(client: reqwest::Client, limit: usize) -> Self {
        Self { client, limit }
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

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
    };

    use super::*;
    use crate::outbound::http;

    /// A server that gives every caller the same bytes.
    fn answering(bytes: Vec<u8>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(&bytes);
            }
        });
        address
    }

    async fn get(url: &str) -> Result<Response<Vec<u8>>, ExchangeError> {
        let request = Request::get(url).body(Vec::new()).unwrap();
        Exchange::new(http::client().unwrap()).send(request).await
    }

    #[tokio::test]
    async fn an_answer_without_end_is_dropped_at_the_limit() {
        let mut bytes = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec();
        bytes.resize(bytes.len() + ANSWER_LIMIT, b'x');
        assert_eq!(get(&answering(bytes.clone())).await.unwrap().body().len(), ANSWER_LIMIT);
        bytes.push(b'x');
        assert!(matches!(get(&answering(bytes)).await, Err(ExchangeError::TooLarge(_))));
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_not_followed() {
        let elsewhere = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec());
        let redirect = format!("HTTP/1.1 302 Found\r\nlocation: {elsewhere}\r\ncontent-length: 0\r\n\r\n");
        assert_eq!(get(&answering(redirect.into_bytes())).await.unwrap().status().as_u16(), 302);
    }

    #[tokio::test]
    async fn a_failure_does_not_quote_the_address() {
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let error = get(&format!("http://{closed}/999000000015")).await.unwrap_err();
        assert_eq!(error.to_string(), "no answer: cannot connect");
    }
}
