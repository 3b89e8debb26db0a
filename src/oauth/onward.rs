//! The way back to the agency: where the browser that was sent here goes once its question has an answer.
//!
//! INVARIANT: an answer of the authorization endpoint goes to the browser that arrived with the pushed request, whoever
//! answered where, and once. A child and her representative may answer on two devices, somebody may put it off and answer
//! elsewhere: the transaction was begun in one user agent and its `state` and PKCE verifier are bound to that one (RFC
//! 9700 §2.1, §2.1.1); in another the code would land in a stranger's session. Out of scope: arriving and answering
//! ([`super::authorize`]), and whether whoever sits there may see the consent (`http::portal`).

use super::{
    Error,
    pushed::{context, hash},
};
use crate::{
    consent::Consent,
    crypto,
    domain::consent::{Channel, State},
    engines::Engines,
    jose::signed_answers,
    protocol::{
        authorize::{
            AuthorizationResponse, CODE_LIFETIME, IssuedCode, PushedRequest, REQUEST_LIFETIME, ResponseMode,
            Verdict, append,
        },
        error::{ErrorCode, OAuthError},
    },
    secret::Secret,
    store::grants::{Code, Pushed as Row},
    time::Millis,
};

/// How things stand with the way back, in one browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onward {
    /// Nobody goes back: nobody was sent here, the browser went already, or it is too late.
    Nowhere,
    /// This browser goes back once the question is answered.
    Waits,
    /// This browser can go back now.
    Ready,
    /// Another browser goes back.
    Elsewhere,
}

impl Onward {
    /// Whether this browser can go back now.
    #[must_use]
    pub fn is_ready(self) -> bool {
        self == Self::Ready
    }

    /// Whether it will, once the question is answered.
    #[must_use]
    pub fn waits(self) -> bool {
        self == Self::Waits
    }
}

/// What the agency is told.
enum Outcome {
    Code,
    Error(OAuthError),
}

/// How things stand in the browser with this cookie.
///
/// # Errors
/// [`Error`] when it cannot be read.
pub async fn onward(engines: &Engines, consent: &Consent, browser: Option<&str>) -> Result<Onward, Error> {
    let Some(row) = sent(engines, consent).await? else { return Ok(Onward::Nowhere) };
    Ok(match (is_the_one(&row, browser), outcome(engines, consent)) {
        (false, _) => Onward::Elsewhere,
        (true, Some(_)) => Onward::Ready,
        (true, None) => Onward::Waits,
    })
}

/// The browser with this cookie goes back, with a code or an error, to this address; once. `None` where it is not
/// [`Onward::Ready`].
///
/// # Errors
/// [`Error`] when it cannot be read or written; it may then be tried again.
pub async fn go_on(
    engines: &Engines,
    consent: &Consent,
    browser: Option<&str>,
) -> Result<Option<String>, Error> {
    let row = sent(engines, consent).await?.filter(|row| is_the_one(row, browser));
    let (Some(row), Some(outcome)) = (row, outcome(engines, consent)) else { return Ok(None) };
    let (request, now) = (open(engines, &row)?, engines.now());
    let (verdict, code) = match outcome {
        Outcome::Code => {
            let code = engines.random.token();
            let kept = kept(engines, consent, &request, &code, now)?;
            (Verdict::Code(Secret::new(code)), Some(kept))
        }
        Outcome::Error(error) => (Verdict::Error(error), None),
    };
    let location = go_back(engines, &consent.record.client_id, &request, verdict)?;
    Ok(engines.store.leave(&row.hash, code.as_ref(), now).await?.then_some(location))
}

/// The pushed request behind a consent, while its browser may still go back.
async fn sent(engines: &Engines, consent: &Consent) -> Result<Option<Row>, Error> {
    if consent.record.channel == Channel::Absent {
        return Ok(None);
    }
    // After the last moment to answer there is as much time to go back as there was to come here.
    let until = consent.row.answer_by.saturating_add(REQUEST_LIFETIME * 1000);
    let row = engines.store.pushed_for(consent.row.id).await?;
    Ok(row.filter(|row| row.left_at.is_none() && engines.now().0 < until))
}

fn is_the_one(row: &Row, browser: Option<&str>) -> bool {
    let (Some(own), Some(browser)) = (&row.browser, browser) else { return false };
    crypto::equal(own, &hash(browser))
}

