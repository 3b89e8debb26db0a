//! The tiles that growing a tree makes.

use super::*;
use crate::merkle::{
    oracle::{InMemory, leaves},
    proof::{Hashes as _, root_at},
    tile::{all_tiles, new_tiles},
};

/// What the specification says is in the tile.
fn expected(tile: &Tile, memory: &InMemory) -> Vec<u8> {
    let first = tile.index() * 256;
    let hashes = first..first + u64::from(tile.width());
    hashes.flat_map(|i| memory.hash(TILE_HEIGHT * tile.level(), i).unwrap()).collect()
}

fn sorted(mut tiles: Vec<(Tile, Vec<u8>)>) -> Vec<(Tile, Vec<u8>)> {
    tiles.sort();
    tiles
}

#[test]
fn growing_makes_the_new_tiles_with_the_hashes_the_specification_names() {
    let all = leaves(66_100);
    let memory = InMemory::over(&all);
    let (mut edge, mut before) = (TileEdge::new(), 0);
    for size in [0, 1, 2, 255, 256, 257, 600, 65_535, 65_536, 65_537, 66_100] {
        for leaf in &all[before as usize..size as usize] {
            edge.push(*leaf);
        }
        let expected: Vec<_> = new_tiles(before, size).map(|tile| (tile, expected(&tile, &memory))).collect();
        assert!(sorted(edge.take_new()) == sorted(expected), "{before} to {size}");
        assert_eq!(edge.edge().root(), root_at(size, &memory).unwrap());
        assert_eq!((edge.size(), edge.edge().size()), (size, size));
        assert!(edge.take_new().is_empty());
        before = size;
    }
}

#[test]
fn an_edge_resumed_from_its_tiles_goes_on_alike() {
    let all = leaves(1_200);
    for stop in [0, 1, 255, 256, 257, 512, 700, 1_024] {
        let mut whole = TileEdge::new();
        let mut set = TileSet::new();
        for leaf in &all[..stop as usize] {
            whole.push(*leaf);
        }
        for (tile, bytes) in whole.take_new() {
            set.insert(tile, bytes).unwrap();
        }
        assert_eq!(set.len(), all_tiles(stop).count());
        let mut resumed = TileEdge::resume(stop, &set).unwrap();
        assert_eq!(resumed.edge(), whole.edge());
        for leaf in &all[stop as usize..] {
            whole.push(*leaf);
            resumed.push(*leaf);
        }
        assert_eq!(resumed.edge(), whole.edge());
        assert!(sorted(resumed.take_new()) == sorted(whole.take_new()), "from {stop}");
    }
}

#[test]
fn nothing_is_resumed_without_its_tiles() {
    assert!(TileEdge::resume(257, &TileSet::new()).is_none());
    assert!(TileEdge::resume(0, &TileSet::new()).is_some());
}
