//! Ids: numbers whose type is the kind of thing they number, so that a task is never taken for an agent.

use std::fmt::{Debug, Display};

/// A position in a list of things of one kind, counted from 0. Types of ids are made by the macro `id!`.
pub trait Id: Copy + Ord + Debug + Display {
    /// The id with this number.
    fn new(number: u32) -> Self;

    /// Its number.
    fn get(self) -> u32;

    /// Its number, to index a list.
    #[inline]
    fn index(self) -> usize {
        self.get() as usize
    }

    /// The word of a bitset that contains it.
    #[inline]
    fn word(self) -> usize {
        self.index() / 64
    }

    /// Its bit in that word.
    #[inline]
    fn bit(self) -> u32 {
        self.get() % 64
    }
}

/// Declares a type of ids: a `u32` at run time.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[repr(transparent)]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(u32);

        impl $name {
            /// The greatest id, which stands for none.
            pub const MAX: $name = $name(u32::MAX);

            /// The id with this number.
            #[inline]
            pub const fn new(number: u32) -> $name {
                $name(number)
            }

            /// The id of the thing at this place of a list.
            #[inline]
            pub const fn at(index: usize) -> $name {
                $name(index as u32)
            }

            /// The ids of a list of this length, ascending.
            #[inline]
            pub fn all(len: usize) -> impl DoubleEndedIterator<Item = $name> + ExactSizeIterator + Clone + use<> {
                (0..len as u32).map($name)
            }

            /// Its number.
            #[inline]
            pub const fn get(self) -> u32 {
                self.0
            }

            /// Its number, to index a list.
            #[inline]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl $crate::engine::Id for $name {
            #[inline]
            fn new(number: u32) -> $name {
                $name(number)
            }

            #[inline]
            fn get(self) -> u32 {
                self.0
            }
        }

        impl From<$name> for u64 {
            #[inline]
            fn from(id: $name) -> u64 {
                u64::from(id.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(&self.0, f)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

pub(crate) use id;
