//! The type of the rows of [`IMPORTERS`](super::IMPORTERS), and what most importers share.

use crate::table::{Head, ImportContext, SourceFile};
use crate::trace::model::Trace;

/// A recording format that brooks reads.
pub struct Importer {
    /// Name on the command line.
    pub name: &'static str,
    /// One line for help: the recordings that the format covers.
    pub about: &'static str,
    /// Instructions to obtain such a file.
    pub obtain: &'static str,
    /// Values that the source records exactly.
    pub exact: &'static str,
    /// Values that the importer infers or estimates, each with its rule.
    pub inferred: &'static str,
    /// Format detection from the first and last bytes of a file: the evidence, or none if the format does not match.
    pub sniff: fn(&Head<'_>) -> Option<&'static str>,
    /// Files and folders to read along with a file that was named on its own, if they exist.
    pub companions: fn(&str) -> Vec<String>,
    /// Grouping of the given paths into units that are read one at a time.
    pub units: fn(&[String]) -> Vec<ImportUnit>,
    /// Reads the files of a unit and reports their errors to the [`ImportContext`].
    pub read: fn(&[SourceFile], &mut ImportContext) -> Vec<Trace>,
}

/// Files that are read together, such as a session and its subagents. The first is the main one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportUnit {
    /// Paths of the files.
    pub paths: Vec<String>,
}

/// Returns no companions, for formats of one file.
pub(super) fn no_companions(_path: &str) -> Vec<String> {
    Vec::new()
}

/// Returns a unit for each path, for formats of one file.
pub(super) fn each_alone(paths: &[String]) -> Vec<ImportUnit> {
    paths.iter().map(|path| ImportUnit { paths: vec![path.clone()] }).collect()
}
