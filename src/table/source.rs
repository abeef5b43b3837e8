//! Input files of importers and table readers, and the context of an import: options, problems and notes.

use crate::problem::{Problem, Problems};

/// Start and end of a file, decompressed; the format is inferred from it.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// Path of the file.
    pub path: &'a str,
    /// First 64 KiB at most.
    pub start: &'a [u8],
    /// Last 64 KiB at most, which contain the names of the columns of a Parquet file.
    pub end: &'a [u8],
}

/// Decompressed input file.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Path of the file.
    pub path: String,
    /// Content.
    pub bytes: Vec<u8>,
}

/// User's mapping of fields to columns or keys: (brooks field, column).
pub type ColumnMap = Vec<(String, String)>;

/// Options of an import, and its problems and notes.
#[derive(Debug, Default)]
pub struct ImportContext {
    /// Names of columns in tables of unknown origin.
    pub columns: ColumnMap,
    /// Problems of the files. Importers skip invalid records, so that all problems are reported at once. The caller decides
    /// if the remaining records are used (`--skip-bad`).
    pub problems: Problems,
    /// Notes for the user on the interpretation of the file.
    pub notes: Vec<String>,
}

impl ImportContext {
    /// Reports a problem of a file at a line (from 1; 0 for none) and a path inside the file.
    pub fn bad(&mut self, file: &str, line: usize, path: &str, message: impl Into<String>, expected: &str) {
        self.problems.push(Problem {
            code: "trace",
            file: file.to_owned(),
            line: line as u32,
            path: path.to_owned(),
            message: message.into(),
            expected: expected.to_owned(),
        });
    }

    /// Notes that a file of the right format contains no model call.
    pub fn nothing_in(&mut self, file: &str) {
        self.note(format!("{file}: no model calls"));
    }

    /// Adds a note, unless it is present.
    pub fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}
