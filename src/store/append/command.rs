//! What a batch is asked to do, and what it answers.

use std::sync::Arc;

use uuid::Uuid;

use crate::{
    crypto::Digest,
    domain::consent::State,
    store::{clients, consents, grants, notices, officials, people, standing},
    time::Millis,
};

/// One thing to be done entirely or not at all.
#[derive(Default)]
pub struct Command {
    /// Assertion and proof ids, each of which must never have been seen.
    pub replays: Vec<(Uuid, Millis)>,
    /// A use of a token to set aside before any source is asked.
    pub reserve: Option<Reserve>,
    /// The use that this entry consumes, set aside by an earlier command.
    pub consume: Option<Reserve>,
    /// Refusals alike are one entry: the id they share. The first one is written, the others are counted.
    pub collapse: Option<Uuid>,
    /// What must still hold when the entry gets its place.
    pub require: Require,
    /// A token that begins to exist with the entry.
    pub token: Option<Token>,
    /// An issue that is counted against the limits of a consent.
    pub spend: Option<Spend>,
    /// Rarer changes that happen with the entry, in this order.
    pub changes: Vec<Change>,
    /// The entry.
    pub entry: Option<Draft>,
    /// The same event in other histories: entries that are made together with `entry`, after it, or not at all.
    pub also: Vec<Draft>,
}

/// What must hold at the moment the entry is sequenced, whatever was read before.
#[derive(Clone, Debug, Default)]
pub struct Require {
    /// A client that is registered and not suspended.
    pub client: Option<Uuid>,
    /// An official who is registered and not suspended.
    pub official: Option<Uuid>,
    /// The second official of an emergency, under the same condition.
    pub approver: Option<Uuid>,
    /// A token that is known and not revoked.
    pub token: Option<Uuid>,
    /// A consent that is given, begun and not over.
    pub consent: Option<Uuid>,
    /// A grant that has not ended and in which exactly these consents stand.
    pub grant: Option<GrantHolds>,
    /// A representation that was not ended.
    pub representation: Option<Uuid>,
    /// A client and its stream as it was read, by one who changes it.
    pub stream: Option<(Uuid, Option<notices::Stream>)>,
    /// A person and the revision of her own rules that was decided by.
    pub standing: Option<(Uuid, i64)>,
    /// How many backchannel requests may have reached a person since an instant.
    pub prompts: Option<Prompts>,
    /// The digest of the policy bundle that decided; it must be the active one.
    pub bundle: Option<Arc<str>>,
}

/// How much a person bears of questions that come while she is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prompts {
    /// The person.
    pub subject: Uuid,
    /// Those that reached her after this instant count, whoever asked.
    pub since: Millis,
    /// Once there are as many, no further one reaches her.
    pub most: i64,
}

/// What was read of a grant by one who adds to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantHolds {
    /// The grant.
    pub grant: Uuid,
    /// The consents that stand in it, by id.
    pub consents: Vec<Uuid>,
}

/// A use of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserve {
    /// The token.
    pub jti: Uuid,
    /// What makes two calls the same use: from the `Idempotency-Key`, or random.
    pub key: Uuid,
    /// When it was asked for.
    pub at: Millis,
}

/// A token taken on a consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spend {
    /// The consent.
    pub consent: Uuid,
    /// The token's `jti`.
    pub token: Uuid,
}

/// A token about to be released.
#[derive(Clone, Debug)]
pub struct Token {
    /// Its `jti`.
    pub jti: Uuid,
    /// The client it is issued to.
    pub client: Uuid,
    /// The person it is about.
    pub subject: Uuid,
    /// The entry that records its issue.
    pub entry: Uuid,
    /// Its one audience.
    pub audience: String,
    /// When it ends.
    pub expires: Millis,
    /// How often it may be used at the data endpoint.
    pub uses: i64,
    /// The consent it rests on.
    pub consent: Option<Uuid>,
    /// The grant it was taken from.
    pub grant_id: Option<Uuid>,
    /// Its place in the status lists.
    pub status: Option<i64>,
}

/// Changes of state that are themselves entries, so that everything sequenced later sees them.
#[derive(Clone, Debug)]
pub enum Change {
    /// A token is revoked by its client.
    RevokeToken(Uuid),
    /// A client is suspended (`true`) or restored.
    SuspendClient(Uuid, bool),
    /// An official is suspended (`true`) or restored.
    SuspendOfficial(Uuid, bool),
    /// A client is registered or its registration replaced.
    PutClient(Box<clients::Client>),
    /// An official is registered.
    PutOfficial(Box<officials::Official>),
    /// Another policy bundle becomes the active one; what waits and what stands is looked at again.
    ActivateBundle(Arc<str>),
    /// A consent is asked for.
    BeginConsent(Box<consents::Begin>),
    /// A consent goes on to another state; what rests on it ends with it where the act says so.
    StepConsent(Box<consents::Step>),
    /// A pushed request (by its hash) is bound to the consent asked for with it, and to the browser that arrived with it
    /// (by SHA-256 of its cookie).
    BindPushed(Vec<u8>, Uuid, Digest),
    /// A backchannel request begins to wait.
    PutBackchannel(Box<grants::Backchannel>),
    /// A grant is made, or changes.
    PutGrant(Box<grants::Grant>),
    /// A refresh token is handed out.
    PutRefresh(Box<grants::Refresh>),
    /// The refresh tokens of a grant end.
    EndRefresh(Uuid),
    /// A grant ends with all its tokens.
    RevokeGrant(Uuid),
    /// Somebody may act for another person.
    PutRepresentation(Box<people::Representation>),
    /// Somebody may no longer act for another person.
    EndRepresentation(Uuid),
    /// An emergency access begins to owe its report.
    PutEmergency(Box<people::Emergency>),
    /// The report of an emergency access (by its token) was made.
    ReportEmergency(Uuid),
    /// The report of an emergency access (by its token) is late.
    EmergencyOverdue(Uuid),
    /// A person's own rules are written; the revision is one more than the one they were made from.
    PutStanding(Box<standing::Standing>),
    /// A recipient must be told of something.
    PutNotice(Box<notices::Notice>),
    /// A notice goes one step further.
    StepNotice(Uuid, notices::Step),
    /// A recipient wants to be told so from now on.
    PutStream(Box<notices::Stream>),
    /// A recipient (by its client) gives up its stream.
    RemoveStream(Uuid),
}

