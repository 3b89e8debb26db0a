//! Client-Initiated Backchannel Authentication (CIBA Core 1.0 and FAPI-CIBA), poll mode: asking a citizen who is not
//! there.
//!
//! In scope: the request and its answer. Out of scope: who a hint means, how often may be asked, when she answers.
//! Signed requests are not taken: client authentication already proves the sender of each parameter.

use std::{fmt, ops::RangeInclusive};

use serde::Serialize;

use super::{
    error::{ErrorCode, OAuthError},
    form::Form,
    grants,
    rar::{self, NationalId},
};
use crate::secret::Secret;

/// The seconds between two polls that a client must keep (§7.3).
pub const INTERVAL: u32 = 5;

/// What `requested_expiry` may be, in seconds: half a minute to a week.
pub const EXPIRY: RangeInclusive<u32> = 30..=86_400 * 7;

/// The most characters of a `binding_message`.
pub const MAX_BINDING_MESSAGE: usize = 64;

/// A backchannel authentication request (§7.1) beside its client authentication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackchannelRequest {
    /// Whom to ask.
    pub hint: Hint,
    /// What the citizen compares with what the agency shows or tells her; 1 to 64 characters.
    pub binding_message: String,
    /// The JSON text of `authorization_details`, for [`super::rar`]; it names a person.
    pub authorization_details: Secret<String>,
    /// How long to wait for an answer, in seconds; within [`EXPIRY`].
    pub requested_expiry: Option<u32>,
    /// What is to happen to which grant.
    pub grant: Option<grants::Action>,
    /// RFC 8707: the resource server a token will be for.
    pub resource: Option<String>,
}

/// Whom to ask. The person of the authorization detail must be the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// `login_hint`: the agency's own pseudonym.
    Handle(String),
    /// `login_hint`: a national id, where that is allowed at all, for it invites prompts that nobody wanted.
    NationalId(NationalId),
    /// `login_hint_token`: a code the citizen made in the portal and gave the agency, as it was written down.
    Code(Secret<String>),
}

/// The answer to an accepted request (§7.3).
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct BackchannelResponse {
    /// What the client polls with; at least 160 random bits.
    pub auth_req_id: String,
    /// Seconds from now to its end.
    pub expires_in: i64,
    /// The seconds to wait between two polls.
    pub interval: u32,
}

impl fmt::Debug for BackchannelResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackchannelResponse").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

fn bad(reason: &str, description: &str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequest, reason, description)
}

impl BackchannelRequest {
    /// Takes the request out of a form.
    ///
    /// # Errors
    /// `invalid_request`, `invalid_scope`, `unknown_user_id` for a hint that can mean nobody,
    /// `invalid_binding_message`, `invalid_authorization_details` when there are none, `invalid_grant_id`.
    pub fn from_form(form: &Form) -> Result<Self, OAuthError> {
        for (name, reason, description) in [
            ("request", "request_object_refused", "signed backchannel requests are not taken"),
            ("request_uri", "request_uri_refused", "`request_uri` is not taken here"),
            (
                "id_token_hint",
                "id_token_hint_refused",
                "`id_token_hint` is not taken; no ID tokens are issued",
            ),
            ("user_code", "user_code_refused", "`user_code` is not used here"),
        ] {
            if form.get(name).is_some() {
                return Err(bad(reason, description));
            }
        }
        // §7.1 requires `openid`; there is nothing else to ask for by scope.
        if form.get("scope").is_some_and(|scope| scope != "openid") {
            let description = "`scope` is `openid` or left out; ask with `authorization_details`";
            return Err(OAuthError::new(ErrorCode::InvalidScope, "scope_unsupported", description));
        }
        let hint = hint(form)?;
        let binding_message = binding_message(form)?;
        let requested_expiry = form.get("requested_expiry").map(expiry).transpose()?;
        let details = form.get("authorization_details").ok_or_else(|| {
            let (error, reason) = (ErrorCode::InvalidAuthorizationDetails, "authorization_details_missing");
            OAuthError::new(error, reason, "`authorization_details` is missing")
        })?;
        let grant = grants::Action::read(form.get("grant_management_action"), form.get("grant_id"))?;
        Ok(Self {
            hint,
            binding_message,
            authorization_details: Secret::new(details.to_owned()),
            requested_expiry,
            grant,
            resource: form.get("resource").map(str::to_owned),
        })
    }
}

