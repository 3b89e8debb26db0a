//! What a request names, looked up: person, audience, purpose, fields, basis. Names outside the catalogue cannot be put
//! before the rules; they are refused here, by position, and are no entries.

use super::Error;
use crate::{
    domain::{
        catalogue::{BasisKind, Purpose},
        subject::Subject,
    },
    engines::Engines,
    protocol::{
        error::{ErrorCode, OAuthError},
        rar::{AuthorizationDetail, Basis, RarError, Subject as Named},
    },
    registry::Client,
};

pub(super) async fn subject(
    engines: &Engines,
    client: &Client,
    detail: &AuthorizationDetail,
) -> Result<Subject, Error> {
    match &detail.subject {
        Named::NationalId(id) => Ok(engines.vault.citizen(id).await?),
        Named::Handle(handle) => {
            let found = engines.vault.by_handle(&client.agency, handle).await?;
            Ok(found.ok_or_else(|| {
                bad("handle_unknown", "`subject.handle` is not a handle this agency was given")
            })?)
        }
    }
}

pub(super) async fn audience(engines: &Engines, resource: Option<&str>) -> Result<String, Error> {
    match resource {
        None => Ok(engines.addresses.data.clone()),
        Some(resource) if resource == engines.addresses.data => Ok(resource.to_owned()),
        Some(resource) => match engines.registry.resource_server(resource).await? {
            Some(server) if !server.suspended => Ok(resource.to_owned()),
            Some(_) | None => {
                let description = "`resource` is not a resource server of this service";
                Err(OAuthError::new(ErrorCode::InvalidTarget, "resource_unknown", description).into())
            }
        },
    }
}

/// Names outside the catalogue cannot be put before the rules: they are refused here, by position.
pub(super) fn known_purpose<'a>(
    engines: &'a Engines,
    detail: &AuthorizationDetail,
) -> Result<&'a Purpose, OAuthError> {
    let catalogue = engines.register.catalogue();
    let purpose = catalogue
        .purpose(&detail.purpose)
        .ok_or_else(|| bad("purpose_unknown", "`purpose` is not in the catalogue; see GET /purposes"))?;
    match detail.datatypes.iter().position(|name| catalogue.field(name).is_none()) {
        Some(at) => Err(bad(
            "field_unknown",
            &format!("`datatypes[{at}]` is not in the catalogue; see GET /data-kinds"),
        )),
        None => Ok(purpose),
    }
}

pub(super) fn basis(detail: &AuthorizationDetail, purpose: &Purpose) -> Result<BasisKind, OAuthError> {
    let basis = match detail.basis {
        Some(Basis::Statutory) => BasisKind::Statutory,
        Some(Basis::Consent) => BasisKind::Consent,
        Some(Basis::Emergency) => BasisKind::Emergency,
        Some(Basis::Contract) => BasisKind::Contract,
        None => purpose
            .sole_basis()
            .map(|basis| basis.kind)
            .ok_or_else(|| bad("basis_missing", "this purpose has several bases; `basis` must name one"))?,
    };
    // Where the basis was not named, only here is it known that limits have no place.
    if detail.limits.is_some() && basis != BasisKind::Consent {
        return Err(RarError::LimitsNotTaken.into());
    }
    Ok(basis)
}

pub(super) const fn wire(basis: BasisKind) -> Basis {
    match basis {
        BasisKind::Statutory => Basis::Statutory,
        BasisKind::Consent => Basis::Consent,
        BasisKind::Emergency => Basis::Emergency,
        BasisKind::Contract => Basis::Contract,
    }
}

/// A refusal of the request's form, which is no entry.
pub(super) fn bad(reason: &str, description: &str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidAuthorizationDetails, reason, description)
}
