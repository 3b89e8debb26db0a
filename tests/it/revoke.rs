//! `POST /oauth/revoke` (RFC 7009): a client ends its own token, and the person can see that it did.

use crate::support::{
    TestApp,
    detail::{CITIZEN, licence},
    on_both,
};

on_both! {
    a_client_ends_its_own_token_at_once_and_it_is_an_entry,
    nobody_ends_another_clients_token,
}

async fn a_client_ends_its_own_token_at_once_and_it_is_an_entry(app: &mut TestApp) {
    let police = app.police();
    let token = police.token(&licence(CITIZEN, &["person.full_name"])).await.access_token();
    police.data(&token).await.ok();
    let before = app.count().await;
    let reply = police.revoke(&token).await.ok();
    assert!(reply.bytes.is_empty());
    assert_eq!(app.kinds_since(before.entries).await, ["token.revoked"]);
    police.data(&token).await.challenged("revoked", "invalid_token", "token_revoked");
    assert_eq!(police.introspect(&token).await.ok().body["active"], false);
    // Once more is no error and no entry (RFC 7009 §2.2).
    police.revoke(&token).await.ok();
    police.revoke("unknown").await.ok();
    assert_eq!(app.count().await.entries, before.entries + 1);
    app.restart().await;
    app.police().data(&token).await.challenged("after a restart", "invalid_token", "token_revoked");
}

async fn nobody_ends_another_clients_token(app: &mut TestApp) {
    let police = app.police();
    let token = police.token(&licence(CITIZEN, &["person.full_name"])).await.access_token();
    let before = app.count().await;
    let reply = app.insurance().revoke(&token).await;
    reply.refused("another's", 400, "unauthorized_client", "token_of_another_client");
    assert_eq!(app.count().await, before);
    police.data(&token).await.ok();
    let mut without = police.authentication();
    without.push(("token", String::new()));
    police.post_form("/oauth/revoke", &without, &[]).await.refused(
        "no token",
        400,
        "invalid_request",
        "token_missing",
    );
}
