//! Whether a receipt agrees with itself. The same check stands before signing and, years later, behind verifying.

use std::collections::BTreeSet;

use super::{
    CONFORMS_TO, context_of,
    form::{Claims, Kind, Notice, Processing, Role, Step},
};
use crate::{
    domain::{
        catalogue::Text,
        consent::{Act, Capacity, State},
    },
    time::Millis,
};

/// What does not agree, or is missing. One word for a program and one sentence for people (`plain::fault`) each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Another version of the form, or members that mean something else.
    #[error("the receipt is of a form this program does not know")]
    Form,
    /// Ids of the receipt or the person contradict each other.
    #[error("ids in the receipt contradict each other")]
    Ids,
    /// A mandatory member of ISO/IEC TS 27560 is blank.
    #[error("`{0}` is mandatory and blank")]
    Missing(&'static str),
    /// The person is named by something that may be a national id, or a text holds one.
    #[error("the receipt may hold a national identification number")]
    Identity,
    /// An instant lies before one it must follow.
    #[error("dates in the receipt contradict each other")]
    Dates,
    /// The events are none, or not ones that can follow each other, or lead to another state.
    #[error("the events cannot have happened in this order")]
    Events,
    /// Fields are said to be granted that were not asked or not answered so.
    #[error("the answers do not fit what was asked or what happened")]
    Answers,
    /// It was given without a text that was shown, or without the sensitive notice.
    #[error("the text that was shown is missing or malformed")]
    Notice,
    /// The parties do not have those whom other members name.
    #[error("a party is missing")]
    Parties,
    /// The place in the log is malformed, or another event's.
    #[error("the place in the log is not the last event's")]
    Ledger,
    /// The consent is not over, or what is said of its end contradicts itself.
    #[error("what is said of the end contradicts itself")]
    Termination,
}

impl Fault {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Form => "receipt_form",
            Self::Ids => "receipt_ids",
            Self::Missing(_) => "receipt_member_missing",
            Self::Identity => "receipt_identity",
            Self::Dates => "receipt_dates",
            Self::Events => "receipt_events",
            Self::Answers => "receipt_answers",
            Self::Notice => "receipt_notice",
            Self::Parties => "receipt_parties",
            Self::Ledger => "receipt_ledger",
            Self::Termination => "receipt_termination",
        }
    }
}

/// Two nodes' clocks may differ this much; the order of events is that of the log.
pub(super) const SKEW_MS: i64 = 10_000;

fn ensure(holds: bool, fault: Fault) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(fault) }
}

impl Claims {
    /// Whether it agrees with itself.
    ///
    /// # Errors
    /// The first [`Fault`].
    pub fn check(&self) -> Result<(), Fault> {
        let header = &self.header;
        let known = header.conforms_to == CONFORMS_TO
            && context_of(&header.schema).is_some_and(|context| context == self.context);
        ensure(known, Fault::Form)?;
        let ids = header.receipt_id == self.jti
            && self.id == self.jti.urn().to_string()
            && header.subject_ref == self.sub
            && header.supersedes != Some(header.record_id);
        ensure(ids, Fault::Ids)?;
        self.mandatory()?;
        self.identity()?;
        self.events()?;
        self.dates()?;
        self.answers()?;
        self.notices()?;
        self.parties()?;
        self.ledger()?;
        self.termination()
    }

    /// The acts by which it came into force: given, and confirmed by her for whom it was given.
    fn agreed(&self) -> impl DoubleEndedIterator<Item = &Step> {
        self.events.iter().filter(|step| matches!(step.act, Act::Give | Act::Confirm))
    }

