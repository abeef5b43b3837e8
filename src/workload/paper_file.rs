//! Task files of "Language Model Teams as Distributed Systems" (arXiv 2603.12229).
//!
//! A file is a JSON object with `project`, `description` and `tasks`; a task has `id`, `dependencies` and `files`. Other
//! keys are ignored, also `priority`, which the paper's harness never reads. Agents see the tasks in the order of the file,
//! as in the paper.

use serde_json::{Map, Value};
use thiserror::Error;

use crate::workload::{GraphError, MAX_EDGES, MAX_TASKS, TaskGraph, TaskSpec};

/// Largest number of reported errors. It bounds memory.
const MAX_ERRORS: usize = 100;

/// Content of a task file, as far as brooks uses it.
#[derive(Clone, Debug, PartialEq)]
pub struct PaperFile {
    /// `project`; empty if absent.
    pub name: String,
    /// `description`; empty if absent.
    pub about: String,
    /// `tasks`, in the order of the file; valid for [`TaskGraph::new`].
    pub tasks: Vec<TaskSpec>,
}

/// Reason why a text is not a task file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PaperFileError {
    /// The text is not JSON.
    #[error("line {line}, column {column}: {message}")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// Message of the JSON parser.
        message: String,
    },
    /// A value is missing or has the wrong type.
    #[error("{path}: {found}; expected {expected}")]
    Unexpected {
        /// Path of the value, such as `tasks[3].dependencies[0]`; empty for the whole file.
        path: String,
        /// The actual value.
        found: String,
        /// Description of a valid value.
        expected: String,
    },
    /// The tasks form no task graph.
    #[error("{path}: {error}")]
    Graph {
        /// Path of the value, such as `tasks[3].dependencies[0]`.
        path: String,
        /// The reason.
        error: GraphError,
    },
}

/// Parses a task file. The format has no sizes, so every task gets `size` output tokens (above 0).
///
/// # Errors
///
/// The position of a syntax error; or every value of the wrong type, up to 100; or every error of the graph, see
/// [`TaskGraph::new`].
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
    // The message ends with the position, which is in separate fields.
    let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
    PaperFileError::Syntax { line: error.line(), column: error.column(), message: message.to_owned() }
}

fn path_of(error: &GraphError) -> String {
    match error {
        GraphError::Empty => "tasks".to_owned(),
        GraphError::DuplicateId { task, .. } => format!("tasks[{task}].id"),
        GraphError::UnknownDependency { task, index, .. } => format!("tasks[{task}].dependencies[{index}]"),
        GraphError::Cycle { task, .. } => format!("tasks[{task}].dependencies"),
    }
}

/// Reader of a JSON value; an invalid part is reported and read as empty.
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
        let tasks: Vec<TaskSpec> = list.iter().enumerate().map(|(index, task)| self.task(task, index, size)).collect();
        let edges: usize = tasks.iter().map(|task| task.depends_on.len()).sum();
        if edges as u64 > MAX_EDGES {
            self.too_many("dependencies", edges, MAX_EDGES);
        }
        PaperFile { name, about, tasks }
    }

    fn task(&mut self, value: &Value, index: usize, size: f64) -> TaskSpec {
        let path = format!("tasks[{index}]");
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

    /// Reads a list of texts; empty if absent or null.
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
        for (index, value) in list.iter().enumerate() {
            match value.as_str() {
                Some(name) => names.push(name.to_owned()),
                None => self.unexpected(&format!("{path}.{key}[{index}]"), Some(value), expected),
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
        if self.errors.len() < MAX_ERRORS {
            let (path, found, expected) = (path.to_owned(), describe(found), expected.to_owned());
            self.errors.push(PaperFileError::Unexpected { path, found, expected });
        }
    }
}

/// Returns a short description of a value.
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

    fn errors_in(text: &str) -> Vec<String> {
        parse(text, SIZE).expect_err("it is invalid").iter().map(ToString::to_string).collect()
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
        let file = parse(text, SIZE).expect("it is valid");
        assert_eq!((file.name.as_str(), file.about.as_str()), ("A clock", "Tells the time."));
        let mut hands = TaskSpec::new("hands", SIZE).after(["face"]);
        hands.writes = vec!["hands.py".to_owned(), "face.py".to_owned()];
        let mut face = TaskSpec::new("face", SIZE);
        face.writes = vec!["face.py".to_owned()];
        // The order of the file is kept, regardless of priority.
        assert_eq!(file.tasks, [hands, face, TaskSpec::new("bell", SIZE)]);
        let measure = Measure::by_size(&TaskGraph::new(&file.tasks).expect("parse has checked it"));
        assert_eq!((measure.longest_chain, measure.work, measure.span), (2, 330.0, 220.0));
    }

    #[test]
    fn reports_the_position_of_a_syntax_error() {
        let errors = parse("{\n  \"tasks\": [,]\n}", SIZE).expect_err("a comma too many");
        let message = "expected value".to_owned();
        assert_eq!(errors, [PaperFileError::Syntax { line: 2, column: 13, message }]);
        assert_eq!(errors_in(""), ["line 1, column 0: EOF while parsing a value"]);
        assert_eq!(errors_in(&"[".repeat(100_000)), ["line 1, column 128: recursion limit exceeded"]);
    }

    #[test]
    fn reports_every_value_of_the_wrong_type() {
        let text = r#"{"project": 7, "tasks": [
            {"id": 3, "dependencies": [], "files": []},
            "paint",
            {"id": "b", "dependencies": "a", "files": [null, "b.py", ["c.py"]]},
            {"dependencies": [{"id": "b"}]}
        ]}"#;
        assert_eq!(
            errors_in(text),
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
        assert_eq!(errors_in("{}"), ["tasks: missing; expected a list of tasks"]);
        assert_eq!(errors_in("[]"), [": a list; expected an object with a list of tasks"]);
        let many = format!("{{\"tasks\": [{}0]}}", "0,".repeat(200));
        assert_eq!(errors_in(&many).len(), MAX_ERRORS);
        let too_many = format!("{{\"tasks\": [{}0]}}", "0,".repeat(100_000));
        assert_eq!(errors_in(&too_many), ["tasks: 100001 tasks; expected at most 100000"]);
    }

    #[test]
    fn reports_the_path_of_graph_errors() {
        let unknown = r#"{"tasks": [{"id": "a"}, {"id": "a", "dependencies": ["a", "z"]}]}"#;
        assert_eq!(
            errors_in(unknown),
            [
                "tasks[1].id: tasks[0] and tasks[1] have the same id \"a\"",
                "tasks[1].dependencies[1]: task \"a\" depends on \"z\", which is not a task",
            ]
        );
        let cycle = r#"{"tasks": [{"id": "a", "dependencies": ["b"]}, {"id": "b", "dependencies": ["a"]}]}"#;
        assert_eq!(errors_in(cycle), ["tasks[0].dependencies: dependency cycle: a -> b -> a"]);
        assert_eq!(errors_in(r#"{"tasks": []}"#), ["tasks: there are no tasks"]);
    }

    /// Texts that resemble task files.
    fn nearly() -> impl Strategy<Value = String> {
        let pieces = r#"{ } [ ] , : " "tasks" "id" "dependencies" "files" "a" "b" null 1e999 -7 \ud800 �"#;
        let pieces: Vec<&str> = pieces.split(' ').collect();
        prop::collection::vec(prop::sample::select(pieces), 0..60).prop_map(|pieces| pieces.concat())
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
