//! The portal over real HTTP, signed in through the stand-in identity provider, on both databases.

mod acting;
mod choices;
mod citizen;
mod compliance;
mod consent;
mod joint;
mod of_age;
mod older;
mod onward;
mod own_token;
mod public;
mod recipients;
mod said;
mod sessions;
mod step_up;
mod superseded;
mod world;
