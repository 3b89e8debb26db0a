//! The demonstration's `kit.json`, as far as a client that tries something needs it (DESIGN §6).

use std::{fs, path::Path};

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::Value;

/// What a newcomer is handed.
#[derive(Deserialize)]
pub(super) struct Kit {
    /// The service.
    pub(super) issuer: String,
    /// Where data are had.
    pub(super) data_endpoint: String,
    /// Clients with their private keys.
    pub(super) clients: Vec<KitClient>,
    /// People who do not exist.
    #[serde(default)]
    pub(super) citizens: Vec<KitCitizen>,
    /// Officials at their agencies.
    #[serde(default)]
    pub(super) officials: Vec<KitOfficial>,
}

#[derive(Deserialize)]
pub(super) struct KitClient {
    pub(super) client_id: String,
    pub(super) agency: String,
    pub(super) private_jwk: Value,
    pub(super) purposes: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct KitCitizen {
    pub(super) national_id: String,
}

#[derive(Deserialize)]
pub(super) struct KitOfficial {
    pub(super) id: String,
    pub(super) unit: Option<String>,
    pub(super) agency: String,
}

impl Kit {
    /// Reads a kit.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let name = || format!("`{}`", path.display());
        let text = fs::read_to_string(path).with_context(name)?;
        serde_json::from_str(&text).with_context(name)
    }
}
