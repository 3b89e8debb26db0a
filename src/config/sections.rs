//! The sections that belong to no other room.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::{NonZeroU32, NonZeroUsize},
    path::PathBuf,
};

use serde::{Deserialize, Deserializer};

use crate::{domain::catalogue::Text, secret::Secret};

/// `[listen]`: where requests arrive.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// Address and port, e.g. `127.0.0.1:8443`.
    pub address: SocketAddr,
    /// Certificate and key; without them plain HTTP, for the loopback or behind a proxy.
    #[serde(default)]
    pub tls: Option<Tls>,
    /// Says that a proxy in front speaks TLS and that nobody else reaches `address`.
    #[serde(default)]
    pub behind_tls_proxy: bool,
    /// Worker threads; one a core when absent.
    #[serde(default)]
    pub workers: Option<NonZeroUsize>,
}

impl Listen {
    /// Stands in for a section that cannot be read.
    pub(super) const fn loopback() -> Self {
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        Self { address, tls: None, behind_tls_proxy: false, workers: None }
    }
}

/// Certificate and key of the service, PEM.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The certificate, followed by those between it and the authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// `[database]`: where entries are kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// `sqlite:PATH` or `postgres://…`; `url_file` or `MINHBACH_DATABASE_URL` may give it instead.
    #[serde(default = "empty", deserialize_with = "secret")]
    pub url: Secret<String>,
    /// A file that holds nothing but the address, where it has a password in it.
    #[serde(default)]
    pub url_file: Option<PathBuf>,
    /// Connections at most.
    #[serde(default = "connections")]
    pub connections: NonZeroU32,
}

impl Database {
    /// Stands in for a section that cannot be read.
    pub(super) fn nowhere() -> Self {
        Self { url: Secret::new("sqlite:none".to_owned()), url_file: None, connections: connections() }
    }
}

/// `[log]`: where tiles and checkpoints are published.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSection {
    /// The folder of published files; made if absent.
    pub folder: PathBuf,
    /// A folder on separate storage for a copy of the newest checkpoint: without it nobody notices when database and
    /// `folder` are rolled back together.
    #[serde(default)]
    pub mirror: Option<PathBuf>,
    /// Milliseconds between two checkpoints, 100 to 60,000.
    #[serde(default = "second")]
    pub interval_ms: u32,
}

impl LogSection {
    /// Publishing every second into `folder`, without a mirror.
    pub(super) fn in_folder(folder: &str) -> Self {
        Self { folder: folder.into(), mirror: None, interval_ms: second() }
    }
}

/// `[policies]`: which purposes and rules apply.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PoliciesSection {
    /// A folder like `policies/`; the one built into the program when absent.
    pub folder: Option<PathBuf>,
    /// For demonstrations only: reads review dates as if the newest check had been made today.
    pub reviews_relative_to_start: bool,
}

/// `[consent]`: how people are asked, and what is expected of those who rely on consents.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConsentSection {
    /// Hours a recipient has to acknowledge that a consent ended; after that its client is suspended.
    pub suspend_after_hours: NonZeroU32,
    /// Whether an agency may ask somebody in the portal by her national id alone. Off, it needs its own handle of her or
    /// a token she made: a well-known number invites prompts that nobody wanted.
    pub national_id_hints: bool,
}

impl Default for ConsentSection {
    fn default() -> Self {
        let suspend_after_hours = NonZeroU32::new(72).unwrap_or(NonZeroU32::MIN);
        Self { suspend_after_hours, national_id_hints: false }
    }
}

/// `[limits]`: how much of a thing is too much. There is no way to say "unlimited": zero is refused.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Token requests of one client that may be refused in a minute before it is told to wait.
    pub token_refusals_per_minute: NonZeroU32,
    /// Answers "no record" to one client in an hour: more look like a search for who exists.
    pub no_record_per_hour: NonZeroU32,
    /// Sign-ins begun from one network address in a minute.
    pub sign_ins_per_minute: NonZeroU32,
    /// Requests for consent that may reach one person in the portal in 24 hours, from all agencies together.
    pub prompts_per_citizen_per_day: NonZeroU32,
    /// Requests for consent of one client to people who are not there, in a minute.
    pub prompts_per_minute: NonZeroU32,
}

impl Default for Limits {
    fn default() -> Self {
        let count = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        Self {
            token_refusals_per_minute: count(60),
            no_record_per_hour: count(100),
            sign_ins_per_minute: count(30),
            prompts_per_citizen_per_day: count(10),
            prompts_per_minute: count(60),
        }
    }
}

/// `[[auditors]]`: somebody who may read entry bundles.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditorSection {
    /// Who it is, for people who read the file.
    name: String,
    /// SHA-256 of the bearer token, 64 hexadecimal digits: `printf %s "$TOKEN" | sha256sum`.
    token_sha256: String,
}

impl AuditorSection {
    /// The digest, or what is wrong with it.
    pub(super) fn resolve(self) -> Result<crate::crypto::Digest, String> {
        let digits = self.token_sha256.as_bytes().as_chunks::<2>();
        let bytes: Option<Vec<u8>> = match digits {
            (pairs, []) => pairs
                .iter()
                .map(|pair| std::str::from_utf8(pair).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok()))
                .collect(),
            _ => None,
        };
        bytes
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| format!("`token_sha256` of {} must be 64 hexadecimal digits", self.name))
    }
}

/// `[portal]`: what the pages call themselves.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Portal {
    /// The name of the service.
    pub service_name: Text,
    /// The telephone number to call.
    pub hotline: String,
}

impl Default for Portal {
    fn default() -> Self {
        let service_name = Text { vi: "Minh Bạch".to_owned(), en: "Minh Bạch".to_owned() };
        Self { service_name, hotline: String::new() }
    }
}

/// `[people]`: people who act for others.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct People {
    /// The age, in years, from which a child decides alone: 16 is that of the Law on Children (102/2016/QH13),
    /// Article 1; 18 that of the Civil Code (91/2015/QH13), Article 20.
    pub hand_over_age: u8,
}

impl Default for People {
    fn default() -> Self {
        Self { hand_over_age: 16 }
    }
}

const fn empty() -> Secret<String> {
    Secret::new(String::new())
}

fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Secret<String>, D::Error> {
    String::deserialize(from).map(Secret::new)
}

fn connections() -> NonZeroU32 {
    NonZeroU32::new(16).unwrap_or(NonZeroU32::MIN)
}

const fn second() -> u32 {
    1000
}
