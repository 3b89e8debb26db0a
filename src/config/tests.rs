//! The file as a whole: what loads, and that everything wrong is said at once.

use std::{fs, path::Path};

use super::*;

const SMALL: &str = r#"
issuer = "http://127.0.0.1:8443"
keys = "keys"
listen = { address = "127.0.0.1:8443" }
database = { url = "sqlite:a.db" }
log = { folder = "log" }
"#;

fn parse(text: &str) -> Result<Config, Vec<Problem>> {
    Config::parse(text, Path::new("/etc/minhbach"), None)
}

fn problems(text: &str) -> Vec<String> {
    parse(text).map_or_else(|found| found.iter().map(ToString::to_string).collect(), |_| Vec::new())
}

#[test]
fn the_sample_loads_as_it_is() {
    let config = parse(sample()).unwrap();
    assert_eq!(config.keys, Path::new("/etc/minhbach/keys"));
    assert_eq!(config.database.url.expose(), "sqlite:/etc/minhbach/minhbach.db");
    assert_eq!(config.origin(), "minhbach.example");
}

#[test]
fn every_example_of_the_sample_loads_too() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let made = rcgen::generate_simple_self_signed(["minhbach.example".to_owned()]).unwrap();
    for (certificate, key) in
        [("tls/server.pem", "tls/server.key"), ("sources/client.pem", "sources/client.key")]
    {
        write(certificate, &made.cert.pem());
        write(key, &made.signing_key.serialize_pem());
    }
    write("sources/ca.pem", &made.cert.pem());
    write("issuers/id.pem", &made.signing_key.serialize_pem());
    write("issuers/csgt.secret", "secret");
    let key = crate::jose::PrivateJwk::generate(crate::crypto::Algorithm::EdDsa).unwrap();
    write(
        "clients/csgt-vi-du.jwks.json",
        &serde_json::json!({ "keys": [key.public().to_value()] }).to_string(),
    );
    for (path, text) in policy::embedded().iter() {
        write(&format!("policies/{path}"), text);
    }
    let text: String = sample()
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(example) if !example.is_empty() && !example.starts_with(' ') => format!("{example}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let config = Config::parse(&text, folder.path(), None).unwrap();
    assert_eq!((config.clients.len(), config.officials.len(), config.issuers.len()), (1, 1, 2));
    assert_eq!(config.sources.len(), 1);
    let client = &config.clients[0];
    assert_eq!(client.redirect_uris, ["https://csgt.example/callback"]);
    let profile = &client.profile;
    assert!(profile.request_object.is_some() && profile.response_mode.is_some());
    assert!(profile.introspection.is_some() && profile.backchannel && profile.grant_management);
    assert_eq!(profile.scopes.len(), 2);
}

#[test]
fn everything_wrong_is_said_at_once() {
    let found = problems(
        r#"
issuer = "http://minhbach.example"
keys = "keys"
colour = "red"
listen = { address = "0.0.0.0:80" }
database = { url = "mysql://db" }
log = { folder = "log", mirror = "log", interval_ms = 5 }
limits = { no_record_per_hour = 0 }
telemetry = { trace_ratio = 2.0 }

[[agencies]]
id = "A 1"
name = { vi = "A", en = "A" }
contact = { name = "A", phone = "", email = "" }

[[clients]]
client_id = "one two"
agency = "nobody"
name = "One"
jwks = { keys = [{ kty = "OKP", crv = "Ed25519", x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }] }
purposes = ["spying.general"]
actor_issuers = [{ issuer = "https://sso.example", audiences = ["a"] }]

[[clients]]
client_id = "two"
agency = "A 1"
name = "Two"
jwks_file = "missing.json"

[[clients]]
client_id = "three"
agency = "A 1"
name = "Three"
jwks = { keys = [{ kty = "EC" }] }

[[clients]]
client_id = "four"
agency = "A 1"
naem = "Four"

[[clients]]
client_id = "five"
agency = "A 1"
name = "Five"
jwks = { keys = [] }

[[officials]]
agency = "nobody"
id = "cb-1"
unit = "U"
issuer = "https://sso.example"

[[officials]]
agency = "nobody"
id = "cb-1"
unit = "U"

[[sources]]
id = "horoscopes"
url = "http://register.example/"
id_pointer = "/id"
fields = { "person.full_name" = { pointer = "/name" } }

[[issuers]]
issuer = "https://id.example"
client_id = "minhbach"
authentication = { private_key_jwt = { key_file = "missing.pem" } }
role = { official = { agency = "elsewhere" } }
display_name = { vi = "A", en = "A" }
"#,
    );
    for expected in [
        "issuer: must be https",
        "colour: is not a section",
        "listen.address: plain http on `0.0.0.0:80`",
        "database.url: must be",
        "log.interval_ms",
        "log.mirror",
        "limits: ",
        "telemetry: ",
        "agencies[0].id",
        "agencies[0].contact",
        "clients[0]: `client_id`",
        "clients[4]: the key set has no usable",
        "clients[0].agency: there is no agency `nobody`",
        "clients[0].purposes: there is no purpose `spying.general`",
        "clients[0].actor_issuers: `https://sso.example`",
        "missing.json",
        "clients[2]",
        "clients[3]: unknown field `naem`",
        "officials[0]: `issuer` and `sub` need each other",
        "officials[0].agency",
        "plain http is for the loopback",
        "the catalogue knows no source `horoscopes`",
        "issuers[0].role: there is no agency `elsewhere`",
        "missing.pem",
    ] {
        assert!(found.iter().any(|problem| problem.contains(expected)), "{expected}\n{}", found.join("\n"));
    }
}

