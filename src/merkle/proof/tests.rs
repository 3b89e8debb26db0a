//! Proofs against the recursive definition and against `ct-merkle` and `tlog_tiles`.

use ct_merkle::{
    ConsistencyProof, InclusionProof, RootHash,
    digest::{FixedOutput, HashMarker, Output, OutputSizeUser, Update, consts::U32},
};
use proptest::prelude::*;

use super::*;
use crate::{
    crypto::sha256,
    merkle::oracle::{InMemory, leaves, naive_consistency, naive_inclusion, naive_root},
};

/// SHA-256 in the shape `ct-merkle` wants.
#[derive(Clone, Default)]
struct Sha256(Vec<u8>);

impl Update for Sha256 {
    fn update(&mut self, data: &[u8]) {
        self.0.extend_from_slice(data);
    }
}

impl OutputSizeUser for Sha256 {
    type OutputSize = U32;
}

impl FixedOutput for Sha256 {
    fn finalize_into(self, out: &mut Output<Self>) {
        out.copy_from_slice(&sha256(&self.0));
    }
}

impl HashMarker for Sha256 {}

fn theirs(hash: &Digest) -> Output<Sha256> {
    (*hash).into()
}

fn ct_inclusion(leaf: &[u8], index: u64, size: u64, proof: &[Digest], root: &Digest) -> bool {
    let proof: Vec<_> = proof.iter().map(theirs).collect();
    RootHash::<Sha256>::new(theirs(root), size)
        .verify_inclusion(&leaf, index, &InclusionProof::from_digests(&proof))
        .is_ok()
}

fn ct_consistency(old: u64, old_root: &Digest, new: u64, new_root: &Digest, proof: &[Digest]) -> bool {
    let proof: Vec<_> = proof.iter().map(theirs).collect();
    RootHash::<Sha256>::new(theirs(new_root), new)
        .verify_consistency(&RootHash::new(theirs(old_root), old), &ConsistencyProof::from_digests(&proof))
        .is_ok()
}

fn roots(leaves: &[Digest]) -> Vec<Digest> {
    let tree = InMemory::over(leaves);
    (0..=leaves.len() as u64).map(|size| root_at(size, &tree).unwrap()).collect()
}

#[test]
fn proofs_are_those_of_the_recursive_definition() {
    let all = leaves(100);
    let tree = InMemory::over(&all);
    for size in 0..=all.len() {
        let tree_then = &all[..size];
        assert_eq!(root_at(size as u64, &tree).unwrap(), naive_root(tree_then));
        for index in 0..size {
            let proof = inclusion_proof(index as u64, size as u64, &tree).unwrap();
            assert_eq!(proof, naive_inclusion(index, tree_then), "leaf {index} of {size}");
        }
        for old in 1..=size {
            let proof = consistency_proof(old as u64, size as u64, &tree).unwrap();
            assert_eq!(proof, naive_consistency(old, tree_then, true), "from {old} to {size}");
        }
    }
}

#[test]
fn the_proof_of_every_leaf_holds_at_every_size_and_no_altered_one_does() {
    let all = leaves(300);
    let (tree, roots) = (InMemory::over(&all), roots(&all));
    for size in 1..=300_u64 {
        let root = &roots[size as usize];
        for index in 0..size {
            let leaf = &all[index as usize];
            let proof = inclusion_proof(index, size, &tree).unwrap();
            assert_eq!(verify_inclusion(leaf, index, size, &proof, root), Ok(()), "leaf {index} of {size}");
            // Every hash in turn, a different bit each time.
            for at in 0..proof.len() {
                let mut bent = proof.clone();
                let bit = (index as usize + at) % 256;
                bent[at][bit / 8] ^= 1 << (bit % 8);
                assert_eq!(verify_inclusion(leaf, index, size, &bent, root), Err(ProofError::WrongRoot));
            }
            let other = &all[(index as usize + 1) % 300];
            assert_eq!(verify_inclusion(other, index, size, &proof, root), Err(ProofError::WrongRoot));
            assert!(verify_inclusion(leaf, index ^ 1, size, &proof, root).is_err());
            assert!(verify_inclusion(leaf, size, size, &proof, root).is_err());
            let longer = [&proof[..], &[*root]].concat();
            assert_eq!(verify_inclusion(leaf, index, size, &longer, root), Err(ProofError::WrongLength));
            if let Some((_, shorter)) = proof.split_last() {
                assert_eq!(verify_inclusion(leaf, index, size, shorter, root), Err(ProofError::WrongLength));
            }
        }
    }
}

