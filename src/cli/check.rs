//! `brooks check`: curves against recorded baselines, and claims of scenarios against their runs.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::cli::args::{CheckArgs, Format};
use crate::cli::baseline::{default_record_command, file_name, listed, open, parse, pending, read, record_command};
use crate::cli::console::{CommandResult, Console, Failure, command, shell_word};
use crate::cli::progress::Progress;
use crate::cli::threads::on_threads;
use crate::experiment::baseline::COMPLETED;
use crate::experiment::baseline::check::pairs;
use crate::experiment::baseline::contract::{self, Claim};
use crate::experiment::baseline::{
    self, CheckVerdict, Checked, Grid, Held, Identity, Overall, RecordedBaseline, ScenarioSource, Settings, file,
    usual_replications,
};
use crate::problem::suggest::suggestion;
use crate::problem::{Problem, Problems};
use crate::report::check::{self as report, CheckedScenario};
use crate::report::{VERSION, github, junit};
use crate::scenario::ScenarioFile;

/// Scenario to check.
struct Job {
    source: ScenarioSource,
    file: ScenarioFile,
    grid: Grid,
    claims: Vec<Claim>,
    baseline: Option<(PathBuf, RecordedBaseline)>,
    notes: Vec<String>,
}

pub(super) fn check(console: &Console, args: &CheckArgs) -> CommandResult {
    let settings = Settings {
        seed: console.seed,
        tolerances: args.tolerance.iter().map(|given| tolerance(given)).collect::<Result<_, _>>()?,
        max_replications: args.max_reps,
    };
    let jobs = load(args, &settings)?;
    let runs = |job: &Job| job.grid.points.len() as u64 * replications(job);
    let progress = Progress::new(console, jobs.iter().map(runs).sum());
    let checked: Vec<(CheckedScenario, &Job)> = on_threads(args.threads, || {
        jobs.iter().map(|job| (run(job, &settings, &|runs| progress.add(runs)), job)).collect()
    })?;
    let took = progress.finish();
    console.verbose(&format!("checked in {:.2} s", took.as_secs_f64()));
    let mut entries = Vec::with_capacity(checked.len());
    for (mut entry, job) in checked {
        update_pending(console, args, job, &mut entry)?;
        entries.push(entry);
    }
    write_reports(console, args, &entries)?;
    let names = |overall: Overall| {
        let these = entries.iter().filter(|entry| entry.overall(args.strict) == overall);
        these.map(|entry| entry.scenario.as_str()).collect::<Vec<_>>().join(", ")
    };
    match report::overall(&entries, args.strict) {
        Overall::Pass => Ok(()),
        Overall::Fail => Err(Failure::Finding(format!("check failed: {}", names(Overall::Fail)))),
        Overall::Inconclusive => Err(Failure::Inconclusive(format!("inconclusive: {}", names(Overall::Inconclusive)))),
    }
}

fn replications(job: &Job) -> u64 {
    job.baseline.as_ref().map_or_else(|| usual_replications(&job.file), |(_, recorded)| recorded.replications)
}

/// Parses `2%`, `0.02` or `cost=5%`.
fn tolerance(given: &str) -> Result<(String, f64), Failure> {
    let (metric, value) = given.split_once('=').map_or(("makespan_s", given), |(metric, value)| (metric.trim(), value));
    if !Held::names().any(|name| name == metric) {
        let near = suggestion(metric, Held::names());
        let names = Held::names().collect::<Vec<_>>().join(", ");
        let near = if near.is_empty() { format!("; expected one of {names}") } else { near };
        return Err(Failure::Usage(format!("--tolerance {given}: \"{metric}\" is not a checked metric{near}")));
    }
    let value = value.trim();
    let number =
        value.strip_suffix('%').map_or_else(|| value.parse(), |percent| percent.trim().parse().map(|p: f64| p / 100.0));
    match number {
        Ok(number) if (0.0..=1.0).contains(&number) => Ok((metric.to_owned(), number)),
        _ => Err(Failure::Usage(format!("--tolerance {given}: expected a fraction from 0 to 1, such as 2% or 0.02"))),
    }
}

