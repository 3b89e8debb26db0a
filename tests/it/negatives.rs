//! What FAPI 2.0, PAR, PKCE, DPoP and JAR say must not work where people are asked: the negatives of those lists that no
//! other module holds. After each table the same request, unbent, works. CIBA and what comes after are in `misuse`.

use std::time::Duration;

use minhbach::{crypto::Algorithm, jose::PrivateJwk, oauth::Said};
use serde_json::{Value, json};

use crate::support::{
    ISSUER, TestApp,
    client::Form,
    consent::{VERIFIER, verification},
    detail::{CITIZEN, NOBODY},
    jws, on_both,
};

on_both! {
    a_pushed_request_that_is_not_proper_leaves_nothing,
    details_and_bodies_that_are_none_are_refused_and_odd_ones_taken,
    a_wrong_assertion_or_proof_asks_nobody,
    a_request_object_that_is_not_good_is_refused,
    a_request_uri_is_its_clients_for_five_minutes_until_it_is_answered,
    a_code_bound_to_a_key_is_worth_nothing_with_another,
}

/// The form with one parameter replaced, or taken away.
pub(crate) fn bent(mut form: Form, name: &'static str, value: &str) -> Form {
    form.retain(|pair| pair.0 != name);
    if !value.is_empty() {
        form.push((name, value.to_owned()));
    }
    form
}

pub(crate) fn and(mut form: Form, name: &'static str, value: &str) -> Form {
    form.push((name, value.to_owned()));
    form
}

pub(crate) async fn handle(app: &TestApp, agency: &str) -> String {
    let vault = &app.engines().vault;
    let id = minhbach::domain::subject::NationalId::parse(CITIZEN.to_owned()).unwrap();
    let subject = vault.citizen(&id).await.unwrap();
    vault.handle(agency, &subject).await.unwrap().to_string()
}

/// RFC 9126 §2.1, FAPI 2.0 §5.3.2.2 items 1 to 8 and 14.
async fn a_pushed_request_that_is_not_proper_leaves_nothing(app: &mut TestApp) {
    let (bank, before) = (app.bank(), app.count().await);
    let good = || bank.push_form(&verification());
    let (request, details) = ("invalid_request", "invalid_authorization_details");
    let not_ours = "https://as.example/oauth/par";
    for (case, form, error, reason) in [
        ("no response type", bent(good(), "response_type", ""), request, "response_type_missing"),
        (
            "implicit",
            bent(good(), "response_type", "token"),
            "unsupported_response_type",
            "response_type_unsupported",
        ),
        (
            "hybrid",
            bent(good(), "response_type", "code id_token"),
            "unsupported_response_type",
            "response_type_unsupported",
        ),
        ("no redirect_uri", bent(good(), "redirect_uri", ""), request, "redirect_uri_missing"),
        (
            "plain http",
            bent(good(), "redirect_uri", "http://bank.example/cb"),
            request,
            "redirect_uri_malformed",
        ),
        (
            "a fragment",
            bent(good(), "redirect_uri", &format!("{}#f", bank.redirect_uri())),
            request,
            "redirect_uri_malformed",
        ),
        (
            "another query",
            bent(good(), "redirect_uri", &format!("{}?x=1", bank.redirect_uri())),
            request,
            "redirect_uri_unregistered",
        ),
        ("no PKCE", bent(good(), "code_challenge", ""), request, "code_challenge_missing"),
        ("plain PKCE", bent(good(), "code_challenge_method", "plain"), request, "code_challenge_method"),
        ("PKCE by default", bent(good(), "code_challenge_method", ""), request, "code_challenge_method"),
        (
            "a short challenge",
            bent(good(), "code_challenge", VERIFIER.split_at(42).0),
            request,
            "code_challenge_malformed",
        ),
        ("another request", and(good(), "request_uri", "urn:x"), request, "request_uri_refused"),
        ("silent", and(good(), "prompt", "none"), request, "prompt_none"),
        ("form_post", and(good(), "response_mode", "form_post"), request, "response_mode_unsupported"),
        ("a state of another alphabet", bent(good(), "state", "trạng thái"), request, "state_malformed"),
        ("a jkt that is none", and(good(), "dpop_jkt", "abc"), request, "dpop_jkt_malformed"),
        (
            "nothing is asked",
            bent(good(), "authorization_details", ""),
            details,
            "authorization_details_missing",
        ),
        ("not JSON", bent(good(), "authorization_details", "{"), details, "malformed_json"),
        ("OpenID Connect", and(good(), "scope", "openid"), "invalid_scope", "scope_and_details"),
        ("elsewhere", and(good(), "resource", not_ours), "invalid_target", "resource_unknown"),
        ("a grant and no action", and(good(), "grant_id", NOBODY), request, "grant_action_missing"),
        (
            "an action and no grant",
            and(good(), "grant_management_action", "merge"),
            request,
            "grant_id_missing",
        ),
        (
            "create with a grant",
            and(and(good(), "grant_management_action", "create"), "grant_id", NOBODY),
            request,
            "grant_id_refused",
        ),
        (
            "an unknown action",
            and(good(), "grant_management_action", "delete"),
            request,
            "grant_action_unknown",
        ),
        ("a parameter twice", and(good(), "state", "x"), request, "duplicate_parameter"),
    ] {
        let refused = bank.push(&form).await;
        assert_eq!(refused.body["error"], error, "{case}: {}", refused.text());
        refused.refused(case, 400, error, reason);
        assert!(refused.body.get("request_uri").is_none(), "{case}");
    }
    assert_eq!((app.count().await, app.waiting().await.is_none()), (before, true));
    assert_eq!(bank.push(&good()).await.status, 201);
}

