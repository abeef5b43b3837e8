//! Vector indexed by ids, with its first elements inline.
//!
//! An element that the event loop reads at every step is then at a fixed offset from its owner. No pointer or length is
//! read first.

use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

use crate::engine::Id;

/// Number of inline elements; nearly always all.
pub const INLINE_LEN: usize = 64;

/// Vector with the first [`INLINE_LEN`] elements inline, indexed by an id.
#[derive(Clone, Debug)]
pub struct InlineVec<K, T> {
    inline: [T; INLINE_LEN],
    more: Vec<T>,
    len: usize,
    ids: PhantomData<K>,
}

impl<K, T: Default> Default for InlineVec<K, T> {
    fn default() -> InlineVec<K, T> {
        InlineVec { inline: std::array::from_fn(|_| T::default()), more: Vec::new(), len: 0, ids: PhantomData }
    }
}

impl<K, T: Default> FromIterator<T> for InlineVec<K, T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> InlineVec<K, T> {
        let mut all = InlineVec::default();
        let mut elements = elements.into_iter();
        for (slot, element) in all.inline.iter_mut().zip(&mut elements) {
            *slot = element;
            all.len += 1;
        }
        all.more.extend(elements);
        all.len += all.more.len();
        all
    }
}

impl<K, T> InlineVec<K, T> {
    /// Returns the number of elements.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns true if there is no element.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Iterates over the elements in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.inline.iter().take(self.len).chain(&self.more)
    }

    /// Iterates over the elements in order, mutably.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.inline.iter_mut().take(self.len).chain(&mut self.more)
    }
}

impl<K, T: Copy> InlineVec<K, T> {
    /// Copies `other`. Allocates only beyond the greatest length so far.
    #[inline]
    pub fn copy_from(&mut self, other: &InlineVec<K, T>) {
        let inline = other.len.min(INLINE_LEN);
        self.inline[..inline].copy_from_slice(&other.inline[..inline]);
        self.more.clear();
        if other.len > INLINE_LEN {
            self.more.extend_from_slice(&other.more);
        }
        self.len = other.len;
    }

    /// Replaces the content by `len` copies of `element`. Allocates only beyond the greatest length so far.
    #[inline]
    pub fn fill(&mut self, len: usize, element: T) {
        self.inline[..len.min(INLINE_LEN)].fill(element);
        self.more.clear();
        if len > INLINE_LEN {
            self.more.resize(len - INLINE_LEN, element);
        }
        self.len = len;
    }
}

impl<K: Id, T> Index<K> for InlineVec<K, T> {
    type Output = T;
    #[inline]
    fn index(&self, id: K) -> &T {
        let at = id.index();
        debug_assert!(at < self.len, "index {at} of {}", self.len);
        if at < INLINE_LEN { &self.inline[at] } else { &self.more[at - INLINE_LEN] }
    }
}

impl<K: Id, T> IndexMut<K> for InlineVec<K, T> {
    #[inline]
    fn index_mut(&mut self, id: K) -> &mut T {
        let at = id.index();
        debug_assert!(at < self.len, "index {at} of {}", self.len);
        if at < INLINE_LEN { &mut self.inline[at] } else { &mut self.more[at - INLINE_LEN] }
    }
}

#[cfg(test)]
mod tests {
    use super::InlineVec;
    use proptest::prelude::*;

    crate::engine::id! {
        /// A number.
        Number
    }

    proptest! {
        #[test]
        fn behaves_like_a_vector(first in 0usize..150, second in 0usize..150) {
            let mut oracle: Vec<usize> = (0..first).collect();
            let mut rows: InlineVec<Number, usize> = oracle.iter().copied().collect();
            for (row, value) in oracle.iter_mut().enumerate() {
                let id = Number::at(row);
                prop_assert_eq!(rows[id], row);
                rows[id] += row % 7;
                *value += row % 7;
            }
            prop_assert_eq!(rows.iter().copied().collect::<Vec<_>>(), oracle.clone());
            let mut other = InlineVec::default();
            other.fill(second, 9);
            prop_assert_eq!(other.iter().copied().collect::<Vec<_>>(), vec![9; second]);
            other.copy_from(&rows);
            other.iter_mut().for_each(|row| *row *= 2);
            prop_assert_eq!((other.len(), other.is_empty()), (first, first == 0));
            prop_assert_eq!(other.iter().copied().collect::<Vec<_>>(), oracle.iter().map(|row| row * 2).collect::<Vec<_>>());
        }
    }
}
