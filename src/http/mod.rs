//! The edge: routes, handlers and the pages people read. Parse, call one office, render; no rule lives here.
//!
//! The only room that names `actix_web` besides the doors. Start with [`routes`].

pub mod data;
pub mod error;
pub mod grants;
pub mod log;
pub mod notices;
pub mod oauth;
pub mod observe;
pub mod openapi;
pub mod operations;
pub mod pages;
pub mod portal;
pub mod receipts;
pub mod request;
pub mod routes;
mod service;

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI64, Ordering},
};

use crate::{engines::Engines, gateway::data::Gateway, jose::NonceKey, telemetry::Guard, time::Millis};

/// What every handler works with.
pub struct State {
    /// The engines.
    pub engines: Engines,
    /// The data gateway.
    pub gateway: Gateway,
    /// The key of DPoP nonces, shared by all nodes.
    pub nonces: NonceKey,
    /// How often a client may be refused in a minute before it is told to wait.
    pub refusals: crate::limit::Limit,
    /// How often a stream may be verified.
    pub verifications: crate::limit::Limit,
    /// How citizens who are not there may be asked.
    pub prompting: crate::oauth::Prompting,
    /// The portal's settings, and the issuers that sign people in.
    pub desk: portal::Desk,
    /// Who may read entry bundles: SHA-256 of their bearer tokens.
    pub auditors: Vec<crate::crypto::Digest>,
    /// Metrics and traces.
    pub telemetry: Arc<Guard>,
    /// How the publishing job is doing.
    pub publishing: Publishing,
}

/// What the publishing job last said, for `/readyz`.
#[derive(Clone, Debug, Default)]
pub struct Publishing(Arc<PublishingInner>);

#[derive(Debug, Default)]
struct PublishingInner {
    refused: AtomicBool,
    at: AtomicI64,
}

impl Publishing {
    /// Publishing went well, or there was nothing to publish.
    pub fn well(&self, at: Millis) {
        self.0.refused.store(false, Ordering::Relaxed);
        self.0.at.store(at.0, Ordering::Relaxed);
    }

    /// Publishing was refused or failed.
    pub fn badly(&self) {
        self.0.refused.store(true, Ordering::Relaxed);
    }

    /// Whether the job is well and has been so lately.
    #[must_use]
    pub fn is_well(&self, now: Millis) -> bool {
        const LATE: i64 = 30_000;
        !self.0.refused.load(Ordering::Relaxed) && now.since(Millis(self.0.at.load(Ordering::Relaxed))) < LATE
    }
}