impl Change {
    /// Whether tokens end with it.
    pub(super) const fn ends_tokens(&self) -> bool {
        match self {
            Self::StepConsent(step) => step.act.takes_away(),
            Self::RevokeToken(_) | Self::RevokeGrant(_) => true,
            _ => false,
        }
    }

    /// The client, official or token that nobody may rely on from here on. Consents are looked at one by one.
    pub(super) const fn takes_away(&self) -> Option<Uuid> {
        match self {
            Self::RevokeToken(id) | Self::SuspendClient(id, true) | Self::SuspendOfficial(id, true) => {
                Some(*id)
            }
            Self::SuspendClient(..)
            | Self::SuspendOfficial(..)
            | Self::PutClient(_)
            | Self::PutOfficial(_)
            | Self::ActivateBundle(_)
            | Self::BeginConsent(_)
            | Self::StepConsent(_)
            | Self::BindPushed(..)
            | Self::PutBackchannel(_)
            | Self::PutGrant(_)
            | Self::PutRefresh(_)
            | Self::EndRefresh(_)
            | Self::RevokeGrant(_)
            | Self::PutStanding(_)
            | Self::PutNotice(_)
            | Self::StepNotice(..)
            | Self::PutStream(_)
            | Self::RemoveStream(_)
            | Self::PutRepresentation(_)
            | Self::EndRepresentation(_)
            | Self::PutEmergency(_)
            | Self::ReportEmergency(_)
            | Self::EmergencyOverdue(_) => None,
        }
    }
}

/// An entry that has no place yet.
pub struct Draft {
    /// The entry's id.
    pub id: Uuid,
    /// Whose chain it belongs to and whose key seals it.
    pub subject: Uuid,
    /// When it happened.
    pub at: Millis,
    /// Its kind, a stable word.
    pub kind: &'static str,
    /// The agency that acted, when there is one.
    pub agency: Option<Arc<str>>,
    /// Makes leaf and sealed record once the place is known. May be called again when the batch is retried.
    pub seal: Box<dyn Seal>,
}

/// Makes an entry's bytes from its place in the subject's chain.
pub trait Seal: Send + Sync {
    /// `n` counts the subject's entries from 1; `previous` is the hash of the leaf before, or zeros.
    fn seal(&self, n: i64, previous: &Digest) -> Sealed;
}

/// The two byte strings of an entry.
pub struct Sealed {
    /// The leaf: public commitments only.
    pub leaf: Vec<u8>,
    /// The record, encrypted.
    pub record: Vec<u8>,
}

/// Where an entry stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its id.
    pub id: Uuid,
    /// Its index in the log.
    pub index: i64,
    /// Its number in the subject's chain.
    pub n: i64,
    /// The RFC 6962 leaf hash.
    pub leaf_hash: Digest,
}

/// The use that was set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// Whether the same key was used before: the same use again.
    pub repeat: bool,
    /// Uses that remain after this one.
    pub uses_left: i64,
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was done and is durable.
    Done {
        /// Where the entry stands, when there was one.
        entry: Option<Placed>,
        /// The use set aside, when one was asked for.
        reserved: Option<Reserved>,
    },
    /// This assertion or proof was seen before.
    Replayed(Uuid),
    /// The token has no uses left.
    UsesExhausted,
    /// The refusal is already recorded by this entry.
    Collapsed(Uuid),
    /// The client is suspended or gone.
    ClientSuspended,
    /// The official is suspended or gone.
    OfficialSuspended,
    /// The token is revoked or unknown.
    TokenRevoked,
    /// Another policy bundle is the active one.
    BundleChanged,
    /// The consent is not in force: the state it is in, or [`State::Given`] when its time has not come or is over.
    ConsentNotLive(Option<State>),
    /// The consent does not reach so far.
    LimitReached(Reach),
    /// What was changed had changed meanwhile: read again.
    Stale,
}

/// A limit of a consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It is used up.
    Uses,
    /// Too often in its period.
    Frequency,
    /// Not at this hour.
    Hours,
    /// As many questions as the person bears have reached her.
    Prompts,
}
