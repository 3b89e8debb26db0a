//! `minhbach doctor`: is everything in order?

use std::{io::Write, process::ExitCode, time::Duration};

use clap::Args;
use url::Url;

use super::{
    NO,
    session::{self, Deployment, block_on},
};
use crate::{
    config::Config,
    domain::calendar::{Calendar, day_of},
    engines::Engines,
    keyring::{Keyring, RECEIPT_KEYS, TOKEN_KEYS},
    login::Provider,
    outbound::{
        exchange::Exchange,
        http::{self, Options, Trust},
    },
    time::{Clock as _, Millis, SystemClock},
};

/// A review that ends sooner than this is worth a word.
const SOON: Duration = Duration::from_hours(24 * 30);

/// Check a deployment from the outside in: database, keys, ledger, clock, policies, sources, issuers
#[derive(Args)]
#[command(
    after_help = "Each line begins with ok, warn or FAIL; exit code 1 if anything failed.\n\nExamples:\n  minhbach doctor --config minhbach.toml\n  minhbach doctor --data var/demo"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    deployment: Deployment,
}

pub(super) fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let config = arguments.deployment.load()?;
    let mut doctor = Doctor { out, failed: false };
    doctor.ok("configuration", "has no problems")?;
    block_on(async {
        doctor.clock()?;
        doctor.keys(&config)?;
        doctor.policies(&config)?;
        doctor.calendar(&config)?;
        match session::open(&config).await {
            Ok((engines, _telemetry)) => {
                doctor.ok("database", "answers, its schema is this program's")?;
                doctor.ledger(&config, &engines).await?;
                engines.store.close().await;
            }
            Err(error) => doctor.fail("engines", format!("{error:#}"))?,
        }
        doctor.sources(&config).await?;
        doctor.issuers(&config).await
    })?;
    Ok(if doctor.failed { ExitCode::from(NO) } else { ExitCode::SUCCESS })
}

struct Doctor<'a> {
    out: &'a mut dyn Write,
    failed: bool,
}

