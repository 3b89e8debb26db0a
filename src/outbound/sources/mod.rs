//! The registers that hold the data: asked over HTTP, all at once, each within its own time and size.
//!
//! In scope: one question about one person, and reading the asked fields out of the answer. Out of scope: who may
//! ask for what (`policy`), and what is passed on (`gateway`). Nothing here logs an address, an id or a value.

mod answer;
mod config;
mod error;
mod json;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use futures_util::future::join_all;
use reqwest::{
    Client, Response, StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use serde_json::Value;

pub use answer::Answer;
pub use config::{FieldAt, FieldType, GetException, Method, SourceConfig, TlsConfig};
pub use error::{SetupError, SourceError};

use crate::{
    outbound::http::{self, Options, Trust},
    secret::Secret,
};

/// What is asked of each source: source id → field names.
pub type Questions = BTreeMap<String, Vec<String>>;
/// What each source answered: source id → answer, or why there is none.
pub type Answers = BTreeMap<String, Result<Answer, SourceError>>;

/// The configured registers, each with its own client.
#[derive(Debug)]
pub struct Sources(BTreeMap<String, Source>);

#[derive(Debug)]
struct Source {
    config: SourceConfig,
    client: Client,
}

impl Sources {
    /// Checks every description and builds the clients; relative certificate paths start at `folder`. All problems
    /// are reported, each with the id of its source.
    pub fn open(configs: Vec<SourceConfig>, folder: &Path) -> Result<Self, Vec<SetupError>> {
        let (mut sources, mut problems) = (BTreeMap::new(), Vec::new());
        for config in configs {
            problems.extend(config.problems().into_iter().map(|reason| SetupError::new(&config.id, reason)));
            match client(&config, folder) {
                Err(error) => problems.push(error),
                Ok(client) => {
                    let id = config.id.clone();
                    if sources.insert(id.clone(), Source { config, client }).is_some() {
                        problems.push(SetupError::new(&id, "the id is used twice".to_owned()));
                    }
                }
            }
        }
        if problems.is_empty() { Ok(Self(sources)) } else { Err(problems) }
    }

    /// Whether `source` is configured and knows where to find `field`: what start-up checks for the whole catalogue.
    #[must_use]
    pub fn offers(&self, source: &str, field: &str) -> bool {
        self.0.get(source).is_some_and(|source| source.config.fields.contains_key(field))
    }

    /// The ids of the configured sources, in order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Asks one source for some fields of one person. `national_id` goes into the request body and nowhere else,
    /// unless the source is a named GET exception.
    pub async fn ask(
        &self,
        source: &str,
        national_id: &str,
        fields: &[String],
    ) -> Result<Answer, SourceError> {
        let source = self.0.get(source).ok_or(SourceError::Unavailable)?;
        let limit = Duration::from_millis(source.config.timeout_ms);
        // The client's own limit covers the same span; this one holds even where the client does not look.
        let outcome = tokio::time::timeout(limit, source.ask(national_id, fields, limit))
            .await
            .unwrap_or(Err(SourceError::Timeout));
        match &outcome {
            // That nobody is there is an answer like any other.
            Ok(_) | Err(SourceError::NoRecord) => {}
            Err(error) => {
                tracing::warn!(source.id = %source.config.id, reason = error.code(), "no answer from a source");
            }
        }
        outcome
    }

    /// Asks several sources at once. Each has its own time limit, so the whole takes as long as the slowest of them.
    pub async fn ask_all(&self, national_id: &str, questions: &Questions) -> Answers {
        join_all(
            questions
                .iter()
                .map(async |(source, fields)| (source.clone(), self.ask(source, national_id, fields).await)),
        )
        .await
        .into_iter()
        .collect()
    }
}

impl Source {
    async fn ask(
        &self,
        national_id: &str,
        fields: &[String],
        limit: Duration,
    ) -> Result<Answer, SourceError> {
        // Twelve digits (Law 26/2023 Art. 12): anything else is nobody's id, and would have to be escaped in a URL.
        if national_id.len() != 12 || !national_id.bytes().all(|b| b.is_ascii_digit()) {
            return Err(SourceError::NoRecord);
        }
        let request = match &self.config.method {
            Method::Post => {
                let body = config::fill(&self.config.body, national_id, fields);
                self.client
                    .post(&self.config.url)
                    .header(CONTENT_TYPE, "application/json")
                    .body(body.to_string())
            }
            Method::GetExplicit(_) => self.client.get(self.config.url.replace(config::ID, national_id)),
        };
        let response = request
            .header(ACCEPT, "application/json")
            .timeout(limit)
            .send()
            .await
            .map_err(|error| failure(&error))?;
        self.judge(&response)?;
        let body = read(response, self.config.max_bytes).await?;
        answer::read(&self.config, national_id, fields, &body)
    }

    /// Everything that can be said before the body is read.
    fn judge(&self, response: &Response) -> Result<(), SourceError> {
        let json =
            response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|kind| {
                let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
                kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
            });
        match response.status() {
            StatusCode::OK if !json => Err(SourceError::BadAnswer),
            StatusCode::OK => Ok(()),
            // A proxy's HTML page for a wrong path must not read as "this person has no record".
            StatusCode::NOT_FOUND if json => Err(SourceError::NoRecord),
            status if status.is_redirection() => Err(SourceError::Redirected),
            status if status.is_success() => Err(SourceError::BadAnswer),
            _ => Err(SourceError::Unavailable),
        }?;
        let announced = response.content_length().unwrap_or(0);
        if announced > self.config.max_bytes as u64 { Err(SourceError::TooLarge) } else { Ok(()) }
    }
}

/// Reads a body, and stops at the first byte beyond the limit.
async fn read(mut response: Response, max_bytes: usize) -> Result<Vec<u8>, SourceError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
        if body.len() + chunk.len() > max_bytes {
            return Err(SourceError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// What a failed exchange means. The error itself names the address, so it goes no further than here.
fn failure(error: &reqwest::Error) -> SourceError {
    if error.is_timeout() { SourceError::Timeout } else { SourceError::Unavailable }
}

fn client(config: &SourceConfig, folder: &Path) -> Result<Client, SetupError> {
    let read = |path: &PathBuf| {
        let path = folder.join(path);
        std::fs::read(&path).map_err(|error| {
            SetupError::new(&config.id, format!("`{}` cannot be read: {error}", path.display()))
        })
    };
    let mut options = Options {
        trust: if config.url.starts_with("https:") { Trust::System } else { Trust::Nobody },
        timeout: Some(Duration::from_millis(config.timeout_ms)),
        ..Options::default()
    };
    if let Some(tls) = &config.tls {
        if let Some(ca) = &tls.ca {
            options.trust = Trust::Only(read(ca)?);
        }
        if let (Some(certificate), Some(key)) = (&tls.certificate, &tls.key) {
            let mut pem = read(certificate)?;
            pem.push(b'\n');
            pem.extend(read(key)?);
            options.identity = Some(Secret::new(pem));
        }
    }
    http::client_with(&options).map_err(|error| SetupError::new(&config.id, error.to_string()))
}

/// The value at an RFC 6901 pointer; `null` counts as absent.
fn at<'a>(record: &'a Value, pointer: &str) -> Option<&'a Value> {
    record.pointer(pointer).filter(|value| !value.is_null())
}

#[cfg(test)]
mod tests;
