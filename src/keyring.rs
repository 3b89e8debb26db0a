//! The keys that live outside the database: a folder of small files, readable by the service's user only.
//!
//! ```text
//! master.key       32 bytes, base64: wraps every subject's key (and, derived, sessions and nonces)
//! index.key        32 bytes, base64: finds people by national id and by handle
//! log.key          Ed25519, PKCS #8 in base64: signs checkpoints
//! token-keys.json  ES256 keys that sign tokens, with the dates of their rotation
//! ```
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
}

/// One key of the token signer's rotation.
#[derive(Debug)]
pub struct TokenKey {
    /// Its name in the JWK Set.
    pub kid: String,
    /// The key.
    pub key: SigningKey,
    /// Signs from then on.
    pub active_from: Millis,
    /// No token signed with it lives past then.
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
        write_token_keys(folder, &[fresh(folder, now)?])?;
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
        })
    }

    /// Reads the token keys alone, as a running service does when the file has changed.
    ///
    /// # Errors
    /// [`KeyringError`] when the file is missing, malformed or empty.
    pub fn load_tokens(folder: &Path) -> Result<Vec<TokenKey>, KeyringError> {
        let path = folder.join("token-keys.json");
        let malformed = || KeyringError::Malformed(path.clone());
        let keys: Vec<TokenKey> = read_token_keys(folder)?
            .into_iter()
            .map(|stored| {
                let bytes = STANDARD.decode(&stored.pkcs8).map_err(|_| malformed())?;
                let key = SigningKey::from_pkcs8(Algorithm::Es256, &bytes).map_err(|_| malformed())?;
                Ok(TokenKey {
                    kid: stored.kid,
                    key,
                    active_from: stored.active_from,
                    retires: stored.retires,
                })
            })
            .collect::<Result<_, KeyringError>>()?;
        if keys.is_empty() { Err(malformed()) } else { Ok(keys) }
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
        let mut keys = read_token_keys(folder)?;
        let key = fresh(folder, now + notice)?;
        let end = key.active_from + overlap;
        keys.retain(|old| old.retires.is_none_or(|at| at > now));
        for old in &mut keys {
            old.retires.get_or_insert(end);
        }
        let kid = key.kid.clone();
        keys.push(key);
        write_token_keys(folder, &keys)?;
        Ok(kid)
    }
}

fn generate(algorithm: Algorithm, folder: &Path) -> Result<Vec<u8>, KeyringError> {
    SigningKey::generate(algorithm).map_err(|_| KeyringError::Malformed(folder.into()))
}

fn fresh(folder: &Path, active_from: Millis) -> Result<StoredTokenKey, KeyringError> {
    let pkcs8 = generate(Algorithm::Es256, folder)?;
    let key = SigningKey::from_pkcs8(Algorithm::Es256, &pkcs8)
        .map_err(|_| KeyringError::Malformed(folder.into()))?;
    let digest = crypto::sha256(key.public());
    let kid = digest.iter().take(6).fold(String::from("t-"), |kid, byte| format!("{kid}{byte:02x}"));
    Ok(StoredTokenKey { kid, pkcs8: STANDARD.encode(pkcs8), active_from, retires: None })
}

fn read_token_keys(folder: &Path) -> Result<Vec<StoredTokenKey>, KeyringError> {
    let path = folder.join("token-keys.json");
    let text = fs::read(&path).map_err(|source| KeyringError::File { path: path.clone(), source })?;
    serde_json::from_slice(&text).map_err(|_| KeyringError::Malformed(path))
}

fn write_token_keys(folder: &Path, keys: &[StoredTokenKey]) -> Result<(), KeyringError> {
    let text = serde_json::to_vec_pretty(keys)
        .map_err(|_| KeyringError::Malformed(folder.join("token-keys.json")))?;
    write_private(&folder.join("token-keys.json"), &text)
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
    fn a_malformed_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        Keyring::create(folder.path(), &SeededRandom::new(1), NOW).unwrap();
        fs::write(folder.path().join("index.key"), "no key").unwrap();
        let error = Keyring::load(folder.path()).unwrap_err();
        assert!(error.to_string().contains("index.key"), "{error}");
    }
}
