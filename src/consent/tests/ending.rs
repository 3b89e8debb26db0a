//! Paused, resumed, withdrawn, used up, by an actor who may not.

use super::*;
use crate::{
    consent::{by_id, end, events, live, stop},
    domain::consent::{Act, State},
    store::scratch::store_suite,
};

async fn a_pause_stops_everything_and_a_resumption_lets_it_go_on(s: Scratch) {
    let o = office(s).await;
    let limits = Limits { max_uses: 3, ..once() };
    let given = o.given(Wanted { limits, ..Wanted::default() }, GrantWish::Create).await;
    let (jti, issue) = token(o.engines(), &given, Vec::new());
    assert!(done(&o.run(issue).await));
    let paused = end(o.engines(), &given, Act::Pause, own(), None).await.unwrap();
    let stopped = Outcome::ConsentNotLive(Some(State::Paused));
    assert_eq!(o.run(token(o.engines(), &given, Vec::new()).1).await, stopped);
    assert_eq!(o.run(release(o.engines(), &given, jti)).await, stopped);
    assert!(matches!(end(o.engines(), &paused, Act::Pause, own(), None).await, Err(Error::Illegal(_))));
    let resumed = end(o.engines(), &paused, Act::Resume, own(), None).await.unwrap();
    assert_eq!(resumed.state, State::Given);
    assert!(done(&o.run(release(o.engines(), &resumed, jti)).await), "the token was not ended");
    assert_eq!(by_id(o.engines(), given.row.id).await.unwrap().unwrap().row.used, 1);
}

async fn a_withdrawal_ends_the_tokens_of_its_own_batch_too(s: Scratch) {
    let o = office(s).await;
    let given = o.given(Wanted::default(), GrantWish::Create).await;
    let (jti, issue) = token(o.engines(), &given, Vec::new());
    // Side by side, as the writer gathers what comes in the same moment: the token is sequenced first.
    let (issued, withdrawn) =
        tokio::join!(o.run(issue), end(o.engines(), &given, Act::Withdraw, own(), Some("thôi".to_owned())));
    let withdrawn = withdrawn.unwrap();
    assert!(done(&issued), "{issued:?}");
    assert!(o.engines().store.token(jti).await.unwrap().unwrap().revoked_at.is_some());
    let last = events(o.engines(), &withdrawn).await.unwrap().pop().unwrap();
    assert_eq!((last.act, last.event.by, last.event.note), (Act::Withdraw, own(), Some("thôi".to_owned())));
    let entry = o.engines().store.entry(last.entry).await.unwrap().unwrap();
    assert_eq!(entry.kind, "consent.withdrawn");
}

