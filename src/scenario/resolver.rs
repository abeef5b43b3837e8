//! State of the resolution of a validated document: files, distributions and problems.

use crate::engine::Dist;
use crate::problem::quantity::Unit;
use crate::problem::{Problem, Problems};
use crate::scenario::distribution::{self, Written};
use crate::scenario::library::Files;
use crate::scenario::node::{Node, quoted};

/// Document and its origin.
#[derive(Clone, Copy)]
pub(super) struct Document<'a> {
    pub(super) file: &'a str,
    pub(super) root: &'a Node,
    pub(super) files: &'a Files,
}

/// Resolver of a document; collects problems.
pub(super) struct Resolver<'a> {
    /// Current file: that of the scenario or of a profile.
    pub(super) file: String,
    pub(super) root: &'a Node,
    pub(super) files: &'a Files,
    pub(super) problems: Problems,
    /// Keys of the current profile that describe a lead only if it has a learned policy.
    pub(super) of_a_lead: Vec<GivenKey>,
}

/// Key that a file gives, and its place.
pub(super) struct GivenKey {
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) path: String,
    pub(super) key: &'static str,
}

impl Resolver<'_> {
    /// Returns a validated distribution; its values may be in a file.
    pub(super) fn dist(&mut self, node: &Node, unit: Unit, path: &str) -> Dist {
        let name = match distribution::read(node, unit) {
            Ok(Written::Here(dist)) => return dist,
            Ok(Written::File(name)) => name,
            Err(message) => {
                self.report("quantity", node.line, path, message, "");
                return Dist::Constant(1.0);
            }
        };
        let Some(bytes) = self.read_file(name, node.line, path) else { return Dist::Constant(1.0) };
        distribution::observed(&bytes).unwrap_or_else(|why| {
            self.report("quantity", node.line, path, format!("{name}: {why}"), "plain numbers, one a line");
            Dist::Constant(1.0)
        })
    }

    pub(super) fn read_file(&mut self, name: &str, line: u32, path: &str) -> Option<Vec<u8>> {
        let read = (self.files)(name);
        read.map_err(|why| {
            self.report("missing-file", line, path, format!("{} can't be read: {why}", quoted(name)), "");
        })
        .ok()
    }

    pub(super) fn report(&mut self, code: &'static str, line: u32, path: &str, message: String, expected: &str) {
        let file = file_at(&self.file, line);
        let (path, expected) = (path.to_owned(), expected.to_owned());
        self.problems.push(Problem { code, file, line, path, message, expected });
    }
}

/// Returns the origin of a value: its file, or the command line if it has no line.
pub(super) fn file_at(file: &str, line: u32) -> String {
    if line == 0 { "--set" } else { file }.to_owned()
}

/// Returns the name of a file without folder and extension.
pub(super) fn stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.split_once('.').map_or(name, |(stem, _)| stem)
}
