//! One bad file, and nothing loads; the fault is named.

use super::*;

/// Loads the shipped policies with one text replaced, and gives back what was said.
fn with(path: &str, from: &str, to: &str) -> String {
    let mut files = embedded();
    let text = files.get(path).unwrap_or_else(|| panic!("no {path}"));
    assert!(text.contains(from), "{path} does not hold {from}");
    let text = text.replacen(from, to, 1);
    files.insert(path, text);
    said(&load(&files).expect_err("a bad file was loaded"))
}

const PURPOSE: &str = "purposes/driver.licence_renewal/purpose.toml";
const REVIEW: &str = "purposes/driver.licence_renewal/review.toml";
const RULES: &str = "purposes/driver.licence_renewal/rules.cedar";
const HEALTH: &str = "purposes/health.record_share/purpose.toml";
const TESTS: &str = "purposes/driver.licence_renewal/tests.toml";

/// A file, what to replace in it, with what, and what must be said of it.
const BAD: &[(&str, &str, &str, &str)] = &[
    // TOML that is not TOML, keys nobody reads, values of the wrong kind
    (PURPOSE, "status = \"active\"", "status = ", ":4: "),
    (PURPOSE, "max_uses = 5", "max_uses = 5\nmax_user = 5", "unknown field `max_user`"),
    (PURPOSE, "max_uses = 5", "", "missing field `max_uses`"),
    (PURPOSE, "max_uses = 5", "max_uses = 0", ":14: `max_uses` must lie between 1 and 20"),
    (PURPOSE, "max_lifetime_s = 300", "max_lifetime_s = 301", "between 1 and 300"),
    (PURPOSE, "official = \"asserted\"", "official = \"perhaps\"", ":11: unknown variant `perhaps`"),
    (PURPOSE, "assurance = 0", "assurance = 2", "nobody signs in"),
    (PURPOSE, "kind = \"statutory\"", "kind = \"habit\"", "unknown variant `habit`"),
    (PURPOSE, "confidence = \"V\"", "confidence = \"U\"", "needs a citation marked V or S"),
    (PURPOSE, "en = \"Driving licence renewal\"", "en = \"\"", "`title` needs a text in both languages"),
    // fields
    (PURPOSE, "\"person.nationality\"", "\"person.nationalty\"", "`person.nationalty` is not in fields.toml"),
    (PURPOSE, "\"person.nationality\"", "\"person.religion\"", "`person.religion` is never offered"),
    (PURPOSE, "\"person.nationality\"", "\"family.father\"", "about other people"),
    (PURPOSE, "\"person.nationality\"", "\"person.full_name\"", "named twice"),
    (
        PURPOSE,
        "\"person.nationality\"",
        "\"person.sex\"",
        "rules.cedar:11: the fields differ from those of the basis",
    ),
    (PURPOSE, "optional = [", "optional = [\"person.sex\", ", "optional but not among the fields"),
    ("fields.toml", "class = \"basic\"", "class = \"secret\"", "fields.toml:"),
    ("fields.toml", "decree = \"3(7)\"", "decree = \"4(7)\"", "not the article of its class"),
    (
        "fields.toml",
        "source = \"population\"",
        "source = \"popularity\"",
        "`popularity` is not in sources.toml",
    ),
    ("fields.toml", "years = 18", "years = 18, month = 3", "unknown field `month`"),
    (
        "fields.toml",
        "from = \"driver.points\"",
        "from = \"driver.pints\"",
        "`driver.pints`, which is not a field",
    ),
    ("fields.toml", "from = \"driver.points\"", "from = \"driver.licence_no\"", "does not take the value"),
    (
        "fields.toml",
        "about_others = true",
        "about_others = false",
        "purpose.cedar:25: does not name exactly the fields",
    ),
    ("sources.toml", "since = \"2026-01-01\"", "since = \"2026-02-30\"", "is not a date"),
    // the terms of consent and of emergencies
    (HEALTH, "[consent]", "[consnt]", "unknown field `consnt`"),
    (HEALTH, "validity_days = 30", "validity_days = 367", "`validity_days` must lie between 1 and 366"),
    (HEALTH, "max_uses = 10", "max_uses = 1001", "`max_uses` of a consent must lie between 1 and 1000"),
    (HEALTH, "n = 3", "n = 11", "`frequency` must lie between 1 and 10"),
    (HEALTH, "n = 3", "m = 3", "unknown field `m`"),
    (HEALTH, "per = \"day\"", "per = \"year\"", "unknown variant `year`"),
    (HEALTH, "answer_hours = 24", "answer_hours = 0", "`answer_hours` must lie between 1 and 720"),
    (
        HEALTH,
        "private_life = true",
        "private_life = true\nlapse_days = 31",
        "`lapse_days` must lie between 1 and 30",
    ),
    (
        HEALTH,
        "assurance = 3\nrefusing",
        "assurance = 0\nrefusing",
        "`assurance` of a consent goes from 1 to 4",
    ),
    (HEALTH, "refusing = { vi = \"", "refusing = { vi = \"\", xx = \"", "unknown field `xx`"),
    (HEALTH, "answer_hours = 24\n", "", "missing field `answer_hours`"),
    (HEALTH, "max_lifetime_s", "guardian_hidden = true\nmax_lifetime_s", "cannot be `guardian_hidden`"),
    (HEALTH, "max_minutes = 15", "max_minutes = 721", "`max_minutes` must lie between 1 and 720"),
    (HEALTH, "report_hours = 24", "report_hours = 25", "`report_hours` must lie between 1 and 24"),
    (HEALTH, "official = \"proved\"", "official = \"asserted\"", "`official` must be `proved`"),
    (HEALTH, "kind = \"emergency\"", "kind = \"contract\"", "`[emergency]` must be there exactly when"),
    (PURPOSE, "kind = \"statutory\"", "kind = \"emergency\"", "`[emergency]` must be there exactly when"),
    (PURPOSE, "kind = \"statutory\"", "kind = \"consent\"", "`[consent]` must be there exactly when"),
    // reviews
    (REVIEW, "next_review_due = \"2027", "next_review_due = \"soon", "not a date"),
    (REVIEW, "next_review_due = \"2027", "next_review_due = \"2025", "before the last one"),
    (REVIEW, "procedure_ref", "procedure", "review.toml:5: unknown field `procedure`"),
    // rules
    (RULES, "containsAll(resource.fields)", "containsAll(resource.fields", "rules.cedar:11: is not a rule"),
    (RULES, "@id(\"driver.licence_renewal.case\")", "", "a rule has no @id"),
    (RULES, "@reason(\"case_required\")", "", "has no @reason"),
    (RULES, "@reason(\"case_required\")", "@reason(\"case_wanted\")", "`case_wanted` is not a reason code"),
    (RULES, "@reason(\"case_required\")", "@reason(\"case_not_taken\")", "calls for a rule"),
    (
        RULES,
        "@id(\"driver.licence_renewal.case\")",
        "@id(\"driver.licence_renewal.official\")",
        "given twice",
    ),
    (
        RULES,
        "@id(\"driver.licence_renewal.case\")",
        "@id(\"x.case\")",
        "must begin with `driver.licence_renewal.`",
    ),
    (RULES, "Field::\"person.portrait\"", "Field::\"person.portait\"", "person.portait"),
    (RULES, "    MinhBach::Field::\"person.portrait\",\n", "", "fields differ from those of the basis"),
    (RULES, "Field::\"person.portrait\"", "Field::\"person.religion\"", "person.religion"),
    (RULES, "unless { resource.hasCase }", "unless { resource.hasCse }", "hasCse"),
    (RULES, "unless { context has official }", "unless { context.official.active }", "official"),
    (RULES, "resource.purpose == MinhBach::Purpose::\"driver.licence_renewal\" &&", "", "must say `when"),
    (RULES, "&& resource.basis == MinhBach::Basis::\"statutory\"", "", "permits, but not as one basis"),
    (RULES, "&& resource.basis ==", "|| resource.basis ==", "must say `when"),
    ("global/client.cedar", "forbid (", "permit (", "may only forbid"),
    ("global/client.cedar", "principal.suspended", "principal.suspendd", "client.cedar:3: "),
    // tests and schema
    (TESTS, "expect = \"allow\"", "expect = \"alow\"", "neither `allow` nor a reason code"),
    (TESTS, "rule = ", "ruler = ", "unknown field `ruler`"),
    (TESTS, "standing = [\"never_purpose\"", "standing = [\"never_mind\"", "unknown variant `never_mind`"),
    (
        "schema.cedarschema",
        "\"bank.account_no\"",
        "\"bank.acount_no\"",
        "schema.cedarschema:5: should read `\"bank.account_no\",`",
    ),
    (
        "schema.cedarschema",
        "suspended: Bool,",
        "suspended: Bool, vip?: Bool,",
        "should read `suspended: Bool,`",
    ),
];

