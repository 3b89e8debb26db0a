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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        crypto::{Algorithm, SeededRandom, SigningKey},
        demo::{idp, registers::Ports, settings},
        outbound::{exchange::Exchange, http},
        time::{ManualClock, Millis},
    };

    #[tokio::test]
    async fn whoever_asks_citizens_has_somewhere_for_them_to_come_back_and_an_earlier_kits_keys_are_kept() {
        let http = Exchange::new(
            http::client_with(&http::Options { trust: http::Trust::Nobody, ..http::Options::default() })
                .unwrap(),
        );
        let random = Arc::new(SeededRandom::new(5));
        let settings = idp::Settings {
            address: "127.0.0.1:0".parse().unwrap(),
            key: SigningKey::from_pkcs8(Algorithm::Es256, &SigningKey::generate(Algorithm::Es256).unwrap())
                .unwrap(),
            clients: Vec::new(),
        };
        let idp =
            IdentityProvider::start(settings, Arc::new(ManualClock::at(Millis(0))), random.clone()).unwrap();
        let registers = Registers::start(Ports::Any).unwrap();
        let issuer = "http://127.0.0.1:9";
        let sites = Sites::start(0, issuer, http).unwrap();
        let (keys, secrets) =
            (settings::client_keys(None).unwrap(), settings::sign_in_secrets(None, random.as_ref()));
        let kit =
            Kit { issuer, idp: &idp, registers: &registers, sites: &sites, keys: &keys, secrets: &secrets };
        let kit = kit.to_value();

        let register = crate::policy::embedded();
        let register =
            crate::policy::Register::load(&register, crate::policy::Options { relative_to: Some(Millis(0)) });
        let register = register.map_err(|_| ()).unwrap();
        let clients = kit["clients"].as_array().unwrap();
        let asks = clients.iter().filter(|client| {
            let purposes = client["purposes"].as_array().unwrap().iter();
            let mut known = purposes.filter_map(|id| register.catalogue().purpose(id.as_str().unwrap()));
            known.any(|purpose| {
                purpose.consent.is_some()
                    && purpose.bases.iter().all(|basis| basis.kind.as_str() != "statutory")
            })
        });
        let asks: Vec<_> = asks.collect();
        assert!(asks.len() >= 4, "{asks:?}");
        for client in asks {
            assert!(client["redirect_uris"][0].as_str().unwrap().starts_with(sites.origin()), "{client}");
            assert!(client["sign_in_secret"].as_str().unwrap().len() >= 22, "{client}");
        }

        let folder = tempfile::tempdir().unwrap();
        assert!(earlier(folder.path()).unwrap().is_none());
        std::fs::write(folder.path().join("kit.json"), kit.to_string()).unwrap();
        for _ in 0..2 {
            let again = earlier(folder.path()).unwrap().unwrap();
            assert!(!folder.path().join("kit.json").exists(), "while there is one, everything listens");
            let kept = settings::client_keys(Some(&again)).unwrap();
            assert!(keys.iter().all(|(id, key)| kept[id].to_value() == key.to_value()));
        }
    }
}
