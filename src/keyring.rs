//! The keys that live outside the database: a folder of small files, readable by the service's user only.
//!
//! ```text
//! master.key       32 bytes, base64: wraps every subject's key (and, derived, sessions and nonces)
//! index.key        32 bytes, base64: finds people by national id and by handle
//! log.key          Ed25519, PKCS #8 in base64: signs checkpoints
//! token-keys.json  ES256 keys that sign tokens, with the dates of their rotation
//! receipt-keys.json  Ed25519 keys that sign receipts, from the second on; absent until the first rotation
//! ```
//! The first receipt key is derived from the master key: every keyring has had one from its beginning, every node the
//! same one, and whoever keeps the master key can prove old receipts. No receipt key ever leaves publication: a
//! receipt must verify years later. Whoever replaces the master key has to write that first key into the file.
//!
//! Whoever has the database without this folder can read no record and find no person; see SECURITY.md.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use crate::{
    crypto::{self, Algorithm, Random, SigningKey},
    secret::Secret,
    time::Millis,
};

/// The file of token keys.
pub const TOKEN_KEYS: &str = "token-keys.json";
/// The file of receipt keys; there from the first rotation on.
pub const RECEIPT_KEYS: &str = "receipt-keys.json";
/// As many keys as `jose::Jwks` reads in one set.
const MAX_RECEIPT_KEYS: usize = 32;

/// How a folder of keys fails.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// A file cannot be read or written.
    #[error("`{path}`: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file holds something else than a key.
    #[error("`{0}` does not hold a key of the expected form")]
    Malformed(PathBuf),
    /// There are keys already; they are never overwritten.
    #[error("`{0}` exists already; keys are never overwritten")]
    Exists(PathBuf),
    /// The file holds as many keys as readers of the published set accept (32), and none may be left out.
    #[error("`{0}` holds as many keys as can be published, and none may be left out")]
    TooMany(PathBuf),
}

/// All keys of a deployment.
#[derive(Debug)]
pub struct Keyring {
    /// Wraps subjects' keys.
    pub master: Secret<[u8; 32]>,
    /// Keys the blind index.
    pub index: Secret<[u8; 32]>,
    /// Signs checkpoints.
    pub log: SigningKey,
    /// Sign tokens, oldest first.
    pub tokens: Vec<TokenKey>,
    /// Sign receipts, oldest first; at least one, none ever retires.
    pub receipts: Vec<TokenKey>,
}

/// One key of a signer's rotation.
#[derive(Debug)]
pub struct TokenKey {
    /// Its name in the JWK Set.
    pub kid: String,
    /// The key.
    pub key: SigningKey,
    /// Signs from then on.
    pub active_from: Millis,
    /// Nothing signed with it lives past then; always `None` for receipts.
    pub retires: Option<Millis>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredTokenKey {
    kid: String,
    pkcs8: String,
    active_from: Millis,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retires: Option<Millis>,
}

impl Keyring {
    /// Makes a folder of fresh keys.
    ///
    /// # Errors
    /// [`KeyringError`] when the folder already holds keys or cannot be written.
    pub fn create(folder: &Path, random: &dyn Random, now: Millis) -> Result<(), KeyringError> {
        fs::create_dir_all(folder).map_err(|source| KeyringError::File { path: folder.into(), source })?;
        let master = folder.join("master.key");
        if master.exists() {
            return Err(KeyringError::Exists(master));
        }
        let log = generate(Algorithm::EdDsa, folder)?;
        write_private(&folder.join("index.key"), STANDARD.encode(random.bytes::<32>()).as_bytes())?;
        write_private(&folder.join("log.key"), STANDARD.encode(log).as_bytes())?;
        write_keys(&folder.join(TOKEN_KEYS), &[fresh(folder, "t", Algorithm::Es256, now)?])?;
        // The master key last: its presence says that the folder is whole.
        write_private(&master, STANDARD.encode(random.bytes::<32>()).as_bytes())
    }

    /// Reads a folder of keys.
    ///
    /// # Errors
    /// [`KeyringError`] names the file that is missing or malformed.
    pub fn load(folder: &Path) -> Result<Self, KeyringError> {
        let log = folder.join("log.key");
        Ok(Self {
            master: secret(&folder.join("master.key"))?,
            index: secret(&folder.join("index.key"))?,
            log: SigningKey::from_pkcs8(Algorithm::EdDsa, &decode(&log)?)
                .map_err(|_| KeyringError::Malformed(log))?,
            tokens: Self::load_tokens(folder)?,
            receipts: Self::load_receipts(folder)?,
        })
    }

    /// Reads the token keys alone, as a running service does when the file has changed.
    ///
    /// # Errors
    /// [`KeyringError`] when the file is missing, malformed or empty.
    pub fn load_tokens(folder: &Path) -> Result<Vec<TokenKey>, KeyringError> {
        let path = folder.join(TOKEN_KEYS);
        let keys = loaded(read_keys(&path)?, Algorithm::Es256, &path)?;
        if keys.is_empty() { Err(KeyringError::Malformed(path)) } else { Ok(keys) }
    }

