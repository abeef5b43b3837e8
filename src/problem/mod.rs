//! L0: the problems of a file: every mistake at once, each with its position and the expected value.

pub mod quantity;
pub mod suggest;

use std::fmt;

/// Problems kept of one file; the rest is counted.
const MOST_SHOWN: usize = 100;

/// One kind of mistake, for `brooks explain`.
#[derive(Clone, Copy, Debug)]
pub struct ErrorCode {
    /// Short and stable.
    pub code: &'static str,
    /// Its meaning and its remedy.
    pub about: &'static str,
}

/// All kinds of mistakes in a file that brooks reads.
pub static ERRORS: &[ErrorCode] = &[
    ErrorCode { code: "too-large", about: "The file passes a limit on size, nesting or values; the message names it." },
    ErrorCode { code: "not-utf8", about: "The file is not UTF-8 text. Save it as UTF-8; the first bad byte is named." },
    ErrorCode {
        code: "syntax",
        about: "The file is not YAML that brooks reads: often an indentation, an unclosed bracket or quote, a tab, or a \
                second document.",
    },
    ErrorCode { code: "empty", about: "There is nothing in the file." },
    ErrorCode { code: "unknown-key", about: "No such key here. `brooks schema` and the docs list those there are." },
    ErrorCode {
        code: "duplicate-key",
        about: "A key is given twice; the last would win without a word, so one must go.",
    },
    ErrorCode { code: "missing-key", about: "A key that has no default is not given." },
    ErrorCode { code: "one-of", about: "Of these keys exactly one says what is wanted; there are none or several." },
    ErrorCode { code: "wrong-type", about: "The value is of another kind than expected, such as text for a number." },
    ErrorCode {
        code: "out-of-range",
        about: "The value is negative, too large, not finite, or a probability above 1.",
    },
    ErrorCode { code: "not-a-choice", about: "The value is none of the words that are allowed here." },
    ErrorCode { code: "quantity", about: "A duration, a size or a distribution can't be read." },
    ErrorCode { code: "unknown-name", about: "No profile of that name is built in; a path to a file works too." },
    ErrorCode { code: "missing-file", about: "A file that the scenario names can't be read." },
    ErrorCode {
        code: "task-graph",
        about: "The tasks are no task graph: a cycle, an unknown dependency, two equal ids.",
    },
    ErrorCode { code: "task-file", about: "A file of tasks is not in the format of the paper's task files." },
    ErrorCode { code: "workload-limit", about: "The workload is larger than brooks takes." },
    ErrorCode {
        code: "scaling",
        about: "This workload can't grow with the team: its length and width don't come apart.",
    },
    ErrorCode { code: "team", about: "The members don't fit the team: too many, two leads, or one name twice." },
    ErrorCode { code: "skill", about: "A task needs a skill that nobody in the team has, so it would never be done." },
    ErrorCode { code: "profile", about: "A profile can't be based on what it names." },
    ErrorCode { code: "path", about: "A path of --set or of a sweep leads nowhere." },
    ErrorCode {
        code: "trace",
        about: "A recorded run can't be read as it is: a line that is no JSON, a missing or wrong value, times that go \
                backwards, an id that is there twice, a circle, damage. --skip-bad leaves out what is broken and says how \
                much that was.",
    },
    ErrorCode { code: "sweep", about: "The values of a sweep can't be read, or are too many." },
    ErrorCode {
        code: "baseline",
        about: "A baseline is damaged, no baseline at all, or lacks a figure that is held. Take it from version control, or record it again.",
    },
    ErrorCode {
        code: "baseline-version",
        about: "A baseline has another form, or figures of another meaning, than this brooks. Record it again.",
    },
    ErrorCode {
        code: "baseline-scenario",
        about: "The scenario is not the one that was recorded. Record it again if the change is meant; --despite-changes shows what it does.",
    },
    ErrorCode { code: "assert", about: "A claim is about a point that the sweep does not have." },
    ErrorCode {
        code: "table",
        about: "A table of measurements can't be fitted: a column that is not there, a cell that is no measurement.",
    },
    ErrorCode {
        code: "calibration",
        about: "Nothing can be learned from these recordings, or nothing can be predicted for that team: the message says \
                why. Recordings must say what the tasks were and what became of them.",
    },
];

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its kind, from [`ERRORS`].
    pub code: &'static str,
    /// The file that it is in, or the argument that it came by, such as `--set`.
    pub file: String,
    /// The line, from 1; 0 where there is none.
    pub line: u32,
    /// The path of the value, such as `team.members[2].count`; empty for the whole file.
    pub path: String,
    /// The mistake.
    pub message: String,
    /// The expected value; empty where the message has it.
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

/// All mistakes of a file, in its order; of very many the first 100.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Problems {
    list: Vec<Problem>,
    more: usize,
}

impl Problems {
    /// A single one.
    pub fn one(problem: Problem) -> Problems {
        Problems { list: vec![problem], more: 0 }
    }

    /// Those that are told.
    pub fn list(&self) -> &[Problem] {
        &self.list
    }

    /// Number of problems beyond those in the list.
    pub fn more(&self) -> usize {
        self.more
    }

    /// True if there are none.
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

    /// For programs: `errors`, each with code, file, line, path, message and what was expected.
    pub fn to_json(&self) -> serde_json::Value {
        let error = |problem: &Problem| {
            serde_json::json!({
                "code": problem.code, "file": problem.file, "line": (problem.line > 0).then_some(problem.line),
                "path": problem.path, "message": problem.message, "expected": problem.expected,
            })
        };
        serde_json::json!({ "errors": self.list.iter().map(error).collect::<Vec<_>>(), "more": self.more })
    }

    /// Takes over those that are not told already.
    pub(crate) fn append(&mut self, other: Problems) {
        self.more += other.more;
        for problem in other.list {
            if !self.list.contains(&problem) {
                self.push(problem);
            }
        }
    }

    /// Says that the values at `path` are what they are about, not a file with lines.
    pub(crate) fn place_at(&mut self, path: &str) {
        for problem in &mut self.list {
            path.clone_into(&mut problem.path);
            problem.line = 0;
        }
    }

    /// Says of values from the command line that stand where `is_its` says, by which argument they came.
    pub(crate) fn came_by(&mut self, argument: &str, is_its: impl Fn(&str) -> bool) {
        for problem in self.list.iter_mut().filter(|problem| problem.file == "--set" && is_its(&problem.path)) {
            argument.clone_into(&mut problem.file);
            // An axis of the command line is in nobody's sweep.
            problem.path = problem.path.strip_prefix("sweep.").unwrap_or(&problem.path).to_owned();
        }
    }

    /// Says of what kind they are.
    pub(crate) fn are(&mut self, code: &'static str) {
        for problem in &mut self.list {
            problem.code = code;
        }
    }

    /// `value`, unless there are problems.
    pub(crate) fn or<T>(self, value: T) -> Result<T, Problems> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }

    /// By line, those of one line as found.
    pub(crate) fn sorted(mut self) -> Problems {
        self.list.sort_by_key(|problem| problem.line);
        self
    }
}

/// One line each.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.list.iter().enumerate() {
            write!(f, "{}{problem}", if place > 0 { "\n" } else { "" })?;
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
