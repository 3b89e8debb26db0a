//! Client authentication (FAPI 2.0 Security Profile §5.3.2.1): every way in which an assertion can be wrong.

use minhbach::{crypto::Algorithm, jose::PrivateJwk, protocol::token::ASSERTION_TYPE};
use serde_json::{Value, json};

use crate::support::{
    ISSUER, TestApp,
    client::{Caller, Form},
    detail::{CITIZEN, licence},
    jws, on_both,
};

on_both! {
    a_wrong_assertion_is_always_invalid_client_and_leaves_nothing,
    clocks_that_differ_a_little_are_no_error,
    other_ways_to_authenticate_do_not_exist,
    an_assertion_works_once_even_across_a_restart_and_at_every_endpoint,
}

fn form_with(caller: &Caller<'_>, assertion: String) -> Form {
    let mut form = caller.form(&licence(CITIZEN, &["person.full_name"]));
    form.retain(|(name, _)| *name != "client_assertion");
    form.push(("client_assertion", assertion));
    form
}

async fn a_wrong_assertion_is_always_invalid_client_and_leaves_nothing(app: &mut TestApp) {
    let before = app.count().await;
    let police = app.police();
    let (header, claims, now) = (police.assertion_header(), police.assertion_claims(), police.now());
    let stranger = PrivateJwk::generate(Algorithm::Es256).unwrap();
    let insurance = &app.keys["bhxh.che-do"];
    let sign = |header: &Value, claims: &Value| jws::signed(header, claims, police.key);
    let claim = |member: &str, value: Value| sign(&header, &jws::with(&claims, member, value));
    let head = |member: &str, value: Value| sign(&jws::with(&header, member, value), &claims);
    let good = sign(&header, &claims);
    let endpoint = format!("{ISSUER}/oauth/token");
    let cases: Vec<(&str, String, &str)> = vec![
        // aud: the issuer, as one string, and nothing else
        ("aud array", claim("aud", json!([ISSUER])), "assertion_audience"),
        ("aud array of two", claim("aud", json!([ISSUER, endpoint])), "assertion_audience"),
        ("aud token endpoint", claim("aud", endpoint.into()), "assertion_audience"),
        ("aud pushed requests", claim("aud", format!("{ISSUER}/oauth/par").into()), "assertion_audience"),
        ("aud with slash", claim("aud", format!("{ISSUER}/").into()), "assertion_audience"),
        ("aud another", claim("aud", "https://as.example".into()), "assertion_audience"),
        ("no aud", sign(&header, &jws::without(&claims, "aud")), "jwt_claims"),
        // times
        ("expired", claim("exp", (now - 1).into()), "assertion_expired"),
        ("expires now", claim("exp", now.into()), "assertion_expired"),
        ("six minutes", claim("exp", (now + 360).into()), "assertion_too_long"),
        ("exp in a string", claim("exp", (now + 60).to_string().into()), "jwt_claims"),
        ("no exp", sign(&header, &jws::without(&claims, "exp")), "jwt_claims"),
        ("iat 61 s ahead", claim("iat", (now + 61).into()), "assertion_not_yet_valid"),
        ("iat an hour ahead", claim("iat", (now + 3600).into()), "assertion_not_yet_valid"),
        ("nbf 61 s ahead", claim("nbf", (now + 61).into()), "assertion_not_yet_valid"),
        ("nbf in a string", claim("nbf", now.to_string().into()), "jwt_claims"),
        ("iat null", claim("iat", Value::Null), "jwt_claims"),
        // who
        ("iss another", claim("iss", "bhxh.che-do".into()), "assertion_client"),
        ("sub another", claim("sub", "bhxh.che-do".into()), "assertion_client"),
        ("no iss", sign(&header, &jws::without(&claims, "iss")), "jwt_claims"),
        ("no sub", sign(&header, &jws::without(&claims, "sub")), "jwt_claims"),
        ("no jti", sign(&header, &jws::without(&claims, "jti")), "jwt_claims"),
        ("empty jti", claim("jti", "".into()), "assertion_jti"),
        ("endless jti", claim("jti", "j".repeat(257).into()), "assertion_jti"),
        // algorithms and keys
        ("RS256", head("alg", "RS256".into()), "jwt_algorithm"),
        ("ES384", head("alg", "ES384".into()), "jwt_algorithm"),
        ("none", jws::unsigned(&header, &claims), "jwt_algorithm"),
        ("HS256 with the public key", jws::confused(&header, &claims, police.key), "jwt_algorithm"),
        ("no alg", sign(&jws::without(&header, "alg"), &claims), "jwt_algorithm"),
        ("EdDSA of an EC key", head("alg", "EdDSA".into()), "assertion_unknown_key"),
        ("a stranger's key", jws::signed(&header, &claims, &stranger), "jwt_signature"),
        ("another client's key", jws::signed(&header, &claims, insurance), "jwt_signature"),
        ("unknown kid", head("kid", "k2".into()), "assertion_unknown_key"),
        (
            "its own key",
            jws::signed(&jws::with(&header, "jwk", stranger.public().bare()), &claims, &stranger),
            "jwt_signature",
        ),
        // form
        ("typ of a proof", head("typ", "dpop+jwt".into()), "assertion_type"),
        ("typ of a token", head("typ", "at+jwt".into()), "assertion_type"),
        ("crit", head("crit", json!(["exp"])), "jwt_header"),
        ("jku", head("jku", "https://a.example/jwks".into()), "jwt_header"),
        ("x5u", head("x5u", "https://a.example/x5u".into()), "jwt_header"),
        ("no signature", good.rsplit_once('.').unwrap().0.to_owned() + ".", "jwt_signature"),
        ("two parts", good.rsplit_once('.').unwrap().0.to_owned(), "jwt_form"),
        ("four parts", format!("{good}.x"), "jwt_form"),
        ("padding", format!("{good}="), "jwt_signature"),
        ("text", "no jwt".to_owned(), "jwt_form"),
        (
            "a claim twice",
            jws::compact(
                &header.to_string(),
                &claims.to_string().replacen('{', "{\"exp\":1,", 1),
                police.key,
            ),
            "jwt_claims",
        ),
        (
            "a member of the header twice",
            jws::compact(
                &header.to_string().replacen('{', "{\"alg\":\"none\",", 1),
                &claims.to_string(),
                police.key,
            ),
            "jwt_header",
        ),
    ];
    for (case, assertion, reason) in cases {
        let reply = police.token_form(&form_with(&police, assertion.clone())).await;
        reply.refused(case, 401, "invalid_client", reason);
        assert_eq!(reply.at("/error_description"), "client authentication failed", "{case}");
        // Judged alike at the other endpoints that clients authenticate at.
        let mut form: Form =
            vec![("client_assertion_type", ASSERTION_TYPE.to_owned()), ("token", "x".to_owned())];
        form.push(("client_assertion", assertion));
        for path in ["/oauth/introspect", "/oauth/revoke"] {
            police.post_form(path, &form, &[]).await.refused(case, 401, "invalid_client", reason);
        }
    }
    assert_eq!(app.count().await, before);
    assert_eq!(
        crate::support::database::number(&app.engines().store, "SELECT count(*) FROM replay").await,
        0
    );
}

