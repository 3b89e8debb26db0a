//! Entry bundles of c2sp.org/tlog-tiles: up to 256 entries, each after its length in two bytes, big-endian.
//!
//! Out of scope: which entries, and the path of a bundle (see `tile`).

use super::tile::TILE_WIDTH;

/// Bytes of the largest entry a bundle can hold.
pub const MAX_ENTRY: usize = u16::MAX as usize;

/// Why entries do not make a bundle, or bytes are not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// More than 256 entries.
    #[error("a bundle has at most 256 entries")]
    TooManyEntries,
    /// An entry of more than 65,535 bytes.
    #[error("an entry has at most 65535 bytes")]
    EntryTooLong,
    /// The bytes end in the middle of an entry.
    #[error("the bundle ends in the middle of an entry")]
    Truncated,
}

/// The bundle of these entries.
///
/// # Errors
/// [`BundleError::TooManyEntries`] or [`BundleError::EntryTooLong`].
pub fn encode<E: AsRef<[u8]>>(entries: impl IntoIterator<Item = E>) -> Result<Vec<u8>, BundleError> {
    let mut bytes = Vec::new();
    for (i, entry) in entries.into_iter().enumerate() {
        if i >= usize::from(TILE_WIDTH) {
            return Err(BundleError::TooManyEntries);
        }
        let entry = entry.as_ref();
        let length = u16::try_from(entry.len()).map_err(|_| BundleError::EntryTooLong)?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Ok(bytes)
}

/// The entries of a bundle. Their number is for the caller to compare with the width in the path.
///
/// # Errors
/// [`BundleError::Truncated`] or [`BundleError::TooManyEntries`].
pub fn decode(bytes: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
    let mut entries = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        if entries.len() >= usize::from(TILE_WIDTH) {
            return Err(BundleError::TooManyEntries);
        }
        let (length, after) = rest.split_first_chunk::<2>().ok_or(BundleError::Truncated)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, after) = after.split_at_checked(length).ok_or(BundleError::Truncated)?;
        entries.push(entry);
        rest = after;
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_length_of_each_entry_comes_first_in_two_bytes() {
        assert_eq!(encode(["ab", "", "c"]), Ok(b"\x00\x02ab\x00\x00\x00\x01c".to_vec()));
    }

    #[test]
    fn too_many_and_too_long_entries_are_refused() {
        assert!(encode(vec!["x"; 256]).is_ok());
        assert_eq!(encode(vec!["x"; 257]), Err(BundleError::TooManyEntries));
        assert!(encode([vec![0; MAX_ENTRY]]).is_ok());
        assert_eq!(encode([vec![0; MAX_ENTRY + 1]]), Err(BundleError::EntryTooLong));
        assert_eq!(decode(&[0; 512]).map(|entries| entries.len()), Ok(256));
        assert_eq!(decode(&[0; 514]), Err(BundleError::TooManyEntries));
    }

    #[test]
    fn a_bundle_cut_short_is_refused() {
        let bytes = encode(["abc"]).unwrap();
        for cut in 1..bytes.len() {
            assert_eq!(decode(&bytes[..cut]), Err(BundleError::Truncated), "{cut}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_or_are_exactly_what_their_entries_encode_to(bytes: Vec<u8>) {
            if let Ok(entries) = decode(&bytes) {
                prop_assert_eq!(encode(entries), Ok(bytes.clone()));
            }
        }

        #[test]
        fn entries_come_back_as_they_went_in(entries in prop::collection::vec(any::<Vec<u8>>(), 0..=256)) {
            let bytes = encode(&entries).unwrap();
            prop_assert_eq!(decode(&bytes).unwrap(), entries);
        }
    }
}
