use std::{collections::BTreeMap, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Response, StatusCode, header};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::oneshot,
};
use url::Url;

use super::*;
use crate::{
    crypto::{Algorithm, PublicKey, SeededRandom, sha256, verify},
    demo::people::{AGENCIES, CITIZENS, COMPLIANCE, OFFICIALS},
    outbound::http,
    time::ManualClock,
};

const CALLBACK: &str = "http://127.0.0.1:1/callback";
const GOODBYE: &str = "http://127.0.0.1:1/goodbye";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

struct Trial {
    idp: IdentityProvider,
    clock: Arc<ManualClock>,
    http: reqwest::Client,
}

fn settings(address: &str, backchannel: Option<String>) -> Settings {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    Settings {
        address: address.parse().unwrap(),
        key: SigningKey::from_pkcs8(Algorithm::Es256, &key).unwrap(),
        clients: vec![Client {
            id: "minh bạch".to_owned(),
            secret: Secret::new("bí mật: 100%".to_owned()),
            redirect_uris: vec![CALLBACK.to_owned()],
            post_logout_redirect_uris: vec![GOODBYE.to_owned()],
            backchannel_logout_uri: backchannel,
        }],
    }
}

fn trial(backchannel: Option<String>) -> Trial {
    let clock = Arc::new(ManualClock::at(Millis(1_795_000_000_000)));
    let random = Arc::new(SeededRandom::new(7));
    let idp = IdentityProvider::start(settings("127.0.0.1:0", backchannel), Arc::clone(&clock) as _, random)
        .unwrap();
    let options = http::Options { trust: http::Trust::Nobody, ..http::Options::default() };
    Trial { idp, clock, http: http::client_with(&options).unwrap() }
}

fn request() -> BTreeMap<&'static str, String> {
    [
        ("client_id", "minh bạch"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid profile"),
        ("state", "s&<\">1"),
        ("nonce", "n1"),
        ("code_challenge_method", "S256"),
    ]
    .into_iter()
    .map(|(name, value)| (name, value.to_owned()))
    .chain([("code_challenge", URL_SAFE_NO_PAD.encode(sha256(VERIFIER.as_bytes())))])
    .collect()
}

/// The parameters of a redirect to the callback.
fn returned(response: &Response) -> BTreeMap<String, String> {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let url = Url::parse(response.headers()[header::LOCATION].to_str().unwrap()).unwrap();
    assert!(url.as_str().starts_with(CALLBACK), "{url}");
    url.query_pairs().into_owned().collect()
}

impl Trial {
    async fn open(&self, realm: &Realm, request: &BTreeMap<&str, String>, cookie: &str) -> Response {
        let url = Url::parse_with_params(&format!("{}/authorize", self.idp.issuer(realm)), request).unwrap();
        self.http.get(url).header(header::COOKIE, cookie).send().await.unwrap()
    }

    /// Fills the form in; gives the code and the cookie.
    async fn sign_in(
        &self,
        realm: &Realm,
        login: &str,
        password: &str,
    ) -> Result<(String, String), Response> {
        let mut form = request();
        form.insert("login", login.to_owned());
        form.insert("password", password.to_owned());
        let address = format!("{}/authorize", self.idp.issuer(realm));
        let response = self.http.post(address).form(&form).send().await.unwrap();
        if response.status() != StatusCode::SEE_OTHER {
            return Err(response);
        }
        let answer = returned(&response);
        assert_eq!((answer["state"].as_str(), &answer["iss"]), ("s&<\">1", &self.idp.issuer(realm)));
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"));
        Ok((answer["code"].clone(), cookie.split(';').next().unwrap().to_owned()))
    }

    async fn redeem(
        &self,
        realm: &Realm,
        code: &str,
        change: (&str, &str),
        secret: &str,
    ) -> (StatusCode, Value) {
        let mut form = BTreeMap::from([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ]);
        form.insert(change.0, change.1);
        let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let response = self
            .http
            .post(format!("{}/token", self.idp.issuer(realm)))
            .basic_auth(encoded("minh bạch"), Some(encoded(secret)))
            .form(&form)
            .send()
            .await
            .unwrap();
        (response.status(), response.json().await.unwrap())
    }

