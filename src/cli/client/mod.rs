//! `minhbach client add|list|suspend|restore|try`.

mod curl;
mod kit;
mod request;
mod trial;

use std::{collections::BTreeSet, fs, io::Write, path::PathBuf, process::ExitCode};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};

use super::{print, session::Deployment};
use crate::{
    admin::{self, ClientSpec},
    domain::{
        catalogue::Text,
        client::{CitizenScope, Profile, RequestObject, Signed},
    },
    jose::Jwks,
    registry::ActorIssuer,
    time::Millis,
};

/// Register, list, suspend and restore clients, or try one; a running service takes a change within a second
#[derive(Subcommand)]
#[command(after_help = "Examples:
  minhbach client add --config minhbach.toml --id csgt-vi-du.licences --agency csgt-vi-du \\
      --name 'Phần mềm cấp đổi giấy phép lái xe' --jwks csgt.jwks.json --purpose driver.licence_renewal
  minhbach client add --config minhbach.toml --id ngan-hang.xac-minh --agency ngan-hang --name 'Xác minh khách hàng' \\
      --jwks bank.jwks.json --purpose private.bank_verification --redirect-uri https://bank.example/back \\
      --backchannel --grant-management --request-object required --response-mode jwt --introspection jwt
  minhbach client suspend csgt-vi-du.licences --config minhbach.toml --because 'khóa bị lộ'
  minhbach client list --data var/demo
  minhbach client try --kit var/demo/kit.json --purpose driver.licence_renewal")]
pub(super) enum Verb {
    /// Register a client, or replace its registration
    Add(Add),
    /// List all clients
    List(Deployment),
    /// Suspend a client at once: no token, and no data for the tokens it has
    Suspend(One),
    /// Restore a suspended client
    Restore(One),
    Try(trial::Arguments),
}

#[derive(Args)]
pub(super) struct Add {
    #[command(flatten)]
    deployment: Deployment,
    /// The OAuth `client_id`
    #[arg(long)]
    id: String,
    /// The agency it belongs to, for good
    #[arg(long)]
    agency: String,
    /// Its name for people
    #[arg(long)]
    name: String,
    /// A file with its public keys, a JWK Set
    #[arg(long, value_name = "FILE")]
    jwks: PathBuf,
    /// A purpose it may ask for; repeat for more
    #[arg(long = "purpose", value_name = "PURPOSE")]
    purposes: Vec<String>,
    /// An address citizens are sent back to, https, compared letter by letter; repeat for more
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// The audience it answers for, when it is itself a data holder
    #[arg(long)]
    audience: Option<String>,
    /// `ISSUER=AUDIENCE`: an issuer whose ID tokens prove that its officials signed in; repeat for more
    #[arg(long = "actor-issuer", value_name = "ISSUER=AUDIENCE")]
    actor_issuers: Vec<String>,
    /// It sends signed request objects only (RFC 9101)
    #[arg(long, value_name = "required", value_parser = ["required"])]
    request_object: Option<String>,
    /// Answers at its redirect URIs are signed (JARM)
    #[arg(long, value_name = "jwt", value_parser = ["jwt"])]
    response_mode: Option<String>,
    /// Answers about tokens are signed (RFC 9701)
    #[arg(long, value_name = "jwt", value_parser = ["jwt"])]
    introspection: Option<String>,
    /// It may ask a citizen who is not there (CIBA, poll)
    #[arg(long)]
    backchannel: bool,
    /// What of their own citizens may let it read; repeat for more
    #[arg(long = "scope", value_parser = CitizenScope::ALL.map(CitizenScope::as_str))]
    scopes: Vec<String>,
    /// It may query, name and revoke its grants (Grant Management for OAuth 2.0)
    #[arg(long)]
    grant_management: bool,
    /// Who processes for the agency what it reads, or gets it from it, in both languages; repeat for more
    #[arg(long = "processor", value_name = "VI=EN", value_parser = processor)]
    processors: Vec<Text>,
}

fn processor(names: &str) -> Result<Text, String> {
    let (vi, en) = names.split_once('=').ok_or("write it as `VI=EN`")?;
    Ok(Text { vi: vi.to_owned(), en: en.to_owned() })
}

#[derive(Args)]
pub(super) struct One {
    /// The OAuth `client_id`
    id: String,
    #[command(flatten)]
    deployment: Deployment,
    /// Why; recorded in the entry
    #[arg(long, value_name = "TEXT")]
    because: Option<String>,
}

