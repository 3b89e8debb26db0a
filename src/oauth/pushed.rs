//! The pushed authorization request (RFC 9126): checked to the last while the client is still on the line, so that a
//! person is never shown a question that could not lead anywhere.

use super::{Authenticated, Error, issue, official, own_token, request};
use crate::{
    consent, crypto,
    domain::{
        catalogue::{BasisKind, OfficialDemand, Purpose},
        consent::{Limits, State},
        decision::{Action, ClientFacts, ConsentFacts, Facts as PolicyFacts, OfficialFacts},
        subject::Subject,
    },
    engines::Engines,
    jose::{dpop::DpopProof, request_object},
    protocol::{
        authorize::{self, Pushed, PushedRequest, PushedResponse, ResponseMode, Wanted},
        error::{ErrorCode, OAuthError},
        form::Form,
        grants::Action as GrantAction,
        rar::AuthorizationDetail,
    },
    registry::Client,
    store::{
        append::{Command, Outcome},
        grants::Pushed as Row,
    },
    time::Millis,
};

/// A request for consent whose every part holds.
pub(super) struct Wish<'a> {
    pub(super) purpose: &'a Purpose,
    pub(super) detail: AuthorizationDetail,
    pub(super) subject: Subject,
    pub(super) limits: Limits,
    /// The official's code and unit, where one is named.
    pub(super) official: Option<(String, String)>,
}

/// Takes a pushed request of a proved client; `proof` is the DPoP proof beside it, if there was one.
///
/// # Errors
/// [`Error::Refused`] with a precise reason.
pub async fn push(
    engines: &Engines,
    who: &Authenticated,
    form: &Form,
    proof: Option<&DpopProof>,
) -> Result<PushedResponse, Error> {
    let checked = check(engines, who, form, proof).await;
    let mut replays = vec![who.replay];
    replays.extend(proof.map(|proof| (proof.replay_id(), proof.expires())));
    match engines.appender.run(Command { replays, ..Command::default() }).await? {
        Outcome::Replayed(id) if id == who.replay.0 => return Err(super::client::replayed().into()),
        Outcome::Replayed(_) => {
            let description = "this DPoP proof was used before";
            return Err(OAuthError::new(ErrorCode::InvalidDpopProof, "proof_replayed", description).into());
        }
        _ => {}
    }
    let request = checked?;
    let name = engines.random.token();
    let answer = PushedResponse::new(&name);
    let hash = hash(&answer.request_uri);
    let plain = serde_json::to_vec(&request).map_err(|_| Error::Inconsistent("pushed request"))?;
    let expires = Millis(engines.now().0.saturating_add(authorize::REQUEST_LIFETIME * 1000));
    engines
        .store
        .insert_pushed(&Row {
            sealed: engines.vault.seal_private(&context(&hash), &plain),
            hash,
            client: who.client.id,
            consent: None,
            browser: None,
            expires: expires.0,
            left_at: None,
        })
        .await?;
    Ok(answer)
}

async fn check(
    engines: &Engines,
    who: &Authenticated,
    form: &Form,
    proof: Option<&DpopProof>,
) -> Result<PushedRequest, Error> {
    let client = &who.client;
    let mut request = match Pushed::from_form(form)? {
        Pushed::Plain(_) if client.profile.request_object.is_some() => {
            let description = "this client has agreed to push signed requests only: use `request`";
            return Err(
                OAuthError::new(ErrorCode::InvalidRequest, "request_object_required", description).into()
            );
        }
        Pushed::Plain(request) => *request,
        Pushed::Signed(object) => {
            let (issuer, now) = (&engines.addresses.issuer, engines.now());
            let claims =
                request_object::verify(object.expose(), &client.jwks, &client.client_id, issuer, now)
                    .map_err(|e| {
                        OAuthError::new(ErrorCode::InvalidRequestObject, e.reason(), &e.to_string())
                    })?;
            PushedRequest::from_claims(&claims)?
        }
    };
    let invalid =
        |reason: &str, description: &str| OAuthError::new(ErrorCode::InvalidRequest, reason, description);
    if !client.redirect_uris.iter().any(|uri| uri.as_str() == request.redirect_uri) {
        let description =
            "`redirect_uri` is not one that is registered for this client, character by character";
        return Err(invalid("redirect_uri_unregistered", description).into());
    }
    // RFC 9449 §10.1: a proof beside the request binds the code like `dpop_jkt`, and both must be the same key.
    if let Some(proof) = proof {
        if request.dpop_jkt.as_ref().is_some_and(|jkt| *jkt != proof.jkt) {
            return Err(invalid("dpop_jkt_mismatch", "`dpop_jkt` is not the key of the DPoP proof").into());
        }
        request.dpop_jkt = Some(proof.jkt.clone());
    }
    if client.profile.response_mode.is_some() && request.response_mode != ResponseMode::Jwt {
        let description = "this client has agreed to signed answers only: `response_mode` must be `jwt`";
        return Err(invalid("response_mode_required", description).into());
    }
    let details = match &request.wanted {
        Wanted::Details(details) => details,
        Wanted::Scopes(scopes) => {
            own_token::check(engines, client, &request, scopes)?;
            return Ok(request);
        }
    };
    request::audience(engines, request.resource.as_deref()).await?;
    let detail = AuthorizationDetail::parse_list(details.expose()).map_err(OAuthError::from)?;
    let wish = wish(engines, client, detail).await?;
    if let Some(action) = request.grant {
        check_grant(engines, client, &wish.subject, action).await?;
    }
    Ok(request)
}

