//! `brooks sweep`: the scaling curve of one scenario.
//!
//! [`sweep`] is the pipeline. Every mode has a file of its own: `crossover`, `sensitivity`, `job_script`, `dry_run`,
//! `in_memory`, `in_folder` and `verify`.

mod assemble;
mod crossover;
mod dry_run;
mod folder;
mod gather;
mod in_folder;
mod in_memory;
mod interrupt;
mod job_script;
mod merged_points;
mod part;
mod plan;
mod prepare;
mod row_file;
mod sensitivity;
mod shard;
mod show;
mod stream;
mod totals;
mod verify;

use crate::cli::args::SweepArgs;
use crate::cli::console::{CommandResult, Console, repeat};
use crate::cli::input;
use crate::cli::sweep::stream::SweepJob;

pub(super) use assemble::assemble;
pub(super) use folder::shards;
pub(super) use gather::gather;
pub(super) use plan::PlanFile;
pub(super) use shard::{Shard, ranges};
pub(super) use show::show;

pub(super) fn sweep(console: &Console, args: &SweepArgs) -> CommandResult {
    let file = input::scenario(console, &args.scenario, &[])?;
    if args.questions.find.is_some() {
        return crossover::crossover(console, args, &file);
    }
    let file = prepare::with_axes(file, args)?;
    let sweep = prepare::sweep(&file, args)?;
    if let Some(method) = &args.questions.sensitivity {
        return sensitivity::sensitivity(console, args, &file, sweep, method);
    }
    let sweep = prepare::with_design(sweep, &file, args)?;
    if let Some(engine) = args.job_script {
        return job_script::print(console, args, &sweep, engine, file.name());
    }
    if args.dry_run {
        return dry_run::dry_run(console, &sweep);
    }
    prepare::check(console, args, &sweep)?;
    let command = repeat(file.seed()).replace(" --resume", "");
    let job = SweepJob { console, args, sweep: &sweep, command: &command };
    let totals = match &args.output {
        Some(output) => in_folder::run(job, output)?,
        None => Some(in_memory::run(job)?),
    };
    // A shard has no totals yet: `brooks merge` computes them.
    let Some(totals) = totals else { return Ok(()) };
    totals.warn_of_imprecise_points(console, args);
    if args.verify {
        verify::verify(job, &totals)?;
    }
    totals.total.check_complete(args.require_complete)
}
