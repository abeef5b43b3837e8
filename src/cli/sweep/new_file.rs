//! A file that is there whole or not at all: written under another name, brought to the disk, and then given its own.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::cli::console::Failure;

/// What the names of unfinished files have in them.
pub(super) const UNFINISHED: &str = ".tmp-";

/// A file that has not got its name yet; without [`NewFile::keep`] it goes away again.
pub(super) struct NewFile {
    path: PathBuf,
    part: PathBuf,
    file: BufWriter<File>,
}

impl NewFile {
    /// Begins a file, and its folder if need be.
    pub(super) fn create(path: PathBuf) -> Result<NewFile, Failure> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!("{UNFINISHED}{}", std::process::id()));
        let part = path.with_file_name(name);
        let create = || -> std::io::Result<File> {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            File::create(&part)
        };
        match create() {
            Ok(file) => Ok(NewFile { part, file: BufWriter::with_capacity(1 << 16, file), path }),
            Err(error) => Err(Failure::Io { path, error }),
        }
    }

    pub(super) fn add(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.file.write_all(bytes).map_err(|error| Failure::Io { path: self.path.clone(), error })
    }

    /// Gives it its name.
    pub(super) fn keep(mut self) -> Result<PathBuf, Failure> {
        let mut keep = || -> std::io::Result<()> {
            self.file.flush()?;
            self.file.get_ref().sync_all()?;
            std::fs::rename(&self.part, &self.path)?;
            sync_folder(&self.path)
        };
        match keep() {
            Ok(()) => Ok(self.path.clone()),
            Err(error) => Err(Failure::Io { path: self.path.clone(), error }),
        }
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // Once it has its own name there is nothing under the other one.
        let _ = std::fs::remove_file(&self.part);
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// Brings a new name to the disk. Where folders can't be opened as files the system does so by itself.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(folder) if cfg!(unix) && !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

/// Writes a file in one go.
pub(in crate::cli) fn write(path: PathBuf, bytes: &[u8]) -> Result<(), Failure> {
    let mut file = NewFile::create(path)?;
    file.add(bytes)?;
    file.keep().map(drop)
}
