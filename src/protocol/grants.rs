//! Grant Management for OAuth 2.0 (OpenID draft 03): what a request asks of a grant, and a grant as its client reads it.
//!
//! In scope: the forms. Out of scope: whose grant it is. A `grant_id` is public and no credential; it is never in an
//! authorization response, only in the token response.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    error::{ErrorCode, OAuthError},
    rar::GrantedDetail,
};

/// What a request asks to be done with a grant (§5.1). Without one, the result gets a grant of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "action", content = "grant_id")]
pub enum Action {
    /// A new grant.
    Create,
    /// The result is added to this grant; its refresh tokens so far end.
    Merge(Uuid),
    /// The result takes the place of everything in this grant; all its tokens so far end.
    Replace(Uuid),
}

impl Action {
    /// The values of `grant_management_action`, for `grant_management_actions_supported` (with `query` and `revoke`).
    pub const NAMES: [&str; 3] = ["create", "merge", "replace"];

    /// The grant it is about, if there already is one.
    #[must_use]
    pub const fn grant_id(self) -> Option<Uuid> {
        match self {
            Self::Create => None,
            Self::Merge(id) | Self::Replace(id) => Some(id),
        }
    }

    /// Reads the two parameters.
    ///
    /// # Errors
    /// `invalid_request` for an unknown action, a `grant_id` without an action or with `create`, and for `merge` or
    /// `replace` without one; `invalid_grant_id` for one that was never given out.
    pub fn read(action: Option<&str>, grant_id: Option<&str>) -> Result<Option<Self>, OAuthError> {
        let bad =
            |reason: &str, description: &str| OAuthError::new(ErrorCode::InvalidRequest, reason, description);
        let id = || {
            let text =
                grant_id.ok_or_else(|| bad("grant_id_missing", "`merge` and `replace` need a `grant_id`"))?;
            parse_id(text).ok_or_else(|| {
                let description = "`grant_id` is not a grant of this client and person";
                OAuthError::new(ErrorCode::InvalidGrantId, "grant_id_unknown", description)
            })
        };
        match (action, grant_id) {
            (None, None) => Ok(None),
            (None, Some(_)) => {
                Err(bad("grant_action_missing", "`grant_id` needs a `grant_management_action`"))
            }
            (Some("create"), None) => Ok(Some(Self::Create)),
            (Some("create"), Some(_)) => Err(bad("grant_id_refused", "`create` takes no `grant_id`")),
            (Some("merge"), _) => Ok(Some(Self::Merge(id()?))),
            (Some("replace"), _) => Ok(Some(Self::Replace(id()?))),
            (Some(_), _) => Err(bad(
                "grant_action_unknown",
                "`grant_management_action` is `create`, `merge` or `replace`",
            )),
        }
    }
}

/// A `grant_id` as it is given out: a UUID in lower case with hyphens; any other spelling is not one of ours.
#[must_use]
pub fn parse_id(text: &str) -> Option<Uuid> {
    Uuid::parse_str(text).ok().filter(|id| id.hyphenated().to_string() == text)
}

/// A grant as its client reads it (§6.4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Grant {
    /// Scopes of the citizen's own token; otherwise empty.
    pub scopes: Vec<GrantedScope>,
    /// Always empty: claims are not granted here.
    pub claims: Vec<String>,
    /// What is granted; each with the `id` by which tokens and notices name it.
    pub authorization_details: Vec<GrantedDetail>,
    /// When it was made, in seconds.
    pub created_at: i64,
    /// When it last changed, in seconds: the draft's text has this name …
    pub last_updated: i64,
    /// … and its example this one; both are written.
    pub last_updated_at: i64,
    /// When the last of it ends, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
    /// Who changed it last.
    pub updated_by: UpdatedBy,
}

impl Grant {
    /// A grant; times in seconds.
    #[must_use]
    pub fn new(
        authorization_details: Vec<GrantedDetail>,
        scopes: Vec<GrantedScope>,
        created_at: i64,
        updated_at: i64,
        updated_by: UpdatedBy,
    ) -> Self {
        let expires_at = authorization_details.iter().map(|detail| detail.expires_at).max();
        Self {
            scopes,
            claims: Vec::new(),
            authorization_details,
            created_at,
            last_updated: updated_at,
            last_updated_at: updated_at,
            expires_at,
            updated_by,
        }
    }
}

