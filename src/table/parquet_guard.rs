//! What stands between a Parquet file and the crate that unpacks its pages. Of the crate's version 60 it is known that
//! damaged page headers make it panic or ask for memory without bound (sizes of pages, gzip that is larger than it
//! says). So a header is read here first, and nothing of a page that is too large is unpacked.

use std::io::{Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

use super::thrift::{Thrift, kind};

/// A page may not be larger than this, unpacked.
const MAX_PAGE: u64 = 64 << 20;
/// All pages that are read of a file may not be larger than this, unpacked.
const MAX_UNPACKED: u64 = 16 << 30;

fn damaged(what: &str) -> ParquetError {
    ParquetError::General(what.to_owned())
}

/// A file of which one column of a group of rows is read, page after page.
pub(super) struct Body {
    bytes: Bytes,
    /// Where the column lies.
    start: u64,
    length: u64,
    is_gzip: bool,
    /// How many bytes came out of all pages so far.
    unpacked: Arc<AtomicU64>,
    /// Of the page that was begun: how many bytes before its packed part, and how many it has unpacked.
    levels: AtomicUsize,
    size: AtomicU64,
}

impl Body {
    pub(super) fn new(bytes: Bytes) -> Body {
        Body {
            bytes,
            start: 0,
            length: 0,
            is_gzip: false,
            unpacked: Arc::default(),
            levels: AtomicUsize::new(0),
            size: AtomicU64::new(0),
        }
    }

    /// How long the file is.
    pub(super) fn length(&self) -> usize {
        self.bytes.len()
    }

    /// The same file for another column.
    pub(super) fn for_chunk(&self, start: u64, length: u64, is_gzip: bool) -> Body {
        let unpacked = self.unpacked.clone();
        Body { start, length, is_gzip, unpacked, ..Body::new(self.bytes.clone()) }
    }

    /// The part of the column from there on.
    fn rest_at(&self, start: u64) -> Result<Bytes> {
        let end = self.start.saturating_add(self.length).min(self.bytes.len() as u64);
        if start < self.start || start > end {
            return Err(damaged("a page lies outside of its column"));
        }
        Ok(self.bytes.slice(start as usize..end as usize))
    }
}

impl Length for Body {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }
}

impl ChunkReader for Body {
    type T = Cursor<Bytes>;

    /// Is called where a page begins: nothing of it is believed before it is looked at.
    fn get_read(&self, start: u64) -> Result<Cursor<Bytes>> {
        let bytes = self.rest_at(start)?;
        let header = PageHeader::read(&bytes).ok_or_else(|| damaged("a page header is damaged"))?;
        if header.unpacked > MAX_PAGE || header.levels > header.packed {
            return Err(damaged("a page larger than 64 MiB, which is the limit, or smaller than its parts"));
        }
        if self.unpacked.fetch_add(header.unpacked, Ordering::Relaxed) > MAX_UNPACKED {
            return Err(damaged("pages of more than 16 GiB in all, which is the limit"));
        }
        self.levels.store(header.levels as usize, Ordering::Relaxed);
        self.size.store(header.unpacked, Ordering::Relaxed);
        Ok(Cursor::new(bytes))
    }

    /// Is called for what is in a page.
    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let bytes = self.rest_at(start)?;
        if length > bytes.len() {
            return Err(damaged("a page is cut off"));
        }
        let page = bytes.slice(..length);
        if self.is_gzip {
            // Of all codecs only this one pays no heed to the size that the header gives.
            let packed = page.get(self.levels.load(Ordering::Relaxed)..).unwrap_or_default();
            let size = self.size.load(Ordering::Relaxed);
            let mut unpacked = flate2::bufread::MultiGzDecoder::new(packed).take(size + 1);
            let found = std::io::copy(&mut unpacked, &mut std::io::sink()).unwrap_or(0);
            if found > size {
                return Err(damaged("a page is larger than its header says"));
            }
        }
        Ok(page)
    }
}

/// What the header of a page says of sizes.
#[derive(Default)]
struct PageHeader {
    unpacked: u64,
    packed: u64,
    /// Bytes before the part that is packed, in pages of the second version.
    levels: u64,
}

