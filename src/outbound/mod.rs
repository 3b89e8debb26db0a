//! Everything that leaves this process over HTTP: the client itself, the registers it asks, identity providers, those
//! who are told that a consent ended, and the telemetry collector. The only room that names `reqwest`.
//!
//! In scope: TLS, time-outs, size limits, reading exactly the asked fields out of an answer. Out of scope: deciding
//! which fields may be asked for (`policy`), what is passed on (`gateway`), and who is signed in (`login`).

pub mod exchange;
pub mod http;
pub mod otlp;
pub mod push;
pub mod sources;