/// A scope, and the resources it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GrantedScope {
    /// The scope value.
    pub scope: String,
    /// RFC 8707 resources.
    pub resource: Vec<String>,
}

/// Who changed a grant last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UpdatedBy {
    /// The client, by a request of its own.
    Client,
    /// This service, e.g. because the person withdrew.
    AuthorizationServer,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::protocol::rar::{self, Basis, GrantedSubject};

    const ID: &str = "01890000-0000-7000-8000-000000000001";

    fn refusal(action: Option<&str>, grant_id: Option<&str>) -> (&'static str, String) {
        let error = Action::read(action, grant_id).unwrap_err();
        (error.error.as_str(), error.reason)
    }

    #[test]
    fn an_action_and_its_grant_come_as_the_draft_says() {
        let id = Uuid::parse_str(ID).unwrap();
        assert_eq!(Action::read(None, None), Ok(None));
        assert_eq!(Action::read(Some("create"), None), Ok(Some(Action::Create)));
        assert_eq!(Action::read(Some("merge"), Some(ID)), Ok(Some(Action::Merge(id))));
        assert_eq!(Action::read(Some("replace"), Some(ID)), Ok(Some(Action::Replace(id))));
        let kept = serde_json::to_value(Action::Merge(id)).unwrap();
        assert_eq!(serde_json::from_value::<Action>(kept).unwrap(), Action::Merge(id));
        let kept = serde_json::to_value(Action::Create).unwrap();
        assert_eq!(serde_json::from_value::<Action>(kept).unwrap(), Action::Create);
    }

    #[test]
    fn every_other_combination_is_refused() {
        let request = |reason: &str| ("invalid_request", reason.to_owned());
        assert_eq!(refusal(None, Some(ID)), request("grant_action_missing"));
        assert_eq!(refusal(Some("create"), Some(ID)), request("grant_id_refused"));
        assert_eq!(refusal(Some("merge"), None), request("grant_id_missing"));
        assert_eq!(refusal(Some("replace"), None), request("grant_id_missing"));
        assert_eq!(refusal(Some("update"), Some(ID)), request("grant_action_unknown"));
        assert_eq!(refusal(Some("Merge"), Some(ID)), request("grant_action_unknown"));
        for id in ["x", "01890000000070008000000000000001", &ID.replace('8', "{"), "urn:uuid:x"] {
            assert_eq!(
                refusal(Some("merge"), Some(id)),
                ("invalid_grant_id", "grant_id_unknown".to_owned()),
                "{id}"
            );
        }
        assert_eq!(parse_id(&Uuid::from_u128(0xABC).simple().to_string().to_uppercase()), None);
    }

    #[test]
    fn a_grant_is_written_with_both_names_of_its_last_change_and_the_ids_of_its_details() {
        let detail = GrantedDetail {
            kind: rar::TYPE.to_owned(),
            id: "d1".to_owned(),
            purpose: "p".to_owned(),
            subject: GrantedSubject { handle: "AbCdEfGhIjKlMnOpQrStUv".to_owned() },
            actions: vec!["read".to_owned()],
            datatypes: vec!["person.full_name".to_owned()],
            basis: Basis::Consent,
            expires_at: 9,
            uses_left: 1,
            consent: Some(ID.to_owned()),
            limits: None,
        };
        let scope =
            GrantedScope { scope: "me.history".to_owned(), resource: vec!["https://a.example".to_owned()] };
        let grant = Grant::new(vec![detail], vec![scope], 1, 2, UpdatedBy::AuthorizationServer);
        let written = serde_json::to_value(&grant).unwrap();
        assert_eq!((&written["created_at"], &written["expires_at"]), (&json!(1), &json!(9)));
        assert_eq!((&written["last_updated"], &written["last_updated_at"]), (&json!(2), &json!(2)));
        assert_eq!(written["authorization_details"][0]["id"], "d1");
        assert_eq!(written["updated_by"], "authorization_server");
        assert_eq!(written["scopes"], json!([{"scope": "me.history", "resource": ["https://a.example"]}]));
        assert_eq!(written["claims"], json!([]));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(action in ".{0,10}", id in ".{0,40}") {
            let _ = Action::read(Some(&action), Some(&id));
        }
    }
}