/// I7: event, grant, tokens, notice and entry are one transaction. Where one of them cannot be written, nothing is.
async fn a_withdrawal_of_which_a_part_cannot_be_written_does_not_happen(s: Scratch) {
    let o = office(s).await;
    let limits = Limits { max_uses: 9, ..once() };
    let given = o.given(Wanted { limits, ..Wanted::default() }, GrantWish::Create).await;
    let (jti, issue) = token(o.engines(), &given, Vec::new());
    assert!(done(&o.run(issue).await));
    let store = &o.engines().store;
    let rename = async |sql: String| {
        let mut tx = store.begin().await.unwrap();
        let sql = sqlx::AssertSqlSafe(sql);
        crate::store::on!(&mut tx, |c| sqlx::query(sql).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
    };
    let stands = async || {
        let row = store.consent(given.row.id).await.unwrap().unwrap();
        let grant = store.grant(given.row.grant_id.unwrap()).await.unwrap().unwrap();
        let revoked = store.token(jti).await.unwrap().unwrap().revoked_at;
        let told = store.unacknowledged_notices(o.client.id, 9).await.unwrap().len();
        (row, grant, revoked, told, store.head().await.unwrap().size)
    };
    let before = stands().await;
    for part in ["notices", "consent_events", "refresh_tokens", "entries"] {
        rename(format!("ALTER TABLE {part} RENAME TO gone")).await;
        let failed = end(o.engines(), &given, Act::Withdraw, own(), None).await;
        rename(format!("ALTER TABLE gone RENAME TO {part}")).await;
        assert!(matches!(failed, Err(Error::Append(_))), "{part}: {failed:?}");
        assert_eq!(stands().await, before, "{part}");
    }
    assert!(done(&o.run(release(o.engines(), &given, jti)).await));
    end(o.engines(), &given, Act::Withdraw, own(), None).await.unwrap();
    let (row, grant, revoked, told, _) = stands().await;
    assert_eq!((row.state.as_str(), told), ("withdrawn", 1));
    assert!(grant.revoked_at.is_some() && revoked.is_some());
}

/// What lets data flow again is as good as a yes: whoever acted for her and no longer does says nothing more.
async fn who_no_longer_acts_for_her_lets_nothing_go_on(s: Scratch) {
    let o = office(s).await;
    let mother = o.world.person(16).await.id();
    registered(o.engines(), &o.person, mother).await;
    let given = o.given(Wanted::default(), GrantWish::Create).await;
    let paused = end(o.engines(), &given, Act::Pause, parent(mother), None).await.unwrap();
    let (id, at, subject) = (o.engines().id(), o.engines().now(), o.person.clone());
    let event = Event { id, at, kind: Kind::RepresentationEnded, subject, facts: Facts::default() };
    let changes = vec![Change::EndRepresentation(Uuid::from_u128(8))];
    commit(o.engines(), event, Command { changes, ..Command::default() }).await.unwrap();
    for act in [Act::Resume, Act::Withdraw] {
        let late = end(o.engines(), &paused, act, parent(mother), None).await;
        assert!(matches!(late, Err(Error::Stale)), "{act:?}: {late:?}");
    }
    let out = o.run(token(o.engines(), &given, Vec::new()).1).await;
    assert_eq!(out, Outcome::ConsentNotLive(Some(State::Paused)));
    assert_eq!(end(o.engines(), &paused, Act::Resume, own(), None).await.unwrap().state, State::Given);
}

async fn a_consent_under_review_opens_nothing_until_she_lets_it_stand(s: Scratch) {
    let o = office(s).await;
    let limits = Limits { max_uses: 2, ..once() };
    let given = o.given(Wanted { limits, ..Wanted::default() }, GrantWish::Create).await;
    let (jti, issue) = token(o.engines(), &given, Vec::new());
    assert!(done(&o.run(issue).await));
    let review = end(o.engines(), &given, Act::Review, Actor::system(), None).await.unwrap();
    assert!(!done(&o.run(token(o.engines(), &given, Vec::new()).1).await));
    let grant = o.engines().store.grant(given.row.grant_id.unwrap()).await.unwrap().unwrap();
    assert_eq!(grant.revoked_at, None);
    let confirmed = o.answer(&review, Answer::Confirm(Vec::new())).await.unwrap();
    assert_eq!(o.run(release(o.engines(), &confirmed, jti)).await, Outcome::TokenRevoked);
    assert!(done(&o.run(token(o.engines(), &confirmed, Vec::new()).1).await));
}

async fn nothing_but_an_answer_gives(s: Scratch) {
    let o = office(s).await;
    let consent = o.asked(Wanted { joint: true, ..Wanted::default() }).await;
    let given = o.given(Wanted::default(), GrantWish::Create).await;
    let review = end(o.engines(), &given, Act::Review, Actor::system(), None).await.unwrap();
    for consent in [&consent, &review] {
        for act in [Act::Give, Act::GiveHalf, Act::Confirm, Act::Ask] {
            assert!(
                matches!(end(o.engines(), consent, act, own(), None).await, Err(Error::Illegal(_))),
                "{act:?}"
            );
        }
    }
    assert_eq!(events(o.engines(), &consent).await.unwrap().len(), 1);
    assert_eq!(events(o.engines(), &review).await.unwrap().len(), 3);
}

async fn another_persons_or_clients_consent_opens_nothing(s: Scratch) {
    let o = office(s).await;
    let limits = Limits { max_uses: 9, ..once() };
    let given = o.given(Wanted { limits, ..Wanted::default() }, GrantWish::Create).await;
    let neighbour = o.world.person(99).await;
    // Everything as it should be, but the history it is written into, the person or the client of the token.
    let stranger = Consent { subject: neighbour.clone(), ..given.clone() };
    let nobody = Outcome::ConsentNotLive(None);
    assert_eq!(o.run(token(o.engines(), &stranger, Vec::new()).1).await, nobody);
    assert_eq!(o.run(release(o.engines(), &stranger, Uuid::nil())).await, Outcome::TokenRevoked);
    let (jti, issue) = token(o.engines(), &given, Vec::new());
    assert!(done(&o.run(issue).await));
    assert_eq!(o.run(release(o.engines(), &stranger, jti)).await, nobody);
    for (client, subject) in [(Uuid::from_u128(1), given.row.subject), (given.row.client, neighbour.id())] {
        let mut command = token(o.engines(), &given, Vec::new()).1;
        let wrong = command.token.as_mut().unwrap();
        (wrong.client, wrong.subject) = (client, subject);
        assert_eq!(o.run(command).await, nobody);
    }
    assert!(live(o.engines(), o.client.id, &neighbour, PURPOSE, CASE).await.unwrap().is_none());
}

async fn of_several_the_one_that_can_be_used_is_taken(s: Scratch) {
    let o = office(s).await;
    let found =
        async || live(o.engines(), o.client.id, &o.person, PURPOSE, CASE).await.unwrap().unwrap().0.row.id;
    let first = o.given(Wanted::default(), GrantWish::Create).await;
    o.at(1);
    let later = Limits { starts: NOW.0 + HOUR, ..once() };
    let later = o.given(Wanted { limits: later, ..Wanted::default() }, GrantWish::Create).await;
    assert_eq!(found().await, first.row.id, "the newer one has not begun");
    assert!(done(&o.run(token(o.engines(), &first, Vec::new()).1).await));
    o.at(HOUR);
    assert_eq!(found().await, later.row.id, "the older one is used up");
    end(o.engines(), &later, Act::Pause, own(), None).await.unwrap();
    assert_eq!(found().await, first.row.id);
    assert!(
        live(o.engines(), o.client.id, &o.person, "notify.proactive_reminder", CASE).await.unwrap().is_none()
    );
    for other in [None, Some("H08.2")] {
        let found = live(o.engines(), o.client.id, &o.person, PURPOSE, other).await.unwrap();
        assert!(found.is_none(), "she was asked about one case");
    }
    assert!(live(o.engines(), Uuid::nil(), &o.person, PURPOSE, CASE).await.unwrap().is_none());
}

async fn stopping_ends_it_however_it_changed_meanwhile(s: Scratch) {
    let o = office(s).await;
    let given = o.given(Wanted::default(), GrantWish::Create).await;
    // She pauses in another window, and the copy in hand is old.
    end(o.engines(), &given, Act::Pause, own(), None).await.unwrap();
    let ended = stop(o.engines(), given.clone(), &own(), "agency_stopped").await.unwrap();
    assert_eq!(ended, Some(State::Withdrawn));
    assert_eq!(by_id(o.engines(), given.row.id).await.unwrap().unwrap().state, State::Withdrawn);
    assert_eq!(stop(o.engines(), given, &own(), "agency_stopped").await.unwrap(), None, "it was over");
    // What waited when it was read has been said yes to since.
    let asked = o.asked(Wanted::default()).await;
    o.answer(&asked, yes(GrantWish::Create)).await.unwrap();
    let ended = stop(o.engines(), asked, &own(), "agency_stopped").await.unwrap();
    assert_eq!(ended, Some(State::Withdrawn));
    let waits = o.asked(Wanted::default()).await;
    let ended = stop(o.engines(), waits.clone(), &own(), "agency_stopped").await.unwrap();
    assert_eq!(ended, Some(State::Refused));
    let last = events(o.engines(), &waits).await.unwrap().pop().unwrap();
    let entry = o.engines().store.entry(last.entry).await.unwrap().unwrap();
    let facts = crate::ledger::entry::open(&entry, &o.person).unwrap().0.facts;
    assert_eq!((entry.kind.as_str(), facts.fields.len()), ("consent.refused", 3));
    let unanswered = o.asked(Wanted::default()).await;
    o.at(48 * HOUR);
    assert_eq!(stop(o.engines(), unanswered, &own(), "agency_stopped").await.unwrap(), None);
}

store_suite! {
    stopping_ends_it_however_it_changed_meanwhile,
    a_pause_stops_everything_and_a_resumption_lets_it_go_on,
    a_withdrawal_ends_the_tokens_of_its_own_batch_too,
    a_withdrawal_of_which_a_part_cannot_be_written_does_not_happen,
    who_no_longer_acts_for_her_lets_nothing_go_on,
    a_consent_under_review_opens_nothing_until_she_lets_it_stand,
    nothing_but_an_answer_gives,
    another_persons_or_clients_consent_opens_nothing,
    of_several_the_one_that_can_be_used_is_taken,
}
