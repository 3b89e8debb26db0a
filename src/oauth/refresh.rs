//! The refresh token: another token from a grant that stands. Every rule is asked again, every limit counted (RFC 6749
//! §6); it is bound to the grant and the client and is not rotated (FAPI 2.0 §5.3.2.1 item 9).

use super::{Error, issue::Ask, official, own_token, release::Grant, request};
use crate::{
    consent::{self, Consent},
    crypto,
    domain::catalogue::BasisKind,
    engines::Engines,
    protocol::{
        error::{ErrorCode, OAuthError},
        rar::{AssertedOfficial, AuthorizationDetail, Basis},
        token::RefreshRequest,
    },
};

/// What a refresh token stands for now.
pub(super) async fn redeem<'a>(
    engines: &'a Engines,
    ask: &'a Ask<'_>,
    asked: &RefreshRequest,
) -> Result<Grant<'a>, Error> {
    let client = &ask.who.client;
    let hash = crypto::sha256(asked.refresh_token.expose().as_bytes());
    let known = engines.store.refresh_token(&hash).await?;
    let known = known.filter(|token| token.client == client.id && token.revoked_at.is_none());
    let token = known.ok_or_else(|| invalid("refresh_token_unknown"))?;
    let grant = engines.store.grant(token.grant_id).await?.ok_or(Error::Inconsistent("grant"))?;
    if grant.revoked_at.is_some() {
        return Err(invalid("grant_ended").into());
    }
    let subject = engines.vault.subject(grant.subject).await?.ok_or(Error::Inconsistent("subject"))?;
    let mut standing = consent::of_grant(engines, &subject, grant.id).await?;
    standing.retain(|consent| consent.state.is_standing());
    let (consent, fields) = match &asked.authorization_details {
        None => (the_only(standing)?, None),
        Some(details) => {
            let detail = AuthorizationDetail::parse_list(details.expose()).map_err(OAuthError::from)?;
            let (consent, fields) = subset(engines, ask, &subject, standing, detail).await?;
            (consent, Some(fields))
        }
    };
    resume(engines, ask, consent, fields, asked.resource.as_deref()).await
}

/// A token on a consent that was given earlier.
pub(super) async fn resume<'a>(
    engines: &'a Engines,
    ask: &'a Ask<'_>,
    consent: Consent,
    fields: Option<Vec<String>>,
    resource: Option<&str>,
) -> Result<Grant<'a>, Error> {
    if !consent.record.scopes.is_empty() {
        return own_token::resume(engines, ask, consent, resource);
    }
    let client = &ask.who.client;
    let record = &consent.record;
    let audience = request::audience(engines, resource).await?;
    let purpose = engines
        .register
        .catalogue()
        .purpose(&record.purpose)
        .ok_or_else(|| request::bad("purpose_unknown", "the purpose is not in the catalogue any more"))?;
    let named = ask.actor.is_none().then_some(record.official.as_ref()).flatten();
    let named = named.map(|code| AssertedOfficial { id: code.clone(), unit: None });
    let official = official::official(engines, client, named.as_ref(), ask.actor.as_ref()).await?;
    Ok(Grant {
        client,
        purpose,
        basis: BasisKind::Consent,
        audience,
        subject: consent.subject.clone(),
        official,
        fields: fields.unwrap_or_else(|| record.granted().into_iter().map(str::to_owned).collect()),
        case: record.case.clone(),
        justification: record.justification.clone(),
        scopes: Vec::new(),
        rules: None,
        emergency: None,
        fresh: false,
        refresh: false,
        once: None,
        consent: Some(consent),
    })
}

fn the_only(standing: Vec<Consent>) -> Result<Consent, OAuthError> {
    let mut standing = standing.into_iter();
    match (standing.next(), standing.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(invalid("grant_ended")),
        (Some(_), Some(_)) => {
            let description =
                "the grant holds several consents; name one by its purpose in `authorization_details`";
            Err(request::bad("grant_ambiguous", description))
        }
    }
}

/// RFC 9396 §6.1: less than was granted may be asked for, never more.
async fn subset(
    engines: &Engines,
    ask: &Ask<'_>,
    subject: &crate::domain::subject::Subject,
    standing: Vec<Consent>,
    detail: AuthorizationDetail,
) -> Result<(Consent, Vec<String>), Error> {
    let beyond = |what: &str| request::bad("beyond_grant", what);
    let named = request::subject(engines, &ask.who.client, &detail).await?;
    if named.id() != subject.id() {
        return Err(beyond("`subject` is not the person of the grant").into());
    }
    if !matches!(detail.basis, None | Some(Basis::Consent)) || detail.limits.is_some() {
        return Err(beyond("`basis` and `limits` are those of the consent; leave them out").into());
    }
    let mut same = standing;
    // The case may be left out: it is that of the consent. Another one she was not asked about.
    same.retain(|Consent { record, .. }| {
        record.scopes.is_empty()
            && record.purpose == detail.purpose
            && (detail.case.is_none() || record.case == detail.case)
    });
    let found = consent::best(same, engines.now());
    let consent = found.ok_or_else(|| beyond("the grant holds no consent for this purpose and case"))?;
    let granted = consent.record.granted();
    match detail.datatypes.iter().position(|field| !granted.contains(&field.as_str())) {
        Some(at) => Err(beyond(&format!("`datatypes[{at}]` was not granted")).into()),
        None => Ok((consent, detail.datatypes)),
    }
}

fn invalid(reason: &str) -> OAuthError {
    let description = "the refresh token is unknown, over, or another client's";
    OAuthError::new(ErrorCode::InvalidGrant, reason, description)
}
