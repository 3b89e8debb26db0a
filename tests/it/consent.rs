//! Consent on the wire: the pushed request, the code, the refresh token, and what a withdrawal does to each token.

use std::{fs, path::Path, time::Duration};

use futures_util::future::join_all;
use minhbach::{
    admin::{self, ClientSpec},
    crypto::Algorithm,
    domain::{client::Profile, consent::Act},
    jose::{
        Jwks, PrivateJwk,
        status_list::{PackedList, Status, StatusList},
    },
};
use serde_json::{Value, json};

use crate::{
    nodes::copy,
    support::{
        ISSUER, TestApp,
        client::Caller,
        consent::{VERIFIER, reminder, verification},
        detail::{CITIZEN, licence},
        eventually, jws, on_both,
    },
};

on_both! {
    a_pushed_request_a_yes_and_a_code_are_one_token,
    a_code_serves_its_client_once_with_its_verifier,
    a_code_used_twice_ends_what_was_issued_on_it,
    a_code_brought_by_many_at_the_same_moment_is_one_token_that_ends,
    what_has_changed_since_the_yes_ends_when_the_service_starts_with_the_change,
    a_consent_opens_the_case_it_names_and_no_other,
    what_cannot_be_consented_to_is_refused_at_the_push,
    a_refresh_token_asks_every_rule_again,
    introspection_is_inactive_from_the_withdrawal_and_while_paused,
    a_signed_introspection_is_given_where_it_is_asked_for,
    a_status_list_says_what_still_counts,
}

async fn a_pushed_request_a_yes_and_a_code_are_one_token(app: &mut TestApp) {
    let (bank, before) = (app.bank(), app.count().await.entries);
    let (code, consent) = bank.code(&bank.push_form(&verification()), &["person.birth_date"]).await;
    let reply = bank.token_form(&bank.exchange(&code)).await.ok();
    let detail = &reply.body["authorization_details"][0];
    assert_eq!(detail["datatypes"], json!(["person.id_number", "person.full_name", "person.birth_date"]));
    assert_eq!(
        (&detail["basis"], &detail["consent"]),
        (&json!("consent"), &json!(consent.row.id.to_string()))
    );
    assert_eq!(app.kinds_since(before).await, ["consent.asked", "consent.given", "token.issued"]);
    bank.data(reply.at("/access_token")).await.ok();
    // Used up: nothing more comes of it.
    let again = bank.token(&verification()).await;
    assert_eq!(again.at("/error"), "consent_required", "{}", again.text());
}

async fn a_code_serves_its_client_once_with_its_verifier(app: &mut TestApp) {
    let (bank, ward) = (app.bank(), app.ward());
    let (code, _) = bank.code(&bank.push_form(&verification()), &[]).await;
    let unknown = ("invalid_grant", "code_unknown");
    ward.token_form(&ward.exchange(&code)).await.refused("another client", 400, unknown.0, unknown.1);
    bank.token_form(&bank.exchange("x")).await.refused("unknown", 400, unknown.0, unknown.1);
    let bent = |name: &str, value: &str| {
        let mut form = bank.exchange(&code);
        form.iter_mut().filter(|pair| pair.0 == name).for_each(|pair| value.clone_into(&mut pair.1));
        form
    };
    let verifier = bent("code_verifier", &VERIFIER.replace('d', "e"));
    bank.token_form(&verifier).await.refused("verifier", 400, "invalid_grant", "code_verifier");
    let elsewhere = bent("redirect_uri", "https://elsewhere.example/cb");
    bank.token_form(&elsewhere).await.refused("redirect", 400, "invalid_grant", "code_redirect_uri");
    app.pass(Duration::from_mins(1));
    bank.token_form(&bank.exchange(&code)).await.refused("late", 400, "invalid_grant", "code_expired");
}

