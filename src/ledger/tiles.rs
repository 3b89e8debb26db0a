//! The tree as it is published: tiles and entry bundles, written from the rows and read back for proofs.

use crate::{
    merkle::{
        bundle,
        edge::Edge,
        hash::leaf_hash,
        proof::{self, ProofError},
        tile::{self, TILE_WIDTH, Tile},
        tile_edge::TileEdge,
        tile_set::{TileSet, tiles_for_root},
    },
    objects::{ObjectError, Objects},
    store::Store,
};

/// Rows read from the database at a time.
const CHUNK: i64 = 4096;

/// How the published tree cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// The published files failed.
    #[error(transparent)]
    Objects(#[from] ObjectError),
    /// Rows are missing from the log.
    #[error("entry {0} is missing from the database")]
    Gap(i64),
    /// A tile is missing or of the wrong length.
    #[error("tile `{0}` is missing or damaged")]
    Tile(String),
    /// A leaf is too long for an entry bundle.
    #[error("entry {0} is too long to be published")]
    TooLong(i64),
    /// No such proof.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

/// The growing end of the published tree.
pub struct Growing {
    edge: TileEdge,
    /// Leaves of the entry bundle that is not full yet.
    open_bundle: Vec<Vec<u8>>,
    full_bundles: Vec<(u64, Vec<u8>)>,
}

impl Growing {
    /// The empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self { edge: TileEdge::new(), open_bundle: Vec::new(), full_bundles: Vec::new() }
    }

    /// Goes on from the published tiles of a tree of `size` leaves.
    ///
    /// # Errors
    /// [`TreeError`] when a tile or row is missing.
    pub async fn resume(size: u64, store: &Store, objects: &Objects) -> Result<Self, TreeError> {
        let tiles = fetch(objects, tiles_for_root(size)).await?;
        let edge =
            TileEdge::resume(size, &tiles).ok_or_else(|| TreeError::Tile(format!("root of {size}")))?;
        let first = size - size % u64::from(TILE_WIDTH);
        let mut open_bundle = Vec::new();
        for (at, (index, leaf)) in (first..).zip(store.leaves(signed(first), signed(size)).await?) {
            if index != signed(at) {
                return Err(TreeError::Gap(signed(at)));
            }
            open_bundle.push(leaf);
        }
        Ok(Self { edge, open_bundle, full_bundles: Vec::new() })
    }

    /// How many leaves are in it.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.edge.size()
    }

    /// Its right edge.
    #[must_use]
    pub fn edge(&self) -> Edge {
        self.edge.edge()
    }

    /// Takes in the rows up to `size`.
    ///
    /// # Errors
    /// [`TreeError`] when a row is missing or the database fails.
    pub async fn grow(&mut self, size: u64, store: &Store) -> Result<(), TreeError> {
        while self.size() < size {
            let from = signed(self.size());
            let to = signed(size).min(from.saturating_add(CHUNK));
            let rows = store.leaves(from, to).await?;
            if rows.is_empty() {
                return Err(TreeError::Gap(from));
            }
            for (index, leaf) in rows {
                self.push(index, leaf)?;
            }
        }
        Ok(())
    }

    fn push(&mut self, index: i64, leaf: Vec<u8>) -> Result<(), TreeError> {
        if index != signed(self.size()) {
            return Err(TreeError::Gap(signed(self.size())));
        }
        self.edge.push(leaf_hash(&leaf));
        self.open_bundle.push(leaf);
        if self.open_bundle.len() == usize::from(TILE_WIDTH) {
            let bytes = bundle::encode(&self.open_bundle).map_err(|_| TreeError::TooLong(index))?;
            self.full_bundles.push((self.size() / u64::from(TILE_WIDTH) - 1, bytes));
            self.open_bundle.clear();
        }
        Ok(())
    }

    /// Writes every tile and bundle that is new. Doing it again writes the same bytes.
    ///
    /// # Errors
    /// [`TreeError`] when a file cannot be written or is there with other bytes.
    pub async fn write(&mut self, objects: &Objects) -> Result<(), TreeError> {
        for (tile, bytes) in self.edge.take_new() {
            objects.put_once(&tile.path(), bytes).await?;
            if !tile.is_partial() {
                objects.remove_below(&format!("{}.p", tile.path())).await?;
            }
        }
        for (index, bytes) in std::mem::take(&mut self.full_bundles) {
            if let Some(tile) = Tile::new(0, index, TILE_WIDTH) {
                objects.put_once(&tile.entries_path(), bytes).await?;
                objects.remove_below(&format!("{}.p", tile.entries_path())).await?;
            }
        }
        if let Some(tile) = tile::at(0, self.size() / u64::from(TILE_WIDTH), self.size()) {
            let bytes =
                bundle::encode(&self.open_bundle).map_err(|_| TreeError::TooLong(signed(self.size())))?;
            objects.put_once(&tile.entries_path(), bytes).await?;
        }
        Ok(())
    }
}

impl Default for Growing {
    fn default() -> Self {
        Self::new()
    }
}

/// Fetches tiles; where a partial one has given way to the full one, that serves as well.
///
/// # Errors
/// [`TreeError::Tile`] names the tile that is missing or damaged.
pub async fn fetch(objects: &Objects, tiles: Vec<Tile>) -> Result<TileSet, TreeError> {
    let mut set = TileSet::new();
    for tile in tiles {
        let missing = || TreeError::Tile(tile.path());
        let full = Tile::new(tile.level(), tile.index(), TILE_WIDTH).ok_or_else(missing)?;
        let (found, bytes) = match objects.get(&tile.path()).await? {
            Some(bytes) => (tile, bytes),
            None => (full, objects.get(&full.path()).await?.ok_or_else(missing)?),
        };
        set.insert(found, bytes).map_err(|_| missing())?;
    }
    Ok(set)
}

/// The inclusion proof of an entry in the tree of `size` leaves, from the published tiles.
///
/// # Errors
/// [`TreeError`] when there is no such entry or a tile is missing.
pub async fn inclusion(
    objects: &Objects,
    index: u64,
    size: u64,
) -> Result<Vec<crate::crypto::Digest>, TreeError> {
    let tiles = fetch(objects, crate::merkle::tile_set::tiles_for_inclusion(index, size)).await?;
    Ok(proof::inclusion_proof(index, size, &tiles)?)
}

/// The root of the tree of `size` leaves, from the published tiles.
///
/// # Errors
/// [`TreeError`] when a tile is missing.
pub async fn root(objects: &Objects, size: u64) -> Result<crate::crypto::Digest, TreeError> {
    let tiles = fetch(objects, tiles_for_root(size)).await?;
    Ok(proof::root_at(size, &tiles)?)
}

/// A size as the database keeps it.
#[must_use]
pub fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
