//! What becomes of grants: made, merged into, replaced, ended; and whose they must be.

use super::*;
use crate::{
    consent::{by_id, end, events, of_grant},
    domain::consent::{Act, State},
    store::{grants::Refresh, scratch::store_suite},
};

/// A token with a refresh token beside it; its `jti` and the refresh token's hash.
async fn with_refresh(o: &Office, consent: &Consent) -> (Uuid, Vec<u8>) {
    let hash = o.engines().id().as_bytes().repeat(2);
    let refresh = Refresh {
        hash: hash.clone(),
        grant_id: consent.row.grant_id.unwrap(),
        client: consent.row.client,
        created_at: NOW.0,
        revoked_at: None,
    };
    let (jti, command) = token(o.engines(), consent, vec![Change::PutRefresh(Box::new(refresh))]);
    assert!(done(&o.run(command).await));
    (jti, hash)
}

/// Whether token and refresh token are still good.
async fn alive(o: &Office, (jti, hash): &(Uuid, Vec<u8>)) -> (bool, bool) {
    let token = o.engines().store.token(*jti).await.unwrap().unwrap();
    let refresh = o.engines().store.refresh_token(hash).await.unwrap().unwrap();
    (token.revoked_at.is_none(), refresh.revoked_at.is_none())
}

async fn standing(o: &Office, grant: Uuid) -> bool {
    o.engines().store.grant(grant).await.unwrap().unwrap().revoked_at.is_none()
}

async fn merging_ends_refresh_tokens_and_leaves_older_consents_and_tokens(s: Scratch) {
    let o = office(s).await;
    let older = o.given(Wanted::default(), GrantWish::Create).await;
    let held = with_refresh(&o, &older).await;
    let grant = older.row.grant_id.unwrap();
    o.at(1);
    let newer = o.given(Wanted::default(), GrantWish::Merge(grant)).await;
    assert_eq!(newer.row.grant_id, Some(grant));
    assert_eq!(alive(&o, &held).await, (true, false));
    let all = of_grant(o.engines(), &o.person, grant).await.unwrap();
    assert_eq!(all.iter().map(|c| c.state).collect::<Vec<_>>(), [State::Given; 2]);
    assert_eq!(all[0].record, older.record, "the older one reaches no further than before");
}

async fn replacing_ends_older_consents_and_all_their_tokens(s: Scratch) {
    let o = office(s).await;
    let older = o.given(Wanted::default(), GrantWish::Create).await;
    let held = with_refresh(&o, &older).await;
    let grant = older.row.grant_id.unwrap();
    o.at(1);
    let paused = o.given(Wanted::default(), GrantWish::Merge(grant)).await;
    end(o.engines(), &paused, Act::Pause, own(), None).await.unwrap();
    let newer = o.given(Wanted::default(), GrantWish::Replace(grant)).await;
    assert_eq!(alive(&o, &held).await, (false, false));
    assert_eq!(newer.record.supersedes, Some(paused.row.id), "the newest of them");
    let given = events(o.engines(), &newer).await.unwrap().pop().unwrap();
    let given = o.engines().store.entry(given.entry).await.unwrap().unwrap();
    let mut places = vec![given.idx];
    for id in [older.row.id, paused.row.id] {
        let consent = by_id(o.engines(), id).await.unwrap().unwrap();
        assert_eq!(consent.state, State::Superseded);
        let last = events(o.engines(), &consent).await.unwrap().pop().unwrap();
        let note = Some(newer.row.id.to_string());
        assert_eq!((last.act, &last.event.note), (Act::Supersede, &note));
        // Each has an entry of its own in her history, beside that of the yes.
        let entry = o.engines().store.entry(last.entry).await.unwrap().unwrap();
        let (record, _) = crate::ledger::entry::open(&entry, &o.person).unwrap();
        assert_eq!((entry.subject, record.kind.as_str()), (o.person.id(), "consent.superseded"));
        assert_eq!((record.facts.consent, &record.facts.note), (Some(id.to_string()), &note));
        assert_eq!(record.facts.fields, consent.record.granted());
        assert_eq!(record.facts.grant, Some(grant.to_string()));
        places.push(entry.idx);
    }
    assert_eq!(places, [given.idx, given.idx + 1, given.idx + 2], "with the yes, in one transaction");
    let told = o.engines().store.unacknowledged_notices(o.client.id, 9).await.unwrap();
    for id in [older.row.id, paused.row.id] {
        assert_eq!(told.iter().filter(|notice| notice.consent == id).count(), 1, "the recipient is told");
    }
    assert!(standing(&o, grant).await, "the grant goes on with the new consent");
    let held = with_refresh(&o, &newer).await;
    assert_eq!(alive(&o, &held).await, (true, true));
}

