//! Atomic writes: under its name a file is either complete or absent.
//!
//! Bytes go to a temporary file beside the target. [`AtomicFile::keep`] flushes it to the disk, renames it and flushes
//! the folder. An earlier file of the same name survives until then, and after every error.

use std::fs::File;
use std::io::{BufWriter, Error, ErrorKind, Result as IoResult, Write};
use std::path::{Path, PathBuf};

/// Part of the name of every temporary file.
pub(super) const UNFINISHED: &str = ".tmp-";

/// Error of a write, with the file that was asked for.
#[derive(Debug)]
pub(super) struct WriteError {
    pub(super) path: PathBuf,
    pub(super) error: Error,
}

/// New file without its name yet; dropped without [`AtomicFile::keep`], it is removed.
pub(super) struct AtomicFile {
    path: PathBuf,
    /// Empty once renamed.
    temporary: PathBuf,
    file: BufWriter<File>,
}

impl AtomicFile {
    /// Creates the temporary file, and the folder of the target if it is missing.
    pub(super) fn create(path: PathBuf) -> Result<AtomicFile, WriteError> {
        match create_temporary(&path) {
            Ok((temporary, file)) => Ok(AtomicFile { path, temporary, file: BufWriter::with_capacity(1 << 16, file) }),
            Err(error) => Err(WriteError { path, error }),
        }
    }

    pub(super) fn add(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.file.write_all(bytes).map_err(|error| WriteError { path: self.path.clone(), error })
    }

    /// Gives the file its name and returns it.
    pub(super) fn keep(mut self) -> Result<PathBuf, WriteError> {
        let flushed = self.file.flush().and_then(|()| self.file.get_ref().sync_all());
        let path = std::mem::take(&mut self.path);
        match flushed.and_then(|()| rename(&self.temporary, &path)) {
            Ok(()) => {
                self.temporary.clear();
                Ok(path)
            }
            Err(error) => Err(WriteError { path, error }),
        }
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if !self.temporary.as_os_str().is_empty() {
            // The error that led here is the one to report.
            let _ = std::fs::remove_file(&self.temporary);
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> IoResult<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> IoResult<()> {
        self.file.flush()
    }
}

/// Writes a complete file.
pub(super) fn write(path: PathBuf, bytes: &[u8]) -> Result<(), WriteError> {
    let mut file = AtomicFile::create(path)?;
    file.add(bytes)?;
    file.keep().map(drop)
}

/// Renames a complete file and flushes its folder, without which a crash may undo the rename.
pub(super) fn rename(from: &Path, to: &Path) -> IoResult<()> {
    std::fs::rename(from, to)?;
    // Elsewhere a folder cannot be opened as a file, and the system flushes it by itself.
    if cfg!(unix) { File::open(folder(to))?.sync_all() } else { Ok(()) }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Creates a file of an unused name beside `path`. Other processes may write the same target, also from other machines
/// with the same process id.
fn create_temporary(path: &Path) -> IoResult<(PathBuf, File)> {
    let Some(name) = path.file_name() else { return Err(Error::new(ErrorKind::InvalidInput, "it names no file")) };
    std::fs::create_dir_all(folder(path))?;
    let mut number = 0_u32;
    loop {
        let mut name = name.to_owned();
        name.push(format!("{UNFINISHED}{}-{number}", std::process::id()));
        let temporary = path.with_file_name(name);
        match File::create_new(&temporary) {
            Ok(file) => return Ok((temporary, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).expect("a folder");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn an_earlier_file_survives_until_the_new_one_is_complete() {
        let scratch = tempfile::tempdir().expect("a folder");
        let path = scratch.path().join("deep/result.csv");
        write(path.clone(), b"earlier").expect("it is written, with its folder");
        let mut first = AtomicFile::create(path.clone()).expect("it is created");
        let mut second = AtomicFile::create(path.clone()).expect("the temporary names differ");
        first.add(b"given up").and_then(|()| first.add("x".repeat(1 << 17).as_bytes())).expect("it is written");
        second.add(b"complete").expect("it is written");
        assert_eq!(std::fs::read(&path).expect("it is there"), b"earlier");
        assert_eq!(names(path.parent().expect("a folder")).len(), 3);
        drop(first);
        assert_eq!(std::fs::read(&path).expect("it is there"), b"earlier");
        assert_eq!(second.keep().expect("it is kept"), path);
        assert_eq!(std::fs::read(&path).expect("it is there"), b"complete");
        assert_eq!(names(path.parent().expect("a folder")), ["result.csv"]);
    }

    #[test]
    fn a_failed_write_leaves_nothing_behind() {
        let scratch = tempfile::tempdir().expect("a folder");
        // A folder in the way: everything works up to the rename.
        let taken = scratch.path().join("taken");
        std::fs::create_dir_all(taken.join("full")).expect("a folder");
        let error = write(taken.clone(), b"text").expect_err("the name is taken");
        assert_eq!(error.path, taken);
        let file = scratch.path().join("file");
        write(file.clone(), b"text").expect("it is written");
        for path in [file.join("below"), PathBuf::from("/"), scratch.path().join("..")] {
            assert_eq!(write(path.clone(), b"more").expect_err("no such file").path, path);
        }
        assert_eq!(names(scratch.path()), ["file", "taken"]);
        assert_eq!(std::fs::read(&file).expect("it is there"), b"text");
    }
}
