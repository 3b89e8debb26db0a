//! The office on both databases, with a real receiver: what is owed arrives, is acknowledged, and silence has an end.

mod duties;
mod polling;
mod pushing;
mod receiver;

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use uuid::Uuid;

use super::{
    deliver::Courier,
    streams::{self, Wanted},
};
use crate::{
    consent::notice::{self, Change as ConsentChange},
    crypto::{Algorithm, Random, SeededRandom},
    domain::{
        catalogue::Text,
        consent::{Act, Capacity, Channel, Limits, Record, SCHEMA, State, Withdrawal},
        record::{self, Facts, Kind},
        subject::{NationalId, Subject},
    },
    engines::{Addresses, Engines},
    jose::{PrivateJwk, jws::Unverified},
    keyring::Keyring,
    ledger::{appender::Appender, entry, entry::Event, publisher::Log},
    objects::Objects,
    outbound::{http, push::Push},
    policy::{self, Register},
    registry::{Client, Registry},
    store::{
        append::{Change, Command, Outcome},
        clients,
        notices::Notice,
        scratch::Scratch,
    },
    telemetry::{self, TelemetryConfig},
    time::{Clock, ManualClock, Millis},
    tokens::Tokens,
    vault::Vault,
};

pub(super) const ISSUER: &str = "http://127.0.0.1:8080";

/// One service and the people and clients in it.
pub(super) struct World {
    pub(super) engines: Engines,
    pub(super) clock: Arc<ManualClock>,
    pub(super) client: Client,
    pub(super) other: Client,
    pub(super) person: Subject,
    pub(super) courier: Courier,
    _folder: tempfile::TempDir,
    _scratch: Scratch,
}

pub(super) async fn world(scratch: Scratch) -> World {
    let folder = tempfile::tempdir().unwrap();
    let random: Arc<dyn Random> = Arc::new(SeededRandom::new(5));
    let manual = Arc::new(ManualClock::at(Millis(1_795_000_000_000)));
    let clock = Arc::clone(&manual) as Arc<dyn Clock>;
    Keyring::create(folder.path(), random.as_ref(), clock.now()).unwrap();
    let keys = Keyring::load(folder.path()).unwrap();
    let store = scratch.store.clone();
    let vault = Vault::new(store.clone(), &keys, Arc::clone(&clock), Arc::clone(&random));
    let objects = Objects::open(&folder.path().join("log")).unwrap();
    let log = Log::new("log.example", keys.log, store.clone(), objects, None, Arc::clone(&clock)).unwrap();
    let register = Arc::new(Register::load(&policy::embedded(), policy::Options::default()).unwrap());
    let (_, guard) = telemetry::build(&TelemetryConfig::default(), None, std::io::sink, false).unwrap();
    let engines = Engines {
        calendar: Arc::default(),
        addresses: Arc::new(Addresses { issuer: ISSUER.into(), data: format!("{ISSUER}/data") }),
        appender: Appender::start(store.clone(), Arc::new(|_, _| {})),
        vault,
        log,
        bundle: register.bundle_version().into(),
        register,
        registry: Registry::new(store.clone(), []),
        tokens: Tokens::new(ISSUER, folder.path().to_owned(), keys.tokens, keys.receipts),
        metrics: guard.metrics(),
        store,
        clock,
        random,
    };
    let client = registered(&engines, "benh-vien.ho-so").await;
    let other = registered(&engines, "ngan-hang.xac-minh").await;
    let person = engines.vault.citizen(&NationalId::parse("999000000015".to_owned()).unwrap()).await.unwrap();
    World {
        courier: courier(&engines),
        engines,
        clock: manual,
        client,
        other,
        person,
        _folder: folder,
        _scratch: scratch,
    }
}

pub(super) fn courier(engines: &Engines) -> Courier {
    let options = http::Options {
        trust: http::Trust::Nobody,
        timeout: Some(Duration::from_secs(5)),
        ..http::Options::default()
    };
    Courier::new(engines.clone(), Push::new(http::client_with(&options).unwrap()))
}

async fn registered(engines: &Engines, client_id: &str) -> Client {
    let key = PrivateJwk::generate(Algorithm::EdDsa).unwrap();
    let row = clients::Client {
        id: engines.id(),
        client_id: client_id.to_owned(),
        agency: format!("{client_id}-agency"),
        name: "Phần mềm thử".to_owned(),
        jwks: serde_json::json!({ "keys": [key.public().to_value()] }).to_string(),
        purposes: "[]".to_owned(),
        redirect_uris: "[]".to_owned(),
        audience: None,
        actor_issuers: "[]".to_owned(),
        profile: "{}".to_owned(),
        created_at: engines.now().0,
        suspended_at: None,
    };
    let subject = engines.vault.agency(&row.agency).await.unwrap();
    let changes = vec![Change::PutClient(Box::new(row))];
    let event = Event {
        id: engines.id(),
        at: engines.now(),
        kind: Kind::ClientRegistered,
        subject,
        facts: Facts::default(),
    };
    engines.record_with(event, Command { changes, ..Command::default() }).await.unwrap();
    Client::parse(engines.store.client(client_id).await.unwrap().unwrap()).unwrap()
}

