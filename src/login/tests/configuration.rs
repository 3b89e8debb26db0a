use crate::login::{IssuerConfig, LoginError};

const GOOD: &str = r#"
issuer = "https://id.example"
client_id = "minhbach"
authentication = { private_key_jwt = { key_file = "/etc/minhbach/client.pem" } }
role = { official = { agency = "A01" } }
acr = { "urn:example:high" = 3 }
display_name = { vi = "Cán bộ", en = "Officials" }
"#;

fn problems(change: (&str, &str)) -> Vec<String> {
    let text = GOOD.replace(change.0, change.1);
    assert_eq!(text == GOOD, change == ("", ""), "{change:?}");
    toml::from_str::<IssuerConfig>(&text).unwrap().problems()
}

#[test]
fn a_sound_section_has_no_problems() {
    assert_eq!(problems(("", "")), Vec::<String>::new());
    assert_eq!(problems(("https://id.example", "http://127.0.0.1:8080/citizens")), Vec::<String>::new());
}

#[test]
fn contradictions_are_named() {
    for (from, to, said) in [
        ("https://id.example", "http://id.example", "https"),
        ("https://id.example", "http://127.0.0.1.id.example", "https"),
        ("https://id.example", "not an address", "is not an address"),
        ("https://id.example", "https://id.example?x=1", "neither query"),
        ("\"minhbach\"", "\"\"", "client_id"),
        ("= 3", "= 5", "not 1 to 4"),
        ("\"A01\"", "\"\"", "agency"),
        ("role = {", "algorithms = []\nrole = {", "algorithms"),
        ("role = {", "claims = { national_id = \"id\" }\nrole = {", "only a citizen issuer"),
        ("role = { official = { agency = \"A01\" } }", "role = \"citizen\"", "needs `claims.national_id`"),
        (
            "private_key_jwt = { key_file = \"/etc/minhbach/client.pem\" }",
            "client_secret_basic = {}",
            "either",
        ),
    ] {
        let found = problems((from, to));
        assert!(found.len() == 1 && found[0].contains(said), "{to}: {found:?}");
    }
}

#[test]
fn what_nobody_knows_is_an_error() {
    for (from, to) in [
        ("client_id", "clientid = \"x\"\nclient_id"),
        ("agency = \"A01\"", "agency = \"A01\", unit = \"x\""),
        ("official =", "minister ="),
        ("role = {", "algorithms = [\"HS256\"]\nrole = {"),
        ("role = {", "algorithms = [\"none\"]\nrole = {"),
    ] {
        assert!(toml::from_str::<IssuerConfig>(&GOOD.replace(from, to)).is_err(), "{to}");
    }
}

#[test]
fn a_client_secret_is_not_in_the_debug_output() {
    let text = GOOD.replace(
        "private_key_jwt = { key_file = \"/etc/minhbach/client.pem\" }",
        "client_secret_basic = { client_secret = \"hush-hush\" }",
    );
    let config: IssuerConfig = toml::from_str(&text).unwrap();
    assert_eq!(config.problems(), Vec::<String>::new());
    assert!(!format!("{config:?}").contains("hush-hush"));
}

#[test]
fn an_unlisted_acr_is_the_lowest_level() {
    let config: IssuerConfig = toml::from_str(GOOD).unwrap();
    let levels = [Some("urn:example:high"), Some("urn:example:other"), None].map(|acr| config.assurance(acr));
    assert_eq!(levels, [3, 1, 1]);
}

#[test]
fn codes_are_stable_words() {
    let codes = [LoginError::StateMismatch.code(), LoginError::ClaimMissing("x".to_owned()).code()];
    assert_eq!(codes, ["login_state_mismatch", "login_claim_missing"]);
}
