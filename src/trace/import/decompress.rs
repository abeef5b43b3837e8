//! What recorded runs are packed in: gzip and Zstandard, told by how they begin, not by their names.

use std::io::Read;

/// How a gzip file begins.
const GZIP: &[u8] = &[0x1f, 0x8b];
/// How a Zstandard file begins.
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// How a part of a Zstandard file begins that holds no data; the low half of the first byte may be anything.
const ZSTD_SKIPPABLE: &[u8] = &[0x50, 0x2a, 0x4d, 0x18];
/// No frame may ask for more memory than this to be unpacked: 2 to this power bytes.
const ZSTD_WINDOW: u32 = 27;
/// How much is unpacked at a time.
const CHUNK: usize = 64 << 10;

/// The content of a file: unpacked if it is packed, else unchanged. An error if it is damaged, or if more than `limit`
/// bytes come out of it, in which case it is given up before they take any memory.
///
/// # Errors
///
/// A sentence that names the file, what it is packed in, and what is wrong.
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

/// All that comes out of a source, at most `limit` bytes.
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
            return Err(format!("more than {} of {kind} data, which is the limit", bytes_of(limit)));
        }
        out.extend_from_slice(chunk.get(..read).unwrap_or_default());
    }
}

/// A number of bytes as people write it.
pub(crate) fn bytes_of(count: usize) -> String {
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
    fn what_was_packed_comes_out() {
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
            let said = decompress("run.gz", packed, text.len() - 1).expect_err("too much");
            assert!(said.contains(&format!("{} bytes", text.len() - 1)) && said.starts_with("run.gz: "), "{said}");
        }
    }

    #[test]
    fn what_is_cut_off_is_told() {
        for packed in [gzip(&text()), zstd(&text())] {
            for length in (4..packed.len()).step_by(packed.len() / 50) {
                let said = decompress("a", packed[..length].to_vec(), 1 << 20).expect_err("cut off");
                assert!(said.contains("too early") || said.contains("damaged"), "{said}");
            }
        }
    }

    #[test]
    fn a_flipped_bit_is_told() {
        for packed in [gzip(&text()), zstd(&text())] {
            for place in (packed.len() / 3..packed.len()).step_by(packed.len() / 70) {
                let mut damaged = packed.clone();
                damaged[place] ^= 0x10;
                assert!(decompress("a", damaged, 1 << 20).is_err(), "byte {place}");
            }
        }
    }

    /// Zeros without end, counted.
    struct Endless(usize);

    impl Read for Endless {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            self.0 += into.len();
            Ok(into.len())
        }
    }

    #[test]
    fn a_bomb_is_given_up_early() {
        let million = vec![0; 1 << 20];
        for part in [gzip(&million), zstd(&million)] {
            // A gigabyte in all.
            let bomb = part.repeat(1024);
            let said = decompress("bomb", bomb.clone(), 8 << 20).expect_err("too much");
            assert!(said.contains("8 MiB"), "{said}");
        }
        // Nothing beyond the limit is ever asked for.
        let mut endless = Endless(0);
        assert!(read("endless", &mut endless, 8 << 20).is_err());
        assert!(endless.0 <= (8 << 20) + CHUNK);
    }
}
