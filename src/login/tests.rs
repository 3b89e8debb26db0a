//! Sign-ins, actor tokens and logout tokens against an identity provider over real HTTP on loopback.

mod configuration;
mod idp;
mod sign_in;
mod tokens;
