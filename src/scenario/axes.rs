//! Axes of a sweep: expanded ranges and lists.

use crate::problem::{Problem, Problems};
use crate::scenario::axis_values::values;
use crate::scenario::check;
use crate::scenario::keys::SCENARIO;
use crate::scenario::node::{Node, quoted};
use crate::scenario::path::{TEAM_SIZE, base_of_point, canonical, put};

/// Most points of a sweep.
pub const MAX_POINTS: usize = 10_000_000;
/// Values of a list that are checked when the file is read; further ones are checked when their point is made.
const CHECKED_AT_ONCE: usize = 100;

/// Axis of a sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Path of the value that varies.
    pub path: String,
    /// Name of its column: `agents` for the team size, else the path as written.
    pub label: String,
    /// Values, in the order given.
    pub values: Vec<Node>,
}

/// Expands the axes of a document that has passed [`check`](super::check).
pub(super) fn axes(file: &str, root: &Node) -> Result<Vec<Axis>, Problems> {
    let mut problems = Problems::default();
    let mut axes: Vec<Axis> = Vec::new();
    for (key, node) in root.key("sweep").map_or(&[][..], Node::entries) {
        let mut report = |line: u32, code, message: String, expected: &str| {
            let file = if line == 0 { "--set" } else { file }.to_owned();
            let (path, expected) = (format!("sweep.{}", key.name), expected.to_owned());
            problems.push(Problem { code, file, line, path, message, expected });
        };
        let (path, values) = (canonical(&key.name), values(node).unwrap_or_default());
        if axes.iter().any(|axis| axis.path == path) {
            report(key.line, "sweep", format!("the axis {path} is given twice"), "");
            continue;
        }
        if path == "sweep" || path.starts_with("sweep.") {
            report(key.line, "path", "a sweep can't vary itself".to_owned(), "");
            continue;
        }
        let base = base_of_point(root, path.starts_with("workload"));
        let mut value_problems = Problems::default();
        for value in checked(node, &values) {
            let mut point = base.clone();
            match put(&mut point, &path, value.clone()) {
                Ok(()) => value_problems.append(check::check(file, &point, &SCENARIO)),
                Err((at, why)) => {
                    report(key.line, "path", format!("{} {why}", quoted(&at)), "the path of a value");
                    break;
                }
            }
        }
        problems.append(value_problems);
        let label = if path == TEAM_SIZE { "agents".to_owned() } else { key.name.clone() };
        axes.push(Axis { path, label, values });
    }
    let points = axes.iter().fold(1usize, |points, axis| points.saturating_mul(axis.values.len()));
    if points > MAX_POINTS {
        let line = root.key("sweep").map_or(0, |sweep| sweep.line);
        let (file, path) = (file.to_owned(), "sweep".to_owned());
        let (message, expected) = (format!("{points} points"), format!("at most {MAX_POINTS}"));
        problems.push(Problem { code: "sweep", file, line, path, message, expected });
    }
    problems.or(axes)
}

/// Selects the values to check: both ends of a range, which are its extremes, or the start of a list.
fn checked<'a>(node: &Node, values: &'a [Node]) -> Vec<&'a Node> {
    if node.text().is_some() {
        let last = if values.len() > 1 { values.last() } else { None };
        values.first().into_iter().chain(last).collect()
    } else {
        values.iter().take(CHECKED_AT_ONCE).collect()
    }
}