/// Loads all scenarios to check, or reports all their problems.
fn load(args: &CheckArgs, settings: &Settings) -> Result<Vec<Job>, Failure> {
    let mut targets = args.targets.clone();
    if targets.is_empty() {
        targets = listed(&args.baselines, ".json")?.iter().map(|path| path.display().to_string()).collect();
    }
    if targets.is_empty() {
        let folder = args.baselines.display();
        let message = format!("{folder}: no baselines; record one: brooks baseline record SCENARIO");
        return Err(Failure::Incomplete(message));
    }
    let (mut jobs, mut problems, mut missing) = (Vec::new(), Problems::default(), Vec::new());
    for target in &targets {
        let job = if Path::new(target).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json")) {
            from_baseline_file(args, settings, Path::new(target))
        } else {
            from_scenario(args, settings, target)
        };
        match job {
            Ok(job) => jobs.push(job),
            Err(Failure::Problems(wrong)) => problems.append(wrong),
            Err(Failure::Incomplete(what)) => missing.push(what),
            Err(other) => return Err(other),
        }
    }
    problems.or(())?;
    if missing.is_empty() { Ok(jobs) } else { Err(Failure::Incomplete(missing.join("\n"))) }
}

fn from_baseline_file(args: &CheckArgs, settings: &Settings, path: &Path) -> Result<Job, Failure> {
    let Some(bytes) = read(path)? else {
        let message = format!("{}: no such baseline; record it: {}", path.display(), default_record_command(path));
        return Err(Failure::Incomplete(message));
    };
    let recorded = parse(path, &bytes)?;
    let source = recorded.source.clone();
    job(args, settings, source, Some((path.to_owned(), recorded)))
}

fn from_scenario(args: &CheckArgs, settings: &Settings, scenario: &str) -> Result<Job, Failure> {
    if scenario == "-" {
        return Err(Failure::Usage("baselines are found by scenario name; pass a file instead of stdin".to_owned()));
    }
    let source = ScenarioSource { scenario: scenario.to_owned(), ..ScenarioSource::default() };
    let file = open(&source, None)?;
    let path = args.baselines.join(file_name(file.name()));
    match read(&path)? {
        Some(bytes) => {
            let recorded = parse(&path, &bytes)?;
            let source = ScenarioSource { scenario: scenario.to_owned(), ..recorded.source.clone() };
            job(args, settings, source, Some((path, recorded)))
        }
        None if file.asserts().next().is_some() => job(args, settings, source, None),
        None => {
            let record = record_command(&source, None, None, None);
            Err(Failure::Incomplete(format!("{}: no such baseline; record it: {record}", path.display())))
        }
    }
}

fn job(
    args: &CheckArgs,
    settings: &Settings,
    source: ScenarioSource,
    baseline: Option<(PathBuf, RecordedBaseline)>,
) -> Result<Job, Failure> {
    let mut file = open(&source, None).map_err(|failure| in_baseline(failure, baseline.as_ref()))?;
    // Random workloads use the recorded seed, independent of the seed of the runs.
    if let Some((_, recorded)) = &baseline
        && recorded.seed != file.seed()
    {
        file = open(&source, Some(recorded.seed))?;
    }
    let grid = Grid::new(&file)?;
    let (claims, problems) = contract::claims(&file, &source.scenario, &grid);
    // Claims about points outside a reduced sweep are not problems of the scenario.
    let as_written = source.agents.is_none() && source.architecture.is_none() && source.set.is_empty();
    if as_written {
        problems.clone().or(())?;
    }
    let mut job = Job { source, file, grid, claims, baseline, notes: Vec::new() };
    if !problems.is_empty() {
        let (name, left) = (job.file.name(), problems.list().len());
        job.notes.push(format!("{name}: {left} claims skipped: their points are not in this sweep"));
    }
    if job.baseline.is_some() {
        comparable(args, settings, &mut job)?;
    } else {
        let record = record_command(&job.source, None, None, None);
        job.notes.push(format!("{}: only claims checked; to check the curve too: {record}", job.file.name()));
    }
    Ok(job)
}

/// Attributes a missing scenario to the baseline that names it.
fn in_baseline(failure: Failure, baseline: Option<&(PathBuf, RecordedBaseline)>) -> Failure {
    match (failure, baseline) {
        (Failure::Problems(problems), Some((path, recorded)))
            if problems
                .list()
                .iter()
                .any(|problem| problem.file == recorded.source.scenario && problem.path.is_empty()) =>
        {
            let message = format!("unreadable scenario: {problems}");
            let expected = "the folder in which it was recorded".to_owned();
            Failure::Problems(Problems::one(problem("baseline-scenario", path, message, expected)))
        }
        (failure, _) => failure,
    }
}

