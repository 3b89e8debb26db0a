//! Checking everything again from the database and the published files; it appends nothing and needs no service.
//!
//! Entries that are committed and not yet under a checkpoint are clean: they are only not published yet.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{
    entry::{self, follows},
    publisher::{Log, PublishError},
    tiles::signed,
};
use crate::{
    crypto::Digest,
    domain::{record::Kind, subject::Subject},
    merkle::{bundle, edge::Edge, hash::leaf_hash, tile, tile::TILE_WIDTH, tile_edge::TileEdge},
    store::{Error as StoreError, entries::Entry},
    vault::{Vault, VaultError},
};

const CHUNK: i64 = 2048;

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The place: an entry's index, a tile's path, a checkpoint's size.
    pub place: String,
    /// What is wrong there.
    pub what: String,
}

/// What a check saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Entries read.
    pub entries: u64,
    /// Entries under the newest checkpoint.
    pub published: u64,
    /// Checkpoints compared.
    pub checkpoints: u64,
    /// Everything that is wrong; empty means clean.
    pub findings: Vec<Finding>,
}

impl Report {
    fn add(&mut self, place: impl std::fmt::Display, what: impl std::fmt::Display) {
        self.findings.push(Finding { place: place.to_string(), what: what.to_string() });
    }
}

/// Reads the whole ledger and reports. `expected` are tokens that must each have the entry that released them;
/// `progress` is told how many entries have been read of how many.
///
/// # Errors
/// [`StoreError`] or [`PublishError`] when the database or the files cannot be read at all.
pub async fn verify(
    log: &Log,
    vault: &Vault,
    expected: &[Uuid],
    progress: impl Fn(u64, u64),
) -> Result<Report, PublishError> {
    let mut report = Report::default();
    // The checkpoint first and the rows after: what was published before is then in the rows that are read.
    let known = match log.known().await {
        Ok(known) => known,
        Err(error @ PublishError::Checkpoint { .. }) => {
            report.add("checkpoint", error);
            Vec::new()
        }
        Err(error) => return Err(error),
    };
    let head = log.store.head().await?;
    let size = head.size.unsigned_abs();
    let mut walk = Walk::new(log.store.checkpoints(0, i64::MAX).await?);
    while walk.edge.size() < size {
        let from = signed(walk.edge.size());
        let rows = log.store.log_entries(from, CHUNK.min(head.size.saturating_sub(from))).await?;
        if rows.is_empty() {
            report.add(format!("entry {from}"), format!("is missing; the head says there are {size}"));
            break;
        }
        for row in rows {
            if row.idx != signed(walk.edge.size()) {
                report.add(format!("entry {}", walk.edge.size()), "is missing");
                walk.report(&mut report);
                return Ok(report);
            }
            walk.entry(&row, vault, &mut report).await?;
        }
        progress(walk.edge.size(), size);
    }
    if Edge::from_bytes(size, &head.edge).as_ref() != Some(&walk.edge) {
        report.add("head", "does not follow from the entries");
    }
    for (place, checkpoint) in &known {
        report.published = report.published.max(checkpoint.size());
        if checkpoint.size() > size {
            report.add(place, format!("is for {} entries, the database has {size}", checkpoint.size()));
        } else if walk.roots.get(&checkpoint.size()).is_some_and(|root| root != checkpoint.root()) {
            report.add(place, "has another root than the entries");
        }
    }
    for jti in expected {
        if !walk.released.contains(jti) {
            report.add(format!("token {jti}"), "was released without an entry");
        }
    }
    files(log, known.last().map_or(0, |_| report.published), &mut report).await?;
    walk.report(&mut report);
    Ok(report)
}

/// The walk along the rows.
struct Walk {
    edge: Edge,
    newest: HashMap<Uuid, (i64, Digest)>,
    ids: HashSet<Uuid>,
    released: HashSet<Uuid>,
    checkpoints: HashMap<u64, Vec<u8>>,
    roots: HashMap<u64, Digest>,
}

impl Walk {
    fn new(rows: Vec<crate::store::log::Checkpoint>) -> Self {
        Self {
            edge: Edge::new(),
            newest: HashMap::new(),
            ids: HashSet::new(),
            released: HashSet::new(),
            checkpoints: rows.into_iter().map(|row| (row.size.unsigned_abs(), row.root)).collect(),
            roots: HashMap::from([(0, Edge::new().root())]),
        }
    }

