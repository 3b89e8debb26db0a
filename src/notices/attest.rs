//! What a recipient owes after it was told: to stop, to erase, and to say so; once it may say that it needs longer.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Error, poll,
    steps::{self, Opened},
};
use crate::{
    domain::{
        calendar::Calendar,
        record::{Facts, Kind},
    },
    engines::Engines,
    protocol::rar,
    registry::Client,
    store::notices::{Notice, Step, WITHDRAWN},
    time::Millis,
};

/// What a recipient says: exactly one of `done` and `extend`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attestation {
    /// The notice.
    pub jti: String,
    /// What was done.
    #[serde(default)]
    pub done: Option<Done>,
    /// When it was done, in seconds; now when absent.
    #[serde(default)]
    pub at: Option<i64>,
    /// Why longer is needed, in 3 to 300 characters shown to the citizen.
    #[serde(default)]
    pub extend: Option<String>,
}

/// What a recipient can have done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    /// It stopped, and made everyone it passed the data to stop.
    Stopped,
    /// It erased what it read, and what it passed on was erased.
    Erased,
}

/// How a notice stands, times in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Owed {
    /// The notice.
    pub jti: Uuid,
    /// When it was acknowledged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged_at: Option<i64>,
    /// By when the recipient must have stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_by: Option<i64>,
    /// Whether that date was moved; it is moved once.
    pub extended: bool,
    /// When it stopped, as it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<i64>,
    /// When it erased, as it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<i64>,
    /// When nothing was owed any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<i64>,
}

impl From<&Notice> for Owed {
    fn from(notice: &Notice) -> Self {
        let seconds = |at: Option<i64>| at.map(|at| Millis(at).seconds());
        Self {
            jti: notice.id,
            acknowledged_at: seconds(notice.acked_at),
            stop_by: seconds(notice.stop_by),
            extended: notice.extended.is_some(),
            stopped_at: seconds(notice.stopped_at),
            erased_at: seconds(notice.erased_at),
            closed_at: seconds(notice.closed_at),
        }
    }
}

/// Records what a proved client says. Saying the same again changes nothing.
///
/// # Errors
/// [`Error::Refused`] with a stable code, or [`Error`] when nothing could be recorded.
pub async fn attest(engines: &Engines, client: &Client, said: &Attestation) -> Result<Owed, Error> {
    let unknown = Error::refuse(404, "notice_unknown", "This client was sent no event with this `jti`.");
    let Some(notice) = poll::own(engines, client, &said.jti).await? else { return Err(unknown) };
    let opened = Opened::open(engines, notice).await?;
    if opened.subject.is_none() {
        return Err(unknown);
    }
    let id = opened.notice.id;
    let (kind, step, note) = match (said.done, &said.extend) {
        (Some(done), None) => attested(engines.now(), &opened.notice, done, said.at)?,
        (None, Some(reason)) => {
            let processors = opened.consent().is_some_and(|(told, _)| told.processors);
            extended(engines.now(), &engines.calendar, &opened.notice, processors, reason)?
        }
        _ => {
            return Err(Error::refuse(400, "attestation_unclear", "Say exactly one of `done` and `extend`."));
        }
    };
    if is_taken(&opened.notice, &step) {
        return Ok(Owed::from(&opened.notice));
    }
    let facts = Facts { note, ..Facts::default() };
    let command = opened.command(engines, kind, step, facts).ok_or(Error::Inconsistent("notice"))?;
    steps::run(engines, vec![command]).await?;
    let after = engines.store.notice(id).await?.ok_or(Error::Inconsistent("notice"))?;
    Ok(Owed::from(&after))
}

type Said = (Kind, Step, Option<String>);

fn attested(now: Millis, notice: &Notice, done: Done, at: Option<i64>) -> Result<Said, Error> {
    if notice.acked_at.is_none() {
        return Err(Error::refuse(409, "notice_not_acknowledged", "Acknowledge the event first."));
    }
    let (told, said_when) = (Millis(notice.created_at), at.is_some());
    let (at, now) = (at.map_or(now, Millis::from_seconds), now.max(told));
    // Seconds are coarser than our times: the same second is not before. Who says "now" is never too early.
    if at > now || (said_when && at.seconds() < told.seconds()) {
        return Err(Error::refuse(400, "attestation_time", "`at` must lie between the event and now."));
    }
    // Nobody stops before being told: not by the rest of a second, nor by a clock that is behind.
    let at = at.max(told);
    let note = Some(at.0.to_string());
    match done {
        Done::Stopped if notice.stop_by.is_none() => {
            Err(Error::refuse(409, "nothing_to_attest", "This event asks for an acknowledgement only."))
        }
        Done::Stopped => Ok((Kind::NoticeStopped, Step::Stopped(at), note)),
        Done::Erased if notice.event != WITHDRAWN => {
            Err(Error::refuse(409, "nothing_to_attest", "This event does not ask for erasure."))
        }
        Done::Erased if notice.stopped_at.is_none() => {
            Err(Error::refuse(409, "notice_not_stopped", "Say first that processing has stopped."))
        }
        Done::Erased => Ok((Kind::NoticeErased, Step::Erased(at), note)),
    }
}

fn extended(
    now: Millis,
    calendar: &Calendar,
    notice: &Notice,
    processors: bool,
    reason: &str,
) -> Result<Said, Error> {
    if rar::text_fault(reason, 3..=300).is_some() {
        return Err(Error::refuse(
            400,
            "extension_reason",
            "`extend` must be 3 to 300 characters of plain text without addresses or identity numbers.",
        ));
    }
    match notice.stop_by {
        Some(stop_by) if notice.stopped_at.is_none() && now.0 < stop_by => {}
        _ => {
            return Err(Error::refuse(
                409,
                "nothing_to_extend",
                "There is no date ahead that could be moved.",
            ));
        }
    }
    if notice.extended.as_deref().is_some_and(|before| before != reason) {
        return Err(Error::refuse(409, "already_extended", "The date can be moved once."));
    }
    let stop_by = calendar.extended(Millis(notice.created_at), processors).ends;
    let step = Step::Extended { reason: reason.to_owned(), stop_by };
    Ok((Kind::NoticeExtended, step, Some(reason.to_owned())))
}

fn is_taken(notice: &Notice, step: &Step) -> bool {
    match step {
        Step::Stopped(_) => notice.stopped_at.is_some(),
        Step::Erased(_) => notice.erased_at.is_some(),
        Step::Extended { .. } => notice.extended.is_some(),
        Step::Sent | Step::Acknowledged | Step::Late | Step::Overdue => false,
    }
}
