//! Publishing: once a second, one process for all, the tree's new tiles and a signed checkpoint.
//!
//! The order is Sunlight's: tiles, then the checkpoint's row (whose size is its key), then the `checkpoint` file and
//! its mirror. Whatever is not understood stops publishing; it never signs on disagreement (I5).

use std::{sync::Arc, time::Duration};

use uuid::Uuid;

use super::tiles::{self, Growing, TreeError, signed};
use crate::{
    crypto::{Digest, SigningKey},
    merkle::{
        checkpoint::{Checkpoint, CheckpointError},
        edge::Edge,
        note::{Note, NoteKey, Verifier},
    },
    objects::{ObjectError, Objects},
    store::Store,
    time::{Clock, Millis},
};

/// The path of the newest checkpoint.
pub const CHECKPOINT: &str = "checkpoint";
/// The lease's name and length: long enough for a slow disk, short enough that another node takes over in seconds.
const LEASE: (&str, Duration) = ("publisher", Duration::from_secs(5));

/// Why nothing is signed.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// The published files failed.
    #[error(transparent)]
    Objects(#[from] ObjectError),
    /// The tree cannot be read or written.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// A checkpoint cannot be read, or is not signed by this log.
    #[error("the {place} cannot be trusted: {source}")]
    Checkpoint {
        /// Where it was found.
        place: &'static str,
        /// What is wrong with it.
        source: CheckpointError,
    },
    /// The database has fewer entries than were published: it was rolled back.
    #[error(
        "the database has {head} entries, but the {place} was signed for {size}: it has been rolled back; \
         bring back the newer database, nothing is signed until then"
    )]
    RolledBack {
        /// Entries in the database.
        head: u64,
        /// Entries under the checkpoint.
        size: u64,
        /// Where the checkpoint was found.
        place: &'static str,
    },
    /// The entries are not the ones that were published.
    #[error("the entries below {size} are not those of the {place}")]
    Rewritten {
        /// Tree size.
        size: u64,
        /// Where the checkpoint was found.
        place: &'static str,
    },
    /// The head row does not follow from the entries.
    #[error("the head of {size} entries does not follow from the entries")]
    Head {
        /// Tree size.
        size: u64,
    },
}

/// What a publisher works with.
#[derive(Clone)]
pub struct Log {
    /// The database.
    pub store: Store,
    /// Published files.
    pub objects: Objects,
    /// A copy of the checkpoint on separate storage.
    pub mirror: Option<Objects>,
    /// The log's name and key.
    pub key: Arc<NoteKey>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl Log {
    /// A log named `origin` (the service's address without its scheme).
    ///
    /// # Errors
    /// [`PublishError`] when the name cannot be a key's name.
    pub fn new(
        origin: &str,
        key: SigningKey,
        store: Store,
        objects: Objects,
        mirror: Option<Objects>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, PublishError> {
        let key = NoteKey::new(origin, key)
            .map_err(|e| PublishError::Checkpoint { place: "log's name", source: e.into() })?;
        Ok(Self { store, objects, mirror, key: Arc::new(key), clock })
    }

    /// What anybody checks the log's signatures with.
    #[must_use]
    pub fn verifier(&self) -> &Verifier {
        self.key.verifier()
    }

    /// Reads and checks a published checkpoint.
    ///
    /// # Errors
    /// [`PublishError::Checkpoint`] when it is malformed or not ours.
    pub fn open(&self, place: &'static str, bytes: &[u8]) -> Result<Checkpoint, PublishError> {
        let wrong = |source| PublishError::Checkpoint { place, source };
        let note = Note::parse(bytes).map_err(|e| wrong(e.into()))?;
        Checkpoint::open(&note, self.verifier().name(), &[self.verifier()]).map_err(wrong)
    }

    /// The checkpoints that exist, with the places they were found in.
    ///
    /// # Errors
    /// [`PublishError`] when one cannot be read or trusted.
    pub async fn known(&self) -> Result<Vec<(&'static str, Checkpoint)>, PublishError> {
        let mut known = Vec::new();
        if let Some(bytes) = self.objects.get(CHECKPOINT).await? {
            known.push(("published checkpoint", self.open("published checkpoint", &bytes)?));
        }
        if let Some(mirror) = &self.mirror
            && let Some(bytes) = mirror.get(CHECKPOINT).await?
        {
            known.push(("mirrored checkpoint", self.open("mirrored checkpoint", &bytes)?));
        }
        if let Some(row) = self.store.newest_checkpoint().await? {
            let place = "database's newest checkpoint";
            known.push((place, self.open(place, row.note.as_bytes())?));
        }
        known.sort_by_key(|(_, checkpoint)| std::cmp::Reverse(checkpoint.size()));
        Ok(known)
    }

    /// Compares the database with everything that was ever published from it, and gives the tree to go on from.
    ///
    /// # Errors
    /// [`PublishError`] on the first disagreement; the service must then not sign.
    pub async fn check(&self) -> Result<Growing, PublishError> {
        let known = self.known().await?;
        let head = self.store.head().await?;
        let size = head.size.unsigned_abs();
        for (place, checkpoint) in &known {
            if checkpoint.size() > size {
                return Err(PublishError::RolledBack { head: size, size: checkpoint.size(), place });
            }
        }
        let mut tree = match known.first() {
            None => Growing::new(),
            Some((place, newest)) => self.tree_at(place, newest).await?,
        };
        for (place, checkpoint) in known.iter().skip(1) {
            if tiles::root(&self.objects, checkpoint.size()).await? != *checkpoint.root() {
                return Err(PublishError::Rewritten { size: checkpoint.size(), place });
            }
        }
        tree.grow(size, &self.store).await?;
        match Edge::from_bytes(size, &head.edge) {
            Some(edge) if edge == tree.edge() => Ok(tree),
            _ => Err(PublishError::Head { size }),
        }
    }

    /// The tree under a checkpoint: from its tiles, or, where they are lost, from the rows.
    async fn tree_at(&self, place: &'static str, at: &Checkpoint) -> Result<Growing, PublishError> {
        match Growing::resume(at.size(), &self.store, &self.objects).await {
            Ok(tree) if tree.edge().root() == *at.root() => return Ok(tree),
            Ok(_) | Err(TreeError::Tile(_)) => {}
            Err(error) => return Err(error.into()),
        }
        tracing::warn!(
            size = at.size(),
            "ledger.publish tiles are lost or damaged, reading every entry again"
        );
        let mut tree = Growing::new();
        tree.grow(at.size(), &self.store).await?;
        if tree.edge().root() != *at.root() {
            return Err(PublishError::Rewritten { size: at.size(), place });
        }
        tree.write(&self.objects).await?;
        Ok(tree)
    }
}

/// What was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// Tree size.
    pub size: u64,
    /// Root hash.
    pub root: Digest,
}

/// The job itself: the only thing that signs.
pub struct Publisher {
    log: Log,
    tree: Growing,
    holder: Uuid,
    signed: Option<u64>,
    /// The last attempt failed: tiles may have been taken from the tree and never written.
    failed: bool,
}

impl Publisher {
    /// Starts from a checked log.
    ///
    /// # Errors
    /// [`PublishError`] on any disagreement.
    pub async fn start(log: Log, holder: Uuid) -> Result<Self, PublishError> {
        let tree = log.check().await?;
        Ok(Self { log, tree, holder, signed: None, failed: false })
    }