pub(super) fn run(verb: Verb, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Try(arguments) => return trial::run(&arguments, out),
        Verb::Add(add) => {
            let spec = spec(&add)?;
            add.deployment.with(async |config, engines| {
                for ActorIssuer { issuer, .. } in &spec.actor_issuers {
                    if !config.issuers.iter().any(|known| known.issuer == *issuer) {
                        bail!("the configuration has no issuer `{issuer}`");
                    }
                }
                let done = admin::register_client(engines, &spec).await?;
                Ok(print::done(out, &format!("registered `{}`", spec.client_id), &done)?)
            })?;
        }
        Verb::List(deployment) => {
            deployment.with(async |_, engines| {
                let mut rows = Vec::new();
                for row in engines.store.clients().await? {
                    let state = row
                        .suspended_at
                        .map_or_else(|| "active".to_owned(), |at| format!("suspended {}", Millis(at)));
                    let client = crate::registry::Client::parse(row)?;
                    let purposes: Vec<String> = client.purposes.into_iter().collect();
                    let redirects: Vec<&str> = client.redirect_uris.iter().map(url::Url::as_str).collect();
                    rows.push([
                        client.client_id,
                        client.agency.as_ref().to_owned(),
                        state,
                        client.name,
                        purposes.join(" "),
                        allowed(&client.profile),
                        redirects.join(" "),
                    ]);
                }
                let headings = ["CLIENT", "AGENCY", "STATE", "NAME", "PURPOSES", "PROFILE", "REDIRECT URIS"];
                Ok(print::table(out, headings, &rows)?)
            })?;
        }
        Verb::Suspend(One { id, deployment, because }) => {
            deployment.with(async |_, engines| {
                let done = admin::suspend_client(engines, &id, because.as_deref()).await?;
                Ok(print::done(out, &format!("suspended `{id}`"), &done)?)
            })?;
        }
        Verb::Restore(One { id, deployment, because }) => {
            deployment.with(async |_, engines| {
                let done = admin::restore_client(engines, &id, because.as_deref()).await?;
                Ok(print::done(out, &format!("restored `{id}`"), &done)?)
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn spec(add: &Add) -> anyhow::Result<ClientSpec> {
    let file = add.jwks.display();
    let text = fs::read_to_string(&add.jwks).with_context(|| format!("`{file}`"))?;
    let keys = serde_json::from_str(&text).with_context(|| format!("`{file}`"))?;
    let mut actor_issuers: Vec<ActorIssuer> = Vec::new();
    for pair in &add.actor_issuers {
        // From the right: an issuer may hold an equals sign, an audience seldom does.
        let (issuer, audience) =
            pair.rsplit_once('=').with_context(|| format!("`{pair}` is not `ISSUER=AUDIENCE`"))?;
        match actor_issuers.iter_mut().find(|known| known.issuer == issuer) {
            Some(known) => known.audiences.push(audience.to_owned()),
            None => actor_issuers
                .push(ActorIssuer { issuer: issuer.to_owned(), audiences: vec![audience.to_owned()] }),
        }
    }
    Ok(ClientSpec {
        client_id: add.id.clone(),
        agency: add.agency.clone(),
        name: add.name.clone(),
        jwks: Jwks::parse(&keys).with_context(|| format!("`{file}`"))?,
        purposes: add.purposes.iter().cloned().collect::<BTreeSet<_>>(),
        redirect_uris: add.redirect_uris.clone(),
        audience: add.audience.clone(),
        actor_issuers,
        profile: Profile {
            request_object: add.request_object.as_ref().map(|_| RequestObject::Required),
            response_mode: add.response_mode.as_ref().map(|_| Signed::Jwt),
            introspection: add.introspection.as_ref().map(|_| Signed::Jwt),
            backchannel: add.backchannel,
            scopes: add.scopes.iter().filter_map(|name| CitizenScope::parse(name)).collect(),
            grant_management: add.grant_management,
            processors: add.processors.clone(),
        },
    })
}

/// A profile in the words of the options of `client add`.
fn allowed(profile: &Profile) -> String {
    let options = [
        (profile.request_object.is_some(), "request-object=required"),
        (profile.response_mode.is_some(), "response-mode=jwt"),
        (profile.introspection.is_some(), "introspection=jwt"),
        (profile.backchannel, "backchannel"),
        (profile.grant_management, "grant-management"),
        (!profile.processors.is_empty(), "processors"),
    ];
    let said = options.into_iter().filter_map(|(is, word)| is.then_some(word));
    said.chain(profile.scopes.iter().map(|scope| scope.as_str())).collect::<Vec<_>>().join(" ")
}
