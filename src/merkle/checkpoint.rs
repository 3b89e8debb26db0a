//! Checkpoints (c2sp.org/tlog-checkpoint): the log's name, its size and its root, as the text of a signed note.
//!
//! Out of scope: when one may be signed (a log never signs two that are inconsistent) and where it is published.

use super::{
    hash::{from_base64, to_base64},
    note::{Note, NoteError, NoteKey, Verifier},
};
use crate::crypto::Digest;

/// Why a checkpoint is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The text is not origin, size, root and non-empty extension lines.
    #[error("the checkpoint is malformed")]
    Malformed,
    /// The checkpoint is another log's.
    #[error("the checkpoint is of another log")]
    OtherOrigin,
    /// The note around it is malformed or not signed by a known key.
    #[error(transparent)]
    Note(#[from] NoteError),
}

/// A tree head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Digest,
    extensions: Vec<String>,
}

impl Checkpoint {
    /// The head of a log named `origin` (a URL without scheme) with `size` leaves. No extension lines: monitors cannot
    /// audit them.
    ///
    /// # Errors
    /// [`CheckpointError::Malformed`] when the origin is empty or has control characters.
    pub fn new(origin: &str, size: u64, root: Digest) -> Result<Self, CheckpointError> {
        if origin.is_empty() || origin.contains(|c: char| c < ' ') {
            return Err(CheckpointError::Malformed);
        }
        Ok(Self { origin: origin.to_owned(), size, root, extensions: Vec::new() })
    }

    /// Reads the text of a checkpoint note.
    ///
    /// # Errors
    /// [`CheckpointError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.strip_suffix('\n').ok_or(CheckpointError::Malformed)?.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(CheckpointError::Malformed);
        };
        let size: u64 = decimal(size).ok_or(CheckpointError::Malformed)?;
        let mut checkpoint = Self::new(origin, size, from_base64(root).ok_or(CheckpointError::Malformed)?)?;
        for line in lines {
            if line.is_empty() || line.contains(|c: char| c < ' ') {
                return Err(CheckpointError::Malformed);
            }
            checkpoint.extensions.push(line.to_owned());
        }
        Ok(checkpoint)
    }

    /// Reads a signed checkpoint of the log `origin` and checks it against the keys one trusts for that log.
    /// Extension lines are signed but mean nothing here.
    ///
    /// # Errors
    /// [`CheckpointError::Note`], [`CheckpointError::OtherOrigin`] or [`CheckpointError::Malformed`].
    pub fn open(note: &Note, origin: &str, keys: &[&Verifier]) -> Result<Self, CheckpointError> {
        note.verify(keys)?;
        let checkpoint = Self::parse(note.text())?;
        if checkpoint.origin == origin { Ok(checkpoint) } else { Err(CheckpointError::OtherOrigin) }
    }

    /// The checkpoint as a note signed by these keys. Signing is a promise: see the module.
    ///
    /// # Errors
    /// [`CheckpointError::Note`] when there is no key or too many.
    pub fn sign(&self, keys: &[&NoteKey]) -> Result<Note, CheckpointError> {
        Ok(Note::sign(&self.text(), keys)?)
    }

    /// The text that is signed, each line with its newline.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.origin, self.size, to_base64(&self.root));
        for line in &self.extensions {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    /// Name of the log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How many leaves the tree has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree (RFC 6962 §2.1).
    #[must_use]
    pub const fn root(&self) -> &Digest {
        &self.root
    }

    /// Extension lines of a log that has them, without newlines; ours has none.
    #[must_use]
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }
}

/// A number in ASCII decimal, in its one spelling.
pub(super) fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::hash::EMPTY_ROOT;
    use proptest::prelude::*;

    const TEXT: &str =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    #[test]
    fn the_example_of_the_specification_is_read_and_written_alike() {
        let checkpoint = Checkpoint::parse(TEXT).unwrap();
        assert_eq!(checkpoint.origin(), "example.com/behind-the-sofa");
        assert_eq!(checkpoint.size(), 20_852_163);
        assert_eq!(checkpoint.text(), TEXT);
        let theirs = tlog_tiles::Checkpoint::from_bytes(TEXT.as_bytes()).unwrap();
        assert_eq!(&theirs.hash().0, checkpoint.root());
        assert_eq!(theirs.to_bytes(), TEXT.as_bytes());
    }

    #[test]
    fn other_spellings_are_refused() {
        let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
        for text in [
            String::new(),
            "\n".to_owned(),
            format!("\n1\n{root}\n"),
            format!("o\n01\n{root}\n"),
            format!("o\n+1\n{root}\n"),
            format!("o\n-1\n{root}\n"),
            format!("o\n18446744073709551616\n{root}\n"),
            format!("o\n1\n{root}"),
            format!("o\n1\n{root}\n\n"),
            format!("o\n1\n{root}\n\nmore\n"),
            format!("o\r\n1\n{root}\n"),
            "o\n1\nAAAA\n".to_owned(),
            "o\n1\n".to_owned(),
        ] {
            assert_eq!(Checkpoint::parse(&text), Err(CheckpointError::Malformed), "{text:?}");
        }
        let extended = format!("o\n1\n{root}\nmore\n");
        assert_eq!(Checkpoint::parse(&extended).unwrap().text(), extended);
        assert_eq!(Checkpoint::new("a\nb", 0, EMPTY_ROOT), Err(CheckpointError::Malformed));
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_written_back_alike(
            text in prop_oneof![any::<String>(), "[ao+ ]{0,3}\n[0-9+-]{0,3}\n(CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=|A)\n([a\n]{0,2})"]
        ) {
            let ours = Checkpoint::parse(&text);
            if let Ok(checkpoint) = &ours {
                prop_assert_eq!(&checkpoint.text(), &text);
                prop_assert!(tlog_tiles::Checkpoint::from_bytes(text.as_bytes()).is_ok());
            }
        }
    }
}
