//! The story of DESIGN §1, told by doing it over real HTTP; every step says what came back and fails if it should not.

use std::io::Write;

use anyhow::{Context as _, ensure};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{
    agency::{Agency, Reply, text},
    browser::Browser,
    people::{CITIZENS, Citizen, UNKNOWN},
};
use crate::{
    app::service::Running,
    ledger::{proof::EntryProof, verify::verify},
    merkle::note::Verifier,
    outbound::exchange::Exchange,
};

/// What the walk goes through.
pub struct Walk<'a, 's> {
    /// The agency's software.
    pub agency: Agency<'a>,
    /// HTTP for the citizen.
    pub http: &'a Exchange,
    /// The service, for the last step: checking the ledger from its files.
    pub running: &'a Running,
    /// Where the story is told.
    pub story: &'a mut Story<'s>,
}

/// Where the story is told, step by step.
pub struct Story<'a>(pub &'a mut dyn Write);

impl Story<'_> {
    /// Begins a step.
    ///
    /// # Errors
    /// When nobody takes it any more.
    pub fn step(&mut self, n: u8, title: &str) -> anyhow::Result<()> {
        Ok(writeln!(self.0, "\n{n}. {title}")?)
    }

    /// Says a line of the step.
    ///
    /// # Errors
    /// When nobody takes it any more.
    pub fn say(&mut self, line: &str) -> anyhow::Result<()> {
        Ok(writeln!(self.0, "   {line}")?)
    }

    /// Shows what came back.
    ///
    /// # Errors
    /// When nobody takes it any more.
    pub fn show(&mut self, value: &Value) -> anyhow::Result<()> {
        for line in serde_json::to_string_pretty(value)?.lines() {
            self.say(line)?;
        }
        Ok(())
    }
}

/// The fields the officer really needs.
const FIELDS: &[&str] =
    &["person.full_name", "person.birth_date", "driver.licence_class", "driver.has_points_left"];

impl Walk<'_, '_> {
    /// Walks.
    ///
    /// # Errors
    /// When a step does not do what it should.
    pub async fn run(&mut self) -> anyhow::Result<()> {
        let citizen = CITIZENS.first().context("nobody to tell the story about")?;
        let token = self.token(citizen).await.context("step 1")?;
        self.excess(citizen).await.context("step 2")?;
        let entry = self.data(citizen, &token).await.context("step 3")?;
        self.nobody().await.context("step 4")?;
        let proof = self.history(citizen, &entry).await.context("step 5")?;
        self.check(&proof).context("step 6")
    }

    fn step(&mut self, n: u8, title: &str) -> anyhow::Result<()> {
        self.story.step(n, title)
    }

    fn say(&mut self, line: &str) -> anyhow::Result<()> {
        self.story.say(line)
    }

    fn show(&mut self, value: &Value) -> anyhow::Result<()> {
        self.story.show(value)
    }