/// RFC 9396 §2, RFC 9126 §2.3; and what a proper request may look like.
async fn details_and_bodies_that_are_none_are_refused_and_odd_ones_taken(app: &mut TestApp) {
    let (bank, before) = (app.bank(), app.count().await);
    let good = || bank.push_form(&verification());
    let details = "invalid_authorization_details";
    for (case, member, value) in [
        ("another type", "type", json!("payment_initiation")),
        ("an unknown member", "privileges", json!(["admin"])),
        ("writing", "actions", json!(["write"])),
        ("a type of another kind", "datatypes", json!("person.full_name")),
        ("no field", "datatypes", json!([])),
        ("nobody", "subject", json!({})),
        ("two names", "subject", json!({ "national_id": CITIZEN, "handle": "x" })),
    ] {
        let refused = bank.push(&bank.push_form(&jws::with(&verification(), member, value))).await;
        assert_eq!((refused.status, refused.at("/error")), (400, details), "{case}: {}", refused.text());
    }
    let two = json!([verification(), verification()]).to_string();
    let refused = bank.push(&bent(good(), "authorization_details", &two)).await;
    assert_eq!((refused.status, refused.at("/error")), (400, details), "no bundling");
    let body = serde_urlencoded::to_string(good()).unwrap().into_bytes();
    let json = bank.post("/oauth/par", body, &[("content-type", "application/json")]).await;
    assert_eq!(json.status, 415);
    let endless = bank.push(&and(good(), "x", &"x".repeat(70_000))).await;
    assert_eq!(endless.status, 413);
    assert_eq!((app.count().await, app.waiting().await.is_none()), (before, true));
    // A long state and an OpenID Connect nonce of 64 characters are as good as none.
    let state = "s".repeat(1500);
    let pushed = bank.push(&and(bent(good(), "state", &state), "nonce", &"n".repeat(64))).await;
    assert_eq!((pushed.status, &pushed.body["expires_in"]), (201, &json!(300)));
    assert_eq!(pushed.header("cache-control"), "no-cache, no-store");
    bank.arrives(pushed.at("/request_uri")).await.unwrap();
    let location = app.answers(Said::No).await.location.unwrap();
    assert!(
        location.contains(&state) && location.contains("error=access_denied") && location.contains("iss=")
    );
    assert!(!location.contains("grant_id") && !location.contains("code="), "{location}");
}

