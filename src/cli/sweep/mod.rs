//! `brooks sweep`: the scaling curve, for one team or for a million.

mod assemble;
mod crossover;
mod folder;
mod gather;
mod interrupt;
mod jobs;
mod part;
mod plan;
mod sensitivity;
mod shard;
mod show;

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;

use crate::cli::args::{Format, SweepArgs as Args};
use crate::cli::atomic_file;
use crate::cli::console::{CommandResult, Console, Failure, repeat};
use crate::cli::input;
use crate::cli::progress::Progress;
use crate::cli::sweep::assemble::{Total, assemble};
use crate::cli::sweep::folder::Folder;
use crate::cli::sweep::show::{SHOWN, show};
use crate::cli::threads::{on_threads, precision};
use crate::engine::Digest;
use crate::experiment::sweep::design::Design;
use crate::experiment::sweep::{Control, Finished, ReplicationCount};
use crate::experiment::{PointResult, Sweep, SweepResult};
use crate::problem::plural;
use crate::problem::quantity::duration;
use crate::report::render::number;
use crate::report::render::table::{Cell, Column, Table};
use crate::report::rows;
use crate::scaling::precision::half_width_is_enough;
use crate::scenario::ScenarioFile;

pub(super) use assemble::Assembled;
pub(super) use folder::shards;
pub(super) use gather::gather;
pub(super) use plan::PlanFile;
pub(super) use shard::{Shard, ranges};

/// The most replications of a point whose single runs are written: they are in memory until it is finished.
const MOST_KEPT: u64 = 1 << 18;
/// The share of the time between two savings after which results are handed over.
const HANDED_OVER: f64 = 0.5;

pub(super) fn sweep(console: &Console, args: &Args) -> CommandResult {
    let file = input::scenario(console, &args.scenario, &[])?;
    if args.questions.find.is_some() {
        return crossover::crossover(console, args, &file);
    }
    let file =
        input::with_axes(file, &args.scenario.set, args.scenario.agents.as_deref(), args.architecture.as_deref())?;
    let file = with_more_axes(file, args)?;
    let mut sweep = Sweep::new(&file, 1).with_replications(replications(args, &file)?);
    if args.independent {
        sweep = sweep.independent();
    }
    if let Some(method) = &args.questions.sensitivity {
        return sensitivity::sensitivity(console, args, &file, sweep, method);
    }
    let usage = |why: String| Failure::Usage(format!("--design {why}"));
    if let Some(points) =
        Design::parse(&args.design).map_err(usage)?.points(sweep.axes(), file.seed()).map_err(usage)?
    {
        sweep = sweep.of_points(points);
    }
    if let Some(engine) = args.job_script {
        sweep.check()?;
        let output = args.output.as_deref().unwrap_or(Path::new("out")).display().to_string();
        console.print(&jobs::script(engine, args.shards, file.name(), &output));
        return Ok(());
    }
    if args.dry_run {
        return outline(console, &sweep);
    }
    if args.per_run.is_some() && sweep.replications() > MOST_KEPT {
        return Err(Failure::Usage(format!(
            "--per-run: {} replications a point; every run is written for up to {MOST_KEPT}",
            sweep.replications()
        )));
    }
    if let Some(outside) = sweep.outside() {
        console.say(&format!("note: {outside}"));
    }
    let command = repeat(file.seed()).replace(" --resume", "");
    match &args.output {
        Some(folder) => in_folder(console, args, &sweep, folder, &command),
        None => in_memory(console, args, &sweep, &command),
    }
}

/// The axes of `--axis`. Where points lie between the ends a range is its ends.
fn with_more_axes(mut file: ScenarioFile, args: &Args) -> Result<ScenarioFile, Failure> {
    let is_between = args.design != "grid" || args.questions.sensitivity.is_some();
    for axis in &args.questions.axis {
        let Some((path, values)) = axis.split_once('=') else {
            let message = format!("--axis {axis}: expected PATH=VALUES, such as team.profile.error_rate=0,0.1,0.2");
            return Err(Failure::Usage(message));
        };
        let ends = values.split_once("..").filter(|(_, high)| is_between && !high.contains(" by "));
        let values = ends.map_or_else(|| values.to_owned(), |(low, high)| format!("{low},{high}"));
        file = input::with_axis(&file, "--axis", path.trim(), &values)?;
    }
    Ok(file)
}

