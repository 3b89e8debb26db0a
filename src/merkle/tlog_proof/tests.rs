//! Offline proofs of a small log, and texts that are none.

use proptest::prelude::*;

use super::*;
use crate::{
    crypto::{Algorithm, SigningKey},
    merkle::{
        note::NoteKey,
        oracle::{InMemory, leaves},
        proof::{inclusion_proof, root_at},
    },
};

const ORIGIN: &str = "log.example/minhbach";

fn key(name: &str) -> NoteKey {
    let pkcs8 = SigningKey::generate(Algorithm::EdDsa).unwrap();
    NoteKey::new(name, SigningKey::from_pkcs8(Algorithm::EdDsa, &pkcs8).unwrap()).unwrap()
}

fn prove(index: u64, size: u64, extra: Option<&[u8]>, keys: &[&NoteKey]) -> TlogProof {
    let tree = InMemory::over(&leaves(size));
    let checkpoint = Checkpoint::new(ORIGIN, size, root_at(size, &tree).unwrap()).unwrap();
    TlogProof {
        extra: extra.map(<[u8]>::to_vec),
        index,
        hashes: inclusion_proof(index, size, &tree).unwrap(),
        checkpoint: checkpoint.sign(keys).unwrap(),
    }
}

#[test]
fn a_proof_has_the_lines_of_the_specification() {
    let log = key(ORIGIN);
    let proof = prove(5, 9, Some(b"extra data"), &[&log]);
    let text = proof.to_string();
    let lines: Vec<_> = text.split('\n').collect();
    assert_eq!(lines[..3], ["c2sp.org/tlog-proof@v1", "extra ZXh0cmEgZGF0YQ==", "index 5"]);
    assert_eq!(lines[7..10], ["", ORIGIN, "9"]);
    assert!(text.ends_with(&format!("\n\n{}", proof.checkpoint)));
    assert_eq!(TlogProof::parse(text.as_bytes()), Ok(proof));
    let alone = prove(0, 1, None, &[&log]).to_string();
    assert!(alone.starts_with(&format!("c2sp.org/tlog-proof@v1\nindex 0\n\n{ORIGIN}\n1\n")));
}

#[test]
fn every_leaf_of_every_small_log_is_proved() {
    let (log, witness) = (key(ORIGIN), key("witness.example"));
    for size in 1..20 {
        for index in 0..size {
            let text = prove(index, size, None, &[&log, &witness]).to_string();
            let read = TlogProof::parse(text.as_bytes()).unwrap();
            let leaf = leaves(size)[index as usize];
            let checkpoint = read.verify(&leaf, ORIGIN, &[log.verifier()]).unwrap();
            assert_eq!(checkpoint.size(), size);
            assert_eq!(read.checkpoint.verify(&[witness.verifier()]), Ok(vec![witness.verifier()]));
        }
    }
}

#[test]
fn a_proof_of_another_leaf_log_key_or_index_is_refused() {
    let (log, other) = (key(ORIGIN), key(ORIGIN));
    let proof = prove(5, 9, None, &[&log]);
    let all = leaves(9);
    let (leaf, keys) = (all[5], [log.verifier()]);
    assert!(proof.verify(&leaf, ORIGIN, &keys).is_ok());
    assert_eq!(proof.verify(&all[4], ORIGIN, &keys), Err(ProofError::WrongRoot.into()));
    assert_eq!(proof.verify(&leaf, "log.example/other", &keys), Err(CheckpointError::OtherOrigin.into()));
    assert_eq!(
        proof.verify(&leaf, ORIGIN, &[other.verifier()]),
        Err(CheckpointError::Note(NoteError::NoKnownSignature).into())
    );
    let moved = TlogProof { index: 4, ..proof.clone() };
    assert_eq!(moved.verify(&leaf, ORIGIN, &keys), Err(ProofError::WrongRoot.into()));
    let outside = TlogProof { index: 9, ..proof.clone() };
    assert_eq!(outside.verify(&leaf, ORIGIN, &keys), Err(ProofError::OutOfRange { at: 9, size: 9 }.into()));
    // The same signature under another size.
    let text = proof.to_string().replacen(&format!("{ORIGIN}\n9\n"), &format!("{ORIGIN}\n8\n"), 1);
    let resized = TlogProof::parse(text.as_bytes()).unwrap();
    assert_eq!(
        resized.verify(&leaf, ORIGIN, &keys),
        Err(CheckpointError::Note(NoteError::WrongSignature).into())
    );
}

#[test]
fn malformed_proofs_are_refused() {
    let text = prove(5, 9, Some(b"x"), &[&key(ORIGIN)]).to_string();
    let hash = text.split('\n').nth(3).unwrap().to_owned();
    assert!(TlogProof::parse(text.as_bytes()).is_ok());
    for (from, to) in [
        ("c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2"),
        ("c2sp.org/tlog-proof@v1\n", ""),
        ("extra eA==", "extra eA"),
        ("extra eA==", "extra  eA=="),
        ("extra eA==\n", "extra eA==\nextra eA==\n"),
        ("index 5\n", ""),
        ("index 5", "index 05"),
        ("index 5", "index +5"),
        ("index 5", "index 5 "),
        ("index 5", "index 18446744073709551616"),
        ("index 5\n", "index 5\nindex 5\n"),
        ("index 5\n", "index 5\n\n"),
        (hash.as_str(), "AAAA"),
        (&format!("{hash}\n"), &format!("{hash} \n")),
        ("\n\n", "\n"),
    ] {
        let bent = text.replacen(from, to, 1);
        assert_ne!(bent, text);
        assert!(TlogProof::parse(bent.as_bytes()).is_err(), "{from:?} to {to:?}");
    }
    let long = text.replacen(&hash, &vec![hash.as_str(); 62].join("\n"), 1);
    assert_eq!(TlogProof::parse(long.as_bytes()), Err(TlogProofError::TooLarge));
    assert_eq!(TlogProof::parse(&vec![b'a'; MAX_PROOF + 1]), Err(TlogProofError::TooLarge));
    assert_eq!(TlogProof::parse(b"\xff"), Err(TlogProofError::Malformed));
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_written_back_alike(
        bytes in prop_oneof![
            any::<Vec<u8>>(),
            "c2sp.org/tlog-proof@v1\n(extra (eA==|eA|)\n)?(index [0-9+]{1,3}\n)?(CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n){0,3}\n?[a\n]{0,2}o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n[a\n]{0,2}\n— a AAAAAAA=\n"
                .prop_map(String::into_bytes),
        ]
    ) {
        if let Ok(proof) = TlogProof::parse(&bytes) {
            prop_assert_eq!(proof.to_string().into_bytes(), &bytes[..]);
            prop_assert!(proof.verify(&[0; 32], ORIGIN, &[]).is_err());
        }
    }
}
