//! Requests as agencies make them.

use serde_json::{Value, json};

/// A citizen with a record in every register.
pub(crate) const CITIZEN: &str = "999000000015";
/// Another one.
pub(crate) const OTHER: &str = "999000000023";
/// In no register at all.
pub(crate) const NOBODY: &str = "999999999999";

/// Everything the licence purpose needs and may have.
pub(crate) const LICENCE_FIELDS: &[&str] = &[
    "person.full_name",
    "person.birth_date",
    "person.id_number",
    "person.nationality",
    "residence.permanent_address",
    "person.portrait",
    "driver.licence_no",
    "driver.licence_class",
    "driver.expiry_date",
    "health.fitness_certificate_result",
    "driver.has_points_left",
    "traffic.has_unpaid_fines",
];

fn detail(purpose: &str, national_id: &str, fields: &[&str]) -> Value {
    json!({
        "type": "urn:minhbach:personal-data", "purpose": purpose,
        "subject": { "national_id": national_id }, "actions": ["read"], "datatypes": fields,
        "basis": "statutory", "case": "H08.2026.000123",
    })
}

fn by(official: &str, mut detail: Value) -> Value {
    detail["official"] = json!({ "id": official });
    detail
}

/// To renew a driving licence: five uses, an asserted official of the police.
pub(crate) fn licence(national_id: &str, fields: &[&str]) -> Value {
    by("cb-0042", detail("driver.licence_renewal", national_id, fields))
}

/// To decide on unemployment benefit: one use, an asserted official of the social insurance.
pub(crate) fn benefit(national_id: &str, fields: &[&str]) -> Value {
    by("cb-0201", detail("unemployment.benefit", national_id, fields))
}

/// To issue a passport: the official must prove that she signed in.
pub(crate) fn passport(national_id: &str, fields: &[&str]) -> Value {
    detail("passport.issuance", national_id, fields)
}

/// For a purpose without anything special.
pub(crate) fn plain(purpose: &str, official: Option<&str>, fields: &[&str]) -> Value {
    let detail = detail(purpose, CITIZEN, fields);
    match official {
        Some(official) => by(official, detail),
        None => detail,
    }
}