/// Checks that a person may be asked this: everything but her answer.
pub(super) async fn wish<'a>(
    engines: &'a Engines,
    client: &Client,
    detail: AuthorizationDetail,
) -> Result<Wish<'a>, Error> {
    let purpose = request::known_purpose(engines, &detail)?;
    // Asking for what cannot be refused would mislead (Decree 356/2025/ND-CP, Article 6(3)).
    let (BasisKind::Consent, Some(terms)) = (request::basis(&detail, purpose)?, &purpose.consent) else {
        let description = "this purpose rests on the law; a consent screen would mislead: ask for a token with \
                           client_credentials";
        return Err(request::bad("consent_not_the_basis", description).into());
    };
    let limits = Limits::asked(detail.limits.as_ref(), terms, engines.now())
        .map_err(|e| request::bad("limits_beyond_terms", &e.to_string()))?;
    let acting = official::official(engines, client, detail.official.as_ref(), None).await?;
    let fields: Vec<&str> = detail.datatypes.iter().map(String::as_str).collect();
    // As if she had said yes: what is refused even then need not be asked. Who proves herself does it with the token.
    let proves_later =
        OfficialFacts { id: "", agency: &client.agency, registered: true, active: true, proved: true };
    let later = (purpose.official == OfficialDemand::Proved && acting.is_none()).then_some(proves_later);
    let decision = engines.register.decide(&PolicyFacts {
        action: Action::IssueToken,
        now: Millis(limits.starts),
        client: ClientFacts {
            id: &client.client_id,
            agency: &client.agency,
            purposes: &client.purposes,
            suspended: client.suspended,
        },
        official: acting.as_ref().map(official::Acting::facts).or(later),
        purpose: &purpose.id,
        basis: BasisKind::Consent,
        fields: &fields,
        has_case: detail.case.is_some(),
        assurance: 4,
        consent: Some(ConsentFacts {
            state: State::Given,
            granted: &fields,
            purpose_version: &purpose.version,
            limits: &Limits { hours: None, ..limits.clone() },
            uses: 0,
            uses_in_period: 0,
            for_this_request: true,
        }),
        standing: None,
        emergency: None,
    });
    if let Some(reason) = decision.reason {
        let description = issue::sentence(reason, &decision);
        return Err(OAuthError::new(issue::code(reason), reason.code(), &description).into());
    }
    let basis = purpose.basis(BasisKind::Consent);
    let needed = basis.iter().flat_map(|basis| &basis.fields).any(|field| fields.contains(&field.as_str()));
    if !needed {
        return Err(request::bad("empty_field_set", "`datatypes` names no field of this purpose").into());
    }
    let subject = request::subject(engines, client, &detail).await?;
    let official = acting.map(|named| (named.official.code, named.official.unit));
    Ok(Wish { purpose, detail, subject, limits, official })
}

/// Grant Management for OAuth 2.0: the grant must be one of this client and this person, and stand.
pub(super) async fn check_grant(
    engines: &Engines,
    client: &Client,
    subject: &Subject,
    action: GrantAction,
) -> Result<(), Error> {
    if !client.profile.grant_management {
        let description = "this client is not registered for grant management";
        return Err(
            OAuthError::new(ErrorCode::InvalidRequest, "grant_management_unregistered", description).into()
        );
    }
    let Some(id) = action.grant_id() else { return Ok(()) };
    let known = engines.store.grant(id).await?;
    let own = known.is_some_and(|grant| {
        grant.client == client.id && grant.subject == subject.id() && grant.revoked_at.is_none()
    });
    // A grant is either a person's data for an agency's purpose, or the key to her own page: never both.
    let of_scopes = consent::of_grant(engines, subject, id).await?;
    if own && of_scopes.iter().all(|consent| consent.record.scopes.is_empty()) {
        return Ok(());
    }
    let description = "`grant_id` is not a standing grant of this client and person";
    Err(OAuthError::new(ErrorCode::InvalidGrantId, "grant_unknown", description).into())
}

/// As the kernel knows what a client wants done with its grants.
pub(super) fn grant_wish(action: Option<GrantAction>) -> consent::GrantWish {
    match action {
        None | Some(GrantAction::Create) => consent::GrantWish::Create,
        Some(GrantAction::Merge(id)) => consent::GrantWish::Merge(id),
        Some(GrantAction::Replace(id)) => consent::GrantWish::Replace(id),
    }
}

pub(super) fn hash(secret: &str) -> Vec<u8> {
    crypto::sha256(secret.as_bytes()).to_vec()
}

pub(super) fn context(hash: &[u8]) -> Vec<u8> {
    [b"pushed:".as_slice(), hash].concat()
}