async fn clocks_that_differ_a_little_are_no_error(app: &mut TestApp) {
    let police = app.police();
    for (iat, nbf) in [(10, 10), (0, 0), (-60, -60), (5, -250)] {
        let mut claims = police.assertion_claims();
        claims["iat"] = (police.now() + iat).into();
        claims["nbf"] = (police.now() + nbf).into();
        for typ in [Some("client-authentication+jwt"), Some("JWT"), None] {
            claims["jti"] = police.name().into();
            let header = match typ {
                Some(typ) => jws::with(&police.assertion_header(), "typ", typ),
                None => jws::without(&police.assertion_header(), "typ"),
            };
            police.token_form(&form_with(&police, jws::signed(&header, &claims, police.key))).await.ok();
        }
    }
    let mut form = police.form(&licence(CITIZEN, &["person.full_name"]));
    form.push(("client_id", police.client_id.to_owned()));
    police.token_form(&form).await.ok();
}

async fn other_ways_to_authenticate_do_not_exist(app: &mut TestApp) {
    let before = app.count().await;
    let police = app.police();
    let detail = licence(CITIZEN, &["person.full_name"]);
    let without = |names: &[&str]| -> Form {
        police.form(&detail).into_iter().filter(|(name, _)| !names.contains(name)).collect()
    };
    let both = ["client_assertion", "client_assertion_type"];
    let and = |mut form: Form, name: &'static str, value: &str| {
        form.push((name, value.to_owned()));
        form
    };
    let cases = [
        ("nothing", without(&both), "client_authentication_missing"),
        ("a name alone", and(without(&both), "client_id", "csgt.giay-phep"), "client_authentication_missing"),
        (
            "an unknown name alone",
            and(without(&both), "client_id", "nobody"),
            "client_authentication_missing",
        ),
        (
            "a secret",
            and(and(without(&both), "client_id", "csgt.giay-phep"), "client_secret", "s"),
            "client_secret_refused",
        ),
        ("a secret besides", and(police.form(&detail), "client_secret", "s"), "client_secret_refused"),
        ("half", without(&["client_assertion_type"]), "client_assertion_incomplete"),
        ("the other half", without(&["client_assertion"]), "client_assertion_incomplete"),
        (
            "another type",
            and(
                without(&["client_assertion_type"]),
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:saml2-bearer",
            ),
            "client_assertion_type",
        ),
        ("somebody else's name", and(police.form(&detail), "client_id", "bhxh.che-do"), "assertion_client"),
    ];
    for (case, form, reason) in cases {
        police.token_form(&form).await.refused(case, 401, "invalid_client", reason);
    }
    // A client nobody knows reads like a client with another key.
    let ghost = Caller { client_id: "ghost", ..police.clone() };
    ghost.token(&detail).await.refused("unknown client", 401, "invalid_client", "assertion_unknown_key");
    // HTTP Basic, and credentials in the address, are not looked at.
    let nonce = police.nonce().await;
    let headers = [("authorization", "Basic Y3NndDpz"), ("dpop", &police.proof(&nonce))];
    let reply = police.post_form("/oauth/token", &without(&both), &headers).await;
    reply.refused("basic", 401, "invalid_client", "client_authentication_missing");
    let query = serde_urlencoded::to_string(police.authentication()).unwrap();
    let reply = police.post_form(&format!("/oauth/token?{query}"), &without(&both), &[]).await;
    reply.refused("in the address", 401, "invalid_client", "client_authentication_missing");
    assert_eq!(app.count().await, before);
}

