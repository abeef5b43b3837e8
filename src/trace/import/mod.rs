//! Recorded runs of others: one importer a file, and the table of them that help, docs and tests iterate over.

mod atif;
mod claude_code;
mod codex;
pub mod decompress;
mod inspect;
mod llm_teams;
pub mod naming;
mod observations;
mod order;
mod otlp;
mod prune;
mod session;
mod spans;
mod table;

use crate::table::{Head, ImportContext, SourceFile};
use crate::trace::model::Trace;

/// A format that brooks reads: a row of [`IMPORTERS`].
pub struct Importer {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// How to get such a file.
    pub obtain: &'static str,
    /// What is exact.
    pub exact: &'static str,
    /// What is guessed, and how.
    pub guessed: &'static str,
    /// Why a file looks like this format; none if it does not.
    pub sniff: fn(&Head<'_>) -> Option<&'static str>,
    /// Files and folders that may belong to a file that was named by itself, if they exist.
    pub companions: fn(&str) -> Vec<String>,
    /// Which files belong together, of those given: one unit is read at a time.
    pub units: fn(&[String]) -> Vec<ImportUnit>,
    /// Reads the files of a unit. What is wrong with them is told to the [`ImportContext`].
    pub read: fn(&[SourceFile], &mut ImportContext) -> Vec<Trace>,
}

/// Files that are read together, such as a session and those of its subagents. The first is the main one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportUnit {
    /// Their paths.
    pub paths: Vec<String>,
}

/// Nothing belongs to a file but itself.
pub fn no_companions(_path: &str) -> Vec<String> {
    Vec::new()
}

/// Every file for itself.
pub fn each_alone(paths: &[String]) -> Vec<ImportUnit> {
    paths.iter().map(|path| ImportUnit { paths: vec![path.clone()] }).collect()
}

/// All formats, in the order of how many users they serve.
pub static IMPORTERS: &[&Importer] = &[
    &claude_code::ROW,
    &otlp::ROW,
    &observations::ROW,
    &codex::ROW,
    &llm_teams::ROW,
    &table::ROW,
    &inspect::ROW,
    &atif::ROW,
];

/// The one of that name.
pub fn find(name: &str) -> Option<&'static Importer> {
    IMPORTERS.iter().copied().find(|importer| importer.name == name)
}