    /// The claims of a token, after its signature was checked against the published key.
    async fn claims(&self, realm: &Realm, token: &str) -> Value {
        let jwks: Value = self.json(&format!("{}/jwks", self.idp.issuer(realm))).await;
        let part = |name: &str| URL_SAFE_NO_PAD.decode(jwks["keys"][0][name].as_str().unwrap()).unwrap();
        let point = [vec![4], part("x"), part("y")].concat();
        let parts: Vec<&str> = token.split('.').collect();
        let signature = URL_SAFE_NO_PAD.decode(parts[2]).unwrap();
        let input = format!("{}.{}", parts[0], parts[1]);
        assert!(verify(&PublicKey::Es256(point), input.as_bytes(), &signature));
        let decoded =
            |text: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
        assert_eq!(decoded(parts[0])["kid"], jwks["keys"][0]["kid"]);
        decoded(parts[1])
    }

    async fn json(&self, url: &str) -> Value {
        self.http.get(url).send().await.unwrap().json().await.unwrap()
    }
}

const SECRET: &str = "bí mật: 100%";
const SAME: (&str, &str) = ("grant_type", "authorization_code");

#[tokio::test]
async fn a_citizen_signs_in_and_only_the_citizens_issuer_asserts_a_national_id() {
    let trial = trial(None);
    let (citizen, official) = (CITIZENS[0], OFFICIALS[0]);
    let agency = Realm::Agency(official.agency.to_owned());
    for (realm, login, password) in [
        (Realm::Citizens, citizen.login, citizen.password),
        (agency.clone(), official.login, official.password),
        (Realm::Compliance(COMPLIANCE[0].agency.to_owned()), COMPLIANCE[0].login, COMPLIANCE[0].password),
    ] {
        let (code, _) = trial.sign_in(&realm, login, password).await.unwrap();
        let (status, tokens) = trial.redeem(&realm, &code, SAME, SECRET).await;
        assert_eq!(status, StatusCode::OK, "{tokens}");
        let claims = trial.claims(&realm, tokens["id_token"].as_str().unwrap()).await;
        assert_eq!(claims["iss"], trial.idp.issuer(&realm));
        assert_eq!(
            (&claims["aud"], &claims["nonce"], &claims["acr"]),
            (&json!("minh bạch"), &json!("n1"), &json!(ACR))
        );
        assert_eq!(claims["auth_time"], 1_795_000_000);
        assert_eq!(claims.get("national_id").is_some(), realm == Realm::Citizens);
        assert_eq!(claims.get("unit").is_some(), realm != Realm::Citizens);
    }
    // Nobody signs in where they do not belong.
    for (realm, login, password) in [
        (agency, citizen.login, citizen.password),
        (Realm::Citizens, official.login, official.password),
        (Realm::Compliance(official.agency.to_owned()), official.login, official.password),
        (Realm::Agency("ubnd-phuong-mau".to_owned()), official.login, official.password),
        (Realm::Citizens, citizen.login, "sai"),
    ] {
        let refused = trial.sign_in(&realm, login, password).await.unwrap_err();
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "{realm:?} {login}");
    }
}

