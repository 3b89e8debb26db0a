//! How much load a run makes, as its options say.
#![expect(clippy::print_stdout, reason = "the figures are the product")]

use tokio::runtime::{Builder, Runtime};

use super::{options, print};

/// Rounds that are counted, requests a round, and the connections they come over.
pub(crate) struct Load {
    pub(crate) rounds: usize,
    pub(crate) requests: usize,
    pub(crate) connections: usize,
}

impl Load {
    /// From `--rounds`, `--requests` and `--connections`; says what it is and how busy the machine was before.
    pub(crate) fn from_options(rounds: usize, requests: usize) -> anyhow::Result<Self> {
        let load = Self {
            rounds: options::number("rounds", rounds)?,
            requests: options::number("requests", requests)?,
            connections: options::number("connections", 64)?,
        };
        print::load();
        let Self { rounds, requests, connections } = load;
        println!(
            "{requests} requests a round over {connections} connections; rounds alternate, medians of {rounds}"
        );
        Ok(load)
    }
}

/// A runtime for what the benchmark itself does: stand-in registers, and preparing.
pub(crate) fn runtime(threads: usize) -> anyhow::Result<Runtime> {
    Ok(Builder::new_multi_thread().worker_threads(threads).enable_all().build()?)
}
