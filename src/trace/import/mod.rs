//! Importers of recordings in other formats, and the registry that help, docs and tests iterate over.

mod atif;
mod claude_code;
mod codex;
pub mod decompress;
mod importer;
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

pub use importer::{ImportUnit, Importer};

/// All importers, by number of users, largest first. Detection takes the first match.
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

/// Returns the importer with a name.
pub fn find(name: &str) -> Option<&'static Importer> {
    IMPORTERS.iter().copied().find(|importer| importer.name == name)
}
