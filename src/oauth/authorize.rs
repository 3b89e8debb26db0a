//! The authorization endpoint's work: a person arrives with a pushed request, is asked, answers, and goes back with a
//! code; and the code is exchanged (RFC 6749 §4.1, RFC 7636, RFC 9207, RFC 9449 §10).
//!
//! Arriving asks and uses nothing up; only the answer does (FAPI 2.0 §5.3.2.2 note 3). Out of scope: who is signed in
//! and what the page looks like (`http::portal`).

use std::time::Duration;

use super::{
    Error, backchannel,
    issue::Ask,
    own_token,
    pushed::{Wish, context, grant_wish, hash, wish},
    refresh::resume,
    release::{Again, Grant, Once, used_again},
};
use crate::{
    consent::{self, Answer, Answering, Consent, Give},
    domain::{
        self,
        catalogue::Purpose,
        consent::{Actor, Channel, Limits, State},
        subject::Subject,
    },
    engines::Engines,
    jose::{self, signed_answers},
    protocol::{
        authorize::{
            AuthorizationResponse, AuthorizeQuery, CODE_LIFETIME, IssuedCode, PushedRequest, ResponseMode,
            Verdict, Wanted, append,
        },
        error::{ErrorCode, OAuthError},
        rar::AuthorizationDetail,
        token::CodeRequest,
    },
    registry::Client,
    secret::Secret,
    standing::{self, Question},
    store::{
        append::Change,
        grants::{Code, Pushed as Row},
    },
    time::Millis,
};

/// How long somebody who was sent here may think it over.
const THINKING: Duration = Duration::from_hours(1);

/// What became of somebody who arrived.
#[derive(Debug)]
pub enum Arrival {
    /// She is asked this.
    Asked(Box<Consent>),
    /// The request is about somebody else; nothing about it is said.
    SomebodyElse,
    /// She has ruled it out ahead of time (`standing`): she is not asked, and goes back with a no to this address.
    RuledOut(String),
}

/// What a person is asked.
struct Plea<'a> {
    purpose: &'a Purpose,
    subject: Subject,
    fields: Vec<String>,
    limits: Limits,
    case: Option<String>,
    justification: Option<String>,
    official: Option<(String, String)>,
    scopes: Vec<String>,
}

/// A request for data names its person; one for a person's own token is about whoever is signed in.
async fn plea<'a>(
    engines: &'a Engines,
    client: &Client,
    wanted: &Wanted,
    reader: &Subject,
) -> Result<Plea<'a>, Error> {
    let details = match wanted {
        Wanted::Details(details) => details,
        Wanted::Scopes(scopes) => {
            own_token::check_scopes(client, scopes)?;
            return Ok(Plea {
                purpose: domain::own_token::terms(),
                subject: reader.clone(),
                fields: Vec::new(),
                limits: domain::own_token::limits(engines.now()),
                case: None,
                justification: None,
                official: None,
                scopes: domain::own_token::words(scopes),
            });
        }
    };
    let detail = AuthorizationDetail::parse_list(details.expose()).map_err(OAuthError::from)?;
    let Wish { purpose, detail, subject, limits, official } = wish(engines, client, detail).await?;
    let AuthorizationDetail { datatypes: fields, case, justification, .. } = detail;
    Ok(Plea { purpose, subject, fields, limits, case, justification, official, scopes: Vec::new() })
}

