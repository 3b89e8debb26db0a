//! What a recipient owes after it was told, and what happens when it stays silent.

use std::time::Duration;

use uuid::Uuid;

use super::{World, world};
use crate::{
    domain::{catalogue::Text, consent::Act, record::Kind},
    notices::{Error, Owed, Poll, attest, poll, rules},
    registry::Client,
    store::{
        notices::Notice,
        scratch::{Scratch, store_suite},
    },
    time::Millis,
};

store_suite! {
    a_recipient_acknowledges_stops_erases_and_then_nothing_is_owed,
    nobody_stops_before_being_told_whatever_clocks_and_seconds_say,
    what_is_attested_too_early_or_by_somebody_else_is_refused,
    the_statutory_date_is_moved_once_by_fifteen_days,
    whoever_has_processors_that_must_stop_too_has_five_days_more,
    whoever_never_acknowledges_is_suspended_once_and_the_person_sees_it,
    whoever_lets_the_date_pass_is_marked_and_not_suspended,
    a_resumption_takes_the_place_of_the_pause_before_it,
}

const HOURS: Duration = Duration::from_hours(72);

async fn says(world: &World, client: &Client, notice: &Notice, said: &str) -> Result<Owed, Error> {
    let said = said.replacen('{', &format!(r#"{{"jti": "{}", "#, notice.id), 1);
    attest(&world.engines, client, &serde_json::from_str(&said).unwrap()).await
}

async fn refused(world: &World, client: &Client, notice: &Notice, said: &str) -> (u16, &'static str) {
    match says(world, client, notice, said).await.unwrap_err() {
        Error::Refused { status, code, .. } => (status, code),
        other => panic!("{other}"),
    }
}

async fn acknowledges(world: &World, client: &Client, notice: &Notice) {
    let asked = Poll { ack: vec![notice.id.to_string()], ..Poll::default() };
    poll(&world.engines, client, &asked).await.unwrap();
}

async fn turn(world: &World) -> usize {
    rules::turn(&world.engines, Uuid::from_u128(1), HOURS).await.unwrap()
}

async fn a_recipient_acknowledges_stops_erases_and_then_nothing_is_owed(s: Scratch) {
    let world = world(s).await;
    let notice = world.told(&world.client, Act::Withdraw).await;
    assert_eq!(
        refused(&world, &world.client, &notice, r#"{"done": "stopped"}"#).await.1,
        "notice_not_acknowledged"
    );
    acknowledges(&world, &world.client, &notice).await;
    assert_eq!(
        refused(&world, &world.client, &notice, r#"{"done": "erased"}"#).await.1,
        "notice_not_stopped"
    );
    world.pass(Duration::from_hours(5));
    let at = world.engines.now().seconds() - 3600;
    let owed =
        says(&world, &world.client, &notice, &format!(r#"{{"done": "stopped", "at": {at}}}"#)).await.unwrap();
    assert_eq!((owed.stopped_at, owed.closed_at), (Some(at), None));
    let owed = says(&world, &world.client, &notice, r#"{"done": "erased"}"#).await.unwrap();
    assert!(owed.erased_at.is_some() && owed.closed_at.is_some());
    // Once more changes nothing and makes no entry.
    let again = says(&world, &world.client, &notice, r#"{"done": "stopped"}"#).await.unwrap();
    assert_eq!(again.stopped_at, Some(at));
    let kinds = ["consent.notice_sent", "consent.acknowledged", "consent.stopped", "consent.erased"];
    assert_eq!(world.kinds().await, kinds);
    assert_eq!(world.facts(Kind::NoticeStopped).await.note, Some((at * 1000).to_string()));
    world.pass(Duration::from_hours(24 * 60));
    assert_eq!(turn(&world).await, 0);
}

async fn nobody_stops_before_being_told_whatever_clocks_and_seconds_say(s: Scratch) {
    let world = world(s).await;
    world.pass(Duration::from_millis(600));
    let notice = world.told(&world.client, Act::Withdraw).await;
    acknowledges(&world, &world.client, &notice).await;
    let same = Millis(notice.created_at).seconds();
    assert!(same * 1000 < notice.created_at);
    let said = format!(r#"{{"done": "stopped", "at": {same}}}"#);
    says(&world, &world.client, &notice, &said).await.unwrap();
    assert_eq!(world.row(&notice).await.stopped_at, Some(notice.created_at));
    assert_eq!(world.facts(Kind::NoticeStopped).await.note, Some(notice.created_at.to_string()));
    // A node that is almost a second behind, in the second before.
    world.clock.set(Millis(notice.created_at - 700));
    says(&world, &world.client, &notice, r#"{"done": "erased"}"#).await.unwrap();
    assert_eq!(world.row(&notice).await.erased_at, Some(notice.created_at));
}

async fn what_is_attested_too_early_or_by_somebody_else_is_refused(s: Scratch) {
    let world = world(s).await;
    let notice = world.told(&world.client, Act::Withdraw).await;
    acknowledges(&world, &world.client, &notice).await;
    let done = r#"{"done": "stopped"}"#;
    assert_eq!(refused(&world, &world.other, &notice, done).await, (404, "notice_unknown"));
    let ghost = Notice { id: Uuid::from_u128(5), ..notice.clone() };
    assert_eq!(refused(&world, &world.client, &ghost, done).await, (404, "notice_unknown"));
    let now = world.engines.now().seconds();
    for at in [now + 1, now - 1] {
        let said = format!(r#"{{"done": "stopped", "at": {at}}}"#);
        assert_eq!(refused(&world, &world.client, &notice, &said).await, (400, "attestation_time"));
    }
    for said in [r#"{"at": 1}"#, r#"{"done": "stopped", "extend": "lý do dài"}"#] {
        assert_eq!(refused(&world, &world.client, &notice, said).await, (400, "attestation_unclear"));
    }
    let expired = world.told(&world.client, Act::Expire).await;
    acknowledges(&world, &world.client, &expired).await;
    for said in [done, r#"{"done": "erased"}"#] {
        assert_eq!(refused(&world, &world.client, &expired, said).await, (409, "nothing_to_attest"));
    }
}

async fn the_statutory_date_is_moved_once_by_fifteen_days(s: Scratch) {
    let world = world(s).await;
    let notice = world.told(&world.client, Act::Withdraw).await;
    let at = Millis(notice.created_at);
    assert_eq!(notice.stop_by, Some(world.engines.calendar.stop_by(at, false).ends.0));
    for wrong in ["ab", "xem https://a.example", "số 999000000015"] {
        let said = serde_json::json!({ "extend": wrong }).to_string();
        assert_eq!(refused(&world, &world.client, &notice, &said).await, (400, "extension_reason"));
    }
    let owed = says(&world, &world.client, &notice, r#"{"extend": "bản sao lưu"}"#).await.unwrap();
    assert!(owed.extended);
    assert_eq!(owed.stop_by, Some(world.engines.calendar.extended(at, false).ends.seconds()));
    assert_eq!(world.facts(Kind::NoticeExtended).await.note.as_deref(), Some("bản sao lưu"));
    let more = r#"{"extend": "một lần nữa"}"#;
    assert_eq!(refused(&world, &world.client, &notice, more).await, (409, "already_extended"));
    let late = world.told(&world.other, Act::Withdraw).await;
    world.clock.set(Millis(late.stop_by.unwrap()));
    assert_eq!(refused(&world, &world.other, &late, more).await, (409, "nothing_to_extend"));
}

async fn whoever_has_processors_that_must_stop_too_has_five_days_more(s: Scratch) {
    let mut world = world(s).await;
    let name = |text: &str| Text { vi: text.to_owned(), en: text.to_owned() };
    world.client.profile.processors = vec![name("Trung tâm dữ liệu")];
    let (alone, together) =
        (world.told(&world.other, Act::Withdraw).await, world.told(&world.client, Act::Withdraw).await);
    let (calendar, at) = (&world.engines.calendar, Millis(together.created_at));
    assert_eq!(alone.stop_by, Some(calendar.stop_by(at, false).ends.0));
    assert_eq!(together.stop_by, Some(calendar.stop_by(at, true).ends.0));
    assert!(together.stop_by > alone.stop_by);
    let owed = says(&world, &world.client, &together, r#"{"extend": "bản sao lưu"}"#).await.unwrap();
    assert_eq!(owed.stop_by, Some(calendar.extended(at, true).ends.seconds()));
}

async fn whoever_never_acknowledges_is_suspended_once_and_the_person_sees_it(s: Scratch) {
    let world = world(s).await;
    let notice = world.told(&world.client, Act::Withdraw).await;
    world.told(&world.client, Act::Expire).await;
    let prompt = world.told(&world.other, Act::Withdraw).await;
    acknowledges(&world, &world.other, &prompt).await;
    world.pass(HOURS.saturating_sub(Duration::from_millis(1)));
    assert_eq!(turn(&world).await, 0);
    world.pass(Duration::from_millis(1));
    assert_eq!(turn(&world).await, 2);
    assert_eq!(turn(&world).await, 0, "a rule is applied once");
    let suspended = async |client: &Client| {
        world.engines.store.client(&client.client_id).await.unwrap().unwrap().suspended_at.is_some()
    };
    assert!(suspended(&world.client).await && !suspended(&world.other).await);
    let rows = world.engines.store.log_entries(0, 1000).await.unwrap();
    assert_eq!(rows.iter().filter(|row| row.kind == "client.suspended").count(), 1);
    let facts = world.facts(Kind::NoticeOverdue).await;
    assert_eq!(facts.reason.as_deref(), Some("notice_not_acknowledged"));
    let mine = rows.iter().rfind(|row| row.kind == "consent.overdue").unwrap();
    assert_eq!(mine.subject, world.person.id());
    // Suspended or not, it can still do what it owes.
    acknowledges(&world, &world.client, &notice).await;
    assert!(world.row(&notice).await.acked_at.is_some());
}

async fn whoever_lets_the_date_pass_is_marked_and_not_suspended(s: Scratch) {
    let world = world(s).await;
    let notice = world.told(&world.client, Act::Pause).await;
    acknowledges(&world, &world.client, &notice).await;
    world.clock.set(Millis(notice.stop_by.unwrap()));
    assert_eq!(turn(&world).await, 0);
    world.pass(Duration::from_millis(1));
    assert_eq!(turn(&world).await, 1);
    assert!(world.row(&notice).await.overdue_at.is_some());
    assert_eq!(world.facts(Kind::NoticeOverdue).await.reason.as_deref(), Some("notice_not_stopped"));
    let client = world.engines.store.client(&world.client.client_id).await.unwrap().unwrap();
    assert_eq!(client.suspended_at, None);
    assert!(
        says(&world, &world.client, &notice, r#"{"done": "stopped"}"#).await.unwrap().closed_at.is_some()
    );
}

async fn a_resumption_takes_the_place_of_the_pause_before_it(s: Scratch) {
    let world = world(s).await;
    let paused = world.told(&world.client, Act::Pause).await;
    let resumed = world.told_of(&world.client, paused.consent, Act::Resume).await;
    assert!(world.row(&paused).await.closed_at.is_some());
    let answer = poll(&world.engines, &world.client, &Poll::default()).await.unwrap();
    assert_eq!(answer.sets.keys().copied().collect::<Vec<_>>(), [resumed.id]);
}
