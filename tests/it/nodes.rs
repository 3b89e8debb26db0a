//! Two processes of one service on one PostgreSQL: what one has seen, the other knows.

use std::{fs, path::Path, time::Duration};

use futures_util::future::join_all;
use minhbach::{
    admin,
    config::Config,
    consent,
    domain::{
        consent::Act,
        standing::{Edit, What},
    },
    oauth::{self, Read, Said},
    standing,
};
use reqwest::Method;

use crate::support::{
    TestApp,
    consent::{herself, reminder},
    database::{Database, in_this_order},
    detail::{CITIZEN, benefit, licence},
    eventually, jws,
    reply::Reply,
};

/// A service on PostgreSQL and a second node of it; `None` without PostgreSQL.
async fn two() -> Option<(TestApp, minhbach::app::service::Running)> {
    let app = TestApp::start(Database::postgres().await?).await;
    let second = app.another_node().await;
    Some((app, second))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_used_on_one_node_is_used_on_the_other() {
    let Some((app, second)) = two().await else { return };
    let here = app.police();
    let there = here.at(format!("http://{}", second.address));
    let detail = licence(CITIZEN, &["person.full_name"]);
    // A nonce of one node is good at the other.
    let nonce = here.nonce().await;
    let (form, proof) = (here.form(&detail), here.proof(&nonce));
    let token = there.token_with(&form, std::slice::from_ref(&proof)).await.access_token();
    here.token_form(&form).await.refused("assertion", 401, "invalid_client", "assertion_replayed");
    let reply = here.token_with(&here.form(&detail), &[proof]).await;
    reply.refused("proof", 400, "invalid_dpop_proof", "proof_replayed");
    let data_proof = here.data_proof(&token);
    let authorization = format!("DPoP {token}");
    here.data_with(&authorization, std::slice::from_ref(&data_proof), &[]).await.ok();
    let reply = there.data_with(&authorization, &[data_proof], &[]).await;
    reply.challenged("proof", "invalid_dpop_proof", "proof_replayed");
    assert_eq!(there.introspect(&token).await.ok().body["authorization_details"][0]["uses_left"], 4);
    // Revoked here, over there.
    here.revoke(&token).await.ok();
    there.data(&token).await.challenged("revoked", "invalid_token", "token_revoked");
    second.stop().await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_at_both_nodes_at_once_is_done_once() {
    let Some((app, second)) = two().await else { return };
    let here = app.insurance();
    let there = here.at(format!("http://{}", second.address));
    let nonce = here.nonce().await;
    for round in 0..5 {
        let detail = jws::with(&benefit(CITIZEN, &["person.full_name"]), "case", format!("H08.2026.{round}"));
        let form = here.form(&detail);
        let proofs = [here.proof(&nonce), here.proof(&nonce)];
        let (a, b) =
            tokio::join!(here.token_with(&form, &proofs[..1]), there.token_with(&form, &proofs[1..]));
        let mut statuses = [a.status, b.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401], "one assertion, one token");
        let token = if a.status == 200 { a } else { b }.access_token();
        let calls = (0..10).map(|n| {
            let caller = if n % 2 == 0 { here.clone() } else { there.clone() };
            let token = token.clone();
            async move { caller.data(&token).await.status }
        });
        let answers = join_all(calls).await.into_iter().filter(|status| *status == 200).count();
        assert_eq!(answers, 1, "one use, one answer");
    }
    assert_eq!(app.registers.asked("population"), 5);
    second.stop().await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suspension_on_one_node_holds_on_the_other_from_its_entry_on() {
    let Some((app, second)) = two().await else { return };
    let here = app.police();
    let there = here.at(format!("http://{}", second.address));
    let detail = licence(CITIZEN, &["person.full_name"]);
    let token = there.token(&detail).await.access_token();
    admin::suspend_client(app.engines(), "csgt.giay-phep", None).await.unwrap();
    there.token(&detail).await.refused("token", 400, "unauthorized_client", "client_suspended");
    let reply = there.data(&token).await;
    assert_eq!((reply.status, reply.at("/code")), (403, "client_suspended"), "{}", reply.text());
    admin::restore_client(app.engines(), "csgt.giay-phep", None).await.unwrap();
    eventually("restored", async || (there.token(&detail).await.status == 200).then_some(())).await;
    second.stop().await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_under_load_make_one_log() {
    let Some((app, second)) = two().await else { return };
    let here = app.police();
    let there = here.at(format!("http://{}", second.address));
    let before = app.count().await;
    let detail = licence(CITIZEN, &["person.full_name"]);
    let calls = (0..40).map(|n| {
        let caller = if n % 2 == 0 { &here } else { &there };
        caller.token(&detail)
    });
    for reply in join_all(calls).await {
        reply.ok();
    }
    let after = app.count().await;
    assert_eq!((after.entries - before.entries, after.tokens - before.tokens), (40, 40));
    let published = async |caller: &crate::support::client::Caller<'_>| {
        let checkpoint = caller.get("/log/checkpoint").await;
        checkpoint.text().lines().nth(1).and_then(|size| size.parse::<i64>().ok())
    };
    for caller in [&here, &there] {
        let all = async || published(caller).await.filter(|size| *size >= after.entries);
        eventually("everything published", all).await;
    }
    // The node that publishes goes; the other takes over once the lease has run out.
    second.stop().await;
    app.pass(Duration::from_secs(6));
    here.token(&detail).await.ok();
    eventually("published by who is left", async || {
        published(&here).await.filter(|size| *size > after.entries)
    })
    .await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_policies_are_not_in_force_denies() {
    let Some(database) = Database::postgres().await else { return };
    let app = TestApp::start(database).await;
    let police = app.police();
    let detail = licence(CITIZEN, &["person.full_name"]);
    let token = police.token(&detail).await.access_token();
    // Another node comes with a rule more; from then on its policies are the active ones.
    let folder = app.folder.path().join("policies");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"), &folder);
    let rules = folder.join("purposes/tax.registration/rules.cedar");
    fs::write(
        &rules,
        format!("{}\n// A remark makes another version.\n", fs::read_to_string(&rules).unwrap()),
    )
    .unwrap();
    let mut config: Config = app.config.clone();
    config.policies.folder = Some(folder);
    let second = app.node_with(&config).await.unwrap();
    let there = police.at(format!("http://{}", second.address));
    let before = app.count().await;
    police.token(&detail).await.refused("old policies", 503, "temporarily_unavailable", "policy_changed");
    let reply = police.data(&token).await;
    assert_eq!(reply.status, 403, "{}", reply.text());
    assert!(reply.body.get("data").is_none());
    assert_eq!(app.count().await.tokens, before.tokens);
    there.token(&detail).await.ok();
    assert_ne!(second.engines.bundle, app.engines().bundle);
    second.stop().await;
    app.finish().await;
}

/// I7 where time cannot help: the call was let in while everything stood, and its entry comes after the one that says
/// otherwise. Each of the things a reading rests on by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reading_let_in_before_it_was_stopped_elsewhere_is_still_stopped_in_its_own_transaction() {
    let Some((app, second)) = two().await else { return };
    let ward = app.ward();
    let there = ward.at(format!("http://{}", second.address));
    let (code, consent) = ward.code(&ward.push_scopes("me.history"), &[]).await;
    let token = ward.token_form(&ward.exchange(&code)).await.access_token();
    let read = async || there.own(Method::GET, "/api/v1/me/accesses", &token).await;
    read().await.ok();
    let (engines, person, store) = (app.engines(), app.citizen().await, &app.engines().store);

    let ((), paused) = in_this_order(store, app.does(consent.row.id, Act::Pause), read()).await;
    paused.problem("paused", 403, "consent_paused");
    app.does(consent.row.id, Act::Resume).await;
    read().await.ok();

    let never = Edit::Add(What::NeverAgency("ubnd-phuong-mau".to_owned()));
    let by = herself();
    let (rules, ruled_out) =
        in_this_order(store, standing::change(engines, &person, &by, 0, never), read()).await;
    ruled_out.problem("ruled out", 403, "standing_never_agency");
    let rules = rules.unwrap();
    let remove = Edit::Remove(rules.choices[0].id);
    standing::change(engines, &person, &by, rules.revision, remove).await.unwrap();
    read().await.ok();

    let suspend = admin::suspend_client(engines, "ubnd.cong-dan", Some("test"));
    let (_, suspended) = in_this_order(store, suspend, read()).await;
    suspended.problem("suspended", 403, "client_suspended");
    admin::restore_client(engines, "ubnd.cong-dan", None).await.unwrap();
    eventually("that it reads again", async || (read().await.status == 200).then_some(())).await;

    let (_, revoked) = in_this_order(store, ward.revoke(&token), read()).await;
    revoked.challenged("revoked", "invalid_token", "token_revoked");
    second.stop().await;
    app.finish().await;
}

/// The same for a token: decided while the consent stood, and sequenced after what ends it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_decided_before_it_was_stopped_elsewhere_is_not_issued() {
    let Some((app, second)) = two().await else { return };
    let ward = app.ward();
    let there = ward.at(format!("http://{}", second.address));
    let field = ["driver.expiry_date"];
    let (code, consent) = ward.code(&ward.push_form(&reminder(5)), &field).await;
    let refresh = ward.token_form(&ward.exchange(&code)).await.ok().at("/refresh_token").to_owned();
    app.pass(Duration::from_hours(7 * 24));
    let (engines, person, store) = (app.engines(), app.citizen().await, &app.engines().store);
    let before = app.count().await.tokens;
    let stopped = |case: &str, reply: &Reply, status: u16, reason: &str| {
        let said = (reply.status, reply.body["reason"].as_str());
        assert_eq!(said, (status, Some(reason)), "{case}: {}", reply.text());
    };

    let ((), paused) =
        in_this_order(store, app.does(consent.row.id, Act::Pause), there.refresh(&refresh)).await;
    stopped("paused", &paused, 403, "consent_paused");
    app.does(consent.row.id, Act::Resume).await;

    let never = Edit::Add(What::NeverPurpose("notify.proactive_reminder".to_owned()));
    let by = herself();
    let change = standing::change(engines, &person, &by, 0, never);
    let (rules, ruled_out) = in_this_order(store, change, there.refresh(&refresh)).await;
    stopped("ruled out", &ruled_out, 403, "standing_never_purpose");
    let rules = rules.unwrap();
    let remove = Edit::Remove(rules.choices[0].id);
    standing::change(engines, &person, &by, rules.revision, remove).await.unwrap();

    let suspend = admin::suspend_client(engines, "ubnd.cong-dan", Some("test"));
    let (_, suspended) = in_this_order(store, suspend, there.refresh(&refresh)).await;
    stopped("suspended", &suspended, 400, "client_suspended");
    admin::restore_client(engines, "ubnd.cong-dan", None).await.unwrap();

    assert_eq!(app.count().await.tokens, before);
    let first = async || Some(there.refresh(&refresh).await).filter(|reply| reply.status == 200);
    eventually("that it gets one again", first).await;
    app.pass(Duration::from_hours(7 * 24));
    let ((), withdrawn) =
        in_this_order(store, app.does(consent.row.id, Act::Withdraw), there.refresh(&refresh)).await;
    stopped("withdrawn", &withdrawn, 400, "consent_withdrawn");
    assert_eq!(app.count().await.tokens, before + 1);
    second.stop().await;
    app.finish().await;
}

/// I3: a yes that was on its way when she ruled it out elsewhere is the older word.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_yes_let_in_before_she_ruled_it_out_elsewhere_gives_nothing() {
    let Some((app, second)) = two().await else { return };
    let ward = app.ward();
    let pushed = ward.push(&ward.push_form(&reminder(5))).await;
    ward.arrives(pushed.at("/request_uri")).await.unwrap();
    let (engines, person, asked) = (app.engines(), app.citizen().await, app.waiting().await.unwrap());
    let never = Edit::Add(What::NeverPurpose("notify.proactive_reminder".to_owned()));
    let (said, shown) =
        (Said::Yes(vec!["driver.expiry_date".to_owned()]), ("vi", "<p>x</p>".to_owned(), false));
    let (by, before) = (herself(), app.count().await.entries);
    let change = standing::change(engines, &person, &by, 0, never);
    let answer =
        oauth::answer(&second.engines, &asked, herself(), said, Read { shown, told: None, browser: None });
    let (ruled_out, answered) = in_this_order(&engines.store, change, answer).await;
    assert!(ruled_out.is_ok());
    let refused = matches!(answered, Err(oauth::Error::Consent(consent::Error::Stale)));
    assert!(refused, "{answered:?}");
    assert_eq!(app.kinds_since(before).await, ["choice.changed"]);
    assert_eq!(engines.store.consent(asked.row.id).await.unwrap().unwrap().state, "requested");
    second.stop().await;
    app.finish().await;
}

