//! Signed notes (c2sp.org/signed-note): a text and the signatures below it, with Ed25519 keys (type `0x01`).
//!
//! In scope: writing and reading the format within strict limits, signing, and checking signatures of known keys.
//! Signatures of other keys and of other types are kept byte for byte, never trusted.
//! Out of scope: what the text says (see `checkpoint`) and cosignatures of witnesses (type `0x04`).

mod key;

pub use key::{NoteKey, Verifier};

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Bytes of the largest note read here. A checkpoint with 16 post-quantum cosignatures has about 110 KiB.
pub const MAX_NOTE: usize = 256 * 1024;

/// Signatures of one note read here; signed-note asks for at least 16.
pub const MAX_SIGNATURES: usize = 64;

/// Why a note or a key is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// More than [`MAX_NOTE`] bytes or [`MAX_SIGNATURES`] signatures.
    #[error("the note is too large")]
    TooLarge,
    /// The text is not UTF-8, has control characters or does not end with a newline.
    #[error("the text of the note is malformed")]
    MalformedText,
    /// The signatures are missing or not in the form `— name base64`.
    #[error("the signatures of the note are malformed")]
    MalformedSignature,
    /// A key name that is empty or has spaces or a plus sign.
    #[error("the key name is malformed")]
    MalformedName,
    /// A verifier key that is not `name+id+base64`, or whose id is not that of the key.
    #[error("the verifier key is malformed")]
    MalformedKey,
    /// A key that is not an Ed25519 key.
    #[error("only Ed25519 keys are supported")]
    UnsupportedKey,
    /// A signature of a known key does not verify.
    #[error("a signature of a known key does not verify")]
    WrongSignature,
    /// No signature is of a known key.
    #[error("no signature is of a known key")]
    NoKnownSignature,
}

/// One signature line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    name: String,
    key_id: u32,
    // INVARIANT: not empty.
    bytes: Vec<u8>,
}

impl Signature {
    /// Name of the key.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Id of the key: four bytes that tell keys of one name apart, not a strong hash.
    #[must_use]
    pub const fn key_id(&self) -> u32 {
        self.key_id
    }

    /// The signature itself, without the key id.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn parse(line: &str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix("— ")?.split_once(' ')?;
        let decoded = STANDARD.decode(encoded).ok()?;
        let (key_id, bytes) = decoded.split_first_chunk::<4>()?;
        (is_key_name(name) && !bytes.is_empty()).then(|| Self {
            name: name.to_owned(),
            key_id: u32::from_be_bytes(*key_id),
            bytes: bytes.to_vec(),
        })
    }
}

/// The signature line without its newline: `— name base64`.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = STANDARD.encode([&self.key_id.to_be_bytes()[..], &self.bytes].concat());
        write!(f, "— {} {encoded}", self.name)
    }
}

/// A text with signatures. That it was read says nothing about who signed it: see [`Note::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

impl Note {
    /// A note of this text, signed by these keys.
    ///
    /// # Errors
    /// [`NoteError::MalformedText`] when the text does not end with a newline or has other control characters,
    /// [`NoteError::TooLarge`], [`NoteError::MalformedSignature`] when there is no key.
    pub fn sign(text: &str, keys: &[&NoteKey]) -> Result<Self, NoteError> {
        check_text(text)?;
        if keys.is_empty() {
            return Err(NoteError::MalformedSignature);
        }
        let mut note = Self { text: text.to_owned(), signatures: Vec::new() };
        for key in keys {
            note.add(key.sign(text)?)?;
        }
        Ok(note)
    }

    /// Reads a signed note.
    ///
    /// # Errors
    /// [`NoteError::TooLarge`], [`NoteError::MalformedText`] or [`NoteError::MalformedSignature`].
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE {
            return Err(NoteError::TooLarge);
        }
        let note = std::str::from_utf8(bytes).map_err(|_| NoteError::MalformedText)?;
        // The text may have empty lines; the last one of the note ends it.
        let (text, lines) = note.rsplit_once("\n\n").ok_or(NoteError::MalformedSignature)?;
        let text = format!("{text}\n");
        check_text(&text)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::MalformedSignature)?;
        let mut signatures = Vec::new();
        for line in lines.split('\n') {
            if signatures.len() >= MAX_SIGNATURES {
                return Err(NoteError::TooLarge);
            }
            signatures.push(Signature::parse(line).ok_or(NoteError::MalformedSignature)?);
        }
        Ok(Self { text, signatures })
    }

    /// The signed text, its last newline included.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures in the order they stand.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Adds a signature line below the others, for example a witness's.
    ///
    /// # Errors
    /// [`NoteError::TooLarge`].
    pub fn add(&mut self, signature: Signature) -> Result<(), NoteError> {
        self.signatures.push(signature);
        if self.signatures.len() > MAX_SIGNATURES || self.to_string().len() > MAX_NOTE {
            self.signatures.pop();
            return Err(NoteError::TooLarge);
        }
        Ok(())
    }

    /// Checks the note against the keys one trusts, and gives back those that signed it, each once.
    ///
    /// # Errors
    /// [`NoteError::WrongSignature`] when a known key's signature does not verify, [`NoteError::NoKnownSignature`] when
    /// none is there.
    pub fn verify<'k>(&self, known: &[&'k Verifier]) -> Result<Vec<&'k Verifier>, NoteError> {
        let mut signers: Vec<&'k Verifier> = Vec::new();
        for signature in &self.signatures {
            for key in known.iter().filter(|key| key.name() == signature.name && key.id() == signature.key_id)
            {
                if !key.verifies(&self.text, &signature.bytes) {
                    return Err(NoteError::WrongSignature);
                }
                if !signers.contains(key) {
                    signers.push(key);
                }
            }
        }
        if signers.is_empty() { Err(NoteError::NoKnownSignature) } else { Ok(signers) }
    }
}

/// The whole note as it is served; [`Note::parse`] reads it back to the same bytes.
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

fn check_text(text: &str) -> Result<(), NoteError> {
    let clean = text.chars().all(|c| c >= ' ' || c == '\n');
    if clean && text.ends_with('\n') { Ok(()) } else { Err(NoteError::MalformedText) }
}

fn is_key_name(name: &str) -> bool {
    // Control characters below a space are not all Unicode spaces, and signed-note forbids them everywhere.
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c < ' ' || c == '+')
}

#[cfg(test)]
mod tests;
