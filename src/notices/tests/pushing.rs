//! Pushing (RFC 8935): what arrives, what counts as an acknowledgement, and who waits for whom.

use std::time::Duration;

use super::{
    World, courier,
    receiver::{Mood, Receiver},
    world,
};
use crate::{
    domain::{consent::Act, record::Kind},
    notices::steps,
    store::{
        Store,
        notices::Notice,
        scratch::{Scratch, store_suite},
    },
};

store_suite! {
    a_withdrawal_is_pushed_acknowledged_and_shown_to_the_person,
    a_receiver_that_answers_200_has_acknowledged_nothing,
    a_set_that_was_lost_is_sent_again_with_the_same_jti,
    one_event_that_is_rejected_holds_up_no_other,
    a_receiver_that_is_gone_holds_nobody_else_up,
    a_receiver_that_is_not_well_is_asked_with_one_event_only,
    two_nodes_deliver_each_notice_once,
    a_node_that_dies_after_its_claim_gives_the_notice_back,
    a_notice_that_was_acknowledged_by_another_node_is_acknowledged_once,
    a_stream_that_is_paused_stops_in_the_middle_of_a_long_queue,
    a_paused_stream_is_not_pushed_to_and_an_address_that_redirects_is_not_followed,
}

async fn fault(world: &World, notice: &Notice) -> String {
    world.row(notice).await.fault.unwrap_or_default()
}

async fn a_withdrawal_is_pushed_acknowledged_and_shown_to_the_person(s: Scratch) {
    let world = world(s).await;
    let receiver = Receiver::start(Mood::Says(202)).await;
    world.pushes_to(&world.client, &receiver.url).await;
    let notice = world.told(&world.client, Act::Withdraw).await;
    world.courier.turn().await;
    let sets = receiver.sets();
    assert_eq!(sets.len(), 1);
    let claims = world.verified(&sets[0]);
    assert_eq!(claims["jti"], notice.id.to_string());
    assert_eq!(claims["aud"], "benh-vien.ho-so");
    let event = &claims["events"]["http://127.0.0.1:8080/secevent/consent/event-type/consent-withdrawn"];
    assert_eq!(
        (event["state"].as_str(), event["initiating_entity"].as_str()),
        (Some("withdrawn"), Some("user"))
    );
    let head = &receiver.heads()[0];
    for header in ["content-type: application/secevent+jwt", "accept: application/json"] {
        assert!(head.contains(header), "{head}");
    }
    assert!(head.contains("authorization: bearer of the receiver"), "{head}");
    let row = world.row(&notice).await;
    assert!(row.sent_at.is_some() && row.acked_at.is_some() && row.next_at.is_none());
    assert!(row.closed_at.is_none(), "stopping and erasing are still owed");
    assert_eq!(world.kinds().await, ["consent.notice_sent", "consent.acknowledged"]);
    let facts = world.facts(Kind::NoticeAcknowledged).await;
    assert_eq!(facts.target, Some(notice.id.to_string()));
    assert_eq!(facts.consent, Some(notice.consent.to_string()));
    // What is acknowledged is never sent again.
    world.pass(Duration::from_hours(24));
    world.courier.turn().await;
    assert_eq!(receiver.sets().len(), 1);
}

async fn a_receiver_that_answers_200_has_acknowledged_nothing(s: Scratch) {
    let world = world(s).await;
    let receiver = Receiver::start(Mood::Says(200)).await;
    world.pushes_to(&world.client, &receiver.url).await;
    let notice = world.told(&world.client, Act::Withdraw).await;
    for (round, status) in [200, 204, 201, 500, 404].into_iter().enumerate() {
        receiver.becomes(Mood::Says(status));
        world.courier.turn().await;
        let row = world.row(&notice).await;
        assert!(row.acked_at.is_none() && row.sent_at.is_none(), "nobody was told");
        assert_eq!(fault(&world, &notice).await, format!("status_{status}"));
        assert_eq!(row.attempts, i64::try_from(round).unwrap() + 1);
        assert!(row.next_at.unwrap() >= world.engines.now().0 + 1000, "it is tried again later");
        world.pass(Duration::from_mins(15));
    }
    assert_eq!(world.kinds().await, Vec::<String>::new(), "and she is not told that somebody was");
    receiver.becomes(Mood::Says(202));
    world.courier.turn().await;
    assert_eq!(world.kinds().await, ["consent.notice_sent", "consent.acknowledged"]);
    assert!(world.row(&notice).await.acked_at.is_some());
    let ids: Vec<_> = receiver.sets().iter().map(|set| world.verified(set)["jti"].clone()).collect();
    assert!(ids.len() == 6 && ids.iter().all(|id| *id == notice.id.to_string()));
}