/// A person arrives at `/oauth/authorize`: `reader`, the one who signed in, whomever she acts for. `may_answer` says
/// whether she may answer for the one the request is about (she is that person, or acts for her) about the purpose with
/// this id.
///
/// # Errors
/// [`Error::Refused`] when there is no such request any more; she is then shown a page, never sent anywhere.
pub async fn arrive(
    engines: &Engines,
    query: &AuthorizeQuery,
    reader: &Subject,
    may_answer: impl AsyncFnOnce(&Subject, &str) -> bool,
) -> Result<Arrival, Error> {
    let gone = || {
        let description = "this request is unknown, over or answered; go back to the agency and begin again";
        OAuthError::new(ErrorCode::InvalidRequestUri, "request_uri_unknown", description)
    };
    let client = engines.registry.client(&query.client_id).await?.ok_or_else(gone)?;
    let row = engines.store.pushed(&hash(&query.request_uri)).await?.ok_or_else(gone)?;
    let now = engines.now();
    if row.client != client.id {
        return Err(gone().into());
    }
    // Once she was asked, the page may be loaded again for as long as she may think.
    if let Some(id) = row.consent {
        let consent = consent::by_id(engines, id).await?.ok_or(Error::Inconsistent("consent"))?;
        if !may_answer(&consent.subject, &consent.record.purpose).await {
            return Ok(Arrival::SomebodyElse);
        }
        let open = consent.state.is_waiting() && now.0 < consent.row.answer_by;
        // She is told why, and led back, by the page of the question.
        return if open || consent.was_outdated() {
            Ok(Arrival::Asked(Box::new(consent)))
        } else {
            Err(gone().into())
        };
    }
    if now.0 >= row.expires {
        return Err(gone().into());
    }
    let request = open(engines, &row)?;
    let wish = plea(engines, &client, &request.wanted, reader).await?;
    if !may_answer(&wish.subject, &wish.purpose.id).await {
        return Ok(Arrival::SomebodyElse);
    }
    let rules = standing::load(engines, &wish.subject).await?;
    if let Some(why) = rules.withholds(&wish.purpose.id, &client.agency, Channel::Present) {
        let question = Question {
            client: &client,
            purpose: wish.purpose,
            fields: &wish.fields,
            scopes: &wish.scopes,
            case: wish.case.as_deref(),
            justification: wish.justification.as_deref(),
        };
        standing::withhold(engines, &wish.subject, question, why, Vec::new()).await?;
        // The same as if she had said it now: what she chose is not the agency's to know.
        return Ok(Arrival::RuledOut(go_back(engines, &client.client_id, &request, said_no())?));
    }
    let once = jose::replay_id("arrival", &query.client_id, &query.request_uri, Millis(row.expires));
    let asked = consent::ask(
        engines,
        consent::Ask {
            client: &client,
            subject: &wish.subject,
            purpose: wish.purpose,
            fields: &wish.fields,
            limits: wish.limits,
            answer_by: now + THINKING,
            case: wish.case,
            justification: wish.justification,
            official: wish.official,
            binding_message: None,
            channel: Channel::Present,
            // Who must say yes beside a child is settled when it is answered, as things stand then.
            joint: false,
            scopes: wish.scopes,
            replays: vec![(once, Millis(row.expires))],
            also: &|id| vec![Change::BindPushed(row.hash.clone(), id)],
        },
    )
    .await;
    match asked {
        Ok(consent) => Ok(Arrival::Asked(Box::new(consent))),
        // Two loads at once: the other one has asked.
        Err(consent::Error::Replayed(id)) if id == once => {
            let row = engines.store.pushed(&row.hash).await?.ok_or_else(gone)?;
            let id = row.consent.ok_or(Error::Inconsistent("pushed request"))?;
            let consent = consent::by_id(engines, id).await?.ok_or(Error::Inconsistent("consent"))?;
            Ok(Arrival::Asked(Box::new(consent)))
        }
        Err(error) => Err(error.into()),
    }
}

/// What a person said on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Yes, with these optional fields.
    Yes(Vec<String>),
    /// No.
    No,
    /// Later.
    Later,
}

/// What came of an answer.
#[derive(Debug)]
pub struct Answered {
    /// The consent as it stands now.
    pub consent: Consent,
    /// Where the browser goes, when it was sent here and nothing is left to answer.
    pub location: Option<String>,
}

