//! Counting what a caller does too often, in a window that begins with the first time.
//!
//! Each process counts for itself: a limit here slows a caller down, it is not the fence that rules stand on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use moka::sync::Cache;

/// At most so many in a window, for each key.
#[derive(Clone, Debug)]
pub struct Limit {
    counts: Cache<String, Arc<AtomicU32>>,
    most: u32,
}

impl Limit {
    /// At most `most` in any window of this length.
    #[must_use]
    pub fn new(most: u32, window: Duration) -> Self {
        Self { counts: Cache::builder().max_capacity(100_000).time_to_live(window).build(), most }
    }

    /// Whether the key has used up its window.
    #[must_use]
    pub fn is_reached(&self, key: &str) -> bool {
        self.counts.get(key).is_some_and(|count| count.load(Ordering::Relaxed) >= self.most)
    }

    /// Counts one.
    pub fn count(&self, key: &str) {
        self.counts.get_with_by_ref(key, Arc::default).fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_stopped_at_its_limit_and_others_are_not() {
        let limit = Limit::new(2, Duration::from_hours(1));
        for _ in 0..2 {
            assert!(!limit.is_reached("a"));
            limit.count("a");
        }
        assert!(limit.is_reached("a"));
        assert!(!limit.is_reached("b"));
    }
}
