//! Token Status List (draft-ietf-oauth-status-list-21): a bit pair for each token, for data holders that check offline.
//!
//! In scope: the packed list, its token, and reading both strictly. Out of scope: which index a token has.

use std::io::{Read as _, Write as _};

use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use serde::{Deserialize, Serialize};

use super::{
    decode, encode,
    jws::{self, JwsError, Unverified},
};
use crate::{
    crypto::{PublicKey, SigningKey},
    time::Millis,
};

/// The `typ` of a status list token, and with `application/` its media type (§5.1).
pub const TYPE: &str = "statuslist+jwt";

/// How many tokens share a list of ours.
pub const SIZE: usize = 65_536;

/// Seconds a list may be kept, and until it ends (DESIGN.md I7).
pub const TTL: i64 = 30;

/// The longest unpacked list that is read, in bytes: what stops a few kilobytes from becoming gigabytes.
const MAX_BYTES: usize = 1 << 20;

/// What a list says of a token (§7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// 0x00.
    Valid,
    /// 0x01: revoked, or its consent withdrawn; for good.
    Invalid,
    /// 0x02: its consent is paused or its client suspended; it may become valid again.
    Suspended,
}

impl Status {
    const fn value(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::Invalid => 1,
            Self::Suspended => 2,
        }
    }
}

/// Why a list was refused; whoever asked must then treat the token as not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatusListError {
    /// Not a signed JWT of the expected form, or the signature does not hold.
    #[error("status list: {0}")]
    Jws(#[from] JwsError),
    /// `typ` is another, or there is none.
    #[error("status list: `typ` is not `statuslist+jwt`")]
    Type,
    /// The header names no key, or one that is not the issuer's.
    #[error("status list: unknown `kid`")]
    UnknownKey,
    /// `sub` is not the address it was fetched from.
    #[error("status list: `sub` is not the address of the list")]
    Subject,
    /// `exp` has passed.
    #[error("status list: expired")]
    Expired,
    /// `bits` is not 1, 2, 4 or 8.
    #[error("status list: `bits` must be 1, 2, 4 or 8")]
    Bits,
    /// `lst` is not base64url of a ZLIB stream, or too long unpacked.
    #[error("status list: `lst` cannot be unpacked")]
    Packed,
}

/// Statuses of 1, 2, 4 or 8 bits each, the first in the lowest bits of the first byte (§4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusList {
    bits: u8,
    bytes: Vec<u8>,
}

impl StatusList {
    /// A list of ours: 2 bits, [`SIZE`] tokens, all valid. What was never given out looks the same.
    #[must_use]
    pub fn new() -> Self {
        Self { bits: 2, bytes: vec![0; SIZE / 4] }
    }

    /// Writes a status; `false` when the index lies outside the list or the status does not fit, and nothing changed.
    #[must_use]
    pub fn set(&mut self, index: usize, status: Status) -> bool {
        let (at, shift) = self.place(index);
        let mask = self.mask();
        match self.bytes.get_mut(at) {
            Some(byte) if status.value() <= mask => {
                *byte = (*byte & !(mask << shift)) | (status.value() << shift);
                true
            }
            _ => false,
        }
    }

    /// The value of an index as it stands, 0 to 255; `None` outside the list, which must read as a refusal (§8.3).
    #[must_use]
    pub fn value(&self, index: usize) -> Option<u8> {
        let (at, shift) = self.place(index);
        self.bytes.get(at).map(|byte| (byte >> shift) & self.mask())
    }

    /// The status of an index; `None` outside the list and for values that mean nothing here.
    #[must_use]
    pub fn status(&self, index: usize) -> Option<Status> {
        match self.value(index)? {
            0 => Some(Status::Valid),
            1 => Some(Status::Invalid),
            2 => Some(Status::Suspended),
            _ => None,
        }
    }

