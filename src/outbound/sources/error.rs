//! What can go wrong with a source: when it is described, and when it is asked.

/// Why a source gave nothing. None of these carries an address, an id or a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum SourceError {
    /// It cannot be reached, refuses us, or reports a fault of its own.
    #[error("the source cannot be reached or reports a fault")]
    Unavailable,
    /// It did not answer in full within its time limit.
    #[error("the source did not answer in time")]
    Timeout,
    /// Its answer is larger than its size limit.
    #[error("the source's answer is too large")]
    TooLarge,
    /// It answered with another person's record.
    #[error("the source answered with another person's record")]
    WrongPerson,
    /// A field is not of the type its description promises.
    #[error("the source's answer holds a value of the wrong type")]
    WrongType,
    /// It wants us to ask elsewhere.
    #[error("the source answered with a redirect")]
    Redirected,
    /// Its answer is not JSON, or does not say whose record it is.
    #[error("the source's answer cannot be read")]
    BadAnswer,
    /// It says that it holds nothing about this person.
    #[error("the source has no record of this person")]
    NoRecord,
}

impl SourceError {
    /// The stable reason code that appears under `missing` in an answer, in entries and in metrics.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unavailable => "source_unavailable",
            Self::Timeout => "source_timeout",
            Self::TooLarge => "source_too_large",
            Self::WrongPerson => "source_wrong_person",
            Self::WrongType => "source_wrong_type",
            Self::Redirected => "source_redirected",
            Self::BadAnswer => "source_bad_answer",
            Self::NoRecord => "no_record",
        }
    }
}

/// A problem in the description of one source.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("source `{source_id}`: {reason}")]
pub struct SetupError {
    /// The source it is about.
    pub source_id: String,
    /// What is wrong, in words for an operator.
    pub reason: String,
}

impl SetupError {
    pub(super) fn new(source: &str, reason: String) -> Self {
        Self { source_id: source.to_owned(), reason }
    }
}
