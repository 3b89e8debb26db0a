//! Figures in words: percentiles, budgets met or missed, and how busy the machine was.
#![expect(clippy::print_stdout, reason = "the figures are the product")]

use std::time::Duration;

/// Latencies of one round.
#[derive(Default)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    pub(crate) fn new(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        Self(all)
    }

    /// The latency that `per_mille` of a thousand stay within, in milliseconds.
    pub(crate) fn ms(&self, per_mille: usize) -> f64 {
        let at = (self.0.len() * per_mille / 1000).min(self.0.len().saturating_sub(1));
        self.0.get(at).copied().unwrap_or_default().as_secs_f64() * 1e3
    }
}

/// The middle value.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A line and whether it is within its budget.
pub(crate) fn verdict(what: &str, met: bool) {
    println!("{} {what}", if met { "PASS" } else { "MISS" });
}

/// How many processes want a core: other work on the machine spoils figures, so each run says it.
pub(crate) fn load() {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let minute = text.split(' ').next().unwrap_or("unknown");
    println!("{cores} cores, load {minute} over the last minute");
}
