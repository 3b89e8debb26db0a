//! How a register is described in configuration. Out of scope: reading the file, and asking the register.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use crate::outbound::http::is_loopback;

/// Where the national id goes in a body template, or in the address of a GET exception.
pub(super) const ID: &str = "{national_id}";
/// A string that is exactly this becomes the list of the asked field names.
const FIELDS: &str = "{fields}";

/// One register that holds personal data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceConfig {
    /// Its name in the catalogue (`policies/sources.toml`), e.g. `population`.
    pub id: String,
    /// The address that answers questions about one person: `https`, or plain `http` on the loopback only.
    pub url: String,
    /// `"post"` unless the register only offers GET.
    #[serde(default)]
    pub method: Method,
    /// The JSON body to POST. In every string `{national_id}` is replaced by the id; a string that is exactly
    /// `{fields}` becomes the list of asked field names.
    #[serde(default = "default_body")]
    pub body: Value,
    /// RFC 6901 pointer to the national id in the answer. It must be there and equal the one asked about.
    pub id_pointer: String,
    /// RFC 6901 pointer to the moment the record was last changed (RFC 3339, or a date in Vietnam).
    #[serde(default)]
    pub as_of_pointer: Option<String>,
    /// Where each field is found and what it must look like: field name → place.
    pub fields: BTreeMap<String, FieldAt>,
    /// Milliseconds for the whole exchange, 1 to 30,000.
    #[serde(default = "default_timeout")]
    pub timeout_ms: u64,
    /// Largest answer in bytes, 1 to 8 MiB.
    #[serde(default = "default_bytes")]
    pub max_bytes: usize,
    /// Trust anchors and client certificate; the machine's authorities and none when absent.
    #[serde(default)]
    pub tls: Option<TlsConfig>,
}

/// How the register is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The national id travels in the body, never in an address.
    #[default]
    Post,
    /// The register only offers GET, with the id in the address: an exception somebody answers for. Its address is
    /// never logged here, but the register's own side and anything between may log it.
    GetExplicit(GetException),
}

/// Who answers for putting national ids into addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetException {
    /// Name of the exception: the document or ticket that allows it.
    pub exception: String,
}

/// Where one field is in an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldAt {
    /// RFC 6901 pointer, not empty.
    pub pointer: String,
    /// What is expected there; anything else refuses the whole answer.
    #[serde(rename = "type", default)]
    pub kind: FieldType,
}

/// The JSON types a field may have. There is no object: what a field holds is one thing, not a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// A string.
    #[default]
    Text,
    /// A string `YYYY-MM-DD` that is a day of the calendar.
    Date,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A list of strings.
    Texts,
}

/// Files for TLS, PEM, relative to the configuration's folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// The only authorities believed.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// Our certificate chain; needs `key`.
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    /// Our private key; needs `certificate`.
    #[serde(default)]
    pub key: Option<PathBuf>,
}

fn default_body() -> Value {
    json!({ "national_id": ID })
}

const fn default_timeout() -> u64 {
    2000
}

const fn default_bytes() -> usize {
    256 * 1024
}

impl SourceConfig {
    /// Everything wrong with this description, in words for an operator; empty when it can be used.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut found = self.address_problems();
        if self.id.is_empty() || !self.id.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
            found.push("the id must be lower-case letters and underscores".to_owned());
        }
        let pointers = self.fields.iter().map(|(field, at)| (field.as_str(), at.pointer.as_str()));
        let own = [("id_pointer", Some(&self.id_pointer)), ("as_of_pointer", self.as_of_pointer.as_ref())];
        let own = own.into_iter().filter_map(|(name, pointer)| Some((name, pointer?.as_str())));
        for (name, pointer) in pointers.chain(own) {
            if !is_pointer(pointer) {
                found.push(format!("`{name}`: `{pointer}` is not a JSON pointer (RFC 6901) into a record"));
            }
        }
        if self.fields.is_empty() {
            found.push("it offers no field".to_owned());
        }
        if !(1..=30_000).contains(&self.timeout_ms) {
            found.push("`timeout_ms` must be 1 to 30000".to_owned());
        }
        if !(1..=8 * 1024 * 1024).contains(&self.max_bytes) {
            found.push("`max_bytes` must be 1 to 8388608".to_owned());
        }
        if self.tls.as_ref().is_some_and(|tls| tls.certificate.is_some() != tls.key.is_some()) {
            found.push("`tls.certificate` and `tls.key` need each other".to_owned());
        }
        found
    }

    fn address_problems(&self) -> Vec<String> {
        let mut found = Vec::new();
        match Url::parse(&self.url.replace(ID, "0")) {
            Err(_) => found.push("`url` is not an address".to_owned()),
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                found.push("`url` must not hold a name or password".to_owned());
            }
            Ok(url) if url.scheme() == "https" => {}
            Ok(url) if url.scheme() == "http" && is_loopback(&url) => {
                if self.tls.is_some() {
                    found.push("`tls` has no use with plain http".to_owned());
                }
            }
            Ok(_) => found.push("`url` must be https; plain http is for the loopback only".to_owned()),
        }
        let in_address = self.url.contains(ID);
        match &self.method {
            Method::Post if in_address => {
                found.push(format!("`{ID}` in an address needs `method = {{ get_explicit = … }}`"));
            }
            Method::Post if !mentions_id(&self.body) => found.push(format!("`body` does not mention `{ID}`")),
            Method::GetExplicit(_) if !in_address => found.push(format!("`url` does not mention `{ID}`")),
            Method::GetExplicit(named) if named.exception.trim().is_empty() => {
                found.push("`exception` must name who allowed it".to_owned());
            }
            Method::Post | Method::GetExplicit(_) => {}
        }
        found
    }
}

