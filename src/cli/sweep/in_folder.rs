//! `brooks sweep -o DIR`: finished points are saved during the run, and assembled when all are finished.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cli::console::Failure;
use crate::cli::sweep::assemble::assemble;
use crate::cli::sweep::folder::{self, Folder};
use crate::cli::sweep::plan::PlanFile;
use crate::cli::sweep::shard::{self, Shard};
use crate::cli::sweep::show::show;
use crate::cli::sweep::stream::SweepJob;
use crate::cli::sweep::totals::SweepTotals;
use crate::problem::quantity::duration;
use crate::report::render::number;

/// Runs a sweep, or one shard of it, in `output`. Returns no totals for a shard, and for a sweep that was finished
/// before.
pub(super) fn run(job: SweepJob<'_>, output: &Path) -> Result<Option<SweepTotals>, Failure> {
    let SweepJob { console, args, sweep, command } = job;
    let shard = args.shard.as_deref().map_or(Ok(Shard::WHOLE), shard::parse)?;
    let interval = duration(&args.save_every).map_err(|why| Failure::Usage(format!("--save-every: {why}")))?;
    sweep.check()?;
    let plan = PlanFile::new(sweep, args.per_run.map(|format| format.name().to_owned()), shard);
    let path = if args.shard.is_some() {
        output.join(format!("shard-{:04}-of-{:04}", shard.index, shard.of))
    } else {
        output.to_owned()
    };
    if args.resume && folder::is_finished(&plan, &path)? {
        console.status(&format!("{} is already complete", path.display()));
        return Ok(None);
    }
    let mut folder = Folder::open(path, plan, args.resume, Duration::from_secs_f64(interval))?;
    let points = run_missing(job, shard, &mut folder)?;
    if args.shard.is_some() {
        folder.save_plan(true)?;
        console.status(&format!(
            "shard {} of {} is complete: {points} of {} points, in {}; after all shards: brooks merge {} -o {}",
            shard.index,
            shard.of,
            sweep.points(),
            folder.path().display(),
            output.display(),
            output.display()
        ));
        return Ok(None);
    }
    let mut totals = SweepTotals::default();
    let assembled =
        assemble(console, folder.plan(), &[PathBuf::from(output)], output, &mut |row| totals.add(row, args))?;
    folder.save_plan(true)?;
    show(console, &assembled.result, &assembled.total, Some(output), command);
    Ok(Some(totals))
}

/// Runs the points of a shard that the folder lacks. Returns the number of points of the shard.
fn run_missing(job: SweepJob<'_>, shard: Shard, folder: &mut Folder) -> Result<usize, Failure> {
    let SweepJob { console, args, sweep, .. } = job;
    // The numbers of a shard are kept: computing them again takes longer than counting.
    let own: Vec<usize> = if shard.of > 1 { sweep.shard(shard.index - 1, shard.of).collect() } else { Vec::new() };
    let all = || -> Box<dyn Iterator<Item = usize> + Send + '_> {
        if shard.of > 1 { Box::new(own.iter().copied()) } else { Box::new(0..sweep.points()) }
    };
    let missing: usize = all().filter(|&number| !folder.has(number)).count();
    let points = all().count();
    if args.resume && missing < points {
        let (finished, points) = (number::count((points - missing) as u64), number::count(points as u64));
        console.status(&format!("{finished} of {points} points are already finished"));
    }
    let covered = folder.covered().to_vec();
    let mut numbers = all().filter(|&number| !folder::has(&covered, number));
    let is_complete = job.stream(args.threads, &mut numbers, missing, &mut |finished| folder.add(finished))?;
    folder.save()?;
    if !is_complete {
        let finished = folder.count(all())?;
        return Err(Failure::Interrupted(format!(
            "interrupted; {finished} of {points} points are kept in {}: the same command with --resume continues",
            folder.path().display()
        )));
    }
    Ok(points)
}
