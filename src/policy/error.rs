//! What is wrong with a file in `policies/`.

/// One fault of the policies. As long as there is one, nothing loads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {reason}", line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct LoadError {
    /// The file, relative to `policies/`.
    pub file: String,
    /// The line, counted from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong, in words.
    pub reason: String,
}

/// The faults found so far, and where they are; every check goes on after a fault so that all are named at once.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<LoadError>);

impl Faults {
    /// Notes a fault of a whole file.
    pub(super) fn file(&mut self, file: &str, reason: impl Into<String>) {
        self.0.push(LoadError { file: file.to_owned(), line: None, reason: reason.into() });
    }

    /// Notes a fault at the first line of `text` that holds `needle`.
    pub(super) fn at(&mut self, file: &str, text: &str, needle: &str, reason: impl Into<String>) {
        let line = text.lines().position(|line| line.contains(needle)).map(|index| index.saturating_add(1));
        self.0.push(LoadError { file: file.to_owned(), line, reason: reason.into() });
    }

    /// Notes a fault at a line counted from 1.
    pub(super) fn line(&mut self, file: &str, line: usize, reason: impl Into<String>) {
        self.0.push(LoadError { file: file.to_owned(), line: Some(line), reason: reason.into() });
    }

    /// Reads a TOML file; on a fault notes it with its line and returns `None`.
    pub(super) fn toml<T: serde::de::DeserializeOwned>(&mut self, file: &str, text: &str) -> Option<T> {
        match toml::from_str(text) {
            Ok(value) => Some(value),
            Err(error) => {
                let line = error.span().and_then(|span| text.get(..span.start)).map(line_after);
                let reason = error.message().replace('\n', "; ");
                self.0.push(LoadError { file: file.to_owned(), line, reason });
                None
            }
        }
    }

    /// `value` if there was no fault, else all the faults in order of file and line.
    pub(super) fn none_or<T>(mut self, value: Option<T>) -> Result<T, Vec<LoadError>> {
        self.0.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self.0),
        }
    }
}

/// The number, from 1, of the line that follows `before`.
pub(super) fn line_after(before: &str) -> usize {
    before.matches('\n').count().saturating_add(1)
}
