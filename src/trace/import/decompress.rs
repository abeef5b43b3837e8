//! Decompression of gzip and Zstandard, detected from the first bytes of the data.

use std::io::Read;

/// First bytes of gzip data.
const GZIP: &[u8] = &[0x1f, 0x8b];
/// First bytes of a Zstandard frame.
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// First bytes of a skippable Zstandard frame, which contains no data; the low half of the first byte varies.
const ZSTD_SKIPPABLE: &[u8] = &[0x50, 0x2a, 0x4d, 0x18];
/// Largest window of a Zstandard frame, as a power of two, in bytes.
const ZSTD_WINDOW: u32 = 27;
/// Bytes that are decompressed at a time.
const CHUNK: usize = 64 << 10;

/// Decompresses the content of a file; returns data that is not compressed as it is.
///
/// # Errors
///
/// Damaged data, or more than `limit` bytes of output. Decompression stops at the limit, so memory stays bounded. The
/// message names the file, the compression format and the cause.
///
/// ```
/// use brooks::trace::import::decompress::decompress;
///
/// assert_eq!(decompress("run.jsonl", b"{}".to_vec(), 100).unwrap(), b"{}");
/// assert!(decompress("run.jsonl.gz", vec![0x1f, 0x8b, 8, 0], 100).unwrap_err().contains("gzip"));
/// ```
pub fn decompress(path: &str, bytes: Vec<u8>, limit: usize) -> Result<Vec<u8>, String> {
    if bytes.starts_with(GZIP) {
        read("gzip", &mut flate2::bufread::MultiGzDecoder::new(&bytes[..]), limit)
    } else if is_zstd(&bytes) {
        let mut source = zstd::stream::read::Decoder::with_buffer(&bytes[..]).map_err(|error| error.to_string())?;
        source.window_log_max(ZSTD_WINDOW).map_err(|error| error.to_string())?;
        read("Zstandard", &mut source, limit)
    } else {
        return Ok(bytes);
    }
    .map_err(|message| format!("{path}: {message}"))
}

fn is_zstd(bytes: &[u8]) -> bool {
    bytes.starts_with(ZSTD)
        || matches!((bytes.split_first(), ZSTD_SKIPPABLE.split_first()), (Some((a, rest)), Some((b, magic)))
            if a & 0xf0 == *b && rest.starts_with(magic))
}

/// Reads a source to its end, at most `limit` bytes.
pub(crate) fn read(kind: &str, source: &mut impl Read, limit: usize) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = match source.read(&mut chunk) {
            Ok(0) => return Ok(out),
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                return Err(format!("the {kind} data ends too early"));
            }
            Err(error) => return Err(format!("the {kind} data is damaged: {error}")),
        };
        if read > limit - out.len() {
            return Err(format!("the {kind} data exceeds the limit of {}", format_bytes(limit)));
        }
        out.extend_from_slice(chunk.get(..read).unwrap_or_default());
    }
}

/// Formats a number of bytes with a binary unit.
pub(crate) fn format_bytes(count: usize) -> String {
    match count {
        count if count >= 1 << 20 && count.is_multiple_of(1 << 20) => format!("{} MiB", count >> 20),
        count if count >= 1 << 10 && count.is_multiple_of(1 << 10) => format!("{} KiB", count >> 10),
        count => format!("{count} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(bytes).expect("memory");
        packer.finish().expect("memory")
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        let mut packer = zstd::stream::write::Encoder::new(Vec::new(), 1).expect("memory");
        packer.include_checksum(true).expect("a setting");
        packer.write_all(bytes).expect("memory");
        packer.finish().expect("memory")
    }

    fn text() -> Vec<u8> {
        (0..20_000_u32).flat_map(|n| (n * n % 7919).to_string().into_bytes()).collect()
    }

    #[test]
    fn compressed_data_is_restored() {
        let text = text();
        for packed in [gzip(&text), zstd(&text), text.clone()] {
            assert!(decompress("a", packed, text.len()).expect("whole") == text);
        }
        for empty in [gzip(b""), zstd(b""), Vec::new()] {
            assert_eq!(decompress("a", empty, 0), Ok(Vec::new()));
        }
    }

    #[test]
    fn parts_follow_one_another() {
        let (mut two, mut zstd_two) = (gzip(b"one"), vec![0x53, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9]);
        two.extend(gzip(b"two"));
        zstd_two.extend([zstd(b"one"), zstd(b"two")].concat());
        assert_eq!(decompress("a", two, 10).expect("whole"), b"onetwo");
        assert_eq!(decompress("a", zstd_two, 10).expect("whole"), b"onetwo");
    }

    #[test]
    fn the_limit_is_exact_and_named() {
        let text = text();
        for packed in [gzip(&text), zstd(&text)] {
            let error = decompress("run.gz", packed, text.len() - 1).expect_err("too much");
            assert!(error.contains(&format!("{} bytes", text.len() - 1)) && error.starts_with("run.gz: "), "{error}");
        }
    }

    #[test]
    fn truncated_data_is_an_error() {
        for packed in [gzip(&text()), zstd(&text())] {
            for length in (4..packed.len()).step_by(packed.len() / 50) {
                let error = decompress("a", packed[..length].to_vec(), 1 << 20).expect_err("cut off");
                assert!(error.contains("too early") || error.contains("damaged"), "{error}");
            }
        }
    }

    #[test]
    fn a_flipped_bit_is_an_error() {
        for packed in [gzip(&text()), zstd(&text())] {
            for position in (packed.len() / 3..packed.len()).step_by(packed.len() / 70) {
                let mut damaged = packed.clone();
                damaged[position] ^= 0x10;
                assert!(decompress("a", damaged, 1 << 20).is_err(), "byte {position}");
            }
        }
    }

    /// Endless source of zeros that counts them.
    struct Endless(usize);

    impl Read for Endless {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            self.0 += into.len();
            Ok(into.len())
        }
    }

    #[test]
    fn a_bomb_stops_early() {
        let million = vec![0; 1 << 20];
        for part in [gzip(&million), zstd(&million)] {
            // A gigabyte in all.
            let bomb = part.repeat(1024);
            let error = decompress("bomb", bomb.clone(), 8 << 20).expect_err("too much");
            assert!(error.contains("8 MiB"), "{error}");
        }
        // The source is read at most one chunk beyond the limit.
        let mut endless = Endless(0);
        assert!(read("endless", &mut endless, 8 << 20).is_err());
        assert!(endless.0 <= (8 << 20) + CHUNK);
    }
}
