//! The application: opens what the configuration names and puts it together.
//!
//! Out of scope: reading the configuration (`config`), the demonstration (`demo`), commands (`cli`).

pub mod engines;
pub mod serve;
pub mod service;
