//! HTTP clients: ring for TLS, no redirects, no proxy from the environment, and a limit on every wait.
//!
//! Out of scope: what is asked, and of whom.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

pub use reqwest::Client;
use reqwest::{Certificate, Identity, redirect::Policy};
use rustls::crypto::CryptoProvider;
use url::{Host, Url};

use crate::secret::Secret;

/// How long a connection may take to be made, TLS included.
const CONNECT: Duration = Duration::from_secs(2);
/// How long the other side may stay silent within an answer.
const READ: Duration = Duration::from_secs(5);
/// How long one exchange may take from start to end, unless the request says less.
const TOTAL: Duration = Duration::from_secs(10);

/// What says who is on the other side of a TLS connection.
#[derive(Clone, Debug, Default)]
pub enum Trust {
    /// The certificate authorities of this machine.
    #[default]
    System,
    /// These authorities (PEM, one or more certificates) and no others.
    Only(Vec<u8>),
    /// Nobody: for clients that speak plain HTTP on the loopback; every TLS handshake fails.
    Nobody,
}

/// How a client differs from the ordinary one.
#[derive(Debug, Default)]
pub struct Options {
    /// Whom to believe.
    pub trust: Trust,
    /// Our own certificate chain and private key, PEM one after another: mutual TLS (RFC 8446 §4.4.2).
    pub identity: Option<Secret<Vec<u8>>>,
    /// Limit on making a connection; 2 s when absent.
    pub connect_timeout: Option<Duration>,
    /// Limit on silence within an answer; 5 s when absent.
    pub read_timeout: Option<Duration>,
    /// Limit on one whole exchange; 10 s when absent.
    pub timeout: Option<Duration>,
}

/// Why no client can be built.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The trust anchors hold no certificate, or one that cannot be read.
    #[error("the trust anchors are not certificates in PEM")]
    BadTrustAnchors,
    /// The client certificate or its key cannot be read, or they do not belong together.
    #[error("the client certificate and key are not a certificate chain and its private key in PEM")]
    BadIdentity,
    /// The machine gives no trust anchors, or TLS cannot be set up otherwise.
    #[error("no HTTPS client can be made: {0}")]
    Tls(#[source] reqwest::Error),
}

/// The ordinary client: the machine's certificate authorities and no client certificate.
pub fn client() -> Result<Client, HttpError> {
    client_with(&Options::default())
}

/// A client as `options` say.
pub fn client_with(options: &Options) -> Result<Client, HttpError> {
    let provider = provider();
    let mut builder = Client::builder()
        .user_agent(concat!("minhbach/", env!("CARGO_PKG_VERSION")))
        // A redirect would carry a national id to an address nobody configured.
        .redirect(Policy::none())
        .no_proxy()
        .referer(false)
        .http1_only()
        .connect_timeout(options.connect_timeout.unwrap_or(CONNECT))
        .read_timeout(options.read_timeout.unwrap_or(READ))
        .timeout(options.timeout.unwrap_or(TOTAL))
        .pool_idle_timeout(Duration::from_secs(30));
    builder = match &options.trust {
        Trust::System => builder,
        Trust::Nobody => builder.tls_certs_only([]),
        Trust::Only(pem) => builder.tls_certs_only(anchors(pem)?),
    };
    if let Some(pem) = &options.identity {
        check_identity(pem.expose(), &provider)?;
        builder = builder.identity(Identity::from_pem(pem.expose()).map_err(|_| HttpError::BadIdentity)?);
    }
    builder.build().map_err(HttpError::Tls)
}

/// Makes ring the process's TLS provider, and gives it. Only ring is compiled in (DESIGN D3); naming it spares the
/// panic of a process in which some crate brought a second one.
pub fn provider() -> Arc<CryptoProvider> {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        // An error only says that a provider is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    CryptoProvider::get_default()
        .map_or_else(|| Arc::new(rustls::crypto::ring::default_provider()), Arc::clone)
}

/// Whether an address stays on this machine: a loopback address, or `localhost`. Only there may plain http be spoken.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn anchors(pem: &[u8]) -> Result<Vec<Certificate>, HttpError> {
    let found = Certificate::from_pem_bundle(pem).map_err(|_| HttpError::BadTrustAnchors)?;
    if found.is_empty() { Err(HttpError::BadTrustAnchors) } else { Ok(found) }
}

/// Finds out now, not at the first handshake, that a key does not belong to its certificate.
fn check_identity(pem: &[u8], provider: &CryptoProvider) -> Result<(), HttpError> {
    use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
    let chain = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| HttpError::BadIdentity)?;
    let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| HttpError::BadIdentity)?;
    rustls::sign::CertifiedKey::from_der(chain, key, provider).map(|_| ()).map_err(|_| HttpError::BadIdentity)
}

#[cfg(test)]
mod tests;