    /// How many tokens it has room for.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.bytes.len() * (8 / self.bits as usize)
    }

    fn place(&self, index: usize) -> (usize, usize) {
        let each = 8 / usize::from(self.bits);
        (index / each, index % each * usize::from(self.bits))
    }

    const fn mask(&self) -> u8 {
        u8::MAX >> (8 - self.bits)
    }

    /// The packed list, as `lst` has it; `None` if packing failed, which in memory it does not.
    #[must_use]
    pub fn pack(&self) -> Option<PackedList> {
        let mut packer = ZlibEncoder::new(Vec::new(), Compression::best());
        packer.write_all(&self.bytes).ok()?;
        Some(PackedList { bits: self.bits, lst: encode(&packer.finish().ok()?), aggregation_uri: None })
    }

    /// Unpacks a list.
    ///
    /// # Errors
    /// [`StatusListError::Bits`] or [`StatusListError::Packed`].
    pub fn unpack(packed: &PackedList) -> Result<Self, StatusListError> {
        if !matches!(packed.bits, 1 | 2 | 4 | 8) {
            return Err(StatusListError::Bits);
        }
        let stream = decode(&packed.lst).ok_or(StatusListError::Packed)?;
        let mut bytes = Vec::new();
        let mut unpacker = ZlibDecoder::new(stream.as_slice()).take(MAX_BYTES as u64 + 1);
        unpacker.read_to_end(&mut bytes).map_err(|_| StatusListError::Packed)?;
        if bytes.len() > MAX_BYTES {
            Err(StatusListError::Packed)
        } else {
            Ok(Self { bits: packed.bits, bytes })
        }
    }
}

impl Default for StatusList {
    fn default() -> Self {
        Self::new()
    }
}

/// A list as it travels (§4.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackedList {
    /// Bits a token.
    pub bits: u8,
    /// base64url of the ZLIB stream.
    pub lst: String,
    /// Where all lists of the issuer are named (§9).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregation_uri: Option<String>,
}

/// The claims of a status list token (§5.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusListToken {
    /// The address of the list: the `uri` of the tokens it speaks of.
    pub sub: String,
    /// When it was made, in seconds.
    pub iat: i64,
    /// When it ends, in seconds.
    pub exp: i64,
    /// Seconds it may be kept.
    pub ttl: i64,
    /// The list.
    pub status_list: PackedList,
}

impl StatusListToken {
    /// The token for a list at an address, for [`TTL`] seconds; `None` if packing failed.
    #[must_use]
    pub fn new(uri: &str, list: &StatusList, now: Millis) -> Option<Self> {
        let iat = now.seconds();
        Some(Self { sub: uri.to_owned(), iat, exp: iat + TTL, ttl: TTL, status_list: list.pack()? })
    }

    /// The token in compact form.
    ///
    /// # Errors
    /// [`JwsError::Signing`].
    pub fn sign(&self, kid: &str, key: &SigningKey) -> Result<String, JwsError> {
        jws::sign(TYPE, Some(kid), None, self, key)
    }
}

/// Where a token's status stands: its claim `status` (§6.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusReference {
    /// The one way of saying it here.
    pub status_list: Position,
}

/// A place in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The index, from 0.
    pub idx: u64,
    /// The address of the list.
    pub uri: String,
}

impl StatusReference {
    /// Place `idx` of the list at `uri`.
    #[must_use]
    pub fn new(idx: u64, uri: &str) -> Self {
        Self { status_list: Position { idx, uri: uri.to_owned() } }
    }
}