    /// Reads the receipt keys alone: the one derived from the master key, and those of the file if there is one.
    ///
    /// # Errors
    /// [`KeyringError`] when a file is malformed or the master key is missing.
    pub fn load_receipts(folder: &Path) -> Result<Vec<TokenKey>, KeyringError> {
        let master = folder.join("master.key");
        let seed = crypto::hkdf(secret(&master)?.expose(), b"minhbach/receipt-key/1");
        let key = SigningKey::from_seed(&seed).map_err(|_| KeyringError::Malformed(master))?;
        let first = TokenKey { kid: kid("r", &key), key, active_from: Millis(0), retires: None };
        let path = folder.join(RECEIPT_KEYS);
        let stored = if path.exists() { read_keys(&path)? } else { Vec::new() };
        if stored.iter().any(|key| key.retires.is_some()) {
            return Err(KeyringError::Malformed(path));
        }
        let later = loaded(stored, Algorithm::EdDsa, &path)?;
        Ok(std::iter::once(first).chain(later).collect())
    }

    /// Adds a receipt key that signs after `notice` (one cache period of the published set). The ones before it stay
    /// published. Returns the new key's name.
    ///
    /// # Errors
    /// [`KeyringError`] when the file cannot be read or written; [`KeyringError::TooMany`] when the published set
    /// could no longer be read.
    pub fn rotate_receipts(folder: &Path, now: Millis, notice: Duration) -> Result<String, KeyringError> {
        let path = folder.join(RECEIPT_KEYS);
        // Also finds out that the folder is a keyring and that what is there can be read.
        if Self::load_receipts(folder)?.len() >= MAX_RECEIPT_KEYS {
            return Err(KeyringError::TooMany(path));
        }
        let mut keys = if path.exists() { read_keys(&path)? } else { Vec::new() };
        let key = fresh(folder, "r", Algorithm::EdDsa, now + notice)?;
        let kid = key.kid.clone();
        keys.push(key);
        write_keys(&path, &keys)?;
        Ok(kid)
    }