#[test]
fn any_two_sizes_are_consistent_and_no_altered_proof_says_so() {
    let all = leaves(300);
    let (tree, roots) = (InMemory::over(&all), roots(&all));
    for new in 0..=300_u64 {
        for old in 0..=new {
            let (old_root, new_root) = (&roots[old as usize], &roots[new as usize]);
            let proof = consistency_proof(old, new, &tree).unwrap();
            assert_eq!(verify_consistency(old, old_root, new, new_root, &proof), Ok(()), "{old} to {new}");
            for at in 0..proof.len() {
                let mut bent = proof.clone();
                let bit = (old as usize + at) % 256;
                bent[at][bit / 8] ^= 1 << (bit % 8);
                assert_eq!(
                    verify_consistency(old, old_root, new, new_root, &bent),
                    Err(ProofError::WrongRoot)
                );
            }
            let longer = [&proof[..], &[*new_root]].concat();
            assert_eq!(
                verify_consistency(old, old_root, new, new_root, &longer),
                Err(ProofError::WrongLength)
            );
            if let Some((_, shorter)) = proof.split_last() {
                assert_eq!(
                    verify_consistency(old, old_root, new, new_root, shorter),
                    Err(ProofError::WrongLength)
                );
            }
            let forked = sha256(old_root);
            assert_eq!(verify_consistency(old, &forked, new, new_root, &proof), Err(ProofError::WrongRoot));
            if old > 0 {
                let forked = sha256(new_root);
                assert_eq!(
                    verify_consistency(old, old_root, new, &forked, &proof),
                    Err(ProofError::WrongRoot)
                );
            }
        }
    }
}

#[test]
fn every_flipped_bit_breaks_a_proof() {
    let all = leaves(77);
    let (tree, roots) = (InMemory::over(&all), roots(&all));
    let inclusion = inclusion_proof(41, 77, &tree).unwrap();
    let consistency = consistency_proof(41, 77, &tree).unwrap();
    for bit in 0..256 {
        let flip = |hash: &mut Digest| hash[bit / 8] ^= 1 << (bit % 8);
        for at in 0..inclusion.len() {
            let mut bent = inclusion.clone();
            flip(&mut bent[at]);
            assert!(verify_inclusion(&all[41], 41, 77, &bent, &roots[77]).is_err());
        }
        for at in 0..consistency.len() {
            let mut bent = consistency.clone();
            flip(&mut bent[at]);
            assert!(verify_consistency(41, &roots[41], 77, &roots[77], &bent).is_err());
        }
        let (mut leaf, mut root, mut old_root) = (all[41], roots[77], roots[41]);
        flip(&mut leaf);
        flip(&mut root);
        flip(&mut old_root);
        assert!(verify_inclusion(&leaf, 41, 77, &inclusion, &roots[77]).is_err());
        assert!(verify_inclusion(&all[41], 41, 77, &inclusion, &root).is_err());
        assert!(verify_consistency(41, &old_root, 77, &roots[77], &consistency).is_err());
        assert!(verify_consistency(41, &roots[41], 77, &root, &consistency).is_err());
    }
}