fn replications(args: &Args, file: &ScenarioFile) -> Result<ReplicationCount, Failure> {
    if let Some(share) = args.precision {
        return Ok(ReplicationCount::Precise(precision(share, args.max_reps)?));
    }
    match args.reps.unwrap_or_else(|| file.replications()) {
        0 => Err(Failure::Usage("--reps 0: expected at least 1".to_owned())),
        replications => Ok(ReplicationCount::Fixed(replications)),
    }
}

/// Without a folder: rows are kept for the table, or printed as they come.
fn in_memory(console: &Console, args: &Args, sweep: &Sweep<'_>, command: &str) -> CommandResult {
    let points = sweep.points();
    let prints = console.format == Format::Csv;
    if points > SHOWN && !prints {
        let (points, most) = (number::count(points as u64), number::count(SHOWN as u64));
        return Err(Failure::Usage(format!(
            "{points} points: a table shows up to {most}; expected -o DIR for files, or --format csv"
        )));
    }
    let run = SweepRun { console, args, sweep };
    let (mut kept, mut tell) = (Vec::new(), SweepTotals::new(run));
    let is_complete = run.stream(args.threads, &mut (0..points), points, &mut |finished| {
        let rows: Vec<PointResult> = finished.into_iter().map(|point| point.row).collect();
        for row in &rows {
            tell.add(row);
        }
        if prints {
            let is_first = tell.total.points == rows.len();
            let series = rows::series(&SweepResult { rows, ..sweep.head() });
            let head = if is_first { rows::csv_head(&series) } else { String::new() };
            console.print(&(head + &rows::csv_rows(&series)));
        } else {
            kept.extend(rows);
        }
        Ok(())
    })?;
    if !is_complete {
        return Err(Failure::Interrupted("interrupted; without -o DIR nothing is kept".to_owned()));
    }
    if !prints {
        show(console, &SweepResult { rows: kept, ..sweep.head() }, &tell.total, None, command);
    }
    tell.conclude()
}

/// In a folder: finished points are saved as they come, and put together when all are there.
fn in_folder(console: &Console, args: &Args, sweep: &Sweep<'_>, output: &Path, command: &str) -> CommandResult {
    let shard = args.shard.as_deref().map_or(Ok(Shard::WHOLE), shard::parse)?;
    let every = duration(&args.save_every).map_err(|why| Failure::Usage(format!("--save-every: {why}")))?;
    sweep.check()?;
    let plan = PlanFile::of(sweep, args.per_run.map(|form| form.name().to_owned()), shard);
    let path = if args.shard.is_some() {
        output.join(format!("shard-{:04}-of-{:04}", shard.index, shard.of))
    } else {
        output.to_owned()
    };
    if args.resume && folder::is_finished(&plan, &path)? {
        console.say(&format!("{} is complete already", path.display()));
        return Ok(());
    }
    let mut folder = Folder::open(path, plan, args.resume, Duration::from_secs_f64(every))?;
    // Of a shard the numbers are kept: finding them takes longer than counting.
    let own: Vec<usize> = if shard.of > 1 { sweep.shard(shard.index - 1, shard.of).collect() } else { Vec::new() };
    let all = || -> Box<dyn Iterator<Item = usize> + Send + '_> {
        if shard.of > 1 { Box::new(own.iter().copied()) } else { Box::new(0..sweep.points()) }
    };
    let missing: usize = all().filter(|&number| !folder.has(number)).count();
    let points = all().count();
    if args.resume && missing < points {
        let (there, points) = (number::count((points - missing) as u64), number::count(points as u64));
        console.say(&format!("{there} of {points} points are there already"));
    }
    let run = SweepRun { console, args, sweep };
    let covered = folder.covered().to_vec();
    let mut numbers = all().filter(|&number| !folder::has(&covered, number));
    let is_complete = run.stream(args.threads, &mut numbers, missing, &mut |finished| folder.add(finished))?;
    folder.save()?;
    if !is_complete {
        let there = folder.count(all())?;
        return Err(Failure::Interrupted(format!(
            "interrupted; {there} of {points} points are kept in {}: the same command with --resume goes on",
            folder.path().display()
        )));
    }
    if args.shard.is_some() {
        folder.save_plan(true)?;
        console.say(&format!(
            "shard {} of {} is complete: {points} of {} points, in {}; when all are: brooks merge {} -o {}",
            shard.index,
            shard.of,
            sweep.points(),
            folder.path().display(),
            output.display(),
            output.display()
        ));
        return Ok(());
    }
    let mut told = SweepTotals::new(run);
    let assembled = finish(console, folder.plan(), &[output.to_owned()], output, &mut |row| told.add(row))?;
    folder.save_plan(true)?;
    show(console, &assembled.result, &assembled.total, Some(output), command);
    told.conclude()
}

