//! A child comes of age: what was agreed to for her waits for her own word; twice does no harm.

use super::*;
use crate::{
    domain::{
        consent::State,
        record::{Facts, Kind},
        representation::Doing,
    },
    ledger::entry::Event,
    store::{
        append::{Command, Token},
        scratch::store_suite,
    },
};

store_suite! {
    coming_of_age_puts_what_was_agreed_for_her_under_review_and_ends_its_tokens,
    handing_over_twice_or_by_two_nodes_at_once_changes_nothing_more,
    an_authority_whose_time_is_over_ends_without_touching_consents,
    one_that_cannot_be_read_holds_up_nobody_else,
}

/// A child's consent that both gave, and a token taken on it.
async fn given_with_token(world: &World) -> (Consent, Uuid) {
    let engines = &world.engines;
    let (child, mother) = (world.person(CHILD).await, world.person(MOTHER).await);
    let purpose = engines.register.catalogue().purpose(HEALTH).unwrap();
    let by = check(engines, &mother, &child, Doing::Answer(purpose)).await.unwrap();
    let half = world.give(&world.ask(&child, HEALTH).await, by).await.unwrap();
    let given = world.give(&half, own()).await.unwrap();
    assert_eq!(given.state, State::Given);
    let (jti, entry) = (engines.id(), engines.id());
    let event = Event {
        id: entry,
        at: engines.now(),
        kind: Kind::TokenIssued,
        subject: child.clone(),
        facts: Facts::default(),
    };
    let token = Token {
        jti,
        client: given.row.client,
        subject: child.id(),
        entry,
        audience: engines.addresses.data.clone(),
        expires: Millis(NOW.0 + 100 * DAY),
        uses: 3,
        consent: Some(given.row.id),
        grant_id: given.row.grant_id,
        status: None,
    };
    let command = Command { token: Some(token), ..Command::default() };
    engines.record_with(event, command).await.unwrap();
    (given, jti)
}

async fn coming_of_age_puts_what_was_agreed_for_her_under_review_and_ends_its_tokens(s: Scratch) {
    let world = world(s).await;
    let engines = &world.engines;
    register(engines, &id(CHILD), &id(MOTHER), parent(fifteen())).await.unwrap();
    let (consent, jti) = given_with_token(&world).await;
    let (child, mother) = (world.person(CHILD).await, world.person(MOTHER).await);
    world.to(fifteen().hands_over_at - 1);
    assert_eq!(hand_over_due(engines).await.unwrap(), 0);
    assert_eq!(world.state(&consent).await, State::Given);

    world.to(fifteen().hands_over_at);
    let late = world.ask(&child, HEALTH).await;
    let hers = world.give(&late, own()).await.unwrap();
    hand_over_due(engines).await.unwrap();
    assert_eq!(world.state(&consent).await, State::UnderReview);
    assert_eq!(world.state(&hers).await, State::Given, "what she gave herself stands");
    assert!(engines.store.token(jti).await.unwrap().unwrap().revoked_at.is_some());

    // Only when whoever had begun to answer has finished is the representation over in the book too.
    world.pass(Duration::from_secs(30));
    assert_eq!(hand_over_due(engines).await.unwrap(), 1);
    for person in [&child, &mother] {
        let record = world.history(person).await.pop().unwrap();
        assert_eq!(
            (record.kind.as_str(), record.facts.reason.as_deref()),
            ("representation.ended", Some("came_of_age"))
        );
    }
    let reviewed = world.history(&child).await.into_iter().find(|r| r.kind == "consent.reviewed").unwrap();
    assert_eq!(reviewed.facts.consent, Some(consent.row.id.to_string()));
    let confirmed = consent::by_id(engines, consent.row.id).await.unwrap().unwrap();
    let by = Actor { assurance: Some(3), ..own() };
    let answer = Answer::Confirm(Vec::new());
    let shown = ("vi", "<p>mẫu</p>".to_owned(), true);
    let said = Answering { by, answer, shown, replays: Vec::new(), also: Vec::new() };
    let confirmed = consent::answer(engines, &confirmed, said).await.unwrap();
    assert_eq!(confirmed.state, State::Given);
    assert_eq!(confirmed.record.answered_by.as_ref().map(|by| by.capacity), Some(Capacity::Own));
    // What is hers is not put to her a second time, and what its tokens were stays over.
    hand_over_due(engines).await.unwrap();
    assert_eq!(world.state(&consent).await, State::Given);
    assert!(engines.store.token(jti).await.unwrap().unwrap().revoked_at.is_some());
}

