//! After an emergency: a report in time, or both officials are suspended, once and together.

use super::*;
use crate::{
    domain::{
        emergency::Emergency as Said,
        record::{Facts, Kind},
    },
    ledger::entry::Event,
    store::{
        append::{Change, Command, Outcome, Require},
        officials::Official,
        people::Emergency as EmergencyRow,
        scratch::store_suite,
    },
};

store_suite! {
    a_report_in_time_is_told_to_the_citizen_as_stated_and_closes_it,
    without_a_report_both_officials_are_suspended_in_one_transaction,
    a_late_report_is_taken_and_restores_nobody,
    a_report_and_the_clockwork_cannot_both_be_first,
    each_session_that_looks_at_it_again_is_an_entry_for_the_person,
}

const OFFICIAL: Uuid = Uuid::from_u128(31);
const APPROVER: Uuid = Uuid::from_u128(32);
const DUE: i64 = NOW.0 + DAY;
const WHAT: &str = "Bệnh nhân bất tỉnh, cần biết dị ứng thuốc trước khi mổ.";

/// An emergency access by two officials, as issuing records it.
async fn emergency(world: &World) -> Uuid {
    let engines = &world.engines;
    let person = world.person(CHILD).await;
    let official = |id: Uuid, code: &str| Official {
        id,
        agency: "bv-mau".into(),
        code: code.into(),
        unit: "Khoa Mẫu".into(),
        issuer: None,
        sub: None,
        created_at: NOW.0,
        suspended_at: None,
    };
    let token = engines.id();
    let said = Said {
        official: "bs-1".into(),
        approver: "bs-2".into(),
        purpose: HEALTH.into(),
        purpose_version: "0123456789abcdef".into(),
        fields: vec!["health.allergies".into()],
        justification: "cấp cứu".into(),
        case: None,
    };
    let sealed =
        crypto::seal(person.record_key(), engines.random.as_ref(), &Said::context(token), &said.to_bytes());
    let row = EmergencyRow {
        token,
        subject: person.id(),
        agency: "bv-mau".into(),
        official: OFFICIAL,
        approver: APPROVER,
        at: NOW.0,
        due: DUE,
        reported_at: None,
        overdue_at: None,
        sealed,
    };
    let event = Event {
        id: engines.id(),
        at: NOW,
        kind: Kind::TokenIssued,
        subject: person,
        facts: Facts::default(),
    };
    let changes = vec![
        Change::PutOfficial(Box::new(official(OFFICIAL, "bs-1"))),
        Change::PutOfficial(Box::new(official(APPROVER, "bs-2"))),
        Change::PutEmergency(Box::new(row)),
    ];
    engines.record_with(event, Command { changes, ..Command::default() }).await.unwrap();
    token
}

async fn suspended(world: &World) -> Vec<bool> {
    let officials = world.engines.store.officials().await.unwrap();
    officials.iter().map(|official| official.suspended_at.is_some()).collect()
}

async fn a_report_in_time_is_told_to_the_citizen_as_stated_and_closes_it(s: Scratch) {
    let world = world(s).await;
    let engines = &world.engines;
    let token = emergency(&world).await;
    let stranger = report(engines, Uuid::from_u128(9), token, WHAT).await;
    assert_eq!(stranger.unwrap_err().code(), Some("not_found"));
    for bad in ["quá ngắn", &"dài ".repeat(600), &format!("{WHAT} xem https://bit.example")] {
        let refused = report(engines, OFFICIAL, token, bad).await;
        assert_eq!(refused.unwrap_err().code(), Some("text_refused"), "{bad}");
    }
    world.to(DUE - 1);
    report(engines, APPROVER, token, &WHAT.replace(", ", ",\r\n")).await.unwrap();
    let record = world.history(&world.person(CHILD).await).await.pop().unwrap();
    assert_eq!((record.kind.as_str(), record.facts.note.as_deref()), ("emergency.reported", Some(WHAT)));
    assert_eq!((record.facts.purpose.as_deref(), record.facts.reason), (Some(HEALTH), None));
    assert_eq!(
        (record.facts.official.as_deref(), record.facts.approver.as_deref()),
        (Some("bs-1"), Some("bs-2"))
    );
    let again = report(engines, OFFICIAL, token, WHAT).await;
    assert_eq!(again.unwrap_err().code(), Some("done_before"));
    world.to(DUE + DAY);
    assert_eq!((emergencies_due(engines).await.unwrap(), suspended(&world).await), (0, vec![false, false]));
    let again = report(engines, OFFICIAL, token, WHAT).await;
    assert_eq!(again.unwrap_err().code(), Some("done_before"));
    let listed = look(&world, "bs-2", 1).await;
    assert_eq!((listed.len(), &listed[0].reported), (1, &Some((Millis(DUE - 1), WHAT.to_owned()))));
    world.to(DUE - 1 + 30 * DAY);
    assert!(look(&world, "bs-2", 2).await.is_empty(), "it has been seen long enough");
}

