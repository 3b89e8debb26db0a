use proptest::prelude::*;

use super::*;
use crate::{crypto::Algorithm, jose::PrivateJwk};

const ISSUER: &str = "https://as.example";
const RECEIVER: &str = "https://agency.example/ssf";

fn envelope() -> Envelope {
    Envelope {
        iss: ISSUER.to_owned(),
        aud: RECEIVER.to_owned(),
        jti: "e-1".to_owned(),
        txn: Some("918273".to_owned()),
        at: Millis(1_795_000_000_000),
    }
}

fn withdrawn() -> SecurityEvent {
    let news = ConsentNews {
        event_timestamp: 1_795_000_000,
        initiating_entity: "user",
        consent: "c-1",
        grant_id: Some("g-1"),
        purpose: "bank.account_opening",
        state: "withdrawn",
        effective_at: 1_795_000_000,
        stop_by: None,
    };
    SecurityEvent::consent(envelope(), ConsentEvent::Withdrawn, "handle", "agency-123", &news).unwrap()
}

fn check(typ: &str, claims: &impl Serialize) -> Result<SecurityEvent, SecurityEventError> {
    let key = PrivateJwk::generate(Algorithm::Es256).unwrap();
    let compact = jws::sign(typ, Some(key.kid()), None, claims, key.signing_key()).unwrap();
    let keys = |kid: &str| (kid == key.kid()).then(|| key.public().public_key().clone());
    verify(&compact, &keys, ISSUER, RECEIVER)
}

fn with(name: &str, value: Value) -> SecurityEventError {
    let mut claims = serde_json::to_value(withdrawn()).unwrap();
    claims[name] = value;
    check(TYPE, &claims).unwrap_err()
}

#[test]
fn a_withdrawal_is_told_with_one_event_and_no_more_about_the_person_than_the_handle() {
    let event = withdrawn();
    let written = serde_json::to_value(&event).unwrap();
    assert!(written.get("sub").is_none() && written.get("exp").is_none());
    assert_eq!(
        written["sub_id"],
        json!({
            "format": "complex",
            "user": {"format": "iss_sub", "iss": ISSUER, "sub": "handle"},
            "tenant": {"format": "opaque", "id": "agency-123"}
        })
    );
    let (uri, said) = event.event().unwrap();
    assert_eq!(uri, "https://as.example/secevent/consent/event-type/consent-withdrawn");
    assert_eq!((&said["grant_id"], &said["initiating_entity"]), (&json!("g-1"), &json!("user")));
    assert_eq!((&written["txn"], &written["iat"]), (&json!("918273"), &json!(1_795_000_000)));
    assert_eq!(check(TYPE, &event), Ok(event));
}

#[test]
fn a_stream_is_verified_by_the_state_that_was_asked_for() {
    let event = SecurityEvent::verification(envelope(), "stream-1", Some("s"));
    assert_eq!(event.event(), Some((VERIFICATION, &json!({"state": "s"}))));
    assert_eq!(serde_json::to_value(&event.sub_id).unwrap(), json!({"format": "opaque", "id": "stream-1"}));
    assert_eq!(check(TYPE, &event), Ok(event));
    let silent = SecurityEvent::verification(envelope(), "stream-1", None);
    assert_eq!(silent.event().unwrap().1, &json!({}));
    let paused = SecurityEvent::stream_updated(envelope(), "stream-1", "paused", "r");
    assert_eq!(paused.event().unwrap().1["status"], "paused");
}

#[test]
fn what_would_make_it_another_jwt_is_refused() {
    assert_eq!(with("sub", json!("handle")), SecurityEventError::Forbidden("sub"));
    assert_eq!(with("exp", json!(1_795_000_300)), SecurityEventError::Forbidden("exp"));
    for typ in ["JWT", "at+jwt", "logout+jwt", ""] {
        assert_eq!(check(typ, &withdrawn()), Err(SecurityEventError::Type), "{typ}");
    }
    assert!(check("application/secevent+jwt", &withdrawn()).is_ok());
}

#[test]
fn it_is_from_one_issuer_to_one_receiver_about_one_event() {
    assert_eq!(with("iss", json!("https://other.example")).code(), "invalid_issuer");
    for aud in [json!([RECEIVER]), json!("https://other.example"), json!(null)] {
        assert_eq!(with("aud", aud).code(), "invalid_audience");
    }
    assert_eq!(with("events", json!({})), SecurityEventError::NotOne);
    assert_eq!(with("events", json!({"a": {}, "b": {}})), SecurityEventError::NotOne);
    assert_eq!(with("jti", json!("")), SecurityEventError::Jti);
    for (name, value) in [
        ("sub_id", json!({"format": "email", "email": "a@b.example"})),
        ("iat", json!("1795000000")),
        ("events", json!([])),
        ("more", json!(1)),
    ] {
        assert_eq!(with(name, value).code(), "invalid_request", "{name}");
    }
}

#[test]
fn a_set_of_another_key_is_refused() {
    let (ours, theirs) =
        (PrivateJwk::generate(Algorithm::Es256).unwrap(), PrivateJwk::generate(Algorithm::Es256).unwrap());
    let forged = withdrawn().sign(ours.kid(), theirs.signing_key()).unwrap();
    let keys = |kid: &str| (kid == ours.kid()).then(|| ours.public().public_key().clone());
    assert_eq!(verify(&forged, &keys, ISSUER, RECEIVER).unwrap_err().code(), "invalid_key");
    assert_eq!(verify(&forged, &|_| None, ISSUER, RECEIVER).unwrap_err().code(), "invalid_key");
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,120}") {
        let _ = verify(&text, &|_| None, ISSUER, RECEIVER);
    }
}