#[test]
fn a_client_that_could_not_do_what_it_is_for_is_a_problem() {
    let text = r#"
[[agencies]]
id = "a-1"
name = { vi = "A", en = "A" }
contact = { name = "A", phone = "1", email = "" }

[[clients]]
client_id = "six"
agency = "a-1"
name = "Six"
jwks = { keys = [{ kty = "OKP", crv = "Ed25519", x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }] }
purposes = ["private.bank_verification"]
scopes = ["me.history"]

[[clients]]
client_id = "seven"
agency = "a-1"
name = "Seven"
jwks = { keys = [{ kty = "OKP", crv = "Ed25519", x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }] }
redirect_uris = ["http://seven.example/back"]

[[clients]]
client_id = "eight"
agency = "a-1"
name = "Eight"
jwks = { keys = [] }
response_mode = "query"
"#;
    let found = problems(&format!("{SMALL}{text}"));
    for expected in [
        "purposes: `private.bank_verification` rests on consent",
        ": `scopes` need",
        ": `redirect_uris`: `http://seven.example/back` must be https",
        "clients[2]: unknown variant `query`",
    ] {
        assert!(found.iter().any(|problem| problem.contains(expected)), "{expected}\n{}", found.join("\n"));
    }
    assert_eq!(found.len(), 4, "{found:?}");
}

#[test]
fn missing_sections_are_all_named() {
    let found = problems("");
    assert_eq!(found.len(), 5, "{found:?}");
}

#[test]
fn a_small_file_is_enough_and_an_issuer_is_compared_letter_by_letter() {
    assert_eq!(problems(SMALL), Vec::<String>::new());
    for wrong in [
        "http://127.0.0.1:8443/",
        "http://127.0.0.1:8443/a",
        "HTTP://127.0.0.1:8443",
        "https://a.example:443",
    ] {
        let found = problems(&SMALL.replace("http://127.0.0.1:8443\"", &format!("{wrong}\"")));
        assert!(found.len() == 1 && found[0].contains("scheme, host and port"), "{wrong}: {found:?}");
    }
}

#[test]
fn a_proxy_that_speaks_tls_allows_any_address() {
    let open = SMALL.replace(
        "listen = { address = \"127.0.0.1",
        "listen = { behind_tls_proxy = true, address = \"0.0.0.0",
    );
    assert_eq!(problems(&open), Vec::<String>::new());
}

#[test]
fn the_environment_replaces_the_address_of_the_database() {
    let config =
        Config::parse(SMALL, Path::new("/"), Some("postgres://me:hidden@db/minhbach".to_owned())).unwrap();
    assert_eq!(config.database.url.expose(), "postgres://me:hidden@db/minhbach");
    assert!(!format!("{config:?}").contains("hidden"));
}

#[test]
fn a_syntax_error_names_its_line_and_quotes_nothing() {
    let found = problems(&SMALL.replace("\"sqlite:a.db\"", "\"postgres://u:hidden@h"));
    assert!(found.len() == 1 && found[0].starts_with("line ") && !found[0].contains("hidden"), "{found:?}");
}
