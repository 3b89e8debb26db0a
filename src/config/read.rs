//! From text to sections, one by one, so that a fault in one does not hide the faults of the others.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::{
    Config, DATABASE_URL, Problem,
    registrations::{ClientSection, OfficialSection},
    sections::{AuditorSection, Database, Listen, LogSection, PoliciesSection},
};
use crate::{
    login::{ClientAuthentication, IssuerConfig},
    secret::Secret,
};

/// The sections of a file that have not been read yet.
struct Sections<'a> {
    table: Table,
    problems: &'a mut Vec<Problem>,
}

impl Sections<'_> {
    fn say(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.problems.push(Problem { place: place.into(), what: what.into() });
    }

    fn read<T: DeserializeOwned>(&mut self, place: String, value: Value) -> Option<T> {
        value.try_into().map_err(|error| self.say(place, one_line(&error.to_string()))).ok()
    }

    /// A section or member that must be there. When it cannot be read, `stand_in` lets the other checks go on.
    fn need<T: DeserializeOwned>(&mut self, name: &str, stand_in: T) -> T {
        let Some(value) = self.table.remove(name) else {
            self.say(name, "is missing");
            return stand_in;
        };
        self.read(name.to_owned(), value).unwrap_or(stand_in)
    }

    /// A section that has a default.
    fn may<T: DeserializeOwned + Default>(&mut self, name: &str) -> T {
        self.table.remove(name).and_then(|value| self.read(name.to_owned(), value)).unwrap_or_default()
    }

    /// A list of sections; those that can be read, with their place in the list.
    fn list<T: DeserializeOwned>(&mut self, name: &str) -> Vec<(String, T)> {
        let items = match self.table.remove(name) {
            None => return Vec::new(),
            Some(Value::Array(items)) => items,
            Some(_) => {
                self.say(name, format!("is a list: write `[[{name}]]`"));
                return Vec::new();
            }
        };
        let mut read = Vec::with_capacity(items.len());
        for (at, item) in items.into_iter().enumerate() {
            let place = format!("{name}[{at}]");
            read.extend(self.read(place.clone(), item).map(|item| (place, item)));
        }
        read
    }

    fn resolve<S, T>(
        &mut self,
        sections: Vec<(String, S)>,
        resolve: impl Fn(S) -> Result<T, String>,
    ) -> Vec<T> {
        let mut resolved = Vec::with_capacity(sections.len());
        for (place, section) in sections {
            match resolve(section) {
                Ok(item) => resolved.push(item),
                Err(what) => self.say(place, what),
            }
        }
        resolved
    }
}

/// Reads every section, absolute paths put in place of relative ones; `None` when the text is not TOML. Sections that
/// cannot be read are stood in for by ones without faults of their own: the problems say that the whole is no good.
pub(super) fn read(
    text: &str,
    folder: &Path,
    database_url: Option<String>,
    problems: &mut Vec<Problem>,
) -> Option<Config> {
    let table = match text.parse::<Table>() {
        Ok(table) => table,
        Err(error) => {
            // Not the error's own display: it quotes the line, which may hold a password.
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let place = format!("line {}", before.matches('\n').count().saturating_add(1));
            problems.push(Problem { place, what: one_line(error.message()) });
            return None;
        }
    };
    let mut from = Sections { table, problems };
    let issuer = from.need("issuer", "https://unknown.invalid".to_owned());
    let mut listen = from.need("listen", Listen::loopback());
    let database = from.need("database", Database::nowhere());
    let database = settle(database, folder, database_url, &mut from);
    let keys: PathBuf = from.need("keys", PathBuf::new());
    let mut log = from.need("log", LogSection::in_folder("log"));
    let mut policies: PoliciesSection = from.may("policies");
    let telemetry = from.may("telemetry");
    let limits = from.may("limits");
    let consent = from.may("consent");
    let portal = from.may("portal");
    let calendar = from.may("calendar");
    let people = from.may("people");
    let agencies = from.list("agencies").into_iter().map(|(_, agency)| agency).collect();
    let sources = from.list("sources").into_iter().map(|(_, source)| source).collect();
    let clients = from.list::<ClientSection>("clients");
    let clients = from.resolve(clients, |client| client.resolve(folder));
    let officials = from.list::<OfficialSection>("officials");
    let officials = from.resolve(officials, OfficialSection::resolve);
    let mut issuers: Vec<IssuerConfig> = from.list("issuers").into_iter().map(|(_, it)| it).collect();
    for issuer in &mut issuers {
        match &mut issuer.authentication {
            ClientAuthentication::ClientSecretBasic { client_secret_file: Some(file), .. }
            | ClientAuthentication::ClientSecretPost { client_secret_file: Some(file), .. }
            | ClientAuthentication::PrivateKeyJwt { key_file: file, .. } => *file = folder.join(&*file),
            ClientAuthentication::ClientSecretBasic { .. }
            | ClientAuthentication::ClientSecretPost { .. } => {}
        }
    }
    let auditors = from.list::<AuditorSection>("auditors");
    let auditors = from.resolve(auditors, AuditorSection::resolve);
    for unknown in std::mem::take(&mut from.table).keys() {
        from.say(unknown, "is not a section or member of this file");
    }
    if let Some(tls) = &mut listen.tls {
        tls.certificate = folder.join(&tls.certificate);
        tls.key = folder.join(&tls.key);
    }
    log.folder = folder.join(&log.folder);
    log.mirror = log.mirror.map(|path| folder.join(path));
    policies.folder = policies.folder.map(|path| folder.join(path));
    Some(Config {
        folder: folder.to_owned(),
        issuer,
        listen,
        database,
        keys: folder.join(keys),
        log,
        policies,
        agencies,
        clients,
        officials,
        auditors,
        sources,
        issuers,
        telemetry,
        limits,
        consent,
        portal,
        calendar,
        people,
    })
}

/// The address of the database from wherever it is given; a relative SQLite file starts at the folder.
fn settle(
    mut database: Database,
    folder: &Path,
    environment: Option<String>,
    from: &mut Sections<'_>,
) -> Database {
    let written = database.url.expose().clone();
    let url = match (environment, written, &database.url_file) {
        (Some(url), ..) => url,
        (None, url, None) if !url.is_empty() => url,
        (None, url, Some(file)) if url.is_empty() => {
            let path = folder.join(file);
            match std::fs::read_to_string(&path) {
                Ok(text) => text.trim().to_owned(),
                Err(error) => {
                    from.say("database.url_file", format!("`{}`: {error}", path.display()));
                    return database;
                }
            }
        }
        _ => {
            from.say("database", format!("give either `url`, `url_file` or the variable `{DATABASE_URL}`"));
            return database;
        }
    };
    let url = match url.strip_prefix("sqlite:") {
        Some(path) => format!("sqlite:{}", folder.join(path).display()),
        None => url,
    };
    if !["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
        from.say("database.url", "must be `sqlite:PATH` or `postgres://…`");
    }
    database.url = Secret::new(url);
    database
}

fn one_line(text: &str) -> String {
    text.trim().replace('\n', " ")
}
