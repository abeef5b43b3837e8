//! `brooks sweep --sensitivity`: what moves a figure.

use serde_json::json;

use crate::cli::answer::CommandOutput as Shown;
use crate::cli::args::{Format, SweepArgs as Args};
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
    args: &Args,
    file: &ScenarioFile,
    sweep: Sweep<'_>,
    method: &str,
) -> CommandResult {
    let usage = |why: String| Failure::Usage(format!("--sensitivity {why}"));
    let asked = &args.questions;
    let method = SensitivityMethod::parse(method).map_err(usage)?;
    if asked.pairs && matches!(method, SensitivityMethod::Morris(_)) {
        return Err(Failure::Usage("--pairs: morris says nothing of pairs; expected --sensitivity sobol:N".to_owned()));
    }
    let question = SensitivityQuestion {
        method,
        of: metric(&asked.of, file)?,
        with_pairs: asked.pairs,
        resamples: asked.resamples,
    };
    let samples = Evaluations::of(&question, &widened(file, file.axes()), file.seed()).map_err(usage)?;
    let points = samples.points().len();
    let most = points as u64 * sweep.replications();
    if args.dry_run {
        let (evaluations, replications) = (samples.evaluations(), sweep.replications());
        let sizes = [evaluations as u64, points as u64, most].map(report::render::number::count);
        let [counted, different, runs] = &sizes;
        let text = format!(
            "{counted} evaluations of {different} different points, {replications} replications each: {runs} runs\n"
        );
        match console.format {
            Format::Json => {
                let mut document = report::document(Some(file.seed()), &repeat(file.seed()));
                let more =
                    json!({ "evaluations": evaluations, "points": points, "replications": replications, "runs": most });
                if let (Some(document), serde_json::Value::Object(more)) = (document.as_object_mut(), more) {
                    document.extend(more);
                }
                console.print_json(&document);
            }
            _ => console.print(&text),
        }
        return Ok(());
    }
    interrupt::listen();
    let progress = if args.precision.is_some() {
        Progress::of_points(console, points as u64)
    } else {
        Progress::new(console, most)
    };
    let by_points = args.precision.is_some();
    let done = |runs: u64| progress.add(if by_points { 0 } else { runs });
    let control = Control { done: &done, stop: &interrupt::is_asked, ..Control::default() };
    let found = on_threads(args.threads, || find(sweep, &samples, &question, &control))??;
    let took = progress.finish().as_secs_f64();
    let Some(answer) = found else {
        return Err(Failure::Interrupted("interrupted; of a sensitivity nothing is kept".to_owned()));
    };
    console.verbose(&format!("{} runs in {took:.2} s", answer.runs));
    print(console, file, &answer);
    if answer.barren.is_some() {
        let why = report::sensitivity::verdict(&answer).into_iter().next().unwrap_or_default();
        return Err(Failure::Finding(why));
    }
    Ok(())
}

/// The metric of that name, if the scenario has it.
pub(super) fn metric(name: &str, file: &ScenarioFile) -> Result<&'static Metric, Failure> {
    if name == "cost" && file.scenario()?.prices == Prices::default() && !varies(file, "prices") {
        let message =
            "--of cost: the scenario has no prices; expected them (--set prices.output=15) or --of output_tokens";
        return Err(Failure::Usage(message.to_owned()));
    }
    METRICS.iter().find(|metric| metric.name == name).ok_or_else(|| {
        let near = crate::problem::suggest::suggestion(name, METRICS.iter().map(|metric| metric.name));
        let expected = if near.is_empty() { "; brooks list metrics names them" } else { "" };
        Failure::Usage(format!("--of {name}: there is no such metric{near}{expected}"))
    })
}

/// Whether an axis is inside of this part.
fn varies(file: &ScenarioFile, part: &str) -> bool {
    file.axes().iter().any(|axis| axis.path.starts_with(part))
}

fn print(console: &Console, file: &ScenarioFile, answer: &crate::experiment::sensitivity::Sensitivity) {
    let (verdict, method) = (report::sensitivity::verdict(answer), report::sensitivity::method(answer));
    let table = answer.found.is_some().then(|| report::sensitivity::table(answer));
    let (full, json) = (report::sensitivity::full(answer), report::sensitivity::to_json(answer));
    Shown { verdict, method, table, full, json }.print(console, file);
}
