//! Introspection (RFC 7662): the issuing client reads its own token, the audience's resource server reads it with the
//! person's national id, and to anybody else every token is inactive. On demand the answer is a signed JWT (RFC 9701).

use uuid::Uuid;

use super::{Authenticated, Error, client::use_up};
use crate::{
    consent,
    domain::{catalogue::BasisKind, consent::State, own_token, subject::Subject},
    engines::Engines,
    jose::{
        access_token::{AccessToken, Confirmation},
        signed_answers::{INTROSPECTION_TYPE, SignedIntrospection},
    },
    protocol::{
        form::Form,
        introspection::{ActiveToken, Introspection, token_of},
        rar::GrantedDetail,
        token::TokenType,
    },
    standing,
    store::tokens::Token,
};

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// JSON.
    Plain(Introspection),
    /// A JWT of [`INTROSPECTION_TYPE`], in compact form.
    Signed(String),
}

/// Answers an introspection request of a proved client; signed where `signed` asks for it, and always for a client that
/// is registered so.
///
/// # Errors
/// `invalid_request` without a token, `invalid_client` for a replayed assertion, or the database failed.
pub async fn introspect(
    engines: &Engines,
    who: &Authenticated,
    form: &Form,
    signed: bool,
) -> Result<Answer, Error> {
    let said = look(engines, who, form).await?;
    let client = &who.client;
    if !signed && client.profile.introspection.is_none() {
        return Ok(Answer::Plain(said));
    }
    let now = engines.now();
    let claims = SignedIntrospection {
        iss: &engines.addresses.issuer,
        // A resource server is named as tokens name it.
        aud: client.audience.as_deref().unwrap_or(&client.client_id),
        iat: now.seconds(),
        token_introspection: said,
    };
    Ok(Answer::Signed(engines.tokens.sign(INTROSPECTION_TYPE, &claims, now)?))
}

async fn look(engines: &Engines, who: &Authenticated, form: &Form) -> Result<Introspection, Error> {
    use_up(engines, who).await?;
    let compact = token_of(form)?;
    let Some(Live { token, row, subject }) = live(engines, compact.expose()).await? else {
        return Ok(Introspection::Inactive);
    };
    let is_holder = who.client.audience.as_deref() == Some(token.aud.as_str());
    let is_issued_to = who.client.client_id == token.client_id;
    if who.client.suspended || !(is_holder || is_issued_to) {
        return Ok(Introspection::Inactive);
    }
    let mut details = token.authorization_details;
    let mut detail = details.as_mut().and_then(|details| details.get_mut(0));
    if let Some(left) = detail.as_mut().and_then(|detail| detail.get_mut("uses_left")) {
        *left = row.uses_left.into();
    }
    if let Some(detail) = detail.filter(|_| is_holder) {
        let subject = match subject {
            Some(subject) => subject,
            None => engines.vault.subject(row.subject).await?.ok_or(Error::Inconsistent("subject"))?,
        };
        let id = engines.vault.national_id(&subject).await?.ok_or(Error::Inconsistent("national id"))?;
        if let Some(named) = detail.get_mut("subject").and_then(|s| s.as_object_mut()) {
            named.insert("national_id".to_owned(), id.expose().into());
        }
    }
    let (cnf, token_type) = match &token.cnf {
        Confirmation::Jkt(jkt) => (serde_json::json!({ "jkt": jkt }), TokenType::DPoP),
        Confirmation::Certificate(x5t) => (serde_json::json!({ "x5t#S256": x5t }), TokenType::Bearer),
    };
    Ok(Introspection::Active(Box::new(ActiveToken {
        iss: token.iss,
        sub: token.sub,
        client_id: token.client_id,
        aud: token.aud,
        exp: token.exp,
        iat: token.iat,
        jti: token.jti,
        token_type,
        cnf,
        authorization_details: details,
        scope: token.scope,
        grant_id: token.grant_id,
    })))
}

/// A token that counts.
struct Live {
    token: AccessToken,
    row: Token,
    /// Whose it is, where that had to be looked up.
    subject: Option<Subject>,
}

/// A known token whose consent, if it rests on one, is in force and not ruled out by the person's own rules.
async fn live(engines: &Engines, compact: &str) -> Result<Option<Live>, Error> {
    let Some((token, row)) = known(engines, compact).await? else { return Ok(None) };
    let mut subject = None;
    // INVARIANT I7: withdrawn, paused or over, it opens nothing from the next question on.
    if let Some(id) = row.consent {
        let now = engines.now().0;
        let consent = consent::by_id(engines, id).await?.filter(|consent| {
            consent.state == State::Given
                && consent.row.starts <= now
                && now < consent.row.expires
                && !consent.is_overtaken(engines)
        });
        let Some(consent) = consent else { return Ok(None) };
        subject = Some(consent.subject);
    }
    let ruled_out = is_ruled_out(engines, &token, &row, &mut subject).await?;
    Ok((!ruled_out).then_some(Live { token, row, subject }))
}

/// Whether the person's own rules of today close what the token opened, as they do at the data endpoint (I7).
async fn is_ruled_out(
    engines: &Engines,
    token: &AccessToken,
    row: &Token,
    subject: &mut Option<Subject>,
) -> Result<bool, Error> {
    let (basis, purpose) = match token.detail() {
        Some(detail) => {
            let detail: GrantedDetail = serde_json::from_value(detail.clone())
                .map_err(|_| Error::Inconsistent("authorization detail"))?;
            // A basis nobody knows is held to what the strictest demands.
            (BasisKind::parse(detail.basis.as_str()).unwrap_or(BasisKind::Consent), detail.purpose)
        }
        // The person's own token rests on her consent; a service token on nobody's.
        None if row.consent.is_some() => (BasisKind::Consent, own_token::ID.to_owned()),
        None => return Ok(false),
    };
    match basis {
        // These override her rules: there is nothing to look up.
        BasisKind::Statutory | BasisKind::Emergency => return Ok(false),
        BasisKind::Consent | BasisKind::Contract => {}
    }
    let client = engines.registry.client(&token.client_id).await?.ok_or(Error::Inconsistent("client"))?;
    let subject = if let Some(known) = subject {
        &*known
    } else {
        let found = engines.vault.subject(row.subject).await?.ok_or(Error::Inconsistent("subject"))?;
        &*subject.insert(found)
    };
    let rules = standing::load(engines, subject).await?;
    Ok(rules.close(basis, &purpose, &client.agency, engines.now()))
}

/// A token of ours that has neither ended nor been revoked, whose client still stands.
pub(super) async fn known(engines: &Engines, compact: &str) -> Result<Option<(AccessToken, Token)>, Error> {
    let Ok(token) = engines.tokens.verify_any(compact, engines.now()) else { return Ok(None) };
    let Ok(jti) = Uuid::parse_str(&token.jti) else { return Ok(None) };
    let Some(row) = engines.store.token(jti).await? else { return Ok(None) };
    let client = engines.registry.client(&token.client_id).await?;
    let stands = client.is_some_and(|client| !client.suspended) && row.revoked_at.is_none();
    Ok(stands.then_some((token, row)))
}
