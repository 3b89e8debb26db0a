//! Keys that sign and verify notes: a name, an id and an Ed25519 key.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::crypto::{Algorithm, PublicKey, SigningKey, sha256_parts, verify};

use super::{NoteError, Signature, is_key_name};

/// The signature type of plain Ed25519 (signed-note, "Signature types").
const ED25519: u8 = 0x01;

/// A named private key that signs notes.
#[derive(Debug)]
pub struct NoteKey {
    verifier: Verifier,
    key: SigningKey,
}

impl NoteKey {
    /// A key under this name; for a log, its origin.
    ///
    /// # Errors
    /// [`NoteError::MalformedName`], or [`NoteError::UnsupportedKey`] when the key is not Ed25519.
    pub fn new(name: &str, key: SigningKey) -> Result<Self, NoteError> {
        if key.algorithm() != Algorithm::EdDsa {
            return Err(NoteError::UnsupportedKey);
        }
        let public = key.public().try_into().map_err(|_| NoteError::UnsupportedKey)?;
        Ok(Self { verifier: Verifier::new(name, public)?, key })
    }

    /// The public half.
    #[must_use]
    pub const fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    pub(super) fn sign(&self, text: &str) -> Result<Signature, NoteError> {
        let bytes = self.key.sign(text.as_bytes()).map_err(|_| NoteError::UnsupportedKey)?;
        Ok(Signature { name: self.verifier.name.clone(), key_id: self.verifier.id, bytes })
    }
}

/// A named public key that verifies notes; written `name+id+base64`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    id: u32,
    key: [u8; 32],
}

impl Verifier {
    /// The Ed25519 public key under this name.
    ///
    /// # Errors
    /// [`NoteError::MalformedName`].
    pub fn new(name: &str, key: [u8; 32]) -> Result<Self, NoteError> {
        if !is_key_name(name) {
            return Err(NoteError::MalformedName);
        }
        let [a, b, c, d, ..] = sha256_parts(&[name.as_bytes(), b"\n", &[ED25519], &key]);
        Ok(Self { name: name.to_owned(), id: u32::from_be_bytes([a, b, c, d]), key })
    }

    /// Reads a verifier key, `name+id+base64`, and checks that the id is that of the key.
    ///
    /// # Errors
    /// [`NoteError::MalformedKey`], [`NoteError::MalformedName`], or [`NoteError::UnsupportedKey`] for another type.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        // Names have no plus sign; base64 may.
        let (name, rest) = text.split_once('+').ok_or(NoteError::MalformedKey)?;
        let (_, encoded) = rest.split_once('+').ok_or(NoteError::MalformedKey)?;
        let decoded = STANDARD.decode(encoded).map_err(|_| NoteError::MalformedKey)?;
        let (kind, key) = decoded.split_first().ok_or(NoteError::MalformedKey)?;
        if *kind != ED25519 {
            return Err(NoteError::UnsupportedKey);
        }
        let verifier = Self::new(name, key.try_into().map_err(|_| NoteError::MalformedKey)?)?;
        // Written again it must be the same: one spelling, and the id that belongs to the key.
        if verifier.to_string() == text { Ok(verifier) } else { Err(NoteError::MalformedKey) }
    }

    /// Name of the key.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Id of the key: the first four bytes of the hash of name, type and key.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// The 32 bytes of the public key (RFC 8032).
    #[must_use]
    pub const fn public(&self) -> &[u8; 32] {
        &self.key
    }

    pub(super) fn verifies(&self, text: &str, signature: &[u8]) -> bool {
        verify(&PublicKey::EdDsa(self.key.to_vec()), text.as_bytes(), signature)
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = STANDARD.encode([&[ED25519][..], &self.key].concat());
        write!(f, "{}+{:08x}+{encoded}", self.name, self.id)
    }
}