/// Returns the path of a baseline unless it is the default of `record`.
fn explicit_path<'a>(path: &'a Path, file: &ScenarioFile) -> Option<&'a Path> {
    (path != Path::new("baselines").join(file_name(file.name()))).then_some(path)
}

fn problem(code: &'static str, path: &Path, message: String, expected: String) -> Problem {
    Problem { code, file: path.display().to_string(), line: 0, path: String::new(), message, expected }
}

/// Checks that the scenario is the recorded one, and that the baseline contains every checked metric.
fn comparable(args: &CheckArgs, settings: &Settings, job: &mut Job) -> Result<(), Failure> {
    let Some((path, recorded)) = &job.baseline else { return Ok(()) };
    let record = record_command(&job.source, explicit_path(path, &job.file), None, None);
    let lacks = |held: &Held| {
        held.metric != COMPLETED && recorded.points.iter().any(|point| point.column(held.metric).is_none())
    };
    let lacking: Vec<&str> = Held::for_scenario(&job.file, &settings.tolerances)
        .iter()
        .filter(|held| lacks(held))
        .map(|held| held.metric)
        .collect();
    if !lacking.is_empty() {
        let message = format!("does not contain {}", lacking.join(", "));
        let expected = format!("a tolerance in the check of the scenario, then: {record}");
        return Err(Problems::one(problem("baseline", path, message, expected)).into());
    }
    let now = job.grid.identity();
    if now != recorded.identity {
        let what = changed(&recorded.identity, &now, recorded.points.len(), job.grid.points.len());
        if !args.despite_changes {
            let message = format!("belongs to another scenario: {what} of {} changed", job.source.scenario);
            let name = shell_word(&path.display().to_string());
            let expected = format!(
                "the recorded scenario. To accept the change: {record}. To see its effect: brooks check {name} --despite-changes"
            );
            return Err(Problems::one(problem("baseline-scenario", path, message, expected)).into());
        }
        job.notes.push(format!("{}: compared although {what} changed since the recording", recorded.scenario));
        let compared = pairs(recorded, &job.grid).len();
        if compared == 0 {
            let message = "has no point of the current scenario".to_owned();
            return Err(Problems::one(problem("baseline-scenario", path, message, record)).into());
        }
        let (gone, new) = (recorded.points.len() - compared, job.grid.points.len() - compared);
        if gone + new > 0 {
            job.notes.push(format!("{}: not compared: {gone} removed points, {new} new points", recorded.scenario));
        }
    }
    if recorded.brooks != VERSION {
        job.notes.push(format!("{}: recorded by brooks {}, this is {VERSION}", recorded.scenario, recorded.brooks));
    }
    Ok(())
}

/// Describes the changed parts of a scenario.
fn changed(then: &Identity, now: &Identity, points_then: usize, points_now: usize) -> String {
    if points_then != points_now {
        return format!("the sweep ({points_then} points then, {points_now} now)");
    }
    let parts = [
        (then.work != now.work, "the workload"),
        (then.team != now.team, "the team"),
        (then.rules != now.rules, "the rules (architecture, pacing, consistency, resources, limits or prices)"),
    ];
    parts.iter().filter(|(differs, _)| *differs).map(|(_, part)| *part).collect::<Vec<_>>().join(" and ")
}

fn run(job: &Job, settings: &Settings, done: &(dyn Fn(u64) + Sync)) -> CheckedScenario {
    let recorded = job.baseline.as_ref().map(|(_, recorded)| recorded);
    let checked = recorded.map(|recorded| baseline::check(&job.file, recorded, &job.grid, settings, done));
    let replications = replications(job);
    let most = settings.max_replications.or(job.file.max_replications()).unwrap_or(10 * replications);
    let seed = settings.seed.unwrap_or_else(|| job.file.seed());
    let claims = contract::judge(&job.claims, &job.grid, seed, replications, most.max(replications), done);
    CheckedScenario {
        scenario: job.file.name().to_owned(),
        source: job.source.scenario.clone(),
        baseline: job.baseline.as_ref().map(|(path, _)| path.display().to_string()),
        axes: recorded.map_or_else(|| job.grid.axes.clone(), |recorded| recorded.axes.clone()),
        replications,
        seed,
        checked,
        claims,
        notes: job.notes.clone(),
        advice: Vec::new(),
    }
}

/// Returns true in CI, where only requested files are written.
fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true" || value == "1")
}

