//! Roots and proofs from tiles, with only the tiles that were asked for.

use super::*;
use crate::merkle::{
    oracle::{InMemory, leaves},
    proof::{consistency_proof, edge_at, inclusion_proof, root_at, verify_consistency, verify_inclusion},
    tile::all_tiles,
    tile_edge::TileEdge,
};

const SIZES: [u64; 13] = [0, 1, 2, 255, 256, 257, 300, 511, 512, 65_535, 65_536, 65_537, 66_000];

/// Every tile a log of `leaves` has ever had to serve at these sizes.
struct Served(HashMap<Tile, Vec<u8>>);

impl Served {
    fn over(leaves: &[Digest], sizes: &[u64]) -> Self {
        let (mut edge, mut served) = (TileEdge::new(), HashMap::new());
        for (i, leaf) in leaves.iter().enumerate() {
            edge.push(*leaf);
            if sizes.contains(&(i as u64 + 1)) {
                served.extend(edge.take_new());
            }
        }
        Self(served)
    }

    fn fetch(&self, tiles: &[Tile]) -> TileSet {
        let mut set = TileSet::new();
        for tile in tiles {
            set.insert(*tile, self.0[tile].clone()).unwrap();
        }
        set
    }
}

#[test]
fn the_tiles_asked_for_are_enough_and_right() {
    let all = leaves(66_000);
    let (memory, served) = (InMemory::over(&all), Served::over(&all, &SIZES));
    for size in SIZES {
        let root = root_at(size, &memory).unwrap();
        assert_eq!(root_at(size, &served.fetch(&tiles_for_root(size))).unwrap(), root, "{size}");
        for index in SIZES.into_iter().filter(|index| *index < size) {
            let tiles = tiles_for_inclusion(index, size);
            assert!(tiles.len() <= 5, "{tiles:?}");
            let proof = inclusion_proof(index, size, &served.fetch(&tiles)).unwrap();
            assert_eq!(proof, inclusion_proof(index, size, &memory).unwrap());
            verify_inclusion(&all[index as usize], index, size, &proof, &root).unwrap();
        }
        for old in SIZES.into_iter().filter(|old| *old <= size) {
            let tiles = served.fetch(&tiles_for_consistency(old, size));
            let proof = consistency_proof(old, size, &tiles).unwrap();
            let old_root = root_at(old, &memory).unwrap();
            verify_consistency(old, &old_root, size, &root, &proof).unwrap();
        }
    }
}

#[test]
fn only_tiles_of_that_size_are_asked_for() {
    for size in SIZES {
        let exist: Vec<_> = all_tiles(size).collect();
        for tile in tiles_for_root(size)
            .into_iter()
            .chain(tiles_for_inclusion(size / 3, size))
            .chain(tiles_for_consistency(size / 3, size))
        {
            assert!(exist.contains(&tile), "{tile:?} at {size}");
        }
    }
    assert!(tiles_for_inclusion(5, 5).is_empty());
    assert!(tiles_for_consistency(6, 5).is_empty());
}

#[test]
fn the_tiles_of_the_root_are_the_partial_ones() {
    for size in SIZES {
        let partial: Vec<_> = all_tiles(size).filter(Tile::is_partial).collect();
        assert_eq!(tiles_for_root(size), partial, "{size}");
    }
}

#[test]
fn a_full_tile_stands_in_for_a_partial_one_and_a_partial_one_as_far_as_it_reaches() {
    let all = leaves(512);
    let memory = InMemory::over(&all);
    let full = Tile::new(0, 0, 256).unwrap();
    let mut set = TileSet::new();
    set.insert(full, all[..256].as_flattened().to_vec()).unwrap();
    assert_eq!(edge_at(200, &set), edge_at(200, &memory));
    // A narrower tile that arrives later does not push the full one out.
    set.insert(Tile::new(0, 0, 3).unwrap(), vec![0; 96]).unwrap();
    assert_eq!(set.get(&full).map(<[u8]>::len), Some(8192));
    assert_eq!(set.len(), 1);

    let mut set = TileSet::new();
    let partial = Tile::new(0, 0, 200).unwrap();
    set.insert(partial, all[..200].as_flattened().to_vec()).unwrap();
    assert_eq!(edge_at(100, &set), edge_at(100, &memory));
    assert_eq!(set.hash(7, 1), None);
    assert_eq!(set.get(&full), None);
}

#[test]
fn a_tile_of_the_wrong_length_is_refused() {
    let mut set = TileSet::new();
    let tile = Tile::new(0, 0, 2).unwrap();
    for len in [0, 63, 65, 8192] {
        assert_eq!(set.insert(tile, vec![0; len]), Err(WrongTileLength { width: 2, len }));
    }
    assert!(set.is_empty());
    assert_eq!(set.hash(200, u64::MAX), None);
}
