//! The other half of the story: a bank asks, is refused, asks again, is allowed once, and no more; the consent is taken
//! back, the next call is refused, and the bank must say that it knows.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use url::Url;

use super::{
    agency::{Agency, Reply, text},
    browser::{Browser, Page},
    people::Citizen,
    walk::{Story, sign_in},
};
use crate::{domain::receipt, jose::Jwks, outbound::exchange::Exchange, protocol::pkce};

/// What the bank asks for: a name it cannot do without, and a date of birth it can.
const FIELDS: &[&str] = &["person.id_number", "person.full_name", "person.birth_date"];
const OPTIONAL: &str = "person.birth_date";

/// The bank's side of the story.
pub struct ConsentWalk<'a, 's> {
    /// The bank's software.
    pub bank: Agency<'a>,
    /// Where the bank's site receives the browser.
    pub redirect_uri: String,
    /// HTTP for the citizen.
    pub http: &'a Exchange,
    /// Where the story is told.
    pub story: &'a mut Story<'s>,
}

impl ConsentWalk<'_, '_> {
    /// Walks; steps are numbered from `first`.
    ///
    /// # Errors
    /// When a step does not do what it should.
    pub async fn run(&mut self, citizen: &Citizen, first: u8) -> anyhow::Result<()> {
        let mut browser = Browser::new(self.http);
        sign_in(&mut browser, self.bank.issuer, citizen).await?;
        self.refused(&mut browser, citizen, first).await.with_context(|| format!("step {first}"))?;
        let (token, consent) =
            self.given(&mut browser, citizen, first + 1).await.context("the consent given")?;
        self.used_up(citizen, &token, first + 2).await.context("the limit")?;
        self.withdrawn(&mut browser, &consent, &token, first + 3).await.context("the withdrawal")?;
        self.acknowledged(&mut browser, &consent, first + 4).await.context("the acknowledgement")
    }

    async fn refused(&mut self, browser: &mut Browser<'_>, citizen: &Citizen, n: u8) -> anyhow::Result<()> {
        self.story.step(n, "A bank wants to verify a customer. The law does not allow it by itself: it must ask her. She says no.")?;
        let reply = self.bank.token(&detail(citizen)).await?;
        ensure!(text(&reply.body, "/error")? == "consent_required", "no consent was needed: {}", reply.body);
        let (page, _) = self.ask(browser, citizen).await?;
        let page = answer(browser, &page, "refuse").await?;
        let back = back_at(&page, &self.redirect_uri)?;
        ensure!(
            back.get("error").is_some_and(|error| error == "access_denied"),
            "the refusal reads {back:?}"
        );
        self.story
            .say("Back at the bank: error=access_denied. Nothing was read; the refusal is in her history.")
    }

    async fn given(
        &mut self,
        browser: &mut Browser<'_>,
        citizen: &Citizen,
        n: u8,
    ) -> anyhow::Result<(String, String)> {
        self.story.step(n, "The bank asks again. She allows her name and leaves her date of birth out; the code is exchanged for one token.")?;
        let (page, verifier) = self.ask(browser, citizen).await?;
        ensure!(
            page.text.contains(&format!("value=\"{OPTIONAL}\"")),
            "the optional field is not asked for by itself"
        );
        ensure!(!page.text.contains(" checked"), "something is ticked beforehand");
        let page = answer(browser, &page, "give").await?;
        let code = self.code(&page)?;
        let reply = self.exchange(&code, &verifier).await?;
        expect(&reply, 200)?;
        let again = self.exchange(&code, &verifier).await?;
        ensure!(
            text(&again.body, "/error")? == "invalid_grant",
            "a code was exchanged twice: {}",
            again.body
        );
        self.story.show(reply.body.pointer("/authorization_details/0").unwrap_or(&Value::Null))?;
        self.story.say("The same code a second time: invalid_grant, and everything issued on it has ended. So the bank asks once more.")?;

        let (page, verifier) = self.ask(browser, citizen).await?;
        let consent = page.url.path().trim_start_matches("/requests/").to_owned();
        let page = answer(browser, &page, "give").await?;
        let reply = self.exchange(&self.code(&page)?, &verifier).await?;
        expect(&reply, 200)?;
        Ok((text(&reply.body, "/access_token")?.to_owned(), consent))
    }