impl World {
    /// The notice that a change of a standing consent causes, committed with an entry as the change itself would be.
    pub(super) async fn told(&self, client: &Client, act: Act) -> Notice {
        self.told_of(client, self.engines.id(), act).await
    }

    pub(super) async fn told_of(&self, client: &Client, consent: Uuid, act: Act) -> Notice {
        let engines = &self.engines;
        let record = consent_record(client, consent);
        let from = if act == Act::Resume { State::Paused } else { State::Given };
        let (cause, at) = (engines.id(), engines.now());
        let change = ConsentChange {
            client: client.id,
            record: &record,
            grant: None,
            subject: &self.person,
            from,
            act,
            to: State::after(Some(from), act).unwrap(),
            by: Capacity::Own,
            cause,
            at,
        };
        let told = notice::of(engines, &change).await.unwrap().unwrap();
        let event = Event {
            id: cause,
            at,
            kind: Kind::RecordViewed,
            subject: self.person.clone(),
            facts: Facts::default(),
        };
        let command = Command {
            changes: vec![Change::PutNotice(Box::new(told.clone()))],
            entry: Some(event.draft(Arc::clone(&engines.random))),
            ..Command::default()
        };
        assert!(matches!(engines.appender.run(command).await.unwrap(), Outcome::Done { .. }));
        told
    }

    pub(super) async fn pushes_to(&self, client: &Client, url: &str) {
        let wanted: Wanted = serde_json::from_value(serde_json::json!({ "delivery": {
            "method": "urn:ietf:rfc:8935", "endpoint_url": url, "authorization_header": "Bearer of the receiver",
        } }))
        .unwrap();
        streams::create(&self.engines, client, &wanted).await.unwrap();
    }

    pub(super) async fn row(&self, notice: &Notice) -> Notice {
        self.engines.store.notice(notice.id).await.unwrap().unwrap()
    }

    /// Kinds of the entries that notices made, oldest first.
    pub(super) async fn kinds(&self) -> Vec<String> {
        let rows = self.engines.store.log_entries(0, 10_000).await.unwrap();
        rows.into_iter().map(|row| row.kind).filter(|kind| kind.starts_with("consent.")).collect()
    }

    /// The facts of the newest entry of a kind.
    pub(super) async fn facts(&self, kind: Kind) -> Facts {
        let rows = self.engines.store.log_entries(0, 10_000).await.unwrap();
        let row = rows.into_iter().rfind(|row| row.kind == kind.as_str()).unwrap();
        let subject = self.engines.vault.subject(row.subject).await.unwrap().unwrap();
        let (record, _): (record::Record, _) = entry::open(&row, &subject).unwrap();
        record.facts
    }

    pub(super) fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    /// The claims of a SET, its signature checked with the published keys.
    pub(super) fn verified(&self, set: &str) -> Value {
        let unverified = Unverified::parse(set).unwrap();
        assert_eq!(unverified.header().typ.as_deref(), Some("secevent+jwt"));
        let kid = unverified.header().kid.clone().unwrap();
        let keys = self.engines.tokens.jwks(self.engines.now());
        let key = keys.keys().iter().find(|key| key.kid() == Some(&kid)).unwrap();
        unverified.verify::<Value>(key.public_key()).unwrap().claims
    }
}

fn consent_record(client: &Client, id: Uuid) -> Record {
    Record {
        schema: SCHEMA.to_owned(),
        id,
        agency: client.agency.as_ref().to_owned(),
        client_id: client.client_id.clone(),
        unit: None,
        official: None,
        purpose: "health.record_share".to_owned(),
        purpose_version: "0000000000000000".to_owned(),
        items: Vec::new(),
        limits: serde_json::from_value::<Limits>(limits()).unwrap(),
        recipient_retention: Text::default(),
        storage: Text::default(),
        jurisdiction: "VN".to_owned(),
        law: Text::default(),
        withdrawal: Withdrawal { address: String::new(), how: Text::default(), consequence: None },
        processors: client.profile.processors.clone(),
        case: None,
        justification: None,
        binding_message: None,
        channel: Channel::Present,
        joint: false,
        answered_by: None,
        shown: None,
        supersedes: None,
        scopes: Vec::new(),
    }
}

fn limits() -> Value {
    serde_json::json!({ "starts": 0, "expires": 1, "max_uses": 1 })
}
