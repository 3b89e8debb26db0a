//! A guardianship that begins: what software read by the citizen's own token it reads no longer, at the next call.

use std::time::Duration;

use minhbach::{
    consent,
    domain::{
        consent::State,
        representation::{Evidence, Ground, Scope},
        subject::NationalId,
    },
    oauth::Said,
    people::{self, Registration},
    store::notices::WITHDRAWN,
    time::Millis,
};

use crate::{
    me::{ACCESSES, BOTH, Given, allowed, read, recorded},
    support::{
        TestApp,
        detail::{CITIZEN, OTHER},
        on_both,
    },
};

on_both! {
    a_guardianship_ends_her_own_token_at_the_next_call_and_says_so,
    a_yes_at_the_same_moment_does_not_outlive_it,
    one_that_begins_later_ends_it_then_and_one_she_named_herself_never,
}

/// A court appoints a guardian, or she names somebody herself.
async fn register(app: &TestApp, ground: Ground, from: Option<Millis>) -> uuid::Uuid {
    let registration = Registration {
        ground,
        evidence: Evidence { reference: "Quyết định 7/2026".to_owned(), sha256: Some("0".repeat(64)) },
        scope: Scope { view: true, answer: true, purposes: None },
        from,
        until: (ground == Ground::Attorney).then(|| app.engines().now() + Duration::from_hours(48)),
        child: None,
        office: "Tòa án Mẫu".to_owned(),
    };
    let id = |digits: &str| NationalId::parse(digits.to_owned()).unwrap();
    people::register(app.engines(), &id(CITIZEN), &id(OTHER), registration).await.unwrap().0
}

async fn state(app: &TestApp, consent: uuid::Uuid) -> State {
    consent::by_id(app.engines(), consent).await.unwrap().unwrap().state
}

async fn a_guardianship_ends_her_own_token_at_the_next_call_and_says_so(app: &mut TestApp) {
    let ward = app.ward();
    let Given { token, refresh, consent, .. } = allowed(app, BOTH).await;
    read(&ward, ACCESSES, &token).await.ok();
    register(app, Ground::Guardian, None).await;
    read(&ward, ACCESSES, &token).await.challenged("guarded", "invalid_token", "token_revoked");
    ward.refresh(&refresh).await.refused("guarded", 400, "invalid_grant", "refresh_token_unknown");
    assert_eq!(state(app, consent).await, State::Revoked);
    let ended = recorded(app, "consent.revoked").await.remove(0);
    assert_eq!(
        (ended.note.as_deref(), ended.capacity.as_deref(), ended.target.as_deref()),
        (Some("guardianship_began"), Some("system"), Some(BOTH))
    );
    let told = app.engines().store.notices_of(consent).await.unwrap();
    assert_eq!(told.iter().map(|notice| notice.event.as_str()).collect::<Vec<_>>(), [WITHDRAWN]);
    // Looked at again, nothing more happens.
    let before = app.count().await.entries;
    app.pass(Duration::from_secs(30));
    people::hand_over_due(app.engines()).await.unwrap();
    assert_eq!(app.count().await.entries, before);
}

/// She pressed before the guardianship was registered, and the answer was taken after: what found her to decide alone had
/// already looked.
async fn a_yes_at_the_same_moment_does_not_outlive_it(app: &mut TestApp) {
    let ward = app.ward();
    let pushed = ward.push(&ward.push_scopes(BOTH)).await;
    ward.arrives(pushed.at("/request_uri")).await.unwrap();
    let bond = register(app, Ground::Guardian, None).await;
    let answered = app.answers(Said::Yes(Vec::new())).await;
    let location = url::Url::parse(&answered.location.unwrap()).unwrap();
    let code = location.query_pairs().find(|pair| pair.0 == "code").unwrap().1.into_owned();
    let token = ward.token_form(&ward.exchange(&code)).await.access_token();
    read(&ward, ACCESSES, &token).await.ok();
    let engines = app.engines();
    let wake = engines.store.representation(bond).await.unwrap().unwrap().wake;
    assert_eq!(wake, (engines.now() + Duration::from_secs(30)).0, "the clockwork looks once more");
    app.pass(Duration::from_secs(30));
    people::hand_over_due(app.engines()).await.unwrap();
    read(&ward, ACCESSES, &token).await.challenged("guarded", "invalid_token", "token_revoked");
    assert_eq!(state(app, answered.consent.row.id).await, State::Revoked);
    let wake = app.engines().store.representation(bond).await.unwrap().unwrap().wake;
    assert_eq!(wake, i64::MAX, "and then not before it ends");
}

async fn one_that_begins_later_ends_it_then_and_one_she_named_herself_never(app: &mut TestApp) {
    let ward = app.ward();
    let Given { token, consent, .. } = allowed(app, BOTH).await;
    register(app, Ground::Attorney, None).await;
    let begins = app.engines().now() + Duration::from_mins(2);
    register(app, Ground::Guardian, Some(begins)).await;
    people::hand_over_due(app.engines()).await.unwrap();
    read(&ward, ACCESSES, &token).await.ok();
    app.pass(Duration::from_mins(2));
    people::hand_over_due(app.engines()).await.unwrap();
    read(&ward, ACCESSES, &token).await.challenged("guarded", "invalid_token", "token_revoked");
    assert_eq!(state(app, consent).await, State::Revoked);
}
