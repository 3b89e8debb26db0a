//! A citizen reads about herself, or a representative about her.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use uuid::Uuid;

use super::access::{Access, HistoryError, collapsing, count, open};
use crate::{
    crypto::Digest,
    domain::{
        record::{Facts, Kind},
        representation::Mandate,
        subject::Subject,
    },
    engines::Engines,
    ledger::{
        appender::AppendError,
        entry::Event,
        proof::{self as entry_proof, EntryProof, EntryProofError},
    },
    merkle::{hash::leaf_hash, tlog_proof::TlogProof},
    store::{
        append::{Command, Outcome},
        entries::Entry,
    },
    time::Millis,
};

/// Rows read from the database at a time.
const CHUNK: u16 = 100;
/// Rows looked through for one page; past it the reader is given what was found and goes on from there.
const SCAN: usize = 2_000;
/// How far an entry's time may lie before that of an earlier one: requests take their places in the order they end.
const DISORDER: Duration = Duration::from_mins(10);

/// Whose history is read, by whom, and in which session.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    /// Whose history it is.
    pub subject: &'a Subject,
    /// The session's id: one session makes one entry. `None` where the reading is recorded already: by [`program`].
    ///
    /// [`program`]: super::program
    pub session: Option<&'a Digest>,
    /// What a representative reads by, whose reading is recorded before she gets it (`people::enter`); `None` for the
    /// person herself.
    pub mandate: Option<&'a Mandate>,
}

impl Reader<'_> {
    /// Whether an entry is there for this reader: what a representative may not see is as absent as none.
    fn sees(&self, engines: &Engines, access: &Access) -> bool {
        let catalogue = engines.register.catalogue();
        self.mandate.is_none_or(|mandate| mandate.shows_entry(catalogue, access.kind, &access.facts))
    }
}

/// What the reader wants to see.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only of this agency.
    pub agency: Option<String>,
    /// Only from then on.
    pub since: Option<Millis>,
    /// Only about this kind of data.
    pub field: Option<String>,
}

impl Filter {
    fn wants(&self, access: &Access) -> bool {
        let fits = |wanted: &Option<String>, found: Option<&String>| {
            wanted.as_ref().is_none_or(|wanted| found == Some(wanted))
        };
        fits(&self.agency, access.facts.agency.as_ref())
            && self.since.is_none_or(|since| access.at >= since)
            && self.field.as_ref().is_none_or(|field| access.facts.fields.contains(field))
    }
}

/// Entries, newest first.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The entries.
    pub accesses: Vec<Access>,
    /// Where the next, older page begins.
    pub next: Option<i64>,
}

/// What the overview counts.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Distinct agencies that data went to.
    pub agencies: u64,
    /// How many times data left.
    pub views: u64,
    /// How many requests were refused.
    pub refusals: u64,
    /// The newest entries.
    pub latest: Vec<Access>,
    /// Emergency accesses of that time, newest first, one entry each: the one that allowed it.
    pub emergencies: Vec<Access>,
}

/// A proof that was checked here and holds.
#[derive(Clone, Debug)]
pub struct Proven {
    /// The file to take away.
    pub file: EntryProof,
    /// The hash of the entry's leaf.
    pub leaf_hash: Digest,
    /// The size of the tree under the checkpoint.
    pub size: u64,
    /// When the checkpoint was published.
    pub published_at: Millis,
}

/// One entry with what its proof is made from.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The entry, opened.
    pub access: Access,
    row: Entry,
}

/// A page of the reader's history, entries numbered below `before`.
///
/// # Errors
/// [`HistoryError`]; nothing may then be shown.
pub async fn page(
    engines: &Engines,
    reader: Reader<'_>,
    filter: &Filter,
    before: Option<i64>,
    limit: usize,
) -> Result<Page, HistoryError> {
    note_reading(engines, reader).await?;
    let mut page = scan(engines, reader, filter, before, limit).await?;
    count(engines, &mut page.accesses).await?;
    Ok(page)
}

/// Counts over the time since `since`, the emergencies in it, and the newest entries of any time. Of more than
/// two thousand entries since then the newest are looked at.
///
/// # Errors
/// [`HistoryError`]; nothing may then be shown.
pub async fn summary(
    engines: &Engines,
    reader: Reader<'_>,
    since: Millis,
    latest: usize,
) -> Result<Summary, HistoryError> {
    note_reading(engines, reader).await?;
    let filter = Filter { since: Some(since), ..Filter::default() };
    let mut period = scan(engines, reader, &filter, None, SCAN).await?.accesses;
    count(engines, &mut period).await?;
    let left = || period.iter().filter(|access| access.data_left());
    let agencies: BTreeSet<&str> = left().filter_map(|access| access.facts.agency.as_deref()).collect();
    let refusals = period.iter().filter(|access| access.is_refusal()).map(|a| u64::from(a.times)).sum();
    let mut newest = scan(engines, reader, &Filter::default(), None, latest).await?.accesses;
    count(engines, &mut newest).await?;
    let urgent = period.iter().filter(|access| access.is_emergency()).cloned().collect();
    Ok(Summary {
        agencies: agencies.len() as u64,
        views: left().count() as u64,
        refusals,
        latest: newest,
        emergencies: urgent,
    })
}

