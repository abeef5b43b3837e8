//! Typed ids: `u32` newtypes, so that a task cannot be used in place of an agent.

/// Index into a list of one kind of object, from 0. The macro `id!` declares the types.
pub trait Id: Copy + Ord {
    /// Returns the id with this number.
    fn new(number: u32) -> Self;

    /// Returns the number.
    fn get(self) -> u32;

    /// Returns the number as an index of a list.
    #[inline]
    fn index(self) -> usize {
        self.get() as usize
    }

    /// Returns the index of the bitset word that contains the id.
    #[inline]
    fn word(self) -> usize {
        self.index() / 64
    }

    /// Returns the bit of the id in that word.
    #[inline]
    fn bit(self) -> u32 {
        self.get() % 64
    }
}

/// Declares an id type, a `u32` at run time.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[repr(transparent)]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(u32);

        impl $name {
            /// Greatest id; used as "none".
            pub const MAX: $name = $name(u32::MAX);

            /// Returns the id with this number.
            #[inline]
            pub const fn new(number: u32) -> $name {
                $name(number)
            }

            /// Returns the id of the object at this index of a list.
            #[inline]
            pub const fn at(index: usize) -> $name {
                $name(index as u32)
            }

            /// Returns the ids of a list of `len` things, ascending.
            #[inline]
            pub fn all(len: usize) -> impl DoubleEndedIterator<Item = $name> + ExactSizeIterator + Clone + use<> {
                (0..len as u32).map($name)
            }

            /// Returns the number.
            #[inline]
            pub const fn get(self) -> u32 {
                self.0
            }

            /// Returns the number as an index of a list.
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
