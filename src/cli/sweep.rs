//! `brooks sweep`: the scaling curve.

use serde_json::json;

use crate::cli::args::{Format, Sweep as Args};
use crate::cli::console::{Console, Done, Failure, repeat};
use crate::cli::input;
use crate::cli::progress::Progress;
use crate::experiment::{Problems, Sweep, SweepResult};
use crate::report::table::{Cell, Column, Table};
use crate::report::{self, curve, number, parquet, plot, rows};
use crate::scaling::precision::{LEAST, Precision};

pub(super) fn sweep(console: &Console, args: &Args) -> Done {
    let file = input::scenario(console, &args.scenario, &[])?;
    let file =
        input::with_axes(file, &args.scenario.set, args.scenario.agents.as_deref(), args.architecture.as_deref())?;
    let replications = match args.precision {
        Some(relative) => {
            let sweep = Sweep::new(&file, 0);
            precise(console, args.threads, relative, args.max_reps, |precision, done| sweep.precise(precision, done))?
        }
        None => args.reps.unwrap_or_else(|| file.replications()),
    };
    if replications == 0 {
        return Err(Failure::Usage("--reps 0: expected at least 1".to_owned()));
    }
    let sweep = Sweep::new(&file, replications);
    if args.dry_run {
        return outline(console, &sweep);
    }
    let result = run(console, &sweep, args.threads)?;
    let command = repeat(file.seed());
    match console.format {
        Format::Table => {
            let mut text = report::sweep::to_text(&result, &command, console.color);
            if console.is_terminal && result.curves().iter().any(|curve| curve.rows.len() > 1) {
                text = format!("{}\n{text}", plot::to_text(&result, console.color));
            }
            console.print(&text);
        }
        Format::Json => console.print_json(&rows::to_json(&result, &command)),
        Format::Csv => console.print(&rows::to_csv(&result)),
        Format::Markdown => console.print(&report::sweep::to_markdown(&result, &command)),
    }
    if let Some(folder) = &args.output {
        console.write(&folder.join("sweep.csv"), rows::to_csv(&result).as_bytes())?;
        let bytes = parquet::to_parquet(&result)
            .map_err(|error| Failure::Io { path: folder.join("sweep.parquet"), error: std::io::Error::other(error) })?;
        console.write(&folder.join("sweep.parquet"), &bytes)?;
        if let Some(picture) = curve::to_svg(&result) {
            console.write(&folder.join("curve.svg"), picture.as_bytes())?;
        }
    }
    if args.verify {
        verify(console, &sweep, &result, args.threads)?;
    }
    let incomplete: usize = result.rows.iter().map(|row| row.runs - row.completed).sum();
    if args.require_complete && incomplete > 0 {
        return Err(Failure::Finding(format!("{incomplete} runs did not complete")));
    }
    Ok(())
}

fn run(console: &Console, sweep: &Sweep<'_>, threads: Option<usize>) -> Result<SweepResult, Failure> {
    let runs = sweep.runs()?;
    let progress = Progress::new(console, runs);
    let result = on_threads(threads, || sweep.run(&|runs| progress.add(runs)))??;
    let took = progress.finish().as_secs_f64();
    console.murmur(&format!("{runs} runs in {took:.2} s, {:.0} a second", runs as f64 / took.max(1e-9)));
    Ok(result)
}

/// As many replications as it takes to know every makespan to that share of itself, as `find` finds them.
pub(super) fn precise(
    console: &Console,
    threads: Option<usize>,
    relative: f64,
    most: u64,
    find: impl FnOnce(&Precision, &(dyn Fn(u64) + Sync)) -> Result<u64, Problems> + Send,
) -> Result<u64, Failure> {
    if most < LEAST {
        return Err(Failure::Usage(format!("--max-reps {most}: expected at least {LEAST}")));
    }
    let precision = Precision { most, ..Precision::to(relative) };
    let progress = Progress::new(console, 0);
    let replications = on_threads(threads, || find(&precision, &|runs| progress.add(runs)))??;
    progress.finish();
    if replications >= most {
        console.say(&format!(
            "{replications} replications, the most there may be (--max-reps): not every makespan need be known to {}",
            number::percent_of(relative)
        ));
    }
    Ok(replications)
}

/// Does `work` on so many threads, or on as many as there are cores.
pub(super) fn on_threads<R: Send>(threads: Option<usize>, work: impl FnOnce() -> R + Send) -> Result<R, Failure> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0)).build();
    let pool = pool.map_err(|error| Failure::Usage(format!("--threads: {error}")))?;
    Ok(pool.install(work))
}

/// Runs everything again on another number of threads and compares digests, point by point.
fn verify(console: &Console, sweep: &Sweep<'_>, result: &SweepResult, threads: Option<usize>) -> Done {
    let other = if threads == Some(1) { 2 } else { 1 };
    let again = run(console, sweep, Some(other))?;
    let differs = result.rows.iter().zip(&again.rows).position(|(a, b)| a.digest != b.digest);
    if let Some(point) = differs {
        let (a, b) = (&result.rows[point], &again.rows[point]);
        let place = result.axes.iter().zip(&a.axes).map(|(axis, value)| format!("{axis} = {value}"));
        let place = place.collect::<Vec<_>>().join(", ");
        let digests = format!("{} and, on {other} threads, {}", a.digest, b.digest);
        return Err(Failure::Finding(format!("point {point} ({place}) gave two results: digest {digests}")));
    }
    let points = result.rows.len();
    console.say(&format!(
        "verified: {points} points give the same digests on {other} {}",
        if other == 1 { "thread" } else { "threads" }
    ));
    Ok(())
}

/// What would be run.
fn outline(console: &Console, sweep: &Sweep<'_>) -> Done {
    let (points, replications, runs) = (sweep.points(), sweep.replications(), sweep.runs()?);
    let mut table = Table::new(vec![Column::text("axis", "axis"), Column::text("values", "values")]);
    for axis in sweep.axes() {
        let values: Vec<String> = axis.values.iter().map(ToString::to_string).collect();
        table.push(vec![Cell::text(axis.label.as_str()), Cell::text(values.join(", "))]);
    }
    if console.format == Format::Table {
        let runs = number::count(runs);
        console.print(&format!("{points} points, {replications} replications each, with baselines {runs} runs\n"));
    }
    console.print_table("axes", &table, json!({ "points": points, "replications": replications, "runs": runs }));
    Ok(())
}
