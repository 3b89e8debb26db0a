//! The other half of the story: a bank asks, is refused, asks again, is allowed once, and no more; the consent is taken
//! back, the next call is refused, and the bank must say that it knows.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::{
    BANK, Scene, Story,
    asking::{Asker, answer, press},
    citizen, expect,
};
use crate::{
    demo::{agency::text, browser::Browser, people::Citizen},
    domain::receipt::{self, Claims},
    i18n::Lang,
    jose::Jwks,
};

/// What the bank asks for: a name it cannot do without, and a date of birth it can.
const FIELDS: &[&str] = &["person.id_number", "person.full_name", "person.birth_date"];
const OPTIONAL: &str = "person.birth_date";

/// What a bank asks for about somebody.
pub(super) fn detail(subject: &Value) -> Value {
    json!({
        "type": "urn:minhbach:personal-data",
        "purpose": "private.bank_verification",
        "subject": subject,
        "actions": ["read"],
        "datatypes": FIELDS,
        "basis": "consent",
        "case": "GD-2026-0042",
        "justification": "Mở tài khoản thanh toán tại quầy",
    })
}

struct Walk<'a, 's, 'w> {
    scene: &'a Scene<'a>,
    bank: Asker<'a>,
    detail: Value,
    story: &'s mut Story<'w>,
}

/// Asked, refused, asked again, given, used up, withdrawn, acknowledged. Gives the handle by which the bank knows her.
pub(super) async fn walk(scene: &Scene<'_>, story: &mut Story<'_>) -> anyhow::Result<String> {
    let citizen = citizen(0)?;
    let detail = detail(&json!({ "national_id": citizen.national_id }));
    let mut walk = Walk { scene, bank: Asker::new(scene, BANK)?, detail, story };
    let mut browser = scene.signed_in(citizen).await?;
    walk.refused(&mut browser).await?;
    let Given { token, consent, handle } = walk.given(&mut browser).await?;
    walk.used_up(&token).await?;
    walk.withdrawn(&mut browser, &consent, &token).await?;
    walk.acknowledged(&mut browser, &consent).await?;
    Ok(handle)
}

struct Given {
    token: String,
    consent: String,
    handle: String,
}