/// FAPI 2.0 §5.3.2.1 items 6 and 8, at the two doors where people are asked.
async fn a_wrong_assertion_or_proof_asks_nobody(app: &mut TestApp) {
    let (bank, before) = (app.bank(), app.count().await);
    let hint = handle(app, "ngan-hang-thu-nghiem").await;
    let stranger = PrivateJwk::generate(Algorithm::Es256).unwrap();
    let (header, claims) = (bank.assertion_header(), bank.assertion_claims());
    let claim = |name: &str, value: Value| jws::signed(&header, &jws::with(&claims, name, value), bank.key);
    let cases = [
        ("none", jws::unsigned(&header, &claims), "jwt_algorithm"),
        ("RS256", jws::signed(&jws::with(&header, "alg", "RS256"), &claims, bank.key), "jwt_algorithm"),
        ("a stranger's", jws::signed(&header, &claims, &stranger), "jwt_signature"),
        ("for an array", claim("aud", json!([ISSUER])), "assertion_audience"),
        ("for pushed requests", claim("aud", format!("{ISSUER}/oauth/par").into()), "assertion_audience"),
        (
            "for the backchannel",
            claim("aud", format!("{ISSUER}/oauth/bc-authorize").into()),
            "assertion_audience",
        ),
        ("over", claim("exp", bank.now().into()), "assertion_expired"),
        ("a minute early", claim("iat", (bank.now() + 61).into()), "assertion_not_yet_valid"),
    ];
    let forms = [
        ("/oauth/par", bank.push_form(&verification())),
        ("/oauth/bc-authorize", bank.absent_form(&verification(), ("login_hint", &hint))),
    ];
    for (path, form) in &forms {
        for (case, assertion, reason) in &cases {
            let form = bent(form.clone(), "client_assertion", assertion);
            let refused = bank.post_form(path, &form, &[]).await;
            refused.refused(&format!("{path}: {case}"), 401, "invalid_client", reason);
        }
        let mut bare = form.clone();
        bare.retain(|pair| !pair.0.starts_with("client_assertion"));
        let refused = bank.post_form(path, &and(bare.clone(), "client_id", bank.client_id), &[]).await;
        refused.refused(path, 401, "invalid_client", "client_authentication_missing");
        let secret = and(and(bare, "client_id", bank.client_id), "client_secret", "s");
        let refused = bank.post_form(path, &secret, &[]).await;
        refused.refused(path, 401, "invalid_client", "client_secret_refused");
    }
    // A proof beside a pushed request is not needed; a bad one is refused all the same (RFC 9449 §10.1).
    let par = format!("{ISSUER}/oauth/par");
    let proof = |claims: &Value| jws::signed(&bank.proof_header(), claims, bank.key);
    let nonce = bank.nonce().await;
    let good = bank.proof_claims(&par, None, Some(&nonce));
    let elsewhere = bank.proof_claims(&format!("{ISSUER}/oauth/token"), None, Some(&nonce));
    for (case, proofs, error, reason) in [
        ("no nonce", vec![proof(&jws::without(&good, "nonce"))], "use_dpop_nonce", "dpop_nonce_missing"),
        ("for the token endpoint", vec![proof(&elsewhere)], "invalid_dpop_proof", "dpop_htu"),
        ("another method", vec![proof(&jws::with(&good, "htm", "GET"))], "invalid_dpop_proof", "dpop_htm"),
        ("two", vec![proof(&good), proof(&good)], "invalid_dpop_proof", "dpop_several"),
        ("none at all", vec!["x".to_owned()], "invalid_dpop_proof", "jwt_form"),
    ] {
        let headers: Vec<(&str, &str)> = proofs.iter().map(|proof| ("dpop", proof.as_str())).collect();
        let refused = bank.post_form("/oauth/par", &bank.push_form(&verification()), &headers).await;
        refused.refused(case, 400, error, reason);
        assert!(!refused.header("dpop-nonce").is_empty(), "{case}");
    }
    assert_eq!((app.count().await, app.waiting().await.is_none()), (before, true));
    for (path, form) in &forms {
        let taken = bank.post_form(path, form, &[]).await;
        assert!(matches!(taken.status, 200 | 201), "{path}: {}", taken.text());
    }
}

