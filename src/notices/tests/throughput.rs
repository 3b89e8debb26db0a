//! How fast a queue drains: a measurement, run by hand (`--ignored --nocapture`), with receivers that answer at once.
#![expect(clippy::print_stdout, reason = "the figure is the product")]

use std::{sync::Arc, time::Duration};

use super::{
    consent_record,
    receiver::{Mood, Receiver},
    registered, world,
};
use crate::{
    consent::notice::{self, Change as ConsentChange},
    domain::{
        consent::{Act, Capacity, State},
        record::{Facts, Kind},
    },
    ledger::entry::Event,
    store::{
        append::{Change, Command},
        scratch,
    },
};

const NOTICES: usize = 20_000;
const RECEIVERS: usize = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn a_long_queue_drains_steadily_on_sqlite() {
    drains(scratch::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn a_long_queue_drains_steadily_on_postgres() {
    drains(scratch::postgres().await).await;
}

async fn drains(scratch: Option<scratch::Scratch>) {
    let Some(scratch) = scratch else { return };
    let world = world(scratch).await;
    let engines = &world.engines;
    let receiver = Receiver::start(Mood::Says(202)).await;
    let mut clients = Vec::new();
    for at in 0..RECEIVERS {
        let client = registered(engines, &format!("client-{at}")).await;
        world.pushes_to(&client, &receiver.url).await;
        clients.push(client);
    }
    for chunk in 0..NOTICES / 1000 {
        let mut commands = Vec::new();
        for at in 0..1000 {
            let client = &clients[(chunk + at) % RECEIVERS];
            let (consent, cause, at) = (engines.id(), engines.id(), engines.now());
            let record = consent_record(client, consent);
            let change = ConsentChange {
                client: client.id,
                record: &record,
                grant: None,
                subject: &world.person,
                from: State::Given,
                act: Act::Withdraw,
                to: State::Withdrawn,
                by: Capacity::Own,
                cause,
                at,
            };
            let told = notice::of(engines, &change).await.unwrap().unwrap();
            let subject = world.person.clone();
            let event =
                Event { id: cause, at, kind: Kind::ConsentWithdrawn, subject, facts: Facts::default() };
            commands.push(Command {
                changes: vec![Change::PutNotice(Box::new(told))],
                entry: Some(event.draft(Arc::clone(&engines.random))),
                ..Command::default()
            });
        }
        engines.appender.run_all(commands).await.unwrap();
    }
    let begun = tokio::time::Instant::now();
    let job = tokio::spawn(world.courier.clone().run(Duration::from_millis(50)));
    let mut last = 0;
    loop {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let heard = receiver.heard.lock().unwrap().len();
        println!("{heard} of {NOTICES} after {:?}: {} in 5 s", begun.elapsed(), heard - last);
        last = heard;
        let mut open = 0;
        for client in &clients {
            open += engines.store.unacknowledged_notices(client.id, 1).await.unwrap().len();
        }
        if open == 0 {
            break;
        }
    }
    job.abort();
    println!("{NOTICES} in {:?}", begun.elapsed());
    assert_eq!(receiver.heard.lock().unwrap().len(), NOTICES, "each once");
}
