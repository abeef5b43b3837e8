//! The task files of "Language Model Teams as Distributed Systems" (arXiv 2603.12229), read as they are.
//!
//! A file is a JSON object with `project`, `description` and `tasks`; a task has `id`, `dependencies` and `files`.
//! Everything else in it is ignored, as it is someone else's format: also `priority`, which the paper's harness never
//! reads. Its agents see the tasks in the order of the file, and so do ours.

use serde_json::{Map, Value};
use thiserror::Error;

use crate::workload::{GraphError, MAX_EDGES, MAX_TASKS, TaskGraph, TaskSpec};

/// Values of the wrong kind that are told, so that a file of nothing else does not fill the memory.
const MAX_MISTAKES: usize = 100;

/// What brooks uses of a task file.
#[derive(Clone, Debug, PartialEq)]
pub struct PaperFile {
    /// `project`; empty if there is none.
    pub name: String,
    /// `description`; empty if there is none.
    pub about: String,
    /// `tasks`, in the order of the file; [`TaskGraph::new`] accepts them.
    pub tasks: Vec<TaskSpec>,
}

/// Why a text is not a task file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PaperFileError {
    /// It is not JSON.
    #[error("line {line}, column {column}: {message}")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// A value is missing or of the wrong kind.
    #[error("{path}: {found}; expected {expected}")]
    Unexpected {
        /// Where, such as `tasks[3].dependencies[0]`; empty for the whole file.
        path: String,
        /// What is there.
        found: String,
        /// What should be there.
        expected: String,
    },
    /// The tasks are no task graph.
    #[error("{path}: {error}")]
    Graph {
        /// Where, such as `tasks[3].dependencies[0]`.
        path: String,
        /// Why.
        error: GraphError,
    },
}

/// Reads a task file. The format has no sizes, so every task gets `size` output tokens (above 0).
///
/// # Errors
///
/// The place where the text stops being JSON; or every value of the wrong kind, up to 100; or every mistake of the
/// graph, see [`TaskGraph::new`].
pub fn parse(text: &str, size: f64) -> Result<PaperFile, Vec<PaperFileError>> {
    let root: Value = serde_json::from_str(text).map_err(|error| vec![syntax(&error)])?;
    let mut reader = Reader { errors: Vec::new() };
    let file = reader.file(&root, size);
    if !reader.errors.is_empty() {
        return Err(reader.errors);
    }
    let in_file = |error: GraphError| PaperFileError::Graph { path: path_of(&error), error };
    match TaskGraph::new(&file.tasks) {
        Ok(_) => Ok(file),
        Err(errors) => Err(errors.into_iter().map(in_file).collect()),
    }
}

fn syntax(error: &serde_json::Error) -> PaperFileError {
    let text = error.to_string();
    // The message ends with the place, which has fields of its own.
    let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
    PaperFileError::Syntax { line: error.line(), column: error.column(), message: message.to_owned() }
}

fn path_of(error: &GraphError) -> String {
    match error {
        GraphError::Empty => "tasks".to_owned(),
        GraphError::DuplicateId { task, .. } => format!("tasks[{task}].id"),
        GraphError::UnknownDependency { task, place, .. } => format!("tasks[{task}].dependencies[{place}]"),
        GraphError::Cycle { task, .. } => format!("tasks[{task}].dependencies"),
    }
}

/// Takes a JSON value apart; what does not fit is noted and read as empty.
struct Reader {
    errors: Vec<PaperFileError>,
}

impl Reader {
    fn file(&mut self, root: &Value, size: f64) -> PaperFile {
        let Some(root) = root.as_object() else {
            self.unexpected("", Some(root), "an object with a list of tasks");
            return PaperFile { name: String::new(), about: String::new(), tasks: Vec::new() };
        };
        let name = self.optional_text(root, "project");
        let about = self.optional_text(root, "description");
        let Some(list) = root.get("tasks").and_then(Value::as_array) else {
            self.unexpected("tasks", root.get("tasks"), "a list of tasks");
            return PaperFile { name, about, tasks: Vec::new() };
        };
        if list.len() as u64 > MAX_TASKS {
            self.too_many("tasks", list.len(), MAX_TASKS);
            return PaperFile { name, about, tasks: Vec::new() };
        }
        let tasks: Vec<TaskSpec> = list.iter().enumerate().map(|(at, task)| self.task(task, at, size)).collect();
        let edges: usize = tasks.iter().map(|task| task.depends_on.len()).sum();
        if edges as u64 > MAX_EDGES {
            self.too_many("dependencies", edges, MAX_EDGES);
        }
        PaperFile { name, about, tasks }
    }