/// What became of the question; `None` while that is open.
fn outcome(engines: &Engines, consent: &Consent) -> Option<Outcome> {
    let now = engines.now().0;
    let denied = |reason: &str, description: &str| {
        Some(Outcome::Error(OAuthError::new(ErrorCode::AccessDenied, reason, description)))
    };
    if consent.is_outdated(engines) || consent.was_outdated() || consent.is_overtaken(engines) {
        return Some(Outcome::Error(purpose_changed(ErrorCode::InvalidAuthorizationDetails)));
    }
    match consent.state {
        State::Requested | State::Deferred | State::HalfGiven if now < consent.row.answer_by => None,
        State::Given if now < consent.row.expires => Some(Outcome::Code),
        // She may let it go on.
        State::Paused | State::UnderReview => None,
        State::Refused => denied("refused", "the person said no"),
        State::Requested | State::Deferred | State::HalfGiven | State::Unanswered => {
            denied("unanswered", "nobody answered in time; that is not consent")
        }
        State::Given
        | State::Withdrawn
        | State::Revoked
        | State::Expired
        | State::Invalidated
        | State::LapsedUnused
        | State::Superseded => denied("consent_over", "the consent has ended since it was given"),
    }
}

/// The answer of somebody who has ruled it out ahead of time: as if she had said it now, for what she chose is not the
/// agency's to know.
///
/// # Errors
/// [`Error`] when the pushed request cannot be read.
pub(super) fn ruled_out(engines: &Engines, client: &str, row: &Row) -> Result<String, Error> {
    let no = OAuthError::new(ErrorCode::AccessDenied, "refused", "the person said no");
    go_back(engines, client, &open(engines, row)?, Verdict::Error(no))
}

/// The purpose has changed while the person had not answered.
pub(super) fn purpose_changed(code: ErrorCode) -> OAuthError {
    let description = "the purpose has changed since it was asked for; ask again";
    OAuthError::new(code, "purpose_changed", description)
}

/// The code as it is kept.
fn kept(
    engines: &Engines,
    consent: &Consent,
    request: &PushedRequest,
    code: &str,
    now: Millis,
) -> Result<Code, Error> {
    let hash = hash(code);
    let expires = Millis(now.0.saturating_add(CODE_LIFETIME * 1000));
    let issued = IssuedCode {
        client_id: consent.record.client_id.clone(),
        redirect_uri: request.redirect_uri.clone(),
        code_challenge: request.code_challenge.clone(),
        dpop_jkt: request.dpop_jkt.clone(),
        resource: request.resource.clone(),
        consent: consent.row.id,
        expires,
    };
    let plain = serde_json::to_vec(&issued).map_err(|_| Error::Inconsistent("code"))?;
    let sealed = engines.vault.seal_private(&code_context(&hash), &plain);
    Ok(Code { hash, client: consent.row.client, consent: consent.row.id, sealed, expires: expires.0 })
}

/// Where the browser goes with an answer: in the query, or signed (JARM).
fn go_back(
    engines: &Engines,
    client: &str,
    request: &PushedRequest,
    verdict: Verdict,
) -> Result<String, Error> {
    let iss = engines.addresses.issuer.clone();
    let answer = AuthorizationResponse { iss, state: request.state.clone(), verdict };
    let location = match request.response_mode {
        ResponseMode::Query => answer.location(&request.redirect_uri),
        ResponseMode::Jwt => {
            let now = engines.now();
            let claims = signed_answers::SignedResponse::new(&answer.iss, client, now, answer.parameters());
            let jwt = engines.tokens.sign(signed_answers::RESPONSE_TYPE, &claims, now)?;
            append(&request.redirect_uri, &[("response", jwt)])
        }
    };
    location.ok_or(Error::Inconsistent("redirect_uri"))
}

/// The parameters of a pushed request.
pub(super) fn open(engines: &Engines, row: &Row) -> Result<PushedRequest, Error> {
    let plain = engines.vault.open_private(&context(&row.hash), &row.sealed);
    plain.and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or(Error::Inconsistent("pushed request"))
}

pub(super) fn code_context(hash: &[u8]) -> Vec<u8> {
    [b"code:".as_slice(), hash].concat()
}
