use proptest::prelude::*;

use super::*;

fn form(body: &str) -> Form {
    Form::parse(body.as_bytes()).unwrap()
}

fn refusal(body: &str) -> (&'static str, String) {
    let error = TokenRequest::from_form(&form(body)).unwrap_err();
    (error.error.as_str(), error.reason)
}

#[test]
fn a_token_request_is_read_and_never_shows_its_person() {
    let body = format!(
        "grant_type=client_credentials&authorization_details=%5B%5D999000000015&resource=https%3A%2F%2Fa.example\
         &actor_token=abc&actor_token_type={ID_TOKEN_TYPE}"
    );
    let request = TokenRequest::from_form(&form(&body)).unwrap();
    assert!(!format!("{request:?}").contains("999000000015"));
    assert_eq!(request.grant_type().as_str(), "client_credentials");
    assert_eq!(request.actor_token().map(|token| token.expose().as_str()), Some("abc"));
    let TokenRequest::Details(request) = request else { panic!("another grant") };
    assert_eq!(request.resource.as_deref(), Some("https://a.example"));
    assert_eq!(request.actor_token.as_ref().map(|token| token.expose().as_str()), Some("abc"));
}

#[test]
fn a_request_that_lacks_something_says_what() {
    assert_eq!(refusal(""), ("invalid_request", "grant_type_missing".to_owned()));
    assert_eq!(
        refusal("grant_type=password"),
        ("unsupported_grant_type", "grant_type_unsupported".to_owned())
    );
    let start = "grant_type=client_credentials";
    assert_eq!(refusal(start).1, "authorization_details_missing");
    assert_eq!(refusal(&format!("{start}&scope=openid")).0, "invalid_scope");
    assert_eq!(
        refusal(&format!("{start}&authorization_details=x&actor_token=a")).1,
        "actor_token_incomplete"
    );
    let other = format!("{start}&authorization_details=x&actor_token=a&actor_token_type=jwt");
    assert_eq!(refusal(&other).1, "actor_token_type");
}

#[test]
fn client_authentication_is_whole_or_refused_as_invalid_client() {
    let read = |body: &str| ClientAuthentication::from_form(&form(body));
    let whole = read(&format!("client_assertion_type={ASSERTION_TYPE}&client_assertion=a.b.c")).unwrap();
    assert_eq!((whole.client_id, whole.assertion), (None, Some(Secret::new("a.b.c".to_owned()))));
    assert_eq!(read("client_id=agency-a").unwrap().assertion, None);
    for body in [
        "",
        "client_id=a&client_secret=s",
        "client_assertion=a.b.c",
        "client_assertion_type=saml&client_assertion=a.b.c",
    ] {
        assert_eq!(read(body).unwrap_err().error, ErrorCode::InvalidClient, "{body}");
    }
}

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn exchange(more: &str) -> String {
    format!(
        "grant_type=authorization_code&code=c0de&redirect_uri=https%3A%2F%2Fa.example%2Fcb&code_verifier={VERIFIER}{more}"
    )
}

#[test]
fn a_code_is_exchanged_with_everything_it_was_asked_with() {
    let request = TokenRequest::from_form(&form(&exchange("&resource=r"))).unwrap();
    assert!(!format!("{request:?}").contains("c0de"));
    let TokenRequest::Code(request) = request else { panic!("another grant") };
    assert_eq!(
        (request.code.expose().as_str(), request.redirect_uri.as_str()),
        ("c0de", "https://a.example/cb")
    );
    assert_eq!((request.code_verifier.expose().as_str(), request.resource.as_deref()), (VERIFIER, Some("r")));
    for (lacking, reason) in [
        ("code=c0de", "code_missing"),
        ("redirect_uri=https%3A%2F%2Fa.example%2Fcb", "redirect_uri_missing"),
        (&format!("code_verifier={VERIFIER}") as &str, "code_verifier_missing"),
    ] {
        assert_eq!(refusal(&exchange("").replace(lacking, "")), ("invalid_request", reason.to_owned()));
    }
    let with = |from: &str, to: &str| refusal(&exchange("").replace(from, to));
    assert_eq!(with(VERIFIER, "short"), ("invalid_grant", "code_verifier_malformed".to_owned()));
    assert_eq!(with(VERIFIER, &"a".repeat(129)).1, "code_verifier_malformed");
    assert_eq!(with("c0de", &"c".repeat(513)), ("invalid_grant", "code_unknown".to_owned()));
    assert_eq!(with("c0de", "a%00b"), ("invalid_grant", "code_unknown".to_owned()));
    assert_eq!(refusal(&exchange("&scope=openid")).0, "invalid_scope");
    let wider = refusal(&exchange("&authorization_details=%5B%5D"));
    assert_eq!(wider, ("invalid_authorization_details", "authorization_details_fixed".to_owned()));
}

