//! `brooks optimal`: the best team, with the probability of a right choice.

use crate::cli::args::{Format, Goal, OptimalArgs};
use crate::cli::command_output::CommandOutput;
use crate::cli::console::{CommandResult, Console, Failure};
use crate::cli::progress::Progress;
use crate::cli::{input, threads};
use crate::experiment::compare;
use crate::experiment::optimal::{
    FIRST, LEAST_PILOT, MOST_TEAMS, Objective, OptimalProgress, OptimalQuestion, OptimalResult, Pays, optimal as find,
};
use crate::experiment::result::is_agents;
use crate::problem::plural;
use crate::problem::quantity::duration;
use crate::problem::quantity::size;
use crate::record::Prices;
use crate::report;
use crate::scaling::kim_nelson::End;
use crate::scenario::ScenarioFile;

/// Default maximum team size.
const DEFAULT_MAX_AGENTS: u32 = 8;
/// Default replications with a deadline: its fraction of runs needs more of them.
const PILOT_WITH_DEADLINE: u64 = 1000;

pub(super) fn optimal(console: &Console, args: &OptimalArgs) -> CommandResult {
    let file = input::scenario(console, &args.scenario, &[])?;
    let question = question(&file, args)?;
    let progress = Progress::new(console, 0);
    let (ahead, done) = (|runs| progress.expect(runs), |runs| progress.add(runs));
    let answer =
        threads::on_threads(args.threads, || find(&file, question, OptimalProgress { ahead: &ahead, done: &done }))??;
    let took = progress.finish().as_secs_f64();
    console.verbose(&format!("{} runs in {took:.2} s", answer.runs()));
    print(console, &file, &answer);
    if let Some(path) = &args.svg {
        match report::front_picture::to_svg(file.name(), &answer) {
            Some(picture) => console.write(path, picture.as_bytes())?,
            None => console.status("no chart written: no team completes"),
        }
    }
    if answer.best.is_none() {
        let why = report::optimal::verdict(&answer).into_iter().next().unwrap_or_default();
        return Err(Failure::Finding(why));
    }
    if answer.selection.as_ref().is_some_and(|selection| selection.end == End::RanOut) {
        let message = format!("--max-reps {}: too few replications for the confidence of the choice", args.max_reps);
        return Err(Failure::Inconclusive(message));
    }
    Ok(())
}

fn print(console: &Console, file: &ScenarioFile, answer: &OptimalResult) {
    let (verdict, mut method) = (report::optimal::verdict(answer), report::optimal::method(answer));
    method.extend(fixed_axes(file));
    let (table, hidden) = report::optimal_table::short(answer);
    if hidden > 0 {
        let are = if hidden == 1 { "is" } else { "are" };
        method.insert(0, format!("{} {are} in --format csv or json", plural(hidden, "more team")));
    }
    if console.format == Format::Csv {
        for line in report::refused::lines(&answer.refused) {
            console.note(&line);
        }
    }
    let (full, json) = (report::optimal_table::full(answer), report::optimal_table::to_json(answer));
    CommandOutput { verdict, method, table: Some(table), full, json }.print(console, file);
}

/// Describes the axes that keep the value of the scenario.
fn fixed_axes(file: &ScenarioFile) -> Option<String> {
    let others = file.axes().iter().filter(|axis| !is_agents(&axis.path) && axis.path != "architecture");
    let fixed = others.map(|axis| match file.root().get(&axis.path) {
        Some(value) => format!("{} = {value}", axis.label),
        None => format!("{} at its default", axis.label),
    });
    let fixed: Vec<String> = fixed.collect();
    (!fixed.is_empty()).then(|| format!("other axes are fixed: {} (change with --set)", fixed.join(", ")))
}

fn question(file: &ScenarioFile, args: &OptimalArgs) -> Result<OptimalQuestion, Failure> {
    if file.is_scaled() {
        let message = "the work of this scenario grows with the team (scaling: scaled), so no team size is best; compare team sizes with brooks sweep";
        return Err(Failure::Usage(message.to_owned()));
    }
    let architectures = compare::choose(file, &input::architectures("--architectures", &args.architectures)?);
    let sizes = sizes(file, args)?;
    let teams = sizes.len() * architectures.len();
    if teams > MOST_TEAMS {
        return Err(Failure::Usage(format!(
            "{teams} teams ({} sizes, {} architectures); expected at most {MOST_TEAMS}: narrow them with --agents 1,2,4,8,16 or --architectures",
            sizes.len(),
            architectures.len()
        )));
    }
    if args.confidence < 0.5 {
        return Err(Failure::Usage("--confidence: expected at least 50%".to_owned()));
    }
    let has_prices = file.scenario()?.prices != Prices::default();
    let deadline =
        args.deadline.as_deref().map(|text| limit("--deadline", text, &duration, "45s or 19m")).transpose()?;
    let budget = args.budget.as_deref().map(|text| budget(text, has_prices)).transpose()?;
    let pays = pays(args, has_prices)?;
    let pilot = pilot(file, args, deadline.is_some())?;
    let objective = match args.objective {
        Goal::Time => Objective::Time,
        Goal::Cost => Objective::Cost,
        Goal::Quality => Objective::Quality,
    };
    let (indifference_zone, confidence, on_time, most) =
        (args.indifference, args.confidence, args.on_time, args.max_reps);
    Ok(OptimalQuestion {
        objective,
        architectures,
        sizes,
        indifference_zone,
        confidence,
        deadline,
        on_time,
        budget,
        pays,
        pilot,
        most,
    })
}

