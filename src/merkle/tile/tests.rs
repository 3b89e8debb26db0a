//! Coordinates and paths against `tlog_tiles`, which writes the height into the path and calls entries data.

use proptest::prelude::*;

use super::*;

fn oracle_path(tile: &Tile, entries: bool) -> String {
    let theirs = tlog_tiles::Tile::new(8, tile.level(), tile.index(), u32::from(tile.width()), entries);
    theirs.path().replacen("tile/8/data/", "tile/entries/", 1).replacen("tile/8/", "tile/", 1)
}

fn oracle_new_tiles(old: u64, new: u64) -> Vec<String> {
    tlog_tiles::Tile::new_tiles(8, old, new)
        .iter()
        .map(|tile| tile.path().replacen("tile/8/", "tile/", 1))
        .collect()
}

fn paths(tiles: impl Iterator<Item = Tile>) -> Vec<String> {
    tiles.map(|tile| tile.path()).collect()
}

#[test]
fn the_tree_of_the_specification_has_the_tiles_the_specification_lists() {
    let tiles: Vec<_> = all_tiles(70_000).collect();
    let count = |level, partial| {
        tiles.iter().filter(|tile| tile.level() == level && tile.is_partial() == partial).count()
    };
    assert_eq!((count(0, false), count(0, true), count(1, false)), (273, 1, 1));
    let partial: Vec<_> = tiles.iter().filter(|tile| tile.is_partial()).map(Tile::path).collect();
    assert_eq!(partial, ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]);
    assert_eq!(paths(all_tiles(256)), ["tile/0/000", "tile/1/000.p/1"]);
    assert_eq!(all_tiles(0).count(), 0);
}

#[test]
fn new_tiles_are_those_tlog_tiles_lists() {
    let sizes = [0, 1, 2, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 70_000, 131_072];
    for old in sizes {
        for new in sizes.into_iter().filter(|new| *new >= old) {
            assert_eq!(paths(new_tiles(old, new)), oracle_new_tiles(old, new), "{old} to {new}");
        }
    }
    assert_eq!(new_tiles(5, 4).count(), 0);
}

#[test]
fn a_path_is_written_as_the_specification_writes_it() {
    let tile = Tile::new(0, 1_234_067, 256).unwrap();
    assert_eq!(tile.path(), "tile/0/x001/x234/067");
    assert_eq!(tile.entries_path(), "tile/entries/x001/x234/067");
    let tile = Tile::new(0, 1234, 5).unwrap();
    assert_eq!(Resource::parse("tile/0/x001/234.p/5"), Some(Resource::Hashes(tile)));
    assert_eq!(Resource::parse("tile/entries/x001/234.p/5"), Some(Resource::Entries(tile)));
}

#[test]
fn other_spellings_of_a_path_are_refused() {
    for path in [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/+0/000",
        "tile/-1/000",
        "tile/8/000",
        "tile/64/000",
        "tile/256/000",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001",
        "tile/0/xx01",
        "tile/0/x001/x002",
        "tile/0/+01",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/05",
        "tile/0/000.p/+5",
        "tile/0/000.p/",
        "tile/0/000.p/5/",
        "tile/0/000.p/5.p/5",
        "tile/0/000.P/5",
        "tile/7/000",
        "tile/data/000",
        "tile/Entries/000",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/0/../000",
        "tile/0/000\n",
    ] {
        assert_eq!(Resource::parse(path), None, "{path:?}");
    }
}

#[test]
fn a_tile_belongs_to_the_sizes_that_have_it() {
    let full = Tile::new(0, 1, 256).unwrap();
    let partial = Tile::new(0, 1, 7).unwrap();
    let above = Tile::new(1, 0, 1).unwrap();
    assert_eq!((full.start(), full.end()), (256, 512));
    assert_eq!((above.start(), above.end()), (0, 256));
    for size in 0..2_000 {
        assert_eq!(full.belongs_to(size), size >= 512, "{size}");
        assert_eq!(partial.belongs_to(size), size == 263, "{size}");
        assert_eq!(above.belongs_to(size), (256..512).contains(&size), "{size}");
        for tile in all_tiles(size) {
            assert!(tile.belongs_to(size) && tile.end() <= size, "{tile:?} at {size}");
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_refused_or_is_the_path_of_what_was_read(
        path in prop_oneof![any::<String>(), "tile/(entries|[0-9]{1,2})(/x?[0-9]{3}){1,7}(.p/[0-9]{1,3})?"]
    ) {
        if let Some(resource) = Resource::parse(&path) {
            prop_assert_eq!(resource.to_string(), path);
        }
    }

    #[test]
    fn paths_are_those_tlog_tiles_writes_and_are_read_back(
        level in 0..8_u8, index in 0_u64..=u64::MAX >> 8, shift in 0..56_u32, width in 1..=256_u16
    ) {
        if let Some(tile) = Tile::new(level, index >> shift, width) {
            prop_assert_eq!(tile.path(), oracle_path(&tile, false));
            prop_assert_eq!(Resource::parse(&tile.path()), Some(Resource::Hashes(tile)));
            if level == 0 {
                prop_assert_eq!(tile.entries_path(), oracle_path(&tile, true));
                prop_assert_eq!(Resource::parse(&tile.entries_path()), Some(Resource::Entries(tile)));
            }
            prop_assert!(tile.start() < tile.end());
        }
    }

    #[test]
    fn new_tiles_between_any_sizes_are_those_tlog_tiles_lists(old in 0_u64..=u64::MAX >> 8, more in 0..3_000_u64) {
        prop_assert_eq!(paths(new_tiles(old, old + more)), oracle_new_tiles(old, old + more));
    }
}
