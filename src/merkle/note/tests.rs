//! Notes against `signed_note`, the specification's example, and bytes that are no notes.

use proptest::prelude::*;
use signed_note::{StandardVerifier, VerifierList};

use super::*;
use crate::crypto::{Algorithm, SigningKey};

/// The example of signed-note; its key is not given there.
const EXAMPLE: &str = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n\
— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";

/// The example of the Go package that defined notes (golang.org/x/mod/sumdb/note).
const GO_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_NOTE: &str = "If you think cryptography is the answer to your problem,\n\
then you don't know what your problem is.\n\n\
— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn key(name: &str) -> NoteKey {
    let pkcs8 = SigningKey::generate(Algorithm::EdDsa).unwrap();
    NoteKey::new(name, SigningKey::from_pkcs8(Algorithm::EdDsa, &pkcs8).unwrap()).unwrap()
}

#[test]
fn the_example_of_the_go_package_verifies() {
    let key = Verifier::parse(GO_KEY).unwrap();
    assert_eq!((key.name(), key.id(), key.to_string()), ("PeterNeumann", 0xc74f_20a3, GO_KEY.to_owned()));
    let note = Note::parse(GO_NOTE.as_bytes()).unwrap();
    assert_eq!(note.verify(&[&key]), Ok(vec![&key]));
    let bent = GO_NOTE.replacen("think", "thank", 1);
    assert_eq!(Note::parse(bent.as_bytes()).unwrap().verify(&[&key]), Err(NoteError::WrongSignature));
}

#[test]
fn the_example_of_the_specification_is_read_and_written_alike() {
    let note = Note::parse(EXAMPLE.as_bytes()).unwrap();
    assert!(note.text().ends_with(":\n\ned è subito sera.\n"));
    assert_eq!(note.signatures()[0].name(), "quasimodo.example/salvatore");
    assert_eq!(note.signatures()[0].bytes().len(), 64);
    assert_eq!(note.to_string(), EXAMPLE);
}

#[test]
fn signed_note_verifies_what_we_sign() {
    let (one, two) = (key("log.example/one"), key("log.example/two"));
    let note = Note::sign("first\n\nsecond\n", &[&one, &two]).unwrap();
    let theirs = signed_note::Note::from_bytes(note.to_string().as_bytes()).unwrap();
    let their_key = |key: &NoteKey| -> Box<dyn signed_note::Verifier> {
        Box::new(StandardVerifier::new(&key.verifier().to_string()).unwrap())
    };
    let known = VerifierList::new(vec![their_key(&one), their_key(&two)]);
    let (verified, unverified) = theirs.verify(&known).unwrap();
    assert_eq!((verified.len(), unverified.len()), (2, 0));
    assert_eq!(theirs.text(), b"first\n\nsecond\n");
}

#[test]
fn signatures_of_unknown_keys_are_kept_and_never_trusted() {
    let (log, witness, stranger) = (key("log.example"), key("witness.example"), key("log.example"));
    let note = Note::sign("text\n", &[&log, &witness]).unwrap();
    let read = Note::parse(note.to_string().as_bytes()).unwrap();
    assert_eq!(read, note);
    assert_eq!(read.verify(&[log.verifier()]), Ok(vec![log.verifier()]));
    // Same name, another key: another id, hence unknown.
    assert_eq!(read.verify(&[stranger.verifier()]), Err(NoteError::NoKnownSignature));
    assert_eq!(read.verify(&[]), Err(NoteError::NoKnownSignature));
}

#[test]
fn a_key_is_known_by_name_and_id_together() {
    let log = key("log.example");
    let renamed =
        Note::sign("text\n", &[&log]).unwrap().to_string().replacen("log.example", "other.example", 1);
    let note = Note::parse(renamed.as_bytes()).unwrap();
    assert_eq!(note.signatures()[0].key_id(), log.verifier().id());
    assert_eq!(note.verify(&[log.verifier()]), Err(NoteError::NoKnownSignature));
}

#[test]
fn a_known_key_that_does_not_verify_spoils_the_note() {
    let (one, two) = (key("log.example/one"), key("log.example/two"));
    let mut note = Note::sign("text\n", &[&one]).unwrap();
    note.add(Note::sign("other\n", &[&two]).unwrap().signatures()[0].clone()).unwrap();
    assert_eq!(note.verify(&[one.verifier(), two.verifier()]), Err(NoteError::WrongSignature));
    // Whoever does not know the second key has no reason to refuse.
    assert_eq!(note.verify(&[one.verifier()]), Ok(vec![one.verifier()]));
}

#[test]
fn a_key_that_signed_twice_counts_once() {
    let log = key("log.example");
    let note = Note::sign("text\n", &[&log, &log]).unwrap();
    assert_eq!(note.signatures().len(), 2);
    assert_eq!(note.verify(&[log.verifier(), log.verifier()]), Ok(vec![log.verifier()]));
}

