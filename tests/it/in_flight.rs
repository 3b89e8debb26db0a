//! What is taken back while a call waits for a register is not passed on: the transaction of its entry asks again for
//! everything the call rests on (I7), each by itself.

use std::time::Duration;

use futures_util::future::join_all;
use minhbach::{
    admin,
    demo::registers::Fault,
    domain::{
        consent::Act,
        standing::{Edit, What},
    },
    standing,
};
use serde_json::{Value, json};

use crate::support::{
    START, TestApp,
    client::Caller,
    consent::{herself, reminder, verification},
    detail::{CITIZEN, licence},
    eventually, on_both,
};

on_both! { what_is_taken_back_while_a_register_is_asked_is_not_passed_on }

/// A yes, and the token it is exchanged for.
async fn allowed(caller: &Caller<'_>, detail: &Value, optional: &[&str]) -> (String, uuid::Uuid) {
    let (code, consent) = caller.code(&caller.push_form(detail), optional).await;
    (caller.token_form(&caller.exchange(&code)).await.access_token(), consent.row.id)
}

async fn what_is_taken_back_while_a_register_is_asked_is_not_passed_on(app: &mut TestApp) {
    let (ward, bank, police) = (app.ward(), app.bank(), app.police());
    let field = ["driver.expiry_date"];
    let mut short = reminder(5);
    short["limits"] = json!({ "max_uses": 5, "not_after": START.seconds() + 60 });
    let (over, _) = allowed(&ward, &short, &field).await;
    let (stays, _) = allowed(&ward, &reminder(5), &field).await;
    let (paused, pause) = allowed(&ward, &reminder(5), &field).await;
    let (withdrawn, withdraw) = allowed(&ward, &reminder(5), &field).await;
    let (revoked, _) = allowed(&ward, &reminder(5), &field).await;
    let (ruled_out, _) = allowed(&bank, &verification(), &[]).await;
    let suspended = police.token(&licence(CITIZEN, &["person.full_name"])).await.access_token();

    for register in ["traffic", "population"] {
        app.registers.set_fault(register, Fault::Slow(Duration::from_secs(4)));
    }
    let before = app.count().await.entries;
    let calls = join_all([
        ward.data(&stays),
        ward.data(&over),
        ward.data(&paused),
        ward.data(&withdrawn),
        ward.data(&revoked),
        bank.data(&ruled_out),
        police.data(&suspended),
    ]);
    let meanwhile = async {
        let asked = async || {
            let asked = (app.registers.asked("traffic"), app.registers.asked("population"));
            (asked.0 >= 5 && asked.1 >= 2).then_some(())
        };
        eventually("every register to be asked", asked).await;
        app.does(pause, Act::Pause).await;
        app.does(withdraw, Act::Withdraw).await;
        ward.revoke(&revoked).await.ok();
        let (engines, person) = (app.engines(), app.citizen().await);
        let never = Edit::Add(What::NeverPurpose("private.bank_verification".to_owned()));
        standing::change(engines, &person, &herself(), 0, never).await.unwrap();
        admin::suspend_client(engines, "csgt.giay-phep", Some("test")).await.unwrap();
        app.pass(Duration::from_mins(1));
    };
    let (answers, ()) = tokio::join!(calls, meanwhile);
    for register in ["traffic", "population"] {
        app.registers.set_fault(register, Fault::None);
    }
    // Nothing happened to the first, but that her rules changed: it was decided again.
    assert_eq!(answers[0].status, 200, "{}", answers[0].text());
    answers[1].problem("over", 403, "consent_expired");
    answers[2].problem("paused", 403, "consent_paused");
    answers[3].challenged("withdrawn", "invalid_token", "token_revoked");
    answers[4].challenged("revoked", "invalid_token", "token_revoked");
    answers[5].problem("ruled out", 403, "standing_never_purpose");
    answers[6].problem("suspended", 403, "client_suspended");
    let released = app.kinds_since(before).await.into_iter().filter(|kind| kind == "data.released").count();
    assert_eq!(released, 1, "what was not passed on is in no entry as passed on");
    // The use came back: what goes on afterwards goes on with it.
    app.does(pause, Act::Resume).await;
    ward.data(&paused).await.ok();
}