#[tokio::test]
async fn discovery_names_endpoints_that_answer() {
    let trial = trial(None);
    for realm in Realm::all() {
        assert_eq!(Realm::parse(&realm.path()), Some(realm.clone()));
        let issuer = trial.idp.issuer(&realm);
        let found = trial.json(&format!("{issuer}/.well-known/openid-configuration")).await;
        assert_eq!(found["issuer"], issuer);
        for endpoint in ["authorization_endpoint", "token_endpoint", "jwks_uri", "end_session_endpoint"] {
            let status = trial.http.get(found[endpoint].as_str().unwrap()).send().await.unwrap().status();
            assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR, "{endpoint}");
            let missing = status == StatusCode::NOT_FOUND && endpoint != "token_endpoint";
            assert!(!missing, "{endpoint} of {issuer}");
        }
    }
    assert_eq!(Realm::all().len(), 1 + 2 * AGENCIES.len());
    let nowhere = format!("{}/agencies/nowhere/.well-known/openid-configuration", trial.idp.origin());
    assert_eq!(trial.http.get(nowhere).send().await.unwrap().status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_form_says_what_it_is_and_sends_the_request_along_unharmed() {
    let trial = trial(None);
    let page = trial.open(&Realm::Citizens, &request(), "").await;
    assert!(!page.headers()["content-security-policy"].to_str().unwrap().contains("script-src"));
    let page = page.text().await.unwrap();
    assert!(page.contains("Máy chủ đăng nhập mô phỏng") && page.contains("Stand-in sign-in"));
    assert!(page.contains("value=\"s&amp;&lt;&quot;&gt;1\"") && !page.contains("<script"));
}

#[tokio::test]
async fn a_bad_request_is_refused_and_an_unknown_address_is_never_redirected_to() {
    let trial = trial(None);
    for (name, value) in [("client_id", "nobody"), ("redirect_uri", "http://127.0.0.1:1/other")] {
        let mut bad = request();
        bad.insert(name, value.to_owned());
        let response = trial.open(&Realm::Citizens, &bad, "").await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert!(response.headers().get(header::LOCATION).is_none());
    }
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("scope", "profile", "invalid_scope"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("prompt", "none", "login_required"),
    ] {
        let mut bad = request();
        bad.insert(name, value.to_owned());
        let answer = returned(&trial.open(&Realm::Citizens, &bad, "").await);
        assert_eq!(answer["error"], error, "{name}");
        assert_eq!(answer["iss"], trial.idp.issuer(&Realm::Citizens));
    }
}

#[tokio::test]
async fn a_code_works_once_for_its_client_verifier_address_realm_and_minute() {
    let trial = trial(None);
    let realm = Realm::Citizens;
    let person = CITIZENS[1];
    let code = async || trial.sign_in(&realm, person.login, person.password).await.unwrap().0;
    for change in [
        ("code_verifier", "wrong-verifier-wrong-verifier-wrong-verifier"),
        ("redirect_uri", "http://127.0.0.1:1/other"),
        ("code", "guess"),
    ] {
        let (status, body) = trial.redeem(&realm, &code().await, change, SECRET).await;
        assert_eq!(
            (status, &body["error"]),
            (StatusCode::BAD_REQUEST, &json!("invalid_grant")),
            "{change:?}"
        );
    }
    let other = Realm::Agency("csgt-thu-nghiem".to_owned());
    assert_eq!(trial.redeem(&other, &code().await, SAME, SECRET).await.1["error"], "invalid_grant");
    let (status, body) = trial.redeem(&realm, &code().await, SAME, "guess").await;
    assert_eq!((status, &body["error"]), (StatusCode::UNAUTHORIZED, &json!("invalid_client")));
    let (_, body) = trial.redeem(&realm, &code().await, ("grant_type", "password"), SECRET).await;
    assert_eq!(body["error"], "unsupported_grant_type");

    let once = code().await;
    assert_eq!(trial.redeem(&realm, &once, SAME, SECRET).await.0, StatusCode::OK);
    assert_eq!(trial.redeem(&realm, &once, SAME, SECRET).await.1["error"], "invalid_grant");
    let late = code().await;
    trial.clock.advance(Duration::from_mins(1));
    assert_eq!(trial.redeem(&realm, &late, SAME, SECRET).await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn a_live_session_needs_no_second_password_until_it_is_asked_for() {
    let trial = trial(None);
    let (_, cookie) = trial.sign_in(&Realm::Citizens, CITIZENS[0].login, CITIZENS[0].password).await.unwrap();
    assert!(returned(&trial.open(&Realm::Citizens, &request(), &cookie).await).contains_key("code"));
    let elsewhere = Realm::Agency("csgt-thu-nghiem".to_owned());
    assert_eq!(trial.open(&elsewhere, &request(), &cookie).await.status(), StatusCode::OK, "the form");
    let mut again = request();
    again.insert("prompt", "login".to_owned());
    assert_eq!(trial.open(&Realm::Citizens, &again, &cookie).await.status(), StatusCode::OK, "the form");
    let mut recent = request();
    recent.insert("max_age", "600".to_owned());
    trial.clock.advance(Duration::from_secs(599));
    assert_eq!(trial.open(&Realm::Citizens, &recent, &cookie).await.status(), StatusCode::SEE_OTHER);
    trial.clock.advance(Duration::from_secs(1));
    assert_eq!(trial.open(&Realm::Citizens, &recent, &cookie).await.status(), StatusCode::OK, "the form");
}

/// A client's back-channel address that takes one logout token.
async fn client_that_listens() -> (String, oneshot::Receiver<String>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (told, hears) = oneshot::channel();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut text = String::new();
        while !text.contains("logout_token=") || !text.contains("\r\n\r\n") {
            let mut bytes = [0_u8; 8192];
            let n = socket.read(&mut bytes).await.unwrap();
            text.push_str(&String::from_utf8_lossy(&bytes[..n]));
        }
        socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        let _ = told.send(text.rsplit("logout_token=").next().unwrap().to_owned());
    });
    (format!("http://127.0.0.1:{port}/backchannel"), hears)
}

#[tokio::test]
async fn signing_out_ends_the_session_and_tells_the_client_behind_the_browsers_back() {
    let (address, hears) = client_that_listens().await;
    let trial = trial(Some(address));
    let realm = Realm::Citizens;
    let (code, cookie) = trial.sign_in(&realm, CITIZENS[2].login, CITIZENS[2].password).await.unwrap();
    let (_, tokens) = trial.redeem(&realm, &code, SAME, SECRET).await;
    let hint = tokens["id_token"].as_str().unwrap();
    let end = format!("{}/end-session", trial.idp.issuer(&realm));

    // Without a hint of ours nothing ends and nobody is sent anywhere.
    let forged = format!("{}x", hint.split_at(hint.len() - 1).0);
    let url =
        Url::parse_with_params(&end, [("id_token_hint", &*forged), ("post_logout_redirect_uri", GOODBYE)])
            .unwrap();
    assert_eq!(trial.http.get(url).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(trial.open(&realm, &request(), &cookie).await.status(), StatusCode::SEE_OTHER);

    let parameters = [("id_token_hint", hint), ("post_logout_redirect_uri", GOODBYE), ("state", "x")];
    let response = trial.http.get(Url::parse_with_params(&end, parameters).unwrap()).send().await.unwrap();
    assert_eq!(response.headers()[header::LOCATION], format!("{GOODBYE}?state=x"));
    assert_eq!(trial.open(&realm, &request(), &cookie).await.status(), StatusCode::OK, "the form");
    let (session, logout) =
        (trial.claims(&realm, hint).await, trial.claims(&realm, &hears.await.unwrap()).await);
    assert_eq!((&logout["sid"], &logout["sub"]), (&session["sid"], &session["sub"]));
    assert!(logout["events"].get("http://schemas.openid.net/event/backchannel-logout").is_some());
    assert!(logout.get("nonce").is_none() && logout.get("national_id").is_none());

    let elsewhere = [("id_token_hint", hint), ("post_logout_redirect_uri", "http://127.0.0.1:1/other")];
    let response = trial.http.get(Url::parse_with_params(&end, elsewhere).unwrap()).send().await.unwrap();
    assert!(response.headers().get(header::LOCATION).is_none());
}

#[tokio::test]
async fn signing_out_needs_no_id_token_in_an_address() {
    let trial = trial(None);
    let realm = Realm::Citizens;
    let end = format!("{}/end-session", trial.idp.issuer(&realm));
    for way in ["a sid in the address", "a token in the body", "the person's own word"] {
        let (code, cookie) = trial.sign_in(&realm, CITIZENS[2].login, CITIZENS[2].password).await.unwrap();
        let (_, tokens) = trial.redeem(&realm, &code, SAME, SECRET).await;
        let token = tokens["id_token"].as_str().unwrap();
        let sid = trial.claims(&realm, token).await["sid"].as_str().unwrap().to_owned();
        let back = ("post_logout_redirect_uri", GOODBYE);
        let response = match way {
            "a sid in the address" => {
                let hint = [("logout_hint", sid.as_str()), ("client_id", "minh bạch"), back];
                trial.http.get(Url::parse_with_params(&end, hint).unwrap())
            }
            "a token in the body" => trial.http.post(&end).form(&[("id_token_hint", token), back]),
            _ => trial.http.post(&end).header(header::COOKIE, &cookie).form(&[back]),
        };
        let response = response.send().await.unwrap();
        let returned = response.headers().get(header::LOCATION).is_some();
        assert_eq!(returned, way != "the person's own word", "{way}: {response:?}");
        assert_eq!(trial.open(&realm, &request(), &cookie).await.status(), StatusCode::OK, "{way}: the form");
    }
}

#[tokio::test]
async fn an_actor_token_can_be_had_without_a_browser_for_the_realms_own_people_only() {
    let trial = trial(None);
    let official = OFFICIALS[0];
    let realm = Realm::Agency(official.agency.to_owned());
    let at = Millis(1_794_990_000_000);
    let token = trial.idp.id_token(&realm, official.login, "agency-software", at).unwrap();
    let claims = trial.claims(&realm, &token).await;
    assert_eq!((&claims["sub"], &claims["unit"]), (&json!(official.id), &json!(official.unit)));
    assert_eq!((&claims["aud"], &claims["auth_time"]), (&json!("agency-software"), &json!(1_794_990_000)));
    assert!(trial.idp.id_token(&realm, CITIZENS[0].login, "agency-software", at).is_none());
}

#[tokio::test]
async fn it_refuses_to_listen_anywhere_but_on_the_loopback() {
    for address in ["0.0.0.0:0", "127.0.0.2:0", "[::]:0", "[::1]:0", "192.0.2.1:0"] {
        let clock = Arc::new(ManualClock::at(Millis(0)));
        let refused = IdentityProvider::start(settings(address, None), clock, Arc::new(SeededRandom::new(1)))
            .unwrap_err();
        assert!(refused.to_string().contains("127.0.0.1 only"), "{refused}");
    }
}