    /// Adds a token key that signs after `notice` (one JWKS cache period), and ends the ones before it `overlap`
    /// (the longest token lifetime) after that. Returns the new key's name.
    ///
    /// # Errors
    /// [`KeyringError`] when the file cannot be read or written.
    pub fn rotate(
        folder: &Path,
        now: Millis,
        notice: Duration,
        overlap: Duration,
    ) -> Result<String, KeyringError> {
        let path = folder.join(TOKEN_KEYS);
        let mut keys = read_keys(&path)?;
        let key = fresh(folder, "t", Algorithm::Es256, now + notice)?;
        let end = key.active_from + overlap;
        keys.retain(|old| old.retires.is_none_or(|at| at > now));
        for old in &mut keys {
            old.retires.get_or_insert(end);
        }
        let kid = key.kid.clone();
        keys.push(key);
        write_keys(&path, &keys)?;
        Ok(kid)
    }
}

fn generate(algorithm: Algorithm, folder: &Path) -> Result<Vec<u8>, KeyringError> {
    SigningKey::generate(algorithm).map_err(|_| KeyringError::Malformed(folder.into()))
}

fn fresh(
    folder: &Path,
    prefix: &str,
    algorithm: Algorithm,
    active_from: Millis,
) -> Result<StoredTokenKey, KeyringError> {
    let pkcs8 = generate(algorithm, folder)?;
    let key =
        SigningKey::from_pkcs8(algorithm, &pkcs8).map_err(|_| KeyringError::Malformed(folder.into()))?;
    let kid = kid(prefix, &key);
    Ok(StoredTokenKey { kid, pkcs8: STANDARD.encode(pkcs8), active_from, retires: None })
}

/// A key's name: what it signs, then 12 digits of a hash of its public half.
fn kid(prefix: &str, key: &SigningKey) -> String {
    let digest = crypto::sha256(key.public());
    digest.iter().take(6).fold(format!("{prefix}-"), |kid, byte| format!("{kid}{byte:02x}"))
}

fn loaded(
    stored: Vec<StoredTokenKey>,
    algorithm: Algorithm,
    path: &Path,
) -> Result<Vec<TokenKey>, KeyringError> {
    let malformed = || KeyringError::Malformed(path.into());
    stored
        .into_iter()
        .map(|stored| {
            let bytes = STANDARD.decode(&stored.pkcs8).map_err(|_| malformed())?;
            let key = SigningKey::from_pkcs8(algorithm, &bytes).map_err(|_| malformed())?;
            Ok(TokenKey { kid: stored.kid, key, active_from: stored.active_from, retires: stored.retires })
        })
        .collect()
}

fn read_keys(path: &Path) -> Result<Vec<StoredTokenKey>, KeyringError> {
    let text = fs::read(path).map_err(|source| KeyringError::File { path: path.into(), source })?;
    serde_json::from_slice(&text).map_err(|_| KeyringError::Malformed(path.into()))
}

fn write_keys(path: &Path, keys: &[StoredTokenKey]) -> Result<(), KeyringError> {
    let text = serde_json::to_vec_pretty(keys).map_err(|_| KeyringError::Malformed(path.into()))?;
    write_private(path, &text)
}

fn decode(path: &Path) -> Result<Vec<u8>, KeyringError> {
    let text = fs::read_to_string(path).map_err(|source| KeyringError::File { path: path.into(), source })?;
    STANDARD.decode(text.trim()).map_err(|_| KeyringError::Malformed(path.into()))
}

fn secret(path: &Path) -> Result<Secret<[u8; 32]>, KeyringError> {
    let bytes = decode(path)?;
    bytes.try_into().map(Secret::new).map_err(|_| KeyringError::Malformed(path.into()))
}

/// Writes beside and renames, so that a reader sees the old file or the new one; mode 0600 from the start.
fn write_private(path: &Path, bytes: &[u8]) -> Result<(), KeyringError> {
    let beside = path.with_extension("new");
    let write = || -> io::Result<()> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().map_err(|source| KeyringError::File { path: path.into(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::SeededRandom;

    const NOW: Millis = Millis(1_795_000_000_000);
    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn keys_are_made_once_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        Keyring::create(folder.path(), &SeededRandom::new(1), NOW).unwrap();
        Keyring::load(folder.path()).unwrap();
        let again = Keyring::create(folder.path(), &SeededRandom::new(2), NOW);
        assert!(matches!(again, Err(KeyringError::Exists(_))));
    }

    #[test]
    fn a_new_token_key_is_known_before_it_signs_and_the_old_one_after() {
        let folder = tempfile::tempdir().unwrap();
        Keyring::create(folder.path(), &SeededRandom::new(1), NOW).unwrap();
        let kid = Keyring::rotate(folder.path(), NOW, MINUTE * 10, MINUTE * 5).unwrap();
        let keys = Keyring::load_tokens(folder.path()).unwrap();
        assert_eq!(keys.len(), 2);
        assert_eq!(keys[1].kid, kid);
        assert_eq!(keys[1].active_from, NOW + MINUTE * 10);
        assert_eq!(keys[0].retires, Some(NOW + MINUTE * 15));
        Keyring::rotate(folder.path(), NOW + MINUTE * 20, MINUTE * 10, MINUTE * 5).unwrap();
        assert_eq!(Keyring::load_tokens(folder.path()).unwrap().len(), 2, "retired keys are dropped");
    }

    #[test]
    fn a_keyring_of_before_receipts_has_a_receipt_key_and_every_copy_has_the_same() {
        let folder = tempfile::tempdir().unwrap();
        Keyring::create(folder.path(), &SeededRandom::new(1), NOW).unwrap();
        assert!(!folder.path().join(RECEIPT_KEYS).exists());
        let [one, other] = [0, 1].map(|_| Keyring::load_receipts(folder.path()).unwrap());
        assert_eq!((one.len(), &one[0].kid), (1, &other[0].kid));
        assert_eq!(one[0].key.public(), other[0].key.public());
        let elsewhere = tempfile::tempdir().unwrap();
        Keyring::create(elsewhere.path(), &SeededRandom::new(2), NOW).unwrap();
        assert_ne!(Keyring::load_receipts(elsewhere.path()).unwrap()[0].kid, one[0].kid);
    }

    #[test]
    fn receipt_keys_are_added_and_none_is_ever_dropped() {
        let folder = tempfile::tempdir().unwrap();
        Keyring::create(folder.path(), &SeededRandom::new(1), NOW).unwrap();
        let mut kids = vec![Keyring::load_receipts(folder.path()).unwrap()[0].kid.clone()];
        let mut now = NOW;
        for _ in 1..MAX_RECEIPT_KEYS {
            now = now + MINUTE * 60 * 24 * 365;
            kids.push(Keyring::rotate_receipts(folder.path(), now, MINUTE).unwrap());
            Keyring::rotate(folder.path(), now, MINUTE, MINUTE).unwrap();
        }
        let keys = Keyring::load_receipts(folder.path()).unwrap();
        assert_eq!(keys.iter().map(|key| key.kid.clone()).collect::<Vec<_>>(), kids);
        assert!(keys.iter().all(|key| key.retires.is_none()));
        let full = Keyring::rotate_receipts(folder.path(), now, MINUTE);
        assert!(matches!(full, Err(KeyringError::TooMany(_))));
    }

    #[test]
    fn a_receipt_key_that_would_retire_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        Keyring::create(folder.path(), &SeededRandom::new(1), NOW).unwrap();
        Keyring::rotate_receipts(folder.path(), NOW, MINUTE).unwrap();
        let path = folder.path().join(RECEIPT_KEYS);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("\"active_from\"", "\"retires\": 5, \"active_from\"")).unwrap();
        assert!(Keyring::load(folder.path()).unwrap_err().to_string().contains(RECEIPT_KEYS));
    }

    #[test]
    fn a_malformed_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        Keyring::create(folder.path(), &SeededRandom::new(1), NOW).unwrap();
        fs::write(folder.path().join("index.key"), "no key").unwrap();
        let error = Keyring::load(folder.path()).unwrap_err();
        assert!(error.to_string().contains("index.key"), "{error}");
    }
}
