//! Files that a scenario names, kept in memory: a pickled scenario contains them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use brooks::experiment::sweep::fingerprint::sha256;
use brooks::scenario::library::Files;

/// Maximum bytes of a file. Task files and observations may be larger than scenarios.
const MAX_BYTES: u64 = 64 << 20;

pub(crate) type Kept = BTreeMap<String, Vec<u8>>;

/// Files by their names in the scenario.
pub(crate) struct Shelf {
    /// Name of the scenario, which is read at its given path and not relative to the folder.
    scenario: String,
    /// Folder of the files; none for an unpickled scenario, which contains its files.
    folder: Option<PathBuf>,
    kept: Mutex<Kept>,
}

impl Shelf {
    pub(crate) fn new(scenario: &str, folder: Option<PathBuf>, kept: Kept) -> Arc<Shelf> {
        Arc::new(Shelf { scenario: scenario.to_owned(), folder, kept: Mutex::new(kept) })
    }

    /// Returns the file reader for the library, which does no IO itself.
    pub(crate) fn files(self: &Arc<Shelf>) -> Files {
        let shelf = self.clone();
        Arc::new(move |name| shelf.read(name))
    }

    /// Returns all files read so far.
    pub(crate) fn kept(&self) -> Kept {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the files named by the scenario so far, sorted by name, with the SHA-256 of their contents.
    pub(crate) fn named(&self) -> Vec<(String, String)> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let named = kept.iter().filter(|(name, _)| **name != self.scenario);
        named.map(|(name, bytes)| (name.clone(), sha256(bytes))).collect()
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, String> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = kept.get(name) {
            return Ok(bytes.clone());
        }
        let Some(folder) = &self.folder else { return Err("not included in the pickled scenario".to_owned()) };
        let path = if name == self.scenario { PathBuf::from(name) } else { folder.join(name) };
        let bytes = read_file(&path, MAX_BYTES).map_err(|error| error.to_string())?;
        kept.insert(name.to_owned(), bytes.clone());
        Ok(bytes)
    }
}

/// Reads a file up to a limit.
pub(crate) fn read_file(path: &Path, limit: u64) -> std::io::Result<Vec<u8>> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(std::io::Error::other("is a folder"));
    }
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}
