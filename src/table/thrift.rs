//! Reader of the compact protocol of Apache Thrift, the format of Parquet metadata, for damaged files: every length is
//! checked against the remaining bytes, and nothing is allocated.

/// Deepest nesting of structures.
const MAX_DEPTH: u32 = 32;

/// Kinds of values.
pub(super) mod kind {
    pub(in super::super) const TRUE: u8 = 1;
    pub(in super::super) const FALSE: u8 = 2;
    pub(in super::super) const I8: u8 = 3;
    pub(in super::super) const I16: u8 = 4;
    pub(in super::super) const I32: u8 = 5;
    pub(in super::super) const I64: u8 = 6;
    pub(in super::super) const DOUBLE: u8 = 7;
    pub(in super::super) const BINARY: u8 = 8;
    pub(in super::super) const LIST: u8 = 9;
    pub(in super::super) const SET: u8 = 10;
    pub(in super::super) const MAP: u8 = 11;
    pub(in super::super) const STRUCT: u8 = 12;
}

/// Cursor over bytes. Every method returns none if the bytes do not have the expected form.
pub(super) struct Thrift<'a> {
    bytes: &'a [u8],
    depth: u32,
}

impl<'a> Thrift<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Thrift<'a> {
        Thrift { bytes, depth: 0 }
    }

    /// Returns the number of remaining bytes.
    pub(super) fn left(&self) -> usize {
        self.bytes.len()
    }

    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(first)
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// Reads a whole number of 16, 32 or 64 bits.
    pub(super) fn int(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// Reads text or bytes.
    pub(super) fn binary(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.varint()?).ok()?;
        self.take(length)
    }

    /// Reads the header of a list: the kind of its elements and their number.
    pub(super) fn list(&mut self) -> Option<(u8, usize)> {
        let first = self.byte()?;
        let short = usize::from(first >> 4);
        let size = if short == 15 { usize::try_from(self.varint()?).ok()? } else { short };
        // Every element takes at least one byte.
        (size <= self.left()).then_some((first & 0x0f, size))
    }

    /// Reads a structure. `field` gets the number and kind of each field and must read or [`Thrift::skip`] it.
    pub(super) fn structure(&mut self, mut field: impl FnMut(&mut Self, i64, u8) -> Option<()>) -> Option<()> {
        if self.depth == MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let mut last = 0_i64;
        loop {
            let first = self.byte()?;
            if first == 0 {
                break;
            }
            let delta = i64::from(first >> 4);
            last = if delta == 0 { self.int()? } else { last.checked_add(delta)? };
            field(self, last, first & 0x0f)?;
        }
        self.depth -= 1;
        Some(())
    }

    /// Skips the value of a field.
    pub(super) fn skip(&mut self, kind: u8) -> Option<()> {
        match kind {
            kind::TRUE | kind::FALSE => Some(()),
            _ => self.skip_element(kind),
        }
    }

    fn skip_element(&mut self, kind: u8) -> Option<()> {
        match kind {
            kind::TRUE | kind::FALSE | kind::I8 => self.byte().map(|_| ()),
            kind::I16 | kind::I32 | kind::I64 => self.varint().map(|_| ()),
            kind::DOUBLE => self.take(8).map(|_| ()),
            kind::BINARY => self.binary().map(|_| ()),
            kind::LIST | kind::SET => {
                let (of, size) = self.list()?;
                self.nested(|thrift| (0..size).try_for_each(|_| thrift.skip_element(of)))
            }
            kind::MAP => {
                let size = usize::try_from(self.varint()?).ok()?;
                let kinds = if size > 0 { self.byte()? } else { 0 };
                let one = |thrift: &mut Self| {
                    thrift.skip_element(kinds >> 4)?;
                    thrift.skip_element(kinds & 0x0f)
                };
                self.nested(|thrift| (0..size).try_for_each(|_| one(thrift)))
            }
            kind::STRUCT => self.structure(|thrift, _, kind| thrift.skip(kind)),
            _ => None,
        }
    }

    fn nested(&mut self, inside: impl FnOnce(&mut Self) -> Option<()>) -> Option<()> {
        if self.depth == MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        inside(self)?;
        self.depth -= 1;
        Some(())
    }

    /// Reads a list of structures. `field` gets the index of the structure and each of its fields.
    pub(super) fn structures(
        &mut self,
        kind: u8,
        mut field: impl FnMut(&mut Self, usize, i64, u8) -> Option<()>,
    ) -> Option<usize> {
        let (of, size) = (kind == kind::LIST).then(|| self.list())??;
        if of != kind::STRUCT && size > 0 {
            return None;
        }
        for index in 0..size {
            self.structure(|thrift, id, kind| field(thrift, index, id, kind))?;
        }
        Some(size)
    }

    /// Reads a whole number if the field is one.
    pub(super) fn int_field(&mut self, kind: u8) -> Option<i64> {
        matches!(kind, kind::I16 | kind::I32 | kind::I64).then(|| self.int())?
    }
}