impl Doctor<'_> {
    fn ok(&mut self, place: &str, what: impl std::fmt::Display) -> anyhow::Result<()> {
        Ok(writeln!(self.out, "ok    {place}: {what}")?)
    }

    fn warn(&mut self, place: &str, what: impl std::fmt::Display) -> anyhow::Result<()> {
        Ok(writeln!(self.out, "warn  {place}: {what}")?)
    }

    fn fail(&mut self, place: &str, what: impl std::fmt::Display) -> anyhow::Result<()> {
        self.failed = true;
        Ok(writeln!(self.out, "FAIL  {place}: {what}")?)
    }

    /// Nothing here can ask the time elsewhere; what can be seen is a clock that was never set.
    fn clock(&mut self) -> anyhow::Result<()> {
        let now = SystemClock.now();
        // 2026-01-01: the law this service serves is in force from then.
        if now < Millis(1_767_225_600_000) {
            return self.fail("clock", format!("{now} lies before this program was made"));
        }
        self.ok(
            "clock",
            format!("{now}; tokens and proofs allow 10 s of difference, so keep it synchronised"),
        )
    }

    fn keys(&mut self, config: &Config) -> anyhow::Result<()> {
        #[cfg(unix)]
        for name in ["master.key", "index.key", "log.key", TOKEN_KEYS, RECEIPT_KEYS] {
            use std::os::unix::fs::PermissionsExt as _;
            let path = config.keys.join(name);
            match std::fs::metadata(&path) {
                // There from the first rotation on.
                Err(_) if name == RECEIPT_KEYS && !path.exists() => {}
                Err(error) => self.fail("keys", format!("`{}`: {error}", path.display()))?,
                Ok(meta) if meta.permissions().mode() & 0o077 != 0 => {
                    self.fail("keys", format!("`{}` can be read by others: chmod 600", path.display()))?;
                }
                Ok(_) => {}
            }
        }
        match Keyring::load(&config.keys) {
            Ok(keys) => self.ok(
                "keys",
                format!(
                    "can be read; token keys {}, receipt keys {}",
                    keys.tokens.len(),
                    keys.receipts.len()
                ),
            ),
            Err(error) => self.fail("keys", error),
        }
    }

    fn policies(&mut self, config: &Config) -> anyhow::Result<()> {
        let now = SystemClock.now();
        let register = match config.register(now) {
            Ok(register) => register,
            Err(faults) => {
                for fault in faults {
                    self.fail("policies", fault)?;
                }
                return Ok(());
            }
        };
        if config.policies.reviews_relative_to_start {
            self.warn("policies", "review dates are moved to the start: for demonstrations only")?;
        }
        let active = || register.catalogue().purposes.values().filter(|purpose| purpose.is_active());
        self.ok(
            "policies",
            format!("{} purposes in force, bundle {}", active().count(), register.bundle_version()),
        )?;
        for purpose in active() {
            let Some(review) = &purpose.review else { continue };
            if !review.current(now) {
                self.warn(
                    "policies",
                    format!("`{}` is refused: its review ended on {}", purpose.id, review.next_review_due),
                )?;
            } else if !review.current(now + SOON) {
                self.warn(
                    "policies",
                    format!("the review of `{}` ends on {}", purpose.id, review.next_review_due),
                )?;
            }
        }
        Ok(())
    }

    /// Deadlines reach into the next year; a year without Tết in it makes them too early.
    fn calendar(&mut self, config: &Config) -> anyhow::Result<()> {
        let calendar = Calendar::new(&config.calendar);
        let this = day_of(SystemClock.now()).year();
        for year in [this, this.saturating_add(1)] {
            if !calendar.knows(year) {
                self.warn(
                    "calendar",
                    format!("the holidays of {year} are not known: say them in `[calendar]`"),
                )?;
            }
        }
        self.ok("calendar", "public holidays are from memory: compare them with the decisions in force")
    }

    async fn ledger(&mut self, config: &Config, engines: &Engines) -> anyhow::Result<()> {
        match engines.log.check().await {
            Ok(_) => {
                let size = engines.store.head().await?.size;
                self.ok("ledger", format!("{size} entries agree with every published checkpoint"))?;
            }
            Err(error) => self.fail("ledger", error)?,
        }
        match &config.log.mirror {
            None => self.warn(
                "ledger",
                "there is no `log.mirror`: a rollback of database and folder together would go unseen",
            )?,
            Some(path) => self.ok("ledger", format!("the checkpoint is mirrored to `{}`", path.display()))?,
        }
        match engines.store.head().await?.bundle {
            Some(active) if active == *engines.bundle => Ok(()),
            Some(_) => self.warn(
                "policies",
                "other policies are in force in the database; the next start activates these",
            ),
            None => self
                .warn("policies", "none are in force in the database yet; the first start activates these"),
        }
    }

    /// Whether something answers at each register's address. No person is asked about.
    async fn sources(&mut self, config: &Config) -> anyhow::Result<()> {
        for source in &config.sources {
            let place = format!("source `{}`", source.id);
            let Ok(url) = Url::parse(&source.url.replace("{national_id}", "0")) else { continue };
            let (host, port) =
                (url.host_str().unwrap_or_default().trim_matches(['[', ']']), url.port_or_known_default());
            let dial = tokio::net::TcpStream::connect((host, port.unwrap_or(443)));
            match tokio::time::timeout(Duration::from_secs(3), dial).await {
                Ok(Ok(_)) => self.ok(&place, "accepts connections")?,
                Ok(Err(error)) => self.fail(&place, format!("cannot be reached: {error}"))?,
                Err(_) => self.fail(&place, "cannot be reached within 3 s")?,
            }
        }
        if config.sources.is_empty() {
            self.warn("sources", "none are configured: no data can be had")
        } else {
            Ok(())
        }
    }

    async fn issuers(&mut self, config: &Config) -> anyhow::Result<()> {
        for issuer in &config.issuers {
            let place = format!("issuer `{}`", issuer.issuer);
            let trust = if issuer.issuer.starts_with("http:") { Trust::Nobody } else { Trust::System };
            let exchange = Exchange::new(http::client_with(&Options { trust, ..Options::default() })?);
            let callback = Url::parse(&format!("{}{}", config.issuer, crate::http::portal::CALLBACK))?;
            match Provider::new(issuer.clone(), callback, exchange) {
                Err(error) => self.fail(&place, error)?,
                Ok(provider) => match provider.discover(SystemClock.now()).await {
                    Ok(()) => self.ok(&place, "its metadata and keys can be had")?,
                    Err(error) => self.fail(&place, error)?,
                },
            }
        }
        if config.issuers.is_empty() {
            self.warn("issuers", "none are configured: nobody can sign in")
        } else {
            Ok(())
        }
    }
}