/// RFC 9101, FAPI 2.0 Message Signing §5.3.
async fn a_request_object_that_is_not_good_is_refused(app: &mut TestApp) {
    let signer = app.caller("ngan-hang.ky-so");
    let now = signer.now();
    let header = json!({ "typ": "oauth-authz-req+jwt", "alg": "ES256", "kid": signer.key.kid() });
    let claims = json!({
        "iss": signer.client_id, "client_id": signer.client_id, "aud": ISSUER, "nbf": now, "exp": now + 300,
        "response_type": "code", "response_mode": "jwt", "redirect_uri": signer.redirect_uri(), "state": "s-1",
        "code_challenge": minhbach::protocol::pkce::challenge(VERIFIER), "code_challenge_method": "S256",
        "authorization_details": [verification()],
    });
    let push = async |object: String| {
        let mut form = signer.authentication();
        form.push(("client_id", signer.client_id.to_owned()));
        form.push(("request", object));
        signer.push(&form).await
    };
    let sign = |header: &Value, claims: &Value| jws::signed(header, claims, signer.key);
    let claim = |name: &str, value: Value| sign(&header, &jws::with(&claims, name, value));
    let head = |name: &str, value: Value| sign(&jws::with(&header, name, value), &claims);
    let stranger = PrivateJwk::generate(Algorithm::Es256).unwrap();
    let object = "invalid_request_object";
    for (case, compact, reason) in [
        ("none", jws::unsigned(&header, &claims), "jwt_algorithm"),
        ("RS256", head("alg", "RS256".into()), "jwt_algorithm"),
        ("HS256", jws::confused(&header, &claims, signer.key), "jwt_algorithm"),
        ("a stranger's", jws::signed(&header, &claims, &stranger), "jwt_signature"),
        ("another kid", head("kid", "k2".into()), "request_object_unknown_key"),
        ("a plain JWT", head("typ", "JWT".into()), "request_object_type"),
        ("an assertion", signer.assertion(), "request_object_type"),
        ("another client's", claim("iss", "ngan-hang.xac-minh".into()), "request_object_client"),
        ("for another", claim("aud", "https://as.example".into()), "request_object_audience"),
        ("for the endpoint", claim("aud", format!("{ISSUER}/oauth/par").into()), "request_object_audience"),
        ("over", claim("exp", now.into()), "request_object_expired"),
        ("for two hours", claim("exp", (now + 7200).into()), "request_object_too_long"),
        ("of an hour and a second ago", claim("nbf", (now - 3601).into()), "request_object_expired"),
        ("a minute early", claim("nbf", (now + 61).into()), "request_object_not_yet_valid"),
        ("no nbf", sign(&header, &jws::without(&claims, "nbf")), "request_object_claim"),
        ("no exp", sign(&header, &jws::without(&claims, "exp")), "request_object_claim"),
        ("one within", claim("request", "a.b.c".into()), "request_object_nested"),
        ("an address within", claim("request_uri", "urn:x".into()), "request_object_nested"),
        ("details in a string", claim("authorization_details", "[]".into()), "request_object_claim_type"),
        ("no JWT", "x".to_owned(), "jwt_form"),
    ] {
        push(compact).await.refused(case, 400, object, reason);
    }
    let invalid = "invalid_request";
    push(claim("response_mode", "query".into())).await.refused(
        "an answer in the clear",
        400,
        invalid,
        "response_mode_required",
    );
    push(claim("code_challenge_method", "plain".into())).await.refused(
        "plain PKCE",
        400,
        invalid,
        "code_challenge_method",
    );
    let mut beside = signer.authentication();
    beside.push(("request", sign(&header, &claims)));
    beside.push(("state", "x".to_owned()));
    let beside = signer.push(&beside).await;
    beside.refused("a parameter beside it", 400, invalid, "parameter_outside_request_object");

    let pushed = push(sign(&header, &claims)).await;
    assert_eq!(pushed.status, 201, "{}", pushed.text());
    signer.arrives(pushed.at("/request_uri")).await.unwrap();
    let location: url::Url = app.answers(Said::Yes(Vec::new())).await.location.unwrap().parse().unwrap();
    let answer: Vec<(String, String)> = location.query_pairs().into_owned().collect();
    assert_eq!(answer.len(), 1, "only the signed answer: {location}");
    let said = jws::claims(&answer[0].1);
    assert_eq!(
        (&answer[0].0, &said["iss"], &said["state"]),
        (&"response".to_owned(), &json!(ISSUER), &json!("s-1"))
    );
    assert_eq!(said["aud"], signer.client_id);
    signer.token_form(&signer.exchange(said["code"].as_str().unwrap())).await.ok();
}

