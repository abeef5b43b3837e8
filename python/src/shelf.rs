//! The files that a scenario names, kept as they were read: so a scenario can be sent to another machine whole.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use brooks::scenario::library::Files;
use brooks::experiment::sweep::fingerprint::sha256;

/// Task files and observations may be larger than scenarios; nothing is read without end.
const MAX_BYTES: u64 = 64 << 20;

pub(crate) type Kept = BTreeMap<String, Vec<u8>>;

/// Files by the names that the scenario has for them.
pub(crate) struct Shelf {
    /// The scenario, which is found by the path typed and not beside itself.
    scenario: String,
    /// Where the files are; nowhere if the scenario came with all that it needs.
    folder: Option<PathBuf>,
    kept: Mutex<Kept>,
}

impl Shelf {
    pub(crate) fn new(scenario: &str, folder: Option<PathBuf>, kept: Kept) -> Arc<Shelf> {
        Arc::new(Shelf { scenario: scenario.to_owned(), folder, kept: Mutex::new(kept) })
    }

    /// For the library, which reads no files itself.
    pub(crate) fn files(self: &Arc<Shelf>) -> Files {
        let shelf = self.clone();
        Arc::new(move |name| shelf.read(name))
    }

    /// All files read so far.
    pub(crate) fn kept(&self) -> Kept {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The files that the scenario has named so far, each with the SHA-256 of its contents, in order of their names.
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
        let Some(folder) = &self.folder else { return Err("it did not come with the scenario".to_owned()) };
        let path = if name == self.scenario { PathBuf::from(name) } else { folder.join(name) };
        let bytes = whole(&path, MAX_BYTES).map_err(|error| error.to_string())?;
        kept.insert(name.to_owned(), bytes.clone());
        Ok(bytes)
    }
}

/// What is in a file, up to a limit.
pub(crate) fn whole(path: &Path, limit: u64) -> std::io::Result<Vec<u8>> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(std::io::Error::other("it is a folder"));
    }
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}
