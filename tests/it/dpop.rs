//! DPoP proofs at both endpoints that take them (RFC 9449): the suite's negative list, nonces, replay.

use std::time::Duration;

use minhbach::{crypto::Algorithm, jose::PrivateJwk};
use serde_json::{Value, json};

use crate::support::{
    DATA, ISSUER, TestApp,
    client::Caller,
    detail::{CITIZEN, licence},
    jws, on_both,
};

on_both! {
    a_wrong_proof_gets_no_token,
    a_wrong_proof_gets_no_data_and_costs_no_use,
    a_right_proof_may_look_different,
    nonces_are_asked_for_rotated_and_run_out,
    a_proof_works_once_even_across_a_restart,
}

/// Every way in which a proof of these claims can be wrong, with the reason. `ath` and the nonce are the caller's.
fn wrong_proofs(caller: &Caller<'_>, claims: &Value) -> Vec<(&'static str, Vec<String>, &'static str)> {
    let header = caller.proof_header();
    let sign = |header: &Value, claims: &Value| jws::signed(header, claims, caller.key);
    let claim = |member: &str, value: Value| vec![sign(&header, &jws::with(claims, member, value))];
    let no_claim = |member: &str| vec![sign(&header, &jws::without(claims, member))];
    let head = |member: &str, value: Value| vec![sign(&jws::with(&header, member, value), claims)];
    let no_head = |member: &str| vec![sign(&jws::without(&header, member), claims)];
    let stranger = PrivateJwk::generate(Algorithm::Es256).unwrap();
    let good = sign(&header, claims);
    let (now, htu) = (caller.now(), claims["htu"].as_str().unwrap());
    let mut private = header["jwk"].clone();
    private["d"] = caller.key.to_value()["d"].clone();
    let mut tampered = good.clone().into_bytes();
    let last = tampered.len() - 10;
    tampered[last] = if tampered[last] == b'A' { b'B' } else { b'A' };
    vec![
        ("no proof", vec![], "dpop_missing"),
        ("two proofs", vec![good.clone(), good.clone()], "dpop_several"),
        ("two in one header", vec![format!("{good}, {good}")], "dpop_several"),
        ("no jwt", vec!["no jwt".to_owned()], "jwt_form"),
        ("empty", vec![String::new()], "jwt_form"),
        ("no typ", no_head("typ"), "dpop_type"),
        ("another typ", head("typ", "JWT".into()), "dpop_type"),
        ("no alg", no_head("alg"), "jwt_algorithm"),
        ("no jwk", no_head("jwk"), "dpop_key"),
        ("RS256", head("alg", "RS256".into()), "jwt_algorithm"),
        ("none", vec![jws::unsigned(&header, claims)], "jwt_algorithm"),
        ("HS256", vec![jws::confused(&header, claims, caller.key)], "jwt_algorithm"),
        ("EdDSA of an EC key", head("alg", "EdDSA".into()), "jwt_key_mismatch"),
        ("private key inside", head("jwk", private), "dpop_key"),
        ("secret key inside", head("jwk", json!({ "kty": "oct", "k": "AAAA" })), "dpop_key"),
        (
            "point off the curve",
            head(
                "jwk",
                json!({ "kty": "EC", "crv": "P-256", "x": jws::encode([1; 32]), "y": jws::encode([1; 32]) }),
            ),
            "jwt_signature",
        ),
        ("another key inside", head("jwk", stranger.public().bare()), "jwt_signature"),
        ("bad signature", vec![String::from_utf8(tampered).unwrap()], "jwt_signature"),
        ("no jti", no_claim("jti"), "jwt_claims"),
        ("empty jti", claim("jti", "".into()), "dpop_jti"),
        ("endless jti", claim("jti", "j".repeat(257).into()), "dpop_jti"),
        ("no htm", no_claim("htm"), "jwt_claims"),
        ("another htm", claim("htm", "GET".into()), "dpop_htm"),
        ("lower-case htm", claim("htm", "post".into()), "dpop_htm"),
        ("no htu", no_claim("htu"), "jwt_claims"),
        ("another path", claim("htu", format!("{htu}/x").into()), "dpop_htu"),
        ("another host", claim("htu", "https://as.example/oauth/token".into()), "dpop_htu"),
        ("another port", claim("htu", htu.replace(":8080", "").into()), "dpop_htu"),
        ("another scheme", claim("htu", htu.replace("http:", "https:").into()), "dpop_htu"),
        ("no iat", no_claim("iat"), "jwt_claims"),
        ("iat in a string", claim("iat", now.to_string().into()), "jwt_claims"),
        // Checked although the nonce is good.
        ("an hour old", claim("iat", (now - 3600).into()), "dpop_time"),
        ("61 s old", claim("iat", (now - 61).into()), "dpop_time"),
        ("an hour early", claim("iat", (now + 3600).into()), "dpop_time"),
        ("61 s early", claim("iat", (now + 61).into()), "dpop_time"),
        ("not before a minute from now", claim("nbf", (now + 61).into()), "dpop_time"),
        ("expired", claim("exp", (now - 1).into()), "dpop_time"),
        (
            "a claim twice",
            vec![jws::compact(
                &header.to_string(),
                &claims.to_string().replacen('{', "{\"htm\":\"GET\",", 1),
                caller.key,
            )],
            "jwt_claims",
        ),
    ]
}