    async fn token(&mut self, citizen: &Citizen) -> anyhow::Result<String> {
        self.step(
            1,
            "An officer renews a driving licence. Her agency's software asks for one token for one purpose.",
        )?;
        let asked = detail(citizen.national_id, FIELDS);
        let reply = self.agency.token(&asked).await?;
        expect(&reply, 200)?;
        let token = text(&reply.body, "/access_token")?.to_owned();
        let claims = token.split('.').nth(1).unwrap_or_default();
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims)?)?;
        ensure!(!claims.to_string().contains(citizen.national_id), "the token shows the national id");
        self.say("The entry is committed, then the token is released. It names the person only by this agency's handle:")?;
        self.show(claims.pointer("/authorization_details/0").unwrap_or(&Value::Null))?;
        Ok(token)
    }

    async fn excess(&mut self, citizen: &Citizen) -> anyhow::Result<()> {
        self.step(
            2,
            "The same request with one field too many is refused, and the refusal names the field.",
        )?;
        let fields: Vec<&str> = FIELDS.iter().copied().chain(["tax.obligation_balance"]).collect();
        let reply = self.agency.token(&detail(citizen.national_id, &fields)).await?;
        expect(&reply, 400)?;
        ensure!(text(&reply.body, "/error")? == "invalid_authorization_details", "another error");
        ensure!(
            text(&reply.body, "/error_description")?.contains("tax.obligation_balance"),
            "no field named"
        );
        self.show(&reply.body)
    }

    async fn data(&mut self, citizen: &Citizen, token: &str) -> anyhow::Result<String> {
        self.step(
            3,
            "One call for the data: every register is asked at once, only the granted fields come back.",
        )?;
        let reply = self.agency.data(token).await?;
        expect(&reply, 200)?;
        let data = reply.body.get("data").and_then(Value::as_object).context("no data")?;
        ensure!(data.len() == FIELDS.len(), "not every field came back");
        ensure!(data.keys().all(|name| FIELDS.contains(&name.as_str())), "a field nobody granted came back");
        ensure!(
            text(&reply.body, "/data/person.full_name/value")? == citizen.name,
            "another person's record"
        );
        let mut shown = reply.body.clone();
        if let Some(jws) = shown.pointer_mut("/receipt/jws") {
            *jws = json!("… signed by the service");
        }
        self.show(&shown)?;
        Ok(text(&reply.body, "/receipt/entry")?.to_owned())
    }

    async fn nobody(&mut self) -> anyhow::Result<()> {
        self.step(4, "A number nobody has is given a token like any other; only the registers can say that nobody is there.")?;
        let reply = self.agency.token(&detail(UNKNOWN, FIELDS)).await?;
        expect(&reply, 200)?;
        let reply = self.agency.data(text(&reply.body, "/access_token")?).await?;
        expect(&reply, 404)?;
        ensure!(text(&reply.body, "/code")? == "no_record", "another code");
        self.show(&reply.body)
    }

    async fn history(&mut self, citizen: &Citizen, entry: &str) -> anyhow::Result<EntryProof> {
        self.step(
            5,
            "The citizen signs in and reads who looked at her data, for what, and under which article.",
        )?;
        let issuer = self.agency.issuer;
        let mut browser = Browser::new(self.http);
        sign_in(&mut browser, issuer, citizen).await?;
        let page = browser.open(&format!("{issuer}/me/history?lang=en")).await?;
        ensure!(page.status == 200, "the history page answers {}", page.status);
        let answer = browser.open(&format!("{issuer}/api/v1/me/accesses")).await?;
        ensure!(answer.status == 200, "the history answers {}: {}", answer.status, answer.text);
        ensure!(!answer.text.contains(citizen.national_id), "the history shows the national id");
        let list: Value = serde_json::from_str(&answer.text)?;
        let accesses = list.get("accesses").and_then(Value::as_array).context("no list of accesses")?;
        ensure!(
            accesses.iter().any(|a| a.get("id").is_some_and(|id| id == entry)),
            "the release is not in it"
        );
        self.show(accesses.first().unwrap_or(&Value::Null))?;
        self.say(&format!("… and {} more, newest first.", accesses.len().saturating_sub(1)))?;
        self.proof(&mut browser, entry).await
    }

    /// The proof; the entry is under a checkpoint within seconds, so not yet is asked again.
    async fn proof(&mut self, browser: &mut Browser<'_>, entry: &str) -> anyhow::Result<EntryProof> {
        let address = format!("{}/api/v1/me/accesses/{entry}/proof", self.agency.issuer);
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
        let mut tick = tokio::time::interval(std::time::Duration::from_millis(200));
        loop {
            tick.tick().await;
            let answer = browser.open(&address).await?;
            if answer.status == 200 {
                return Ok(serde_json::from_str(&answer.text)?);
            }
            ensure!(tokio::time::Instant::now() < deadline, "no proof: {} {}", answer.status, answer.text);
        }
    }

    fn check(&mut self, proof: &EntryProof) -> anyhow::Result<()> {
        self.step(6, "She downloads the entry's proof and checks it herself, without the service.")?;
        let trusted = self.running.engines.log.verifier().to_string();
        let record = proof.verify(Some(&Verifier::parse(&trusted)?))?;
        self.say(&format!("The log's key     {trusted}"))?;
        self.say(&format!(
            "The entry         number {} of the log, number {} of her own history",
            proof.index, record.n
        ))?;
        self.say("The proof holds: the entry has not been changed since it was signed for.")?;
        let mut bent = proof.clone();
        bent.record = bent.record.replace("driver.licence_renewal", "driver.licence_removal");
        ensure!(bent.verify(None).is_err(), "a changed record passes for the real one");
        self.say("The same file with one word changed does not hold.")
    }

    /// The last step: anybody checks everything.
    ///
    /// # Errors
    /// When the ledger is not clean.
    pub async fn audit(&mut self, n: u8) -> anyhow::Result<()> {
        self.step(n, "Anybody with the database and the published files checks the whole ledger (`minhbach ledger verify`).")?;
        let engines = &self.running.engines;
        let report = verify(&engines.log, &engines.vault, &[], |_, _| {}).await?;
        let (entries, published) = (report.entries, report.published);
        self.say(&format!("{entries} entries, {published} of them under the newest checkpoint: clean."))?;
        ensure!(report.findings.is_empty(), "the ledger is not clean: {:?}", report.findings);
        Ok(())
    }
}

/// Signs a citizen in as a browser would: our page, the identity provider's form, and back.
///
/// # Errors
/// When a page is not what it should be.
pub async fn sign_in(browser: &mut Browser<'_>, issuer: &str, citizen: &Citizen) -> anyhow::Result<()> {
    let page = browser.open(&format!("{issuer}/sign-in?return_to=%2Fme")).await?;
    let choice = page
        .forms()
        .into_iter()
        .find(|form| form.fields.get("issuer").is_some_and(|issuer| issuer.contains("citizen")))
        .or_else(|| page.forms().into_iter().find(|form| form.fields.contains_key("issuer")))
        .context("the page offers no sign-in")?;
    let page = browser.send(&page, &choice).await?;
    let mut form = page
        .forms()
        .into_iter()
        .find(|form| form.fields.contains_key("password"))
        .with_context(|| format!("no form to sign in with at {}", page.url.path()))?;
    form.fields.insert("login".to_owned(), citizen.login.to_owned());
    form.fields.insert("password".to_owned(), citizen.password.to_owned());
    let page = browser.send(&page, &form).await?;
    ensure!(
        page.status == 200 && page.url.path() == "/me",
        "the sign-in ended at {} {}",
        page.status,
        page.url.path()
    );
    Ok(())
}

/// The authorization detail of the story.
#[must_use]
pub fn detail(national_id: &str, fields: &[&str]) -> Value {
    json!({
        "type": "urn:minhbach:personal-data",
        "purpose": "driver.licence_renewal",
        "subject": { "national_id": national_id },
        "actions": ["read"],
        "datatypes": fields,
        "basis": "statutory",
        "case": "H08.2026.000123",
        "official": { "id": "cb-0042" },
        "justification": "Gia hạn giấy phép lái xe theo hồ sơ đã nộp",
    })
}

fn expect(reply: &Reply, status: u16) -> anyhow::Result<()> {
    ensure!(reply.status == status, "expected {status}, got {}: {}", reply.status, reply.body);
    Ok(())
}
