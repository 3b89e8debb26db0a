//! Registrations on both databases: each an entry, together with what it changes.

use std::{collections::BTreeSet, slice, sync::Arc};

use super::*;
use crate::{
    crypto::{Algorithm, Random, SeededRandom},
    domain::{
        catalogue::Text,
        client::{CitizenScope, Profile, RequestObject, Signed},
        record::Record,
    },
    engines::{Addresses, OfficialError, OfficialSignIn},
    jose::{Jwks, PrivateJwk},
    keyring::Keyring,
    ledger::{appender::Appender, entry, publisher::Log},
    objects::Objects,
    policy::{self, Register},
    registry::{self, Agency, Contact, Registry},
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
    what_a_client_may_do_besides_is_kept_and_shown_in_its_entry,
    a_client_that_could_ask_nobody_is_not_registered,
    a_first_proved_sign_in_registers_once_and_takes_nobodys_code,
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
        profile: Profile::default(),
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

async fn what_a_client_may_do_besides_is_kept_and_shown_in_its_entry(scratch: Scratch) {
    let world = world(scratch);
    let profile = Profile {
        request_object: Some(RequestObject::Required),
        response_mode: Some(Signed::Jwt),
        introspection: Some(Signed::Jwt),
        backchannel: true,
        scopes: CitizenScope::ALL.into(),
        grant_management: true,
        processors: vec![Text { vi: "Trung tâm dữ liệu".to_owned(), en: "Data centre".to_owned() }],
    };
    let back = "https://csgt.example/back?from=minhbach";
    let spec = ClientSpec { profile: profile.clone(), redirect_uris: vec![back.to_owned()], ..client() };
    register_client(&world.engines, &spec).await.unwrap();
    assert_eq!(register_client(&world.engines, &spec).await.unwrap(), Done::Nothing);
    let note = world.newest().await.facts.note.unwrap();
    for word in ["\"backchannel\":true", "\"request_object\":\"required\"", "me.history", "Data centre", back]
    {
        assert!(note.contains(word), "{word}: {note}");
    }
    let known = world.engines.registry.client(&spec.client_id).await.unwrap().unwrap();
    assert_eq!(known.profile, profile);
    assert_eq!(known.redirect_uris.iter().map(url::Url::as_str).collect::<Vec<_>>(), [back]);
    // Taking something away is a change like any other.
    let less = ClientSpec { profile: Profile { backchannel: false, ..profile }, ..spec };
    assert!(matches!(register_client(&world.engines, &less).await.unwrap(), Done::Recorded(_)));
    let row = world.engines.store.client(&less.client_id).await.unwrap().unwrap();
    assert!(!registry::Client::parse(row).unwrap().profile.backchannel);
}

async fn a_client_that_could_ask_nobody_is_not_registered(scratch: Scratch) {
    let world = world(scratch);
    let purposes = BTreeSet::from(["private.bank_verification".to_owned()]);
    let mute = ClientSpec { purposes, ..client() };
    let refused = register_client(&world.engines, &mute).await;
    assert!(matches!(refused, Err(Error::Problems(p)) if p[0].contains("private.bank_verification")));
    // School enrolment rests on a statute too, so nobody has to be asked.
    let both = ClientSpec { purposes: BTreeSet::from(["education.school_enrolment".to_owned()]), ..client() };
    register_client(&world.engines, &both).await.unwrap();
    let absent = Profile { backchannel: true, ..Profile::default() };
    register_client(&world.engines, &ClientSpec { profile: absent, ..mute.clone() }).await.unwrap();
    let present = ClientSpec { redirect_uris: vec!["https://bank.example/back".to_owned()], ..mute };
    register_client(&world.engines, &present).await.unwrap();
}

async fn a_first_proved_sign_in_registers_once_and_takes_nobodys_code(scratch: Scratch) {
    let world = world(scratch);
    let engines = &world.engines;
    let issuer = "https://sso.example";
    let sign_in =
        OfficialSignIn { issuer, sub: "s-1", agency: "csgt-mau", code: "cb-1", unit: None, assurance: 3 };
    let first = engines.official_signed_in(sign_in).await.unwrap();
    assert_eq!((first.code.as_str(), first.sub.as_deref()), ("cb-1", Some("s-1")));
    let facts = world.newest().await.facts;
    assert_eq!((facts.official_how.as_deref(), facts.assurance.as_deref()), (Some("proved"), Some("3")));
    assert_eq!(engines.official_signed_in(sign_in).await.unwrap(), first);
    assert_eq!(world.entries().await, 1);
    // Somebody else with her code changes nothing.
    let other = engines.official_signed_in(OfficialSignIn { sub: "s-2", ..sign_in }).await;
    assert!(matches!(other, Err(OfficialError::Conflict)));
    assert_eq!(engines.store.official("csgt-mau", "cb-1").await.unwrap().unwrap(), first);
    assert_eq!(world.entries().await, 1);
    // One who was listed is bound to the first sign-in of her code, and keeps her unit; suspended, she is not.
    register_official(engines, &official()).await.unwrap();
    suspend_official(engines, "csgt-mau", "cb-0042", None).await.unwrap();
    let listed = OfficialSignIn { sub: "s-3", code: "cb-0042", ..sign_in };
    let suspended = engines.official_signed_in(listed).await.unwrap();
    assert!(suspended.suspended_at.is_some() && suspended.sub.is_none());
    restore_official(engines, "csgt-mau", "cb-0042", None).await.unwrap();
    let bound = engines.official_signed_in(listed).await.unwrap();
    assert_eq!((bound.unit.as_str(), bound.sub.as_deref()), ("Đội 1", Some("s-3")));
    assert_eq!(world.entries().await, 5);
}

#[test]
fn a_redirect_uri_leaves_nothing_open() {
    let problems = |uri: &str, issuer: &str| {
        ClientSpec { redirect_uris: vec![uri.to_owned()], ..client() }.problems(issuer)
    };
    let (service, demonstration) = ("https://as.example", "http://127.0.0.1:8080");
    for good in ["https://a.example/back", "https://a.example/", "https://a.example:8443/b?c=d"] {
        assert_eq!(problems(good, service), Vec::<String>::new(), "{good}");
    }
    for (wrong, what) in [
        ("http://a.example/back", "must be https"),
        ("http://127.0.0.1:9/back", "must be https"),
        ("com.example.app:/back", "must be https"),
        ("javascript:alert(1)", "must be https"),
        ("https://a.example/back#part", "has a fragment"),
        ("https://user@a.example/back", "names a user"),
        ("https://a.example", "written as browsers write it: `https://a.example/`"),
        ("https://A.example/back", "`https://a.example/back`"),
        ("https://a.example:443/back", "`https://a.example/back`"),
        ("https://a.example/x/../back", "`https://a.example/back`"),
        ("/back", "is not an address"),
        ("", "is not an address"),
    ] {
        let found = problems(wrong, service);
        assert!(found.len() == 1 && found[0].contains(what), "{wrong}: {found:?}");
    }
    assert!(problems(&format!("https://a.example/{}", "a".repeat(2048)), service)[0].contains("longer"));
    // Plain http is for a demonstration and its own machine only.
    assert_eq!(problems("http://127.0.0.1:9/back", demonstration), Vec::<String>::new());
    assert_eq!(problems("http://a.example/back", demonstration).len(), 1);
    let twice = vec!["https://a.example/back".to_owned(); 2];
    assert_eq!(ClientSpec { redirect_uris: twice, ..client() }.problems(service).len(), 1);
    for ours in [service.to_owned(), format!("{service}/api/v1/me")] {
        assert_eq!(ClientSpec { audience: Some(ours), ..client() }.problems(service).len(), 1);
    }
    let scopes = Profile { scopes: CitizenScope::ALL.into(), ..Profile::default() };
    assert_eq!(ClientSpec { profile: scopes, ..client() }.problems(service).len(), 1);
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
