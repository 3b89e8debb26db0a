//! `kit.json`: what somebody needs who wants to play an agency, an official or a citizen of the demonstration.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::{
    idp::IdentityProvider,
    people::{CITIZENS, COMPLIANCE, OFFICIALS},
    registers::Registers,
    settings::CLIENTS,
    sites::Sites,
};
use crate::jose::PrivateJwk;

/// What a kit is written from.
pub struct Kit<'a> {
    /// The service.
    pub issuer: &'a str,
    /// Where people sign in.
    pub idp: &'a IdentityProvider,
    /// The stand-in registers.
    pub registers: &'a Registers,
    /// The agencies' own sites.
    pub sites: &'a Sites,
    /// Clients' keys by `client_id`.
    pub keys: &'a BTreeMap<&'static str, PrivateJwk>,
    /// Their secrets at the identity provider; see [`super::settings::sign_in_secrets`].
    pub secrets: &'a BTreeMap<&'static str, String>,
}

impl Kit<'_> {
    /// Everything as JSON (DESIGN §6).
    #[must_use]
    pub fn to_value(&self) -> Value {
        let clients: Vec<Value> = CLIENTS
            .iter()
            .map(|c| {
                json!({
                    "client_id": c.client_id, "agency": c.agency, "purposes": c.purposes,
                    "private_jwk": self.keys.get(c.client_id).map(PrivateJwk::to_value),
                    "redirect_uris": c.redirect_uris(self.sites.origin()),
                    "sign_in_secret": self.secrets.get(c.client_id), "profile": (c.profile)(),
                })
            })
            .collect();
        let citizens: Vec<Value> = CITIZENS
            .iter()
            .map(|c| json!({ "login": c.login, "password": c.password, "national_id": c.national_id }))
            .collect();
        let officials: Vec<Value> = OFFICIALS
            .iter()
            .map(|o| json!({ "id": o.id, "unit": o.unit, "agency": o.agency, "login": o.login, "password": o.password }))
            .collect();
        let compliance: Vec<Value> = COMPLIANCE
            .iter()
            .map(|o| json!({ "login": o.login, "password": o.password, "agency": o.agency }))
            .collect();
        let sources: Vec<Value> = self
            .registers
            .ports()
            .map(|(id, port)| json!({ "id": id, "url": format!("http://127.0.0.1:{port}/tra-cuu") }))
            .collect();
        json!({
            "issuer": self.issuer, "data_endpoint": format!("{}/data", self.issuer), "idp": self.idp.origin(),
            "clients": clients, "citizens": citizens, "officials": officials, "compliance": compliance,
            "sources": sources,
        })
    }
}

/// The kit of an earlier start, whose keys are kept. It is set aside: while there is one, everything listens.
///
/// # Errors
/// When it is there and cannot be read.
pub fn earlier(folder: &Path) -> anyhow::Result<Option<Value>> {
    let (now, before) = (folder.join("kit.json"), folder.join("kit.before.json"));
    if now.exists() {
        std::fs::rename(&now, &before)?;
    }
    match std::fs::read(&before) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes).with_context(|| before.display().to_string())?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| before.display().to_string()),
    }
}