    fn mandatory(&self) -> Result<(), Fault> {
        let it = &self.processing;
        let text = |text: &Text| !text.vi.trim().is_empty() && !text.en.trim().is_empty();
        for (there, name) in [
            (!self.iss.is_empty(), "iss"),
            (!self.sub.is_empty(), "sub"),
            (!self.header.record_schema.is_empty(), "record_schema"),
            (!it.purpose.is_empty() && !it.purpose_version.is_empty(), "purpose"),
            (text(&it.title) && text(&it.reason), "title"),
            (!it.data.is_empty() || !it.scopes.is_empty(), "data"),
            (it.legal_basis == "consent", "legal_basis"),
            (text(&it.retention), "retention"),
            (text(&it.storage), "storage"),
            (!it.jurisdiction.is_empty() && text(&it.law), "jurisdiction"),
            (!it.recipients.is_empty(), "recipients"),
            (!it.client_id.is_empty(), "client_id"),
            (it.withdrawal.address.starts_with("http") && text(&it.withdrawal.how), "withdrawal"),
            (!self.header.languages.is_empty(), "languages"),
            (text(&self.summary), "summary"),
        ] {
            ensure(there, Fault::Missing(name))?;
        }
        Ok(())
    }

    /// A national id has 12 digits, its predecessor 9: nothing that looks like one stands where people write.
    fn identity(&self) -> Result<(), Fault> {
        let it = &self.processing;
        let handle = self.sub.len() >= 16 && !self.sub.bytes().all(|b| b.is_ascii_digit());
        let written = [&it.unit, &it.case, &it.justification];
        let written = written.into_iter().chain(self.events.iter().map(|step| &step.decision));
        ensure(handle && written.flatten().all(|text| !holds_identity(text)), Fault::Identity)
    }

    fn events(&self) -> Result<(), Fault> {
        let mut state = None;
        for step in &self.events {
            let to = State::after(state, step.act).map_err(|_| Fault::Events)?;
            ensure(to == step.state, Fault::Events)?;
            state = Some(to);
        }
        let entries: BTreeSet<_> = self.events.iter().map(|step| step.entry).collect();
        ensure(state == Some(self.state) && entries.len() == self.events.len(), Fault::Events)
    }

    fn dates(&self) -> Result<(), Fault> {
        let mut pairs = self.events.iter().zip(self.events.iter().skip(1));
        let in_order = pairs.all(|(one, next)| one.at.since(next.at) <= SKEW_MS)
            && self.events.last().is_none_or(|last| last.at <= self.header.issued_at);
        let validity = &self.processing.validity;
        let valid = validity.valid_from < validity.valid_to && validity.max_uses > 0;
        let issued = self.header.issued_at.seconds() == self.iat;
        // Consent is asked for and answered before its time is over; nothing is given in hindsight.
        let given = self.agreed().all(|step| step.at < validity.valid_to);
        ensure(in_order && valid && issued && given, Fault::Dates)
    }

    fn answers(&self) -> Result<(), Fault> {
        let data = &self.processing.data;
        let asked: BTreeSet<&str> = data.iter().map(|datum| datum.field.as_str()).collect();
        ensure(asked.len() == data.len(), Fault::Answers)?;
        let granted: BTreeSet<&str> = data
            .iter()
            .filter(|datum| datum.granted == Some(true))
            .map(|datum| datum.field.as_str())
            .collect();
        for step in &self.events {
            let named: BTreeSet<&str> = step.granted.iter().map(String::as_str).collect();
            ensure(named.is_subset(&asked) && named.len() == step.granted.len(), Fault::Answers)?;
        }
        // Who confirms what was given for her does it herself, and says yes to no more.
        let mut pairs = self.agreed().zip(self.agreed().skip(1));
        let narrower = pairs.all(|(one, next)| next.granted.iter().all(|field| one.granted.contains(field)));
        let hers = |step: &Step| step.act != Act::Confirm || step.capacity == Capacity::Own;
        ensure(narrower && self.agreed().all(hers), Fault::Answers)?;
        match self.agreed().next_back() {
            // Every field is answered, none that is needed with no, and as it was said in the act.
            Some(gave) => {
                let named: BTreeSet<&str> = gave.granted.iter().map(String::as_str).collect();
                let answered = data.iter().all(|datum| datum.granted.is_some());
                let needed = data.iter().all(|datum| !datum.required || datum.granted == Some(true));
                ensure(named == granted && answered && needed, Fault::Answers)
            }
            // The first of two may have answered; the consent still opens nothing.
            None if self.events.iter().any(|step| step.act == Act::GiveHalf) => Ok(()),
            None => ensure(granted.is_empty(), Fault::Answers),
        }
    }

