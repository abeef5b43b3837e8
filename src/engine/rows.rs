//! Tables by id (tasks, agents, artifacts), the first few rows in place: what the loop looks up at every step is
//! then a fixed distance from its owner, whose size is known at compile time, and not behind a pointer and a length
//! that have to be read again.

use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

use crate::engine::Id;

/// How many rows are in place; nearly always all.
pub const FEW: usize = 64;

/// Rows numbered from 0, looked up by an id.
#[derive(Clone, Debug)]
pub struct Rows<K, T> {
    few: [T; FEW],
    more: Vec<T>,
    len: usize,
    ids: PhantomData<K>,
}

impl<K, T: Default> Default for Rows<K, T> {
    fn default() -> Rows<K, T> {
        Rows { few: std::array::from_fn(|_| T::default()), more: Vec::new(), len: 0, ids: PhantomData }
    }
}

impl<K, T: Default> FromIterator<T> for Rows<K, T> {
    fn from_iter<I: IntoIterator<Item = T>>(rows: I) -> Rows<K, T> {
        let mut all = Rows::default();
        let mut rows = rows.into_iter();
        for (place, row) in all.few.iter_mut().zip(&mut rows) {
            *place = row;
            all.len += 1;
        }
        all.more.extend(rows);
        all.len += all.more.len();
        all
    }
}

impl<K, T> Rows<K, T> {
    /// How many rows there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All rows, in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.few.iter().take(self.len).chain(&self.more)
    }

    /// All rows, in order, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.few.iter_mut().take(self.len).chain(&mut self.more)
    }
}

impl<K, T: Copy> Rows<K, T> {
    /// Becomes a copy of `other`; allocates nothing if it has had as many rows before.
    #[inline]
    pub fn copy_from(&mut self, other: &Rows<K, T>) {
        let here = other.len.min(FEW);
        self.few[..here].copy_from_slice(&other.few[..here]);
        self.more.clear();
        if other.len > FEW {
            self.more.extend_from_slice(&other.more);
        }
        self.len = other.len;
    }

    /// Becomes `len` times `row`; allocates nothing if it has had as many rows before.
    #[inline]
    pub fn fill(&mut self, len: usize, row: T) {
        self.few[..len.min(FEW)].fill(row);
        self.more.clear();
        if len > FEW {
            self.more.resize(len - FEW, row);
        }
        self.len = len;
    }
}

impl<K: Id, T> Index<K> for Rows<K, T> {
    type Output = T;
    #[inline]
    fn index(&self, id: K) -> &T {
        let at = id.index();
        debug_assert!(at < self.len, "row {at} of {}", self.len);
        if at < FEW { &self.few[at] } else { &self.more[at - FEW] }
    }
}

impl<K: Id, T> IndexMut<K> for Rows<K, T> {
    #[inline]
    fn index_mut(&mut self, id: K) -> &mut T {
        let at = id.index();
        debug_assert!(at < self.len, "row {at} of {}", self.len);
        if at < FEW { &mut self.few[at] } else { &mut self.more[at - FEW] }
    }
}

#[cfg(test)]
mod tests {
    use super::Rows;
    use proptest::prelude::*;

    crate::engine::id! { Number }

    proptest! {
        #[test]
        fn behaves_like_a_vector(first in 0usize..150, second in 0usize..150) {
            let mut oracle: Vec<usize> = (0..first).collect();
            let mut rows: Rows<Number, usize> = oracle.iter().copied().collect();
            for (id, row) in Number::all(first).zip(&mut oracle) {
                prop_assert_eq!(rows[id], *row);
                rows[id] += *row % 7;
                *row += *row % 7;
            }
            prop_assert_eq!(rows.iter().copied().collect::<Vec<_>>(), oracle.clone());
            let mut other = Rows::default();
            other.fill(second, 9);
            prop_assert_eq!(other.iter().copied().collect::<Vec<_>>(), vec![9; second]);
            other.copy_from(&rows);
            other.iter_mut().for_each(|row| *row *= 2);
            prop_assert_eq!((other.len(), other.is_empty()), (first, first == 0));
            prop_assert_eq!(other.iter().copied().collect::<Vec<_>>(), oracle.iter().map(|row| row * 2).collect::<Vec<_>>());
        }
    }
}
