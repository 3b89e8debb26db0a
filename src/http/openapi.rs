//! `GET /openapi.json`: every address that programs use, as OpenAPI 3.1, written by hand in `openapi.json`.
//!
//! The tests here hold the document to the routes; `tests/clients/openapi.test.mjs` holds it to a running service.

use actix_web::{HttpResponse, http::header};

const DOCUMENT: &str = include_str!("openapi.json");

/// `GET /openapi.json`.
pub async fn document() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .body(DOCUMENT)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::{
        domain::decision::Reason,
        http::{portal, routes},
    };

    fn parsed() -> Value {
        serde_json::from_str(DOCUMENT).unwrap()
    }

    /// `(method, path)` of every operation.
    fn documented() -> BTreeSet<(String, String)> {
        let document = parsed();
        let paths = document["paths"].as_object().unwrap();
        let operations = paths.iter().flat_map(|(path, item)| {
            item.as_object().unwrap().keys().map(move |method| (method.to_uppercase(), path.clone()))
        });
        operations.collect()
    }

    /// The first string literal behind each `opening` in a source file, with the method it stands for.
    fn routed(source: &str, opening: &str, method: &str) -> BTreeSet<(String, String)> {
        let code = source.replace(char::is_whitespace, "");
        let literals = code.split(opening).skip(1).filter_map(|rest| rest.split('"').next());
        literals.map(|path| (method.to_owned(), path.replace(":.*}", "}*"))).collect()
    }

    /// As [`routed`], of paths with several methods, which stand behind the path.
    fn several(source: &str) -> BTreeSet<(String, String)> {
        let code = source.replace(char::is_whitespace, "");
        let parts = code.split("service(several(\"").skip(1).map(|rest| rest.split('"'));
        parts
            .flat_map(|mut rest| {
                let path = rest.next().unwrap().to_owned();
                let methods: Vec<String> = rest.nth(1).unwrap().split(',').map(str::to_owned).collect();
                methods
                    .into_iter()
                    .filter(|method| method != "HEAD")
                    .map(move |method| (method, path.clone()))
            })
            .collect()
    }

    #[test]
    fn the_document_has_every_route_of_the_tables_and_no_other() {
        let tables = routes::ENDPOINTS.iter().chain(portal::ENDPOINTS);
        let listed: BTreeSet<_> =
            tables.map(|(method, path)| ((*method).to_owned(), path.replace("}*", "}"))).collect();
        assert_eq!(documented(), listed);
    }

    #[test]
    fn the_table_for_programs_has_every_route_and_no_other() {
        let source = include_str!("routes.rs");
        let mut routes = routed(source, "service(get(\"", "GET");
        routes.extend(routed(source, "service(post(\"", "POST"));
        routes.extend(several(source));
        let table: BTreeSet<_> =
            routes::ENDPOINTS.iter().map(|(m, p)| ((*m).to_owned(), (*p).to_owned())).collect();
        assert_eq!(routes, table);
    }

    #[test]
    fn the_table_of_the_portal_has_every_route_under_api_and_only_routes() {
        let source = include_str!("portal/mod.rs");
        let mut routes = routed(source, "service(get(\"", "GET");
        routes.extend(routed(source, "service(post(\"", "POST"));
        routes.insert(("POST".to_owned(), portal::BACKCHANNEL_LOGOUT.to_owned()));
        let table: BTreeSet<_> =
            portal::ENDPOINTS.iter().map(|(m, p)| ((*m).to_owned(), (*p).to_owned())).collect();
        let for_programs = routes.iter().filter(|(_, path)| path.starts_with("/api/"));
        assert!(for_programs.clone().count() > 3);
        assert!(for_programs.into_iter().all(|route| table.contains(route)), "{routes:?}");
        assert!(table.is_subset(&routes), "{table:?}");
    }

    #[test]
    fn every_outcome_has_an_example_or_says_that_it_has_no_body() {
        let document = parsed();
        let operations = document["paths"].as_object().unwrap().values();
        let answers = operations
            .flat_map(|item| item.as_object().unwrap().values())
            .flat_map(|operation| operation["responses"].as_object().unwrap().values());
        for answer in answers.chain(document["components"]["responses"].as_object().unwrap().values()) {
            for media in answer["content"].as_object().into_iter().flat_map(|content| content.values()) {
                let binary = media["schema"].get("contentMediaType").is_some();
                let itself = media["schema"] == serde_json::json!({ "type": "object" });
                let shown = media.get("examples").or_else(|| media.get("example")).is_some();
                assert!(shown || binary || itself, "{answer}");
            }
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn walk(value: &Value, document: &Value) {
            match value {
                Value::Object(members) => {
                    if let Some(Value::String(to)) = members.get("$ref") {
                        assert!(document.pointer(to.trim_start_matches('#')).is_some(), "{to}");
                    }
                    members.values().for_each(|member| walk(member, document));
                }
                Value::Array(items) => items.iter().for_each(|item| walk(item, document)),
                _ => {}
            }
        }
        let document = parsed();
        walk(&document, &document);
    }

    #[test]
    fn every_reason_of_a_refusal_is_in_the_document() {
        let document = parsed();
        let listed: BTreeSet<&str> = document["components"]["schemas"]["Reason"]["enum"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(listed, Reason::ALL.iter().map(|reason| reason.code()).collect());
    }
}