/// A proof alone does not fix the size it was made for: two trees may have the same path to a leaf. So the verdict for
/// every claimed position is compared with the other implementation's rather than with "refused".
#[test]
fn every_verdict_on_a_wrong_position_is_that_of_ct_merkle() {
    let count = 20_u64;
    let contents: Vec<_> = (0..count).map(u64::to_be_bytes).collect();
    let all = leaves(count);
    let (tree, roots) = (InMemory::over(&all), roots(&all));
    for size in 1..=count {
        let root = &roots[size as usize];
        for index in 0..size {
            let proof = inclusion_proof(index, size, &tree).unwrap();
            for (claimed_index, claimed_size) in (0..=count).flat_map(|i| (1..=count).map(move |s| (i, s))) {
                let ours = verify_inclusion(&all[index as usize], claimed_index, claimed_size, &proof, root);
                let theirs =
                    ct_inclusion(&contents[index as usize], claimed_index, claimed_size, &proof, root);
                assert_eq!(ours.is_ok(), theirs, "{index}/{size} as {claimed_index}/{claimed_size}");
                // What the proof does fix, given the size: the index.
                assert!(claimed_size != size || theirs == (claimed_index == index));
            }
        }
        for old in 1..=size {
            let proof = consistency_proof(old, size, &tree).unwrap();
            for (claimed_old, claimed_new) in (1..=count).flat_map(|o| (1..=count).map(move |n| (o, n))) {
                let old_root = &roots[old as usize];
                let ours = verify_consistency(claimed_old, old_root, claimed_new, root, &proof);
                let theirs = ct_consistency(claimed_old, old_root, claimed_new, root, &proof);
                assert_eq!(ours.is_ok(), theirs, "{old}/{size} as {claimed_old}/{claimed_new}: {ours:?}");
            }
        }
    }
}

#[test]
fn tlog_tiles_accepts_our_proofs_too() {
    let all = leaves(130);
    let (tree, roots) = (InMemory::over(&all), roots(&all));
    let hash = tlog_tiles::Hash;
    for size in [1_u64, 2, 3, 7, 8, 64, 65, 129, 130] {
        for index in 0..size {
            let proof = inclusion_proof(index, size, &tree).unwrap().into_iter().map(hash).collect();
            let (root, leaf) = (hash(roots[size as usize]), hash(all[index as usize]));
            tlog_tiles::check_record(&proof, size, root, index, leaf).unwrap();
            let old = index + 1;
            let proof = consistency_proof(old, size, &tree).unwrap().into_iter().map(hash).collect();
            tlog_tiles::check_tree(&proof, size, root, old, hash(roots[old as usize])).unwrap();
        }
    }
}

#[test]
fn positions_outside_the_tree_are_refused() {
    let tree = InMemory::over(&leaves(4));
    assert_eq!(inclusion_proof(4, 4, &tree), Err(ProofError::OutOfRange { at: 4, size: 4 }));
    assert_eq!(inclusion_proof(0, 0, &tree), Err(ProofError::OutOfRange { at: 0, size: 0 }));
    assert_eq!(consistency_proof(5, 4, &tree), Err(ProofError::OutOfRange { at: 5, size: 4 }));
    assert_eq!(inclusion_proof(0, 8, &tree), Err(ProofError::MissingHash { level: 2, index: 1 }));
    assert_eq!(root_at(5, &tree), Err(ProofError::MissingHash { level: 0, index: 4 }));
}

proptest! {
    #[test]
    fn checking_never_panics(
        index: u64, size: u64, leaf: Digest, root: Digest, proof in prop::collection::vec(any::<Digest>(), 0..70)
    ) {
        prop_assert!(verify_inclusion(&leaf, index, size, &proof, &root).is_err());
        prop_assert!(verify_consistency(index, &leaf, size, &root, &proof).is_err());
    }

    #[test]
    fn proofs_work_at_any_size_a_tree_can_have(index: u64, size: u64) {
        struct Position;
        impl Hashes for Position {
            fn hash(&self, level: u8, index: u64) -> Option<Digest> {
                Some(sha256(&[&[level][..], &index.to_be_bytes()].concat()))
            }
        }
        let proof = inclusion_proof(index, size, &Position);
        prop_assert_eq!(proof.is_ok(), index < size);
        prop_assert!(proof.unwrap_or_default().len() <= 64);
        let proof = consistency_proof(index, size, &Position);
        prop_assert_eq!(proof.is_ok(), index <= size);
        // The hashes are no tree's, so only the length can be right.
        let (old, new) = (index.min(size), index.max(size));
        if let Ok(proof) = consistency_proof(old, new, &Position) {
            let verdict = verify_consistency(old, &[0; 32], new, &[1; 32], &proof);
            prop_assert_eq!(verdict, Err(ProofError::WrongRoot));
        }
        if let Ok(proof) = inclusion_proof(old, new, &Position) {
            let verdict = verify_inclusion(&[0; 32], old, new, &proof, &[1; 32]);
            prop_assert_eq!(verdict, Err(ProofError::WrongRoot));
        }
    }
}