/// Takes a person's answer to a request, however it came, in one transaction with the code.
///
/// # Errors
/// [`consent::Error`] inside [`Error::Consent`]; nothing has changed.
pub async fn answer(
    engines: &Engines,
    consent: &Consent,
    by: Actor,
    said: Said,
    shown: (&'static str, String, bool),
) -> Result<Answered, Error> {
    let pushed = match consent.record.channel {
        Channel::Present => engines.store.pushed_for(consent.row.id).await?,
        Channel::Absent => None,
    };
    let request = pushed.as_ref().map(|row| open(engines, row)).transpose()?;
    let now = engines.now();
    let optional = match said {
        Said::Yes(optional) => Some(optional),
        Said::No => None,
        Said::Later => {
            let answer =
                Answering { by, answer: Answer::Defer, shown, replays: Vec::new(), also: Vec::new() };
            return Ok(Answered {
                consent: consent::answer(engines, consent, answer).await?,
                location: None,
            });
        }
    };
    let code = engines.random.token();
    let mut also = Vec::new();
    let wish = match consent.record.channel {
        Channel::Present => grant_wish(request.as_ref().and_then(|request| request.grant)),
        Channel::Absent => backchannel::wished(engines, consent).await?,
    };
    if let (Some(request), true) = (&request, optional.is_some()) {
        also.push(issue_code(engines, consent, request, &code, now)?);
    }
    let answer = match optional {
        Some(optional) => Answer::Give(Give { optional, grant: wish }),
        None => Answer::Refuse,
    };
    let answering = Answering { by, answer, shown, replays: Vec::new(), also };
    let consent = consent::answer(engines, consent, answering).await?;
    let location = match (&request, consent.state) {
        (Some(request), State::Given) => Some(Verdict::Code(Secret::new(code))).map(|v| (request, v)),
        (Some(request), State::Refused) => Some((request, said_no())),
        _ => None,
    };
    let client = &consent.record.client_id;
    let location =
        location.map(|(request, verdict)| go_back(engines, client, request, verdict)).transpose()?;
    Ok(Answered { consent, location })
}

/// Where the browser goes back to from a request that waits for what is no longer asked: the agency is told that it must
/// ask again. `None` when she was not sent here.
///
/// # Errors
/// [`Error`] when the pushed request cannot be read.
pub async fn outdated(engines: &Engines, consent: &Consent) -> Result<Option<String>, Error> {
    let pushed = match consent.record.channel {
        Channel::Present => engines.store.pushed_for(consent.row.id).await?,
        Channel::Absent => None,
    };
    let Some(row) = pushed else { return Ok(None) };
    let verdict = Verdict::Error(purpose_changed(ErrorCode::InvalidAuthorizationDetails));
    go_back(engines, &consent.record.client_id, &open(engines, &row)?, verdict).map(Some)
}

/// The purpose has changed while the person had not answered.
pub(super) fn purpose_changed(code: ErrorCode) -> OAuthError {
    let description = "the purpose has changed since it was asked for; ask again";
    OAuthError::new(code, "purpose_changed", description)
}

fn issue_code(
    engines: &Engines,
    consent: &Consent,
    request: &PushedRequest,
    code: &str,
    now: Millis,
) -> Result<Change, Error> {
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
    let (client, consent) = (consent.row.client, consent.row.id);
    Ok(Change::PutCode(Box::new(Code { hash, client, consent, sealed, expires: expires.0 })))
}

fn said_no() -> Verdict {
    Verdict::Error(OAuthError::new(ErrorCode::AccessDenied, "refused", "the person said no"))
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

/// What a code stands for.
pub(super) async fn redeem<'a>(
    engines: &'a Engines,
    ask: &'a Ask<'_>,
    asked: &CodeRequest,
) -> Result<Grant<'a>, Error> {
    let hash = hash(asked.code.expose());
    let unknown = || {
        let description = "`code` is unknown, over, used, another client's, or bound to other values";
        OAuthError::new(ErrorCode::InvalidGrant, "code_unknown", description)
    };
    let row = engines.store.code(&hash).await?.ok_or_else(unknown)?;
    let plain = engines.vault.open_private(&code_context(&hash), &row.sealed);
    let issued: IssuedCode =
        plain.and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or(Error::Inconsistent("code"))?;
    issued.redeem(&ask.who.client.client_id, asked, Some(&ask.proof.jkt), engines.now())?;
    let consent = consent::by_id(engines, issued.consent).await?.ok_or(Error::Inconsistent("consent"))?;
    let mut grant = resume(engines, ask, consent, None, issued.resource.as_deref()).await?;
    grant.fresh = true;
    grant.refresh = true;
    let once = once(asked.code.expose(), issued.expires, Again::IsTheft);
    grant.once = Some(once);
    // Before any rule is asked: a second time is a second time even where the consent is used up by now.
    if engines.store.was_used(once.id).await? {
        return Err(used_again(engines, &grant).await?);
    }
    Ok(grant)
}

/// What is remembered of something that is exchanged once.
pub(super) fn once(secret: &str, expires: Millis, again: Again) -> Once {
    Once { id: jose::replay_id("exchange", "", secret, expires), expires, again }
}

fn open(engines: &Engines, row: &Row) -> Result<PushedRequest, Error> {
    let plain = engines.vault.open_private(&context(&row.hash), &row.sealed);
    plain.and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or(Error::Inconsistent("pushed request"))
}

fn code_context(hash: &[u8]) -> Vec<u8> {
    [b"code:".as_slice(), hash].concat()
}
