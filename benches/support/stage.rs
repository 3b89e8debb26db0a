//! The demonstration's configuration, keys and stand-in registers in a temporary folder, and its first client, which
//! signs requests beforehand.

use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    thread,
};

use anyhow::Context as _;
use minhbach::{
    crypto::SystemRandom,
    demo::{
        agency::Agency,
        idp::Realm,
        registers::{Ports, Registers},
        settings::{self, CLIENTS, Settings},
        walk,
    },
    jose::PrivateJwk,
    keyring::Keyring,
    outbound::{self, exchange::Exchange},
    time::{Clock as _, SystemClock},
};
use serde_json::Value;

use super::wire::{Connection, post};

/// Everything a server needs to start, and a client of it.
pub(crate) struct Stage {
    /// The configuration file.
    pub(crate) file: PathBuf,
    /// The stand-in registers, in this process.
    pub(crate) registers: Registers,
    issuer: String,
    keys: BTreeMap<&'static str, PrivateJwk>,
    exchange: Exchange,
    folder: tempfile::TempDir,
}

impl Stage {
    /// Makes the folder. Needs a runtime, for the registers.
    pub(crate) fn set() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let registers = Registers::start(Ports::Any)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let keys = settings::client_keys(None)?;
        let sources = registers.sections()?.get("sources").cloned().context("no sources")?;
        let file = folder.path().join("minhbach.toml");
        // Nobody signs in here; the issuers only have to be named.
        let issuers = Realm::all().into_iter().map(|realm| {
            let issuer = format!("http://127.0.0.1:9/{}", realm.path());
            (realm, issuer)
        });
        let sites = "http://127.0.0.1:9";
        Settings { port, issuers: issuers.collect(), secret: "not used", sites, keys: &keys, sources }
            .write(&file)?;
        Keyring::create(&folder.path().join("keys"), &SystemRandom::default(), SystemClock.now())?;
        Ok(Self {
            file,
            registers,
            issuer: format!("http://127.0.0.1:{port}"),
            keys,
            exchange: Exchange::new(outbound::http::client()?),
            folder,
        })
    }

    /// The folder, which is removed at the end.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// The nonce that proofs for `address` must carry now.
    pub(crate) fn nonce(&self, address: SocketAddr) -> anyhow::Result<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let detail = walk::detail("999000000015", &["person.full_name"]);
        let request = self.token_request(address, first_client()?, &detail, None)?;
        runtime.block_on(async {
            let mut connection = Connection::open(address).await?;
            let answer = connection.send(&request).await?;
            Ok(answer.header("dpop-nonce").context("no nonce")?.to_owned())
        })
    }

    /// One request for a token, signed now.
    fn token_request(
        &self,
        address: SocketAddr,
        client_id: &'static str,
        detail: &Value,
        nonce: Option<&str>,
    ) -> anyhow::Result<Vec<u8>> {
        let details = serde_json::json!([detail]).to_string();
        let agency = self.agency(client_id)?;
        let body =
            agency.form(&[("grant_type", "client_credentials"), ("authorization_details", &details)])?;
        let proof = agency.proof(&format!("{}/oauth/token", self.issuer), None, nonce)?;
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("dpop", proof.as_str())];
        Ok(post(address, "/oauth/token", &headers, &body))
    }

    /// One request for each of these people, signed now on every core; valid for a minute.
    pub(crate) fn token_requests(
        &self,
        address: SocketAddr,
        people: &[String],
        fields: &[&str],
        nonce: &str,
    ) -> anyhow::Result<Vec<Vec<u8>>> {
        let details: Vec<Value> = people.iter().map(|id| walk::detail(id, fields)).collect();
        self.requests(address, first_client()?, &details, nonce)
    }

    /// One request of a client for each of these details, signed now on every core; valid for a minute.
    pub(crate) fn requests(
        &self,
        address: SocketAddr,
        client_id: &'static str,
        details: &[Value],
        nonce: &str,
    ) -> anyhow::Result<Vec<Vec<u8>>> {
        let share = details.len().div_ceil(2).max(1);
        thread::scope(|scope| {
            let signing: Vec<_> = details
                .chunks(share)
                .map(|part| {
                    let sign = |detail: &Value| self.token_request(address, client_id, detail, Some(nonce));
                    scope.spawn(move || part.iter().map(sign).collect::<anyhow::Result<Vec<_>>>())
                })
                .collect();
            let mut all = Vec::with_capacity(details.len());
            for part in signing {
                all.extend(part.join().map_err(|_| anyhow::anyhow!("signing failed"))??);
            }
            Ok(all)
        })
    }

    /// One call for the data of a token, signed now.
    pub(crate) fn data_request(&self, address: SocketAddr, token: &str) -> anyhow::Result<Vec<u8>> {
        let proof =
            self.agency(first_client()?)?.proof(&format!("{}/data", self.issuer), Some(token), None)?;
        let authorization = format!("DPoP {token}");
        Ok(post(address, "/data", &[("authorization", &authorization), ("dpop", &proof)], ""))
    }

    fn agency(&self, client_id: &'static str) -> anyhow::Result<Agency<'_>> {
        Ok(Agency {
            issuer: &self.issuer,
            client_id,
            key: self.keys.get(client_id).context("no key")?,
            http: &self.exchange,
            clock: &SystemClock,
            random: &*RANDOM,
        })
    }
}

fn first_client() -> anyhow::Result<&'static str> {
    Ok(CLIENTS.first().context("no client")?.client_id)
}

static RANDOM: std::sync::LazyLock<SystemRandom> = std::sync::LazyLock::new(SystemRandom::default);
