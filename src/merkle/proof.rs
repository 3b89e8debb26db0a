//! Inclusion and consistency proofs of RFC 6962 §2.1, made from stored hashes and checked as in RFC 9162 §2.1.3 and §2.1.4.
//!
//! Out of scope: where the hashes come from (see `tile_set`) and how a proof is written down (see `tlog_proof`).

use crate::crypto::{Digest, equal};

use super::{
    edge::Edge,
    hash::{EMPTY_ROOT, node_hash},
};

/// The nodes of a tree that never change again: the roots of its complete, aligned subtrees.
pub trait Hashes {
    /// The root of the subtree over the leaves `index · 2^level` to `(index + 1) · 2^level - 1`; `None` when it is not
    /// at hand. Level 0 is the leaf hashes.
    fn hash(&self, level: u8, index: u64) -> Option<Digest>;
}

/// Why a proof cannot be made or does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// A leaf outside the tree, or an older tree larger than the newer one.
    #[error("there is no `{at}` in a tree of size `{size}`")]
    OutOfRange {
        /// The index of the leaf, or the size of the older tree.
        at: u64,
        /// The size of the tree.
        size: u64,
    },
    /// A hash the proof is made from is not at hand.
    #[error("the hash at level `{level}`, index `{index}` is missing")]
    MissingHash {
        /// Level of the node, 0 for leaves.
        level: u8,
        /// Index of the node within its level.
        index: u64,
    },
    /// The proof has too few or too many hashes for these positions.
    #[error("the proof has the wrong length")]
    WrongLength,
    /// The proof leads to another root: something was changed.
    #[error("the proof leads to another root")]
    WrongRoot,
}

/// The right edge of the tree as it was at `size`.
///
/// # Errors
/// [`ProofError::MissingHash`].
pub fn edge_at(size: u64, hashes: &impl Hashes) -> Result<Edge, ProofError> {
    let mut roots = Vec::new();
    for (level, index) in perfect_subtrees(0, size) {
        roots.push(node(hashes, level, index)?);
    }
    // One subtree for each bit of the size: `from_roots` cannot refuse what `perfect_subtrees` lists.
    Edge::from_roots(size, roots).ok_or(ProofError::WrongLength)
}

/// The root of the tree as it was at `size` (RFC 6962 §2.1).
///
/// # Errors
/// [`ProofError::MissingHash`].
pub fn root_at(size: u64, hashes: &impl Hashes) -> Result<Digest, ProofError> {
    edge_at(size, hashes).map(|edge| edge.root())
}

