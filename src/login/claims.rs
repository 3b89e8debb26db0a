//! From claims to a role: what an issuer of a given role is believed to say.

use serde_json::{Map, Value};

use super::{
    config::{IssuerConfig, IssuerRole},
    error::LoginError,
};
use crate::secret::Secret;

/// Who signed in, in the one role the issuer is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignedInRole {
    /// A citizen.
    Citizen {
        /// 12 digits.
        national_id: Secret<String>,
    },
    /// An official.
    Official {
        /// The agency the issuer speaks for.
        agency: String,
        /// The id within the agency.
        id: String,
        /// The unit, if the issuer says it.
        unit: Option<String>,
        /// The name to show, if the issuer says it.
        name: Option<Secret<String>>,
    },
    /// A compliance officer.
    Compliance {
        /// The agency the issuer speaks for.
        agency: String,
        /// The id within the agency.
        id: String,
        /// The name to show, if the issuer says it.
        name: Option<Secret<String>>,
    },
}

/// The claims of a verified ID token, then those of UserInfo.
pub(super) struct Claims<'a> {
    pub(super) id_token: &'a Map<String, Value>,
    pub(super) userinfo: Option<&'a Map<String, Value>>,
}

impl Claims<'_> {
    fn value(&self, name: &str) -> Option<&Value> {
        self.id_token.get(name).or_else(|| self.userinfo?.get(name))
    }

    /// A claim as text: not empty, at most 200 characters, nothing a page could stumble over.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let text = self.value(name)?.as_str()?.trim();
        let fits = !text.is_empty() && text.chars().count() <= 200 && !text.chars().any(is_disruptive);
        fits.then(|| text.to_owned())
    }

    /// The role of whom these claims describe.
    pub(super) fn role(&self, config: &IssuerConfig) -> Result<SignedInRole, LoginError> {
        let names = &config.claims;
        let id = || {
            self.text(&names.official_id).ok_or_else(|| LoginError::ClaimMissing(names.official_id.clone()))
        };
        let shown = || self.text(&names.name).map(Secret::new);
        match &config.role {
            // INVARIANT: the only place that reads a national id out of a token.
            IssuerRole::Citizen => {
                let name = names.national_id.clone().unwrap_or_default();
                let national_id = self.text(&name).filter(|id| is_national_id(id));
                let national_id = national_id.ok_or(LoginError::ClaimMissing(name))?;
                Ok(SignedInRole::Citizen { national_id: Secret::new(national_id) })
            }
            IssuerRole::Official { agency } => Ok(SignedInRole::Official {
                agency: agency.clone(),
                id: id()?,
                unit: self.text(&names.unit),
                name: shown(),
            }),
            IssuerRole::Compliance { agency } => {
                Ok(SignedInRole::Compliance { agency: agency.clone(), id: id()?, name: shown() })
            }
        }
    }
}

/// 12 digits (Law on Identification 26/2023/QH15, Art. 12).
fn is_national_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// Controls, and the marks that reorder text around them (Unicode UAX #9).
fn is_disruptive(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}