async fn a_set_that_was_lost_is_sent_again_with_the_same_jti(s: Scratch) {
    let world = world(s).await;
    let receiver = Receiver::start(Mood::Loses).await;
    world.pushes_to(&world.client, &receiver.url).await;
    let notice = world.told(&world.client, Act::Expire).await;
    world.courier.turn().await;
    assert_eq!(fault(&world, &notice).await, "no_answer");
    assert_eq!(world.kinds().await, Vec::<String>::new(), "nobody knows that it arrived");
    receiver.becomes(Mood::Says(202));
    world.courier.turn().await;
    assert_eq!(world.row(&notice).await.acked_at, None, "not before the wait is over");
    world.pass(Duration::from_secs(2));
    world.courier.turn().await;
    let row = world.row(&notice).await;
    assert!(row.acked_at.is_some() && row.closed_at.is_some(), "nothing more is owed of what ran out");
    let claims: Vec<_> = receiver.sets().iter().map(|set| world.verified(set)).collect();
    assert!(claims.len() >= 2 && claims.windows(2).all(|pair| pair[0] == pair[1]));
}

async fn one_event_that_is_rejected_holds_up_no_other(s: Scratch) {
    let world = world(s).await;
    let receiver = Receiver::start(Mood::RejectsTheFirst).await;
    world.pushes_to(&world.client, &receiver.url).await;
    let first = world.told(&world.client, Act::Withdraw).await;
    world.courier.turn().await;
    assert_eq!(fault(&world, &first).await, "err_invalid_key");
    let mut others = Vec::new();
    for _ in 0..5 {
        others.push(world.told(&world.client, Act::Withdraw).await);
    }
    world.courier.turn().await;
    for other in &others {
        assert!(world.row(other).await.acked_at.is_some());
    }
    // It is never given up, however long it is rejected, and what the receiver writes is not kept.
    for round in 1..8 {
        let row = world.row(&first).await;
        assert_eq!(row.attempts, round);
        let wait = row.next_at.unwrap() - world.engines.now().0;
        assert!(wait >= 1000 << (round - 1) && wait <= 1250 << (round - 1), "{round}: {wait}");
        world.clock.set(crate::time::Millis(row.next_at.unwrap()));
        world.courier.turn().await;
    }
}

async fn a_receiver_that_is_gone_holds_nobody_else_up(s: Scratch) {
    let world = world(s).await;
    let receiver = Receiver::start(Mood::Says(202)).await;
    world.pushes_to(&world.other, "http://127.0.0.1:9/gone").await;
    world.pushes_to(&world.client, &receiver.url).await;
    for _ in 0..3 {
        world.told(&world.other, Act::Withdraw).await;
    }
    let notice = world.told(&world.client, Act::Withdraw).await;
    let job = tokio::spawn(world.courier.clone().run(Duration::from_millis(20)));
    for _ in 0..400 {
        if world.row(&notice).await.acked_at.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    job.abort();
    assert!(world.row(&notice).await.acked_at.is_some());
}

async fn a_receiver_that_is_not_well_is_asked_with_one_event_only(s: Scratch) {
    let world = world(s).await;
    let receiver = Receiver::start(Mood::Says(503)).await;
    world.pushes_to(&world.client, &receiver.url).await;
    for _ in 0..30 {
        world.told(&world.client, Act::Withdraw).await;
    }
    world.courier.turn().await;
    let first = receiver.sets().len();
    assert!(first <= 8, "the others of the batch are given back untried: {first}");
    for _ in 0..3 {
        world.courier.turn().await;
    }
    assert_eq!(receiver.sets().len(), first, "it is left alone");
    world.pass(Duration::from_secs(2));
    world.courier.turn().await;
    assert_eq!(receiver.sets().len(), first + 1);
    receiver.becomes(Mood::Says(202));
    world.pass(Duration::from_secs(4));
    world.courier.turn().await;
    let open = world.engines.store.unacknowledged_notices(world.client.id, 100).await.unwrap();
    assert!(open.is_empty(), "once it is well everything flows: {}", open.len());
}

async fn two_nodes_deliver_each_notice_once(s: Scratch) {
    let address = s.address.clone();
    let world = world(s).await;
    let receiver = Receiver::start(Mood::Says(202)).await;
    world.pushes_to(&world.client, &receiver.url).await;
    for _ in 0..100 {
        world.told(&world.client, Act::Withdraw).await;
    }
    let mut engines = world.engines.clone();
    engines.store = Store::open(&address, 4).await.unwrap();
    let second = courier(&engines);
    tokio::join!(world.courier.turn(), second.turn());
    let mut ids: Vec<String> =
        receiver.sets().iter().map(|set| world.verified(set)["jti"].to_string()).collect();
    assert_eq!(ids.len(), 100);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 100);
    assert_eq!(world.kinds().await.len(), 200);
}

