//! The consent room on a real database of each kind.

mod answering;
mod clockwork;
mod confirming;
mod ending;
mod grants;
mod histories;
mod overtaken;
mod races;

use std::time::Duration;

use uuid::Uuid;

use super::{Answer, Answering, Ask, Consent, Error, Give, GrantWish, answer, ask, commit};
use crate::{
    domain::{
        catalogue::{ConsentTerms, Purpose, Text},
        consent::{Actor, Capacity, Limits},
        record::{Facts, Kind},
        subject::Subject,
    },
    engines::{
        Engines,
        scratch::{NOW, World, register, world},
    },
    ledger::entry::Event,
    policy::Register,
    registry::Client,
    store::{
        append::{Change, Command, Outcome, Require, Spend, Token},
        people::Representation,
        scratch::Scratch,
    },
    time::Millis,
};

const PURPOSE: &str = "health.record_share";
/// What the purpose cannot do without, and the two it can.
const NAME: &str = "person.full_name";
const BLOOD: &str = "health.blood_type";
const CARD: &str = "insurance.hi_card_no";
/// The case every request here names.
const CASE: Option<&str> = Some("H08.1");
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// After so long without use a consent lapses here.
const LAPSE: i64 = 5 * DAY;

/// One service, a client that asks, and a person who is asked.
struct Office {
    world: World,
    client: Client,
    person: Subject,
}

fn terms() -> Register {
    register().amended(PURPOSE, |purpose| {
        purpose.consent = Some(ConsentTerms {
            validity_days: 30,
            max_uses: 100,
            frequency: None,
            answer_hours: 72,
            lapse_days: Some(5),
            private_life: true,
            assurance: 2,
            refusing: Text::default(),
        });
    })
}

async fn office(scratch: Scratch) -> Office {
    let world = world(scratch, terms());
    world.scratch.activate(&world.engines.bundle).await;
    let (client, person) = (world.client("tinh-a"), world.person(15).await);
    Office { world, client, person }
}

/// One use, valid for ten days from now on.
fn once() -> Limits {
    Limits { max_uses: 1, frequency: None, hours: None, starts: NOW.0, expires: NOW.0 + 10 * DAY }
}

/// What is asked for, where tests differ.
struct Wanted {
    fields: Vec<String>,
    limits: Limits,
    answer_by: Millis,
    joint: bool,
    replays: Vec<(Uuid, Millis)>,
}

impl Default for Wanted {
    fn default() -> Self {
        let fields = [NAME, BLOOD, CARD].map(str::to_owned).to_vec();
        let answer_by = NOW + Duration::from_hours(48);
        Self { fields, limits: once(), answer_by, joint: false, replays: Vec::new() }
    }
}

fn purpose(engines: &Engines) -> &Purpose {
    engines.register.catalogue().purpose(PURPOSE).unwrap()
}

async fn asked(
    engines: &Engines,
    client: &Client,
    subject: &Subject,
    wanted: Wanted,
) -> Result<Consent, Error> {
    let purpose = purpose(engines);
    let wish = Ask {
        case: CASE.map(str::to_owned),
        official: Some(("cb-0042".to_owned(), "Khoa khám".to_owned())),
        joint: wanted.joint,
        replays: wanted.replays,
        ..Ask::plain(client, subject, purpose, &wanted.fields, wanted.limits, wanted.answer_by)
    };
    ask(engines, wish).await
}

fn own() -> Actor {
    Actor {
        capacity: Capacity::Own,
        issuer: Some("https://vneid.example".to_owned()),
        assurance: Some(3),
        ..Actor::system()
    }
}

fn parent(acting: Uuid) -> Actor {
    Actor {
        capacity: Capacity::Parent,
        acting: Some(acting),
        representation: Some(Uuid::from_u128(8)),
        ..own()
    }
}

