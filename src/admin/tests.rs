//! Registrations on both databases: each an entry, together with what it changes.

use std::{collections::BTreeSet, slice, sync::Arc};

use super::*;
use crate::{
    crypto::{Algorithm, Random, SeededRandom},
    domain::{catalogue::Text, record::Record},
    engines::Addresses,
    jose::{Jwks, PrivateJwk},
    keyring::Keyring,
    ledger::{appender::Appender, entry, publisher::Log},
    objects::Objects,
    policy::{self, Register},
    registry::{Agency, Contact, Registry},
    store::{
        append::{Outcome, Require},
        scratch::{Scratch, store_suite},
    },
    telemetry::{self, TelemetryConfig},
    time::{Clock, ManualClock, Millis},
    tokens::Tokens,
    vault::Vault,
};

store_suite! {
    a_registration_is_one_entry_and_repeating_it_none,
    a_change_of_terms_is_an_entry_that_shows_them,
    suspending_takes_effect_in_the_deciding_transaction,
    officials_are_registered_suspended_and_restored_with_an_entry_each,
    what_contradicts_the_register_changes_nothing,
    policies_are_activated_once,
}

struct World {
    engines: Engines,
    _folder: tempfile::TempDir,
    _scratch: Scratch,
}

fn world(scratch: Scratch) -> World {
    let folder = tempfile::tempdir().unwrap();
    let random: Arc<dyn Random> = Arc::new(SeededRandom::new(5));
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(Millis(1_795_000_000_000)));
    Keyring::create(folder.path(), random.as_ref(), clock.now()).unwrap();
    let keys = Keyring::load(folder.path()).unwrap();
    let store = scratch.store.clone();
    let vault = Vault::new(store.clone(), &keys, Arc::clone(&clock), Arc::clone(&random));
    let objects = Objects::open(&folder.path().join("log")).unwrap();
    let log = Log::new("log.example", keys.log, store.clone(), objects, None, Arc::clone(&clock)).unwrap();
    let register = Arc::new(Register::load(&policy::embedded(), policy::Options::default()).unwrap());
    let agency = |id: &str| Agency {
        id: id.into(),
        name: Text::default(),
        contact: Contact { name: "A".into(), phone: "1".into(), email: String::new(), address: None },
    };
    let (_, guard) = telemetry::build(&TelemetryConfig::default(), None, std::io::sink, false).unwrap();
    let engines = Engines {
        addresses: Arc::new(Addresses {
            issuer: "https://as.example".into(),
            data: "https://as.example/data".into(),
        }),
        appender: Appender::start(store.clone(), Arc::new(|_, _| {})),
        vault,
        log,
        bundle: register.bundle_version().into(),
        register,
        registry: Registry::new(store.clone(), [agency("csgt-mau"), agency("ubnd-mau")]),
        tokens: Tokens::new("https://as.example", folder.path().to_owned(), keys.tokens, keys.receipts),
        calendar: Arc::default(),
        metrics: guard.metrics(),
        store,
        clock,
        random,
    };
    World { engines, _folder: folder, _scratch: scratch }
}

impl World {
    async fn entries(&self) -> i64 {
        self.engines.store.head().await.unwrap().size
    }

    async fn newest(&self) -> Record {
        let row = self.engines.store.log_entries(self.entries().await - 1, 1).await.unwrap().remove(0);
        let subject = self.engines.vault.subject(row.subject).await.unwrap().unwrap();
        entry::open(&row, &subject).unwrap().0
    }
}

fn client() -> ClientSpec {
    let key = PrivateJwk::generate(Algorithm::Es256).unwrap();
    ClientSpec {
        client_id: "csgt-mau.licences".into(),
        agency: "csgt-mau".into(),
        name: "Phần mềm mẫu".into(),
        jwks: Jwks::new(vec![key.public().clone()]),
        purposes: BTreeSet::from(["driver.licence_renewal".to_owned()]),
        redirect_uris: Vec::new(),
        audience: None,
        actor_issuers: Vec::new(),
    }
}

fn official() -> OfficialSpec {
    OfficialSpec { agency: "csgt-mau".into(), id: "cb-0042".into(), unit: "Đội 1".into(), sign_in: None }
}

async fn a_registration_is_one_entry_and_repeating_it_none(scratch: Scratch) {
    let world = world(scratch);
    let spec = client();
    assert_eq!(apply(&world.engines, slice::from_ref(&spec), &[official()]).await.unwrap(), 2);
    assert_eq!(apply(&world.engines, slice::from_ref(&spec), &[official()]).await.unwrap(), 0);
    assert_eq!(world.entries().await, 2);
    let known = world.engines.registry.client(&spec.client_id).await.unwrap().unwrap();
    assert_eq!((known.agency.as_ref(), &known.purposes), ("csgt-mau", &spec.purposes));
    assert_eq!(known.jwks, spec.jwks);
}

async fn a_change_of_terms_is_an_entry_that_shows_them(scratch: Scratch) {
    let world = world(scratch);
    let mut spec = client();
    register_client(&world.engines, &spec).await.unwrap();
    let id = world.engines.store.client(&spec.client_id).await.unwrap().unwrap().id;
    spec.purposes.insert("vehicle.registration".to_owned());
    register_client(&world.engines, &spec).await.unwrap();
    let record = world.newest().await;
    assert_eq!((record.kind.as_str(), record.n.as_str()), ("client.registered", "2"));
    assert!(record.facts.note.unwrap().contains("vehicle.registration"));
    assert_eq!(world.engines.store.client(&spec.client_id).await.unwrap().unwrap().id, id);
}

