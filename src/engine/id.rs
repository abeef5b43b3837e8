//! Typed indices, as petgraph's `NodeIndex`: the compiler rejects the id of a task where that of an agent is expected.

/// A position in a list of things of one kind, from 0. The macro `id!` declares the types.
pub trait Id: Copy + Ord {
    /// The id with this number.
    fn new(number: u32) -> Self;

    /// The number.
    fn get(self) -> u32;

    /// The position in a list.
    #[inline]
    fn index(self) -> usize {
        self.get() as usize
    }

    /// The word of a bitset that contains the id.
    #[inline]
    fn word(self) -> usize {
        self.index() / 64
    }

    /// The bit of the id in that word.
    #[inline]
    fn bit(self) -> u32 {
        self.get() % 64
    }
}

/// Declares a type of ids, stored as a `u32`. Both text forms are the number.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[repr(transparent)]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(u32);

        impl $name {
            /// The greatest id: a placeholder where there is none.
            pub const MAX: $name = $name(u32::MAX);

            /// The id with this number.
            #[inline]
            pub const fn new(number: u32) -> $name {
                $name(number)
            }

            /// The id of a position in a list.
            #[inline]
            pub const fn at(index: usize) -> $name {
                $name(index as u32)
            }

            /// The ids of a list of `len` things, ascending.
            #[inline]
            pub fn all(len: usize) -> impl DoubleEndedIterator<Item = $name> + ExactSizeIterator + Clone + use<> {
                (0..len as u32).map($name)
            }

            /// The number.
            #[inline]
            pub const fn get(self) -> u32 {
                self.0
            }

            /// The position in a list.
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
