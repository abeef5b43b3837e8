//! The fingerprint of a sweep, by which its parts are known to belong together.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::engine::VERSION;
use crate::experiment::Sweep;

/// Sixteen hexadecimal digits of the SHA-256 of all that the rows of a sweep depend on: the version, what
/// [`Sweep::identity`] says, and the files that the scenario names, as written there, each with the [`sha256`] of its
/// contents, in order of their names. The sweep has been checked, so that all of them have been read.
pub fn fingerprint(sweep: &Sweep<'_>, files: &[(String, String)]) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("brooks {VERSION}\n{}", sweep.identity()));
    for (name, contents) in files {
        hash.update(format!("file {name} {contents}\n"));
    }
    hex(&hash.finalize()).chars().take(16).collect()
}

/// The SHA-256 of bytes, in hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
