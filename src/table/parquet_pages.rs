//! Decoder of Parquet pages: definition levels, which mark missing values, and values in plain, dictionary or delta
//! encoding. Every input gives cells or an error.

use parquet::basic::{Encoding, Type as Physical};
use parquet::column::page::Page;

use super::cells::CellValue;
use crate::engine::Time;

/// Julian day of 1970-01-01, as used by INT96.
const EPOCH_DAY: u64 = 2_440_588;
const DAY_US: u64 = 86_400_000_000;
const SHORT: &str = "a page is too short";

/// Decoder of the pages of a column in a row group.
pub(super) struct Pages {
    physical: Physical,
    /// Definition level of a present value.
    optional: i16,
    dictionary: Option<Vec<CellValue>>,
}

impl Pages {
    pub(super) fn new(physical: Physical, optional: i16) -> Pages {
        Pages { physical, optional, dictionary: None }
    }

    /// Emits the values of a page, at most `left`.
    pub(super) fn read(
        &mut self,
        page: &Page,
        left: &mut usize,
        emit: impl FnMut(CellValue) -> Result<(), String>,
    ) -> Result<(), String> {
        match page {
            Page::DictionaryPage { buf, num_values, encoding, .. } => {
                let is_plain = matches!(encoding, Encoding::PLAIN | Encoding::PLAIN_DICTIONARY);
                if !is_plain || self.physical == Physical::BOOLEAN || self.dictionary.is_some() {
                    return Err("the dictionary is not plain, or there are two".to_owned());
                }
                let mut plain = Plain::new(buf, self.physical);
                // Collected one by one: the page may contain fewer values than it states.
                let values: Option<Vec<CellValue>> = (0..*num_values).map(|_| plain.next()).collect();
                self.dictionary = Some(values.ok_or(SHORT)?);
                Ok(())
            }
            Page::DataPage { buf, num_values, encoding, def_level_encoding, .. } => {
                let (levels, values) = if self.optional == 0 {
                    (&[][..], &buf[..])
                } else if *def_level_encoding == Encoding::RLE {
                    sized(buf).ok_or(SHORT)?
                } else {
                    return Err("definition levels in an obsolete encoding".to_owned());
                };
                self.emit(levels, values, *encoding, *num_values, left, emit)
            }
            Page::DataPageV2 { buf, num_values, encoding, def_levels_byte_len, rep_levels_byte_len, .. } => {
                // No repetition levels: lists are not read.
                let after = buf.get(*rep_levels_byte_len as usize..).ok_or(SHORT)?;
                let (levels, values) = after.split_at_checked(*def_levels_byte_len as usize).ok_or(SHORT)?;
                self.emit(levels, values, *encoding, *num_values, left, emit)
            }
        }
    }

    fn emit(
        &self,
        levels: &[u8],
        values: &[u8],
        encoding: Encoding,
        count: u32,
        left: &mut usize,
        mut emit: impl FnMut(CellValue) -> Result<(), String>,
    ) -> Result<(), String> {
        let width = 16 - (self.optional as u16).leading_zeros();
        let mut levels = Hybrid::new(levels, width);
        let count = (count as usize).min(*left);
        let mut values = Values::new(self, values, encoding, count)?;
        for _ in 0..count {
            let is_present = self.optional == 0 || levels.next().ok_or(SHORT)? == self.optional as u32;
            emit(if is_present { values.next().ok_or(SHORT)? } else { CellValue::Nothing })?;
            *left -= 1;
        }
        Ok(())
    }
}

