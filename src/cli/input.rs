//! Scenarios from files, from the built-in library and from stdin, with the changes of the command line.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::architecture::ARCHITECTURES;
use crate::cli::args::ScenarioArgs;
use crate::cli::console::{Console, Failure};
use crate::experiment::sweep::fingerprint::sha256;
use crate::scenario::library::Files;
use crate::scenario::{MAX_BYTES, ScenarioFile, given_by};

/// Value of a dedicated argument: argument, path, value.
pub(super) type Given<'a> = (&'a str, &'a str, &'a str);

/// Opens the scenario with the settings of the command line.
pub(super) fn scenario(console: &Console, args: &ScenarioArgs, more: &[Given<'_>]) -> Result<ScenarioFile, Failure> {
    scenario_with_seed(args, more, console.seed)
}

/// Opens the scenario with the settings and this seed, or its own.
pub(super) fn scenario_with_seed(
    args: &ScenarioArgs,
    more: &[Given<'_>],
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
    settings.extend(more.iter().map(|(_, path, value)| ((*path).to_owned(), (*value).to_owned())));
    if let Some(seed) = seed {
        settings.push(("seed".to_owned(), seed.to_string()));
    }
    if settings.is_empty() {
        return Ok(file);
    }
    let given = |wrong, (argument, path, _): &Given<'_>| given_by(argument, Some(path), wrong);
    Ok(file.with(&settings).map_err(|wrong| more.iter().fold(wrong, given))?)
}

/// Checks the names of architectures in an argument.
pub(super) fn architectures<'a>(argument: &str, names: &'a [String]) -> Result<Vec<&'a str>, Failure> {
    let known: Vec<&str> = ARCHITECTURES.iter().map(|row| row.name).collect();
    let names: Vec<&str> = names.iter().map(|name| name.trim()).collect();
    match names.iter().find(|name| !known.contains(name)) {
        Some(unknown) => {
            let known = known.join(", ");
            Err(Failure::Usage(format!("{argument} {unknown}: unknown architecture; expected one of {known}")))
        }
        None => Ok(names),
    }
}

/// Returns the scenario with the values of an argument on an axis.
pub(super) fn with_axis(
    file: &ScenarioFile,
    argument: &str,
    path: &str,
    values: &str,
) -> Result<ScenarioFile, Failure> {
    Ok(file.with_axis(path, values).map_err(|wrong| given_by(argument, None, wrong))?)
}

fn open(name: &str) -> Result<ScenarioFile, Failure> {
    if name == "-" {
        let mut bytes = Vec::new();
        // One byte beyond the limit shows that the input is too large.
        let limit = MAX_BYTES as u64 + 1;
        let read = std::io::stdin().lock().take(limit).read_to_end(&mut bytes);
        read.map_err(|error| Failure::Io { path: PathBuf::from("stdin"), error })?;
        return Ok(ScenarioFile::parse("stdin", &bytes, &files(PathBuf::new(), ""))?);
    }
    let folder = Path::new(name).parent().unwrap_or(Path::new("")).to_owned();
    Ok(ScenarioFile::open(name, &files(folder, name))?)
}

/// Returns a reader of the scenario at its given path, and of the files that it names, relative to it.
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
        // Task files and observations may be larger than scenarios, but have a limit too.
        file.take(64 << 20).read_to_end(&mut bytes).map_err(text)?;
        if name != scenario {
            let contents = sha256(&bytes);
            FILES.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), contents);
        }
        Ok(bytes)
    })
}

/// Files named by scenarios and read, with the SHA-256 of their contents.
static FILES: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());

/// Returns the names and SHA-256 sums of the files that scenarios named so far.
pub(super) fn files_read() -> Vec<(String, String)> {
    let files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
    files.iter().map(|(name, contents)| (name.clone(), contents.clone())).collect()
}

/// Returns the scenario with the axes of the command line added or replaced. A `--set` value replaces the axis of the
/// same path, which would override it otherwise.
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
    for (argument, path, values) in [("--architecture", "architecture", architecture), ("--agents", "agents", agents)] {
        if let Some(values) = values {
            file = with_axis(&file, argument, path, values)?;
        }
    }
    Ok(file)
}
