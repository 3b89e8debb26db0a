//! Break-glass: two doctors open what keeps a patient from harm without asking first; she reads who and why, and they
//! owe a report.

use anyhow::{Context as _, ensure};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{HOSPITAL, Scene, Story, citizen, expect, official::id_token, seed, several::DOCTOR, sign_in};
use crate::{
    demo::{agency::text, browser::Browser, people::OFFICIALS},
    protocol::token::ID_TOKEN_TYPE,
};

/// The second doctor, who approves.
const COLLEAGUE: &str = "bs-0302";
const REPORT: &str = "Bệnh nhân bất tỉnh khi vào viện; đã đọc tiền sử dị ứng trước khi gây mê.";

/// Refused to one, opened by two, read by the patient, reported.
pub(super) async fn walk(scene: &Scene<'_>, story: &mut Story<'_>) -> anyhow::Result<()> {
    story.step("A patient arrives unconscious. One doctor alone opens nothing; two together do, and at once owe a report.")?;
    let (hospital, patient) = (scene.agency(HOSPITAL)?, citizen(2)?);
    let doctor = id_token(scene, HOSPITAL, DOCTOR).await?;
    let colleague = id_token(scene, HOSPITAL, COLLEAGUE).await?;
    let details = Value::Array(vec![json!({
        "type": "urn:minhbach:personal-data",
        "purpose": "health.record_share",
        "subject": { "national_id": patient.national_id },
        "actions": ["read"],
        "datatypes": ["person.full_name", "health.allergies"],
        "basis": "emergency",
        "case": "BV-2026-0108",
        "justification": "Cấp cứu, bệnh nhân bất tỉnh",
    })])
    .to_string();
    let alone = [
        ("grant_type", "client_credentials"),
        ("authorization_details", details.as_str()),
        ("actor_token", &doctor),
        ("actor_token_type", ID_TOKEN_TYPE),
    ];
    let reply = hospital.post("/oauth/token", &alone).await?;
    let refused = text(&reply.body, "/reason")?.to_owned();
    ensure!(refused == "approver_required", "one doctor alone: {}", reply.body);
    let mut both = alone.to_vec();
    both.extend([("approver_token", colleague.as_str()), ("approver_token_type", ID_TOKEN_TYPE)]);
    let reply = hospital.post("/oauth/token", &both).await?;
    expect(&reply, 200)?;
    let token = text(&reply.body, "/access_token")?;
    expect(&hospital.data(token).await?, 200)?;
    story.say(&format!("One doctor: {refused}. Two: 200, and the allergies."))?;

    report(scene, token).await?;
    let mut browser = scene.signed_in(patient).await?;
    let list = browser.open(&scene.at("/api/v1/me/accesses")).await?;
    let list: Value = serde_json::from_str(&list.text)?;
    let entries = list.get("accesses").and_then(Value::as_array).context("no list of accesses")?;
    let first = |kind: &str| entries.iter().find(|entry| entry.get("kind").is_some_and(|it| it == kind));
    ensure!(first("emergency.reported").is_some(), "her history does not have the report");
    let issued = first("token.issued").context("her history does not have the token")?;
    let page = browser.open(&scene.at(&format!("/me/history/{}?lang=en", text(issued, "/id")?))).await?;
    for line in [DOCTOR, "Two different officials confirmed the emergency"] {
        ensure!(page.text.contains(line), "her page does not say `{line}`");
    }
    story.say("Awake again, she reads who, why, and that two confirmed it. The doctor's report is in her history too.")
}

/// The doctor says afterwards, in the portal, what happened.
async fn report(scene: &Scene<'_>, token: &str) -> anyhow::Result<()> {
    const DESK: &str = "/official/emergencies";
    let claims = token.split('.').nth(1).unwrap_or_default();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims)?)?;
    let owed = format!("{DESK}/{}/report", text(&claims, "/jti")?);
    let agency = seed(HOSPITAL)?.agency;
    let doctor = OFFICIALS.iter().find(|known| known.id == DOCTOR).context("no such official")?;
    let mut browser = Browser::new(scene.http);
    let page = browser.open(&scene.at(&format!("/sign-in?return_to={DESK}"))).await?;
    let way = format!("official-{agency}");
    let page = sign_in(&mut browser, &page, &way, doctor.login, doctor.password).await?;
    let form = page.forms().into_iter().find(|form| form.action == owed);
    let mut form = form.with_context(|| format!("nothing to report at {}", page.url.path()))?;
    form.fields.insert("text".to_owned(), REPORT.to_owned());
    let done = browser.send(&page, &form).await?;
    ensure!(done.status == 200 && done.text.contains(REPORT), "the report answers {}", done.status);
    Ok(())
}
