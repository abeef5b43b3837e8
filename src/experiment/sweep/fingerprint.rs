//! Fingerprint of a sweep, which identifies its parts.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::engine::VERSION;
use crate::experiment::Sweep;

/// Returns sixteen hexadecimal digits of the SHA-256 of everything that the rows of a sweep depend on: the version,
/// [`Sweep::identity`], and the files of the scenario. Each file is given by its name, as written there, and the
/// [`sha256`] of its contents, in order of the names. The sweep must have been checked, so that all files have been
/// read.
pub fn fingerprint(sweep: &Sweep<'_>, files: &[(String, String)]) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("brooks {VERSION}\n{}", sweep.identity()));
    for (name, contents) in files {
        hash.update(format!("file {name} {contents}\n"));
    }
    hex(&hash.finalize()).chars().take(16).collect()
}

/// Returns the SHA-256 of bytes, in hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
