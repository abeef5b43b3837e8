//! `brooks validate`: prediction error of a profile, or of profiles learned without a part of the recordings.

use std::path::Path;

use crate::cli::args::{Format, TraceArgs, ValidateArgs};
use crate::cli::calibrate;
use crate::cli::console::{CommandResult, Console, Failure, repeat};
use crate::cli::progress::Progress;
use crate::cli::threads::on_threads;
use crate::cli::traces;
use crate::prediction::calibration::Options;
use crate::prediction::cross_validation;
use crate::prediction::validation::{
    self, Case, CellScenario, Holdout, Model, Validation, ValidationCell, ValidationPlan, conditions, unseen,
    validate as run,
};
use crate::report;
use crate::report::validate::ValidateReport;
use crate::report::validate_page;
use crate::scenario::learned_profile::{LearnedProfile, title};

/// Maximum bytes of a profile.
const MAX_PROFILE: u64 = 64 << 20;
/// Default seed.
const SEED: u64 = 1;

pub(super) fn validate(console: &Console, args: &ValidateArgs) -> CommandResult {
    let holdout = args.holdout.as_deref().map(Holdout::parse);
    let (profile, traces) = split(args, holdout.is_some())?;
    let bytes = profile.map(|path| Ok::<_, Failure>((path, read(path)?))).transpose()?;
    let profile = match &bytes {
        Some((path, bytes)) => Some((*path, parse(path, bytes)?)),
        None => None,
    };
    if args.update_profile.is_some() && profile.is_none() {
        return Err(Failure::Usage("--update-profile: expected a profile among the inputs".to_owned()));
    }
    let mut cases = Vec::new();
    traces::each(console, &traces, |trace| {
        cases.push(Case::from_trace(&trace));
        Ok(())
    })?;
    let mut plan = plan(console, args, &cases)?;
    if let Some(Holdout::Label(label)) = &holdout {
        check_label("--holdout", label, &cases)?;
    }
    let runs = cases.len();
    let seed = plan.seed;
    let (validation, model, seen) = match (holdout, profile) {
        (Some(holdout), profile) => {
            let mut options =
                options(args, profile.map(|(_, calibration)| Options::from_profile(&calibration)).unwrap_or_default())?;
            holdout.prepare(&mut cases, &mut plan, &mut options);
            let refit = holdout.refit(&cases, &plan, &options);
            let model = in_words(&holdout, &options, refit.folds());
            let make = |cell: &ValidationCell, condition: &_| refit.scenario(cell, condition, seed);
            (simulate(console, args, &cases, &plan, &make)?, model, 0)
        }
        (None, Some((path, calibration))) => {
            let (cases, seen) = unseen(cases, &calibration, &plan);
            if seen > 0 && !cases.iter().any(|case| plan.scores(case.run.agents)) {
                let message = format!(
                    "{}: calibrated on every run to score; expected other recordings, or --holdout",
                    path.display()
                );
                return Err(Failure::Usage(message));
            }
            let make = |_: &ValidationCell, condition: &_| validation::scenario(&calibration, condition, seed);
            (simulate(console, args, &cases, &plan, &make)?, format!("profile {}", path.display()), seen)
        }
        (None, None) => return Err(Failure::Usage("expected a profile or --holdout".to_owned())),
    };
    if let (Some(target), Some((path, bytes))) = (&args.update_profile, bytes) {
        update_profile(console, target, (path, &bytes), &validation, &traces)?;
    }
    print(console, args, &ValidateReport { validation: &validation, model, runs, seen })
}

/// Writes the profile with its measured errors.
fn update_profile(
    console: &Console,
    into: &Path,
    (path, bytes): (&Path, &[u8]),
    validation: &Validation,
    traces: &TraceArgs,
) -> CommandResult {
    let scored = validation.cells.iter().filter(|cell| cell.is_scored).map(|cell| cell.runs);
    let names: Vec<String> = traces.traces.iter().map(|path| path.display().to_string()).collect();
    let against = format!("{} runs in {}", scored.sum::<usize>(), names.join(", "));
    let accuracy = cross_validation::accuracy(validation, &against);
    if accuracy.is_empty() {
        let message = format!("--update-profile {}: no cell was scored", into.display());
        return Err(Failure::Usage(message));
    }
    let mut calibration = parse(path, bytes)?;
    calibration.set_accuracy(accuracy);
    let (name, origin) = title(&path.to_string_lossy(), bytes);
    let text = calibration.to_yaml(&name, &origin);
    calibrate::fits(into, &text)?;
    console.write(into, text.as_bytes())
}

