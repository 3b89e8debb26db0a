//! Asking a citizen who is not there (CIBA Core 1.0, FAPI-CIBA): the request, and whether it reaches her.
//!
//! Whom to ask is a hint, and the person of the authorization detail must be the same. Beyond what one person bears in
//! a day, or where she does not want to be asked, a request is withheld: it is kept and answered like any other, the
//! client polls until it ends, and the citizen finds an entry. What is asked with a code she made herself ([`super::hint`])
//! is neither counted nor muted. Out of scope: the polls (`poll`).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Authenticated, Error, client, hint,
    pushed::{check_grant, hash, wish},
    request,
};
use crate::{
    consent::{self, Consent},
    domain::{
        catalogue::Purpose,
        consent::{Channel, Limits},
        subject::Subject,
    },
    engines::{Engines, Recorded},
    limit::Limit,
    protocol::{
        ciba::{BackchannelRequest, BackchannelResponse, Hint, INTERVAL},
        error::{ErrorCode, OAuthError},
        form::Form,
        grants::Action as GrantAction,
        rar::{AuthorizationDetail, Subject as Named},
    },
    registry::Client,
    standing::{self, Question},
    store::{
        append::{Change, Prompts, Require},
        grants::Backchannel,
    },
    time::Millis,
};

/// How often a request is decided anew because her rules, or what has reached her, changed meanwhile.
const TRIES: usize = 4;

/// The reason for every code that does not serve: unknown, over, used, another agency's.
const NO_CODE: &str = "hint_code_unknown";

/// How citizens who are not there may be asked.
#[derive(Clone, Debug)]
pub struct Prompting {
    /// Whether a national id may be a hint.
    pub national_id_hints: bool,
    /// How many requests may reach one person in 24 hours, from all agencies together.
    pub per_citizen_per_day: u32,
    /// How many requests a client may make, by its `client_id`.
    pub per_client: Limit,
}

/// What is remembered of a request beside its consent.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    /// What is to happen to which grant.
    grant: Option<GrantAction>,
    /// The resource server a token will be for.
    pub(super) resource: Option<String>,
}

/// A request whose every part holds.
struct Asked<'a> {
    request: BackchannelRequest,
    detail: AuthorizationDetail,
    purpose: &'a Purpose,
    subject: Subject,
    limits: Limits,
    official: Option<(String, String)>,
    /// The code she made herself, to be used up.
    invited: Option<(Uuid, Millis)>,
}

/// Takes a backchannel request of a proved client.
///
/// # Errors
/// [`Error::Refused`] with a precise reason; that a request was withheld is no error and cannot be told from outside.
pub async fn ask_absent(
    engines: &Engines,
    who: &Authenticated,
    form: &Form,
    prompting: &Prompting,
) -> Result<BackchannelResponse, Error> {
    let checked = check(engines, who, form, prompting).await;
    client::use_up(engines, who).await?;
    let asked = checked?;
    let now = engines.now();
    let hours = asked.purpose.consent.as_ref().map_or(1, |terms| terms.answer_hours);
    let most = i64::from(hours).saturating_mul(3600);
    let expires_in = asked.request.requested_expiry.map_or(most, |wished| most.min(i64::from(wished)));
    let expires = Millis(now.0.saturating_add(expires_in * 1000));
    let name = engines.random.token();
    let hash = hash(&name);
    let kept = Kept { grant: asked.request.grant, resource: asked.request.resource.clone() };
    let plain = serde_json::to_vec(&kept).map_err(|_| Error::Inconsistent("backchannel request"))?;
    let row = Backchannel {
        sealed: engines.vault.seal_private(&context(&hash), &plain),
        hash,
        client: who.client.id,
        subject: asked.subject.id(),
        consent: None,
        asked_at: now.0,
        expires: expires.0,
        next_poll: now.0,
        invited: asked.invited.is_some(),
    };
    reach(engines, &who.client, asked, expires, &row, prompting).await?;
    Ok(BackchannelResponse { auth_req_id: name, expires_in, interval: INTERVAL })
}

async fn check<'a>(
    engines: &'a Engines,
    who: &Authenticated,
    form: &Form,
    prompting: &Prompting,
) -> Result<Asked<'a>, Error> {
    let client = &who.client;
    if !client.profile.backchannel {
        let description = "this client is not registered to ask citizens who are not there";
        let code = ErrorCode::UnauthorizedClient;
        return Err(OAuthError::new(code, "backchannel_unregistered", description).into());
    }
    let request = BackchannelRequest::from_form(form)?;
    request::audience(engines, request.resource.as_deref()).await?;
    let (hinted, invited) = hinted(engines, client, &request.hint, prompting).await?;
    // Who brings a code may know nothing else of her: the code then says whom the detail is about.
    let named = match invited {
        Some(_) => {
            Some(Named::Handle(engines.vault.handle(&client.agency, &hinted).await?.as_ref().to_owned()))
        }
        None => None,
    };
    let details = request.authorization_details.expose();
    let detail = AuthorizationDetail::parse_list_about(details, named).map_err(OAuthError::from)?;
    let wish = wish(engines, client, detail).await?;
    if hinted.id() != wish.subject.id() {
        return Err(nobody("login_hint_mismatch").into());
    }
    if let Some(action) = request.grant {
        check_grant(engines, client, &wish.subject, action).await?;
    }
    Ok(Asked {
        request,
        detail: wish.detail,
        purpose: wish.purpose,
        subject: wish.subject,
        limits: wish.limits,
        official: wish.official,
        invited,
    })
}

