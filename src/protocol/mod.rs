//! What travels in OAuth requests and answers: forms, the authorization detail, errors, metadata, tokens.
//!
//! In scope: reading strictly and writing exactly. Out of scope: deciding anything, signatures (`jose`), HTTP.
//! Every text read here comes from outside; no error repeats a value of it.

pub mod authorize;
pub mod ciba;
pub mod error;
pub mod form;
pub mod grants;
pub mod introspection;
pub mod metadata;
pub mod pkce;
pub mod problem;
pub mod rar;
pub mod scope;
pub mod token;

pub use crate::json;
