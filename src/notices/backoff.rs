//! How long to wait before trying again: 1 s, 2 s, 4 s … at most 6 h, and up to a quarter more, so that those who
//! failed together do not come back together.

use std::time::Duration;

use crate::crypto::Random;

/// The longest wait before the jitter.
pub(super) const LONGEST: Duration = Duration::from_hours(6);
/// The longest a receiver is left alone: after hours of outage it is found again within minutes.
pub(super) const LONGEST_HOLD: Duration = Duration::from_mins(10);

/// The wait after the failure with this number, counted from 0.
pub(super) fn wait(failures: u32, longest: Duration, random: &dyn Random) -> Duration {
    let base = Duration::from_secs(1_u64 << failures.min(20)).min(longest);
    let [part] = random.bytes::<1>();
    base + base.mul_f64(f64::from(part) / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::SeededRandom;

    #[test]
    fn waits_double_to_six_hours_and_scatter_by_a_quarter() {
        let random = SeededRandom::new(1);
        for failures in 0..40 {
            let wait = wait(failures, LONGEST, &random);
            let base = Duration::from_secs(1 << failures.min(20)).min(LONGEST);
            assert!(wait >= base && wait <= base + base / 4, "{failures}: {wait:?}");
        }
        let scattered: std::collections::BTreeSet<_> = (0..50).map(|_| wait(3, LONGEST, &random)).collect();
        assert!(scattered.len() > 20);
    }
}
