//! The right edge of a tree in tiles: what a publisher keeps so that each new leaf hash ends up in its tiles.
//!
//! Tiles are a pure function of the leaves, so writing them again after a crash writes the same bytes.
//! Out of scope: writing them.

use std::collections::BTreeMap;

use crate::crypto::Digest;

use super::{
    edge::Edge,
    hash::HASH_SIZE,
    tile::{self, TILE_HEIGHT, TILE_WIDTH, Tile},
    tile_set::{TileSet, tiles_for_root},
};

/// The partial tiles of a tree and the tiles completed since they were last taken.
#[derive(Clone, Debug, Default)]
pub struct TileEdge {
    size: u64,
    // INVARIANT: by level, the hashes of its partial tile; none where the level ends with a full one.
    partial: BTreeMap<u8, Vec<Digest>>,
    full: Vec<(Tile, Vec<u8>)>,
    taken_at: u64,
}

impl TileEdge {
    /// The edge of the empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes on from a tree of `size` leaves whose tiles of [`tiles_for_root`] are in the set; `None` when one is missing.
    /// Compare [`TileEdge::edge`] with the signed root before trusting it.
    #[must_use]
    pub fn resume(size: u64, tiles: &TileSet) -> Option<Self> {
        let mut edge = Self { size, taken_at: size, ..Self::default() };
        for tile in tiles_for_root(size) {
            let (hashes, _) = tiles.get(&tile)?.as_chunks::<HASH_SIZE>();
            edge.partial.insert(tile.level(), hashes.to_vec());
        }
        Some(edge)
    }

    /// How many leaves the tree has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The right edge of the tree in perfect subtrees, and with it the root.
    #[must_use]
    pub fn edge(&self) -> Edge {
        let roots =
            self.partial.values().rev().flat_map(|hashes| Edge::over(hashes).roots().to_vec()).collect();
        // As many roots as bits: each level holds the bits of its own byte of the size.
        Edge::from_roots(self.size, roots).unwrap_or_default()
    }

    /// Appends one leaf, given its hash.
    pub fn push(&mut self, leaf_hash: Digest) {
        self.size += 1;
        let mut hash = leaf_hash;
        let mut level = 0;
        loop {
            let hashes = self.partial.entry(level).or_default();
            hashes.push(hash);
            if hashes.len() < usize::from(TILE_WIDTH) {
                return;
            }
            let full = std::mem::take(hashes);
            hash = Edge::over(&full).root();
            let index = (self.size >> (TILE_HEIGHT * level)) / u64::from(TILE_WIDTH) - 1;
            if let Some(tile) = Tile::new(level, index, TILE_WIDTH) {
                self.full.push((tile, full.as_flattened().to_vec()));
            }
            level += 1;
        }
    }

    /// The tiles that are new since the last call (or since the start): those of [`tile::new_tiles`] with their bytes.
    /// Partial tiles come as they are now; those that came and grew in between are left out.
    #[must_use]
    pub fn take_new(&mut self) -> Vec<(Tile, Vec<u8>)> {
        let mut tiles = std::mem::take(&mut self.full);
        for tile in tile::new_tiles(self.taken_at, self.size).filter(Tile::is_partial) {
            let hashes = self.partial.get(&tile.level()).map(|hashes| hashes.as_flattened().to_vec());
            tiles.push((tile, hashes.unwrap_or_default()));
        }
        self.taken_at = self.size;
        tiles
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "sizes of trees in tests are small")]
mod tests;
