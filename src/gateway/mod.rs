//! The data endpoint's work: what is asked of which source for a decided request, and what of their answers leaves.
//!
//! [`answer`] is pure; [`data`] tells the whole call in its order. Out of scope: the rules (`policy`), speaking to the
//! sources (`outbound`), HTTP.

pub mod answer;
pub mod data;

mod emergency;
mod error;
