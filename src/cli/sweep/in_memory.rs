//! `brooks sweep` without `-o`: rows are kept for the table, or printed as CSV when their points finish.

use crate::cli::args::Format;
use crate::cli::console::Failure;
use crate::cli::sweep::show::{SHOWN, show};
use crate::cli::sweep::stream::SweepJob;
use crate::cli::sweep::totals::SweepTotals;
use crate::experiment::{PointResult, SweepResult};
use crate::report::render::number;
use crate::report::rows;

pub(super) fn run(job: SweepJob<'_>) -> Result<SweepTotals, Failure> {
    let SweepJob { console, args, sweep, command } = job;
    let points = sweep.points();
    let prints_csv = console.format == Format::Csv;
    if points > SHOWN && !prints_csv {
        let (points, most) = (number::count(points as u64), number::count(SHOWN as u64));
        return Err(Failure::Usage(format!(
            "{points} points: a table shows up to {most}; expected -o DIR for files, or --format csv"
        )));
    }
    let (mut kept, mut totals) = (Vec::new(), SweepTotals::default());
    let is_complete = job.stream(args.threads, &mut (0..points), points, &mut |finished| {
        let rows: Vec<PointResult> = finished.into_iter().map(|point| point.row).collect();
        let is_first = totals.total.points == 0;
        for row in &rows {
            totals.add(row, args);
        }
        if prints_csv {
            let series = rows::series(&SweepResult { rows, ..sweep.head() });
            let head = if is_first { rows::csv_head(&series) } else { String::new() };
            console.print(&(head + &rows::csv_rows(&series)));
        } else {
            kept.extend(rows);
        }
        Ok(())
    })?;
    if !is_complete {
        return Err(Failure::Interrupted("interrupted; without -o DIR no result is kept".to_owned()));
    }
    if !prints_csv {
        show(console, &SweepResult { rows: kept, ..sweep.head() }, &totals.total, None, command);
    }
    Ok(totals)
}
