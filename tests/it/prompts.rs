//! What a person bears of questions that come while she is not there, over CIBA: muted, ruled out, counted over all
//! agencies, or invited by a code she made herself; chosen in her browser, felt by the agencies' software.

use std::{num::NonZeroU32, time::Duration};

use futures_util::future::join_all;
use minhbach::{domain::subject::NationalId, oauth::Said};
use serde_json::{Value, json};

use crate::support::{
    TestApp,
    browser::Browser,
    client::Caller,
    consent::{reminder, verification},
    detail::{CITIZEN, OTHER},
    jws, on_both,
    reply::Reply,
};

on_both! {
    a_muted_agency_waits_in_vain_and_only_the_citizen_knows,
    what_she_ruled_out_is_not_asked_even_with_a_code_of_hers,
    an_agency_stopped_entirely_does_not_ask_again,
    who_wants_to_be_asked_each_time_is_asked_for_each_token,
    the_daily_cap_is_one_persons_over_all_agencies_and_slides,
    of_many_questions_at_once_no_more_get_through_than_she_bears,
    a_client_that_asks_too_many_is_told_to_wait_and_asks_nobody,
    a_code_from_the_portal_lets_its_agency_ask_once_without_her_number,
}

const BANK: &str = "ngan-hang-thu-nghiem";
const WARD: &str = "ubnd-phuong-mau";
const FIVE: Duration = Duration::from_secs(5);
const DAY: Duration = Duration::from_hours(24);
const PENDING: &str = "authorization_pending";

async fn handle(app: &TestApp, agency: &str, national_id: &str) -> String {
    let vault = &app.engines().vault;
    let subject = vault.citizen(&NationalId::parse(national_id.to_owned()).unwrap()).await.unwrap();
    vault.handle(agency, &subject).await.unwrap().to_string()
}

/// A question by handle.
async fn ask(app: &TestApp, caller: &Caller<'_>, agency: &str, detail: &Value) -> Reply {
    let national_id = detail["subject"]["national_id"].as_str().unwrap();
    let hint = handle(app, agency, national_id).await;
    caller.ask_absent(&caller.absent_form(detail, ("login_hint", &hint))).await.ok()
}

/// It is asked, as far as the client can see, and nobody ever answers: first not yet, in the end over.
async fn waits_in_vain(app: &TestApp, caller: &Caller<'_>, asked: &Reply, like: &Reply) {
    let members = |reply: &Reply| reply.body.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(members(asked), members(like));
    for member in ["expires_in", "interval"] {
        assert_eq!(asked.body[member], like.body[member], "{member}");
    }
    let length = |reply: &Reply| reply.at("/auth_req_id").len();
    assert_eq!(length(asked), length(like));
    let id = asked.at("/auth_req_id");
    caller.poll(id).await.refused("at first", 400, PENDING, PENDING);
    caller.poll(id).await.refused("too soon, as ever", 400, "slow_down", "slow_down");
    let seconds = asked.body["expires_in"].as_u64().unwrap();
    app.pass(Duration::from_secs(seconds - 1));
    caller.poll(id).await.refused("until the end", 400, PENDING, PENDING);
    app.pass(Duration::from_secs(1));
    caller.poll(id).await.refused("over", 400, "expired_token", "expired_token");
}

/// The reasons of what was kept from her, newest first, as she reads them.
async fn withheld(browser: &Browser<'_>) -> Vec<Value> {
    let list = browser.get("/api/v1/me/accesses").await.ok().body;
    let kept = list["accesses"].as_array().unwrap().iter().filter(|it| it["kind"] == "consent.withheld");
    kept.cloned().collect()
}

async fn waiting(browser: &Browser<'_>) -> usize {
    let list = browser.get("/api/v1/me/consents").await.ok().body;
    list["consents"].as_array().unwrap().iter().filter(|consent| consent["state"] == "requested").count()
}

