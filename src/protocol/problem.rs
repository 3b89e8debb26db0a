//! Errors of the other endpoints: `application/problem+json` (RFC 9457).

use serde::Serialize;
use uuid::Uuid;

/// A problem. `code` is stable and what programs should look at; `title` and `detail` are for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// A URI of the kind of problem: `urn:minhbach:problem:` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// What kind of problem this is, in a few words; the same for one `code`.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable code, in snake case.
    code: String,
    /// What happened this time; never a value that came from a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The ledger entry that recorded it, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<Uuid>,
}

impl Problem {
    /// The media type of the answer.
    pub const CONTENT_TYPE: &'static str = "application/problem+json";

    /// A problem without detail or entry.
    #[must_use]
    pub fn new(status: u16, code: &str, title: &str) -> Self {
        Self {
            kind: format!("urn:minhbach:problem:{code}"),
            title: title.to_owned(),
            status,
            code: code.to_owned(),
            detail: None,
            entry: None,
        }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The same problem with what happened this time.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The same problem, recorded by an entry.
    #[must_use]
    pub fn with_entry(mut self, entry: Uuid) -> Self {
        self.entry = Some(entry);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_written_with_its_code_and_without_empty_members() {
        let problem = Problem::new(403, "uses_exhausted", "No uses left");
        let expected = r#"{"type":"urn:minhbach:problem:uses_exhausted","title":"No uses left","status":403,"code":"uses_exhausted"}"#;
        assert_eq!(serde_json::to_string(&problem).unwrap(), expected);
    }
}