/// RFC 9126 §4, FAPI 2.0 §5.3.2.2 items 3 and 12 with note 3.
async fn a_request_uri_is_its_clients_for_five_minutes_until_it_is_answered(app: &mut TestApp) {
    let (bank, ward) = (app.bank(), app.ward());
    let push = async || bank.push(&bank.push_form(&verification())).await.at("/request_uri").to_owned();
    let first = push().await;
    assert!(ward.arrives(&first).await.is_err(), "another client's");
    assert!(app.waiting().await.is_none());
    app.pass(Duration::from_secs(299));
    for _ in 0..3 {
        bank.arrives(&first).await.unwrap();
    }
    let asked = app.waiting().await.unwrap();
    // Asked, it may be opened for as long as it may be answered.
    app.pass(Duration::from_mins(10));
    bank.arrives(&first).await.unwrap();
    assert_eq!(app.waiting().await.unwrap().row.id, asked.row.id);
    app.answers(Said::No).await;
    assert!(bank.arrives(&first).await.is_err(), "answered");
    let late = push().await;
    app.pass(Duration::from_mins(5));
    assert!(bank.arrives(&late).await.is_err(), "over");
    assert!(app.waiting().await.is_none());
    // As a browser brings it: a page, and never on to an address that came with it.
    let browser = crate::support::browser::Browser::of_citizen(app, CITIZEN).await;
    let stolen = push().await;
    for (case, query) in [
        ("nothing", String::new()),
        (
            "not pushed",
            "?client_id=ngan-hang.xac-minh&response_type=code&redirect_uri=https%3A%2F%2Fevil.example"
                .to_owned(),
        ),
        ("over", format!("?client_id=ngan-hang.xac-minh&request_uri={late}")),
        ("another client's", format!("?client_id=ubnd.cong-dan&request_uri={stolen}")),
        ("of a client nobody knows", format!("?client_id=nobody&request_uri={stolen}")),
        ("twice", format!("?client_id=ngan-hang.xac-minh&client_id=ngan-hang.xac-minh&request_uri={stolen}")),
    ] {
        let page = browser.get(&format!("/oauth/authorize{query}")).await;
        assert_eq!((page.status, page.location()), (400, String::new()), "{case}: {}", page.text());
    }
    assert!(app.waiting().await.is_none());
    let page =
        browser.get(&format!("/oauth/authorize?client_id=ngan-hang.xac-minh&request_uri={stolen}")).await;
    assert!(page.status == 303 && page.location().starts_with("/requests/"), "{}", page.text());
    assert!(page.headers.get("access-control-allow-origin").is_none(), "no CORS where people are asked");
}

/// RFC 9449 §10: by `dpop_jkt`, or by a proof beside the pushed request.
async fn a_code_bound_to_a_key_is_worth_nothing_with_another(app: &mut TestApp) {
    let bank = app.bank();
    let other = PrivateJwk::generate(Algorithm::Es256).unwrap();
    let prover = bank.with_key(&other);
    let par = format!("{ISSUER}/oauth/par");
    let (mine, theirs) = (bank.key.public().thumbprint(), other.public().thumbprint());
    let proof = |nonce: &str| {
        jws::signed(&prover.proof_header(), &prover.proof_claims(&par, None, Some(nonce)), &other)
    };
    let nonce = bank.nonce().await;
    let mismatch = and(bank.push_form(&verification()), "dpop_jkt", mine);
    let mismatch = bank.post_form("/oauth/par", &mismatch, &[("dpop", &proof(&nonce))]).await;
    mismatch.refused("two keys", 400, "invalid_request", "dpop_jkt_mismatch");
    let once = proof(&nonce);
    for by_proof in [false, true] {
        let mut form = bank.push_form(&verification());
        let pushed = if by_proof {
            bank.post_form("/oauth/par", &form, &[("dpop", &once)]).await
        } else {
            form.push(("dpop_jkt", theirs.to_owned()));
            bank.push(&form).await
        };
        assert_eq!(pushed.status, 201, "{}", pushed.text());
        bank.arrives(pushed.at("/request_uri")).await.unwrap();
        let location: url::Url = app.answers(Said::Yes(Vec::new())).await.location.unwrap().parse().unwrap();
        let code = location.query_pairs().find(|pair| pair.0 == "code").unwrap().1.into_owned();
        // The client's own assertion, and a proof by its usual key.
        let thief = bank.token_form(&bank.exchange(&code)).await;
        thief.refused("another key", 400, "invalid_grant", "code_other_key");
        let nonce = bank.nonce().await;
        let claims = prover.proof_claims(&format!("{ISSUER}/oauth/token"), None, Some(&nonce));
        let proof = jws::signed(&prover.proof_header(), &claims, &other);
        let token = bank.token_with(&bank.exchange(&code), &[proof]).await.access_token();
        assert_eq!(jws::claims(&token)["cnf"]["jkt"], theirs);
    }
    let again = bank.post_form("/oauth/par", &bank.push_form(&verification()), &[("dpop", &once)]).await;
    again.refused("the proof again", 400, "invalid_dpop_proof", "proof_replayed");
}