/// The answer to a backchannel request is fetched once, and that another fetches it too is no theft.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_fetched_at_two_nodes_at_once_is_one_token_that_lives() {
    let Some((app, second)) = two().await else { return };
    let ward = app.ward();
    let there = ward.at(format!("http://{}", second.address));
    let hint = app.engines().vault.handle("ubnd-phuong-mau", &app.citizen().await).await.unwrap();
    let asked = ward.ask_absent(&ward.absent_form(&reminder(5), ("login_hint", &hint))).await.ok();
    let id = asked.at("/auth_req_id");
    app.answers(Said::Yes(vec!["driver.expiry_date".to_owned()])).await;
    let again = async {
        // At its pace, and before the first is done.
        app.pass(Duration::from_secs(5));
        there.poll(id).await
    };
    let (first, again) = in_this_order(&app.engines().store, ward.poll(id), again).await;
    again.refused("again", 400, "invalid_grant", "auth_req_id_used");
    ward.data(&first.access_token()).await.ok();
    second.stop().await;
    app.finish().await;
}

/// Copies a folder.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).unwrap() {
        let item = item.unwrap().path();
        let target = to.join(item.file_name().unwrap());
        if item.is_dir() {
            copy(&item, &target);
        } else {
            fs::copy(&item, &target).unwrap();
        }
    }
}