fn simulate(
    console: &Console,
    args: &ValidateArgs,
    cases: &[Case],
    plan: &ValidationPlan,
    model: &(
         impl Fn(
        &ValidationCell,
        &crate::scenario::learned_profile::Condition,
    ) -> Result<CellScenario, crate::problem::Problems>
         + Sync
     ),
) -> Result<Validation, Failure> {
    let cells = validation::cells(cases, plan).len() as u64;
    let progress = Progress::new(console, cells * plan.replications);
    let validation = on_threads(args.threads, || run(cases, plan, model as &Model<'_>, &|runs| progress.add(runs)))?;
    let took = progress.finish().as_secs_f64();
    console.verbose(&format!("simulated in {took:.2} s"));
    Ok(validation)
}

fn print(console: &Console, args: &ValidateArgs, report: &ValidateReport<'_>) -> CommandResult {
    let seed = report.validation.plan.seed;
    let footer = report::footer(seed, &repeat(seed));
    if let Some(path) = &args.html {
        console.write(path, validate_page::to_html(report, &footer).as_bytes())?;
    }
    match console.format {
        Format::Table => console.print(&format!("{}\n{footer}", report.to_text(console.color))),
        Format::Markdown => console.print(&format!("{}\n{footer}", report.to_markdown())),
        Format::Csv => console.print(&report.table().to_csv()),
        Format::Json => {
            let mut document = report::document(Some(seed), &repeat(seed));
            document["model"] = report.model.as_str().into();
            document["runs"] = report.runs.into();
            document["seen_runs"] = report.seen.into();
            document["replications"] = report.validation.plan.replications.into();
            (document["figures"], document["cells"]) = report.to_json();
            document["notes"] = report.notes().into();
            console.print_json(&document);
        }
    }
    Ok(())
}

/// Splits the inputs into profile and recordings; with `--holdout` the profile is optional.
fn split(args: &ValidateArgs, is_holdout: bool) -> Result<(Option<&Path>, TraceArgs), Failure> {
    let is_profile = |path: &Path| path.extension().is_some_and(|e| e == "yaml" || e == "yml");
    let mut inputs = args.inputs.as_slice();
    let mut profile = None;
    if let Some((first, rest)) = inputs.split_first()
        && (!is_holdout || is_profile(first))
    {
        profile = Some(first.as_path());
        inputs = rest;
    }
    if inputs.is_empty() {
        let message = "expected PROFILE.yaml and recorded runs, or --holdout PART and recorded runs";
        return Err(Failure::Usage(message.to_owned()));
    }
    let traces = TraceArgs {
        traces: inputs.to_vec(),
        from: args.from.clone(),
        skip_bad: args.skip_bad,
        columns: args.columns.clone(),
    };
    Ok((profile, traces))
}

fn parse(path: &Path, bytes: &[u8]) -> Result<LearnedProfile, Failure> {
    Ok(LearnedProfile::parse(&path.to_string_lossy(), bytes)?)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    use std::io::Read as _;
    let fail = |error| Failure::Io { path: path.to_owned(), error };
    let mut bytes = Vec::new();
    std::fs::File::open(path).map_err(fail)?.take(MAX_PROFILE).read_to_end(&mut bytes).map_err(fail)?;
    Ok(bytes)
}

fn plan(console: &Console, args: &ValidateArgs, cases: &[Case]) -> Result<ValidationPlan, Failure> {
    for label in &args.by {
        check_label("--by", label, cases)?;
    }
    if args.reps == 0 {
        return Err(Failure::Usage("--reps 0: expected at least 1".to_owned()));
    }
    Ok(ValidationPlan {
        by: if args.by.is_empty() { conditions(cases) } else { args.by.clone() },
        sizes: args.agents.as_deref().map(|text| sizes("--agents", text)).transpose()?,
        fewest_runs: args.min_runs,
        replications: args.reps,
        splits: args.splits,
        seed: console.seed.unwrap_or(SEED),
    })
}

fn options(args: &ValidateArgs, own: Options) -> Result<Options, Failure> {
    let Some(text) = args.calibrate_on.as_deref() else { return Ok(own) };
    let sizes = sizes("--calibrate-on", text)?;
    let (least, most) = (sizes.iter().min().copied().unwrap_or(1), sizes.iter().max().copied().unwrap_or(1));
    Ok(Options { agents: Some(least..=most), ..own })
}

/// Describes the calibration data and the predicted part.
fn in_words(holdout: &Holdout, options: &Options, parts: usize) -> String {
    let seen = sizes_in_words(options);
    match holdout {
        Holdout::Label(label) => {
            format!("calibrated on {seen}; each {label} predicted from all others ({parts} in turn)")
        }
        Holdout::Size => format!("calibrated on {seen}, and larger teams predicted"),
        Holdout::Runs => format!("calibrated on every other one of the {seen}, and the rest predicted"),
    }
}

fn sizes_in_words(options: &Options) -> String {
    let sizes = options.agents.clone().unwrap_or(1..=1);
    match (*sizes.start(), *sizes.end()) {
        (1, 1) => "runs of one agent".to_owned(),
        (least, most) if least == most => format!("teams of {least}"),
        (least, most) => format!("teams of {least} to {most}"),
    }
}

/// Parses team sizes: `2`, `2..5` or `4,5`.
fn sizes(argument: &str, text: &str) -> Result<Vec<u32>, Failure> {
    let wrong = || Failure::Usage(format!("{argument} {text}: expected team sizes from 1 to 1024: 2, 2..5, or 4,5"));
    let number = |text: &str| text.trim().parse::<u32>().ok().filter(|n| (1..=1024).contains(n));
    let mut sizes = Vec::new();
    for part in text.split(',') {
        match part.split_once("..") {
            Some((from, to)) => {
                let (from, to) =
                    (number(from).ok_or_else(wrong)?, number(to.trim_start_matches('=')).ok_or_else(wrong)?);
                sizes.extend(from..=to);
            }
            None => sizes.push(number(part).ok_or_else(wrong)?),
        }
    }
    sizes.sort_unstable();
    sizes.dedup();
    if sizes.is_empty() { Err(wrong()) } else { Ok(sizes) }
}

fn check_label(argument: &str, label: &str, cases: &[Case]) -> CommandResult {
    if cases.iter().any(|case| !case.run.label(label).is_empty()) {
        return Ok(());
    }
    let mut known: Vec<&str> =
        cases.iter().flat_map(|case| case.run.labels.iter().map(|(name, _)| name.as_str())).collect();
    known.sort_unstable();
    known.dedup();
    Err(Failure::Usage(format!("{argument} {label}: no run has this label; expected one of {}", known.join(", "))))
}
