//! What time does: silence, expiry, lapse; and that the clockwork is only a scribe.

use super::*;
use crate::{
    consent::{by_id, commit, end, end_overtaken, entry, events, run_due, step},
    domain::consent::{Act, State},
    store::scratch::store_suite,
};

async fn state(o: &Office, consent: &Consent) -> State {
    by_id(o.engines(), consent.row.id).await.unwrap().unwrap().state
}

async fn silence_is_recorded_as_no_answer_and_gives_nothing(s: Scratch) {
    let o = office(s).await;
    let asked = o.asked(Wanted::default()).await;
    let deferred = o.asked(Wanted::default()).await;
    let deferred = o.answer(&deferred, Answer::Defer).await.unwrap();
    let half = o.asked(Wanted { joint: true, ..Wanted::default() }).await;
    let half = o.answer(&half, yes(GrantWish::Create)).await.unwrap();
    o.at(48 * HOUR - 1);
    assert_eq!(run_due(o.engines(), 10).await.unwrap(), 0);
    o.at(48 * HOUR);
    assert_eq!(run_due(o.engines(), 10).await.unwrap(), 3);
    for consent in [&asked, &deferred, &half] {
        assert_eq!(state(&o, consent).await, State::Unanswered);
        let last = events(o.engines(), consent).await.unwrap().pop().unwrap();
        assert_eq!((last.act, last.event.by), (Act::TimeOut, Actor::system()));
        let entry = o.engines().store.entry(last.entry).await.unwrap().unwrap();
        assert_eq!(entry.kind, "consent.unanswered");
        let out = o.run(token(o.engines(), consent, Vec::new()).1).await;
        assert_eq!(out, Outcome::ConsentNotLive(Some(State::Unanswered)));
    }
    assert_eq!(run_due(o.engines(), 10).await.unwrap(), 0, "done once");
}

async fn what_is_over_opens_nothing_whether_or_not_the_clockwork_has_run(s: Scratch) {
    let o = office(s).await;
    let limits = Limits { max_uses: 9, expires: NOW.0 + 3 * DAY, ..once() };
    let given = o.given(Wanted { limits, ..Wanted::default() }, GrantWish::Create).await;
    let (jti, issue) = token(o.engines(), &given, Vec::new());
    assert!(done(&o.run(issue).await));
    o.at(3 * DAY - 1);
    assert!(done(&o.run(release(o.engines(), &given, jti)).await));
    o.at(3 * DAY);
    let over = Outcome::ConsentNotLive(Some(State::Given));
    assert_eq!(o.run(release(o.engines(), &given, jti)).await, over);
    assert_eq!(o.run(token(o.engines(), &given, Vec::new()).1).await, over);
    assert_eq!(run_due(o.engines(), 10).await.unwrap(), 1);
    assert_eq!(state(&o, &given).await, State::Expired);
    assert!(o.engines().store.token(jti).await.unwrap().unwrap().revoked_at.is_some());
}

async fn it_expires_while_paused_and_resuming_it_late_opens_nothing(s: Scratch) {
    let o = office(s).await;
    let limits = || Limits { expires: NOW.0 + 3 * DAY, ..once() };
    let given = o.given(Wanted { limits: limits(), ..Wanted::default() }, GrantWish::Create).await;
    let paused = end(o.engines(), &given, Act::Pause, own(), None).await.unwrap();
    o.at(3 * DAY);
    let resumed = end(o.engines(), &paused, Act::Resume, own(), None).await.unwrap();
    let out = o.run(token(o.engines(), &resumed, Vec::new()).1).await;
    assert_eq!(out, Outcome::ConsentNotLive(Some(State::Given)));
    let paused = end(o.engines(), &resumed, Act::Pause, own(), None).await.unwrap();
    assert_eq!(run_due(o.engines(), 10).await.unwrap(), 1);
    assert_eq!(state(&o, &paused).await, State::Expired);
}

async fn what_nobody_uses_lapses_counted_from_its_last_use(s: Scratch) {
    let o = office(s).await;
    let limits = || Limits { max_uses: 9, ..once() };
    let used = o.given(Wanted { limits: limits(), ..Wanted::default() }, GrantWish::Create).await;
    let unused = o.given(Wanted { limits: limits(), ..Wanted::default() }, GrantWish::Create).await;
    let starts = NOW.0 + 2 * DAY;
    let later = Limits { starts, ..limits() };
    let later = o.given(Wanted { limits: later, ..Wanted::default() }, GrantWish::Create).await;
    o.at(DAY);
    assert!(done(&o.run(token(o.engines(), &used, Vec::new()).1).await));
    o.at(LAPSE);
    run_due(o.engines(), 10).await.unwrap();
    assert_eq!(state(&o, &unused).await, State::LapsedUnused);
    assert_eq!((state(&o, &used).await, state(&o, &later).await), (State::Given, State::Given));
    assert_eq!(run_due(o.engines(), 10).await.unwrap(), 0, "looked at again only when it would lapse");
    o.at(LAPSE + DAY);
    run_due(o.engines(), 10).await.unwrap();
    assert_eq!((state(&o, &used).await, state(&o, &later).await), (State::LapsedUnused, State::Given));
    o.at(LAPSE + 2 * DAY);
    run_due(o.engines(), 10).await.unwrap();
    assert_eq!(state(&o, &later).await, State::LapsedUnused, "it could not be used before it began");
}

