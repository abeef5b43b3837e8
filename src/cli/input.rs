//! Scenarios from files, from the binary and from stdin, with what the command line changes in them.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::args::ScenarioArgs;
use crate::cli::console::{Console, Failure};
use crate::experiment::library::Files;
use crate::experiment::scenario_file::{MAX_BYTES, ScenarioFile};

/// The scenario with the settings of the command line.
pub(super) fn scenario(console: &Console, args: &ScenarioArgs, more: &[(&str, &str)]) -> Result<ScenarioFile, Failure> {
    scenario_with_seed(args, more, console.seed)
}

/// The same with this seed, or its own.
pub(super) fn scenario_with_seed(
    args: &ScenarioArgs,
    more: &[(&str, &str)],
    seed: Option<u64>,
) -> Result<ScenarioFile, Failure> {
    let file = open(&args.scenario)?;
    let mut settings = Vec::new();
    for set in &args.set {
        let Some((path, value)) = set.split_once('=') else {
            return Err(Failure::Usage(format!("--set {set}: expected PATH=VALUE, such as team.agents=8")));
        };
        settings.push((path.trim().to_owned(), value.to_owned()));
    }
    settings.extend(more.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())));
    if let Some(seed) = seed {
        settings.push(("seed".to_owned(), seed.to_string()));
    }
    Ok(if settings.is_empty() { file } else { file.with(&settings)? })
}

fn open(name: &str) -> Result<ScenarioFile, Failure> {
    if name == "-" {
        let mut bytes = Vec::new();
        // One byte more than is allowed: enough to be told that it is too much.
        let limit = MAX_BYTES as u64 + 1;
        let read = std::io::stdin().lock().take(limit).read_to_end(&mut bytes);
        read.map_err(|error| Failure::Io { path: PathBuf::from("stdin"), error })?;
        return Ok(ScenarioFile::parse("stdin", &bytes, &files(PathBuf::new(), ""))?);
    }
    let folder = Path::new(name).parent().unwrap_or(Path::new("")).to_owned();
    Ok(ScenarioFile::open(name, &files(folder, name))?)
}

/// Reads the scenario itself by the path typed, and the files it names beside it.
fn files(folder: PathBuf, scenario: &str) -> Files {
    let scenario = scenario.to_owned();
    Arc::new(move |name| {
        let path = if name == scenario { PathBuf::from(name) } else { folder.join(name) };
        let text = |error: std::io::Error| error.to_string();
        let file = std::fs::File::open(&path).map_err(text)?;
        if file.metadata().map_err(text)?.is_dir() {
            return Err("it is a folder".to_owned());
        }
        let mut bytes = Vec::new();
        // Task files and observations may be larger than scenarios; nothing is read without end.
        file.take(64 << 20).read_to_end(&mut bytes).map_err(text)?;
        Ok(bytes)
    })
}

/// The scenario with the axes that the command line puts in place of its own or beside them. A value that is set where
/// the scenario has an axis takes the place of the axis, which would hide it otherwise.
pub(super) fn with_axes(
    mut file: ScenarioFile,
    set: &[String],
    agents: Option<&str>,
    architecture: Option<&str>,
) -> Result<ScenarioFile, Failure> {
    for (path, value) in set.iter().filter_map(|set| set.split_once('=')) {
        let (path, full) = (path.trim(), format!("team.{}", path.trim()));
        if file.axes().iter().any(|axis| axis.path == path || axis.path == full) {
            file = file.with_axis(path, value)?;
        }
    }
    for (path, values) in [("architecture", architecture), ("agents", agents)] {
        if let Some(values) = values {
            file = file.with_axis(path, values)?;
        }
    }
    Ok(file)
}