/// Writes or removes the pending baseline beside the checked one, and adds advice.
fn update_pending(console: &Console, args: &CheckArgs, job: &Job, entry: &mut CheckedScenario) -> CommandResult {
    let (Some((path, recorded)), Some(checked)) = (&job.baseline, &entry.checked) else { return Ok(()) };
    let (name, new) = (shell_word(&path.display().to_string()), pending(path));
    let overall = curve_verdict(checked, args.strict);
    let record = |replications| record_command(&job.source, explicit_path(path, &job.file), replications, None);
    if overall == Overall::Fail && !checked.shared {
        entry.advice.push(format!("under the recorded seed, brooks check {name} shows what changed run by run"));
    } else if overall == Overall::Fail && is_ci() {
        entry.advice.push(format!(
            "if that is meant: brooks check {name} on your machine, brooks baseline accept {name}, and commit it"
        ));
    } else if overall == Overall::Fail {
        let fresh = baseline::from_samples(
            &job.file,
            &job.grid,
            recorded.source.clone(),
            recorded.replications,
            VERSION,
            &checked.samples,
        );
        console.write(&new, file::write(&fresh).as_bytes())?;
        entry.advice.push(format!(
            "what changed: brooks baseline review {name}; if it is meant: brooks baseline accept {name}"
        ));
    } else if !is_ci() && checked.shared && read(&new)?.is_some() {
        std::fs::remove_file(&new).map_err(|error| Failure::Io { path: new.clone(), error })?;
        console.status(&format!("removed {}: it is out of date", new.display()));
    }
    if let Some(enough) = checked.enough {
        entry
            .advice
            .push(format!("too few runs are recorded to tell; about {enough} would do: {}", record(Some(enough))));
    } else if overall == Overall::Pass
        && checked.shared
        && checked.points.iter().any(|p| p.verdict == CheckVerdict::Equivalent)
    {
        entry.advice.push(format!("to take the runs of now for the baseline: {}", record(Some(recorded.replications))));
    }
    Ok(())
}

/// Returns the verdict on points and curves, without claims.
fn curve_verdict(checked: &Checked, strict: bool) -> Overall {
    let points = checked.points.iter().map(|point| Overall::new(point.verdict, strict));
    points.chain(checked.rules.iter().map(|rule| Overall::new(rule.verdict, strict))).max().unwrap_or(Overall::Pass)
}

/// Prints the results and writes the requested files.
fn write_reports(console: &Console, args: &CheckArgs, entries: &[CheckedScenario]) -> CommandResult {
    let strict = args.strict;
    match console.format {
        Format::Table => {
            let text = report::to_text(entries, strict, console.color);
            console.print(&format!("{text}\n{}", footer(entries)));
        }
        Format::Markdown => console.print(&report::to_markdown(entries, strict)),
        Format::Csv => console.print(&report::table(entries, true).to_csv()),
        Format::Json => {
            let seed = entries.first().map(|entry| entry.seed);
            console.print_document(seed, &command(), report::to_json(entries, strict));
        }
    }
    if let Some(path) = &args.junit {
        console.write(path, junit::to_xml(entries, strict).as_bytes())?;
    }
    if let Some(path) = &args.markdown {
        console.write(path, report::to_markdown(entries, strict).as_bytes())?;
    }
    if args.github {
        let annotations = github::annotations(entries, strict);
        // GitHub reads stdout and stderr; other formats than a table leave stdout to programs.
        if console.format == Format::Table && !annotations.is_empty() {
            console.print(&annotations);
        } else if !annotations.is_empty() {
            let _ = write!(std::io::stderr(), "{annotations}");
        }
        summarise(entries, strict)?;
    }
    Ok(())
}

/// Appends to the job summary of GitHub.
fn summarise(entries: &[CheckedScenario], strict: bool) -> CommandResult {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()).map(PathBuf::from) else {
        return Ok(());
    };
    let text = report::to_markdown(entries, strict) + "\n";
    let file = std::fs::OpenOptions::new().create(true).append(true).open(&path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| Failure::Io { path, error })
}

/// Returns the footer, with the seed if all scenarios share one.
fn footer(entries: &[CheckedScenario]) -> String {
    let mut seeds: Vec<u64> = entries.iter().map(|entry| entry.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    match seeds.as_slice() {
        [seed] => crate::report::footer(*seed, &command()),
        _ => crate::report::footer_without_seed(&command()),
    }
}