    fn task(&mut self, value: &Value, at: usize, size: f64) -> TaskSpec {
        let path = format!("tasks[{at}]");
        let Some(task) = value.as_object() else {
            self.unexpected(&path, Some(value), "an object with an id");
            return TaskSpec::new("", size);
        };
        let id = task.get("id").and_then(Value::as_str);
        if id.is_none() {
            self.unexpected(&format!("{path}.id"), task.get("id"), "the name of the task");
        }
        let mut spec = TaskSpec::new(id.unwrap_or_default(), size);
        spec.depends_on = self.names(task, &path, "dependencies", "the id of a task");
        spec.writes = self.names(task, &path, "files", "the path of a file");
        spec
    }

    /// A list of texts; none if it is absent or null.
    fn names(&mut self, object: &Map<String, Value>, path: &str, key: &str, expected: &str) -> Vec<String> {
        let list = match object.get(key) {
            None | Some(Value::Null) => return Vec::new(),
            Some(Value::Array(list)) => list,
            Some(other) => {
                self.unexpected(&format!("{path}.{key}"), Some(other), "a list");
                return Vec::new();
            }
        };
        let mut names = Vec::with_capacity(list.len());
        for (place, value) in list.iter().enumerate() {
            match value.as_str() {
                Some(name) => names.push(name.to_owned()),
                None => self.unexpected(&format!("{path}.{key}[{place}]"), Some(value), expected),
            }
        }
        names
    }

    fn optional_text(&mut self, object: &Map<String, Value>, key: &str) -> String {
        match object.get(key) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => {
                self.unexpected(key, Some(other), "a text");
                String::new()
            }
        }
    }

    fn too_many(&mut self, what: &str, found: usize, limit: u64) {
        let (found, expected) = (format!("{found} {what}"), format!("at most {limit}"));
        self.errors.push(PaperFileError::Unexpected { path: "tasks".to_owned(), found, expected });
    }

    fn unexpected(&mut self, path: &str, found: Option<&Value>, expected: &str) {
        if self.errors.len() < MAX_MISTAKES {
            let (path, found, expected) = (path.to_owned(), describe(found), expected.to_owned());
            self.errors.push(PaperFileError::Unexpected { path, found, expected });
        }
    }
}

