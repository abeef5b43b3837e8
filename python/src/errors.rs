//! Problems of a file as Python exceptions: the text of the command line, and the problems one by one.

use brooks::problem::{Problem, Problems};
use pyo3::prelude::*;

/// What was being read: it decides which exception is raised.
#[derive(Clone, Copy)]
pub(crate) enum Of {
    /// A scenario; without lines if it never was a text.
    Scenario { lines: bool },
    /// A table of measurements.
    Table,
}

/// `brooks.ScenarioError` or `brooks.TableError`.
pub(crate) fn raise(py: Python<'_>, problems: &Problems, of: Of) -> PyErr {
    let (class, lines) = match of {
        Of::Scenario { lines } => ("ScenarioError", lines),
        Of::Table => ("TableError", true),
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
    let made = py
        .import("brooks._errors")
        .and_then(|module| module.getattr(class))
        .and_then(|class| class.call1((text, fields, problems.more())));
    made.map_or_else(|error| error, PyErr::from_value)
}
