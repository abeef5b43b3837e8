//! Built-in scenarios and profiles, and the reader of the user's files.

use std::sync::Arc;

/// Reader of a file by the path in a scenario; its error is the reason of the failure. Layers below the command line do no
/// input, so the caller provides it.
pub type Files = Arc<dyn Fn(&str) -> Result<Vec<u8>, String> + Send + Sync>;

/// File that is part of the program.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIn {
    /// Name on the command line and in scenarios.
    pub name: &'static str,
    /// Path in the repository, for messages.
    pub path: &'static str,
    /// Content.
    pub text: &'static str,
}

/// Embeds a file of the repository, by its folder and name.
macro_rules! built_in {
    ($folder:literal, $name:literal) => {
        BuiltIn {
            name: $name,
            path: concat!($folder, "/", $name, ".yaml"),
            text: include_str!(concat!("../../", $folder, "/", $name, ".yaml")),
        }
    };
}

/// Scenarios, simplest first.
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

/// Profiles.
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

/// Returns the file of this name.
pub fn find(table: &'static [BuiltIn], name: &str) -> Option<&'static BuiltIn> {
    table.iter().find(|built_in| built_in.name == name)
}

/// Returns a reader that refuses all files.
pub fn no_files() -> Files {
    Arc::new(|_| Err("no files can be read here".to_owned()))
}
