use proptest::prelude::*;
use serde_json::json;

use super::*;

fn example() -> Value {
    json!({
        "type": TYPE,
        "purpose": "driver.licence_renewal",
        "subject": {"national_id": "999000000015"},
        "actions": ["read"],
        "datatypes": ["person.full_name", "person.birth_date"],
        "basis": "statutory",
        "case": "H08.2026.000123",
        "official": {"id": "cb-0042", "unit": "Một cửa"},
        "justification": "Cấp đổi giấy phép lái xe"
    })
}

fn read(detail: &Value) -> Result<AuthorizationDetail, RarError> {
    AuthorizationDetail::parse_list(&json!([detail]).to_string())
}

fn with(path: &str, value: Value) -> RarError {
    let mut detail = example();
    match detail.pointer_mut(path) {
        Some(place) => *place = value,
        None => detail[path.trim_start_matches('/')] = value,
    }
    read(&detail).unwrap_err()
}

fn without(member: &str) -> Result<AuthorizationDetail, RarError> {
    let mut detail = example();
    detail.as_object_mut().unwrap().remove(member);
    read(&detail)
}

#[test]
fn the_example_of_the_design_is_read_whole() {
    let detail = read(&example()).unwrap();
    assert_eq!(detail.purpose, "driver.licence_renewal");
    assert_eq!(detail.datatypes, ["person.full_name", "person.birth_date"]);
    assert_eq!((detail.basis, detail.case.as_deref()), (Some(Basis::Statutory), Some("H08.2026.000123")));
    assert_eq!(
        detail.official,
        Some(AssertedOfficial { id: "cb-0042".to_owned(), unit: Some("Một cửa".to_owned()) })
    );
    match &detail.subject {
        Subject::NationalId(id) => assert_eq!(id.expose(), "999000000015"),
        Subject::Handle(_) => panic!("a national id was given"),
    }
    assert!(!format!("{detail:?}").contains("999000000015"));
}

#[test]
fn a_handle_stands_in_for_the_national_id() {
    let mut detail = example();
    detail["subject"] = json!({"handle": "AbCdEfGhIjKlMnOpQrStUv"});
    assert_eq!(read(&detail).unwrap().subject, Subject::Handle("AbCdEfGhIjKlMnOpQrStUv".to_owned()));
}

#[test]
fn optional_members_may_be_absent_and_the_others_not() {
    for member in ["basis", "case", "official", "justification"] {
        assert!(without(member).is_ok(), "{member}");
    }
    for member in ["type", "purpose", "subject", "actions", "datatypes"] {
        assert_eq!(without(member).unwrap_err().reason(), "missing_member", "{member}");
    }
}

#[test]
fn beside_a_person_who_is_named_already_the_subject_may_be_left_out() {
    let named = Subject::Handle("AbCdEfGhIjKlMnOpQrStUv".to_owned());
    let mut detail = example();
    let read = |detail: &Value| {
        AuthorizationDetail::parse_list_about(&json!([detail]).to_string(), Some(named.clone()))
    };
    assert!(matches!(read(&detail).unwrap().subject, Subject::NationalId(_)), "what is said is what counts");
    detail["subject"] = json!({});
    assert_eq!(read(&detail), Err(RarError::SubjectKeys));
    detail.as_object_mut().unwrap().remove("subject");
    assert_eq!(read(&detail).unwrap().subject, named);
}

#[test]
fn exactly_one_object_is_read() {
    let one = example().to_string();
    for list in [one.clone(), "[]".to_owned(), format!("[{one},{one}]"), "[7]".to_owned(), "null".to_owned()]
    {
        assert_eq!(AuthorizationDetail::parse_list(&list), Err(RarError::NotOne), "{list}");
    }
    assert_eq!(AuthorizationDetail::parse_list("[{").unwrap_err().reason(), "malformed_json");
    let long = format!("[{}]", " ".repeat(MAX_DETAIL));
    assert_eq!(
        AuthorizationDetail::parse_list(&long).unwrap_err().reason(),
        "authorization_details_too_large"
    );
}

