//! An official signs in at her agency through its software (OpenID Connect, code with PKCE), and the software gets the
//! ID token that it sends along as `actor_token`.

use anyhow::{Context as _, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use opentelemetry_http::Request;
use serde_json::Value;
use url::Url;

use super::{Scene, seed, typed_in};
use crate::{
    demo::{agency::text, browser::Browser, idp::Realm, people::OFFICIALS},
    protocol::pkce,
};

/// The ID token of a sign-in of this official for this software.
pub(super) async fn id_token(scene: &Scene<'_>, client_id: &str, official: &str) -> anyhow::Result<String> {
    let client = seed(client_id)?;
    let official = OFFICIALS.iter().find(|known| known.id == official && known.agency == client.agency);
    let official = official.context("no such official")?;
    let issuer = scene.idp.issuer(&Realm::Agency(client.agency.to_owned()));
    let (verifier, redirect_uri) = (scene.random.token(), scene.redirect_uri(client_id)?);

    let mut address = Url::parse(&format!("{issuer}/authorize"))?;
    address.query_pairs_mut().extend_pairs([
        ("response_type", "code"),
        ("client_id", client_id),
        ("redirect_uri", &redirect_uri),
        ("scope", "openid"),
        ("code_challenge", &pkce::challenge(&verifier)),
        ("code_challenge_method", "S256"),
    ]);
    let mut browser = Browser::new(scene.http);
    let page = browser.open(address.as_str()).await?;
    let page = typed_in(&mut browser, &page, official.login, official.password).await?;
    let code = page.url.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned());
    let code = code.with_context(|| format!("the official's sign-in ended at {}", page.url.path()))?;

    let secret = scene.secrets.get(client_id).context("a client without a secret")?;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &redirect_uri),
        ("code_verifier", &verifier),
    ];
    let request = Request::post(format!("{issuer}/token"))
        .header("authorization", format!("Basic {}", STANDARD.encode(format!("{client_id}:{secret}"))))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(serde_urlencoded::to_string(form)?.into_bytes())?;
    let answer = scene.http.send(request).await?;
    ensure!(answer.status().is_success(), "the code answers {}", answer.status());
    let tokens: Value = serde_json::from_slice(answer.body())?;
    Ok(text(&tokens, "/id_token")?.to_owned())
}
