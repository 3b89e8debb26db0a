use proptest::prelude::*;
use serde_json::json;

use super::*;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const GRANT: &str = "01890000-0000-7000-8000-000000000001";

fn parameters() -> Vec<(&'static str, String)> {
    [
        ("client_id", "agency-a"),
        ("response_type", "code"),
        ("redirect_uri", "https://a.example/cb?x=1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("authorization_details", r#"[{"subject":{"national_id":"999000000015"}}]"#),
        ("state", "s"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}

fn form(parameters: &[(&str, String)]) -> Form {
    Form::parse(serde_urlencoded::to_string(parameters).unwrap().as_bytes()).unwrap()
}

/// The request with one parameter replaced, added, or (empty) left out.
fn with(name: &'static str, value: &str) -> Result<PushedRequest, OAuthError> {
    let mut all = parameters();
    all.retain(|(known, _)| *known != name);
    all.push((name, value.to_owned()));
    PushedRequest::from_form(&form(&all))
}

fn refusal(name: &'static str, value: &str) -> (&'static str, String) {
    let error = with(name, value).unwrap_err();
    (error.error.as_str(), error.reason)
}

fn request(reason: &str) -> (&'static str, String) {
    ("invalid_request", reason.to_owned())
}

#[test]
fn a_pushed_request_is_read_whole_and_never_shows_its_person() {
    let mut all = parameters();
    for (name, value) in [
        ("nonce", "n"),
        ("dpop_jkt", CHALLENGE),
        ("response_mode", "jwt"),
        ("grant_management_action", "merge"),
        ("grant_id", GRANT),
        ("resource", "https://r.example/data"),
        ("prompt", "login consent"),
        ("ui_locales", "vi"),
    ] {
        all.push((name, value.to_owned()));
    }
    let read = PushedRequest::from_form(&form(&all)).unwrap();
    assert_eq!(read.redirect_uri, "https://a.example/cb?x=1");
    assert_eq!((read.state.as_deref(), read.nonce.as_deref()), (Some("s"), Some("n")));
    assert_eq!((read.dpop_jkt.as_deref(), read.response_mode), (Some(CHALLENGE), ResponseMode::Jwt));
    assert_eq!(read.grant.unwrap().grant_id().unwrap().to_string(), GRANT);
    assert!(!format!("{read:?}").contains("999000000015"));
    let kept = serde_json::to_string(&read).unwrap();
    assert_eq!(serde_json::from_str::<PushedRequest>(&kept).unwrap(), read);
    assert_eq!(with("response_mode", "").unwrap().response_mode, ResponseMode::Query);
}

#[test]
fn only_a_code_can_be_asked_for() {
    assert_eq!(refusal("response_type", ""), request("response_type_missing"));
    for kind in ["token", "code id_token", "id_token", "none", "Code"] {
        let expected = ("unsupported_response_type", "response_type_unsupported".to_owned());
        assert_eq!(refusal("response_type", kind), expected, "{kind}");
    }
}

#[test]
fn an_address_to_return_to_is_needed_and_is_one() {
    assert_eq!(refusal("redirect_uri", ""), request("redirect_uri_missing"));
    for uri in [
        "/cb",
        "https://a.example/cb#f",
        "http://a.example/cb",
        "http://127.0.0.1.example/cb",
        "javascript:alert(1)",
        "vn.gov.app:/cb",
        "https://user:pass@a.example/cb",
        "https://a.example/c b",
        "https://a.example/\n",
        &format!("https://a.example/{}", "x".repeat(2048)),
    ] {
        assert_eq!(refusal("redirect_uri", uri), request("redirect_uri_malformed"), "{uri}");
    }
    for uri in ["http://127.0.0.1:4100/cb", "http://[::1]/cb", "http://localhost/cb", "https://a.example"] {
        assert!(with("redirect_uri", uri).is_ok(), "{uri}");
    }
}

#[test]
fn a_challenge_by_s256_is_needed() {
    assert_eq!(refusal("code_challenge", ""), request("code_challenge_missing"));
    for method in ["", "plain", "s256", "S512"] {
        assert_eq!(refusal("code_challenge_method", method), request("code_challenge_method"), "{method}");
    }
    for challenge in ["short", &"A".repeat(44), &"A".repeat(129), &"+".repeat(43)] {
        assert_eq!(refusal("code_challenge", challenge), request("code_challenge_malformed"), "{challenge}");
    }
}

#[test]
fn what_is_given_back_or_bound_has_a_form() {
    assert!(with("state", &"s".repeat(2048)).is_ok());
    assert_eq!(refusal("state", &"s".repeat(2049)), request("state_malformed"));
    for state in ["a\nb", "é", "\u{7f}"] {
        assert_eq!(refusal("state", state), request("state_malformed"));
    }
    assert!(with("nonce", &"n".repeat(128)).is_ok());
    assert_eq!(refusal("nonce", &"n".repeat(129)), request("nonce_malformed"));
    assert_eq!(refusal("dpop_jkt", "abc"), request("dpop_jkt_malformed"));
    for mode in ["form_post", "fragment", "form_post.jwt", "fragment.jwt"] {
        assert_eq!(refusal("response_mode", mode), request("response_mode_unsupported"), "{mode}");
    }
    assert_eq!(refusal("prompt", "none"), request("prompt_none"));
    assert_eq!(refusal("prompt", "login none"), request("prompt_none"));
    for resource in ["data", "https://r.example/#f"] {
        assert_eq!(refusal("resource", resource), ("invalid_target", "resource_malformed".to_owned()));
    }
}

#[test]
fn one_thing_is_wanted_details_or_the_scopes_of_the_citizens_own_token() {
    let missing = ("invalid_authorization_details", "authorization_details_missing".to_owned());
    assert_eq!(refusal("authorization_details", ""), missing);
    assert_eq!(refusal("scope", "me.history"), ("invalid_scope", "scope_and_details".to_owned()));
    let mut all = parameters();
    all.retain(|(name, _)| *name != "authorization_details");
    let scoped = |scope: &str| {
        let mut all = all.clone();
        all.push(("scope", scope.to_owned()));
        PushedRequest::from_form(&form(&all)).map(|read| read.wanted)
    };
    let both = Wanted::Scopes(vec![CitizenScope::History, CitizenScope::Consents]);
    assert_eq!(scoped("me.consents me.history"), Ok(both));
    for scope in ["openid", "grant_management_query", "me.history openid"] {
        assert_eq!(scoped(scope).unwrap_err().reason, "scope_unsupported", "{scope}");
    }
}

#[test]
fn a_grant_is_named_as_grant_management_says() {
    assert_eq!(refusal("grant_id", GRANT), request("grant_action_missing"));
    assert_eq!(refusal("grant_management_action", "merge"), request("grant_id_missing"));
    assert_eq!(refusal("grant_management_action", "delete"), request("grant_action_unknown"));
    assert_eq!(with("grant_management_action", "create").unwrap().grant, Some(grants::Action::Create));
}

#[test]
fn a_request_does_not_point_to_another_and_an_object_stands_alone() {
    assert_eq!(refusal("request_uri", "urn:x"), request("request_uri_refused"));
    assert_eq!(refusal("request", "a.b.c"), request("request_object_refused"));
    let push = |all: &[(&str, String)]| Pushed::from_form(&form(all));
    assert!(matches!(push(&parameters()), Ok(Pushed::Plain(_))));
    let object = |more: &[(&'static str, &str)]| {
        let mut all = vec![("client_id", "agency-a".to_owned()), ("request", "a.b.c".to_owned())];
        all.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        push(&all)
    };
    assert_eq!(object(&[("client_assertion", "x")]), Ok(Pushed::Signed(Secret::new("a.b.c".to_owned()))));
    for name in PARAMETERS {
        assert_eq!(object(&[(name, "x")]).unwrap_err().reason, "parameter_outside_request_object", "{name}");
    }
    assert_eq!(object(&[("request_uri", "x")]).unwrap_err().reason, "request_uri_refused");
}

#[test]
fn the_claims_of_a_request_object_are_read_as_the_same_parameters() {
    let claims = |change: &dyn Fn(&mut Value)| {
        let mut claims = json!({
            "response_type": "code",
            "redirect_uri": "https://a.example/cb?x=1",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            "authorization_details": [{"subject": {"national_id": "999000000015"}}],
            "state": "s",
            "max_age": 300,
        });
        change(&mut claims);
        PushedRequest::from_claims(claims.as_object().unwrap())
    };
    let plain = PushedRequest::from_form(&form(&parameters())).unwrap();
    assert_eq!(claims(&|_| ()).unwrap(), plain);
    let refused = |name: &str, value: Value| {
        let error = claims(&|claims| claims[name] = value.clone()).unwrap_err();
        (error.error.as_str(), error.reason)
    };
    for (name, value) in [
        ("authorization_details", json!("[]")),
        ("authorization_details", json!({})),
        ("state", json!(7)),
        ("redirect_uri", json!(["https://a.example/cb?x=1"])),
        ("response_type", json!(null)),
        ("grant_id", json!({})),
    ] {
        let expected = ("invalid_request_object", "request_object_claim_type".to_owned());
        assert_eq!(refused(name, value), expected, "{name}");
    }
    for name in ["request", "request_uri"] {
        let expected = ("invalid_request_object", "request_object_nested".to_owned());
        assert_eq!(refused(name, json!("x")), expected);
    }
    assert_eq!(refused("code_challenge_method", json!("plain")), request("code_challenge_method"));
}

#[test]
fn a_browser_brings_a_client_and_a_pushed_request() {
    let read = |query: &str| AuthorizeQuery::from_form(&Form::parse(query.as_bytes()).unwrap());
    let uri = PushedResponse::new(&"A".repeat(22)).request_uri;
    assert!(uri.starts_with("urn:ietf:params:oauth:request_uri:"));
    let good = format!("client_id=agency-a&request_uri={uri}");
    assert_eq!(
        read(&good).unwrap(),
        AuthorizeQuery { client_id: "agency-a".to_owned(), request_uri: uri.clone() }
    );
    // What was pushed counts, whatever the address says (RFC 9101 §5).
    assert!(read(&format!("{good}&redirect_uri=https%3A%2F%2Fevil.example&state=x")).is_ok());
    let refused = |query: &str| {
        let error = read(query).unwrap_err();
        (error.error.as_str(), error.reason)
    };
    assert_eq!(refused(&format!("request_uri={uri}")), request("client_id_missing"));
    assert_eq!(refused("client_id=a&response_type=code"), request("request_not_pushed"));
    assert_eq!(refused("client_id=a&request=a.b.c"), request("request_not_pushed"));
    let unknown = ("invalid_request_uri", "request_uri_unknown".to_owned());
    for uri in ["https://a.example/object", "urn:ietf:params:oauth:request_uri:short", "urn:x"] {
        assert_eq!(refused(&format!("client_id=a&request_uri={uri}")), unknown, "{uri}");
    }
    assert_eq!(
        refused(&format!("client_id={}&request_uri={uri}", "a".repeat(257))),
        request("client_id_malformed")
    );
    const { assert!(REQUEST_LIFETIME < 600) };
}

proptest! {
    #[test]
    fn no_value_of_any_parameter_makes_the_reader_panic(place in 0..PARAMETERS.len(), value in ".{0,120}") {
        let _ = with(PARAMETERS[place], &value);
        let mut claims = json!({"response_type": "code"});
        claims[PARAMETERS[place]] = json!(value);
        let _ = PushedRequest::from_claims(claims.as_object().unwrap());
    }

    #[test]
    fn no_query_makes_the_reader_panic(query in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(form) = Form::parse(&query) {
            let _ = (AuthorizeQuery::from_form(&form), Pushed::from_form(&form));
        }
    }
}
