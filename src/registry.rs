//! Who may ask: agencies, their clients and their officials, as they are registered now.
//!
//! Answers are remembered for half a second, so a change reaches every running node within one; what must be exact
//! (suspension) is read again in the deciding transaction. Out of scope: changing registrations (`admin`).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use crate::{
    domain::{catalogue::Text, client::Profile},
    jose::Jwks,
    store::{Error, Store, clients::Client as ClientRow, officials::Official},
};

/// An agency (*cơ quan*), from configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agency {
    /// Its id: lower-case letters, digits and hyphens.
    pub id: String,
    /// Its name.
    pub name: Text,
    /// Whom a citizen asks: the agency's data-protection contact (Law 91/2025 Art. 33(2)).
    pub contact: Contact,
}

/// A data-protection contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// The unit or person.
    pub name: String,
    /// A telephone number.
    pub phone: String,
    /// An e-mail address.
    pub email: String,
    /// Where one may come in person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// An issuer whose ID tokens prove that an official of this client signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActorIssuer {
    /// The issuer.
    pub issuer: String,
    /// Accepted `aud` or `azp` values.
    pub audiences: Vec<String>,
}

/// A client, ready to be used: lists parsed, keys prepared.
#[derive(Debug)]
pub struct Client {
    /// The row's key.
    pub id: Uuid,
    /// The OAuth `client_id`.
    pub client_id: String,
    /// The agency it belongs to.
    pub agency: Arc<str>,
    /// Its name for people.
    pub name: String,
    /// Its public keys.
    pub jwks: Jwks,
    /// The purposes it is registered for.
    pub purposes: BTreeSet<String>,
    /// Where citizens are sent back to; `as_str` is what was registered, letter by letter (RFC 9700 §2.1).
    pub redirect_uris: Vec<Url>,
    /// The audience it answers for, when it is a resource server.
    pub audience: Option<String>,
    /// What it is allowed beyond asking.
    pub profile: Profile,
    /// Issuers for its officials' sign-ins.
    pub actor_issuers: Vec<ActorIssuer>,
    /// Whether it is suspended.
    pub suspended: bool,
}

impl Client {
    /// Parses a stored registration.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] when a list or key does not parse.
    pub fn parse(row: ClientRow) -> Result<Self, Error> {
        let wrong = || Error::Inconsistent { table: "clients", row: row.client_id.clone() };
        let keys = serde_json::from_str(&row.jwks).map_err(|_| wrong())?;
        let written: Vec<String> = serde_json::from_str(&row.redirect_uris).map_err(|_| wrong())?;
        // An address that reads differently once parsed could not be compared letter by letter.
        let exact = |uri: String| Url::parse(&uri).ok().filter(|url| *url.as_str() == uri).ok_or_else(wrong);
        let redirect_uris = written.into_iter().map(exact).collect::<Result<_, _>>()?;
        Ok(Self {
            jwks: Jwks::parse(&keys).map_err(|_| wrong())?,
            purposes: serde_json::from_str(&row.purposes).map_err(|_| wrong())?,
            actor_issuers: serde_json::from_str(&row.actor_issuers).map_err(|_| wrong())?,
            profile: serde_json::from_str(&row.profile).map_err(|_| wrong())?,
            redirect_uris,
            id: row.id,
            client_id: row.client_id,
            agency: row.agency.into(),
            name: row.name,
            audience: row.audience,
            suspended: row.suspended_at.is_some(),
        })
    }
}

/// The register of who may ask; cheap to clone.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    store: Store,
    agencies: BTreeMap<String, Agency>,
    clients: Cache<String, Option<Arc<Client>>>,
    officials: Cache<(Arc<str>, String), Option<Arc<Official>>>,
}

impl Registry {
    /// A register over a store, with the agencies of the configuration.
    #[must_use]
    pub fn new(store: Store, agencies: impl IntoIterator<Item = Agency>) -> Self {
        let soon = Duration::from_millis(500);
        Self(Arc::new(Inner {
            store,
            agencies: agencies.into_iter().map(|agency| (agency.id.clone(), agency)).collect(),
            clients: Cache::builder().max_capacity(10_000).time_to_live(soon).build(),
            officials: Cache::builder().max_capacity(100_000).time_to_live(soon).build(),
        }))
    }

    /// All agencies, by id.
    pub fn agencies(&self) -> impl Iterator<Item = &Agency> {
        self.0.agencies.values()
    }

    /// One agency.
    #[must_use]
    pub fn agency(&self, id: &str) -> Option<&Agency> {
        self.0.agencies.get(id)
    }

    /// Purpose id → ids of the agencies with a client in good standing registered for it.
    ///
    /// # Errors
    /// [`Error`] when the database fails or a row is inconsistent.
    pub async fn agencies_by_purpose(&self) -> Result<BTreeMap<String, BTreeSet<String>>, Error> {
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in self.0.store.clients().await?.into_iter().filter(|row| row.suspended_at.is_none()) {
            let wrong = |_| Error::Inconsistent { table: "clients", row: row.client_id.clone() };
            let purposes: Vec<String> = serde_json::from_str(&row.purposes).map_err(wrong)?;
            for purpose in purposes {
                found.entry(purpose).or_default().insert(row.agency.clone());
            }
        }
        Ok(found)
    }

    /// The client with this `client_id`, suspended ones included.
    ///
    /// # Errors
    /// [`Error`] when the database fails or the row is inconsistent.
    pub async fn client(&self, client_id: &str) -> Result<Option<Arc<Client>>, Error> {
        if let Some(known) = self.0.clients.get(client_id) {
            return Ok(known);
        }
        let row = self.0.store.client(client_id).await?;
        let client = row.map(Client::parse).transpose()?.map(Arc::new);
        self.0.clients.insert(client_id.to_owned(), client.clone());
        Ok(client)
    }

    /// The resource server that answers for an audience.
    ///
    /// # Errors
    /// [`Error`] when the database fails or the row is inconsistent.
    pub async fn resource_server(&self, audience: &str) -> Result<Option<Client>, Error> {
        self.0.store.client_by_audience(audience).await?.map(Client::parse).transpose()
    }

    /// The official with this code at an agency.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn official(&self, agency: &Arc<str>, code: &str) -> Result<Option<Arc<Official>>, Error> {
        let key = (Arc::clone(agency), code.to_owned());
        if let Some(known) = self.0.officials.get(&key) {
            return Ok(known);
        }
        let official = self.0.store.official(agency, code).await?.map(Arc::new);
        self.0.officials.insert(key, official.clone());
        Ok(official)
    }
}