async fn a_wrong_proof_gets_no_token(app: &mut TestApp) {
    let before = app.count().await;
    let police = app.police();
    let detail = licence(CITIZEN, &["person.full_name"]);
    let nonce = police.nonce().await;
    let claims = police.proof_claims(&format!("{ISSUER}/oauth/token"), None, Some(&nonce));
    for (case, proofs, reason) in wrong_proofs(&police, &claims) {
        let reply = police.token_with(&police.form(&detail), &proofs).await;
        reply.refused(case, 400, "invalid_dpop_proof", reason);
        assert!(!reply.header("dpop-nonce").is_empty(), "{case}");
    }
    assert_eq!(app.count().await, before);
    // The same claims, with nothing wrong, get one.
    let proof = jws::signed(&police.proof_header(), &claims, police.key);
    police.token_with(&police.form(&detail), &[proof]).await.ok();
}

async fn a_wrong_proof_gets_no_data_and_costs_no_use(app: &mut TestApp) {
    let police = app.police();
    let token = police.token(&licence(CITIZEN, &["person.full_name"])).await.access_token();
    let other = police.token(&licence(CITIZEN, &["person.full_name"])).await.access_token();
    let before = app.count().await;
    let claims = police.proof_claims(DATA, Some(&token), None);
    let authorization = format!("DPoP {token}");
    let header = police.proof_header();
    let mut cases = wrong_proofs(&police, &claims);
    let of_other = police.proof_claims(DATA, Some(&other), None);
    cases.push(("ath of another token", vec![jws::signed(&header, &of_other, police.key)], "dpop_ath"));
    cases.push(("no ath", vec![jws::signed(&header, &jws::without(&claims, "ath"), police.key)], "dpop_ath"));
    let stranger = PrivateJwk::generate(Algorithm::Es256).unwrap();
    let thief = police.with_key(&stranger);
    cases.push(("another key", vec![thief.data_proof(&token)], "dpop_other_key"));
    let insurance = app.insurance();
    cases.push(("another client's key", vec![insurance.data_proof(&token)], "dpop_other_key"));
    for (case, proofs, reason) in cases {
        let reply = police.data_with(&authorization, &proofs, &[]).await;
        reply.challenged(case, "invalid_dpop_proof", reason);
    }
    assert_eq!(app.count().await, before);
    assert_eq!(app.registers.asked("population"), 0, "no source was asked");
    let proof = jws::signed(&header, &claims, police.key);
    police.data_with(&authorization, &[proof], &[]).await.ok();
}

async fn a_right_proof_may_look_different(app: &mut TestApp) {
    let police = app.police();
    let detail = licence(CITIZEN, &["person.full_name"]);
    let htu = format!("{ISSUER}/oauth/token");
    for (case, member, value) in [
        ("query", "htu", json!(format!("{htu}?a=b"))),
        ("fragment", "htu", json!(format!("{htu}#f"))),
        ("query and fragment", "htu", json!(format!("{htu}?a=b#f"))),
        ("capital scheme", "htu", json!(htu.replace("http", "HTTP"))),
        ("escaped letter", "htu", json!(htu.replace("token", "%74oken"))),
        ("10 s early", "iat", json!(police.now() + 10)),
        ("10 s old", "iat", json!(police.now() - 10)),
        ("60 s old", "iat", json!(police.now() - 60)),
        ("an unknown claim", "x", json!([1])),
        ("not before now", "nbf", json!(police.now() + 10)),
    ] {
        let nonce = police.nonce().await;
        let claims = jws::with(&police.proof_claims(&htu, None, Some(&nonce)), member, value);
        let proof = jws::signed(&police.proof_header(), &claims, police.key);
        let reply = police.token_with(&police.form(&detail), &[proof]).await;
        assert_eq!(reply.status, 200, "{case}: {}", reply.text());
    }
    // The header's name in capitals, as HTTP allows; an Ed25519 key for the proof, another for the assertion.
    let edwards = PrivateJwk::generate(Algorithm::EdDsa).unwrap();
    let prover = police.with_key(&edwards);
    for alg in ["EdDSA", "Ed25519"] {
        let nonce = police.nonce().await;
        let header = json!({ "typ": "dpop+jwt", "alg": alg, "jwk": edwards.public().bare() });
        let proof = jws::signed(&header, &police.proof_claims(&htu, None, Some(&nonce)), &edwards);
        let reply = police.post_form("/oauth/token", &police.form(&detail), &[("DPOP", &proof)]).await;
        let token = reply.access_token();
        assert_eq!(jws::claims(&token)["cnf"]["jkt"], edwards.public().thumbprint());
        let claims = prover.proof_claims(DATA, Some(&token), None);
        prover
            .data_with(&format!("DPoP {token}"), &[jws::signed(&header, &claims, &edwards)], &[])
            .await
            .ok();
    }
}

