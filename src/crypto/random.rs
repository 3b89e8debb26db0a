//! Randomness as an argument.

use std::sync::atomic::{AtomicU64, Ordering};

use ring::rand::SecureRandom as _;

/// Where unpredictable bytes come from.
pub trait Random: Send + Sync + 'static {
    /// Fills `out` with random bytes.
    fn fill(&self, out: &mut [u8]);
}

impl dyn Random {
    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0_u8; N];
        self.fill(&mut out);
        out
    }

    /// 256 random bits as base64url: an opaque identifier nobody can guess.
    #[must_use]
    pub fn token(&self) -> String {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        URL_SAFE_NO_PAD.encode(self.bytes::<32>())
    }
}

/// The operating system's generator.
#[derive(Debug, Default)]
pub struct SystemRandom(ring_random::Source);

mod ring_random {
    #[derive(Debug)]
    pub struct Source(pub ring::rand::SystemRandom);
    impl Default for Source {
        fn default() -> Self {
            Self(ring::rand::SystemRandom::new())
        }
    }
}

impl Random for SystemRandom {
    #[expect(
        clippy::panic,
        reason = "without randomness nothing here is safe; stopping is the only honest answer"
    )]
    fn fill(&self, out: &mut [u8]) {
        assert!(self.0.0.fill(out).is_ok(), "the operating system gave no random bytes");
    }
}

/// A reproducible generator for tests and benchmarks; never for keys that matter.
#[derive(Debug)]
pub struct SeededRandom {
    seed: u64,
    counter: AtomicU64,
}

impl SeededRandom {
    /// A generator that repeats itself for the same seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, counter: AtomicU64::new(0) }
    }
}

impl Random for SeededRandom {
    fn fill(&self, out: &mut [u8]) {
        for chunk in out.chunks_mut(32) {
            let n = self.counter.fetch_add(1, Ordering::SeqCst);
            let block = super::sha256_parts(&[&self.seed.to_be_bytes(), &n.to_be_bytes()]);
            for (to, from) in chunk.iter_mut().zip(block) {
                *to = from;
            }
        }
    }
}