/// §7.1: exactly one.
fn hint(form: &Form) -> Result<Hint, OAuthError> {
    let unknown = || {
        let description = "the hint means nobody this client may ask";
        OAuthError::new(ErrorCode::UnknownUserId, "login_hint_malformed", description)
    };
    match (form.get("login_hint"), form.get("login_hint_token")) {
        (Some(_), Some(_)) => Err(bad("hints_several", "give `login_hint` or `login_hint_token`, not both")),
        (None, None) => Err(bad("hint_missing", "`login_hint` or `login_hint_token` is missing")),
        (None, Some(code)) => Ok(Hint::Code(Secret::new(code.to_owned()))),
        (Some(hint), None) if rar::is_handle(hint) => Ok(Hint::Handle(hint.to_owned())),
        (Some(hint), None) => NationalId::parse(hint.to_owned()).map(Hint::NationalId).ok_or_else(unknown),
    }
}

/// Words of the agency on the citizen's screen: the rules of every such text.
fn binding_message(form: &Form) -> Result<String, OAuthError> {
    let message = form
        .get("binding_message")
        .ok_or_else(|| bad("binding_message_missing", "`binding_message` is missing"))?;
    match rar::text_fault(message, 1..=MAX_BINDING_MESSAGE) {
        None => Ok(message.to_owned()),
        Some(fault) => {
            let description = format!("`binding_message` {fault}");
            Err(OAuthError::new(ErrorCode::InvalidBindingMessage, fault.reason(), &description))
        }
    }
}

