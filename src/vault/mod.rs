//! Who a record is about: national ids and handles to subjects, and subjects to their keys.
//!
//! A person is found by a keyed digest (blind index) of her national id; the key is outside the database. A
//! well-formed id gets a subject at its first mention, whether or not such a person exists: there is no population
//! register here, and nobody can ask this room who exists. A handle is 128 random bits for one agency and one person.
//! Out of scope: what is recorded about anybody (`ledger`).

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use moka::sync::Cache;
use uuid::Uuid;

use crate::{
    crypto::{self, Digest, Random},
    domain::subject::{NationalId, Subject},
    id,
    keyring::Keyring,
    store::{
        Store,
        subjects::{Handle, Subject as Row},
    },
    time::{Clock, Millis},
};

/// How a subject cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// The subject's key was destroyed, or the master key is not the one that wrapped it.
    #[error("the key of subject {0} cannot be unwrapped")]
    Sealed(Uuid),
}

/// The room's keys and short memory. Keys are remembered for a minute, so destroying one takes effect within that.
#[derive(Clone)]
pub struct Vault(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    master: Digest,
    index: Digest,
    private: Digest,
    subjects: Cache<Digest, Subject>,
    by_id: Cache<Uuid, Subject>,
    handles: Cache<Digest, Arc<str>>,
}

impl Vault {
    /// Opens the vault with the keyring's keys.
    #[must_use]
    pub fn new(store: Store, keys: &Keyring, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        let minute = Duration::from_mins(1);
        Self(Arc::new(Inner {
            store,
            clock,
            random,
            master: crypto::hkdf(keys.master.expose(), b"minhbach/wrap/1"),
            index: crypto::hkdf(keys.index.expose(), b"minhbach/index/1"),
            private: crypto::hkdf(keys.master.expose(), b"minhbach/private/1"),
            subjects: Cache::builder().max_capacity(50_000).time_to_live(minute).build(),
            by_id: Cache::builder().max_capacity(50_000).time_to_live(minute).build(),
            handles: Cache::builder().max_capacity(50_000).time_to_live(minute).build(),
        }))
    }

    /// The citizen with this national id, known from now on if she was not before.
    ///
    /// # Errors
    /// [`VaultError`] when the database fails or the key is gone.
    pub async fn citizen(&self, national_id: &NationalId) -> Result<Subject, VaultError> {
        let lookup = self.lookup(&[b"citizen", national_id.expose().as_bytes()]);
        let identity = serde_json::json!({ "national_ids": [national_id.expose()] }).to_string();
        self.get_or_create("citizen", lookup, Some(identity.as_bytes())).await
    }

    /// The subject of an agency's own records.
    ///
    /// # Errors
    /// [`VaultError`] when the database fails or the key is gone.
    pub async fn agency(&self, agency: &str) -> Result<Subject, VaultError> {
        let lookup = self.lookup(&[b"agency", agency.as_bytes()]);
        self.get_or_create("agency", lookup, None).await
    }

    /// The subject of the service's own records.
    ///
    /// # Errors
    /// [`VaultError`] when the database fails or the key is gone.
    pub async fn system(&self) -> Result<Subject, VaultError> {
        self.get_or_create("system", self.lookup(&[b"system"]), None).await
    }

    /// A subject by its internal id.
    ///
    /// # Errors
    /// [`VaultError`] when the database fails or the key is gone.
    pub async fn subject(&self, id: Uuid) -> Result<Option<Subject>, VaultError> {
        if let Some(subject) = self.0.by_id.get(&id) {
            return Ok(Some(subject));
        }
        let Some(row) = self.0.store.subject(id).await? else { return Ok(None) };
        let subject = self.unwrap(&row)?;
        self.0.by_id.insert(id, subject.clone());
        Ok(Some(subject))
    }

    /// The newest national id of a citizen; `None` for an agency or the service.
    ///
    /// # Errors
    /// [`VaultError`] when the database fails or the identity cannot be opened.
    pub async fn national_id(&self, subject: &Subject) -> Result<Option<NationalId>, VaultError> {
        #[derive(serde::Deserialize)]
        struct Identity {
            national_ids: Vec<String>,
        }
        let Some(row) = self.0.store.subject(subject.id()).await? else { return Ok(None) };
        let Some(sealed) = row.identity else { return Ok(None) };
        let sealed_error = || VaultError::Sealed(subject.id());
        let bytes = crypto::open(subject.identity_key(), subject.id().as_bytes(), &sealed)
            .ok_or_else(sealed_error)?;
        let mut identity: Identity = serde_json::from_slice(&bytes).map_err(|_| sealed_error())?;
        Ok(identity.national_ids.pop().and_then(NationalId::parse))
    }

