//! Polling (RFC 8936), streams and their verification.

use std::time::Duration;

use uuid::Uuid;

use super::{World, streams, world};
use crate::{
    domain::{consent::Act, record::Kind},
    limit::Limit,
    notices::{Error, Poll, Polled, poll},
    registry::Client,
    store::scratch::{Scratch, store_suite},
};

store_suite! {
    what_nobody_pushes_waits_to_be_polled_and_leaves_in_order,
    an_acknowledgement_is_for_ones_own_events_and_counts_once,
    a_complaint_is_kept_and_the_event_stays,
    a_stream_is_created_changed_verified_and_deleted,
    every_change_of_a_stream_is_an_entry_of_the_agency,
    what_a_stream_cannot_have_is_refused_by_name,
}

async fn polled(world: &World, client: &Client, asked: &str) -> Polled {
    poll(&world.engines, client, &serde_json::from_str(asked).unwrap()).await.unwrap()
}

fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> (u16, &'static str) {
    match result.unwrap_err() {
        Error::Refused { status, code, .. } => (status, code),
        other => panic!("{other}"),
    }
}

async fn what_nobody_pushes_waits_to_be_polled_and_leaves_in_order(s: Scratch) {
    let world = world(s).await;
    let mut told = Vec::new();
    for _ in 0..5 {
        world.pass(Duration::from_millis(1));
        told.push(world.told(&world.client, Act::Withdraw).await);
    }
    world.courier.turn().await;
    let some = polled(&world, &world.client, r#"{"maxEvents": 2, "returnImmediately": false, "x": 1}"#).await;
    assert!(some.more_available);
    let ids: Vec<Uuid> = some.sets.keys().copied().collect();
    assert_eq!(ids, [told[0].id, told[1].id]);
    for (id, set) in &some.sets {
        assert_eq!(world.verified(set)["jti"], id.to_string());
    }
    assert_eq!(world.kinds().await, ["consent.notice_sent", "consent.notice_sent"]);
    // Until it is acknowledged it is handed out again; that it was sent is said once.
    polled(&world, &world.client, r#"{"maxEvents": 2}"#).await;
    assert_eq!(world.kinds().await.len(), 2);
    let all = polled(&world, &world.client, "{}").await;
    assert!(all.sets.len() == 5 && !all.more_available);
    let written = serde_json::to_value(&all).unwrap();
    assert!(written["moreAvailable"] == false && written["sets"].is_object());
    assert!(polled(&world, &world.other, "{}").await.sets.is_empty(), "everybody gets one's own");
}

async fn an_acknowledgement_is_for_ones_own_events_and_counts_once(s: Scratch) {
    let world = world(s).await;
    let notice = world.told(&world.client, Act::Withdraw).await;
    let ack =
        format!(r#"{{"maxEvents": 0, "ack": ["{0}", "{0}", "nonsense", "{1}"]}}"#, notice.id, Uuid::nil());
    let none = polled(&world, &world.other, &ack).await;
    assert!(none.sets.is_empty() && world.row(&notice).await.acked_at.is_none());
    for _ in 0..2 {
        let answer = polled(&world, &world.client, &ack).await;
        assert!(answer.sets.is_empty() && !answer.more_available);
    }
    assert!(world.row(&notice).await.acked_at.is_some());
    assert_eq!(world.kinds().await, ["consent.notice_sent", "consent.acknowledged"]);
    let many = Poll { ack: vec![String::new(); 1001], ..Poll::default() };
    assert_eq!(refusal(poll(&world.engines, &world.client, &many).await), (400, "too_many_ids"));
}

async fn a_complaint_is_kept_and_the_event_stays(s: Scratch) {
    let world = world(s).await;
    let notice = world.told(&world.client, Act::Withdraw).await;
    let errs =
        format!(r#"{{"setErrs": {{"{}": {{"err": "<b>999000000015", "description": "x"}}}}}}"#, notice.id);
    let again = polled(&world, &world.client, &errs).await;
    assert!(again.sets.contains_key(&notice.id));
    let row = world.row(&notice).await;
    assert_eq!((row.fault.as_deref(), row.attempts, row.acked_at), (Some("err_other"), 1, None));
}

async fn a_stream_is_created_changed_verified_and_deleted(s: Scratch) {
    let world = world(s).await;
    let (engines, client) = (&world.engines, &world.client);
    assert_eq!(streams::read(engines, client, None).await.unwrap(), serde_json::json!([]));
    let wanted = serde_json::from_str(r#"{"description": "của tôi", "events_requested": ["a"]}"#).unwrap();
    let made = streams::create(engines, client, &wanted).await.unwrap();
    assert_eq!(made["delivery"]["endpoint_url"], "http://127.0.0.1:8080/ssf/poll");
    assert_eq!(made["events_delivered"].as_array().unwrap().len(), 3, "nobody opts out of being told");
    assert_eq!(made["description"], "của tôi");
    assert_eq!(refusal(streams::create(engines, client, &wanted).await), (409, "stream_exists"));
    let id = made["stream_id"].as_str().unwrap();
    assert_eq!(streams::read(engines, client, Some(id)).await.unwrap(), made);
    assert_eq!(refusal(streams::read(engines, &world.other, Some(id)).await), (404, "stream_unknown"));
    let push = format!(
        r#"{{"stream_id": "{id}", "delivery": {{"method": "urn:ietf:rfc:8935", "endpoint_url": "https://a.example/"}}}}"#
    );
    let changed = streams::change(engines, client, &serde_json::from_str(&push).unwrap()).await.unwrap();
    assert_eq!(changed["delivery"]["endpoint_url"], "https://a.example/");
    assert_eq!(changed["description"], "của tôi", "what is not named stays");
    let status = streams::status(engines, client, Some(id)).await.unwrap();
    assert_eq!(status, serde_json::json!({ "stream_id": id, "status": "enabled" }));

    let limit = Limit::new(1, Duration::from_mins(1));
    let verify = streams::VerificationWanted { stream_id: id.to_owned(), state: Some("xyz".to_owned()) };
    streams::verify(engines, &limit, client, &verify).await.unwrap();
    assert_eq!(
        refusal(streams::verify(engines, &limit, client, &verify).await),
        (429, "verification_too_often")
    );
    let answer = polled(&world, client, "{}").await;
    let (jti, set) = answer.sets.first_key_value().unwrap();
    let claims = world.verified(set);
    assert_eq!(claims["sub_id"], serde_json::json!({ "format": "opaque", "id": id }));
    let event = &claims["events"]["https://schemas.openid.net/secevent/ssf/event-type/verification"];
    assert_eq!(event["state"], "xyz");
    assert!(polled(&world, client, &format!(r#"{{"ack": ["{jti}"]}}"#)).await.sets.is_empty());
    assert_eq!(world.kinds().await, Vec::<String>::new(), "a test of a stream is nobody's history");

    streams::remove(engines, client, Some(id)).await.unwrap();
    assert_eq!(refusal(streams::remove(engines, client, Some(id)).await), (404, "stream_unknown"));
}

async fn every_change_of_a_stream_is_an_entry_of_the_agency(s: Scratch) {
    let world = world(s).await;
    let (engines, client) = (&world.engines, &world.client);
    let wanted = |text: String| serde_json::from_str(&text).unwrap();
    let delivery = r#""delivery": {"method": "urn:ietf:rfc:8935", "endpoint_url": "https://a.example/", "authorization_header": "Bearer secret"}"#;
    // Of two that begin one at once, one does.
    let begin = wanted(format!("{{{delivery}}}"));
    let (one, two) =
        tokio::join!(streams::create(engines, client, &begin), streams::create(engines, client, &begin));
    assert_ne!(one.is_ok(), two.is_ok());
    let made = one.or(two).unwrap();
    let id = made["stream_id"].as_str().unwrap();
    let entries = async || {
        let rows = engines.store.log_entries(0, 1000).await.unwrap();
        let rows: Vec<_> = rows.into_iter().filter(|row| row.kind.starts_with("stream.")).collect();
        let agency = engines.vault.agency(&client.agency).await.unwrap();
        assert!(rows.iter().all(|row| row.subject == agency.id()));
        rows.len()
    };
    assert_eq!(entries().await, 1);
    // What changes nothing makes no entry.
    let same = wanted(format!(r#"{{"stream_id": "{id}", {delivery}, "description": null}}"#));
    streams::change(engines, client, &same).await.unwrap();
    let status = |status: &str| streams::StatusWanted { stream_id: id.to_owned(), status: status.to_owned() };
    streams::set_status(engines, client, &status("enabled")).await.unwrap();
    assert_eq!(entries().await, 1);
    streams::set_status(engines, client, &status("paused")).await.unwrap();
    let facts = world.facts(Kind::StreamSet).await;
    assert_eq!(
        (facts.client.as_deref(), facts.target.as_deref()),
        (Some(client.client_id.as_str()), Some(id))
    );
    let note = facts.note.unwrap();
    assert!(
        note.contains("https://a.example/") && note.contains("paused") && !note.contains("secret"),
        "{note}"
    );
    // Two that change it at once: whoever comes second reads it again first.
    let (other, shut) =
        (wanted(format!(r#"{{"stream_id": "{id}", "description": "x"}}"#)), status("disabled"));
    let (one, two) =
        tokio::join!(streams::change(engines, client, &other), streams::set_status(engines, client, &shut));
    let written = [one.is_ok(), two.is_ok()].into_iter().filter(|ok| *ok).count();
    for refused in [one, two].into_iter().filter(Result::is_err) {
        assert_eq!(refusal(refused), (409, "stream_changed"));
    }
    assert_eq!(entries().await, 2 + written);
    streams::remove(engines, client, Some(id)).await.unwrap();
    assert_eq!(world.facts(Kind::StreamRemoved).await.target.as_deref(), Some(id));
    assert_eq!(entries().await, 3 + written);
}

async fn what_a_stream_cannot_have_is_refused_by_name(s: Scratch) {
    let world = world(s).await;
    let (engines, client) = (&world.engines, &world.client);
    for (wanted, code) in [
        (r#"{"delivery": {"method": "carrier pigeon"}}"#.to_owned(), "stream_method"),
        (r#"{"delivery": {"method": "urn:ietf:rfc:8935"}}"#.to_owned(), "stream_endpoint"),
        (
            r#"{"delivery": {"method": "urn:ietf:rfc:8935", "endpoint_url": "http://a.example/"}}"#
                .to_owned(),
            "stream_endpoint",
        ),
        (
            r#"{"delivery": {"method": "urn:ietf:rfc:8935", "endpoint_url": "https://a.example/",
                "authorization_header": "a\r\nb: c"}}"#
                .to_owned(),
            "stream_authorization",
        ),
        (format!(r#"{{"description": "{}"}}"#, "x".repeat(2001)), "stream_description"),
        (format!(r#"{{"events_requested": ["{}"]}}"#, "x".repeat(2001)), "stream_events"),
    ] {
        let wanted = serde_json::from_str(&wanted).unwrap();
        assert_eq!(refusal(streams::create(engines, client, &wanted).await), (400, code));
    }
    let nameless = streams::Wanted::default();
    assert_eq!(refusal(streams::change(engines, client, &nameless).await), (400, "stream_id_missing"));
    assert!(engines.store.stream(client.id).await.unwrap().is_none());
}
