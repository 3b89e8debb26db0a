//! A citizen who is not there (CIBA): the bank asks, she answers later from the portal, the bank's next poll brings the
//! token; and the bank gives the grant back that it no longer needs (Grant Management).

use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{BANK, Scene, Story, asking::answer, citizen, consent, expect};
use crate::demo::{
    agency::{Agency, Reply, text},
    browser::{Browser, Page},
};

const CIBA: &str = "urn:openid:params:grant-type:ciba";

/// A question that waits for her.
pub(super) struct Waiting {
    auth_req_id: String,
    /// What she compares.
    words: String,
    /// Before this the bank would poll too fast.
    next_poll: Instant,
}

/// Asks, and polls once.
pub(super) async fn ask(scene: &Scene<'_>, story: &mut Story<'_>, handle: &str) -> anyhow::Result<Waiting> {
    story.step(
        "She is at home, and the bank has a question. It waits in the portal, with words she can compare.",
    )?;
    let bank = scene.agency(BANK)?;
    let digits = scene.clock.now().0.rem_euclid(1_000_000);
    let words = format!("GD-{digits:06}");
    let details = Value::Array(vec![consent::detail(&json!({ "handle": handle }))]).to_string();
    let form = [("login_hint", handle), ("binding_message", &words), ("authorization_details", &details)];
    let reply = bank.post("/oauth/bc-authorize", &form).await?;
    expect(&reply, 200)?;
    let seconds = reply.body.get("interval").and_then(Value::as_u64).context("no interval")?;
    let auth_req_id = text(&reply.body, "/auth_req_id")?.to_owned();
    let poll = poll(&bank, &auth_req_id).await?;
    let next_poll = Instant::now() + Duration::from_secs(seconds);
    ensure!(text(&poll.body, "/error")? == "authorization_pending", "an answer by itself: {}", poll.body);
    story
        .say(&format!("`{words}`. The bank polls: authorization_pending, and may poll every {seconds} s."))?;
    Ok(Waiting { auth_req_id, words, next_poll })
}

/// She answers; the bank polls again and, in the end, gives the grant back.
pub(super) async fn answered(
    scene: &Scene<'_>,
    story: &mut Story<'_>,
    waiting: Waiting,
) -> anyhow::Result<()> {
    story.step("She finds the bank's question, compares the words and allows it; the bank's next poll brings the token.")?;
    let bank = scene.agency(BANK)?;
    let mut browser = scene.signed_in(citizen(0)?).await?;
    let page = question(scene, &mut browser, &waiting.words).await?;
    let done = answer(&mut browser, &page, "give").await?;
    ensure!(done.status == 200, "the answer ends at {} {}", done.status, done.url.path());
    tokio::time::sleep_until(waiting.next_poll).await;
    let reply = poll(&bank, &waiting.auth_req_id).await?;
    expect(&reply, 200)?;
    let token = text(&reply.body, "/access_token")?;
    let grant = text(&reply.body, "/grant_id")?;
    let again = poll(&bank, &waiting.auth_req_id).await?;
    ensure!(text(&again.body, "/error")? == "invalid_grant", "fetched twice: {}", again.body);
    story.say("The token came once; the same poll again: invalid_grant.")?;

    story.step(
        "She changed her mind at the counter: the bank gives the grant back, and its own token is dead.",
    )?;
    let path = format!("/oauth/grants/{grant}");
    let service = bank.service_token("grant_management_query grant_management_revoke").await?;
    let known = bank.call("GET", &path, &service, None).await?;
    expect(&known, 200)?;
    let purpose = text(&known.body, "/authorization_details/0/purpose")?;
    expect(&bank.call("DELETE", &path, &service, None).await?, 204)?;
    let gone = bank.call("GET", &path, &service, None).await?;
    let data = bank.data(token).await?;
    ensure!(
        gone.status == 404 && matches!(data.status, 401 | 403),
        "it lives: {} {}",
        gone.status,
        data.body
    );
    story.say(&format!("GET {purpose}: 200. DELETE: 204. GET: 404. The token at /data: {}.", data.status))
}

async fn poll(bank: &Agency<'_>, auth_req_id: &str) -> anyhow::Result<Reply> {
    bank.post("/oauth/token", &[("grant_type", CIBA), ("auth_req_id", auth_req_id)]).await
}

/// The waiting question with these words; she looks through what waits for her.
async fn question(scene: &Scene<'_>, browser: &mut Browser<'_>, words: &str) -> anyhow::Result<Page> {
    let list = browser.open(&scene.at("/me/requests")).await?;
    let links = list.text.split("href=\"/requests/").skip(1).filter_map(|rest| rest.split('"').next());
    for id in links.map(str::to_owned).collect::<Vec<_>>() {
        let page = browser.open(&scene.at(&format!("/requests/{id}"))).await?;
        if page.text.contains(words) {
            return Ok(page);
        }
    }
    anyhow::bail!("no question with `{words}` waits for her")
}
