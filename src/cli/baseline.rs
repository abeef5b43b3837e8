//! `brooks baseline`: records baselines, and reviews or accepts the results of failed checks.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cli::args::{BaselineCommand, PendingArgs, RecordArgs};
use crate::cli::args::{Format, ScenarioArgs};
use crate::cli::atomic_file;
use crate::cli::console::{CommandResult, Console, Failure, command, repeat, shell_word};
use crate::cli::input;
use crate::cli::progress::Progress;
use crate::cli::threads::on_threads;
use crate::experiment::baseline::{
    self, Grid, Held, RecordedBaseline, RecordedPoint, ScenarioSource, file, usual_replications,
};
use crate::problem::plural;
use crate::report::check::{self, CheckedScenario};
use crate::report::render::number;
use crate::report::{VERSION, footer_without_seed};
use crate::scenario::ScenarioFile;

/// Suffix of the baseline that a failed check writes.
pub(super) const NEW: &str = ".new";

pub(super) fn baseline(console: &Console, command: &BaselineCommand) -> CommandResult {
    match command {
        BaselineCommand::Record(args) => record(console, args),
        BaselineCommand::Review(args) => review(console, args),
        BaselineCommand::Accept(args) => accept(console, args),
    }
}

fn record(console: &Console, args: &RecordArgs) -> CommandResult {
    let source = ScenarioSource {
        scenario: args.scenario.scenario.clone(),
        agents: args.scenario.agents.clone(),
        architecture: args.architecture.clone(),
        set: args.scenario.set.clone(),
    };
    if source.scenario == "-" {
        return Err(Failure::Usage("baselines are found by scenario name; pass a file instead of stdin".to_owned()));
    }
    let scenario = open(&source, console.seed)?;
    let replications = args.reps.unwrap_or_else(|| usual_replications(&scenario));
    let grid = Grid::new(&scenario)?;
    let progress = Progress::new(console, grid.points.len() as u64 * replications);
    let recorded = on_threads(args.threads, || {
        baseline::record(&scenario, &grid, source, replications, VERSION, &|runs| progress.add(runs))
    })?;
    let took = progress.finish();
    console.verbose(&format!("recorded in {:.2} s", took.as_secs_f64()));
    let folder = Path::new("baselines");
    let path = args.output.clone().unwrap_or_else(|| folder.join(file_name(scenario.name())));
    let text = file::write(&recorded);
    console.write(&path, text.as_bytes())?;
    let points = recorded.points.len();
    let held: Vec<&str> = Held::for_scenario(&scenario, &[]).iter().map(|held| held.metric).collect();
    let detectable = recorded.points.iter().filter_map(half_width).reduce(f64::max);
    if console.format == Format::Json {
        let mut document = crate::report::document(Some(recorded.seed), &repeat(recorded.seed));
        document["baseline"] = path.display().to_string().into();
        document["scenario"] = recorded.scenario.as_str().into();
        document["points"] = points.into();
        document["replications"] = replications.into();
        document["bytes"] = text.len().into();
        document["held"] = json!(held);
        document["reach_percent"] = json!(detectable.map(|fraction| 100.0 * fraction));
        console.print_json(&document);
        return Ok(());
    }
    let points = plural(points, "point");
    let runs = number::count(replications);
    let mut text = format!(
        "recorded {}: {points}, {runs} runs each, {} kB\nheld: {}\n",
        recorded.scenario,
        text.len().div_ceil(1000),
        held.join(", ")
    );
    if let Some(fraction) = detectable.filter(|fraction| *fraction > 0.0) {
        let _ = writeln!(
            text,
            "under this seed every change shows; under another, makespans compare to about ±{} % (--reps for less)",
            number::significant(100.0 * fraction)
        );
    }
    let _ = writeln!(text, "commit it; {} holds the curve to it\n", check_command(&path));
    console.print(&(text + &crate::report::footer(recorded.seed, &repeat(recorded.seed))));
    Ok(())
}

