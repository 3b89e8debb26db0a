//! Everything that leaves this process over HTTP: the client itself and the registers it asks.
//!
//! In scope: TLS, time-outs, size limits, reading exactly the asked fields out of an answer. Out of scope: deciding
//! which fields may be asked for (`policy`) and what is passed on (`gateway`).

pub mod http;
pub mod sources;
