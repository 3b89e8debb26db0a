//! How HTTP clients are built: rustls over ring, no redirects, no proxy from the environment, time-outs always.

use std::time::Duration;

/// A client for public endpoints, with the trust anchors of the operating system.
///
/// # Errors
/// A sentence when the TLS configuration or the client cannot be built.
pub fn client() -> Result<reqwest::Client, String> {
    // A process-wide provider may already be there; either way it is ring's.
    let _ = rustls::crypto::CryptoProvider::install_default(rustls::crypto::ring::default_provider());
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(Duration::from_secs(3))
        .timeout(Duration::from_secs(10))
        .user_agent(concat!("minhbach/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|e| e.to_string())
}
