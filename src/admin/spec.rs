//! What a registration says, before it is one.

use std::collections::BTreeSet;

use url::Url;

use crate::{
    domain::{
        catalogue::{BasisKind, Catalogue, Text},
        client::Profile,
    },
    jose::Jwks,
    outbound::http::is_loopback,
    registry::ActorIssuer,
};

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
    /// Where citizens are sent back to: https addresses as [`Url`] writes them, 2,048 bytes at most; http on the
    /// loopback for a service that is itself one (the demonstration).
    pub redirect_uris: Vec<String>,
    /// The audience it answers for, when it is itself a data holder.
    pub audience: Option<String>,
    /// Issuers whose ID tokens prove that its officials signed in.
    pub actor_issuers: Vec<ActorIssuer>,
    /// What it is allowed beyond asking.
    pub profile: Profile,
}

impl ClientSpec {
    /// Everything wrong with it at the service of this issuer, in words for an operator; empty when it can be
    /// registered.
    #[must_use]
    pub fn problems(&self, issuer: &str) -> Vec<String> {
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
        let demonstration = Url::parse(issuer).is_ok_and(|url| url.scheme() == "http" && is_loopback(&url));
        let mut seen = BTreeSet::new();
        for uri in &self.redirect_uris {
            if let Some(what) = wrong_redirect(uri, demonstration) {
                found.push(format!("`redirect_uris`: `{uri}` {what}"));
            }
            if !seen.insert(uri) {
                found.push(format!("`redirect_uris`: `{uri}` is listed twice"));
            }
        }
        if !self.profile.scopes.is_empty() && self.redirect_uris.is_empty() {
            found.push("`scopes` need a `redirect_uris`: a citizen must be there to allow them".to_owned());
        }
        let named = |text: &Text| is_name(&text.vi) && is_name(&text.en);
        if self.profile.processors.len() > 10 || !self.profile.processors.iter().all(named) {
            found.push(
                "`processors`: at most 10, each with a name of 1 to 200 characters in `vi` and `en`"
                    .to_owned(),
            );
        }
        if self.audience.as_ref().is_some_and(|audience| audience.is_empty() || audience.len() > 256) {
            found.push("`audience` must be 1 to 256 bytes".to_owned());
        }
        // Else its tokens would be taken for those of the service's own endpoints, and it would be told of theirs.
        let ours = |audience: &String| {
            audience.strip_prefix(issuer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if self.audience.as_ref().is_some_and(ours) {
            found.push("`audience` is an address of this service itself".to_owned());
        }
        for issuer in &self.actor_issuers {
            if issuer.audiences.is_empty() {
                found.push(format!("`actor_issuers`: `{}` lists no audience", issuer.issuer));
            }
        }
        found
    }

    /// What it could never do: the purposes that rest on consent alone, when it has no way to ask anybody.
    #[must_use]
    pub fn unaskable(&self, catalogue: &Catalogue) -> Vec<String> {
        if self.profile.backchannel || !self.redirect_uris.is_empty() {
            return Vec::new();
        }
        let on_consent_alone = |id: &&String| {
            let purpose = catalogue.purpose(id);
            purpose.is_some_and(|purpose| purpose.bases.iter().all(|basis| basis.kind == BasisKind::Consent))
        };
        let say =
            |id: &String| format!("`{id}` rests on consent: give a `redirect_uris`, or `backchannel = true`");
        self.purposes.iter().filter(on_consent_alone).map(say).collect()
    }
}

/// Why an address cannot be one that citizens are sent back to (FAPI 2.0 §5.3.2.2 no. 8, RFC 9700 §2.1: compared
/// letter by letter, so nothing may be left open).
fn wrong_redirect(uri: &str, demonstration: bool) -> Option<String> {
    let Ok(url) = Url::parse(uri) else { return Some("is not an address".to_owned()) };
    match url.scheme() {
        "https" => {}
        "http" if demonstration && is_loopback(&url) => {}
        _ => return Some("must be https".to_owned()),
    }
    if url.fragment().is_some() {
        return Some("has a fragment".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some("names a user".to_owned());
    }
    if url.as_str() != uri {
        return Some(format!("must be written as browsers write it: `{url}`"));
    }
    (uri.len() > 2048).then(|| "is longer than 2048 bytes".to_owned())
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