/// Returns the half-width of the 90 % interval of the difference of two such samples, as a fraction of the mean.
fn half_width(point: &RecordedPoint) -> Option<f64> {
    let makespan = point.column("makespan_s").filter(|column| column.n > 1 && column.mean > 0.0)?;
    let t = crate::scaling::tails::t_quantile(0.95, (2 * makespan.n - 2) as f64);
    Some(t * makespan.sd / makespan.mean * (2.0 / makespan.n as f64).sqrt())
}

/// Returns a safe file name for a scenario name.
pub(super) fn file_name(scenario: &str) -> String {
    let kept = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let name: String = scenario.chars().map(kept).collect();
    format!("{}.json", name.trim_start_matches('.'))
}

/// Opens the scenario of a source, with this seed or its own.
pub(super) fn open(source: &ScenarioSource, seed: Option<u64>) -> Result<ScenarioFile, Failure> {
    let ScenarioSource { scenario, agents, architecture, set } = source;
    let args = ScenarioArgs { scenario: scenario.clone(), agents: None, set: set.clone() };
    let file = input::scenario_with_seed(&args, &[], seed)?;
    input::with_axes(file, set, agents.as_deref(), architecture.as_deref())
}

/// Returns the command that records a source; `path` only if it is not the default.
pub(super) fn record_command(
    source: &ScenarioSource,
    path: Option<&Path>,
    replications: Option<u64>,
    seed: Option<u64>,
) -> String {
    let mut words = vec!["brooks baseline record".to_owned(), shell_word(&source.scenario)];
    let mut option = |flag: &str, value: Option<String>| {
        if let Some(value) = value {
            words.push(format!("{flag} {}", shell_word(&value)));
        }
    };
    option("-n", source.agents.clone());
    option("-a", source.architecture.clone());
    source.set.iter().for_each(|set| option("--set", Some(set.clone())));
    option("--reps", replications.map(|replications| replications.to_string()));
    option("--seed", seed.map(|seed| seed.to_string()));
    option("-o", path.map(|path| path.display().to_string()));
    words.join(" ")
}

pub(super) fn check_command(path: &Path) -> String {
    format!("brooks check {}", shell_word(&path.display().to_string()))
}

/// Reads a file; none if it does not exist.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Ok(metadata) if metadata.is_dir() => {
            return Err(Failure::Usage(format!("{}: a folder; expected a baseline file", path.display())));
        }
        _ => {}
    }
    std::fs::read(path).map(Some).map_err(|error| Failure::Io { path: path.to_owned(), error })
}

/// Parses a baseline; errors name the command that records it.
pub(super) fn parse(path: &Path, bytes: &[u8]) -> Result<RecordedBaseline, Failure> {
    Ok(file::read(&path.display().to_string(), bytes, &default_record_command(path))?)
}

/// Returns the command that records a baseline, from its file name alone.
pub(super) fn default_record_command(path: &Path) -> String {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    record_command(&ScenarioSource { scenario: name, ..ScenarioSource::default() }, None, None, None)
}

/// Returns the files of a folder with this ending, sorted by name.
pub(super) fn listed(folder: &Path, ending: &str) -> Result<Vec<PathBuf>, Failure> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Failure::Io { path: folder.to_owned(), error }),
    };
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.to_string_lossy().ends_with(ending)).collect();
    paths.sort();
    Ok(paths)
}

/// Returns `hello.json.new` for `hello.json`.
pub(super) fn pending(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(NEW);
    PathBuf::from(name)
}

