//! `brooks sweep --sensitivity`: effect of each axis on a metric.

use serde_json::json;

use crate::cli::args::{Format, SweepArgs};
use crate::cli::command_output::CommandOutput;
use crate::cli::console::{CommandResult, Console, Failure, repeat};
use crate::cli::progress::Progress;
use crate::cli::sweep::interrupt;
use crate::cli::threads::on_threads;
use crate::experiment::sensitivity::{Evaluations, SensitivityMethod, SensitivityQuestion, sensitivity as find};
use crate::experiment::sweep::design::widened;
use crate::experiment::sweep::{Control, Sweep};
use crate::record::{METRICS, Metric, Prices};
use crate::report;
use crate::scenario::ScenarioFile;

pub(super) fn sensitivity(
    console: &Console,
    args: &SweepArgs,
    file: &ScenarioFile,
    sweep: Sweep<'_>,
    method: &str,
) -> CommandResult {
    let usage = |why: String| Failure::Usage(format!("--sensitivity {why}"));
    let asked = &args.questions;
    let method = SensitivityMethod::parse(method).map_err(usage)?;
    if asked.pairs && matches!(method, SensitivityMethod::Morris(_)) {
        return Err(Failure::Usage(
            "--pairs: morris has no indices of pairs; expected --sensitivity sobol:N".to_owned(),
        ));
    }
    let question = SensitivityQuestion {
        method,
        of: metric(&asked.of, file)?,
        with_pairs: asked.pairs,
        resamples: asked.resamples,
    };
    let samples = Evaluations::new(&question, &widened(file, file.axes()), file.seed()).map_err(usage)?;
    let points = samples.points().len();
    let max_runs = points as u64 * sweep.replications();
    if args.dry_run {
        dry_run(console, file, &samples, sweep.replications(), max_runs);
        return Ok(());
    }
    interrupt::listen();
    let by_points = args.precision.is_some();
    let progress =
        if by_points { Progress::by_points(console, points as u64) } else { Progress::new(console, max_runs) };
    let done = |runs: u64| progress.add(if by_points { 0 } else { runs });
    let control = Control { done: &done, stop: &interrupt::is_requested, ..Control::default() };
    let result = on_threads(args.threads, || find(sweep, &samples, &question, &control))??;
    let took = progress.finish().as_secs_f64();
    let Some(answer) = result else {
        return Err(Failure::Interrupted("interrupted; a sensitivity analysis keeps no partial result".to_owned()));
    };
    console.verbose(&format!("{} runs in {took:.2} s", answer.runs));
    print(console, file, &answer);
    if answer.barren.is_some() {
        let why = report::sensitivity::verdict(&answer).into_iter().next().unwrap_or_default();
        return Err(Failure::Finding(why));
    }
    Ok(())
}

/// Prints the number of evaluations, points and runs.
fn dry_run(console: &Console, file: &ScenarioFile, samples: &Evaluations, replications: u64, runs: u64) {
    let (evaluations, points) = (samples.evaluations(), samples.points().len());
    if console.format == Format::Json {
        let (seed, contents) = (
            file.seed(),
            json!({ "evaluations": evaluations, "points": points, "replications": replications, "runs": runs }),
        );
        console.print_document(Some(seed), &repeat(seed), contents);
        return;
    }
    let [evaluations, points, runs] = [evaluations as u64, points as u64, runs].map(report::render::number::count);
    console.print(&format!(
        "{evaluations} evaluations of {points} different points, {replications} replications each: {runs} runs\n"
    ));
}

/// Returns the metric of a name, if the scenario has it.
pub(super) fn metric(name: &str, file: &ScenarioFile) -> Result<&'static Metric, Failure> {
    if name == "cost" && file.scenario()?.prices == Prices::default() && !varies(file, "prices") {
        let message =
            "--of cost: the scenario has no prices; expected prices (--set prices.output=15) or --of output_tokens";
        return Err(Failure::Usage(message.to_owned()));
    }
    METRICS.iter().find(|metric| metric.name == name).ok_or_else(|| {
        let near = crate::problem::suggest::suggestion(name, METRICS.iter().map(|metric| metric.name));
        let expected = if near.is_empty() { "; see brooks list metrics" } else { "" };
        Failure::Usage(format!("--of {name}: unknown metric{near}{expected}"))
    })
}

/// Returns true if an axis lies in this part of the scenario.
fn varies(file: &ScenarioFile, part: &str) -> bool {
    file.axes().iter().any(|axis| axis.path.starts_with(part))
}

fn print(console: &Console, file: &ScenarioFile, answer: &crate::experiment::sensitivity::Sensitivity) {
    let (verdict, method) = (report::sensitivity::verdict(answer), report::sensitivity::method(answer));
    let table = answer.found.is_some().then(|| report::sensitivity::table(answer));
    let (full, json) = (report::sensitivity::full(answer), report::sensitivity::to_json(answer));
    CommandOutput { verdict, method, table, full, json }.print(console, file);
}