/// A value in a few words.
fn describe(value: Option<&Value>) -> String {
    match value {
        None => "missing".to_owned(),
        Some(Value::Array(_)) => "a list".to_owned(),
        Some(Value::Object(_)) => "an object".to_owned(),
        Some(Value::String(text)) if text.chars().nth(40).is_some() => {
            format!("\"{}..\"", text.chars().take(40).collect::<String>())
        }
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Measure;
    use proptest::prelude::*;

    const SIZE: f64 = 110.0;

    fn mistakes(text: &str) -> Vec<String> {
        parse(text, SIZE).expect_err("it is wrong").iter().map(ToString::to_string).collect()
    }

    #[test]
    fn reads_what_it_uses_and_ignores_the_rest() {
        let text = r#"{
            "project": "A clock", "description": "Tells the time.", "repository": "clock", "success_criteria": "It ticks.",
            "tasks": [
                {"id": "hands", "title": "t", "status": "pending", "owner": null, "priority": 9,
                 "dependencies": ["face"], "files": ["hands.py", "face.py"]},
                {"id": "face", "dependencies": [], "files": ["face.py"], "colour": {"dial": "white"}},
                {"id": "bell"}
            ]
        }"#;
        let file = parse(text, SIZE).expect("it is sound");
        assert_eq!((file.name.as_str(), file.about.as_str()), ("A clock", "Tells the time."));
        let mut hands = TaskSpec::new("hands", SIZE).after(["face"]);
        hands.writes = vec!["hands.py".to_owned(), "face.py".to_owned()];
        let mut face = TaskSpec::new("face", SIZE);
        face.writes = vec!["face.py".to_owned()];
        // The order of the file stands, whatever the priorities say.
        assert_eq!(file.tasks, [hands, face, TaskSpec::new("bell", SIZE)]);
        let measure = Measure::by_size(&TaskGraph::new(&file.tasks).expect("parse has checked it"));
        assert_eq!((measure.longest_chain, measure.work, measure.span), (2, 330.0, 220.0));
    }

    #[test]
    fn says_where_it_stops_being_json() {
        let errors = parse("{\n  \"tasks\": [,]\n}", SIZE).expect_err("a comma too many");
        let message = "expected value".to_owned();
        assert_eq!(errors, [PaperFileError::Syntax { line: 2, column: 13, message }]);
        assert_eq!(mistakes(""), ["line 1, column 0: EOF while parsing a value"]);
        assert_eq!(mistakes(&"[".repeat(100_000)), ["line 1, column 128: recursion limit exceeded"]);
    }

    #[test]
    fn tells_every_value_of_the_wrong_kind() {
        let text = r#"{"project": 7, "tasks": [
            {"id": 3, "dependencies": [], "files": []},
            "paint",
            {"id": "b", "dependencies": "a", "files": [null, "b.py", ["c.py"]]},
            {"dependencies": [{"id": "b"}]}
        ]}"#;
        assert_eq!(
            mistakes(text),
            [
                "project: 7; expected a text",
                "tasks[0].id: 3; expected the name of the task",
                "tasks[1]: \"paint\"; expected an object with an id",
                "tasks[2].dependencies: \"a\"; expected a list",
                "tasks[2].files[0]: null; expected the path of a file",
                "tasks[2].files[2]: a list; expected the path of a file",
                "tasks[3].id: missing; expected the name of the task",
                "tasks[3].dependencies[0]: an object; expected the id of a task",
            ]
        );
        assert_eq!(mistakes("{}"), ["tasks: missing; expected a list of tasks"]);
        assert_eq!(mistakes("[]"), [": a list; expected an object with a list of tasks"]);
        let many = format!("{{\"tasks\": [{}0]}}", "0,".repeat(200));
        assert_eq!(mistakes(&many).len(), MAX_MISTAKES);
        let too_many = format!("{{\"tasks\": [{}0]}}", "0,".repeat(100_000));
        assert_eq!(mistakes(&too_many), ["tasks: 100001 tasks; expected at most 100000"]);
    }

    #[test]
    fn tells_where_the_graph_is_wrong() {
        let unknown = r#"{"tasks": [{"id": "a"}, {"id": "a", "dependencies": ["a", "z"]}]}"#;
        assert_eq!(
            mistakes(unknown),
            [
                "tasks[1].id: tasks[0] and tasks[1] are both called \"a\"",
                "tasks[1].dependencies[1]: task \"a\" depends on \"z\", which is no task",
            ]
        );
        let cycle = r#"{"tasks": [{"id": "a", "dependencies": ["b"]}, {"id": "b", "dependencies": ["a"]}]}"#;
        assert_eq!(mistakes(cycle), ["tasks[0].dependencies: tasks wait for each other in a circle: a -> b -> a"]);
        assert_eq!(mistakes(r#"{"tasks": []}"#), ["tasks: there are no tasks"]);
    }

    /// Texts that are nearly task files.
    fn nearly() -> impl Strategy<Value = String> {
        let pieces = [
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "\"tasks\"",
            "\"id\"",
            "\"dependencies\"",
            "\"files\"",
            "\"a\"",
            "\"b\"",
            "null",
            "1e999",
            "-7",
            "\\ud800",
            "\u{fffd}",
        ];
        prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..60).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_value_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&String::from_utf8_lossy(&bytes), SIZE);
        }

        #[test]
        fn any_tokens_are_a_value_or_an_error(text in nearly()) {
            if let Err(errors) = parse(&text, SIZE) {
                prop_assert!(!errors.is_empty());
            }
        }

        #[test]
        fn any_fields_are_a_value_or_an_error(
            id in nearly(), dependencies in nearly(), files in nearly(), project in nearly(),
        ) {
            let text = format!(
                r#"{{"project": {project:?}, "tasks": [{{"id": "a", "dependencies": [{dependencies:?}]}},
                    {{"id": {id:?}, "dependencies": ["a"], "files": [{files:?}]}}]}}"#
            );
            let _ = parse(&text, SIZE);
        }
    }
}