fn expiry(text: &str) -> Result<u32, OAuthError> {
    let digits = text.len() <= 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = digits.then(|| text.parse().ok()).flatten().filter(|seconds| EXPIRY.contains(seconds));
    seconds.ok_or_else(|| {
        let (least, most) = (EXPIRY.start(), EXPIRY.end());
        bad("requested_expiry", &format!("`requested_expiry` must be {least} to {most} whole seconds"))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HANDLE: &str = "AbCdEfGhIjKlMnOpQrStUv";

    fn parameters() -> Vec<(&'static str, String)> {
        [
            ("scope", "openid"),
            ("login_hint", HANDLE),
            ("binding_message", "Quầy 3, phiếu A-17"),
            ("authorization_details", r#"[{"subject":{"national_id":"999000000015"}}]"#),
        ]
        .map(|(name, value)| (name, value.to_owned()))
        .to_vec()
    }

    /// The request with these parameters replaced, added, or (empty) left out.
    fn with(changes: &[(&'static str, &str)]) -> Result<BackchannelRequest, OAuthError> {
        let mut all = parameters();
        for (name, value) in changes {
            all.retain(|(known, _)| known != name);
            all.push((name, (*value).to_owned()));
        }
        let form = Form::parse(serde_urlencoded::to_string(all).unwrap().as_bytes()).unwrap();
        BackchannelRequest::from_form(&form)
    }

    fn refusal(name: &'static str, value: &str) -> (&'static str, String) {
        let error = with(&[(name, value)]).unwrap_err();
        (error.error.as_str(), error.reason)
    }

    #[test]
    fn a_request_is_read_whole_and_never_shows_its_person() {
        let read = with(&[("requested_expiry", "600"), ("grant_management_action", "create")]).unwrap();
        assert_eq!(read.hint, Hint::Handle(HANDLE.to_owned()));
        assert_eq!((read.binding_message.as_str(), read.requested_expiry), ("Quầy 3, phiếu A-17", Some(600)));
        assert_eq!(read.grant, Some(grants::Action::Create));
        assert!(!format!("{read:?}").contains("999000000015"));
        assert!(with(&[("scope", "")]).is_ok());
        let named = with(&[("login_hint", "999000000015")]).unwrap();
        assert!(matches!(&named.hint, Hint::NationalId(id) if id.expose() == "999000000015"));
        assert!(!format!("{named:?}").contains("999000000015"));
    }

    #[test]
    fn there_is_exactly_one_hint_and_it_can_mean_somebody() {
        let code = with(&[("login_hint", ""), ("login_hint_token", "7KQ2-M8XN-40TC")]).unwrap();
        assert_eq!(code.hint, Hint::Code(Secret::new("7KQ2-M8XN-40TC".to_owned())));
        assert_eq!(refusal("login_hint_token", "a.b.c").1, "hints_several");
        assert_eq!(refusal("login_hint", ""), ("invalid_request", "hint_missing".to_owned()));
        assert_eq!(
            refusal("id_token_hint", "a.b.c"),
            ("invalid_request", "id_token_hint_refused".to_owned())
        );
        for hint in ["short", "99900000001", "a@b.example", &"x".repeat(65), "９９９０００００００１５"]
        {
            let expected = ("unknown_user_id", "login_hint_malformed".to_owned());
            assert_eq!(refusal("login_hint", hint), expected, "{hint}");
        }
    }

    #[test]
    fn a_binding_message_is_needed_short_and_plain() {
        let fault = |message: &str| {
            let (error, reason) = refusal("binding_message", message);
            assert_eq!(error, "invalid_binding_message", "{message}");
            reason
        };
        assert_eq!(refusal("binding_message", ""), ("invalid_request", "binding_message_missing".to_owned()));
        assert!(with(&[("binding_message", &"ế".repeat(64))]).is_ok());
        assert_eq!(fault(&"ế".repeat(65)), "text_length");
        assert_eq!(fault("   "), "text_length");
        assert_eq!(fault("xem https://a.example"), "text_url");
        assert_eq!(fault("vào dichvucong.gov.vn"), "text_url");
        assert_eq!(fault("a\nb"), "text_control_character");
        assert_eq!(fault("a\u{202e}b"), "text_invisible_character");
        assert_eq!(fault("số 999 000 000 015"), "text_identity_number");
    }

    #[test]
    fn the_time_to_answer_is_a_whole_number_between_its_bounds() {
        for good in ["30", "604800", "0030"] {
            assert!(with(&[("requested_expiry", good)]).is_ok(), "{good}");
        }
        for wrong in ["29", "604801", "-60", "+60", "60.0", "1e3", "abc", " 60", "99999999999999999999"] {
            assert_eq!(refusal("requested_expiry", wrong).1, "requested_expiry", "{wrong}");
        }
    }

    #[test]
    fn what_is_not_offered_is_refused() {
        assert_eq!(refusal("scope", "openid me.history"), ("invalid_scope", "scope_unsupported".to_owned()));
        assert_eq!(refusal("request", "a.b.c").1, "request_object_refused");
        assert_eq!(refusal("request_uri", "urn:x").1, "request_uri_refused");
        assert_eq!(refusal("user_code", "1234").1, "user_code_refused");
        assert_eq!(refusal("authorization_details", "").0, "invalid_authorization_details");
        assert_eq!(refusal("grant_id", "x").1, "grant_action_missing");
    }

    #[test]
    fn an_answer_does_not_show_its_credential() {
        let answer =
            BackchannelResponse { auth_req_id: "hidden".to_owned(), expires_in: 600, interval: INTERVAL };
        assert_eq!(
            serde_json::to_string(&answer).unwrap(),
            r#"{"auth_req_id":"hidden","expires_in":600,"interval":5}"#
        );
        assert!(!format!("{answer:?}").contains("hidden"));
    }

    proptest! {
        #[test]
        fn no_value_of_any_parameter_makes_the_reader_panic(
            name in prop::sample::select(vec!["login_hint", "binding_message", "requested_expiry", "scope"]),
            value in ".{0,80}",
        ) {
            let _ = with(&[(name, &value)]);
        }
    }
}
