//! What came back, and the ways to look at it.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
    /// The body; null when it is not JSON.
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.unwrap().to_vec();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Self { status, headers, bytes, body }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The text at a JSON pointer.
    #[track_caller]
    pub(crate) fn at(&self, pointer: &str) -> &str {
        let found = self.body.pointer(pointer).and_then(Value::as_str);
        found.unwrap_or_else(|| panic!("no text at {pointer} of {} {}", self.status, self.text()))
    }

    /// It is a success.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.text());
        self
    }

    /// The token of a success.
    #[track_caller]
    pub(crate) fn access_token(self) -> String {
        self.ok().at("/access_token").to_owned()
    }

    /// It is an OAuth error (RFC 6749 §5.2) with this reason, never cached, and it carries nothing else.
    #[track_caller]
    pub(crate) fn refused(&self, case: &str, status: u16, error: &str, reason: &str) {
        let said = (self.status, self.body["error"].as_str(), self.body["reason"].as_str());
        assert_eq!(said, (status, Some(error), Some(reason)), "{case}: {}", self.text());
        assert_eq!(self.header("cache-control"), "no-store", "{case}");
        assert!(self.header("content-type").starts_with("application/json"), "{case}");
        let known = ["error", "error_description", "reason", "entry"];
        for member in self.body.as_object().unwrap().keys() {
            assert!(known.contains(&member.as_str()), "{case}: {member}");
        }
    }

    /// It is a problem (RFC 9457) with this code, never cached, and it carries no data.
    #[track_caller]
    pub(crate) fn problem(&self, case: &str, status: u16, code: &str) {
        let said = (self.status, self.body["code"].as_str());
        assert_eq!(said, (status, Some(code)), "{case}: {}", self.text());
        assert_eq!(self.header("cache-control"), "no-store", "{case}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{case}");
        assert!(self.body.get("data").is_none(), "{case}");
    }

    /// It is a refused token or proof: 401 with a challenge (RFC 9449 §7.1).
    #[track_caller]
    pub(crate) fn challenged(&self, case: &str, error: &str, code: &str) {
        self.problem(case, 401, code);
        let challenge = self.header("www-authenticate");
        assert!(challenge.starts_with("DPoP ") && challenge.contains("algs="), "{case}: {challenge}");
        assert!(challenge.contains(&format!("error=\"{error}\"")), "{case}: {challenge}");
    }
}
