//! Engines for tests: everything real, on a scratch store, with the clock in the test's hands.
//!
//! Out of scope: HTTP, sources, sign-in.

use std::sync::Arc;

use super::{Addresses, Engines};
use crate::{
    crypto::{Algorithm, SeededRandom},
    domain::{
        catalogue::Text,
        subject::{NationalId, Subject},
    },
    jose::{Jwks, PrivateJwk},
    keyring::Keyring,
    ledger::{appender::Appender, publisher::Log},
    objects::Objects,
    policy::{self, Options, Register},
    registry::{Agency, Client, Contact, Registry},
    store::{Store, clients, scratch::Scratch},
    telemetry::{self, TelemetryConfig},
    time::{ManualClock, Millis},
    tokens::Tokens,
    vault::Vault,
};

/// When tests begin: 2026-11-19T22:26:40Z, 05:26:40 in Hanoi.
pub(crate) const NOW: Millis = Millis(1_795_127_200_000);

/// One service without its doors.
pub(crate) struct World {
    /// Its engines.
    pub engines: Engines,
    /// The clock they all read.
    pub clock: Arc<ManualClock>,
    /// Where it stores.
    pub scratch: Scratch,
    _folder: tempfile::TempDir,
}

/// The shipped policies, with review dates as of [`NOW`].
pub(crate) fn register() -> Register {
    Register::load(&policy::embedded(), Options { relative_to: Some(NOW) }).unwrap()
}

/// A service on a scratch store.
pub(crate) fn world(scratch: Scratch, register: Register) -> World {
    let folder = tempfile::tempdir().unwrap();
    let random = Arc::new(SeededRandom::new(5));
    let clock = Arc::new(ManualClock::at(NOW));
    let keys_at = folder.path().join("keys");
    Keyring::create(&keys_at, random.as_ref(), NOW).unwrap();
    let keys = Keyring::load(&keys_at).unwrap();
    let store = scratch.store.clone();
    let vault = Vault::new(store.clone(), &keys, clock.clone(), random.clone());
    let objects = Objects::open(&folder.path().join("log")).unwrap();
    let log = Log::new("log.example", keys.log, store.clone(), objects, None, clock.clone()).unwrap();
    let register = Arc::new(register);
    let (_, guard) = telemetry::build(&TelemetryConfig::default(), None, std::io::sink, false).unwrap();
    let issuer = "https://as.example";
    let engines = Engines {
        addresses: Arc::new(Addresses { issuer: issuer.into(), data: format!("{issuer}/data") }),
        appender: Appender::start(store.clone(), Arc::new(|_, _| {})),
        vault,
        log,
        bundle: register.bundle_version().into(),
        register,
        registry: Registry::new(store.clone(), ["tinh-a", "tinh-b"].map(agency)),
        tokens: Tokens::new(issuer, keys_at, keys.tokens, keys.receipts),
        calendar: Arc::default(),
        metrics: guard.metrics(),
        store,
        clock: clock.clone(),
        random,
    };
    World { engines, clock, scratch, _folder: folder }
}

fn agency(id: &str) -> Agency {
    let contact = Contact { name: "A".into(), phone: "1".into(), email: String::new(), address: None };
    Agency { id: id.into(), name: Text::default(), contact }
}

impl World {
    /// The engines as another node has them: a handle and a writer of its own on the same database.
    pub(crate) async fn node(&self) -> Engines {
        let store = Store::open(&self.scratch.address, 4).await.unwrap();
        let appender = Appender::start(store.clone(), Arc::new(|_, _| {}));
        Engines { store, appender, ..self.engines.clone() }
    }

    /// A synthetic person, the same for the same number.
    pub(crate) async fn person(&self, n: u32) -> Subject {
        let id = NationalId::parse(format!("999{n:09}")).unwrap();
        self.engines.vault.citizen(&id).await.unwrap()
    }

    /// A client as the register of clients gives it; it is not stored.
    pub(crate) fn client(&self, agency: &str) -> Client {
        let key = PrivateJwk::generate(Algorithm::EdDsa).unwrap();
        let row = clients::Client {
            id: self.engines.id(),
            client_id: format!("{agency}.phan-mem"),
            agency: agency.into(),
            name: "Phần mềm thử".into(),
            jwks: serde_json::to_string(&Jwks::new(vec![key.public().clone()])).unwrap(),
            purposes: "[]".into(),
            redirect_uris: "[]".into(),
            audience: None,
            actor_issuers: "[]".into(),
            created_at: NOW.0,
            profile: "{}".into(),
            suspended_at: None,
        };
        Client::parse(row).unwrap()
    }
}
