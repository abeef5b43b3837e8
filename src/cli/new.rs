//! `brooks new`: a commented scenario to start from.

use std::path::Path;

use crate::cli::console::{CommandResult, Console, Failure};
use crate::scenario::library::{self, SCENARIOS};

pub(super) fn new(console: &Console, path: &Path, from: &str) -> CommandResult {
    let Some(built_in) = library::find(SCENARIOS, from) else {
        let names: Vec<&str> = SCENARIOS.iter().map(|built_in| built_in.name).collect();
        return Err(Failure::Usage(format!("--from {from}: unknown scenario; expected one of {}", names.join(", "))));
    };
    if path == Path::new("-") {
        console.print(built_in.text);
        return Ok(());
    }
    if path.exists() {
        return Err(Failure::Usage(format!("{} already exists; nothing was written", path.display())));
    }
    console.write(path, built_in.text.as_bytes())?;
    console.status(&format!("next: brooks plan {0}, brooks run {0}, brooks sweep {0}", path.display()));
    console.status("help on a key: brooks explain KEY; schema for an editor: brooks schema > brooks.schema.json");
    Ok(())
}
