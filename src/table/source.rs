//! Files as importers and table readers take them, and the context of a reading: options in, problems and notes out.

use crate::problem::{Problem, Problems};

/// The beginning of a file, unpacked: what a format is told by.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// Where it is.
    pub path: &'a str,
    /// Its first 64 KiB at most.
    pub start: &'a [u8],
    /// Its last 64 KiB at most: where Parquet keeps the names of its columns.
    pub end: &'a [u8],
}

/// A file of a unit, unpacked.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Where it is.
    pub path: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Which column or key of a table says what, as the user maps them: (brooks field, column).
pub type ColumnMap = Vec<(String, String)>;

/// What an importer is told, and what it tells beside its traces.
#[derive(Debug, Default)]
pub struct ImportContext {
    /// How columns are called in tables of unknown origin.
    pub columns: ColumnMap,
    /// What is wrong with the files. Importers leave out what is wrong and go on, so that everything is told at once;
    /// whether the rest may be used is for the caller to say (`--skip-bad`).
    pub problems: Problems,
    /// What people should know of how the file was read.
    pub notes: Vec<String>,
}

impl ImportContext {
    /// Something is wrong in a file, at a line (from 1; 0 for none) and a path inside it.
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

    /// A file of the right format in which nobody did anything, such as a session that was opened and left.
    pub fn nothing_in(&mut self, file: &str) {
        self.note(format!("{file}: there is no call of a model in it"));
    }

    /// Something to know, said once.
    pub fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}
