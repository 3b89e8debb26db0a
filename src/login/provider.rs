//! An issuer as it is known at this moment: its metadata and keys, fetched when first needed, kept for a while, and
//! fetched again, not too often, when a token names a key nobody has seen.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use openidconnect::{
    AdditionalProviderMetadata, AuthType, ClientId, ClientSecret, EndSessionUrl, IssuerUrl, JsonWebKeySet,
    ProviderMetadata, RedirectUrl, TokenUrl, UserInfoUrl,
    core::{
        CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
        CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType,
        CoreSubjectIdentifierType,
    },
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use url::Url;

use super::{
    client_assertion::AssertionKey,
    config::{ClientAuthentication, IssuerConfig, is_acceptable},
    error::LoginError,
};
use crate::{outbound::exchange::Exchange, secret::Secret, time::Millis};

/// Metadata and keys older than this are fetched again, so that a withdrawn key stops counting.
const FRESH_MS: i64 = 15 * 60 * 1000;
/// While the issuer cannot be reached, what is known may be used for this long.
const STALE_MS: i64 = 12 * 60 * 60 * 1000;
/// After a failed fetch nobody tries again for this long.
const RETRY_MS: i64 = 5 * 1000;
/// Unknown keys make the keys be fetched at most this often, however many tokens name them.
const KEY_REFRESH_MS: i64 = 30 * 1000;

/// Members of the discovery document that `openidconnect` does not know.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct MoreMetadata {
    pub(super) end_session_endpoint: Option<EndSessionUrl>,
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}
impl AdditionalProviderMetadata for MoreMetadata {}

type Metadata = ProviderMetadata<
    MoreMetadata,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// Why a [`Provider`] cannot be built from its configuration.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The section contradicts itself; every problem, one a line.
    #[error("{0}")]
    Config(String),
    /// A file of secrets cannot be read.
    #[error("`{file}` cannot be read: {cause}")]
    File {
        /// The file.
        file: PathBuf,
        /// What the operating system, or the parser, said.
        cause: String,
    },
}

pub(super) enum Credential {
    Basic(Secret<String>),
    Post(Secret<String>),
    Assertion(AssertionKey),
}

/// What has been fetched, immutable once fetched.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) metadata: Metadata,
    pub(super) keys: JsonWebKeySet<CoreJsonWebKey>,
    fetched: Millis,
}

#[derive(Debug, Default)]
struct Attempts {
    failed: Option<Millis>,
    keys: Option<Millis>,
}

/// One configured issuer, ready to sign people in.
pub struct Provider {
    pub(super) config: IssuerConfig,
    pub(super) issuer: IssuerUrl,
    pub(super) redirect: RedirectUrl,
    pub(super) http: Exchange,
    pub(super) credential: Credential,
    known: RwLock<Option<Arc<Known>>>,
    attempts: Mutex<Attempts>,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Provider({})", self.config.issuer)
    }
}

impl Provider {
    /// Checks the configuration and reads its secret files; nothing is asked of the issuer yet.
    /// `redirect` is the callback address of this service as registered at the issuer.
    pub fn new(config: IssuerConfig, redirect: Url, http: Exchange) -> Result<Self, ProviderError> {
        let problems = config.problems();
        if !problems.is_empty() {
            return Err(ProviderError::Config(problems.join("\n")));
        }
        let issuer =
            IssuerUrl::new(config.issuer.clone()).map_err(|e| ProviderError::Config(e.to_string()))?;
        let credential = match &config.authentication {
            ClientAuthentication::ClientSecretBasic { client_secret, client_secret_file } => {
                Credential::Basic(shared_secret(client_secret.as_ref(), client_secret_file.as_deref())?)
            }
            ClientAuthentication::ClientSecretPost { client_secret, client_secret_file } => {
                Credential::Post(shared_secret(client_secret.as_ref(), client_secret_file.as_deref())?)
            }
            ClientAuthentication::PrivateKeyJwt { key_file, key_id } => {
                let pem = read(key_file)?;
                let key =
                    AssertionKey::from_pem(pem.expose().as_bytes(), key_id.clone()).map_err(|cause| {
                        ProviderError::File { file: key_file.clone(), cause: cause.to_owned() }
                    })?;
                Credential::Assertion(key)
            }
        };
        Ok(Self {
            config,
            issuer,
            redirect: RedirectUrl::from_url(redirect),
            http,
            credential,
            known: RwLock::new(None),
            attempts: Mutex::default(),
        })
    }

