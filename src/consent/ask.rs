//! An agency asks: the consent begins, and the person can see it.

use uuid::Uuid;

use super::{Consent, Error, commit, context, event_context, facts, kind, seal};
use crate::{
    domain::{
        catalogue::{BasisKind, Purpose, Text},
        consent::{Act, Actor, Channel, Event, Item, Limits, Named, Record, SCHEMA, State, Withdrawal},
        subject::Subject,
    },
    engines::Engines,
    i18n::{Lang, text},
    ledger::entry,
    registry::Client,
    store::{
        append::{Change, Command, Require},
        consents::{Begin, Consent as Row},
    },
    time::Millis,
};

/// The law under which this service keeps consents.
const JURISDICTION: &str = "VN";

/// What is asked for; checked by the one who asks (`oauth`): purpose in force, consent its basis, fields within the
/// minimum, limits within the terms.
pub struct Ask<'a> {
    /// The client that asks.
    pub client: &'a Client,
    /// The person.
    pub subject: &'a Subject,
    /// For what.
    pub purpose: &'a Purpose,
    /// Which fields.
    pub fields: &'a [String],
    /// How far it shall reach.
    pub limits: Limits,
    /// Until when it may be answered; never longer than the consent would last.
    pub answer_by: Millis,
    /// The case.
    pub case: Option<String>,
    /// Why, as the agency states it.
    pub justification: Option<String>,
    /// The official's code and unit.
    pub official: Option<(String, String)>,
    /// What the person compares with the agency's screen.
    pub binding_message: Option<String>,
    /// How it is asked.
    pub channel: Channel,
    /// Whether two must say yes.
    pub joint: bool,
    /// The citizen-API scopes, where that is what is asked for.
    pub scopes: Vec<String>,
    /// What must never have been used before.
    pub replays: Vec<(Uuid, Millis)>,
    /// What happens with it.
    pub also: &'a (dyn Fn(Uuid) -> Vec<Change> + Sync),
}

impl<'a> Ask<'a> {
    /// The least that can be asked: of the person alone, in the portal, with nothing said or done beside it.
    #[must_use]
    pub fn plain(
        client: &'a Client,
        subject: &'a Subject,
        purpose: &'a Purpose,
        fields: &'a [String],
        limits: Limits,
        answer_by: Millis,
    ) -> Self {
        Self {
            client,
            subject,
            purpose,
            fields,
            limits,
            answer_by,
            case: None,
            justification: None,
            official: None,
            binding_message: None,
            channel: Channel::Absent,
            joint: false,
            scopes: Vec::new(),
            replays: Vec::new(),
            also: &|_| Vec::new(),
        }
    }
}

/// Begins a consent in [`State::Requested`].
///
/// # Errors
/// [`Error`]; nothing has begun.
pub async fn ask(engines: &Engines, ask: Ask<'_>) -> Result<Consent, Error> {
    ask_within(engines, ask, Require::default()).await
}

/// The same, where this still holds at the moment the request gets its place.
///
/// # Errors
/// [`Error`]; nothing has begun. [`Error::Stale`] where it does not hold: `replays` are used up all the same.
pub async fn ask_within(engines: &Engines, ask: Ask<'_>, require: Require) -> Result<Consent, Error> {
    let (id, entry, at) = (engines.id(), engines.id(), engines.now());
    // What would be over when it is given cannot be given: the request ends with it.
    let answer_by = ask.answer_by.0.min(ask.limits.expires);
    let required = |field: &str| {
        ask.purpose
            .basis(BasisKind::Consent)
            .is_none_or(|basis| !basis.optional.iter().any(|optional| optional == field))
    };
    let catalogue = engines.register.catalogue();
    let items = ask.fields.iter().map(|field| Item {
        field: field.clone(),
        sensitive: catalogue.field(field).is_none_or(crate::domain::catalogue::Field::is_sensitive),
        required: required(field),
        granted: None,
        // Kept with the record: labels belong to no version of a purpose (I10).
        named: Named::today(catalogue, field),
    });
    let (official, unit) = ask.official.clone().unzip();
    let record = Record {
        schema: SCHEMA.to_owned(),
        id,
        agency: ask.client.agency.as_ref().to_owned(),
        client_id: ask.client.client_id.clone(),
        unit: unit.filter(|unit| !unit.is_empty()),
        official,
        purpose: ask.purpose.id.clone(),
        purpose_version: ask.purpose.version.clone(),
        items: items.collect(),
        limits: ask.limits.clone(),
        recipient_retention: ask.purpose.retention.clone(),
        // Kept with the record: what is said later of an old consent is what was so when it was asked for (I10).
        storage: both("receipt-storage"),
        jurisdiction: JURISDICTION.to_owned(),
        law: both("receipt-law"),
        withdrawal: Withdrawal {
            address: format!("{}/me/consents/{id}", engines.addresses.issuer),
            how: both("receipt-withdraw-how"),
            consequence: ask.purpose.consent.as_ref().map(|terms| terms.refusing.clone()),
        },
        processors: ask.client.profile.processors.clone(),
        case: ask.case,
        justification: ask.justification,
        binding_message: ask.binding_message,
        channel: ask.channel,
        joint: ask.joint,
        shown: None,
        answered_by: None,
        supersedes: None,
        scopes: ask.scopes,
    };
    let by = Actor::agency();
    let row = Row {
        id,
        subject: ask.subject.id(),
        client: ask.client.id,
        grant_id: None,
        state: State::Requested.as_str().to_owned(),
        revision: 1,
        asked_at: at.0,
        answer_by,
        starts: ask.limits.starts,
        expires: ask.limits.expires,
        max_uses: i64::from(ask.limits.max_uses),
        used: 0,
        last_use: None,
        freq_n: ask.limits.frequency.map(|frequency| i64::from(frequency.n)),
        freq_ms: ask.limits.frequency.map(|frequency| frequency.per.millis()),
        opens: ask.limits.hours.map(|hours| i64::from(hours.opens)),
        closes: ask.limits.hours.map(|hours| i64::from(hours.closes)),
        wake: Some(answer_by),
        sealed: seal(engines, ask.subject, &context(id), &record)?,
    };
    let event = Event { by: by.clone(), shown: None, granted: Vec::new(), note: None };
    let event = seal(engines, ask.subject, &event_context(id, 1), &event)?;
    let mut facts = facts(engines, &record, &by);
    facts.fields = ask.fields.to_vec();
    facts.justification.clone_from(&record.justification);
    facts.official.clone_from(&record.official);
    facts.unit.clone_from(&record.unit);
    let begin = Change::BeginConsent(Box::new(Begin { row: row.clone(), entry, event }));
    let changes = std::iter::once(begin).chain((ask.also)(id)).collect();
    let event = entry::Event { id: entry, at, kind: kind(Act::Ask), subject: ask.subject.clone(), facts };
    let replays = ask.replays;
    commit(engines, event, Command { replays, require, changes, ..Command::default() }).await?;
    Ok(Consent { row, record, state: State::Requested, subject: ask.subject.clone() })
}

/// A text of ours in both languages.
fn both(key: &str) -> Text {
    Text { vi: text(Lang::Vi, key), en: text(Lang::En, key) }
}