async fn a_code_used_twice_ends_what_was_issued_on_it(app: &mut TestApp) {
    let ward = app.ward();
    let optional = ["driver.expiry_date", "passport.expiry_date"];
    let (code, _) = ward.code(&ward.push_form(&reminder(5)), &optional).await;
    let first = ward.token_form(&ward.exchange(&code)).await.ok();
    let token = first.at("/access_token").to_owned();
    assert_eq!(ward.introspect(&token).await.ok().body["active"], true);
    app.pass(Duration::from_secs(30));
    let twice = ward.token_form(&ward.exchange(&code)).await;
    twice.refused("twice", 400, "invalid_grant", "code_replayed");
    assert_eq!(ward.introspect(&token).await.ok().body["active"], false);
    ward.data(&token).await.challenged("the first token", "invalid_token", "token_revoked");
    let refresh = ward.refresh(first.at("/refresh_token")).await;
    refresh.refused("the refresh token", 400, "invalid_grant", "refresh_token_unknown");
    app.pass(Duration::from_hours(8 * 24));
    let mut again = reminder(5);
    again.as_object_mut().unwrap().remove("limits");
    ward.token(&again).await.refused("the consent", 400, "consent_required", "consent_required");
}

/// The same where nobody is second: all are let in before the first is done.
async fn a_code_brought_by_many_at_the_same_moment_is_one_token_that_ends(app: &mut TestApp) {
    let ward = app.ward();
    for _ in 0..3 {
        let (code, consent) = ward.code(&ward.push_form(&reminder(5)), &["driver.expiry_date"]).await;
        let forms: Vec<_> = (0..6).map(|_| ward.exchange(&code)).collect();
        let answers = join_all(forms.iter().map(|form| ward.token_form(form))).await;
        let (given, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|reply| reply.status == 200);
        assert_eq!(given.len(), 1);
        // Who is decided after the first is done may be refused by the rules: then it was not second to anybody.
        let why: Vec<&str> = refused.iter().map(|reply| reply.at("/reason")).collect();
        let fits = ["code_replayed", "consent_required", "consent_frequency"];
        assert!(why.iter().all(|why| fits.contains(why)), "{why:?}");
        let is_theft = why.contains(&"code_replayed");
        let token = given[0].at("/access_token");
        assert_eq!(ward.introspect(token).await.ok().body["active"], !is_theft, "{why:?}");
        let row = app.engines().store.consent(consent.row.id).await.unwrap().unwrap();
        assert_eq!((row.state.as_str(), row.used), (if is_theft { "revoked" } else { "given" }, 1));
    }
}

/// I10: policies change with a start. What was said yes to before ends, and whoever relied on it is told.
async fn what_has_changed_since_the_yes_ends_when_the_service_starts_with_the_change(app: &mut TestApp) {
    let (overtaken, same, token, refresh) = {
        let (ward, bank) = (app.ward(), app.bank());
        let (code, overtaken) = ward.code(&ward.push_form(&reminder(5)), &["driver.expiry_date"]).await;
        let granted = ward.token_form(&ward.exchange(&code)).await.ok();
        let (_, same) = bank.code(&bank.push_form(&verification()), &[]).await;
        let said = |member: &str| granted.at(member).to_owned();
        (overtaken.row, same.row.id, said("/access_token"), said("/refresh_token"))
    };
    let folder = app.folder.path().join("policies");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"), &folder);
    let purpose = folder.join("purposes/notify.proactive_reminder/purpose.toml");
    let text = fs::read_to_string(&purpose).unwrap();
    fs::write(&purpose, text.replace("Proactive reminders", "Reminders and offers")).unwrap();
    app.config.policies.folder = Some(folder);
    app.restart().await;
    let ward = app.ward();
    // Whether or not it is written down yet.
    assert_eq!(ward.introspect(&token).await.ok().body, json!({ "active": false }));
    assert!(ward.data(&token).await.body.get("data").is_none());
    let store = &app.engines().store;
    let state = async |id| store.consent(id).await.unwrap().unwrap().state;
    let ended = async || (state(overtaken.id).await == "invalidated").then_some(());
    eventually("the end of a consent to what is no more", ended).await;
    assert_eq!(state(same).await, "given");
    let told = store.unacknowledged_notices(overtaken.client, 9).await.unwrap();
    assert_eq!(told.iter().map(|notice| notice.consent).collect::<Vec<_>>(), [overtaken.id]);
    ward.refresh(&refresh).await.refused("over", 400, "invalid_grant", "refresh_token_unknown");
}

