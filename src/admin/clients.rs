//! Clients: registered, suspended, restored.

use serde_json::{Value, json};

use super::{ClientSpec, Done, Error, record};
use crate::{
    domain::record::{Facts, Kind},
    engines::Engines,
    store::{append::Change, clients::Client},
};

/// Registers a client, or replaces its registration; [`Done::Nothing`] when it is registered exactly so. A suspension
/// stays.
///
/// # Errors
/// [`Error`]; nothing was changed.
pub async fn register_client(engines: &Engines, spec: &ClientSpec) -> Result<Done, Error> {
    let problems = spec.problems(&engines.addresses.issuer);
    if !problems.is_empty() {
        return Err(Error::Problems(problems));
    }
    if engines.registry.agency(&spec.agency).is_none() {
        return Err(Error::UnknownAgency(spec.agency.clone()));
    }
    let catalogue = engines.register.catalogue();
    if let Some(unknown) = spec.purposes.iter().find(|id| catalogue.purpose(id).is_none()) {
        return Err(Error::UnknownPurpose(unknown.clone()));
    }
    let unaskable = spec.unaskable(catalogue);
    if !unaskable.is_empty() {
        return Err(Error::Problems(unaskable));
    }
    let known = engines.store.client(&spec.client_id).await?;
    if let Some(known) = &known
        && known.agency != spec.agency
    {
        let (client, agency) = (known.client_id.clone(), known.agency.clone());
        return Err(Error::OtherAgency { client, agency });
    }
    // Found here, because in the batch the database would refuse everybody's commands with it.
    if let Some(audience) = &spec.audience
        && let Some(holder) = engines.store.client_by_audience(audience).await?
        && holder.client_id != spec.client_id
    {
        return Err(Error::AudienceTaken(audience.clone()));
    }
    let row = Client {
        id: known.as_ref().map_or_else(|| engines.id(), |known| known.id),
        client_id: spec.client_id.clone(),
        agency: spec.agency.clone(),
        name: spec.name.clone(),
        jwks: json!(spec.jwks).to_string(),
        purposes: json!(spec.purposes).to_string(),
        redirect_uris: json!(spec.redirect_uris).to_string(),
        audience: spec.audience.clone(),
        actor_issuers: json!(spec.actor_issuers).to_string(),
        profile: json!(spec.profile).to_string(),
        created_at: known.as_ref().map_or(engines.now().0, |known| known.created_at),
        suspended_at: known.as_ref().and_then(|known| known.suspended_at),
    };
    if known.as_ref() == Some(&row) {
        return Ok(Done::Nothing);
    }
    let facts = Facts { note: Some(terms(spec)), ..facts(&row) };
    let subject = engines.vault.agency(&row.agency).await?;
    record(engines, Kind::ClientRegistered, subject, facts, Change::PutClient(Box::new(row))).await
}

/// Suspends a client: it gets no token and its tokens no data from the entry's place in the log on.
///
/// # Errors
/// [`Error`]; nothing was changed.
pub async fn suspend_client(
    engines: &Engines,
    client_id: &str,
    because: Option<&str>,
) -> Result<Done, Error> {
    set_suspended(engines, client_id, true, because).await
}

/// Restores a suspended client.
///
/// # Errors
/// [`Error`]; nothing was changed.
pub async fn restore_client(
    engines: &Engines,
    client_id: &str,
    because: Option<&str>,
) -> Result<Done, Error> {
    set_suspended(engines, client_id, false, because).await
}

async fn set_suspended(
    engines: &Engines,
    client_id: &str,
    suspended: bool,
    because: Option<&str>,
) -> Result<Done, Error> {
    let row = engines.store.client(client_id).await?;
    let row = row.ok_or_else(|| Error::UnknownClient(client_id.to_owned()))?;
    if row.suspended_at.is_some() == suspended {
        return Ok(Done::Nothing);
    }
    let kind = if suspended { Kind::ClientSuspended } else { Kind::ClientRestored };
    let facts = Facts { note: because.map(str::to_owned), ..facts(&row) };
    let subject = engines.vault.agency(&row.agency).await?;
    record(engines, kind, subject, facts, Change::SuspendClient(row.id, suspended)).await
}

fn facts(row: &Client) -> Facts {
    Facts {
        agency: Some(row.agency.clone()),
        client: Some(row.client_id.clone()),
        target: Some(row.client_id.clone()),
        ..Facts::default()
    }
}

/// What a client is allowed from here on, for the entry: whoever edits the row behind our back differs from it.
fn terms(spec: &ClientSpec) -> String {
    let keys: Vec<&str> = spec.jwks.keys().iter().map(crate::jose::Jwk::thumbprint).collect();
    let terms: Value = json!({
        "actor_issuers": spec.actor_issuers,
        "audience": spec.audience,
        "key_thumbprints": keys,
        "profile": spec.profile,
        "purposes": spec.purposes,
        "redirect_uris": spec.redirect_uris,
    });
    terms.to_string()
}
