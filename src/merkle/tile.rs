//! Tile coordinates of c2sp.org/tlog-tiles: which tiles a tree consists of, and how their paths are written.
//!
//! Out of scope: what is in a tile (see `tile_set`, `tile_edge`) and in an entry bundle (see `bundle`).

use std::fmt::{self, Display, Write as _};

use super::hash::HASH_SIZE;

/// Hashes in a full tile, and entries in a full bundle.
pub const TILE_WIDTH: u16 = 256;

/// Levels of binary tree in one tile.
pub const TILE_HEIGHT: u8 = 8;

/// Levels of tiles that a tree counted in 64 bits can have.
const TILE_LEVELS: u8 = 8;

/// One tile: `width` consecutive hashes of tile level `level`, the first of them number `index · 256`.
///
/// An entry bundle has the coordinates of the level-0 tile over the same entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tile {
    level: u8,
    index: u64,
    width: u16,
}

impl Tile {
    /// A tile; `None` when the width is not 1 to 256 or no tree counted in 64 bits reaches it.
    #[must_use]
    pub fn new(level: u8, index: u64, width: u16) -> Option<Self> {
        // INVARIANT: `end` of every tile that exists fits 64 bits.
        let end = index.checked_mul(u64::from(TILE_WIDTH))?.checked_add(u64::from(width))?;
        let fits = level < TILE_LEVELS && end <= u64::MAX >> (TILE_HEIGHT * level);
        (fits && (1..=TILE_WIDTH).contains(&width)).then_some(Self { level, index, width })
    }

    /// Level of the tile: 0 holds leaf hashes, each level above the roots of full tiles.
    #[must_use]
    pub const fn level(&self) -> u8 {
        self.level
    }

    /// Index of the tile within its level.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// Hashes in the tile, 1 to 256.
    #[must_use]
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Whether the tile is partial, so that a larger one may replace it.
    #[must_use]
    pub const fn is_partial(&self) -> bool {
        self.width < TILE_WIDTH
    }

    /// Bytes in the tile.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        usize::from(self.width) * HASH_SIZE
    }

    /// Index of the first entry under the tile.
    #[must_use]
    pub fn start(&self) -> u64 {
        (self.index * u64::from(TILE_WIDTH)) << (TILE_HEIGHT * self.level)
    }

    /// Index after the last entry under the tile: the size from which a tree has it.
    #[must_use]
    pub fn end(&self) -> u64 {
        (self.index * u64::from(TILE_WIDTH) + u64::from(self.width)) << (TILE_HEIGHT * self.level)
    }

    /// Whether a log must serve this very tile with a checkpoint of this size: full and inside, or the partial one of
    /// exactly this size.
    #[must_use]
    pub fn belongs_to(&self, size: u64) -> bool {
        if self.is_partial() { at(self.level, self.index, size) == Some(*self) } else { self.end() <= size }
    }

    /// The path of the hash tile: `tile/0/x001/234.p/5`.
    #[must_use]
    pub fn path(&self) -> String {
        Resource::Hashes(*self).to_string()
    }

    /// The path of the entry bundle with this index and width: `tile/entries/x001/234.p/5`. The level plays no part.
    #[must_use]
    pub fn entries_path(&self) -> String {
        Resource::Entries(*self).to_string()
    }
}

/// The tile at this position in a tree of `size` leaves, as wide as it is then; `None` when it has none yet.
#[must_use]
pub fn at(level: u8, index: u64, size: u64) -> Option<Tile> {
    if level >= TILE_LEVELS {
        return None;
    }
    let hashes = size >> (TILE_HEIGHT * level);
    let rest = hashes.checked_sub(index.checked_mul(u64::from(TILE_WIDTH))?)?;
    Tile::new(level, index, u16::try_from(rest).unwrap_or(TILE_WIDTH).min(TILE_WIDTH))
}

/// Every tile that must exist when a tree of `size` leaves is published, by level, then index.
pub fn all_tiles(size: u64) -> impl Iterator<Item = Tile> {
    new_tiles(0, size)
}

/// The tiles that a tree has at `new` and did not have at `old`, partial ones included, by level, then index.
/// Those of level 0 are the entry bundles to write as well.
pub fn new_tiles(old: u64, new: u64) -> impl Iterator<Item = Tile> {
    (0..TILE_LEVELS).flat_map(move |level| {
        let (before, after) = (old >> (TILE_HEIGHT * level), new >> (TILE_HEIGHT * level));
        let width = u64::from(TILE_WIDTH);
        let grown = if before < after { (before / width)..after.div_ceil(width) } else { 0..0 };
        grown.filter_map(move |index| at(level, index, new))
    })
}

/// What a log serves under `tile/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// A tile of hashes.
    Hashes(Tile),
    /// A bundle of entries, with the coordinates of the level-0 tile over the same entries.
    Entries(Tile),
}

impl Resource {
    /// Reads a path such as `tile/0/x001/234.p/5` or `tile/entries/000`, strictly: `None` for any other spelling.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let (index, width) = match rest.split_once(".p/") {
            Some((index, width)) => (index, width.parse().ok()?),
            None => (rest, TILE_WIDTH),
        };
        let index = index.split('/').try_fold(0_u64, |index, group| {
            index.checked_mul(1000)?.checked_add(group.strip_prefix('x').unwrap_or(group).parse().ok()?)
        })?;
        let resource = if level == "entries" {
            Self::Entries(Tile::new(0, index, width)?)
        } else {
            Self::Hashes(Tile::new(level.parse().ok()?, index, width)?)
        };
        // One spelling only: signs, missing or needless zeroes, stray `x` and `.p/256` are caught here.
        (resource.to_string() == path).then_some(resource)
    }
}

impl Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tile = match self {
            Self::Hashes(tile) => {
                write!(f, "tile/{}", tile.level)?;
                tile
            }
            Self::Entries(tile) => {
                f.write_str("tile/entries")?;
                tile
            }
        };
        let mut groups = vec![tile.index % 1000];
        let mut rest = tile.index / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        for (place, group) in groups.iter().enumerate().rev() {
            f.write_char('/')?;
            if place > 0 {
                f.write_char('x')?;
            }
            write!(f, "{group:03}")?;
        }
        if tile.is_partial() { write!(f, ".p/{}", tile.width) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
