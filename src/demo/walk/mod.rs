//! The story of DESIGN §1, told by doing it over real HTTP; every step says what came back and fails if it should not.
//!
//! This file: the stage, the telling, and the order of the acts. Each act has a file of its own.

mod absent;
mod access;
mod asking;
mod choices;
mod consent;
mod emergency;
mod family;
mod official;
mod several;

use std::{collections::BTreeMap, io::Write, time::Duration};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::{
    agency::{Agency, Reply},
    browser::{Browser, Page},
    idp::IdentityProvider,
    people::{CITIZENS, Citizen},
    settings::{CLIENTS, ClientSeed},
    sites::Sites,
};
use crate::{
    app::service::Running, crypto::Random, jose::PrivateJwk, outbound::exchange::Exchange, time::Clock,
};
pub use access::detail;

/// Renews driving licences.
const POLICE: &str = "csgt.giay-phep";
/// Verifies customers; its purpose rests on consent.
const BANK: &str = "ngan-hang.xac-minh";
/// Treats patients: on consent, and in emergencies.
const HOSPITAL: &str = "benh-vien.ho-so";

/// Everything that takes part.
pub struct Scene<'a> {
    /// The service.
    pub issuer: &'a str,
    /// Clients' keys.
    pub keys: &'a BTreeMap<&'static str, PrivateJwk>,
    /// Clients' secrets where their officials sign in.
    pub secrets: &'a BTreeMap<&'static str, String>,
    /// HTTP, for everybody outside the service.
    pub http: &'a Exchange,
    /// The clock.
    pub clock: &'a dyn Clock,
    /// Randomness.
    pub random: &'a dyn Random,
    /// The agencies' own sites.
    pub sites: &'a Sites,
    /// Where people sign in.
    pub idp: &'a IdentityProvider,
    /// The age at which children decide alone.
    pub hand_over_age: u8,
    /// The service from inside: for what an operator does, and for checking the ledger from its files.
    pub running: &'a Running,
}

/// Where the story is told, step by step.
pub struct Story<'a> {
    out: &'a mut dyn Write,
    step: u8,
}

impl<'a> Story<'a> {
    /// A story that nobody has begun to tell.
    pub fn new(out: &'a mut dyn Write) -> Self {
        Self { out, step: 0 }
    }

    /// Begins a step.
    ///
    /// # Errors
    /// When nobody takes it any more.
    fn step(&mut self, title: &str) -> anyhow::Result<()> {
        self.step = self.step.saturating_add(1);
        Ok(writeln!(self.out, "\n{}. {title}", self.step)?)
    }

    /// Says a line of the step.
    ///
    /// # Errors
    /// When nobody takes it any more.
    fn say(&mut self, line: &str) -> anyhow::Result<()> {
        Ok(writeln!(self.out, "   {line}")?)
    }

    /// Shows these members of what came back, a line each.
    ///
    /// # Errors
    /// When nobody takes it any more.
    fn show(&mut self, value: &Value, members: &[&str]) -> anyhow::Result<()> {
        for name in members {
            if let Some(value) = value.get(name) {
                self.say(&format!("   {name}: {value}"))?;
            }
        }
        Ok(())
    }
}

impl<'a> Scene<'a> {
    /// Walks through all of it.
    ///
    /// # Errors
    /// When a step does not do what it should; it is named.
    pub async fn walk(&self, story: &mut Story<'_>) -> anyhow::Result<()> {
        let told = self.tell(story).await;
        told.with_context(|| format!("step {}", story.step))
    }

    async fn tell(&self, story: &mut Story<'_>) -> anyhow::Result<()> {
        access::walk(self, story).await?;
        let handle = consent::walk(self, story).await?;
        // What is asked here is answered later: in between time passes, as it does for somebody who is not there.
        let waiting = absent::ask(self, story, &handle).await?;
        several::walk(self, story).await?;
        choices::walk(self, story).await?;
        emergency::walk(self, story).await?;
        family::walk(self, story).await?;
        absent::answered(self, story, waiting).await?;
        access::audit(self, story).await
    }

    /// An agency's software.
    fn agency(&self, client_id: &'static str) -> anyhow::Result<Agency<'a>> {
        Ok(Agency {
            issuer: self.issuer,
            client_id,
            key: self.keys.get(client_id).context("a client without a key")?,
            http: self.http,
            clock: self.clock,
            random: self.random,
        })
    }

    /// Where an agency's site receives browsers.
    fn redirect_uri(&self, client_id: &str) -> anyhow::Result<String> {
        let uris = seed(client_id)?.redirect_uris(self.sites.origin());
        uris.into_iter().next().context("a client without a site")
    }

    /// The browser of a citizen who has signed in.
    async fn signed_in(&self, citizen: &Citizen) -> anyhow::Result<Browser<'a>> {
        let mut browser = Browser::new(self.http);
        sign_in_citizen(&mut browser, self.issuer, citizen).await?;
        Ok(browser)
    }

    /// An address of the service.
    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }
}

/// A citizen signs in to the portal with her electronic identity.
///
/// # Errors
/// When a page is not what it should be.
pub async fn sign_in_citizen(
    browser: &mut Browser<'_>,
    issuer: &str,
    citizen: &Citizen,
) -> anyhow::Result<()> {
    let page = browser.open(&format!("{issuer}/sign-in?return_to=%2Fme")).await?;
    let page = sign_in(browser, &page, "citizen", citizen.login, citizen.password).await?;
    let (status, path) = (page.status, page.url.path());
    ensure!(status == 200 && path == "/me", "the sign-in ended at {status} {path}");
    Ok(())
}

/// From our page with the ways to sign in, over the identity provider's form, and back.
async fn sign_in(
    browser: &mut Browser<'_>,
    page: &Page,
    way: &str,
    login: &str,
    password: &str,
) -> anyhow::Result<Page> {
    let choice = page.forms().into_iter().find(|form| form.fields.get("issuer").is_some_and(|it| it == way));
    let page = browser.send(page, &choice.context("the page offers no such sign-in")?).await?;
    typed_in(browser, &page, login, password).await
}

/// Fills in the identity provider's form.
async fn typed_in(
    browser: &mut Browser<'_>,
    page: &Page,
    login: &str,
    password: &str,
) -> anyhow::Result<Page> {
    let form = page.forms().into_iter().find(|form| form.fields.contains_key("password"));
    let mut form = form.with_context(|| format!("no form to sign in with at {}", page.url.path()))?;
    form.fields.insert("login".to_owned(), login.to_owned());
    form.fields.insert("password".to_owned(), password.to_owned());
    browser.send(page, &form).await
}

/// The one this part of the story is about.
fn citizen(n: usize) -> anyhow::Result<&'static Citizen> {
    CITIZENS.get(n).context("nobody to tell the story about")
}

fn seed(client_id: &str) -> anyhow::Result<&'static ClientSeed> {
    CLIENTS.iter().find(|client| client.client_id == client_id).context("no such client")
}

fn expect(reply: &Reply, status: u16) -> anyhow::Result<()> {
    ensure!(reply.status == status, "expected {status}, got {}: {}", reply.status, reply.body);
    Ok(())
}

/// Asks again until there is an answer, for what the service does at its own pace.
async fn eventually<T>(
    what: &str,
    mut ask: impl AsyncFnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    loop {
        tick.tick().await;
        if let Some(found) = ask().await? {
            return Ok(found);
        }
        ensure!(tokio::time::Instant::now() < deadline, "{what}: not within ten seconds");
    }
}
