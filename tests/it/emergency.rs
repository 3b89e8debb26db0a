//! Break-glass: two different officials who have just signed in, a reason, and a report afterwards.

use std::time::Duration;

use minhbach::{
    admin, demo::idp::Realm, domain::subject::NationalId, ledger::entry, people,
    protocol::token::ID_TOKEN_TYPE, store::officials::Official, time::Millis,
};
use serde_json::{Value, json};

use crate::support::{TestApp, browser::Browser, client::Caller, detail::CITIZEN, on_both, reply::Reply};

on_both! {
    two_officials_open_an_emergency_and_the_citizen_reads_who_and_why,
    an_emergency_without_four_eyes_a_reason_or_fresh_sign_ins_is_refused,
    an_emergency_lasts_as_long_as_its_purpose_says_and_both_must_agree_anew,
    who_does_not_report_in_time_acts_no_more_until_restored_and_reported,
    an_approver_suspended_meanwhile_stops_the_data,
}

pub(crate) const HOSPITAL: &str = "benh-vien-mau";
const CLIENT: &str = "benh-vien.ho-so";
pub(crate) const WHAT: &str = "Bệnh nhân bất tỉnh, cần biết dị ứng thuốc trước khi mổ.";

fn emergency() -> Value {
    json!({
        "type": "urn:minhbach:personal-data", "purpose": "health.record_share",
        "subject": { "national_id": CITIZEN }, "actions": ["read"],
        "datatypes": ["person.full_name", "health.allergies"],
        "basis": "emergency", "case": "BV.2026.000001", "justification": "cấp cứu, bệnh nhân bất tỉnh",
    })
}

/// A doctor's sign-in so many minutes ago.
fn signed_in(app: &TestApp, who: &str, minutes: i64) -> String {
    let at = Millis(app.engines().now().0 - minutes * 60_000);
    app.idp.id_token(&Realm::Agency(HOSPITAL.to_owned()), who, CLIENT, at).unwrap()
}

async fn ask(hospital: &Caller<'_>, detail: &Value, tokens: &[(&'static str, &str)]) -> Reply {
    let mut form = hospital.form(detail);
    for (name, token) in tokens {
        form.push((name, (*token).to_owned()));
        form.push((
            if *name == "actor_token" { "actor_token_type" } else { "approver_token_type" },
            ID_TOKEN_TYPE.to_owned(),
        ));
    }
    hospital.token_form(&form).await
}

pub(crate) async fn open(app: &TestApp) -> Reply {
    let (one, two) = (signed_in(app, "bs-0301", 1), signed_in(app, "bs-0302", 1));
    let tokens = [("actor_token", one.as_str()), ("approver_token", two.as_str())];
    ask(&app.caller(CLIENT), &emergency(), &tokens).await
}

/// An official and her newest emergency access.
async fn owed(app: &TestApp, code: &str) -> (Official, people::Owed) {
    let engines = app.engines();
    let official = engines.store.official(HOSPITAL, code).await.unwrap().unwrap();
    let by = people::Looking { official: &official, session: &[7; 32], assurance: 3 };
    let owed = people::emergencies(engines, by).await.unwrap().remove(0);
    (official, owed)
}

async fn two_officials_open_an_emergency_and_the_citizen_reads_who_and_why(app: &mut TestApp) {
    let token = open(app).await.access_token();
    app.caller(CLIENT).data(&token).await.ok();
    let engines = app.engines();
    let person = engines.vault.citizen(&NationalId::parse(CITIZEN.to_owned()).unwrap()).await.unwrap();
    let rows = engines.store.chain(person.id(), i64::MAX, 10).await.unwrap();
    let facts: Vec<_> = rows.iter().map(|row| entry::open(row, &person).unwrap().0.facts).collect();
    assert_eq!(rows.len(), 2);
    for facts in &facts {
        assert_eq!(facts.basis.as_deref(), Some("emergency"));
        assert_eq!(facts.official.as_deref(), Some("bs-0301"));
        assert_eq!(facts.approver.as_deref(), Some("bs-0302"));
        assert_eq!(facts.justification.as_deref(), Some("cấp cứu, bệnh nhân bất tỉnh"));
    }
    let browser = Browser::of_citizen(app, CITIZEN).await;
    let read = browser.get("/api/v1/me/accesses").await.ok();
    let accesses = read.body["accesses"].as_array().unwrap();
    assert_eq!(accesses.len(), 2, "{}", read.text());
    for access in accesses {
        assert_eq!(access["approver"], json!({ "code": "bs-0302" }));
        let whole = browser.get(&format!("/api/v1/me/accesses/{}", access["id"].as_str().unwrap())).await;
        assert_eq!(whole.body["approver"]["code"], "bs-0302");
        let page = browser.get(&format!("/me/history/{}", access["id"].as_str().unwrap())).await;
        page.says(&["bs-0301", "Mã cán bộ đã phê duyệt: bs-0302"]);
    }
    let (official, owed) = owed(app, "bs-0302").await;
    assert_eq!(owed.due.0 - owed.at.0, 24 * 3_600_000);
    people::report(engines, official.id, owed.token, WHAT).await.unwrap();
    app.pass(Duration::from_hours(48));
    assert_eq!(people::emergencies_due(app.engines()).await.unwrap(), 0);
    open(app).await.ok();
}