/// Whom a hint means, and the code to be used up. A well-formed national id always means somebody: nobody learns here
/// who exists.
async fn hinted(
    engines: &Engines,
    client: &Client,
    hint: &Hint,
    prompting: &Prompting,
) -> Result<(Subject, Option<(Uuid, Millis)>), Error> {
    match hint {
        Hint::NationalId(id) if prompting.national_id_hints => Ok((engines.vault.citizen(id).await?, None)),
        Hint::NationalId(_) => Err(nobody("national_id_hint").into()),
        Hint::Handle(handle) => {
            let found = engines.vault.by_handle(&client.agency, handle).await?;
            Ok((found.ok_or_else(|| nobody("handle_unknown"))?, None))
        }
        Hint::Code(code) => {
            let found = hint::invited(engines, &client.agency, code.expose()).await?;
            let (subject, once) = found.ok_or_else(|| nobody(NO_CODE))?;
            Ok((subject, Some(once)))
        }
    }
}

fn nobody(reason: &str) -> OAuthError {
    let description = "the hint means nobody this client may ask";
    OAuthError::new(ErrorCode::UnknownUserId, reason, description)
}

/// Asks her or withholds it, by her rules and by how much has reached her at the moment the request gets its place: who
/// mutes an agency, or has borne enough, hears no question that was on its way.
async fn reach(
    engines: &Engines,
    client: &Client,
    mut asked: Asked<'_>,
    answer_by: Millis,
    row: &Backchannel,
    prompting: &Prompting,
) -> Result<(), Error> {
    // A question she brings along herself is not muted and not counted; what she rules out stays ruled out.
    let invited = asked.invited.is_some();
    let channel = if invited { Channel::Present } else { Channel::Absent };
    for _ in 0..TRIES {
        let rules = standing::load(engines, &asked.subject).await?;
        let prompts = (!invited).then(|| bearable(engines, &asked.subject, prompting));
        let reason = match (rules.withholds(&asked.purpose.id, &client.agency, channel), prompts) {
            (Some(why), _) => Some(why),
            (None, Some(prompts)) => {
                let reached = engines.store.backchannel_since(prompts.subject, prompts.since).await?;
                (reached >= prompts.most).then_some("too_many_requests")
            }
            (None, None) => None,
        };
        if let Some(reason) = reason {
            return withhold(engines, client, &asked, reason, row).await;
        }
        let standing = Some((rules.subject, rules.revision));
        match put(
            engines,
            client,
            &asked,
            answer_by,
            row,
            Require { standing, prompts, ..Require::default() },
        )
        .await
        {
            // Decided by what holds no more; her own code is used up by now.
            Err(Error::Consent(consent::Error::Stale)) => asked.invited = None,
            done => return done,
        }
    }
    Err(consent::Error::Stale.into())
}

/// What one person bears in a day, from all agencies together.
fn bearable(engines: &Engines, subject: &Subject, prompting: &Prompting) -> Prompts {
    const DAY: i64 = 24 * 3_600_000;
    Prompts {
        subject: subject.id(),
        since: Millis(engines.now().0.saturating_sub(DAY)),
        most: i64::from(prompting.per_citizen_per_day),
    }
}

/// The citizen is not asked, and can see that somebody wanted to.
async fn withhold(
    engines: &Engines,
    client: &Client,
    asked: &Asked<'_>,
    reason: &'static str,
    row: &Backchannel,
) -> Result<(), Error> {
    let question = Question {
        client,
        purpose: asked.purpose,
        fields: &asked.detail.datatypes,
        scopes: &[],
        case: asked.detail.case.as_deref(),
        justification: asked.detail.justification.as_deref(),
    };
    let used = asked.invited.into_iter().collect();
    match standing::withhold(engines, &asked.subject, question, reason, used).await? {
        Recorded::Entry(_) => Ok(engines.store.insert_backchannel(row).await?),
        Recorded::Replayed(_) => Err(nobody(NO_CODE).into()),
    }
}

/// She is asked: the consent begins and the request with it.
async fn put(
    engines: &Engines,
    client: &Client,
    asked: &Asked<'_>,
    answer_by: Millis,
    row: &Backchannel,
    require: Require,
) -> Result<(), Error> {
    let begun = consent::ask_within(
        engines,
        consent::Ask {
            client,
            subject: &asked.subject,
            purpose: asked.purpose,
            fields: &asked.detail.datatypes,
            limits: asked.limits.clone(),
            answer_by,
            case: asked.detail.case.clone(),
            justification: asked.detail.justification.clone(),
            official: asked.official.clone(),
            binding_message: Some(asked.request.binding_message.clone()),
            channel: Channel::Absent,
            // Who must say yes beside a child is settled when it is answered, as things stand then.
            joint: false,
            scopes: Vec::new(),
            replays: asked.invited.into_iter().collect(),
            also: &|id| {
                vec![Change::PutBackchannel(Box::new(Backchannel { consent: Some(id), ..row.clone() }))]
            },
        },
        require,
    )
    .await;
    match begun {
        Ok(_) => Ok(()),
        Err(consent::Error::Replayed(_)) => Err(nobody(NO_CODE).into()),
        Err(error) => Err(error.into()),
    }
}

/// What the backchannel request behind a consent wanted done with the client's grants.
pub(super) async fn wished(engines: &Engines, consent: &Consent) -> Result<Option<GrantAction>, Error> {
    let row = engines.store.backchannel_for(consent.row.id).await?;
    let kept = row.map(|row| open(engines, &row)).transpose()?;
    Ok(kept.and_then(|kept| kept.grant))
}

pub(super) fn open(engines: &Engines, row: &Backchannel) -> Result<Kept, Error> {
    let plain = engines.vault.open_private(&context(&row.hash), &row.sealed);
    plain
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or(Error::Inconsistent("backchannel request"))
}

fn context(hash: &[u8]) -> Vec<u8> {
    [b"backchannel:".as_slice(), hash].concat()
}
