//! The requests of a client: discovery, the catalogue, a token, data.

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    curl::Request,
    kit::{Kit, KitClient, KitOfficial},
};
use crate::{
    crypto::{Algorithm, Random, SystemRandom},
    jose::{PrivateJwk, assertion, dpop},
    protocol::{rar::TYPE, token::ASSERTION_TYPE},
    time::{Clock as _, SystemClock},
};

/// The catalogue as `GET /purposes` gives it, as far as a request needs it.
#[derive(Deserialize)]
struct Catalogue {
    purposes: Vec<Purpose>,
}

#[derive(Deserialize)]
struct Purpose {
    id: String,
    bases: Vec<Basis>,
    case_required: bool,
    official: String,
}

#[derive(Deserialize)]
struct Basis {
    kind: String,
    fields: Vec<String>,
}

/// What a caller may change about the request.
pub(super) struct Wish<'a> {
    pub(super) purpose: &'a str,
    pub(super) citizen: Option<&'a str>,
    pub(super) fields: &'a [String],
    pub(super) official: Option<&'a str>,
    pub(super) case: Option<&'a str>,
}

/// One client of the kit, with a fresh key for its proofs.
pub(super) struct Requests<'a> {
    kit: &'a Kit,
    client: &'a KitClient,
    key: PrivateJwk,
    proof_key: PrivateJwk,
    random: SystemRandom,
}

impl<'a> Requests<'a> {
    /// The client of this id, or the first that is registered for the purpose.
    pub(super) fn of(kit: &'a Kit, client: Option<&str>, purpose: &str) -> anyhow::Result<Self> {
        let fits = |it: &&KitClient| match client {
            Some(id) => it.client_id == id,
            None => it.purposes.iter().any(|known| known == purpose),
        };
        let Some(client) = kit.clients.iter().find(fits) else {
            let known: Vec<&str> =
                kit.clients.iter().flat_map(|it| &it.purposes).map(String::as_str).collect();
            bail!("the kit has no such client; its clients are registered for: {}", known.join(", "));
        };
        let key = PrivateJwk::parse(&client.private_jwk).context("the client's `private_jwk`")?;
        let proof_key = PrivateJwk::generate(Algorithm::Es256)?;
        Ok(Self { kit, client, key, proof_key, random: SystemRandom::default() })
    }

    /// RFC 8414 metadata.
    pub(super) fn discovery(&self) -> Request {
        get(format!("{}/.well-known/oauth-authorization-server", self.kit.issuer))
    }

    /// The catalogue of purposes.
    pub(super) fn purposes(&self) -> Request {
        get(format!("{}/purposes", self.kit.issuer))
    }

    /// The authorization detail (RFC 9396, DESIGN §5) for a purpose as the catalogue describes it.
    pub(super) fn detail(&self, catalogue: Value, wish: &Wish<'_>) -> anyhow::Result<Value> {
        let catalogue: Catalogue = serde_json::from_value(catalogue).context("the catalogue of purposes")?;
        let purpose = catalogue.purposes.into_iter().find(|it| it.id == wish.purpose);
        let purpose = purpose.with_context(|| format!("the catalogue has no purpose `{}`", wish.purpose))?;
        let basis = purpose.bases.into_iter().next().context("it has no basis")?;
        let citizen = wish.citizen.or_else(|| self.kit.citizens.first().map(|it| it.national_id.as_str()));
        let citizen = citizen.context("the kit has no citizen: give `--citizen`")?;
        let mut members = Map::from_iter([
            ("type".to_owned(), json!(TYPE)),
            ("purpose".to_owned(), json!(wish.purpose)),
            ("subject".to_owned(), json!({ "national_id": citizen })),
            ("actions".to_owned(), json!(["read"])),
            ("datatypes".to_owned(), json!(if wish.fields.is_empty() { &basis.fields } else { wish.fields })),
            ("basis".to_owned(), json!(basis.kind)),
        ]);
        if purpose.case_required || wish.case.is_some() {
            members.insert("case".to_owned(), json!(wish.case.unwrap_or("H08.2026.000123")));
        }
        if purpose.official != "none" || wish.official.is_some() {
            members.insert("official".to_owned(), self.official(wish.official)?);
        }
        Ok(members.into())
    }

    /// The official of this id, or the first of the client's agency.
    fn official(&self, id: Option<&str>) -> anyhow::Result<Value> {
        let agency = &self.client.agency;
        let fits = |it: &&KitOfficial| it.agency == *agency && id.is_none_or(|id| it.id == id);
        match (self.kit.officials.iter().find(fits), id) {
            (Some(KitOfficial { id, unit: Some(unit), .. }), _) => Ok(json!({ "id": id, "unit": unit })),
            (Some(KitOfficial { id, .. }), _) => Ok(json!({ "id": id })),
            (None, Some(id)) => Ok(json!({ "id": id })),
            (None, None) => bail!("the kit has no official of `{agency}`: give `--official`"),
        }
    }

    /// A token request (RFC 6749 §4.4, RFC 7523, RFC 9449): a fresh assertion and a fresh proof every time.
    pub(super) fn token(
        &self,
        endpoint: &str,
        detail: &Value,
        nonce: Option<&str>,
    ) -> anyhow::Result<Request> {
        let now = SystemClock.now();
        let assertion =
            assertion::sign(&self.client.client_id, &self.kit.issuer, &self.name(), &self.key, now)?;
        Ok(Request {
            method: "POST",
            url: endpoint.to_owned(),
            headers: vec![("DPoP", self.proof(endpoint, None, nonce)?)],
            form: vec![
                ("grant_type", "client_credentials".to_owned()),
                ("client_assertion_type", ASSERTION_TYPE.to_owned()),
                ("client_assertion", assertion),
                ("resource", self.kit.data_endpoint.clone()),
                ("authorization_details", json!([detail]).to_string()),
            ],
        })
    }

    /// A request for data with a token.
    pub(super) fn data(&self, token: &str, nonce: Option<&str>) -> anyhow::Result<Request> {
        let url = &self.kit.data_endpoint;
        Ok(Request {
            method: "POST",
            url: url.clone(),
            headers: vec![
                ("Authorization", format!("DPoP {token}")),
                ("DPoP", self.proof(url, Some(token), nonce)?),
            ],
            form: Vec::new(),
        })
    }

    fn proof(&self, url: &str, token: Option<&str>, nonce: Option<&str>) -> anyhow::Result<String> {
        let jti = self.name();
        let proof = dpop::NewProof { htm: "POST", htu: url, jti: &jti, access_token: token, nonce };
        Ok(dpop::sign(&proof, &self.proof_key, SystemClock.now())?)
    }

    /// A name no other assertion or proof has.
    fn name(&self) -> String {
        let random: &dyn Random = &self.random;
        random.token()
    }
}

fn get(url: String) -> Request {
    Request { method: "GET", url, headers: vec![("Accept", "application/json".to_owned())], form: Vec::new() }
}
