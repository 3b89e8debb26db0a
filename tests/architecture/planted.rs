//! The building code tried on planted texts: each breach is flagged, once, and nothing else is.

use crate::violations;

#[test]
fn planted_violations_are_flagged() {
    let planted: &[(&str, &str, &str)] = &[
        ("store/codes.rs", "use crate::http::State;", "imports `http`"),
        ("policy/mod.rs", "use crate::ledger::Entry;", "imports `ledger`"),
        ("jose.rs", "fn f() { crate::merkle::hash() }", "imports `merkle`"),
        ("domain/a.rs", "use crate::{\n    time::Millis,\n    store::{Tx, on},\n};", "imports `store`"),
        ("domain/a.rs", "use crate::{merkle::{self, hash::Leaf}, gateway};", "imports `gateway`"),
        ("domain/a.rs", "const A: &str = \"\\\"\"; use crate :: store;", "imports `store`"),
        ("domain/a.rs", "const A: char = '\"'; use crate::store;", "imports `store`"),
        ("domain/a.rs", "const A: &str = r#\"\"\"#; use crate::store;", "imports `store`"),
        ("domain/a.rs", "use crate::*;", "`crate::*`"),
        ("domain/a.rs", "use crate as house;", "another name"),
        ("domain/a/b.rs", "use super::super::super::store;", "super::super"),
        ("domain/a/b.rs", "use super::{super::store, c};", "super::super"),
        ("domain/mod.rs", "use super::store;", "leaves the room"),
        ("gateway/fetch.rs", "let c = reqwest::Client::builder();", "`reqwest`"),
        ("jose/jws.rs", "use ::ring::signature;", "`ring`"),
        ("oauth/token.rs", "use {serde::Serialize, sqlx::Row};", "`sqlx`"),
        ("oauth/token.rs", "use sqlx;", "`sqlx`"),
        ("oauth/token.rs", "let t = std::time::SystemTime::now();", "SystemTime::now"),
        ("oauth/token.rs", "let t = jiff::Timestamp\n::now();", "Timestamp::now"),
        ("oauth/token.rs", "fn f() { todo!(\"later\") }", "`todo!`"),
        ("util/strings.rs", "", "missing from the plan"),
        ("oauth/token.rs", &"//\n".repeat(501), "over 500 lines"),
    ];
    for (path, text, expected) in planted {
        let found = violations(path, text);
        assert!(found.len() == 1 && found[0].contains(expected), "{path}: {text:.80} gave {found:?}");
    }
}

#[test]
fn what_the_plan_allows_is_not_flagged() {
    let allowed: &[(&str, &str)] = &[
        ("http/token.rs", "use crate::{oauth::token, store::{Store, Tx}};\nuse actix_web::web;"),
        ("domain/a.rs", "use crate::{domain::b, jose, time::Millis};\npub(crate) fn f<'a>(x: &'a str) {}"),
        (
            "policy/mod.rs",
            "// use crate::ledger;\n/* sqlx::query */ const A: &str = \"crate::http todo!()\";",
        ),
        ("time.rs", "std::time::SystemTime::now()"),
        ("crypto/sign.rs", "use ring::signature; use super::random; mod t { use super::*; }"),
        ("policy/mod.rs", "use x::ring::y; let s = string::ring(); let ring = 1;"),
        ("login/tests.rs", "use actix_web::App;"),
        ("lib.rs", "pub mod store;"),
    ];
    for (path, text) in allowed {
        assert_eq!(violations(path, text), Vec::<String>::new(), "{path}");
    }
}
