//! One officer, one purpose: the token, the refusal, the data, and the citizen who reads and checks it.

use anyhow::{Context as _, ensure};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{POLICE, Scene, Story, citizen, eventually, expect};
use crate::{
    demo::{
        agency::{Agency, text},
        browser::Browser,
        people::{Citizen, UNKNOWN},
    },
    ledger::{proof::EntryProof, verify::verify},
    merkle::note::Verifier,
};

/// The fields the officer really needs.
const FIELDS: &[&str] =
    &["person.full_name", "person.birth_date", "driver.licence_class", "driver.has_points_left"];

/// The officer and her software.
struct Walk<'a, 's, 'w> {
    scene: &'a Scene<'a>,
    agency: Agency<'a>,
    story: &'s mut Story<'w>,
}

/// A token, a refusal, the data, nobody's data, the history, the proof.
pub(super) async fn walk(scene: &Scene<'_>, story: &mut Story<'_>) -> anyhow::Result<()> {
    let mut walk = Walk { scene, agency: scene.agency(POLICE)?, story };
    let citizen = citizen(0)?;
    let token = walk.token(citizen).await?;
    walk.excess(citizen).await?;
    let entry = walk.data(citizen, &token).await?;
    walk.nobody().await?;
    let proof = walk.history(citizen, &entry).await?;
    walk.check(&proof)
}

impl Walk<'_, '_, '_> {
    fn say(&mut self, line: &str) -> anyhow::Result<()> {
        self.story.say(line)
    }

    async fn token(&mut self, citizen: &Citizen) -> anyhow::Result<String> {
        self.story.step(
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
        let detail = claims.pointer("/authorization_details/0").unwrap_or(&Value::Null);
        self.story.show(detail, &["purpose", "subject", "datatypes", "basis", "uses_left"])?;
        Ok(token)
    }

    async fn excess(&mut self, citizen: &Citizen) -> anyhow::Result<()> {
        self.story
            .step("The same request with one field too many is refused, and the refusal names the field.")?;
        let fields: Vec<&str> = FIELDS.iter().copied().chain(["tax.obligation_balance"]).collect();
        let reply = self.agency.token(&detail(citizen.national_id, &fields)).await?;
        expect(&reply, 400)?;
        ensure!(text(&reply.body, "/error")? == "invalid_authorization_details", "another error");
        ensure!(
            text(&reply.body, "/error_description")?.contains("tax.obligation_balance"),
            "no field named"
        );
        self.story.show(&reply.body, &["error", "reason", "error_description"])
    }

    async fn data(&mut self, citizen: &Citizen, token: &str) -> anyhow::Result<String> {
        self.story.step(
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
        let names: Vec<&str> = data.keys().map(String::as_str).collect();
        self.story.show(reply.body.get("data").unwrap_or(&Value::Null), &names)?;
        self.say("With it a receipt: the entry's number and the service's signature.")?;
        Ok(text(&reply.body, "/receipt/entry")?.to_owned())
    }

    async fn nobody(&mut self) -> anyhow::Result<()> {
        self.story.step("A number nobody has is given a token like any other; only the registers can say that nobody is there.")?;
        let reply = self.agency.token(&detail(UNKNOWN, FIELDS)).await?;
        expect(&reply, 200)?;
        let reply = self.agency.data(text(&reply.body, "/access_token")?).await?;
        expect(&reply, 404)?;
        ensure!(text(&reply.body, "/code")? == "no_record", "another code");
        self.story.show(&reply.body, &["status", "code", "detail"])
    }

    async fn history(&mut self, citizen: &Citizen, entry: &str) -> anyhow::Result<EntryProof> {
        self.story.step(
            "The citizen signs in and reads who looked at her data, for what, and under which article.",
        )?;
        let mut browser = self.scene.signed_in(citizen).await?;
        let page = browser.open(&self.scene.at("/me/history?lang=en")).await?;
        ensure!(page.status == 200, "the history page answers {}", page.status);
        let answer = browser.open(&self.scene.at("/api/v1/me/accesses")).await?;
        ensure!(answer.status == 200, "the history answers {}: {}", answer.status, answer.text);
        ensure!(!answer.text.contains(citizen.national_id), "the history shows the national id");
        let list: Value = serde_json::from_str(&answer.text)?;
        let accesses = list.get("accesses").and_then(Value::as_array).context("no list of accesses")?;
        ensure!(
            accesses.iter().any(|a| a.get("id").is_some_and(|id| id == entry)),
            "the release is not in it"
        );
        let newest = accesses.first().unwrap_or(&Value::Null);
        let names = ["/agency/name/en", "/official/code", "/purpose/title/en", "/basis", "/at"];
        let read: Vec<&str> = names.iter().map(|name| text(newest, name)).collect::<anyhow::Result<_>>()?;
        self.say(&read.join(" · "))?;
        self.say(&format!("… and {} more, newest first.", accesses.len().saturating_sub(1)))?;
        self.proof(&mut browser, entry).await
    }

    /// The proof; the entry is under a checkpoint within seconds, so not yet is asked again.
    async fn proof(&mut self, browser: &mut Browser<'_>, entry: &str) -> anyhow::Result<EntryProof> {
        let address = self.scene.at(&format!("/api/v1/me/accesses/{entry}/proof"));
        eventually("the proof", async || {
            let answer = browser.open(&address).await?;
            Ok(if answer.status == 200 { Some(serde_json::from_str(&answer.text)?) } else { None })
        })
        .await
    }

    fn check(&mut self, proof: &EntryProof) -> anyhow::Result<()> {
        self.story.step("She downloads the entry's proof and checks it herself, without the service.")?;
        let trusted = self.scene.running.engines.log.verifier().to_string();
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
}

/// The last step: anybody checks everything.
pub(super) async fn audit(scene: &Scene<'_>, story: &mut Story<'_>) -> anyhow::Result<()> {
    story.step("Anybody with the database and the published files checks the whole ledger (`minhbach ledger verify`).")?;
    let engines = &scene.running.engines;
    let report = verify(&engines.log, &engines.vault, &[], |_, _| {}).await?;
    let (entries, published) = (report.entries, report.published);
    story.say(&format!("{entries} entries, {published} of them under the newest checkpoint: clean."))?;
    ensure!(report.findings.is_empty(), "the ledger is not clean: {:?}", report.findings);
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
