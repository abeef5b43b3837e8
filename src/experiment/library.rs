//! Scenarios and profiles that are part of the program, and how files of the user's own are reached.

use std::sync::Arc;

/// Reads a file that a scenario names, by the path as written there; the error says why it can't. Layers below the
/// command line do no input, so whoever calls them brings this.
pub type Files = Arc<dyn Fn(&str) -> Result<Vec<u8>, String> + Send + Sync>;

/// A file that is part of the program.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIn {
    /// What it is called on the command line and in scenarios.
    pub name: &'static str,
    /// Where it is in the repository, for messages.
    pub path: &'static str,
    /// What it says.
    pub text: &'static str,
}

/// The scenarios.
pub static SCENARIOS: &[BuiltIn] = &[
    BuiltIn { name: "hello", path: "scenarios/hello.yaml", text: include_str!("../../scenarios/hello.yaml") },
    BuiltIn { name: "bench", path: "scenarios/bench.yaml", text: include_str!("../../scenarios/bench.yaml") },
];

/// The profiles.
pub static PROFILES: &[BuiltIn] = &[BuiltIn {
    name: "plain",
    path: "scenarios/profiles/plain.yaml",
    text: include_str!("../../scenarios/profiles/plain.yaml"),
}];

/// The one of that name.
pub fn find(table: &'static [BuiltIn], name: &str) -> Option<&'static BuiltIn> {
    table.iter().find(|built_in| built_in.name == name)
}

/// A reader for scenarios that name no files of the user's own.
pub fn no_files() -> Files {
    Arc::new(|_| Err("no files can be read here".to_owned()))
}
