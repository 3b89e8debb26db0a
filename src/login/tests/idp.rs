//! A tiny identity provider for these tests: it publishes what it is told and signs what it is told.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::{
    crypto::{Algorithm, SeededRandom, SigningKey},
    login::{
        CallbackParams, IssuerConfig, LoginError, PendingSignIn, Provider, ReturnTo, SignedIn, begin, finish,
    },
    outbound::{exchange::Exchange, http},
    time::Millis,
};

/// 2026-11-22T03:00:00Z.
pub(super) const NOW: Millis = Millis(1_795_316_400_000);
pub(super) const CALLBACK: &str = "http://127.0.0.1:1/login/callback";
pub(super) const CITIZEN: &str = "999000000015";

pub(super) struct Key {
    pub(super) kid: Option<String>,
    pub(super) key: SigningKey,
}

impl Key {
    pub(super) fn new(algorithm: Algorithm, kid: &str) -> Self {
        let key = SigningKey::from_pkcs8(algorithm, &SigningKey::generate(algorithm).unwrap()).unwrap();
        Self { kid: Some(kid.to_owned()), key }
    }

    fn jwk(&self) -> Value {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let public = self.key.public();
        let mut jwk = match self.key {
            SigningKey::Es256(_) => {
                json!({"kty": "EC", "crv": "P-256", "x": encode(&public[1..33]), "y": encode(&public[33..])})
            }
            SigningKey::EdDsa(_) => json!({"kty": "OKP", "crv": "Ed25519", "x": encode(public)}),
        };
        jwk["use"] = "sig".into();
        if let Some(kid) = &self.kid {
            jwk["kid"] = kid.as_str().into();
        }
        jwk
    }

    /// A compact JWS; `header` members replace or add to `alg`, `typ` and `kid`.
    pub(super) fn sign(&self, header: &Value, claims: &Value) -> String {
        let alg = if self.key.algorithm() == Algorithm::Es256 { "ES256" } else { "EdDSA" };
        let mut full = json!({"alg": alg, "typ": "JWT"});
        if let Some(kid) = &self.kid {
            full["kid"] = kid.as_str().into();
        }
        for (name, value) in header.as_object().unwrap() {
            full[name] = value.clone();
        }
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&full), encode(claims));
        let signature = self.key.sign(signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// What the provider does at this moment.
pub(super) struct State {
    pub(super) keys: Vec<Key>,
    /// Members that replace those of the discovery document.
    pub(super) discovery: Value,
    pub(super) id_token: String,
    pub(super) userinfo: Value,
    /// An error body for the token endpoint.
    pub(super) token_error: Option<Value>,
    /// Answer 503 to everything.
    pub(super) down: bool,
    /// The newest request to the token endpoint: head and body.
    pub(super) asked: (String, String),
    pub(super) hits: BTreeMap<String, u32>,
}

pub(super) struct Idp {
    pub(super) issuer: String,
    state: Arc<Mutex<State>>,
}

impl Idp {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State {
            keys: vec![Key::new(Algorithm::Es256, "k1")],
            discovery: json!({}),
            id_token: String::new(),
            userinfo: json!({}),
            token_error: None,
            down: false,
            asked: Default::default(),
            hits: BTreeMap::new(),
        }));
        let (base, shared) = (issuer.clone(), Arc::clone(&state));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let _ = answer(stream.unwrap(), &base, &shared);
            }
        });
        Self { issuer, state }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(super) fn hits(&self, path: &str) -> u32 {
        self.state().hits.get(path).copied().unwrap_or(0)
    }

    pub(super) fn sign(&self, claims: &Value) -> String {
        self.state().keys[0].sign(&json!({}), claims)
    }

    /// A provider for this issuer, its section completed by `more` (TOML).
    pub(super) fn provider(&self, more: &str) -> Provider {
        Provider::new(self.config(more), CALLBACK.parse().unwrap(), Exchange::new(http::client().unwrap()))
            .unwrap()
    }

    pub(super) fn config(&self, more: &str) -> IssuerConfig {
        let toml = format!(
            "issuer = \"{}\"\nclient_id = \"minhbach\"\ndisplay_name = {{ vi = \"Thử\", en = \"Test\" }}\n{more}",
            self.issuer
        );
        toml::from_str(&toml).unwrap()
    }

    /// Claims of a good ID token for `pending`.
    pub(super) fn claims(&self, pending: &PendingSignIn) -> Value {
        json!({
            "iss": self.issuer, "aud": "minhbach", "sub": "s-1", "nonce": pending.nonce.expose(),
            "iat": NOW.seconds(), "exp": NOW.seconds() + 300, "auth_time": NOW.seconds() - 30,
            "acr": "high", "sid": "session-1", "national_id": CITIZEN,
            "unit": "Tổ một cửa", "name": "Trần Thị Mẫu",
        })
    }

    /// A whole sign-in; `bend` changes the token's claims, its header, and the callback.
    pub(super) async fn sign_in(
        &self,
        provider: &Provider,
        bend: impl FnOnce(&mut Value, &mut Value, &mut CallbackParams),
    ) -> Result<SignedIn, LoginError> {
        self.step_up(provider, None, bend).await
    }

    /// A sign-in that has to be as strong as that.
    pub(super) async fn step_up(
        &self,
        provider: &Provider,
        assurance: Option<u8>,
        bend: impl FnOnce(&mut Value, &mut Value, &mut CallbackParams),
    ) -> Result<SignedIn, LoginError> {
        let random = SeededRandom::new(7);
        let (_, pending) = begin(provider, NOW, &random, ReturnTo::parse("/me").unwrap(), assurance).await?;
        let (mut claims, mut header) = (self.claims(&pending), json!({}));
        let mut params = CallbackParams {
            code: Some("the-code".to_owned()),
            state: Some(pending.state.expose().clone()),
            ..CallbackParams::default()
        };
        bend(&mut claims, &mut header, &mut params);
        {
            let mut state = self.state();
            state.id_token = state.keys[0].sign(&header, &claims);
        }
        finish(provider, &pending, &params, NOW, &random).await
    }
}

fn answer(mut stream: TcpStream, base: &str, state: &Mutex<State>) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0_u8];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte)? == 1 {
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head
        .lines()
        .filter_map(|l| l.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();

    let mut state = state.lock().unwrap();
    *state.hits.entry(path.clone()).or_default() += 1;
    let (status, json) = match path.as_str() {
        _ if state.down => (503, json!({})),
        "/.well-known/openid-configuration" => {
            let mut document = json!({
                "issuer": base, "authorization_endpoint": format!("{base}/authorize"),
                "token_endpoint": format!("{base}/token"), "jwks_uri": format!("{base}/jwks"),
                "userinfo_endpoint": format!("{base}/userinfo"),
                "end_session_endpoint": format!("{base}/end"),
                "response_types_supported": ["code"], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256", "EdDSA", "ML-DSA-65"],
            });
            for (name, value) in state.discovery.as_object().unwrap() {
                document[name] = value.clone();
            }
            (200, document)
        }
        "/jwks" => (200, json!({"keys": state.keys.iter().map(Key::jwk).collect::<Vec<_>>()})),
        "/token" => {
            state.asked = (head, String::from_utf8(body).unwrap());
            match &state.token_error {
                Some(error) => (400, error.clone()),
                None => {
                    (200, json!({"access_token": "at-1", "token_type": "Bearer", "id_token": state.id_token}))
                }
            }
        }
        "/userinfo" if head.contains("Bearer at-1") => (200, state.userinfo.clone()),
        _ => (404, json!({})),
    };
    let json = json.to_string();
    write!(
        stream,
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{json}",
        json.len()
    )
}
