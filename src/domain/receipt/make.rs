//! Makes a receipt from the record, its events and the texts that applied. Values in, value out.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{
    CONFORMS_TO, SCHEMA, Termination, Told,
    check::Fault,
    context,
    form::{Claims, Contact, Datum, Header, Kind, Ledger, Notice, Party, Processing, Role, Step, Validity},
    plain::plain,
};
use crate::{
    domain::{
        catalogue::{BasisKind, Catalogue, Citation, Purpose, Text},
        consent::{Act, Capacity, Event, Item, Named, Record, Shown, State},
    },
    i18n::{Lang, text},
    time::Millis,
};

/// What a receipt is made from.
#[derive(Clone, Debug)]
pub struct Material<'a> {
    /// The issuer: an https address without a trailing slash.
    pub issuer: &'a str,
    /// The receipt's own id.
    pub id: Uuid,
    /// When it is made.
    pub at: Millis,
    /// The agency's handle of the person; never her national id.
    pub handle: &'a str,
    /// The record as it stands.
    pub record: &'a Record,
    /// Everything that happened to it, in order.
    pub history: &'a [Happened],
    /// The agency.
    pub controller: &'a Controller,
    /// The texts of the purpose's version that the record names.
    pub words: &'a Words,
    /// Where the last event stands in the log.
    pub ledger: Ledger,
}

/// One event and its place: a row of `consent_events`, opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// When.
    pub at: Millis,
    /// What.
    pub act: Act,
    /// Where it led.
    pub state: State,
    /// The ledger entry that records it.
    pub entry: Uuid,
    /// By whom and how that is known.
    pub event: Event,
}

/// The agency that asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Controller {
    /// Its name.
    pub name: Text,
    /// Whom to ask there.
    pub contact: Contact,
}

/// The texts of one version of a purpose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// What it is called.
    pub title: Text,
    /// What it is for.
    pub reason: Text,
    /// The articles that its consent rests on, and how well each was checked.
    pub citations: Vec<Citation>,
    /// Catalogue name of a field → what it is called and where it comes from, for records that do not say it.
    pub fields: BTreeMap<String, Named>,
}

impl Words {
    /// The words of a purpose as the catalogue has it now. For a record of an older version take that version's.
    #[must_use]
    pub fn of(catalogue: &Catalogue, purpose: &Purpose) -> Self {
        let basis = purpose.basis(BasisKind::Consent);
        let named = |name: &String| Some((name.clone(), Named::today(catalogue, name)?));
        Self {
            title: purpose.title.clone(),
            reason: purpose.reason.clone(),
            citations: basis.iter().flat_map(|it| &it.citations).cloned().collect(),
            fields: basis.iter().flat_map(|it| &it.fields).filter_map(named).collect(),
        }
    }
}

/// A text of ours in both languages.
fn both(key: &str) -> Text {
    Text { vi: text(Lang::Vi, key), en: text(Lang::En, key) }
}

impl Claims {
    /// The receipt of a consent as it stands.
    ///
    /// # Errors
    /// The first [`Fault`]: what does not agree with itself, or lacks a mandatory member, is not receipted.
    pub fn new(from: &Material<'_>) -> Result<Self, Fault> {
        build(from, Kind::ConsentReceipt, None)
    }

    /// The receipt of a consent that is over, with what became of what was read.
    ///
    /// # Errors
    /// The first [`Fault`]; [`Fault::Termination`] when the consent is not over.
    pub fn terminated(
        from: &Material<'_>,
        told: Vec<Told>,
        closed_at: Option<Millis>,
    ) -> Result<Self, Fault> {
        let last = from.history.last().ok_or(Fault::Events)?;
        let ended_by = last.act.as_str().to_owned();
        let termination = Termination { ended_at: last.at, ended_by, told, closed_at };
        build(from, Kind::TerminationReceipt, Some(termination))
    }
}

fn build(from: &Material<'_>, kind: Kind, termination: Option<Termination>) -> Result<Claims, Fault> {
    let record = from.record;
    let last = from.history.last().ok_or(Fault::Events)?;
    // The event may come from a node whose clock is a little ahead of this one's.
    let at = from.at.max(last.at);
    let state = last.state;
    let mut claims = Claims {
        iss: from.issuer.to_owned(),
        iat: at.seconds(),
        jti: from.id,
        sub: from.handle.to_owned(),
        context: context(),
        id: from.id.urn().to_string(),
        kind,
        header: Header {
            schema: SCHEMA.to_owned(),
            conforms_to: CONFORMS_TO.to_owned(),
            receipt_id: from.id,
            record_id: record.id,
            record_schema: record.schema.clone(),
            subject_ref: from.handle.to_owned(),
            issued_at: at,
            languages: Lang::ALL.map(|lang| lang.tag().to_owned()).to_vec(),
            supersedes: record.supersedes,
        },
        state,
        processing: processing(from),
        parties: parties(from),
        events: from.history.iter().map(step).collect(),
        ledger: from.ledger.clone(),
        termination,
        summary: Text::default(),
    };
    claims.summary = Text { vi: plain(&claims, Lang::Vi), en: plain(&claims, Lang::En) };
    claims.check()?;
    Ok(claims)
}