/// Puts points together, and prints rows as they pass where CSV is asked for.
pub(super) fn finish(
    console: &Console,
    plan: &PlanFile,
    folders: &[std::path::PathBuf],
    output: &Path,
    each: &mut dyn FnMut(&PointResult),
) -> Result<Assembled, Failure> {
    let mut is_first = true;
    assemble(console, plan, folders, output, SHOWN, &mut |chunk, series| {
        chunk.rows.iter().for_each(&mut *each);
        if console.format == Format::Csv {
            let head = if std::mem::take(&mut is_first) { rows::csv_head(series) } else { String::new() };
            console.print(&(head + &rows::csv_rows(series)));
        }
    })
}

/// A merged result in its folder: its plan, its table, and whether all runs completed.
pub(super) fn conclude_merge(console: &Console, plan: PlanFile, assembled: &Assembled, output: &Path) -> CommandResult {
    let whole = PlanFile { shard: Shard::WHOLE, complete: true, ..plan };
    atomic_file::write(output.join("plan.json"), whole.to_text().as_bytes())?;
    show(console, &assembled.result, &assembled.total, Some(output), &repeat(whole.seed));
    Ok(())
}

/// A sweep under way.
#[derive(Clone, Copy)]
struct SweepRun<'a> {
    console: &'a Console,
    args: &'a Args,
    sweep: &'a Sweep<'a>,
}

impl SweepRun<'_> {
    /// Runs these points on so many threads, with progress, until they are done or somebody asks to end. Says whether
    /// they are done.
    fn stream(
        &self,
        threads: Option<usize>,
        numbers: &mut (dyn Iterator<Item = usize> + Send),
        points: usize,
        sink: &mut (dyn FnMut(Vec<Finished>) -> CommandResult + Send),
    ) -> Result<bool, Failure> {
        interrupt::listen();
        let sweep = self.sweep;
        // Of baselines that are shared with points of other shards, or with finished ones, as many as on average.
        let runs = (sweep.runs()? as f64 * points as f64 / sweep.points().max(1) as f64) as u64;
        let is_precise = self.args.precision.is_some();
        let progress = if is_precise {
            Progress::of_points(self.console, points as u64)
        } else {
            Progress::new(self.console, runs)
        };
        let every = duration(&self.args.save_every).unwrap_or(1.0);
        let counted = AtomicU64::new(0);
        let done = |runs: u64| {
            counted.fetch_add(runs, Ordering::Relaxed);
            progress.add(if is_precise { 0 } else { runs });
        };
        let budget = || {
            let (runs, took) = (counted.load(Ordering::Relaxed) as f64, progress.so_far().as_secs_f64());
            let rate = if took > 0.01 { runs / took } else { 1e4 };
            (rate * every * HANDED_OVER).max(512.0) as u64
        };
        let mut failed = None;
        let mut finished = 0;
        let is_complete = {
            let stopped = std::sync::atomic::AtomicBool::new(false);
            let stop = || interrupt::is_asked() || stopped.load(Ordering::Relaxed);
            let keep_runs = self.args.per_run.is_some();
            let control = Control { done: &done, stop: &stop, budget: &budget, keep_runs };
            on_threads(threads, || {
                sweep.stream(numbers, &control, &mut |block| {
                    finished += block.len();
                    progress.points(finished, points);
                    if let Err(failure) = sink(block) {
                        stopped.store(true, Ordering::Relaxed);
                        failed = Some(failure);
                    }
                })
            })??
        };
        let took = progress.finish().as_secs_f64();
        let runs = counted.load(Ordering::Relaxed);
        self.console.verbose(&format!("{runs} runs in {took:.2} s, {:.0} a second", runs as f64 / took.max(1e-9)));
        failed.map_or(Ok(is_complete), Err)
    }
}