#[test]
fn a_member_twice_or_unknown_is_an_error_at_any_depth() {
    let twice = r#"[{"type":"a","type":"a"}]"#;
    assert_eq!(AuthorizationDetail::parse_list(twice).unwrap_err().reason(), "duplicate_member");
    let twice = r#"[{"subject":{"national_id":"999000000015","national_id":"999000000015"}}]"#;
    assert_eq!(AuthorizationDetail::parse_list(twice).unwrap_err().reason(), "duplicate_member");
    assert_eq!(with("/locations", json!([])).to_string(), "`locations` of the detail is not known");
    assert_eq!(with("/subject", json!({"name": "x"})).reason(), "unknown_member");
    assert_eq!(with("/official", json!({"id": "a", "rank": "x"})).reason(), "unknown_member");
    assert_eq!(with("/999000000015", json!(1)).to_string(), "a member of the detail is not known");
}

#[test]
fn the_subject_has_one_key_and_twelve_digits() {
    let both = json!({"national_id": "999000000015", "handle": "AbCdEfGhIjKlMnOpQrStUv"});
    assert_eq!(with("/subject", both), RarError::SubjectKeys);
    assert_eq!(with("/subject", json!({})), RarError::SubjectKeys);
    for id in
        ["99900000001", "9990000000155", "99900000001a", "９９９０００００００１５", " 999000000015", ""]
    {
        assert_eq!(with("/subject/national_id", json!(id)), RarError::NationalId, "{id}");
    }
    assert_eq!(with("/subject/national_id", json!(999_000_000_015_u64)).reason(), "wrong_member_type");
    assert_eq!(with("/subject", json!({"handle": "short"})), RarError::Handle);
    assert_eq!(with("/subject", json!({"handle": "AbCdEfGhIjKlMnOpQrSt/v"})), RarError::Handle);
    assert_eq!(with("/subject", json!("999000000015")).reason(), "wrong_member_type");
}

#[test]
fn only_reading_can_be_asked_for() {
    for actions in [json!([]), json!(["write"]), json!(["read", "write"]), json!(["read", "read"])] {
        assert_eq!(with("/actions", actions.clone()), RarError::Actions, "{actions}");
    }
    assert_eq!(with("/actions", json!("read")).reason(), "wrong_member_type");
}

#[test]
fn fields_are_texts_each_once_and_faults_are_named_by_position() {
    assert_eq!(with("/datatypes", json!([])), RarError::NoDatatypes);
    assert_eq!(with("/datatypes", json!(["a", "b", "a"])), RarError::RepeatedDatatype(2));
    assert_eq!(with("/datatypes", json!(["a", 1])), RarError::Datatype(1));
    assert_eq!(with("/datatypes", json!(["a", ""])).to_string(), "`datatypes[1]` is malformed");
    assert_eq!(with("/datatypes", json!(["a\u{202e}b"])), RarError::Datatype(0));
    assert_eq!(with("/datatypes", json!({"0": "a"})).reason(), "wrong_member_type");
    let many: Vec<String> = (0..=MAX_DATATYPES).map(|n| format!("f.{n}")).collect();
    assert_eq!(with("/datatypes", json!(many)), RarError::TooManyDatatypes);
}

#[test]
fn type_basis_and_official_are_what_they_may_be() {
    assert_eq!(with("/type", json!("urn:minhbach:other")), RarError::UnknownType);
    assert_eq!(with("/basis", json!("legitimate_interest")), RarError::Basis);
    assert_eq!(with("/basis", json!(null)).reason(), "wrong_member_type");
    assert_eq!(with("/official", json!({"unit": "x"})), RarError::Missing("official.id"));
    assert_eq!(with("/official", json!("cb-0042")).reason(), "wrong_member_type");
    assert_eq!(with("/official", json!({"id": ""})).reason(), "malformed_member");
    assert_eq!(with("/purpose", json!("")).reason(), "malformed_member");
}

#[test]
fn words_for_the_citizen_carry_no_address_and_no_identity_number() {
    for member in ["/justification", "/case"] {
        assert_eq!(with(member, json!("xem https://a.example")).reason(), "text_url");
        assert_eq!(with(member, json!("999000000015")).reason(), "text_identity_number");
        assert_eq!(with(member, json!("abc\u{202e}def")).reason(), "text_invisible_character");
        assert_eq!(with(member, json!("abc\ndef")).reason(), "text_control_character");
    }
    assert_eq!(with("/justification", json!("ab")).reason(), "text_length");
    assert_eq!(with("/case", json!("")).reason(), "text_length");
    assert_eq!(with("/case", json!("x".repeat(65))).reason(), "text_length");
}