async fn an_assertion_works_once_even_across_a_restart_and_at_every_endpoint(app: &mut TestApp) {
    let (used, refused, introspection) = {
        let police = app.police();
        let used = police.form(&licence(CITIZEN, &["person.full_name"]));
        police.token_form(&used).await.ok();
        // A refusal uses the assertion up as well, whether policy or syntax refuses.
        let refused = police.form(&licence(CITIZEN, &["person.sex"]));
        assert_eq!(police.token_form(&refused).await.status, 400);
        let malformed = police.form_of("[]");
        assert_eq!(police.token_form(&malformed).await.status, 400);
        police.token_form(&malformed).await.refused(
            "malformed again",
            401,
            "invalid_client",
            "assertion_replayed",
        );
        let mut introspection = police.form(&licence(CITIZEN, &["person.full_name"]));
        introspection.push(("token", "no token".to_owned()));
        police.post_form("/oauth/introspect", &introspection, &[]).await.ok();
        (used, refused, introspection)
    };
    let before = app.count().await;
    for restarted in [false, true] {
        if restarted {
            app.restart().await;
        }
        let police = app.police();
        for form in [&used, &refused, &introspection] {
            police.token_form(form).await.refused("replayed", 401, "invalid_client", "assertion_replayed");
            let mut form = form.clone();
            form.push(("token", "x".to_owned()));
            form.dedup_by_key(|(name, _)| *name);
            for path in ["/oauth/introspect", "/oauth/revoke"] {
                police.post_form(path, &form, &[]).await.refused(
                    path,
                    401,
                    "invalid_client",
                    "assertion_replayed",
                );
            }
        }
    }
    assert_eq!(app.count().await.tokens, before.tokens);
    assert_eq!(app.count().await.entries, before.entries, "a replay is no entry");
}