async fn a_muted_agency_waits_in_vain_and_only_the_citizen_knows(app: &mut TestApp) {
    let (bank, ward) = (app.bank(), app.ward());
    let heard = ask(app, &bank, BANK, &verification()).await;
    let citizen = Browser::of_citizen(app, CITIZEN).await;
    assert_eq!(waiting(&citizen).await, 1);
    // From the list of requests, where the questions stand.
    let mute = format!("/me/agencies/{BANK}/mute");
    let muted = [("muted", "yes"), ("return_to", "/me/requests")];
    let done = citizen.press("/me/requests", &mute, &muted).await;
    assert_eq!((done.status, done.location().as_str()), (303, "/me/requests"));
    let before = app.count().await.entries;
    let asked = ask(app, &bank, BANK, &verification()).await;
    assert_eq!(app.kinds_since(before).await, ["consent.withheld"]);
    assert_eq!(waiting(&citizen).await, 1, "the one from before");
    let kept = withheld(&citizen).await;
    assert_eq!(kept.len(), 1, "{kept:?}");
    let entry = kept[0]["id"].as_str().unwrap();
    citizen.get("/me/history").await.says(&["Câu hỏi đã tắt", "Ngân hàng Thử Nghiệm", entry]);
    citizen.get(&format!("/me/history/{entry}")).await.says(&["Chúng tôi không chuyển câu hỏi này"]);
    // The agency's own officer is not told either.
    let officer = Browser::of_compliance(app, BANK).await;
    let look = officer.get("/compliance").await;
    let (csrf, key) = (look.hidden("csrf"), look.hidden("idempotency_key"));
    let reason = "Kiểm tra định kỳ quý bốn theo kế hoạch";
    let form = [("csrf", csrf.as_str()), ("idempotency_key", &key), ("reason", reason)];
    let look = officer.post("/compliance", &form).await.location();
    let page = officer.get(&look).await;
    assert_eq!(page.status, 200);
    assert!(!page.text().contains("Câu hỏi đã tắt") && !page.text().contains(entry), "{}", page.text());
    // Another agency is heard, and so is this one once she wants to.
    let other = ask(app, &ward, WARD, &reminder(1)).await;
    assert_eq!(waiting(&citizen).await, 2);
    let heard_again = [("muted", "no"), ("return_to", "/me/requests")];
    assert_eq!(citizen.press("/me/requests", &mute, &heard_again).await.status, 303);
    ask(app, &bank, BANK, &verification()).await;
    assert_eq!(waiting(&citizen).await, 3);
    assert_eq!(other.body["interval"], heard.body["interval"]);
    waits_in_vain(app, &bank, &asked, &heard).await;
}

async fn what_she_ruled_out_is_not_asked_even_with_a_code_of_hers(app: &mut TestApp) {
    let bank = app.bank();
    let heard = ask(app, &bank, BANK, &verification()).await;
    let citizen = Browser::of_citizen(app, CITIZEN).await;
    let never = [("revision", "0"), ("kind", "never"), ("purpose", "private.bank_verification")];
    assert_eq!(citizen.press("/me/choices", "/me/choices", &never).await.status, 303);
    let code = made(&citizen, BANK).await;
    let before = app.count().await.entries;
    let asked = ask(app, &bank, BANK, &verification()).await;
    let form = bank.absent_form(&verification(), ("login_hint_token", &code));
    let invited = bank.ask_absent(&form).await.ok();
    let twice = bank.ask_absent(&bank.absent_form(&verification(), ("login_hint_token", &code))).await;
    twice.refused("the code is used up all the same", 400, "unknown_user_id", "hint_code_unknown");
    let kinds = app.kinds_since(before).await;
    assert!(kinds.iter().all(|kind| kind == "consent.withheld"), "{kinds:?}");
    assert_eq!(waiting(&citizen).await, 1, "the one from before");
    assert_eq!(withheld(&citizen).await.len(), kinds.len());
    // Who could say no still can, and it is no answer to the one that waits.
    bank.poll(invited.at("/auth_req_id")).await.refused("pending", 400, PENDING, PENDING);
    waits_in_vain(app, &bank, &asked, &heard).await;
}

async fn an_agency_stopped_entirely_does_not_ask_again(app: &mut TestApp) {
    let bank = app.bank();
    let heard = ask(app, &bank, BANK, &verification()).await;
    app.answers(Said::Yes(Vec::new())).await;
    let citizen = Browser::of_citizen(app, CITIZEN).await;
    let page = format!("/me/agencies/{BANK}");
    let stopped = citizen.press(&page, &format!("{page}/stop"), &[]).await;
    assert_eq!(stopped.status, 200, "{}", stopped.text());
    let token = bank.poll(heard.at("/auth_req_id")).await;
    assert!(token.body.get("access_token").is_none(), "the yes of before opens nothing: {}", token.text());
    let asked = ask(app, &bank, BANK, &verification()).await;
    assert_eq!(waiting(&citizen).await, 0);
    assert_eq!(withheld(&citizen).await.len(), 1);
    // No code is made for it either.
    let refused = citizen.press(&page, &format!("{page}/hint"), &[]).await;
    assert_eq!(refused.status, 409);
    assert!(!refused.text().contains("class=\"compare\"") && refused.text().contains("/me/choices"));
    waits_in_vain(app, &bank, &asked, &heard).await;
}