/// What has to be known of all rows in the end.
struct SweepTotals<'a> {
    run: SweepRun<'a>,
    total: Total,
    imprecise: usize,
    digests: Vec<Digest>,
}

impl<'a> SweepTotals<'a> {
    fn new(run: SweepRun<'a>) -> SweepTotals<'a> {
        SweepTotals { run, total: Total::default(), imprecise: 0, digests: Vec::new() }
    }

    fn add(&mut self, row: &PointResult) {
        self.total.add(row);
        if self.run.args.verify {
            self.digests.push(row.digest);
        }
        if let Some(share) = self.run.args.precision {
            let makespan = row.metric("makespan_s");
            let is_known = makespan.is_some_and(|m| half_width_is_enough(m.mean, m.half_width, share));
            self.imprecise += usize::from(!is_known);
        }
    }

    fn conclude(&self) -> CommandResult {
        let SweepRun { console, args, .. } = self.run;
        if let Some(share) = args.precision.filter(|_| self.imprecise > 0) {
            let (points, share, most) = (self.imprecise, number::percent_of(share), number::count(args.max_reps));
            console.say(&format!(
                "{points} points are not known to {share}: their runs do not complete, or {most} replications are not enough"
            ));
        }
        if args.verify {
            self.verify()?;
        }
        incomplete(&self.total, args.require_complete)
    }

    /// Runs everything again on another number of threads and compares digests, point by point.
    fn verify(&self) -> CommandResult {
        let SweepRun { console, args, sweep } = self.run;
        let other = if args.threads == Some(1) { 2 } else { 1 };
        let points = sweep.points();
        let mut differs = None;
        let is_complete = self.run.stream(Some(other), &mut (0..points), points, &mut |block| {
            for Finished { number, row, .. } in block {
                let known = self.digests.get(number).copied();
                if known != Some(row.digest) && differs.is_none() {
                    differs = Some((number, known.unwrap_or_default(), row));
                }
            }
            Ok(())
        })?;
        if !is_complete {
            return Err(Failure::Interrupted("interrupted before all was verified".to_owned()));
        }
        if let Some((point, known, row)) = differs {
            let place = sweep
                .head()
                .axes
                .iter()
                .zip(&row.axes)
                .map(|(axis, value)| format!("{axis} = {value}"))
                .collect::<Vec<_>>();
            let (place, again) = (place.join(", "), row.digest);
            let digests = format!("{known} and, on {other} threads, {again}");
            return Err(Failure::Finding(format!("point {point} ({place}) gave two results: digest {digests}")));
        }
        console.say(&format!("verified: {points} points give the same digests on {}", plural(other, "thread")));
        Ok(())
    }
}

/// A finding, if runs had to complete and did not.
pub(super) fn incomplete(total: &Total, is_required: bool) -> CommandResult {
    let incomplete = total.runs - total.completed;
    if is_required && incomplete > 0 {
        return Err(Failure::Finding(format!("{incomplete} runs did not complete")));
    }
    Ok(())
}

/// What would be run.
fn outline(console: &Console, sweep: &Sweep<'_>) -> CommandResult {
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