/// One entry of the reader's own; `None` for anybody else's and for none at all (I8).
///
/// # Errors
/// [`HistoryError`]; nothing may then be shown.
pub async fn entry(engines: &Engines, reader: Reader<'_>, id: Uuid) -> Result<Option<Detail>, HistoryError> {
    note_reading(engines, reader).await?;
    // INVARIANT I8: the only place that turns an id from outside into an entry for a citizen.
    let own = engines.store.entry(id).await?.filter(|row| row.subject == reader.subject.id());
    let Some(row) = own else { return Ok(None) };
    let mut access = [open(&row, reader.subject)?];
    count(engines, &mut access).await?;
    let [access] = access;
    if !reader.sees(engines, &access) {
        return Ok(None);
    }
    Ok(Some(Detail { access, row }))
}

/// The proof of an entry; `None` while no checkpoint covers it.
///
/// # Errors
/// [`HistoryError::Proof`] when it cannot be made or does not hold.
pub async fn proof(
    engines: &Engines,
    reader: Reader<'_>,
    detail: &Detail,
) -> Result<Option<Proven>, HistoryError> {
    let file = match entry_proof::prove(&engines.log, &detail.row, reader.subject).await {
        Ok(file) => file,
        Err(EntryProofError::NotYetPublished) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let path = TlogProof::parse(file.tlog_proof.as_bytes()).map_err(|_| EntryProofError::Malformed)?;
    let checkpoint = engines.log.open("checkpoint of a proof", path.checkpoint.to_string().as_bytes());
    let size = checkpoint.map_err(EntryProofError::from)?.size();
    let row = engines.store.checkpoints(i64::try_from(size).unwrap_or(i64::MAX), 1).await?.pop();
    let published_at = row.map_or_else(|| detail.access.at, |row| Millis(row.at));
    Ok(Some(Proven { leaf_hash: leaf_hash(&detail.row.leaf), size, published_at, file }))
}

/// One entry a session, committed before anything is read (I9).
///
/// # Errors
/// [`HistoryError`]; nothing may then be shown.
pub async fn note_reading(engines: &Engines, reader: Reader<'_>) -> Result<(), HistoryError> {
    let (None, Some(session)) = (reader.mandate, reader.session) else { return Ok(()) };
    let collapse = collapsing(&engines.vault.lookup(&[b"history.read", session]));
    // Row and entry were one transaction, so this is as good as the entry.
    if engines.store.collapsed(collapse).await?.is_some() {
        return Ok(());
    }
    let event = Event {
        id: engines.id(),
        at: engines.now(),
        kind: Kind::HistoryRead,
        subject: reader.subject.clone(),
        facts: Facts::default(),
    };
    let entry = Some(event.draft(Arc::clone(&engines.random)));
    let command = Command { entry, collapse: Some(collapse), ..Command::default() };
    match engines.appender.run(command).await? {
        Outcome::Done { entry: Some(_), .. } | Outcome::Collapsed(_) => Ok(()),
        _ => Err(AppendError::Unavailable(None).into()),
    }
}

/// Whether it stands in the list: one's own reading does not, nor what is in nobody's chain or of no known kind.
fn is_listed(kind: &str) -> bool {
    Kind::parse(kind).is_some_and(|kind| {
        !matches!(
            kind,
            Kind::HistoryRead
                | Kind::ClientRegistered
                | Kind::ClientSuspended
                | Kind::ClientRestored
                | Kind::StreamSet
                | Kind::StreamRemoved
                | Kind::OfficialRegistered
                | Kind::OfficialSuspended
                | Kind::OfficialRestored
                | Kind::PolicyActivated
        )
    })
}

async fn scan(
    engines: &Engines,
    reader: Reader<'_>,
    filter: &Filter,
    before: Option<i64>,
    limit: usize,
) -> Result<Page, HistoryError> {
    let mut before = before.unwrap_or(i64::MAX);
    let oldest = filter.since.map(|since| since - DISORDER);
    let mut page = Page::default();
    let mut scanned = 0;
    loop {
        let rows = engines.store.chain(reader.subject.id(), before, CHUNK.into()).await?;
        let last = rows.len() < usize::from(CHUNK);
        for row in &rows {
            if oldest.is_some_and(|oldest| row.at < oldest.0) {
                return Ok(page);
            }
            if is_listed(&row.kind) {
                let access = open(row, reader.subject)?;
                if filter.wants(&access) && reader.sees(engines, &access) {
                    if page.accesses.len() == limit {
                        page.next = Some(before);
                        return Ok(page);
                    }
                    page.accesses.push(access);
                }
            }
            before = row.n;
        }
        scanned += rows.len();
        if last {
            return Ok(page);
        }
        if scanned >= SCAN {
            page.next = Some(before);
            return Ok(page);
        }
    }
}
