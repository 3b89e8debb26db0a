//! What a person decides ahead of time: it binds where she may say no, and where the law opens her data the entry names
//! what it overrode.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::{BANK, POLICE, Scene, Story, asking::Asker, citizen, consent, detail, expect};
use crate::demo::{agency::text, browser::Browser};

/// Chosen, kept to, overridden by name, taken back.
pub(super) async fn walk(scene: &Scene<'_>, story: &mut Story<'_>) -> anyhow::Result<()> {
    story.step(
        "Another citizen has decided ahead of time: never for banks' verifications, and always ask me.",
    )?;
    let citizen = citizen(1)?;
    let mut browser = scene.signed_in(citizen).await?;
    // What an earlier walk left when it was interrupted.
    forget(scene, &mut browser).await?;
    choose(scene, &mut browser, "never", Some(("purpose", "private.bank_verification"))).await?;
    choose(scene, &mut browser, "ask", None).await?;

    let bank = Asker::new(scene, BANK)?;
    let asked = consent::detail(&json!({ "national_id": citizen.national_id }));
    let (address, _) = bank.push(&asked).await?;
    let page = browser.open(&address).await?;
    let back = bank.back_at(&page)?;
    let error = back.get("error").map(String::as_str);
    ensure!(error == Some("access_denied"), "she was asked all the same: {back:?}");
    story.say(
        "The bank's link: she is not asked, and the bank reads error=access_denied, as if she had said no.",
    )?;

    let police = scene.agency(POLICE)?;
    let reply = police.token(&detail(citizen.national_id, &["person.full_name"])).await?;
    expect(&reply, 200)?;
    let list = browser.open(&scene.at("/api/v1/me/accesses")).await?;
    let list: Value = serde_json::from_str(&list.text)?;
    let entry = text(&list, "/accesses/0/id").context("no entry")?;
    let page = browser.open(&scene.at(&format!("/me/history/{entry}?lang=en"))).await?;
    for line in ["Against a general choice", "Art."] {
        ensure!(page.text.contains(line), "the entry does not say what it overrode and why: no `{line}`");
    }
    story.say("The traffic police rest on the law: 200. Her entry says \"against a general choice\", and which article.")?;
    forget(scene, &mut browser).await
}

async fn choose(
    scene: &Scene<'_>,
    browser: &mut Browser<'_>,
    kind: &str,
    more: Option<(&str, &str)>,
) -> anyhow::Result<()> {
    let page = browser.open(&scene.at("/me/choices")).await?;
    let form = page.forms().into_iter().find(|form| form.fields.get("kind").is_some_and(|it| it == kind));
    let mut form = form.with_context(|| format!("no form to choose `{kind}`"))?;
    form.fields.extend(more.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let done = browser.send(&page, &form).await?;
    ensure!(done.status == 200, "choosing `{kind}` answers {}", done.status);
    Ok(())
}

/// Takes back every choice, one by one.
async fn forget(scene: &Scene<'_>, browser: &mut Browser<'_>) -> anyhow::Result<()> {
    for _ in 0..20 {
        let page = browser.open(&scene.at("/me/choices")).await?;
        let old = page.forms().into_iter().find(|form| form.action == "/me/choices/remove");
        let Some(old) = old else { return Ok(()) };
        let done = browser.send(&page, &old).await?;
        ensure!(done.status == 200, "taking a choice back answers {}", done.status);
    }
    anyhow::bail!("the choices do not end")
}
