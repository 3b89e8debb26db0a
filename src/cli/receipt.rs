//! `minhbach receipt verify`: without a database, a configuration or, given a file of keys, a network.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};

use super::{FAILED, NO, session};
use crate::{
    domain::receipt::{self, MAX_RECEIPT},
    i18n::{Arg, Lang, text, text_with},
    jose::Jwks,
    json,
    outbound::http::{self, Options},
    time::{Clock as _, SystemClock},
};

/// As much as a set of 32 keys needs many times over.
const MAX_KEYS: usize = 64 * 1024;

/// Check a consent receipt
#[derive(Subcommand)]
pub(super) enum Verb {
    Verify(Arguments),
}

/// Check a receipt with the published keys, and say what it is about
#[derive(Args)]
#[command(
    after_help = "A receipt is a file with one signed text (a JWS in compact form). Keep the service's receipt keys beside it:
they are published at /receipts/keys, and none is ever taken out. With a file of keys nothing is fetched.
Exit codes: 0 it holds, 1 it does not hold, 2 it could not be found out (no keys, or they cannot be read).

Examples:
  curl -o receipt-keys.json https://minhbach.example/receipts/keys
  minhbach receipt verify receipt.jws --keys receipt-keys.json
  minhbach receipt verify receipt.jws --keys https://minhbach.example/receipts/keys --lang en"
)]
pub(super) struct Arguments {
    /// The receipt
    file: PathBuf,
    /// The published receipt keys (a JWK Set): a file, or an https address
    #[arg(long, value_name = "FILE|URL")]
    keys: Option<String>,
    /// The language: `vi` or `en`
    #[arg(long, default_value = "vi", value_parser = language)]
    lang: Lang,
}

fn language(tag: &str) -> Result<Lang, String> {
    Lang::ALL.into_iter().find(|lang| lang.tag() == tag).ok_or_else(|| "give `vi` or `en`".to_owned())
}

pub(super) fn run(verb: &Verb, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Verify(arguments) => verify(arguments, out),
    }
}

fn verify(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let receipt = read(&arguments.file, MAX_RECEIPT)?;
    let lang = arguments.lang;
    let Some(keys) = &arguments.keys else {
        writeln!(out, "{}", text(lang, "receipt-no-keys"))?;
        return Ok(ExitCode::from(FAILED));
    };
    let keys = if keys.starts_with("https://") || keys.starts_with("http://") {
        fetch(keys).with_context(|| format!("`{keys}`"))?
    } else {
        read(Path::new(keys), MAX_KEYS)?
    };
    let keys = json::parse(&keys, MAX_KEYS).context("the keys")?;
    let keys = Jwks::parse(&keys).context("the keys")?;
    // What is not text is not a receipt either, and says so below.
    let opened = receipt::open(&String::from_utf8_lossy(&receipt), &keys);
    writeln!(out, "{}", receipt::verdict(lang, opened.as_ref().map(|_| ())))?;
    let claims = match opened {
        Ok(claims) => claims,
        // Nothing of a text that may be anybody's is shown.
        Err(error) => {
            writeln!(out, "({error})")?;
            return Ok(ExitCode::from(NO));
        }
    };
    writeln!(out, "{}", text_with(lang, "receipt-signed-by", &[("value", Arg::Text(&claims.iss))]))?;
    writeln!(out, "\n{}", receipt::plain(&claims, lang))?;
    if claims.state.is_standing() && claims.processing.validity.valid_to <= SystemClock.now() {
        writeln!(out, "{}", text(lang, "receipt-over-now"))?;
    } else if !claims.state.is_over() {
        writeln!(out, "{}", text(lang, "receipt-as-of"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path, limit: usize) -> anyhow::Result<Vec<u8>> {
    let name = || format!("`{}`", path.display());
    let size = fs::metadata(path).with_context(name)?.len();
    if size > u64::try_from(limit)? {
        bail!("{} is larger than {limit} bytes", name());
    }
    fs::read(path).with_context(name)
}

/// Fetches a set of keys. In the clear only from this machine: keys that anybody on the way could have changed prove
/// nothing.
fn fetch(address: &str) -> anyhow::Result<Vec<u8>> {
    let url: url::Url = address.parse()?;
    let loopback = match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if url.scheme() == "http" && !loopback {
        bail!("keys are fetched by https only");
    }
    let trust = if url.scheme() == "http" { http::Trust::Nobody } else { http::Trust::System };
    let timeout = Some(Duration::from_secs(10));
    let client = http::client_with(&Options { trust, timeout, ..Options::default() })?;
    session::block_on(async {
        let mut answer = client.get(url).send().await?.error_for_status()?;
        if !answer.status().is_success() {
            bail!("answered {}", answer.status());
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len().saturating_add(chunk.len()) > MAX_KEYS {
                bail!("the answer is larger than {MAX_KEYS} bytes");
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    })
}
