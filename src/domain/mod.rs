//! The nouns: what things are and what they may do, without clock or I/O.

pub mod record;
pub mod subject;
