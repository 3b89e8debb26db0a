//! Signing people in: an OpenID Connect relying party towards the issuers of citizens, officials and compliance
//! officers. The only room that names `openidconnect`.
//!
//! In scope: discovery and keys ([`Provider`]), the redirect and its answer ([`begin`], [`finish`]), an official's
//! proof for a token request ([`verify_actor_token`]), logout in both directions, and the [`session`]s of this service.
//! Out of scope: cookies and pages (`http`), and whether the person may do anything (`policy`).
//!
//! INVARIANT: an issuer speaks for the one [`IssuerRole`] it is bound to. Only a citizen-bound issuer can establish a
//! national id; whatever an official-bound issuer claims about one is not read.

mod actor;
mod begin;
mod claims;
mod client_assertion;
mod config;
mod error;
mod finish;
mod jws;
mod logout;
mod provider;
pub mod session;
mod step_up;

pub use actor::{VerifiedActor, verify_actor_token};
pub use begin::{PendingSignIn, ReturnTo, begin};
pub use claims::SignedInRole;
pub use config::{ClaimNames, ClientAuthentication, DisplayName, IssuerConfig, IssuerRole, SigningAlgorithm};
pub use error::LoginError;
pub use finish::{CallbackParams, SignedIn, finish};
pub use logout::{LogoutToken, claimed_issuer, logout_url, verify_logout_token};
pub use provider::{Provider, ProviderError};
pub use step_up::StepUp;

#[cfg(test)]
mod tests;