#[test]
fn every_kind_of_bad_file_is_refused_with_its_name_and_reason() {
    let mut wrong = Vec::new();
    for (path, from, to, expected) in BAD {
        let said = with(path, from, to);
        let names_file = said.contains(path) || expected.contains(".cedar:");
        if !names_file || !said.contains(expected) {
            wrong.push(format!("{path}: {from} → {to}\n  wanted {expected}\n  said {said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_file_that_is_missing_or_has_no_place_is_refused() {
    for path in [
        "fields.toml",
        "sources.toml",
        "schema.cedarschema",
        "purposes/driver.licence_renewal/purpose.toml",
        "purposes/driver.licence_renewal/review.toml",
        "purposes/driver.licence_renewal/rules.cedar",
        "global/purpose.cedar",
    ] {
        let mut files = embedded();
        files.remove(path).unwrap();
        let said = said(&load(&files).unwrap_err());
        assert!(said.contains(path) || path.starts_with("global/"), "{path}: {said}");
    }
    for path in
        ["purposes/driver.licence_renewal/rule.cedar", "global/client.cedr", "notes.txt", "purposes/x.cedar"]
    {
        let mut files = embedded();
        files.insert(path, "");
        let said = said(&load(&files).unwrap_err());
        assert_eq!(said, format!("{path}: has no place here; see README.md for what belongs where"));
    }
    assert!(load(&Files::default()).is_err());
}

#[test]
fn a_rule_that_no_purpose_can_do_without_is_missed_by_its_reason() {
    for file in ["client", "consent", "emergency", "official", "purpose", "standing"] {
        let mut files = embedded();
        files.remove(&format!("global/{file}.cedar")).unwrap();
        let said = said(&load(&files).unwrap_err());
        assert!(said.contains("global: no rule for every purpose gives the reason `"), "{file}: {said}");
    }
}

#[test]
fn every_fault_is_named_at_once() {
    let mut files = embedded();
    files.insert("sources.toml", "[population");
    files.insert("purposes/tax.registration/review.toml", "x = 1");
    let faults = load(&files).unwrap_err();
    let at = |file: &str| faults.iter().find(|fault| fault.file == file).and_then(|fault| fault.line);
    assert_eq!(at("sources.toml"), Some(1));
    assert_eq!(at("purposes/tax.registration/review.toml"), Some(1));
}

#[test]
fn a_template_is_refused() {
    let mut files = embedded();
    let path = "global/template.cedar";
    files.insert(
        path,
        "@id(\"global.t\") @reason(\"client_suspended\") @vi(\"a\") @en(\"b\")\n\
         forbid (principal == ?principal, action, resource);",
    );
    assert!(said(&load(&files).unwrap_err()).contains("templates are not allowed"));
}
