//! Asking a citizen who is there: the push, her browser on the page of the question, her answer, the code.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use serde_json::Value;
use url::Url;

use super::{Scene, expect};
use crate::{
    demo::{
        agency::{Agency, Reply, text},
        browser::{Browser, Page},
    },
    protocol::{pkce, token::ID_TOKEN_TYPE},
};

/// A question that is open in somebody's browser.
pub(super) struct Asked {
    pub(super) page: Page,
    /// Proves at the exchange that it is the same software (RFC 7636).
    verifier: String,
}

impl Asked {
    /// The consent's id: it is the request that is answered.
    pub(super) fn consent(&self) -> &str {
        self.page.url.path().trim_start_matches("/requests/")
    }
}

/// An agency's software and the site its citizens come back to.
pub(super) struct Asker<'a> {
    pub(super) agency: Agency<'a>,
    redirect_uri: String,
}

impl<'a> Asker<'a> {
    pub(super) fn new(scene: &Scene<'a>, client_id: &'static str) -> anyhow::Result<Self> {
        Ok(Self { agency: scene.agency(client_id)?, redirect_uri: scene.redirect_uri(client_id)? })
    }

    /// Pushes a request (PAR) and gives the address to send a browser to.
    pub(super) async fn push(&self, detail: &Value) -> anyhow::Result<(String, String)> {
        let verifier = self.agency.random.token();
        let details = Value::Array(vec![detail.clone()]).to_string();
        let form = [
            ("response_type", "code"),
            ("redirect_uri", self.redirect_uri.as_str()),
            ("code_challenge", &pkce::challenge(&verifier)),
            ("code_challenge_method", "S256"),
            ("state", "quay-3"),
            ("authorization_details", &details),
        ];
        let reply = self.agency.post("/oauth/par", &form).await?;
        expect(&reply, 201)?;
        let mut address = Url::parse(&format!("{}/oauth/authorize", self.agency.issuer))?;
        address
            .query_pairs_mut()
            .append_pair("client_id", self.agency.client_id)
            .append_pair("request_uri", text(&reply.body, "/request_uri")?);
        Ok((address.into(), verifier))
    }

    /// The same, and the browser goes there.
    pub(super) async fn ask(&self, browser: &mut Browser<'_>, detail: &Value) -> anyhow::Result<Asked> {
        let (address, verifier) = self.push(detail).await?;
        let page = browser.open(&address).await?;
        let (status, path) = (page.status, page.url.path());
        ensure!(status == 200 && path.starts_with("/requests/"), "not asked: {status} {path}");
        Ok(Asked { page, verifier })
    }

    /// What the agency's site was given where the browser was sent.
    pub(super) fn back_at(&self, page: &Page) -> anyhow::Result<BTreeMap<String, String>> {
        let home = page.url.as_str().starts_with(self.redirect_uri.as_str());
        ensure!(home, "the answer ended at {} {}", page.status, page.url.path());
        Ok(page.url.query_pairs().into_owned().collect())
    }

    /// The code the browser brought back.
    pub(super) fn code(&self, page: &Page) -> anyhow::Result<String> {
        let back = self.back_at(page)?;
        ensure!(back.get("iss").is_some_and(|iss| iss == self.agency.issuer), "another issuer answered");
        Ok(back.get("code").context("no code came back")?.clone())
    }

    /// Exchanges a code; `official` is an ID token, where the purpose wants to know who acts.
    pub(super) async fn exchange(
        &self,
        asked: &Asked,
        code: &str,
        official: Option<&str>,
    ) -> anyhow::Result<Reply> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", &asked.verifier),
        ];
        form.extend(acting(official));
        self.agency.post("/oauth/token", &form).await
    }
}

/// The official of a token request.
pub(super) fn acting(id_token: Option<&str>) -> impl Iterator<Item = (&'static str, &str)> {
    let both = id_token.map(|token| [("actor_token", token), ("actor_token_type", ID_TOKEN_TYPE)]);
    both.into_iter().flatten()
}

/// Sends the form of the page of a question with an answer; nothing optional is ticked.
pub(super) async fn answer(browser: &mut Browser<'_>, page: &Page, answer: &str) -> anyhow::Result<Page> {
    let form = page.forms().into_iter().find(|form| form.action.ends_with("/answer"));
    let mut form = form.context("the page has no form to answer with")?;
    form.fields.remove("field");
    form.fields.insert("answer".to_owned(), answer.to_owned());
    browser.send(page, &form).await
}

/// Presses the button of a page that does this: `withdraw`, `pause`, `resume`, `onward`.
pub(super) async fn press(browser: &mut Browser<'_>, address: &str, act: &str) -> anyhow::Result<Page> {
    let page = browser.open(address).await?;
    let form = page.forms().into_iter().find(|form| form.action.ends_with(&format!("/{act}")));
    let form = form.with_context(|| format!("no button `{act}` at {}", page.url.path()))?;
    let done = browser.send(&page, &form).await?;
    ensure!(done.status == 200, "`{act}` answers {} at {}", done.status, done.url.path());
    Ok(done)
}