async fn two_nodes_that_keep_time_do_everything_once(s: Scratch) {
    let o = office(s).await;
    for _ in 0..10 {
        o.asked(Wanted::default()).await;
    }
    // On one SQLite file as well: they take turns.
    let other = o.world.node().await;
    o.at(48 * HOUR);
    let (a, b) = tokio::join!(run_due(o.engines(), 10), run_due(&other, 10));
    a.unwrap();
    b.unwrap();
    let all = crate::consent::of_subject(o.engines(), &o.person).await.unwrap();
    assert_eq!(all.len(), 10);
    for consent in all {
        assert_eq!((consent.state, consent.row.revision), (State::Unanswered, 2));
    }
}

async fn one_that_cannot_be_opened_does_not_stop_the_others(s: Scratch) {
    let o = office(s).await;
    let (broken, good) = (o.asked(Wanted::default()).await, o.asked(Wanted::default()).await);
    let mut tx = o.engines().store.begin().await.unwrap();
    let spoil = "UPDATE consents SET sealed = $2, wake = wake - 1 WHERE id = $1";
    crate::store::on!(&mut tx, |c| {
        sqlx::query(spoil).bind(broken.row.id).bind(vec![0_u8; 40]).execute(c).await.map(drop)
    })
    .unwrap();
    tx.commit().await.unwrap();
    o.at(48 * HOUR);
    run_due(o.engines(), 1).await.unwrap();
    run_due(o.engines(), 1).await.unwrap();
    assert_eq!(state(&o, &good).await, State::Unanswered);
    let row = o.engines().store.consent(broken.row.id).await.unwrap().unwrap();
    assert!(row.wake.unwrap() > NOW.0 + 48 * HOUR, "it is looked at again another day");
}

/// A request as it was asked under an earlier version of the purpose.
async fn asked_before(o: &Office, joint: bool) -> Consent {
    let mut before = purpose(o.engines()).clone();
    before.version = "0".repeat(64);
    let fields = [NAME, BLOOD].map(str::to_owned);
    let wish = Ask {
        client: &o.client,
        subject: &o.person,
        purpose: &before,
        fields: &fields,
        limits: once(),
        answer_by: NOW + Duration::from_hours(48),
        case: None,
        justification: None,
        official: None,
        binding_message: None,
        channel: Channel::Absent,
        joint,
        scopes: Vec::new(),
        replays: Vec::new(),
        also: &|_| Vec::new(),
    };
    ask(o.engines(), wish).await.unwrap()
}

async fn activate(o: &Office, bundle: &str) {
    let event = Event {
        id: o.engines().id(),
        at: o.engines().now(),
        kind: Kind::PolicyActivated,
        subject: o.engines().vault.system().await.unwrap(),
        facts: Facts::default(),
    };
    let entry = Some(event.draft(o.engines().random.clone()));
    let changes = vec![Change::ActivateBundle(bundle.into())];
    assert!(done(&o.run(Command { changes, entry, ..Command::default() }).await));
}

