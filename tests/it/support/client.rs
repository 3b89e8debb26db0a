//! An agency's software that can do everything right, or exactly one thing wrong.

use minhbach::{
    crypto,
    jose::PrivateJwk,
    protocol::token::{ASSERTION_TYPE, ID_TOKEN_TYPE},
    time::Clock as _,
};
use serde_json::{Value, json};

use super::{DATA, ISSUER, TestApp, jws, reply::Reply};

/// A form: names may come twice.
pub(crate) type Form = Vec<(&'static str, String)>;

/// A client of the service.
#[derive(Clone)]
pub(crate) struct Caller<'a> {
    pub(crate) app: &'a TestApp,
    pub(crate) client_id: &'a str,
    pub(crate) key: &'a PrivateJwk,
    pub(crate) base: String,
}

impl<'a> Caller<'a> {
    /// The same client, speaking to another node.
    pub(crate) fn at(&self, base: String) -> Self {
        Self { base, ..self.clone() }
    }

    /// The same client with another key for everything.
    pub(crate) fn with_key(&self, key: &'a PrivateJwk) -> Self {
        Self { key, ..self.clone() }
    }

    /// Seconds now.
    pub(crate) fn now(&self) -> i64 {
        self.app.clock.now().seconds()
    }

    /// A name nothing else has.
    pub(crate) fn name(&self) -> String {
        self.app.random.token()
    }

    /// The header of a good assertion.
    pub(crate) fn assertion_header(&self) -> Value {
        json!({ "typ": "client-authentication+jwt", "alg": "ES256", "kid": self.key.kid() })
    }

    /// The claims of a good assertion.
    pub(crate) fn assertion_claims(&self) -> Value {
        json!({
            "iss": self.client_id, "sub": self.client_id, "aud": ISSUER, "jti": self.name(),
            "iat": self.now(), "exp": self.now() + 60,
        })
    }

    pub(crate) fn assertion(&self) -> String {
        jws::signed(&self.assertion_header(), &self.assertion_claims(), self.key)
    }

    /// The header of a good proof.
    pub(crate) fn proof_header(&self) -> Value {
        json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.key.public().bare() })
    }

    /// The claims of a good proof.
    pub(crate) fn proof_claims(&self, htu: &str, token: Option<&str>, nonce: Option<&str>) -> Value {
        let mut claims = json!({ "htm": "POST", "htu": htu, "jti": self.name(), "iat": self.now() });
        if let Some(token) = token {
            claims["ath"] = jws::encode(crypto::sha256(token.as_bytes())).into();
        }
        if let Some(nonce) = nonce {
            claims["nonce"] = nonce.into();
        }
        claims
    }

    /// A good proof for the token endpoint.
    pub(crate) fn proof(&self, nonce: &str) -> String {
        let claims = self.proof_claims(&format!("{ISSUER}/oauth/token"), None, Some(nonce));
        jws::signed(&self.proof_header(), &claims, self.key)
    }

    /// A good proof for the data endpoint.
    pub(crate) fn data_proof(&self, token: &str) -> String {
        jws::signed(&self.proof_header(), &self.proof_claims(DATA, Some(token), None), self.key)
    }

    /// Client authentication alone.
    pub(crate) fn authentication(&self) -> Form {
        vec![("client_assertion_type", ASSERTION_TYPE.to_owned()), ("client_assertion", self.assertion())]
    }

    /// A good token request.
    pub(crate) fn form(&self, detail: &Value) -> Form {
        self.form_of(&json!([detail]).to_string())
    }

    /// A token request with this text as its `authorization_details`.
    pub(crate) fn form_of(&self, details: &str) -> Form {
        let mut form = self.authentication();
        form.push(("grant_type", "client_credentials".to_owned()));
        form.push(("authorization_details", details.to_owned()));
        form
    }

    /// The nonce the service gives now.
    pub(crate) async fn nonce(&self) -> String {
        let reply = self.post_form("/oauth/token", &[], &[]).await;
        reply.header("dpop-nonce").to_owned()
    }

    /// Posts a form with these headers.
    pub(crate) async fn post_form(
        &self,
        path: &str,
        form: &[(&str, String)],
        headers: &[(&str, &str)],
    ) -> Reply {
        let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
        all.extend_from_slice(headers);
        self.post(path, serde_urlencoded::to_string(form).unwrap().into_bytes(), &all).await
    }

    /// Posts anything.
    pub(crate) async fn post(&self, path: &str, body: Vec<u8>, headers: &[(&str, &str)]) -> Reply {
        let mut request = self.app.http.post(format!("{}{path}", self.base)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Reply::read(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        Reply::read(self.app.http.get(format!("{}{path}", self.base)).send().await.unwrap()).await
    }

    /// Sends a token request with these proofs.
    pub(crate) async fn token_with(&self, form: &[(&str, String)], proofs: &[String]) -> Reply {
        let headers: Vec<(&str, &str)> = proofs.iter().map(|proof| ("dpop", proof.as_str())).collect();
        self.post_form("/oauth/token", form, &headers).await
    }

    /// Sends a token request with a good proof.
    pub(crate) async fn token_form(&self, form: &[(&str, String)]) -> Reply {
        let nonce = self.nonce().await;
        self.token_with(form, &[self.proof(&nonce)]).await
    }

    /// Asks for a token as one should.
    pub(crate) async fn token(&self, detail: &Value) -> Reply {
        self.token_form(&self.form(detail)).await
    }

    /// Asks with an official's proof of sign-in.
    pub(crate) async fn token_by(&self, detail: &Value, actor_token: &str) -> Reply {
        let mut form = self.form(detail);
        form.push(("actor_token", actor_token.to_owned()));
        form.push(("actor_token_type", ID_TOKEN_TYPE.to_owned()));
        self.token_form(&form).await
    }

    /// Fetches data as one should.
    pub(crate) async fn data(&self, token: &str) -> Reply {
        self.data_with(&format!("DPoP {token}"), &[self.data_proof(token)], &[]).await
    }

    /// Fetches data with an `Idempotency-Key`.
    pub(crate) async fn data_again(&self, token: &str, key: &str) -> Reply {
        let proof = self.data_proof(token);
        self.data_with(&format!("DPoP {token}"), &[proof], &[("idempotency-key", key)]).await
    }

    /// Fetches data with any headers.
    pub(crate) async fn data_with(
        &self,
        authorization: &str,
        proofs: &[String],
        headers: &[(&str, &str)],
    ) -> Reply {
        let mut all = vec![("authorization", authorization)];
        all.extend(proofs.iter().map(|proof| ("dpop", proof.as_str())));
        all.extend_from_slice(headers);
        self.post("/data", Vec::new(), &all).await
    }

    pub(crate) async fn introspect(&self, token: &str) -> Reply {
        self.about("/oauth/introspect", token).await
    }

    pub(crate) async fn revoke(&self, token: &str) -> Reply {
        self.about("/oauth/revoke", token).await
    }

    async fn about(&self, path: &str, token: &str) -> Reply {
        let mut form = self.authentication();
        form.push(("token", token.to_owned()));
        self.post_form(path, &form, &[]).await
    }
}
