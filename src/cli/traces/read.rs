//! Contents of trace files: decompressed streams, and whole files for importers.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::cli::console::Failure;
use crate::table::{ImportContext, SourceFile};
use crate::trace::Trace;
use crate::trace::import::{ImportUnit, Importer, decompress};

/// Maximum bytes of a unit of files: importers read them whole.
const MAX_BYTES: usize = 1 << 30;

/// Opens a file as a stream; decompresses zstd and gzip.
pub(super) fn stream(path: impl AsRef<Path>) -> Result<Box<dyn BufRead>, Failure> {
    let path = path.as_ref();
    let fail = |error| io(path, error);
    let mut file = BufReader::with_capacity(1 << 16, File::open(path).map_err(fail)?);
    let magic = file.fill_buf().map_err(fail)?;
    if magic.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        let decoder = zstd::stream::read::Decoder::with_buffer(file).map_err(fail)?;
        return Ok(Box::new(BufReader::with_capacity(1 << 16, decoder)));
    }
    if magic.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(BufReader::with_capacity(1 << 16, flate2::bufread::MultiGzDecoder::new(file))));
    }
    Ok(Box::new(file))
}

/// Imports the traces of files that belong together.
pub(super) fn import(
    importer: &Importer,
    unit: &ImportUnit,
    context: &mut ImportContext,
) -> Result<Vec<Trace>, Failure> {
    let mut files = Vec::new();
    let mut sums = Vec::new();
    let mut room = MAX_BYTES;
    for path in &unit.paths {
        let fail = |error| io(Path::new(path), error);
        let mut bytes = Vec::new();
        File::open(path).map_err(fail)?.take(room as u64 + 1).read_to_end(&mut bytes).map_err(fail)?;
        if bytes.len() > room {
            context.bad(path, 0, "", "too large", "at most 1 GiB for all files of a run");
            return Ok(Vec::new());
        }
        sums.push((path.clone(), hex(&Sha256::digest(&bytes))));
        match decompress::decompress(path, bytes, room) {
            Ok(bytes) => {
                room -= bytes.len().min(room);
                files.push(SourceFile { path: path.clone(), bytes });
            }
            Err(message) => context.bad(path, 0, "", message, "an undamaged file"),
        }
    }
    let mut traces = (importer.read)(&files, context);
    for trace in &mut traces {
        trace.header.source.files.clone_from(&sums);
    }
    Ok(traces)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Returns an error of a file.
pub(super) fn io(path: &Path, error: std::io::Error) -> Failure {
    Failure::Io { path: path.to_owned(), error }
}