    fn report(&self, report: &mut Report) {
        report.entries = self.edge.size();
        report.checkpoints = self.checkpoints.len() as u64;
        let mut late: Vec<_> = self.checkpoints.keys().filter(|size| **size > self.edge.size()).collect();
        late.sort_unstable();
        for size in late {
            report.add(format!("checkpoint {size}"), "was signed for more entries than there are");
        }
    }

    async fn entry(&mut self, row: &Entry, vault: &Vault, report: &mut Report) -> Result<(), StoreError> {
        let place = format!("entry {}", row.idx);
        let hash = leaf_hash(&row.leaf);
        self.edge.push(hash);
        let size = self.edge.size();
        if let Some(root) = self.checkpoints.get(&size) {
            let ours = self.edge.root();
            if ours != **root {
                report.add(format!("checkpoint {size}"), "has another root than the entries");
            }
        }
        // Every size a published checkpoint may name is also a row, but the file may be newer than the row.
        self.roots.insert(size, self.edge.root());
        self.roots.retain(|at, _| *at == 0 || self.checkpoints.contains_key(at) || *at + 4096 > size);
        if !self.ids.insert(row.id) {
            report.add(&place, "has the id of another entry");
        }
        let (n, previous) = self.newest.insert(row.subject, (row.n, hash)).unwrap_or((0, [0; 32]));
        if row.n != n + 1 {
            report.add(&place, format!("is number {} of its subject after number {n}", row.n));
        }
        let subject: Option<Subject> = match vault.subject(row.subject).await {
            Ok(subject) => subject,
            Err(VaultError::Store(error)) => return Err(error),
            Err(VaultError::Sealed(_)) => None,
        };
        let Some(subject) = subject else {
            report.add(
                &place,
                "cannot be opened: its subject's key is gone, and no entry says that it was destroyed",
            );
            return Ok(());
        };
        match entry::open(row, &subject) {
            Err(fault) => report.add(&place, fault),
            Ok((record, _)) => {
                if !follows(&record, &previous) {
                    report.add(&place, "does not follow its subject's previous entry");
                }
                let token = record.facts.token.as_deref().and_then(|t| Uuid::parse_str(t).ok());
                if row.kind == Kind::TokenIssued.as_str() {
                    self.released.extend(token);
                }
            }
        }
        Ok(())
    }
}

/// Compares every published tile and bundle with what the rows give.
async fn files(log: &Log, published: u64, report: &mut Report) -> Result<(), PublishError> {
    let mut tree = TileEdge::new();
    let mut open: Vec<Vec<u8>> = Vec::new();
    while tree.size() < published {
        let from = signed(tree.size());
        let rows = log.store.leaves(from, signed(published).min(from.saturating_add(CHUNK))).await?;
        if rows.is_empty() {
            return Ok(());
        }
        for (_, leaf) in rows {
            tree.push(leaf_hash(&leaf));
            open.push(leaf);
            if open.len() == usize::from(TILE_WIDTH) {
                bundle_matches(log, tree.size(), &open, report).await?;
                open.clear();
            }
        }
    }
    if !open.is_empty() {
        bundle_matches(log, tree.size(), &open, report).await?;
    }
    for (tile, bytes) in tree.take_new() {
        same(log, &tile.path(), &bytes, report).await?;
    }
    Ok(())
}

async fn bundle_matches(
    log: &Log,
    size: u64,
    leaves: &[Vec<u8>],
    report: &mut Report,
) -> Result<(), PublishError> {
    let index = (size - 1) / u64::from(TILE_WIDTH);
    let (Some(tile), Ok(bytes)) = (tile::at(0, index, size), bundle::encode(leaves)) else {
        report.add(format!("entries below {size}"), "cannot be bundled");
        return Ok(());
    };
    same(log, &tile.entries_path(), &bytes, report).await
}

async fn same(log: &Log, path: &str, expected: &[u8], report: &mut Report) -> Result<(), PublishError> {
    match log.objects.get(path).await? {
        Some(bytes) if bytes == expected => {}
        Some(_) => report.add(path, "differs from the entries"),
        // A partial file may have given way to the full one since.
        None if path.contains(".p/") => {
            let full = path.split(".p/").next().unwrap_or(path);
            match log.objects.get(full).await? {
                Some(bytes) if bytes.starts_with(expected) => {}
                Some(_) => report.add(full, "differs from the entries"),
                None => report.add(path, "is missing"),
            }
        }
        None => report.add(path, "is missing"),
    }
    Ok(())
}