fn processing(from: &Material<'_>) -> Processing {
    let (record, words) = (from.record, from.words);
    let newest = from.history.iter().rev().find_map(|it| it.event.shown.as_ref());
    Processing {
        purpose: record.purpose.clone(),
        purpose_version: record.purpose_version.clone(),
        title: words.title.clone(),
        reason: words.reason.clone(),
        legal_basis: BasisKind::Consent.as_str().to_owned(),
        citations: words.citations.clone(),
        data: record.items.iter().map(|item| datum(item, words)).collect(),
        scopes: record.scopes.clone(),
        method: "read".to_owned(),
        validity: Validity {
            valid_from: Millis(record.limits.starts),
            valid_to: Millis(record.limits.expires),
            max_uses: record.limits.max_uses,
            frequency: record.limits.frequency,
            hours: record.limits.hours,
        },
        retention: record.recipient_retention.clone(),
        storage: record.storage.clone(),
        jurisdiction: record.jurisdiction.clone(),
        law: record.law.clone(),
        controller: record.agency.clone(),
        recipients: std::iter::once(record.agency.clone())
            .chain((1..=record.processors.len()).map(processor_id))
            .collect(),
        client_id: record.client_id.clone(),
        unit: record.unit.clone(),
        case: record.case.clone(),
        justification: record.justification.clone(),
        joint: record.joint,
        notice: record.shown.as_ref().or(newest).map(notice),
        withdrawal: record.withdrawal.clone(),
    }
}

fn datum(item: &Item, words: &Words) -> Datum {
    let named = item.named.as_ref().or_else(|| words.fields.get(&item.field));
    // A field that has left the catalogue since still has its name.
    let name = || Text { vi: item.field.clone(), en: item.field.clone() };
    Datum {
        field: item.field.clone(),
        label: named.map_or_else(name, |named| named.label.clone()),
        sensitive: item.sensitive,
        required: item.required,
        granted: item.granted,
        source: named.and_then(|named| named.source.clone()),
    }
}

fn notice(shown: &Shown) -> Notice {
    Notice {
        hash: format!("sha256:{}", shown.hash),
        lang: shown.lang.clone(),
        sensitive_notice: shown.sensitive_notice,
    }
}

/// Processors have no id of their own in the register.
fn processor_id(n: usize) -> String {
    format!("processor-{n}")
}

fn parties(from: &Material<'_>) -> Vec<Party> {
    let agency = from.controller;
    let party =
        |id: &str, role, name, contact| Party { id: id.to_owned(), role, name, contact, capacity: None };
    let processors = from.record.processors.iter().zip(1..);
    let processors =
        processors.map(|(name, n)| party(&processor_id(n), Role::DataProcessor, Some(name.clone()), None));
    let mut parties = vec![
        party(from.handle, Role::DataSubject, None, None),
        party(
            &from.record.agency,
            Role::DataController,
            Some(agency.name.clone()),
            Some(agency.contact.clone()),
        ),
        party(from.issuer, Role::RecordKeeper, Some(both("service-name")), None),
        party("vn-personal-data-authority", Role::Authority, Some(both("receipt-authority")), None),
    ];
    parties.extend(processors);
    parties.extend(representatives(from.history));
    parties
}

/// Those who answered for the person. A representation's id is random and means something only to this service: neither
/// a number nor anything that is the same for another child of hers is given away.
fn representatives(history: &[Happened]) -> Vec<Party> {
    let mut all: Vec<Party> = Vec::new();
    for it in history.iter().filter(|it| matches!(it.act, Act::Give | Act::GiveHalf | Act::Refuse)) {
        let by = &it.event.by;
        if !matches!(by.capacity, Capacity::Parent | Capacity::Guardian | Capacity::Attorney) {
            continue;
        }
        let id = by.representation.map_or_else(|| by.capacity.as_str().to_owned(), |id| id.urn().to_string());
        if all.iter().all(|party| party.id != id) {
            let (role, capacity) = (Role::Representative, Some(by.capacity));
            all.push(Party { id, role, name: None, contact: None, capacity });
        }
    }
    all
}

fn step(it: &Happened) -> Step {
    let is_code = |note: &&String| {
        (1..=64).contains(&note.len()) && note.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
    };
    Step {
        at: it.at,
        act: it.act,
        state: it.state,
        entry: it.entry,
        capacity: it.event.by.capacity,
        issuer: it.event.by.issuer.clone(),
        assurance: it.event.by.assurance,
        acr: it.event.by.authenticated.acr.clone(),
        auth_time: it.event.by.authenticated.at,
        decision: it.event.decision().map(str::to_owned),
        granted: it.event.granted.clone(),
        notice: it.event.shown.as_ref().map(notice),
        because: it.event.note.as_ref().filter(is_code).cloned(),
    }
}
