//! Bitsets of ids (tasks, agents), iterated in ascending order.

use std::marker::PhantomData;

use crate::engine::{Id, InlineVec};

/// Set of ids below a fixed capacity, iterated in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdSet<K> {
    /// Ids 0 to 63; nearly always all.
    first: u64,
    more: Vec<u64>,
    ids: PhantomData<K>,
}

/// Words of a set, 64 ids each, lowest first.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    /// Ids 0 to 63.
    pub first: u64,
    /// Further ids.
    pub more: &'a [u64],
}

impl Words<'_> {
    /// Returns the words in order.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = u64> {
        std::iter::once(self.first).chain(self.more.iter().copied())
    }
}

impl<K: Id> IdSet<K> {
    /// Returns the empty set of ids below `capacity`.
    pub fn empty(capacity: usize) -> IdSet<K> {
        IdSet { first: 0, more: vec![0; capacity.div_ceil(64).saturating_sub(1)], ids: PhantomData }
    }

    /// Returns the set of all ids below `capacity`.
    pub fn full(capacity: usize) -> IdSet<K> {
        let mut set = IdSet::empty(capacity);
        for id in 0..capacity as u32 {
            set.insert(K::new(id));
        }
        set
    }

    /// Returns the words of the set.
    #[inline]
    pub fn words(&self) -> Words<'_> {
        Words { first: self.first, more: &self.more }
    }

    #[inline]
    fn word_mut(&mut self, word: usize) -> &mut u64 {
        if word == 0 { &mut self.first } else { &mut self.more[word - 1] }
    }

    /// Returns a word of the set.
    #[inline]
    pub fn word(&self, word: usize) -> u64 {
        if word == 0 { self.first } else { self.more[word - 1] }
    }

    /// Adds `id`.
    #[inline]
    pub fn insert(&mut self, id: K) {
        *self.word_mut(id.word()) |= 1 << id.bit();
    }

    /// Adds the ids of a word whose bits are set in `bits`.
    #[inline]
    pub fn insert_all(&mut self, word: usize, bits: u64) {
        *self.word_mut(word) |= bits;
    }

    /// Removes `id`.
    #[inline]
    pub fn remove(&mut self, id: K) {
        *self.word_mut(id.word()) &= !(1 << id.bit());
    }

    /// Returns true if the set contains `id`.
    #[inline]
    pub fn contains(&self, id: K) -> bool {
        let word = if id.word() == 0 { Some(&self.first) } else { self.more.get(id.word() - 1) };
        word.is_some_and(|word| word >> id.bit() & 1 == 1)
    }

    /// Returns true if the set is empty.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.first == 0 && self.more.iter().all(|&word| word == 0)
    }

    /// Returns the number of elements.
    #[inline]
    pub fn len(&self) -> usize {
        self.words().iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Returns the least element.
    #[inline]
    pub fn first(&self) -> Option<K> {
        self.iter().next()
    }

    /// Removes all elements.
    #[inline]
    pub fn clear(&mut self) {
        self.first = 0;
        self.more.fill(0);
    }

    /// Copies `other`, which has the same capacity.
    #[inline]
    pub fn copy_from(&mut self, other: &IdSet<K>) {
        self.first = other.first;
        self.more.copy_from_slice(&other.more);
    }

    /// Adds every element of `other`, which has the same capacity.
    #[inline]
    pub fn add_all(&mut self, other: &IdSet<K>) {
        self.first |= other.first;
        for (word, other) in self.more.iter_mut().zip(&other.more) {
            *word |= other;
        }
    }

    /// Iterates over the elements, ascending.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = K> + '_ {
        ones(std::iter::once(self.first).chain(self.more.iter().copied())).map(K::new)
    }
}

/// Matrix of bits: one set of ids a row, such as the tasks that each agent owns.
#[derive(Clone, Debug, Default)]
pub struct BitMatrix<R, K> {
    /// Ids 0 to 63 of each row; nearly always all.
    first: InlineVec<R, u64>,
    /// Further words, row by row.
    more: Vec<u64>,
    /// Further words a row.
    width: usize,
    ids: PhantomData<K>,
}

