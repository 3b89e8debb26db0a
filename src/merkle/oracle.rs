//! What tests compare with: RFC 6962 §2.1 written as the recursion it is, over leaf hashes held in memory.

use super::{
    hash::{EMPTY_ROOT, leaf_hash, node_hash},
    proof::Hashes,
};
use crate::crypto::Digest;

/// The hashes of `count` different leaves.
pub(super) fn leaves(count: u64) -> Vec<Digest> {
    (0..count).map(|i| leaf_hash(&i.to_be_bytes())).collect()
}

/// `MTH` (RFC 6962 §2.1).
pub(super) fn naive_root(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => EMPTY_ROOT,
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves));
            node_hash(&naive_root(left), &naive_root(right))
        }
    }
}

/// `PATH` (RFC 6962 §2.1.1).
pub(super) fn naive_inclusion(index: usize, leaves: &[Digest]) -> Vec<Digest> {
    if leaves.len() <= 1 {
        return Vec::new();
    }
    let k = split(leaves);
    let (left, right) = leaves.split_at(k);
    let (mut path, sibling) = if index < k {
        (naive_inclusion(index, left), right)
    } else {
        (naive_inclusion(index - k, right), left)
    };
    path.push(naive_root(sibling));
    path
}

/// `SUBPROOF` (RFC 6962 §2.1.2).
pub(super) fn naive_consistency(old: usize, leaves: &[Digest], whole: bool) -> Vec<Digest> {
    if old == leaves.len() {
        return if whole { Vec::new() } else { vec![naive_root(leaves)] };
    }
    let k = split(leaves);
    let (left, right) = leaves.split_at(k);
    let (mut proof, other) = if old <= k {
        (naive_consistency(old, left, whole), right)
    } else {
        (naive_consistency(old - k, right, false), left)
    };
    proof.push(naive_root(other));
    proof
}

fn split(leaves: &[Digest]) -> usize {
    leaves.len().next_power_of_two() / 2
}

/// Every complete subtree of a tree in memory, level by level.
pub(super) struct InMemory(Vec<Vec<Digest>>);

impl InMemory {
    pub(super) fn over(leaves: &[Digest]) -> Self {
        let mut levels = vec![leaves.to_vec()];
        while let Some(below) = levels.last().filter(|below| below.len() > 1) {
            let above = below.as_chunks::<2>().0.iter().map(|[left, right]| node_hash(left, right)).collect();
            levels.push(above);
        }
        Self(levels)
    }
}

impl Hashes for InMemory {
    fn hash(&self, level: u8, index: u64) -> Option<Digest> {
        self.0.get(usize::from(level))?.get(usize::try_from(index).ok()?).copied()
    }
}