async fn nonces_are_asked_for_rotated_and_run_out(app: &mut TestApp) {
    let police = app.police();
    let detail = licence(CITIZEN, &["person.full_name"]);
    let htu = format!("{ISSUER}/oauth/token");
    let bare = || jws::signed(&police.proof_header(), &police.proof_claims(&htu, None, None), police.key);
    let before = app.count().await;
    let reply = police.token_with(&police.form(&detail), &[bare()]).await;
    reply.refused("none", 400, "use_dpop_nonce", "dpop_nonce_missing");
    let nonce = reply.header("dpop-nonce").to_owned();
    let reply = police.token_with(&police.form(&detail), &[police.proof("made up")]).await;
    reply.refused("made up", 400, "use_dpop_nonce", "dpop_nonce_stale");
    assert_eq!(app.count().await, before);
    let reply = police.token_with(&police.form(&detail), &[police.proof(&nonce)]).await.ok();
    assert_eq!(reply.header("dpop-nonce"), nonce, "the nonce of the same minute");
    app.pass(Duration::from_mins(1));
    let reply = police.token_with(&police.form(&detail), &[police.proof(&nonce)]).await.ok();
    assert_ne!(reply.header("dpop-nonce"), nonce, "the next one comes with a success");
    app.pass(Duration::from_mins(1));
    let reply = police.token_with(&police.form(&detail), &[police.proof(&nonce)]).await;
    reply.refused("old", 400, "use_dpop_nonce", "dpop_nonce_stale");

    // At the data endpoint a nonce may be left out, but not be wrong.
    let token = police.token(&detail).await.access_token();
    let with = |nonce: &str| {
        let claims = police.proof_claims(DATA, Some(&token), Some(nonce));
        jws::signed(&police.proof_header(), &claims, police.key)
    };
    let authorization = format!("DPoP {token}");
    let reply = police.data_with(&authorization, &[with("made up")], &[]).await;
    reply.challenged("made up", "use_dpop_nonce", "dpop_nonce_stale");
    let nonce = reply.header("dpop-nonce").to_owned();
    police.data_with(&authorization, &[with(&nonce)], &[]).await.ok();
}

async fn a_proof_works_once_even_across_a_restart(app: &mut TestApp) {
    let detail = licence(CITIZEN, &["person.full_name"]);
    let (proof, refused, token, data_proof) = {
        let police = app.police();
        let nonce = police.nonce().await;
        let (proof, refused) = (police.proof(&nonce), police.proof(&nonce));
        let token =
            police.token_with(&police.form(&detail), std::slice::from_ref(&proof)).await.access_token();
        let excess = police.form(&licence(CITIZEN, &["person.sex"]));
        assert_eq!(police.token_with(&excess, std::slice::from_ref(&refused)).await.status, 400);
        let data_proof = police.data_proof(&token);
        police.data_with(&format!("DPoP {token}"), std::slice::from_ref(&data_proof), &[]).await.ok();
        (proof, refused, token, data_proof)
    };
    let before = app.count().await;
    for restarted in [false, true] {
        if restarted {
            app.restart().await;
        }
        let police = app.police();
        for proof in [&proof, &refused] {
            let reply = police.token_with(&police.form(&detail), std::slice::from_ref(proof)).await;
            reply.refused("replayed", 400, "invalid_dpop_proof", "proof_replayed");
        }
        let reply = police.data_with(&format!("DPoP {token}"), std::slice::from_ref(&data_proof), &[]).await;
        reply.challenged("replayed", "invalid_dpop_proof", "proof_replayed");
        assert_eq!(app.count().await, before, "a replay is no entry and costs no use");
    }
}
