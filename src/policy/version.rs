//! Content-addressed versions (I10): a changed text is another version, and nothing else is.

use super::Files;
use crate::{
    crypto::{self, Digest},
    domain::own_token,
};

/// The version of a purpose: 16 hexadecimal digits over its id, its table (which holds the notice) and its rules.
/// The review is left out: renewing it changes nothing a citizen was told.
pub(super) fn purpose(id: &str, table: &str, rules: &str) -> String {
    let mut version = hex(&digest(&[id, table, rules]));
    version.truncate(16);
    version
}

/// The version of everything that decides: 64 hexadecimal digits over all files but reviews and read-me texts, and the
/// terms of the citizen's own token, which stand in no file.
pub(super) fn bundle(files: &Files) -> String {
    let decides = |path: &str| !path.ends_with("/review.toml") && !path.ends_with("README.md");
    let mut parts: Vec<&str> =
        files.iter().filter(|(path, _)| decides(path)).flat_map(|(path, text)| [path, text]).collect();
    parts.extend([own_token::ID, &own_token::terms().version]);
    hex(&digest(&parts))
}

/// SHA-256 over the texts, each preceded by its length so that no text can pass for two.
fn digest(texts: &[&str]) -> Digest {
    let lengths: Vec<[u8; 8]> = texts.iter().map(|text| (text.len() as u64).to_be_bytes()).collect();
    let parts: Vec<&[u8]> =
        lengths.iter().zip(texts).flat_map(|(length, text)| [length.as_slice(), text.as_bytes()]).collect();
    crypto::sha256_parts(&parts)
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect()
}
