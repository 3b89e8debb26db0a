//! The edge: routes, handlers and the pages people read.
//!
//! A handler parses, asks one office and renders; what may be seen and done is decided below this floor.

pub mod pages;
pub mod portal;

use crate::engines::Engines;

/// What every handler works with.
pub struct State {
    /// The engines.
    pub engines: Engines,
    /// The portal's own settings.
    pub desk: portal::Desk,
}