    /// The handle by which an agency knows a person; made at first use and never changed.
    ///
    /// # Errors
    /// [`VaultError`] when the database fails or the handle cannot be opened.
    pub async fn handle(&self, agency: &str, subject: &Subject) -> Result<Arc<str>, VaultError> {
        let owner = self.lookup(&[b"handle-of", agency.as_bytes(), subject.id().as_bytes()]);
        if let Some(handle) = self.0.handles.get(&owner) {
            return Ok(handle);
        }
        let handle: Arc<str> = match self.0.store.handle_by_owner(&owner).await? {
            Some(row) => open_handle(&row, subject)?,
            None => self.new_handle(agency, owner, subject).await?,
        };
        self.0.handles.insert(owner, Arc::clone(&handle));
        Ok(handle)
    }

    /// The person an agency means by a handle; `None` when it has no such handle.
    ///
    /// # Errors
    /// [`VaultError`] when the database fails or the key is gone.
    pub async fn by_handle(&self, agency: &str, handle: &str) -> Result<Option<Subject>, VaultError> {
        let lookup = self.lookup(&[b"handle", agency.as_bytes(), handle.as_bytes()]);
        match self.0.store.subject_by_handle(&lookup).await? {
            Some(id) => self.subject(id).await,
            None => Ok(None),
        }
    }

    /// Seals something short-lived of the service's own (a session, a sign-in under way).
    #[must_use]
    pub fn seal_private(&self, context: &[u8], bytes: &[u8]) -> Vec<u8> {
        crypto::seal(&self.0.private, self.0.random.as_ref(), context, bytes)
    }

    /// Opens what [`Vault::seal_private`] sealed.
    #[must_use]
    pub fn open_private(&self, context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        crypto::open(&self.0.private, context, sealed)
    }

    /// A keyed digest by which something can be found again and not guessed.
    #[must_use]
    pub fn lookup(&self, parts: &[&[u8]]) -> Digest {
        crypto::hmac(&self.0.index, parts)
    }

    async fn get_or_create(
        &self,
        kind: &str,
        lookup: Digest,
        identity: Option<&[u8]>,
    ) -> Result<Subject, VaultError> {
        if let Some(subject) = self.0.subjects.get(&lookup) {
            return Ok(subject);
        }
        let subject = match self.0.store.subject_by_lookup(&lookup).await? {
            Some(row) => self.unwrap(&row)?,
            None => self.create(kind, &lookup, identity).await?,
        };
        self.0.subjects.insert(lookup, subject.clone());
        self.0.by_id.insert(subject.id(), subject.clone());
        Ok(subject)
    }

    async fn create(
        &self,
        kind: &str,
        lookup: &Digest,
        identity: Option<&[u8]>,
    ) -> Result<Subject, VaultError> {
        let now: Millis = self.0.clock.now();
        let id = id::new(now, self.0.random.as_ref());
        let key = self.0.random.bytes::<32>();
        let subject = Subject::new(id, &key);
        let random = self.0.random.as_ref();
        let row = Row {
            id,
            kind: kind.to_owned(),
            wrapped_key: Some(crypto::seal(&self.0.master, random, id.as_bytes(), &key)),
            identity: identity
                .map(|bytes| crypto::seal(subject.identity_key(), random, id.as_bytes(), bytes)),
            created_at: now.0,
        };
        if self.0.store.insert_subject(&row, lookup).await? {
            return Ok(subject);
        }
        // Somebody else mentioned the same person first; theirs is the one.
        let row = self.0.store.subject_by_lookup(lookup).await?.ok_or(VaultError::Sealed(id))?;
        self.unwrap(&row)
    }

    fn unwrap(&self, row: &Row) -> Result<Subject, VaultError> {
        let sealed = || VaultError::Sealed(row.id);
        let wrapped = row.wrapped_key.as_deref().ok_or_else(sealed)?;
        let key = crypto::open(&self.0.master, row.id.as_bytes(), wrapped).ok_or_else(sealed)?;
        let key: [u8; 32] = key.try_into().map_err(|_| sealed())?;
        Ok(Subject::new(row.id, &key))
    }

    async fn new_handle(
        &self,
        agency: &str,
        owner: Digest,
        subject: &Subject,
    ) -> Result<Arc<str>, VaultError> {
        let handle = URL_SAFE_NO_PAD.encode(self.0.random.bytes::<16>());
        let row = Handle {
            owner: owner.to_vec(),
            lookup: self.lookup(&[b"handle", agency.as_bytes(), handle.as_bytes()]).to_vec(),
            subject: subject.id(),
            sealed: crypto::seal(subject.identity_key(), self.0.random.as_ref(), &owner, handle.as_bytes()),
        };
        if self.0.store.insert_handle(&row).await? {
            return Ok(handle.into());
        }
        let row = self.0.store.handle_by_owner(&owner).await?.ok_or(VaultError::Sealed(subject.id()))?;
        open_handle(&row, subject)
    }
}

fn open_handle(row: &Handle, subject: &Subject) -> Result<Arc<str>, VaultError> {
    crypto::open(subject.identity_key(), &row.owner, &row.sealed)
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .map(Arc::from)
        .ok_or(VaultError::Sealed(subject.id()))
}

#[cfg(test)]
mod tests;