async fn a_node_that_dies_after_its_claim_gives_the_notice_back(s: Scratch) {
    let world = world(s).await;
    let receiver = Receiver::start(Mood::Says(202)).await;
    world.pushes_to(&world.client, &receiver.url).await;
    let notice = world.told(&world.client, Act::Withdraw).await;
    // Another node claims it and is never heard of again.
    let (now, store) = (world.engines.now(), &world.engines.store);
    store.claim_notices(world.client.id, now, now + Duration::from_secs(30), 10).await.unwrap();
    world.courier.turn().await;
    assert!(receiver.sets().is_empty());
    world.pass(Duration::from_secs(30));
    world.courier.turn().await;
    assert_eq!(world.verified(&receiver.sets()[0])["jti"], notice.id.to_string());
    assert!(world.row(&notice).await.acked_at.is_some());
}

async fn a_notice_that_was_acknowledged_by_another_node_is_acknowledged_once(s: Scratch) {
    let world = world(s).await;
    let receiver = Receiver::start(Mood::Says(202)).await;
    world.pushes_to(&world.client, &receiver.url).await;
    let notice = world.told(&world.client, Act::Withdraw).await;
    let before = world.row(&notice).await;
    world.courier.turn().await;
    // A node that read the row before the acknowledgement and acknowledges after it.
    let opened = steps::Opened::open(&world.engines, before).await.unwrap();
    let again = opened.handed_over(&world.engines, true);
    assert_eq!(steps::run(&world.engines, again).await.unwrap(), [false, false]);
    assert_eq!(world.kinds().await.len(), 2);
}

async fn a_stream_that_is_paused_stops_in_the_middle_of_a_long_queue(s: Scratch) {
    let world = world(s).await;
    let receiver = Receiver::start(Mood::Says(202)).await;
    world.pushes_to(&world.client, &receiver.url).await;
    for _ in 0..320 {
        world.told(&world.client, Act::Withdraw).await;
    }
    let stream = world.engines.store.stream(world.client.id).await.unwrap().unwrap();
    let pauses = async {
        while receiver.sets().is_empty() {
            tokio::task::yield_now().await;
        }
        let (stream_id, status) = (stream.id.to_string(), "paused".to_owned());
        let paused = super::streams::StatusWanted { stream_id, status };
        super::streams::set_status(&world.engines, &world.client, &paused).await.unwrap();
    };
    tokio::join!(world.courier.turn(), pauses);
    assert!(receiver.sets().len() < 320, "all of them went out: {}", receiver.sets().len());
}

async fn a_paused_stream_is_not_pushed_to_and_an_address_that_redirects_is_not_followed(s: Scratch) {
    let world = world(s).await;
    let receiver = Receiver::start(Mood::Says(307)).await;
    world.pushes_to(&world.client, &receiver.url).await;
    let notice = world.told(&world.client, Act::Withdraw).await;
    world.courier.turn().await;
    assert_eq!(fault(&world, &notice).await, "status_307");
    let shown = super::streams::read(&world.engines, &world.client, None).await.unwrap();
    let id = shown[0]["stream_id"].as_str().unwrap().to_owned();
    assert!(!shown.to_string().contains("Bearer"), "what proves us to the receiver is not shown");
    let status =
        |status: &str| super::streams::StatusWanted { stream_id: id.clone(), status: status.to_owned() };
    super::streams::set_status(&world.engines, &world.client, &status("paused")).await.unwrap();
    receiver.becomes(Mood::Says(202));
    world.pass(Duration::from_hours(1));
    world.courier.turn().await;
    assert_eq!(receiver.sets().len(), 1);
    super::streams::set_status(&world.engines, &world.client, &status("enabled")).await.unwrap();
    world.courier.turn().await;
    assert!(world.row(&notice).await.acked_at.is_some());
}