/// Condition under which a larger team pays off.
fn pays(args: &OptimalArgs, has_prices: bool) -> Result<Pays, Failure> {
    match &args.value_of_time {
        None => Ok(Pays::Share(args.indifference)),
        Some(_) if !has_prices => {
            let message =
                "--value-of-time: the scenario has no prices; expected prices, such as --set prices.output=15";
            Err(Failure::Usage(message.to_owned()))
        }
        Some(text) => Ok(Pays::Worth(limit("--value-of-time", text, &dollars, "$60/h")? / 3600.0)),
    }
}

/// Replications of every team before the choice.
fn pilot(file: &ScenarioFile, args: &OptimalArgs, has_deadline: bool) -> Result<u64, Failure> {
    let least = if has_deadline { PILOT_WITH_DEADLINE } else { LEAST_PILOT };
    if args.reps.is_some_and(|reps| reps < LEAST_PILOT) {
        let message = format!("--reps: expected at least {LEAST_PILOT}, to estimate which teams complete");
        return Err(Failure::Usage(message));
    }
    let pilot = args.reps.unwrap_or_else(|| file.replications().max(least));
    if args.max_reps < pilot + FIRST {
        let message = format!(
            "--max-reps {}: expected at least {}, {pilot} before the choice and {FIRST} for it",
            args.max_reps,
            pilot + FIRST
        );
        return Err(Failure::Usage(message));
    }
    Ok(pilot)
}

/// Returns the distinct team sizes in ascending order.
fn sizes(file: &ScenarioFile, args: &OptimalArgs) -> Result<Vec<u32>, Failure> {
    let of_axis = |file: &ScenarioFile| {
        let axis = file.axes().iter().find(|axis| axis.label == "agents")?;
        axis.values.iter().map(|value| u32::try_from(value.whole()?).ok()).collect::<Option<Vec<u32>>>()
    };
    let mut sizes = match (&args.scenario.agents, args.max_agents) {
        (Some(agents), _) => of_axis(&input::with_axis(file, "--agents", "agents", agents)?)
            .ok_or_else(|| Failure::Usage(format!("--agents {agents}: expected team sizes, such as 1..8 or 1,2,4")))?,
        (None, Some(most)) => (1..=most).collect(),
        (None, None) => of_axis(file).unwrap_or_else(|| (1..=DEFAULT_MAX_AGENTS).collect()),
    };
    sizes.sort_unstable();
    sizes.dedup();
    Ok(sizes)
}

type Parser<'a> = &'a dyn Fn(&str) -> Result<f64, String>;

/// Parses a limit above 0.
fn limit(flag: &str, text: &str, parse: Parser<'_>, example: &str) -> Result<f64, Failure> {
    let wrong = |why: &str| Failure::Usage(format!("{flag} {text}: {why}; expected a value such as {example}"));
    let value = parse(text).map_err(|why| wrong(&why))?;
    if value > 0.0 { Ok(value) } else { Err(wrong("not above 0")) }
}

fn budget(text: &str, has_prices: bool) -> Result<f64, Failure> {
    let is_tokens = text.contains("tok");
    match (has_prices, text.contains('$')) {
        (true, _) if is_tokens => {
            Err(Failure::Usage(format!("--budget {text}: this scenario has prices; expected dollars, such as $0.50")))
        }
        (true, _) => limit("--budget", text, &dollars, "$0.50"),
        (false, true) => Err(Failure::Usage(format!(
            "--budget {text}: this scenario has no prices; expected tokens, such as '200k tokens', or prices: --set prices.output=15"
        ))),
        (false, false) => limit("--budget", text, &size, "'200k tokens'"),
    }
}

/// Parses `$1.50`, `1.50` or `$60/h`.
fn dollars(text: &str) -> Result<f64, String> {
    let wrong = || format!("\"{text}\" is not an amount in dollars");
    let number = text.trim().trim_end_matches("/h").trim_matches('$').trim();
    let is_plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    number.parse().ok().filter(|value: &f64| is_plain && value.is_finite()).ok_or_else(wrong)
}
