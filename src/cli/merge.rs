//! `brooks merge`: the shards of a sweep to one result, the same bytes as if it had been run in one go.

use std::path::PathBuf;

use crate::cli::args::MergeArgs as Args;
use crate::cli::console::{CommandResult, Console, Failure};
use crate::cli::sweep::{self, PlanFile};

pub(super) fn merge(console: &Console, args: &Args) -> CommandResult {
    let mut shards: Vec<(PathBuf, PlanFile)> = Vec::new();
    for folder in &args.folders {
        let found = sweep::shards(folder)?;
        if found.is_empty() {
            let place = folder.display();
            return Err(Failure::Usage(format!(
                "{place}: no plan.json, here or in a folder shard-*; expected a sweep's folder"
            )));
        }
        for path in found {
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
            "shards {numbers} of {of} are missing or unfinished; run them again with --resume and --shard I/{of} (sbatch \
             --array={numbers} with --shard auto/{of})"
        )));
    }
    // Of a shard that was run twice an unfinished folder is not needed.
    let folders: Vec<PathBuf> = shards.into_iter().filter(|(_, plan)| plan.complete).map(|(path, _)| path).collect();
    let assembled = sweep::finish(console, &plan, &folders, &args.output, &mut |_| ())?;
    if assembled.twice > 0 {
        console.say(&format!("{} points were there more than once, and the same", assembled.twice));
    }
    sweep::conclude_merge(console, plan, &assembled, &args.output)?;
    sweep::incomplete(&assembled.total, args.require_complete)
}