#[test]
fn no_refusal_repeats_what_the_request_said() {
    let secret = "999000000015";
    let mut refusals = vec![with("/basis", json!(secret)), with("/purpose", json!(format!("{secret}\n")))];
    refusals.push(with("/official", json!({"id": format!("\u{202e}{secret}")})));
    refusals.push(with("/justification", json!(secret)));
    refusals.push(with("/datatypes", json!([secret, secret])));
    refusals.push(with("/subject/national_id", json!(format!("{secret}0"))));
    for refusal in refusals {
        let shown = format!("{refusal} {refusal:?} {:?}", OAuthError::from(refusal.clone()));
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn a_granted_detail_is_written_as_the_token_carries_it() {
    let granted = GrantedDetail {
        kind: TYPE.to_owned(),
        id: "g1".to_owned(),
        purpose: "driver.licence_renewal".to_owned(),
        subject: GrantedSubject { handle: "AbCdEfGhIjKlMnOpQrStUv".to_owned() },
        actions: vec!["read".to_owned()],
        datatypes: vec!["person.full_name".to_owned()],
        basis: Basis::Statutory,
        expires_at: 1_795_000_300,
        uses_left: 1,
        consent: None,
        limits: None,
    };
    let value = serde_json::to_value(&granted).unwrap();
    assert_eq!(value["subject"], json!({"handle": "AbCdEfGhIjKlMnOpQrStUv"}));
    assert_eq!(
        (&value["type"], &value["basis"], &value["uses_left"]),
        (&json!(TYPE), &json!("statutory"), &json!(1))
    );
    assert_eq!(serde_json::from_value::<GrantedDetail>(value).unwrap(), granted);
}

#[test]
fn limits_go_with_consent_and_with_no_other_basis() {
    let limited = |basis: Option<&str>| {
        let mut detail = example();
        detail["limits"] = json!({"max_uses": 3});
        match basis {
            Some(basis) => detail["basis"] = json!(basis),
            None => drop(detail.as_object_mut().unwrap().remove("basis")),
        }
        read(&detail).map(|detail| detail.limits.unwrap().max_uses)
    };
    assert_eq!(limited(Some("consent")), Ok(Some(3)));
    assert_eq!(limited(None), Ok(Some(3)));
    for basis in ["statutory", "emergency", "contract"] {
        assert_eq!(limited(Some(basis)), Err(RarError::LimitsNotTaken), "{basis}");
    }
    assert_eq!(RarError::LimitsNotTaken.reason(), "limits_not_taken");
    assert_eq!(read(&example()).unwrap().limits, None);
}

#[test]
fn a_granted_detail_names_its_consent_and_how_far_it_reaches() {
    let written = json!({
        "type": TYPE, "id": "g1", "purpose": "p", "subject": {"handle": "AbCdEfGhIjKlMnOpQrStUv"},
        "actions": ["read"], "datatypes": ["a"], "basis": "consent", "expires_at": 1, "uses_left": 1,
        "consent": "01890000-0000-7000-8000-000000000001", "limits": {"max_uses": 2}
    });
    let granted: GrantedDetail = serde_json::from_value(written.clone()).unwrap();
    assert_eq!(granted.limits.as_ref().unwrap().max_uses, Some(2));
    assert_eq!(serde_json::to_value(&granted).unwrap(), written);
    let mut broken = written;
    broken["limits"] = json!({"max_uses": 0});
    assert!(serde_json::from_value::<GrantedDetail>(broken).is_err());
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,200}") {
        let _ = AuthorizationDetail::parse_list(&text);
    }

    #[test]
    fn no_value_in_any_place_makes_the_reader_panic(place in 0..MEMBERS.len(), text in ".{0,80}") {
        let mut detail = example();
        detail[MEMBERS[place]] = json!(text);
        let _ = read(&detail);
    }
}
