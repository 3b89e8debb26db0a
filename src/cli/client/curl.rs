//! One HTTP request: as it is sent, and as somebody types it.

use anyhow::Context as _;
use serde_json::Value;

use crate::outbound::http::Client;

/// A request of a client; everything curl and we send alike.
pub(super) struct Request {
    pub(super) method: &'static str,
    pub(super) url: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) form: Vec<(&'static str, String)>,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    /// The nonce for the next proof (RFC 9449 §8).
    pub(super) nonce: Option<String>,
    /// Why not, on protected resources (RFC 9110 §11.6.1).
    pub(super) challenge: Option<String>,
    pub(super) body: String,
}

impl Request {
    /// The request as a command for a shell.
    pub(super) fn curl(&self) -> String {
        let mut parts = vec![format!("curl -sS -i -X {} {}", self.method, quoted(&self.url))];
        parts.extend(
            self.headers.iter().map(|(name, value)| format!("-H {}", quoted(&format!("{name}: {value}")))),
        );
        let form = self.form.iter();
        parts.extend(
            form.map(|(name, value)| format!("--data-urlencode {}", quoted(&format!("{name}={value}")))),
        );
        parts.join(" \\\n  ")
    }

    /// Sends it.
    pub(super) async fn send(&self, http: &Client) -> anyhow::Result<Answer> {
        let mut request = if self.method == "GET" { http.get(&self.url) } else { http.post(&self.url) };
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if !self.form.is_empty() {
            request = request.form(&self.form);
        }
        let answer = request.send().await.with_context(|| format!("no answer from `{}`", self.url))?;
        let header =
            |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (nonce, challenge) = (header("dpop-nonce"), header("www-authenticate"));
        let status = answer.status().as_u16();
        Ok(Answer { status, nonce, challenge, body: answer.text().await? })
    }
}

impl Answer {
    /// Whether it is the demand for a nonce, from an authorization server (RFC 9449 §8) or a resource (§9).
    pub(super) fn wants_nonce(&self) -> bool {
        let named = self.member("error").is_ok_and(|error| error == "use_dpop_nonce");
        let challenged = self.challenge.as_ref().is_some_and(|text| text.contains("use_dpop_nonce"));
        self.nonce.is_some() && (named || challenged)
    }

    /// The body as JSON.
    pub(super) fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_str(&self.body).context("the answer is not JSON")
    }

    /// A text member of the JSON body.
    pub(super) fn member(&self, name: &str) -> anyhow::Result<String> {
        let body = self.json()?;
        let text = body.get(name).and_then(Value::as_str);
        text.map(str::to_owned).with_context(|| format!("the answer has no `{name}`"))
    }

    /// Status, the headers that matter, and the body, for a reader.
    pub(super) fn text(&self) -> String {
        let mut lines = vec![format!("HTTP {}", self.status)];
        lines.extend(self.challenge.iter().map(|value| format!("www-authenticate: {value}")));
        lines.extend(self.nonce.iter().map(|value| format!("dpop-nonce: {value}")));
        let pretty = self.json().and_then(|body| Ok(serde_json::to_string_pretty(&body)?));
        lines.push(pretty.unwrap_or_else(|_| self.body.clone()));
        lines.join("\n")
    }
}

/// A word in single quotes for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_survives_the_shell() {
        let request = Request {
            method: "POST",
            url: "http://127.0.0.1:1/token".into(),
            headers: vec![("DPoP", "a.b.c".into())],
            form: vec![("note", "it's $HOME & \"more\"".into())],
        };
        // The shell itself is asked what the words are; `curl` is replaced by `printf`.
        let script = request.curl().replacen("curl -sS -i -X", "printf '%s\\n'", 1);
        let ran = std::process::Command::new("sh").arg("-c").arg(script).output().unwrap();
        let words = String::from_utf8(ran.stdout).unwrap();
        assert!(words.lines().any(|word| word == "DPoP: a.b.c"), "{words}");
        assert!(words.lines().any(|word| word == "note=it's $HOME & \"more\""), "{words}");
    }
}
