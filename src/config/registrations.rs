//! `[[clients]]` and `[[officials]]` as they are written.

use std::{collections::BTreeSet, path::Path, path::PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::{
    admin::{ClientSpec, OfficialSpec},
    domain::{
        catalogue::Text,
        client::{CitizenScope, Profile, RequestObject, Signed},
    },
    jose::Jwks,
    registry::ActorIssuer,
};

/// One `[[clients]]`: an agency's software.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientSection {
    /// The OAuth `client_id`.
    client_id: String,
    /// The agency it belongs to.
    agency: String,
    /// Its name for people.
    name: String,
    /// Its public keys (RFC 7517 §5), here …
    #[serde(default)]
    jwks: Option<Value>,
    /// … or in a file.
    #[serde(default)]
    jwks_file: Option<PathBuf>,
    /// The purposes it may ask for.
    #[serde(default)]
    purposes: BTreeSet<String>,
    /// Where citizens are sent back to.
    #[serde(default)]
    redirect_uris: Vec<String>,
    /// The audience it answers for, when it is itself a data holder.
    #[serde(default)]
    audience: Option<String>,
    /// Issuers whose ID tokens prove that its officials signed in.
    #[serde(default)]
    actor_issuers: Vec<ActorIssuer>,
    /// `"required"`: every pushed request is a signed request object (RFC 9101).
    #[serde(default)]
    request_object: Option<RequestObject>,
    /// `"jwt"`: answers at the redirect URI are signed (JARM).
    #[serde(default)]
    response_mode: Option<Signed>,
    /// `"jwt"`: answers about tokens are signed (RFC 9701).
    #[serde(default)]
    introspection: Option<Signed>,
    /// Whether it may ask a citizen who is not there (CIBA).
    #[serde(default)]
    backchannel: bool,
    /// What of her own a citizen may let it read.
    #[serde(default)]
    scopes: BTreeSet<CitizenScope>,
    /// Whether it may query, name and revoke its grants.
    #[serde(default)]
    grant_management: bool,
    /// Whoever processes for the agency what it reads, or gets it from it.
    #[serde(default)]
    processors: Vec<Text>,
}

impl ClientSection {
    /// The registration it describes, its keys read; or what is wrong with them.
    pub(super) fn resolve(self, folder: &Path) -> Result<ClientSpec, String> {
        let keys = match (self.jwks, self.jwks_file) {
            (Some(keys), None) => keys,
            (None, Some(file)) => {
                let path = folder.join(file);
                let wrong = |error: &dyn std::fmt::Display| format!("`{}`: {error}", path.display());
                let text = std::fs::read_to_string(&path).map_err(|error| wrong(&error))?;
                serde_json::from_str(&text).map_err(|error| wrong(&error))?
            }
            _ => return Err("give either `jwks` or `jwks_file`".to_owned()),
        };
        Ok(ClientSpec {
            jwks: Jwks::parse(&keys).map_err(|error| error.to_string())?,
            client_id: self.client_id,
            agency: self.agency,
            name: self.name,
            purposes: self.purposes,
            redirect_uris: self.redirect_uris,
            audience: self.audience,
            actor_issuers: self.actor_issuers,
            profile: Profile {
                request_object: self.request_object,
                response_mode: self.response_mode,
                introspection: self.introspection,
                backchannel: self.backchannel,
                scopes: self.scopes,
                grant_management: self.grant_management,
                processors: self.processors,
            },
        })
    }
}

/// One `[[officials]]`: a person at an agency.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfficialSection {
    /// The agency.
    agency: String,
    /// Her code there.
    id: String,
    /// Her unit.
    unit: String,
    /// The issuer she signs in at; needs `sub`.
    #[serde(default)]
    issuer: Option<String>,
    /// Her subject at that issuer; needs `issuer`.
    #[serde(default)]
    sub: Option<String>,
}

impl OfficialSection {
    /// The registration it describes.
    pub(super) fn resolve(self) -> Result<OfficialSpec, String> {
        let sign_in = match (self.issuer, self.sub) {
            (Some(issuer), Some(sub)) => Some((issuer, sub)),
            (None, None) => None,
            _ => return Err("`issuer` and `sub` need each other".to_owned()),
        };
        Ok(OfficialSpec { agency: self.agency, id: self.id, unit: self.unit, sign_in })
    }
}