    /// Its configuration: issuer, role, display name.
    #[must_use]
    pub const fn config(&self) -> &IssuerConfig {
        &self.config
    }

    /// Fetches metadata and keys if they are not known or no longer fresh. Signing in does it by itself; a readiness
    /// check may call it too.
    pub async fn discover(&self, now: Millis) -> Result<(), LoginError> {
        self.known(now).await.map(drop)
    }

    /// Where a form of ours may lead: the issuer, and its endpoints for signing in and out once they are known.
    #[must_use]
    pub fn destinations(&self) -> Vec<Url> {
        let mut all = vec![self.issuer.url().clone()];
        if let Some(known) = self.snapshot() {
            let metadata = &known.metadata;
            all.push(metadata.authorization_endpoint().url().clone());
            let end_session = metadata.additional_metadata().end_session_endpoint.as_ref();
            all.extend(end_session.map(|end| end.url().clone()));
        }
        all
    }

    pub(super) fn client_id(&self) -> ClientId {
        ClientId::new(self.config.client_id.clone())
    }

    /// The shared secret as `openidconnect` wants it, and where it goes. With an assertion there is no secret and
    /// only `client_id` stands in the body.
    pub(super) fn shared_secret(&self) -> (Option<ClientSecret>, AuthType) {
        match &self.credential {
            Credential::Basic(secret) => {
                (Some(ClientSecret::new(secret.expose().clone())), AuthType::BasicAuth)
            }
            Credential::Post(secret) => {
                (Some(ClientSecret::new(secret.expose().clone())), AuthType::RequestBody)
            }
            Credential::Assertion(_) => (None, AuthType::RequestBody),
        }
    }