impl<R: Id, K: Id> BitMatrix<R, K> {
    /// Returns `rows` empty sets of ids below `capacity`.
    pub fn empty(rows: usize, capacity: usize) -> BitMatrix<R, K> {
        let width = capacity.div_ceil(64).saturating_sub(1);
        BitMatrix { first: (0..rows).map(|_| 0).collect(), more: vec![0; rows * width], width, ids: PhantomData }
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        self.first.len()
    }

    /// Returns the words of a row.
    #[inline]
    pub fn row(&self, row: R) -> Words<'_> {
        let start = row.index() * self.width;
        let more = if self.width == 0 { &[][..] } else { &self.more[start..start + self.width] };
        Words { first: self.first[row], more }
    }

    #[inline]
    fn word_mut(&mut self, row: R, id: K) -> &mut u64 {
        if id.word() == 0 { &mut self.first[row] } else { &mut self.more[row.index() * self.width + id.word() - 1] }
    }

    /// Adds `id` to a row.
    #[inline]
    pub fn insert(&mut self, row: R, id: K) {
        *self.word_mut(row, id) |= 1 << id.bit();
    }

    /// Removes `id` from a row.
    #[inline]
    pub fn remove(&mut self, row: R, id: K) {
        *self.word_mut(row, id) &= !(1 << id.bit());
    }

    /// Returns true if a row contains `id`.
    #[inline]
    pub fn contains(&self, row: R, id: K) -> bool {
        let word = if id.word() == 0 { self.first[row] } else { self.more[row.index() * self.width + id.word() - 1] };
        word >> id.bit() & 1 == 1
    }

    /// Removes all elements of all rows.
    pub fn clear(&mut self) {
        for row in self.first.iter_mut() {
            *row = 0;
        }
        self.more.fill(0);
    }

    /// Copies `other`, which has the same shape.
    #[inline]
    pub fn copy_from(&mut self, other: &BitMatrix<R, K>) {
        self.first.copy_from(&other.first);
        self.more.copy_from_slice(&other.more);
    }
}

/// Iterates over the positions of the ones in a sequence of words, ascending.
#[inline]
pub fn ones(words: impl Iterator<Item = u64>) -> impl Iterator<Item = u32> {
    words.enumerate().flat_map(|(at, mut word)| {
        std::iter::from_fn(move || {
            if word == 0 {
                return None;
            }
            let bit = word.trailing_zeros();
            word &= word - 1;
            Some(at as u32 * 64 + bit)
        })
    })
}

/// Greatest rank that is reached without a branch. Larger values were slower: most lists have one or two elements.
const BRANCH_FREE: u32 = 2;

/// Returns the position of the `rank`-th one (from 0) in a word that has more than `rank` ones.
#[inline]
pub fn select(mut word: u64, rank: u32) -> u32 {
    // A random rank defeats branch prediction, so the first steps do not branch on it.
    for step in 0..BRANCH_FREE {
        word &= word.wrapping_sub(u64::from(rank > step));
    }
    for _ in BRANCH_FREE..rank {
        word &= word - 1;
    }
    word.trailing_zeros()
}

impl<K: Id> FromIterator<K> for IdSet<K> {
    fn from_iter<I: IntoIterator<Item = K>>(ids: I) -> IdSet<K> {
        let ids: Vec<K> = ids.into_iter().collect();
        let mut set = IdSet::empty(ids.iter().max().map_or(0, |id| id.index() + 1));
        for id in ids {
            set.insert(id);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    crate::engine::id! { Number }

    proptest! {
        #[test]
        fn behaves_like_a_set(ids in prop::collection::vec((0u32..200, any::<bool>()), 0..100)) {
            let mut set = IdSet::empty(200);
            let mut oracle = BTreeSet::new();
            for (id, add) in ids {
                let id = Number::new(id);
                if add { set.insert(id); oracle.insert(id); } else { set.remove(id); oracle.remove(&id); }
                prop_assert_eq!(set.contains(id), add);
            }
            prop_assert_eq!(set.iter().collect::<Vec<_>>(), oracle.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(set.len(), oracle.len());
            prop_assert_eq!(set.first(), oracle.first().copied());
            for (rank, &id) in oracle.range(..Number::new(64)).enumerate() {
                prop_assert_eq!(select(set.words().first, rank as u32), id.get());
            }
        }
    }
}