async fn who_wants_to_be_asked_each_time_is_asked_for_each_token(app: &mut TestApp) {
    let ward = app.ward();
    let citizen = Browser::of_citizen(app, CITIZEN).await;
    let each = [("revision", "0"), ("kind", "ask"), ("purpose", "notify.proactive_reminder")];
    assert_eq!(citizen.press("/me/choices", "/me/choices", &each).await.status, 303);
    for round in 0..2 {
        let asked = ask(app, &ward, WARD, &reminder(5)).await;
        app.answers(Said::Yes(vec!["driver.expiry_date".to_owned()])).await;
        let token = ward.poll(asked.at("/auth_req_id")).await.ok();
        assert!(token.body.get("refresh_token").is_none(), "round {round}: {}", token.text());
        assert_eq!(token.body["authorization_details"][0]["uses_left"], 1);
        // Past the purpose's own "once a week", five uses agreed to, and still: ask.
        app.pass(8 * DAY);
        let mut again = jws::without(&reminder(5), "limits");
        again["datatypes"] = json!(["driver.expiry_date"]);
        let without = ward.token(&again).await;
        without.refused("not asked", 400, "consent_required", "standing_ask_each_time");
    }
}

async fn the_daily_cap_is_one_persons_over_all_agencies_and_slides(app: &mut TestApp) {
    app.config.limits.prompts_per_citizen_per_day = NonZeroU32::new(2).unwrap();
    app.restart().await;
    let (bank, ward) = (app.bank(), app.ward());
    let citizen = Browser::of_citizen(app, CITIZEN).await;
    let heard = ask(app, &bank, BANK, &verification()).await;
    app.pass(Duration::from_hours(1));
    ask(app, &ward, WARD, &reminder(1)).await;
    app.pass(Duration::from_hours(1));
    // Neither agency gets through a third time; her neighbour is not concerned.
    ask(app, &ward, WARD, &reminder(1)).await;
    ask(app, &bank, BANK, &verification()).await;
    let mut neighbour = verification();
    neighbour["subject"] = json!({ "national_id": OTHER });
    ask(app, &bank, BANK, &neighbour).await;
    let citizen_again = Browser::of_citizen(app, CITIZEN).await;
    assert_eq!((waiting(&citizen_again).await, withheld(&citizen_again).await.len()), (2, 2));
    assert_eq!(waiting(&Browser::of_citizen(app, OTHER).await).await, 1);
    drop(citizen);
    // What was withheld does not count: 24 hours after the first that reached her, one more does.
    app.pass(Duration::from_hours(22));
    bank.poll(heard.at("/auth_req_id")).await.refused("over", 400, "expired_token", "expired_token");
    let before = app.count().await.entries;
    ask(app, &bank, BANK, &verification()).await;
    ask(app, &bank, BANK, &verification()).await;
    let kinds = app.kinds_since(before).await;
    let reached = kinds.iter().filter(|kind| *kind == "consent.asked").count();
    assert_eq!(reached, 1, "{kinds:?}");
}

async fn of_many_questions_at_once_no_more_get_through_than_she_bears(app: &mut TestApp) {
    app.config.limits.prompts_per_citizen_per_day = NonZeroU32::new(2).unwrap();
    app.restart().await;
    let (bank, ward) = (app.bank(), app.ward());
    let (banks, wards) = (handle(app, BANK, CITIZEN).await, handle(app, WARD, CITIZEN).await);
    let asking = (0..20).map(|i| {
        let (caller, detail, hint) =
            if i % 2 == 0 { (&bank, verification(), &banks) } else { (&ward, reminder(1), &wards) };
        let form = caller.absent_form(&detail, ("login_hint", hint));
        async move { caller.ask_absent(&form).await.ok() }
    });
    join_all(asking).await;
    let citizen = Browser::of_citizen(app, CITIZEN).await;
    assert_eq!(waiting(&citizen).await, 2);
    assert!(!withheld(&citizen).await.is_empty());
}