async fn a_request_about_a_purpose_that_has_changed_is_answered_by_nobody_and_ends(s: Scratch) {
    let o = office(s).await;
    let same = o.asked(Wanted::default()).await;
    let given = o.given(Wanted::default(), GrantWish::Create).await;
    let (one, two) = (asked_before(&o, false).await, asked_before(&o, false).await);
    for what in [yes(GrantWish::Create), Answer::Refuse, Answer::Defer] {
        assert!(matches!(o.answer(&one, what).await, Err(Error::PurposeChanged)));
    }
    let waits = crate::consent::waiting(o.engines(), &o.person).await.unwrap();
    assert_eq!(waits.iter().map(|c| c.row.id).collect::<Vec<_>>(), [same.row.id]);
    o.at(1);
    assert_eq!(run_due(o.engines(), 10).await.unwrap(), 0, "nobody has told the clockwork");
    // A node whose policies are not in force leaves it alone, and so does the transaction.
    activate(&o, "of another node").await;
    assert_eq!(run_due(o.engines(), 10).await.unwrap(), 0);
    let tried = end(o.engines(), &one, Act::Invalidate, Actor::system(), None).await;
    assert!(matches!(tried, Err(Error::Stale)));
    assert_eq!((state(&o, &one).await, state(&o, &two).await), (State::Requested, State::Requested));
    let bundle = o.engines().bundle.to_string();
    activate(&o, &bundle).await;
    o.at(2);
    assert_eq!(run_due(o.engines(), 10).await.unwrap(), 3, "each that waits is looked at");
    for consent in [&one, &two] {
        assert_eq!(state(&o, consent).await, State::Invalidated);
        let ended = by_id(o.engines(), consent.row.id).await.unwrap().unwrap();
        assert!(ended.was_outdated());
        let last = events(o.engines(), consent).await.unwrap().pop().unwrap();
        assert_eq!((last.act, &last.event.by), (Act::Invalidate, &Actor::system()));
        assert_eq!(last.event.note.as_deref(), Some("purpose_changed"));
        let entry = o.engines().store.entry(last.entry).await.unwrap().unwrap();
        let facts = crate::ledger::entry::open(&entry, &o.person).unwrap().0.facts;
        assert_eq!(
            (entry.kind.as_str(), facts.note.as_deref()),
            ("consent.invalidated", Some("purpose_changed"))
        );
        let out = o.run(token(o.engines(), consent, Vec::new()).1).await;
        assert_eq!(out, Outcome::ConsentNotLive(Some(State::Invalidated)));
    }
    assert_eq!((state(&o, &same).await, state(&o, &given).await), (State::Requested, State::Given));
    assert_eq!(run_due(o.engines(), 10).await.unwrap(), 0, "the other one sleeps until its time is over");
    o.at(48 * HOUR);
    assert_eq!(run_due(o.engines(), 10).await.unwrap(), 1);
    assert_eq!(state(&o, &same).await, State::Unanswered);
}

/// A consent that stands, as if the purpose had been another when she said yes.
async fn overtaken(o: &Office) -> Consent {
    let given = o.given(Wanted::default(), GrantWish::Create).await;
    let mut record = given.record.clone();
    record.purpose_version = "0".repeat(64);
    let next = given.after(Act::Pause).unwrap();
    let (entry, at) = (o.engines().id(), o.engines().now());
    let event = crate::domain::consent::Event { by: own(), shown: None, granted: Vec::new(), note: None };
    let change = step(o.engines(), &o.person, &next, &record, &event, entry, None).unwrap();
    let subject = o.person.clone();
    let event = entry::Event { id: entry, at, kind: Kind::ConsentPaused, subject, facts: Facts::default() };
    commit(o.engines(), event, Command { changes: vec![change], ..Command::default() }).await.unwrap();
    by_id(o.engines(), given.row.id).await.unwrap().unwrap()
}

async fn what_is_overtaken_when_its_time_comes_ends_as_overtaken(s: Scratch) {
    let o = office(s).await;
    let before = overtaken(&o).await;
    activate(&o, o.engines().bundle.as_ref()).await;
    o.at(LAPSE);
    assert_eq!(run_due(o.engines(), 10).await.unwrap(), 1);
    assert_eq!(state(&o, &before).await, State::Invalidated, "not: nobody used it");
}

async fn a_consent_to_what_has_changed_since_ends_and_its_recipient_is_told(s: Scratch) {
    let o = office(s).await;
    let same = o.given(Wanted::default(), GrantWish::Create).await;
    let before = overtaken(&o).await;
    assert!(before.is_overtaken(o.engines()) && !same.is_overtaken(o.engines()));

    activate(&o, "of another node").await;
    let start = Uuid::nil();
    assert_eq!(end_overtaken(o.engines(), start, 10).await.unwrap(), Some(start), "not for this node to say");
    activate(&o, o.engines().bundle.as_ref()).await;
    let (mut next, mut turns) = (Some(start), 0);
    while let Some(after) = next {
        next = end_overtaken(o.engines(), after, 1).await.unwrap();
        turns += 1;
    }
    assert_eq!(turns, 3, "each consent once, and the end");
    assert_eq!((state(&o, &same).await, state(&o, &before).await), (State::Given, State::Invalidated));
    let last = events(o.engines(), &before).await.unwrap().pop().unwrap();
    assert_eq!((last.act, last.event.note.as_deref()), (Act::Invalidate, Some("purpose_changed")));
    let told = o.engines().store.unacknowledged_notices(o.client.id, 10).await.unwrap();
    assert_eq!(told.iter().filter(|notice| notice.consent == before.row.id).count(), 1);
}

store_suite! {
    what_is_overtaken_when_its_time_comes_ends_as_overtaken,
    a_consent_to_what_has_changed_since_ends_and_its_recipient_is_told,
    a_request_about_a_purpose_that_has_changed_is_answered_by_nobody_and_ends,
    silence_is_recorded_as_no_answer_and_gives_nothing,
    what_is_over_opens_nothing_whether_or_not_the_clockwork_has_run,
    it_expires_while_paused_and_resuming_it_late_opens_nothing,
    what_nobody_uses_lapses_counted_from_its_last_use,
    two_nodes_that_keep_time_do_everything_once,
    one_that_cannot_be_opened_does_not_stop_the_others,
}