async fn a_consent_opens_the_case_it_names_and_no_other(app: &mut TestApp) {
    let bank = app.bank();
    let asked = verification();
    let (code, _) = bank.code(&bank.push_form(&asked), &["person.birth_date"]).await;
    let other = jws::with(&asked, "case", json!("GD.2026.000999"));
    bank.token(&other).await.refused("another case", 400, "consent_required", "consent_required");
    let granted = bank.token_form(&bank.exchange(&code)).await.ok();
    assert_eq!(granted.body["authorization_details"][0]["uses_left"], 1, "once means once");
    bank.token(&asked).await.refused("used up", 400, "consent_required", "consent_used_up");
}

async fn what_cannot_be_consented_to_is_refused_at_the_push(app: &mut TestApp) {
    let (bank, police) = (app.bank(), app.police());
    let statutory = police.push(&police.push_form(&licence(CITIZEN, &["person.full_name"]))).await;
    let details = "invalid_authorization_details";
    statutory.refused("statutory", 400, details, "consent_not_the_basis");
    let more = jws::with(&verification(), "limits", json!({ "max_uses": 2 }));
    bank.push(&bank.push_form(&more)).await.refused("limits", 400, details, "limits_beyond_terms");
    let bent = |name: &str, value: &str| {
        let mut form = bank.push_form(&verification());
        form.retain(|pair| pair.0 != name);
        form.push((Box::leak(name.to_owned().into_boxed_str()), value.to_owned()));
        form
    };
    let elsewhere = format!("{}/", bank.redirect_uri());
    let refused = bank.push(&bent("redirect_uri", &elsewhere)).await;
    refused.refused("redirect_uri", 400, "invalid_request", "redirect_uri_unregistered");
    for (name, value) in
        [("code_challenge_method", "plain"), ("response_type", "token"), ("code_challenge", "x")]
    {
        let refused = bank.push(&bent(name, value)).await;
        assert_eq!(refused.status, 400, "{name}: {}", refused.text());
    }
    let signer = app.caller("ngan-hang.ky-so");
    let plain = signer.push(&signer.push_form(&verification())).await;
    plain.refused("unsigned", 400, "invalid_request", "request_object_required");
    let once = bank.push_form(&verification());
    assert_eq!(bank.push(&once).await.status, 201);
    bank.push(&once).await.refused("twice", 401, "invalid_client", "assertion_replayed");
    assert!(bank.arrives("urn:ietf:params:oauth:request_uri:x").await.is_err());
    assert!(app.waiting().await.is_none(), "nobody was asked before she arrives");
}

async fn a_refresh_token_asks_every_rule_again(app: &mut TestApp) {
    let ward = app.ward();
    let (code, consent) = ward.code(&ward.push_form(&reminder(5)), &["driver.expiry_date"]).await;
    let first = ward.token_form(&ward.exchange(&code)).await.ok();
    let refresh = first.at("/refresh_token").to_owned();
    let often = ward.refresh(&refresh).await;
    often.refused("once a week", 403, "access_denied", "consent_frequency");
    app.pass(Duration::from_hours(7 * 24));
    let second = ward.refresh(&refresh).await.ok();
    assert_eq!(second.body["authorization_details"][0]["datatypes"], json!(["driver.expiry_date"]));
    assert_eq!(second.body["grant_id"], first.body["grant_id"]);
    app.bank().refresh(&refresh).await.refused("another's", 400, "invalid_grant", "refresh_token_unknown");
    app.pass(Duration::from_hours(7 * 24));
    app.does(consent.row.id, Act::Withdraw).await;
    ward.refresh(&refresh).await.refused("withdrawn", 400, "invalid_grant", "refresh_token_unknown");
}