async fn a_grant_that_is_unknown_ended_or_somebody_elses_is_refused_alike(s: Scratch) {
    let o = office(s).await;
    let (neighbour, other) = (o.world.person(99).await, o.world.client("tinh-b"));
    let by = async |client: &Client, person: &Subject| {
        let consent = asked(o.engines(), client, person, Wanted::default()).await.unwrap();
        answer(o.engines(), &consent, says(own(), yes(GrantWish::Create))).await.unwrap()
    };
    let hers = by(&o.client, &neighbour).await.row.grant_id.unwrap();
    let theirs = by(&other, &o.person).await.row.grant_id.unwrap();
    let ended = by(&o.client, &o.person).await;
    end(o.engines(), &ended, Act::Withdraw, own(), None).await.unwrap();
    let consent = o.asked(Wanted::default()).await;
    for grant in [Uuid::from_u128(404), hers, theirs, ended.row.grant_id.unwrap()] {
        for wish in [GrantWish::Merge(grant), GrantWish::Replace(grant)] {
            let out = o.answer(&consent, yes(wish)).await;
            assert!(matches!(out, Err(Error::GrantUnknown)), "{wish:?}");
        }
    }
    assert!(standing(&o, hers).await && standing(&o, theirs).await);
    assert_eq!(by_id(o.engines(), consent.row.id).await.unwrap().unwrap().state, State::Requested);
}

async fn a_grant_ends_with_the_last_consent_that_stands_in_it(s: Scratch) {
    let o = office(s).await;
    let one = o.given(Wanted::default(), GrantWish::Create).await;
    let grant = one.row.grant_id.unwrap();
    let two = o.given(Wanted::default(), GrantWish::Merge(grant)).await;
    let (first, second) = (with_refresh(&o, &one).await, with_refresh(&o, &two).await);
    end(o.engines(), &one, Act::Withdraw, own(), None).await.unwrap();
    assert_eq!(alive(&o, &first).await, (false, true), "the other consent still carries the grant");
    assert_eq!(alive(&o, &second).await, (true, true));
    end(o.engines(), &two, Act::Withdraw, own(), None).await.unwrap();
    assert_eq!((alive(&o, &first).await, alive(&o, &second).await), ((false, false), (false, false)));
    assert!(!standing(&o, grant).await);
}

async fn a_grant_that_changes_while_a_yes_is_under_way_does_not_take_it(s: Scratch) {
    let o = office(s).await;
    // Each reads the grant before any has changed it, as several browsers do.
    for wish in [GrantWish::Merge, GrantWish::Replace].into_iter().cycle().take(20) {
        let older = o.given(Wanted::default(), GrantWish::Create).await;
        let grant = older.row.grant_id.unwrap();
        let (newer, third) = (o.asked(Wanted::default()).await, o.asked(Wanted::default()).await);
        let (ended, given, merged) = tokio::join!(
            end(o.engines(), &older, Act::Withdraw, own(), None),
            o.answer(&newer, yes(wish(grant))),
            o.answer(&third, yes(GrantWish::Merge(grant))),
        );
        for result in [&given, &merged] {
            match result {
                Ok(_) | Err(Error::Stale | Error::GrantUnknown) => {}
                Err(error) => panic!("{error}"),
            }
        }
        assert!(ended.is_ok() || matches!(ended, Err(Error::Stale)));
        let all = of_grant(o.engines(), &o.person, grant).await.unwrap();
        let stand = all.iter().filter(|consent| consent.state.is_standing()).count();
        assert_eq!(stand > 0, standing(&o, grant).await, "a grant stands as long as a consent in it does");
        if let (Ok(replacing), GrantWish::Replace(_)) = (&given, wish(grant)) {
            let of = |id: Uuid| all.iter().find(|consent| consent.row.id == id).unwrap();
            let place = async |id: Uuid| {
                let given =
                    events(o.engines(), of(id)).await.unwrap().into_iter().find(|e| e.act == Act::Give);
                o.engines().store.entry(given.unwrap().entry).await.unwrap().unwrap().idx
            };
            if merged.is_ok() && place(third.row.id).await < place(replacing.row.id).await {
                assert_eq!(of(third.row.id).state, State::Superseded, "replacing leaves nothing older");
            }
        }
    }
}

store_suite! {
    merging_ends_refresh_tokens_and_leaves_older_consents_and_tokens,
    replacing_ends_older_consents_and_all_their_tokens,
    a_grant_that_is_unknown_ended_or_somebody_elses_is_refused_alike,
    a_grant_ends_with_the_last_consent_that_stands_in_it,
    a_grant_that_changes_while_a_yes_is_under_way_does_not_take_it,
}
