//! The closed list of metrics, one method each, so that nobody counts under a label that names a person.

use std::time::Duration;

use opentelemetry::{
    KeyValue,
    metrics::{Counter, Gauge, Histogram, Meter},
};

/// Upper bounds, in seconds, of the duration histograms: from a decision to a stalled source.
const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// How a call to a source ended, for the `outcome` label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceOutcome {
    /// It answered with a record.
    Answered,
    /// It answered that it has no record.
    NoRecord,
    /// It did not answer in time.
    Timeout,
    /// It could not be reached, or answered something unusable.
    Failed,
}

impl SourceOutcome {
    const fn label(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::NoRecord => "no_record",
            Self::Timeout => "timeout",
            Self::Failed => "failed",
        }
    }
}

/// The instruments of the service.
#[derive(Debug)]
pub struct Metrics {
    token_issued: Counter<u64>,
    token_refused: Counter<u64>,
    data_released: Counter<u64>,
    ledger_appended: Counter<u64>,
    ledger_batch_size: Histogram<u64>,
    append_duration: Histogram<f64>,
    http_duration: Histogram<f64>,
    source_duration: Histogram<f64>,
    published_size: Gauge<u64>,
    published_lag: Gauge<f64>,
}

impl Metrics {
    pub(super) fn new(meter: &Meter) -> Self {
        let seconds = |name: &'static str, what: &'static str| {
            meter
                .f64_histogram(name)
                .with_unit("s")
                .with_description(what)
                .with_boundaries(SECONDS.to_vec())
                .build()
        };
        let count =
            |name: &'static str, what: &'static str| meter.u64_counter(name).with_description(what).build();
        Self {
            token_issued: count("minhbach.token.issued", "tokens released after their entry was committed"),
            token_refused: count("minhbach.token.refused", "token requests refused, by reason"),
            data_released: count("minhbach.data.released", "answers of the data endpoint that carried data"),
            ledger_appended: count("minhbach.ledger.appended", "entries committed"),
            ledger_batch_size: meter
                .u64_histogram("minhbach.ledger.batch_size")
                .with_description("entries in one committed batch")
                .with_boundaries(vec![1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0])
                .build(),
            append_duration: seconds(
                "minhbach.append.duration",
                "from the gathering of a batch to its commit",
            ),
            http_duration: seconds("minhbach.http.duration", "from request to answer, by route and status"),
            source_duration: seconds(
                "minhbach.source.duration",
                "one call to a source, by source and outcome",
            ),
            published_size: meter
                .u64_gauge("minhbach.ledger.published_size")
                .with_description("entries under the newest published checkpoint")
                .build(),
            published_lag: meter
                .f64_gauge("minhbach.ledger.published_lag")
                .with_unit("s")
                .with_description("age of the oldest entry that no published checkpoint covers")
                .build(),
        }
    }

    /// One token was released.
    pub fn token_issued(&self) {
        self.token_issued.add(1, &[]);
    }

    /// One token request was refused for `reason`, a stable code of the program.
    pub fn token_refused(&self, reason: &'static str) {
        self.token_refused.add(1, &[KeyValue::new("reason", reason)]);
    }

    /// One answer with data left the house.
    pub fn data_released(&self) {
        self.data_released.add(1, &[]);
    }

    /// One batch of `entries` was committed after `took`.
    pub fn ledger_appended(&self, entries: u64, took: Duration) {
        self.ledger_appended.add(entries, &[]);
        self.ledger_batch_size.record(entries, &[]);
        self.append_duration.record(took.as_secs_f64(), &[]);
    }

    /// One request was answered. `route` is the pattern of the route table (`/api/v1/me/accesses/{id}`), never the
    /// path that was asked for: anything else is counted as `other`.
    pub fn http(&self, route: &str, status: u16, took: Duration) {
        self.http_duration.record(
            took.as_secs_f64(),
            &[KeyValue::new("route", bounded(route)), KeyValue::new("status", i64::from(status))],
        );
    }

    /// One call to the register `source` (its id in the configuration) ended.
    pub fn source(&self, source: &str, outcome: SourceOutcome, took: Duration) {
        self.source_duration.record(
            took.as_secs_f64(),
            &[KeyValue::new("source", bounded(source)), KeyValue::new("outcome", outcome.label())],
        );
    }

    /// A checkpoint over `size` entries was published; the oldest entry outside it is `lag` old.
    pub fn published(&self, size: u64, lag: Duration) {
        self.published_size.record(size, &[]);
        self.published_lag.record(lag.as_secs_f64(), &[]);
    }
}

/// A label that can only be a name of the program or of its configuration: short, of the characters of an identifier
/// or a route pattern, without a run of digits that could be a person's or a dossier's.
fn bounded(label: &str) -> String {
    let mut digits = 0;
    let fits = label.len() <= 64
        && label.chars().all(|c| {
            digits = if c.is_ascii_digit() { digits + 1 } else { 0 };
            digits < 6 && (c.is_ascii_alphanumeric() || "_-./{}*:".contains(c))
        });
    if fits && !label.is_empty() { label.to_owned() } else { "other".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::bounded;

    #[test]
    fn a_label_that_could_name_a_person_is_counted_as_other() {
        assert_eq!(bounded("/log/tile/{level}/{tail}*"), "/log/tile/{level}/{tail}*");
        assert_eq!(bounded("civil_status"), "civil_status");
        for label in ["/people/999000000015", "Nguyễn Văn Thử", "a b", "", &"a".repeat(65)] {
            assert_eq!(bounded(label), "other", "{label}");
        }
    }
}