async fn introspection_is_inactive_from_the_withdrawal_and_while_paused(app: &mut TestApp) {
    let ward = app.ward();
    let (code, consent) = ward.code(&ward.push_form(&reminder(5)), &["driver.expiry_date"]).await;
    let token = ward.token_form(&ward.exchange(&code)).await.access_token();
    let active = async || ward.introspect(&token).await.ok().body["active"].clone();
    assert_eq!(active().await, true);
    app.does(consent.row.id, Act::Pause).await;
    assert_eq!(active().await, false);
    let paused = ward.data(&token).await;
    paused.problem("paused", 403, "consent_paused");
    assert!(paused.body["entry"].is_string(), "a refusal is an entry: {}", paused.text());
    assert_eq!(app.registers.asked("traffic"), 0, "nothing is fetched that may not leave");
    app.does(consent.row.id, Act::Resume).await;
    assert_eq!(active().await, true);
    // What is revoked while it is paused does not come back with it.
    app.does(consent.row.id, Act::Pause).await;
    ward.revoke(&token).await.ok();
    app.does(consent.row.id, Act::Resume).await;
    assert_eq!(active().await, false);
    let (code, consent) = ward.code(&ward.push_form(&reminder(5)), &["driver.expiry_date"]).await;
    let token = ward.token_form(&ward.exchange(&code)).await.access_token();
    app.does(consent.row.id, Act::Withdraw).await;
    assert_eq!(ward.introspect(&token).await.ok().body, json!({ "active": false }));
    ward.data(&token).await.challenged("withdrawn", "invalid_token", "token_revoked");
}

async fn a_signed_introspection_is_given_where_it_is_asked_for(app: &mut TestApp) {
    let police = app.police();
    let token = police.token(&licence(CITIZEN, &["person.full_name"])).await.access_token();
    let mut form = police.authentication();
    form.push(("token", token.clone()));
    let accept = [("accept", "application/json;q=0.1, application/token-introspection+jwt")];
    let signed = police.post_form("/oauth/introspect", &form, &accept).await;
    assert_eq!((signed.status, signed.header("content-type")), (200, "application/token-introspection+jwt"));
    let jwt = signed.text();
    assert_eq!(jws::header(&jwt)["typ"], "token-introspection+jwt");
    let claims = jws::claims(&jwt);
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!(ISSUER), &json!("csgt.giay-phep")));
    assert_eq!(claims["token_introspection"]["active"], true);
    assert!(claims.get("exp").is_none() && claims.get("sub").is_none());
    police.data(&jwt).await.challenged("no token", "invalid_token", "token_type");
    // This one always gets it.
    let signer = app.caller("ngan-hang.ky-so");
    let always = signer.introspect(&token).await;
    assert_eq!(jws::claims(&always.text())["token_introspection"], json!({ "active": false }));
}

/// Registers a data holder that enforces for itself.
async fn holder(app: &TestApp) -> String {
    let key = PrivateJwk::generate(Algorithm::EdDsa).unwrap();
    let spec = ClientSpec {
        client_id: "holder".to_owned(),
        agency: "benh-vien-mau".to_owned(),
        name: "Kho hồ sơ (giả lập)".to_owned(),
        jwks: Jwks::new(vec![key.public().clone()]),
        purposes: [].into(),
        redirect_uris: Vec::new(),
        audience: Some("https://holder.example/records".to_owned()),
        actor_issuers: Vec::new(),
        profile: Profile::default(),
    };
    admin::register_client(app.engines(), &spec).await.unwrap();
    spec.audience.unwrap()
}