/// The inclusion proof of the leaf at `index` in the tree at `size`, from the leaf's sibling upwards (RFC 6962 §2.1.1).
///
/// # Errors
/// [`ProofError::OutOfRange`] when `index >= size`; [`ProofError::MissingHash`].
pub fn inclusion_proof(index: u64, size: u64, hashes: &impl Hashes) -> Result<Vec<Digest>, ProofError> {
    if index >= size {
        return Err(ProofError::OutOfRange { at: index, size });
    }
    let (mut low, mut high) = (0, size);
    let mut proof = Vec::new();
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            proof.push(range_root(middle, high, hashes)?);
            high = middle;
        } else {
            proof.push(range_root(low, middle, hashes)?);
            low = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// The proof that the tree at `new` only appended to the tree at `old` (RFC 6962 §2.1.2). Empty when `old` is 0 or `new`.
///
/// # Errors
/// [`ProofError::OutOfRange`] when `old > new`; [`ProofError::MissingHash`].
pub fn consistency_proof(old: u64, new: u64, hashes: &impl Hashes) -> Result<Vec<Digest>, ProofError> {
    if old > new {
        return Err(ProofError::OutOfRange { at: old, size: new });
    }
    let mut proof = Vec::new();
    if old == 0 || old == new {
        return Ok(proof);
    }
    let (mut low, mut high) = (0, new);
    // Invariant of the descent: the old tree ends inside (low, high].
    while old != high {
        let middle = low + split(high - low);
        if old <= middle {
            proof.push(range_root(middle, high, hashes)?);
            high = middle;
        } else {
            proof.push(range_root(low, middle, hashes)?);
            low = middle;
        }
    }
    // When the descent never turned right the last subtree is the old tree itself, whose root the verifier has.
    if low > 0 {
        proof.push(range_root(low, high, hashes)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Checks that `leaf_hash` is the leaf at `index` of the tree of `size` leaves with this root (RFC 9162 §2.1.3.2).
/// Size and root must come from one signed checkpoint: a proof alone does not tell two sizes apart in which the leaf has
/// the same path.
///
/// # Errors
/// [`ProofError::OutOfRange`], [`ProofError::WrongLength`] or [`ProofError::WrongRoot`].
pub fn verify_inclusion(
    leaf_hash: &Digest,
    index: u64,
    size: u64,
    proof: &[Digest],
    root: &Digest,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::OutOfRange { at: index, size });
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf_hash;
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::WrongLength);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            // A right edge without a sibling is carried up unchanged until it is a right child; here `node` is never 0.
            let carried = node.trailing_zeros();
            node >>= carried;
            last >>= carried;
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(ProofError::WrongLength);
    }
    same_root(&hash, root)
}

/// Checks that the tree of `new` leaves with `new_root` starts with the whole tree of `old` leaves with `old_root`
/// (RFC 9162 §2.1.4.2). Every tree appends to the empty one, whose root must be [`EMPTY_ROOT`].
///
/// # Errors
/// [`ProofError::OutOfRange`], [`ProofError::WrongLength`] or [`ProofError::WrongRoot`].
pub fn verify_consistency(
    old: u64,
    old_root: &Digest,
    new: u64,
    new_root: &Digest,
    proof: &[Digest],
) -> Result<(), ProofError> {
    if old > new {
        return Err(ProofError::OutOfRange { at: old, size: new });
    }
    if old == 0 || old == new {
        let expected = if old == 0 { &EMPTY_ROOT } else { new_root };
        return if proof.is_empty() { same_root(old_root, expected) } else { Err(ProofError::WrongLength) };
    }
    // Climb to the largest subtree that ends where the old tree ends.
    let climbed = (old - 1).trailing_ones();
    let (mut node, mut last) = ((old - 1) >> climbed, (new - 1) >> climbed);
    // A whole old tree (a power of two) is itself that subtree and is left out of the proof.
    let (first, rest) = if old.is_power_of_two() {
        (old_root, proof)
    } else {
        proof.split_first().ok_or(ProofError::WrongLength)?
    };
    let (mut old_hash, mut new_hash) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return Err(ProofError::WrongLength);
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            let carried = node.trailing_zeros();
            node >>= carried;
            last >>= carried;
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(ProofError::WrongLength);
    }
    same_root(&old_hash, old_root)?;
    same_root(&new_hash, new_root)
}

fn same_root(found: &Digest, expected: &Digest) -> Result<(), ProofError> {
    if equal(found, expected) { Ok(()) } else { Err(ProofError::WrongRoot) }
}

/// The largest power of two below `count`, where RFC 6962 §2.1 splits a tree; `count` is at least 2.
const fn split(count: u64) -> u64 {
    1 << (u64::BITS - 1 - (count - 1).leading_zeros())
}

/// The complete subtrees that make up the leaves `low..high`, largest first. In every range RFC 6962 forms, `low` is a
/// multiple of the largest of them.
fn perfect_subtrees(low: u64, high: u64) -> impl Iterator<Item = (u8, u64)> {
    let count = high - low;
    (0..64_u8).rev().filter(move |level| (count >> level) & 1 == 1).scan(low, |at, level| {
        let index = *at >> level;
        *at += 1 << level;
        Some((level, index))
    })
}

fn range_root(low: u64, high: u64, hashes: &impl Hashes) -> Result<Digest, ProofError> {
    let mut roots = Vec::new();
    for (level, index) in perfect_subtrees(low, high) {
        roots.push(node(hashes, level, index)?);
    }
    roots.into_iter().rev().reduce(|right, left| node_hash(&left, &right)).ok_or(ProofError::WrongLength)
}

fn node(hashes: &impl Hashes, level: u8, index: u64) -> Result<Digest, ProofError> {
    hashes.hash(level, index).ok_or(ProofError::MissingHash { level, index })
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "sizes of trees in tests are small")]
mod tests;
