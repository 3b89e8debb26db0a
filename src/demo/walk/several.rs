//! One consent, several readings: a doctor who proves who she is, a refresh token, a pause, and an end that the hospital
//! is told of by push, acknowledges, and carries out.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::{
    HOSPITAL, Scene, Story,
    asking::{Asker, acting, answer, press},
    citizen,
    consent::{receipt_of, says},
    eventually, expect,
    official::id_token,
    seed,
};
use crate::demo::{
    agency::{Agency, Reply, text},
    browser::Browser,
};

/// The doctor.
pub(super) const DOCTOR: &str = "bs-0301";

/// What a hospital asks for about a patient: so many readings.
pub(super) fn detail(national_id: &str, uses: u32) -> Value {
    json!({
        "type": "urn:minhbach:personal-data",
        "purpose": "health.record_share",
        "subject": { "national_id": national_id },
        "actions": ["read"],
        "datatypes": ["person.full_name", "health.allergies", "health.conditions"],
        "basis": "consent",
        "case": "BV-2026-0107",
        "limits": { "max_uses": uses },
    })
}

struct Walk<'a, 's, 'w> {
    scene: &'a Scene<'a>,
    hospital: Asker<'a>,
    /// The doctor's sign-in.
    doctor: String,
    story: &'s mut Story<'w>,
}

/// Given for three readings, paused, resumed, used up, taken back.
pub(super) async fn walk(scene: &Scene<'_>, story: &mut Story<'_>) -> anyhow::Result<()> {
    let doctor = id_token(scene, HOSPITAL, DOCTOR).await?;
    let mut walk = Walk { scene, hospital: Asker::new(scene, HOSPITAL)?, doctor, story };
    let mut browser = scene.signed_in(citizen(0)?).await?;
    let (consent, refresh_token) = walk.given(&mut browser).await?;
    walk.paused(&mut browser, &consent, &refresh_token).await?;
    walk.told(&mut browser, &consent).await
}

impl Walk<'_, '_, '_> {
    async fn given(&mut self, browser: &mut Browser<'_>) -> anyhow::Result<(String, String)> {
        self.story.step("A doctor will need her records three times. She signs in at her hospital; the patient allows three readings.")?;
        let asked = self.hospital.ask(browser, &detail(citizen(0)?.national_id, 3)).await?;
        let code = self.hospital.code(&answer(browser, &asked.page, "give").await?)?;
        let first = self.hospital.exchange(&asked, &code, Some(&self.doctor)).await?;
        expect(&first, 200)?;
        let refresh_token = text(&first.body, "/refresh_token")?.to_owned();
        expect(&self.hospital.agency.data(text(&first.body, "/access_token")?).await?, 200)?;
        expect(&self.refresh(&refresh_token).await?, 200)?;
        self.story
            .say("The code brings a token and a refresh token; the refresh token brings the second one.")?;
        let path = format!("/oauth/grants/{}", text(&first.body, "/grant_id")?);
        let hospital = &self.hospital.agency;
        let service = hospital.service_token("grant_management_query").await?;
        let grant = hospital.call("GET", &path, &service, None).await?;
        expect(&grant, 200)?;
        let left = grant.body.pointer("/authorization_details/0/uses_left");
        ensure!(left == Some(&json!(1)), "not one of three left: {}", grant.body);
        self.story.say("The hospital asks for its grant: one reading of three is left.")?;
        Ok((asked.consent().to_owned(), refresh_token))
    }

    async fn refresh(&self, refresh_token: &str) -> anyhow::Result<Reply> {
        let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        form.extend(acting(Some(&self.doctor)));
        self.hospital.agency.post("/oauth/token", &form).await
    }

    async fn paused(
        &mut self,
        browser: &mut Browser<'_>,
        consent: &str,
        refresh_token: &str,
    ) -> anyhow::Result<()> {
        self.story.step("She pauses it, and the doctor is refused; she lets it go on, and the third token comes. There is no fourth.")?;
        let page = self.scene.at(&format!("/me/consents/{consent}"));
        press(browser, &page, "pause").await?;
        let paused = self.refresh(refresh_token).await?;
        let reason = text(&paused.body, "/reason")?;
        ensure!(reason == "consent_paused", "a pause holds nothing up: {}", paused.body);
        press(browser, &page, "resume").await?;
        expect(&self.refresh(refresh_token).await?, 200)?;
        let fourth = self.refresh(refresh_token).await?;
        let used_up = text(&fourth.body, "/reason")?;
        ensure!(matches!(used_up, "consent_used_up" | "consent_frequency"), "a fourth: {}", fourth.body);
        self.story.say(&format!("Paused: {reason}. Resumed: 200. The fourth: {used_up}."))
    }

    async fn told(&mut self, browser: &mut Browser<'_>, consent: &str) -> anyhow::Result<()> {
        self.story.step("She takes it back. The hospital's own receiver is told by push, acknowledges, stops, erases, and says so.")?;
        let service = self.hospital.agency.service_token("ssf.manage").await?;
        stream(self.scene, &self.hospital.agency, &service).await?;
        press(browser, &self.scene.at(&format!("/me/consents/{consent}/withdraw")), "withdraw").await?;
        let event = eventually("the push", async || {
            let taken = self.scene.sites.taken();
            Ok(taken.into_iter().find(|it| it.consent == consent && it.event == "consent-withdrawn"))
        })
        .await?;
        self.story.say("The SET arrived at the hospital's site, its signature held: 202.")?;
        for done in ["stopped", "erased"] {
            let body = json!({ "jti": event.jti, "done": done });
            // The receiver answers a moment before its answer is written down.
            let reply = eventually("the attestation", async || {
                let reply = self.hospital.agency.json("/ssf/attestations", &service, &body).await?;
                Ok((reply.status != 409).then_some(reply))
            })
            .await?;
            expect(&reply, 200)?;
        }
        let lines = [
            "The agency confirmed on",
            "it stopped on",
            "deleted the information on",
            "Everything was done on",
        ];
        says(self.scene, browser, consent, &lines).await?;
        let end =
            receipt_of(self.scene, browser, consent).await?.termination.context("no closing receipt")?;
        let erased = end.told.iter().any(|told| told.client_id == HOSPITAL && told.erased_at.is_some());
        ensure!(erased && end.closed_at.is_some(), "the closing receipt does not say what was done");
        self.story.say(
            "Her page says: told, confirmed, stopped, deleted. Her closing receipt holds, and says the same.",
        )
    }
}

/// The hospital wants to be told by push: one stream for each client, made once.
async fn stream(scene: &Scene<'_>, hospital: &Agency<'_>, service: &str) -> anyhow::Result<()> {
    let address = scene.sites.events_uri(seed(HOSPITAL)?.agency, HOSPITAL);
    let delivery = json!({ "method": "urn:ietf:rfc:8935", "endpoint_url": address });
    let made = hospital.json("/ssf/streams", service, &json!({ "delivery": delivery })).await?;
    // 409: it was made at an earlier start of this demonstration.
    ensure!(matches!(made.status, 201 | 409), "no stream: {} {}", made.status, made.body);
    Ok(())
}