#[test]
fn malformed_notes_are_refused() {
    let signature = EXAMPLE.rsplit_once("\n\n").unwrap().1;
    let encoded = signature.trim_end().rsplit_once(' ').unwrap().1;
    for (note, error) in [
        (String::new(), NoteError::MalformedSignature),
        ("text\n".to_owned(), NoteError::MalformedSignature),
        ("text\n\n".to_owned(), NoteError::MalformedSignature),
        (format!("text\n{signature}"), NoteError::MalformedSignature),
        (format!("\n{signature}"), NoteError::MalformedSignature),
        (format!("text\n\n{}", signature.trim_end()), NoteError::MalformedSignature),
        (format!("text\n\n{signature}\n"), NoteError::MalformedSignature),
        (format!("text\n\n{signature}more\n"), NoteError::MalformedSignature),
        (format!("text\n\n- name {encoded}\n"), NoteError::MalformedSignature),
        (format!("text\n\n—  {encoded}\n"), NoteError::MalformedSignature),
        (format!("text\n\n— na+me {encoded}\n"), NoteError::MalformedSignature),
        (format!("text\n\n— na\u{a0}me {encoded}\n"), NoteError::MalformedSignature),
        (format!("text\n\n— na\u{1b}me {encoded}\n"), NoteError::MalformedSignature),
        (format!("text\n\n— name  {encoded}\n"), NoteError::MalformedSignature),
        (format!("text\n\n— name {}\n", encoded.trim_end_matches('=')), NoteError::MalformedSignature),
        ("text\n\n— name AAAAAA==\n".to_owned(), NoteError::MalformedSignature),
        ("text\n\n— name\n".to_owned(), NoteError::MalformedSignature),
        (format!("te\txt\n\n{signature}"), NoteError::MalformedText),
        (format!("text\r\n\n{signature}"), NoteError::MalformedText),
        (format!("text\n\n{}", signature.repeat(MAX_SIGNATURES + 1)), NoteError::TooLarge),
        (format!("{}\n\n{signature}", "x".repeat(MAX_NOTE)), NoteError::TooLarge),
    ] {
        assert_eq!(Note::parse(note.as_bytes()), Err(error), "{note:?}");
    }
    assert_eq!(Note::parse(b"\xff\n\n"), Err(NoteError::MalformedText));
    assert!(Note::parse(format!("text\n\n{}", signature.repeat(MAX_SIGNATURES)).as_bytes()).is_ok());
}

#[test]
fn only_well_formed_texts_and_names_are_signed() {
    let log = key("log.example");
    for text in ["", "text", "te\rxt\n"] {
        assert_eq!(Note::sign(text, &[&log]), Err(NoteError::MalformedText), "{text:?}");
    }
    assert_eq!(Note::sign("text\n", &[]), Err(NoteError::MalformedSignature));
    for name in ["", "a b", "a+b", "a\u{2003}b", "a\nb"] {
        assert_eq!(Verifier::new(name, [0; 32]), Err(NoteError::MalformedName), "{name:?}");
    }
    let pkcs8 = SigningKey::generate(Algorithm::Es256).unwrap();
    let es256 = SigningKey::from_pkcs8(Algorithm::Es256, &pkcs8).unwrap();
    assert_eq!(NoteKey::new("log.example", es256).unwrap_err(), NoteError::UnsupportedKey);
}

#[test]
fn malformed_verifier_keys_are_refused() {
    for (text, error) in [
        ("", NoteError::MalformedKey),
        ("PeterNeumann+c74f20a3", NoteError::MalformedKey),
        ("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", NoteError::MalformedKey),
        ("PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", NoteError::MalformedKey),
        ("Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", NoteError::MalformedName),
        ("PeterNeumann+c74f20a3+", NoteError::MalformedKey),
        ("PeterNeumann+c74f20a3+ARpc2Q==", NoteError::MalformedKey),
        ("PeterNeumann+c74f20a3+BBpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", NoteError::UnsupportedKey),
    ] {
        assert_eq!(Verifier::parse(text), Err(error), "{text}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_written_back_alike(
        bytes in prop_oneof![
            any::<Vec<u8>>(),
            "[a\n]{0,4}\n\n(— [a+ ]{1,2} (AAAAAAA=|AAAAAAAA|A)\n){0,3}".prop_map(String::into_bytes),
        ]
    ) {
        if let Ok(note) = Note::parse(&bytes) {
            prop_assert_eq!(note.to_string().into_bytes(), &bytes[..]);
            prop_assert!(signed_note::Note::from_bytes(&bytes).is_ok());
            prop_assert!(note.verify(&[&Verifier::parse(GO_KEY).unwrap()]).is_err());
        }
    }

    #[test]
    fn any_text_is_no_verifier_key_or_is_written_back_alike(text: String) {
        if let Ok(key) = Verifier::parse(&text) {
            prop_assert_eq!(key.to_string(), text);
        }
    }
}
