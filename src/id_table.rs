//! A table that finds the position of a value that is stored elsewhere.
//!
//! A part of each hash is kept beside the position, so that growing the table looks at nothing
//! else and a look-up seldom compares with a value that is another one.

use hashbrown::HashTable;

/// Positions by the hash of what stands there.
#[derive(Clone, Debug, Default)]
pub(crate) struct IdTable {
    table: HashTable<Slot>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: u32,
    id: u32,
}

/// The part of a hash that is kept.
fn kept(hash: u64) -> u32 {
    (hash ^ hash >> 32) as u32
}

/// All bits from those that are kept (Fibonacci hashing; Knuth, The Art of Computer Programming 3,
/// section 6.4).
fn spread(kept: u32) -> u64 {
    u64::from(kept).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl IdTable {
    /// An empty table with room for so many.
    pub(crate) fn with_capacity(count: usize) -> IdTable {
        IdTable { table: HashTable::with_capacity(count) }
    }

    /// Whether no position was added.
    pub(crate) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The position with this hash that `is` says to hold the value.
    pub(crate) fn find(&self, hash: u64, is: impl Fn(u32) -> bool) -> Option<u32> {
        let kept = kept(hash);
        self.table.find(spread(kept), |s| s.hash == kept && is(s.id)).map(|s| s.id)
    }

    /// Adds the position of a value that is not there yet.
    pub(crate) fn insert(&mut self, hash: u64, id: u32) {
        let hash = kept(hash);
        self.table.insert_unique(spread(hash), Slot { hash, id }, |s| spread(s.hash));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_hashes_are_told_apart_by_the_values() {
        let values: Vec<u64> = (0..1000).collect();
        let mut table = IdTable::default();
        for (id, v) in values.iter().enumerate() {
            assert_eq!(table.find(v % 7, |at| values[at as usize] == *v), None);
            table.insert(v % 7, id as u32);
        }
        for (id, v) in values.iter().enumerate() {
            assert_eq!(table.find(v % 7, |at| values[at as usize] == *v), Some(id as u32));
        }
    }
}
