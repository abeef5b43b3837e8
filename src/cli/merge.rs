//! `brooks merge`: shards of a sweep as one result, byte for byte the result of one process.

use std::path::{Path, PathBuf};

use crate::cli::args::MergeArgs;
use crate::cli::atomic_file;
use crate::cli::console::{CommandResult, Console, Failure, repeat};
use crate::cli::sweep::{self, PlanFile, Shard};

pub(super) fn merge(console: &Console, args: &MergeArgs) -> CommandResult {
    let mut shards: Vec<(PathBuf, PlanFile)> = Vec::new();
    for folder in &args.folders {
        let paths = sweep::shards(folder)?;
        if paths.is_empty() {
            let folder = folder.display();
            return Err(Failure::Usage(format!(
                "{folder}: no plan.json in it or in a folder shard-*; expected the folder of a sweep"
            )));
        }
        for path in paths {
            if let Some(plan) = PlanFile::read(&path)? {
                shards.push((path, plan));
            }
        }
    }
    let Some((_, plan)) = shards.first().cloned() else {
        return Err(Failure::Usage("no shards".to_owned()));
    };
    PlanFile::agree(&shards)?;
    let missing = PlanFile::missing(&shards);
    if !missing.is_empty() {
        let (numbers, of) = (sweep::ranges(&missing), plan.shard.of);
        return Err(Failure::Incomplete(format!(
            "shards {numbers} of {of} are missing or unfinished; run them with --resume and --shard I/{of} (sbatch \
             --array={numbers} with --shard auto/{of})"
        )));
    }
    // An unfinished copy of a finished shard is not needed.
    let folders: Vec<PathBuf> = shards.into_iter().filter(|(_, plan)| plan.complete).map(|(path, _)| path).collect();
    let assembled = sweep::assemble(console, &plan, &folders, &args.output, &mut |_| ())?;
    if assembled.duplicates > 0 {
        console.status(&format!("{} points existed more than once, with equal results", assembled.duplicates));
    }
    save_plan(plan.clone(), &args.output)?;
    sweep::show(console, &assembled.result, &assembled.total, Some(&args.output), &repeat(plan.seed));
    assembled.total.check_complete(args.require_complete)
}

/// Writes the plan of the whole sweep beside its result.
fn save_plan(plan: PlanFile, output: &Path) -> CommandResult {
    let whole = PlanFile { shard: Shard::WHOLE, complete: true, ..plan };
    Ok(atomic_file::write(output.join("plan.json"), whole.to_text().as_bytes())?)
}