    /// Publishes what is new; `None` when there is nothing new or another process has the lease.
    ///
    /// # Errors
    /// [`PublishError`]; nothing was signed. The next call goes on from what is published, as after a start.
    pub async fn publish(&mut self) -> Result<Option<Published>, PublishError> {
        let result = self.attempt().await;
        self.failed |= result.is_err();
        result
    }

    async fn attempt(&mut self) -> Result<Option<Published>, PublishError> {
        let now = self.log.clock.now();
        if !self.log.store.lease(LEASE.0, self.holder, now, now + LEASE.1).await? {
            self.signed = None;
            return Ok(None);
        }
        if self.failed {
            self.tree = self.log.check().await?;
            (self.signed, self.failed) = (None, false);
        }
        if self.signed.is_none() {
            self.catch_up().await?;
        }
        let head = self.log.store.head().await?;
        let size = head.size.unsigned_abs();
        if self.signed == Some(size) {
            return Ok(None);
        }
        self.tree.grow(size, &self.log.store).await?;
        let edge = self.tree.edge();
        if Edge::from_bytes(size, &head.edge).as_ref() != Some(&edge) {
            return Err(PublishError::Head { size });
        }
        self.tree.write(&self.log.objects).await?;
        let root = edge.root();
        self.sign(size, root, now).await?;
        self.signed = Some(size);
        Ok(Some(Published { size, root }))
    }

    /// The lease is new here: what its last holder published is where to go on from.
    async fn catch_up(&mut self) -> Result<(), PublishError> {
        if let Some(row) = self.log.store.newest_checkpoint().await?
            && row.size.unsigned_abs() > self.tree.size()
        {
            let place = "database's newest checkpoint";
            let newest = self.log.open(place, row.note.as_bytes())?;
            self.tree = self.log.tree_at(place, &newest).await?;
        }
        Ok(())
    }

    async fn sign(&self, size: u64, root: Digest, now: Millis) -> Result<(), PublishError> {
        let wrong = |source| PublishError::Checkpoint { place: "new checkpoint", source };
        let checkpoint = Checkpoint::new(self.log.verifier().name(), size, root).map_err(wrong)?;
        let note = checkpoint.sign(&[&self.log.key]).map_err(wrong)?.to_string();
        match self.log.store.insert_checkpoint(signed(size), &root, &note, now).await {
            // A crash after the row and before the file: the same size and root, signed again to the same bytes.
            Err(error) if error.is_duplicate() => {
                let row = self.log.store.newest_checkpoint().await?;
                if row.is_none_or(|row| row.size != signed(size) || row.root != root) {
                    return Err(PublishError::Rewritten { size, place: "database's newest checkpoint" });
                }
            }
            result => result?,
        }
        self.log.objects.replace(CHECKPOINT, note.clone().into_bytes()).await?;
        if let Some(mirror) = &self.log.mirror {
            mirror.replace(CHECKPOINT, note.into_bytes()).await?;
        }
        Ok(())
    }
}
