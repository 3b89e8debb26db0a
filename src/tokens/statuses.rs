//! Where a token's status stands: numbers for its place in the status lists, and the lists as they were last signed.
//!
//! A number is used once. Numbers are taken from the database in blocks, so that nodes do not meet, and each is moved to
//! another place of its list by a keyed permutation: who compares two tokens learns nothing of which came first or how
//! many were issued between them (Token Status List, §13.2). Out of scope: what the statuses are (`oauth`).

use std::{ops::Range, sync::Arc, time::Duration};

use moka::sync::Cache;
use tokio::sync::Mutex;

use crate::{
    crypto::{self, Digest},
    jose::status_list::SIZE,
    store::{Error, Store},
    time::Millis,
};

/// Numbers taken at once.
const BLOCK: i64 = 1024;

/// How long a signed list is given out again; it ends long after.
const FRESH: Duration = Duration::from_secs(5);

/// Rounds of the permutation: an even number leaves the halves where they were.
const ROUNDS: u8 = 6;

/// The numbers and lists of this process.
pub struct Statuses {
    block: Mutex<Range<i64>>,
    lists: Cache<i64, (Millis, Arc<str>)>,
}

impl Default for Statuses {
    fn default() -> Self {
        let lists = Cache::builder().max_capacity(64).time_to_live(FRESH).build();
        Self { block: Mutex::new(0..0), lists }
    }
}

impl Statuses {
    /// A place nobody had: the number of its list times [`SIZE`], plus its index there.
    ///
    /// # Errors
    /// [`Error`] when the database fails.
    pub async fn next(&self, store: &Store, key: &Digest) -> Result<i64, Error> {
        let mut block = self.block.lock().await;
        let number = if let Some(number) = block.next() {
            number
        } else {
            *block = store.take_numbers("status", BLOCK).await?;
            block.next().ok_or(Error::Inconsistent { table: "counters", row: "status".to_owned() })?
        };
        Ok(place(key, number))
    }

    /// A list that was signed a moment ago.
    #[must_use]
    pub fn kept(&self, list: i64, now: Millis) -> Option<Arc<str>> {
        let (at, compact) = self.lists.get(&list)?;
        (at <= now && now < at + FRESH).then_some(compact)
    }

    /// Keeps a list that was just signed.
    pub fn keep(&self, list: i64, now: Millis, compact: &Arc<str>) {
        self.lists.insert(list, (now, Arc::clone(compact)));
    }
}

/// The number of places a list has.
#[must_use]
pub fn size() -> i64 {
    i64::try_from(SIZE).unwrap_or(i64::MAX)
}

/// The place of a number: in its own list, elsewhere. A Feistel network over the 16 bits of the index.
fn place(key: &Digest, number: i64) -> i64 {
    let (list, index) = (number.div_euclid(size()), number.rem_euclid(size()));
    let [mut left, mut right] = u16::try_from(index).unwrap_or_default().to_be_bytes();
    for round in 0..ROUNDS {
        let mixed = crypto::hmac(key, &[&list.to_be_bytes(), &[round, right]]);
        let [first, ..] = mixed;
        (left, right) = (right, left ^ first);
    }
    list * size() + i64::from(u16::from_be_bytes([left, right]))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_number_of_a_list_has_a_place_of_its_own_in_that_list() {
        let key = [7; 32];
        let places: HashSet<i64> = (size()..2 * size()).map(|number| place(&key, number)).collect();
        assert_eq!(places.len(), SIZE);
        assert!(places.iter().all(|place| (size()..2 * size()).contains(place)));
    }

    #[test]
    fn neighbours_are_not_neighbours_and_another_key_or_list_has_another_order() {
        let key = [7; 32];
        let near = (0..1000).filter(|n| (place(&key, *n) - place(&key, n + 1)).abs() < 16).count();
        assert!(near < 20, "{near}");
        let same = |other: &dyn Fn(i64) -> i64| (0..1000).filter(|n| place(&key, *n) == other(*n)).count();
        assert!(same(&|n| place(&[8; 32], n)) < 5);
        assert!(same(&|n| place(&key, n + size()) - size()) < 5);
    }

    #[test]
    fn a_list_is_given_out_again_for_five_seconds() {
        let statuses = Statuses::default();
        let list: Arc<str> = "list".into();
        statuses.keep(3, Millis(1000), &list);
        assert_eq!(statuses.kept(3, Millis(5999)), Some(list));
        assert_eq!((statuses.kept(3, Millis(6000)), statuses.kept(3, Millis(999))), (None, None));
        assert_eq!(statuses.kept(4, Millis(1000)), None);
    }
}