/// What an official is shown of her own in a session.
async fn look(world: &World, code: &str, session: u8) -> Vec<Owed> {
    let official = world.engines.store.official("bv-mau", code).await.unwrap().unwrap();
    let by = Looking { official: &official, session: &[session; 32], assurance: 3 };
    emergencies(&world.engines, by).await.unwrap()
}

/// I9: who looks again at what she did is read by the citizen, once for each session.
async fn each_session_that_looks_at_it_again_is_an_entry_for_the_person(s: Scratch) {
    let world = world(s).await;
    let token = emergency(&world).await;
    let person = world.person(CHILD).await;
    for (code, session, entries) in [("bs-1", 1, 1), ("bs-1", 1, 1), ("bs-1", 2, 2), ("bs-2", 3, 3)] {
        let seen = look(&world, code, session).await;
        assert_eq!((seen.len(), seen[0].token, seen[0].reported.is_none()), (1, token, true));
        let handle = world.engines.vault.handle("bv-mau", &person).await.unwrap();
        assert_eq!(*seen[0].handle, *handle);
        let history = world.history(&person).await;
        let looks: Vec<_> = history.iter().filter(|record| record.kind == "record.viewed").collect();
        assert_eq!(looks.len(), entries, "{code} {session}");
        let facts = &looks[entries - 1].facts;
        assert_eq!((facts.official.as_deref(), facts.purpose.as_deref()), (Some(code), Some(HEALTH)));
        assert_eq!(facts.token.as_deref(), Some(token.to_string().as_str()));
    }
}

async fn without_a_report_both_officials_are_suspended_in_one_transaction(s: Scratch) {
    let world = world(s).await;
    let engines = &world.engines;
    emergency(&world).await;
    world.to(DUE - 1);
    assert_eq!((emergencies_due(engines).await.unwrap(), suspended(&world).await), (0, vec![false, false]));
    world.to(DUE);
    let (one, two) = tokio::join!(emergencies_due(engines), emergencies_due(engines));
    assert_eq!(one.unwrap() + two.unwrap(), 1);
    assert_eq!(suspended(&world).await, [true, true]);
    let person = world.person(CHILD).await;
    assert_eq!(world.kinds(&person).await, ["token.issued", "emergency.overdue"]);
    let agency = engines.vault.agency("bv-mau").await.unwrap();
    let told: Vec<_> = world.history(&agency).await.into_iter().map(|r| r.facts.official.unwrap()).collect();
    assert_eq!(told, ["bs-1", "bs-2"]);
    // Neither acts any more, as official or as approver.
    for require in [
        Require { official: Some(OFFICIAL), ..Require::default() },
        Require { approver: Some(APPROVER), ..Require::default() },
    ] {
        let event = Event {
            id: engines.id(),
            at: engines.now(),
            kind: Kind::TokenIssued,
            subject: person.clone(),
            facts: Facts::default(),
        };
        let entry = Some(event.draft(Arc::clone(&engines.random)));
        let outcome = engines.appender.run(Command { require, entry, ..Command::default() }).await.unwrap();
        assert_eq!(outcome, Outcome::OfficialSuspended);
    }
    let size = world.size().await;
    assert_eq!((emergencies_due(engines).await.unwrap(), world.size().await), (0, size));
}

async fn a_late_report_is_taken_and_restores_nobody(s: Scratch) {
    let world = world(s).await;
    let engines = &world.engines;
    let token = emergency(&world).await;
    // Quicker than the clockwork, and late all the same.
    world.to(DUE);
    report(engines, OFFICIAL, token, WHAT).await.unwrap();
    assert_eq!(suspended(&world).await, [true, true]);
    let person = world.person(CHILD).await;
    assert_eq!(world.kinds(&person).await, ["token.issued", "emergency.overdue", "emergency.reported"]);
    assert_eq!(world.history(&person).await.pop().unwrap().facts.reason.as_deref(), Some("late"));
    let again = report(engines, APPROVER, token, WHAT).await;
    assert_eq!(again.unwrap_err().code(), Some("done_before"));
    let seen = look(&world, "bs-2", 1).await.remove(0);
    assert_eq!((seen.reported, seen.overdue_at), (Some((Millis(DUE), WHAT.to_owned())), Some(Millis(DUE))));
    assert_eq!((emergencies_due(engines).await.unwrap(), suspended(&world).await), (0, vec![true, true]));
    assert!(!engines.store.owes_report([OFFICIAL, APPROVER], engines.now()).await.unwrap());
}

async fn a_report_and_the_clockwork_cannot_both_be_first(s: Scratch) {
    let world = world(s).await;
    let engines = &world.engines;
    let token = emergency(&world).await;
    let row = engines.store.emergency(token).await.unwrap().unwrap();
    report(engines, OFFICIAL, token, WHAT).await.unwrap();
    // A pass of the clockwork that had read the row before.
    let late = crate::people::emergencies::overdue(engines, &row).await;
    assert_eq!(late.unwrap_err().code(), Some("done_before"));
    assert_eq!(suspended(&world).await, [false, false]);
}