/// Returns the baselines with a pending new one, and that one.
fn all_pending(args: &PendingArgs) -> Result<Vec<(PathBuf, RecordedBaseline)>, Failure> {
    let given = !args.targets.is_empty();
    let targets: Vec<PathBuf> = if given {
        let plain =
            |path: &PathBuf| path.to_string_lossy().strip_suffix(NEW).map_or_else(|| path.clone(), PathBuf::from);
        args.targets.iter().map(plain).collect()
    } else {
        let new = listed(&args.baselines, &format!(".json{NEW}"))?;
        new.iter().filter_map(|path| path.to_string_lossy().strip_suffix(NEW).map(PathBuf::from)).collect()
    };
    let mut all = Vec::new();
    for path in targets {
        let new = pending(&path);
        let Some(bytes) = read(&new)? else {
            let (new, check) = (new.display(), check_command(&path));
            return Err(Failure::Usage(format!("{new}: no such file; {check} writes it if the check fails")));
        };
        let recorded = parse(&new, &bytes)?;
        all.push((path, recorded));
    }
    Ok(all)
}

/// Compares a baseline with its pending new one; none without an old one.
fn compared(path: &Path, new: &RecordedBaseline) -> Result<Option<CheckedScenario>, Failure> {
    let Some(bytes) = read(path)? else { return Ok(None) };
    let old = parse(path, &bytes)?;
    let mut notes = Vec::new();
    if old.identity != new.identity {
        notes.push(format!("{}: the scenario itself changed too", new.scenario));
    }
    let (before, after) = (old.points.len(), new.points.len());
    if before != after {
        notes.push(format!("{}: {before} points before, {after} now", new.scenario));
    }
    Ok(Some(CheckedScenario {
        scenario: new.scenario.clone(),
        source: new.source.scenario.clone(),
        baseline: Some(path.display().to_string()),
        axes: old.axes.clone(),
        replications: old.replications,
        seed: old.seed,
        checked: Some(baseline::review(&old, new)),
        claims: Vec::new(),
        notes,
        advice: Vec::new(),
    }))
}

fn review(console: &Console, args: &PendingArgs) -> CommandResult {
    let pending = all_pending(args)?;
    if pending.is_empty() {
        console.status(&format!("nothing to review in {}", args.baselines.display()));
    }
    let mut entries = Vec::new();
    for (path, new) in &pending {
        match compared(path, new)? {
            Some(mut entry) => {
                let accept = format!("brooks baseline accept {}", shell_word(&path.display().to_string()));
                entry.advice.push(format!("if that is meant: {accept}"));
                entries.push(entry);
            }
            None => console.status(&format!("{}: is new", path.display())),
        }
    }
    match console.format {
        Format::Table if entries.is_empty() => {}
        Format::Table => console.print(&format!(
            "{}\n{}",
            check::to_review(&entries, console.color),
            footer_without_seed(&command())
        )),
        Format::Csv => console.print(&check::table(&entries, true).to_csv()),
        Format::Markdown => console.print(&check::table(&entries, false).to_markdown()),
        Format::Json => {
            let mut document = crate::report::document(None, &command());
            if let (Some(document), serde_json::Value::Object(more)) =
                (document.as_object_mut(), check::to_json(&entries, false))
            {
                document.extend(more.into_iter().filter(|(key, _)| key != "verdict" && key != "strict"));
            }
            console.print_json(&document);
        }
    }
    Ok(())
}

fn accept(console: &Console, args: &PendingArgs) -> CommandResult {
    let pending_ones = all_pending(args)?;
    if pending_ones.is_empty() {
        console.status(&format!("nothing to accept in {}", args.baselines.display()));
    }
    let mut accepted = Vec::new();
    for (path, new) in &pending_ones {
        let summary = compared(path, new).ok().flatten().map_or_else(|| "is new".to_owned(), |entry| entry.summary());
        let from = pending(path);
        atomic_file::rename(&from, path).map_err(|error| Failure::Io { path: from, error })?;
        accepted.push((path.display().to_string(), summary));
    }
    match console.format {
        Format::Json => {
            let mut document = crate::report::document(None, &command());
            let entry = |(path, summary): &(String, String)| json!({ "baseline": path, "changed": summary });
            document["accepted"] = accepted.iter().map(entry).collect();
            console.print_json(&document);
        }
        _ => accepted.iter().for_each(|(path, summary)| console.print(&format!("accepted {path}: {summary}"))),
    }
    Ok(())
}
