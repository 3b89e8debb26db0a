//! People who act for others, on both databases, with a clock that is moved.

mod emergencies;
mod hand_over;
mod representatives;

use std::{sync::Arc, time::Duration};

use super::*;
use crate::{
    consent::{Answer, Answering, Ask, Consent, Give, GrantWish},
    crypto::{Random, SeededRandom},
    domain::{
        catalogue::Text,
        consent::{Actor, Capacity, Limits},
        record::Record,
        representation::{Doing, Evidence, Ground, Milestones, Scope},
        subject::NationalId,
    },
    engines::Addresses,
    jose::Jwks,
    keyring::Keyring,
    ledger::{appender::Appender, entry, publisher::Log},
    objects::Objects,
    policy::{self, Register},
    registry::{Agency, Client, Contact, Registry},
    store::scratch::Scratch,
    telemetry::{self, TelemetryConfig},
    time::{ManualClock, Millis},
    tokens::Tokens,
    vault::Vault,
};

const NOW: Millis = Millis(1_795_309_200_000);
const DAY: i64 = 86_400_000;
/// Opens private life: of a child of seven or more, two must say yes.
const HEALTH: &str = "health.record_share";
const CHILD: &str = "999000000101";
const MOTHER: &str = "999000000102";
const FATHER: &str = "999000000103";
const FRIEND: &str = "999000000104";

struct World {
    engines: Engines,
    clock: Arc<ManualClock>,
    _folder: tempfile::TempDir,
    _scratch: Scratch,
}

async fn world(scratch: Scratch) -> World {
    let folder = tempfile::tempdir().unwrap();
    let random: Arc<dyn Random> = Arc::new(SeededRandom::new(11));
    let clock = Arc::new(ManualClock::at(NOW));
    Keyring::create(folder.path(), random.as_ref(), NOW).unwrap();
    let keys = Keyring::load(folder.path()).unwrap();
    let store = scratch.store.clone();
    let vault = Vault::new(store.clone(), &keys, Arc::clone(&clock) as _, Arc::clone(&random));
    let objects = Objects::open(&folder.path().join("log")).unwrap();
    let log =
        Log::new("log.example", keys.log, store.clone(), objects, None, Arc::clone(&clock) as _).unwrap();
    let register = Arc::new(Register::load(&policy::embedded(), policy::Options::default()).unwrap());
    scratch.activate(register.bundle_version()).await;
    let contact = Contact { name: "A".into(), phone: "1".into(), email: String::new(), address: None };
    let agency = Agency { id: "bv-mau".into(), name: Text::default(), contact };
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
        registry: Registry::new(store.clone(), [agency]),
        tokens: Tokens::new("https://as.example", folder.path().to_owned(), keys.tokens, keys.receipts),
        metrics: guard.metrics(),
        store,
        calendar: Arc::default(),
        clock: Arc::clone(&clock) as _,
        random,
    };
    World { engines, clock, _folder: folder, _scratch: scratch }
}

fn id(digits: &str) -> NationalId {
    NationalId::parse(digits.to_owned()).unwrap()
}

/// Who acts when one of them does this for the other, strongly signed in.
async fn check(
    engines: &Engines,
    representative: &Subject,
    principal: &Subject,
    doing: Doing<'_>,
) -> Result<Actor, Error> {
    let found = mandated(engines, representative, principal, doing).await?;
    Ok(found.actor(Some("https://id.example".to_owned()), Some(3)))
}

fn named<'a>(representative: &'a NationalId, until: Millis, key: &'a [u8]) -> Naming<'a> {
    Naming { representative, scope: everything(), until, reference: "lo thủ tục khám bệnh", key }
}

fn own() -> Actor {
    Actor { capacity: Capacity::Own, ..Actor::system() }
}

fn everything() -> Scope {
    Scope { view: true, answer: true, purposes: None }
}

/// A parent of a child who is this old, in milliseconds more or less than a birthday.
fn parent(child: Milestones) -> Registration {
    Registration {
        ground: Ground::Parent,
        evidence: Evidence { reference: "Giấy khai sinh 12/2019".into(), sha256: Some("0".repeat(64)) },
        scope: everything(),
        from: None,
        until: None,
        child: Some(child),
        office: "UBND xã Mẫu".into(),
    }
}

/// A child who turns seven a day from now and sixteen nine years later.
const fn six() -> Milestones {
    Milestones { joint_from: NOW.0 + DAY, hands_over_at: NOW.0 + 9 * 365 * DAY }
}

/// A child who is seven and comes of age in ten days.
const fn fifteen() -> Milestones {
    Milestones { joint_from: NOW.0 - 8 * 365 * DAY, hands_over_at: NOW.0 + 10 * DAY }
}

impl World {
    async fn person(&self, digits: &str) -> Subject {
        self.engines.vault.citizen(&id(digits)).await.unwrap()
    }

    async fn size(&self) -> i64 {
        self.engines.store.head().await.unwrap().size
    }

    /// A person's history, oldest first.
    async fn history(&self, person: &Subject) -> Vec<Record> {
        let mut rows = self.engines.store.chain(person.id(), i64::MAX, 1000).await.unwrap();
        rows.reverse();
        rows.iter().map(|row| entry::open(row, person).unwrap().0).collect()
    }

    async fn kinds(&self, person: &Subject) -> Vec<String> {
        self.history(person).await.into_iter().map(|record| record.kind).collect()
    }

    fn to(&self, at: i64) {
        self.clock.set(Millis(at));
    }

    fn pass(&self, by: Duration) {
        self.clock.advance(by);
    }

    async fn ask(&self, person: &Subject, purpose: &str) -> Consent {
        let engines = &self.engines;
        let client = Client {
            id: Uuid::from_u128(77),
            client_id: "bv-mau.kham".into(),
            agency: "bv-mau".into(),
            name: "Phần mềm mẫu".into(),
            jwks: Jwks::new(Vec::new()),
            purposes: [purpose.to_owned()].into(),
            redirect_uris: Vec::new(),
            profile: crate::domain::client::Profile::default(),
            audience: None,
            actor_issuers: Vec::new(),
            suspended: false,
        };
        let purpose = engines.register.catalogue().purpose(purpose).unwrap();
        let now = engines.now().0;
        let limits =
            Limits { max_uses: 5, frequency: None, hours: None, starts: now, expires: now + 30 * DAY };
        let fields = ["health.allergies".to_owned()];
        let ask = Ask::plain(&client, person, purpose, &fields, limits, Millis(now + 20 * DAY));
        consent::ask(engines, ask).await.unwrap()
    }

    async fn give(&self, consent: &Consent, by: Actor) -> Result<Consent, Error> {
        // How strongly one must sign in to answer is told elsewhere (`consent`).
        let by = Actor { assurance: Some(3), ..by };
        let consent = answering(&self.engines, consent.clone(), &by).await?;
        let answer = Answer::Give(Give { optional: Vec::new(), grant: GrantWish::Create });
        let shown = ("vi", "<p>mẫu</p>".to_owned(), true);
        let said = Answering { by, answer, shown, replays: Vec::new(), also: Vec::new() };
        Ok(consent::answer(&self.engines, &consent, said).await?)
    }

    async fn state(&self, consent: &Consent) -> crate::domain::consent::State {
        consent::by_id(&self.engines, consent.row.id).await.unwrap().unwrap().state
    }
}
