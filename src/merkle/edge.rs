//! The right edge of a tree: the roots of its perfect subtrees, which is all that appending needs to remember.
//!
//! Out of scope: older nodes (see `tile_edge`, which keeps the tiles as well).

use crate::crypto::Digest;

use super::hash::{EMPTY_ROOT, HASH_SIZE, node_hash};

/// The perfect subtrees of a tree, largest first: one for each bit set in its size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    // INVARIANT: as many roots as `size` has bits set.
    roots: Vec<Digest>,
}

impl Edge {
    /// The edge of the empty tree.
    #[must_use]
    pub const fn new() -> Self {
        Self { size: 0, roots: Vec::new() }
    }

    /// The edge of the tree over these leaf hashes.
    #[must_use]
    pub fn over<'a>(leaf_hashes: impl IntoIterator<Item = &'a Digest>) -> Self {
        let mut edge = Self::new();
        for hash in leaf_hashes {
            edge.push(*hash);
        }
        edge
    }

    /// The edge with these subtree roots, largest first; `None` when their number does not fit the size.
    #[must_use]
    pub fn from_roots(size: u64, roots: Vec<Digest>) -> Option<Self> {
        (u64::from(size.count_ones()) == u64::try_from(roots.len()).ok()?).then_some(Self { size, roots })
    }

    /// Reads what [`Edge::to_bytes`] wrote for a tree of `size` leaves; `None` when the length does not fit the size.
    /// That the hashes are the right ones shows only in [`Edge::root`].
    #[must_use]
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Option<Self> {
        let (roots, rest) = bytes.as_chunks::<HASH_SIZE>();
        if rest.is_empty() { Self::from_roots(size, roots.to_vec()) } else { None }
    }

    /// The subtree roots one after another, largest subtree first: 32 bytes for each bit set in the size.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.roots.as_flattened().to_vec()
    }

    /// Appends one leaf, given its hash. Amortised over many leaves this is one node hash a leaf.
    pub fn push(&mut self, leaf_hash: Digest) {
        let mut hash = leaf_hash;
        // Each trailing one bit of the size is a subtree as large as the one just completed.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.roots.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.roots.push(hash);
        self.size += 1;
    }

    /// How many leaves the tree has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the perfect subtrees, largest first.
    #[must_use]
    pub fn roots(&self) -> &[Digest] {
        &self.roots
    }

    /// The root of the tree (RFC 6962 §2.1).
    #[must_use]
    pub fn root(&self) -> Digest {
        let smallest_first = self.roots.iter().rev().copied();
        smallest_first.reduce(|right, left| node_hash(&left, &right)).unwrap_or(EMPTY_ROOT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::{
        hash::{from_base64, to_base64},
        oracle::{leaves, naive_root},
    };

    #[test]
    fn the_root_is_that_of_the_recursive_definition_at_every_size() {
        let leaves = leaves(600);
        let mut edge = Edge::new();
        assert_eq!(edge.root(), EMPTY_ROOT);
        for (i, leaf) in leaves.iter().enumerate() {
            edge.push(*leaf);
            assert_eq!(edge.size(), i as u64 + 1);
            assert_eq!(edge.root(), naive_root(&leaves[..=i]), "size {}", i + 1);
        }
    }

    #[test]
    fn the_root_is_that_of_the_certificate_transparency_vector() {
        let inputs: [&[u8]; 8] = [
            &[],
            &[0x00],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
        ];
        let hashes: Vec<_> = inputs.iter().map(|leaf| crate::merkle::hash::leaf_hash(leaf)).collect();
        // 5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328
        let root = Edge::over(&hashes).root();
        assert_eq!(to_base64(&root), "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=");
        assert_eq!(from_base64(&to_base64(&root)), Some(root));
    }

    #[test]
    fn an_edge_read_back_goes_on_as_if_it_had_never_stopped() {
        let leaves = leaves(300);
        let mut edge = Edge::new();
        for leaf in &leaves {
            let mut read = Edge::from_bytes(edge.size(), &edge.to_bytes()).unwrap();
            assert_eq!(read, edge);
            read.push(*leaf);
            edge.push(*leaf);
            assert_eq!(read.root(), edge.root());
        }
    }

    #[test]
    fn bytes_that_do_not_fit_the_size_are_refused() {
        let bytes = Edge::over(&leaves(7)).to_bytes();
        assert_eq!(bytes.len(), 96);
        assert!(Edge::from_bytes(7, &bytes).is_some());
        assert_eq!(Edge::from_bytes(6, &bytes), None);
        assert_eq!(Edge::from_bytes(7, &bytes[..95]), None);
        assert_eq!(Edge::from_bytes(7, &bytes[..64]), None);
        assert_eq!(Edge::from_bytes(0, &bytes), None);
        assert_eq!(Edge::from_bytes(0, &[]), Some(Edge::new()));
    }
}
