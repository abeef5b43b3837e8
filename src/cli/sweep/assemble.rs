//! Result files of a sweep from its parts: points in order into CSV, Parquet and JSON Lines.
//!
//! Memory holds one row group, and one part per folder. The files do not depend on the split into shards and parts.

use std::path::{Path, PathBuf};

use crate::cli::args::{Format, PerRun};
use crate::cli::console::{Console, Failure};
use crate::cli::sweep::merged_points::MergedPoints;
use crate::cli::sweep::plan::PlanFile;
use crate::cli::sweep::row_file::{RowFile, RunFile};
use crate::cli::sweep::show::SHOWN;
use crate::cli::sweep::totals::Total;
use crate::experiment::sweep::Finished;
use crate::experiment::{PointResult, SweepResult};
use crate::report::parquet::GROUP;
use crate::report::rows;
use crate::report::{curve, parquet};

/// Maximum curves of a chart.
const MAX_CURVES: usize = 60;

/// Assembled sweep.
pub(in crate::cli) struct Assembled {
    /// Without rows if there are more than a table shows.
    pub(in crate::cli) result: SweepResult,
    pub(in crate::cli) total: Total,
    /// Points that were in more than one part.
    pub(in crate::cli) duplicates: usize,
}

/// Assembles the points of `folders` in `output`, passes every row to `each`, and prints rows if the format is CSV.
///
/// # Errors
///
/// Missing points; then no file is written.
pub(in crate::cli) fn assemble(
    console: &Console,
    plan: &PlanFile,
    folders: &[PathBuf],
    output: &Path,
    each: &mut dyn FnMut(&PointResult),
) -> Result<Assembled, Failure> {
    let mut points = MergedPoints::new(folders, &plan.plan)?;
    let mut assembly = Assembly::new(console, plan, output, each)?;
    while let Some(point) = points.next()? {
        assembly.add(point)?;
    }
    let missing = points.missing(plan.points);
    if missing > 0 {
        let all = plan.points;
        return Err(Failure::Incomplete(format!("{missing} of {all} points are missing; run the sweep with --resume")));
    }
    let (result, total) = assembly.finish()?;
    if !result.rows.is_empty()
        && result.curves().len() <= MAX_CURVES
        && let Some(chart) = curve::to_svg(&result)
    {
        console.write(&output.join("curve.svg"), chart.as_bytes())?;
    }
    Ok(Assembled { result, total, duplicates: points.duplicates })
}

/// Open result files, the current row group, and the rows kept for the terminal.
struct Assembly<'a> {
    console: &'a Console,
    head: SweepResult,
    csv: RowFile,
    parquet: RowFile,
    runs: Option<RunFile>,
    total: Total,
    group: Vec<PointResult>,
    kept: Vec<PointResult>,
    each: &'a mut dyn FnMut(&PointResult),
}

impl<'a> Assembly<'a> {
    fn new(
        console: &'a Console,
        plan: &PlanFile,
        output: &Path,
        each: &'a mut dyn FnMut(&PointResult),
    ) -> Result<Assembly<'a>, Failure> {
        let head = plan.head();
        let about = parquet::about(&head, Some(&plan.plan));
        let csv = RowFile::create(output.join("sweep.csv"), PerRun::Csv, Vec::new())?;
        let parquet = RowFile::create(output.join("sweep.parquet"), PerRun::Parquet, about.clone())?;
        let format = plan.per_run.as_deref().and_then(PerRun::from_name);
        let runs = format.map(|format| {
            let path = output.join(format!("runs.{}", format.name()));
            RowFile::create(path, format, about).map(RunFile::new)
        });
        let runs = runs.transpose()?;
        let (group, kept) = (Vec::new(), Vec::new());
        Ok(Assembly { console, head, csv, parquet, runs, total: Total::default(), group, kept, each })
    }

    fn add(&mut self, point: Finished) -> Result<(), Failure> {
        let Finished { row, runs, .. } = point;
        self.total.add(&row);
        if let Some(file) = &mut self.runs {
            file.add(&self.head, row.clone(), runs)?;
        }
        self.group.push(row);
        if self.group.len() >= GROUP { self.flush() } else { Ok(()) }
    }

    /// Writes the current row group.
    fn flush(&mut self) -> Result<(), Failure> {
        let is_first = self.total.points == self.group.len();
        let chunk = SweepResult { rows: std::mem::take(&mut self.group), ..self.head.clone() };
        let series = rows::series(&chunk);
        self.csv.write(&series)?;
        self.parquet.write(&series)?;
        chunk.rows.iter().for_each(&mut *self.each);
        if self.console.format == Format::Csv {
            let head = if is_first { rows::csv_head(&series) } else { String::new() };
            self.console.print(&(head + &rows::csv_rows(&series)));
        }
        if self.total.points <= SHOWN {
            self.kept.extend(chunk.rows);
        }
        Ok(())
    }

    /// Writes the last row groups and gives the files their names.
    fn finish(mut self) -> Result<(SweepResult, Total), Failure> {
        if !self.group.is_empty() {
            self.flush()?;
        }
        self.csv.keep(self.console)?;
        self.parquet.keep(self.console)?;
        if let Some(mut runs) = self.runs {
            runs.flush(&self.head)?;
            runs.file.keep(self.console)?;
        }
        let rows = if self.total.points > SHOWN { Vec::new() } else { self.kept };
        Ok((SweepResult { rows, ..self.head }, self.total))
    }
}