async fn handing_over_twice_or_by_two_nodes_at_once_changes_nothing_more(s: Scratch) {
    let world = world(s).await;
    let engines = &world.engines;
    register(engines, &id(CHILD), &id(MOTHER), parent(fifteen())).await.unwrap();
    register(engines, &id(CHILD), &id(FATHER), parent(fifteen())).await.unwrap();
    let (consent, _) = given_with_token(&world).await;
    world.to(fifteen().hands_over_at + 30_000);
    let (one, two) = tokio::join!(hand_over_due(engines), hand_over_due(engines));
    assert_eq!(one.unwrap() + two.unwrap(), 2, "each of the two representations ended once");
    let size = world.size().await;
    assert_eq!((hand_over_due(engines).await.unwrap(), world.size().await), (0, size));
    let child = world.person(CHILD).await;
    let count = |kinds: &[String], kind: &str| kinds.iter().filter(|k| *k == kind).count();
    let kinds = world.kinds(&child).await;
    assert_eq!((count(&kinds, "consent.reviewed"), count(&kinds, "representation.ended")), (1, 2));
    assert_eq!(world.state(&consent).await, State::UnderReview);
}

async fn an_authority_whose_time_is_over_ends_without_touching_consents(s: Scratch) {
    let world = world(s).await;
    let engines = &world.engines;
    let (mother, friend) = (world.person(MOTHER).await, world.person(FRIEND).await);
    let until = Millis(NOW.0 + 3 * DAY);
    authorise(engines, &mother, named(&id(FRIEND), until, b"1")).await.unwrap();
    let purpose = engines.register.catalogue().purpose(HEALTH).unwrap();
    let by = check(engines, &friend, &mother, Doing::Answer(purpose)).await.unwrap();
    let given = world.give(&world.ask(&mother, HEALTH).await, by).await.unwrap();
    world.to(until.0 + 30_000);
    assert_eq!(hand_over_due(engines).await.unwrap(), 1);
    let record = world.history(&friend).await.pop().unwrap();
    assert_eq!(record.facts.reason.as_deref(), Some("time_over"));
    assert_eq!(world.state(&given).await, State::Given);
}

async fn one_that_cannot_be_read_holds_up_nobody_else(s: Scratch) {
    let world = world(s).await;
    let engines = &world.engines;
    let (mother, friend) = (world.person(MOTHER).await, world.person(FRIEND).await);
    let broken = crate::store::people::Representation {
        id: engines.id(),
        principal: friend.id(),
        representative: mother.id(),
        created_at: NOW.0,
        wake: 0,
        ended_at: None,
        sealed: vec![9; 60],
    };
    let event = Event {
        id: engines.id(),
        at: NOW,
        kind: Kind::RepresentationBegun,
        subject: friend,
        facts: Facts::default(),
    };
    let changes = vec![crate::store::append::Change::PutRepresentation(Box::new(broken))];
    engines.record_with(event, Command { changes, ..Command::default() }).await.unwrap();
    let until = Millis(NOW.0 + DAY);
    authorise(engines, &mother, named(&id(FRIEND), until, b"1")).await.unwrap();
    world.to(until.0 + 30_000);
    assert_eq!(hand_over_due(engines).await.unwrap(), 1);
    assert_eq!(engines.store.representations_awake(engines.now(), 9).await.unwrap().len(), 0);
}