/// Checks a list fetched from `uri` as a data holder does (§8.3); `keys` gives the issuer's public key of a `kid`.
///
/// # Errors
/// See [`StatusListError`].
pub fn verify(
    compact: &str,
    keys: &dyn Fn(&str) -> Option<PublicKey>,
    uri: &str,
    now: Millis,
) -> Result<StatusList, StatusListError> {
    let unverified = Unverified::parse(compact)?;
    if unverified.header().typ.as_deref() != Some(TYPE) {
        return Err(StatusListError::Type);
    }
    let key = unverified.header().kid.as_deref().and_then(keys).ok_or(StatusListError::UnknownKey)?;
    let token: StatusListToken = unverified.verify(&key)?.claims;
    if token.sub != uri {
        return Err(StatusListError::Subject);
    }
    if Millis::from_seconds(token.exp) <= now {
        return Err(StatusListError::Expired);
    }
    StatusList::unpack(&token.status_list)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{crypto::Algorithm, jose::PrivateJwk};

    const URI: &str = "https://as.example/oauth/status-lists/7";
    const NOW: Millis = Millis(1_795_000_000_000);

    fn packed(bits: u8, lst: &str) -> PackedList {
        PackedList { bits, lst: lst.to_owned(), aggregation_uri: None }
    }

    #[test]
    fn the_vectors_of_the_draft_are_read_bit_by_bit() {
        let list = StatusList::unpack(&packed(1, "eNrbuRgAAhcBXQ")).unwrap();
        let values: Vec<u8> = (0..16).map(|index| list.value(index).unwrap()).collect();
        assert_eq!(values, [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]);
        assert_eq!((list.capacity(), list.value(16), list.status(16)), (16, None, None));
        assert_eq!(list.pack().unwrap().lst, "eNrbuRgAAhcBXQ");
    }

    #[test]
    fn two_bits_stand_lowest_first() {
        let mut list = StatusList::new();
        assert_eq!(list.capacity(), SIZE);
        assert!(
            list.set(0, Status::Invalid)
                && list.set(1, Status::Suspended)
                && list.set(SIZE - 1, Status::Suspended)
        );
        assert_eq!(list.bytes.first(), Some(&0b0000_1001));
        assert_eq!(list.bytes.last(), Some(&0b1000_0000));
        assert!(!list.set(SIZE, Status::Invalid));
        assert!(list.set(1, Status::Valid));
        assert_eq!(
            (list.status(0), list.status(1), list.status(2)),
            (Some(Status::Invalid), Some(Status::Valid), Some(Status::Valid))
        );
        let mut narrow = StatusList { bits: 1, bytes: vec![0] };
        assert!(narrow.set(7, Status::Invalid) && !narrow.set(0, Status::Suspended));
        assert_eq!(StatusList { bits: 2, bytes: vec![0b11] }.status(0), None);
    }

    #[test]
    fn what_cannot_be_a_list_is_refused_and_a_bomb_does_not_unpack() {
        for bits in [0, 3, 5, 16, 255] {
            assert_eq!(StatusList::unpack(&packed(bits, "eNrbuRgAAhcBXQ")), Err(StatusListError::Bits));
        }
        for lst in ["", "eNrbuRgAAhcBXQ=", "eNrbuRgAAhcB", "AAAA", "+"] {
            assert_eq!(StatusList::unpack(&packed(1, lst)), Err(StatusListError::Packed), "{lst}");
        }
        let bomb = StatusList { bits: 8, bytes: vec![0; MAX_BYTES + 1] }.pack().unwrap();
        assert!(bomb.lst.len() < 4096);
        assert_eq!(StatusList::unpack(&bomb), Err(StatusListError::Packed));
    }

    #[test]
    fn a_list_counts_where_it_belongs_and_for_thirty_seconds() {
        let key = PrivateJwk::generate(Algorithm::Es256).unwrap();
        let mut list = StatusList::new();
        assert!(list.set(41, Status::Invalid));
        let token = StatusListToken::new(URI, &list, NOW).unwrap();
        assert_eq!((token.exp - token.iat, token.ttl), (30, 30));
        let compact = token.sign(key.kid(), key.signing_key()).unwrap();
        let keys = |kid: &str| (kid == key.kid()).then(|| key.public().public_key().clone());
        let read = verify(&compact, &keys, URI, NOW).unwrap();
        assert_eq!((read.status(41), read.status(42)), (Some(Status::Invalid), Some(Status::Valid)));
        let elsewhere = verify(&compact, &keys, "https://as.example/oauth/status-lists/8", NOW);
        assert_eq!(elsewhere, Err(StatusListError::Subject));
        let later = NOW + std::time::Duration::from_secs(30);
        assert_eq!(verify(&compact, &keys, URI, later), Err(StatusListError::Expired));
        assert_eq!(verify(&compact, &|_| None, URI, NOW), Err(StatusListError::UnknownKey));
        let other = jws::sign("at+jwt", Some(key.kid()), None, &token, key.signing_key()).unwrap();
        assert_eq!(verify(&other, &keys, URI, NOW), Err(StatusListError::Type));
    }

    #[test]
    fn a_reference_is_written_as_the_draft_has_it() {
        let written = serde_json::to_value(StatusReference::new(41, URI)).unwrap();
        assert_eq!(written, serde_json::json!({"status_list": {"idx": 41, "uri": URI}}));
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_out_again(bits in prop::sample::select(vec![1_u8, 2, 4, 8]), bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let list = StatusList { bits, bytes };
            prop_assert_eq!(StatusList::unpack(&list.pack().unwrap()), Ok(list));
        }

        #[test]
        fn no_text_makes_the_reader_panic(bits in any::<u8>(), lst in "[A-Za-z0-9_-]{0,80}") {
            let _ = StatusList::unpack(&packed(bits, &lst)).map(|list| list.value(7));
            let _ = verify(&lst, &|_| None, URI, NOW);
        }
    }
}
