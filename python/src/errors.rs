//! Problems of an input file as Python exceptions, with the text of the command line and a list of problems.

use brooks::problem::{Problem, Problems};
use pyo3::prelude::*;

/// Kind of the input, which decides the exception.
#[derive(Clone, Copy)]
pub(crate) enum InputKind {
    /// Scenario; without line numbers if it was a dict.
    Scenario { lines: bool },
    /// Table of measurements.
    Table,
}

/// Returns a `brooks.ScenarioError` or `brooks.TableError`.
pub(crate) fn raise(py: Python<'_>, problems: &Problems, kind: InputKind) -> PyErr {
    let (class, lines) = match kind {
        InputKind::Scenario { lines } => ("ScenarioError", lines),
        InputKind::Table => ("TableError", true),
    };
    let list: Vec<Problem> = problems
        .list()
        .iter()
        .cloned()
        .map(|problem| Problem { line: if lines { problem.line } else { 0 }, ..problem })
        .collect();
    let mut text = list.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    if problems.more() > 0 {
        text = format!("{text}\nand {} more", problems.more());
    }
    let fields = list.into_iter().map(|Problem { code, file, line, path, message, expected }| {
        (code, file, (line > 0).then_some(line), path, message, expected)
    });
    let fields: Vec<_> = fields.collect();
    let error = py
        .import("brooks._errors")
        .and_then(|module| module.getattr(class))
        .and_then(|class| class.call1((text, fields, problems.more())));
    error.map_or_else(|error| error, PyErr::from_value)
}
