//! Access tokens: signed with the key in force, verified with any that is not retired, keys replaced while running.
//! Receipts: signed with keys of their own, of which none is ever retired.
//!
//! Out of scope: what a token may say (`oauth`) and whether it is revoked (`store`).

pub mod statuses;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, RwLock},
    time::SystemTime,
};

use serde::Serialize;

use crate::{
    crypto::PublicKey,
    domain::receipt::{self, Claims},
    jose::{
        Jwk, Jwks,
        access_token::{self, AccessToken, AccessTokenError},
        jws::{self, JwsError},
    },
    keyring::{self, Keyring, KeyringError, TokenKey},
    time::Millis,
};

/// How signing fails.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// Every key's time has passed or not yet come.
    #[error("no token key is in force: run `minhbach keys rotate`")]
    NoKey,
    /// The signature could not be made.
    #[error(transparent)]
    Jws(#[from] JwsError),
}

/// The token and receipt keys of this process; cheap to clone.
#[derive(Clone)]
pub struct Tokens(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    issuer: String,
    tokens: RwLock<Ring>,
    receipts: RwLock<Ring>,
    statuses: statuses::Statuses,
}

#[derive(Clone)]
struct Ring {
    keys: Arc<Vec<TokenKey>>,
    read_at: Option<SystemTime>,
}

impl Tokens {
    /// The keys of a keyring folder, for tokens of `issuer`, and those for receipts.
    #[must_use]
    pub fn new(issuer: &str, folder: PathBuf, tokens: Vec<TokenKey>, receipts: Vec<TokenKey>) -> Self {
        let ring = |file, keys| RwLock::new(Ring { keys: Arc::new(keys), read_at: changed(&folder, file) });
        let tokens = ring(keyring::TOKEN_KEYS, tokens);
        let receipts = ring(keyring::RECEIPT_KEYS, receipts);
        let statuses = statuses::Statuses::default();
        Self(Arc::new(Inner { folder, issuer: issuer.to_owned(), tokens, receipts, statuses }))
    }

    /// Reads the keys again whose file has changed; `true` when one had. What cannot be read changes nothing.
    ///
    /// # Errors
    /// [`KeyringError`] when a changed file cannot be read.
    pub fn refresh(&self) -> Result<bool, KeyringError> {
        let tokens = self.renew(&self.0.tokens, keyring::TOKEN_KEYS, Keyring::load_tokens)?;
        Ok(self.renew(&self.0.receipts, keyring::RECEIPT_KEYS, Keyring::load_receipts)? || tokens)
    }

    fn renew(
        &self,
        ring: &RwLock<Ring>,
        file: &str,
        load: fn(&Path) -> Result<Vec<TokenKey>, KeyringError>,
    ) -> Result<bool, KeyringError> {
        let now = changed(&self.0.folder, file);
        if read(ring).read_at == now {
            return Ok(false);
        }
        let keys = Arc::new(load(&self.0.folder)?);
        let mut ring = ring.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        *ring = Ring { keys, read_at: now };
        Ok(true)
    }