async fn an_emergency_without_four_eyes_a_reason_or_fresh_sign_ins_is_refused(app: &mut TestApp) {
    let hospital = app.caller(CLIENT);
    let (one, two) = (signed_in(app, "bs-0301", 1), signed_in(app, "bs-0302", 1));
    let again = signed_in(app, "bs-0301", 2);
    let stale = signed_in(app, "bs-0302", 16);
    let police = Realm::Agency("csgt-thu-nghiem".to_owned());
    let stranger = app.idp.id_token(&police, "cb-0042", CLIENT, app.engines().now()).unwrap();
    let mut silent = emergency();
    silent.as_object_mut().unwrap().remove("justification");
    let mut asserted = emergency();
    asserted["official"] = json!({ "id": "bs-0301" });
    let mut consent = emergency();
    consent["basis"] = "consent".into();
    let mut greedy = emergency();
    greedy["datatypes"] = json!(["insurance.hi_card_no"]);
    let good = emergency();
    let both = [("actor_token", one.as_str()), ("approver_token", two.as_str())];
    let with = |approver| [("actor_token", one.as_str()), ("approver_token", approver)];
    for (case, detail, tokens, reason) in [
        ("nobody approves", &good, &both[..1], "approver_required"),
        ("her own sign-in twice", &good, &with(&one)[..], "approver_same_person"),
        ("the same person signed in twice", &good, &with(&again)[..], "approver_same_person"),
        ("nobody asks", &good, &both[1..], "official_required"),
        ("the agency names who asks", &asserted, &both[1..], "official_not_proved"),
        ("no reason", &silent, &both[..], "emergency_not_justified"),
        ("signed in too long ago", &good, &with(&stale)[..], "emergency_sign_in_stale"),
        ("of another agency", &good, &with(&stranger)[..], "approver_token_issuer"),
        ("no token at all", &good, &with("abc")[..], "approver_token_malformed"),
        ("another basis", &consent, &both[..], "approver_not_taken"),
        ("more than an emergency needs", &greedy, &both[..], "field_outside_purpose_minimum"),
    ] {
        let reply = ask(&hospital, detail, tokens).await;
        assert_ne!(reply.status, 200, "{case}");
        assert_eq!(reply.body["reason"].as_str(), Some(reason), "{case}: {}", reply.text());
    }
    assert_eq!(app.count().await.tokens, 0);
    ask(&hospital, &good, &both).await.ok();
}

async fn an_emergency_lasts_as_long_as_its_purpose_says_and_both_must_agree_anew(app: &mut TestApp) {
    let detail = emergency();
    let at = |app: &TestApp, who: &str| signed_in(app, who, 0);
    let (one, two) = (signed_in(app, "bs-0301", 13), at(app, "bs-0302"));
    let first = [("actor_token", one.as_str()), ("approver_token", two.as_str())];
    let token = ask(&app.caller(CLIENT), &detail, &first).await.ok();
    assert_eq!(token.body["expires_in"], 120, "fifteen minutes from the earlier sign-in, not five from now");
    let token = token.access_token();
    app.caller(CLIENT).data(&token).await.ok();
    app.pass(Duration::from_mins(2));
    let over = app.caller(CLIENT).data(&token).await;
    assert_eq!((over.status, over.body["code"].as_str()), (401, Some("token_expired")), "{}", over.text());
    let (acts, approves) = (at(app, "bs-0301"), at(app, "bs-0302"));
    let anew = |one, two| [("actor_token", one), ("approver_token", two)];
    let half = ask(&app.caller(CLIENT), &detail, &anew(one.as_str(), approves.as_str())).await;
    assert_eq!(half.body["reason"].as_str(), Some("emergency_sign_in_stale"), "{}", half.text());
    let both = ask(&app.caller(CLIENT), &detail, &anew(acts.as_str(), approves.as_str())).await.ok();
    assert_eq!(both.body["expires_in"], 300);
}

async fn who_does_not_report_in_time_acts_no_more_until_restored_and_reported(app: &mut TestApp) {
    let token = open(app).await;
    token.ok();
    app.pass(Duration::from_hours(24));
    assert_eq!(people::emergencies_due(app.engines()).await.unwrap(), 1);
    assert_eq!(open(app).await.body["reason"].as_str(), Some("official_suspended"));
    let engines = app.engines();
    for code in ["bs-0301", "bs-0302"] {
        admin::restore_official(engines, HOSPITAL, code, Some("đã kiểm điểm")).await.unwrap();
    }
    assert_eq!(open(app).await.body["reason"].as_str(), Some("emergency_report_overdue"));
    let (official, owed) = owed(app, "bs-0301").await;
    people::report(engines, official.id, owed.token, WHAT).await.unwrap();
    open(app).await.ok();
}

async fn an_approver_suspended_meanwhile_stops_the_data(app: &mut TestApp) {
    let token = open(app).await.access_token();
    admin::suspend_official(app.engines(), HOSPITAL, "bs-0302", None).await.unwrap();
    let reply = app.caller(CLIENT).data(&token).await;
    let code = reply.body["code"].as_str().unwrap_or_default();
    // By policy, or where half a second's memory had him still active, in the transaction of the release.
    assert!(reply.status == 403 && ["approver_suspended", "official_suspended"].contains(&code), "{code}");
    assert!(!app.kinds_since(0).await.contains(&"data.released".to_owned()));
}
