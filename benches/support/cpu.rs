//! Processor time, from proc(5).

use std::time::Duration;

/// User and system time of a process or thread, from proc(5) `stat`, which counts in hundredths of a second.
pub(crate) fn of(stat: &str) -> Duration {
    let text = std::fs::read_to_string(stat).unwrap_or_default();
    let after = text.rsplit_once(") ").map_or("", |(_, after)| after);
    let ticks = |n: usize| after.split(' ').nth(n).and_then(|t| t.parse::<u64>().ok()).unwrap_or(0);
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}

/// Processor time of the whole machine so far, without waiting.
pub(crate) fn of_machine() -> Duration {
    let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let ticks = |n: usize| text.split_whitespace().nth(n).and_then(|t| t.parse::<u64>().ok()).unwrap_or(0);
    // user, nice, system, irq, softirq
    Duration::from_millis([1, 2, 3, 6, 7].into_iter().map(ticks).sum::<u64>() * 10)
}
