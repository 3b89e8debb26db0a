//! The edge: routes, handlers and the pages people read.

pub mod pages;
