//! The authorization endpoint's work: a person arrives with a pushed request, is asked, answers, and goes back with a
//! code; and the code is exchanged (RFC 6749 §4.1, RFC 7636, RFC 9207, RFC 9449 §10).
//!
//! Arriving asks and uses nothing up; only the answer does (FAPI 2.0 §5.3.2.2 note 3). Out of scope: which browser goes
//! back with what ([`super::onward`]), who is signed in and what the page looks like (`http::portal`).

use std::time::Duration;

use super::{
    Error, grants,
    issue::Ask,
    onward::{Onward, code_context, go_on, onward, open, ruled_out},
    own_token,
    pushed::{Wish, hash, wish},
    refresh::resume,
    release::{Again, Grant, Once, used_again},
};
use crate::{
    consent::{self, Answer, Answering, Consent, Give, GrantWish},
    crypto,
    domain::{
        self,
        catalogue::Purpose,
        consent::{Actor, Channel, Limits, State},
        subject::Subject,
    },
    engines::Engines,
    jose,
    protocol::{
        authorize::{AuthorizeQuery, IssuedCode, Wanted},
        error::{ErrorCode, OAuthError},
        rar::AuthorizationDetail,
        token::CodeRequest,
    },
    registry::Client,
    standing::{self, Question},
    store::append::{Change, GrantHolds, Require},
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

/// A person arrives at `/oauth/authorize`: `reader`, the one who signed in, whomever she acts for, in the browser with
/// this cookie. `may_answer` says whether she may answer for the one the request is about (she is that person, or acts for
/// her) about the purpose with this id. The first browser in which somebody may is the one that goes back.
///
/// # Errors
/// [`Error::Refused`] when there is no such request any more; she is then shown a page, never sent anywhere.
pub async fn arrive(
    engines: &Engines,
    query: &AuthorizeQuery,
    reader: &Subject,
    browser: &str,
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
        let goes_back = onward(engines, &consent, Some(browser)).await? == Onward::Ready;
        return if open || goes_back || consent.was_outdated() {
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
        return Ok(Arrival::RuledOut(ruled_out(engines, &client.client_id, &row)?));
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
            also: &|id| vec![Change::BindPushed(row.hash.clone(), id, crypto::sha256(browser.as_bytes()))],
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

/// Before whose eyes an answer was given: what she read, and where.
pub struct Read<'a> {
    /// Language and HTML of the text, exactly as it was shown, and whether it said that fields are sensitive.
    pub shown: (&'static str, String, bool),
    /// What the text said of the grant that a yes would change ([`grants::older`]).
    pub told: Option<GrantHolds>,
    /// The cookie of the browser.
    pub browser: Option<&'a str>,
}

/// What came of an answer.
#[derive(Debug)]
pub struct Answered {
    /// The consent as it stands now.
    pub consent: Consent,
    /// Where this browser goes, when it is the one that was sent here and nothing is left to answer.
    pub location: Option<String>,
}

/// Takes a person's answer to a request, however it came. Whoever answers in the browser that was sent here goes back
/// from there; who answers elsewhere does not.
///
/// # Errors
/// [`consent::Error`] inside [`Error::Consent`], and nothing has changed. Any other error may come after the answer was
/// recorded: the browser can then still go on ([`go_on`]).
pub async fn answer(
    engines: &Engines,
    consent: &Consent,
    by: Actor,
    said: Said,
    read: Read<'_>,
) -> Result<Answered, Error> {
    let (answer, require) = match said {
        Said::Later => (Answer::Defer, Require::default()),
        Said::No => (Answer::Refuse, Require::default()),
        Said::Yes(optional) => {
            let grant = grants::wished(engines, consent).await?;
            // INVARIANT: a yes ends or joins what she was told of (Law 91/2025/QH15, Article 9(2)), and nothing else.
            if grant != GrantWish::Create && read.told.is_none() {
                return Err(consent::Error::Stale.into());
            }
            let require = Require { grant: read.told, ..Require::default() };
            (Answer::Give(Give { optional, grant }), require)
        }
    };
    let answering = Answering { by, answer, shown: read.shown, replays: Vec::new(), also: Vec::new() };
    let consent = consent::answer_within(engines, consent, answering, require).await?;
    let location = match consent.state {
        State::Given | State::Refused => go_on(engines, &consent, read.browser).await?,
        _ => None,
    };
    Ok(Answered { consent, location })
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
