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

/// A file of the repository, by the folder and the name that it has there.
macro_rules! built_in {
    ($folder:literal, $name:literal) => {
        BuiltIn {
            name: $name,
            path: concat!($folder, "/", $name, ".yaml"),
            text: include_str!(concat!("../../", $folder, "/", $name, ".yaml")),
        }
    };
}

/// The scenarios, in the order in which one would try them.
pub static SCENARIOS: &[BuiltIn] = &[
    built_in!("scenarios", "hello"),
    built_in!("scenarios", "paper"),
    built_in!("scenarios", "amdahl"),
    built_in!("scenarios", "gustafson"),
    built_in!("scenarios", "stragglers"),
    built_in!("scenarios", "conflicts"),
    built_in!("scenarios", "lead-bottleneck"),
    built_in!("scenarios", "specialists"),
    built_in!("scenarios", "bench"),
];

/// The profiles.
pub static PROFILES: &[BuiltIn] = &[
    built_in!("scenarios/profiles", "plain"),
    built_in!("scenarios/profiles", "strong"),
    built_in!("scenarios/profiles", "quick"),
    built_in!("scenarios/profiles", "sonnet-like"),
    built_in!("scenarios/profiles", "gpt-like"),
    built_in!("scenarios/profiles", "gemini-like"),
    built_in!("scenarios/profiles", "claude-sonnet-4.6"),
    built_in!("scenarios/profiles", "gpt-5.2"),
    built_in!("scenarios/profiles", "gemini-3-flash"),
];

/// The one of that name.
pub fn find(table: &'static [BuiltIn], name: &str) -> Option<&'static BuiltIn> {
    table.iter().find(|built_in| built_in.name == name)
}

/// A reader for scenarios that name no files of the user's own.
pub fn no_files() -> Files {
    Arc::new(|_| Err("no files can be read here".to_owned()))
}
