//! `minhbach consent revoke`, through the real binary, on a consent that somebody gave.

use std::sync::Arc;

use minhbach::{
    admin,
    app::engines::{self, Surroundings},
    config::Config,
    consent::{self, Answer, Answering, Ask, Give, GrantWish},
    crypto::SystemRandom,
    domain::{
        catalogue::BasisKind,
        consent::{Act, Actor, Capacity, Limits, State},
        subject::NationalId,
    },
    engines::Engines,
    telemetry::{self, TelemetryConfig},
    time::{Millis, SystemClock},
};
use uuid::Uuid;

use super::{Deployment, text};

const CLIENT: &str = "csgt-mau.hoi-y-kien";
const PURPOSE: &str = "private.bank_verification";

/// Does something with the engines of a deployment, as the service would.
fn with<T>(it: &Deployment, work: impl AsyncFnOnce(&Engines) -> T) -> T {
    let config = Config::load_with(&it.path("minhbach.toml"), None).unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let (_, guard) = telemetry::build(&TelemetryConfig::default(), None, std::io::sink, false).unwrap();
        let around = Surroundings {
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom::default()),
            metrics: guard.metrics(),
        };
        let engines = engines::open(&config, around).await.unwrap();
        admin::activate_policies(&engines).await.unwrap();
        let result = work(&engines).await;
        engines.store.close().await;
        result
    })
}

async fn given(engines: &Engines) -> Uuid {
    let client = engines.registry.client(CLIENT).await.unwrap().unwrap();
    let person = NationalId::parse("999000000015".to_owned()).unwrap();
    let subject = engines.vault.citizen(&person).await.unwrap();
    let purpose = engines.register.catalogue().purpose(PURPOSE).unwrap();
    let now = engines.now();
    let limits = Limits::asked(None, purpose.consent.as_ref().unwrap(), now).unwrap();
    let fields = &purpose.basis(BasisKind::Consent).unwrap().fields;
    let ask = Ask::plain(&client, &subject, purpose, fields, limits, Millis(now.0 + 3_600_000));
    let asked = consent::ask(engines, ask).await.unwrap();
    let answering = Answering {
        by: Actor { capacity: Capacity::Own, assurance: Some(3), ..Actor::system() },
        answer: Answer::Give(Give { optional: Vec::new(), grant: GrantWish::Create }),
        shown: ("vi", "<p>Ông/bà có cho phép không?</p>".to_owned(), true),
        replays: Vec::new(),
        also: Vec::new(),
    };
    consent::answer(engines, &asked, answering).await.unwrap().row.id
}

#[test]
fn an_authority_ends_a_consent_and_authority_document_and_reason_are_recorded() {
    let it = Deployment::migrated();
    let jwks = it.path("client.jwks.json");
    let client =
        ["client", "add", "--id", CLIENT, "--agency", "csgt-mau", "--name", "Phần mềm", "--backchannel"];
    it.ok(&[&client[..], &["--jwks", jwks.to_str().unwrap(), "--purpose", PURPOSE]].concat());
    let id = with(&it, given).to_string();
    let revoke = |id: &str, document: &str| {
        let said = ["--authority", "Sở Mẫu", "--document", document, "--reason", "không đúng người đại diện"];
        it.run(&[&["consent", "revoke", id][..], &said].concat())
    };
    for (id, document, why) in [
        ("01a201e5-70c8-7181-a414-b617407de58c", "12/QĐ-SM", "there is no consent"),
        (id.as_str(), "số 999000000015", "`document` has 9 or 12 digits in a row"),
    ] {
        let refused = revoke(id, document);
        assert_eq!(refused.status.code(), Some(2));
        assert!(text(&refused.stderr).contains(why), "{}", text(&refused.stderr));
    }
    let done = revoke(&id, "12/QĐ-SM");
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let again = revoke(&id, "12/QĐ-SM");
    assert!(text(&again.stdout).contains("nothing was changed"), "{}", text(&again.stdout));

    with(&it, async |engines| {
        let consent = consent::by_id(engines, Uuid::parse_str(&id).unwrap()).await.unwrap().unwrap();
        assert_eq!(consent.state, State::Revoked);
        let last = consent::events(engines, &consent).await.unwrap().pop().unwrap();
        assert_eq!((last.act, last.event.by), (Act::Revoke, Actor::authority()));
        assert_eq!(last.event.note.as_deref(), Some("Sở Mẫu · 12/QĐ-SM · không đúng người đại diện"));
        assert!(text(&done.stdout).contains(&last.entry.to_string()), "{}", text(&done.stdout));
        let entry = engines.store.entry(last.entry).await.unwrap().unwrap();
        let facts = minhbach::ledger::entry::open(&entry, &consent.subject).unwrap().0.facts;
        assert_eq!((facts.capacity.as_deref(), facts.note), (Some("authority"), last.event.note));
        let notices = engines.store.notices_of(consent.row.id).await.unwrap();
        assert_eq!(notices.len(), 1);
        assert_eq!(notices[0].event, "consent-withdrawn");
        let told = consent::notice::Told::open(&engines.vault, &notices[0]).unwrap();
        let set = told.claims(&engines.addresses.issuer, &notices[0]).unwrap();
        let (_, said) = set.event().unwrap();
        assert_eq!((&said["state"], &said["initiating_entity"]), (&"revoked".into(), &"admin".into()));
    });
    let ended = revoke(&id, "13/QĐ-SM");
    assert_eq!(ended.status.code(), Some(0), "ended is ended");
}
