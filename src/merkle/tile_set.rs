//! Tiles that were fetched, read as the nodes of a tree; and which tiles to fetch for a root or a proof.
//!
//! I/O is the caller's: ask [`tiles_for_inclusion`], fetch, [`TileSet::insert`], then make the proof from the set.
//! Out of scope: whether the tiles are honest, which shows when the root made from them is compared with a checkpoint.

use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
};

use crate::crypto::Digest;

use super::{
    edge::Edge,
    hash::HASH_SIZE,
    proof::{self, Hashes, ProofError},
    tile::{self, TILE_HEIGHT, TILE_WIDTH, Tile},
};

/// A tile of the wrong length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a tile of `{width}` hashes cannot have `{len}` bytes")]
pub struct WrongTileLength {
    /// Hashes the tile should have.
    pub width: u16,
    /// Bytes it came with.
    pub len: usize,
}

/// Tiles by position, of each the widest seen, so that a partial and a full tile stand in for one another as far as
/// they reach.
#[derive(Clone, Debug, Default)]
pub struct TileSet {
    tiles: HashMap<(u8, u64), Vec<u8>>,
}

impl TileSet {
    /// No tiles.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a tile; a narrower one for a position already known changes nothing.
    ///
    /// # Errors
    /// [`WrongTileLength`] when the bytes are not `width` hashes.
    pub fn insert(&mut self, tile: Tile, bytes: Vec<u8>) -> Result<(), WrongTileLength> {
        if bytes.len() != tile.byte_len() {
            return Err(WrongTileLength { width: tile.width(), len: bytes.len() });
        }
        let known = self.tiles.entry((tile.level(), tile.index())).or_default();
        if known.len() < bytes.len() {
            *known = bytes;
        }
        Ok(())
    }

    /// The bytes of a tile, cut from a wider one if need be; `None` when it is not here in that width.
    #[must_use]
    pub fn get(&self, tile: &Tile) -> Option<&[u8]> {
        self.tiles.get(&(tile.level(), tile.index()))?.get(..tile.byte_len())
    }

    /// How many positions are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tiles.len()
    }

    /// Whether no tile is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tiles.is_empty()
    }
}

impl Hashes for TileSet {
    fn hash(&self, level: u8, index: u64) -> Option<Digest> {
        let place = Place::of(level, index)?;
        let bytes = self.tiles.get(&(place.level, place.index))?;
        let (hashes, _) = bytes.as_chunks::<HASH_SIZE>();
        let under = hashes.get(place.first..place.first + place.count)?;
        Some(Edge::over(under).root())
    }
}

/// The hashes of one tile under one node.
struct Place {
    level: u8,
    index: u64,
    first: usize,
    count: usize,
}

impl Place {
    fn of(level: u8, index: u64) -> Option<Self> {
        let height = level % TILE_HEIGHT;
        let first = index.checked_mul(1 << height)?;
        let width = u64::from(TILE_WIDTH);
        Some(Self {
            level: level / TILE_HEIGHT,
            index: first / width,
            first: usize::try_from(first % width).ok()?,
            count: 1 << height,
        })
    }
}

/// The tiles from which [`proof::root_at`] and [`proof::edge_at`] are made: the partial tiles of the right edge.
#[must_use]
pub fn tiles_for_root(size: u64) -> Vec<Tile> {
    tiles_asked_for(size, |asked| proof::edge_at(size, asked).map(drop))
}

/// The tiles from which [`proof::inclusion_proof`] is made; empty when there is no such leaf.
#[must_use]
pub fn tiles_for_inclusion(index: u64, size: u64) -> Vec<Tile> {
    tiles_asked_for(size, |asked| proof::inclusion_proof(index, size, asked).map(drop))
}

/// The tiles of the newer tree from which [`proof::consistency_proof`] is made; empty when `old > new`.
#[must_use]
pub fn tiles_for_consistency(old: u64, new: u64) -> Vec<Tile> {
    tiles_asked_for(new, |asked| proof::consistency_proof(old, new, asked).map(drop))
}

/// Makes the proof once from hashes that are all zero and notes what was asked for, so that the list of tiles can never
/// differ from what the proof will really want.
fn tiles_asked_for(size: u64, make: impl FnOnce(&Asked) -> Result<(), ProofError>) -> Vec<Tile> {
    let asked = Asked { size, tiles: RefCell::default() };
    // An impossible proof asks for nothing.
    let _ = make(&asked);
    asked.tiles.into_inner().into_iter().collect()
}

struct Asked {
    size: u64,
    tiles: RefCell<BTreeSet<Tile>>,
}

impl Hashes for Asked {
    fn hash(&self, level: u8, index: u64) -> Option<Digest> {
        let place = Place::of(level, index)?;
        self.tiles.borrow_mut().insert(tile::at(place.level, place.index, self.size)?);
        Some([0; HASH_SIZE])
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "sizes of trees in tests are small")]
mod tests;