impl PageHeader {
    /// None unless all of it is there and every field that the crate knows is of the kind that it takes it for.
    fn read(bytes: &[u8]) -> Option<PageHeader> {
        let mut header = PageHeader::default();
        let mut known = 0_u32;
        Thrift::new(bytes).structure(|thrift, id, kind| {
            match id {
                1..=4 => {
                    let value = (kind == kind::I32).then(|| thrift.int())??;
                    known |= 1 << id;
                    match id {
                        2 => header.unpacked = u64::try_from(value).ok()?,
                        3 => header.packed = u64::try_from(value).ok()?,
                        _ => {}
                    }
                    i32::try_from(value).ok()?;
                }
                5 | 7 | 8 if kind == kind::STRUCT => {
                    if id == 8 {
                        header.levels = 0;
                    }
                    thrift.structure(|thrift, part, kind| header.part(thrift, id, part, kind))?;
                }
                5..=8 if kind != kind::STRUCT => return None,
                _ => thrift.skip(kind)?,
            }
            Some(())
        })?;
        (known & 0b1110 == 0b1110).then_some(header)
    }

    /// A field of what the header says of pages of its kind.
    fn part(&mut self, thrift: &mut Thrift<'_>, of: i64, part: i64, kind: u8) -> Option<()> {
        let numbers = match of {
            5 => 4,
            7 => 2,
            _ => 6,
        };
        let is_flag = (of, part) == (7, 3) || (of, part) == (8, 7);
        if (1..=numbers).contains(&part) {
            let value = (kind == kind::I32).then(|| thrift.int())??;
            let value = i32::try_from(value).ok()?;
            if of == 8 && part >= 5 {
                self.levels += u64::try_from(value).ok()?;
            }
            return Some(());
        }
        let is_known = !is_flag || matches!(kind, kind::TRUE | kind::FALSE);
        is_known.then(|| thrift.skip(kind))?
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// A header of a page of these sizes (each below 64), or of one that is larger than any page.
    fn page(unpacked: Option<u8>, body: &[u8], is_gzip: bool) -> Body {
        let unpacked = unpacked.map_or(vec![0xfe, 0xff, 0xff, 0xff, 0x0f], |size| vec![size << 1]);
        let header = [&[0x15, 0x00, 0x15][..], &unpacked, &[0x15, (body.len() as u8) << 1, 0x00]].concat();
        let bytes = Bytes::from([&header[..], body].concat());
        let length = bytes.len() as u64;
        Body::new(bytes).for_chunk(0, length, is_gzip)
    }

    fn zeros(count: usize) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(&vec![0; count]).expect("memory");
        packer.finish().expect("memory")
    }

    #[test]
    fn pages_that_are_too_large_are_not_unpacked() {
        assert!(page(Some(9), b"012345678", false).get_read(0).is_ok());
        let said = page(None, b"0", false).get_read(0).expect_err("two gigabytes").to_string();
        assert!(said.contains("64 MiB"), "{said}");
        let honest = page(Some(20), &zeros(20), true);
        assert!(honest.get_read(0).is_ok() && honest.get_bytes(7, zeros(20).len()).is_ok());
        let lying = page(Some(20), &zeros(10_000), true);
        assert!(lying.get_read(0).is_ok() && lying.get_bytes(7, zeros(10_000).len()).is_err());
        assert!(lying.get_read(1_000_000).is_err() && lying.get_bytes(0, 1 << 40).is_err());
    }

    #[test]
    fn headers_that_are_not_as_they_should_be_are_told() {
        for bytes in [&b""[..], &[0], &[0x15, 0], &[0x18, 5, 0x15, 2, 0x15, 2, 0], &[0x15, 0, 0x15, 1, 0x15, 2, 0]] {
            assert!(PageHeader::read(bytes).is_none(), "{bytes:?}");
        }
        // Levels of a page of the second version that are longer than it is.
        let header = [0x15, 6, 0x15, 8, 0x15, 8, 0x5c, 0x55, 60, 0x15, 0, 0, 0];
        assert_eq!(PageHeader::read(&header).map(|header| header.levels), Some(30));
        let bytes = Bytes::copy_from_slice(&header);
        assert!(Body::new(bytes).for_chunk(0, 13, false).get_read(0).is_err());
    }
}
