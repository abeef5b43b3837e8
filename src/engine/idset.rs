//! A set of small numbers (tasks, agents) as a bitset: the ready tasks in list order, found in a few instructions.

/// A set of ids below a fixed capacity, iterated in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdSet {
    words: Vec<u64>,
}

impl IdSet {
    /// The empty set over ids below `capacity`.
    pub fn empty(capacity: usize) -> IdSet {
        IdSet { words: vec![0; capacity.div_ceil(64).max(1)] }
    }

    /// The set of all ids below `capacity`.
    pub fn full(capacity: usize) -> IdSet {
        let mut set = IdSet::empty(capacity);
        for id in 0..capacity {
            set.insert(id as u32);
        }
        set
    }

    /// Its words, 64 ids each, lowest first.
    #[inline]
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// Adds `id`.
    #[inline]
    pub fn insert(&mut self, id: u32) {
        self.words[id as usize / 64] |= 1 << (id % 64);
    }

    /// Adds `id` if `so`, without a branch.
    #[inline]
    pub fn insert_if(&mut self, so: bool, id: u32) {
        self.words[id as usize / 64] |= u64::from(so) << (id % 64);
    }

    /// Takes `id` out.
    #[inline]
    pub fn remove(&mut self, id: u32) {
        self.words[id as usize / 64] &= !(1 << (id % 64));
    }

    /// Whether `id` is in.
    #[inline]
    pub fn contains(&self, id: u32) -> bool {
        self.words.get(id as usize / 64).is_some_and(|word| word >> (id % 64) & 1 == 1)
    }

    /// Whether it has no element.
    #[inline]
    pub fn is_empty(&self) -> bool {
        if let [word] = self.words[..] { word == 0 } else { self.words.iter().all(|&word| word == 0) }
    }

    /// How many elements it has.
    #[inline]
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The least element.
    #[inline]
    pub fn first(&self) -> Option<u32> {
        ones(self.words.iter().copied()).next()
    }

    /// Takes everything out.
    #[inline]
    pub fn clear(&mut self) {
        self.words.fill(0);
    }

    /// Becomes a copy of `other`, which has the same capacity.
    #[inline]
    pub fn copy_from(&mut self, other: &IdSet) {
        self.words.copy_from_slice(&other.words);
    }

    /// Adds every element of `other`, which has the same capacity.
    #[inline]
    pub fn add_all(&mut self, other: &IdSet) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word |= other;
        }
    }

    /// The elements, ascending.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        ones(self.words.iter().copied())
    }
}

/// As many sets as there are rows, in one piece of memory: what each agent owns, what each is able to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdTable {
    words: Vec<u64>,
    width: usize,
}

impl IdTable {
    /// `rows` empty sets over ids below `capacity`.
    pub fn empty(rows: usize, capacity: usize) -> IdTable {
        let width = capacity.div_ceil(64).max(1);
        IdTable { words: vec![0; rows * width], width }
    }

    /// How many sets it has.
    pub fn rows(&self) -> usize {
        self.words.len() / self.width
    }

    /// The words of one set.
    #[inline]
    pub fn row(&self, row: u32) -> &[u64] {
        if self.width == 1 {
            // The common case, and a much shorter way.
            return std::slice::from_ref(&self.words[row as usize]);
        }
        let start = row as usize * self.width;
        &self.words[start..start + self.width]
    }

    /// Adds `id` to a set.
    #[inline]
    pub fn insert(&mut self, row: u32, id: u32) {
        self.words[row as usize * self.width + id as usize / 64] |= 1 << (id % 64);
    }

    /// Takes `id` out of a set.
    #[inline]
    pub fn remove(&mut self, row: u32, id: u32) {
        self.words[row as usize * self.width + id as usize / 64] &= !(1 << (id % 64));
    }

    /// Whether a set has `id`.
    #[inline]
    pub fn contains(&self, row: u32, id: u32) -> bool {
        self.words[row as usize * self.width + id as usize / 64] >> (id % 64) & 1 == 1
    }

    /// Becomes a copy of `other`, which has the same shape.
    #[inline]
    pub fn copy_from(&mut self, other: &IdTable) {
        self.words.copy_from_slice(&other.words);
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

impl FromIterator<u32> for IdSet {
    fn from_iter<I: IntoIterator<Item = u32>>(ids: I) -> IdSet {
        let ids: Vec<u32> = ids.into_iter().collect();
        let mut set = IdSet::empty(ids.iter().max().map_or(0, |&id| id as usize + 1));
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

    proptest! {
        #[test]
        fn behaves_like_a_set(ids in prop::collection::vec((0u32..200, any::<bool>()), 0..100)) {
            let mut set = IdSet::empty(200);
            let mut oracle = BTreeSet::new();
            for (id, add) in ids {
                if add { set.insert(id); oracle.insert(id); } else { set.remove(id); oracle.remove(&id); }
                prop_assert_eq!(set.contains(id), add);
            }
            prop_assert_eq!(set.iter().collect::<Vec<_>>(), oracle.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(set.len(), oracle.len());
            prop_assert_eq!(set.first(), oracle.first().copied());
            for (rank, &id) in oracle.range(..64).enumerate() {
                prop_assert_eq!(select(set.words()[0], rank as u32), id);
            }
        }
    }
}