#[test]
fn a_refresh_token_may_ask_for_a_part_and_a_poll_for_nothing_more() {
    let read = |body: &str| TokenRequest::from_form(&form(body)).unwrap();
    let TokenRequest::Refresh(request) =
        read("grant_type=refresh_token&refresh_token=r&authorization_details=%5B%5D")
    else {
        panic!("another grant")
    };
    assert_eq!(request.authorization_details.unwrap().expose(), "[]");
    assert_eq!(refusal("grant_type=refresh_token").1, "refresh_token_missing");
    assert_eq!(refusal("grant_type=refresh_token&refresh_token=r&scope=me.history").0, "invalid_scope");
    let start = "grant_type=urn%3Aopenid%3Aparams%3Agrant-type%3Aciba";
    let TokenRequest::Backchannel(request) = read(&format!("{start}&auth_req_id=a")) else {
        panic!("another grant")
    };
    assert_eq!(request.auth_req_id.expose(), "a");
    assert_eq!(refusal(start).1, "auth_req_id_missing");
    assert_eq!(
        refusal(&format!("{start}&auth_req_id=a&authorization_details=x")).1,
        "authorization_details_fixed"
    );
    assert_eq!(refusal(&format!("{start}&auth_req_id={}", "a".repeat(513))).0, "invalid_grant");
}

#[test]
fn a_service_token_has_scopes_and_nothing_else() {
    let start = "grant_type=client_credentials&scope=grant_management_query+ssf.manage";
    let scopes = vec![ServiceScope::GrantQuery, ServiceScope::Streams];
    assert_eq!(TokenRequest::from_form(&form(start)), Ok(TokenRequest::Service(scopes)));
    assert_eq!(refusal(&format!("{start}&resource=x")), ("invalid_target", "resource_refused".to_owned()));
    let actor = format!("{start}&actor_token=a&actor_token_type={ID_TOKEN_TYPE}");
    assert_eq!(refusal(&actor).1, "actor_token_refused");
    assert_eq!(refusal(&format!("{start}&authorization_details=x")).0, "invalid_scope");
    assert_eq!(refusal("grant_type=client_credentials&scope=me.history").1, "scope_unsupported");
}

#[test]
fn an_answer_has_only_the_members_that_there_are() {
    let mut answer = TokenResponse {
        access_token: "t".to_owned(),
        token_type: TokenType::DPoP,
        expires_in: 300,
        authorization_details: None,
        refresh_token: None,
        scope: None,
        grant_id: None,
    };
    let bare = serde_json::json!({"access_token": "t", "token_type": "DPoP", "expires_in": 300});
    assert_eq!(serde_json::to_value(&answer).unwrap(), bare);
    answer.refresh_token = Some("hidden".to_owned());
    assert_eq!(serde_json::to_value(&answer).unwrap()["refresh_token"], "hidden");
    assert!(!format!("{answer:?}").contains("hidden"));
}

proptest! {
    #[test]
    fn no_form_makes_the_reader_panic(
        grant in prop::sample::select(vec!["client_credentials", "authorization_code", "refresh_token", "x"]),
        name in prop::sample::select(vec!["code", "scope", "code_verifier", "refresh_token", "actor_token"]),
        value in ".{0,150}",
    ) {
        let pairs = [("grant_type", grant), (name, value.as_str())];
        let _ = TokenRequest::from_form(&form(&serde_urlencoded::to_string(pairs).unwrap()));
    }
}