    /// The code the browser brought back.
    fn code(&self, page: &Page) -> anyhow::Result<String> {
        let back = back_at(page, &self.redirect_uri)?;
        ensure!(back.get("iss").is_some_and(|iss| iss == self.bank.issuer), "another issuer answered");
        Ok(back.get("code").context("no code came back")?.clone())
    }

    async fn exchange(&self, code: &str, verifier: &str) -> anyhow::Result<Reply> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", verifier),
        ];
        self.bank.post("/oauth/token", &form).await
    }

    async fn used_up(&mut self, citizen: &Citizen, token: &str, n: u8) -> anyhow::Result<()> {
        self.story.step(
            n,
            "One transaction, one consent, one reading: the data come once, and the next token is refused.",
        )?;
        let reply = self.bank.data(token).await?;
        expect(&reply, 200)?;
        let data = reply.body.get("data").and_then(Value::as_object).context("no data")?;
        ensure!(!data.contains_key(OPTIONAL), "the field she left out came back");
        self.story.show(&json!(data))?;
        let mut narrower = detail(citizen);
        if let Some(fields) = narrower.get_mut("datatypes") {
            *fields = json!(["person.full_name"]);
        }
        let reply = self.bank.token(&narrower).await?;
        ensure!(text(&reply.body, "/reason")? == "consent_used_up", "the limit did not hold: {}", reply.body);
        self.story.show(&reply.body)
    }

    async fn withdrawn(
        &mut self,
        browser: &mut Browser<'_>,
        consent: &str,
        token: &str,
        n: u8,
    ) -> anyhow::Result<()> {
        self.story.step(n, "She takes the consent back: one page to read, one button. From the same moment nothing gets through.")?;
        let issuer = self.bank.issuer;
        let receipt = browser.open(&format!("{issuer}/me/consents/{consent}/receipt")).await?;
        ensure!(receipt.status == 200, "the receipt answers {}", receipt.status);
        let keys = browser.open(&format!("{issuer}/receipts/keys")).await?;
        let keys = Jwks::parse(&serde_json::from_str(&keys.text)?)?;
        let claims = receipt::open(receipt.text.trim(), &keys)
            .map_err(|e| anyhow::anyhow!("the receipt does not hold: {e}"))?;
        self.story.say("Her receipt holds (`minhbach receipt verify FILE --keys …`):")?;
        for line in receipt::plain(&claims, crate::i18n::Lang::En).lines().take(6) {
            self.story.say(line)?;
        }
        let page = browser.open(&format!("{issuer}/me/consents/{consent}/withdraw")).await?;
        let form = page.forms().into_iter().find(|form| form.action.ends_with("/withdraw"));
        let page = browser.send(&page, &form.context("no form to withdraw with")?).await?;
        ensure!(page.status == 200, "the withdrawal answers {}", page.status);
        let reply = self.bank.data(token).await?;
        ensure!(reply.status == 401 || reply.status == 403, "data left after the withdrawal: {}", reply.body);
        self.story.say(&format!(
            "The bank's next call: {} {}",
            reply.status,
            reply.body.get("code").unwrap_or(&Value::Null)
        ))
    }

    async fn acknowledged(&mut self, browser: &mut Browser<'_>, consent: &str, n: u8) -> anyhow::Result<()> {
        self.story.step(
            n,
            "The bank is told by a signed security event until it acknowledges; she sees that it did.",
        )?;
        let form = [("grant_type", "client_credentials"), ("scope", "ssf.manage")];
        let reply = self.bank.post("/oauth/token", &form).await?;
        expect(&reply, 200)?;
        let service = text(&reply.body, "/access_token")?.to_owned();
        let mut acked = 0_usize;
        for _ in 0..5 {
            let poll = self
                .bank
                .json("/ssf/poll", &service, &json!({ "returnImmediately": true, "maxEvents": 20 }))
                .await?;
            expect(&poll, 200)?;
            let sets = poll.body.get("sets").and_then(Value::as_object).cloned().unwrap_or_default();
            if sets.is_empty() {
                break;
            }
            let ids: Vec<&String> = sets.keys().collect();
            acked += ids.len();
            let ack = json!({ "returnImmediately": true, "maxEvents": 0, "ack": ids });
            expect(&self.bank.json("/ssf/poll", &service, &ack).await?, 200)?;
        }
        ensure!(acked > 0, "nobody told the bank");
        self.story.say(&format!("{acked} events taken and acknowledged."))?;
        let page = browser.open(&format!("{}/me/consents/{consent}?lang=en", self.bank.issuer)).await?;
        ensure!(page.status == 200, "the consent's page answers {}", page.status);
        for line in ["We told the agency on", "The agency confirmed on", "must stop using the information by"]
        {
            ensure!(page.text.contains(line), "her page does not say `{line} …`");
        }
        self.story.say("Her page of this consent: told on, confirmed on, must stop by, each with its date.")
    }

    /// Pushes a request and sends the browser with it; the page she is asked on, and the verifier.
    async fn ask(&mut self, browser: &mut Browser<'_>, citizen: &Citizen) -> anyhow::Result<(Page, String)> {
        let verifier = self.bank.random.token();
        let details = Value::Array(vec![detail(citizen)]).to_string();
        let form = [
            ("response_type", "code"),
            ("redirect_uri", self.redirect_uri.as_str()),
            ("code_challenge", &pkce::challenge(&verifier)),
            ("code_challenge_method", "S256"),
            ("state", "quay-3"),
            ("authorization_details", &details),
        ];
        let reply = self.bank.post("/oauth/par", &form).await?;
        expect(&reply, 201)?;
        let mut address = Url::parse(&format!("{}/oauth/authorize", self.bank.issuer))?;
        address
            .query_pairs_mut()
            .append_pair("client_id", self.bank.client_id)
            .append_pair("request_uri", text(&reply.body, "/request_uri")?);
        let page = browser.open(address.as_str()).await?;
        ensure!(
            page.status == 200 && page.url.path().starts_with("/requests/"),
            "she was not asked: {} {}",
            page.status,
            page.url.path()
        );
        Ok((page, verifier))
    }
}

