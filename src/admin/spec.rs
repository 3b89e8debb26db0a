//! What a registration says, before it is one.

use std::collections::BTreeSet;

use url::Url;

use crate::{jose::Jwks, registry::ActorIssuer};

/// A client to be registered: an agency's software.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSpec {
    /// The OAuth `client_id`: 1 to 128 letters, digits and `. _ : -`.
    pub client_id: String,
    /// The agency it belongs to, for good.
    pub agency: String,
    /// Its name for people.
    pub name: String,
    /// Its public keys; at least one.
    pub jwks: Jwks,
    /// The purposes it may ask for.
    pub purposes: BTreeSet<String>,
    /// Where citizens are sent back to: https, or http on the loopback.
    pub redirect_uris: Vec<String>,
    /// The audience it answers for, when it is itself a data holder.
    pub audience: Option<String>,
    /// Issuers whose ID tokens prove that its officials signed in.
    pub actor_issuers: Vec<ActorIssuer>,
}

impl ClientSpec {
    /// Everything wrong with it, in words for an operator; empty when it can be registered.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut found = Vec::new();
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"._:-".contains(&b);
        if self.client_id.is_empty() || self.client_id.len() > 128 || !self.client_id.bytes().all(fits) {
            found.push("`client_id` must be 1 to 128 letters, digits and `. _ : -`".to_owned());
        }
        if !is_name(&self.name) {
            found.push("`name` must be 1 to 200 characters on one line".to_owned());
        }
        if self.jwks.keys().is_empty() {
            found.push("`jwks` holds no key".to_owned());
        }
        for uri in &self.redirect_uris {
            // RFC 9700 §2.1: compared letter by letter, so nothing may be left open.
            let fits = Url::parse(uri).is_ok_and(|url| {
                let loopback = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
                (url.scheme() == "https" || (url.scheme() == "http" && loopback)) && url.fragment().is_none()
            });
            if !fits {
                found.push(format!("`redirect_uris`: `{uri}` is not an https address without a fragment"));
            }
        }
        if self.audience.as_ref().is_some_and(|audience| audience.is_empty() || audience.len() > 256) {
            found.push("`audience` must be 1 to 256 bytes".to_owned());
        }
        for issuer in &self.actor_issuers {
            if issuer.audiences.is_empty() {
                found.push(format!("`actor_issuers`: `{}` lists no audience", issuer.issuer));
            }
        }
        found
    }
}

/// An official to be registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficialSpec {
    /// The agency she works for.
    pub agency: String,
    /// Her code there: 1 to 128 characters.
    pub id: String,
    /// Her unit.
    pub unit: String,
    /// Issuer and subject of her sign-in, where known; without them she can only be asserted.
    pub sign_in: Option<(String, String)>,
}

impl OfficialSpec {
    /// Everything wrong with it, in words for an operator; empty when it can be registered.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut found = Vec::new();
        if !is_name(&self.id) || self.id.chars().count() > 128 {
            found.push("`id` must be 1 to 128 characters on one line".to_owned());
        }
        if !is_name(&self.unit) {
            found.push("`unit` must be 1 to 200 characters on one line".to_owned());
        }
        if self.sign_in.as_ref().is_some_and(|(issuer, sub)| issuer.is_empty() || sub.is_empty()) {
            found.push("`issuer` and `sub` must not be empty".to_owned());
        }
        found
    }
}

fn is_name(text: &str) -> bool {
    (1..=200).contains(&text.chars().count()) && text.trim() == text && !text.chars().any(char::is_control)
}
