//! L0: errors in input files: all of a file at once, each with file, line, path, message and expected value.

pub mod quantity;
pub mod suggest;

use std::fmt;

/// Most problems kept of one file; further ones are counted.
const MOST_SHOWN: usize = 100;

/// Kind of error, for `brooks explain`.
#[derive(Clone, Copy, Debug)]
pub struct ErrorCode {
    /// Stable identifier.
    pub code: &'static str,
    /// Meaning and remedy.
    pub about: &'static str,
}

const fn error(code: &'static str, about: &'static str) -> ErrorCode {
    ErrorCode { code, about }
}

/// Kinds of errors in files that brooks reads.
pub static ERRORS: &[ErrorCode] = &[
    error("too-large", "The file exceeds a limit on size, nesting or number of values; the message names the limit."),
    error("not-utf8", "The file is not UTF-8 text. Save it as UTF-8; the message names the first invalid byte."),
    error(
        "syntax",
        "The file is not valid YAML, or uses a part of YAML that brooks does not support. Frequent causes: \
         indentation, an unclosed bracket or quote, a tab, a second document.",
    ),
    error("empty", "The file is empty."),
    error("unknown-key", "The key does not exist here. `brooks schema` and docs/FORMATS.md list the keys."),
    error("duplicate-key", "A key is given twice. Remove one of the two."),
    error("missing-key", "A required key is missing; it has no default."),
    error("one-of", "Exactly one of these keys is required; none or several are given."),
    error("combination", "Two keys do not go together; the message contains both, and the reason."),
    error("wrong-type", "The value has another type than expected, such as text instead of a number."),
    error("out-of-range", "The value is negative, too large, not finite, or a probability above 1."),
    error("not-a-choice", "The value is not one of the allowed words."),
    error("quantity", "A duration, a size or a distribution is invalid."),
    error("unknown-name", "No built-in profile has this name. The path of a profile file is also allowed."),
    error("missing-file", "A file that the scenario refers to can't be read."),
    error("task-graph", "The tasks are not a valid task graph: a cycle, an unknown dependency, or a duplicate id."),
    error("task-file", "A task file is not in the format of the paper's task files."),
    error("workload-limit", "The workload exceeds a size limit."),
    error("scaling", "This workload can't grow with the team: its parallel part can't be scaled separately."),
    error("team", "The members are inconsistent with the team: too many members, two leads, or a duplicate name."),
    error(
        "skill",
        "A task requires a skill that no agent has, or only a lead that does no tasks: it can't be completed.",
    ),
    error("profile", "A profile is invalid: its base, its model, or its latency can't be used."),
    error("path", "A path of --set or of a sweep does not exist."),
    error(
        "trace",
        "A recorded run is invalid: a line that is not JSON, a missing or invalid value, decreasing times, a \
         duplicate id, a cycle, or damage. --skip-bad skips invalid records and reports their number.",
    ),
    error("sweep", "The values of a sweep are invalid or too many."),
    error(
        "baseline",
        "The file is damaged, is not a baseline, or lacks a metric that is checked. Restore it from version control, \
         or record it again.",
    ),
    error(
        "baseline-version",
        "A baseline has another format version, or metrics with another definition, than this version of brooks. \
         Record it again.",
    ),
    error(
        "baseline-scenario",
        "The scenario differs from the recorded one. Record the baseline again if the change is intended; \
         --despite-changes shows its effect.",
    ),
    error("assert", "An assertion refers to a point that is not in the sweep."),
    error("table", "A table of measurements can't be fitted: a missing column, or a cell without a valid measurement."),
    error(
        "calibration",
        "The recordings can't be used for calibration, or the team can't be predicted; the message gives the reason. \
         Recordings must contain the tasks and their states.",
    ),
];

/// Error in a file or argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Kind, from [`ERRORS`].
    pub code: &'static str,
    /// File or argument that contains the error, such as `--set`.
    pub file: String,
    /// Line, from 1; 0 if there is none.
    pub line: u32,
    /// Path of the value, such as `team.members[2].count`; empty for the whole file.
    pub path: String,
    /// Description of the error.
    pub message: String,
    /// Expected value; empty if the message contains it.
    pub expected: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if !self.path.is_empty() {
            write!(f, ": {}", self.path)?;
        }
        write!(f, ": {}", self.message)?;
        if self.expected.is_empty() { Ok(()) } else { write!(f, "; expected {}", self.expected) }
    }
}

/// Errors of a file in the order of its lines; at most the first 100 are kept.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Problems {
    list: Vec<Problem>,
    more: usize,
}

impl Problems {
    /// Returns a list with one problem.
    pub fn one(problem: Problem) -> Problems {
        Problems { list: vec![problem], more: 0 }
    }

    /// Returns the problems that are kept.
    pub fn list(&self) -> &[Problem] {
        &self.list
    }

    /// Returns the number of problems beyond those in the list.
    pub fn more(&self) -> usize {
        self.more
    }

    /// Returns true if there are no problems.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(crate) fn push(&mut self, problem: Problem) {
        if self.is_full() {
            self.more += 1;
        } else {
            self.list.push(problem);
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.list.len() >= MOST_SHOWN
    }

    /// Returns the JSON form: `errors`, each with code, file, line, path, message and expected value, and `more`.
    pub fn to_json(&self) -> serde_json::Value {
        let error = |problem: &Problem| {
            serde_json::json!({
                "code": problem.code, "file": problem.file, "line": (problem.line > 0).then_some(problem.line),
                "path": problem.path, "message": problem.message, "expected": problem.expected,
            })
        };
        serde_json::json!({ "errors": self.list.iter().map(error).collect::<Vec<_>>(), "more": self.more })
    }

    /// Adds the problems that the list does not contain yet.
    pub(crate) fn append(&mut self, other: Problems) {
        self.more += other.more;
        for problem in other.list {
            if !self.list.contains(&problem) {
                self.push(problem);
            }
        }
    }

    /// Replaces the location of every problem by `path`, without a line.
    pub(crate) fn relocate(&mut self, path: &str) {
        for problem in &mut self.list {
            path.clone_into(&mut problem.path);
            problem.line = 0;
        }
    }

    /// Sets the argument that values from the command line came from, for the paths that `is_its` selects.
    pub(crate) fn set_argument(&mut self, argument: &str, is_its: impl Fn(&str) -> bool) {
        for problem in self.list.iter_mut().filter(|problem| problem.file == "--set" && is_its(&problem.path)) {
            argument.clone_into(&mut problem.file);
            // An axis of the command line is not part of a `sweep` section.
            problem.path = problem.path.strip_prefix("sweep.").unwrap_or(&problem.path).to_owned();
        }
    }

    /// Sets the code of every problem.
    pub(crate) fn set_code(&mut self, code: &'static str) {
        for problem in &mut self.list {
            problem.code = code;
        }
    }

    /// Returns `value` if there are no problems.
    pub(crate) fn or<T>(self, value: T) -> Result<T, Problems> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }

    /// Sorts by line; stable within a line.
    pub(crate) fn sorted(mut self) -> Problems {
        self.list.sort_by_key(|problem| problem.line);
        self
    }
}

/// One line a problem.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.list.iter().enumerate() {
            write!(f, "{}{problem}", if index > 0 { "\n" } else { "" })?;
        }
        if self.more > 0 { write!(f, "\nand {} more", self.more) } else { Ok(()) }
    }
}

impl std::error::Error for Problems {}
/// Counts a noun with a regular plural: `1 agent`, `3 agents`.
pub fn plural(count: impl fmt::Display, noun: &str) -> String {
    let count = count.to_string();
    if count == "1" { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
