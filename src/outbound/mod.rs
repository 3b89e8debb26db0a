//! HTTP that leaves the house: the only room that names `reqwest`.
//!
//! In scope: clients with time-outs and without redirects, one bounded exchange, the telemetry transport.
//! Out of scope: what is asked and why (see `login`, `gateway`).

pub mod exchange;
pub mod http;
pub mod otlp;
