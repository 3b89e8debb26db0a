//! The demonstration's stand-ins: synthetic people, the registers that hold their records, and an identity provider.
//!
//! Nobody here exists: national ids start with 999, which no province has, and names mean "test", "example", "sample".
//! Everything listens on the loopback only. Out of scope: the service itself, and the walk through the story.

pub mod agency;
pub mod browser;
pub mod idp;
pub mod kit;
pub mod people;
pub mod registers;
pub mod run;
pub mod settings;
pub mod sites;
pub mod walk;

#[cfg(test)]
mod tests;
