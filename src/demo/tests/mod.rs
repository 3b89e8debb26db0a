//! The portal over real HTTP, signed in through the stand-in identity provider, on both databases.

mod choices;
mod citizen;
mod compliance;
mod consent;
mod public;
mod recipients;
mod sessions;
mod step_up;
mod superseded;
mod world;