async fn status_of(caller: &Caller<'_>, token: &str) -> Option<Status> {
    let claim = jws::claims(token)["status"]["status_list"].clone();
    let path = claim["uri"].as_str().unwrap().strip_prefix(ISSUER).unwrap().to_owned();
    let reply = caller.get(&path).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/statuslist+jwt"));
    let (header, list) = (jws::header(&reply.text()), jws::claims(&reply.text()));
    assert_eq!(
        (&header["typ"], &list["sub"], &list["ttl"]),
        (&json!("statuslist+jwt"), &claim["uri"], &json!(30))
    );
    assert_eq!(list["exp"].as_i64().unwrap() - list["iat"].as_i64().unwrap(), 30);
    let packed: PackedList = serde_json::from_value(list["status_list"].clone()).unwrap();
    StatusList::unpack(&packed).unwrap().status(claim["idx"].as_u64().unwrap().try_into().unwrap())
}

async fn a_status_list_says_what_still_counts(app: &mut TestApp) {
    let resource = holder(app).await;
    let (ward, bank) = (app.ward(), app.bank());
    let found = ward.get("/.well-known/oauth-authorization-server").await.ok();
    let all = found.at("/status_list_aggregation_endpoint").strip_prefix(ISSUER).unwrap().to_owned();
    assert_eq!(ward.get(&all).await.ok().body, json!({ "status_lists": [] }), "no token is in one yet");
    let taken = async |detail: &Value| {
        let mut form = ward.push_form(detail);
        form.push(("resource", resource.clone()));
        let (code, consent) = ward.code(&form, &["driver.expiry_date"]).await;
        (ward.token_form(&ward.exchange(&code)).await.access_token(), consent.row.id)
    };
    let (token, consent) = taken(&reminder(5)).await;
    assert_eq!(status_of(&ward, &token).await, Some(Status::Valid));
    let uri = jws::claims(&token)["status"]["status_list"]["uri"].clone();
    assert_eq!(ward.get(&all).await.ok().body, json!({ "status_lists": [uri] }));
    app.does(consent, Act::Pause).await;
    app.pass(Duration::from_secs(5));
    assert_eq!(status_of(&ward, &token).await, Some(Status::Suspended));
    app.does(consent, Act::Withdraw).await;
    app.pass(Duration::from_secs(5));
    assert_eq!(status_of(&ward, &token).await, Some(Status::Invalid));
    let (another, _) = taken(&reminder(5)).await;
    assert_ne!(jws::claims(&another)["status"], jws::claims(&token)["status"]);
    ward.revoke(&another).await.ok();
    app.pass(Duration::from_secs(5));
    assert_eq!(status_of(&ward, &another).await, Some(Status::Invalid));
    let (third, _) = taken(&reminder(5)).await;
    admin::suspend_client(app.engines(), "ubnd.cong-dan", Some("test")).await.unwrap();
    app.pass(Duration::from_secs(5));
    assert_eq!(status_of(&ward, &third).await, Some(Status::Suspended));
    admin::restore_client(app.engines(), "ubnd.cong-dan", None).await.unwrap();
    app.pass(Duration::from_secs(5));
    assert_eq!(status_of(&ward, &third).await, Some(Status::Valid));
    // Sensitive data on consent is not for offline checks, and our own endpoint needs none.
    let sensitive =
        jws::with(&verification(), "datatypes", json!(["person.full_name", "biometric.match_result"]));
    let mut form = bank.push_form(&sensitive);
    form.push(("resource", resource.clone()));
    let (code, _) = bank.code(&form, &["biometric.match_result"]).await;
    let claims = jws::claims(&bank.token_form(&bank.exchange(&code)).await.access_token());
    assert!(claims["aud"] == resource.as_str() && claims.get("status").is_none());
    let plain = app.police().token(&licence(CITIZEN, &["person.full_name"])).await.access_token();
    assert!(jws::claims(&plain).get("status").is_none());
    for nothing in ["9", "01", "-1", "+0", "x", "9223372036854775807"] {
        let reply = ward.get(&format!("/oauth/status-lists/{nothing}")).await;
        reply.problem(nothing, 404, "status_list_unknown");
    }
    assert!(app.waiting().await.is_none());
}
