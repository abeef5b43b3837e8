//! Checks of Parquet pages before the crate `parquet` decompresses them.
//!
//! Damaged page headers make version 60 of the crate panic or allocate without bound (page sizes, gzip streams larger
//! than stated). Every header is therefore parsed here first, and pages above the limit are not decompressed.

use std::io::{Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

use super::thrift::{Thrift, kind};

/// Largest page, decompressed bytes.
const MAX_PAGE: u64 = 64 << 20;
/// Most decompressed bytes of all pages of a file.
const MAX_UNPACKED: u64 = 16 << 30;

fn damaged(what: &str) -> ParquetError {
    ParquetError::General(what.to_owned())
}

/// Reader of one column of a row group, page by page.
pub(super) struct Body {
    bytes: Bytes,
    /// Offset of the column.
    start: u64,
    length: u64,
    is_gzip: bool,
    /// Decompressed bytes of all pages so far.
    unpacked: Arc<AtomicU64>,
    /// Bytes before the compressed part of the current page, and its decompressed bytes.
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

    /// Returns the length of the file.
    pub(super) fn length(&self) -> usize {
        self.bytes.len()
    }

    /// Returns a reader of another column of the same file.
    pub(super) fn for_chunk(&self, start: u64, length: u64, is_gzip: bool) -> Body {
        let unpacked = self.unpacked.clone();
        Body { start, length, is_gzip, unpacked, ..Body::new(self.bytes.clone()) }
    }

    /// Returns the bytes of the column from this offset on.
    fn bytes_from(&self, start: u64) -> Result<Bytes> {
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

    /// Checks the header of the page that starts here.
    fn get_read(&self, start: u64) -> Result<Cursor<Bytes>> {
        let bytes = self.bytes_from(start)?;
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

    /// Returns the content of a page after checking its decompressed size.
    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let bytes = self.bytes_from(start)?;
        if length > bytes.len() {
            return Err(damaged("a page is truncated"));
        }
        let page = bytes.slice(..length);
        if self.is_gzip {
            // gzip is the only codec that ignores the size in the header.
            let packed = page.get(self.levels.load(Ordering::Relaxed)..).unwrap_or_default();
            let size = self.size.load(Ordering::Relaxed);
            let mut unpacked = flate2::bufread::MultiGzDecoder::new(packed).take(size + 1);
            let actual = std::io::copy(&mut unpacked, &mut std::io::sink()).unwrap_or(0);
            if actual > size {
                return Err(damaged("a page is larger than its header states"));
            }
        }
        Ok(page)
    }
}

/// Sizes in the header of a page.
#[derive(Default)]
struct PageHeader {
    unpacked: u64,
    packed: u64,
    /// Bytes before the compressed part, in version 2 pages.
    levels: u64,
}

impl PageHeader {
    /// Parses a header. Returns none unless it is complete and every field that the crate reads has the expected kind.
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

    /// Parses a field of the part that is specific to the kind of page.
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

    /// Page with these sizes (each below 64), or with a stated size above every limit.
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
    fn pages_above_the_limit_are_not_decompressed() {
        assert!(page(Some(9), b"012345678", false).get_read(0).is_ok());
        let message = page(None, b"0", false).get_read(0).expect_err("two gigabytes").to_string();
        assert!(message.contains("64 MiB"), "{message}");
        let honest = page(Some(20), &zeros(20), true);
        assert!(honest.get_read(0).is_ok() && honest.get_bytes(7, zeros(20).len()).is_ok());
        let lying = page(Some(20), &zeros(10_000), true);
        assert!(lying.get_read(0).is_ok() && lying.get_bytes(7, zeros(10_000).len()).is_err());
        assert!(lying.get_read(1_000_000).is_err() && lying.get_bytes(0, 1 << 40).is_err());
    }

    #[test]
    fn invalid_headers_are_rejected() {
        for bytes in [&b""[..], &[0], &[0x15, 0], &[0x18, 5, 0x15, 2, 0x15, 2, 0], &[0x15, 0, 0x15, 1, 0x15, 2, 0]] {
            assert!(PageHeader::read(bytes).is_none(), "{bytes:?}");
        }
        // A version 2 page with levels longer than the page.
        let header = [0x15, 6, 0x15, 8, 0x15, 8, 0x5c, 0x55, 60, 0x15, 0, 0, 0];
        assert_eq!(PageHeader::read(&header).map(|header| header.levels), Some(30));
        let bytes = Bytes::copy_from_slice(&header);
        assert!(Body::new(bytes).for_chunk(0, 13, false).get_read(0).is_err());
    }
}
