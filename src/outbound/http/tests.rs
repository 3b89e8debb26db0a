use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::Arc,
    thread,
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{RootCertStore, ServerConfig, ServerConnection, Stream, server::WebPkiClientVerifier};
use rustls_pki_types::PrivateKeyDer;

use super::*;
use crate::outbound::sources::{SourceError, Sources};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn leaf(name: &str, by: &Authority) -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    (CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, by).unwrap(), key)
}

fn identity(by: &Authority) -> Secret<Vec<u8>> {
    let (certificate, key) = leaf("minhbach.invalid", by);
    Secret::new(format!("{}{}", certificate.pem(), key.serialize_pem()).into_bytes())
}

/// A register that demands a client certificate of `clients`; answers one exchange after another.
fn register(servers: &Authority, clients: &Authority) -> String {
    let (certificate, key) = leaf("localhost", servers);
    let mut roots = RootCertStore::empty();
    roots.add(clients.der().clone()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider()).build().unwrap();
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = socket.unwrap();
            let mut tls = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = Stream::new(&mut tls, &mut socket);
            let mut asked = [0_u8; 4096];
            if stream.read(&mut asked).is_ok() {
                let _ = stream
                    .write_all(b"HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
                    .and_then(|()| stream.flush());
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    format!("https://localhost:{port}/")
}

async fn get(url: &str, trust: Trust, identity: Option<Secret<Vec<u8>>>) -> Result<String, reqwest::Error> {
    let client = client_with(&Options { trust, identity, ..Options::default() }).unwrap();
    client.get(url).send().await?.text().await
}

#[tokio::test]
async fn a_register_that_demands_our_certificate_gets_it() {
    let (servers, clients) = (authority("servers"), authority("clients"));
    let url = register(&servers, &clients);
    let trust = || Trust::Only(servers.pem().into_bytes());
    assert_eq!(get(&url, trust(), Some(identity(&clients))).await.unwrap(), "{}");
    assert!(get(&url, trust(), None).await.is_err(), "no certificate");
    let strangers = authority("strangers");
    assert!(get(&url, trust(), Some(identity(&strangers))).await.is_err(), "another authority's certificate");
}

#[tokio::test]
async fn a_described_source_uses_the_files_its_description_names() {
    let (servers, clients) = (authority("servers"), authority("clients"));
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = leaf("minhbach.invalid", &clients);
    std::fs::write(folder.path().join("ca.pem"), servers.pem()).unwrap();
    std::fs::write(folder.path().join("own.pem"), certificate.pem()).unwrap();
    std::fs::write(folder.path().join("own.key"), key.serialize_pem()).unwrap();
    let url = register(&servers, &clients);
    for (tls, expected) in [
        (r#"{ ca = "ca.pem", certificate = "own.pem", key = "own.key" }"#, SourceError::NoRecord),
        (r#"{ ca = "ca.pem" }"#, SourceError::Unavailable),
        (r#"{ certificate = "own.pem", key = "own.key" }"#, SourceError::Unavailable),
    ] {
        let text = format!(
            "id = \"population\"\nurl = \"{url}\"\nid_pointer = \"/id\"\ntls = {tls}\nfields = {{ a = {{ pointer = \"/a\" }} }}"
        );
        let sources = Sources::open(vec![toml::from_str(&text).unwrap()], folder.path()).unwrap();
        let answer = sources.ask("population", "999000000015", &["a".to_owned()]).await;
        assert_eq!(answer.unwrap_err(), expected, "{tls}");
    }
}

#[tokio::test]
async fn a_register_whose_authority_we_do_not_trust_is_not_spoken_to() {
    let (servers, clients) = (authority("servers"), authority("clients"));
    let url = register(&servers, &clients);
    for trust in [Trust::Only(clients.pem().into_bytes()), Trust::Nobody] {
        let refused = get(&url, trust, Some(identity(&clients))).await.unwrap_err();
        assert!(refused.is_connect(), "{refused:?}");
    }
}

#[test]
fn a_key_of_another_certificate_is_refused_at_once() {
    let by = authority("clients");
    let (certificate, _) = leaf("one.invalid", &by);
    let (_, key) = leaf("two.invalid", &by);
    let identity = Secret::new(format!("{}{}", certificate.pem(), key.serialize_pem()).into_bytes());
    let refused =
        client_with(&Options { trust: Trust::Nobody, identity: Some(identity), ..Options::default() });
    assert!(matches!(refused, Err(HttpError::BadIdentity)));
}

#[test]
fn trust_anchors_without_a_certificate_are_refused() {
    for pem in [&b""[..], b"not a certificate"] {
        let refused = client_with(&Options { trust: Trust::Only(pem.to_vec()), ..Options::default() });
        assert!(matches!(refused, Err(HttpError::BadTrustAnchors)));
    }
}
