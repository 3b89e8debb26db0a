//! The configuration file: one TOML file, read whole, with every problem named at once.
//!
//! In scope: the file's form, what must agree across its sections, and the two overrides of the environment. Each
//! section that belongs to a room is described there (`outbound::sources`, `login`, `telemetry`, `registry`). Paths
//! are relative to the file's folder. Out of scope: opening what it names (`app`).

mod check;
mod read;
mod registrations;
mod sections;

#[cfg(test)]
mod tests;

use std::{fmt, path::Path, path::PathBuf, sync::Arc};

pub use sections::{
    ConsentSection, Database, Limits, Listen, LogSection, People, PoliciesSection, Portal, Tls,
};

use crate::{
    admin::{ClientSpec, OfficialSpec},
    domain::calendar::Adjustments,
    login::IssuerConfig,
    outbound::sources::SourceConfig,
    policy::{self, Files, LoadError, Options, Register},
    registry::Agency,
    telemetry::TelemetryConfig,
    time::Millis,
};

/// The variable that replaces `database.url`, so that a password need not stand in a file.
pub const DATABASE_URL: &str = "MINHBACH_DATABASE_URL";

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: a section or member, e.g. `clients[1].purposes`; for a syntax error, the line.
    pub place: String,
    /// What is wrong, in words for an operator. Secrets are never quoted.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// A configuration in which nothing contradicts anything; paths are absolute.
#[derive(Clone, Debug)]
pub struct Config {
    /// The folder the file is in.
    pub folder: PathBuf,
    /// `issuer`: the service's address as clients know it, `https://host[:port]` without a trailing slash. Plain
    /// `http` on the loopback only. It names the log too, so it can never change.
    pub issuer: String,
    /// `[listen]`: where requests arrive.
    pub listen: Listen,
    /// `[database]`: where entries are kept.
    pub database: Database,
    /// `keys`: the folder of key files, outside the database (see SECURITY.md).
    pub keys: PathBuf,
    /// `[log]`: where tiles and checkpoints are published.
    pub log: LogSection,
    /// `[policies]`: which purposes and rules apply; those of the program when absent.
    pub policies: PoliciesSection,
    /// `[[agencies]]`: who takes part.
    pub agencies: Vec<Agency>,
    /// `[[clients]]`: clients registered by configuration; others are registered by `minhbach client add`.
    pub clients: Vec<ClientSpec>,
    /// `[[officials]]`: officials registered by configuration; others by `minhbach official add` or a first sign-in.
    pub officials: Vec<OfficialSpec>,
    /// `[[auditors]]`: who may read entry bundles, by the SHA-256 of a bearer token.
    pub auditors: Vec<crate::crypto::Digest>,
    /// `[[sources]]`: the registers.
    pub sources: Vec<SourceConfig>,
    /// `[[issuers]]`: who signs people in.
    pub issuers: Vec<IssuerConfig>,
    /// `[telemetry]`: logs, spans and metrics.
    pub telemetry: TelemetryConfig,
    /// `[consent]`: how people are asked, and what is expected of those who rely on consents.
    pub consent: ConsentSection,
    /// `[limits]`: how much of a thing is too much.
    pub limits: Limits,
    /// `[portal]`: what the pages call themselves.
    pub portal: Portal,
    /// `[calendar]`: days of rest and of work that the built-in calendar does not know.
    pub calendar: Adjustments,
    /// `[people]`: people who act for others.
    pub people: People,
}

impl Config {
    /// Reads and checks a file, with the overrides of the environment.
    ///
    /// # Errors
    /// Every [`Problem`] there is, not only the first.
    pub fn load(path: &Path) -> Result<Self, Vec<Problem>> {
        Self::load_with(path, database_url_of_environment())
    }

    /// The same with the overrides as arguments.
    ///
    /// # Errors
    /// Every [`Problem`] there is.
    pub fn load_with(path: &Path, database_url: Option<String>) -> Result<Self, Vec<Problem>> {
        let place = path.display().to_string();
        let whole = |what: String| vec![Problem { place: place.clone(), what }];
        let path = std::path::absolute(path).map_err(|error| whole(error.to_string()))?;
        let text = std::fs::read_to_string(&path).map_err(|error| whole(error.to_string()))?;
        let folder = path.parent().unwrap_or(Path::new("/"));
        Self::parse(&text, folder, database_url)
    }

    /// Reads and checks the text of a file that stands in `folder`.
    ///
    /// # Errors
    /// Every [`Problem`] there is.
    pub fn parse(text: &str, folder: &Path, database_url: Option<String>) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let config = read::read(text, folder, database_url, &mut problems);
        if let Some(config) = &config {
            check::check(config, &mut problems);
        }
        match config {
            Some(config) if problems.is_empty() => Ok(config),
            _ => Err(problems),
        }
    }

    /// The purposes and rules, freshly read. `now` matters only where reviews are read relative to the start.
    ///
    /// # Errors
    /// Every fault of every file.
    pub fn register(&self, now: Millis) -> Result<Arc<Register>, Vec<LoadError>> {
        let files = match &self.policies.folder {
            Some(folder) => Files::from_dir(folder).map_err(|error| vec![error])?,
            None => policy::embedded(),
        };
        let relative_to = self.policies.reviews_relative_to_start.then_some(now);
        Register::load(&files, Options { relative_to }).map(Arc::new)
    }

    /// The log's name (c2sp.org/tlog-checkpoint "origin"): the issuer without its scheme.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.issuer.split_once("://").map_or(self.issuer.as_str(), |(_, rest)| rest)
    }
}

/// A commented configuration to start from; it loads as it is.
#[must_use]
pub const fn sample() -> &'static str {
    include_str!("sample.toml")
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads configuration from the environment")]
fn database_url_of_environment() -> Option<String> {
    std::env::var(DATABASE_URL).ok().filter(|url| !url.is_empty())
}
