//! From parts to results: points in order, from as many folders as there are, into CSV, Parquet and JSON Lines. No more
//! is in memory than a row group and a part a folder, and the files do not tell how the points were cut.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use crate::cli::args::PerRun;
use crate::cli::atomic_file::AtomicFile;
use crate::cli::console::{Console, Failure};
use crate::cli::sweep::plan::PlanFile;
use crate::cli::sweep::{folder, part};
use crate::experiment::sweep::Finished;
use crate::experiment::{PointResult, SweepResult};
use crate::record::Metrics;
use crate::report::parquet::GROUP;
use crate::report::rows::{self, Series};
use crate::report::{curve, parquet};

/// Single runs that make a row group of theirs.
const RUN_GROUP: usize = 1 << 16;
/// The most curves of a picture.
const DRAWN: usize = 60;

/// The points of a folder, in order.
struct Points {
    plan: String,
    parts: VecDeque<PathBuf>,
    read: VecDeque<Finished>,
    /// The number after that of the last point passed. Two processes in one folder may save a point twice.
    passed: usize,
}

impl Points {
    fn of(folder: &Path, plan: &str) -> Result<Points, Failure> {
        let parts = folder::parts(folder)?.into_iter().map(|(_, path)| path).collect();
        Ok(Points { plan: plan.to_owned(), parts, read: VecDeque::new(), passed: 0 })
    }

    /// The number of the next point.
    fn next(&mut self) -> Result<Option<usize>, Failure> {
        while self.read.is_empty() {
            let Some(path) = self.parts.pop_front() else { return Ok(None) };
            let bytes = std::fs::read(&path).map_err(|error| Failure::Io { path: path.clone(), error })?;
            let points = part::decode(&self.plan, &bytes).map_err(|why| {
                let why = format!("damaged ({why}); remove it and run the sweep again with --resume");
                Failure::Io { path, error: std::io::Error::other(why) }
            })?;
            self.read = points.into_iter().filter(|point| point.number >= self.passed).collect();
        }
        Ok(self.read.front().map(|point| point.number))
    }
}

/// The points of all folders in order, each once.
pub(super) struct Merged {
    folders: Vec<Points>,
    expected: usize,
    /// Numbers of points that are nowhere.
    pub(super) missing: usize,
    /// Points that were there more than once, and the same.
    pub(super) twice: usize,
}

impl Merged {
    pub(super) fn of(folders: &[PathBuf], plan: &str) -> Result<Merged, Failure> {
        let folders = folders.iter().map(|folder| Points::of(folder, plan)).collect::<Result<_, _>>()?;
        Ok(Merged { folders, expected: 0, missing: 0, twice: 0 })
    }

    pub(super) fn next(&mut self) -> Result<Option<Finished>, Failure> {
        let mut least: Option<(usize, usize)> = None;
        for (place, folder) in self.folders.iter_mut().enumerate() {
            if let Some(number) = folder.next()? {
                least = least.filter(|(other, _)| *other <= number).or(Some((number, place)));
            }
        }
        let Some((number, first)) = least else { return Ok(None) };
        let mut point = None;
        for folder in self.folders.iter_mut().skip(first) {
            while folder.read.front().is_some_and(|next| next.number == number) {
                let Some(next) = folder.read.pop_front() else { break };
                folder.passed = number + 1;
                let known = point.get_or_insert_with(|| next.clone());
                self.twice += usize::from(is_the_same(known, &next)?);
            }
        }
        self.twice -= 1;
        self.missing += number - self.expected;
        self.expected = number + 1;
        Ok(point)
    }
}

/// A point that is there twice must be the same.
fn is_the_same(known: &Finished, next: &Finished) -> Result<bool, Failure> {
    if known.row == next.row && known.runs == next.runs {
        return Ok(true);
    }
    let (number, a, b) = (known.number, known.row.digest, next.row.digest);
    Err(Failure::Finding(format!("point {number} is there twice and not the same: digests {a} and {b}")))
}

/// All rows in few figures.
#[derive(Default)]
pub(in crate::cli) struct Total {
    pub(in crate::cli) points: usize,
    pub(in crate::cli) runs: u64,
    pub(in crate::cli) completed: u64,
    /// The points with the least mean makespan and cost.
    pub(super) fastest: Option<PointResult>,
    pub(super) cheapest: Option<PointResult>,
}

impl Total {
    pub(super) fn add(&mut self, row: &PointResult) {
        self.points += 1;
        self.runs += row.runs as u64;
        self.completed += row.completed as u64;
        let mean = |row: &PointResult, metric: &str| row.metric(metric).map_or(f64::INFINITY, |summary| summary.mean);
        for (best, metric) in [(&mut self.fastest, "makespan_s"), (&mut self.cheapest, "cost")] {
            let known = best.as_ref().map_or(f64::INFINITY, |best| mean(best, metric));
            if mean(row, metric) < known {
                *best = Some(row.clone());
            }
        }
    }
}

/// A file of rows.
enum RowFile {
    Text { file: AtomicFile, form: PerRun, is_new: bool },
    Parquet { path: PathBuf, about: Vec<(String, String)>, file: Option<Box<parquet::Writer<AtomicFile>>> },
}