    /// Signs any claims with the token key in force: access tokens, delivery receipts.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign<C: Serialize>(&self, typ: &str, claims: &C, now: Millis) -> Result<String, SignError> {
        let keys = read(&self.0.tokens).keys;
        let key = in_force(&keys, now).ok_or(SignError::NoKey)?;
        Ok(jws::sign(typ, Some(&key.kid), None, claims, &key.key)?)
    }

    /// Signs a consent receipt ([`receipt::TYP`]) with the receipt key in force.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign_receipt(&self, claims: &Claims, now: Millis) -> Result<String, SignError> {
        let keys = read(&self.0.receipts).keys;
        let key = in_force(&keys, now).ok_or(SignError::NoKey)?;
        Ok(jws::sign(receipt::TYP, Some(&key.kid), None, claims, &key.key)?)
    }

    /// The public receipt keys: all there ever were, and the coming one.
    #[must_use]
    pub fn receipt_keys(&self) -> Jwks {
        public(read(&self.0.receipts).keys.iter())
    }

    /// Checks an access token of ours for `audience`.
    ///
    /// # Errors
    /// [`AccessTokenError`].
    pub fn verify(&self, token: &str, audience: &str, now: Millis) -> Result<AccessToken, AccessTokenError> {
        access_token::verify(token, &self.lookup(now), &self.0.issuer, audience, now)
    }

    /// Checks an access token of ours, whatever its audience.
    ///
    /// # Errors
    /// [`AccessTokenError`].
    pub fn verify_any(&self, token: &str, now: Millis) -> Result<AccessToken, AccessTokenError> {
        access_token::verify_any_audience(token, &self.lookup(now), &self.0.issuer, now)
    }

    /// Places in the status lists, and the lists themselves.
    #[must_use]
    pub fn statuses(&self) -> &statuses::Statuses {
        &self.0.statuses
    }

    fn lookup(&self, now: Millis) -> impl Fn(&str) -> Option<PublicKey> {
        let keys = read(&self.0.tokens).keys;
        move |kid| {
            keys.iter()
                .find(|key| key.kid == kid && key.retires.is_none_or(|at| at > now))
                .map(|key| key.key.public_key())
        }
    }

    /// The public keys: the coming one before it signs, old ones until their tokens have ended.
    #[must_use]
    pub fn jwks(&self, now: Millis) -> Jwks {
        let keys = read(&self.0.tokens).keys;
        public(keys.iter().filter(|key| key.retires.is_none_or(|at| at > now)))
    }
}

fn read(ring: &RwLock<Ring>) -> Ring {
    ring.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
}

fn public<'a>(keys: impl Iterator<Item = &'a TokenKey>) -> Jwks {
    let jwk = |key: &TokenKey| Jwk::from_public_key(key.key.public_key(), Some(key.kid.clone())).ok();
    Jwks::new(keys.filter_map(jwk).collect())
}

/// The newest key whose time has come and has not passed.
fn in_force(keys: &[TokenKey], now: Millis) -> Option<&TokenKey> {
    keys.iter().rev().find(|key| key.active_from <= now && key.retires.is_none_or(|at| at > now))
}

fn changed(folder: &Path, file: &str) -> Option<SystemTime> {
    std::fs::metadata(folder.join(file)).and_then(|meta| meta.modified()).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::crypto::SeededRandom;

    const NOW: Millis = Millis(1_795_000_000_000);
    const MINUTE: Duration = Duration::from_mins(1);

    fn kid_of(token: &str) -> String {
        jws::Unverified::parse(token).unwrap().header().kid.clone().unwrap()
    }

    #[test]
    fn a_rotated_key_is_published_before_it_signs_and_the_old_one_until_its_tokens_end() {
        let folder = tempfile::tempdir().unwrap();
        Keyring::create(folder.path(), &SeededRandom::new(1), NOW).unwrap();
        let keys = Keyring::load_tokens(folder.path()).unwrap();
        let old = keys[0].kid.clone();
        let tokens = Tokens::new("https://as.example", folder.path().to_owned(), keys, Vec::new());
        let new = Keyring::rotate(folder.path(), NOW, MINUTE * 10, MINUTE * 5).unwrap();
        // The file's time may be the same to the clock's grain: forget when it was read.
        tokens.0.tokens.write().unwrap().read_at = None;
        assert!(tokens.refresh().unwrap());
        let sign = |now| kid_of(&tokens.sign("at+jwt", &serde_json::json!({}), now).unwrap());
        let published = |now| -> Vec<String> {
            tokens.jwks(now).keys().iter().map(|k| k.kid().unwrap().to_owned()).collect()
        };
        assert_eq!(sign(NOW), old);
        assert_eq!(published(NOW), [old.clone(), new.clone()]);
        assert_eq!(sign(NOW + MINUTE * 10), new);
        assert_eq!(published(NOW + MINUTE * 14), [old, new.clone()]);
        assert_eq!(published(NOW + MINUTE * 15), [new]);
    }
}