async fn a_client_that_asks_too_many_is_told_to_wait_and_asks_nobody(app: &mut TestApp) {
    app.config.limits.prompts_per_minute = NonZeroU32::new(2).unwrap();
    app.restart().await;
    let (bank, ward) = (app.bank(), app.ward());
    let hint = handle(app, BANK, CITIZEN).await;
    let form = || bank.absent_form(&verification(), ("login_hint", &hint));
    for _ in 0..2 {
        bank.ask_absent(&form()).await.ok();
    }
    let before = app.count().await;
    let many = bank.ask_absent(&form()).await;
    many.refused("a third", 429, "temporarily_unavailable", "too_many_prompts");
    assert_eq!(many.header("retry-after"), "60");
    assert_eq!(app.count().await, before);
    ask(app, &ward, WARD, &reminder(1)).await;
}

/// Makes a code for an agency in the portal.
async fn made(citizen: &Browser<'_>, agency: &str) -> String {
    let page = format!("/me/agencies/{agency}");
    let shown = citizen.press(&page, &format!("{page}/hint"), &[]).await;
    assert_eq!((shown.status, shown.header("cache-control")), (200, "no-store"), "{}", shown.text());
    let text = shown.text();
    let code = text.split("<strong class=\"compare\">").nth(1).unwrap();
    code.split("</strong>").next().unwrap().to_owned()
}

async fn a_code_from_the_portal_lets_its_agency_ask_once_without_her_number(app: &mut TestApp) {
    let (bank, ward, before) = (app.bank(), app.ward(), app.count().await.tokens);
    let citizen = Browser::of_citizen(app, CITIZEN).await;
    let page = format!("/me/agencies/{BANK}");
    citizen.get(&page).await.says(&[&format!("action=\"{page}/hint\"")]);
    let code = made(&citizen, BANK).await;
    let form = |c: char| c == '-' || c.is_ascii_uppercase() || c.is_ascii_digit();
    assert!(code.len() == 14 && code.chars().all(form), "it can be read out: {code}");
    assert!(!citizen.get(&page).await.text().contains(&code), "shown once");
    // Whoever brings it need know nothing else of her; nothing of hers is in it.
    let detail = jws::without(&verification(), "subject");
    let ask = async |caller: &Caller<'_>, detail: &Value, code: &str| {
        caller.ask_absent(&caller.absent_form(detail, ("login_hint_token", code))).await
    };
    let foreign = ask(&ward, &reminder(1), &code).await;
    foreign.refused("another agency", 400, "unknown_user_id", "hint_code_unknown");
    let mut other = verification();
    other["subject"] = json!({ "national_id": OTHER });
    ask(&bank, &other, &code).await.refused("another person", 400, "unknown_user_id", "login_hint_mismatch");
    // Muted, the agency is heard all the same: she brought the question along.
    let mute = [("muted", "yes"), ("return_to", page.as_str())];
    assert_eq!(citizen.press(&page, &format!("{page}/mute"), &mute).await.status, 303);
    let asked = ask(&bank, &detail, &code).await.ok();
    ask(&bank, &detail, &code).await.refused("twice", 400, "unknown_user_id", "hint_code_unknown");
    app.answers(Said::Yes(Vec::new())).await;
    app.pass(FIVE);
    let granted = bank.poll(asked.at("/auth_req_id")).await.ok();
    let handle = handle(app, BANK, CITIZEN).await;
    assert_eq!(
        granted.body["authorization_details"][0]["subject"],
        json!({ "handle": handle }),
        "now it has a name"
    );
    assert_eq!(app.count().await.tokens, before + 1);
    // Without a code a request names its person.
    let form = bank.absent_form(&detail, ("login_hint", &handle));
    let missing = bank.ask_absent(&form).await;
    missing.refused("nobody named", 400, "invalid_authorization_details", "missing_member");
    let late = made(&citizen, BANK).await;
    app.pass(Duration::from_mins(10));
    ask(&bank, &detail, &late).await.refused("late", 400, "unknown_user_id", "hint_code_unknown");

    let csrf = citizen.get(&page).await.hidden("csrf");
    let hint = format!("{page}/hint");
    assert_eq!(citizen.post(&hint, &[("csrf", "x")]).await.status, 403);
    let forged = citizen.request(&hint, &[("csrf", &csrf)]).header("origin", "https://evil.example");
    assert_eq!(citizen.send(forged).await.status, 403);
    assert_eq!(citizen.get(&hint).await.status, 405);
    assert_eq!(citizen.post("/me/agencies/nobody/hint", &[("csrf", &csrf)]).await.status, 404);
    let official = Browser::of_official(app, "gd-0401").await;
    assert_eq!(official.press("/official/emergencies", &hint, &[]).await.status, 403);
    assert_eq!(Browser::new(app).post(&hint, &[("csrf", "x")]).await.status, 401);
}