/// The body to send: the template with its placeholders filled, strings only, so nothing needs escaping.
pub(super) fn fill(template: &Value, national_id: &str, fields: &[String]) -> Value {
    match template {
        Value::String(text) if text == FIELDS => fields.iter().map(String::as_str).collect(),
        Value::String(text) => Value::String(text.replace(ID, national_id)),
        Value::Array(items) => items.iter().map(|item| fill(item, national_id, fields)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), fill(value, national_id, fields))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => template.clone(),
    }
}

fn mentions_id(template: &Value) -> bool {
    match template {
        Value::String(text) => text.contains(ID),
        Value::Array(items) => items.iter().any(mentions_id),
        Value::Object(members) => members.values().any(mentions_id),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// RFC 6901 §3, without the empty pointer, which would be the whole record.
fn is_pointer(text: &str) -> bool {
    let mut escapes = text.split('~');
    text.starts_with('/') && escapes.next().is_some() && escapes.all(|rest| rest.starts_with(['0', '1']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn population(change: &str) -> Vec<String> {
        let text = format!(
            "id = \"population\"\nid_pointer = \"/id\"\n{change}\n[fields]\nname = {{ pointer = \"/name\" }}"
        );
        toml::from_str::<SourceConfig>(&text).unwrap().problems()
    }

    #[test]
    fn a_short_description_is_enough() {
        assert_eq!(population("url = \"https://register.invalid/ask\""), Vec::<String>::new());
    }

    #[test]
    fn each_problem_is_named() {
        for (change, expected) in [
            ("url = \"http://register.invalid/ask\"", "plain http"),
            ("url = \"ask\"", "not an address"),
            ("url = \"https://a:b@register.invalid/\"", "name or password"),
            ("url = \"https://register.invalid/{national_id}\"", "get_explicit"),
            ("url = \"https://register.invalid/\"\nbody = { a = 1 }", "does not mention"),
            ("url = \"https://register.invalid/\"\nas_of_pointer = \"at\"", "as_of_pointer"),
            ("url = \"https://register.invalid/\"\nas_of_pointer = \"/a~2\"", "as_of_pointer"),
            ("url = \"https://register.invalid/\"\ntimeout_ms = 0", "timeout_ms"),
            ("url = \"https://register.invalid/\"\nmax_bytes = 0", "max_bytes"),
            ("url = \"https://register.invalid/\"\ntls = { key = \"k\" }", "need each other"),
            (
                "url = \"https://register.invalid/{national_id}\"\nmethod = { get_explicit = { exception = \" \" } }",
                "exception",
            ),
        ] {
            let found = population(change);
            assert!(found.len() == 1 && found[0].contains(expected), "{change}: {found:?}");
        }
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let text = "id = \"a\"\nurl = \"https://a.invalid\"\nid_pointer = \"/a\"\nfields = {}\ntimout_ms = 3";
        assert!(toml::from_str::<SourceConfig>(text).unwrap_err().to_string().contains("timout_ms"));
    }

    #[test]
    fn a_template_is_filled_without_escaping() {
        let template = json!({ "q": [{ "id": "VN-{national_id}" }], "f": "{fields}", "n": 1 });
        let filled = fill(&template, "999000000015", &["a\"b".to_owned()]);
        assert_eq!(filled, json!({ "q": [{ "id": "VN-999000000015" }], "f": ["a\"b"], "n": 1 }));
    }
}