impl RowFile {
    fn create(path: PathBuf, form: PerRun, about: Vec<(String, String)>) -> Result<RowFile, Failure> {
        Ok(match form {
            PerRun::Parquet => RowFile::Parquet { path, about, file: None },
            form => RowFile::Text { file: AtomicFile::create(path)?, form, is_new: true },
        })
    }

    fn write(&mut self, series: &[Series]) -> Result<(), Failure> {
        match self {
            RowFile::Text { file, form: PerRun::Jsonl, .. } => file.add(rows::json_lines(series).as_bytes())?,
            RowFile::Text { file, is_new, .. } => {
                if std::mem::take(is_new) {
                    file.add(rows::csv_head(series).as_bytes())?;
                }
                file.add(rows::csv_rows(series).as_bytes())?;
            }
            RowFile::Parquet { path, about, file } => {
                let fail = |error| Failure::Io { path: path.clone(), error: std::io::Error::other(error) };
                if file.is_none() {
                    let out = AtomicFile::create(path.clone())?;
                    *file = Some(Box::new(parquet::Writer::new(out, series, about).map_err(fail)?));
                }
                file.as_mut().map_or(Ok(()), |file| file.write(series)).map_err(fail)?;
            }
        }
        Ok(())
    }

    fn keep(self, console: &Console) -> Result<(), Failure> {
        let path = match self {
            RowFile::Text { file, .. } => file.keep()?,
            RowFile::Parquet { file: None, .. } => return Ok(()),
            RowFile::Parquet { path, file: Some(file), .. } => {
                let file = file.finish().map_err(|error| Failure::Io { path, error: std::io::Error::other(error) })?;
                file.keep()?
            }
        };
        console.say(&format!("wrote {}", path.display()));
        Ok(())
    }
}

/// What was put together.
pub(in crate::cli) struct Assembled {
    /// With its rows, if there are not more than were to be kept.
    pub(super) result: SweepResult,
    pub(in crate::cli) total: Total,
    pub(in crate::cli) twice: usize,
}

/// Puts together the points of `folders` in `into`. Up to `kept` rows are kept in memory; `each` sees all of them in
/// passing. Fails if points are missing, and then leaves no files.
pub(super) fn assemble(
    console: &Console,
    plan: &PlanFile,
    folders: &[PathBuf],
    into: &Path,
    kept: usize,
    each: &mut dyn FnMut(&SweepResult, &[Series]),
) -> Result<Assembled, Failure> {
    let head = plan.head();
    let about = parquet::about(&head, Some(&plan.plan));
    let form = plan.per_run.as_deref().and_then(PerRun::of);
    let mut points = Merged::of(folders, &plan.plan)?;
    let mut csv = RowFile::create(into.join("sweep.csv"), PerRun::Csv, Vec::new())?;
    let mut columns = RowFile::create(into.join("sweep.parquet"), PerRun::Parquet, about.clone())?;
    let runs_path = |form: PerRun| into.join(format!("runs.{}", form.name()));
    let mut runs = form.map(|form| RowFile::create(runs_path(form), form, about.clone())).transpose()?;
    let (mut total, mut group, mut rows) = (Total::default(), Vec::new(), Vec::new());
    let (mut run_group, mut grouped) = (Vec::new(), 0);
    loop {
        let point = points.next()?;
        let is_last = point.is_none();
        if let Some(Finished { row, runs: own, .. }) = point {
            total.add(&row);
            if runs.is_some() {
                grouped += own.len();
                run_group.push((row.clone(), own));
            }
            group.push(row);
        }
        if group.len() >= GROUP || (is_last && !group.is_empty()) {
            let chunk = SweepResult { rows: std::mem::take(&mut group), ..head.clone() };
            let series = rows::series(&chunk);
            csv.write(&series)?;
            columns.write(&series)?;
            each(&chunk, &series);
            if total.points <= kept {
                rows.extend(chunk.rows);
            }
        }
        if let Some(runs) = &mut runs
            && (grouped >= RUN_GROUP || (is_last && grouped > 0))
        {
            let group: Vec<(&PointResult, &[Metrics])> =
                run_group.iter().map(|(row, own)| (row, own.as_slice())).collect();
            runs.write(&rows::run_series(&head, &group))?;
            (run_group, grouped) = (Vec::new(), 0);
        }
        if is_last {
            break;
        }
    }
    points.missing += plan.points.saturating_sub(points.expected);
    if points.missing > 0 {
        let (missing, all) = (points.missing, plan.points);
        return Err(Failure::Incomplete(format!("{missing} of {all} points are missing; run the sweep with --resume")));
    }
    csv.keep(console)?;
    columns.keep(console)?;
    runs.map_or(Ok(()), |runs| runs.keep(console))?;
    if total.points > kept {
        rows.clear();
    }
    let result = SweepResult { rows, ..head };
    if !result.rows.is_empty()
        && result.curves().len() <= DRAWN
        && let Some(picture) = curve::to_svg(&result)
    {
        console.write(&into.join("curve.svg"), picture.as_bytes())?;
    }
    Ok(Assembled { result, total, twice: points.twice })
}