/// Values of a page by encoding.
enum Values<'a> {
    Plain(Plain<'a>),
    Dictionary(&'a [CellValue], Hybrid<'a>),
    Flags(Hybrid<'a>),
    Delta(Delta<'a>),
    Texts(std::vec::IntoIter<i64>, &'a [u8]),
    /// Byte stream split: the first bytes of all numbers, then the second bytes, and so on.
    Split {
        bytes: &'a [u8],
        size: usize,
        at: usize,
        physical: Physical,
    },
}

impl<'a> Values<'a> {
    fn new(pages: &'a Pages, bytes: &'a [u8], encoding: Encoding, count: usize) -> Result<Values<'a>, String> {
        Ok(match (encoding, pages.physical) {
            (Encoding::PLAIN, physical) => Values::Plain(Plain::new(bytes, physical)),
            (Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY, _) => {
                let dictionary = pages.dictionary.as_ref().ok_or("the dictionary is missing")?;
                // A page without values may have no width.
                let (width, rest) = bytes.split_first().unwrap_or((&0, &[]));
                Values::Dictionary(dictionary, Hybrid::new(rest, u32::from(*width)))
            }
            (Encoding::RLE, Physical::BOOLEAN) => Values::Flags(Hybrid::new(sized(bytes).ok_or(SHORT)?.0, 1)),
            (Encoding::DELTA_BINARY_PACKED, Physical::INT32 | Physical::INT64) => {
                Values::Delta(Delta::new(bytes, pages.physical).ok_or(SHORT)?)
            }
            (Encoding::DELTA_LENGTH_BYTE_ARRAY, Physical::BYTE_ARRAY) => {
                let mut delta = Delta::new(bytes, Physical::INT32).ok_or(SHORT)?;
                if delta.left > count as u64 {
                    return Err("there are more lengths than values".to_owned());
                }
                let lengths: Option<Vec<i64>> = (0..delta.left).map(|_| delta.next()).collect();
                Values::Texts(lengths.ok_or(SHORT)?.into_iter(), delta.bytes)
            }
            (Encoding::BYTE_STREAM_SPLIT, Physical::FLOAT | Physical::INT32) => {
                Values::Split { bytes, size: 4, at: 0, physical: pages.physical }
            }
            (Encoding::BYTE_STREAM_SPLIT, Physical::DOUBLE | Physical::INT64) => {
                Values::Split { bytes, size: 8, at: 0, physical: pages.physical }
            }
            (other, _) => {
                return Err(format!("the encoding {other} is not supported; use plain or dictionary encoding"));
            }
        })
    }

    fn next(&mut self) -> Option<CellValue> {
        match self {
            Values::Plain(plain) => plain.next(),
            Values::Dictionary(cells, indices) => cells.get(indices.next()? as usize).cloned(),
            Values::Flags(flags) => flags.next().map(|flag| CellValue::Int(i64::from(flag))),
            Values::Delta(delta) => delta.next().map(CellValue::Int),
            Values::Texts(lengths, bytes) => {
                let (text, rest) = bytes.split_at_checked(usize::try_from(lengths.next()?).ok()?)?;
                *bytes = rest;
                Some(text_of(text))
            }
            Values::Split { bytes, size, at, physical } => {
                let count = bytes.len() / *size;
                if *at >= count {
                    return None;
                }
                let number: Option<Vec<u8>> = (0..*size).map(|part| bytes.get(part * count + *at).copied()).collect();
                *at += 1;
                Plain::new(&number?, *physical).next()
            }
        }
    }
}

/// Splits length-prefixed bytes from the following ones.
fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

fn text_of(bytes: &[u8]) -> CellValue {
    std::str::from_utf8(bytes).map_or(CellValue::Nothing, CellValue::from_text)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn zigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// Plain values, one after another.
struct Plain<'a> {
    rest: &'a [u8],
    /// Next bit, for booleans.
    bit: u32,
    physical: Physical,
}

impl<'a> Plain<'a> {
    fn new(rest: &'a [u8], physical: Physical) -> Plain<'a> {
        Plain { rest, bit: 0, physical }
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*taken)
    }

    fn next(&mut self) -> Option<CellValue> {
        Some(match self.physical {
            Physical::BOOLEAN => {
                let flag = self.rest.first()? >> self.bit & 1;
                self.bit = (self.bit + 1) % 8;
                if self.bit == 0 {
                    self.take::<1>()?;
                }
                CellValue::Int(i64::from(flag))
            }
            Physical::INT32 => CellValue::Int(i64::from(i32::from_le_bytes(self.take()?))),
            Physical::INT64 => CellValue::Int(i64::from_le_bytes(self.take()?)),
            Physical::INT96 => {
                let nanos = u64::from_le_bytes(self.take()?);
                let day = u64::from(u32::from_le_bytes(self.take()?));
                let days = day.checked_sub(EPOCH_DAY).and_then(|days| days.checked_mul(DAY_US));
                let us = days.and_then(|days| days.checked_add(nanos / 1000));
                us.map_or(CellValue::Nothing, |us| CellValue::Time(Time::from_us(us)))
            }
            Physical::FLOAT => CellValue::from_number(f64::from(f32::from_le_bytes(self.take()?))),
            Physical::DOUBLE => CellValue::from_number(f64::from_le_bytes(self.take()?)),
            Physical::BYTE_ARRAY => {
                let (text, rest) = sized(self.rest)?;
                self.rest = rest;
                text_of(text)
            }
            Physical::FIXED_LEN_BYTE_ARRAY => return None,
        })
    }
}

/// Hybrid encoding of small numbers: runs of one number, and bit-packed numbers of fixed width.
struct Hybrid<'a> {
    rest: &'a [u8],
    width: u32,
    /// Remaining length of the run, and its number.
    run: (u64, u32),
    /// Bit-packed bytes, and the next bit.
    packed: (&'a [u8], usize),
}

impl<'a> Hybrid<'a> {
    fn new(rest: &'a [u8], width: u32) -> Hybrid<'a> {
        Hybrid { rest, width, run: (0, 0), packed: (&[], 0) }
    }

    fn next(&mut self) -> Option<u32> {
        if self.width > 32 {
            return None;
        }
        loop {
            if self.run.0 > 0 {
                self.run.0 -= 1;
                return Some(self.run.1);
            }
            if let Some(value) = bits(self.packed.0, self.packed.1, self.width).filter(|_| !self.packed.0.is_empty()) {
                self.packed.1 += self.width as usize;
                return u32::try_from(value).ok();
            }
            self.packed = (&[], 0);
            let header = varint(&mut self.rest)?;
            if header & 1 == 1 && self.width > 0 {
                // Groups of eight numbers, `width` bytes each; the last may be truncated.
                let length = usize::try_from(header >> 1).ok()?.saturating_mul(self.width as usize);
                let (packed, rest) = self.rest.split_at(length.min(self.rest.len()));
                self.packed = (packed, 0);
                self.rest = rest;
            } else if header & 1 == 1 {
                self.run = ((header >> 1).saturating_mul(8), 0);
            } else {
                let (value, rest) = self.rest.split_at_checked(self.width.div_ceil(8) as usize)?;
                let value = value.iter().rev().fold(0_u32, |value, &byte| value << 8 | u32::from(byte));
                self.run = (header >> 1, value);
                self.rest = rest;
            }
        }
    }
}

/// Returns the number of `width` bits, at most 64, that starts at a bit; none if the bytes end before.
fn bits(bytes: &[u8], at: usize, width: u32) -> Option<u64> {
    let end = at.checked_add(width as usize)?;
    let of = bytes.get(at / 8..end.div_ceil(8))?;
    let all = of.iter().rev().fold(0_u128, |all, &byte| all << 8 | u128::from(byte));
    Some((all >> (at % 8)) as u64 & (1_u128 << width).wrapping_sub(1) as u64)
}

/// Delta encoding: blocks of differences, each with its least difference.
struct Delta<'a> {
    bytes: &'a [u8],
    is_32: bool,
    /// Miniblocks of a block, and numbers of a miniblock.
    parts: usize,
    of_part: usize,
    /// Remaining numbers.
    left: u64,
    /// Previous number, or the first one before it is returned.
    last: i64,
    is_first: bool,
    least: i64,
    widths: &'a [u8],
    /// Current miniblock, its next bit, and its remaining numbers.
    part: (&'a [u8], usize, usize),
    width: u32,
}

impl<'a> Delta<'a> {
    fn new(mut bytes: &'a [u8], physical: Physical) -> Option<Delta<'a>> {
        let block = usize::try_from(varint(&mut bytes)?).ok()?;
        let parts = usize::try_from(varint(&mut bytes)?).ok()?;
        let left = varint(&mut bytes)?;
        let last = zigzag(varint(&mut bytes)?);
        if parts == 0 || block > 1 << 20 || block % parts != 0 || !(block / parts).is_multiple_of(8) {
            return None;
        }
        Some(Delta {
            bytes,
            is_32: physical == Physical::INT32,
            parts,
            of_part: block / parts,
            left,
            last,
            is_first: true,
            least: 0,
            widths: &[],
            part: (&[], 0, 0),
            width: 0,
        })
    }

    fn next(&mut self) -> Option<i64> {
        self.left = self.left.checked_sub(1)?;
        if !std::mem::take(&mut self.is_first) {
            if self.part.2 == 0 {
                self.begin_part()?;
            }
            let delta = bits(self.part.0, self.part.1, self.width)? as i64;
            self.part.1 += self.width as usize;
            self.part.2 -= 1;
            self.last = self.last.wrapping_add(self.least).wrapping_add(delta);
            if self.is_32 {
                self.last = i64::from(self.last as i32);
            }
        }
        Some(self.last)
    }

    fn begin_part(&mut self) -> Option<()> {
        if self.of_part == 0 {
            return None;
        }
        if self.widths.is_empty() {
            self.least = zigzag(varint(&mut self.bytes)?);
            (self.widths, self.bytes) = self.bytes.split_at_checked(self.parts)?;
        }
        let (&width, widths) = self.widths.split_first()?;
        self.widths = widths;
        self.width = Some(u32::from(width)).filter(|width| *width <= 64)?;
        // The last miniblock may be truncated.
        let length = (self.of_part / 8 * usize::from(width)).min(self.bytes.len());
        let (part, rest) = self.bytes.split_at(length);
        self.part = (part, 0, self.of_part);
        self.bytes = rest;
        Some(())
    }
}