impl Walk<'_, '_, '_> {
    async fn refused(&mut self, browser: &mut Browser<'_>) -> anyhow::Result<()> {
        self.story.step("A bank wants to verify a customer. The law does not allow it by itself: it must ask her. She says no.")?;
        let reply = self.bank.agency.token(&self.detail).await?;
        ensure!(text(&reply.body, "/error")? == "consent_required", "no consent was needed: {}", reply.body);
        let stranger = self.strangers_page(citizen(1)?).await?;
        self.story.say(&format!("Her neighbour opens the bank's link: {stranger}. Only she can answer."))?;
        let asked = self.bank.ask(browser, &self.detail).await?;
        let page = answer(browser, &asked.page, "refuse").await?;
        let back = self.bank.back_at(&page)?;
        let error = back.get("error").map(String::as_str);
        ensure!(error == Some("access_denied"), "the refusal reads {back:?}");
        self.story
            .say("Back at the bank: error=access_denied. Nothing was read; the refusal is in her history.")
    }

    /// What somebody sees whom the request does not name.
    async fn strangers_page(&self, stranger: &Citizen) -> anyhow::Result<u16> {
        let mut browser = self.scene.signed_in(stranger).await?;
        let (address, _) = self.bank.push(&self.detail).await?;
        let page = browser.open(&address).await?;
        ensure!(page.status == 403 && !page.text.contains("name=\"answer\""), "a stranger was asked");
        Ok(page.status)
    }

    async fn given(&mut self, browser: &mut Browser<'_>) -> anyhow::Result<Given> {
        self.story.step("The bank asks again. She allows her name and leaves her date of birth out; the code is exchanged for one token.")?;
        let asked = self.bank.ask(browser, &self.detail).await?;
        let shown = &asked.page.text;
        ensure!(
            shown.contains(&format!("value=\"{OPTIONAL}\"")),
            "the optional field is not asked for by itself"
        );
        ensure!(!shown.contains(" checked"), "something is ticked beforehand");
        let code = self.bank.code(&answer(browser, &asked.page, "give").await?)?;
        let reply = self.bank.exchange(&asked, &code, None).await?;
        expect(&reply, 200)?;
        let again = self.bank.exchange(&asked, &code, None).await?;
        ensure!(text(&again.body, "/error")? == "invalid_grant", "a code served twice: {}", again.body);
        let detail = reply.body.pointer("/authorization_details/0").unwrap_or(&Value::Null);
        self.story.show(detail, &["purpose", "datatypes", "uses_left"])?;
        self.story.say("The same code a second time: invalid_grant, and everything issued on it has ended. So the bank asks once more.")?;

        let asked = self.bank.ask(browser, &self.detail).await?;
        let code = self.bank.code(&answer(browser, &asked.page, "give").await?)?;
        let reply = self.bank.exchange(&asked, &code, None).await?;
        expect(&reply, 200)?;
        Ok(Given {
            token: text(&reply.body, "/access_token")?.to_owned(),
            consent: asked.consent().to_owned(),
            handle: text(&reply.body, "/authorization_details/0/subject/handle")?.to_owned(),
        })
    }

    async fn used_up(&mut self, token: &str) -> anyhow::Result<()> {
        self.story.step(
            "One transaction, one consent, one reading: the data come once, and the next token is refused.",
        )?;
        let reply = self.bank.agency.data(token).await?;
        expect(&reply, 200)?;
        let data = reply.body.get("data").and_then(Value::as_object).context("no data")?;
        ensure!(!data.contains_key(OPTIONAL), "the field she left out came back");
        let names: Vec<&str> = data.keys().map(String::as_str).collect();
        self.story.show(&json!(data), &names)?;
        let mut narrower = self.detail.clone();
        if let Some(fields) = narrower.get_mut("datatypes") {
            *fields = json!(["person.full_name"]);
        }
        let reply = self.bank.agency.token(&narrower).await?;
        ensure!(text(&reply.body, "/reason")? == "consent_used_up", "the limit did not hold: {}", reply.body);
        self.story.show(&reply.body, &["error", "reason"])
    }

    async fn withdrawn(
        &mut self,
        browser: &mut Browser<'_>,
        consent: &str,
        token: &str,
    ) -> anyhow::Result<()> {
        self.story.step("She takes the consent back: one page to read, one button. From the same moment nothing gets through.")?;
        let claims = receipt_of(self.scene, browser, consent).await?;
        self.story.say("Her receipt holds (`minhbach receipt verify FILE --keys …`):")?;
        for line in receipt::plain(&claims, Lang::En).lines().take(6) {
            self.story.say(line)?;
        }
        press(browser, &self.scene.at(&format!("/me/consents/{consent}/withdraw")), "withdraw").await?;
        let reply = self.bank.agency.data(token).await?;
        ensure!(matches!(reply.status, 401 | 403), "data left after the withdrawal: {}", reply.body);
        let code = reply.body.get("code").unwrap_or(&Value::Null);
        self.story.say(&format!("The bank's next call: {} {code}", reply.status))
    }

    async fn acknowledged(&mut self, browser: &mut Browser<'_>, consent: &str) -> anyhow::Result<()> {
        self.story.step(
            "The bank is told by a signed security event until it acknowledges; she sees that it did.",
        )?;
        let bank = &self.bank.agency;
        let service = bank.service_token("ssf.manage").await?;
        let mut acked = 0_usize;
        for _ in 0..5 {
            let poll = bank
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
            expect(&bank.json("/ssf/poll", &service, &ack).await?, 200)?;
        }
        ensure!(acked > 0, "nobody told the bank");
        self.story.say(&format!("{acked} events taken and acknowledged."))?;
        let lines =
            ["We told the agency on", "The agency confirmed on", "must stop using the information by"];
        says(self.scene, browser, consent, &lines).await?;
        self.story.say("Her page of this consent: told on, confirmed on, must stop by, each with its date.")
    }
}

/// Her receipt of a consent, checked with the published keys.
pub(super) async fn receipt_of(
    scene: &Scene<'_>,
    browser: &mut Browser<'_>,
    consent: &str,
) -> anyhow::Result<Claims> {
    let file = browser.open(&scene.at(&format!("/me/consents/{consent}/receipt"))).await?;
    ensure!(file.status == 200, "the receipt answers {}", file.status);
    let keys = browser.open(&scene.at("/receipts/keys")).await?;
    let keys = Jwks::parse(&serde_json::from_str(&keys.text)?)?;
    receipt::open(file.text.trim(), &keys).map_err(|e| anyhow::anyhow!("the receipt does not hold: {e}"))
}

/// Her page of a consent says all of this.
pub(super) async fn says(
    scene: &Scene<'_>,
    browser: &mut Browser<'_>,
    consent: &str,
    lines: &[&str],
) -> anyhow::Result<()> {
    let page = browser.open(&scene.at(&format!("/me/consents/{consent}?lang=en"))).await?;
    ensure!(page.status == 200, "the consent's page answers {}", page.status);
    for line in lines {
        ensure!(page.text.contains(line), "her page does not say `{line} …`");
    }
    Ok(())
}
