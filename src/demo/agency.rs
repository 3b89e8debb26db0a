//! An agency's software as its developer would write it: assertion, proof, the nonce it is told to use, and nothing
//! else. The demonstration, `client try` and the benchmarks speak to the service through it.

use anyhow::{Context as _, bail};
use opentelemetry_http::{Request, Response};
use serde_json::Value;

use crate::{
    crypto::Random,
    jose::{PrivateJwk, assertion, dpop},
    outbound::exchange::Exchange,
    protocol::token::ASSERTION_TYPE,
    time::Clock,
};

/// What came back.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body; null when it is not JSON.
    pub body: Value,
}

/// A client with its key.
pub struct Agency<'a> {
    /// The service's issuer.
    pub issuer: &'a str,
    /// Its `client_id`.
    pub client_id: &'a str,
    /// Signs assertions, and here proofs as well.
    pub key: &'a PrivateJwk,
    /// HTTP.
    pub http: &'a Exchange,
    /// The clock.
    pub clock: &'a dyn Clock,
    /// Randomness.
    pub random: &'a dyn Random,
}

impl Agency<'_> {
    /// Asks for a token; a demand for a nonce is followed once, with a fresh assertion and proof.
    ///
    /// # Errors
    /// When the service does not answer.
    pub async fn token(&self, detail: &Value) -> anyhow::Result<Reply> {
        let details = Value::Array(vec![detail.clone()]).to_string();
        self.post(
            "/oauth/token",
            &[("grant_type", "client_credentials"), ("authorization_details", &details)],
        )
        .await
    }

    /// Sends a form with assertion and proof to an endpoint of the service; a demand for a nonce is followed once.
    ///
    /// # Errors
    /// When the service does not answer.
    pub async fn post(&self, path: &str, parameters: &[(&str, &str)]) -> anyhow::Result<Reply> {
        let first = self.send(path, parameters, None).await?;
        let nonce = first.headers().get("dpop-nonce").and_then(|v| v.to_str().ok()).map(str::to_owned);
        let reply = read(&first);
        match nonce {
            Some(nonce) if reply.body.get("error").is_some_and(|e| e == "use_dpop_nonce") => {
                Ok(read(&self.send(path, parameters, Some(&nonce)).await?))
            }
            _ => Ok(reply),
        }
    }

    async fn send(
        &self,
        path: &str,
        parameters: &[(&str, &str)],
        nonce: Option<&str>,
    ) -> anyhow::Result<Response<Vec<u8>>> {
        let address = format!("{}{path}", self.issuer);
        let request = Request::post(&address)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("dpop", self.proof(&address, None, nonce)?)
            .body(self.form(parameters)?.into_bytes())?;
        Ok(self.http.send(request).await?)
    }

    /// Sends JSON with a service token.
    ///
    /// # Errors
    /// When the service does not answer.
    pub async fn json(&self, path: &str, token: &str, body: &Value) -> anyhow::Result<Reply> {
        self.call("POST", path, token, Some(body)).await
    }

    /// Calls the service with a token, and a body if there is one.
    ///
    /// # Errors
    /// When the service does not answer.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Reply> {
        let address = format!("{}{path}", self.issuer);
        let (target, _) = address.split_once('?').unwrap_or((&address, ""));
        let request = Request::builder()
            .method(method)
            .uri(&address)
            .header("authorization", format!("DPoP {token}"))
            .header("dpop", self.proof_of(method, target, Some(token), None)?);
        let request = match body {
            Some(body) => {
                request.header("content-type", "application/json").body(body.to_string().into_bytes())?
            }
            None => request.body(Vec::new())?,
        };
        Ok(read(&self.http.send(request).await?))
    }

    /// A token for the service's own endpoints, with this scope.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn service_token(&self, scope: &str) -> anyhow::Result<String> {
        let form = [("grant_type", "client_credentials"), ("scope", scope)];
        let reply = self.post("/oauth/token", &form).await?;
        Ok(text(&reply.body, "/access_token")?.to_owned())
    }

    /// Fetches the data a token allows; the body may also be an error.
    ///
    /// # Errors
    /// When the service does not answer.
    pub async fn data(&self, token: &str) -> anyhow::Result<Reply> {
        self.call("POST", "/data", token, None).await
    }

    /// A form with a fresh client assertion.
    ///
    /// # Errors
    /// When the assertion cannot be signed.
    pub fn form(&self, parameters: &[(&str, &str)]) -> anyhow::Result<String> {
        let jti = self.random.token();
        let assertion = assertion::sign(self.client_id, self.issuer, &jti, self.key, self.clock.now())?;
        let mut all = parameters.to_vec();
        all.push(("client_assertion_type", ASSERTION_TYPE));
        all.push(("client_assertion", &assertion));
        serde_urlencoded::to_string(all).context("a form cannot be written")
    }

    /// A fresh proof for a POST to `address`.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn proof(&self, address: &str, token: Option<&str>, nonce: Option<&str>) -> anyhow::Result<String> {
        self.proof_of("POST", address, token, nonce)
    }

    fn proof_of(
        &self,
        htm: &str,
        htu: &str,
        token: Option<&str>,
        nonce: Option<&str>,
    ) -> anyhow::Result<String> {
        let jti = self.random.token();
        let proof = dpop::NewProof { htm, htu, jti: &jti, access_token: token, nonce };
        Ok(dpop::sign(&proof, self.key, self.clock.now())?)
    }
}

fn read(response: &Response<Vec<u8>>) -> Reply {
    let body = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
    Reply { status: response.status().as_u16(), body }
}

/// The text at a JSON pointer.
///
/// # Errors
/// When it is not there.
pub fn text<'v>(value: &'v Value, pointer: &str) -> anyhow::Result<&'v str> {
    match value.pointer(pointer).and_then(Value::as_str) {
        Some(text) => Ok(text),
        None => bail!("the answer has no text at {pointer}"),
    }
}
