//! Many values as one, in SQLite's words: a JSON array of what is short beside one blob of what is long, cut up by
//! `substr` on the way in and by [`Cut`] on the way back.
//!
//! One row a statement costs a thread hop each (append.md §8), and so does each row of an answer: whoever waits is woken
//! for it. These texts do not depend on how many there are, so each is prepared once.

use std::fmt::Write as _;

use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::Error;
use crate::crypto::Digest;

/// Byte strings end to end; positions are counted from 1, as `substr` does.
#[derive(Default)]
pub(super) struct Pack(pub(super) Vec<u8>);

impl Pack {
    /// Ids or digests, all as long as each other.
    pub(super) fn of<'a, T: AsRef<[u8]> + 'a>(all: impl IntoIterator<Item = &'a T>) -> Self {
        let mut pack = Self::default();
        for one in all {
            pack.add(one.as_ref());
        }
        pack
    }

    pub(super) fn add(&mut self, bytes: &[u8]) -> usize {
        let at = self.0.len() + 1;
        self.0.extend_from_slice(bytes);
        at
    }
}

/// A JSON array as long as `n`; where only the position matters.
pub(super) fn counted(n: usize) -> String {
    integers((0..n).map(|_| 0_i64))
}

/// A JSON array of numbers.
pub(super) fn integers(values: impl IntoIterator<Item = i64>) -> String {
    let mut out = String::from("[");
    for value in values {
        if out.len() > 1 {
            out.push(',');
        }
        let _ = write!(out, "{value}");
    }
    out.push(']');
    out
}

/// Rows that came back as one: `json_group_array(json_array(…))` and `CAST(group_concat(…, '') AS BLOB)`.
pub(super) type Packed = (String, Option<Vec<u8>>);

/// The rows of an answer: each from its array and what it cuts off the bytes.
///
/// # Errors
/// [`Error::Database`] when arrays and bytes do not fit each other.
pub(super) fn unpacked<T: DeserializeOwned, R>(
    (arrays, bytes): &Packed,
    mut row: impl FnMut(T, &mut Cut<'_>) -> Option<R>,
) -> Result<Vec<R>, Error> {
    let wrong = |why: &'static str| sqlx::Error::Decode(why.into());
    let arrays: Vec<T> = serde_json::from_str(arrays).map_err(|error| sqlx::Error::Decode(error.into()))?;
    let mut cut = Cut(bytes.as_deref().unwrap_or_default());
    let mut rows = Vec::with_capacity(arrays.len());
    for array in arrays {
        rows.push(row(array, &mut cut).ok_or_else(|| wrong("too few bytes came back"))?);
    }
    if cut.0.is_empty() { Ok(rows) } else { Err(wrong("too many bytes came back").into()) }
}

/// What is left of the bytes.
pub(super) struct Cut<'a>(&'a [u8]);

impl<'a> Cut<'a> {
    pub(super) fn bytes(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, left) = self.0.split_at_checked(n)?;
        self.0 = left;
        Some(taken)
    }

    /// What is there only where it has a length; `None` is too few bytes.
    #[expect(clippy::option_option, reason = "there may be nothing to cut, and there may be nothing left")]
    pub(super) fn optional(&mut self, n: Option<usize>) -> Option<Option<Vec<u8>>> {
        match n {
            Some(n) => Some(Some(self.bytes(n)?.to_vec())),
            None => Some(None),
        }
    }

    pub(super) fn digest(&mut self) -> Option<Digest> {
        self.bytes(32)?.try_into().ok()
    }

    pub(super) fn id(&mut self) -> Option<Uuid> {
        Uuid::from_slice(self.bytes(16)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(arrays: &str, bytes: &[u8]) -> Result<Vec<(i64, Vec<u8>)>, Error> {
        let packed = (arrays.to_owned(), Some(bytes.to_vec()));
        unpacked(&packed, |(n, len): (i64, usize), cut| Some((n, cut.bytes(len)?.to_vec())))
    }

    #[test]
    fn each_row_has_its_own_bytes() {
        let rows = pairs("[[7,2],[8,0],[9,3]]", b"\0\xffabc").unwrap();
        assert_eq!(rows, [(7, b"\0\xff".to_vec()), (8, vec![]), (9, b"abc".to_vec())]);
        let none: Packed = ("[]".to_owned(), None);
        assert_eq!(unpacked(&none, |(): (), _| Some(())).unwrap(), []);
    }

    #[test]
    fn what_does_not_fit_is_an_error_and_never_somebody_elses_bytes() {
        assert!(pairs("[[7,2]]", b"abc").is_err());
        assert!(pairs("[[7,2],[8,2]]", b"abc").is_err());
        assert!(pairs("[[7]]", b"").is_err());
        assert!(pairs("[", b"").is_err());
    }
}