    fn snapshot(&self) -> Option<Arc<Known>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, known: Known) -> Arc<Known> {
        let known = Arc::new(known);
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&known));
        known
    }

    pub(super) async fn known(&self, now: Millis) -> Result<Arc<Known>, LoginError> {
        let fresh = |known: &Arc<Known>| now.since(known.fetched) < FRESH_MS;
        if let Some(known) = self.snapshot().filter(fresh) {
            return Ok(known);
        }
        // One fetch at a time: whoever waited here finds what the first one brought.
        let mut attempts = self.attempts.lock().await;
        let last = self.snapshot();
        if let Some(known) = last.clone().filter(fresh) {
            return Ok(known);
        }
        let stale = last.filter(|known| now.since(known.fetched) < STALE_MS);
        if attempts.failed.is_some_and(|at| (0..RETRY_MS).contains(&now.since(at))) {
            return stale.ok_or_else(|| LoginError::Unavailable("it failed a moment ago".to_owned()));
        }
        match self.fetch(now).await {
            Ok(known) => {
                attempts.failed = None;
                Ok(self.keep(known))
            }
            Err(error) => {
                attempts.failed = Some(now);
                tracing::warn!(issuer = %self.config.issuer, code = error.code(), %error, "login.discover failed");
                stale.ok_or(error)
            }
        }
    }

    async fn fetch(&self, now: Millis) -> Result<Known, LoginError> {
        let http = |request| self.http.send(request);
        // Also checks that the document names this very issuer (OpenID Connect Discovery §4.3).
        let metadata = Metadata::discover_async(self.issuer.clone(), &http).await.map_err(unavailable)?;
        let keys = usable(metadata.jwks());
        let mut endpoints = vec![metadata.authorization_endpoint().url(), metadata.jwks_uri().url()];
        endpoints.extend(metadata.token_endpoint().map(TokenUrl::url));
        endpoints.extend(metadata.userinfo_endpoint().map(UserInfoUrl::url));
        endpoints
            .extend(metadata.additional_metadata().end_session_endpoint.as_ref().map(EndSessionUrl::url));
        if !endpoints.into_iter().all(is_acceptable) {
            return Err(LoginError::Unavailable(
                "its discovery document names a plain http address".to_owned(),
            ));
        }
        Ok(Known { metadata, keys, fetched: now })
    }

    /// What is known after a token named a key that `seen` lacks: the keys again, or nothing when they were fetched
    /// too recently for that.
    async fn after_unknown_key(&self, seen: &Arc<Known>, now: Millis) -> Option<Arc<Known>> {
        let mut attempts = self.attempts.lock().await;
        let newest = self.snapshot()?;
        if !Arc::ptr_eq(&newest, seen) {
            return Some(newest);
        }
        if attempts.keys.is_some_and(|at| (0..KEY_REFRESH_MS).contains(&now.since(at))) {
            return None;
        }
        attempts.keys = Some(now);
        let http = |request| self.http.send(request);
        let keys = JsonWebKeySet::fetch_async(newest.metadata.jwks_uri(), &http).await.ok()?;
        let keys = usable(&keys);
        Some(self.keep(Known { metadata: newest.metadata.clone(), keys, fetched: now }))
    }

    /// Runs a verification with the known keys, and once more with fresh ones if it failed for want of a key.
    pub(super) async fn verify<T>(
        &self,
        now: Millis,
        check: impl Fn(&Known) -> Result<T, LoginError>,
    ) -> Result<T, LoginError> {
        let known = self.known(now).await?;
        match check(&known) {
            // A signature that fails may be an issuer that changed its key and gives no `kid`.
            Err(error @ (LoginError::UnknownKey | LoginError::BadSignature)) => {
                match self.after_unknown_key(&known, now).await {
                    Some(newer) => check(&newer),
                    None => Err(error),
                }
            }
            done => done,
        }
    }
}

/// Keys worth verifying with: public, asymmetric, RSA of at least 2048 bits (FAPI 2.0 §5.4.1).
pub(super) fn usable(keys: &JsonWebKeySet<CoreJsonWebKey>) -> JsonWebKeySet<CoreJsonWebKey> {
    let strong = |key: &&CoreJsonWebKey| {
        let Ok(json) = serde_json::to_value(key) else { return false };
        let text = |name: &str| json.get(name).and_then(|v| v.as_str());
        match text("kty") {
            // 2048 bits are 342 characters of base64url.
            Some("RSA") => text("n").is_some_and(|n| n.trim_start_matches('A').len() >= 341),
            Some("EC" | "OKP") => true,
            _ => false,
        }
    };
    JsonWebKeySet::new(keys.keys().iter().filter(strong).cloned().collect())
}

pub(super) fn unavailable(error: impl std::error::Error) -> LoginError {
    let cause = std::error::Error::source(&error).map(|c| format!(": {c}")).unwrap_or_default();
    LoginError::Unavailable(format!("{error}{cause}"))
}

fn shared_secret(
    value: Option<&Secret<String>>,
    file: Option<&Path>,
) -> Result<Secret<String>, ProviderError> {
    match (value, file) {
        (Some(secret), _) => Ok(secret.clone()),
        (None, Some(file)) => {
            let text = read(file)?;
            Ok(Secret::new(text.expose().trim_end().to_owned()))
        }
        (None, None) => Err(ProviderError::Config("no client secret is given".to_owned())),
    }
}

fn read(file: &Path) -> Result<Secret<String>, ProviderError> {
    std::fs::read_to_string(file)
        .map(Secret::new)
        .map_err(|e| ProviderError::File { file: file.to_owned(), cause: e.to_string() })
}
