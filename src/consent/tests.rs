//! The consent room on a real database of each kind.
