//! One `[[issuers]]` section of the configuration: who signs whom in, and what is believed.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Deserializer};
use url::Url;

use crate::{outbound::http::is_loopback, secret::Secret};

/// A signature algorithm of RFC 7518 §3.1 or RFC 8037. MACs and `none` cannot be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum SigningAlgorithm {
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// RSASSA-PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256: only for issuers that offer nothing better; it must be listed by name.
    #[serde(rename = "RS256")]
    Rs256,
}

/// Whom an issuer speaks for. Nothing it says beyond that role is believed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum IssuerRole {
    /// Citizens: the only role that establishes national ids.
    Citizen,
    /// Officials of one agency.
    Official {
        /// The agency's id in the catalogue.
        agency: String,
    },
    /// Compliance officers of one agency.
    Compliance {
        /// The agency's id in the catalogue.
        agency: String,
    },
}

/// How this service proves itself at the issuer's token endpoint (OpenID Connect Core §9).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientAuthentication {
    /// HTTP Basic with the shared secret; one of the two members.
    ClientSecretBasic {
        /// The secret itself.
        #[serde(default, deserialize_with = "secret")]
        client_secret: Option<Secret<String>>,
        /// A file that holds nothing but the secret.
        client_secret_file: Option<PathBuf>,
    },
    /// The shared secret in the request body; one of the two members.
    ClientSecretPost {
        /// The secret itself.
        #[serde(default, deserialize_with = "secret")]
        client_secret: Option<Secret<String>>,
        /// A file that holds nothing but the secret.
        client_secret_file: Option<PathBuf>,
    },
    /// A signed assertion (RFC 7523): nothing shared, the better choice.
    PrivateKeyJwt {
        /// PKCS #8 in PEM: P-256 (signs ES256) or Ed25519 (signs EdDSA).
        key_file: PathBuf,
        /// The `kid` under which the issuer knows the public key.
        key_id: Option<String>,
    },
}

/// Which claims carry what. Claims are looked for in the ID token, then, with `userinfo = true`, at the UserInfo
/// endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClaimNames {
    /// Citizens only: the claim with the 12-digit national id.
    pub national_id: Option<String>,
    /// The id of an official or compliance officer within the agency.
    pub official_id: String,
    /// The official's unit.
    pub unit: String,
    /// The name to show.
    pub name: String,
}

impl Default for ClaimNames {
    fn default() -> Self {
        Self {
            national_id: None,
            official_id: "sub".to_owned(),
            unit: "unit".to_owned(),
            name: "name".to_owned(),
        }
    }
}

/// What the sign-in button says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisplayName {
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

/// One issuer and everything that is believed of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerConfig {
    /// The issuer identifier, exactly as in its discovery document and in `iss`. `https`; plain `http` only on
    /// loopback (the demonstration).
    pub issuer: String,
    /// The id under which this service is registered there.
    pub client_id: String,
    /// How this service proves itself.
    pub authentication: ClientAuthentication,
    /// Whom the issuer speaks for.
    pub role: IssuerRole,
    /// The algorithms its tokens may be signed with.
    #[serde(default = "default_algorithms")]
    pub algorithms: Vec<SigningAlgorithm>,
    /// Which claims carry what.
    #[serde(default)]
    pub claims: ClaimNames,
    /// Whether claims missing in the ID token are asked for at the UserInfo endpoint.
    #[serde(default)]
    pub userinfo: bool,
    /// `acr` value → level of assurance, 1 (lowest) to 4. A value not listed, or none, is level 1.
    #[serde(default)]
    pub acr: BTreeMap<String, u8>,
    /// `acr_values` to ask for, in order of preference.
    #[serde(default)]
    pub acr_values: Vec<String>,
    /// Scopes besides `openid`.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// What the sign-in button says.
    pub display_name: DisplayName,
    /// The oldest sign-in at the issuer that is accepted, in seconds; then `auth_time` is demanded.
    pub max_age_seconds: Option<u32>,
    /// Demand `iss` in the response (RFC 9207) even if discovery does not advertise it. If discovery does, it is
    /// demanded anyway; an `iss` that differs is always refused.
    #[serde(default)]
    pub require_iss: bool,
}

fn default_algorithms() -> Vec<SigningAlgorithm> {
    vec![SigningAlgorithm::Es256, SigningAlgorithm::Ps256, SigningAlgorithm::EdDsa]
}

fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Secret<String>>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.map(Secret::new))
}

impl IssuerConfig {
    /// Every problem of this section, one sentence each; empty when there is none. Files are not opened here.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut say = |text: String| problems.push(format!("issuer `{}`: {text}", self.issuer));
        match self.issuer.parse::<Url>() {
            Ok(url) if !is_acceptable(&url) => {
                say("must be an https address (plain http only on loopback)".to_owned());
            }
            Ok(url) if url.query().is_some() || url.fragment().is_some() => {
                say("must have neither query nor fragment".to_owned());
            }
            Ok(_) => {}
            Err(_) => say("is not an address".to_owned()),
        }
        if self.client_id.is_empty() {
            say("`client_id` is empty".to_owned());
        }
        if self.algorithms.is_empty() {
            say("`algorithms` is empty".to_owned());
        }
        match (&self.role, &self.claims.national_id) {
            (IssuerRole::Citizen, None) => {
                say("a citizen issuer needs `claims.national_id`".to_owned());
            }
            (IssuerRole::Official { .. } | IssuerRole::Compliance { .. }, Some(_)) => {
                say("only a citizen issuer may establish a national id".to_owned());
            }
            (IssuerRole::Citizen, Some(_))
            | (IssuerRole::Official { .. } | IssuerRole::Compliance { .. }, None) => {}
        }
        if let IssuerRole::Official { agency } | IssuerRole::Compliance { agency } = &self.role
            && agency.is_empty()
        {
            say("`role.agency` is empty".to_owned());
        }
        for (acr, level) in &self.acr {
            if !(1..=4).contains(level) {
                say(format!("`acr`: the level of `{acr}` is {level}, not 1 to 4"));
            }
        }
        if let ClientAuthentication::ClientSecretBasic { client_secret, client_secret_file }
        | ClientAuthentication::ClientSecretPost { client_secret, client_secret_file } =
            &self.authentication
            && client_secret.is_some() == client_secret_file.is_some()
        {
            say("give either `client_secret` or `client_secret_file`".to_owned());
        }
        problems
    }

    /// The level of assurance of a sign-in with this `acr`, 1 to 4.
    #[must_use]
    pub fn assurance(&self, acr: Option<&str>) -> u8 {
        acr.and_then(|acr| self.acr.get(acr)).copied().unwrap_or(1)
    }
}

/// Whether this service will speak to `url`: `https`, or `http` on loopback.
pub(super) fn is_acceptable(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}
