//! `brooks sweep --find crossover`: the axis values at which one architecture overtakes another.

use crate::cli::args::SweepArgs;
use crate::cli::command_output::CommandOutput;
use crate::cli::console::{CommandResult, Console, Failure};
use crate::cli::input;
use crate::cli::progress::Progress;
use crate::cli::sweep::interrupt;
use crate::cli::sweep::sensitivity::metric;
use crate::cli::threads::on_threads;
use crate::experiment::compare;
use crate::experiment::crossover::{CrossoverQuestion, Crossovers, crossover as find};
use crate::experiment::result::is_agents;
use crate::experiment::sweep::label;
use crate::report;
use crate::scaling::precision::LEAST;
use crate::scenario::{Node, ScenarioFile, TEAM_SIZE, given_by};

pub(super) fn crossover(console: &Console, args: &SweepArgs, file: &ScenarioFile) -> CommandResult {
    let question = question(args, file)?;
    let file = match &args.scenario.agents {
        Some(agents) if !is_agents(&question.path) => {
            let settings = [(TEAM_SIZE.to_owned(), agents.clone())];
            file.with(&settings).map_err(|wrong| given_by("--agents", None, wrong))?
        }
        _ => file.clone(),
    };
    interrupt::listen();
    let progress = Progress::new(console, 0);
    let done = |runs: u64| {
        progress.expect(runs);
        progress.add(runs);
    };
    let argument = if args.questions.along.is_some() { "--along" } else { "--agents" };
    let crossovers = on_threads(args.threads, || find(&file, question, &done, &interrupt::is_requested))?
        .map_err(|wrong| given_by(argument, None, wrong))?;
    let took = progress.finish().as_secs_f64();
    let Some(answer) = crossovers else {
        return Err(Failure::Interrupted("interrupted; a crossover search keeps no partial result".to_owned()));
    };
    console.verbose(&format!("{} runs in {took:.2} s", answer.runs()));
    print(console, &file, &answer);
    if report::crossover::is_open(&answer) {
        return Err(Failure::Inconclusive(report::crossover::why_open(&answer)));
    }
    Ok(())
}

fn question(args: &SweepArgs, file: &ScenarioFile) -> Result<CrossoverQuestion, Failure> {
    let asked = &args.questions;
    let usage = |message: String| Err(Failure::Usage(message));
    let names = input::architectures("--between", &asked.between)?;
    let chosen = if names.is_empty() { Vec::new() } else { compare::choose(file, &names) };
    let labels = chosen.iter().map(label).collect::<Vec<_>>().join(", ");
    let many = chosen.len();
    let Ok(between) = <[Node; 2]>::try_from(chosen) else {
        let means = if many > names.len() {
            format!(" matches {many} values of the scenario's axis: {labels}")
        } else {
            String::new()
        };
        let words = asked.between.join(",");
        return usage(format!("--between {words}{means}; expected two architectures, such as self_claim,preassigned"));
    };
    if args.max_reps < LEAST {
        return usage(format!("--max-reps {}: expected at least {LEAST}", args.max_reps));
    }
    let (path, low, high) = along(args, file)?;
    let (of, scan, most) = (metric(&asked.of, file)?, asked.scan, args.max_reps);
    Ok(CrossoverQuestion { between, path, low, high, of, scan, most })
}

/// Returns path and ends of the axis: `--along`, or team sizes from `--agents` or the scenario.
fn along(args: &SweepArgs, file: &ScenarioFile) -> Result<(String, f64, f64), Failure> {
    let expected = "expected PATH=LOW..HIGH, such as team.agents=1..64 or team.profile.error_rate=0..0.5";
    let (flag, path, range) = match (&args.questions.along, &args.scenario.agents) {
        (Some(along), _) => {
            let wrong = || Failure::Usage(format!("--along {along}: {expected}"));
            let (path, range) = along.split_once('=').ok_or_else(wrong)?;
            (format!("--along {along}"), path.trim(), range.to_owned())
        }
        (None, Some(agents)) => (format!("--agents {agents}"), "team.agents", agents.clone()),
        (None, None) => {
            let axis = file.axes().iter().find(|axis| is_agents(&axis.path));
            let sizes = axis.map_or(Vec::new(), |axis| axis.values.iter().filter_map(Node::whole).collect());
            let ends = sizes.iter().min().zip(sizes.iter().max());
            let Some((low, high)) = ends else { return Err(Failure::Usage(format!("--along: {expected}"))) };
            ("--along".to_owned(), "team.agents", format!("{low}..{high}"))
        }
    };
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|value| value.is_finite() && value.abs() < 1e15);
    let ends = range.split_once("..").and_then(|(low, high)| Some((number(low)?, number(high)?)));
    let Some((low, high)) = ends.filter(|(low, high)| low < high) else {
        return Err(Failure::Usage(format!("{flag}: {expected}")));
    };
    let path = if is_agents(path) { "team.agents" } else { path };
    if path.starts_with("architecture") && !path.contains('.') {
        return Err(Failure::Usage(format!("{flag}: the architectures belong to --between; {expected}")));
    }
    if path == "team.agents" && args.questions.along.is_some() && args.scenario.agents.is_some() {
        return Err(Failure::Usage("--agents and --along team.agents: expected one of them".to_owned()));
    }
    Ok((path.to_owned(), low, high))
}

fn print(console: &Console, file: &ScenarioFile, answer: &Crossovers) {
    let (verdict, mut method) = (report::crossover::verdict(answer), report::crossover::method(answer));
    method.extend(fixed_axes(file, &answer.question.path));
    let table = Some(report::crossover::short(answer));
    let (full, json) = (report::crossover::table(answer), report::crossover::to_json(answer));
    CommandOutput { verdict, method, table, full, json }.print(console, file);
}

/// Describes the axes that keep the value of the scenario.
fn fixed_axes(file: &ScenarioFile, path: &str) -> Option<String> {
    let others = file.axes().iter().filter(|axis| axis.path != path && axis.path != "architecture");
    let mut fixed: Vec<String> = others
        .map(|axis| match file.root().get(&axis.path) {
            Some(value) => format!("{} = {value}", axis.label),
            None => format!("{} at its default", axis.label),
        })
        .collect();
    fixed.sort();
    (!fixed.is_empty()).then(|| format!("other axes are fixed: {} (change with --set)", fixed.join(", ")))
}