async fn suspending_takes_effect_in_the_deciding_transaction(scratch: Scratch) {
    let world = world(scratch);
    let spec = client();
    register_client(&world.engines, &spec).await.unwrap();
    let row = world.engines.store.client(&spec.client_id).await.unwrap().unwrap();
    let relying = async || {
        let engines = &world.engines;
        let subject = engines.vault.agency("csgt-mau").await.unwrap();
        let (id, at, kind) = (engines.id(), engines.now(), Kind::TokenIssued);
        let event = crate::ledger::entry::Event { id, at, kind, subject, facts: Facts::default() };
        let command = Command {
            require: Require { client: Some(row.id), ..Require::default() },
            entry: Some(event.draft(Arc::clone(&engines.random))),
            ..Command::default()
        };
        engines.appender.run(command).await
    };
    assert!(matches!(relying().await.unwrap(), Outcome::Done { .. }));
    suspend_client(&world.engines, &spec.client_id, Some("kiểm tra")).await.unwrap();
    assert_eq!(relying().await.unwrap(), Outcome::ClientSuspended);
    assert_eq!(world.newest().await.facts.note.as_deref(), Some("kiểm tra"));
    assert_eq!(suspend_client(&world.engines, &spec.client_id, None).await.unwrap(), Done::Nothing);
    // Registering again is no way around a suspension.
    let again = ClientSpec { name: "Tên khác".into(), ..spec.clone() };
    register_client(&world.engines, &again).await.unwrap();
    assert_eq!(relying().await.unwrap(), Outcome::ClientSuspended);
    restore_client(&world.engines, &spec.client_id, None).await.unwrap();
    assert_eq!(world.newest().await.kind, "client.restored");
    assert!(matches!(relying().await.unwrap(), Outcome::Done { .. }));
}

async fn officials_are_registered_suspended_and_restored_with_an_entry_each(scratch: Scratch) {
    let world = world(scratch);
    let engines = &world.engines;
    let signed_in =
        OfficialSpec { sign_in: Some(("https://sso.example".into(), "s-1".into())), ..official() };
    register_official(engines, &signed_in).await.unwrap();
    // A list that does not know her sign-in does not take it away.
    assert_eq!(register_official(engines, &official()).await.unwrap(), Done::Nothing);
    suspend_official(engines, "csgt-mau", "cb-0042", None).await.unwrap();
    assert_eq!(world.newest().await.kind, "official.suspended");
    restore_official(engines, "csgt-mau", "cb-0042", None).await.unwrap();
    assert_eq!(world.newest().await.kind, "official.restored");
    let row = engines.store.official_by_sign_in("https://sso.example", "s-1").await.unwrap().unwrap();
    assert_eq!((row.code.as_str(), row.suspended_at), ("cb-0042", None));
    assert_eq!(world.entries().await, 3);
    let other = OfficialSpec { id: "cb-0043".into(), ..signed_in };
    assert!(matches!(register_official(engines, &other).await, Err(Error::SignInTaken)));
}

async fn what_contradicts_the_register_changes_nothing(scratch: Scratch) {
    let world = world(scratch);
    let engines = &world.engines;
    register_client(engines, &ClientSpec { audience: Some("https://rs.example".into()), ..client() })
        .await
        .unwrap();
    let moved = ClientSpec { agency: "ubnd-mau".into(), ..client() };
    assert!(matches!(register_client(engines, &moved).await, Err(Error::OtherAgency { .. })));
    let stranger = ClientSpec { agency: "nobody".into(), ..client() };
    assert!(matches!(register_client(engines, &stranger).await, Err(Error::UnknownAgency(_))));
    let purpose = ClientSpec { purposes: BTreeSet::from(["spying.general".to_owned()]), ..client() };
    assert!(matches!(register_client(engines, &purpose).await, Err(Error::UnknownPurpose(_))));
    let taken =
        ClientSpec { client_id: "other".into(), audience: Some("https://rs.example".into()), ..client() };
    assert!(matches!(register_client(engines, &taken).await, Err(Error::AudienceTaken(_))));
    let keyless = ClientSpec { jwks: Jwks::default(), name: "a\nb".into(), ..client() };
    assert!(matches!(register_client(engines, &keyless).await, Err(Error::Problems(p)) if p.len() == 2));
    assert!(matches!(suspend_client(engines, "nobody", None).await, Err(Error::UnknownClient(_))));
    assert_eq!(world.entries().await, 1);
}

async fn policies_are_activated_once(scratch: Scratch) {
    let world = world(scratch);
    assert!(matches!(activate_policies(&world.engines).await.unwrap(), Done::Recorded(_)));
    assert_eq!(activate_policies(&world.engines).await.unwrap(), Done::Nothing);
    assert_eq!(world.newest().await.facts.bundle.as_deref(), Some(world.engines.bundle.as_ref()));
    let newer = Engines { bundle: "another".into(), ..world.engines.clone() };
    activate_policies(&newer).await.unwrap();
    assert!(world.newest().await.facts.note.unwrap().contains(world.engines.bundle.as_ref()));
}
