//! `brooks sweep --verify`: every point again on another number of threads.

use crate::cli::console::{CommandResult, Failure};
use crate::cli::sweep::stream::SweepJob;
use crate::cli::sweep::totals::SweepTotals;
use crate::experiment::sweep::Finished;
use crate::problem::plural;

/// Compares the digests of a second run with those of the first, point by point.
pub(super) fn verify(job: SweepJob<'_>, first: &SweepTotals) -> CommandResult {
    let threads = if job.args.threads == Some(1) { 2 } else { 1 };
    let points = job.sweep.points();
    let mut difference = None;
    let is_complete = job.stream(Some(threads), &mut (0..points), points, &mut |block| {
        for Finished { number, row, .. } in block {
            let expected = first.digests.get(number).copied();
            if expected != Some(row.digest) && difference.is_none() {
                difference = Some((number, expected.unwrap_or_default(), row));
            }
        }
        Ok(())
    })?;
    if !is_complete {
        return Err(Failure::Interrupted("interrupted before every point was verified".to_owned()));
    }
    if let Some((point, expected, row)) = difference {
        let axes = job.sweep.head().axes;
        let values: Vec<String> = axes.iter().zip(&row.axes).map(|(axis, value)| format!("{axis} = {value}")).collect();
        let digests = format!("{expected} and, on {threads} threads, {}", row.digest);
        let values = values.join(", ");
        return Err(Failure::Finding(format!("point {point} ({values}) gave two results: digest {digests}")));
    }
    job.console.status(&format!("verified: {points} points give the same digests on {}", plural(threads, "thread")));
    Ok(())
}