/// What the bank asks of her.
fn detail(citizen: &Citizen) -> Value {
    json!({
        "type": "urn:minhbach:personal-data",
        "purpose": "private.bank_verification",
        "subject": { "national_id": citizen.national_id },
        "actions": ["read"],
        "datatypes": FIELDS,
        "basis": "consent",
        "case": "GD-2026-0042",
        "justification": "Mở tài khoản thanh toán tại quầy",
    })
}

/// Sends the form of the request page with an answer.
async fn answer(browser: &mut Browser<'_>, page: &Page, answer: &str) -> anyhow::Result<Page> {
    let form = page.forms().into_iter().find(|form| form.action.ends_with("/answer"));
    let mut form = form.context("the page has no form to answer with")?;
    form.fields.remove("field");
    form.fields.insert("answer".to_owned(), answer.to_owned());
    browser.send(page, &form).await
}

/// What the bank's site was given: where the browser was sent, or where the page's link leads.
fn back_at(page: &Page, redirect_uri: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let url = if page.url.as_str().starts_with(redirect_uri) {
        page.url.clone()
    } else {
        ensure!(page.status == 200, "the answer ended at {} {}", page.status, page.url.path());
        let (_, rest) =
            page.text.split_once(&format!("href=\"{redirect_uri}")).context("no way back to the bank")?;
        let (query, _) = rest.split_once('"').context("the link does not end")?;
        Url::parse(&format!("{redirect_uri}{}", query.replace("&amp;", "&").replace("&#38;", "&")))?
    };
    Ok(url.query_pairs().into_owned().collect())
}

fn expect(reply: &Reply, status: u16) -> anyhow::Result<()> {
    ensure!(reply.status == status, "expected {status}, got {}: {}", reply.status, reply.body);
    Ok(())
}
