//! The building code: which room of `src/` may import which. Imports go down, never up or sideways; each heavy
//! foreign crate has a home; the clock is read in `time` only. Changing a table here is changing the house.
//! Text-based: paths made by macros escape it.

use std::{fs, iter, path::Path};

#[path = "architecture/planted.rs"]
mod planted;
#[path = "architecture/tokens.rs"]
mod tokens;

/// `(floor, step, rooms)`: a room imports only rooms that stand strictly lower.
const PLAN: &[(u8, u8, &[&str])] = &[
    (0, 0, &["time", "secret", "crypto", "json"]),
    (0, 1, &["id", "limit", "telemetry", "i18n"]),
    (1, 0, &["protocol", "merkle", "jose"]),
    (1, 1, &["domain"]),
    (2, 0, &["keyring", "objects", "store", "outbound"]),
    (3, 0, &["policy", "tokens", "vault", "registry"]),
    (3, 1, &["ledger"]),
    (3, 2, &["engines"]),
    (3, 3, &["standing"]),
    (4, 0, &["consent"]),
    (4, 1, &["admin", "oauth", "login", "gateway", "history", "notices", "people"]),
    (5, 0, &["http"]),
    (6, 0, &["config"]),
    (6, 1, &["app"]),
    (6, 2, &["demo"]),
    (6, 3, &["cli"]),
];

/// `(crate, rooms that may name it)`; files of tests may name any.
const HOMES: &[(&str, &[&str])] = &[
    ("ring", &["crypto"]),
    ("sqlx", &["store"]),
    ("actix_web", &["http", "app", "demo"]),
    ("cedar_policy", &["policy"]),
    ("openidconnect", &["login"]),
    ("jsonwebtoken", &["jose"]),
    ("reqwest", &["outbound"]),
    ("object_store", &["objects"]),
];

const CLOCKS: &[&str] = &["SystemTime", "Utc", "Local", "Timestamp", "Zoned"];

fn height(room: &str) -> Option<(u8, u8)> {
    PLAN.iter().find(|(_, _, rooms)| rooms.contains(&room)).map(|(floor, step, _)| (*floor, *step))
}

/// The first segments behind a `crate::` or `super::`, groups opened: `{a, b::{c, d}}` gives `a`, `b`.
fn heads(after: &[String]) -> Vec<&str> {
    if after.first().is_none_or(|token| token != "{") {
        return after.first().map(String::as_str).into_iter().collect();
    }
    let (mut depth, mut found) = (0_usize, Vec::new());
    for (before, token) in after.iter().zip(after.iter().skip(1)) {
        depth = match before.as_str() {
            "{" => depth + 1,
            "}" => depth - 1,
            _ => depth,
        };
        if depth == 0 {
            break;
        }
        if depth == 1 && (before == "{" || before == ",") && token != "}" {
            found.push(token.as_str());
        }
    }
    found
}

/// Every breach of the building code in one file; `path` is relative to `src/`.
fn violations(path: &str, text: &str) -> Vec<String> {
    let room = path.split('/').next().unwrap_or_default().trim_end_matches(".rs");
    let is_root = matches!(path, "lib.rs" | "main.rs");
    let entrance = path == format!("{room}.rs") || path == format!("{room}/mod.rs");
    let own = height(room);
    let mut found = Vec::new();
    let mut say = |what: String| found.push(format!("{path}: {what}"));
    if !is_root && own.is_none() {
        say(format!("room `{room}` is missing from the plan"));
    }
    if text.lines().count() > 500 {
        say("over 500 lines".to_owned());
    }
    let is_test = path.ends_with("/tests.rs") || path.contains("/tests/");
    let tokens = tokens::of(text);
    let at = |i: usize| tokens.get(i).map_or("", String::as_str);
    for (i, token) in tokens.iter().enumerate() {
        let segment = i > 1
            && at(i - 1) == "::"
            && at(i - 2) != "use"
            && at(i - 2).chars().all(|c| c.is_alphanumeric() || "_>".contains(c));
        let behind = heads(tokens.get(i + 2..).unwrap_or_default());
        match (token.as_str(), at(i + 1)) {
            ("crate", "::") if !is_root => {
                for head in behind.into_iter().filter(|head| *head != room) {
                    match height(head) {
                        None => say(format!("`crate::{head}` is not a room of the plan")),
                        to if to >= own => say(format!("`{room}` imports `{head}`, which is not below it")),
                        _ => {}
                    }
                }
            }
            ("crate", "as") if !is_root => say("`crate` under another name".to_owned()),
            ("super", "::") if !segment && behind.contains(&"super") => say("`super::super::`".to_owned()),
            ("super", "::") if entrance && behind.iter().any(|h| *h != room && height(h).is_some()) => {
                say(format!("`super::{}` leaves the room", behind.join(", ")));
            }
            ("todo" | "unimplemented", "!") => say(format!("`{token}!`")),
            (clock, "::") if CLOCKS.contains(&clock) && at(i + 2) == "now" && path != "time.rs" => {
                say(format!("`{clock}::now` outside `time`"));
            }
            (name, next) if !segment && !is_test && !is_root => {
                let named = next == "::" || (matches!(at(i.saturating_sub(1)), "use" | "crate"));
                if let Some((name, homes)) = HOMES.iter().find(|(c, _)| named && *c == name)
                    && !homes.contains(&room)
                {
                    say(format!("`{name}` outside its home"));
                }
            }
            _ => {}
        }
    }
    found
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|p| if p.is_dir() { files(&p) } else { iter::once(p).collect() }).collect()
}

#[test]
fn the_house_stands_as_planned() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let all: Vec<_> = files(&src).into_iter().filter(|p| p.extension().is_some_and(|e| e == "rs")).collect();
    assert!(all.len() > 3, "no sources found under {}", src.display());
    let found: Vec<String> = all
        .iter()
        .flat_map(|p| {
            violations(&p.strip_prefix(&src).unwrap().to_string_lossy(), &fs::read_to_string(p).unwrap())
        })
        .collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}