    fn notices(&self) -> Result<(), Fault> {
        let shown =
            self.processing.notice.iter().chain(self.events.iter().filter_map(|it| it.notice.as_ref()));
        ensure(shown.into_iter().all(is_well_formed), Fault::Notice)?;
        let mut newest = self.agreed().rev();
        let (Some(gave), before) = (newest.next(), newest.next()) else { return Ok(()) };
        let Some(notice) = &self.processing.notice else { return Err(Fault::Notice) };
        // Who confirms is not asked, nor told, about what was refused for her.
        let asked = |field| gave.act == Act::Give || before.is_some_and(|one| one.granted.contains(field));
        let sensitive = self.processing.data.iter().any(|datum| datum.sensitive && asked(&datum.field));
        let told = !sensitive || notice.sensitive_notice;
        ensure(told && gave.notice.as_ref() == Some(notice), Fault::Notice)
    }

    fn parties(&self) -> Result<(), Fault> {
        let Processing { controller, recipients, .. } = &self.processing;
        let has =
            |id: &str, role: Role| self.parties.iter().any(|party| party.id == id && party.role == role);
        let named = |role: Role| self.parties.iter().any(|party| party.role == role && party.name.is_some());
        let all = has(&self.sub, Role::DataSubject)
            && has(controller, Role::DataController)
            && has(&self.iss, Role::RecordKeeper)
            && recipients.iter().all(|id| self.parties.iter().any(|party| party.id == *id))
            && named(Role::DataController)
            && named(Role::Authority);
        // Whoever answered for the person takes part, and is as nameless here as she.
        let for_her = |by| matches!(by, Capacity::Parent | Capacity::Guardian | Capacity::Attorney);
        let answered = self.events.iter().filter(|step| matches!(step.act, Act::Give | Act::GiveHalf));
        let represented = answered.filter(|step| for_her(step.capacity)).all(|step| {
            self.parties.iter().any(|party| {
                party.role == Role::Representative
                    && party.capacity == Some(step.capacity)
                    && party.name.is_none()
                    && !holds_identity(&party.id)
            })
        });
        let subjects = self.parties.iter().filter(|party| party.role == Role::DataSubject);
        ensure(all && represented && subjects.into_iter().all(|party| party.name.is_none()), Fault::Parties)
    }

    fn ledger(&self) -> Result<(), Fault> {
        let it = &self.ledger;
        let last = self.events.last().is_some_and(|step| step.entry == it.entry);
        let origin = !it.origin.is_empty() && !it.origin.contains(char::is_whitespace);
        ensure(last && origin && is_digest(&it.leaf_hash), Fault::Ledger)
    }

    fn termination(&self) -> Result<(), Fault> {
        let Some(it) = &self.termination else {
            return ensure(self.kind == Kind::ConsentReceipt, Fault::Termination);
        };
        let last = self.events.last().ok_or(Fault::Events)?;
        let ended = it.act() == Some(last.act) && it.ended_at == last.at && self.state.is_over();
        ensure(self.kind == Kind::TerminationReceipt && ended, Fault::Termination)?;
        let issued = self.header.issued_at;
        for told in &it.told {
            let past =
                [Some(told.told_at), told.sent_at, told.acknowledged_at, told.stopped_at, told.erased_at];
            let by = |end: Millis| past.iter().flatten().all(|at| at.since(end) <= SKEW_MS);
            ensure(told.is_in_order() && it.closed_at.is_none_or(by) && by(issued), Fault::Termination)?;
        }
        // Closed means that nobody owes an acknowledgement any more.
        let owed = it.told.iter().any(|told| told.acknowledged_at.is_none());
        let closed = it
            .closed_at
            .is_none_or(|at| !owed && it.ended_at.since(at) <= SKEW_MS && at.since(issued) <= SKEW_MS);
        ensure(closed, Fault::Termination)
    }
}

fn is_well_formed(notice: &Notice) -> bool {
    let digest = notice.hash.strip_prefix("sha256:").is_some_and(is_digest);
    digest && matches!(notice.lang.as_str(), "vi" | "en")
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Whether a run of exactly 9 or of 12 digits stands in a text.
fn holds_identity(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit()).any(|run| matches!(run.len(), 9 | 12))
}
