//! A set of ids as a bitset: the ready tasks in list order, found in a few instructions.

use std::marker::PhantomData;

use crate::engine::{Id, Rows};

/// A set of ids below a fixed capacity, iterated in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdSet<K> {
    /// The first 64 ids, which is nearly always all.
    first: u64,
    more: Vec<u64>,
    ids: PhantomData<K>,
}

/// A set as words of 64 ids each, lowest first.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    /// The first 64 ids.
    pub first: u64,
    /// All further ones.
    pub more: &'a [u64],
}

impl Words<'_> {
    /// The words in order.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = u64> {
        std::iter::once(self.first).chain(self.more.iter().copied())
    }
}

impl<K: Id> IdSet<K> {
    /// The empty set over ids below `capacity`.
    pub fn empty(capacity: usize) -> IdSet<K> {
        IdSet { first: 0, more: vec![0; capacity.div_ceil(64).saturating_sub(1)], ids: PhantomData }
    }

    /// The set of all ids below `capacity`.
    pub fn full(capacity: usize) -> IdSet<K> {
        let mut set = IdSet::empty(capacity);
        for id in 0..capacity as u32 {
            set.insert(K::new(id));
        }
        set
    }

    /// Its words.
    #[inline]
    pub fn words(&self) -> Words<'_> {
        Words { first: self.first, more: &self.more }
    }

    #[inline]
    fn word_mut(&mut self, word: usize) -> &mut u64 {
        if word == 0 { &mut self.first } else { &mut self.more[word - 1] }
    }

    /// Adds `id`.
    #[inline]
    pub fn insert(&mut self, id: K) {
        *self.word_mut(id.word()) |= 1 << id.bit();
    }

    /// Adds those of the 64 ids of a word whose bits are set.
    #[inline]
    pub fn insert_all(&mut self, word: usize, bits: u64) {
        *self.word_mut(word) |= bits;
    }

    /// Takes `id` out.
    #[inline]
    pub fn remove(&mut self, id: K) {
        *self.word_mut(id.word()) &= !(1 << id.bit());
    }

    /// Whether `id` is in.
    #[inline]
    pub fn contains(&self, id: K) -> bool {
        let word = if id.word() == 0 { Some(&self.first) } else { self.more.get(id.word() - 1) };
        word.is_some_and(|word| word >> id.bit() & 1 == 1)
    }

    /// Whether it has no element.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.first == 0 && self.more.iter().all(|&word| word == 0)
    }

    /// How many elements it has.
    #[inline]
    pub fn len(&self) -> usize {
        self.words().iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The least element.
    #[inline]
    pub fn first(&self) -> Option<K> {
        self.iter().next()
    }

    /// Takes everything out.
    #[inline]
    pub fn clear(&mut self) {
        self.first = 0;
        self.more.fill(0);
    }

    /// Becomes a copy of `other`, which has the same capacity.
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

    /// The elements, ascending.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = K> + '_ {
        ones(std::iter::once(self.first).chain(self.more.iter().copied())).map(K::new)
    }
}

/// As many sets as there are rows: what each agent owns, what each is able to do.
#[derive(Clone, Debug, Default)]
pub struct IdTable<R, K> {
    /// Of each row the first 64 ids, which is nearly always all.
    first: Rows<R, u64>,
    /// All further words, one row after another.
    more: Vec<u64>,
    /// Further words a row.
    width: usize,
    ids: PhantomData<K>,
}

impl<R: Id, K: Id> IdTable<R, K> {
    /// `rows` empty sets over ids below `capacity`.
    pub fn empty(rows: usize, capacity: usize) -> IdTable<R, K> {
        let width = capacity.div_ceil(64).saturating_sub(1);
        IdTable { first: (0..rows).map(|_| 0).collect(), more: vec![0; rows * width], width, ids: PhantomData }
    }

    /// How many sets it has.
    pub fn rows(&self) -> usize {
        self.first.len()
    }

    /// The words of one set.
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

    /// Adds `id` to a set.
    #[inline]
    pub fn insert(&mut self, row: R, id: K) {
        *self.word_mut(row, id) |= 1 << id.bit();
    }

    /// Takes `id` out of a set.
    #[inline]
    pub fn remove(&mut self, row: R, id: K) {
        *self.word_mut(row, id) &= !(1 << id.bit());
    }

    /// Whether a set has `id`.
    #[inline]
    pub fn contains(&self, row: R, id: K) -> bool {
        let word = if id.word() == 0 { self.first[row] } else { self.more[row.index() * self.width + id.word() - 1] };
        word >> id.bit() & 1 == 1
    }

    /// Becomes a copy of `other`, which has the same shape.
    #[inline]
    pub fn copy_from(&mut self, other: &IdTable<R, K>) {
        self.first.copy_from(&other.first);
        self.more.copy_from_slice(&other.more);
    }
}

/// The positions of the ones in a sequence of words, ascending.
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

/// Ranks up to this are found without a branch; beyond it, the longer way costs lists of one or two more than it saves.
const FORESEEN: u32 = 2;

/// The position of the `rank`-th one (from 0) in a word that has more than `rank` ones.
#[inline]
pub fn select(mut word: u64, rank: u32) -> u32 {
    // A drawn rank cannot be foreseen: the first few steps are made by everybody and nothing branches on it.
    for step in 0..FORESEEN {
        word &= word.wrapping_sub(u64::from(rank > step));
    }
    for _ in FORESEEN..rank {
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