/// The representation [`parent`] acts by, registered.
async fn registered(engines: &Engines, principal: &Subject, representative: Uuid) {
    let row = Representation {
        id: Uuid::from_u128(8),
        principal: principal.id(),
        representative,
        created_at: NOW.0,
        wake: NOW.0 + 10 * DAY,
        ended_at: None,
        sealed: Vec::new(),
    };
    let (id, at, subject) = (engines.id(), engines.now(), principal.clone());
    let event = Event { id, at, kind: Kind::RepresentationBegun, subject, facts: Facts::default() };
    let changes = vec![Change::PutRepresentation(Box::new(row))];
    commit(engines, event, Command { changes, ..Command::default() }).await.unwrap();
}

fn says(by: Actor, answer: Answer) -> Answering {
    let shown = ("vi", "<p>Ông/bà có cho phép không?</p>".to_owned(), true);
    Answering { by, answer, shown, replays: Vec::new(), also: Vec::new() }
}

fn yes(grant: GrantWish) -> Answer {
    Answer::Give(Give { optional: Vec::new(), grant })
}

impl Office {
    fn engines(&self) -> &Engines {
        &self.world.engines
    }

    async fn asked(&self, wanted: Wanted) -> Consent {
        asked(self.engines(), &self.client, &self.person, wanted).await.unwrap()
    }

    async fn answer(&self, consent: &Consent, what: Answer) -> Result<Consent, Error> {
        answer(self.engines(), consent, says(own(), what)).await
    }

    /// A consent that was asked for and given.
    async fn given(&self, wanted: Wanted, grant: GrantWish) -> Consent {
        let consent = self.asked(wanted).await;
        self.answer(&consent, yes(grant)).await.unwrap()
    }

    /// Another bundle becomes the active one, as at the start of a node that has it.
    async fn activate(&self, bundle: &str) {
        let event = Event {
            id: self.engines().id(),
            at: self.engines().now(),
            kind: Kind::PolicyActivated,
            subject: self.engines().vault.system().await.unwrap(),
            facts: Facts::default(),
        };
        let entry = Some(event.draft(self.engines().random.clone()));
        let changes = vec![Change::ActivateBundle(bundle.into())];
        assert!(done(&self.run(Command { changes, entry, ..Command::default() }).await));
    }

    async fn run(&self, command: Command) -> Outcome {
        self.engines().appender.run(command).await.unwrap()
    }

    fn at(&self, offset: i64) {
        self.world.clock.set(Millis(NOW.0 + offset));
    }
}

/// A token on a consent as `oauth` takes one; its `jti` and the command.
fn token(engines: &Engines, consent: &Consent, changes: Vec<Change>) -> (Uuid, Command) {
    let (jti, entry) = (engines.id(), engines.id());
    let command = Command {
        require: Require { consent: Some(consent.row.id), ..Require::default() },
        spend: Some(Spend { consent: consent.row.id, token: jti }),
        token: Some(Token {
            jti,
            client: consent.row.client,
            subject: consent.row.subject,
            entry,
            audience: "https://aud.example".to_owned(),
            expires: engines.now() + Duration::from_mins(5),
            uses: 5,
            consent: Some(consent.row.id),
            grant_id: consent.row.grant_id,
            status: None,
        }),
        changes,
        ..happens(engines, consent, entry, Kind::TokenIssued, jti)
    };
    (jti, command)
}

/// Data on a token as `gateway` releases it.
fn release(engines: &Engines, consent: &Consent, jti: Uuid) -> Command {
    Command {
        require: Require { consent: Some(consent.row.id), token: Some(jti), ..Require::default() },
        ..happens(engines, consent, engines.id(), Kind::DataReleased, jti)
    }
}

fn happens(engines: &Engines, consent: &Consent, id: Uuid, kind: Kind, jti: Uuid) -> Command {
    let facts = Facts {
        agency: Some(consent.record.agency.clone()),
        consent: Some(consent.row.id.to_string()),
        token: Some(jti.to_string()),
        ..Facts::default()
    };
    let event = Event { id, at: engines.now(), kind, subject: consent.subject.clone(), facts };
    Command { entry: Some(event.draft(engines.random.clone())), ..Command::default() }
}

fn done(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Done { .. })
}
