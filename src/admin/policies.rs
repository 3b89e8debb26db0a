//! Which policies are in force: one set for all nodes, changed by an entry.

use std::sync::Arc;

use super::{Done, Error, record};
use crate::{
    domain::record::{Facts, Kind},
    engines::Engines,
    store::append::Change,
};

/// Puts the policies of this process in force, if others are; from the entry's place in the log on, nodes with other
/// policies deny.
///
/// # Errors
/// [`Error`]; the policies that were in force still are.
pub async fn activate_policies(engines: &Engines) -> Result<Done, Error> {
    let active = engines.store.head().await?.bundle;
    if active.as_deref() == Some(engines.bundle.as_ref()) {
        return Ok(Done::Nothing);
    }
    let facts = Facts {
        bundle: Some(engines.bundle.as_ref().to_owned()),
        note: active.map(|before| format!("instead of {before}")),
        ..Facts::default()
    };
    let subject = engines.vault.system().await?;
    let change = Change::ActivateBundle(Arc::clone(&engines.bundle));
    record(engines, Kind::PolicyActivated, subject, facts, change).await
}
